//! Invents orders. Each order's content depends on seed, shop and running number only, so that the world is the same
//! whatever is asked of it in between.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::goods;
use super::order::{Item, Money, Order, Texts, status};
use super::people::{self as blocks, BILL, SHIP};
use super::settings::YahooSettings;
use super::traits::YahooTrait as Trait;
use super::{codes, special};
use crate::jst::{self, DAY_MS, HOUR_MS, MINUTE_MS};
use crate::people;
use crate::settings::WorldSettings;

/// What an order shall be like; drawn when not said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recipe {
    pub traits: Option<Vec<Trait>>,
    pub lines: Option<usize>,
}

const ODDS: &[(Trait, f64)] = &[
    (Trait::Cod, 0.1),
    (Trait::Prepaid, 0.06),
    (Trait::Unpaid, 0.01),
    (Trait::BankTransfer, 0.03),
    (Trait::PayPay, 0.4),
    (Trait::CombinedPay, 0.02),
    (Trait::AllPoints, 0.02),
    (Trait::Points, 0.25),
    (Trait::StoreCoupon, 0.12),
    (Trait::MallCoupon, 0.1),
    (Trait::Discount, 0.03),
    (Trait::MixedTax, 0.15),
    (Trait::Gift, 0.06),
    (Trait::Island, 0.02),
    (Trait::Overseas, 0.005),
    (Trait::DeliveryWish, 0.3),
    (Trait::Remarks, 0.1),
    (Trait::Options, 0.1),
    (Trait::Inscription, 0.04),
    (Trait::Receipt, 0.1),
    (Trait::Preorder, 0.02),
    (Trait::Subscription, 0.02),
    (Trait::LineGift, 0.01),
    (Trait::SocialGift, 0.01),
    (Trait::Auction, 0.02),
    (Trait::Split, 0.01),
    (Trait::Held, 0.02),
    (Trait::HeldFraud, 0.005),
    (Trait::Prank, 0.005),
    (Trait::PayChange, 0.05),
];

const REMARKS: &[&str] = &[
    "不在の場合は宅配ボックスにお願いします。",
    "領収書をお願いします。\n宛名は「見本商店」で～",
    "※見本の備考です。プレゼント用なので金額のわかるものは入れないでください😀",
    "髙橋様ではなく﨑山宛で①階へお願いします（見本）",
];

/// The random source of the n-th order of a shop.
pub(crate) fn source(seed: u64, shop: usize, n: u64) -> ChaCha8Rng {
    let shop = u64::try_from(shop).unwrap_or(0).wrapping_add(77);
    let salt = shop.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ n.wrapping_mul(0xD1B5_4A32_D192_ED03);
    ChaCha8Rng::seed_from_u64(seed ^ salt)
}

fn draw_traits(rng: &mut ChaCha8Rng, world: &WorldSettings) -> Vec<Trait> {
    let mut traits: Vec<Trait> = Vec::new();
    for (what, odds) in ODDS {
        if rng.random_bool(*odds) {
            traits.push(*what);
        }
    }
    if rng.random_bool(world.trouble_share.clamp(0.0, 1.0)) {
        traits.extend(Trait::TROUBLES.choose(rng).copied());
    }
    traits
}

/// Invents the n-th order of a shop.
pub(crate) fn order(
    rng: &mut ChaCha8Rng,
    (shop, seller, n): (usize, &str, u64),
    at_ms: i64,
    recipe: &Recipe,
    world: &WorldSettings,
    settings: &YahooSettings,
) -> Order {
    let traits = recipe.traits.clone().unwrap_or_else(|| draw_traits(rng, world));
    let has = |t: Trait| traits.contains(&t);
    let items = items(rng, &traits, recipe.lines);
    let buyer = people::person(rng, false);
    let away = has(Trait::Gift) || has(Trait::Island);
    let recipient = if away { people::person(rng, has(Trait::Island)) } else { buyer.clone() };
    let mut order = Order {
        id: format!("{seller}-{}", 10_000_000 + n),
        shop,
        version: 1,
        ordered_ms: at_ms,
        updated_ms: at_ms,
        read_only_until_ms: at_ms + settings.read_only_ms,
        listed_from_ms: if has(Trait::LateListed) { at_ms + HOUR_MS / 2 } else { at_ms },
        readable_from_ms: match () {
            () if has(Trait::Unreadable) => i64::MAX,
            () if has(Trait::LateRead) => at_ms + settings.read_only_ms + MINUTE_MS,
            () => at_ms,
        },
        hidden: false,
        order_status: if has(Trait::Preorder) { status::RESERVED } else { status::WORKING },
        ship_status: 1,
        pay_status: 1,
        settle_status: None,
        fraud_hold: i64::from(has(Trait::Held) || has(Trait::HeldFraud)),
        published_ms: None,
        seen: false,
        prank: i64::from(has(Trait::Prank)),
        cancel_reason: None,
        cancel_due: false,
        completed_ms: None,
        completions: 0,
        shipped_ms: None,
        notices: Vec::new(),
        receiver: None,
        gift_shippable: false,
        pay_change_until_ms: has(Trait::PayChange).then_some(at_ms + 2 * DAY_MS),
        release_ms: None,
        ship_by_ms: None,
        subscription: None,
        parent: None,
        children: Vec::new(),
        money: Money::default(),
        items,
        text: base_texts(rng),
        history: Vec::new(),
        traits,
    };
    blocks::put(&mut order.text, &BILL, &buyer, rng.random_bool(0.5));
    blocks::put(&mut order.text, &SHIP, &recipient, rng.random_bool(0.5));
    order.set("BillMailAddress", people::masked_mail(rng));
    money(rng, &mut order);
    payment(rng, &mut order, at_ms);
    wishes(rng, &mut order, at_ms);
    special::apply(rng, &mut order, n, settings);
    order
}

fn items(rng: &mut ChaCha8Rng, traits: &[Trait], lines: Option<usize>) -> Vec<Item> {
    let has = |t: Trait| traits.contains(&t);
    let mut wanted = lines.unwrap_or_else(|| [1, 1, 1, 1, 1, 2, 2, 3, 5].choose(rng).copied().unwrap_or(1));
    if has(Trait::MixedTax) || has(Trait::Auction) || has(Trait::Split) {
        wanted = wanted.max(2);
    }
    let rate = |n: usize| match n {
        0 if has(Trait::MixedTax) => Some(8),
        1 if has(Trait::MixedTax) => Some(10),
        _ => None,
    };
    (0..wanted.max(1)).map(|n| goods::line(rng, i64::try_from(n + 1).unwrap_or(1), rate(n))).collect()
}

/// What every order has, whatever is special about it.
fn base_texts(rng: &mut ChaCha8Rng) -> Texts {
    let device = ["1", "3", "3", "3", "4"].choose(rng).copied().unwrap_or("3");
    let post = rng.random_bool(0.2);
    Texts::from(
        [
            ("DeviceType", device),
            ("IsRoyalty", "false"),
            ("IsRoyaltyFix", "false"),
            ("IsSeller", "false"),
            ("IsAffiliate", "false"),
            ("IsRatingB2s", "false"),
            ("IsYahooAuctionOrder", "false"),
            ("IsLineGiftOrder", "false"),
            ("SocialGiftType", "0"),
            ("NeedBillSlip", "false"),
            ("NeedDetailedSlip", "false"),
            ("NeedReceipt", "false"),
            ("NeedGiftWrap", "false"),
            ("NeedGiftWrapPaper", "false"),
            ("PrintSlipFlag", "false"),
            ("PrintDeliveryFlag", "false"),
            ("PrintBillFlag", "false"),
            ("IsApplePay", "false"),
            ("IsPayManagement", "true"),
            ("IsGetPointFixAll", "false"),
            ("ShipMethod", if post { "postage2" } else { "postage1" }),
            ("ShipMethodName", if post { "メール便（見本）" } else { "宅配便" }),
            ("ArriveType", "0"),
            ("ShipInstructType", "0"),
            ("ShipInstructStatus", "0"),
            ("OverlapOrderResult", "0"),
            ("IsEazy", "false"),
            ("RemoteAreaShippingType", "0"),
            ("OptionPartnerType", "0"),
            ("FspLicenseCode", "2000"),
            ("FspLicenseName", "なし"),
            ("IsLogin", if rng.random_bool(0.9) { "true" } else { "false" }),
            ("OperationUser", "system"),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    )
}

fn money(rng: &mut ChaCha8Rng, order: &mut Order) {
    let goods = order.goods();
    order.money.postage = if goods >= 3_980 { 0 } else { 550 };
    if order.has(Trait::StoreCoupon) {
        let mut told = String::new();
        if let Some(item) = order.items.first_mut() {
            let off = (item.unit_price / 10).max(1);
            item.text.insert("OriginalPrice", item.unit_price.to_string());
            item.text.insert("OriginalNum", item.quantity.to_string());
            item.text.insert("CouponUseNum", item.quantity.to_string());
            item.unit_price -= off;
            item.coupon_discount = off * item.quantity;
            // backslash and letter, both literal (trap 26)
            told = format!("mihon10\\A見本クーポン10％OFF\\A2\\A1\\A{}\\B", item.coupon_discount);
            item.text.insert("CouponData", told.clone());
        }
        order.set("UseCouponData", told);
    }
    if order.has(Trait::MallCoupon) {
        let off = 300.min(order.goods());
        order.money.mall_coupon = off;
        if let Some(item) = order.items.first_mut() {
            let text = serde_json::json!({"Id": "mihonmall", "Srid": "0", "ItemPrice": item.unit_price,
                "Quantity": item.quantity, "DiscountPrice": off, "Coupons": [{"Id": "mihonmall"}]});
            item.text.insert("MallCouponData", text.to_string());
        }
    }
    if order.has(Trait::Discount) {
        order.money.discount = 100;
        order.money.adjustments = -20;
    }
    if order.has(Trait::Gift) {
        order.money.wrapping = 330;
        order.set("NeedGiftWrap", "true");
        order.set("GiftWrapType", "見本ラッピング（赤）");
        order.set("GiftWrapMessage", "お誕生日おめでとう（見本）");
        order.set("NeedGiftWrapPaper", "true");
        order.set("GiftWrapPaperType", "内祝い");
        order.set("GiftWrapName", "見本");
    }
    if order.has(Trait::AllPoints) {
        order.money.points = order.total();
    } else if order.has(Trait::Points) {
        order.money.points = rng.random_range(1..500).min(order.total().max(1) - 1);
        order.set("UsePaypayPoint", order.money.points.to_string());
    }
}

fn payment(rng: &mut ChaCha8Rng, order: &mut Order, at_ms: i64) {
    let method = match () {
        () if order.has(Trait::LineGift) => "payment_z3",
        () if order.has(Trait::AllPoints) => "payment_z1",
        () if order.has(Trait::Cod) => "payment_d1",
        () if order.has(Trait::BankTransfer) => "payment_b1",
        () if order.has(Trait::Prepaid) || order.has(Trait::Unpaid) => {
            ["payment_a6", "payment_a7", "payment_a15"].choose(rng).copied().unwrap_or("payment_a6")
        }
        () if order.has(Trait::PayPay) || order.has(Trait::CombinedPay) => "payment_a17",
        () => ["payment_a1", "payment_a1", "payment_a9", "payment_a10"]
            .choose(rng)
            .copied()
            .unwrap_or("payment_a1"),
    };
    set_payment(order, method, at_ms);
    if order.has(Trait::CombinedPay) {
        order.money.combined = order.total() / 3;
        order.set("CombinedPayType", "1");
        order.set("CombinedPayKind", "0");
        order.set("CombinedPayMethod", "payment_a1");
        order.set("CombinedPayMethodName", codes::pay_method_name("payment_a1"));
    }
}

/// Gives the order a way to pay with everything that hangs on it.
pub(crate) fn set_payment(order: &mut Order, method: &'static str, at_ms: i64) {
    order.set("PayMethod", method);
    order.set("PayMethodName", codes::pay_method_name(method));
    order.set("PayType", if method == "payment_d1" { "0" } else { "1" });
    order.set("PayKind", codes::pay_kind(method));
    order.set("SettleId", format!("mihon{}", order.ordered_ms / 1000));
    (order.pay_status, order.settle_status) = match method {
        "payment_a6" | "payment_a7" | "payment_a15" => (0, Some(2)),
        "payment_d1" | "payment_b1" => (0, None),
        "payment_z1" | "payment_z3" => (1, None),
        _ => (1, Some(5)),
    };
    order.money.charge = if method == "payment_d1" { 330 } else { 0 };
    order.set("CashOnDeliveryTax", if method == "payment_d1" { "30" } else { "" });
    if order.pay_status == 1 {
        order.set("PayDate", jst::date(at_ms));
    } else {
        order.text.remove("PayDate");
    }
    if order.settle_status == Some(2) {
        order.set("PayNo", "000000000000");
        order.set("PayNoIssueDate", super::when::iso(at_ms));
        order.set("PaymentTerm", super::when::blank(jst::end_of_day(at_ms, 7)));
    }
    if method == "payment_a1" {
        order.set("CardPayType", "1");
        order.set("CardNumberLast4", "0000");
    }
}

fn wishes(rng: &mut ChaCha8Rng, order: &mut Order, at_ms: i64) {
    if order.has(Trait::DeliveryWish) {
        order.set("ShipRequestDate", jst::date(at_ms + rng.random_range(3..8) * DAY_MS));
        let time = ["午前中", "12:00～14:00", "18:00～20:00"].choose(rng).copied().unwrap_or("午前中");
        order.set("ShipRequestTime", time);
    }
    if order.has(Trait::Remarks) {
        order.set("BuyerComments", REMARKS.choose(rng).copied().unwrap_or_default());
    }
    if order.has(Trait::Receipt) {
        for name in ["NeedBillSlip", "NeedDetailedSlip", "NeedReceipt"] {
            order.set(name, "true");
        }
    }
    if order.has(Trait::Island) {
        order.set("RemoteAreaShippingType", "1");
    }
    if order.has(Trait::Overseas) {
        order.set("ShipPrefecture", "その他");
        order.set("ShipCity", "Mihon City, Fictitia");
    }
    for item in &mut order.items {
        if order.traits.contains(&Trait::Options) {
            item.options.push(("サイズ測定".to_owned(), "する（＋100円）".to_owned(), 100));
            item.options.push(("のし".to_owned(), "不要".to_owned(), 0));
            item.unit_price += 100;
        }
        if order.traits.contains(&Trait::Inscription) {
            item.inscriptions.push(("名入れ".to_owned(), "ＭＩＨＯＮ ♪".to_owned()));
        }
    }
    if order.has(Trait::AllPoints) {
        order.money.points += order.total();
    }
}
