//! Recipients, lines and shipping records (PackageModel, rakuten.md 2.3). One package is one recipient.

use super::codes;
use super::leaf::{Leaf, List, MISSING, Misread, OUT_OF_RANGE};
use super::mapping::{Notes, party, unique};
use super::wire_types::{Cvs, Item, Package, Shipping, Sku, SocialGift};
use domain::Given;
use domain::snapshot::{Coded, Line, LineOption, MallShipment, Party, Recipient};
use std::collections::BTreeSet;

/// More of one line than this is a fault of the document.
const MAX_UNITS: i64 = 999_999;

/// What all packages of an order say.
#[derive(Debug, Default)]
pub(super) struct Packages {
    /// Recipients.
    pub(super) recipients: Vec<Recipient>,
    /// Lines of all recipients.
    pub(super) lines: Vec<Line>,
    /// Shipping records at the mall.
    pub(super) shipments: Vec<MallShipment>,
}

/// Reads all packages; deleted ones and deleted lines are left out (trap 8).
pub(super) fn packages(list: List<Package>, notes: &mut Notes) -> Result<Packages, Misread> {
    const FIELD: &str = "PackageModelList";
    if matches!(list, Leaf::Absent | Leaf::Null) {
        return Err(Misread::new(FIELD, MISSING));
    }
    let mut all = Packages::default();
    let mut keys = Keys::default();
    for (i, package) in list.elements(FIELD)?.into_iter().enumerate() {
        one(package, &mut keys, &mut all, notes).map_err(|m| m.under(&format!("{FIELD}[{i}]")))?;
    }
    if all.recipients.is_empty() {
        // Every package was deleted: the order is kept and shown, with a recipient of whom nothing is known.
        notes.mark("no_recipient");
        all.recipients.push(Recipient { key: "1".to_owned(), ..Recipient::default() });
    }
    Ok(all)
}

#[derive(Debug, Default)]
struct Keys {
    recipients: BTreeSet<String>,
    lines: BTreeSet<String>,
}

fn one(package: Package, keys: &mut Keys, all: &mut Packages, notes: &mut Notes) -> Result<(), Misread> {
    if notes.flag(package.package_delete_flag, "packageDeleteFlag")? {
        return Ok(());
    }
    let basket = package.basket_id.required("basketId")?;
    let key = unique(&mut keys.recipients, basket.to_string());
    for (i, item) in package.items.elements("ItemModelList")?.into_iter().enumerate() {
        let under = |m: Misread| m.under(&format!("ItemModelList[{i}]"));
        if let Some(line) = line(item, &key, keys, notes).map_err(under)? {
            all.lines.push(line);
        }
    }
    for (i, record) in package.shippings.elements("ShippingModelList")?.into_iter().enumerate() {
        let under = |m: Misread| m.under(&format!("ShippingModelList[{i}]"));
        all.shipments.push(shipment(record, &key, notes).map_err(under)?);
    }
    let mut sender = package.sender.required("SenderModel")?;
    let under = |m: Misread| m.under("SenderModel");
    let remote_island =
        notes.flag(std::mem::take(&mut sender.isolated_island_flag), "isolatedIslandFlag").map_err(under)?;
    let party = party(sender).map_err(under)?;
    let gift = package.social_gift.optional("SocialGiftModel")?;
    let (party, address_awaited) = social_gift(gift, party, notes).map_err(|m| m.under("SocialGiftModel"))?;
    let drop_off = drop_off(package.drop_off_flag, package.drop_off_location, notes)?;
    let pickup_point = match package.cvs.given("DeliveryCvsModel")? {
        Given::Value(cvs) => pickup(cvs, notes).map_err(|m| m.under("DeliveryCvsModel"))?,
        Given::Cleared => Given::Cleared,
        Given::NotGiven => Given::NotGiven,
    };
    all.recipients.push(Recipient {
        key,
        party,
        address_awaited,
        remote_island,
        noshi: package.noshi.text("noshi")?,
        drop_off,
        pickup_point,
        gift_message: Given::NotGiven,
        postage: package.postage_price.amount("postagePrice")?,
        cod_fee: package.delivery_price.amount("deliveryPrice")?,
        default_carrier_code: package.default_delivery_company_code.text("defaultDeliveryCompanyCode")?,
    });
    Ok(())
}

/// The dummies that stand in an address nobody has given yet (2.3 SenderModel, trap 4).
fn is_dummy(party: &Party) -> bool {
    party.postal_code.text() == "999-9999"
        && [&party.prefecture, &party.city, &party.address1, &party.family_name]
            .iter()
            .any(|field| field.text() == "入力待ち")
}

/// While the gift's recipient has not answered, nothing of the address is given: labels must wait.
fn social_gift(
    gift: Option<SocialGift>,
    mut party: Party,
    notes: &mut Notes,
) -> Result<(Party, bool), Misread> {
    let mut awaited = is_dummy(&party);
    let mut email = Given::NotGiven;
    if let Some(gift) = gift {
        awaited |= gift.input_flag.optional("inputFlag")? == Some(0);
        if let Given::Value(number) = gift.sg_mng_number.text("sgMngNumber")? {
            notes.mark(format!("social_gift_number:{number}"));
        }
        if let Given::Value(day) = notes.date(gift.input_due_date, "inputDueDate")? {
            notes.deadlines.push((Coded::new("social_gift_input_due", "ギフトのお届け先入力期限日"), day));
        }
        email = gift.receiver_email_address.text("receiverEmailAddress")?;
    }
    if awaited {
        party = Party::default();
    }
    if !email.is_not_given() {
        party.email = email;
    }
    Ok((party, awaited))
}

fn drop_off(flag: Leaf<i64>, place: Leaf<String>, notes: &mut Notes) -> Result<Given<String>, Misread> {
    let place = place.text("dropOffLocation")?;
    if matches!(flag, Leaf::Absent) {
        return Ok(Given::NotGiven);
    }
    if !notes.flag(flag, "dropOffFlag")? {
        return Ok(Given::Cleared);
    }
    Ok(Given::Value(match place.value() {
        Some(place) => place.clone(),
        None => "置き配（場所の指定なし）".to_owned(),
    }))
}

fn pickup(cvs: Cvs, notes: &mut Notes) -> Result<Given<String>, Misread> {
    let chain = match cvs.cvs_code.optional("cvsCode")? {
        None => "",
        Some(code) => codes::pickup_chain(code).unwrap_or_else(|| {
            notes.unknown("cvsCode", code);
            ""
        }),
    };
    let zip = cvs.store_zip.text("storeZip")?;
    let zip = zip.value().map_or_else(String::new, |zip| format!("〒{zip}"));
    let address = format!(
        "{}{}",
        cvs.store_prefecture.text("storePrefecture")?.text(),
        cvs.store_address.text("storeAddress")?.text()
    );
    let name = cvs.store_name.text("storeName")?;
    let remarks = cvs.cvs_remarks.text("cvsRemarks")?;
    let parts = [chain, name.text(), &zip, &address, remarks.text()];
    let text = parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" ");
    Ok(if text.is_empty() { Given::Cleared } else { Given::Value(text) })
}

fn shipment(record: Shipping, key: &str, notes: &mut Notes) -> Result<MallShipment, Misread> {
    Ok(MallShipment {
        recipient_key: key.to_owned(),
        mall_ref: record.shipping_detail_id.required("shippingDetailId")?.to_string(),
        carrier_code: record.delivery_company.optional("deliveryCompany")?.unwrap_or_default(),
        tracking_number: record.shipping_number.optional("shippingNumber")?.unwrap_or_default(),
        shipped_on: notes.date(record.shipping_date, "shippingDate")?.value().copied(),
        contents: Vec::new(),
    })
}

fn line(item: Item, recipient: &str, keys: &mut Keys, notes: &mut Notes) -> Result<Option<Line>, Misread> {
    if notes.flag(item.delete_item_flag, "deleteItemFlag")? {
        return Ok(None);
    }
    let key = unique(&mut keys.lines, item.item_detail_id.required("itemDetailId")?.to_string());
    let quantity = item.units.required("units")?;
    if !(0..=MAX_UNITS).contains(&quantity) {
        return Err(Misread::new("units", OUT_OF_RANGE));
    }
    let mut marks = Vec::new();
    for (leaf, field, mark) in [
        (item.include_postage_flag, "includePostageFlag", "postage_included"),
        (item.include_cash_on_delivery_postage_flag, "includeCashOnDeliveryPostageFlag", "cod_fee_included"),
        (item.deal_flag, "dealFlag", "deal"),
        (item.drug_flag, "drugFlag", "drug"),
        (item.is_single_item_shipping, "isSingleItemShipping", "ships_alone"),
    ] {
        if notes.flag(leaf, field)? {
            marks.push(mark.to_owned());
        }
    }
    match item.restore_inventory_flag.optional("restoreInventoryFlag")? {
        None | Some(0) => {}
        Some(1) => marks.push("restore_stock".to_owned()),
        Some(2) => marks.push("keep_stock".to_owned()),
        Some(other) => notes.unknown("restoreInventoryFlag", other),
    }
    if let Some(rate) = item.point_rate.optional("pointRate")?.filter(|rate| *rate > 1) {
        marks.push(format!("point_rate:{rate}"));
    }
    let item_code = item.manage_number.text("manageNumber")?;
    let item_number = item.item_number.text("itemNumber")?;
    let mut skus = item.skus.elements("SkuModelList")?;
    let sku = if skus.is_empty() { Sku::default() } else { skus.swap_remove(0) };
    let under = |m: Misread| m.under("SkuModelList[0]");
    let variant = sku.sku_info.text("skuInfo").map_err(under)?;
    let variant_id = sku.variant_id.text("variantId").map_err(under)?;
    let linked = sku.merchant_defined_sku_id.text("merchantDefinedSkuId").map_err(under)?;
    if let (Some(_), Some(id)) = (linked.value(), variant_id.value()) {
        marks.push(format!("variant_id:{id}"));
    }
    let choices = item.selected_choice.text("selectedChoice")?;
    Ok(Some(Line {
        key,
        recipient_key: recipient.to_owned(),
        sku: stock_key(&linked, &variant_id, &item_code, &item_number),
        item_code,
        mall_item_id: given_text(item.item_id.given("itemId")?),
        item_number,
        title: item.item_name.text("itemName")?,
        variant: match variant {
            Given::Value(text) => Given::Value(text.lines().collect::<Vec<_>>().join(" / ")),
            other => other,
        },
        options: choices.text().lines().filter(|l| !l.trim().is_empty()).map(option).collect(),
        quantity,
        cancelled_quantity: 0,
        unit_price: item.price.amount("price")?,
        tax_included: notes.flag(item.include_tax_flag, "includeTaxFlag")?,
        unit_price_with_tax: item.price_tax_incl.amount("priceTaxIncl")?,
        tax_rate_bp: match item.tax_rate.given("taxRate")? {
            Given::Value(rate) => Given::Value(rate.0),
            Given::Cleared => Given::Cleared,
            Given::NotGiven => Given::NotGiven,
        },
        points_granted: Given::NotGiven,
        lead_time: item.delvdate_info.text("delvdateInfo")?,
        wrapping_price: Given::NotGiven,
        marks,
    }))
}

fn given_text(number: Given<i64>) -> Given<String> {
    match number {
        Given::Value(n) => Given::Value(n.to_string()),
        Given::Cleared => Given::Cleared,
        Given::NotGiven => Given::NotGiven,
    }
}

/// The key the stock is kept under (trap 9): システム連携用SKU番号 where the shop has set one, else SKU管理番号;
/// `normal-inventory` is the same text for every item, so 商品管理番号 stands for it; orders from before the SKU
/// migration have only 商品番号.
fn stock_key(
    linked: &Given<String>,
    variant: &Given<String>,
    item_code: &Given<String>,
    item_number: &Given<String>,
) -> Given<String> {
    let own = |field: &Given<String>| field.value().cloned();
    let chosen = match (own(linked), own(variant)) {
        (Some(linked), _) => Some(linked),
        (None, Some(variant)) if variant == "normal-inventory" => own(item_code),
        (None, Some(variant)) => Some(variant),
        (None, None) => own(item_number).or_else(|| own(item_code)),
    };
    chosen.map_or(Given::NotGiven, Given::Value)
}

/// `name:value`, split at the first colon: values may hold colons (trap 10).
fn option(line: &str) -> LineOption {
    let (name, value) = line.split_once(':').unwrap_or(("", line));
    LineOption { name: name.trim().to_owned(), value: value.trim().to_owned() }
}
