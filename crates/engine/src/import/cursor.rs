//! 取込カーソル: where a run stands. Stored with each page; a run that died goes on from here.

use domain::MallOrderId;
use mall_api::{PageToken, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Walks of one window until two agree (F10), at most.
pub(super) const MAX_WALKS: u32 = 3;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub(super) struct Cursor {
    /// Windows of the run, in order.
    pub(super) windows: Vec<Window>,
    /// The one being walked.
    pub(super) window: usize,
    /// Which walk of it.
    pub(super) walk: u32,
    /// Page of the list; `None` = the first.
    pub(super) page: Option<PageToken>,
    /// Entries of that page that are done.
    pub(super) done: usize,
    /// Orders of that page that are done, and the last ones of the page before: a run that goes on counts nothing
    /// twice.
    pub(super) met: BTreeSet<MallOrderId>,
    /// Some page of this walk could shift.
    pub(super) shifting: bool,
    /// Orders this walk met that no walk had met before.
    pub(super) fresh: u64,
    /// Orders asked for by number, still to do: a re-import, then orders that were not given earlier.
    pub(super) orders: Vec<MallOrderId>,
    /// Orders of the files that are done.
    pub(super) file_at: usize,
}

impl Cursor {
    /// The walk of a window is over: walk it again, or go to the next. A window is walked again only when a page
    /// could have shifted and the walk met something new.
    pub(super) fn end_walk(&mut self) {
        let again = self.shifting && self.walk + 1 < MAX_WALKS && (self.walk == 0 || self.fresh > 0);
        if again {
            self.walk += 1;
        } else {
            self.window += 1;
            self.walk = 0;
        }
        self.page = None;
        self.done = 0;
        self.shifting = false;
        self.fresh = 0;
    }

    /// Nothing is left to list or to ask for.
    pub(super) fn is_done(&self) -> bool {
        self.orders.is_empty() && self.window >= self.windows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(shifting: bool, walk: u32, fresh: u64) -> Cursor {
        Cursor { shifting, walk, fresh, window: 4, done: 7, ..Cursor::default() }
    }

    #[test]
    fn a_window_whose_pages_may_shift_is_walked_until_two_walks_agree_f10() {
        for (shifting, walk, fresh, expected_window, expected_walk) in [
            (false, 0, 100, 5, 0), // a stable list needs one walk
            (true, 0, 100, 4, 1),  // the first walk has nothing to agree with
            (true, 0, 0, 4, 1),
            (true, 1, 0, 5, 0), // the second met nothing new: they agree
            (true, 1, 1, 4, 2), // it did: once more
            (true, 2, 1, 5, 0), // at most three
        ] {
            let mut cursor = cursor(shifting, walk, fresh);
            cursor.end_walk();
            assert_eq!((cursor.window, cursor.walk), (expected_window, expected_walk));
            assert_eq!((cursor.done, cursor.fresh, cursor.shifting), (0, 0, false));
        }
    }

    #[test]
    fn orders_asked_for_by_number_keep_a_run_open() {
        let mut cursor = Cursor { orders: vec!["1".into()], ..Cursor::default() };
        assert!(!cursor.is_done());
        cursor.orders.clear();
        assert!(cursor.is_done());
    }
}
