//! ゆうプリR layout A, column by column against formats.md d.2.

use super::*;
use crate::b2::tests::{cells, codes, contact, label as any_label};
use crate::{Cod, Contact, LabelProgram, Slot};

const Y: LabelProgram = LabelProgram::YuPri;

fn settings() -> LabelSettings {
    let mut settings = LabelSettings::of(Y);
    settings.fixed.insert(11, "1100780".into());
    settings.slots = table(&SUGGESTED_SLOTS);
    settings
}

fn label() -> Label {
    Label { marks: Vec::new(), ..any_label("yu_pack") }
}

fn row(label: &Label, settings: &LabelSettings) -> Vec<String> {
    cells(&Y.write(std::slice::from_ref(label), settings).unwrap()).swap_remove(0)
}

#[test]
fn every_value_stands_in_the_column_of_the_paper_d2() {
    let expected = [
        (1, "C00000001"),
        (2, "20261122"),
        (6, "0"),
        (7, "1"),
        (8, "0"),
        (11, "1100780"),
        (13, "100-0001"),
        (14, "東京都千代田区架空町1-2-3"),
        (15, "見本ビル101"),
        (17, "見本商事 総務部"),
        (18, "見本 花子"),
        (20, "03-0000-0001"),
        (30, "100-0001"),
        (31, "東京都千代田区見本台4-5"),
        (34, "見本商店"),
        (37, "0300000002"),
        (65, "20261124"),
        (66, "53"),
        (74, "玄関前にお願いします"),
        (104, "りんご"),
    ];
    let got = row(&label(), &settings());
    assert_eq!(got.len(), 118);
    let got: Vec<_> =
        got.iter().enumerate().map(|(i, c)| (i + 1, c.as_str())).filter(|(_, c)| !c.is_empty()).collect();
    assert_eq!(got, expected);
}

#[test]
fn the_columns_bear_the_names_of_the_paper_and_72_may_be_left_out_d2() {
    for (at, name) in [
        (1, "お客様側管理番号"),
        (11, "送り状種別"),
        (19, "お届け先敬称区分"),
        (28, "ご依頼主コード"),
        (42, "集荷先コード"),
        (53, "集荷先電話"),
        (54, "受注番号"),
        (64, "速達・配達日指定種別"),
        (72, "倉庫数"),
        (73, "複数個口数"),
        (85, "フリー項目１０"),
        (100, "代引金額"),
        (104, "品名"),
        (108, "金額"),
        (118, "商品備考１０"),
    ] {
        assert_eq!(COLUMNS[at - 1].name, name);
    }
    let without = LabelSettings { doubtful_columns: false, ..settings() };
    let short = row(&label(), &without);
    assert_eq!((short.len(), short[73 - 1].as_str()), (117, "玄関前にお願いします"));
    let headed = LabelSettings { header: true, ..settings() };
    assert_eq!(row(&label(), &headed)[0], "お客様側管理番号");
}

#[test]
fn slots_are_blank_until_the_shop_has_confirmed_its_codes_d5() {
    assert!(LabelSettings::of(Y).slots.is_empty());
    let unset = LabelSettings { slots: table::<&str>(&[]), ..settings() };
    assert!(codes(Y, &label(), &unset).contains(&("配達時間帯区分".into(), "slot_code_unset".into(), true)));
    assert_eq!(row(&Label { deliver_slot: None, ..label() }, &unset)[65], "00");
    for (slot, code) in [(Slot::Morning, "51"), (Slot::Hours(20, 21), "56"), (Slot::Hours(19, 21), "57")] {
        assert_eq!(row(&Label { deliver_slot: Some(slot), ..label() }, &settings())[65], code);
    }
    let ask = Label { deliver_slot: Some(Slot::Hours(18, 21)), ..label() };
    assert!(Y.write(&[ask], &settings()).is_err());
}

#[test]
fn kind_cool_and_payer_are_written_as_the_paper_says_d2() {
    for (method, kind) in
        [("yu_pack", "0"), ("yu_mail", "1"), ("teikei", "2"), ("teikeigai", "3"), ("yu_packet", "9")]
    {
        assert_eq!(row(&Label { shipping_method: method.into(), ..label() }, &settings())[5], kind);
    }
    for (cool, code) in [(Cool::None, "0"), (Cool::Chilled, "1"), (Cool::Frozen, "2")] {
        assert_eq!(row(&Label { cool, ..label() }, &settings())[6], code);
    }
    let cod = Label { payment: Payment::Cod(Cod { amount: 3_300, tax: Some(300) }), ..label() };
    let row_of_cod = row(&cod, &settings());
    assert_eq!(
        (row_of_cod[7].as_str(), row_of_cod[99].as_str(), row_of_cod[100].as_str()),
        ("2", "3300", "300")
    );
    assert_eq!(row(&Label { payment: Payment::Recipient, ..label() }, &settings())[7], "1");
    assert!(Y.write(&[Label { parcels: 2, ..cod }], &settings()).is_err());
    assert_eq!(row(&Label { parcels: 2, ..label() }, &settings())[72], "2");
}

#[test]
fn codes_the_papers_do_not_tell_are_blank_and_said_d2() {
    let label = Label { marks: Mark::ALL.to_vec(), notify_mail: "hanako@example.com".into(), ..label() };
    let said = codes(Y, &label, &settings());
    for field in ["こわれもの", "なまもの", "ビン類", "逆さま厳禁", "下積み厳禁"] {
        assert!(said.contains(&(field.into(), "mark_left_out".into(), false)), "{field}");
    }
    assert!(said.contains(&("配達予告メール".into(), "setting_blank".into(), false)));
    let mut known = settings();
    known.notify_code = "1".into();
    known.marks = Mark::ALL.map(|mark| (mark, "1".to_owned())).into();
    let row = row(&label, &known);
    assert_eq!((row[20].as_str(), row[25].as_str()), ("hanako@example.com", "1"));
    assert_eq!(row[54..59], ["1", "1", "1", "1", "1"]);
    assert!(codes(Y, &label, &LabelSettings::of(Y)).contains(&(
        "送り状種別".into(),
        "setting_blank".into(),
        false
    )));
}

#[test]
fn addresses_take_three_lines_of_50_bytes_and_the_key_15_d2() {
    let to = Contact {
        prefecture: "神奈川県".into(),
        city: "横浜市架空ヶ丘区".into(),
        lines: vec![
            "見本が丘南三丁目十二番地の三十四の五十六".into(),
            "グランドメゾン見本が丘弐番館101".into(),
        ],
        ..contact("見本")
    };
    let split = row(&Label { recipient: to, ..label() }, &settings());
    assert_eq!(
        split[13..16],
        [
            "神奈川県横浜市架空ヶ丘区",
            "見本が丘南三丁目十二番地の三十四の五十六",
            "グランドメゾン見本が丘弐番館101"
        ]
    );
    let key = Label { order_no: "C123456789012345".into(), ..label() };
    assert!(codes(Y, &key, &settings()).contains(&("お客様側管理番号".into(), "too_long".into(), true)));
}
