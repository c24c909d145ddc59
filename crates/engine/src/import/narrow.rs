//! A question for many orders that always fails as a whole: it is asked in smaller and smaller parts until the one
//! order that spoils it stands alone. Pure.
//!
//! An order is blamed only while the mall answers for another one: in an outage everything fails, and nothing is the
//! order's fault.

use domain::MallOrderId;
use mall_api::{MallError, MallErrorKind};

/// Failures of the same question before it is made smaller; they may pass by themselves.
const PATIENCE: u32 = 3;

/// How many orders the next question asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Narrow {
    limit: Option<usize>,
    /// Orders from here on among which the spoiling one must be.
    suspect: usize,
    strikes: u32,
    /// An order the mall gave in this run.
    pub(super) good: Option<MallOrderId>,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// As always: wait, or end.
    Wait,
    /// Ask for fewer.
    Smaller,
    /// One order is left: is it that order, or the mall?
    Probe,
}

impl Narrow {
    /// Orders the next question may ask for, of at most `most`.
    pub(super) fn limit(&self, most: usize) -> usize {
        self.limit.map_or(most, |limit| limit.clamp(1, most))
    }

    /// A question for `asked` orders failed.
    pub(super) fn failed(&mut self, error: &MallError, asked: usize) -> Next {
        let patience = match error.kind {
            // What is refused as such is refused again.
            MallErrorKind::Refused => 1,
            MallErrorKind::Unavailable | MallErrorKind::Transport | MallErrorKind::Unreadable => {
                if self.limit.is_some() { 1 } else { PATIENCE }
            }
            // These say nothing about the orders.
            _ => return Next::Wait,
        };
        self.strikes += 1;
        if self.strikes < patience {
            return Next::Wait;
        }
        self.strikes = 0;
        if asked > 1 {
            (self.suspect, self.limit) = (asked, Some(asked / 2));
            return Next::Smaller;
        }
        Next::Probe
    }

    /// The order that spoils the questions was found, or they are about others now.
    pub(super) fn found(&mut self) {
        (self.limit, self.suspect, self.strikes) = (None, 0, 0);
    }

    /// A question for `asked` orders was answered; `good` is one of them. It is among the others then, and once they
    /// all came the trouble has passed by itself.
    pub(super) fn worked(&mut self, asked: usize, good: Option<&MallOrderId>) {
        self.strikes = 0;
        if let Some(good) = good {
            self.good = Some(good.clone());
        }
        self.suspect = self.suspect.saturating_sub(asked);
        if self.suspect == 0 {
            self.found();
        } else {
            self.limit = Some((self.suspect / 2).max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reason;

    fn error(kind: MallErrorKind) -> MallError {
        MallError::new(kind, reason::mall_unavailable(500))
    }

    #[test]
    fn i8_a_group_that_fails_as_a_whole_is_halved_down_to_the_one_order() {
        let refused = error(MallErrorKind::Refused);
        let mut narrow = Narrow::default();
        let mut asked = Vec::new();
        loop {
            let size = narrow.limit(100);
            asked.push(size);
            if narrow.failed(&refused, size) == Next::Probe {
                break;
            }
        }
        assert_eq!(asked, [100, 50, 25, 12, 6, 3, 1]);
    }

    #[test]
    fn what_may_pass_is_waited_out_a_few_times_before_the_first_halving() {
        for kind in [MallErrorKind::Unavailable, MallErrorKind::Transport, MallErrorKind::Unreadable] {
            let mut narrow = Narrow::default();
            let steps: Vec<Next> = (0..5)
                .map(|_| {
                    let size = narrow.limit(4);
                    narrow.failed(&error(kind), size)
                })
                .collect();
            assert_eq!(steps, [Next::Wait, Next::Wait, Next::Smaller, Next::Smaller, Next::Probe]);
        }
    }

    #[test]
    fn limits_credentials_and_maintenance_are_nobodys_fault() {
        let mut narrow = Narrow::default();
        for kind in [
            MallErrorKind::Credential,
            MallErrorKind::NotAllowed,
            MallErrorKind::RateLimited { retry_after_ms: None },
            MallErrorKind::Maintenance { retry_after_ms: None },
            MallErrorKind::Interrupted,
        ] {
            for _ in 0..9 {
                assert_eq!(narrow.failed(&error(kind), 100), Next::Wait);
            }
        }
        assert_eq!(narrow.limit(100), 100);
    }

    #[test]
    fn i8_the_half_that_came_leaves_the_other_half() {
        let refused = error(MallErrorKind::Refused);
        let (mut narrow, mut next, mut asked) = (Narrow::default(), 0, Vec::new());
        // Orders 0 to 15; number 11 spoils every question.
        let spoilt = loop {
            let size = narrow.limit(16).min(16 - next);
            asked.push(size);
            if (next..next + size).contains(&11) {
                if narrow.failed(&refused, size) == Next::Probe {
                    break next;
                }
            } else {
                narrow.worked(size, None);
                next += size;
            }
        };
        assert_eq!((spoilt, asked), (11, vec![16, 8, 4, 2, 1, 1]));
        narrow.found();
        assert_eq!(narrow.limit(16), 16);
    }

    #[test]
    fn trouble_that_passes_leaves_no_small_questions_behind() {
        let refused = error(MallErrorKind::Refused);
        let mut narrow = Narrow::default();
        narrow.failed(&refused, 8);
        let sizes: Vec<usize> = (0..4)
            .map(|_| {
                let size = narrow.limit(8);
                narrow.worked(size, Some(&"1".into()));
                size
            })
            .collect();
        assert_eq!(sizes, [4, 2, 1, 1]);
        assert_eq!((narrow.limit(8), narrow.good), (8, Some("1".into())));
    }
}
