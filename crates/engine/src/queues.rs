//! When a queue of writes will be empty (F37): by how fast it went lately. Pure, but for asking.

use domain::UtcMillis;
use domain::time::MINUTE;
use store::desk::queues::Queue;
use store::{Access, Ledger, StoreError};

/// How far back the pace is measured.
const PACE_MS: i64 = 5 * MINUTE;
/// A pace measured over less than this says nothing.
const LEAST_MS: i64 = 20_000;

/// A queue with when it will be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The queue.
    pub queue: Queue,
    /// Milliseconds from now until it is empty; `None`: not to be told yet.
    pub left_ms: Option<i64>,
}

/// What still waits, with when it will be through.
///
/// # Errors
/// As the database says.
pub async fn expected(ledger: &Ledger, access: &Access, now: UtcMillis) -> Result<Vec<Expected>, StoreError> {
    let queues = ledger.write_queues(access, now.plus(-PACE_MS)).await?;
    Ok(queues.into_iter().map(|queue| Expected { left_ms: left_ms(&queue, now), queue }).collect())
}

/// A queue that began lately is measured since then.
fn left_ms(queue: &Queue, now: UtcMillis) -> Option<i64> {
    let measured = now.since(queue.first_at).min(PACE_MS);
    if queue.ended <= 0 || measured < LEAST_MS {
        return None;
    }
    let open = queue.waiting.saturating_add(queue.asked);
    Some(open.saturating_mul(measured) / queue.ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ShopId;

    fn queue(waiting: i64, asked: i64, ended: i64, first_at: i64) -> Queue {
        let (shop_id, kind) = (ShopId(1), "shipment_notice".to_owned());
        Queue { shop_id, kind, waiting, asked, first_at: UtcMillis(first_at), ended }
    }

    #[test]
    fn a_burst_says_when_it_will_be_through_f37() {
        let now = UtcMillis(10 * MINUTE);
        // 900 at once two minutes ago, 100 done: 16 minutes more.
        assert_eq!(left_ms(&queue(790, 10, 100, 8 * MINUTE), now), Some(16 * MINUTE));
        // An old one is measured by its last five minutes.
        assert_eq!(left_ms(&queue(50, 0, 50, 0), now), Some(5 * MINUTE));
        assert_eq!(left_ms(&queue(50, 0, 0, 0), now), None, "nothing moves");
        assert_eq!(left_ms(&queue(50, 0, 3, now.0 - 1_000), now), None, "too early to tell");
    }
}
