//! The raw way to a mall: one request to one address, one answer. HTTP in the program, in-process in simulations.

use crate::http_wire::HttpTransport;
use mall_api::{WireAnswer, WireError, WireRequest};

/// Sends one request and reads the whole answer. Knows no limits, no credentials and no retries.
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` to `base_url` and waits at most `timeout_ms` milliseconds for the whole answer.
    ///
    /// # Errors
    /// `NotSent` only when the mall has certainly not got the request; `NoAnswer` otherwise.
    async fn exchange(
        &self,
        base_url: &str,
        request: &WireRequest,
        timeout_ms: i64,
    ) -> Result<WireAnswer, WireError>;
}

#[async_trait::async_trait]
impl Transport for HttpTransport {
    async fn exchange(
        &self,
        base_url: &str,
        request: &WireRequest,
        timeout_ms: i64,
    ) -> Result<WireAnswer, WireError> {
        HttpTransport::exchange(self, base_url, request, timeout_ms).await
    }
}
