//! Exports of the programs, whole and damaged.

use super::*;
use mall_api::charset::encode_shift_jis;
use proptest::prelude::*;

fn read(text: &str) -> TrackingFile {
    read_tracking(text.as_bytes()).unwrap()
}

fn shown(file: &TrackingFile) -> Vec<String> {
    file.rows
        .iter()
        .map(|r| {
            let carrier = r.carrier.as_ref().map_or("-", |c| c.as_str());
            let day = r.shipped_on.map_or("-".to_owned(), |d| d.to_string());
            format!("{} {} {carrier} {day}", r.order_no.as_deref().unwrap_or("-"), r.tracking_number)
        })
        .collect()
}

#[test]
fn the_export_of_yu_pri_is_known_by_its_six_headings_d4() {
    let text = "お客様側管理番号,お問い合わせ番号,仮引受確定作業年月日,配送完了作業年月日,配達ステータス集約コード,配達ステータス明細コード\r\n\
                C00000001,405548424886,20261122093000,,11,0601\r\n";
    let file = read_tracking(&encode_shift_jis(text).unwrap()).unwrap();
    assert_eq!((file.program, file.charset), (Some(LabelProgram::YuPri), Charset::Cp932));
    assert_eq!(shown(&file), ["C00000001 405548424886 japan_post 2026-11-22"]);
    assert!(file.errors.is_empty() && file.warnings.is_empty());
    let text =
        "管理番号,お問い合わせ番号,発送日,配達希望日,配達時間帯区分\nC00000001,405548424886,20261122,,00\n";
    assert_eq!(read(text).program, Some(LabelProgram::YuPri));
    let text = "フリー項目０１,お客様側管理番号,お問い合わせ番号\nx,C00000001,4055-4842-4886\n";
    assert_eq!(shown(&read(text)), ["C00000001 405548424886 japan_post -"]);
}

#[test]
fn e_hidens_columns_are_found_wherever_the_shop_put_them_c4() {
    for heading in ["お問い合せ送り状No.", "お問合せ送り状Ｎｏ．", "お問い合せ送り状№"]
    {
        let text = format!("出荷日,お客様管理番号,住所,{heading}\n2026/11/22,C00000001,x,512547514334\n");
        let file = read(&text);
        assert_eq!(file.program, Some(LabelProgram::EHiden3), "{heading}");
        assert_eq!(shown(&file), ["C00000001 512547514334 sagawa 2026-11-22"]);
    }
}

#[test]
fn a_file_without_headings_is_read_by_the_profile_of_places_c4() {
    let mut cells = vec![""; 20];
    (cells[0], cells[2], cells[18]) = ("512547514334", "20261122", "C00000001");
    let text = cells.join(",") + "\n";
    assert_eq!(read_tracking(text.as_bytes()).unwrap_err().code, "headings_unknown");
    let file = read_tracking_by(text.as_bytes(), &TrackingProfile::e_hiden_by_place()).unwrap();
    assert_eq!(shown(&file), ["C00000001 512547514334 sagawa 2026-11-22"]);
    // A wrong profile is noticed line by line: what stands there is no number.
    let wrong =
        TrackingProfile { tracking_number: ColumnRef::Place(3), ..TrackingProfile::e_hiden_by_place() };
    let file = read_tracking_by(text.as_bytes(), &wrong).unwrap();
    assert_eq!((file.rows.len(), file.errors[0].code.as_str()), (0, "number_form"));
}

#[test]
fn a_shop_may_name_the_columns_itself_c4() {
    let profile = TrackingProfile {
        program: None,
        carrier: Some("fukuyama".into()),
        has_headings: true,
        order_no: ColumnRef::Heading("備考 1".into()),
        tracking_number: ColumnRef::Heading("送状NO".into()),
        shipped_on: None,
    };
    let file = read_tracking_by("備考１,送状ＮＯ\nC00000001,12345678\n".as_bytes(), &profile).unwrap();
    assert_eq!(shown(&file), ["C00000001 12345678 fukuyama -"]);
    assert_eq!(read_tracking_by(b"a,b\n1,2", &profile).unwrap_err().code, "column_missing");
    let beyond = TrackingProfile { order_no: ColumnRef::Place(0), ..profile };
    assert_eq!(read_tracking_by(b"a,b\n1,2", &beyond).unwrap_err().code, "column_missing");
}

#[test]
fn anybodys_table_is_read_with_its_own_carriers_desk6() {
    let text = "\u{FEFF}注文番号\t配送業者\tお荷物番号\t発送日\n123456-20261120-0000000001\t佐川急便\t512547514334\t2026/11/22\n\
                123456-20261120-0000000002\t知らない運送\t1\t\n";
    let file = read(text);
    assert_eq!((file.program, file.charset), (None, Charset::Utf8Bom));
    assert_eq!(shown(&file), ["123456-20261120-0000000001 512547514334 sagawa 2026-11-22"]);
    assert_eq!(file.errors[0].ja, "3行目：配送業者の名前が分かりません。");
}

#[test]
fn a_bad_line_is_told_by_its_line_and_the_good_ones_stay_desk6() {
    let text = "お客様側管理番号,お問い合わせ番号,発送日\n\
                C00000001,405548424886,20261122\n\
                C00000002,,20261122\n\
                ,405548424886,20261122\n\
                C00000003,4.05548E+11,20261122\n\
                \n\
                C00000004,405548424886,20261122,extra\n\
                C00000005,123,20261122\n\
                C00000006,C00000006,20261122\n\
                \"C00000007,405548424886,20261122\n\
                =\"C00000008\",'405548424891,11/22\n";
    let file = read(text);
    assert_eq!(
        shown(&file),
        ["C00000001 405548424886 japan_post 2026-11-22", "C00000008 405548424891 japan_post -"]
    );
    let errors: Vec<_> = file.errors.iter().map(|e| (e.line, e.code.as_str())).collect();
    assert_eq!(
        errors,
        [
            (3, "number_blank"),
            (4, "order_no_blank"),
            (5, "spreadsheet"),
            (7, "crooked"),
            (8, "number_form"),
            (9, "columns_swapped"),
            (10, "after_quote"),
        ]
    );
    assert_eq!(file.errors[0].ja, "3行目：配送番号が入力されていません。");
    let warnings: Vec<_> = file.warnings.iter().map(|w| (w.line, w.code.as_str())).collect();
    assert_eq!(warnings, [(11, "tracking_number_check_digit"), (11, "day_unread")]);
}

#[test]
fn the_same_line_twice_is_one_and_one_number_for_two_orders_is_told_desk6() {
    let text = "管理番号,配送番号\nC00000001,444413758703\nC00000001,4444-1375-8703\nC00000002,444413758703\nC00000001,405548424886\n";
    let file = read(text);
    assert_eq!(shown(&file).len(), 3);
    let warnings: Vec<_> = file.warnings.iter().map(|w| w.ja.as_str()).collect();
    assert_eq!(
        warnings,
        ["3行目：同じ内容の行があるため、1件にまとめました。", "4行目：配送番号が2行目と同じです。"]
    );
}

#[test]
fn b2s_suffix_of_a_parcel_is_offered_apart_b5() {
    let text = "お客様管理番号,送り状種類,伝票番号,出荷予定日\nC00000001-2,0,444413758703,2026/11/22\nA-B,0,405548424886,\n";
    let file = read(text);
    assert_eq!(file.rows[0].order_no.as_deref(), Some("C00000001-2"));
    assert_eq!(file.rows[0].order_no_without_suffix.as_deref(), Some("C00000001"));
    assert_eq!(file.rows[1].order_no_without_suffix, None);
    for key in ["C1", "C1-0", "C1-100", "C1-01", "-1", "C1-x", "C1-+1"] {
        assert_eq!(without_suffix(key), None, "{key}");
    }
}

#[test]
fn columns_of_one_name_are_not_chosen_between_b4() {
    let text = "お客様管理番号,送り状種類,伝票番号,伝票番号\nC1,0,444413758703,405548424886\n";
    assert_eq!(read_tracking(text.as_bytes()).unwrap_err().code, "heading_twice");
}

#[test]
fn lines_above_the_headings_are_passed_over() {
    let text = "発送履歴\n2026/11/22 出力\n\n管理番号,配送番号\nC00000001,444413758703\n";
    let file = read(text);
    assert_eq!((file.rows.len(), file.rows[0].line), (1, 5));
}

#[test]
fn a_broken_byte_spoils_its_own_line_only_f53() {
    let mut bytes =
        encode_shift_jis("管理番号,配送番号,氏名\nC00000001,444413758703,見本\nC00000002,").unwrap();
    bytes.extend(b"\xFF4444");
    bytes.extend(encode_shift_jis("13758703,見本\nC00000003,405548424886,見本\n").unwrap());
    let file = read_tracking(&bytes).unwrap();
    assert_eq!(file.charset, Charset::Cp932);
    assert_eq!(file.rows.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!((file.errors[0].line, file.errors[0].code.as_str()), (3, "damaged"));
}

proptest! {
    #[test]
    fn no_bytes_panic_f57(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_tracking(&bytes);
        let _ = read_tracking_by(&bytes, &TrackingProfile::e_hiden_by_place());
    }

    #[test]
    fn no_bytes_behind_good_headings_panic_and_rows_are_always_whole_f57(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut file = encode_shift_jis("お客様管理番号,送り状種類,伝票番号,出荷予定日\r\n").unwrap();
        file.extend(bytes);
        if let Ok(file) = read_tracking(&file) {
            for row in &file.rows {
                prop_assert!((10..=13).contains(&row.tracking_number.len()));
                prop_assert!(!row.order_no.clone().unwrap_or_default().is_empty());
            }
        }
    }

    #[test]
    fn likely_cells_in_any_arrangement_do_not_panic_f57(
        text in "((管理番号|配送番号|C00000001|444413758703|2026/11/22|\"|=\"|,|\t|\r|\n| ){0,40}\n){0,4}",
    ) {
        let _ = read_tracking(text.as_bytes());
    }
}

#[test]
fn a_file_at_the_limit_is_read_and_one_line_more_is_refused_f56() {
    let mut text = "管理番号,配送番号\n".to_owned();
    for n in 0..99_998_u64 {
        text.push_str(&format!("C{n:08},{n:011}{}\n", n % 7));
    }
    assert_eq!(read(&text).rows.len(), 99_998);
    text.push_str("C99999999,444413758703\nC99999998,405548424886\n");
    assert_eq!(read_tracking(text.as_bytes()).unwrap_err().code, "too_many_lines");
}
