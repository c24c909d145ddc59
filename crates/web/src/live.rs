//! Server-sent events: counts and jobs, to every open page. A stream holds no database connection while nothing happens.

use crate::desk::Desk;
use crate::door::guard::Need;
use crate::door::{Route, Visitor, get};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Looks for something new so often, milliseconds.
const LOOK_MS: i64 = 1_000;
/// No more streams at once; a page without one shows the counts of its loading (F76).
const STREAMS: usize = 500;

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Counted while it lives.
struct Opened;

impl Opened {
    fn new() -> Option<Self> {
        let before = OPEN.fetch_add(1, Ordering::SeqCst);
        let opened = Self;
        (before < STREAMS).then_some(opened)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![get("/desk/events", Need::SignedIn, events)]
}

struct Follower {
    desk: Arc<Desk>,
    visitor: Visitor,
    counts: BTreeMap<String, i64>,
    jobs: BTreeMap<i64, (i64, String)>,
    first: bool,
    _opened: Option<Opened>,
}

impl Follower {
    /// Everything on the bar by its key.
    async fn counts(&self) -> Result<BTreeMap<String, i64>, store::StoreError> {
        let access = self.visitor.access();
        let counts = self.desk.counts().await?;
        let phases = counts.by_phase(&access);
        let mut all = BTreeMap::from([("all".to_owned(), phases.values().sum())]);
        all.extend(phases.into_iter().map(|(name, n)| (format!("phase:{name}"), n)));
        all.extend(counts.by_state(&access).into_iter().map(|(name, n)| (format!("state:{name}"), n)));
        Ok(all)
    }

    /// What changed since the last look; a count that is gone is zero.
    async fn news(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.visitor.may(domain::rights::Menu::Orders, domain::rights::Level::View)
            && let Ok(now) = self.counts().await
        {
            let mut changed: BTreeMap<&String, i64> =
                now.iter().filter(|(k, n)| self.counts.get(*k) != Some(n)).map(|(k, n)| (k, *n)).collect();
            changed.extend(self.counts.keys().filter(|k| !now.contains_key(*k)).map(|k| (k, 0)));
            if !changed.is_empty() || self.first {
                events.push(Event::default().event("counts").json_data(&changed).unwrap_or_default());
            }
            drop(changed);
            self.counts = now;
        }
        if let Ok(jobs) = self.jobs().await {
            for (id, state) in &jobs {
                if self.jobs.get(id) != Some(state) {
                    events.push(Event::default().event("job").data(id.to_string()));
                }
            }
            self.jobs = jobs;
        }
        self.first = false;
        events
    }

    /// The newest jobs of the visitor: how far, and whether at their end.
    async fn jobs(&self) -> Result<BTreeMap<i64, (i64, String)>, store::StoreError> {
        let mut seen = BTreeMap::new();
        for job in self.desk.ledger().jobs_of(self.visitor.user_id, 3).await? {
            let queued = match job.state.as_str() {
                "running" => self.desk.ledger().job_progress(job.job_id).await?.queued,
                _ => 0,
            };
            seen.insert(job.job_id, (queued, job.state));
        }
        Ok(seen)
    }
}

async fn events(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let opened = Opened::new();
    let refused = opened.is_none();
    let follower = Follower {
        desk,
        visitor,
        counts: BTreeMap::new(),
        jobs: BTreeMap::new(),
        first: true,
        _opened: opened,
    };
    let stream =
        futures::stream::unfold((follower, Vec::new()), move |(mut follower, mut waiting)| async move {
            if refused {
                return None;
            }
            while waiting.is_empty() {
                if !follower.first {
                    follower.desk.hub.clock.sleep_ms(LOOK_MS).await;
                }
                waiting = follower.news().await;
                waiting.reverse();
            }
            let event = waiting.pop()?;
            Some((Ok(event), (follower, waiting)))
        });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
}
