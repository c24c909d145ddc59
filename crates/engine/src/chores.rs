//! Chores of the ledger that belong to no lane: folding counts, letting erased words leave the search files. Any
//! hub may do them at any time; doing them twice changes nothing.

use crate::bulk;
use crate::hub::Hub;
use domain::time::{DAY, MINUTE};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Between two foldings of the phase counts. Reading is exact in between too, only a little slower.
const FOLD_MS: i64 = MINUTE;
/// Steps of one scrubbing: small, so that the writer is never held for long.
const SCRUB_STEPS: u32 = 16;
/// Hints and looks that found nothing are kept so long.
const KEPT_MS: i64 = 14 * DAY;
/// Looks forgotten at once.
const FORGOTTEN: i64 = 1_000;
/// Between two looks for bulk jobs that somebody left unfinished.
const RESUME_MS: i64 = MINUTE;

/// When each chore is due, on the hub's monotonic clock.
#[derive(Default)]
pub(crate) struct Chores {
    fold_at: i64,
    scrub_at: i64,
    forget_at: i64,
    resume_at: i64,
    resuming: Option<JoinHandle<()>>,
}

impl Chores {
    /// Does what is due. A failure is told and tried again at the next turn.
    pub(crate) async fn run(&mut self, hub: &Arc<Hub>) {
        if !hub.config.schedules {
            return;
        }
        let now = hub.clock.monotonic_ms();
        if now >= self.fold_at {
            match hub.ledger.fold_phase_counts().await {
                Ok(()) => self.fold_at = now + FOLD_MS,
                Err(error) => tracing::warn!(%error, "phase counts could not be folded"),
            }
        }
        if now >= self.forget_at {
            self.forget_at = now + 10 * MINUTE;
            let before = hub.clock.now().plus(-KEPT_MS);
            let forgotten = hub.ledger.forget_looks(before, FORGOTTEN).await;
            if let Err(error) = forgotten.and(hub.ledger.forget_hints(before).await) {
                tracing::warn!(%error, "old looks and hints could not be forgotten");
            }
        }
        if now >= self.resume_at && self.resuming.as_ref().is_none_or(JoinHandle::is_finished) {
            self.resume_at = now + RESUME_MS;
            self.resume(hub).await;
        }
        if now >= self.scrub_at {
            match hub.ledger.scrub(SCRUB_STEPS).await {
                // Nothing left: tomorrow again. Else go on in a minute.
                Ok(done) => self.scrub_at = now + if done { DAY } else { MINUTE },
                Err(error) => tracing::warn!(%error, "search files could not be scrubbed"),
            }
        }
    }

    /// Bulk jobs whose process was killed go on, beside the lanes: a long one must not hold them up.
    async fn resume(&mut self, hub: &Arc<Hub>) {
        match hub.ledger.running_jobs().await {
            Ok(jobs) if jobs.is_empty() => {}
            Ok(_) => {
                let hub = Arc::clone(hub);
                self.resuming = Some(tokio::spawn(async move {
                    if let Err(error) = bulk::resume_all(&hub).await {
                        tracing::warn!(%error, "a bulk job waits for the next try");
                    }
                }));
            }
            Err(error) => tracing::warn!(%error, "bulk jobs could not be looked at"),
        }
    }
}
