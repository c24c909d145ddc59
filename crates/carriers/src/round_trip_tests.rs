//! Labels out, a simulated export in: every 管理番号 comes back with its number. And labels nobody would write.

use crate::b2::tests as b2;
use crate::{Contact, Label, LabelProgram, LabelSettings, Mark, Slot, read_tracking};
use jiff::civil::date;
use mall_api::charset::encode_shift_jis;
use proptest::prelude::*;

fn settings(program: LabelProgram) -> LabelSettings {
    let mut settings = LabelSettings::of(program);
    settings.fixed.insert(if program == LabelProgram::B2Cloud { 40 } else { 11 }, "0312345678".into());
    // The programs' own exports have headings.
    settings.header = true;
    settings
}

fn method(program: LabelProgram) -> &'static str {
    match program {
        LabelProgram::B2Cloud => "takkyubin",
        LabelProgram::EHiden3 => "hikyaku",
        LabelProgram::YuPri => "yu_pack",
    }
}

/// What the program would export of a label file: the number stands in its column.
fn export(program: LabelProgram, file: &crate::LabelFile, numbers: &[&str]) -> Vec<u8> {
    let mut rows = b2::cells(file);
    let (key, number, day) = match program {
        LabelProgram::B2Cloud => (1, 4, 5),
        LabelProgram::EHiden3 => (10, 62, 61),
        LabelProgram::YuPri => (1, 0, 2),
    };
    let mut text = String::new();
    if program == LabelProgram::YuPri {
        text.push_str("お客様側管理番号,お問い合わせ番号,発送日\r\n");
        for (row, number) in rows[1..].iter().zip(numbers) {
            text.push_str(&format!("{},{number},{}\r\n", row[key - 1], row[day - 1]));
        }
        return encode_shift_jis(&text).unwrap();
    }
    for (row, n) in rows[1..].iter_mut().zip(numbers) {
        row[number - 1] = (*n).to_owned();
    }
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        text.push_str(&mall_api::table::line(&cells, ','));
    }
    encode_shift_jis(&text).unwrap()
}

#[test]
fn every_order_gets_its_number_back_from_every_program_desk6() {
    for program in LabelProgram::ALL {
        let labels: Vec<Label> = ["C00000001", "C00000002"]
            .map(|order_no| Label {
                order_no: order_no.into(),
                deliver_slot: None,
                marks: Vec::new(),
                ..b2::label(method(program))
            })
            .into();
        let file = program.write(&labels, &settings(program)).unwrap();
        assert_eq!(file.rows, 2);
        let back = read_tracking(&export(program, &file, &["444413758703", "405548424886"])).unwrap();
        assert_eq!(back.program, Some(program));
        assert!(back.errors.is_empty() && back.warnings.is_empty(), "{:?}", back.errors);
        let rows: Vec<_> = back
            .rows
            .iter()
            .map(|r| (r.order_no.as_deref(), r.tracking_number.as_str(), r.carrier.clone(), r.shipped_on))
            .collect();
        let (carrier, day) = (Some(program.carrier()), Some(date(2026, 11, 22)));
        assert_eq!(
            rows,
            [
                (Some("C00000001"), "444413758703", carrier.clone(), day),
                (Some("C00000002"), "405548424886", carrier, day)
            ]
        );
    }
}

#[test]
fn our_own_label_file_read_as_an_export_has_no_numbers_yet_desk6() {
    let program = LabelProgram::B2Cloud;
    let file = program.write(&[b2::label("takkyubin")], &settings(program)).unwrap();
    let back = read_tracking(&file.bytes).unwrap();
    assert_eq!((back.rows.len(), back.errors[0].ja.as_str()), (0, "2行目：配送番号が入力されていません。"));
}

#[test]
fn settings_are_kept_as_json_and_file_names_name_nobody() {
    for program in LabelProgram::ALL {
        let settings = settings(program);
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<LabelSettings>(&text).unwrap(), settings);
        assert!(domain::carrier::DEFAULT_CARRIERS.iter().any(|(key, _)| *key == program.carrier().as_str()));
        for service in settings.services.keys() {
            let known = domain::carrier::DEFAULT_SHIPPING_METHODS.iter().find(|m| m.0 == service).unwrap();
            assert_eq!(known.1, program.carrier().as_str());
        }
        assert!(program.file_name(date(2026, 1, 2)).ends_with("_20260102.csv"));
    }
}

#[test]
fn a_contact_is_made_of_what_the_order_says() {
    use domain::Given;
    let party = domain::snapshot::Party {
        family_name: Given::Value("見本".into()),
        given_name: Given::Value("花子".into()),
        prefecture: Given::Value("東京都".into()),
        address1: Given::Value("架空町1".into()),
        address3: Given::Value("見本館".into()),
        phone2: Given::Value("0300000001".into()),
        ..Default::default()
    };
    let contact = Contact::from_party(&party);
    assert_eq!((contact.name.as_str(), contact.phone.as_str()), ("見本 花子", "0300000001"));
    assert_eq!(contact.lines, ["架空町1", "見本館"]);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~ぁ-んァ-ヶｦ-ﾟ亜髙﨑①～－〜𠮷🍎\u{E0100}\u{3099}\r\n\t\"=+@,]{0,40}"]
}

fn contact() -> impl Strategy<Value = Contact> {
    (text(), text(), text(), text(), proptest::collection::vec(text(), 0..4), "[0-9+ -]{0,16}").prop_map(
        |(name, kana, company, city, lines, phone)| Contact {
            name,
            kana,
            company,
            postal_code: "1000001".into(),
            prefecture: "東京都".into(),
            city,
            lines,
            phone,
            ..Contact::default()
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_written_fits_its_columns_and_holds_no_formula_f51_f52(
        recipient in contact(),
        sender in proptest::option::of(contact()),
        items in proptest::collection::vec(text(), 0..4),
        remarks in text(),
        notify_mail in text(),
        parcels in 0_u32..4,
    ) {
        for program in LabelProgram::ALL {
            let label = Label {
                recipient: recipient.clone(), sender: sender.clone(), items: items.clone(), remarks: remarks.clone(),
                notify_mail: notify_mail.clone(), parcels, deliver_slot: Some(Slot::Morning), marks: Mark::ALL.to_vec(),
                ..b2::label(method(program))
            };
            let mut settings = settings(program);
            settings.slots.insert("am".into(), "51".into());
            match program.write(&[label], &settings) {
                Err(problems) => prop_assert!(problems.iter().any(|p| p.blocks)),
                Ok(file) => {
                    let count = program.columns().len() - if program == LabelProgram::B2Cloud { 2 } else { 0 };
                    for row in &b2::cells(&file)[1..] {
                        prop_assert_eq!(row.len(), count);
                        for (cell, column) in row.iter().zip(program.columns()) {
                            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{:?}", cell);
                            let bytes = encode_shift_jis(cell).unwrap().len();
                            let widest = match column.width {
                                crate::Width::Bytes(n) | crate::Width::Half(n) => n,
                                crate::Width::Full(n) => n * 2,
                                crate::Width::Unknown => usize::MAX,
                            };
                            prop_assert!(bytes <= widest, "{} {:?}", column.name, cell);
                        }
                    }
                }
            }
        }
    }
}
