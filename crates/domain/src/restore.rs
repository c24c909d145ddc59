//! After a restore (F46): the ledger is older than the malls. Nothing is written to a mall until a person has seen what
//! would be, and what may have been written in the time that is lost is looked for before it is written again.

use crate::history::By;
use crate::reason::{self, Reason};
use crate::time::UtcMillis;
use serde::{Deserialize, Serialize};

/// The last restore of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When the backup was made: what happened after it is not in the ledger.
    pub made_at: UtcMillis,
    /// When it was restored.
    pub restored_at: UtcMillis,
    /// When a person let writing go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<UtcMillis>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_by: Option<By>,
}

impl Restored {
    /// May anything be written to a mall? The one judgement that every path asks.
    ///
    /// # Errors
    /// Why not.
    pub fn may_write(&self) -> Result<(), Reason> {
        if self.released_at.is_some() { Ok(()) } else { Err(reason::paused_after_restore()) }
    }

    /// The time that is lost may hold writes of an order placed by then: it is looked at first, whatever the mall's rule
    /// says, and "not there" counts only so long after this time. `None`: the order came later.
    pub fn doubt(&self, ordered_at: UtcMillis) -> Option<UtcMillis> {
        (ordered_at <= self.restored_at).then_some(self.restored_at)
    }
}

/// What reading an order back after a restore showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadBack {
    /// Not read back yet.
    Open,
    /// As the ledger has it, or not shipped.
    Same,
    /// The mall shows it as shipped: marked 正常, not sent again.
    Shipped,
    /// The mall did not give it.
    NotGiven,
}

impl ReadBack {
    /// Every one.
    pub const ALL: [ReadBack; 4] = [ReadBack::Open, ReadBack::Same, ReadBack::Shipped, ReadBack::NotGiven];

    /// Stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            ReadBack::Open => "open",
            ReadBack::Same => "same",
            ReadBack::Shipped => "shipped",
            ReadBack::NotGiven => "not_given",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_until_a_person_says_so_and_old_orders_stay_in_doubt_f46() {
        let (made_at, restored_at) = (UtcMillis(1_000), UtcMillis(5_000));
        let mut restored = Restored { made_at, restored_at, released_at: None, released_by: None };
        assert_eq!(restored.may_write().unwrap_err().code, "paused_after_restore");
        restored.released_at = Some(UtcMillis(6_000));
        assert!(restored.may_write().is_ok());
        // Also an order placed after the backup: it may have been imported and shipped before it was lost.
        assert_eq!(restored.doubt(UtcMillis(900)), Some(restored_at));
        assert_eq!(restored.doubt(UtcMillis(4_000)), Some(restored_at));
        assert_eq!(restored.doubt(UtcMillis(5_001)), None);
    }
}
