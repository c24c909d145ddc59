//! The machine that hubs run on: its clock, which may be wrong; its line to the malls, at which a hub may die; and the
//! hubs on it, one or two. Knows no order.

use super::plan::Death;
use crate::house::House;
use crate::wrong_clock::WrongClock;
use domain::time::{MINUTE, SECOND};
use domain::{ShopId, UtcMillis};
use engine::{Hub, HubConfig, Transport};
use mall_api::clock::VirtualClock;
use mall_api::{Clock, WireAnswer, WireError, WireRequest};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Longest a lane stands still after its hub was killed, while another hub looks on.
pub(super) const LEASE_MS: i64 = 20 * MINUTE;
/// Longest a lane does nothing before it looks around.
pub(super) const POLL_MS: i64 = 5 * MINUTE;

/// When a hub dies.
#[derive(Default)]
struct Fate {
    /// Calls left, and whether the mall still hears of the last one.
    dies: Mutex<Option<(u64, bool)>>,
    died: Notify,
}

impl Fate {
    /// Is this call the last? Says whether the mall hears of it.
    fn strikes(&self) -> Option<bool> {
        let mut dies = self.dies.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *dies {
            Some((1, heard)) => Some(*heard),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }
}

/// The line to the malls of one hub. A hanging call takes its whole time-out.
struct Line {
    malls: Arc<dyn Transport>,
    clock: VirtualClock,
    fate: Arc<Fate>,
    calls: Arc<AtomicU64>,
}

#[async_trait::async_trait]
impl Transport for Line {
    async fn exchange(
        &self,
        base_url: &str,
        request: &WireRequest,
        timeout_ms: i64,
    ) -> Result<WireAnswer, WireError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let last = self.fate.strikes();
        if last != Some(false) {
            let answer = self.malls.exchange(base_url, request, timeout_ms).await;
            if last.is_none() {
                if matches!(&answer, Err(WireError::NoAnswer { what }) if what.contains("in time")) {
                    self.clock.sleep_ms(timeout_ms).await;
                }
                return answer;
            }
        }
        self.fate.died.notify_one();
        // The clock stands still until the hub is gone.
        std::future::pending().await
    }
}

struct Running {
    hub: Arc<Hub>,
    task: JoinHandle<()>,
    fate: Arc<Fate>,
}

/// The hubs of a machine.
pub(super) struct Machine {
    pub(super) clock: WrongClock,
    /// Calls to malls so far.
    pub(super) calls: Arc<AtomicU64>,
    hubs: Vec<Running>,
    rhythm: bool,
    /// The oldest hub's end is planned: it comes back after so long.
    planned: Option<i64>,
}

impl Machine {
    pub(super) fn new(house: &House, rhythm: bool) -> Self {
        let clock = WrongClock::new(house.clock.clone());
        Self { clock, calls: Arc::default(), hubs: Vec::new(), rhythm, planned: None }
    }

    pub(super) fn now(&self) -> UtcMillis {
        self.clock.now()
    }

    /// Hubs that live.
    pub(super) fn living(&self) -> usize {
        self.hubs.len()
    }

    /// Starts a hub.
    pub(super) fn start(&mut self, house: &House) {
        let fate = Arc::new(Fate::default());
        let line = Line {
            malls: Arc::clone(&house.transport),
            clock: house.clock.clone(),
            fate: Arc::clone(&fate),
            calls: Arc::clone(&self.calls),
        };
        let config = HubConfig {
            poll_ms: POLL_MS,
            beat_ms: LEASE_MS / 2,
            lease_ms: LEASE_MS,
            rhythm: self.rhythm,
            ..HubConfig::default()
        };
        let clock = Arc::new(self.clock.clone());
        let hub = Hub::new(Arc::clone(&house.ledger), malls::registry(), clock, Arc::new(line), config);
        let task = tokio::spawn(hub.run());
        self.hubs.push(Running { hub, task, fate });
    }

    /// Tells every hub that there is something to do.
    pub(super) fn wake(&self) {
        self.hubs.iter().for_each(|r| r.hub.wake());
    }

    /// A mail of a mall says that there is something new in a shop; nobody hears of it while no hub lives.
    pub(super) async fn hear(&self, mail: &str, shop: ShopId) -> anyhow::Result<()> {
        if let Some(running) = self.hubs.first() {
            running.hub.hint("mail", mail, Some(shop)).await?;
        }
        Ok(())
    }

    /// The oldest hub shall die.
    pub(super) fn doom(&mut self, death: Death) {
        let Some(oldest) = self.hubs.first() else { return };
        let mut dies = oldest.fate.dies.lock().unwrap_or_else(PoisonError::into_inner);
        *dies = Some((death.at_call.max(1), death.heard));
        self.planned = Some(death.back_ms);
    }

    /// Waits until the oldest hub dies in a call. Never, when it is not doomed.
    pub(super) async fn death(&self) {
        match self.hubs.first() {
            Some(oldest) => oldest.fate.died.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Buries the oldest hub, which dies here and now if it has not yet: nothing of it is left, and nothing was put in
    /// order. Says after how long somebody starts it again.
    pub(super) async fn bury(&mut self) -> i64 {
        if self.hubs.is_empty() {
            return 0;
        }
        let dead = self.hubs.remove(0);
        dead.task.abort();
        drop(dead.task.await);
        // Its lanes go with it, each at its own turn.
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
        self.planned.take().unwrap_or(SECOND)
    }

    /// The oldest hub's end is planned and has not come.
    pub(super) fn doomed(&self) -> bool {
        self.planned.is_some() && !self.hubs.is_empty()
    }

    /// Stops every hub in good order.
    pub(super) async fn stop(&mut self) {
        for running in self.hubs.drain(..) {
            running.hub.stop();
            drop(running.task.await);
        }
        self.planned = None;
    }
}
