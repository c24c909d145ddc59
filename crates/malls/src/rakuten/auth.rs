//! serviceSecret and licenseKey (rakuten.md 1).

use super::descriptor::operation;
use super::errors::own;
use super::text::parse_datetime;
use super::wire_types::Expiry;
use super::{envelope, search};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{Reason, UtcMillis, reason};
use mall_api::{CredentialCheck, Credentials, MallError, MallErrorKind, Session, WireRequest};

/// Key of the serviceSecret.
pub(super) const SERVICE_SECRET: &str = "service_secret";
/// Key of the licenseKey.
pub(super) const LICENSE_KEY: &str = "license_key";

const EXPIRY_PATH: &str = "/es/1.0/license-management/license-key/expiry-date";

/// Puts `ESA base64(secret:key)` into the request, and the key into the query of the expiry question.
pub(super) fn authorise(request: &mut WireRequest, credentials: &Credentials) -> Result<(), Box<Reason>> {
    let secret = credentials
        .get(SERVICE_SECRET)
        .ok_or_else(|| Box::new(reason::credential_missing("serviceSecret")))?;
    let key =
        credentials.get(LICENSE_KEY).ok_or_else(|| Box::new(reason::credential_missing("licenseKey")))?;
    if check_service_secret(secret).is_err() || check_license_key(key).is_err() {
        return Err(Box::new(own("GK0001")));
    }
    let value = format!("ESA {}", STANDARD.encode(format!("{secret}:{key}")));
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    request.headers.push(("authorization".to_owned(), value));
    if request.operation == operation::LICENSE_EXPIRY {
        request.query.retain(|(name, _)| name != "licenseKey");
        request.query.push(("licenseKey".to_owned(), key.to_owned()));
    }
    Ok(())
}

/// The shop number inside the serviceSecret (`SP123456_…`): the mall's limit counts per shop (4), so two entries of
/// the same shop share one lane. It is the first part of every order number and no secret.
pub(super) fn shop_number(credentials: &Credentials) -> Option<String> {
    let (number, _) = credentials.get(SERVICE_SECRET)?.strip_prefix("SP")?.split_once('_')?;
    let plain = !number.is_empty() && number.len() <= 12 && number.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| number.to_owned())
}

/// Checks the form of a serviceSecret. The beginning is known from integrators only, so a strange one passes.
pub(super) fn check_service_secret(value: &str) -> Result<(), String> {
    check_form(value, "SL", "これはlicenseKeyのようです。SPで始まるserviceSecretを入力してください")
}

/// Checks the form of a licenseKey.
pub(super) fn check_license_key(value: &str) -> Result<(), String> {
    check_form(value, "SP", "これはserviceSecretのようです。SLで始まるlicenseKeyを入力してください")
}

fn check_form(value: &str, other: &str, swapped: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("入力してください".to_owned());
    }
    if !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("空白・改行・全角の文字が入っています。貼り付け直してください".to_owned());
    }
    if value.contains(':') || value.len() > 128 {
        return Err("キーの書式が違います。RMSから貼り付け直してください".to_owned());
    }
    let looks_swapped = value
        .strip_prefix(other)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('_'));
    if looks_swapped { Err(swapped.to_owned()) } else { Ok(()) }
}

/// Asks for the key's end of life and tries the two reading functions. A function that is off is a remark, not a
/// failure: the key itself is good.
pub(super) async fn check_credential(session: &Session<'_>) -> Result<CredentialCheck, MallError> {
    let mut check = CredentialCheck::default();
    match expiry(session).await {
        Ok(Some(end)) => check.expires_at.push((LICENSE_KEY.to_owned(), end)),
        Ok(None) => check.remarks.push(own("RAKUTEN_EXPIRY_NOT_TOLD")),
        Err(error) => match error.kind {
            MallErrorKind::NotAllowed | MallErrorKind::Refused | MallErrorKind::Unreadable => {
                check.remarks.push(own("RAKUTEN_EXPIRY_NOT_TOLD"));
            }
            _ => return Err(error),
        },
    }
    let search = search::probe(session).await;
    note_function(&mut check, "rpay.order.searchOrder", search)?;
    let get = super::get::probe(session).await;
    note_function(&mut check, "rpay.order.getOrder", get)?;
    Ok(check)
}

fn note_function(
    check: &mut CredentialCheck,
    function: &str,
    result: Result<(), MallError>,
) -> Result<(), MallError> {
    match result {
        Err(error) if error.kind == MallErrorKind::NotAllowed => {
            let mut remark = own("RAKUTEN_FUNCTION_OFF");
            remark.ja = format!("{}：{function}", remark.ja);
            remark.en = format!("{}: {function}", remark.en);
            remark.mall_code = error.reason.mall_code.clone();
            check.remarks.push(remark);
            Ok(())
        }
        other => other,
    }
}

/// `{"expiryDate":"2026-11-28T23:59:59"}`: no zone, meaning Japan (1.3).
async fn expiry(session: &Session<'_>) -> Result<Option<UtcMillis>, MallError> {
    let answer = session.wire.send(WireRequest::get(operation::LICENSE_EXPIRY, EXPIRY_PATH)).await?;
    envelope::gate(&answer)?;
    let read: Expiry =
        serde_json::from_slice(&answer.body).map_err(|_| envelope::unreadable("expiryDate"))?;
    Ok(read.expiry_date.optional("expiryDate").ok().flatten().and_then(|text| parse_datetime(&text)))
}
