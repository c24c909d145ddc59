//! 日本郵便 ゆうパックプリントR: layout A, 発送予定データ of 118 columns (formats.md d).
//!
//! The program imports through a フィルタ that maps columns, so there is no single layout: this one needs a matching
//! filter. The standard format V3 of 100 columns is not known to us.
//!
//! | Fact | Sure |
//! | --- | --- |
//! | Order and names of columns 1–71 and 73–118; CP932, CRLF, no header | B: setting `header`, off |
//! | Column 72 「倉庫数」 (one of two lists lacks it) | C: setting `doubtful_columns`, on |
//! | Widths in bytes, from a layout of 2014; columns without one are not checked | B |
//! | Widths of ご依頼主 are those of お届け先 | D |
//! | Which columns must be filled | D (what both exporters always fill) |
//! | 郵便種別 0 1 2 3 9, 保冷 1 チルド 2 冷凍, 元払 0 / 着払 1 / 代引 2 | B: table `services` |
//! | 時間帯 00 = none | B |
//! | 時間帯 51–57 | D: table `slots`, blank; [`SUGGESTED_SLOTS`] may be offered, to be confirmed by the shop |
//! | 敬称区分, 配達予告メール, こわれもの … 下積み厳禁: their values | not in the papers: blank, said when wanted |
//! | 送り状種別 (1100780 and the like), 差出方法, サイズ, 配達日指定種別 | of the contract: `fixed` 11, 67, 60, 64 |
//! | A leading quote against formulas would be printed: signs that begin one become full-width instead (F51) | D |
//! | 代引 with several parcels | D: one parcel only |

use crate::e_hiden::is_blank;
use crate::problem::{self, LabelProblem};
use crate::program::ask_fixed;
use crate::settings::table;
use crate::sheet::{Column, Draft, b, h, u};
use crate::{Cool, DateForm, Label, LabelSettings, Mark, Payment};

/// Slot codes from memory (formats.md d.5, D): to be offered on a settings screen, never used unasked.
pub const SUGGESTED_SLOTS: [(&str, &str); 7] = [
    ("am", "51"),
    ("12-14", "52"),
    ("14-16", "53"),
    ("16-18", "54"),
    ("18-20", "55"),
    ("20-21", "56"),
    ("19-21", "57"),
];

/// Columns by number − 1 (formats.md d.2).
pub const COLUMNS: [Column; 118] = [
    h("お客様側管理番号", 15),
    h("発送予定日", 8),
    h("発送予定時間区分", 2),
    h("出荷期限日", 8),
    h("到着期限日", 8),
    h("郵便種別", 1),
    u("保冷種別"),
    u("元/着払/代引"),
    h("書留/セキュリティ/特定記録種別", 1),
    h("配達時間帯指定郵便種別", 1),
    h("送り状種別", 20),
    h("お届け先コード", 15),
    h("お届け先郵便番号", 8),
    b("お届け先住所１", 50),
    b("お届け先住所２", 50),
    b("お届け先住所３", 50),
    b("お届け先名称１", 50),
    b("お届け先名称２", 50),
    h("お届け先敬称区分", 1),
    h("お届け先電話番号", 20),
    h("お届け先メールアドレス１", 100),
    h("局留め区分", 1),
    b("局留め郵便局名", 60),
    h("局留めメール使用区分", 1),
    h("局留め郵便番号", 8),
    h("配達予告メール", 1),
    h("再配達予告メール", 1),
    h("ご依頼主コード", 15),
    h("集荷先と同一区分", 1),
    h("ご依頼主郵便番号", 8),
    b("ご依頼主住所１", 50),
    b("ご依頼主住所２", 50),
    b("ご依頼主住所３", 50),
    b("ご依頼主名称１", 50),
    b("ご依頼主名称２", 50),
    u("ご依頼主敬称区分"),
    h("ご依頼主電話番号", 20),
    u("ご依頼主メールアドレス"),
    u("荷送人指図区分"),
    u("お届け通知メール"),
    u("お届け通知はがき"),
    u("集荷先コード"),
    u("集荷先連携可否"),
    u("集荷先会社コード"),
    u("集荷先依頼先店所コード"),
    u("集荷先郵便番号"),
    u("集荷先住所１"),
    u("集荷先住所２"),
    u("集荷先住所３"),
    u("集荷先名称１"),
    u("集荷先名称２"),
    u("集荷先敬称"),
    u("集荷先電話"),
    u("受注番号"),
    u("こわれもの"),
    u("なまもの"),
    u("ビン類"),
    u("逆さま厳禁"),
    u("下積み厳禁"),
    u("商品サイズ区分"),
    u("重量合計"),
    u("25kg超"),
    u("損害要償額"),
    u("速達・配達日指定種別"),
    u("配達指定日/希望日"),
    u("配達時間帯区分"),
    u("差出方法区分"),
    u("複数個割引"),
    u("同一割引"),
    u("セット商品コード"),
    u("セット品名ラベル印字区分"),
    u("倉庫数"),
    u("複数個口数"),
    u("記事名１"),
    u("記事名２"),
    u("フリー項目０１"),
    u("フリー項目０２"),
    u("フリー項目０３"),
    u("フリー項目０４"),
    u("フリー項目０５"),
    u("フリー項目０６"),
    u("フリー項目０７"),
    u("フリー項目０８"),
    u("フリー項目０９"),
    u("フリー項目１０"),
    u("空港利用区分"),
    u("空港・局/支店名"),
    u("航空会社名"),
    u("利用便名"),
    u("レジャー区分"),
    u("プレー/搭乗日"),
    u("時間"),
    u("クラブ本数"),
    u("復路集貨日"),
    u("出荷先登録名"),
    u("集荷希望区分"),
    u("集荷日付"),
    u("集荷時間帯区分"),
    u("支店連携先選択用名称"),
    u("代引金額"),
    u("代引消費税金額"),
    u("送り状発行年月日"),
    u("商品番号"),
    u("品名"),
    u("個数"),
    u("重量"),
    u("単価"),
    u("金額"),
    u("商品備考０１"),
    u("商品備考０２"),
    u("商品備考０３"),
    u("商品備考０４"),
    u("商品備考０５"),
    u("商品備考０６"),
    u("商品備考０７"),
    u("商品備考０８"),
    u("商品備考０９"),
    u("商品備考１０"),
];

/// A column that only one of two lists has.
pub(crate) fn is_doubtful(at: usize) -> bool {
    at == 72
}

pub(crate) fn begin(settings: &mut LabelSettings) {
    settings.header = false;
    settings.doubtful_columns = true;
    settings.services =
        table(&[("yu_pack", "0"), ("yu_mail", "1"), ("teikei", "2"), ("teikeigai", "3"), ("yu_packet", "9")]);
}

pub(crate) fn of_settings(settings: &LabelSettings) -> Vec<LabelProblem> {
    ask_fixed(settings, &COLUMNS, 11, false).into_iter().collect()
}

pub(crate) fn rows(label: &Label, settings: &LabelSettings) -> (Vec<Vec<String>>, Vec<LabelProblem>) {
    let mut row = Draft::new(&COLUMNS, label, settings);
    row.key(1);
    match label.ship_on {
        Some(day) => row.put(2, DateForm::Compact.write(day)),
        None => row.say(2, problem::missing(), true),
    }
    if let Some(kind) = row.service(6) {
        row.put(6, kind);
    }
    row.put(
        7,
        match label.cool {
            Cool::None => "0",
            Cool::Chilled => "1",
            Cool::Frozen => "2",
        },
    );
    row.put(
        8,
        match label.payment {
            Payment::Sender => "0",
            Payment::Recipient => "1",
            Payment::Cod(_) => "2",
        },
    );
    let to = &label.recipient;
    row.postal_code(13, &to.postal_code);
    row.address(&[14, 15, 16], to);
    row.names(&[17, 18], to);
    row.honorific(19, to);
    row.phone(20, &to.phone, false);
    notice(&mut row);
    sender(&mut row);
    for (mark, at) in Mark::ALL.into_iter().zip([55, 56, 57, 58, 59]) {
        if label.marks.contains(&mark) {
            let code = row.mark(mark);
            if code.is_empty() {
                row.say_mark(at, mark);
            }
            row.put(at, code);
        }
    }
    if let Some(day) = label.deliver_on {
        row.put(65, DateForm::Compact.write(day));
    }
    row.put(66, "00");
    row.slot(66, false, |_| "");
    row.sense(2, 65, 73);
    parcels(&mut row);
    row.text(74, &label.remarks);
    row.cod(100, 101, 9_999_999);
    row.items(&[104], false);
    let (cells, problems) = row.finish();
    (vec![cells], problems)
}

fn notice(row: &mut Draft<'_>) {
    if row.mail(21) {
        let code = row.settings.notify_code.trim();
        if code.is_empty() {
            row.say(26, problem::unset(false), false);
        }
        row.put(26, code);
    }
}

fn sender(row: &mut Draft<'_>) {
    let from = row.label.sender_shown();
    if is_blank(from) {
        return;
    }
    if !from.postal_code.trim().is_empty() {
        row.postal_code(30, &from.postal_code);
    }
    row.address(&[31, 32, 33], from);
    row.names(&[34, 35], from);
    row.phone(37, &from.phone, false);
}

fn parcels(row: &mut Draft<'_>) {
    let label = row.label;
    if label.parcels <= 1 {
        return;
    }
    row.put(73, label.parcels.to_string());
    if matches!(label.payment, Payment::Cod(_)) {
        let words = problem::plain(
            "cod_several",
            "代引の複数個口は、代金の集め方が確認できていないため書き出せません。1個口に分けてください。",
            "Cash on delivery with several parcels: how the price is collected is not known; split it.",
        );
        row.say(73, words, true);
    }
}

#[cfg(test)]
#[path = "yu_pri_tests.rs"]
mod tests;
