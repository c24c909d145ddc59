//! Owning a lane: proving that one lives, and noticing that another does not.
//!
//! A lease is judged by the judge's own monotonic clock only: "its beat did not change for so long". The owner
//! counts from *before* it wrote its last beat, so it always gives up earlier than anybody takes over.

use mall_api::Clock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use store::lanes::LaneRow;

/// The owner's view of its lease.
pub(crate) struct Lease {
    lease_ms: i64,
    /// Monotonic time from which the last successful beat counts.
    beaten_at: AtomicI64,
    lost: AtomicBool,
}

impl Lease {
    pub(crate) fn new(lease_ms: i64, taken_at: i64) -> Self {
        Self { lease_ms, beaten_at: AtomicI64::new(taken_at), lost: AtomicBool::new(false) }
    }

    pub(crate) fn beaten(&self, started_at: i64) {
        self.beaten_at.fetch_max(started_at, Ordering::SeqCst);
    }

    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Will the lease outlast work of `millis`, with a tenth of its length to spare?
    pub(crate) fn outlasts(&self, clock: &dyn Clock, millis: i64) -> bool {
        let left = self.beaten_at.load(Ordering::SeqCst) + self.lease_ms - clock.monotonic_ms();
        !self.is_lost() && left > millis + self.lease_ms / 10
    }

    /// Still ours at all?
    pub(crate) fn holds(&self, clock: &dyn Clock) -> bool {
        self.outlasts(clock, 0)
    }
}

/// A bystander's memory of the beats it has seen.
#[derive(Default)]
pub(crate) struct Watch(HashMap<String, (i64, i64, i64)>);

impl Watch {
    /// May this lane be taken now? Free lanes and lanes of dead neighbours at once; others after their beat has
    /// stood still for `lease_ms` on our own clock.
    pub(crate) fn may_take(&mut self, lane: &LaneRow, lease_ms: i64, monotonic_ms: i64) -> bool {
        if lane.owner.is_none() || lane.host.as_deref().is_some_and(neighbour_is_dead) {
            return true;
        }
        let seen = self.0.entry(lane.lane_key.clone()).or_insert((lane.fence, lane.beat, monotonic_ms));
        if (seen.0, seen.1) != (lane.fence, lane.beat) {
            *seen = (lane.fence, lane.beat, monotonic_ms);
            return false;
        }
        monotonic_ms - seen.2 >= lease_ms
    }
}

/// Where this process runs, in a form that lets another process on the same machine see whether it is dead: boot
/// id, process namespace, process number and its start time. Empty where the machine does not tell.
pub(crate) fn this_host() -> String {
    let place = || -> Option<String> {
        let pid = std::process::id();
        Some(format!("{}|{pid}|{}", machine()?, started(pid)?))
    };
    place().unwrap_or_default()
}

fn machine() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}|{}", boot.trim(), namespace.display()))
}

/// Start time of a process in ticks since boot: a number given out again does not have the same one.
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(") ")?.1;
    after_name.split(' ').nth(19).map(str::to_owned)
}

/// Did that process run on this very machine, and is it certainly gone?
fn neighbour_is_dead(host: &str) -> bool {
    let gone = || -> Option<bool> {
        let (rest, start) = host.rsplit_once('|')?;
        let (machine_of, pid) = rest.rsplit_once('|')?;
        if machine_of != machine()? {
            return None;
        }
        Some(started(pid.parse().ok()?).as_deref() != Some(start))
    };
    gone().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::UtcMillis;
    use mall_api::clock::VirtualClock;

    fn lane(owner: Option<&str>, host: &str, beat: i64, fence: i64) -> LaneRow {
        LaneRow {
            lane_key: "m:1".into(),
            mall: "m".into(),
            owner: owner.map(Into::into),
            host: Some(host.into()),
            beat,
            fence,
            held_until: UtcMillis(0),
        }
    }

    #[test]
    fn a_silent_owner_is_replaced_only_after_the_whole_lease_f18() {
        let mut watch = Watch::default();
        assert!(!watch.may_take(&lane(Some("a"), "", 1, 1), 20_000, 0));
        assert!(!watch.may_take(&lane(Some("a"), "", 1, 1), 20_000, 19_999));
        assert!(watch.may_take(&lane(Some("a"), "", 1, 1), 20_000, 20_000));
    }

    #[test]
    fn every_beat_and_every_new_owner_starts_the_wait_again() {
        let mut watch = Watch::default();
        assert!(!watch.may_take(&lane(Some("a"), "", 1, 1), 20_000, 0));
        assert!(!watch.may_take(&lane(Some("a"), "", 2, 1), 20_000, 19_000));
        assert!(!watch.may_take(&lane(Some("a"), "", 2, 1), 20_000, 38_999));
        assert!(!watch.may_take(&lane(Some("b"), "", 2, 2), 20_000, 39_000));
        assert!(!watch.may_take(&lane(Some("b"), "", 2, 2), 20_000, 58_999));
        assert!(watch.may_take(&lane(Some("b"), "", 2, 2), 20_000, 59_000));
    }

    #[test]
    fn free_lanes_and_lanes_of_dead_neighbours_are_taken_at_once() {
        let mut watch = Watch::default();
        assert!(watch.may_take(&lane(None, "", 1, 1), 20_000, 0));
        let here = this_host();
        assert!(!watch.may_take(&lane(Some("me"), &here, 1, 1), 20_000, 0));
        if let Some((place, _)) = here.rsplit_once('|') {
            assert!(watch.may_take(&lane(Some("dead"), &format!("{place}|1"), 1, 1), 20_000, 0));
        }
        assert!(!neighbour_is_dead("another boot|pid:[1]|1|1"));
        assert!(!neighbour_is_dead("nonsense"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_named_by_boot_namespace_number_and_start_so_that_its_death_can_be_seen_f18() {
        let here = this_host();
        let parts: Vec<&str> = here.split('|').collect();
        let [boot, namespace, pid, start] = parts[..] else { panic!("{here}") };
        let known = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        assert_eq!((boot, pid), (known.trim(), std::process::id().to_string().as_str()));
        assert!(namespace.starts_with("pid:[") && start.parse::<u64>().unwrap() > 0);
        assert!(!neighbour_is_dead(&here));
        // The same number with another start is another process; on another machine nothing can be said.
        assert!(neighbour_is_dead(&format!("{boot}|{namespace}|{pid}|{start}0")));
        assert!(!neighbour_is_dead(&format!("{boot}|pid:[1]|{pid}|{start}0")));
        assert!(!neighbour_is_dead(&format!("other|{namespace}|{pid}|{start}0")));
    }

    #[tokio::test]
    async fn an_owner_gives_up_before_anybody_may_take_over_f31() {
        let clock = VirtualClock::new(UtcMillis(0));
        let lease = Lease::new(20_000, 0);
        assert!(lease.outlasts(&clock, 17_999) && !lease.outlasts(&clock, 18_000));
        clock.advance(17_999);
        assert!(lease.holds(&clock));
        clock.advance(1);
        assert!(!lease.holds(&clock));
        lease.beaten(18_000);
        assert!(lease.holds(&clock));
        lease.lose();
        assert!(!lease.holds(&clock));
    }
}
