//! 「見つからない受注を調べる」, 「なぜ通知されないか」 and 「このフェーズにある理由」 (WHY-1, WHY-2; decision 0012).
//!
//! An answer is a list of checks in the order in which a support desk would ask, each passed, the cause, or not known,
//! with its mends as data: a page turns them into buttons, the command line into commands. What is looked at is gathered
//! by the ledger and by the lane (`look_up`); the checks themselves are pure. Knows no mall and shows nothing.

pub mod here;
mod look_up;
mod mend;
pub mod missing;
pub mod notice;

pub use look_up::{LOOK_UP, Live, LookUpRequest, Seen, Trouble, live_of};
pub use mend::Mend;

use domain::{Reason, ShopId};
use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing stands in the way here.
    Passed,
    /// This is why.
    Cause,
    /// It could not be found out.
    Unknown,
}

/// One check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stable name.
    pub check: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, Japanese.
    pub ja: String,
    /// English.
    pub en: String,
    /// The cause or what could not be found out, with its code and its mend in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What can be done about it, the best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mends: Vec<Mend>,
}

impl Check {
    /// Nothing stands in the way here.
    pub fn passed(check: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        let (outcome, ja, en) = (Outcome::Passed, ja.into(), en.into());
        Self { check, outcome, ja, en, reason: None, mends: Vec::new() }
    }

    fn of(check: &'static str, outcome: Outcome, reason: Reason, mends: Vec<Mend>) -> Self {
        let (ja, en) = (reason.ja.clone(), reason.en.clone());
        Self { check, outcome, ja, en, reason: Some(reason), mends }
    }

    /// This is why.
    pub fn cause(check: &'static str, reason: Reason, mends: Vec<Mend>) -> Self {
        Self::of(check, Outcome::Cause, reason, mends)
    }

    /// It could not be found out.
    pub fn unknown(check: &'static str, reason: Reason, mends: Vec<Mend>) -> Self {
        Self::of(check, Outcome::Unknown, reason, mends)
    }

    /// This is why?
    #[must_use]
    pub fn is_cause(&self) -> bool {
        self.outcome == Outcome::Cause
    }
}

/// Checks of one shop, or those that are about no shop yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<ShopId>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// In the order in which they were asked; the list ends at the first cause.
    pub checks: Vec<Check>,
}

impl Part {
    /// The cause, where there is one.
    #[must_use]
    pub fn cause(&self) -> Option<&Check> {
        self.checks.iter().find(|c| c.is_cause())
    }
}

/// Runs checks until the first cause. A check that does not apply says nothing.
fn until_cause<F>(facts: &F, checks: &[fn(&F) -> Option<Check>]) -> Vec<Check> {
    let mut done = Vec::new();
    for check in checks {
        let Some(found) = check(facts) else { continue };
        let stop = found.is_cause();
        done.push(found);
        if stop {
            break;
        }
    }
    done
}

/// A reason's words with the mall's code, for use inside others.
fn words(reason: &Reason) -> String {
    match &reason.mall_code {
        Some(code) => format!("{}（{code}）", reason.ja),
        None => reason.ja.clone(),
    }
}

/// A reason that speaks of another one: the mall's words and the other's mend stand beside it.
fn with_mall(mut reason: Reason, of: &Reason) -> Reason {
    reason.mall_code.clone_from(&of.mall_code);
    reason.mall_text.clone_from(&of.mall_text);
    if !of.remedy.is_empty() {
        reason.remedy.clone_from(&of.remedy);
    }
    reason.en = format!("{}: {}", reason.en, of.en);
    reason
}
