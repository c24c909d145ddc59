//! The processing report of a flat file, row by row (4.4, trap 18; F29).

use super::{settings, words};
use crate::amazon::feed::Row;
use crate::amazon::{flat_file, report, settings as own};
use domain::StepId;
use domain::write::Outcome;
use mall_api::charset::encode_shift_jis;

fn rows() -> Vec<Row> {
    let row = |step: i64, order: &str, item: &str| Row {
        step: StepId(step),
        order: order.to_owned(),
        cells: vec![order.to_owned(), item.to_owned()],
    };
    vec![row(1, "a", "1"), row(1, "a", "2"), row(2, "b", ""), row(3, "c", "")]
}

const STEPS: [StepId; 3] = [StepId(1), StepId(2), StepId(3)];

fn text(successful: usize, problems: &[&str]) -> String {
    let mut text = format!(
        "Feed Processing Summary:\n\tNumber of records processed\t\t4\n\tNumber of records successful\t\t{successful}\n\n"
    );
    if !problems.is_empty() {
        text.push_str(
            "original-record-number\torder-id\torder-item-id\terror-code\terror-type\terror-message\n",
        );
    }
    for problem in problems {
        text.push_str(problem);
        text.push('\n');
    }
    text
}

fn read(text: &str) -> Vec<(i64, &'static str, String)> {
    words(&report::read(text, &rows(), &STEPS, &[]))
}

fn of(step: usize, text: &str) -> (&'static str, String) {
    let (_, word, what) = read(text).remove(step - 1);
    (word, what)
}

#[test]
fn without_a_table_the_counts_must_say_that_all_went_through() {
    assert!(read(&text(4, &[])).iter().all(|(_, word, _)| *word == "applied"));
    // One is missing and nobody says which: nothing can be said of any.
    assert!(
        read(&text(3, &[]))
            .iter()
            .all(|(_, word, what)| *word == "unknown" && what == "AMAZON_REPORT_UNCLEAR")
    );
    for empty in ["", "Feed Processing Summary:\n", "おかしなもの\n"] {
        assert!(read(empty).iter().all(|(_, word, _)| *word == "unknown"), "{empty}");
    }
}

#[test]
fn a_translated_summary_is_read_by_its_numbers() {
    let japanese = "フィード処理の概要:\n\t処理済みレコード数\t\t4\n\t成功したレコード数\t\t3\n\n\
        original-record-number\torder-id\torder-item-id\terror-code\terror-type\terror-message\n\
        3\tb\t\t18028\tエラー\t不完全です\n";
    assert_eq!(
        read(japanese),
        [(1, "applied", String::new()), (2, "rejected", "18028".into()), (3, "applied", String::new())]
    );
    let bytes = encode_shift_jis(japanese).unwrap();
    assert_eq!(flat_file::decode(&bytes, None), japanese);
    assert_eq!(flat_file::decode(&bytes, Some("text/plain; charset=Shift_JIS")), japanese);
    // A declaration that does not fit is not believed.
    assert_eq!(flat_file::decode(japanese.as_bytes(), Some("text/plain;charset=CP932")), japanese);
    assert_eq!(flat_file::decode(&bytes, Some("text/plain;charset=UTF-8")), japanese);
}

#[test]
fn severity_words_are_not_enough_trap_18() {
    let ship_method = "3\tb\t\t\t警告\tship-methodの項目が記入されていないか入力内容が無効です。 有効なship-methodの項目が入力されていることを確認してください。";
    let outcomes = report::read(&text(4, &[ship_method]), &rows(), &STEPS, &[]);
    assert!(
        matches!(&outcomes[1].1, Outcome::Applied { warnings, .. } if warnings[0].code == "AMAZON_SHIP_METHOD")
    );
    let cannot =
        "3\tb\t\t\tWarning\tOrder cannot be fulfilled. For more information, please contact Seller Support.";
    assert_eq!(of(2, &text(3, &[cannot])), ("rejected", "AMAZON_CANNOT_FULFILL".into()));
    for (kind, word) in [
        ("Warning", "applied"),
        ("警告", "applied"),
        ("Error", "rejected"),
        ("Fehler", "rejected"),
        ("", "rejected"),
    ] {
        let successful = if word == "applied" { 4 } else { 3 };
        assert_eq!(of(2, &text(successful, &[&format!("3\tb\t\t777\t{kind}\tsomething")])).0, word, "{kind}");
    }
    assert_eq!(
        of(2, &text(3, &["3\tb\t\t18021\tError\tquantities are larger"])),
        ("unknown", "18021".into())
    );
    assert_eq!(of(2, &text(4, &["3\tb\t\t5000\tWarning\tskipped"])).0, "applied");
}

#[test]
fn the_shops_own_table_comes_first() {
    let table = own::report_texts(&settings(&[(
        "report_texts",
        "成功扱い=already there|要確認=Odd|失敗=bad warning",
    )]));
    let of = |message: &str, successful: usize| {
        let text = text(successful, &[&format!("3\tb\t\t18028\tWarning\t{message}")]);
        words(&report::read(&text, &rows(), &STEPS, &table)).remove(1).1
    };
    assert_eq!(
        (of("It is already there.", 4), of("odd thing", 3), of("A BAD WARNING", 3)),
        ("applied", "unknown", "rejected")
    );
}

#[test]
fn a_parcel_of_which_only_some_rows_failed_is_read_back() {
    let first = "1\ta\t1\t18028\tError\tx";
    assert_eq!(of(1, &text(3, &[first])).0, "unknown");
    assert_eq!(of(1, &text(2, &[first, "2\ta\t2\t18028\tError\tx"])).0, "rejected");
}

#[test]
fn rows_are_found_by_number_and_order_and_a_row_of_nobody_makes_the_rest_unclear() {
    // The number points at another order: the order counts.
    assert_eq!(of(3, &text(3, &["1\tc\t\t18028\tError\tx"])), ("rejected", "18028".into()));
    assert_eq!(of(1, &text(3, &["1\tc\t\t18028\tError\tx"])).0, "applied");
    let nobody = read(&text(3, &["9\tz\t\t18028\tError\tx"]));
    assert!(nobody.iter().all(|(_, word, _)| *word == "unknown"));
    let heading = "\t\t\t\tWarning\tfield heading is invalid, so values in this field were ignored.";
    assert!(read(&text(0, &[heading])).iter().all(|(_, word, _)| *word == "unknown"));
    // Columns are read by name, in any order.
    let turned =
        "x\t\t4\ny\t\t3\noriginal-record-number\terror-message\torder-id\terror-code\n3\tx\tb\t18028\n";
    assert_eq!(read(turned)[1].1, "rejected");
}
