//! The rarer kinds of order (document 10, traps 10–14): reservation, subscription, gifts, auction, and orders with a
//! fault inside.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::order::Order;
use super::people::{self as blocks, BILL, SHIP};
use super::settings::YahooSettings;
use super::traits::YahooTrait as Trait;
use crate::jst::{self, DAY_MS};
use crate::people::{self, Person};

pub(crate) fn apply(rng: &mut ChaCha8Rng, order: &mut Order, n: u64, settings: &YahooSettings) {
    let at = order.ordered_ms;
    if order.has(Trait::Preorder) {
        let release = jst::end_of_day(at, 14) + 1000;
        order.release_ms = Some(release);
        for (index, item) in order.items.iter_mut().enumerate() {
            // lines of one order may differ (trap 12)
            item.release_ms = Some(if index == 0 { release } else { release + DAY_MS });
        }
    }
    if order.has(Trait::Subscription) {
        let tail: u32 = rng.random_range(0x1000_0000..u32::MAX);
        let store = order.id.rsplit_once('-').map_or("", |(store, _)| store);
        let id = format!("teiki-{}-{store}-{tail:08x}", jst::compact_date(at));
        order.subscription = Some((at + settings.subscription_id_late_ms, id));
        order.set("SubscriptionContinueCount", "1");
        order.set("SubscriptionCycleType", "1");
    }
    if order.has(Trait::LineGift) {
        order.set("IsLineGiftOrder", "true");
        order.set("LineGiftOrderId", format!("LG{:012}", n));
        order.set("LineGiftPayMethodName", "LINE外部決済");
        order.receiver = Some(people::person(rng, false));
        order.ship_by_ms = Some(jst::end_of_day(at, 14));
        order.ship_status = 0;
        blocks::clear(&mut order.text, &SHIP);
    }
    if order.has(Trait::SocialGift) {
        mask_orderer(order);
        let receiver = people::person(rng, false);
        blocks::put(&mut order.text, &SHIP, &receiver, true);
    }
    if order.has(Trait::Auction) {
        order.set("IsYahooAuctionOrder", "true");
        order.set("YahooAuctionBundleType", "1");
        order.set("YahooAuctionBidType", "1");
        order.set("IsYahooAuctionDeferred", "false");
        order.set("YahooAuctionCategoryType", "0");
        for item in &mut order.items {
            item.text.insert("ItemYahooAucId", format!("x{n:08}{}", item.line));
            item.text.insert("ItemYahooAucMerchantId", format!("mihon-{n}-{}", item.line));
        }
        let first = order.items.first().map(|i| i.field("ItemYahooAucId")).unwrap_or_default();
        order.set("YahooAuctionId", first);
    }
    trouble(order);
}

/// The orderer of a social gift is hidden behind the store (trap 11).
fn mask_orderer(order: &mut Order) {
    order.set("SocialGiftType", "1");
    let store = Person {
        family: "見本ストア".to_owned(),
        first: "ソーシャルギフト利用者".to_owned(),
        family_kana: None,
        first_kana: None,
        zip: ["000".to_owned(), "0000".to_owned()],
        prefecture: "東京都".to_owned(),
        city: "架空区見本町".to_owned(),
        rest: "1-1-1 見本ビル(発送元)".to_owned(),
        phone: [Some("000".to_owned()), Some("0000".to_owned()), Some("0000".to_owned())],
        island: false,
    };
    blocks::put(&mut order.text, &BILL, &store, true);
    order.set("BillMailAddress", "no-reply@lycorp.example.invalid");
}

fn trouble(order: &mut Order) {
    if order.has(Trait::UnknownValue) {
        order.set("PayMethod", "payment_x77");
        order.set("PayMethodName", "見本払い");
        order.set("ShipMethod", "postage99");
        order.set("SocialGiftType", "9");
        order.settle_status = Some(42);
    }
    if order.has(Trait::Hostile) {
        order.set(
            "BuyerComments",
            "]]><Inject>&amp;</Inject>\n=HYPERLINK(\"http://example.invalid\")\u{202e}終\0",
        );
        order.set("ShipLastName", "<b>見本</b>");
        order.set("ShipFirstName", "=1+1");
        order.set("ShipAddress2", "𠮷野家ビル😀①髙﨑\u{200b}");
        for item in &mut order.items {
            item.text.insert("Title", "\"見本\",\r\n<script>alert(1)</script>".to_owned());
        }
    }
}
