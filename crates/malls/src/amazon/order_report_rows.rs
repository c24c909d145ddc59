//! From the rows of one order in a report to the snapshot (amazon.md 5, 2.3). Reports hold only orders that the shop
//! ships itself.

use super::codes;
use super::mapping::{MAPPING_VERSION, Notes, scheduled};
use super::mapping_people::RECIPIENT;
use super::node::{Read, amount_of};
use super::order_report::Row;
use super::text::{parse_time, postal_code};
use domain::hold::Hold;
use domain::snapshot::{
    Amounts, Coded, Content, DeliveryWish, Line, LineOption, MallCancel, MallFacts, MallStage, Party,
    Payment, Recipient, Snapshot,
};
use domain::{Amount, Currency, Given, MallOrderId, Money, UtcMillis};
use std::collections::BTreeSet;

/// A fault: the row, and what is wrong.
type Fault = (usize, String);

/// 3-7-7 digits (0); the prefix is not looked at.
pub(super) fn is_order_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let sizes: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    sizes == [3, 7, 7] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
}

/// A Japanese postal code of fewer than seven digits: a spreadsheet took its zero away.
pub(super) fn lost_a_zero(row: &Row) -> bool {
    let japan = row.get("ship-country").is_none_or(|country| country == "JP");
    let short = |code: &String| {
        let digits = code.bytes().filter(u8::is_ascii_digit).count();
        digits < 7 && digits > 0
    };
    japan && row.get("ship-postal-code").is_some_and(short)
}

fn malformed(at: usize, column: &str) -> Fault {
    (at, format!("{column}（書式が違います）"))
}

fn missing(at: usize, column: &str) -> Fault {
    (at, format!("{column}（ありません）"))
}

/// The rows of one order.
struct Rows<'a>(&'a [Row]);

impl Rows<'_> {
    /// The first value of a column of the order.
    fn first(&self, column: &str) -> Option<&String> {
        self.0.iter().find_map(|row| row.get(column))
    }

    fn given(&self, column: &str) -> Given<String> {
        self.first(column).map_or(Given::NotGiven, |text| Given::Value(text.clone()))
    }

    fn any_true(&self, column: &str) -> bool {
        self.0.iter().filter_map(|row| row.get(column)).any(|text| is_true(text))
    }

    fn moment(&self, column: &str, notes: &mut Notes) -> Option<UtcMillis> {
        let text = self.first(column)?;
        let time = parse_time(text);
        if time.is_none() {
            notes.unknown(column, text);
        }
        time
    }

    fn currency(&self) -> Currency {
        self.first("currency").and_then(|code| Currency::parse(code)).unwrap_or(Currency::JPY)
    }

    /// The amount of a column in one row.
    fn amount(&self, at: usize, column: &str, notes: &mut Notes) -> Result<Option<Amount>, Fault> {
        let Some(text) = self.0.get(at).and_then(|row| row.get(column)) else { return Ok(None) };
        match amount_of(text, self.currency()) {
            Ok(Read::Amount(amount)) => Ok(Some(amount)),
            Ok(Read::Odd(text)) => {
                notes.unknown(column, &text);
                Ok(Some(Amount::Undecided))
            }
            Ok(Read::Nothing) => Ok(None),
            Err(_) => Err(malformed(at, column)),
        }
    }

    /// The sum of columns over all rows, without their signs.
    fn sum(&self, columns: &[&str], notes: &mut Notes) -> Result<Given<Amount>, Fault> {
        let mut sum: Option<Amount> = None;
        for at in 0..self.0.len() {
            for column in columns {
                let Some(amount) = self.amount(at, column, notes)? else { continue };
                sum = Some(sum.map_or(amount, |sum| add(sum, amount)));
            }
        }
        Ok(sum.map_or(Given::NotGiven, Given::Value))
    }

    /// An amount of the whole order that stands in its rows. Whether it is repeated or shared out is not documented, so
    /// with several rows it is taken only when one row has it.
    fn of_order(&self, column: &str, notes: &mut Notes) -> Result<Given<Amount>, Fault> {
        let mut found = Vec::new();
        for at in 0..self.0.len() {
            let amount = self.amount(at, column, notes)?;
            found.extend(amount.filter(|a| a.money().is_none_or(|m| m.minor != 0)));
        }
        Ok(match found.as_slice() {
            [] if self.first(column).is_some() => {
                Given::Value(Amount::Decided(Money { minor: 0, currency: self.currency() }))
            }
            [] => Given::NotGiven,
            [only] => Given::Value(*only),
            _ => {
                notes.caution(
                    "amount_of_order",
                    format!("{column} が複数の行にあり、注文の金額を決められません"),
                );
                Given::Value(Amount::Undecided)
            }
        })
    }
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "1")
}

fn add(a: Amount, b: Amount) -> Amount {
    match (a, b) {
        (Amount::Decided(a), Amount::Decided(b)) => a
            .minor
            .checked_add(b.minor)
            .map_or(Amount::Undecided, |minor| Amount::Decided(Money { minor, currency: a.currency })),
        _ => Amount::Undecided,
    }
}

fn positive(amount: Given<Amount>) -> Given<Amount> {
    match amount {
        Given::Value(Amount::Decided(money)) => {
            Given::Value(Amount::Decided(Money { minor: money.minor.saturating_abs(), ..money }))
        }
        other => other,
    }
}

/// The snapshot of one order.
pub(super) fn snapshot(rows: &[Row]) -> Result<Snapshot, Fault> {
    let all = Rows(rows);
    let mut notes = Notes::default();
    let id = all.first("order-id").ok_or_else(|| missing(0, "order-id"))?;
    let bought = all.first("purchase-date").ok_or_else(|| missing(0, "purchase-date"))?;
    let ordered_at = parse_time(bought).ok_or_else(|| malformed(0, "purchase-date"))?;
    let mut lines = Vec::new();
    let (mut shipped, mut ordered) = (0_i64, 0_i64);
    for at in 0..rows.len() {
        let line = line(&all, at, &mut notes)?;
        ordered = ordered.saturating_add(line.quantity);
        shipped = shipped.saturating_add(units(&all, at, "quantity-shipped")?.unwrap_or(0));
        lines.push(line);
    }
    let keys: BTreeSet<&String> = lines.iter().map(|line: &Line| &line.key).collect();
    if keys.len() != lines.len() {
        return Err(malformed(0, "order-item-id"));
    }
    let facts = facts(&all, (shipped, ordered), &mut notes);
    let content = content(&all, lines, &mut notes)?;
    let facts = MallFacts { cautions: notes.cautions, unknown: notes.unknown, ..facts };
    let content = Content { marks: notes.marks, ..content };
    Ok(Snapshot {
        mapping_version: MAPPING_VERSION,
        mall_order_id: MallOrderId(id.clone()),
        ordered_at,
        facts,
        content,
    })
}

fn units(all: &Rows<'_>, at: usize, column: &str) -> Result<Option<i64>, Fault> {
    let Some(text) = all.0.get(at).and_then(|row| row.get(column)) else { return Ok(None) };
    let units = text.parse::<i64>().ok().filter(|units| (0..=999_999).contains(units));
    units.map(Some).ok_or_else(|| malformed(at, column))
}

fn line(all: &Rows<'_>, at: usize, notes: &mut Notes) -> Result<Line, Fault> {
    let row = all.0.get(at).ok_or_else(|| missing(at, "order-item-id"))?;
    let text = |column: &str| row.get(column).map_or(Given::NotGiven, |text| Given::Value(text.clone()));
    let key = row.get("order-item-id").ok_or_else(|| missing(at, "order-item-id"))?.clone();
    let quantity = units(all, at, "quantity-purchased")?.ok_or_else(|| missing(at, "quantity-purchased"))?;
    // A total of the row; a unit price that would not be whole is not made up.
    let unit = match all.amount(at, "item-price", notes)? {
        Some(Amount::Decided(total)) if quantity > 0 && total.minor % quantity == 0 => {
            Given::Value(Amount::Decided(Money { minor: total.minor / quantity, ..total }))
        }
        _ => Given::NotGiven,
    };
    let mut marks = Vec::new();
    if let Some(kind) = row.get("gift-wrap-type") {
        marks.push(format!("gift_wrap:{kind}"));
    }
    if row.get("is-transparency").is_some_and(|text| is_true(text)) {
        marks.push(codes::program_mark("TRANSPARENCY"));
    }
    for column in ["item-promotion-id", "ship-promotion-id"] {
        marks.extend(row.get(column).map(|id| format!("promotion:{id}")));
    }
    let custom = row
        .get("customized-url")
        .map(|url| LineOption { name: "カスタマイズ".to_owned(), value: url.clone() });
    Ok(Line {
        key,
        recipient_key: RECIPIENT.to_owned(),
        sku: text("sku"),
        mall_item_id: text("asin"),
        title: text("product-name"),
        options: custom.into_iter().collect(),
        quantity,
        unit_price: unit.clone(),
        tax_included: true,
        unit_price_with_tax: unit,
        points_granted: row
            .get("points-granted")
            .and_then(|points| points.parse().ok())
            .map_or(Given::NotGiven, Given::Value),
        wrapping_price: all.amount(at, "gift-wrap-price", notes)?.map_or(Given::NotGiven, Given::Value),
        marks,
        ..Line::default()
    })
}

/// A report tells no status: its orders may be shipped (the date of a report is the moment they became so); what was
/// shipped already is known where the column is there.
fn facts(all: &Rows<'_>, (shipped, ordered): (i64, i64), notes: &mut Notes) -> MallFacts {
    let code = match shipped {
        0 => "UNSHIPPED",
        some if some < ordered => "PARTIALLY_SHIPPED",
        _ => "SHIPPED",
    };
    let (label, status_stage) = codes::status(code).unwrap_or(("", MallStage::Unknown));
    let asked = all.any_true("is-buyer-requested-cancellation");
    if asked {
        notes.caution("cancel_requested", "購入者がキャンセルを申請しています");
    }
    if all.any_true("verge-of-cancellation") {
        notes.caution("verge_of_cancellation", "まもなく自動キャンセルされます");
    }
    if all.any_true("verge-of-lateshipment") {
        notes.caution("verge_of_late_shipment", "まもなく出荷遅延になります");
    }
    let why = all.first("buyer-requested-cancel-reason").cloned().unwrap_or_default();
    let cancel =
        asked.then(|| MallCancel { done: false, by: "buyer".to_owned(), reason: Coded::new(why, "") });
    let open = status_stage != MallStage::Shipped;
    let ship_by = all.moment("latest-ship-date", notes).or_else(|| all.moment("promise-date", notes));
    let deliver_by = all.moment("latest-delivery-date", notes);
    MallFacts {
        status: Coded::new(code, label),
        stage: if asked && open { MallStage::CancelRequested } else { status_stage },
        sub_status: None,
        payment_status: None,
        shipping_status: None,
        hold: Hold::NotKnown,
        cancel,
        shipments: Vec::new(),
        revision: None,
        changed_at: None,
        confirmed_at: None,
        fixed_at: None,
        shipment_reported_at: None,
        ship_by,
        deadlines: deliver_by
            .map(|at| (Coded::new("deliver_by", "お届け期限"), at.japan_date()))
            .into_iter()
            .collect(),
        changed_by_buyer: false,
        cautions: Vec::new(),
        unknown: Vec::new(),
    }
}

fn content(all: &Rows<'_>, lines: Vec<Line>, notes: &mut Notes) -> Result<Content, Fault> {
    let buyer = Party {
        full_name: all.given("buyer-name"),
        company: all.given("buyer-company-name"),
        email: all.given("buyer-email"),
        phone: all.given("buyer-phone-number"),
        ..Party::default()
    };
    let amounts = Amounts {
        goods: all.sum(&["item-price"], notes)?,
        postage: all.sum(&["shipping-price"], notes)?,
        cod_fee: all.of_order("payment-method-fee", notes)?,
        wrapping: all.sum(&["gift-wrap-price"], notes)?,
        discount: positive(all.sum(&["item-promotion-discount", "ship-promotion-discount"], notes)?),
        ..Amounts::default()
    };
    let gift = ["gift-wrap-type", "gift-message-text"].iter().any(|column| all.first(column).is_some());
    if let Some(number) = all.first("purchase-order-number") {
        notes.mark(format!("purchase_order:{number}"));
    }
    if let Some(channel) = all.first("sales-channel").filter(|c| !c.eq_ignore_ascii_case("amazon.co.jp")) {
        notes.mark(format!("channel:{channel}"));
    }
    let replaced = all.any_true("is-replacement-order");
    let kind = if replaced {
        notes.mark("replacement");
        Given::Value(Coded::new("replacement", "交換（代替品）"))
    } else if all.any_true("is-business-order") {
        Given::Value(Coded::new("business", "Amazonビジネス"))
    } else {
        Given::NotGiven
    };
    Ok(Content {
        buyer,
        recipients: vec![recipient(all)],
        lines,
        amounts,
        payment: payment(all, notes)?,
        delivery: delivery(all, notes),
        buyer_note: all.given("delivery-instructions"),
        gift,
        kind,
        mall_parent_id: if replaced { all.given("original-order-id") } else { Given::NotGiven },
        ..Content::default()
    })
}

fn recipient(all: &Rows<'_>) -> Recipient {
    let party = Party {
        full_name: all.given("recipient-name"),
        postal_code: all
            .first("ship-postal-code")
            .map_or(Given::NotGiven, |code| Given::Value(postal_code(code))),
        country: all.given("ship-country"),
        prefecture: all.given("ship-state"),
        city: all.given("ship-city"),
        address1: all.given("ship-address-1"),
        address2: all.given("ship-address-2"),
        address3: all.given("ship-address-3"),
        phone: all.given("ship-phone-number"),
        ..Party::default()
    };
    Recipient {
        key: RECIPIENT.to_owned(),
        party,
        gift_message: all.given("gift-message-text"),
        ..Recipient::default()
    }
}

fn payment(all: &Rows<'_>, notes: &mut Notes) -> Result<Payment, Fault> {
    let method = all.first("payment-method").map_or_else(Coded::default, |word| {
        let name = codes::name_of(codes::PAYMENTS, word).unwrap_or_else(|| {
            notes.unknown("payment-method", word);
            ""
        });
        Coded::new(word.clone(), name)
    });
    let collect = all.of_order("cod-collectible-amount", notes)?;
    let some = collect.value().is_some_and(|a| a.money().is_none_or(|money| money.minor > 0));
    let cash_on_delivery = codes::is_cod(&method.code) || some;
    let paid = all.of_order("already-paid", notes)?;
    let paid = paid.value().and_then(Amount::money).filter(|money| money.minor != 0);
    let collect_amount = match (cash_on_delivery, collect) {
        (false, _) => Given::NotGiven,
        (true, Given::Value(amount)) => Given::Value(amount),
        (true, _) => Given::Value(Amount::Undecided),
    };
    Ok(Payment {
        prepaid: codes::is_prepaid(&method.code),
        method,
        cash_on_delivery,
        collect_amount,
        terms: paid.map_or(Given::NotGiven, |money| Given::Value(format!("支払い済み {money}"))),
        paid_on: all
            .moment("payments-date", notes)
            .map_or(Given::NotGiven, |at| Given::Value(at.japan_date())),
    })
}

fn delivery(all: &Rows<'_>, notes: &mut Notes) -> DeliveryWish {
    let mut wish = DeliveryWish::default();
    if let Some(level) =
        all.first("ship-service-level").filter(|level| !level.eq_ignore_ascii_case("standard"))
    {
        wish.promises.push(level.clone());
    }
    if all.any_true("is-prime") {
        wish.promises.push("PRIME".to_owned());
        notes.mark(codes::program_mark("PRIME"));
    }
    let mut either = |a: &str, b: &str| all.moment(a, notes).or_else(|| all.moment(b, notes));
    let from = either("scheduled-delivery-start-date", "delivery-start-date");
    let to = either("scheduled-delivery-end-date", "delivery-end-date");
    scheduled(from, to, &mut wish);
    wish
}
