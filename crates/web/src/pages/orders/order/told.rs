//! 履歴 in words: every event, in both languages. Pure; an event of a newer program is shown as it stands.

use super::labels;
use crate::words::{Lang, moment};
use domain::history::{By, Event, HOLD_OVERRIDDEN};
use domain::hold::Hold;
use domain::notice::NoticeState;
use domain::order::{Flag, HandlingClass};
use domain::write::WriteKind;
use serde_json::Value;
use std::collections::BTreeMap;

/// Names for the keys that events carry.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Phases by key.
    pub phases: &'a BTreeMap<String, String>,
    /// People by login name.
    pub people: &'a BTreeMap<String, String>,
    /// Language.
    pub lang: Lang,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Words.
    pub text: String,
    /// `bad`, `ok` or empty.
    pub class: &'static str,
}

fn plain(text: String) -> Told {
    Told { text, class: "" }
}

/// A kind of write.
#[must_use]
pub fn kind(kind: &str, lang: Lang) -> String {
    match WriteKind::parse(kind) {
        Some(WriteKind::ConfirmOrder) => lang.t("注文確認", "order confirmation").to_owned(),
        Some(WriteKind::ShipmentNotice) => lang.t("出荷通知", "shipment notice").to_owned(),
        Some(WriteKind::MallStatus) => lang.t("モールステータスの変更", "mall status change").to_owned(),
        Some(WriteKind::PaymentStatus) => lang.t("入金ステータスの変更", "payment status change").to_owned(),
        None => kind.to_owned(),
    }
}

/// A state of a write.
#[must_use]
pub fn state(state: &str, lang: Lang) -> String {
    NoticeState::parse(state)
        .map_or_else(|| state.to_owned(), |s| crate::frame::notice_words(s, false, false, lang).1.to_owned())
}

fn state_class(state: &str) -> &'static str {
    match NoticeState::parse(state) {
        Some(NoticeState::Applied) => "ok",
        Some(NoticeState::Rejected | NoticeState::SendFailed | NoticeState::ResultUnknown) => "bad",
        Some(NoticeState::NotSent | NoticeState::InFlight) | None => "",
    }
}

/// What something that was not done would have been.
fn what(what: &str, lang: Lang) -> String {
    match what {
        "phase_move" => lang.t("フェーズの移動", "phase move").to_owned(),
        "ship_once" => lang.t("出荷情報の一重の登録", "registering the shipment once").to_owned(),
        other => kind(other, lang),
    }
}

impl Known<'_> {
    /// Name of a phase.
    #[must_use]
    pub fn phase(&self, key: &str) -> String {
        self.phases.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// Who.
    #[must_use]
    pub fn who(&self, by: &By) -> String {
        match by {
            By::User { name } => self.people.get(name).unwrap_or(name).clone(),
            By::Cli => self.lang.t("コマンド操作", "command line").to_owned(),
            By::System => self.lang.t("自動", "automatic").to_owned(),
            By::Mall => self.lang.t("モール", "mall").to_owned(),
        }
    }

    fn fields(&self, paths: &[String]) -> String {
        let names: Vec<String> = paths.iter().map(|p| labels::label(p, self.lang)).collect();
        if names.is_empty() { self.lang.t("なし", "none").to_owned() } else { names.join("、") }
    }

    fn class(&self, key: &str) -> String {
        HandlingClass::parse(key)
            .map_or_else(|| key.to_owned(), |c| self.lang.t(c.label_ja(), c.as_str()).to_owned())
    }

    fn reason(&self, reason: Option<&domain::Reason>) -> String {
        let Some(reason) = reason else { return String::new() };
        let own = reason.mall_text.as_deref().filter(|t| !t.is_empty());
        let words = self.lang.reason(reason);
        match own {
            Some(own) => format!("（{words}：{own}）"),
            None => format!("（{words}）"),
        }
    }

    fn hold(&self, hold: &Hold) -> String {
        match self.lang {
            Lang::Ja => hold.label_ja(),
            Lang::En => match hold {
                Hold::None => "none".to_owned(),
                Hold::Fraud { raw } => format!("fraud hold {raw}").trim_end().to_owned(),
                Hold::MallChecking => "mall is checking".to_owned(),
                Hold::Released { .. } => "released".to_owned(),
                Hold::NotKnown => "not known".to_owned(),
            },
        }
    }

    fn change(&self, label: (&str, &str), from: &str, to: &str) -> String {
        format!("{}：{from} → {to}", self.lang.t(label.0, label.1))
    }

    /// One event as a line of the timeline.
    #[must_use]
    pub fn told(&self, event: &Value) -> Told {
        match serde_json::from_value::<Event>(event.clone()) {
            Ok(event) => self.told_event(&event),
            Err(_) => plain(event.to_string()),
        }
    }

    fn told_event(&self, event: &Event) -> Told {
        let lang = self.lang;
        match event {
            Event::Imported { phase, mall_status } => plain(format!(
                "{}：{} {}「{}」",
                lang.t("モールから取込", "Imported from the mall"),
                mall_status,
                lang.t("→", "→"),
                self.phase(phase)
            )),
            Event::Activated {} => plain(
                lang.t(
                    "仮伝票を有効化（モールの内容はまだ届いていません）",
                    "Made of a provisional slip; the mall has not told its content yet",
                )
                .to_owned(),
            ),
            Event::MallStatusChanged { from, to } => {
                plain(self.change(("モールステータス", "Mall status"), from, to))
            }
            Event::HoldChanged { from, to } => {
                let at =
                    to.released_at().map(|t| format!("（{} {}）", lang.t("公開日時", "released"), moment(t)));
                let text =
                    self.change(("不正保留ステータス", "Fraud hold"), &self.hold(from), &self.hold(to));
                Told { text: text + &at.unwrap_or_default(), class: if to.is_fraud() { "bad" } else { "" } }
            }
            Event::ChangedAtMall { fields } => Told {
                text: format!("{}：{}", lang.t("モール側で変更", "Changed at the mall"), self.fields(fields)),
                class: "bad",
            },
            Event::Merged { taken, kept, conflicts } => self.told_merge(taken, kept, conflicts),
            Event::Edited { fields } => {
                plain(format!("{}：{}", lang.t("変更", "Edited"), self.fields(fields)))
            }
            Event::PhaseMoved { from, to, why } => {
                let text = format!("{} → {}", self.phase(from), self.phase(to));
                plain(match why.as_str() {
                    "" => text,
                    HOLD_OVERRIDDEN => {
                        text + lang.t("（不正利用審査中と承知のうえ）", " (in spite of the fraud hold)")
                    }
                    by_result => format!(
                        "{text}（{}：{}）",
                        lang.t("結果によるルール", "rule by result"),
                        state(by_result, lang)
                    ),
                })
            }
            Event::HandlingClassChanged { from, to } => {
                plain(self.change(("管理区分", "Handling class"), &self.class(from), &self.class(to)))
            }
            Event::ParcelSet { parcel_id, version } if *version == 1 => {
                plain(format!("{}（{parcel_id}）", lang.t("荷物を登録", "Parcel entered")))
            }
            Event::ParcelSet { parcel_id, version } => plain(format!(
                "{}（{parcel_id}、{}）",
                lang.t("荷物を修正", "Parcel corrected"),
                match lang {
                    Lang::Ja => format!("{version}版"),
                    Lang::En => format!("version {version}"),
                }
            )),
            Event::ParcelRemoved { parcel_id } => {
                plain(format!("{}（{parcel_id}）", lang.t("荷物を削除", "Parcel removed")))
            }
            Event::WriteWanted { kind: of, .. } => {
                plain(format!("{}：{}", kind(of, lang), lang.t("送信待ち", "waiting to be sent")))
            }
            Event::WrittenToFile { file, file_id } => plain(format!(
                "{}：{file}（{file_id}）",
                lang.t("出荷ファイルに書き出し", "Written to a shipment file")
            )),
            Event::FileAnswered { file_id, done } => plain(format!(
                "{}（{file_id}）：{}",
                lang.t("出荷ファイルの回答", "Answer about the shipment file"),
                if *done {
                    lang.t("モールへ登録済み", "uploaded")
                } else {
                    lang.t("まだ登録していない", "not uploaded")
                }
            )),
            Event::WriteState { kind: of, state: now, reason, .. } => Told {
                text: format!("{}：{}{}", kind(of, lang), state(now, lang), self.reason(reason.as_ref())),
                class: state_class(now),
            },
            Event::WriteStateByHand { kind: of, from, to } => plain(format!(
                "{}：{} → {}（{}）",
                kind(of, lang),
                state(from, lang),
                state(to, lang),
                lang.t("手で変更", "by hand")
            )),
            Event::NoticeStateChanged { from, to, why } => {
                let why = match why.as_str() {
                    "by_hand" => lang.t("（手で変更）", " (by hand)").to_owned(),
                    "read_back" => {
                        lang.t("（復元の後の読み戻し）", " (read back after a restore)").to_owned()
                    }
                    "fba" => lang.t("（FBA注文のため対象外）", " (fulfilled by the mall)").to_owned(),
                    "" | "outbox" => String::new(),
                    other => format!("（{other}）"),
                };
                let label = ("連携ステータス", "Notice state");
                Told {
                    text: self.change(label, &state(from, lang), &state(to, lang)) + &why,
                    class: state_class(to),
                }
            }
            Event::NotDone { what: of, reason } => Told {
                text: format!(
                    "{}：{}{}",
                    lang.t("実行しませんでした", "Not done"),
                    what(of, lang),
                    self.reason(Some(reason))
                ),
                class: "bad",
            },
            Event::Flagged { flag, raised, reason } => {
                let words = Flag::ALL
                    .into_iter()
                    .find(|f| f.as_str() == flag)
                    .map_or(flag.as_str(), |f| lang.t(f.label_ja(), f.as_str()));
                let did = if *raised {
                    lang.t("フラグ", "Flag raised")
                } else {
                    lang.t("フラグ解除", "Flag lowered")
                };
                Told {
                    text: format!("{did}：{words}{}", self.reason(reason.as_ref())),
                    class: if *raised { "bad" } else { "" },
                }
            }
            Event::Erased {} => plain(lang.t("個人情報を削除", "Buyer data erased").to_owned()),
        }
    }

    fn told_merge(&self, taken: &[String], kept: &[String], conflicts: &[String]) -> Told {
        let lang = self.lang;
        let mut text =
            format!("{}：{}", lang.t("モールの内容で更新", "Taken over from the mall"), self.fields(taken));
        if !kept.is_empty() {
            text += &format!(" ／ {}：{}", lang.t("当店の修正を維持", "our edits kept"), self.fields(kept));
        }
        if !conflicts.is_empty() {
            text += &format!(" ／ {}：{}", lang.t("変更の重なり", "conflicts"), self.fields(conflicts));
        }
        Told { text, class: if conflicts.is_empty() { "" } else { "bad" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reason;
    use serde_json::json;

    fn one_of_each() -> Vec<Event> {
        let s = str::to_owned;
        let reason = reason::carrier_blank();
        let all = vec![
            Event::Imported { phase: s("new"), mall_status: s("発送待ち") },
            Event::Activated {},
            Event::MallStatusChanged { from: s("注文確認待ち"), to: s("発送待ち") },
            Event::HoldChanged { from: Hold::None, to: Hold::Fraud { raw: s("1") } },
            Event::ChangedAtMall { fields: vec![s("delivery.deliver_on")] },
            Event::Merged {
                taken: vec![s("buyer.city")],
                kept: vec![],
                conflicts: vec![s("buyer.address1")],
            },
            Event::Edited { fields: vec![s("recipients[1].party.address2")] },
            Event::PhaseMoved { from: s("new"), to: s("shipped"), why: s("applied") },
            Event::HandlingClassChanged { from: s("normal"), to: s("on_hold") },
            Event::ParcelSet { parcel_id: 5, version: 2 },
            Event::ParcelRemoved { parcel_id: 5 },
            Event::WriteWanted { kind: s("shipment_notice"), outbox_id: 1 },
            Event::WrittenToFile { file_id: 3, file: s("shipping.csv") },
            Event::FileAnswered { file_id: 3, done: true },
            Event::WriteState {
                kind: s("shipment_notice"),
                outbox_id: 1,
                state: s("rejected"),
                reason: Some(reason.clone()),
            },
            Event::WriteStateByHand { kind: s("confirm_order"), from: s("rejected"), to: s("not_sent") },
            Event::NoticeStateChanged { from: s("in_flight"), to: s("applied"), why: s("outbox") },
            Event::NotDone { what: s("phase_move"), reason },
            Event::Flagged { flag: s("warning"), raised: true, reason: None },
            Event::Erased {},
        ];
        // A new variant stops this from compiling until a line above tells it.
        for event in &all {
            match event {
                Event::Imported { .. }
                | Event::Activated {}
                | Event::MallStatusChanged { .. }
                | Event::HoldChanged { .. }
                | Event::ChangedAtMall { .. }
                | Event::Merged { .. }
                | Event::Edited { .. }
                | Event::PhaseMoved { .. }
                | Event::HandlingClassChanged { .. }
                | Event::ParcelSet { .. }
                | Event::ParcelRemoved { .. }
                | Event::WriteWanted { .. }
                | Event::WrittenToFile { .. }
                | Event::FileAnswered { .. }
                | Event::WriteState { .. }
                | Event::WriteStateByHand { .. }
                | Event::NoticeStateChanged { .. }
                | Event::NotDone { .. }
                | Event::Flagged { .. }
                | Event::Erased {} => {}
            }
        }
        all
    }

    fn known(lang: Lang, test: impl FnOnce(Known<'_>)) {
        let phases =
            [("new", "新規受付"), ("shipped", "出荷済み")].map(|(k, n)| (k.to_owned(), n.to_owned())).into();
        let people = [("sato".to_owned(), "佐藤".to_owned())].into();
        test(Known { phases: &phases, people: &people, lang });
    }

    #[test]
    fn every_event_has_words_of_its_own_in_both_languages() {
        for lang in [Lang::Ja, Lang::En] {
            known(lang, |known| {
                let texts: Vec<String> = one_of_each()
                    .iter()
                    .map(|e| known.told(&serde_json::to_value(e).unwrap()).text)
                    .collect();
                let unique: std::collections::BTreeSet<_> = texts.iter().collect();
                assert_eq!(unique.len(), texts.len(), "{texts:#?}");
                for text in &texts {
                    assert!(!text.is_empty() && !text.contains('{'), "{text}");
                    for raw in ["shipment_notice", "phase_move", "recipients[", "by_hand", "on_hold"] {
                        let english_key = lang == Lang::En && raw == "on_hold";
                        assert!(english_key || !text.contains(raw), "{text}");
                    }
                }
            });
        }
    }

    #[test]
    fn from_to_and_why_are_told_in_words() {
        known(Lang::Ja, |known| {
            let told = |e: Event| known.told(&serde_json::to_value(e).unwrap());
            let moved = Event::PhaseMoved { from: "new".into(), to: "shipped".into(), why: "applied".into() };
            assert_eq!(told(moved).text, "新規受付 → 出荷済み（結果によるルール：正常）");
            let held =
                Event::PhaseMoved { from: "new".into(), to: "gone".into(), why: HOLD_OVERRIDDEN.into() };
            assert_eq!(told(held).text, "新規受付 → gone（不正利用審査中と承知のうえ）");
            let state = Event::WriteState {
                kind: "shipment_notice".into(),
                outbox_id: 1,
                state: "rejected".into(),
                reason: Some(reason::carrier_blank().from_mall("E1", "carrier is required")),
            };
            let state = told(state);
            assert_eq!(state.class, "bad");
            assert!(state.text.contains("配送業者が未選択です（E1）：carrier is required"), "{}", state.text);
            assert_eq!(known.who(&By::User { name: "sato".into() }), "佐藤");
            assert_eq!(known.who(&By::User { name: "left".into() }), "left");
        });
    }

    #[test]
    fn an_event_of_a_newer_program_is_shown_as_it_stands() {
        known(Lang::Ja, |known| {
            let told = known.told(&json!({ "event": "teleported", "to": "月" }));
            assert!(told.text.contains("teleported") && told.text.contains("月"));
        });
    }
}
