//! e飛伝III, column by column against formats.md c.1.

use super::*;
use crate::b2::tests::{cells, codes, contact, label as any_label};
use crate::{Cod, DateForm, LabelProgram, Slot};

const E: LabelProgram = LabelProgram::EHiden3;

fn settings() -> LabelSettings {
    let mut settings = LabelSettings::of(E);
    settings.fixed = [(11, "123456789012".to_owned()), (24, "001".to_owned())].into();
    settings
}

fn label() -> Label {
    Label { remarks: String::new(), ..any_label("hikyaku") }
}

fn row(label: &Label, settings: &LabelSettings) -> Vec<String> {
    cells(&E.write(std::slice::from_ref(label), settings).unwrap()).swap_remove(1)
}

#[test]
fn every_value_stands_in_the_column_of_the_paper_c1() {
    let expected = [
        (3, "03-0000-0001"),
        (4, "100-0001"),
        (5, "東京都千代田区架空町１－２－３"),
        (6, "見本ビル１０１"),
        (8, "見本商事　総務部"),
        (9, "見本　花子"),
        (10, "C00000001"),
        (11, "123456789012"),
        (15, "0300000002"),
        (18, "0300000002"),
        (19, "100-0001"),
        (20, "東京都千代田区見本台４－５"),
        (22, "見本商店"),
        (24, "001"),
        (25, "りんご"),
        (26, "みかん"),
        (27, "ぶどう"),
        (42, "1"),
        (43, "000"),
        (44, "002"),
        (45, "20261124"),
        (46, "14"),
        (52, "011"),
        (58, "1"),
        (61, "20261122"),
    ];
    let got = row(&label(), &settings());
    assert_eq!(got.len(), 74);
    let got: Vec<_> =
        got.iter().enumerate().map(|(i, c)| (i + 1, c.as_str())).filter(|(_, c)| !c.is_empty()).collect();
    assert_eq!(got, expected);
}

#[test]
fn all_cells_are_quoted_under_headings_c1() {
    let file = E.write(&[label()], &settings()).unwrap();
    let (text, _) = mall_api::charset::decode_shift_jis(&file.bytes);
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|l| l.starts_with('"') && l.ends_with('"') && l.matches("\",\"").count() == 73));
    for (at, name) in [
        (10, "お客様管理番号"),
        (24, "荷姿"),
        (42, "出荷個数"),
        (48, "代引金額"),
        (58, "元着区分"),
        (61, "出荷日"),
        (62, "お問い合せ送り状No."),
        (74, "編集１０"),
    ] {
        assert_eq!(COLUMNS[at - 1].name, name);
    }
}

#[test]
fn each_slot_has_sagawas_code_and_20_to_21_holds_c1() {
    for (slot, code) in [
        (Slot::Morning, "01"),
        (Slot::Hours(12, 14), "12"),
        (Slot::Hours(14, 16), "14"),
        (Slot::Hours(16, 18), "16"),
        (Slot::Hours(18, 20), "18"),
        (Slot::Hours(18, 21), "04"),
        (Slot::Hours(19, 21), "19"),
    ] {
        assert_eq!(row(&Label { deliver_slot: Some(slot), ..label() }, &settings())[45], code);
    }
    let late = Label { deliver_slot: Some(Slot::Hours(20, 21)), ..label() };
    assert!(codes(E, &late, &settings()).contains(&("配達指定時間帯".into(), "slot_lacking".into(), true)));
}

#[test]
fn cod_waits_for_the_payment_code_of_the_contract_c1() {
    let cod = Label { payment: Payment::Cod(Cod { amount: 3_300, tax: Some(300) }), ..label() };
    assert!(codes(E, &cod, &settings()).contains(&("決済種別".into(), "setting_blank".into(), true)));
    let known = LabelSettings { cod_payment_code: "2".into(), ..settings() };
    let row = row(&cod, &known);
    assert_eq!(
        (row[47].as_str(), row[48].as_str(), row[49].as_str(), row[57].as_str()),
        ("3300", "300", "2", "1")
    );
    let rich = Label { payment: Payment::Cod(Cod { amount: 9_999_999, tax: Some(1_000_000) }), ..label() };
    assert!(codes(E, &rich, &known).contains(&("消費税".into(), "too_long".into(), true)));
}

#[test]
fn days_cool_and_payer_are_written_as_the_paper_says_c1() {
    let slashes = LabelSettings {
        deliver_date_form: DateForm::Slashes,
        ship_date_form: DateForm::Slashes,
        ..settings()
    };
    let dates = row(&label(), &slashes);
    assert_eq!((dates[44].as_str(), dates[60].as_str()), ("2026/11/24", "2026/11/22"));
    for (cool, code) in [(Cool::None, "001"), (Cool::Chilled, "002"), (Cool::Frozen, "003")] {
        assert_eq!(row(&Label { cool, ..label() }, &settings())[43], code);
    }
    assert_eq!(row(&Label { payment: Payment::Recipient, ..label() }, &settings())[57], "2");
}

#[test]
fn the_key_takes_16_half_width_characters_c1() {
    let with = |order_no: &str| Label { order_no: order_no.into(), ..label() };
    assert_eq!(row(&with("C123456789012345"), &settings())[9], "C123456789012345");
    let mall = with("123456-20261120-0000000001");
    assert!(codes(E, &mall, &settings()).contains(&("お客様管理番号".into(), "too_long".into(), true)));
}

#[test]
fn addresses_are_full_width_over_three_lines_of_16_and_held_when_longer_c1() {
    let with = |lines: &[&str]| {
        let lines = lines.iter().map(|l| (*l).to_owned()).collect();
        let to = Contact {
            prefecture: "神奈川県".into(),
            city: "横浜市架空ヶ丘区".into(),
            lines,
            ..contact("見本")
        };
        Label { recipient: to, ..label() }
    };
    let row = row(&with(&["見本が丘南三丁目12番地34", "ｸﾞﾗﾝﾄﾞ Mihon 101"]), &settings());
    assert_eq!(
        row[4..7],
        ["神奈川県横浜市架空ヶ丘区", "見本が丘南三丁目１２番地３４", "グランド　Ｍｉｈｏｎ　１０１"]
    );
    assert!(row[4..7].iter().all(|line| line.chars().count() <= 16));
    let long = with(&[&"見本が丘".repeat(9), "101"]);
    let held = codes(E, &long, &settings());
    assert!(held.contains(&("お届け先住所１".into(), "address_left_over".into(), true)), "{held:?}");
}

#[test]
fn what_has_no_column_is_said_never_dropped_in_silence_c1() {
    let label =
        Label { remarks: "玄関前".into(), marks: vec![Mark::Perishable, Mark::ThisSideUp], ..label() };
    let said = codes(E, &label, &settings());
    assert!(said.contains(&("品名５".into(), "remarks_left_out".into(), false)));
    assert!(said.contains(&("指定シール１".into(), "mark_left_out".into(), false)));
    assert_eq!(row(&label, &settings())[51], "013");
    let blank = LabelSettings::of(E);
    assert!(codes(E, &label, &blank).contains(&("お客様コード".into(), "setting_blank".into(), false)));
}

#[test]
fn a_formula_is_full_width_already_f51() {
    let label = Label { recipient: contact("=1+1"), ..label() };
    assert_eq!(row(&label, &settings())[7], "＝１＋１");
}
