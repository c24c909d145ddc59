//! The hub: takes lanes that nobody works and works them. Any number of hubs share one database; each lane is
//! worked by exactly one.

use crate::chores::Chores;
use crate::lane::Lane;
use crate::lease::{self, Watch};
use crate::letters::Mailer;
use crate::listening::Listening;
use crate::transport::Transport;
use domain::ShopId;
use futures::FutureExt as _;
use mall_api::clock::Token;
use mall_api::{Clock, Mall};
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use store::lanes::LaneRow;
use store::{LaneGuard, Ledger, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How a hub works.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// A lane whose beat stands still for so long may be taken, milliseconds. Longer than 1.25 × the longest
    /// time-out of a call.
    pub lease_ms: i64,
    /// Between two beats, milliseconds.
    pub beat_ms: i64,
    /// Longest wait before rows of others are seen, milliseconds.
    pub poll_ms: i64,
    /// Obey the malls' limits. Only benchmarks against a simulator switch it off.
    pub pacing: bool,
    /// Run schedules (automatic imports, notices by rule, second looks). The command line's own worker does not.
    pub schedules: bool,
    /// Space automatic imports by the malls' limits and the shops' rhythm. Without it each shop is looked at as often as
    /// its interval says (benchmarks compare both).
    pub rhythm: bool,
    /// Only these lanes; `None` = all. The command line's own worker takes just the one it needs.
    pub lanes: Option<BTreeSet<String>>,
    /// Take these lanes at once, whoever has them (強制ダウンロード): the old owner is fenced off.
    pub seize: bool,
    /// The way out for letters; without one this process neither writes result mails nor sends any.
    pub mailer: Option<Arc<dyn Mailer>>,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            lease_ms: 90_000,
            beat_ms: 15_000,
            poll_ms: 1_000,
            pacing: true,
            schedules: true,
            rhythm: true,
            lanes: None,
            seize: false,
            mailer: None,
        }
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Works lanes.
pub struct Hub {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// The malls this program knows.
    pub malls: Vec<Arc<dyn Mall>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The network.
    pub transport: Arc<dyn Transport>,
    /// How it works.
    pub config: HubConfig,
    listening: OnceLock<Vec<Arc<dyn Listening>>>,
    owner: String,
    wake: Notify,
    stop: Notify,
    stopping: AtomicBool,
    owned: Mutex<BTreeSet<String>>,
}

impl Hub {
    /// A hub that is not running yet.
    pub fn new(
        ledger: Arc<Ledger>,
        malls: Vec<Arc<dyn Mall>>,
        clock: Arc<dyn Clock>,
        transport: Arc<dyn Transport>,
        config: HubConfig,
    ) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            malls,
            clock,
            transport,
            config,
            listening: OnceLock::new(),
            owner: uuid::Uuid::now_v7().to_string(),
            wake: Notify::new(),
            stop: Notify::new(),
            stopping: AtomicBool::new(false),
            owned: Mutex::default(),
        })
    }

    /// The mall of this key.
    pub fn mall(&self, key: &str) -> Option<Arc<dyn Mall>> {
        self.malls.iter().find(|m| m.descriptor().mall == key).cloned()
    }

    /// Gives it the kinds of listeners this program has; once.
    pub fn listens_by(&self, kinds: Vec<Arc<dyn Listening>>) {
        // A second time changes nothing: a program has one set of kinds.
        drop(self.listening.set(kinds));
    }

    /// The kinds of listeners.
    pub fn listening_kinds(&self) -> &[Arc<dyn Listening>] {
        self.listening.get().map_or(&[], Vec::as_slice)
    }

    /// The kind of this key.
    pub fn listening(&self, kind: &str) -> Option<Arc<dyn Listening>> {
        self.listening_kinds().iter().find(|k| k.kind() == kind).cloned()
    }

    /// Says that new rows are there to be worked.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Something new was announced ([`Ledger::hint`]): the shop is looked at with its next turn, and that comes at once.
    /// `true` when it is heard for the first time.
    ///
    /// # Errors
    /// As the database says.
    pub async fn hint(&self, source: &str, key: &str, shop: Option<ShopId>) -> Result<bool, StoreError> {
        let new = self.ledger.hint(source, key, shop, self.clock.now()).await?;
        if new {
            self.wake();
        }
        Ok(new)
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Asks the hub to stop: lanes finish their turn and are given up.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.stop.notify_waiters();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub(crate) async fn stopped(&self) {
        let notified = self.stop.notified();
        if !self.is_stopping() {
            notified.await;
        }
    }

    /// Lanes this hub works right now.
    pub fn owned_lanes(&self) -> Vec<String> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Works until [`Hub::stop`]. It counts as busy from the call on, not from the first poll: a virtual clock must
    /// not run away before the work has begun.
    pub fn run(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let (hub, token) = (Arc::clone(self), self.clock.enter());
        async move {
            let _token = token;
            hub.work().await;
        }
    }

    async fn work(self: &Arc<Self>) {
        let mut watch = Watch::default();
        let mut chores = Chores::default();
        let mut tasks = JoinSet::new();
        while !self.is_stopping() {
            if let Err(error) = self.take_lanes(&mut watch, &mut tasks).await {
                tracing::warn!(%error, "lanes cannot be looked at; trying again");
            }
            while tasks.try_join_next().is_some() {}
            chores.run(self).await;
            tokio::select! {
                () = self.clock.sleep_ms(self.config.poll_ms) => {}
                () = self.woken() => {}
                () = self.stopped() => {}
            }
        }
        while tasks.join_next().await.is_some() {}
        chores.finish().await;
    }

    async fn take_lanes(
        self: &Arc<Self>,
        watch: &mut Watch,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), StoreError> {
        for row in self.ledger.lanes().await? {
            let wanted = self.config.lanes.as_ref().is_none_or(|l| l.contains(&row.lane_key));
            let ours = self.owned.lock().unwrap_or_else(PoisonError::into_inner).contains(&row.lane_key);
            if !wanted || ours {
                continue;
            }
            let monotonic = self.clock.monotonic_ms();
            let may_take = self.config.seize || watch.may_take(&row, self.config.lease_ms, monotonic);
            if may_take && let Some((guard, taken_at)) = self.claim(&row).await? {
                self.start(guard, taken_at, tasks).await?;
            }
        }
        Ok(())
    }

    async fn claim(&self, row: &LaneRow) -> Result<Option<(LaneGuard, i64)>, StoreError> {
        // The lease counts from before the claim was written.
        let taken_at = self.clock.monotonic_ms();
        let host = lease::this_host();
        let guard = self.ledger.claim_lane(&row.lane_key, &self.owner, &host, row.fence).await?;
        fail::fail_point!("lane.after_claim");
        Ok(guard.map(|guard| (guard, taken_at)))
    }

    async fn start(
        self: &Arc<Self>,
        guard: LaneGuard,
        taken_at: i64,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), StoreError> {
        let lane = Arc::new(Lane::take(Arc::clone(self), guard, taken_at).await?);
        let key = lane.guard.lane_key.clone();
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        let hub = Arc::clone(self);
        tracing::info!(lane = %key, fence = lane.guard.fence, "lane taken");
        let (token, beating) = (self.clock.enter(), self.clock.enter());
        tasks.spawn(async move {
            let token = token;
            // Ends with this task, however it ends: a lane that nobody works must not look alive.
            let beats = AbortOnDrop(tokio::spawn(Self::keep_beating(Arc::clone(&lane), beating)));
            if AssertUnwindSafe(lane.run()).catch_unwind().await.is_err() {
                metrics::counter!("choba_lane_panics_total").increment(1);
                tracing::error!(lane = %key, "the lane's work panicked; it is taken again");
                lane.lease.lose();
                // Not at once: what panicked may do it again.
                hub.clock.sleep_ms(hub.config.poll_ms).await;
            }
            drop((beats, token));
            // An error only means that the next owner has to wait for the lease.
            drop(hub.ledger.release_lane(&lane.guard).await);
            hub.owned.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            tracing::info!(lane = %key, "lane given up");
        });
        Ok(())
    }

    async fn keep_beating(lane: Arc<Lane>, _token: Token) {
        while !lane.lease.is_lost() {
            lane.hub.clock.sleep_ms(lane.hub.config.beat_ms).await;
            if let Err(error) = lane.beat().await {
                tracing::warn!(lane = %lane.guard.lane_key, %error, "beat failed");
            }
        }
    }
}
