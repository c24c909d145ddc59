//! Buyer and recipient (amazon.md 2.1, 2.3). Everything here may be missing (no role, Pending, FBA, late read): what is
//! missing or empty is not given, and never wipes what was read before.

use super::codes;
use super::mapping::{Notes, given};
use super::node::{Misread, Node};
use super::text::postal_code;
use domain::Given;
use domain::snapshot::{MallFacts, MallStage, Party, Recipient};

/// The one recipient of an order.
pub(super) const RECIPIENT: &str = "1";

/// 注文者.
pub(super) fn buyer(buyer: &Node<'_>, notes: &mut Notes) -> Result<Party, Misread> {
    if let Some(number) = buyer.at("buyerPurchaseOrderNumber")?.text()? {
        notes.mark(format!("purchase_order:{number}"));
    }
    Ok(Party {
        full_name: given(&buyer.at("buyerName")?)?,
        company: given(&buyer.at("buyerCompanyName")?)?,
        email: given(&buyer.at("buyerEmail")?)?,
        ..Party::default()
    })
}

/// お届け先, and what the buyer says about the delivery.
pub(super) fn recipient(
    order: &Node<'_>,
    facts: &MallFacts,
    notes: &mut Notes,
) -> Result<(Recipient, Given<String>), Misread> {
    let address = order.down(&["recipient", "deliveryAddress"])?;
    let party = party(&address)?;
    let kind = address.at("addressType")?;
    let kind_word = kind.text()?;
    if let Some(word) = kind_word.as_deref().filter(|word| !codes::ADDRESS_TYPES.contains(word)) {
        notes.unknown(kind.path(), word);
    }
    let pickup_point = match kind_word.as_deref() {
        Some("PICKUP_POINT") => {
            notes.mark("pickup_point");
            let parts = [&party.company, &party.address1, &party.address2, &party.address3];
            let text: Vec<&str> = parts.iter().map(|p| p.text()).filter(|p| !p.is_empty()).collect();
            if text.is_empty() { Given::NotGiven } else { Given::Value(text.join(" ")) }
        }
        Some("COMMERCIAL") => {
            notes.mark("address:COMMERCIAL");
            Given::NotGiven
        }
        _ => Given::NotGiven,
    };
    let wish = order.down(&["recipient", "deliveryPreference"])?;
    for capability in wish.at("deliveryCapabilities")?.list()? {
        if let Some(word) = capability.text()? {
            notes.mark(format!("delivery:{word}"));
        }
    }
    if wish.at("deliveryTime")?.is_there() {
        notes.mark("delivery:business_hours");
    }
    // Labels wait for the address while the order is still to be shipped by the shop.
    let open = matches!(
        facts.stage,
        MallStage::MallProcessing
            | MallStage::Shippable
            | MallStage::PartlyShipped
            | MallStage::CancelRequested
    );
    let address_awaited = open && party.address1.value().is_none() && party.postal_code.value().is_none();
    if address_awaited && facts.stage != MallStage::MallProcessing {
        notes.mark("address_not_given");
    }
    let recipient = Recipient {
        key: RECIPIENT.to_owned(),
        party,
        address_awaited,
        drop_off: given(&wish.at("dropOffLocation")?)?,
        pickup_point,
        ..Recipient::default()
    };
    let note = given(&wish.at("addressInstruction")?)?;
    Ok((recipient, note))
}

/// 都道府県 is stateOrRegion; the rest stands in the lines, city is normally absent (2.3).
fn party(address: &Node<'_>) -> Result<Party, Misread> {
    let text = |key: &str| address.at(key).and_then(|n| given(&n));
    let mut city = Vec::new();
    for key in ["city", "districtOrCounty", "municipality"] {
        city.extend(address.at(key)?.text()?);
    }
    let digits = |key: &str| address.at(key).and_then(|n| n.digits());
    Ok(Party {
        full_name: text("name")?,
        company: text("companyName")?,
        postal_code: digits("postalCode")?.map_or(Given::NotGiven, |p| Given::Value(postal_code(&p))),
        country: text("countryCode")?,
        prefecture: text("stateOrRegion")?,
        city: if city.is_empty() { Given::NotGiven } else { Given::Value(city.join(" ")) },
        address1: text("addressLine1")?,
        address2: text("addressLine2")?,
        address3: text("addressLine3")?,
        phone: digits("phone")?.map_or(Given::NotGiven, Given::Value),
        ..Party::default()
    })
}
