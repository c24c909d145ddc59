//! Fraud holds (不正保留) and the like: what the mall says, and what it forbids.

use crate::time::UtcMillis;
use serde::{Deserialize, Serialize};

/// Whether the mall holds the order back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Hold {
    /// No hold.
    #[default]
    None,
    /// 不正保留: under fraud review. Only a cancel is allowed while it lasts.
    Fraud {
        /// The mall's value.
        raw: String,
    },
    /// The mall is still checking (楽天確認中): wait, do not ship; not an error.
    MallChecking,
    /// Was held; the mall released it.
    Released {
        /// 公開日時.
        released_at: Option<UtcMillis>,
    },
    /// The source cannot say (orders from CSV): 「不明」.
    NotKnown,
}

impl Hold {
    /// Held for fraud right now.
    pub fn is_fraud(&self) -> bool {
        matches!(self, Hold::Fraud { .. })
    }
}
