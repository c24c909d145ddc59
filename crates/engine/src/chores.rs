//! Chores of the ledger that belong to no lane: folding counts, letting erased words leave the search files. Any
//! hub may do them at any time; doing them twice changes nothing.

use crate::bulk;
use crate::hub::Hub;
use crate::letters::report::Reporter;
use crate::letters::send;
use domain::time::{DAY, HOUR, MINUTE};
use std::sync::Arc;
use std::time::Duration;
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
/// Between two looks for credentials of whose end somebody must be warned.
const WARN_MS: i64 = HOUR / 2;

/// Between two looks for letters to be sent.
const POST_MS: i64 = 15_000;
/// Between two looks for result mails to be written.
const REPORT_MS: i64 = MINUTE;
/// Letters are kept so long after they were written.
const KEEP_LETTERS_MS: i64 = 400 * DAY;
/// A letter that is being sent when the program stops gets this long to end.
const LAST_LETTER: Duration = Duration::from_secs(3);

/// When each chore is due, on the hub's monotonic clock.
#[derive(Default)]
pub(crate) struct Chores {
    fold_at: i64,
    scrub_at: i64,
    forget_at: i64,
    resume_at: i64,
    warn_at: i64,
    resuming: Option<JoinHandle<()>>,
    post_at: i64,
    posting: Option<JoinHandle<()>>,
    report_at: i64,
    reporting: Option<JoinHandle<()>>,
    reporter: Arc<Reporter>,
    purge_at: i64,
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
        if hub.config.mailer.is_some() {
            self.letters(hub, now).await;
        }
        if now >= self.warn_at {
            match crate::keys::warn::warn(hub).await {
                Ok(()) => self.warn_at = now + WARN_MS,
                Err(error) => tracing::warn!(%error, "ends of credentials could not be looked at"),
            }
        }
        if now >= self.scrub_at {
            match hub.ledger.scrub(SCRUB_STEPS).await {
                // Nothing left: tomorrow again. Else go on in a minute.
                Ok(done) => self.scrub_at = now + if done { DAY } else { MINUTE },
                Err(error) => tracing::warn!(%error, "search files could not be scrubbed"),
            }
        }
    }

    /// Letters are written and sent beside the lanes and beside each other: a server that hangs holds up nothing (F39).
    async fn letters(&mut self, hub: &Arc<Hub>, now: i64) {
        let free = |task: &Option<JoinHandle<()>>| task.as_ref().is_none_or(JoinHandle::is_finished);
        if now >= self.report_at && free(&self.reporting) {
            self.report_at = now + REPORT_MS;
            let (hub, reporter, token) = (Arc::clone(hub), Arc::clone(&self.reporter), hub.clock.enter());
            self.reporting = Some(tokio::spawn(async move {
                let _token = token;
                if let Err(error) = reporter.run(&hub).await {
                    tracing::warn!(%error, "result mails wait for the next try");
                }
            }));
        }
        if now >= self.post_at && free(&self.posting) {
            self.post_at = now + POST_MS;
            let (hub, token) = (Arc::clone(hub), hub.clock.enter());
            self.posting = Some(tokio::spawn(async move {
                let _token = token;
                if let Err(error) = send::chore(&hub).await {
                    tracing::warn!(%error, "letters wait for the next try");
                }
            }));
        }
        if now >= self.purge_at {
            self.purge_at = now + DAY;
            if let Err(error) = hub.ledger.purge_letters(hub.clock.now().plus(-KEEP_LETTERS_MS)).await {
                tracing::warn!(%error, "old letters could not be forgotten");
            }
        }
    }

    /// The program stops: what is being sent may end, if it is quick. Else it becomes unclear, and says so. The wait is
    /// real: whoever stops the program does so too.
    pub(crate) async fn finish(&mut self) {
        for mut task in [self.reporting.take(), self.posting.take()].into_iter().flatten() {
            if tokio::time::timeout(LAST_LETTER, &mut task).await.is_err() {
                task.abort();
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
