//! Chores of the ledger that belong to no lane: folding counts, letting erased words leave the search files. Any
//! hub may do them at any time; doing them twice changes nothing.

use crate::hub::Hub;
use domain::time::{DAY, MINUTE};

/// Between two foldings of the phase counts. Reading is exact in between too, only a little slower.
const FOLD_MS: i64 = MINUTE;
/// Steps of one scrubbing: small, so that the writer is never held for long.
const SCRUB_STEPS: u32 = 16;

/// When each chore is due, on the hub's monotonic clock.
#[derive(Default)]
pub(crate) struct Chores {
    fold_at: i64,
    scrub_at: i64,
}

impl Chores {
    /// Does what is due. A failure is told and tried again at the next turn.
    pub(crate) async fn run(&mut self, hub: &Hub) {
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
        if now >= self.scrub_at {
            match hub.ledger.scrub(SCRUB_STEPS).await {
                // Nothing left: tomorrow again. Else go on in a minute.
                Ok(done) => self.scrub_at = now + if done { DAY } else { MINUTE },
                Err(error) => tracing::warn!(%error, "search files could not be scrubbed"),
            }
        }
    }
}
