//! The credential of a call: bearer token and public-key signature (yahoo.md 1.4, 1.5), the forms of what people enter,
//! and the live check.

use super::descriptor::{SELLER_ID, operation};
use super::envelope;
use super::errors::own;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::time::{DAY, SECOND};
use domain::{Reason, UtcMillis, reason};
use mall_api::{
    CredentialCheck, Credentials, MallError, MallErrorKind, Session, Settings, WireAnswer, WireRequest,
};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};

/// Key of the Client ID.
pub(super) const CLIENT_ID: &str = "client_id";
/// Key of the Client Secret.
pub(super) const CLIENT_SECRET: &str = "client_secret";
/// Key of the refresh token.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
/// Key of the access token.
pub(super) const ACCESS_TOKEN: &str = "access_token";
/// Key of the public key.
pub(super) const PUBLIC_KEY: &str = "public_key";
/// Key of its version.
pub(super) const KEY_VERSION: &str = "public_key_version";

/// Life of a consent: 4 weeks (1.3).
pub(super) const REFRESH_LIFE: i64 = 28 * DAY;

const SIGNATURE: &str = "x-sws-signature";
const SIGNATURE_VERSION: &str = "x-sws-signature-version";
/// Says on every order answer whether the signature was taken (1.5).
const SIGNATURE_STATUS: &str = "x-sws-authorize-status";
const ACCEPTED: &str = "authorized";

/// Path of an order API.
pub(super) fn path(operation: &str) -> String {
    format!("/ShoppingWebService/V1/{operation}")
}

/// Puts the bearer token and, where the store has a key, a fresh signature into the request.
pub(super) fn authorise(
    request: &mut WireRequest,
    credentials: &Credentials,
    settings: &Settings,
    now: UtcMillis,
) -> Result<(), Box<Reason>> {
    let missing = |label: &str| Box::new(reason::credential_missing(label));
    let token = credentials.get(ACCESS_TOKEN).ok_or_else(|| missing("アクセストークン"))?;
    if check_line(token).is_err() {
        return Err(missing("アクセストークン"));
    }
    let signature = match (credentials.get(PUBLIC_KEY), credentials.get(KEY_VERSION)) {
        (None, None) => None,
        (Some(key), Some(version)) => {
            check_version(version).map_err(|_| Box::new(own("YAHOO_KEY_AND_VERSION")))?;
            let seller = seller(settings).ok_or_else(|| Box::new(own("YAHOO_NO_SELLER")))?;
            Some((sign(key, seller, now).ok_or_else(|| Box::new(own("YAHOO_KEY_FORM")))?, version.to_owned()))
        }
        _ => return Err(Box::new(own("YAHOO_KEY_AND_VERSION"))),
    };
    let ours = ["authorization", SIGNATURE, SIGNATURE_VERSION];
    request.headers.retain(|(name, _)| !ours.iter().any(|our| name.eq_ignore_ascii_case(our)));
    request.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    if let Some((signature, version)) = signature {
        request.headers.push((SIGNATURE.to_owned(), signature));
        request.headers.push((SIGNATURE_VERSION.to_owned(), version));
    }
    Ok(())
}

/// The store account, when it is set.
pub(super) fn seller(settings: &Settings) -> Option<&str> {
    settings.get(SELLER_ID).map(str::trim).filter(|seller| !seller.is_empty())
}

/// `base64(RSAES-PKCS1-v1_5(sellerId:unixtime))`: an encryption with the store's public key, not a signature (1.5).
fn sign(key: &str, seller: &str, now: UtcMillis) -> Option<String> {
    let plain = format!("{seller}:{}", now.0.div_euclid(SECOND));
    let cipher =
        public_key(key)?.encrypt(&mut rsa::rand_core::OsRng, Pkcs1v15Encrypt, plain.as_bytes()).ok()?;
    Some(STANDARD.encode(cipher))
}

/// Reads a PEM whose line breaks may be lost, or written out as `\n` (1.5).
fn public_key(pem: &str) -> Option<RsaPublicKey> {
    const HEAD: &str = "-----BEGIN PUBLIC KEY-----";
    const FOOT: &str = "-----END PUBLIC KEY-----";
    let (_, rest) = pem.split_once(HEAD)?;
    let (body, _) = rest.split_once(FOOT)?;
    let body = body.replace("\\n", "").replace("\\r", "");
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let key = RsaPublicKey::from_public_key_der(&STANDARD.decode(body).ok()?).ok()?;
    (2_048..=4_096).contains(&(key.size() * 8)).then_some(key)
}

/// Was a signature sent and not accepted? The answer may still be good for hours (1.5), so this is said apart from it.
pub(super) fn remark(sent: &WireRequest, answer: &WireAnswer) -> Option<(&'static str, Option<Reason>)> {
    let signed = sent.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(SIGNATURE));
    // A gateway refuses before it looks at signatures, and says itself what is wrong.
    (sent.role == "api" && signed && answer.status == 200).then(|| (PUBLIC_KEY, of_signature(answer)))
}

/// Why the mall does not take the signature; `None` when it does.
fn of_signature(answer: &WireAnswer) -> Option<Reason> {
    match answer.header(SIGNATURE_STATUS).map(str::trim) {
        Some(ACCEPTED) => None,
        Some(other) => Some(own("YAHOO_SIGNATURE_NOT_ACCEPTED").from_mall("", other)),
        None => Some(own("YAHOO_SIGNATURE_NOT_ACCEPTED")),
    }
}

/// All shops of one Client ID share the mall's limits (2). Only a digest of it is shown.
pub(super) fn pacing_key(credentials: &Credentials) -> Option<String> {
    let id = credentials.get(CLIENT_ID)?.trim();
    let digest = blake3::hash(format!("yahoo client {id}").as_bytes()).to_hex();
    digest.get(..16).map(|short| format!("yahoo:app-{short}"))
}

/// One line of visible ASCII.
pub(super) fn check_line(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("入力してください".to_owned());
    }
    if !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("空白・改行・全角の文字が入っています。貼り付け直してください".to_owned());
    }
    if value.len() > 4_096 {
        return Err("長すぎます。貼り付け直してください".to_owned());
    }
    Ok(())
}

/// Checks the form of a public key; empty = none.
pub(super) fn check_public_key(value: &str) -> Result<(), String> {
    if value.trim().is_empty() || public_key(value).is_some() {
        return Ok(());
    }
    let what = if value.contains("PRIVATE KEY") {
        "秘密鍵ではなく公開鍵を入力してください"
    } else if value.contains("CERTIFICATE") {
        "API証明書は2023年に廃止されました。暗号鍵管理の公開鍵を入力してください"
    } else {
        "公開鍵として読み取れません。「-----BEGIN PUBLIC KEY-----」から最後まで貼り付けてください"
    };
    Err(what.to_owned())
}

/// Checks the form of a version; empty = none.
pub(super) fn check_version(value: &str) -> Result<(), String> {
    let plain = value.len() <= 9 && value.bytes().all(|b| b.is_ascii_digit());
    if plain { Ok(()) } else { Err("バージョンは数字で入力してください".to_owned()) }
}

/// Checks the form of a store account (1.1).
pub(super) fn check_seller(value: &str) -> Result<(), String> {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    // The default is empty; that it must be given is said by `required`.
    let fits = value.len() <= 50 && value.bytes().all(known);
    if fits {
        Ok(())
    } else {
        Err("英小文字・数字・ハイフン・アンダースコアで入力してください".to_owned())
    }
}

/// Asks for the counters, which needs token, right, permit and address to be good. What the mall says of the
/// signature, and a missing key, are remarks: the session may still live for hours.
pub(super) async fn check_credential(
    session: &Session<'_>,
    credentials: &Credentials,
) -> Result<CredentialCheck, MallError> {
    let seller = seller(session.settings)
        .ok_or_else(|| MallError::new(MallErrorKind::Refused, own("YAHOO_NO_SELLER")))?;
    let mut request = WireRequest::get(operation::COUNT, &path(operation::COUNT));
    request.query.push(("sellerId".to_owned(), seller.to_owned()));
    let answer = session.wire.send(request).await?;
    let document = envelope::open(&answer)?;
    if document.child("Result").is_none_or(|result| result.child("Count").is_none()) {
        return Err(envelope::unreadable("Count"));
    }
    let signed = credentials.get(PUBLIC_KEY).is_some();
    let remark = if signed { of_signature(&answer) } else { Some(own("YAHOO_NO_KEY")) };
    Ok(CredentialCheck { expires_at: Vec::new(), remarks: remark.into_iter().collect() })
}
