//! 納品書 of one recipient, from what the order says. Amounts and taxes are the mall's own: nothing is rounded or worked out
//! anew (formats.md g). Pure.

use super::barcode::{self, Bars};
use crate::words::{Lang, day};
use domain::Amount;
use domain::snapshot::{Content, Line, Party, Recipient};
use store::desk::papers::OrderPaper;

/// Tax in hundredths of a percent that is the reduced rate.
const REDUCED_BP: i64 = 800;

/// Paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// One or more A4 pages an order.
    #[default]
    A4,
    /// A5.
    A5,
    /// Four to an A4 page.
    FourUp,
}

impl Paper {
    /// All.
    pub const ALL: [Paper; 3] = [Paper::A4, Paper::A5, Paper::FourUp];

    /// Stable text, as style sheets name it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Paper::A4 => "a4",
            Paper::A5 => "a5",
            Paper::FourUp => "4up",
        }
    }

    /// Reads the stable text; blank is A4.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self::A4) } else { Self::ALL.into_iter().find(|p| p.as_str() == text) }
    }

    /// Words.
    #[must_use]
    pub fn label(&self, lang: &Lang) -> &'static str {
        match self {
            Paper::A4 => "A4",
            Paper::A5 => "A5",
            Paper::FourUp => lang.t("A4に4面", "4 on A4"),
        }
    }
}

/// Whether slips show prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prices {
    /// Not on gifts, nor where somebody else than the buyer gets the goods.
    #[default]
    HideOnGifts,
    /// On all.
    Show,
    /// On none.
    Hide,
}

impl Prices {
    /// All.
    pub const ALL: [Prices; 3] = [Prices::HideOnGifts, Prices::Show, Prices::Hide];

    /// Stable text.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Prices::HideOnGifts => "gifts",
            Prices::Show => "show",
            Prices::Hide => "hide",
        }
    }

    /// Reads the stable text; blank hides them on gifts.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::HideOnGifts);
        }
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }

    /// Words.
    #[must_use]
    pub fn label(&self, lang: &Lang) -> &'static str {
        match self {
            Prices::HideOnGifts => lang.t("ギフト・別の届け先では隠す", "hide on gifts"),
            Prices::Show => lang.t("すべてに印刷", "show"),
            Prices::Hide => lang.t("すべて隠す", "hide"),
        }
    }
}

/// One row of goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipLine {
    /// SKU.
    pub sku: String,
    /// 商品名.
    pub title: String,
    /// Variant and what the buyer chose.
    pub chosen: String,
    /// Units.
    pub quantity: i64,
    /// Unit price with its words.
    pub unit: String,
    /// Sum of the line.
    pub sum: String,
    /// 軽減税率.
    pub reduced: bool,
}

/// One slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// 管理番号.
    pub order_no: String,
    /// It as a barcode.
    pub bars: Option<Bars>,
    /// Name of the shop.
    pub shop: String,
    /// 受注番号.
    pub mall_order_id: String,
    /// 注文日.
    pub ordered_on: String,
    /// Postal code and address of the recipient, one line each.
    pub to: Vec<String>,
    /// Who gets it.
    pub name: String,
    /// Who bought it, where it is somebody else and prices are shown.
    pub buyer: String,
    /// `1/2`: one of several recipients; empty: the only one.
    pub part: String,
    /// Goods.
    pub lines: Vec<SlipLine>,
    /// Prices stand on it.
    pub priced: bool,
    /// Sums, the last one is what is asked for. Empty on all but the first of several recipients.
    pub sums: Vec<(&'static str, String)>,
    /// Tax per rate in the mall's words.
    pub taxes: Vec<String>,
    /// Wishes of delivery, のし, 備考.
    pub remarks: Vec<(&'static str, String)>,
    /// Printed before.
    pub printed: String,
    /// Too long for a quarter of a page.
    pub whole: bool,
}

fn amount(amount: Option<&Amount>) -> Option<String> {
    match amount? {
        Amount::Decided(money) => Some(money.to_string()),
        Amount::Undecided => Some("未確定".to_owned()),
    }
}

fn is_zero(amount: &Amount) -> bool {
    amount.money().is_some_and(|m| m.minor == 0)
}

fn line(line: &Line) -> SlipLine {
    let quantity = line.quantity.saturating_sub(line.cancelled_quantity).max(0);
    let unit = line.unit_price_with_tax.value().or(line.unit_price.value());
    let without_tax = line.unit_price_with_tax.value().is_none() && !line.tax_included;
    let sum = unit.and_then(Amount::money).and_then(|m| {
        let minor = m.minor.checked_mul(quantity)?;
        Some(domain::Money { minor, currency: m.currency }.to_string())
    });
    let mut chosen = vec![line.variant.text().to_owned()];
    chosen.extend(
        line.options
            .iter()
            .map(|o| if o.name.is_empty() { o.value.clone() } else { format!("{}：{}", o.name, o.value) }),
    );
    chosen.retain(|text| !text.trim().is_empty());
    let tax = if without_tax { "（税抜）" } else { "" };
    SlipLine {
        sku: line.sku.value().or(line.item_code.value()).cloned().unwrap_or_default(),
        title: line.title.text().to_owned(),
        chosen: chosen.join("／"),
        quantity,
        unit: amount(unit).map(|text| format!("{text}{tax}")).unwrap_or_default(),
        sum: sum.or_else(|| amount(unit)).unwrap_or_default(),
        reduced: line.tax_rate_bp.value() == Some(&REDUCED_BP),
    }
}

fn sums(content: &Content) -> Vec<(&'static str, String)> {
    let a = &content.amounts;
    let mut rows = Vec::new();
    let mut add = |label, given: &domain::Given<Amount>, minus: bool| {
        if let Some(value) = given.value().filter(|v| !is_zero(v))
            && let Some(text) = amount(Some(value))
        {
            rows.push((label, if minus { format!("−{text}") } else { text }));
        }
    };
    add("商品合計", &a.goods, false);
    add("送料", &a.postage, false);
    add("代引手数料", &a.cod_fee, false);
    add("決済手数料", &a.payment_fee, false);
    add("手数料", &a.other_fee, false);
    add("ラッピング", &a.wrapping, false);
    add("値引き", &a.discount, true);
    add("クーポン（店舗）", &a.coupon_shop, true);
    add("クーポン（モール）", &a.coupon_mall, true);
    add("ポイント利用", &a.points_used, true);
    let asked = a.requested.value().or(a.total.value());
    rows.push(("ご請求額", amount(asked).unwrap_or_default()));
    rows
}

/// Tax per rate as the mall states it: `8%対象※ 1,080円（消費税 80円）`.
fn taxes(content: &Content) -> Vec<String> {
    let rate = |bp: i64| {
        let (whole, rest) = (bp / 100, bp % 100);
        if rest == 0 { format!("{whole}%") } else { format!("{whole}.{rest:02}%") }
    };
    content
        .tax
        .iter()
        .map(|t| {
            let mark = if t.rate_bp == REDUCED_BP { "※" } else { "" };
            let (taxed, tax) = (amount(Some(&t.taxed)), amount(Some(&t.tax)));
            format!(
                "{}対象{mark} {}（消費税 {}）",
                rate(t.rate_bp),
                taxed.unwrap_or_default(),
                tax.unwrap_or_default()
            )
        })
        .collect()
}

fn address(party: &Party) -> Vec<String> {
    let text = |parts: &[&domain::Given<String>]| parts.iter().map(|p| p.text()).collect::<String>();
    let postal = party.postal_code.text();
    let lines = vec![
        if postal.is_empty() { String::new() } else { format!("〒{postal}") },
        text(&[&party.prefecture, &party.city, &party.address1]),
        text(&[&party.address2]),
        text(&[&party.address3]),
        text(&[&party.company]),
        text(&[&party.department]),
    ];
    lines.into_iter().filter(|l| !l.trim().is_empty()).collect()
}

/// Somebody else than the buyer gets the goods, as far as names tell.
fn is_for_another(content: &Content, recipient: &Recipient) -> bool {
    let plain = |name: String| name.split_whitespace().collect::<String>();
    let (buyer, other) = (plain(content.buyer.name()), plain(recipient.party.name()));
    !buyer.is_empty() && !other.is_empty() && buyer != other
}

/// A gift, by anything the buyer said.
fn is_gift(content: &Content, recipient: &Recipient) -> bool {
    let said = |text: &domain::Given<String>| !text.text().trim().is_empty();
    content.gift || !content.wrapping.is_empty() || said(&recipient.noshi) || said(&recipient.gift_message)
}

fn remarks(content: &Content, recipient: &Recipient, to_buyer: bool) -> Vec<(&'static str, String)> {
    let wish = &content.delivery;
    let slot = wish.deliver_slot.value().map_or("", |s| if s.label.is_empty() { &s.code } else { &s.label });
    let on = wish.deliver_on.value().map(|d| day(&d.to_string())).unwrap_or_default();
    let mut rows = vec![
        ("お届け希望", format!("{on} {slot}").trim().to_owned()),
        ("置き配", recipient.drop_off.text().to_owned()),
        ("受取場所", recipient.pickup_point.text().to_owned()),
        ("のし", recipient.noshi.text().to_owned()),
        ("メッセージ", recipient.gift_message.text().to_owned()),
        ("ラッピング", content.wrapping.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join("、")),
    ];
    // What the buyer wrote to the shop is not for somebody who gets a gift.
    if to_buyer {
        rows.push(("備考", content.buyer_note.text().to_owned()));
    }
    rows.retain(|(_, text)| !text.trim().is_empty());
    rows
}

/// So many rows of a quarter's table a text takes, at this many full-width characters a row.
fn rows_of(text: &str, per_row: usize) -> usize {
    let wide: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    wide.div_ceil(per_row * 2)
}

/// Rows a quarter of A4 holds beneath the heading: 133 mm, of which heading, foot and sums leave about 100 mm at 4 mm a row.
const ROWS_OF_QUARTER: usize = 22;

fn is_too_long(slip: &Slip) -> bool {
    let goods: usize =
        slip.lines.iter().map(|l| 1 + rows_of(&l.title, 17).max(1) + rows_of(&l.chosen, 19)).sum();
    let to: usize = slip.to.iter().map(|l| rows_of(l, 24)).sum();
    let remarks: usize = slip.remarks.iter().map(|(_, text)| rows_of(text, 22) + text.lines().count()).sum();
    goods + to + remarks + slip.sums.len() + slip.taxes.len() > ROWS_OF_QUARTER
}

/// Slips of an order, one for each recipient.
#[must_use]
pub fn slips(paper: &OrderPaper, shop: &str, prices: Prices) -> Vec<Slip> {
    let Some(content) = &paper.content else { return Vec::new() };
    let several = content.recipients.len() > 1;
    let row = &paper.row;
    let made = content.recipients.iter().enumerate().map(|(at, recipient)| {
        let another = is_for_another(content, recipient);
        let gift = is_gift(content, recipient) || another;
        let priced = match prices {
            Prices::Show => true,
            Prices::Hide => false,
            Prices::HideOnGifts => !gift,
        };
        let own = |l: &&Line| !several || l.recipient_key == recipient.key;
        let lines: Vec<SlipLine> =
            content.lines.iter().filter(own).map(line).filter(|l| l.quantity > 0).collect();
        let whole_order = priced && at == 0;
        let mut slip = Slip {
            order_no: row.order_no.0.clone(),
            bars: barcode::bars(row.order_no.as_str()),
            shop: shop.to_owned(),
            mall_order_id: row.mall_order_id.0.clone(),
            ordered_on: row.ordered_at.japan_date().to_string().replace('-', "/"),
            to: address(&recipient.party),
            name: recipient.party.name(),
            buyer: if another && priced { content.buyer.name() } else { String::new() },
            part: if several { format!("{}/{}", at + 1, content.recipients.len()) } else { String::new() },
            lines,
            priced,
            sums: if whole_order { sums(content) } else { Vec::new() },
            taxes: if whole_order { taxes(content) } else { Vec::new() },
            remarks: remarks(content, recipient, !gift),
            printed: row.printed_at.map(crate::words::moment).unwrap_or_default(),
            whole: false,
        };
        slip.whole = is_too_long(&slip);
        slip
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::snapshot::TaxSummary;

    fn given(text: &str) -> domain::Given<String> {
        domain::Given::Value(text.to_owned())
    }

    fn content() -> Content {
        let mut content = Content::default();
        content.buyer.full_name = given("見本 花子");
        let mut recipient = Recipient { key: "1".to_owned(), ..Recipient::default() };
        recipient.party.full_name = given("見本　花子");
        content.recipients = vec![recipient];
        content
    }

    #[test]
    fn taxes_are_the_malls_own_and_the_reduced_rate_is_marked() {
        let mut content = content();
        let tax = |rate_bp, taxed, tax| TaxSummary {
            key: String::new(),
            rate_bp,
            taxed: Amount::yen(taxed),
            tax: Amount::yen(tax),
        };
        // 999 at 10 % would be 90 or 91: what the mall says is printed.
        content.tax = vec![tax(800, 1_080, 79), tax(1_000, 999, 93), tax(0, 5, 0)];
        assert_eq!(
            taxes(&content),
            ["8%対象※ 1,080円（消費税 79円）", "10%対象 999円（消費税 93円）", "0%対象 5円（消費税 0円）"]
        );
    }

    #[test]
    fn a_line_is_the_malls_price_times_the_units_that_are_left() {
        let goods = Line {
            quantity: 3,
            cancelled_quantity: 1,
            unit_price: Amount::yen(100).into(),
            unit_price_with_tax: Amount::yen(108).into(),
            tax_rate_bp: domain::Given::Value(800),
            ..Line::default()
        };
        let shown = line(&goods);
        assert_eq!((shown.quantity, shown.unit.as_str(), shown.sum.as_str()), (2, "108円", "216円"));
        assert!(shown.reduced);
        let bare = line(&Line { unit_price_with_tax: domain::Given::NotGiven, ..goods.clone() });
        assert_eq!(bare.unit, "100円（税抜）");
        let huge = Line { quantity: i64::MAX, unit_price: Amount::yen(i64::MAX).into(), ..Line::default() };
        assert!(!line(&huge).sum.is_empty());
        let open = Line { quantity: 1, unit_price: Amount::Undecided.into(), ..Line::default() };
        assert_eq!(line(&open).sum, "未確定");
    }

    #[test]
    fn whoever_gets_a_gift_is_not_told_what_it_cost_nor_what_the_buyer_wrote() {
        let mut content = content();
        let recipient = content.recipients[0].clone();
        assert!(!is_for_another(&content, &recipient), "only the space differs");
        assert!(!is_gift(&content, &recipient));
        content.gift = true;
        content.buyer_note = given("父には内緒で");
        assert!(is_gift(&content, &recipient));
        assert!(remarks(&content, &recipient, false).is_empty());
        let noshi = Recipient { noshi: given("御祝"), ..recipient };
        assert!(is_gift(&Content { gift: false, ..content }, &noshi));
    }
}
