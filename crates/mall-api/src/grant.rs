//! Access that lives an hour, behind a grant that lives weeks or a year (OAuth 2): asking for it in the browser, renewing
//! it in the lane. Pure functions; the engine sends, stores and decides when. Only the owner of a lane renews: two
//! owners of one refresh token would take it from each other.

use crate::credentials::{Credentials, Settings};
use crate::error::MallError;
use crate::wire::{WireAnswer, WireRequest};
use domain::{Reason, UtcMillis};
use secrecy::SecretString;

/// What a token endpoint gave. Credentials that are not named stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Tokens(pub Vec<Token>);

/// One credential from a token endpoint.
#[derive(Debug, Clone)]
pub struct Token {
    /// Key of the credential in the Descriptor.
    pub key: &'static str,
    /// The secret.
    pub secret: SecretString,
    /// Its end of life, where it is known.
    pub expires_at: Option<UtcMillis>,
}

/// What a browser needs for the way back: the address the mall sends the person to, the word that proves that it was
/// we who sent them, and the PKCE challenge (S256).
#[derive(Debug, Clone, Copy)]
pub struct Consent<'a> {
    /// Where the mall sends the person afterwards.
    pub redirect_uri: &'a str,
    /// Comes back unchanged.
    pub state: &'a str,
    /// BASE64URL(SHA-256(verifier)).
    pub code_challenge: &'a str,
}

/// Access by OAuth.
pub trait Grant: Send + Sync {
    /// Key of the credential that is the access token. Its form is a field of the Descriptor like any other, but no
    /// person types it.
    fn access_key(&self) -> &'static str;

    /// Key of the credential that renews it.
    fn refresh_key(&self) -> &'static str;

    /// Renewed when its life is shorter than this, milliseconds.
    fn renew_before_ms(&self) -> i64;

    /// The request that renews. Holds secrets: sent at once, never stored or logged.
    ///
    /// # Errors
    /// The credential that is missing.
    fn refresh(&self, credentials: &Credentials) -> Result<WireRequest, Reason>;

    /// Reads the answer of the token endpoint, be it to `refresh` or to `exchange`.
    ///
    /// # Errors
    /// `Credential` when only a person can help (grant revoked, secret out of date).
    fn read_tokens(&self, answer: &WireAnswer, now: UtcMillis) -> Result<Tokens, MallError>;

    /// Does this answer say that the access token is not good (any more)? Then nothing was done: access is renewed and
    /// the request sent once more.
    fn is_stale(&self, answer: &WireAnswer) -> bool;

    /// The page where a person allows the access.
    ///
    /// # Errors
    /// What is missing to build it.
    fn consent_url(
        &self,
        credentials: &Credentials,
        settings: &Settings,
        consent: Consent<'_>,
    ) -> Result<String, Reason>;

    /// The code in the query the browser came back with.
    ///
    /// # Errors
    /// The person refused, or nothing usable came.
    fn code_of(&self, query: &[(String, String)]) -> Result<String, Reason>;

    /// The request that turns the code into tokens. Holds secrets, like `refresh`.
    ///
    /// # Errors
    /// The credential that is missing.
    fn exchange(
        &self,
        credentials: &Credentials,
        code: &str,
        redirect_uri: &str,
        code_verifier: &str,
    ) -> Result<WireRequest, Reason>;
}
