//! 処理フェーズ: the shop's own steps, and which moves between them are allowed.

use crate::PhaseKey;
use crate::hold::Hold;
use crate::reason::{self, Reason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One phase. The list is one for the installation and may be changed while everything runs (NTF-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Stable key.
    pub phase: PhaseKey,
    /// Japanese name on the phase bar.
    pub name: String,
    /// Place in the bar, from 1.
    pub position: i64,
    /// 出荷日 必須 (true) or 任意 (false) to enter this phase.
    pub ship_date_required: bool,
}

/// Key of the phase automatically imported orders land in.
pub const INBOX: &str = "inbox";
/// Key of 新規受付.
pub const NEW: &str = "new";
/// Key of キャンセル.
pub const CANCELLED: &str = "cancelled";

/// The phases a new installation starts with (DESK-1), in order: key, name, 出荷日 必須.
pub const DEFAULT_PHASES: [(&str, &str, bool); 12] = [
    (INBOX, "自動受注取込", false),
    (NEW, "新規受付", false),
    ("awaiting_review", "確認待ち", false),
    ("awaiting_payment", "入金待ち", false),
    ("awaiting_stock", "引当待ち", false),
    ("awaiting_release", "発売日待ち", false),
    ("awaiting_print", "印刷待ち", false),
    ("awaiting_shipment", "出荷待ち", false),
    ("shipped", "出荷済み", true),
    ("completed", "完了", false),
    ("on_hold", "保留", false),
    (CANCELLED, "キャンセル", false),
];

/// What a move needs to know of an order.
#[derive(Debug, Clone)]
pub struct MoveFacts<'a> {
    /// Where it is.
    pub from: &'a PhaseKey,
    /// The mall's hold.
    pub hold: &'a Hold,
    /// A notice or status change is being sent.
    pub in_flight: bool,
    /// Every live parcel has a ship date (and there is at least one parcel), or the order-level date is set.
    pub has_ship_date: bool,
    /// Only known from a mail (仮伝票).
    pub provisional: bool,
}

/// The shop's settings that bear on moves.
#[derive(Debug, Clone, Copy)]
pub struct MoveSettings {
    /// FRD-2: held orders may only be cancelled. On by default.
    pub guard_fraud_hold: bool,
    /// The person holds the override right and used it (FRD-4).
    pub override_fraud_hold: bool,
}

/// Key of the shop's setting behind [`MoveSettings::guard_fraud_hold`]: `on` (also when it is not set) or `off`.
pub const GUARD_FRAUD_HOLD: &str = "guard_fraud_hold";

impl MoveSettings {
    /// As a shop's settings say. Only the plain word `off` switches the guard off: what cannot be read guards.
    pub fn of(settings: &BTreeMap<String, String>) -> Self {
        let off = settings.get(GUARD_FRAUD_HOLD).is_some_and(|text| text == "off");
        Self { guard_fraud_hold: !off, override_fraud_hold: false }
    }
}

/// How a move is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Nothing stands in the way.
    Plain,
    /// Only because a person overrides the hold (FRD-4): history says so.
    HoldOverridden,
}

impl Default for MoveSettings {
    fn default() -> Self {
        Self { guard_fraud_hold: true, override_fraud_hold: false }
    }
}

/// Decides whether an order may move to `to`. The one door for every path: list, detail, bulk, API, CLI, rules.
///
/// # Errors
/// The reason it may not, in the words the seeds fix (FRD-2) or our own.
pub fn may_move(facts: &MoveFacts<'_>, to: &Phase, settings: MoveSettings) -> Result<Permit, Reason> {
    if facts.from == &to.phase {
        return Err(reason::already_in_phase(&to.name));
    }
    let accepts_inbox = facts.from.as_str() == INBOX && to.phase.as_str() == NEW;
    let held = facts.hold.is_fraud()
        && settings.guard_fraud_hold
        && to.phase.as_str() != CANCELLED
        && !accepts_inbox;
    if held && !settings.override_fraud_hold {
        return Err(reason::fraud_hold_blocks_move());
    }
    if to.ship_date_required && !facts.has_ship_date {
        return Err(reason::ship_date_required(&to.name));
    }
    Ok(if held { Permit::HoldOverridden } else { Permit::Plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(key: &str) -> Phase {
        let (position, (_, name, required)) =
            DEFAULT_PHASES.iter().enumerate().find(|(_, (k, ..))| *k == key).unwrap();
        Phase {
            phase: key.into(),
            name: (*name).to_owned(),
            position: position as i64 + 1,
            ship_date_required: *required,
        }
    }

    fn facts<'a>(from: &'a PhaseKey, hold: &'a Hold) -> MoveFacts<'a> {
        MoveFacts { from, hold, in_flight: false, has_ship_date: true, provisional: false }
    }

    #[test]
    fn a_held_order_moves_only_to_cancel_and_from_inbox_to_new_frd2() {
        let hold = Hold::Fraud { raw: "1".into() };
        for (from, _, _) in DEFAULT_PHASES {
            let from = PhaseKey::from(from);
            for (to, _, _) in DEFAULT_PHASES {
                if from.as_str() == to {
                    continue;
                }
                let allowed = may_move(&facts(&from, &hold), &phase(to), MoveSettings::default());
                let expected = to == CANCELLED || (from.as_str() == INBOX && to == NEW);
                assert_eq!(allowed.is_ok(), expected, "{from} to {to}");
                if let Err(reason) = allowed {
                    assert_eq!(
                        reason.ja,
                        "不正利用審査中の注文は「キャンセル」へのステータス変更のみ行えます"
                    );
                }
            }
        }
    }

    #[test]
    fn the_guard_can_be_switched_off_or_overridden_by_a_person_frd2_frd4() {
        let (from, hold) = (PhaseKey::from(NEW), Hold::Fraud { raw: "1".into() });
        let to = phase("awaiting_print");
        let off = MoveSettings { guard_fraud_hold: false, override_fraud_hold: false };
        let overridden = MoveSettings { guard_fraud_hold: true, override_fraud_hold: true };
        assert_eq!(may_move(&facts(&from, &hold), &to, off), Ok(Permit::Plain));
        assert_eq!(may_move(&facts(&from, &hold), &to, overridden), Ok(Permit::HoldOverridden));
        assert_eq!(may_move(&facts(&from, &hold), &phase(CANCELLED), overridden), Ok(Permit::Plain));
        for free in [Hold::None, Hold::MallChecking, Hold::Released { released_at: None }, Hold::NotKnown] {
            let settings = MoveSettings::default();
            assert_eq!(may_move(&facts(&from, &free), &to, settings), Ok(Permit::Plain), "{free:?}");
        }
        let mut undated = facts(&from, &hold);
        undated.has_ship_date = false;
        let refused = may_move(&undated, &phase("shipped"), overridden).unwrap_err();
        assert_eq!(refused.code, "ship_date_required", "only the hold is overridden");
    }

    #[test]
    fn the_guard_is_on_unless_the_shop_says_off_frd2() {
        let says = |text: &str| {
            MoveSettings::of(&BTreeMap::from([(GUARD_FRAUD_HOLD.to_owned(), text.to_owned())]))
                .guard_fraud_hold
        };
        assert!(MoveSettings::of(&BTreeMap::new()).guard_fraud_hold);
        assert!(says("on") && says("") && says("OFF "), "what cannot be read guards");
        assert!(!says("off"));
    }

    #[test]
    fn a_phase_that_requires_a_ship_date_refuses_an_order_without_one_ntf1() {
        let (from, hold) = (PhaseKey::from(NEW), Hold::None);
        let mut facts = facts(&from, &hold);
        facts.has_ship_date = false;
        let refused = may_move(&facts, &phase("shipped"), MoveSettings::default()).unwrap_err();
        assert_eq!(refused.code, "ship_date_required");
        assert!(may_move(&facts, &phase("completed"), MoveSettings::default()).is_ok());
    }

    #[test]
    fn moving_to_where_it_already_is_is_said_not_done() {
        let (from, hold) = (PhaseKey::from(NEW), Hold::None);
        let refused = may_move(&facts(&from, &hold), &phase(NEW), MoveSettings::default()).unwrap_err();
        assert_eq!(refused.code, "already_in_phase");
    }
}
