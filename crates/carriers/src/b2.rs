//! ヤマト運輸 B2クラウド: the basic layout for 送り状発行データ (formats.md b).
//!
//! | Fact | Sure |
//! | --- | --- |
//! | 95 columns, their order, names and widths; CP932, CRLF; a header is fine (the start line is set in B2) | A |
//! | 97 columns: 96 連携管理番号, 97 通知メールアドレス | B / C: setting `doubtful_columns`, off |
//! | 送り状種類 0 発払い, 2 コレクト, 5 着払い, 6 複数口, 8 コンパクト, 9 コンパクトコレクト | A |
//! | 送り状種類 3, 7 and A (クロネコゆうメール, ゆうパケット, ネコポス) changed their names | B: table `services` |
//! | クール区分 1 冷凍, 2 冷蔵 | A |
//! | 配達時間帯 0812 1416 1618 1820 1921; 1214 and 2021 are refused | A: table `slots` |
//! | 出荷予定日 today to 30 days on; 代引 1 to 300,000 yen | A |
//! | 請求先顧客コード 10–12 digits, 運賃管理番号 often 01 | A: `fixed` 40 and 42 |
//! | 荷扱い is free text; only ワレ物注意 is in the papers | A / D: table `marks` |
//! | Half of the address columns: 都道府県 4 + 市区町村 12 + rest 16 full-width; whether B2 checks each | D: a warning |
//! | 発行枚数 makes that many labels of 発払い; with 代引 each would collect the price | D: 代引 takes one parcel |
//! | EAZY's 置き場所コード, タイムサービス | not supported |
//! | B2's import would print a leading quote: signs that begin a formula become full-width instead (F51) | D |

use crate::problem::{self, LabelProblem};
use crate::program::ask_fixed;
use crate::settings::table;
use crate::sheet::{Column, Draft, b, h, u};
use crate::{Cool, Label, LabelSettings, Mark, Payment, SeveralParcels, text};

/// Columns by number − 1 (formats.md b.2).
pub const COLUMNS: [Column; 97] = [
    h("お客様管理番号", 50),
    h("送り状種類", 1),
    h("クール区分", 1),
    h("伝票番号", 12),
    h("出荷予定日", 10),
    b("お届け予定日", 10),
    h("配達時間帯", 4),
    h("お届け先コード", 20),
    h("お届け先電話番号", 15),
    h("お届け先電話番号枝番", 2),
    h("お届け先郵便番号", 8),
    b("お届け先住所", 64),
    b("お届け先アパートマンション名", 32),
    b("お届け先会社・部門１", 50),
    b("お届け先会社・部門２", 50),
    b("お届け先名", 32),
    h("お届け先名(ｶﾅ)", 50),
    b("敬称", 4),
    h("ご依頼主コード", 20),
    h("ご依頼主電話番号", 15),
    h("ご依頼主電話番号枝番", 2),
    h("ご依頼主郵便番号", 8),
    b("ご依頼主住所", 64),
    b("ご依頼主アパートマンション", 32),
    b("ご依頼主名", 32),
    h("ご依頼主名(ｶﾅ)", 50),
    h("品名コード１", 30),
    b("品名１", 50),
    h("品名コード２", 30),
    b("品名２", 50),
    b("荷扱い１", 20),
    b("荷扱い２", 20),
    b("記事", 44),
    h("コレクト代金引換額(税込)", 7),
    h("コレクト内消費税額等", 7),
    h("止置き", 1),
    h("営業所コード", 6),
    h("発行枚数", 2),
    h("個数口表示フラグ", 1),
    h("請求先顧客コード", 12),
    h("請求先分類コード", 3),
    h("運賃管理番号", 2),
    h("クロネコwebコレクトデータ登録", 1),
    h("クロネコwebコレクト加盟店番号", 9),
    h("クロネコwebコレクト申込受付番号１", 23),
    h("クロネコwebコレクト申込受付番号２", 23),
    h("クロネコwebコレクト申込受付番号３", 23),
    h("お届け予定ｅメール利用区分", 1),
    h("お届け予定ｅメールe-mailアドレス", 60),
    h("入力機種", 1),
    b("お届け予定ｅメールメッセージ", 148),
    h("お届け完了ｅメール利用区分", 1),
    h("お届け完了ｅメールe-mailアドレス", 60),
    b("お届け完了ｅメールメッセージ", 318),
    h("クロネコ収納代行利用区分", 1),
    u("予備"),
    h("収納代行請求金額(税込)", 7),
    h("収納代行内消費税額等", 7),
    h("収納代行請求先郵便番号", 8),
    b("収納代行請求先住所", 64),
    b("収納代行請求先アパートマンション", 32),
    b("収納代行請求先会社・部門１", 50),
    b("収納代行請求先会社・部門２", 50),
    b("収納代行請求先名(漢字)", 32),
    b("収納代行請求先名(カナ)", 50),
    b("収納代行問合せ先名(漢字)", 32),
    h("収納代行問合せ先郵便番号", 8),
    b("収納代行問合せ先住所", 64),
    b("収納代行問合せ先アパートマンション", 32),
    h("収納代行問合せ先電話番号", 15),
    h("収納代行管理番号", 20),
    b("収納代行品名", 50),
    b("収納代行備考", 28),
    h("複数口くくりキー", 20),
    h("検索キータイトル1", 20),
    h("検索キー1", 20),
    h("検索キータイトル2", 20),
    h("検索キー2", 20),
    h("検索キータイトル3", 20),
    h("検索キー3", 20),
    h("検索キータイトル4", 20),
    h("検索キー4", 20),
    h("検索キータイトル5", 20),
    h("検索キー5", 20),
    u("予備"),
    u("予備"),
    h("投函予定メール利用区分", 1),
    h("投函予定メールe-mailアドレス", 60),
    b("投函予定メールメッセージ", 148),
    h("投函完了メール（お届け先宛）利用区分", 1),
    h("投函完了メール（お届け先宛）e-mailアドレス", 60),
    b("投函完了メール（お届け先宛）メールメッセージ", 318),
    h("投函完了メール（ご依頼主宛）利用区分", 1),
    h("投函完了メール（ご依頼主宛）e-mailアドレス", 60),
    b("投函完了メール（ご依頼主宛）メールメッセージ", 318),
    h("連携管理番号", 50),
    h("通知メールアドレス", 60),
];

/// Columns that only the newer of two layouts has.
pub(crate) fn is_doubtful(at: usize) -> bool {
    at > 95
}

pub(crate) fn begin(settings: &mut LabelSettings) {
    "様".clone_into(&mut settings.honorific);
    settings.services = table(&[
        ("takkyubin", "0"),
        ("takkyubin_cool", "0"),
        ("takkyubin_compact", "8"),
        ("kuroneko_yu_mail", "3"),
        ("kuroneko_yu_packet", "7"),
        ("nekopos", "A"),
    ]);
    settings.slots =
        table(&[("am", "0812"), ("14-16", "1416"), ("16-18", "1618"), ("18-20", "1820"), ("19-21", "1921")]);
    settings.marks = [(Mark::Fragile, "ワレ物注意".to_owned())].into();
    settings.fixed = [(42, "01".to_owned())].into();
}

pub(crate) fn of_settings(settings: &LabelSettings) -> Vec<LabelProblem> {
    let mut problems: Vec<_> =
        [ask_fixed(settings, &COLUMNS, 40, true), ask_fixed(settings, &COLUMNS, 42, true)]
            .into_iter()
            .flatten()
            .collect();
    let account = settings.fixed.get(&40).map_or("", |code| code.trim());
    let digits = account.bytes().all(|d| d.is_ascii_digit());
    if !account.is_empty() && (!digits || !(10..=12).contains(&account.len())) {
        problems.push(problem::bad_form("数字10～12桁", "10 to 12 digits").at(
            None,
            "請求先顧客コード",
            true,
        ));
    }
    problems
}

/// What to choose instead of a slot ヤマト does not have (formats.md e.3).
fn hint(slot: &str) -> &'static str {
    match slot {
        "12-14" => "（12時～14時は廃止されました。）",
        "18-21" => "（18時～20時か19時～21時があります。）",
        "20-21" => "（19時～21時があります。）",
        _ => "",
    }
}

/// 送り状種類 for who pays what, from the one of a plain 発払い.
fn kind(plain: &str, label: &Label, settings: &LabelSettings) -> Option<&'static str> {
    let several = label.parcels > 1 && settings.several_parcels == SeveralParcels::Grouped;
    match (plain, label.payment) {
        ("0", Payment::Sender) if several => Some("6"),
        ("0", Payment::Recipient) => Some("5"),
        ("0", Payment::Cod(_)) => Some("2"),
        ("8", Payment::Cod(_)) => Some("9"),
        _ => None,
    }
}

pub(crate) fn rows(label: &Label, settings: &LabelSettings) -> (Vec<Vec<String>>, Vec<LabelProblem>) {
    let mut row = Draft::new(&COLUMNS, label, settings);
    row.key(1);
    let plain = row.service(2).unwrap_or_default();
    let paid_by_shop = label.payment == Payment::Sender;
    match kind(&plain, label, settings) {
        Some(code) => row.put(2, code),
        None if paid_by_shop || plain.is_empty() => row.put(2, plain.as_str()),
        None => {
            let words = problem::plain(
                "payment_lacking",
                "この配送便では代引・着払いが使えません。",
                "This service has neither cash on delivery nor freight collect.",
            );
            row.say(2, words, true);
        }
    }
    row.put(
        3,
        match label.cool {
            Cool::None => "",
            Cool::Frozen => "1",
            Cool::Chilled => "2",
        },
    );
    days(&mut row);
    row.slot(7, true, hint);

    let to = &label.recipient;
    row.phone(9, &to.phone, true);
    row.postal_code(11, &to.postal_code);
    row.address(&[12, 13], to);
    long_town(&mut row, 12, &to.lines);
    row.text(14, if to.name.trim().is_empty() { "" } else { &to.company });
    row.text(15, &to.department);
    row.required(16, if to.name.trim().is_empty() { &to.company } else { &to.name });
    kana(&mut row, 17, &to.kana);
    row.honorific(18, to);

    let from = label.sender_shown();
    row.phone(20, &from.phone, true);
    row.postal_code(22, &from.postal_code);
    row.address(&[23, 24], from);
    row.required(25, if from.name.trim().is_empty() { &from.company } else { &from.name });
    kana(&mut row, 26, &from.kana);

    // 品名１ is not asked of クロネコゆうメール (DM).
    row.items(&[28, 30], plain != "3");
    row.marks(&[31, 32]);
    row.text(33, &label.remarks);
    row.cod(34, 35, 300_000);
    notice(&mut row, &plain);
    let grouped = parcels(&mut row, &plain);

    let (cells, problems) = row.finish();
    let count = if grouped { label.parcels.clamp(1, 99) as usize } else { 1 };
    (vec![cells; count], problems)
}

fn days(row: &mut Draft<'_>) {
    let label = row.label;
    match label.ship_on {
        Some(day) => row.put(5, crate::DateForm::Slashes.write(day)),
        None => row.say(5, problem::missing(), true),
    }
    if let Some(day) = label.deliver_on {
        row.put(6, crate::DateForm::Slashes.write(day));
    }
    row.sense(5, 6, 38);
    if let (Some(day), Some(today)) = (label.ship_on, row.settings.today)
        && today.checked_add(jiff::Span::new().days(30)).is_ok_and(|last| day > last)
    {
        row.say(5, problem::bad_form("今日から30日以内", "within 30 days from today"), true);
    }
}

/// 町・番地 of more than 16 full-width characters: the whole fits, but B2 may still refuse it.
fn long_town(row: &mut Draft<'_>, at: usize, lines: &[String]) {
    let town = lines.first().map_or("", String::as_str);
    if !row.label.recipient.city.trim().is_empty() && text::bytes(town) > 32 {
        let words = problem::plain(
            "long_town",
            "町名・番地が全角16文字を超えています。B2クラウドの取込で止まる場合があります。",
            "Town and number exceed 16 full-width characters; B2 may refuse the row.",
        );
        row.say(at, words, false);
    }
}

/// A reading is worth having, not worth holding a parcel for.
fn kana(row: &mut Draft<'_>, at: usize, raw: &str) {
    if raw.trim().is_empty() {
        return;
    }
    match text::half_kana(raw).filter(|kana| !kana.starts_with('-') && text::bytes(kana) <= 50) {
        Some(kana) => row.put(at, kana),
        None => {
            let words = problem::plain(
                "kana_left_out",
                "フリガナを半角カナ50文字以内にできないため、空欄で書き出します。",
                "The reading does not fit half-width kana; written blank.",
            );
            row.say(at, words, false);
        }
    }
}

/// お届け予定eメール, or 投函予定メール for what goes into the letter box.
fn notice(row: &mut Draft<'_>, kind: &str) {
    let message = row.settings.notify_message.clone();
    if matches!(kind, "3" | "7" | "A") {
        if row.mail(88) {
            row.put(87, "1");
            row.text(89, &message);
        }
    } else if row.mail(49) {
        row.put(48, "1");
        row.put(50, "1");
        row.text(51, &message);
    }
}

/// Several parcels. Gives whether the row stands once per parcel.
fn parcels(row: &mut Draft<'_>, kind: &str) -> bool {
    let label = row.label;
    if label.parcels <= 1 {
        return false;
    }
    if matches!(label.payment, Payment::Cod(_)) {
        let words = problem::plain(
            "cod_several",
            "代引の複数口は、荷物ごとに代金を集めてしまうため書き出せません。1個口に分けてください。",
            "Cash on delivery with several parcels would collect the price for each; split it.",
        );
        row.say(38, words, true);
        return false;
    }
    if row.settings.several_parcels == SeveralParcels::Grouped
        && kind == "0"
        && label.payment == Payment::Sender
    {
        let key = label.order_no.trim();
        row.put(74, key);
        return true;
    }
    row.put(38, label.parcels.to_string());
    false
}

#[cfg(test)]
#[path = "b2_tests.rs"]
pub(crate) mod tests;
