//! People, lines and wishes (yahoo.md 4.3 to 4.8, traps 10 to 14, 21, 22).

use super::codes;
use super::mapping::RECIPIENT;
use super::mapping_money::{self, number_of};
use super::text::postal_code;
use super::values::{Document, Fields, Item, MALFORMED, Misread, Notes, Source};
use domain::snapshot::{Coded, Content, DeliveryWish, Line, LineOption, Party, Recipient};
use domain::{Amount, Given};
use std::collections::BTreeSet;

/// More of one line than this is a fault of the document.
const MAX_UNITS: i64 = 999_999;

/// Everything staff may edit as well.
pub(super) fn content(document: &Document, notes: &mut Notes) -> Result<Content, Misread> {
    let order = &document.order;
    let social = social_gift(order, notes);
    let line_gift = notes.flag(order, "IsLineGiftOrder");
    let wrapped = notes.flag(order, "NeedGiftWrap") | notes.flag(order, "NeedGiftWrapPaper");
    let lines = lines(document, notes)?;
    let money = mapping_money::money(order, &document.items, &lines, notes)?;
    let recipient = recipient(order, line_gift, &money, notes);
    marks(order, line_gift, notes);
    let buyer = if is_masked(order) {
        notes.mark("buyer_masked");
        Party::default()
    } else {
        party(order, "Bill")
    };
    Ok(Content {
        buyer,
        recipients: vec![recipient],
        kind: kind(document, notes),
        lines,
        amounts: money.amounts,
        coupons: money.coupons,
        wrapping: money.wrapping,
        payment: money.payment,
        delivery: delivery(order, notes),
        buyer_note: buyer_note(order, notes),
        mall_memo: notes.free_text(order.given("Notes")),
        gift: social || line_gift || wrapped,
        mall_parent_id: order.given("ParentOrderId"),
        documents_wanted: documents(order, notes),
        ..Content::default()
    })
}

fn social_gift(order: &Fields, notes: &mut Notes) -> bool {
    let mark = notes.code(order, "SocialGiftType", &codes::SOCIAL_GIFTS);
    if let Some(mark) = mark {
        notes.mark(mark);
    }
    !matches!(order.text("SocialGiftType"), "" | "0")
}

/// The orderer of a social gift is the store's own address with an invented name (10.11): nothing of it is a person. The
/// CSV has no SocialGiftType (11); the invented name tells there.
fn is_masked(order: &Fields) -> bool {
    order.text("SocialGiftType") == "1" || order.text("BillFirstName") == "ソーシャルギフト利用者"
}

/// Bill… or Ship….
fn party(order: &Fields, prefix: &str) -> Party {
    let field = |name: &str| order.given(&format!("{prefix}{name}"));
    let either = |first: &str, second: &str| match field(first) {
        Given::NotGiven => field(second),
        given => given,
    };
    // A CSV without the split names may have the whole one (11).
    let split = order.0.contains_key(&format!("{prefix}LastName"));
    Party {
        full_name: if split { Given::NotGiven } else { field("Name") },
        family_name: field("LastName"),
        given_name: field("FirstName"),
        family_kana: either("LastNameKana", "NameKana"),
        given_kana: field("FirstNameKana"),
        company: field("Section1Value"),
        department: field("Section2Value"),
        postal_code: match field("ZipCode") {
            Given::Value(code) => Given::Value(postal_code(&code)),
            other => other,
        },
        prefecture: field("Prefecture"),
        city: field("City"),
        address1: field("Address1"),
        address2: field("Address2"),
        phone: field("PhoneNumber"),
        phone2: field("EmgPhoneNumber"),
        email: field("MailAddress"),
        ..Party::default()
    }
}

fn recipient(order: &Fields, line_gift: bool, money: &mapping_money::Money, notes: &mut Notes) -> Recipient {
    // Nothing of the address is given before the gift's recipient has answered (10.10): labels must wait.
    let address_awaited = line_gift && !notes.flag(order, "IsLineGiftShippable");
    let party = if address_awaited { Party::default() } else { party(order, "Ship") };
    Recipient {
        key: RECIPIENT.to_owned(),
        party,
        address_awaited,
        noshi: joined(order, &["GiftWrapPaperType", "GiftWrapName"]),
        drop_off: drop_off(order, notes),
        pickup_point: pickup(order),
        gift_message: notes.free_text(order.given("GiftWrapMessage")),
        postage: money.amounts.postage.clone(),
        cod_fee: money.amounts.cod_fee.clone(),
        default_carrier_code: order.given("ShipCompanyCode"),
        ..Recipient::default()
    }
}

/// Texts of several fields as one; not given when none of them was.
fn joined(order: &Fields, names: &[&str]) -> Given<String> {
    if names.iter().all(|name| order.given(name).is_not_given()) {
        return Given::NotGiven;
    }
    let texts: Vec<&str> = names.iter().map(|name| order.text(name)).filter(|t| !t.is_empty()).collect();
    if texts.is_empty() { Given::Cleared } else { Given::Value(texts.join(" ")) }
}

fn drop_off(order: &Fields, notes: &mut Notes) -> Given<String> {
    if order.given("IsEazy").is_not_given() {
        return Given::NotGiven;
    }
    if !notes.flag(order, "IsEazy") {
        return Given::Cleared;
    }
    let code = order.text("EazyDeliveryCode");
    let known = codes::name_of(&codes::DROP_OFFS, code);
    if known.is_none() && !code.is_empty() {
        notes.unknown("EazyDeliveryCode", code);
    }
    match (order.text("EazyDeliveryName"), known) {
        // 対面: handed over.
        _ if code == "0" => Given::Cleared,
        ("", Some(name)) => Given::Value(name.to_owned()),
        ("", None) => Given::Value("置き配（場所の指定なし）".to_owned()),
        (name, _) => Given::Value(name.to_owned()),
    }
}

fn pickup(order: &Fields) -> Given<String> {
    let shop = joined(order, &["ReceiveShopName", "ReceiveShopCode"]);
    let satellite = ["ReceiveSatelliteCompanyName", "ReceiveSatelliteShopName", "ReceiveSatelliteShopCode"];
    match (shop, joined(order, &satellite)) {
        (Given::Value(shop), _) => Given::Value(shop),
        (_, Given::Value(satellite)) => Given::Value(satellite),
        (Given::NotGiven, Given::NotGiven) => Given::NotGiven,
        _ => Given::Cleared,
    }
}

/// 備考, with the store's own questions and the buyer's answers below.
fn buyer_note(order: &Fields, notes: &mut Notes) -> Given<String> {
    let comments = order.given("BuyerComments");
    let mut text = comments.text().to_owned();
    for (name, value) in [
        ("Option1Field", "Option1Value"),
        ("Option2Field", "Option2Value"),
        ("AgeConfirmField", "AgeConfirmValue"),
    ] {
        let (name, value) = (order.text(name), order.text(value));
        if value.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let colon = if name.is_empty() { "" } else { "：" };
        text.push_str(&format!("{name}{colon}{value}"));
    }
    let note = if text.is_empty() { comments } else { Given::Value(text) };
    notes.free_text(note)
}

fn documents(order: &Fields, notes: &mut Notes) -> Vec<String> {
    let names = [("NeedBillSlip", "請求書"), ("NeedDetailedSlip", "納品書"), ("NeedReceipt", "領収書")];
    names.iter().filter(|(field, _)| notes.flag(order, field)).map(|(_, name)| (*name).to_owned()).collect()
}

fn delivery(order: &Fields, notes: &mut Notes) -> DeliveryWish {
    let mut promises = Vec::new();
    promises.extend(notes.code(order, "ArriveType", &codes::ARRIVALS));
    promises.extend(notes.code(order, "ExcellentDelivery", &codes::EXCELLENT));
    DeliveryWish {
        deliver_on: notes.date(order, "ShipRequestDate"),
        deliver_slot: match order.given("ShipRequestTime") {
            Given::NotGiven => Given::NotGiven,
            Given::Cleared => Given::Cleared,
            Given::Value(text) => Given::Value(Coded::new(text.clone(), text)),
        },
        method: order.given("ShipMethodName"),
        class: Given::NotGiven,
        promises: promises.into_iter().map(str::to_owned).collect(),
    }
}

/// The first that holds; the rest are marks.
fn kind(document: &Document, notes: &mut Notes) -> Given<Coded> {
    let order = &document.order;
    let released_later = document.items.iter().any(|item| !item.fields.text("ReleaseDate").is_empty());
    let kind = if notes.flag(order, "IsSubscription") {
        ("subscription", "定期購入")
    } else if order.text("OrderStatus") == "1" || released_later {
        ("preorder", "予約商品")
    } else if notes.flag(order, "IsYahooAuctionOrder") {
        ("auction", "Yahoo!オークション")
    } else if document.source == Source::Csv {
        return Given::NotGiven;
    } else {
        ("normal", "通常購入")
    };
    Given::Value(Coded::new(kind.0, kind.1))
}

fn marks(order: &Fields, line_gift: bool, notes: &mut Notes) {
    if let Some(device) = notes.code(order, "DeviceType", &codes::DEVICES) {
        notes.mark(device);
    }
    if line_gift {
        notes.mark("line_gift");
    }
    if notes.flag(order, "IsYahooAuctionOrder") {
        notes.mark("auction");
    }
    for (field, mark) in [
        ("YahooAuctionId", "auction"),
        ("LineGiftOrderId", "line_gift_order"),
        ("SubscriptionId", "subscription"),
        ("SubscriptionContinueCount", "subscription_count"),
    ] {
        if !order.text(field).is_empty() {
            notes.mark(format!("{mark}:{}", order.text(field)));
        }
    }
    if notes.flag(order, "IsFirstClassDrugIncludes") {
        notes.mark("first_class_drug");
    }
    // Values 0 to 2 without a published meaning (4.5): only said.
    if !matches!(order.text("RemoteAreaShippingType"), "" | "0") {
        notes.mark(format!("remote_area:{}", order.text("RemoteAreaShippingType")));
    }
    if order.text("ShipPrefecture") == "その他" {
        notes.mark("overseas");
    }
}

fn lines(document: &Document, notes: &mut Notes) -> Result<Vec<Line>, Misread> {
    let mut used = BTreeSet::new();
    let mut list = Vec::new();
    for (place, item) in document.items.iter().enumerate() {
        let mut line = line(item, notes).map_err(|misread| misread.in_line(place))?;
        let key = line.key.clone();
        let mut count = 2;
        // A line id that comes twice must not hide a line.
        while !used.insert(line.key.clone()) {
            line.key = format!("{key}-{count}");
            count += 1;
        }
        list.push(line);
    }
    Ok(list)
}

fn line(item: &Item, notes: &mut Notes) -> Result<Line, Misread> {
    let fields = &item.fields;
    let quantity = fields.number("Quantity")?.filter(|n| (0..=MAX_UNITS).contains(n));
    let price: Given<Amount> = fields.amount("UnitPrice")?;
    let item_id = fields.given("ItemId");
    Ok(Line {
        key: fields.required("LineId")?.to_owned(),
        recipient_key: RECIPIENT.to_owned(),
        // Stock is kept under ItemId, or ItemId:SubCode (4.7).
        sku: match (&item_id, fields.text("SubCode")) {
            (Given::Value(id), "") => Given::Value(id.clone()),
            (Given::Value(id), sub) => Given::Value(format!("{id}:{sub}")),
            (other, _) => other.clone(),
        },
        item_code: item_id,
        title: fields.given("Title"),
        variant: fields.given("SubCodeOption"),
        options: item.options.iter().map(|o| masked(o, notes)).collect(),
        quantity: quantity.ok_or_else(|| Misread::new("Quantity", MALFORMED))?,
        unit_price: price.clone(),
        tax_included: true,
        unit_price_with_tax: price,
        tax_rate_bp: tax_rate(fields, notes),
        lead_time: fields.given("LeadTimeText"),
        marks: line_marks(fields, notes),
        ..Line::default()
    })
}

fn masked(option: &LineOption, notes: &mut Notes) -> LineOption {
    let value = notes.free_text(Given::Value(option.value.clone()));
    LineOption { name: option.name.clone(), value: value.text().to_owned() }
}

/// 8 or 10 (4.7); what is not taxed has no rate.
fn tax_rate(fields: &Fields, notes: &mut Notes) -> Given<i64> {
    let taxed = fields.text("IsTaxable").is_empty() || notes.flag(fields, "IsTaxable");
    match (taxed, fields.text("ItemTaxRatio")) {
        (false, _) => Given::Value(0),
        (true, "") => {
            if fields.0.contains_key("ItemTaxRatio") {
                Given::Cleared
            } else {
                Given::NotGiven
            }
        }
        (true, text) => match text.parse::<i64>() {
            Ok(percent @ 0..=100) => Given::Value(percent * 100),
            _ => {
                notes.unknown("ItemTaxRatio", text);
                Given::NotGiven
            }
        },
    }
}

fn line_marks(fields: &Fields, notes: &mut Notes) -> Vec<String> {
    let mut marks = Vec::new();
    if notes.flag(fields, "IsUsed") {
        marks.push("used".to_owned());
    }
    for (field, mark) in [("Jan", "jan"), ("ItemYahooAucId", "auction"), ("ReleaseDate", "release_date")] {
        let text = fields.text(field);
        if !text.is_empty() {
            marks.push(format!("{mark}:{text}"));
        }
    }
    // The price before the store's coupon; 0 when the coupon was cancelled (4.7).
    if let Some(before) = number_of(fields, "OriginalPrice").filter(|price| *price > 0) {
        marks.push(format!("price_before_coupon:{before}"));
    }
    marks
}
