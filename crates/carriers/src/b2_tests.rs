//! B2クラウド, column by column against formats.md b.2.

use super::*;
use crate::{Contact, LabelFile, LabelProgram, Slot};
use jiff::civil::date;
use mall_api::charset::decode_shift_jis;

const B2: LabelProgram = LabelProgram::B2Cloud;

pub(crate) fn settings() -> LabelSettings {
    let mut settings = LabelSettings::of(B2);
    settings.fixed.insert(40, "0312345678".into());
    settings
}

pub(crate) fn contact(name: &str) -> Contact {
    Contact {
        name: name.into(),
        kana: "ミホン　ハナコ".into(),
        postal_code: "1000001".into(),
        prefecture: "東京都".into(),
        city: "千代田区".into(),
        lines: vec!["架空町1-2-3".into(), "見本ビル101".into()],
        phone: "03-0000-0001".into(),
        ..Contact::default()
    }
}

pub(crate) fn label(method: &str) -> Label {
    Label {
        order_no: "C00000001".into(),
        recipient: Contact {
            company: "見本商事".into(),
            department: "総務部".into(),
            ..contact("見本 花子")
        },
        shop: Contact {
            lines: vec!["見本台4-5".into()], phone: "0300000002".into(), ..contact("見本商店")
        },
        items: vec!["りんご".into(), "みかん".into(), "ぶどう".into()],
        parcels: 1,
        ship_on: Some(date(2026, 11, 22)),
        deliver_on: Some(date(2026, 11, 24)),
        deliver_slot: Some(Slot::Hours(14, 16)),
        shipping_method: method.into(),
        cool: Cool::Chilled,
        marks: vec![Mark::Fragile],
        remarks: "玄関前にお願いします".into(),
        ..Label::default()
    }
}

/// Lines of a file as cells, headings first.
pub(crate) fn cells(file: &LabelFile) -> Vec<Vec<String>> {
    let (text, damaged) = decode_shift_jis(&file.bytes);
    assert!(!damaged && text.ends_with("\r\n"));
    let lines = crate::records::lines(&text).unwrap();
    crate::records::records(&lines, ',')
        .map(|r| r.unwrap())
        .filter(|r| !r.is_blank())
        .map(|r| r.cells)
        .collect()
}

fn written(label: &Label, settings: &LabelSettings) -> Vec<Vec<String>> {
    cells(&B2.write(std::slice::from_ref(label), settings).unwrap())
}

/// One row without headings, as (column, value) of all that is not blank.
fn filled(label: &Label, settings: &LabelSettings) -> Vec<(usize, String)> {
    let row = written(label, settings).swap_remove(1);
    row.into_iter().enumerate().map(|(i, c)| (i + 1, c)).filter(|(_, c)| !c.is_empty()).collect()
}

pub(crate) fn codes(
    program: LabelProgram,
    label: &Label,
    settings: &LabelSettings,
) -> Vec<(String, String, bool)> {
    program
        .check(std::slice::from_ref(label), settings)
        .into_iter()
        .map(|p| (p.field, p.code, p.blocks))
        .collect()
}

fn value(label: &Label, at: usize) -> String {
    written(label, &settings())[1][at - 1].clone()
}

#[test]
fn every_value_stands_in_the_column_of_the_paper_b2() {
    let expected = [
        (1, "C00000001"),
        (2, "0"),
        (3, "2"),
        (5, "2026/11/22"),
        (6, "2026/11/24"),
        (7, "1416"),
        (9, "03-0000-0001"),
        (11, "100-0001"),
        (12, "東京都千代田区架空町1-2-3"),
        (13, "見本ビル101"),
        (14, "見本商事"),
        (15, "総務部"),
        (16, "見本 花子"),
        (17, "ﾐﾎﾝ ﾊﾅｺ"),
        (18, "様"),
        (20, "0300000002"),
        (22, "100-0001"),
        (23, "東京都千代田区見本台4-5"),
        (25, "見本商店"),
        (26, "ﾐﾎﾝ ﾊﾅｺ"),
        (28, "りんご"),
        (30, "みかん"),
        (31, "ワレ物注意"),
        (33, "玄関前にお願いします"),
        (40, "0312345678"),
        (42, "01"),
    ];
    let got = filled(&label("takkyubin"), &settings());
    let got: Vec<_> = got.iter().map(|(at, value)| (*at, value.as_str())).collect();
    assert_eq!(got, expected);
}

#[test]
fn the_file_has_95_columns_under_headings_or_97_by_setting_b1() {
    let rows = written(&label("takkyubin"), &settings());
    assert_eq!((rows.len(), rows[0].len(), rows[1].len()), (2, 95, 95));
    for (at, name) in [
        (1, "お客様管理番号"),
        (4, "伝票番号"),
        (16, "お届け先名"),
        (34, "コレクト代金引換額(税込)"),
        (56, "予備"),
        (66, "収納代行問合せ先名(漢字)"),
        (74, "複数口くくりキー"),
        (75, "検索キータイトル1"),
        (84, "検索キー5"),
        (87, "投函予定メール利用区分"),
        (95, "投函完了メール（ご依頼主宛）メールメッセージ"),
    ] {
        assert_eq!(rows[0][at - 1], name, "{at}");
    }
    let newer = LabelSettings { doubtful_columns: true, header: false, ..settings() };
    let rows = written(&label("takkyubin"), &newer);
    assert_eq!((rows.len(), rows[0].len(), COLUMNS[96].name), (1, 97, "通知メールアドレス"));
}

#[test]
fn the_kind_follows_the_service_and_who_pays_b2() {
    let cod = Payment::Cod(crate::Cod { amount: 3_300, tax: Some(300) });
    for (method, payment, kind) in [
        ("takkyubin", Payment::Sender, "0"),
        ("takkyubin", Payment::Recipient, "5"),
        ("takkyubin_cool", cod, "2"),
        ("takkyubin_compact", Payment::Sender, "8"),
        ("takkyubin_compact", cod, "9"),
        ("nekopos", Payment::Sender, "A"),
        ("kuroneko_yu_packet", Payment::Sender, "7"),
        ("kuroneko_yu_mail", Payment::Sender, "3"),
    ] {
        assert_eq!(value(&Label { payment, ..label(method) }, 2), kind, "{method} {payment:?}");
    }
    let nekopos = Label { payment: cod, ..label("nekopos") };
    assert!(codes(B2, &nekopos, &settings()).contains(&(
        "送り状種類".into(),
        "payment_lacking".into(),
        true
    )));
    assert!(codes(B2, &label("unheard"), &settings()).contains(&(
        "送り状種類".into(),
        "service_unset".into(),
        true
    )));
}

#[test]
fn cod_stands_in_34_and_35_and_is_limited_to_300000_b2() {
    let cod = |amount, tax| Label { payment: Payment::Cod(crate::Cod { amount, tax }), ..label("takkyubin") };
    assert_eq!(
        (value(&cod(300_000, Some(0)), 34), value(&cod(300_000, Some(0)), 35)),
        ("300000".into(), "0".into())
    );
    // Not known is blank, not zero.
    assert_eq!(value(&cod(1, None), 35), "");
    for wrong in [cod(300_001, None), cod(0, None), cod(-5, None), cod(100, Some(101)), cod(100, Some(-1))] {
        assert!(codes(B2, &wrong, &settings()).iter().any(|(_, code, blocks)| code == "bad_form" && *blocks));
    }
    let several = Label { parcels: 2, ..cod(1_000, None) };
    assert!(codes(B2, &several, &settings()).contains(&("発行枚数".into(), "cod_several".into(), true)));
}

#[test]
fn each_slot_has_yamatos_code_and_one_it_lacks_holds_the_label_b3() {
    for (slot, code) in [
        (Slot::Morning, "0812"),
        (Slot::Hours(14, 16), "1416"),
        (Slot::Hours(16, 18), "1618"),
        (Slot::Hours(18, 20), "1820"),
        (Slot::Hours(19, 21), "1921"),
    ] {
        assert_eq!(value(&Label { deliver_slot: Some(slot), ..label("takkyubin") }, 7), code);
    }
    assert_eq!(value(&Label { deliver_slot: None, ..label("takkyubin") }, 7), "");
    for slot in [Slot::Hours(12, 14), Slot::Hours(18, 21), Slot::Hours(20, 21), Slot::Other("午後".into())]
    {
        let held = Label { deliver_slot: Some(slot.clone()), ..label("takkyubin") };
        let problems = B2.write(&[held], &settings()).unwrap_err();
        let problem = problems.iter().find(|p| p.code == "slot_lacking").unwrap();
        assert!(
            problem.blocks
                && problem.ja.starts_with("時間帯が配送業者にない")
                && problem.field == "配達時間帯"
        );
        assert_eq!(problem.order_no.as_deref(), Some("C00000001"));
    }
}

#[test]
fn cool_is_1_for_frozen_and_2_for_chilled_b2() {
    for (cool, code) in [(Cool::None, ""), (Cool::Frozen, "1"), (Cool::Chilled, "2")] {
        assert_eq!(value(&Label { cool, ..label("takkyubin") }, 3), code);
    }
}

#[test]
fn several_parcels_are_counted_or_grouped_b2() {
    let three = Label { parcels: 3, ..label("takkyubin") };
    assert_eq!((written(&three, &settings()).len(), value(&three, 38)), (2, "3".into()));
    let grouped = LabelSettings { several_parcels: SeveralParcels::Grouped, ..settings() };
    let rows = written(&three, &grouped);
    assert_eq!(rows.len(), 4);
    for row in &rows[1..] {
        assert_eq!((row[1].as_str(), row[37].as_str(), row[73].as_str()), ("6", "", "C00000001"));
    }
    for parcels in [0, 100, u32::MAX] {
        let wrong = Label { parcels, ..label("takkyubin") };
        assert!(codes(B2, &wrong, &grouped).contains(&("発行枚数".into(), "bad_form".into(), true)));
    }
}

#[test]
fn notices_of_letter_box_services_have_columns_of_their_own_b2() {
    let mut with_message = settings();
    with_message.notify_message = "お届けします".into();
    let mail = |method| Label { notify_mail: "hanako@example.com".into(), ..label(method) };
    let row = written(&mail("takkyubin"), &with_message).swap_remove(1);
    assert_eq!(
        (&row[47], &row[48], &row[49], &row[50]),
        (&"1".into(), &"hanako@example.com".into(), &"1".into(), &"お届けします".into())
    );
    let row = written(&mail("nekopos"), &with_message).swap_remove(1);
    assert_eq!(
        (&row[86], &row[87], &row[88], row[47].as_str()),
        (&"1".into(), &"hanako@example.com".into(), &"お届けします".into(), "")
    );
    let long = Label { notify_mail: format!("{}@example.com", "a".repeat(60)), ..label("takkyubin") };
    assert_eq!((value(&long, 48), value(&long, 49)), (String::new(), String::new()));
    assert!(codes(B2, &long, &settings()).iter().any(|(_, code, blocks)| code == "mail_left_out" && !blocks));
}

#[test]
fn required_columns_that_are_blank_hold_the_label_b4() {
    let blank =
        Label { order_no: "C1".into(), shipping_method: "takkyubin".into(), parcels: 1, ..Label::default() };
    let missing: Vec<String> = codes(B2, &blank, &settings())
        .into_iter()
        .filter(|(_, code, blocks)| code == "missing" && *blocks)
        .map(|(field, ..)| field)
        .collect();
    assert_eq!(
        missing,
        [
            "出荷予定日",
            "お届け先電話番号",
            "お届け先郵便番号",
            "お届け先住所",
            "お届け先名",
            "ご依頼主電話番号",
            "ご依頼主郵便番号",
            "ご依頼主住所",
            "ご依頼主名",
            "品名１",
        ]
    );
    let mut unset = settings();
    unset.fixed.clear();
    let problems = B2.check(&[label("takkyubin")], &unset);
    let fields: Vec<_> =
        problems.iter().filter(|p| p.blocks).map(|p| (p.order_no.clone(), p.field.as_str())).collect();
    assert_eq!(fields, [(None, "請求先顧客コード"), (None, "運賃管理番号")]);
    unset.fixed = [(40, "12-3".to_owned()), (42, "01".to_owned()), (98, "x".to_owned())].into();
    let codes: Vec<_> =
        B2.check(&[label("takkyubin")], &unset).into_iter().filter(|p| p.blocks).map(|p| p.code).collect();
    assert_eq!(codes, ["no_such_column", "bad_form"]);
}

#[test]
fn the_day_of_shipping_lies_within_30_days_and_before_delivery_b2() {
    let on = |day| Label { ship_on: Some(day), deliver_on: None, ..label("takkyubin") };
    let today = LabelSettings { today: Some(date(2026, 11, 22)), ..settings() };
    assert!(
        B2.write(&[on(date(2026, 11, 22))], &today).is_ok()
            && B2.write(&[on(date(2026, 12, 22))], &today).is_ok()
    );
    for day in [date(2026, 11, 21), date(2026, 12, 23)] {
        assert!(B2.write(&[on(day)], &today).is_err(), "{day}");
        assert!(B2.write(&[on(day)], &settings()).is_ok(), "{day}");
    }
    let late = Label { deliver_on: Some(date(2026, 11, 21)), ..label("takkyubin") };
    assert!(codes(B2, &late, &settings()).contains(&(
        "お届け予定日".into(),
        "deliver_before_ship".into(),
        true
    )));
}

#[test]
fn widths_are_counted_in_bytes_of_cp932_and_nothing_is_cut_b2() {
    let named = |name: String| Label { recipient: contact(&name), ..label("takkyubin") };
    assert_eq!(value(&named("永".repeat(16)), 16), "永".repeat(16));
    let problems = B2.write(&[named("永".repeat(16) + "a")], &settings()).unwrap_err();
    let problem = problems.iter().find(|p| p.blocks).unwrap();
    assert_eq!((problem.field.as_str(), problem.code.as_str()), ("お届け先名", "too_long"));
    assert!(problem.ja.contains("1バイト超過") && !problem.ja.contains('永'));
    let noted = Label { remarks: "あ".repeat(23), ..label("takkyubin") };
    assert!(codes(B2, &noted, &settings()).contains(&("記事".into(), "too_long".into(), true)));
    let far = Contact { lines: vec!["架空町".repeat(12), "見本館".repeat(7)], ..contact("見本") };
    let far = Label { recipient: far, ..label("takkyubin") };
    assert!(codes(B2, &far, &settings()).contains(&(
        "お届け先住所".into(),
        "address_left_over".into(),
        true
    )));
}

#[test]
fn long_names_of_goods_are_shortened_with_a_word_or_held_b2() {
    let long = Label { items: vec!["長い名前のりんご".repeat(5)], ..label("takkyubin") };
    assert_eq!(crate::text::bytes(&value(&long, 28)), 50);
    assert!(codes(B2, &long, &settings()).contains(&("品名１".into(), "shortened".into(), false)));
    let strict = LabelSettings { shorten_items: false, ..settings() };
    assert!(codes(B2, &long, &strict).contains(&("品名１".into(), "too_long".into(), true)));
    let fixed = LabelSettings { items_text: "食品".into(), ..settings() };
    assert_eq!(written(&long, &fixed)[1][27], "食品");
}

#[test]
fn characters_cp932_lacks_are_listed_first_and_never_written_f52() {
    let party = Contact { company: String::new(), ..contact("見本🍎花é子") };
    let labels = [
        Label { deliver_slot: Some(Slot::Hours(12, 14)), ..label("takkyubin") },
        Label { recipient: party, order_no: "C2".into(), ..label("takkyubin") },
    ];
    let problems = B2.write(&labels, &settings()).unwrap_err();
    assert_eq!((problems[0].code.as_str(), problems[0].order_no.as_deref()), ("not_in_cp932", Some("C2")));
    assert_eq!(problems[0].field, "お届け先名");
    assert!(problems[0].ja.contains("「🍎」(U+1F34E)、「é」(U+00E9)") && !problems[0].ja.contains("見本"));
    assert_eq!(problems[1].code, "slot_lacking");
}

#[test]
fn variants_and_look_alikes_are_exchanged_and_told_f52() {
    let party = Contact { lines: vec!["葛\u{E0100}城1〜2".into()], ..contact("𠮷田髙子") };
    let label = Label {
        recipient: Contact { prefecture: "奈良県".into(), city: String::new(), ..party },
        ..label("takkyubin")
    };
    let file = B2.write(std::slice::from_ref(&label), &settings()).unwrap();
    let row = &cells(&file)[1];
    assert_eq!((row[15].as_str(), row[11].as_str()), ("吉田髙子", "奈良県葛城1～2"));
    let told: Vec<_> = file.warnings.iter().filter(|w| w.code == "replaced").map(|w| w.ja.clone()).collect();
    assert_eq!(told.len(), 2);
    assert!(
        told[0].contains("（なし）") && told[0].contains("「～」") && told[1].contains("「吉」"),
        "{told:?}"
    );
    let whole = String::from_utf8_lossy(&file.bytes);
    assert!(!whole.contains("&#") && !file.bytes.contains(&b'?'));
}

#[test]
fn a_name_that_is_a_formula_gets_a_full_width_sign_no_quote_f51() {
    for (name, safe) in [("=1+1", "＝1+1"), ("+81", "＋81"), ("-2", "－2"), ("@x", "＠x")] {
        let label = Label { recipient: contact(name), ..label("takkyubin") };
        assert_eq!(value(&label, 16), safe);
        assert!(codes(B2, &label, &settings()).contains(&("お届け先名".into(), "replaced".into(), false)));
    }
    let kana =
        Label { recipient: Contact { kana: "-ア".into(), ..contact("見本") }, ..label("takkyubin") };
    assert_eq!(value(&kana, 17), "");
    for order_no in ["=1", "-1", "C 1", "Ｃ1", "C1,2", "", "C\n1"] {
        let label = Label { order_no: order_no.into(), ..label("takkyubin") };
        assert!(B2.write(&[label], &settings()).is_err(), "{order_no}");
    }
}

#[test]
fn line_breaks_quotes_and_commas_stay_inside_their_cell_f52() {
    let label = Label { remarks: "a\r\nb\t\"c\",d".into(), ..label("takkyubin") };
    let rows = written(&label, &settings());
    assert_eq!((rows.len(), rows[1].len(), rows[1][32].as_str()), (2, 95, "a b \"c\",d"));
}

#[test]
fn telephone_numbers_lose_the_country_and_keep_their_hyphens_f4() {
    let with = |phone: &str| Label {
        recipient: Contact { phone: phone.into(), ..contact("見本") },
        ..label("takkyubin")
    };
    for (given, phone) in [
        ("+81-90-0000-0000", "090-0000-0000"),
        ("+81 3 0000 0001", "0300000001"),
        ("０９０－００００－００００", "090-0000-0000"),
        ("(03)0000-0001", "03-0000-0001"),
        ("03ー0000ー0001", "03-0000-0001"),
        ("+81(0)3-0000-0001", "0300000001"),
    ] {
        assert_eq!(value(&with(given), 9), phone, "{given}");
    }
    for wrong in ["12345", "090000000000", "電話なし", "0120-abc-def"] {
        assert!(
            codes(B2, &with(wrong), &settings()).contains(&(
                "お届け先電話番号".into(),
                "bad_form".into(),
                true
            )),
            "{wrong}"
        );
    }
}

#[test]
fn postal_codes_are_seven_digits_with_a_hyphen_b2() {
    let with = |code: &str| Label {
        recipient: Contact { postal_code: code.into(), ..contact("見本") },
        ..label("takkyubin")
    };
    for given in ["100-0001", "1000001", "〒１００－０００１", "100ー0001"] {
        assert_eq!(value(&with(given), 11), "100-0001", "{given}");
    }
    for wrong in ["10001", "10000012", "100-000A", "一〇〇"] {
        assert!(
            codes(B2, &with(wrong), &settings()).contains(&(
                "お届け先郵便番号".into(),
                "bad_form".into(),
                true
            )),
            "{wrong}"
        );
    }
}

#[test]
fn a_gift_names_its_giver_as_the_sender_and_goods_for_abroad_wait() {
    let gift = Label { sender: Some(contact("贈り主 太郎")), ..label("takkyubin") };
    assert_eq!(value(&gift, 25), "贈り主 太郎");
    let abroad =
        Label { recipient: Contact { country: "US".into(), ..contact("見本") }, ..label("takkyubin") };
    assert!(codes(B2, &abroad, &settings()).contains(&("お届け先住所".into(), "abroad".into(), true)));
}

#[test]
fn one_key_for_two_labels_is_said() {
    let two = [label("takkyubin"), label("takkyubin")];
    let file = B2.write(&two, &settings()).unwrap();
    let words: Vec<_> = file.warnings.iter().filter(|w| w.code == "key_twice").collect();
    assert_eq!((words.len(), file.rows), (1, 2));
    assert_eq!(B2.write(&[], &settings()).unwrap_err()[0].code, "count");
}
