//! One lane at work: everything that talks to a mall with one pacing key happens here, one thing after another.
//!
//! Order of precedence in each turn: now and then what the rules make due, results that are due, writes that are due,
//! requests, the page of a running import, schedules. A turn is one call or one page long, so a notice never waits for
//! a long import.

use crate::access::Access;
use crate::hub::Hub;
use crate::import::ImportState;
use crate::keys::Trial;
use crate::lease::Lease;
use crate::looks::Looks;
use crate::skew;
use crate::wire::{LaneWire, Purpose};
use crate::writeback::ScanCursors;
use domain::write::WriteKind;
use domain::{Reason, ShopId, UtcMillis};
use mall_api::{Descriptor, Mall, MallError, MallErrorKind, Session, Settings, WireError};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use store::calls::Settle;
use store::lanes::LaneDay;
use store::{LaneGuard, Shop, StoreError};

/// What can end a turn.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaneError {
    /// The lane is no longer ours, or the program is stopping: leave without a word.
    #[error("the lane is given up")]
    Gone,
    /// The store cannot be used right now.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for LaneError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LaneLost => LaneError::Gone,
            other => LaneError::Store(other),
        }
    }
}

/// Why a shop's mall is left alone for a while (in memory: a new owner simply asks again).
#[derive(Debug, Clone)]
struct Pause {
    /// On the monotonic clock: a step of the wall clock neither shortens nor stretches it (F48).
    until: i64,
    failures: u32,
    /// The shop's work is held; released in its row, it goes on at once.
    held: bool,
}

/// A shop with everything needed to talk for it.
pub(crate) struct ShopContext {
    pub(crate) shop: Shop,
    pub(crate) mall: Arc<dyn Mall>,
    pub(crate) settings: Settings,
    access: Mutex<Access>,
    /// These credentials are only tried: nothing of what they bring is stored, nothing they meet holds the shop.
    pub(crate) trial: Option<Trial>,
    /// One renews, the others wait for it.
    pub(crate) renewing: tokio::sync::Mutex<()>,
}

impl ShopContext {
    /// With these credentials for these settings.
    pub(crate) fn new(shop: Shop, mall: Arc<dyn Mall>, access: Access, trial: Option<Trial>) -> Self {
        let settings = Settings(shop.settings.clone());
        let (access, renewing) = (Mutex::new(access), tokio::sync::Mutex::default());
        Self { shop, mall, settings, access, trial, renewing }
    }

    /// The credentials as they are now.
    pub(crate) fn access(&self) -> Access {
        self.access.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Renewed ones, for the rest of this piece of work.
    pub(crate) fn set_access(&self, access: Access) {
        *self.access.lock().unwrap_or_else(PoisonError::into_inner) = access;
    }
}

/// Calls of the day and the mall's clock, as far as they are known.
struct Day {
    day: LaneDay,
    /// The clock was measured anew and is stored with the next turn.
    unsaved: bool,
    /// Said last, on the monotonic clock.
    told_at: Option<i64>,
}

/// Whose turn was last: the shops of a lane take turns.
#[derive(Default)]
pub(crate) struct Turns {
    pub(crate) import: AtomicI64,
    pub(crate) write: AtomicI64,
}

/// Shops in the order in which they come next.
pub(crate) fn in_turn(last: &AtomicI64, shop: ShopId) -> (bool, i64) {
    (shop.0 <= last.load(Ordering::Relaxed), shop.0)
}

pub(crate) struct Lane {
    pub(crate) hub: Arc<Hub>,
    pub(crate) guard: LaneGuard,
    pub(crate) lease: Arc<Lease>,
    tats: Mutex<BTreeMap<String, i64>>,
    day: Mutex<Day>,
    /// Intervals the mall told, by bucket.
    told: Mutex<HashMap<String, i64>>,
    pub(crate) turns: Turns,
    pauses: Mutex<HashMap<ShopId, Pause>>,
    pub(crate) scans: ScanCursors,
    rereads: Mutex<HashMap<ShopId, i64>>,
    /// Whether the answers show a credential to be accepted.
    accepted: Mutex<HashMap<(ShopId, &'static str), bool>>,
    looks_again: Mutex<HashMap<ShopId, i64>>,
    pub(crate) looks: Mutex<Looks>,
    /// When the rules were last asked, on the monotonic clock.
    automated_at: AtomicI64,
    /// When keys that wait were last looked for, on the monotonic clock.
    pub(crate) keys_looked_at: AtomicI64,
    pub(crate) imports: tokio::sync::Mutex<HashMap<ShopId, ImportState>>,
    pub(crate) proofs: tokio::sync::Mutex<crate::proof::Proofs>,
}

/// Waits after the first, second, … passing failure of a mall, milliseconds.
const PAUSES: [i64; 6] = [2_000, 5_000, 15_000, 60_000, 180_000, 300_000];
/// Between two questions for all orders of a shop that are still open at the mall.
const REREAD_MS: i64 = domain::time::HOUR;
/// The mall's clock is stored anew when it moved by more than this, milliseconds.
const SKEW_CHANGE_MS: i64 = 5_000;
/// A receipt that was lost is looked for so long after the call, milliseconds.
pub(crate) const SEARCH_AFTER_MS: i64 = 10_000;
/// Between two questions for the orders of a shop that the mall holds. A release is worked within this time.
const LOOK_AGAIN_MS: i64 = 15 * domain::time::MINUTE;
/// A held shop is tried again this often: a credential renewed at the mall under the same key ends the hold.
const HELD_RETRY_MS: i64 = 900_000;

impl Lane {
    pub(crate) async fn take(hub: Arc<Hub>, guard: LaneGuard, taken_at: i64) -> Result<Self, StoreError> {
        let tats = hub.ledger.lane_tats(&guard.lane_key).await?;
        let day = hub.ledger.lane_day(&guard.lane_key).await?;
        let lease = Arc::new(Lease::new(hub.config.lease_ms, taken_at));
        Ok(Self {
            hub,
            guard,
            lease,
            tats: Mutex::new(tats),
            day: Mutex::new(Day { day, unsaved: false, told_at: None }),
            told: Mutex::default(),
            turns: Turns::default(),
            pauses: Mutex::default(),
            scans: ScanCursors::default(),
            rereads: Mutex::default(),
            accepted: Mutex::default(),
            looks_again: Mutex::default(),
            looks: Mutex::default(),
            automated_at: AtomicI64::new(i64::MIN),
            keys_looked_at: AtomicI64::new(i64::MIN),
            imports: tokio::sync::Mutex::default(),
            proofs: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn now(&self) -> UtcMillis {
        self.hub.clock.now()
    }

    /// Now by the mall's clock, as far as its answers showed it: periods and signatures are said in its time (F11).
    pub(crate) fn mall_now(&self) -> UtcMillis {
        let skew = self.day.lock().unwrap_or_else(PoisonError::into_inner).day.skew;
        skew::at_mall(self.now(), skew.map(|(ms, _)| ms))
    }

    pub(crate) fn tat(&self, bucket: &str) -> Option<i64> {
        self.tats.lock().unwrap_or_else(PoisonError::into_inner).get(bucket).copied()
    }

    /// Stores a bucket's next turn. `counted`: the call it is for counts among the calls of the day.
    pub(crate) async fn store_tat(&self, bucket: &str, tat: i64, counted: bool) -> Result<(), WireError> {
        fail::fail_point!("lane.before_tat");
        let today = self.today();
        let day = {
            let mut state = self.day.lock().unwrap_or_else(PoisonError::into_inner);
            if counted {
                let calls = if state.day.day == today { state.day.calls } else { 0 };
                state.day = LaneDay { day: today, calls: calls + 1, skew: state.day.skew };
            }
            (counted || state.unsaved).then(|| state.day.clone())
        };
        let stored = self.hub.ledger.set_lane_tat(&self.guard, bucket, tat, day.as_ref()).await;
        stored.map_err(|error| match error {
            StoreError::LaneLost => WireError::LaneLost,
            other => WireError::NotSent { what: format!("the turn could not be stored ({other})") },
        })?;
        fail::fail_point!("lane.after_tat");
        if day.is_some() {
            self.day.lock().unwrap_or_else(PoisonError::into_inner).unsaved = false;
        }
        self.tats.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket.to_owned(), tat);
        Ok(())
    }

    fn today(&self) -> String {
        self.now().japan_date().to_string()
    }

    /// Calls of the lane today. A day that is not today (a clock may step either way) counts nothing.
    pub(crate) fn calls_today(&self) -> i64 {
        let state = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        if state.day.day == self.today() { state.day.calls } else { 0 }
    }

    /// Are today's calls used up, as far as imports may use them?
    pub(crate) fn imports_must_wait(&self, descriptor: &Descriptor) -> bool {
        descriptor.calls_per_day.is_some_and(|all| self.calls_today() >= all - all / 10)
    }

    /// Is there a call left today?
    pub(crate) fn may_call(&self, descriptor: &Descriptor, purpose: Purpose) -> Result<(), WireError> {
        let used = match purpose {
            Purpose::Import => self.imports_must_wait(descriptor),
            Purpose::Rest => descriptor.calls_per_day.is_some_and(|all| self.calls_today() >= all),
        };
        let what = "the calls of the day are used up";
        if used { Err(WireError::NotSent { what: what.to_owned() }) } else { Ok(()) }
    }

    /// The interval the mall told for a bucket.
    pub(crate) fn told_interval(&self, bucket: &str) -> Option<i64> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get(bucket).copied()
    }

    /// The mall told another interval.
    pub(crate) fn interval_told(&self, bucket: &str, millis: i64) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket.to_owned(), millis);
    }

    /// An answer showed the mall's clock.
    pub(crate) fn clock_seen(&self, skew_ms: i64, now: UtcMillis) {
        let monotonic = self.hub.clock.monotonic_ms();
        let mut state = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = |(ms, at): (i64, UtcMillis)| {
            (ms - skew_ms).abs() > SKEW_CHANGE_MS || now.since(at).abs() >= domain::time::HOUR
        };
        if state.day.skew.is_none_or(stale) {
            state.day.skew = Some((skew_ms, now));
            state.unsaved = true;
        }
        if skew_ms.abs() <= skew::TELL_MS {
            return;
        }
        metrics::counter!("choba_clock_skew_seen_total").increment(1);
        if state.told_at.is_none_or(|at| monotonic - at >= domain::time::HOUR) {
            state.told_at = Some(monotonic);
            let seconds = skew_ms / 1_000;
            tracing::warn!(lane = %self.guard.lane_key, seconds, "the mall's clock and ours are far apart");
        }
    }

    /// Waits, but not beyond the end of the lane.
    pub(crate) async fn wait(&self, millis: i64) -> Result<(), WireError> {
        tokio::select! {
            () = self.hub.clock.sleep_ms(millis) => {}
            () = self.hub.stopped() => return Err(WireError::Stopping),
        }
        if self.lease.is_lost() { Err(WireError::LaneLost) } else { Ok(()) }
    }

    /// Makes sure that the lease outlasts a call, beating once more if it would not.
    pub(crate) async fn must_outlast(&self, timeout_ms: i64) -> Result<(), WireError> {
        let needed = timeout_ms.min(self.hub.config.lease_ms * 8 / 10);
        if self.lease.outlasts(&*self.hub.clock, needed) {
            return Ok(());
        }
        self.beat().await.map_err(|_| WireError::LaneLost)?;
        if self.lease.outlasts(&*self.hub.clock, needed) { Ok(()) } else { Err(WireError::LaneLost) }
    }

    /// Shows that we live.
    pub(crate) async fn beat(&self) -> Result<(), StoreError> {
        let started = self.hub.clock.monotonic_ms();
        match self.hub.ledger.beat_lane(&self.guard).await {
            Ok(()) => {
                self.lease.beaten(started);
                Ok(())
            }
            Err(StoreError::LaneLost) => {
                self.lease.lose();
                metrics::counter!("choba_leases_lost_total").increment(1);
                Err(StoreError::LaneLost)
            }
            Err(error) => Err(error),
        }
    }

    /// Works until the lane is lost, the program stops, or the store cannot be used.
    pub(crate) async fn run(&self) {
        let mut begun = false;
        while !self.hub.is_stopping() && self.lease.holds(&*self.hub.clock) {
            let turn = async {
                if !begun {
                    self.begin().await?;
                }
                self.turn().await
            };
            match turn.await {
                Ok(busy) => {
                    begun = true;
                    if !busy {
                        let wait = self.idle_ms().await;
                        self.rest(wait).await;
                    }
                }
                Err(LaneError::Gone) => break,
                Err(LaneError::Store(error)) => {
                    // What was to be stored may be missing: a call without its outcome stands under our own fence.
                    // Giving the lane up lets the next owner (mostly ourselves, a moment later) find it.
                    metrics::counter!("choba_db_busy_total").increment(1);
                    tracing::warn!(lane = %self.guard.lane_key, %error, "the store cannot be used; giving the lane up");
                    self.rest(self.hub.config.poll_ms).await;
                    break;
                }
            }
        }
        self.lease.lose();
    }

    async fn rest(&self, millis: i64) {
        tokio::select! {
            () = self.hub.clock.sleep_ms(millis) => {}
            () = self.hub.woken() => {}
            () = self.hub.stopped() => {}
        }
    }

    /// First thing after taking the lane: what an earlier owner left unclear is unclear, not failed.
    async fn begin(&self) -> Result<(), LaneError> {
        let now = self.now();
        let orphans = self.hub.ledger.settle_orphans(&self.guard, &|k, o| self.settle(k, o), now).await?;
        fail::fail_point!("lane.after_orphans");
        let runs = self.hub.ledger.interrupt_runs(&self.guard).await?;
        fail::fail_point!("lane.after_begin");
        if orphans > 0 || runs > 0 {
            tracing::info!(lane = %self.guard.lane_key, orphans, runs, "took over unfinished work");
        }
        Ok(())
    }

    /// What is done about a call of this kind and operation whose outcome is not known.
    pub(crate) fn settle(&self, kind: &str, operation: &str) -> Settle {
        let key = self.guard.lane_key.split(':').next().unwrap_or_default();
        let Some(mall) = self.hub.mall(key) else {
            return Settle { settle_ms: domain::time::HOUR, search_after_ms: None };
        };
        let descriptor = mall.descriptor();
        let write = WriteKind::parse(kind).and_then(|kind| descriptor.write(kind));
        let queued = write.is_some_and(|w| w.queued.contains(&operation));
        Settle {
            settle_ms: descriptor.settle_ms(kind, operation),
            search_after_ms: queued.then_some(SEARCH_AFTER_MS),
        }
    }

    /// One turn; `true` when something was done.
    async fn turn(&self) -> Result<bool, LaneError> {
        // What the rules make due joins the queue before more of it is sent: a shop with hundreds of notices must not keep
        // the others out of it (F37), nor an import that runs for hours.
        let joined = self.is_automation_due() && self.automate_shops().await?;
        if self.poll_results().await? || self.write_due().await? || joined {
            return Ok(true);
        }
        if self.try_next_credentials().await? {
            return Ok(true);
        }
        if self.serve_request().await? || self.import_page().await? {
            return Ok(true);
        }
        Ok(self.run_schedules().await? || self.prove_page().await?)
    }

    /// How long nothing will be due, at most the poll interval (others may put rows in). What is due already was
    /// passed over in the turn before, because its shop is left alone: it must not keep the lane spinning.
    async fn idle_ms(&self) -> i64 {
        let now = self.now();
        let ledger = &self.hub.ledger;
        let write = ledger.next_write_due(&self.guard.lane_key).await.ok().flatten();
        let poll = ledger.next_poll_due(&self.guard.lane_key).await.ok().flatten();
        let ahead = [write, poll].into_iter().flatten().map(|t| t.since(now)).filter(|wait| *wait > 0);
        ahead.min().unwrap_or(i64::MAX).clamp(50, self.hub.config.poll_ms.max(50))
    }

    /// Shops of this lane that are in use.
    pub(crate) async fn shops(&self) -> Result<Vec<Shop>, LaneError> {
        let mut shops = self.hub.ledger.shops().await?;
        shops.retain(|s| s.lane_key == self.guard.lane_key && s.state == "active");
        Ok(shops)
    }

    /// May the shop's mall be talked to now?
    pub(crate) fn may_talk(&self, shop: &Shop) -> bool {
        let now = self.hub.clock.monotonic_ms();
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        match pauses.get(&shop.shop_id) {
            // A new credential took the hold from the shop's row.
            Some(pause) if pause.held && shop.held_reason.is_none() => true,
            Some(pause) => now >= pause.until,
            // A hold that another owner (or an earlier life) made is tried once by each new owner.
            None => true,
        }
    }

    /// Everything needed to talk for a shop. `None`: its mall is not known to this program.
    pub(crate) async fn context(&self, shop: Shop) -> Result<Option<ShopContext>, LaneError> {
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(None) };
        let access = Access::load(&self.hub.ledger, shop.shop_id, mall.grant()).await?;
        Ok(Some(ShopContext::new(shop, mall, access, None)))
    }

    /// Runs a piece of adapter code with a session.
    pub(crate) fn wire<'a>(&'a self, context: &'a ShopContext) -> LaneWire<'a> {
        LaneWire { lane: self, context, purpose: Purpose::Rest }
    }

    /// The same for imports.
    pub(crate) fn import_wire<'a>(&'a self, context: &'a ShopContext) -> LaneWire<'a> {
        LaneWire { purpose: Purpose::Import, ..self.wire(context) }
    }

    /// A session over a wire of this lane.
    pub(crate) fn session<'a>(&self, context: &'a ShopContext, wire: &'a LaneWire<'a>) -> Session<'a> {
        Session { wire, settings: &context.settings, now: self.mall_now() }
    }

    /// An answer showed whether a credential is accepted: said once each time it changes. What cannot be stored now is
    /// said with the next answer.
    pub(crate) async fn credential_seen(&self, shop: ShopId, key: &'static str, complaint: Option<Reason>) {
        let fine = complaint.is_none();
        let known = self.accepted.lock().unwrap_or_else(PoisonError::into_inner).get(&(shop, key)).copied();
        if known == Some(fine) {
            return;
        }
        let stored =
            self.hub.ledger.credential_checked(shop, key, None, complaint.as_ref(), self.now()).await;
        if stored.is_ok() {
            self.accepted.lock().unwrap_or_else(PoisonError::into_inner).insert((shop, key), fine);
        }
    }

    /// New credentials: what was known of the old ones says nothing.
    pub(crate) fn forget_accepted(&self, shop: ShopId) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.retain(|(of, _), _| *of != shop);
    }

    /// The mall answered properly: pauses and holds of the shop end.
    pub(crate) async fn talked(&self, shop: &Shop) -> Result<(), LaneError> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).remove(&shop.shop_id);
        if shop.held_reason.is_some() {
            self.hub.ledger.hold_shop(shop.shop_id, None).await?;
        }
        Ok(())
    }

    /// The mall did not answer properly: leaves it alone for a while, or holds the shop's work until a person has
    /// mended the credential. Says until when nothing more is tried.
    pub(crate) async fn failed(&self, shop: &Shop, error: &MallError) -> Result<UtcMillis, LaneError> {
        if error.kind == MallErrorKind::Interrupted {
            return Err(LaneError::Gone);
        }
        crate::unknown::count(&self.hub, &shop.mall, &error.reason).await;
        let held = matches!(error.kind, MallErrorKind::Credential | MallErrorKind::NotAllowed);
        let asked = match error.kind {
            MallErrorKind::RateLimited { retry_after_ms } | MallErrorKind::Maintenance { retry_after_ms } => {
                retry_after_ms
            }
            _ => None,
        };
        let wait = {
            let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
            let pause = pauses.entry(shop.shop_id).or_insert(Pause { until: 0, failures: 0, held });
            let step = usize::try_from(pause.failures).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
            let planned = if held { HELD_RETRY_MS } else { PAUSES.get(step).copied().unwrap_or(300_000) };
            pause.failures = pause.failures.saturating_add(1);
            let wait = planned.max(asked.unwrap_or(0));
            pause.until = self.hub.clock.monotonic_ms().saturating_add(wait);
            pause.held = held;
            wait
        };
        tracing::warn!(shop = %shop.shop_id, code = %error.reason.code, "the mall did not answer properly");
        if held && shop.held_reason.as_ref() != Some(&*error.reason) {
            self.hub.ledger.hold_shop(shop.shop_id, Some(&error.reason)).await?;
        }
        Ok(self.now().plus(wait))
    }

    /// Is it time to ask again for every order of the shop that the mall has not done with? Once an hour; a new owner
    /// asks at once.
    pub(crate) fn reread_due(&self, shop: ShopId) -> bool {
        let now = self.hub.clock.monotonic_ms();
        let mut rereads = self.rereads.lock().unwrap_or_else(PoisonError::into_inner);
        let due = rereads.get(&shop).is_none_or(|at| now >= *at);
        if due {
            rereads.insert(shop, now + REREAD_MS);
        }
        due
    }

    /// Is it time to ask again for the orders of the shop that the mall holds (FRD-5)? A new owner asks at once.
    pub(crate) fn look_again_due(&self, shop: ShopId) -> bool {
        let now = self.hub.clock.monotonic_ms();
        let looks = self.looks_again.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(&shop).is_none_or(|at| now >= *at)
    }

    /// Is it time to ask the rules again? As often as this program looks for rows of others.
    fn is_automation_due(&self) -> bool {
        let now = self.hub.clock.monotonic_ms();
        let due = now.saturating_sub(self.automated_at.load(Ordering::Relaxed)) >= self.hub.config.poll_ms;
        if due {
            self.automated_at.store(now, Ordering::Relaxed);
        }
        due
    }

    /// They are being asked for.
    pub(crate) fn looked_again(&self, shop: ShopId) {
        let next = self.hub.clock.monotonic_ms() + LOOK_AGAIN_MS;
        self.looks_again.lock().unwrap_or_else(PoisonError::into_inner).insert(shop, next);
    }

    /// Forgets the pause of a shop: a person acted (new credential, request by hand).
    pub(crate) fn try_again(&self, shop: ShopId) {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).remove(&shop);
    }

    /// Keeps settings an adapter learnt.
    pub(crate) async fn learn(&self, shop: ShopId, learnt: &[(String, String)]) -> Result<(), LaneError> {
        if !learnt.is_empty() {
            self.hub.ledger.learn_settings(shop, learnt).await?;
        }
        Ok(())
    }

    /// A reason in the log, without words of the mall.
    pub(crate) fn note(&self, shop: ShopId, what: &str, reason: &Reason) {
        tracing::info!(lane = %self.guard.lane_key, %shop, what, code = %reason.code);
    }
}
