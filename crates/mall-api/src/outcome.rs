//! What a transport failure or a gateway answer means for a write, the same for every mall.

use crate::error::{MallError, MallErrorKind};
use crate::wire::WireError;
use domain::UtcMillis;
use domain::reason;
use domain::write::Outcome;

/// Outcome of every step of a call that got no complete answer.
pub fn of_wire_error(error: &WireError) -> Outcome {
    match error {
        WireError::NotSent { what } => {
            Outcome::Deferred { until: None, reason: reason::mall_unreachable(what) }
        }
        WireError::NotAuthorised(reason) => Outcome::Deferred { until: None, reason: (**reason).clone() },
        WireError::LaneLost | WireError::Stopping => {
            Outcome::Deferred { until: None, reason: reason::taken_over() }
        }
        WireError::NoAnswer { .. } => Outcome::Unknown { reason: reason::answer_unclear() },
    }
}

/// Outcome of every step of a call that was answered with a failure of the whole call. Only what certainly did not
/// reach the mall's order system counts as "not applied" (429, refused credential, maintenance page); a fault of
/// the mall's side is unclear.
pub fn of_mall_error(error: &MallError, now: UtcMillis) -> Outcome {
    let reason = (*error.reason).clone();
    match error.kind {
        MallErrorKind::RateLimited { retry_after_ms } | MallErrorKind::Maintenance { retry_after_ms } => {
            Outcome::Deferred { until: retry_after_ms.map(|ms| now.plus(ms)), reason }
        }
        MallErrorKind::Credential | MallErrorKind::NotAllowed | MallErrorKind::Interrupted => {
            Outcome::Deferred { until: None, reason }
        }
        MallErrorKind::Refused => Outcome::Rejected { reason },
        MallErrorKind::Unavailable | MallErrorKind::Transport | MallErrorKind::Unreadable => {
            Outcome::Unknown { reason }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_certainly_did_not_arrive_is_deferred_f26_f27() {
        let cut = WireError::NoAnswer { what: "cut".into() };
        assert!(matches!(of_wire_error(&cut), Outcome::Unknown { .. }));
        for error in [WireError::NotSent { what: "refused".into() }, WireError::LaneLost, WireError::Stopping]
        {
            assert!(matches!(of_wire_error(&error), Outcome::Deferred { .. }));
        }
    }

    #[test]
    fn a_fault_of_the_malls_side_is_unclear_never_failed_f27() {
        let now = UtcMillis(1_000);
        let of = |kind| of_mall_error(&MallError::new(kind, reason::rate_limited()), now);
        for kind in [MallErrorKind::Unavailable, MallErrorKind::Transport, MallErrorKind::Unreadable] {
            assert!(matches!(of(kind), Outcome::Unknown { .. }), "{kind:?}");
        }
        assert!(matches!(of(MallErrorKind::Refused), Outcome::Rejected { .. }));
        let limited = of(MallErrorKind::RateLimited { retry_after_ms: Some(5_000) });
        assert!(matches!(limited, Outcome::Deferred { until: Some(UtcMillis(6_000)), .. }));
        for kind in [MallErrorKind::Credential, MallErrorKind::NotAllowed, MallErrorKind::Interrupted] {
            assert!(matches!(of(kind), Outcome::Deferred { until: None, .. }), "{kind:?}");
        }
    }
}
