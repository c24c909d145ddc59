//! Invents orders of Amazon.co.jp (document 2.3). Each order's content depends on seed, seller and running number
//! only, so that the world is the same whatever is asked of it in between.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::order::{Line, Order, Status};
use super::traits::AmazonTrait as T;
use crate::jst::{self, DAY_MS, HOUR_MS, MINUTE_MS};
use crate::people;
use crate::settings::WorldSettings;

/// What an order shall be like; drawn when not said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recipe {
    pub traits: Option<Vec<T>>,
    pub lines: Option<usize>,
}

const ODDS: &[(T, f64)] = &[
    (T::Cod, 0.08),
    (T::CodPartial, 0.03),
    (T::Cvs, 0.08),
    (T::CvsUnpaid, 0.02),
    (T::Gift, 0.06),
    (T::Scheduled, 0.12),
    (T::Prime, 0.1),
    (T::Business, 0.06),
    (T::MultiQuantity, 0.2),
    (T::Discount, 0.15),
    (T::ShippingDiscount, 0.1),
    (T::Points, 0.35),
    (T::Fba, 0.2),
    (T::CancelRequest, 0.02),
    (T::City, 0.04),
    (T::DropOff, 0.1),
    (T::PickupPoint, 0.02),
    (T::Replacement, 0.01),
    (T::Preorder, 0.01),
    (T::ShipPlus, 0.01),
    (T::Customized, 0.02),
];

/// Traits that decide how an order is paid; the first one drawn stays.
const PAYING: [T; 4] = [T::Cod, T::CodPartial, T::Cvs, T::CvsUnpaid];

const GOODS: &[(&str, &str, i64, i64)] = &[
    ("MIHON-TEA-100", "【見本】架空園 深蒸し煎茶 100g 3袋セット", 1_980, 8),
    ("MIHON-CUP-01", "【見本】試作窯 湯のみ 藍", 2_480, 10),
    ("MIHON-TOWEL-L", "雛形タオル 大判 2枚組 ホワイト", 3_300, 10),
    ("MIHON-RICE-5", "見本県産 架空米 5kg", 4_180, 8),
    ("MIHON-CABLE-2M", "模擬電線 USB-C ケーブル 2m", 890, 10),
    ("MIHON-NOTE/A5 青", "練習帳 A5 方眼 5冊パック", 760, 10),
    ("MIHON-LAMP", "例題デスクライト 調光 5段階", 5_980, 10),
];

const DROP_OFF: &[&str] =
    &["FRONT_DOOR", "DELIVERY_BOX", "GAS_METER_BOX", "BICYCLE_BASKET", "GARAGE", "RECEPTIONIST"];

/// The random source of the n-th order of a seller.
pub(crate) fn source(seed: u64, shop: usize, n: u64) -> ChaCha8Rng {
    let shop = u64::try_from(shop).unwrap_or(0).wrapping_add(0xA3A2);
    let salt = shop.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ n.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    ChaCha8Rng::seed_from_u64(seed ^ salt)
}

/// A number of the form 3-7-7 with a beginning no Japanese order has.
fn number(shop: usize, n: u64) -> String {
    let tail = n.wrapping_mul(3_141_593) % 10_000_000;
    let middle = u64::try_from(shop).unwrap_or(0).wrapping_mul(1_000) + n / 10_000_000;
    format!("990-{:07}-{tail:07}", middle % 10_000_000)
}

fn draw_traits(rng: &mut ChaCha8Rng, world: &WorldSettings) -> Vec<T> {
    let mut traits: Vec<T> = Vec::new();
    for (what, odds) in ODDS {
        if rng.random_bool(*odds) && !(PAYING.contains(what) && traits.iter().any(|t| PAYING.contains(t))) {
            traits.push(*what);
        }
    }
    if traits.contains(&T::Fba) {
        // these belong to what a seller ships himself
        traits.retain(|t| !matches!(t, T::Cod | T::CodPartial | T::ShipPlus | T::Prime));
    }
    if rng.random_bool(world.trouble_share.clamp(0.0, 1.0)) {
        traits.extend(T::TROUBLES.choose(rng).copied());
    }
    traits
}

/// Invents the n-th order of a seller.
pub(crate) fn order(
    rng: &mut ChaCha8Rng,
    (shop, n): (usize, u64),
    at_ms: i64,
    recipe: &Recipe,
    world: &WorldSettings,
) -> Order {
    let traits = recipe.traits.clone().unwrap_or_else(|| draw_traits(rng, world));
    let has = |t: T| traits.contains(&t);
    let buyer = people::person(rng, false);
    let recipient = if has(T::Gift) { people::person(rng, false) } else { buyer.clone() };
    let count = recipe.lines.unwrap_or_else(|| match rng.random_range(0..10) {
        0..=6 => 1,
        7..=8 => 2,
        _ => 3,
    });
    let lines = (0..count.max(1)).map(|l| line(rng, &traits, (n, l), at_ms)).collect();
    let days = if has(T::Prime) { 1 } else { 2 };
    let ship_by = (jst::end_of_day(at_ms, -1) + 1000, jst::end_of_day(at_ms, days));
    let deliver_by = (jst::end_of_day(at_ms, days) + 1000, jst::end_of_day(at_ms, days + 3));
    let mut order = Order {
        number: number(shop, n),
        shop,
        status: if has(T::Preorder) { Status::PendingAvailability } else { Status::Pending },
        stage: 0,
        created_ms: at_ms,
        updated_ms: at_ms,
        held: false,
        hidden: false,
        listed_from_ms: if has(T::LateListed) { at_ms + 10 * MINUTE_MS } else { at_ms },
        alias: rng.random_bool(0.2).then(|| format!("MIHON-{n:06}")),
        replaces: has(T::Replacement).then(|| number(shop, n.saturating_add(5_000_000))),
        level: match () {
            () if has(T::Scheduled) => "SCHEDULED",
            () if has(T::Prime) => "NEXT_DAY",
            () => {
                ["STANDARD", "STANDARD", "EXPEDITED", "SECOND_DAY"].choose(rng).copied().unwrap_or("STANDARD")
            }
        },
        ship_by,
        deliver_by,
        mail: format!("{:014x}@marketplace.amazon.co.jp.example.invalid", rng.random::<u64>() >> 8),
        company: has(T::Business).then(|| ("見本商事株式会社", format!("PO-{:05}", n % 100_000))),
        drop_off: has(T::DropOff).then(|| DROP_OFF.choose(rng).copied().unwrap_or("FRONT_DOOR")),
        instruction: (has(T::DropOff) && rng.random_bool(0.5))
            .then(|| "門の内側（見本）に置いてください".to_owned()),
        payments: Vec::new(),
        lines,
        packages: Vec::new(),
        cancelled: None,
        named: 0,
        buyer,
        recipient,
        traits,
    };
    order.payments = payments(&order);
    if order.has(T::Hostile) {
        hostile(&mut order);
    }
    order
}

fn line(rng: &mut ChaCha8Rng, traits: &[T], (n, l): (u64, usize), at_ms: i64) -> Line {
    let has = |t: T| traits.contains(&t);
    let first = l == 0;
    let (sku, title, price, rate) = GOODS.choose(rng).copied().unwrap_or(("MIHON", "見本", 1_000, 10));
    let price = if has(T::Replacement) { 0 } else { price };
    let quantity = if has(T::MultiQuantity) && first { rng.random_range(2..6) } else { 1 };
    let free = has(T::Replacement);
    let shipping =
        if first && !free && rng.random_bool(0.5) || has(T::ShippingDiscount) && first { 410 } else { 0 };
    let discounted = has(T::Discount) && first && !free;
    let mut promotions = Vec::new();
    if discounted {
        promotions.push("MIHON-SALE-2026".to_owned());
    }
    if has(T::ShippingDiscount) && first {
        promotions.push("JP Core Free Shipping MIHON".to_owned());
    }
    // the middle of the delivery window: 14:00–16:00 in Japan
    let noon = jst::end_of_day(at_ms, 4) + 1000 + 14 * HOUR_MS;
    Line {
        // leading zeros must survive (document 3)
        id: format!(
            "{:014}",
            n.wrapping_mul(97).wrapping_add(u64::try_from(l).unwrap_or(0)) % 100_000_000_000
        ),
        asin: format!("B0MIHON{:03}", rng.random_range(0..1000)),
        title: title.to_owned(),
        sku: sku.to_owned(),
        quantity,
        price,
        shipping,
        wrap: if has(T::Gift) && first && !free { 300 } else { 0 },
        cod_fee: if (has(T::Cod) || has(T::CodPartial)) && first && !free { 330 } else { 0 },
        discount: if discounted { price * quantity / 10 } else { 0 },
        shipping_discount: if has(T::ShippingDiscount) && first { shipping } else { 0 },
        promotions,
        points: if has(T::Points) && !free { price * quantity / 100 } else { 0 },
        gift: has(T::Gift).then(|| ("お誕生日おめでとう！\n見本より".to_owned(), "STANDARD")),
        window: has(T::Scheduled).then_some((noon, noon + 2 * HOUR_MS)),
        cancel_request: (has(T::CancelRequest) && first).then(|| "間違えて注文しました（見本）".to_owned()),
        customized: has(T::Customized).then(|| "https://custom.example.invalid/mihon.zip".to_owned()),
        business: has(T::Business),
        rate,
    }
}

/// What pays the order. `PointsAccount` and `GC` are the words of v0; those of 2026-01-01 are not established
/// (document 12.5).
fn payments(order: &Order) -> Vec<(String, i64)> {
    let total = order.total();
    let one = |method: &str| vec![(method.to_owned(), total)];
    match () {
        () if order.has(T::CodPartial) && total > 400 => {
            let (points, gift) = (10, 317);
            vec![
                ("PointsAccount".to_owned(), points),
                ("GC".to_owned(), gift),
                ("CashOnDelivery".to_owned(), total - points - gift),
            ]
        }
        () if order.cod() => one("CashOnDelivery"),
        () if order.has(T::Cvs) || order.has(T::CvsUnpaid) => one("ConvenienceStore"),
        () if order.has(T::UnknownValue) => one("MoonPay"),
        () if order.has(T::Business) => one("Invoice"),
        () => one("CreditCard"),
    }
}

/// Texts that hurt whoever pastes them into pages, sheets, mails or logs.
fn hostile(order: &mut Order) {
    order.buyer.family = "<script>alert(1)</script>".to_owned();
    order.recipient.family = "𠮷野家\u{202E}逆".to_owned();
    order.recipient.rest = "=1+1 ①㈱〜～−－ \u{200B}見本\u{0}".to_owned();
    order.instruction =
        Some("\"><img src=x onerror=alert(1)>\r\nBcc: x@example.invalid\u{1b}[31m".to_owned());
    if let Some(line) = order.lines.first_mut() {
        line.title = "+見本,\"カンマ\"\n改行\t@SUM(A1)".to_owned();
        line.sku = "'; DROP TABLE orders;--".to_owned();
    }
}

/// Minutes after ordering at which the buyer acts, if he does, and whether he cancels.
pub(crate) fn whim(seed: u64, shop: usize, n: u64, world: &WorldSettings) -> Option<(i64, bool)> {
    // a source of its own, so that these shares do not change what is in the orders
    let mut rng = source(seed ^ 0xB0_7E8, shop, n);
    let after = rng.random_range(2..25) * MINUTE_MS;
    if rng.random_bool(world.buyer_cancel_share.clamp(0.0, 1.0)) {
        return Some((after, true));
    }
    rng.random_bool(world.buyer_edit_share.clamp(0.0, 1.0)).then_some((after, false))
}

/// Whether somebody shipped an old order long ago, and its tracking number.
pub(crate) fn lived(seed: u64, shop: usize, n: u64, share: f64, age_ms: i64) -> Option<String> {
    let mut rng = source(seed ^ 0x11FE, shop, n);
    let yes = rng.random_bool(share.clamp(0.0, 1.0)) && age_ms > DAY_MS;
    yes.then(|| format!("0000{:08}", rng.random_range(0..100_000_000)))
}
