//! The simulated malls without a network: the transport calls `handle` and mimics what a socket would have done.

use engine::Transport;
use mall_api::{Clock, WireAnswer, WireError, WireRequest};
use mallsim::SharedSim;
use std::sync::{Arc, PoisonError};

/// A transport into simulated malls in this process. A hanging mall "times out" at once.
pub struct InProcess {
    sim: SharedSim,
    clock: Arc<dyn Clock>,
}

impl InProcess {
    /// A transport that tells the simulator the clock's time with each request.
    pub fn new(sim: SharedSim, clock: Arc<dyn Clock>) -> Self {
        Self { sim, clock }
    }
}

/// Path and query of an address that the mall gave.
pub(crate) fn path_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/").to_owned()
}

#[async_trait::async_trait]
impl Transport for InProcess {
    async fn exchange(
        &self,
        base_url: &str,
        request: &WireRequest,
        _timeout_ms: i64,
    ) -> Result<WireAnswer, WireError> {
        let query: Vec<String> = request
            .query
            .iter()
            .map(|(k, v)| {
                format!("{}={}", mall_api::wire::percent_encode(k), mall_api::wire::percent_encode(v))
            })
            .collect();
        let path = match (&request.address, query.is_empty()) {
            (Some(address), _) => path_of(address),
            (None, true) => request.path.clone(),
            (None, false) => format!("{}?{}", request.path, query.join("&")),
        };
        let mut asked = mallsim::Request::new(request.method.as_str(), &path);
        // As a socket would: addresses that a mall gives are its own.
        asked = asked.header("host", base_url.split_once("://").map_or(base_url, |(_, host)| host));
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        let asked = asked.body(request.body.clone());
        let now = self.clock.now().0;
        let outcome = self.sim.lock().unwrap_or_else(PoisonError::into_inner).handle(&asked, now);
        let lost = |what: &str| Err(WireError::NoAnswer { what: what.to_owned() });
        match outcome.end {
            mallsim::End::Reply(reply) => Ok(WireAnswer {
                status: reply.status,
                headers: reply.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone())).collect(),
                body: reply.body,
            }),
            mallsim::End::Cut { .. } => lost("the answer was cut"),
            mallsim::End::Hang => lost("no answer in time"),
            mallsim::End::Closed => lost("the connection was closed"),
        }
    }
}
