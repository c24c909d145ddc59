//! The malls behind real sockets. The only place of this crate that knows the real time and waits; everything else
//! is handed the time.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use http_body::Frame;

use crate::sim::Sim;
use crate::wire::{End, Outcome, Reply, Request};

/// The simulation as several callers share it.
pub type SharedSim = Arc<Mutex<Sim>>;

/// Request bodies above this are refused: no mall takes more.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Wraps a simulation for sharing.
#[must_use]
pub fn shared(sim: Sim) -> SharedSim {
    Arc::new(Mutex::new(sim))
}

/// All malls and the control API.
pub fn router(sim: SharedSim) -> Router {
    Router::new().fallback(answer).with_state(sim)
}

/// Serves until the task is dropped.
pub async fn serve(listener: tokio::net::TcpListener, sim: SharedSim) -> std::io::Result<()> {
    axum::serve(listener, router(sim)).await
}

// ---- real time: here and nowhere else ----------------------------------------------------------------------------

#[expect(clippy::disallowed_methods, reason = "the front of the simulated malls is where real time enters")]
fn real_now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "a delayed answer over a real socket is late in real time")]
async fn real_delay(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

// ------------------------------------------------------------------------------------------------------------------

async fn answer(State(sim): State<SharedSim>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return whole(Reply::new(413, "text/plain;charset=utf-8", "too large"));
    };
    let headers = parts.headers.iter();
    let headers =
        headers.map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body,
    };
    let Outcome { delay_ms, end } =
        sim.lock().unwrap_or_else(PoisonError::into_inner).handle(&request, real_now_ms());
    real_delay(delay_ms).await;
    match end {
        End::Reply(reply) => whole(reply),
        End::Hang => futures::future::pending().await,
        End::Closed => broken(Reply { status: 200, ..Reply::default() }, None),
        End::Cut { after_bytes, reply } => broken(reply, Some(after_bytes)),
    }
}

fn response(reply: &Reply, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn whole(reply: Reply) -> Response {
    let body = Body::from(reply.body.clone());
    response(&reply, body)
}

/// A response that promises its whole body and breaks off; without a byte count it breaks off before the head.
fn broken(reply: Reply, after_bytes: Option<usize>) -> Response {
    let length = HeaderValue::from(reply.body.len().max(1));
    let part = after_bytes.map(|n| reply.body.slice(..n.min(reply.body.len())));
    let mut response = response(&reply, Body::new(Breaking { part, waited: after_bytes.is_none() }));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response
}

/// A body that gives one part, lets the connection write it out, and then fails. The server answers a failing body by
/// closing the connection; a body that fails at once takes the unwritten head with it.
struct Breaking {
    part: Option<Bytes>,
    waited: bool,
}

impl http_body::Body for Breaking {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(part) = self.part.take().filter(|p| !p.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        if !self.waited {
            self.waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("cut by the plan of faults"))))
    }
}
