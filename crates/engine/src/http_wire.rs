//! One request out over HTTP, one complete answer in: the raw sending part of the wire.
//!
//! The one question that matters after a failure is whether the mall can have got the request:
//! - no connection could be made (name, refused, TLS, connect time-out) → `NotSent`;
//! - a connection stood → `NoAnswer`, always, even where the request has probably not left.
//!
//! Nothing is sent twice. Redirects are answers, not instructions. The client library's retry policy is switched
//! off; what stays is the connection pool's own: it takes a new connection when a pooled one turns out to be closed
//! *before it took the request from the queue*, so not one byte was written. A request that a stale connection did
//! take is reported as `NoAnswer`. Idle connections are dropped sooner than servers usually drop them.
//!
//! An answer is complete or it is none (F03): its length must be known (Content-Length, or chunks with their end)
//! and reached. Without a length the end of the connection ends the body; that is believed only under TLS, where a
//! cut is told from an end. Compression is not asked for, so that no cut can hide in it.
//!
//! What is said about a failure never holds a query, a header's value or a body.

mod guard;
#[cfg(test)]
mod tests;

pub use guard::{EndpointPolicy, addresses_of, is_public};

use bytes::BytesMut;
use guard::{Guarded, Lookup, PrivateAddress};
use mall_api::{Method, WireAnswer, WireError, WireRequest};
use reqwest::Url;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// Limits of the transport. The total time of a call comes with the call.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// Name look-up, TCP and TLS together, milliseconds. Short beside any call's total time, because a call that
    /// ends by its total time is `NoAnswer` even when it was still connecting.
    pub connect_ms: i64,
    /// Longest silence inside a body, milliseconds.
    pub idle_ms: i64,
    /// Largest body, bytes.
    pub max_body: usize,
    /// How long an unused connection is kept, milliseconds. Many servers close after 5 seconds.
    pub keep_alive_ms: i64,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connect_ms: 5_000, idle_ms: 20_000, max_body: 64 << 20, keep_alive_ms: 4_000 }
    }
}

/// The transport could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up: {0}")]
pub struct SetupError(String);

/// Chooses ring as the process's cryptography, once. Whoever comes first wins; later calls do nothing.
pub fn install_tls() {
    // An error only says that a provider is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Sends requests over HTTP/1.1. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    policy: EndpointPolicy,
    limits: HttpLimits,
}

impl HttpTransport {
    /// A transport with the usual limits. The machine's trusted roots are used; on a machine that has none, the
    /// roots of Mozilla that are built in.
    ///
    /// # Errors
    /// When the TLS set-up of the machine cannot be used.
    pub fn new(policy: EndpointPolicy) -> Result<Self, SetupError> {
        Self::with_limits(policy, HttpLimits::default())
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// See [`HttpTransport::new`].
    pub fn with_limits(policy: EndpointPolicy, limits: HttpLimits) -> Result<Self, SetupError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Self::build(policy, limits, roots, guard::system_lookup())
    }

    fn build(
        policy: EndpointPolicy,
        limits: HttpLimits,
        roots: RootCertStore,
        lookup: Lookup,
    ) -> Result<Self, SetupError> {
        install_tls();
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("Choba/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .https_only(!policy.allow_private)
            .http1_only()
            .connect_timeout(millis(limits.connect_ms))
            .pool_idle_timeout(millis(limits.keep_alive_ms))
            .tcp_nodelay(true)
            .dns_resolver(Guarded { policy, lookup })
            .build()
            .map_err(|error| SetupError(error.to_string()))?;
        Ok(Self { client, policy, limits })
    }

    /// Sends the request to `base_url` and reads the whole answer within `timeout_ms`.
    ///
    /// # Errors
    /// `NotSent` or `NoAnswer`; see the head of this file.
    pub async fn exchange(
        &self,
        base_url: &str,
        request: &WireRequest,
        timeout_ms: i64,
    ) -> Result<WireAnswer, WireError> {
        let built = self.request(base_url, request)?;
        if timeout_ms <= 0 {
            return Err(not_sent("no time was left for the call"));
        }
        tokio::time::timeout(millis(timeout_ms), self.run(built))
            .await
            .unwrap_or_else(|_| Err(no_answer(format!("no complete answer within {timeout_ms} ms"))))
    }

    async fn run(&self, request: reqwest::Request) -> Result<WireAnswer, WireError> {
        let tls = request.url().scheme() == "https";
        let mut response = self.client.execute(request).await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                not_sent(words(&error))
            } else {
                no_answer(words(&error))
            }
        })?;
        let status = response.status().as_u16();
        let headers = response.headers();
        let has_length = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
        if !(has_length || tls || matches!(status, 204 | 304)) {
            return Err(no_answer("the answer does not say where it ends"));
        }
        let too_big = || no_answer(format!("the answer is larger than {} bytes", self.limits.max_body));
        let expected = response.content_length().map_or(Ok(0), usize::try_from).map_err(|_| too_big())?;
        if expected > self.limits.max_body {
            return Err(too_big());
        }
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        // The stated length is a claim: memory is taken as bytes come.
        let mut body = BytesMut::with_capacity(expected.min(1 << 20));
        loop {
            let chunk = tokio::time::timeout(millis(self.limits.idle_ms), response.chunk())
                .await
                .map_err(|_| no_answer("the answer stopped in the middle"))?
                .map_err(|error| no_answer(words(&error)))?;
            let Some(chunk) = chunk else { break };
            if body.len() + chunk.len() > self.limits.max_body {
                return Err(too_big());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireAnswer { status, headers, body: body.freeze() })
    }

    fn request(&self, base_url: &str, request: &WireRequest) -> Result<reqwest::Request, WireError> {
        let url = self.url(base_url, request)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut built = reqwest::Request::new(method, url);
        for (name, value) in &request.headers {
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| not_sent("a header has a name that cannot be sent"))?;
            if ["host", "content-length", "transfer-encoding", "connection"].contains(&key.as_str()) {
                return Err(not_sent(format!("the header {key} is set by the wire")));
            }
            let mut value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| not_sent(format!("the value of the header {key} cannot be sent")))?;
            value.set_sensitive(true);
            built.headers_mut().append(key, value);
        }
        if !request.body.is_empty() {
            *built.body_mut() = Some(request.body.clone().into());
        } else if matches!(request.method, Method::Post | Method::Put | Method::Patch) {
            // Some servers answer 411 to a POST without a length.
            built.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(built)
    }

    /// An address that the mall gave, to the last byte; the caller has judged its host.
    fn given(&self, base: &Url, address: &str) -> Result<Url, WireError> {
        let mut url = Url::parse(address).map_err(|_| not_sent("the address is not a URL"))?;
        url.set_fragment(None);
        if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
            return Err(not_sent("the address is not at the endpoint it was judged by"));
        }
        self.may_go_to(&url)?;
        Ok(url)
    }

    fn may_go_to(&self, url: &Url) -> Result<(), WireError> {
        match url.scheme() {
            "https" => {}
            "http" if self.policy.allow_private => {}
            "http" => return Err(not_sent("the endpoint must be https")),
            _ => return Err(not_sent("the endpoint is not an HTTP URL")),
        }
        // Names are judged when they are resolved; an address in the URL is never resolved.
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if literal.is_ok_and(|address| !self.policy.allow_private && !guard::is_public(address)) {
            return Err(not_sent(PrivateAddress.to_string()));
        }
        Ok(())
    }

    /// Base and path as they are (a trailing slash counts), query percent-encoded.
    fn url(&self, base_url: &str, request: &WireRequest) -> Result<Url, WireError> {
        let base = Url::parse(base_url).map_err(|_| not_sent("the endpoint is not a URL"))?;
        if let Some(address) = &request.address {
            return self.given(&base, address);
        }
        let plain = base.query().is_none()
            && base.fragment().is_none()
            && base.username().is_empty()
            && base.password().is_none();
        if !plain {
            return Err(not_sent("the endpoint must be a bare URL, without user, query or fragment"));
        }
        self.may_go_to(&base)?;
        if !request.path.starts_with('/') {
            return Err(not_sent("the path is not absolute"));
        }
        let path = format!("{}{}", base.path().trim_end_matches('/'), request.path);
        let mut url = base;
        url.set_path(&path);
        if url.path() != path {
            return Err(not_sent("the path is not in its final form"));
        }
        let pairs: Vec<String> = request
            .query
            .iter()
            .map(|(key, value)| {
                format!("{}={}", mall_api::wire::percent_encode(key), mall_api::wire::percent_encode(value))
            })
            .collect();
        if !pairs.is_empty() {
            url.set_query(Some(&pairs.join("&")));
        }
        Ok(url)
    }
}

fn millis(millis: i64) -> Duration {
    Duration::from_millis(millis.max(0).unsigned_abs())
}

fn not_sent(what: impl Into<String>) -> WireError {
    WireError::NotSent { what: what.into() }
}

fn no_answer(what: impl Into<String>) -> WireError {
    WireError::NoAnswer { what: what.into() }
}

/// The cause in fixed words: the library's own texts hold addresses.
fn words(error: &reqwest::Error) -> &'static str {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut found = None;
    while let Some(error) = cause {
        if error.is::<PrivateAddress>() {
            return "the address is private and not allowed";
        }
        if let Some(tls) = error.downcast_ref() {
            return tls_words(tls);
        }
        let io = error.downcast_ref::<io::Error>();
        found = io.and_then(|io| io_words(io.kind())).or(found);
        // An I/O error hides what it wraps: its source is already the source of that.
        cause = match io.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    match found {
        Some(words) => words,
        None if error.is_dns() => "the name is not found",
        None if error.is_timeout() => "the time-out was reached",
        None if error.is_connect() => "no connection",
        None => "the connection ended before the answer was complete",
    }
}

fn io_words(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        io::ErrorKind::ConnectionReset => "the connection was reset",
        io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => "the connection was broken off",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no way to the address",
        io::ErrorKind::TimedOut => "the time-out was reached",
        io::ErrorKind::UnexpectedEof => "the connection ended before the answer was complete",
        _ => return None,
    })
}

fn tls_words(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the certificate has expired"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            CertificateError::UnknownIssuer => "the certificate's issuer is not trusted",
            _ => "the certificate is not valid",
        },
        _ => "TLS could not be agreed on",
    }
}
