//! The headers of every call, and the form of the credentials (amazon.md 1.2).

use domain::{Reason, UtcMillis, reason};
use mall_api::{Credentials, WireRequest};

/// Key of the client id.
pub(super) const CLIENT_ID: &str = "client_id";
/// Key of the client secret.
pub(super) const CLIENT_SECRET: &str = "client_secret";
/// Key of the refresh token.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
/// Key of the access token.
pub(super) const ACCESS_TOKEN: &str = "access_token";

/// Tokens have up to 2048 bytes (1.1).
const MAX_TOKEN: usize = 2_048;
/// A longer user-agent is rejected (1.2).
const MAX_USER_AGENT: usize = 500;

/// Puts the access token, the user-agent and the time into the request. No signature: it is ignored since 2023 (0.4).
pub(super) fn authorise(
    request: &mut WireRequest,
    credentials: &Credentials,
    now: UtcMillis,
) -> Result<(), Box<Reason>> {
    let token = credentials
        .get(ACCESS_TOKEN)
        .ok_or_else(|| Box::new(reason::credential_missing("アクセストークン")))?;
    if check_access_token(token).is_err() {
        return Err(Box::new(super::errors::own("AMAZON_ACCESS_REVOKED")));
    }
    let headers = [
        ("x-amz-access-token", token.to_owned()),
        ("user-agent", user_agent()),
        ("x-amz-date", amz_date(now)),
    ];
    for (name, value) in headers {
        request.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        request.headers.push((name.to_owned(), value));
    }
    Ok(())
}

/// `20261122T030000Z`.
pub(super) fn amz_date(now: UtcMillis) -> String {
    super::text::iso(now).replace([':', '-'], "")
}

/// `Choba/0.1.0 (Language=Rust/1.95; Platform=linux)`.
pub(super) fn user_agent() -> String {
    let agent = format!(
        "{}/{} (Language={}; Platform={})",
        escape("Choba", &['/', '\\']),
        escape(env!("CARGO_PKG_VERSION"), &['(', '\\']),
        escape(concat!("Rust/", env!("CARGO_PKG_RUST_VERSION")), &[')', ';', '\\']),
        escape(std::env::consts::OS, &[')', ';', '\\']),
    );
    agent.chars().take(MAX_USER_AGENT).collect()
}

/// Puts a backslash before what has a meaning at this place (1.2).
pub(super) fn escape(text: &str, special: &[char]) -> String {
    text.chars().flat_map(|c| special.contains(&c).then_some('\\').into_iter().chain([c])).collect()
}

/// Checks the form of a client id.
pub(super) fn check_client_id(value: &str) -> Result<(), String> {
    check_form(
        value,
        &["Atzr|", "Atza|"],
        "これはトークンのようです。amzn1. で始まるクライアントIDを入力してください",
    )
}

/// Checks the form of a client secret.
pub(super) fn check_secret(value: &str) -> Result<(), String> {
    check_form(
        value,
        &["Atzr|", "Atza|"],
        "これはトークンのようです。クライアントシークレットを入力してください",
    )
}

/// Checks the form of a refresh token.
pub(super) fn check_refresh_token(value: &str) -> Result<(), String> {
    check_form(
        value,
        &["Atza|", "amzn1."],
        "これはリフレッシュトークンではないようです。Atzr| で始まるものを入力してください",
    )
}

/// Checks the form of an access token.
pub(super) fn check_access_token(value: &str) -> Result<(), String> {
    check_form(value, &["Atzr|"], "これはリフレッシュトークンのようです")
}

fn check_form(value: &str, others: &[&str], swapped: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("入力してください".to_owned());
    }
    if !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("空白・改行・全角の文字が入っています。貼り付け直してください".to_owned());
    }
    if value.len() > MAX_TOKEN {
        return Err("長すぎます。貼り付け直してください".to_owned());
    }
    if others.iter().any(|other| value.starts_with(other)) { Err(swapped.to_owned()) } else { Ok(()) }
}
