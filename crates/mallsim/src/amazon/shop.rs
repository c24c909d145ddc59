//! A seller on Amazon.co.jp: the application, its secret, the authorisations and the switches of the document's
//! section 9. Knows nothing of orders but where they stand in the lists.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::generate;
use crate::jst::DAY_MS;
use crate::settings::Settings;

/// `A1VC38T7YXB528` is Amazon.co.jp (document 0).
pub(crate) const MARKETPLACE: &str = "A1VC38T7YXB528";

/// What the restricted roles of an application give (document 2.1, PII conditions).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Buyer and address come.
    #[default]
    Granted,
    /// Buyer and address are missing without an error.
    Withheld,
    /// 403 `AccessDeniedException` when BUYER or RECIPIENT are asked for.
    Refused,
    /// The same whatever is asked for.
    RefusedAlways,
}

/// How the next feeds end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FeedEnd {
    /// DONE with a report.
    #[default]
    Done,
    /// FATAL, nothing applied, no report.
    Fatal,
    /// FATAL after the first half of the rows, no report.
    FatalHalf,
    /// CANCELLED before the start.
    Cancelled,
}

/// What can be switched about a seller (document 9).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Switches {
    /// 小口出品.
    pub individual_plan: bool,
    /// Calls still to be answered 500; `u64::MAX` is all.
    pub internal_failure: u64,
    /// Amazon's clock minus the simulated one.
    pub clock_skew_ms: i64,
    pub auth_revoked: bool,
    pub secret_expired: bool,
    pub quota: bool,
    pub restricted_role: Role,
    pub feeds: FeedEnd,
}

/// One authorisation: pressing 「Authorize app」 again gives another (document 1.3).
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub refresh: String,
    pub expires_ms: Option<i64>,
}

impl Grant {
    pub fn holds(&self, now_ms: i64) -> bool {
        self.expires_ms.is_none_or(|end| now_ms < end)
    }
}

pub(crate) struct Shop {
    /// The merchant token, A….
    pub id: String,
    pub client_id: String,
    pub secret: String,
    pub secret_expires_ms: i64,
    pub grants: Vec<Grant>,
    /// Live authorisation codes and when they end.
    pub codes: BTreeMap<String, i64>,
    pub switches: Switches,
    /// (time, order) by creation and by last update.
    pub created: BTreeSet<(i64, usize)>,
    pub updated: BTreeSet<(i64, usize)>,
    /// Orders made so far.
    pub made: u64,
    pub arrivals: u64,
    pub arrival_planned: bool,
    words: u64,
}

impl Shop {
    pub fn new(seed: u64, index: usize, start_ms: i64, settings: &Settings) -> Self {
        let mut shop = Self {
            id: format!("ASIM{:010}", index + 1),
            client_id: format!("amzn1.application-oa2-client.mihon{:027}", index + 1),
            secret: String::new(),
            secret_expires_ms: start_ms,
            grants: Vec::new(),
            codes: BTreeMap::new(),
            switches: Switches::default(),
            created: BTreeSet::new(),
            updated: BTreeSet::new(),
            made: 0,
            arrivals: 0,
            arrival_planned: false,
            words: 0,
        };
        shop.new_secret(seed, index, start_ms, settings);
        shop.new_grant(seed, index, start_ms, settings);
        shop
    }

    /// A word nobody can guess and everybody can repeat from the seed, with the `|`-free alphabet of tokens.
    fn word(&mut self, seed: u64, index: usize, length: usize) -> String {
        self.words += 1;
        word(seed ^ 0x5EC2_E7A3, index, self.words, length)
    }

    pub fn new_secret(&mut self, seed: u64, index: usize, now_ms: i64, settings: &Settings) {
        self.secret = format!("amzn1.oa2-cs.v1.mihon{}", self.word(seed, index, 40));
        self.secret_expires_ms = now_ms.saturating_add(settings.amazon.secret_days.saturating_mul(DAY_MS));
        self.switches.secret_expired = false;
    }

    pub fn new_grant(&mut self, seed: u64, index: usize, now_ms: i64, settings: &Settings) {
        let refresh = format!("Atzr|MIHON{}", self.word(seed, index, 90));
        let days = settings.amazon.authorization_days;
        let expires_ms = days.map(|d| now_ms.saturating_add(d.saturating_mul(DAY_MS)));
        self.grants.push(Grant { refresh, expires_ms });
        self.switches.auth_revoked = false;
    }

    pub fn new_code(&mut self, seed: u64, index: usize, now_ms: i64, settings: &Settings) {
        let code = format!("MIHON{}", self.word(seed, index, 15));
        self.codes.insert(code, now_ms.saturating_add(settings.amazon.code_life_ms));
    }

    /// Amazon's clock as this seller meets it.
    pub fn clock(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add(self.switches.clock_skew_ms)
    }
}

/// Letters and digits of one source.
pub(crate) fn word(seed: u64, index: usize, n: u64, length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = generate::source(seed, index, n);
    (0..length)
        .filter_map(|_| LETTERS.get(rng.random_range(0..LETTERS.len())))
        .map(|b| char::from(*b))
        .collect()
}
