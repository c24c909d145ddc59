//! Invents orders. Each order's content depends on seed, shop and running number only, so that the world is the
//! same whatever is asked of it in between.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::amounts;
use super::codes::payment_name;
use super::items::{self, Wish};
use super::order::{Coupon, Order, Package, Payment, Shipment, SocialGift, UNDECIDED, Wrapping};
use super::traits::Trait;
use crate::jst::{self, DAY_MS, HOUR_MS, MINUTE_MS};
use crate::people::{self, Person};
use crate::settings::WorldSettings;

/// Running numbers of the whole mall.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    basket: i64,
    line: i64,
    shipping: i64,
    change: i64,
}

impl Ids {
    fn basket(&mut self) -> i64 {
        self.basket += 1;
        1_000_000_000 + self.basket
    }

    fn line(&mut self) -> i64 {
        self.line += 1;
        2_000_000_000 + self.line
    }

    /// 12 digits (2.3).
    pub fn shipping(&mut self) -> i64 {
        self.shipping += 1;
        100_000_000_000 + self.shipping
    }

    pub fn change(&mut self) -> i64 {
        self.change += 1;
        3_000_000 + self.change
    }
}

/// What an order shall be like; drawn when not said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recipe {
    pub traits: Option<Vec<Trait>>,
    pub lines: Option<usize>,
}

const ODDS: &[(Trait, f64)] = &[
    (Trait::Cod, 0.12),
    (Trait::Prepaid, 0.06),
    (Trait::Unpaid, 0.01),
    (Trait::Deferred, 0.05),
    (Trait::AllPoints, 0.02),
    (Trait::Points, 0.25),
    (Trait::Undecided, 0.02),
    (Trait::ShopCoupon, 0.12),
    (Trait::MallCoupon, 0.06),
    (Trait::MixedTax, 0.15),
    (Trait::TaxOut, 0.05),
    (Trait::MultiPackage, 0.05),
    (Trait::Gift, 0.06),
    (Trait::Island, 0.02),
    (Trait::DeliveryWish, 0.3),
    (Trait::Remarks, 0.1),
    (Trait::Preorder, 0.02),
    (Trait::Subscription, 0.01),
    (Trait::SocialGift, 0.01),
    (Trait::Cvs, 0.02),
    (Trait::DropOff, 0.15),
    (Trait::OneDay, 0.1),
    (Trait::FraudCheck, 0.02),
    (Trait::Caution, 0.01),
    (Trait::DeletedLine, 0.02),
    (Trait::DeletedPackage, 0.005),
    (Trait::Placeholder, 0.01),
    (Trait::OldItem, 0.03),
];

const REMARKS: &[&str] = &[
    "不在の場合は宅配ボックスにお願いします。",
    "領収書をお願いします。\n宛名は「見本商店」でお願いします。",
    "※見本の備考です。プレゼント用なので金額のわかるものは入れないでください。",
    "[その他:]\nなるべく早くお願いします。",
];

const NOSHI: &[&str] = &["内祝い（見本）", "御中元", "無地のし"];
const DROP_OFF: &[&str] =
    &["宅配ボックス", "玄関前", "玄関前鍵付容器", "ポスト（郵便受箱）", "メーターボックス", "物置", "車庫"];
const TERMS: &[(i64, &str)] =
    &[(1, "午前中"), (1416, "14時～16時"), (1618, "16時～18時"), (1921, "19時～21時")];

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

/// The order number: shop, Japanese day, ten digits (eight until 2022, trap 18).
fn number(shop: u64, n: u64, at_ms: i64) -> String {
    let tail = n.wrapping_mul(3_141_592_653).wrapping_add(shop) % 10_000_000_000;
    let day = jst::compact_date(at_ms);
    if day.as_str() < "20220101" {
        format!("{shop}-{day}-{:08}", tail % 100_000_000)
    } else {
        format!("{shop}-{day}-{tail:010}")
    }
}

/// The random source of the n-th order of a shop.
pub(crate) fn source(seed: u64, shop: u64, n: u64) -> ChaCha8Rng {
    let salt = shop.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ n.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    ChaCha8Rng::seed_from_u64(seed ^ salt)
}

/// Invents the n-th order of a shop.
pub(crate) fn order(
    rng: &mut ChaCha8Rng,
    (shop, n): (u64, u64),
    at_ms: i64,
    recipe: &Recipe,
    world: &WorldSettings,
    ids: &mut Ids,
) -> Order {
    let traits = recipe.traits.clone().unwrap_or_else(|| draw_traits(rng, world));
    let has = |t: Trait| traits.contains(&t);
    let buyer = people::person(rng, has(Trait::Island));
    let mail = people::masked_mail(rng);
    let number = number(shop, n, at_ms);
    let packages = packages(rng, &traits, recipe.lines, &buyer, &number, at_ms, ids);
    let payment = payment(rng, &traits);
    let day = |n: i64| jst::date(at_ms + n * DAY_MS);
    let (mut delivery_date, mut shipping_term, mut remarks) = (None, None, None);
    if has(Trait::DeliveryWish) {
        let wished = day(rng.random_range(3..8));
        let (term, words) = TERMS.choose(rng).copied().unwrap_or((1, "午前中"));
        remarks = Some(format!("[配送日時指定:]\n{wished}\n{words}"));
        (delivery_date, shipping_term) = (Some(wished), Some(term));
    }
    if has(Trait::Remarks) {
        let text = REMARKS.choose(rng).copied().unwrap_or_default();
        remarks = Some(remarks.map_or_else(|| text.to_owned(), |block| format!("{block}\n\n{text}")));
    }
    let mut order = Order {
        shop,
        progress: 100,
        stage: 0,
        revision: 0,
        sub_status: None,
        ordered_ms: at_ms,
        confirmed_ms: None,
        fixed_ms: None,
        reported_ms: None,
        settled_ms: None,
        awaits_payment: matches!(payment.code, 9 | 13 | 14),
        rakuten_check: false,
        held: false,
        hidden: false,
        listed_from_ms: if has(Trait::LateListed) { at_ms + HOUR_MS / 2 } else { at_ms },
        readable_from_ms: if has(Trait::LateRead) { at_ms + MINUTE_MS } else { at_ms },
        delivery_date,
        shipping_term,
        remarks,
        gift: has(Trait::Gift) || has(Trait::SocialGift),
        order_type: if has(Trait::Preorder) {
            6
        } else if has(Trait::Subscription) {
            4
        } else {
            1
        },
        reserve_number: (has(Trait::Preorder) || has(Trait::Subscription)).then(|| format!("{number}-r")),
        caution: i64::from(has(Trait::Caution)),
        caution_detail: has(Trait::Caution).then_some(102),
        carrier_code: [0, 11, 12, 21].choose(rng).copied().unwrap_or(0),
        modified: false,
        one_day: has(Trait::OneDay),
        memo: None,
        operator: None,
        mail_plug: None,
        delivery_name: if rng.random_bool(0.8) { "宅配便" } else { "メール便" },
        delivery_class: if rng.random_bool(0.3) { Some(1) } else { None },
        buyer,
        mail,
        payment,
        used_points: 0,
        wrapping: [None, None],
        packages,
        coupons: Vec::new(),
        changes: Vec::new(),
        due_dates: Vec::new(),
        rendered: Vec::new(),
        number,
        traits,
    };
    if order.has(Trait::Gift) {
        order.wrapping = [
            Some(Wrapping { title: 1, name: "見本の包装紙", price: 220 }),
            rng.random_bool(0.3).then_some(Wrapping { title: 2, name: "赤いリボン", price: 110 }),
        ];
    }
    if order.has(Trait::Hostile) {
        hostile(&mut order);
    }
    discounts(rng, &mut order);
    order
}

fn payment(rng: &mut ChaCha8Rng, traits: &[Trait]) -> Payment {
    let has = |t: Trait| traits.contains(&t);
    let code = if has(Trait::AllPoints) {
        8
    } else if has(Trait::Cod) {
        2
    } else if has(Trait::Prepaid) || has(Trait::Unpaid) {
        [9, 13, 14].choose(rng).copied().unwrap_or(9)
    } else if has(Trait::Deferred) {
        21
    } else {
        [1, 1, 1, 1, 12, 17].choose(rng).copied().unwrap_or(1)
    };
    Payment {
        code,
        name: payment_name(code),
        // 選択制決済 are the shop's own ways to pay, for instance COD (3.2).
        common: code != 2,
        charge: if code == 14 { 220 } else { 0 },
        fee_to_user: if code == 21 { 250 } else { 0 },
    }
}

fn packages(
    rng: &mut ChaCha8Rng,
    traits: &[Trait],
    lines: Option<usize>,
    buyer: &Person,
    number: &str,
    at_ms: i64,
    ids: &mut Ids,
) -> Vec<Package> {
    let has = |t: Trait| traits.contains(&t);
    let count = if has(Trait::MultiPackage) { rng.random_range(2..4) } else { 1 };
    let wanted = lines.unwrap_or_else(|| match rng.random_range(0..10) {
        0..=5 => 1,
        6..=7 => 2,
        8 => 3,
        _ => rng.random_range(4..7),
    });
    let extra = usize::from(has(Trait::DeletedPackage));
    let mut packages = Vec::with_capacity(count + extra);
    for p in 0..count + extra {
        let deleted = p >= count;
        let away = p > 0 || has(Trait::Gift) || (has(Trait::Cvs) && p == 0);
        let mut recipient =
            if away { people::person(rng, has(Trait::Island) && p == 0) } else { buyer.clone() };
        let social = (has(Trait::SocialGift) && p == 0).then(|| SocialGift {
            number: format!("{number}-sg"),
            due: jst::date(at_ms + 7 * DAY_MS),
            receiver: people::person(rng, false),
            entered_ms: None,
        });
        if social.is_some() {
            recipient = dummy();
        }
        let mut items = Vec::with_capacity(wanted);
        let at_least = if has(Trait::MixedTax) && p == 0 { wanted.max(2) } else { wanted.max(1) };
        for l in 0..at_least {
            let rate = (has(Trait::MixedTax) && l < 2).then_some(if l == 0 { 10 } else { 8 });
            let wish = Wish { rate, tax_out: has(Trait::TaxOut) && l == 0, old: has(Trait::OldItem) };
            items.push(items::line(rng, ids.line(), wish));
        }
        if has(Trait::DeletedLine) && p == 0 {
            let mut gone = items::line(rng, ids.line(), Wish::default());
            gone.deleted = true;
            items.push(gone);
        }
        let free = items.iter().all(|i| i.postage_included);
        let postage = match () {
            () if has(Trait::Undecided) && p == 0 => UNDECIDED,
            () if free => 0,
            () if recipient.island => 1_980,
            () => 660,
        };
        packages.push(Package {
            basket_id: ids.basket(),
            postage,
            cod_fee: if has(Trait::Cod) { 330 } else { 0 },
            noshi: has(Trait::Gift).then(|| NOSHI.choose(rng).copied().unwrap_or_default().to_owned()),
            deleted,
            recipient,
            items,
            shipping: if has(Trait::Placeholder) && p == 0 {
                let company = Some("1000".to_owned());
                vec![Shipment { detail_id: ids.shipping(), number: None, company, date: None }]
            } else {
                Vec::new()
            },
            cvs: has(Trait::Cvs),
            carrier: ["1001", "1002", "1003"].choose(rng).copied().unwrap_or("1001"),
            drop_off: has(Trait::DropOff).then(|| DROP_OFF.choose(rng).copied().unwrap_or("玄関前")),
            social,
        });
    }
    packages
}

/// What a social gift shows until its receiver has answered (2.3 SenderModel).
fn dummy() -> Person {
    let wait = || "入力待ち".to_owned();
    let kana = || Some("ニュウリョクマチ".to_owned());
    Person {
        family: wait(),
        first: wait(),
        family_kana: kana(),
        first_kana: kana(),
        zip: ["999".to_owned(), "9999".to_owned()],
        prefecture: wait(),
        city: wait(),
        rest: wait(),
        phone: [Some("999".to_owned()), Some("9999".to_owned()), Some("9999".to_owned())],
        island: false,
    }
}

/// Coupons first, points last, and never more than there is to pay.
fn discounts(rng: &mut ChaCha8Rng, order: &mut Order) {
    let expires = jst::date(order.ordered_ms + 30 * DAY_MS);
    let goods: i64 =
        order.live_packages().flat_map(Package::live_items).map(|i| i.price_with_tax * i.units).sum();
    if order.has(Trait::ShopCoupon) {
        order.coupons.push(Coupon {
            code: "MIHN-0000-0001".to_owned(),
            name: "【見本】10％OFFクーポン",
            capital: 1,
            price: goods / 10,
            unit: 1,
            line: None,
            expires: expires.clone(),
        });
    }
    let first =
        order.live_packages().flat_map(Package::live_items).next().map(|i| (i.item_id, i.detail_id, i.units));
    if let (true, Some((item, detail, units))) = (order.has(Trait::MallCoupon), first) {
        order.coupons.push(Coupon {
            code: "MIHN-0000-0002".to_owned(),
            name: "【見本】楽天スーパー架空クーポン",
            capital: 3,
            price: 100,
            unit: units,
            line: Some((item, detail)),
            expires,
        });
    }
    let to_pay = amounts::of(order).request;
    if order.has(Trait::AllPoints) && to_pay > 0 {
        order.used_points = to_pay;
    } else if order.has(Trait::Points) && to_pay > 1 {
        order.used_points = rng.random_range(1..to_pay.min(3_000));
    }
}

/// Texts that hurt whoever pastes them into pages, sheets, mails or logs.
fn hostile(order: &mut Order) {
    order.buyer.family = "<script>alert(1)</script>".to_owned();
    order.buyer.first = "𠮷野家\u{202E}逆".to_owned();
    order.buyer.rest = "=1+1 ①㈱〜～−－ \u{200B}見本\u{0}".to_owned();
    order.remarks = Some(
        "\"><img src=x onerror=alert(1)>\r\nBcc: x@example.invalid\r\n{{7*7}} %_'\"; DROP TABLE orders;--\u{1b}[31m👩‍👩‍👧".to_owned(),
    );
    if let Some(item) = order.packages.first_mut().and_then(|p| p.items.first_mut()) {
        item.name = "+見本,\"カンマ\"\n改行\t@SUM(A1)".to_owned();
        item.choice = Some("注記:a:b:c\n値のない行\n:名のない行".to_owned());
    }
}
