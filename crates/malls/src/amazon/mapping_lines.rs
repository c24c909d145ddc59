//! Lines, money, payment and packages (amazon.md 2.1, 2.3). What Amazon states is kept; only what it does not state as a
//! sum (goods, postage, wrapping …) is added up from the items, exactly.

use super::codes;
use super::mapping::{Notes, given};
use super::mapping_people::RECIPIENT;
use super::node::{Misread, Node, Read};
use domain::snapshot::{Amounts, Coded, Line, LineOption, MallFacts, MallShipment, MallStage, Payment};
use domain::write::ParcelLine;
use domain::{Amount, Given, Money};
use std::collections::{BTreeMap, BTreeSet};

/// What the items of an order say.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Lines.
    pub(super) lines: Vec<Line>,
    /// Sums.
    pub(super) amounts: Amounts,
    /// A gift.
    pub(super) gift: bool,
    /// The message of it.
    pub(super) gift_message: Given<String>,
    /// Some item must be paid at the door.
    pub(super) collect: bool,
}

/// Adds up one kind of amount. Different currencies, or one that is not decided, make the sum undecided.
#[derive(Debug, Default)]
struct Sums(BTreeMap<String, Amount>);

impl Sums {
    fn add(&mut self, kind: &str, amount: Amount) {
        let sum = match (self.0.get(kind), amount) {
            (None, amount) => amount,
            (Some(Amount::Decided(a)), Amount::Decided(b)) if a.currency == b.currency => {
                let sum = a.minor.checked_add(b.minor);
                sum.map_or(Amount::Undecided, |minor| Amount::Decided(Money { minor, currency: a.currency }))
            }
            _ => Amount::Undecided,
        };
        self.0.insert(kind.to_owned(), sum);
    }

    fn take(&mut self, kind: &str) -> Given<Amount> {
        self.0.remove(kind).map_or(Given::NotGiven, Given::Value)
    }
}

/// An amount; a real fraction of a yen is kept as unknown and counts as undecided (2, 12.4).
fn amount(node: &Node<'_>, notes: &mut Notes) -> Result<Option<Amount>, Misread> {
    Ok(match node.money()? {
        Read::Nothing => None,
        Read::Amount(amount) => Some(amount),
        Read::Odd(text) => {
            notes.unknown(node.path(), &text);
            Some(Amount::Undecided)
        }
    })
}

/// The sign of discounts is not documented (12.4): they count as positive numbers.
fn unsigned(amount: Amount) -> Amount {
    match amount {
        Amount::Decided(money) => Amount::Decided(Money { minor: money.minor.saturating_abs(), ..money }),
        Amount::Undecided => Amount::Undecided,
    }
}

/// All items with the sums.
pub(super) fn lines(
    order: &Node<'_>,
    facts: &MallFacts,
    recipient: &str,
    notes: &mut Notes,
) -> Result<Lines, Misread> {
    let items = order.at("orderItems")?;
    if !items.is_there() {
        items.required()?;
    }
    let mut all = Lines::default();
    let (mut sums, mut totals, mut keys) = (Sums::default(), Sums::default(), BTreeSet::new());
    let mut messages: Vec<String> = Vec::new();
    for item in items.list()? {
        let mut line = line(&item, facts, recipient, notes)?;
        line.key = unique(&mut keys, line.key);
        proceeds(&item, &mut line, &mut sums, &mut totals, notes)?;
        gift(&item, &mut line, &mut all.gift, &mut messages)?;
        all.collect |= line.marks.iter().any(|m| m == "constraint:cashOnDelivery");
        all.lines.push(line);
    }
    all.gift_message = if messages.is_empty() { Given::NotGiven } else { Given::Value(messages.join("\n")) };
    all.amounts = amounts(order, facts, &mut sums, &mut totals, notes)?;
    Ok(all)
}

fn unique(used: &mut BTreeSet<String>, key: String) -> String {
    let mut candidate = key.clone();
    let mut count = 2;
    while !used.insert(candidate.clone()) {
        candidate = format!("{key}-{count}");
        count += 1;
    }
    candidate
}

fn line(item: &Node<'_>, facts: &MallFacts, recipient: &str, notes: &mut Notes) -> Result<Line, Misread> {
    let id = item.at("orderItemId")?;
    let key = match id.digits()? {
        Some(key) => key,
        None => id.required()?,
    };
    let ordered = item.at("quantityOrdered")?;
    let quantity = match ordered.units()? {
        Some(quantity) => quantity,
        None => return Err(ordered.malformed()),
    };
    let product = item.at("product")?;
    let price = amount(&product.down(&["price", "unitPrice"])?, notes)?;
    let unit = price.map_or(Given::NotGiven, Given::Value);
    let mut marks = Vec::new();
    for program in item.at("programs")?.list()? {
        marks.extend(program.text()?.map(|word| codes::program_mark(&word)));
    }
    if product.down(&["price", "priceDesignation"])?.text()?.as_deref() == Some("BUSINESS_PRICE") {
        marks.push("business_price".to_owned());
    }
    let shipping = item.down(&["fulfillment", "shipping", "shippingConstraints"])?;
    for constraint in [
        "palletDelivery",
        "cashOnDelivery",
        "signatureConfirmation",
        "recipientIdentityVerification",
        "recipientAgeVerification",
    ] {
        if shipping.at(constraint)?.text()?.as_deref() == Some("MANDATORY") {
            marks.push(format!("constraint:{constraint}"));
        }
    }
    if item.down(&["fulfillment", "packing", "serialNumberRequirement"])?.is_there() {
        marks.push("serial_number_required".to_owned());
    }
    for promotion in item.down(&["promotion", "breakdowns"])?.list()? {
        marks.extend(promotion.at("promotionId")?.text()?.map(|id| format!("promotion:{id}")));
    }
    Ok(Line {
        key,
        recipient_key: recipient.to_owned(),
        sku: given(&product.at("sellerSku")?)?,
        mall_item_id: given(&product.at("asin")?)?,
        title: given(&product.at("title")?)?,
        options: options(item, &product)?,
        quantity,
        cancelled_quantity: cancelled(item, facts, quantity, notes)?,
        unit_price: unit.clone(),
        // 税込 in Japan as far as known (2.3, 12.4).
        tax_included: true,
        unit_price_with_tax: unit,
        points_granted: item
            .down(&["expense", "pointsCost", "pointsGranted", "pointsNumber"])?
            .int()?
            .map_or(Given::NotGiven, Given::Value),
        marks,
        ..Line::default()
    })
}

fn options(item: &Node<'_>, product: &Node<'_>) -> Result<Vec<LineOption>, Misread> {
    let mut options = Vec::new();
    if let Some(url) = product.down(&["customization", "customizedUrl"])?.text()? {
        options.push(LineOption { name: "カスタマイズ".to_owned(), value: url });
    }
    let kind = product.down(&["condition", "conditionType"])?.text()?;
    if let Some(kind) = kind.filter(|kind| !kind.eq_ignore_ascii_case("new")) {
        options.push(LineOption { name: "コンディション".to_owned(), value: kind });
    }
    let measured = item.at("measurement")?;
    let unit = measured.at("unit")?.text()?;
    if let Some(unit) = unit.filter(|unit| unit != "COUNT") {
        let value = measured.at("value")?.text()?.unwrap_or_default();
        options.push(LineOption { name: "計量".to_owned(), value: format!("{value} {unit}") });
    }
    Ok(options)
}

/// Ordered units that are neither shipped nor to be shipped were cancelled. Said only of orders past their payment.
fn cancelled(item: &Node<'_>, facts: &MallFacts, ordered: i64, notes: &mut Notes) -> Result<i64, Misread> {
    let fulfillment = item.at("fulfillment")?;
    let shipped = fulfillment.at("quantityFulfilled")?.units()?;
    let open = fulfillment.at("quantityUnfulfilled")?.units()?;
    let settled = codes::status(&facts.status.code)
        .is_some_and(|(_, stage)| !matches!(stage, MallStage::MallProcessing | MallStage::Closed));
    let (true, Some(shipped), Some(open)) = (settled, shipped, open) else {
        return Ok(if facts.stage == MallStage::Cancelled { ordered } else { 0 });
    };
    let gone = ordered - shipped - open;
    if gone < 0 {
        notes.unknown(&format!("{}.quantityUnfulfilled", fulfillment.path()), &open.to_string());
    }
    Ok(gone.max(0))
}

fn proceeds(
    item: &Node<'_>,
    line: &mut Line,
    sums: &mut Sums,
    totals: &mut Sums,
    notes: &mut Notes,
) -> Result<(), Misread> {
    let proceeds = item.at("proceeds")?;
    let total = amount(&proceeds.at("proceedsTotal")?, notes)?;
    if let Some(total) = total {
        totals.add("total", total);
    }
    let breakdowns = proceeds.at("breakdowns")?.list()?;
    if breakdowns.is_empty()
        && let Some(total) = total
    {
        sums.add("ITEM", total);
    }
    for part in breakdowns {
        let kind = part.at("type")?.required()?;
        let Some(subtotal) = amount(&part.at("subtotal")?, notes)? else { continue };
        match kind.as_str() {
            "DISCOUNT" => sums.add("DISCOUNT", unsigned(subtotal)),
            // Shown by some, not to be added to the price (2.3).
            "TAX" => {}
            "ITEM" | "SHIPPING" | "COD_FEE" | "OTHER" => sums.add(&kind, subtotal),
            "GIFT_WRAP" => {
                line.wrapping_price = Given::Value(subtotal);
                sums.add(&kind, subtotal);
            }
            other => {
                notes.unknown(&format!("{}.type", part.path()), other);
                sums.add("OTHER", subtotal);
            }
        }
    }
    Ok(())
}

fn gift(
    item: &Node<'_>,
    line: &mut Line,
    gift: &mut bool,
    messages: &mut Vec<String>,
) -> Result<(), Misread> {
    let option = item.down(&["fulfillment", "packing", "giftOption"])?;
    if !option.is_there() {
        return Ok(());
    }
    *gift = true;
    line.marks.push("gift".to_owned());
    if let Some(level) = option.at("giftWrapLevel")?.text()? {
        line.marks.push(format!("gift_wrap:{level}"));
    }
    if let Some(message) = option.at("giftMessage")?.text()?
        && !messages.contains(&message)
    {
        messages.push(message);
    }
    Ok(())
}

/// grandTotal is what Amazon states; an unpaid order without one is undecided, not free (trap 1). The items' totals are
/// added up and compared: a difference is flagged, and both stand in the raw document (2.1).
fn amounts(
    order: &Node<'_>,
    facts: &MallFacts,
    sums: &mut Sums,
    totals: &mut Sums,
    notes: &mut Notes,
) -> Result<Amounts, Misread> {
    let proceeds = order.at("proceeds")?;
    let stated = amount(&proceeds.at("grandTotal")?, notes)?;
    for part in proceeds.at("breakdowns")?.list()? {
        if part.at("type")?.text()?.as_deref() == Some("DELIVERY_TIP")
            && let Some(tip) = amount(&part.at("subtotal")?, notes)?
        {
            sums.add("OTHER", tip);
        }
    }
    if let (Some(Amount::Decided(stated)), Given::Value(Amount::Decided(added))) =
        (stated, totals.take("total"))
        && stated != added
    {
        let words = format!("明細の合計 {added} と総額 {stated} が一致しません");
        notes.caution("proceeds_differ", words);
    }
    let requested = match stated {
        Some(stated) => Given::Value(stated),
        None if facts.stage == MallStage::MallProcessing => Given::Value(Amount::Undecided),
        None => Given::NotGiven,
    };
    Ok(Amounts {
        goods: sums.take("ITEM"),
        postage: sums.take("SHIPPING"),
        cod_fee: sums.take("COD_FEE"),
        other_fee: sums.take("OTHER"),
        wrapping: sums.take("GIFT_WRAP"),
        discount: sums.take("DISCOUNT"),
        requested,
        ..Amounts::default()
    })
}

/// 代金引換: the amount to collect is the COD part alone (2.3).
pub(super) fn payment(order: &Node<'_>, lines: &Lines, notes: &mut Notes) -> Result<Payment, Misread> {
    let mut parts: Vec<(String, Option<Amount>)> = Vec::new();
    for part in order.down(&["payment", "paymentExecutions"])?.list()? {
        let method = part.at("paymentMethod")?;
        let Some(word) = method.text()? else { continue };
        if codes::name_of(codes::PAYMENTS, &word).is_none() {
            notes.unknown("payment.paymentExecutions.paymentMethod", &word);
        }
        parts.push((word, amount(&part.at("paymentAmount")?, notes)?));
    }
    let cod_part = parts.iter().find(|(word, _)| codes::is_cod(word));
    let main = cod_part.or_else(|| parts.first());
    let fee = lines.amounts.cod_fee.value().and_then(Amount::money).is_some_and(|fee| fee.minor > 0);
    let cash_on_delivery = cod_part.is_some() || lines.collect || fee;
    let name = |word: &str| codes::name_of(codes::PAYMENTS, word).unwrap_or_default().to_owned();
    let method = match main {
        Some((word, _)) => Coded::new(word.clone(), name(word)),
        None if cash_on_delivery => Coded::new("CashOnDelivery", name("CashOnDelivery")),
        None => Coded::default(),
    };
    let terms: Vec<String> = parts
        .iter()
        .map(|(word, amount)| {
            let label = name(word);
            let label = if label.is_empty() { word.as_str() } else { label.as_str() };
            amount
                .and_then(|a| a.money())
                .map_or_else(|| label.to_owned(), |money| format!("{label} {money}"))
        })
        .collect();
    let collect = cod_part.and_then(|(_, amount)| *amount).unwrap_or(Amount::Undecided);
    Ok(Payment {
        prepaid: codes::is_prepaid(&method.code),
        method,
        cash_on_delivery,
        collect_amount: if cash_on_delivery { Given::Value(collect) } else { Given::NotGiven },
        terms: if terms.len() > 1 { Given::Value(terms.join("、")) } else { Given::NotGiven },
        paid_on: Given::NotGiven,
    })
}

/// Packages that stand at Amazon. Cancelled ones are no shipments.
pub(super) fn packages(order: &Node<'_>, notes: &mut Notes) -> Result<Vec<MallShipment>, Misread> {
    let mut shipments = Vec::new();
    for package in order.at("packages")?.list()? {
        let status = package.down(&["packageStatus", "status"])?;
        let word = status.text()?;
        if let Some(word) = word.as_deref().filter(|word| !codes::PACKAGE_STATUSES.contains(word)) {
            notes.unknown(status.path(), word);
        }
        let mall_ref = package.at("packageReferenceId")?.required()?;
        if word.as_deref() == Some("CANCELLED") {
            continue;
        }
        let mut contents = Vec::new();
        for item in package.at("packageItems")?.list()? {
            let line_key = item.at("orderItemId")?.required()?;
            contents.extend(item.at("quantity")?.units()?.map(|quantity| ParcelLine { line_key, quantity }));
        }
        shipments.push(MallShipment {
            recipient_key: RECIPIENT.to_owned(),
            mall_ref,
            carrier_code: package.at("carrier")?.text()?.unwrap_or_default(),
            tracking_number: package.at("trackingNumber")?.text()?.unwrap_or_default(),
            shipped_on: notes.moment(&package.at("shipTime")?)?.map(|at| at.japan_date()),
            contents,
        });
    }
    Ok(shipments)
}
