//! The fields of the dialogs, read into an action. What does not fit names its field.

use crate::refusal::Refusal;
use domain::notice::NoticeState;
use domain::order::HandlingClass;
use domain::write::WriteKind;
use engine::bulk::BulkAction;
use jiff::civil::Date;
use serde::Deserialize;

/// Letters of a tag at most.
const TAG_LETTERS: usize = 30;

/// A filled-in dialog.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Filled {
    /// The chosen orders.
    pub(super) s: String,
    /// What is to be done.
    #[serde(rename = "do")]
    pub(super) what: String,
    /// The form is taken once.
    pub(super) token: String,
    /// Phase.
    phase: String,
    /// Held orders too.
    override_fraud_hold: Option<String>,
    /// A pasted column.
    pub(super) pasted: String,
    /// 配送業者.
    pub(super) carrier: String,
    /// 出荷日.
    pub(super) shipped_on: String,
    /// 出荷予定日.
    ship_on: String,
    /// 出荷予定日 is cleared.
    no_ship_on: Option<String>,
    /// 配送便.
    method: String,
    /// 入金日.
    on: String,
    /// タグ.
    tag: String,
    /// 管理区分.
    class: String,
    /// 連携ステータス.
    to: String,
    /// 同一注文を上書きする.
    overwrite: Option<String>,
    /// 管理番号 of the parent.
    pub(super) parent: String,
}

/// A typed day; blank = none.
pub(super) fn day(field: &str, text: &str, today: Date) -> Result<Option<Date>, Refusal> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match japan::read_date(text, today) {
        Ok(day) => Ok(Some(day)),
        Err(_) => {
            Err(Refusal::field(field, "日付を読み取れません（例：2026-11-22、11/22）", "is not a date"))
        }
    }
}

impl Filled {
    /// A dialog without fields.
    pub(super) fn of(what: &str) -> Self {
        Self { what: what.to_owned(), ..Self::default() }
    }

    /// The action, except for pasted numbers and bundles, whose fields must be looked up first.
    pub(super) fn action(&self, today: Date) -> Result<BulkAction, Refusal> {
        let unknown = |field: &str| Refusal::field(field, "選びなおしてください", "is unknown");
        let needed = |field: &str, found: Option<Date>| {
            found.ok_or_else(|| Refusal::field(field, "日付を入れてください", "is needed"))
        };
        Ok(match self.what.as_str() {
            "notify" => BulkAction::Notify { kind: WriteKind::ShipmentNotice },
            "confirm" => BulkAction::Notify { kind: WriteKind::ConfirmOrder },
            "cancel" => BulkAction::cancel_here(),
            "move" if self.phase.is_empty() => {
                return Err(Refusal::field("phase", "移動先のフェーズを選んでください", "is needed"));
            }
            "move" => BulkAction::Move {
                phase: self.phase.as_str().into(),
                override_fraud_hold: self.override_fraud_hold.is_some(),
            },
            "plan" => BulkAction::Plan {
                ship_on: match (day("ship_on", &self.ship_on, today)?, self.no_ship_on.is_some()) {
                    (_, true) => Some(None),
                    (Some(day), false) => Some(Some(day)),
                    (None, false) => None,
                },
                shipping_method: match self.method.as_str() {
                    "" => None,
                    "-" => Some(None),
                    method => Some(Some(method.to_owned())),
                },
            },
            "ship_date" => BulkAction::ShipDate {
                carrier: (!self.carrier.is_empty()).then(|| self.carrier.as_str().into()),
                shipped_on: day("shipped_on", &self.shipped_on, today)?,
            },
            "parcels" => BulkAction::Parcels {},
            "paid" => BulkAction::Paid { on: needed("on", day("on", &self.on, today)?)? },
            "printed" => BulkAction::Printed { printed: true },
            "unprinted" => BulkAction::Printed { printed: false },
            "tag_on" | "tag_off" => BulkAction::Tag { tag: self.tag()?, on: self.what == "tag_on" },
            "class" => BulkAction::HandlingClass {
                class: HandlingClass::parse(&self.class).ok_or_else(|| unknown("class"))?,
            },
            "notice_state" => {
                BulkAction::NoticeState { to: NoticeState::parse(&self.to).ok_or_else(|| unknown("to"))? }
            }
            "reimport" => BulkAction::Reimport { overwrite: self.overwrite.is_some() },
            "unbundle" => BulkAction::Unbundle {},
            _ => return Err(Refusal::field("do", "操作を選びなおしてください", "is unknown")),
        })
    }

    fn tag(&self) -> Result<String, Refusal> {
        let tag = self.tag.trim();
        let odd = tag.chars().any(char::is_control);
        match tag.chars().count() {
            1..=TAG_LETTERS if !odd => Ok(tag.to_owned()),
            _ => {
                Err(Refusal::field("tag", "タグを1〜30文字で入れてください", "must have 1 to 30 characters"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(form: &str) -> Result<BulkAction, Refusal> {
        let filled: Filled = serde_html_form::from_str(form).map_err(|_| Refusal::not_found())?;
        filled.action(jiff::civil::date(2026, 11, 22))
    }

    #[test]
    fn a_filled_dialog_becomes_an_action() {
        assert_eq!(
            read("do=move&phase=shipped&override_fraud_hold=1").unwrap(),
            BulkAction::Move { phase: "shipped".into(), override_fraud_hold: true }
        );
        assert_eq!(
            read("do=plan&ship_on=11/25&method=").unwrap(),
            BulkAction::Plan { ship_on: Some(Some(jiff::civil::date(2026, 11, 25))), shipping_method: None }
        );
        assert_eq!(
            read("do=plan&no_ship_on=1&method=-").unwrap(),
            BulkAction::Plan { ship_on: Some(None), shipping_method: Some(None) }
        );
        assert_eq!(read("do=cancel").unwrap(), BulkAction::cancel_here());
    }

    #[test]
    fn what_does_not_fit_names_its_field_and_unknown_fields_are_refused_f68() {
        for (form, field) in [
            ("do=move", "phase"),
            ("do=paid", "on"),
            ("do=paid&on=gestern", "on"),
            ("do=class&class=super", "class"),
            ("do=notice_state&to=done", "to"),
            ("do=tag_on&tag=%20", "tag"),
            ("do=drop", "do"),
        ] {
            assert_eq!(read(form).unwrap_err().field.as_deref(), Some(field), "{form}");
        }
        assert!(serde_html_form::from_str::<Filled>("do=move&rights=all").is_err());
    }

    proptest! {
        #[test]
        fn no_form_whatever_breaks_the_reading_f50(text in "[ -~ぁ-ん%&=+]{0,120}") {
            drop(read(&text));
        }
    }
}
