//! By when an order must be visible: so long after its mall, its key and a hub were all there. Pure.

use domain::UtcMillis;

/// Nothing is promised for a shop in this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocked {
    /// Place of the shop.
    pub(super) shop: usize,
    /// From.
    pub(super) from: UtcMillis,
    /// To.
    pub(super) to: UtcMillis,
}

/// By when a shop's order that the mall lists from `listed` on must be visible: after the first `calm_ms` in which nothing
/// stood in the way.
pub(super) fn due(shop: usize, listed: UtcMillis, calm_ms: i64, blocked: &[Blocked]) -> UtcMillis {
    let mut from = listed;
    loop {
        let until = from.plus(calm_ms);
        let meets = |b: &&Blocked| b.shop == shop && b.from < until && b.to > from;
        match blocked.iter().filter(meets).map(|b| b.to).max() {
            Some(end) => from = end,
            None => return until,
        }
    }
}

/// The true time at which a clock that was off by `steps` (from when on, by how much) showed `shown`; the earliest, where
/// it showed that twice.
pub(super) fn truth(shown: UtcMillis, steps: &[(UtcMillis, i64)]) -> UtcMillis {
    let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([UtcMillis(i64::MAX)]);
    let fits = steps.iter().zip(ends).filter_map(|((from, off), to)| {
        let at = shown.plus(-off);
        (*from <= at && at < to).then_some(at)
    });
    // A moment that a step forward left out: somewhere around it.
    fits.min().unwrap_or(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> UtcMillis {
        UtcMillis(ms)
    }

    #[test]
    fn what_stands_in_the_way_starts_the_wait_again() {
        let blocked = [(0, 100, 200), (0, 150, 300), (1, 0, 9_000), (0, 335, 400)];
        let blocked = blocked.map(|(shop, from, to)| Blocked { shop, from: at(from), to: at(to) });
        assert_eq!(due(0, at(10), 50, &blocked), at(60));
        assert_eq!(due(0, at(60), 50, &blocked), at(450), "300 to 335 is too short");
        assert_eq!(due(2, at(60), 50, &blocked), at(110));
    }

    #[test]
    fn a_wrong_clock_is_read_right() {
        let steps = [(at(0), 0), (at(1_000), -300), (at(2_000), 0)];
        assert_eq!(truth(at(500), &steps), at(500));
        assert_eq!(truth(at(1_500), &steps), at(1_800));
        assert_eq!(truth(at(800), &steps), at(800), "800 was shown twice");
        assert_eq!(truth(at(2_500), &steps), at(2_500));
        assert_eq!(truth(at(1_900), &steps), at(1_900), "1900 was never shown");
    }
}
