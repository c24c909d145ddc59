//! What a row of the list can show, in which order.

use crate::words::Lang;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Stable name.
    pub key: &'static str,
    /// 日本語.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
    /// Numbers stand at the right.
    pub number: bool,
}

impl Column {
    /// Its heading.
    #[must_use]
    pub fn label(&self, lang: &Lang) -> &'static str {
        lang.t(self.ja, self.en)
    }
}

const fn text(key: &'static str, ja: &'static str, en: &'static str) -> Column {
    Column { key, ja, en, number: false }
}

const fn number(key: &'static str, ja: &'static str, en: &'static str) -> Column {
    Column { key, ja, en, number: true }
}

/// All columns but the first (管理番号), which always stands there.
pub const ALL: [Column; 21] = [
    text("shop", "店舗", "Shop"),
    text("mall_order_id", "受注番号", "Mall number"),
    text("ordered_at", "受注日時", "Ordered"),
    text("buyer", "注文者", "Buyer"),
    text("goods", "商品", "Goods"),
    number("total", "請求額", "Total"),
    text("ship_on", "出荷予定", "Ship on"),
    text("parcel", "配送便／配送番号", "Parcel"),
    text("notice", "連携ステータス", "Notice"),
    text("payment", "支払方法", "Payment"),
    text("recipient", "お届け先", "Recipient"),
    text("phase", "フェーズ", "Phase"),
    text("mall_status", "モールステータス", "Mall status"),
    text("handling_class", "管理区分", "Class"),
    text("deliver_on", "お届け希望日", "Deliver on"),
    text("paid_on", "入金日", "Paid on"),
    text("print_on", "印刷指示日", "Print on"),
    text("printed", "印刷", "Printed"),
    text("tags", "タグ", "Tags"),
    number("units", "点数", "Units"),
    text("created_at", "取込日時", "Imported"),
];

/// How many of [`ALL`] are shown unless a person chose others.
const USUAL: usize = 9;

/// The column of a name.
#[must_use]
pub fn by_key(key: &str) -> Option<Column> {
    ALL.into_iter().find(|c| c.key == key)
}

/// The columns a person chose, or the usual ones; a list of `several` phases then says of each order in which it is. Names of
/// another program's columns are passed over.
#[must_use]
pub fn chosen(keys: &[String], several: bool) -> Vec<Column> {
    let chosen: Vec<Column> = keys.iter().filter_map(|k| by_key(k)).collect();
    if !chosen.is_empty() {
        return chosen;
    }
    let usual = ALL.into_iter().take(USUAL);
    usual
        .flat_map(|c| [by_key("phase").filter(|_| several && c.key == "notice"), Some(c)])
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_several_phases_names_the_phase_unless_a_person_chose_otherwise() {
        let keys = |several| chosen(&[], several).iter().map(|c| c.key).collect::<Vec<_>>();
        assert!(!keys(false).contains(&"phase") && keys(true).contains(&"phase"));
        assert_eq!(keys(true).len(), USUAL + 1);
        let own = ["total".to_owned(), "gone".to_owned()];
        assert_eq!(chosen(&own, true).iter().map(|c| c.key).collect::<Vec<_>>(), ["total"]);
    }
}
