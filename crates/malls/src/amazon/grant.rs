//! Login with Amazon (amazon.md 1.1, 1.3): consent, code, refresh. LWA knows no PKCE: the challenge and the verifier of
//! the port are not used; what protects the way back is `state` and the five minutes of the code.

use super::auth::{
    ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, check_access_token, check_refresh_token,
};
use super::descriptor::operation;
use super::errors::{own, said};
use super::gate::unreadable;
use super::node::Node;
use super::settings::{APP_DRAFT, APPLICATION_ID, CONSENT_PAGE, CONSENT_PAGE_DEFAULT};
use domain::time::{MINUTE, SECOND};
use domain::{Reason, UtcMillis, reason};
use mall_api::grant::{Consent, Grant, Token, Tokens};
use mall_api::wire::percent_encode;
use mall_api::{Credentials, MallError, MallErrorKind, Method, Settings, WireAnswer, WireRequest};
use secrecy::SecretString;
use serde_json::Value;

/// Renewed about 50 minutes into its hour (1.1).
pub(super) const RENEW_BEFORE: i64 = 8 * MINUTE;
/// A life beyond this is not believed, seconds.
const LONGEST: i64 = 86_400;
/// The path of the token endpoint.
const PATH: &str = "/auth/o2/token";

/// The grant of Amazon.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lwa;

impl Grant for Lwa {
    fn access_key(&self) -> &'static str {
        ACCESS_TOKEN
    }

    fn refresh_key(&self) -> &'static str {
        REFRESH_TOKEN
    }

    fn renew_before_ms(&self) -> i64 {
        RENEW_BEFORE
    }

    fn refresh(&self, credentials: &Credentials) -> Result<WireRequest, Reason> {
        let token = secret(credentials, REFRESH_TOKEN, "リフレッシュトークン")?;
        request(credentials, &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn read_tokens(&self, answer: &WireAnswer, now: UtcMillis) -> Result<Tokens, MallError> {
        read_tokens(answer, now)
    }

    fn is_stale(&self, answer: &WireAnswer) -> bool {
        super::gate::is_stale(answer)
    }

    fn consent_url(
        &self,
        _credentials: &Credentials,
        settings: &Settings,
        consent: Consent<'_>,
    ) -> Result<String, Reason> {
        let id = settings.get(APPLICATION_ID).map(str::trim).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| own("AMAZON_APPLICATION_ID_MISSING"))?;
        let page = settings.get(CONSENT_PAGE).filter(|p| !p.is_empty()).unwrap_or(CONSENT_PAGE_DEFAULT);
        let draft = if settings.flag(APP_DRAFT, false) { "&version=beta" } else { "" };
        Ok(format!(
            "{page}?application_id={}&state={}{draft}",
            percent_encode(id),
            percent_encode(consent.state)
        ))
    }

    fn code_of(&self, query: &[(String, String)]) -> Result<String, Reason> {
        let value = |key: &str| query.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        if let Some(error) = value("error") {
            return Err(own("AMAZON_CONSENT_REFUSED").from_mall(error, ""));
        }
        let code = value("spapi_oauth_code").filter(|c| !c.is_empty() && c.len() <= 2_048);
        code.map(str::to_owned).ok_or_else(|| own("AMAZON_NO_CODE"))
    }

    fn exchange(
        &self,
        credentials: &Credentials,
        code: &str,
        redirect_uri: &str,
        _code_verifier: &str,
    ) -> Result<WireRequest, Reason> {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
        request(credentials, &fields)
    }
}

fn secret<'a>(credentials: &'a Credentials, key: &str, label: &str) -> Result<&'a str, Reason> {
    credentials.get(key).ok_or_else(|| reason::credential_missing(label))
}

/// Everything in the body: as query parameters LWA answers 500 (1.1).
fn request(credentials: &Credentials, fields: &[(&str, &str)]) -> Result<WireRequest, Reason> {
    let id = secret(credentials, CLIENT_ID, "クライアントID")?;
    let client_secret = secret(credentials, CLIENT_SECRET, "クライアントシークレット")?;
    let all = fields.iter().copied().chain([("client_id", id), ("client_secret", client_secret)]);
    let body =
        all.map(|(key, value)| format!("{key}={}", percent_encode(value))).collect::<Vec<_>>().join("&");
    Ok(WireRequest {
        operation: operation::TOKEN.to_owned(),
        role: "login".to_owned(),
        method: Method::Post,
        path: PATH.to_owned(),
        address: None,
        query: Vec::new(),
        headers: vec![(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded;charset=UTF-8".to_owned(),
        )],
        body: body.into_bytes(),
    })
}

fn read_tokens(answer: &WireAnswer, now: UtcMillis) -> Result<Tokens, MallError> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if answer.status != 200 {
        return Err(refused(answer, body.as_ref()));
    }
    let body = body.ok_or_else(|| unreadable("JSON"))?;
    let root = Node::root(&body);
    let read = || -> Result<_, super::node::Misread> {
        let access = root.at("access_token")?;
        let token = access.required()?;
        check_access_token(&token).map_err(|_| access.malformed())?;
        let refresh = root.at("refresh_token")?;
        let renewed = refresh.text()?;
        if renewed.as_deref().is_some_and(|token| check_refresh_token(token).is_err()) {
            return Err(refresh.malformed());
        }
        Ok((token, renewed, root.at("expires_in")?.int()?))
    };
    let (access, refresh, seconds) = read().map_err(|misread| unreadable(&misread.to_string()))?;
    let life = seconds.unwrap_or(3_600).clamp(0, LONGEST) * SECOND;
    let mut tokens = vec![Token {
        key: ACCESS_TOKEN,
        secret: SecretString::from(access),
        expires_at: Some(now.plus(life)),
    }];
    // Normally unchanged, but what comes back is stored (1.1). Its year is counted from the consent, which the answer
    // does not date.
    tokens.extend(refresh.map(|token| Token {
        key: REFRESH_TOKEN,
        secret: SecretString::from(token),
        expires_at: None,
    }));
    Ok(Tokens(tokens))
}

/// The errors of the login have a shape of their own (1.1).
fn refused(answer: &WireAnswer, body: Option<&Value>) -> MallError {
    let text = |key: &str| {
        let value = body.and_then(|b| Node::root(b).at(key).and_then(|n| n.text()).ok().flatten());
        value.unwrap_or_default()
    };
    let (error, description) = (text("error"), text("error_description"));
    let about_code = description.to_lowercase().contains("parameter : code");
    let (kind, code) = match (answer.status, error.as_str()) {
        (429, _) => (MallErrorKind::RateLimited { retry_after_ms: answer.retry_after_ms() }, "AMAZON_QUOTA"),
        (500..=599, _) => (MallErrorKind::Unavailable, "AMAZON_UNAVAILABLE"),
        (_, "invalid_grant") if about_code => (MallErrorKind::Refused, "AMAZON_CODE_EXPIRED"),
        (_, "invalid_grant") => (MallErrorKind::Credential, "AMAZON_GRANT_LAPSED"),
        (_, "invalid_client") => (MallErrorKind::Credential, "AMAZON_SECRET_EXPIRED"),
        (_, "unauthorized_client") => (MallErrorKind::Credential, "AMAZON_CLIENT_MISMATCH"),
        (_, "access_denied") => (MallErrorKind::Credential, "AMAZON_CONSENT_REFUSED"),
        (_, "unsupported_grant_type" | "invalid_request" | "invalid_scope") => {
            (MallErrorKind::Refused, "AMAZON_LOGIN_REQUEST")
        }
        (401, _) => (MallErrorKind::Credential, "AMAZON_SECRET_EXPIRED"),
        (status, _) => return unreadable(&format!("HTTP {status}")),
    };
    MallError::new(kind, said(code, &error, &description))
}
