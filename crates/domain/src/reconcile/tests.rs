//! Tests of the three-way reconcile.

use super::*;
use crate::given::Given;
use crate::money::Amount;
use crate::snapshot::{Coded, Coupon, CouponPayer, Line, LineOption, Recipient};
use proptest::prelude::*;
use serde_json::json;

fn content() -> Content {
    let mut content = Content {
        recipients: vec![Recipient { key: "10".into(), ..Recipient::default() }],
        lines: vec![Line {
            key: "1".into(),
            recipient_key: "10".into(),
            quantity: 2,
            title: "湯のみ".to_owned().into(),
            ..Line::default()
        }],
        ..Content::default()
    };
    content.buyer.city = "架空区".to_owned().into();
    content.amounts.postage = Amount::Undecided.into();
    content
}

fn edit(path: &str, value: Value) -> Edit {
    Edit { path: path.into(), value, conflict: None }
}

#[test]
fn an_edit_lies_over_the_base_and_back_to_the_base_is_no_edit_imp3() {
    let base = content();
    let edits = add_edit(&base, &[], "buyer.city", json!("見本区")).unwrap();
    assert_eq!(lay_over(&base, &edits).unwrap().buyer.city.text(), "見本区");
    assert_eq!(add_edit(&base, &edits, "buyer.city", json!("架空区")).unwrap(), []);
    let edits = add_edit(&base, &edits, "lines[1].quantity", json!(3)).unwrap();
    assert_eq!(lay_over(&base, &edits).unwrap().lines[0].quantity, 3);
}

#[test]
fn bad_edits_name_the_field_and_change_nothing() {
    let base = content();
    for (path, value) in [
        ("", json!(1)),
        ("buyer..city", json!("x")),
        ("buyer.", json!("x")),
        ("lines[1]quantity", json!(1)),
        ("lines[1", json!(1)),
        ("buyer.no_such_field", json!("x")),
        ("lines[1].quantity", json!("many")),
        ("buyer.city.deep", json!("x")),
    ] {
        let error = add_edit(&base, &[], path, value).unwrap_err();
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[test]
fn only_paths_written_in_full_are_paths() {
    for path in ["lines[1]quantity", "lines[1]..quantity", "[1", "buyer.city.", ""] {
        let laid = lay_over(&content(), &[edit(path, json!(7))]);
        assert_eq!(laid, Err(EditError::BadPath(path.to_owned())));
    }
}

#[test]
fn a_field_changed_only_at_the_mall_is_taken_only_here_is_kept_imp3_f19() {
    let base = content();
    let edits = add_edit(&base, &[], "buyer.city", json!("見本区")).unwrap();
    let mut theirs = content();
    theirs.lines[0].quantity = 5;
    let merged = merge(&base, &edits, &theirs).unwrap();
    assert_eq!(merged.taken, ["lines[1].quantity"]);
    assert_eq!(merged.kept, ["buyer.city"]);
    assert!(merged.conflicts.is_empty());
    let laid = lay_over(&merged.base, &merged.edits).unwrap();
    assert_eq!((laid.lines[0].quantity, laid.buyer.city.text()), (5, "見本区"));
}

#[test]
fn a_field_changed_on_both_sides_is_shown_and_ours_stays_i5() {
    let base = content();
    let edits = add_edit(&base, &[], "buyer.city", json!("見本区")).unwrap();
    let mut theirs = content();
    theirs.buyer.city = "別区".to_owned().into();
    let merged = merge(&base, &edits, &theirs).unwrap();
    assert_eq!(merged.conflicts, ["buyer.city"]);
    assert_eq!(merged.edits[0].conflict, Some(json!("別区")));
    assert_eq!(lay_over(&merged.base, &merged.edits).unwrap().buyer.city.text(), "見本区");
    // Both sides came to the same value: the edit is done.
    theirs.buyer.city = "見本区".to_owned().into();
    let agreed = merge(&base, &edits, &theirs).unwrap();
    assert!(agreed.edits.is_empty() && agreed.conflicts.is_empty());
}

#[test]
fn what_the_mall_does_not_mention_never_overwrites_but_cleared_does() {
    let base = content();
    let mut silent = content();
    silent.buyer.city = Given::NotGiven;
    assert!(mall_diff(&base, &silent).is_empty());
    assert_eq!(merge(&base, &[], &silent).unwrap().base.buyer.city.text(), "架空区");
    let mut cleared = content();
    cleared.buyer.city = Given::Cleared;
    assert_eq!(mall_diff(&base, &cleared).changed, ["buyer.city"]);
    assert_eq!(merge(&base, &[], &cleared).unwrap().base.buyer.city, Given::Cleared);
}

#[test]
fn undecided_amounts_that_become_known_are_filled_not_changed() {
    let mut theirs = content();
    theirs.amounts.postage = Amount::yen(880).into();
    theirs.buyer.phone = "000-0000-0000".to_owned().into();
    let diff = mall_diff(&content(), &theirs);
    assert_eq!(diff.filled, ["amounts.postage", "buyer.phone"]);
    assert!(diff.changed.is_empty());
    assert_eq!(mall_diff(&theirs, &content()).changed, ["amounts.postage"]);
}

#[test]
fn lines_that_come_or_go_are_one_change_each() {
    let mut theirs = content();
    theirs.lines.push(Line { key: "2".into(), quantity: 1, ..Line::default() });
    assert_eq!(mall_diff(&content(), &theirs).changed, ["lines[2]"]);
    assert_eq!(mall_diff(&theirs, &content()).changed, ["lines[2]"]);
    let edits = [edit("lines[2].quantity", json!(9))];
    let merged = merge(&theirs, &edits, &content()).unwrap();
    assert_eq!(merged.conflicts, ["lines[2].quantity"]);
    assert_eq!(lay_over(&merged.base, &merged.edits).unwrap().lines.len(), 1);
}

#[test]
fn odd_keys_survive_their_path() {
    let mut base = content();
    base.lines[0].key = "a.b[c]%d".into();
    let path = fields(&base).into_keys().find(|p| p.ends_with(".quantity")).unwrap();
    let edits = add_edit(&base, &[], &path, json!(7)).unwrap();
    let laid = lay_over(&base, &edits).unwrap();
    assert_eq!((laid.lines.len(), laid.lines[0].quantity), (1, 7));
}

#[test]
fn coded_values_and_plain_lists_are_one_field_keyed_items_are_many() {
    let mut base = content();
    base.payment.method = Coded::new("1", "クレジットカード");
    base.marks = vec!["deal".into(), "gift".into()];
    base.lines[0].options = vec![LineOption { name: "色".into(), value: "青".into() }];
    base.coupons = vec![Coupon {
        key: "c1".into(),
        code: "OFF".into(),
        name: "割引".into(),
        payer: CouponPayer::Shop,
        total: Amount::yen(100),
        line_key: None,
    }];
    let fields = fields(&base);
    assert_eq!(fields["payment.method"], json!({"code": "1", "label": "クレジットカード"}));
    assert_eq!(fields["marks"], json!(["deal", "gift"]));
    assert_eq!(fields["lines[1].options"], json!([{"name": "色", "value": "青"}]));
    assert_eq!(fields["coupons[c1].code"], json!("OFF"));
    for absent in ["coupons", "coupons[c1]", "wrapping", "documents_wanted", "payment.method.code"] {
        assert!(!fields.contains_key(absent), "{absent}");
    }
}

#[test]
fn emptying_a_field_of_an_item_keeps_the_item_and_null_on_the_item_removes_it() {
    let mut base = content();
    base.lines.push(Line { key: "2".into(), quantity: 4, ..Line::default() });
    let edits = add_edit(&base, &[], "lines[1].title", Value::Null).unwrap();
    let laid = lay_over(&base, &edits).unwrap();
    assert_eq!((laid.lines.len(), laid.lines[0].title.text()), (2, ""));
    let laid = lay_over(&base, &[edit("lines[1]", Value::Null)]).unwrap();
    assert_eq!(laid.lines.iter().map(|l| l.key.as_str()).collect::<Vec<_>>(), ["2"]);
    // A whole item may be written over as well.
    let whole = json!({"key": "1", "recipient_key": "10", "quantity": 8});
    let laid = lay_over(&base, &[edit("lines[1]", whole)]).unwrap();
    assert_eq!((laid.lines.len(), laid.lines[0].quantity), (2, 8));
}

#[test]
fn a_difference_of_either_kind_is_a_difference() {
    let mut filled = content();
    filled.buyer.phone = "000-0000-0000".to_owned().into();
    let mut changed = content();
    changed.lines[0].quantity = 9;
    let mut both = filled.clone();
    both.lines[0].quantity = 9;
    for theirs in [filled, changed, both] {
        assert!(!mall_diff(&content(), &theirs).is_empty());
    }
    assert!(mall_diff(&content(), &content()).is_empty());
}

#[test]
fn an_edit_of_a_line_stays_while_the_line_is_there_i5() {
    let base = content();
    let edits = [edit("lines[1].quantity", json!(3))];
    let merged = merge(&base, &edits, &base).unwrap();
    assert_eq!((merged.kept, merged.edits), (vec!["lines[1].quantity".to_owned()], edits.to_vec()));
    // A line that staff added was never the mall's: the mall's silence takes nothing away.
    let added = [edit("lines[9].quantity", json!(1))];
    let merged = merge(&base, &added, &base).unwrap();
    assert_eq!(merged.kept, ["lines[9].quantity"]);
    assert_eq!(lay_over(&merged.base, &merged.edits).unwrap().lines.len(), 2);
}

#[test]
fn an_emptied_field_stays_emptied_until_the_mall_has_none_either_i5() {
    let base = content();
    let edits = [edit("buyer.city", Value::Null)];
    let merged = merge(&base, &edits, &base).unwrap();
    assert_eq!((merged.kept, merged.edits), (vec!["buyer.city".to_owned()], edits.to_vec()));
    // A field the mall never gave: emptying it is done before it began.
    let merged = merge(&base, &[edit("buyer.phone", Value::Null)], &base).unwrap();
    assert!(merged.edits.is_empty() && merged.kept.is_empty() && merged.conflicts.is_empty());
    // But a value for such a field is kept.
    let merged = merge(&base, &[edit("buyer.phone", json!("000-0000-0000"))], &base).unwrap();
    assert_eq!(merged.kept, ["buyer.phone"]);
    // A line the mall removed: also the emptied field of it is told, not dropped without a word.
    let mut two = content();
    two.lines.push(Line { key: "2".into(), title: "皿".to_owned().into(), ..Line::default() });
    let merged = merge(&two, &[edit("lines[2].title", Value::Null)], &base).unwrap();
    assert_eq!(merged.conflicts, ["lines[2].title"]);
}

proptest! {
    #[test]
    fn merging_twice_changes_nothing_more_i2(ours in "[a-c]?", theirs_city in "[a-c]?", base_city in "[a-c]?") {
        let with = |city: &str| {
            let mut c = content();
            c.buyer.city = city.to_owned().into();
            c
        };
        let base = with(&base_city);
        let edits = add_edit(&base, &[], "buyer.city", json!(ours)).unwrap();
        let once = merge(&base, &edits, &with(&theirs_city)).unwrap();
        let twice = merge(&once.base, &once.edits, &with(&theirs_city)).unwrap();
        prop_assert_eq!(&once.base, &twice.base);
        let laid = |m: &Merged| lay_over(&m.base, &m.edits).unwrap().buyer.city.text().to_owned();
        prop_assert_eq!(laid(&once), laid(&twice));
        // Staff's value is never lost without a word.
        if ours != base_city {
            prop_assert_eq!(laid(&once), ours);
        }
    }

    #[test]
    fn no_path_makes_an_edit_panic(path in ".{0,40}", value in "[a-z]{0,3}") {
        let _ = add_edit(&content(), &[], &path, json!(value));
    }
}

#[test]
fn a_path_leads_to_a_field_or_to_a_whole_item() {
    let content = content();
    assert_eq!(value_at(&content, "lines[1].title"), Some(json!("湯のみ")));
    assert_eq!(value_at(&content, "lines[1]").unwrap()["quantity"], 2);
    assert_eq!(value_at(&content, "buyer.city"), Some(json!("架空区")));
    for nothing in ["lines[2]", "buyer.phone", "buyer.city.deep", "", "lines[1"] {
        assert_eq!(value_at(&content, nothing), None, "{nothing}");
    }
    let mut odd = content;
    odd.lines[0].key = "a.b[1]%".into();
    let path = item_path("lines", "a.b[1]%");
    assert_eq!(value_at(&odd, &path).unwrap()["title"], "湯のみ");
    assert!(fields(&odd).contains_key(&format!("{path}.title")));
}
