//! What goes in and comes out of a simulated mall: plain values, so that a socket and an in-process caller see
//! the same. Knows no mall and no HTTP library.

use bytes::Bytes;
use serde_json::Value;

/// One request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, … in capitals.
    pub method: String,
    /// The path without the query, still percent-encoded.
    pub path: String,
    /// The query without `?`, still percent-encoded; empty when there is none.
    pub query: String,
    /// Header names and values in the order they came. Names are compared without regard to case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body. `target` may carry a query.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), ..Self::default() }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same request with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The first header of that name.
    #[must_use]
    pub fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// A query value, percent-decoded.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key) == name).then(|| percent_decode(value))
        })
    }
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers; `Content-Length` is added by whoever sends it.
    pub headers: Vec<(String, String)>,
    /// The body as bytes, which need not be UTF-8.
    pub body: Bytes,
}

impl Reply {
    /// An answer with a content type and a body.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// A JSON answer as the control API gives it.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json;charset=utf-8", value.to_string())
    }

    /// Sets a header, replacing one of the same name.
    pub fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The first header of that name.
    #[must_use]
    pub fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// How a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A whole answer.
    Reply(Reply),
    /// Status, headers and a `Content-Length` for the whole body, but only so many bytes of it; then the
    /// connection closes.
    Cut {
        /// How many bytes of the body leave.
        after_bytes: usize,
        /// The answer that should have been.
        reply: Reply,
    },
    /// No answer for ever; the connection stays open.
    Hang,
    /// The connection closes without one byte of answer.
    Closed,
}

/// The end of a call and the time before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How long the answer waits first.
    pub delay_ms: u64,
    /// What then happens.
    pub end: End,
}

impl Outcome {
    /// The answer, when there is a whole one.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        match &self.end {
            End::Reply(reply) => Some(reply),
            _ => None,
        }
    }
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self { delay_ms: 0, end: End::Reply(reply) }
    }
}

/// Decodes `%XX` and `+`; what is not a valid escape stays as it is.
pub(crate) fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                if let (Some(high), Some(low)) = (digit(ahead.next()), digit(ahead.next())) {
                    out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    bytes = ahead;
                } else {
                    out.push(b'%');
                }
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_decoded_and_broken_escapes_kept() {
        let request = Request::new("GET", "/x?a=1%2B2&licenseKey=SL%2fx+y&b=%zz%");
        assert_eq!(request.query_value("a").as_deref(), Some("1+2"));
        assert_eq!(request.query_value("licenseKey").as_deref(), Some("SL/x y"));
        assert_eq!(request.query_value("b").as_deref(), Some("%zz%"));
        assert_eq!(request.query_value("c"), None);
    }
}
