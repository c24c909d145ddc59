//! A pasted column of 配送番号, matched to the chosen orders: by 管理番号 or 注文番号, or one by one in the order of the list.

use carriers::{TrackingFile, TrackingRow};
use domain::{CarrierKey, OrderSeq};
use engine::bulk::ParcelInput;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use store::orders::ListRow;

/// What a paste came to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Matched {
    /// Orders with what goes to each.
    pub(super) items: Vec<(OrderSeq, ParcelInput)>,
    /// What is wrong, Japanese and English. Nothing is done while there is any.
    pub(super) errors: Vec<(String, String)>,
    /// What is worth saying.
    pub(super) remarks: Vec<(String, String)>,
}

/// What goes to rows that do not say it themselves.
#[derive(Debug, Clone, Default)]
pub(super) struct Usual {
    /// 配送業者.
    pub(super) carrier: Option<CarrierKey>,
    /// 出荷日.
    pub(super) shipped_on: Option<Date>,
}

fn input(row: &TrackingRow, usual: &Usual) -> ParcelInput {
    ParcelInput {
        carrier: row.carrier.clone().or_else(|| usual.carrier.clone()),
        tracking_number: row.tracking_number.clone(),
        shipped_on: row.shipped_on.or(usual.shipped_on),
    }
}

/// Matches what was read to the chosen orders (`picked`, in the order of the list).
pub(super) fn matched(file: &TrackingFile, picked: &[OrderSeq], rows: &[ListRow], usual: &Usual) -> Matched {
    let mut out = Matched {
        errors: file.errors.iter().map(|e| (e.ja.clone(), e.en.clone())).collect(),
        remarks: file.warnings.iter().map(|w| (w.ja.clone(), w.en.clone())).collect(),
        ..Matched::default()
    };
    if file.rows.is_empty() && out.errors.is_empty() {
        out.errors.push(("配送番号がありません。".to_owned(), "There is no tracking number.".to_owned()));
    }
    if file.rows.iter().all(|r| r.order_no.is_none()) {
        in_turn(file, picked, usual, &mut out);
    } else {
        by_name(file, rows, usual, &mut out);
    }
    out
}

fn in_turn(file: &TrackingFile, picked: &[OrderSeq], usual: &Usual, out: &mut Matched) {
    let (numbers, orders) = (file.rows.len(), picked.len());
    if numbers > orders {
        out.errors.push((
            format!("番号が{numbers}件ありますが、選択した受注は{orders}件です。"),
            format!("There are {numbers} numbers for {orders} orders."),
        ));
    } else if numbers < orders && numbers > 0 {
        out.remarks.push((
            format!(
                "番号は{numbers}件です。一覧の上から{numbers}件に入れ、残り{}件はそのままにします。",
                orders - numbers
            ),
            format!("{numbers} numbers go to the first {numbers} orders of the list."),
        ));
    }
    out.items = picked.iter().zip(&file.rows).map(|(seq, row)| (*seq, input(row, usual))).collect();
}

fn by_name(file: &TrackingFile, rows: &[ListRow], usual: &Usual, out: &mut Matched) {
    let mut known: BTreeMap<&str, OrderSeq> = BTreeMap::new();
    for row in rows {
        known.insert(row.mall_order_id.as_str(), row.seq);
    }
    // 管理番号 goes before a mall's number that looks like one.
    for row in rows {
        known.insert(row.order_no.as_str(), row.seq);
    }
    let mut taken = BTreeSet::new();
    for row in &file.rows {
        let named = row.order_no.as_deref().and_then(|n| known.get(n));
        let named = named.or_else(|| known.get(row.order_no_without_suffix.as_deref()?));
        let line = row.line;
        match named {
            None => out.errors.push((
                format!("{line}行目：選択した受注にない番号です。"),
                format!("Line {line}: not among the selected orders."),
            )),
            Some(seq) if !taken.insert(*seq) => out.errors.push((
                format!("{line}行目：同じ受注の2つめの配送番号です。荷物が複数のときは受注の画面で入力してください。"),
                format!("Line {line}: a second number for the same order."),
            )),
            Some(seq) => out.items.push((*seq, input(row, usual))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carriers::read_pasted;

    const PICKED: [OrderSeq; 2] = [OrderSeq(2), OrderSeq(1)];

    #[test]
    fn numbers_alone_go_to_the_chosen_orders_in_the_order_of_the_list() {
        let file = read_pasted("400000000013\n400000000024\n").unwrap();
        let out = matched(&file, &PICKED, &[], &Usual { carrier: Some("yamato".into()), shipped_on: None });
        assert_eq!(out.errors, []);
        let numbers: Vec<_> = out.items.iter().map(|(seq, i)| (seq.0, i.tracking_number.as_str())).collect();
        assert_eq!(numbers, [(2, "400000000013"), (1, "400000000024")]);
        assert_eq!(out.items[0].1.carrier, Some("yamato".into()));
    }

    #[test]
    fn more_numbers_than_orders_are_an_error_and_fewer_are_said() {
        let three = read_pasted("400000000013\n400000000024\n400000000035\n").unwrap();
        assert!(matched(&three, &PICKED, &[], &Usual::default()).errors[0].0.contains("3件"));
        let one = read_pasted("400000000013\n").unwrap();
        let out = matched(&one, &PICKED, &[], &Usual::default());
        assert_eq!((out.errors.len(), out.items.len()), (0, 1));
        assert!(out.remarks.iter().any(|r| r.0.contains("残り1件")));
    }

    #[test]
    fn a_number_of_an_order_that_was_not_chosen_is_never_entered() {
        let file = read_pasted("C00000099\t400000000013\n").unwrap();
        let out = matched(&file, &PICKED, &[], &Usual::default());
        assert!(out.items.is_empty());
        assert!(out.errors[0].0.starts_with("1行目"));
    }
}
