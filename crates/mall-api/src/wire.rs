//! One request out, one answer in. Adapters see nothing else of the network.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the methods of HTTP")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// One request, without credentials and without a host. May be stored (sealed: bodies hold buyer data at times)
/// and sent by a later version of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireRequest {
    /// Name of the operation in the Descriptor: chooses limit and timeout.
    pub operation: String,
    /// Endpoint role of the Descriptor (`api`, `login`, `document`).
    pub role: String,
    /// Method.
    pub method: Method,
    /// Absolute path.
    pub path: String,
    /// Whole address with path and query, where the mall itself gave one (a document to fetch or to fill). Taken only
    /// when its host is one the role allows; `path` and `query` are then not looked at, and no credential is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Query parameters, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Headers beside those that the wire sets itself.
    pub headers: Vec<(String, String)>,
    /// Body; empty = none.
    #[serde(with = "body_text")]
    pub body: Vec<u8>,
}

mod body_text {
    //! Bodies are nearly always UTF-8: stored as text, else as a list of bytes.
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Body {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(body: &[u8], s: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(body) {
            Ok(text) => text.serialize(s),
            Err(_) => Body::Bytes(body.to_vec()).serialize(s),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        Ok(match Body::deserialize(d)? {
            Body::Text(text) => text.into_bytes(),
            Body::Bytes(bytes) => bytes,
        })
    }
}

impl WireRequest {
    /// A POST of JSON to the role `api`.
    pub fn post_json(operation: &str, path: &str, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            operation: operation.to_owned(),
            role: "api".to_owned(),
            method: Method::Post,
            path: path.to_owned(),
            address: None,
            query: Vec::new(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body,
        }
    }

    /// A GET from the role `api`.
    pub fn get(operation: &str, path: &str) -> Self {
        Self {
            operation: operation.to_owned(),
            role: "api".to_owned(),
            method: Method::Get,
            path: path.to_owned(),
            address: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A call of an address that the mall gave.
    pub fn at_address(operation: &str, role: &str, method: Method, address: &str) -> Self {
        Self {
            operation: operation.to_owned(),
            role: role.to_owned(),
            method,
            path: String::new(),
            address: Some(address.to_owned()),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986 (a space is `%20`: some malls read `+` as plus).
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A complete answer (length checked by the transport).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Whole body.
    pub body: Bytes,
}

impl WireAnswer {
    /// First header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// `Retry-After` in milliseconds, when it is a number of seconds.
    pub fn retry_after_ms(&self) -> Option<i64> {
        let seconds: i64 = self.header("retry-after")?.trim().parse().ok()?;
        (0..=86_400).contains(&seconds).then_some(seconds * 1_000)
    }
}

/// Why there is no complete answer. The one question that matters: can the mall have got the request?
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The connection was never made, or the request was never begun: the mall has certainly not got it.
    #[error("not sent: {what}")]
    NotSent {
        /// In words, without addresses or secrets.
        what: String,
    },
    /// Sent, perhaps only partly; no complete answer came (time-out, reset, cut body, oversize).
    #[error("no complete answer: {what}")]
    NoAnswer {
        /// In words, without addresses or secrets.
        what: String,
    },
    /// A credential is missing or malformed; nothing was sent.
    #[error("not authorised: {0}")]
    NotAuthorised(Box<domain::Reason>),
    /// This process no longer owns the lane; nothing was sent.
    #[error("the lane was taken over")]
    LaneLost,
    /// The lane is being stopped; nothing was sent.
    #[error("stopping")]
    Stopping,
}

/// Sends one request and waits for its answer.
#[async_trait::async_trait]
pub trait Wire: Send + Sync {
    /// Waits for the operation's turn, sends, reads the whole answer.
    ///
    /// # Errors
    /// See [`WireError`]. An HTTP error status is an answer, not an error.
    async fn send(&self, request: WireRequest) -> Result<WireAnswer, WireError>;
}
