//! The wire an adapter gets: paced, authorised, guarded by the lane's lease.

use crate::lane::Lane;
use crate::pace;
use mall_api::descriptor::{Limit, Operation};
use mall_api::{Credentials, Mall, Settings, Wire, WireAnswer, WireError, WireRequest};
use store::Shop;

/// For an operation the Descriptor does not know: slow and patient.
const UNKNOWN_OPERATION: Operation = Operation {
    operation: "",
    bucket: "other",
    limit: Limit { interval_ms: 1_000, burst: 1 },
    timeout_ms: 60_000,
};

/// Wait after a 429 that does not say how long.
const BLIND_HOLD_MS: i64 = 5_000;

/// One shop's wire inside a lane.
pub(crate) struct LaneWire<'a> {
    pub(crate) lane: &'a Lane,
    pub(crate) shop: &'a Shop,
    pub(crate) mall: &'a dyn Mall,
    pub(crate) credentials: &'a Credentials,
    pub(crate) settings: &'a Settings,
}

impl LaneWire<'_> {
    fn operation(&self, name: &str) -> Operation {
        self.mall.descriptor().operation(name).cloned().unwrap_or(UNKNOWN_OPERATION)
    }

    fn base_url(&self, role: &str) -> Result<String, WireError> {
        let set = self.shop.endpoints.get(role).or(self.shop.endpoints.get("*")).cloned();
        let roles = &self.mall.descriptor().endpoints;
        let own = || roles.iter().find(|e| e.role == role).map(|e| e.default_url.to_owned());
        set.or_else(own).ok_or_else(|| WireError::NotSent { what: format!("no address for the role {role}") })
    }

    /// Waits for the bucket's turn and stores the next one, so that a restart spends no burst it does not have.
    async fn turn(&self, operation: &Operation) -> Result<(), WireError> {
        if operation.limit.interval_ms == 0 || !self.lane.hub.config.pacing {
            return Ok(());
        }
        let clock = &self.lane.hub.clock;
        let mut tat = self.lane.tat(operation.bucket);
        loop {
            let now = clock.now().0;
            // Kept over the waits: the clock may step while this waits, and is then waited out once.
            tat = pace::believable(tat, now, operation.limit);
            let slot = pace::take(tat, now, operation.limit);
            if slot.wait_ms == 0 {
                return self.lane.store_tat(operation.bucket, slot.tat_ms).await;
            }
            self.lane.wait(slot.wait_ms).await?;
        }
    }

    async fn hold(&self, operation: &Operation, millis: i64) -> Result<(), WireError> {
        let now = self.lane.hub.clock.now();
        let until = now.plus(millis);
        let tat = pace::hold(self.lane.tat(operation.bucket), now.0, until.0, operation.limit);
        self.lane.store_tat(operation.bucket, tat).await
    }
}

#[async_trait::async_trait]
impl Wire for LaneWire<'_> {
    async fn send(&self, mut request: WireRequest) -> Result<WireAnswer, WireError> {
        let operation = self.operation(&request.operation);
        let base_url = self.base_url(&request.role)?;
        self.turn(&operation).await?;
        let hub = &self.lane.hub;
        self.mall
            .authorise(&mut request, self.credentials, self.settings, hub.clock.now())
            .map_err(|reason| WireError::NotAuthorised(Box::new(reason)))?;
        // Between this check and the first byte lies the one moment nobody can exclude.
        self.lane.must_outlast(operation.timeout_ms).await?;
        let answer = hub.transport.exchange(&base_url, &request, operation.timeout_ms).await;
        let mall = self.mall.descriptor().mall;
        let class = match &answer {
            Ok(answer) => format!("{}xx", answer.status / 100),
            Err(WireError::NotSent { .. }) => "not_sent".to_owned(),
            Err(_) => "no_answer".to_owned(),
        };
        metrics::counter!("choba_mall_requests_total", "mall" => mall, "op" => operation.operation, "code_class" => class)
            .increment(1);
        if let Ok(answer) = &answer
            && answer.status == 429
        {
            metrics::counter!("choba_mall_throttled_total", "mall" => mall).increment(1);
            self.hold(&operation, answer.retry_after_ms().unwrap_or(BLIND_HOLD_MS)).await?;
        }
        answer
    }
}
