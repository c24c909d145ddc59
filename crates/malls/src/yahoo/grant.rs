//! YConnect v2 (yahoo.md 1.2, 1.3): the consent in the browser, the token of an hour, its renewal.

use super::auth::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_LIFE, REFRESH_TOKEN, check_line};
use super::descriptor::operation;
use super::errors::{is_known, kind_of, of_mall, own};
use super::text::form;
use super::{envelope, xml};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::time::{MINUTE, SECOND};
use domain::{Reason, UtcMillis, reason};
use mall_api::grant::{Consent, Grant, Token, Tokens};
use mall_api::json::{lenient_opt_i64, lenient_opt_text};
use mall_api::{Credentials, MallError, MallErrorKind, Method, Settings, WireAnswer, WireRequest};
use secrecy::SecretString;
use serde::Deserialize;

const CONSENT: &str = "https://auth.login.yahoo.co.jp/yconnect/v2/authorization";
const TOKEN_PATH: &str = "/yconnect/v2/token";
/// `openid` brings the refresh token; the right itself comes from the application's permit (1.2).
const SCOPE: &str = "openid profile";

/// The token endpoint's answer, good or bad.
#[derive(Deserialize, Default)]
struct Reply {
    #[serde(default, deserialize_with = "lenient_opt_text")]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "lenient_opt_i64")]
    expires_in: Option<i64>,
    #[serde(default, deserialize_with = "lenient_opt_text")]
    refresh_token: Option<String>,
    #[serde(default, deserialize_with = "lenient_opt_text")]
    id_token: Option<String>,
    #[serde(default, deserialize_with = "lenient_opt_text")]
    error: Option<String>,
    #[serde(default, deserialize_with = "lenient_opt_text")]
    error_description: Option<String>,
    #[serde(default, deserialize_with = "lenient_opt_text")]
    error_code: Option<String>,
}

/// YConnect v2.
#[derive(Debug, Clone, Copy)]
pub(super) struct YConnect;

fn needed<'a>(credentials: &'a Credentials, key: &str, label: &str) -> Result<&'a str, Reason> {
    let value = credentials.get(key).map(str::trim).filter(|value| check_line(value).is_ok());
    value.ok_or_else(|| reason::credential_missing(label))
}

/// A POST to the token endpoint; the application authenticates by the Basic header (1.3).
fn token_request(credentials: &Credentials, pairs: &[(&str, &str)]) -> Result<WireRequest, Reason> {
    let id = needed(credentials, CLIENT_ID, "Client ID")?;
    let secret = needed(credentials, CLIENT_SECRET, "シークレット")?;
    let basic = STANDARD.encode(format!("{id}:{secret}"));
    Ok(WireRequest {
        operation: operation::TOKEN.to_owned(),
        role: "login".to_owned(),
        method: Method::Post,
        path: TOKEN_PATH.to_owned(),
        address: None,
        query: Vec::new(),
        headers: vec![
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("authorization".to_owned(), format!("Basic {basic}")),
        ],
        body: form(pairs).into_bytes(),
    })
}

impl Grant for YConnect {
    fn access_key(&self) -> &'static str {
        ACCESS_TOKEN
    }

    fn refresh_key(&self) -> &'static str {
        REFRESH_TOKEN
    }

    fn renew_before_ms(&self) -> i64 {
        5 * MINUTE
    }

    fn refresh(&self, credentials: &Credentials) -> Result<WireRequest, Reason> {
        let token = needed(credentials, REFRESH_TOKEN, "認可（リフレッシュトークン）")?;
        token_request(credentials, &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn read_tokens(&self, answer: &WireAnswer, now: UtcMillis) -> Result<Tokens, MallError> {
        let reply: Option<Reply> = serde_json::from_slice(&answer.body).ok();
        if answer.status != 200 {
            return Err(refusal(answer, reply.unwrap_or_default()));
        }
        let reply = reply.ok_or_else(|| envelope::unreadable("トークンのJSON"))?;
        if reply.error.is_some() {
            return Err(refusal(answer, reply));
        }
        let usable = |token: &String| check_line(token).is_ok();
        let access = reply.access_token.filter(usable).ok_or_else(|| envelope::unreadable("access_token"))?;
        let life = reply.expires_in.filter(|seconds| (1..=86_400 * 400).contains(seconds));
        let mut tokens = vec![Token {
            key: ACCESS_TOKEN,
            secret: SecretString::from(access),
            expires_at: life.map(|seconds| now.plus(seconds * SECOND)),
        }];
        // A refresh normally brings no refresh token: the old one stays. Its four weeks count from the consent, which
        // alone brings an id_token (1.3).
        if let Some(refresh) = reply.refresh_token.filter(usable) {
            let expires_at = reply.id_token.is_some().then(|| now.plus(REFRESH_LIFE));
            tokens.push(Token { key: REFRESH_TOKEN, secret: SecretString::from(refresh), expires_at });
        }
        Ok(Tokens(tokens))
    }

    fn is_stale(&self, answer: &WireAnswer) -> bool {
        if answer.status != 401 {
            return false;
        }
        let document = xml::parse(&answer.body).ok();
        let text_of = |name| document.as_ref().map_or("", |d| d.text_of(name));
        // px-04102 is not cured by a new token (1.6).
        if !text_of("Code").is_empty() {
            return false;
        }
        let said = [text_of("Message"), answer.header("www-authenticate").unwrap_or_default()];
        said.iter().any(|words| words.contains("invalid_token"))
            && !said.iter().any(|words| words.contains("insufficient_scope"))
    }

    fn consent_url(
        &self,
        credentials: &Credentials,
        _settings: &Settings,
        consent: Consent<'_>,
    ) -> Result<String, Reason> {
        let id = needed(credentials, CLIENT_ID, "Client ID")?;
        let query = form(&[
            ("response_type", "code"),
            ("client_id", id),
            ("redirect_uri", consent.redirect_uri),
            ("scope", SCOPE),
            ("bail", "1"),
            ("state", consent.state),
            ("code_challenge", consent.code_challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(format!("{CONSENT}?{query}"))
    }

    fn code_of(&self, query: &[(String, String)]) -> Result<String, Reason> {
        let value = |key: &str| query.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        if let Some(error) = value("error") {
            let words = value("error_description").unwrap_or_default();
            return Err(match is_known(error) {
                true => of_mall(error, words),
                false => own("YAHOO_NO_CODE").from_mall(error, words),
            });
        }
        let code = value("code").filter(|code| check_line(code).is_ok());
        code.map(str::to_owned).ok_or_else(|| own("YAHOO_NO_CODE"))
    }

    fn exchange(
        &self,
        credentials: &Credentials,
        code: &str,
        redirect_uri: &str,
        code_verifier: &str,
    ) -> Result<WireRequest, Reason> {
        token_request(
            credentials,
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect_uri),
                ("code_verifier", code_verifier),
            ],
        )
    }
}

/// An answer of the token endpoint that brings no token (1.3).
fn refusal(answer: &WireAnswer, reply: Reply) -> MallError {
    let Some(error) = reply.error.filter(|error| !error.is_empty()) else {
        // Without its JSON it goes the way of every other answer; 200 cannot come here.
        return envelope::open(answer).err().unwrap_or_else(|| envelope::unreadable("トークンのJSON"));
    };
    let number = reply.error_code.map(|code| format!(" ({code})")).unwrap_or_default();
    let words = format!("{}{number}", reply.error_description.unwrap_or_default());
    let retry_after_ms = answer.retry_after_ms();
    if is_known(&error) {
        return MallError::new(kind_of(&error, answer.status, retry_after_ms), of_mall(&error, words.trim()));
    }
    let kind = match answer.status {
        429 => MallErrorKind::RateLimited { retry_after_ms },
        500..=599 => MallErrorKind::Unavailable,
        _ => MallErrorKind::Credential,
    };
    MallError::new(kind, own("YAHOO_TOKEN_REFUSED").from_mall(&error, words.trim()))
}
