//! The words of result mails (NTF-6). Pure: what happened comes in, subject and text come out. They name orders by their
//! numbers and nobody by name; a mall's own words stay in 連携履歴.

use super::one_line;
use domain::notice::NoticeState;
use domain::reason::Actor;
use domain::{Reason, UtcMillis};
use std::fmt::Write as _;

/// Orders listed in one section; the rest is counted.
const LISTED: usize = 100;
/// Longest name of a shop in a subject.
const SHOP: usize = 40;

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// 管理番号.
    pub order_no: String,
    /// Number at the mall.
    pub mall_order_id: String,
    /// Kind, as stored.
    pub kind: String,
    /// How it ended, or 連携中.
    pub state: NoticeState,
    /// How far it is.
    pub way: Way,
    /// Why it ended badly.
    pub reason: Option<Reason>,
    /// The mall's remarks.
    pub warnings: Vec<Reason>,
}

/// How far a write is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It left.
    Sent,
    /// It waits for its turn.
    Waiting,
    /// It stands in a file that a person uploads.
    Filed,
    /// It was taken back before it left.
    TakenBack,
}

/// An order that stays behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// 管理番号.
    pub order_no: String,
    /// Number at the mall.
    pub mall_order_id: String,
    /// Kind, as stored.
    pub kind: String,
    /// Why.
    pub reason: Reason,
    /// It was told before.
    pub told: bool,
}

impl Left {
    /// Somebody has to do something before it goes on.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        matches!(self.reason.actor, Actor::Staff | Actor::Admin) && !self.reason.retried
    }
}

/// A cycle of a shop.
#[derive(Debug, Clone, Copy)]
pub struct Cycle<'a> {
    /// Shop.
    pub shop: &'a str,
    /// Since the last report.
    pub from: UtcMillis,
    /// Until now.
    pub to: UtcMillis,
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// Something needs a person, and the subject says so.
    pub loud: bool,
}

/// A kind of write in words.
#[must_use]
pub fn kind_ja(kind: &str) -> &str {
    match kind {
        "shipment_notice" => "出荷通知",
        "confirm_order" => "注文確認",
        "mall_status" => "モールステータス変更",
        "payment_status" => "入金ステータス変更",
        other => other,
    }
}

fn subject(loud: bool, what: &str, cycle: &Cycle<'_>, counts: &[(&str, usize)]) -> String {
    let told: Vec<String> =
        counts.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{word}{n}件")).collect();
    let mark = if loud { "【要対応】" } else { "" };
    one_line(&format!("{mark}【帳場】{what} {}：{}", one_line(cycle.shop, SHOP), told.join("・")), 150)
}

fn opening(cycle: &Cycle<'_>, what: &str) -> String {
    let (shop, from, to) = (one_line(cycle.shop, 100), cycle.from.to_japan_text(), cycle.to.to_japan_text());
    format!("店舗「{shop}」の{what}をお知らせします。\n期間：{from} 〜 {to}\n\n")
}

const CLOSING: &str = "\n詳しくは帳場の「連携履歴」の画面をご覧ください。\nこのメールは帳場が自動で送っています。返信しても届きません。\n";

fn count(out: &mut String, word: &str, n: usize) {
    if n > 0 {
        line(out, &format!("{word}：{n}件"));
    }
}

fn line(out: &mut String, text: &str) {
    // Writing into a String does not fail.
    let _ = writeln!(out, "{text}");
}

fn order(out: &mut String, mall_order_id: &str, order_no: &str, kind: &str) {
    let (number, no) = (one_line(mall_order_id, 64), one_line(order_no, 32));
    line(out, &format!("・{number}（管理番号 {no}） {}", kind_ja(kind)));
}

fn why(out: &mut String, reason: &Reason) {
    let code = reason.mall_code.as_ref().map(|c| format!("（{c}）")).unwrap_or_default();
    line(out, &format!("　　理由：{}{}", one_line(&reason.ja, 300), one_line(&code, 140)));
    if !reason.remedy.is_empty() {
        line(out, &format!("　　対処：{}", one_line(&reason.remedy, 300)));
    }
}

/// A heading with its orders, the first hundred in full.
fn section<T>(out: &mut String, heading: &str, hint: &str, items: &[&T], show: &dyn Fn(&mut String, &T)) {
    if items.is_empty() {
        return;
    }
    line(out, &format!("\n■ {heading}（{}件）", items.len()));
    if !hint.is_empty() {
        line(out, hint);
    }
    for item in items.iter().take(LISTED) {
        show(out, item);
    }
    if let Some(more) = items.len().checked_sub(LISTED).filter(|n| *n > 0) {
        line(out, &format!("　ほか{more}件"));
    }
}

/// 送信のお知らせ: what left in a cycle, and what did not and why.
#[must_use]
pub fn sent(cycle: &Cycle<'_>, lines: &[Line], left: &[Left]) -> Words {
    let of = |way: Way| lines.iter().filter(|l| l.way == way).collect::<Vec<_>>();
    let (gone, waiting, filed) = (of(Way::Sent), of(Way::Waiting), of(Way::Filed));
    let new: Vec<&Left> = left.iter().filter(|l| !l.told).collect();
    let (people, others): (Vec<&Left>, Vec<&Left>) = new.into_iter().partition(|l| l.needs_a_person());
    let told = left.iter().filter(|l| l.told && l.needs_a_person()).count();
    let loud = !people.is_empty();
    let mut text = opening(cycle, "モールへの送信");
    count(&mut text, "送信した更新", gone.len());
    count(&mut text, "順番を待っている更新", waiting.len());
    count(&mut text, "出荷ファイルに書き出した更新", filed.len());
    count(&mut text, "送信できない受注（対応が必要）", people.len());
    count(&mut text, "送信できない受注（自動で進みます）", others.len());
    count(&mut text, "前回までにお知らせした、送信できない受注", told);
    let show_left = |out: &mut String, l: &Left| {
        order(out, &l.mall_order_id, &l.order_no, &l.kind);
        why(out, &l.reason);
    };
    let show = |out: &mut String, l: &Line| order(out, &l.mall_order_id, &l.order_no, &l.kind);
    section(&mut text, "送信できない受注：対応が必要", "直すと自動で送信します。", &people, &show_left);
    section(&mut text, "送信できない受注：自動で進みます", "", &others, &show_left);
    section(&mut text, "送信した更新", "結果は別のメールでお知らせします。", &gone, &show);
    section(&mut text, "順番を待っている更新", "モールの制限に合わせて順に送信します。", &waiting, &show);
    let hint = "モールの画面で登録したあと、「出荷ファイル」で回答してください。";
    section(&mut text, "出荷ファイルに書き出した更新", hint, &filed, &show);
    text.push_str(CLOSING);
    let counts = [
        ("送信できない受注", people.len()),
        ("送信", gone.len()),
        ("待ち", waiting.len()),
        ("ファイル", filed.len()),
    ];
    Words { subject: subject(loud, "モールへの送信", cycle, &counts), text, loud }
}

/// 結果のお知らせ: how the writes of a cycle ended.
#[must_use]
pub fn results(cycle: &Cycle<'_>, lines: &[Line]) -> Words {
    let of = |state: NoticeState| lines.iter().filter(|l| l.state == state).collect::<Vec<_>>();
    let (good, warned): (Vec<&Line>, Vec<&Line>) =
        of(NoticeState::Applied).into_iter().partition(|l| l.warnings.is_empty());
    let bad = [NoticeState::Rejected, NoticeState::SendFailed, NoticeState::ResultUnknown];
    let failed: Vec<(NoticeState, Vec<&Line>)> = bad.into_iter().map(|s| (s, of(s))).collect();
    let loud = failed.iter().any(|(_, lines)| !lines.is_empty());
    let mut text = opening(cycle, "モールへの連携結果");
    for (state, lines) in &failed {
        count(&mut text, state.label_ja(), lines.len());
    }
    count(&mut text, "正常（警告あり）", warned.len());
    count(&mut text, "正常", good.len());
    let show = |out: &mut String, l: &Line| {
        order(out, &l.mall_order_id, &l.order_no, &l.kind);
        for reason in l.reason.iter().chain(&l.warnings) {
            why(out, reason);
        }
    };
    for (state, lines) in &failed {
        section(&mut text, state.label_ja(), state.remedy_ja(), lines, &show);
    }
    section(&mut text, "正常（警告あり）", "モールに登録されています。", &warned, &show);
    section(&mut text, "正常", "", &good, &show);
    text.push_str(CLOSING);
    let mut counts: Vec<(&str, usize)> = failed.iter().map(|(s, l)| (s.label_ja(), l.len())).collect();
    counts.push(("正常", good.len() + warned.len()));
    Words { subject: subject(loud, "連携結果", cycle, &counts), text, loud }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reason;

    const CYCLE: Cycle<'static> =
        Cycle { shop: "本店", from: UtcMillis(1_795_000_000_000), to: UtcMillis(1_795_000_900_000) };

    fn one(n: usize, state: NoticeState) -> Line {
        Line {
            order_no: format!("C{n:04}"),
            mall_order_id: format!("123456-20261122-{n:010}"),
            kind: "shipment_notice".to_owned(),
            state,
            way: Way::Sent,
            reason: None,
            warnings: Vec::new(),
        }
    }

    fn left(n: usize, reason: Reason, told: bool) -> Left {
        let Line { order_no, mall_order_id, kind, .. } = one(n, NoticeState::NotSent);
        Left { order_no, mall_order_id, kind, reason, told }
    }

    #[test]
    fn a_good_cycle_is_told_quietly_ntf6() {
        let words = results(&CYCLE, &[one(1, NoticeState::Applied), one(2, NoticeState::Applied)]);
        assert_eq!(words.subject, "【帳場】連携結果 本店：正常2件");
        assert!(!words.loud && !words.text.contains("エラー"), "{}", words.text);
        assert!(words.text.contains("123456-20261122-0000000002（管理番号 C0002） 出荷通知"));
    }

    #[test]
    fn a_failure_stands_loudly_in_the_subject_with_its_mend_below_ntf6() {
        let mut bad = one(1, NoticeState::Rejected);
        bad.reason = Some(reason::no_parcel().from_mall("E01", "架空の言葉"));
        let lines = [
            bad,
            one(2, NoticeState::ResultUnknown),
            one(3, NoticeState::SendFailed),
            one(4, NoticeState::Applied),
        ];
        let words = results(&CYCLE, &lines);
        assert_eq!(
            words.subject,
            "【要対応】【帳場】連携結果 本店：エラー1件・通知失敗1件・通知結果取得失敗1件・正常1件"
        );
        for state in [NoticeState::Rejected, NoticeState::ResultUnknown, NoticeState::SendFailed] {
            assert!(words.text.contains(&format!("■ {}（1件）\n{}", state.label_ja(), state.remedy_ja())));
        }
        assert!(words.text.contains("理由：出荷情報がありません（E01）"), "{}", words.text);
        assert!(words.text.contains("対処：出荷日・配送業者・配送番号を入力してください。"));
        assert!(!words.text.contains("架空の言葉"), "a mall's own words stay inside");
    }

    #[test]
    fn what_was_not_sent_is_told_with_why_once_ntf6() {
        let lines =
            [one(1, NoticeState::InFlight), Line { way: Way::Waiting, ..one(2, NoticeState::InFlight) }];
        let all = [
            left(3, reason::no_parcel(), false),
            left(4, reason::mall_holds_order(), false),
            left(5, reason::no_parcel(), true),
        ];
        let words = sent(&CYCLE, &lines, &all);
        assert_eq!(
            words.subject,
            "【要対応】【帳場】モールへの送信 本店：送信できない受注1件・送信1件・待ち1件"
        );
        assert!(words.text.contains("前回までにお知らせした、送信できない受注：1件"), "{}", words.text);
        assert!(!words.text.contains("C0005"), "told before");
        assert!(words.text.contains("■ 送信できない受注：自動で進みます（1件）"));
        let quiet = sent(&CYCLE, &lines, &all[1..]);
        assert!(!quiet.loud && !quiet.subject.contains("要対応"));
    }

    #[test]
    fn many_orders_are_counted_and_the_first_listed_ntf6() {
        let lines: Vec<Line> = (0..900).map(|n| one(n, NoticeState::Applied)).collect();
        let words = results(&CYCLE, &lines);
        assert!(words.subject.ends_with("正常900件"));
        assert!(words.text.contains("　ほか800件"));
        assert_eq!(words.text.matches("管理番号").count(), 100);
    }

    #[test]
    fn names_from_outside_end_no_line_of_a_mail_f58() {
        let cycle = Cycle { shop: "本店\r\nBcc: x@example.jp", ..CYCLE };
        let mut odd = one(1, NoticeState::Rejected);
        odd.mall_order_id = "1\r\n.\r\nMAIL FROM:<x@example.jp>".to_owned();
        odd.reason = Some(reason::write_back_off("店\n■ 正常"));
        let words = results(&cycle, &[odd]);
        assert!(!words.subject.contains(['\r', '\n']));
        assert!(
            !words.text.contains('\r') && !words.text.contains("\n.") && !words.text.contains("\n■ 正常")
        );
    }
}
