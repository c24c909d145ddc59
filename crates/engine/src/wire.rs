//! The wire an adapter gets: paced, authorised, guarded by the lane's lease.

use crate::access::is_token_request;
use crate::lane::{Lane, ShopContext};
use crate::{address, pace, skew};
use domain::UtcMillis;
use mall_api::descriptor::{Limit, Operation};
use mall_api::{Credentials, Wire, WireAnswer, WireError, WireRequest};

/// For an operation the Descriptor does not know: slow and patient.
const UNKNOWN_OPERATION: Operation = Operation {
    operation: "",
    bucket: "other",
    limit: Limit { interval_ms: 1_000, burst: 1 },
    timeout_ms: 60_000,
};

/// Wait after a 429 that does not say how long.
const BLIND_HOLD_MS: i64 = 5_000;

/// What a call is for: imports leave the last of a day's calls to everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Import,
    Rest,
}

/// One shop's wire inside a lane.
pub(crate) struct LaneWire<'a> {
    pub(crate) lane: &'a Lane,
    pub(crate) context: &'a ShopContext,
    pub(crate) purpose: Purpose,
}

impl LaneWire<'_> {
    /// The operation with the limit that holds now: what the mall told is obeyed.
    fn operation(&self, name: &str) -> Operation {
        let known = self.context.mall.descriptor().operation(name).cloned().unwrap_or(UNKNOWN_OPERATION);
        let limit = pace::told(known.limit, self.lane.told_interval(known.bucket));
        Operation { limit, ..known }
    }

    /// Waits for the bucket's turn and stores the next one, so that a restart spends no burst it does not have.
    async fn turn(&self, operation: &Operation) -> Result<(), WireError> {
        let hub = &self.lane.hub;
        let counted = self.context.mall.descriptor().calls_per_day.is_some();
        if !hub.config.pacing || (operation.limit.interval_ms == 0 && !counted) {
            return Ok(());
        }
        let mut tat = self.lane.tat(operation.bucket);
        loop {
            let now = hub.clock.now().0;
            // Kept over the waits: the clock may step while this waits, and is then waited out once.
            tat = pace::believable(tat, now, operation.limit);
            let slot = pace::take(tat, now, operation.limit);
            if slot.wait_ms == 0 {
                self.lane.may_call(self.context.mall.descriptor(), self.purpose)?;
                return self.lane.store_tat(operation.bucket, slot.tat_ms, counted).await;
            }
            self.lane.wait(slot.wait_ms).await?;
        }
    }

    async fn hold(&self, operation: &Operation, millis: i64) -> Result<(), WireError> {
        let now = self.lane.hub.clock.now();
        let until = now.plus(millis);
        let tat = pace::hold(self.lane.tat(operation.bucket), now.0, until.0, operation.limit);
        self.lane.store_tat(operation.bucket, tat, false).await
    }

    /// One request, once: paced and guarded, authorised with `credentials` if there are any.
    pub(crate) async fn exchange(
        &self,
        mut request: WireRequest,
        credentials: Option<&Credentials>,
    ) -> Result<WireAnswer, WireError> {
        let ShopContext { mall, shop, settings, .. } = self.context;
        let operation = self.operation(&request.operation);
        let base_url = address::base_url(mall.descriptor(), &shop.endpoints, &request)?;
        self.turn(&operation).await?;
        let hub = &self.lane.hub;
        if let Some(credentials) = credentials {
            mall.authorise(&mut request, credentials, settings, self.lane.mall_now())
                .map_err(|reason| WireError::NotAuthorised(Box::new(reason)))?;
        }
        // Between this check and the first byte lies the one moment nobody can exclude.
        self.lane.must_outlast(operation.timeout_ms).await?;
        let sent = hub.clock.now();
        let answer = hub.transport.exchange(&base_url, &request, operation.timeout_ms).await;
        let key = mall.descriptor().mall;
        let class = match &answer {
            Ok(answer) => format!("{}xx", answer.status / 100),
            Err(WireError::NotSent { .. }) => "not_sent".to_owned(),
            Err(_) => "no_answer".to_owned(),
        };
        metrics::counter!("choba_mall_requests_total", "mall" => key, "op" => operation.operation, "code_class" => class)
            .increment(1);
        if let Ok(answer) = &answer {
            self.notice(&operation, sent, answer);
            if let Some((credential, complaint)) = mall.remark(&request, answer) {
                match &self.context.trial {
                    Some(trial) => trial.seen(credential, complaint),
                    None => self.lane.credential_seen(shop.shop_id, credential, complaint).await,
                }
            }
            if answer.status == 429 {
                metrics::counter!("choba_mall_throttled_total", "mall" => key).increment(1);
                self.hold(&operation, answer.retry_after_ms().unwrap_or(BLIND_HOLD_MS)).await?;
            }
        }
        answer
    }

    /// What an answer tells beside its words: the mall's clock, and how fast it may be called.
    fn notice(&self, operation: &Operation, sent: UtcMillis, answer: &WireAnswer) {
        let now = self.lane.now();
        if let Some(date) = answer.header("date").and_then(skew::date_of) {
            self.lane.clock_seen(skew::of(sent, now, date), now);
        }
        if let Some(millis) = self.context.mall.told_interval_ms(operation.operation, answer) {
            self.lane.interval_told(operation.bucket, millis);
        }
    }
}

#[async_trait::async_trait]
impl Wire for LaneWire<'_> {
    async fn send(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        // An address that the mall gave gets no credential.
        if request.address.is_some() {
            return self.exchange(request, None).await;
        }
        let credentials = self.context.access().credentials;
        let Some(grant) = self.context.mall.grant() else {
            return self.exchange(request, Some(&credentials)).await;
        };
        if is_token_request(grant, &credentials, &request) {
            return self.exchange(request, None).await;
        }
        let used = self.access(grant).await?;
        let answer = self.exchange(request.clone(), Some(&used)).await?;
        if !grant.is_stale(&answer) {
            return Ok(answer);
        }
        // Stale means that nothing was done: it may be sent once more, be it a write.
        let fresh = self.after_stale(grant, &used).await?;
        self.exchange(request, Some(&fresh)).await
    }
}
