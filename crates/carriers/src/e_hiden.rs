//! 佐川急便 e飛伝III: 標準_飛脚宅配便_CSV_ヘッダ有り (formats.md c).
//!
//! | Fact | Sure |
//! | --- | --- |
//! | 74 columns and their order; CP932; addresses and names full-width, three lines of 16 | A |
//! | Every cell is quoted; a header is there | B: setting `header` |
//! | お客様管理番号 takes 16 half-width characters | A |
//! | スピード指定 000 …, クール便指定 001 / 002 / 003, 元着区分 1 / 2 | A |
//! | 時間帯 01 12 14 16 18 19 04; there is no 20–21 | A: table `slots` |
//! | 配達日 `yyyymmdd` (`YYYY/MM/DD` seen once) | A / C: `deliver_date_form` |
//! | 出荷日, both forms seen | B: `ship_date_form` |
//! | 決済種別 of a 代引 (1, 2, 5, or 3 in one plug-in) | B / C: `cod_payment_code`, blank, and 代引 waits for it |
//! | 指定シール 011 取扱注意, 013 天地無用 | B: table `marks` |
//! | 指定シール for day and slot: two sources disagree (019 against 020–026) | C: left blank, `fixed` 52–54 |
//! | 荷姿, お客様コード, 保険金額 | `fixed` 24, 11, 51 |
//! | 消費税 takes 6 digits, 営業所コード 4 | widths A / unsure |
//! | 記事 has no column | A |
//! | Texts are full-width, so none is a formula to a spreadsheet (F51); a leading quote would be printed | D |

use crate::problem::{self, LabelProblem};
use crate::program::ask_fixed;
use crate::settings::table;
use crate::sheet::{Column, Draft, b, f, h};
use crate::{Contact, Cool, Label, LabelSettings, Mark, Payment};

/// Columns by number − 1 (formats.md c.1).
pub const COLUMNS: [Column; 74] = [
    h("お届け先コード取得区分", 1),
    h("お届け先コード", 12),
    h("お届け先電話番号", 14),
    h("お届け先郵便番号", 8),
    f("お届け先住所１", 16),
    f("お届け先住所２", 16),
    f("お届け先住所３", 16),
    f("お届け先名称１", 16),
    f("お届け先名称２", 16),
    h("お客様管理番号", 16),
    h("お客様コード", 12),
    h("部署ご担当者コード取得区分", 1),
    h("部署ご担当者コード", 4),
    f("部署ご担当者名称", 16),
    h("荷送人電話番号", 14),
    h("ご依頼主コード取得区分", 1),
    h("ご依頼主コード", 12),
    h("ご依頼主電話番号", 14),
    h("ご依頼主郵便番号", 8),
    f("ご依頼主住所１", 16),
    f("ご依頼主住所２", 16),
    f("ご依頼主名称１", 16),
    f("ご依頼主名称２", 16),
    h("荷姿", 3),
    b("品名１", 32),
    b("品名２", 32),
    b("品名３", 32),
    b("品名４", 32),
    b("品名５", 32),
    h("荷札荷姿", 3),
    b("荷札品名１", 32),
    b("荷札品名２", 32),
    b("荷札品名３", 32),
    b("荷札品名４", 32),
    b("荷札品名５", 32),
    b("荷札品名６", 32),
    b("荷札品名７", 32),
    b("荷札品名８", 32),
    b("荷札品名９", 32),
    b("荷札品名１０", 32),
    b("荷札品名１１", 32),
    h("出荷個数", 3),
    h("スピード指定", 3),
    h("クール便指定", 3),
    h("配達日", 10),
    h("配達指定時間帯", 2),
    h("配達指定時間（時分）", 4),
    h("代引金額", 7),
    h("消費税", 6),
    h("決済種別", 1),
    h("保険金額", 8),
    h("指定シール１", 3),
    h("指定シール２", 3),
    h("指定シール３", 3),
    h("営業所受取", 1),
    h("SRC区分", 1),
    h("営業所受取営業所コード", 4),
    h("元着区分", 1),
    h("メールアドレス", 100),
    h("ご不在時連絡先", 14),
    h("出荷日", 10),
    h("お問い合せ送り状No.", 12),
    h("出荷場印字区分", 1),
    h("集約解除指定", 1),
    b("編集０１", 32),
    b("編集０２", 32),
    b("編集０３", 32),
    b("編集０４", 32),
    b("編集０５", 32),
    b("編集０６", 32),
    b("編集０７", 32),
    b("編集０８", 32),
    b("編集０９", 32),
    b("編集１０", 32),
];

pub(crate) fn begin(settings: &mut LabelSettings) {
    settings.services = table(&[("hikyaku", "000"), ("hikyaku_cool", "000")]);
    settings.slots = table(&[
        ("am", "01"),
        ("12-14", "12"),
        ("14-16", "14"),
        ("16-18", "16"),
        ("18-20", "18"),
        ("18-21", "04"),
        ("19-21", "19"),
    ]);
    settings.marks = [(Mark::Fragile, "011".to_owned()), (Mark::ThisSideUp, "013".to_owned())].into();
}

pub(crate) fn of_settings(settings: &LabelSettings) -> Vec<LabelProblem> {
    ask_fixed(settings, &COLUMNS, 11, false).into_iter().collect()
}

pub(crate) fn rows(label: &Label, settings: &LabelSettings) -> (Vec<Vec<String>>, Vec<LabelProblem>) {
    let mut row = Draft::new(&COLUMNS, label, settings);
    let to = &label.recipient;
    row.phone(3, &to.phone, true);
    row.postal_code(4, &to.postal_code);
    row.address(&[5, 6, 7], to);
    row.names(&[8, 9], to);
    row.key(10);
    sender(&mut row);
    row.items(&[25, 26, 27, 28, 29], false);
    row.put(42, label.parcels.to_string());
    if let Some(speed) = row.service(43) {
        row.put(43, speed);
    }
    row.put(
        44,
        match label.cool {
            Cool::None => "001",
            Cool::Chilled => "002",
            Cool::Frozen => "003",
        },
    );
    if let Some(day) = label.deliver_on {
        row.put(45, settings.deliver_date_form.write(day));
    }
    row.slot(46, true, |slot| {
        if slot == "20-21" { "（19時～21時と18時～21時があります。）" } else { "" }
    });
    payment(&mut row);
    row.marks(&[52, 53, 54]);
    row.put(58, if label.payment == Payment::Recipient { "2" } else { "1" });
    row.mail(59);
    if let Some(day) = label.ship_on {
        row.put(61, settings.ship_date_form.write(day));
    }
    row.sense(61, 45, 42);
    if !label.remarks.trim().is_empty() {
        let words = problem::plain(
            "remarks_left_out",
            "e飛伝IIIには記事の欄がないため、記事は書き出されません。",
            "e飛伝III has no column for remarks; they are not written.",
        );
        row.say(29, words, false);
    }
    let (cells, problems) = row.finish();
    (vec![cells], problems)
}

/// 荷送人 is the shop, ご依頼主 whoever is printed as the sender.
fn sender(row: &mut Draft<'_>) {
    let label = row.label;
    row.phone(15, &label.shop.phone, false);
    let from = label.sender_shown();
    if is_blank(from) {
        return;
    }
    row.phone(18, &from.phone, false);
    if !from.postal_code.trim().is_empty() {
        row.postal_code(19, &from.postal_code);
    }
    row.address(&[20, 21], from);
    row.names(&[22, 23], from);
}

/// Nothing is known of the sender: the program prints the one it has on file.
pub(crate) fn is_blank(contact: &Contact) -> bool {
    [&contact.name, &contact.company, &contact.postal_code, &contact.prefecture, &contact.city]
        .iter()
        .all(|text| text.trim().is_empty())
        && contact.lines.iter().all(|line| line.trim().is_empty())
}

fn payment(row: &mut Draft<'_>) {
    if !matches!(row.label.payment, Payment::Cod(_)) {
        return;
    }
    row.cod(48, 49, 9_999_999);
    let code = row.settings.cod_payment_code.trim();
    if code.is_empty() {
        row.say(50, problem::unset(true), true);
    } else {
        row.put(50, code);
    }
}

#[cfg(test)]
#[path = "e_hiden_tests.rs"]
mod tests;
