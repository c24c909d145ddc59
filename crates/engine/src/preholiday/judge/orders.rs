//! What waits, stands still or falls into the days, among the orders.

use super::{Facts, or_ok, tick};
use crate::preholiday::{Level, Mend, Tick};
use domain::time::DAY;
use domain::{ShopId, UtcMillis};

/// An order that was taken so long ago and is not done is stuck, milliseconds.
const STUCK_MS: i64 = 14 * DAY;
/// A payment that is awaited so long sleeps, milliseconds: payment links and deferred payment want to be looked after.
const SLEEPING_MS: i64 = 7 * DAY;

/// Phases on the way to the parcel, whose orders can still go out before the days begin.
const TO_SHIP: [&str; 4] = ["inbox", "new", "awaiting_print", "awaiting_shipment"];

fn name_of<'a>(facts: &'a Facts, phase: &'a str) -> &'a str {
    facts.phases.iter().find(|p| p.phase.as_str() == phase).map_or(phase, |p| p.name.as_str())
}

fn shop_name(facts: &Facts, id: ShopId) -> String {
    let found = facts.shops.iter().find(|s| s.shop.shop_id == id);
    found.map_or_else(|| id.to_string(), |s| s.shop.name.clone())
}

pub(super) fn to_ship(facts: &Facts) -> Vec<Tick> {
    let check = "to_ship";
    let mut ticks = Vec::new();
    for row in facts.pending.iter().filter(|p| TO_SHIP.contains(&p.phase.as_str()) && p.n > 0) {
        let (shop, phase, n, before) =
            (shop_name(facts, row.shop_id), name_of(facts, &row.phase), row.n, row.ship_before);
        let (level, planned) = match before {
            0 => (Level::Careful, String::new()),
            _ => (Level::Needed, format!("（うち出荷予定日が休業前：{before}件）")),
        };
        let ja = format!("{shop}：「{phase}」に{n}件あります{planned}");
        let en = format!("{shop}: {n} orders in {}, {before} to ship before", row.phase);
        let remedy = "休業前に出荷できるものを出荷し、できないものは購入者へ知らせてください。";
        ticks.push(tick(check, level, ja, en).of(row.shop_id).mended(remedy, Mend::Phase(row.phase.clone())));
    }
    or_ok(ticks, check, "出荷前の受注はありません", "nothing waits to be shipped")
}

pub(super) fn delivery(facts: &Facts) -> Vec<Tick> {
    let check = "delivery";
    let mut ticks = Vec::new();
    for row in &facts.pending {
        let (shop, phase) = (shop_name(facts, row.shop_id), name_of(facts, &row.phase));
        if row.deliver_within > 0 {
            let n = row.deliver_within;
            let ja = format!("{shop}：「{phase}」にお届け希望日が休業中の受注が{n}件あります");
            let en = format!("{shop}: {n} orders in {} are wanted within the days", row.phase);
            let remedy = "休業前に出荷するか、お届け日を購入者と相談してください。";
            ticks.push(
                tick(check, Level::Needed, ja, en)
                    .of(row.shop_id)
                    .mended(remedy, Mend::Phase(row.phase.clone())),
            );
        }
        if row.ship_within > 0 {
            let n = row.ship_within;
            let ja = format!("{shop}：「{phase}」に出荷予定日が休業中の受注が{n}件あります");
            let en = format!("{shop}: {n} orders in {} are to ship within the days", row.phase);
            let remedy = "出荷予定日を休業の前か後に直してください。";
            ticks.push(
                tick(check, Level::Needed, ja, en)
                    .of(row.shop_id)
                    .mended(remedy, Mend::Phase(row.phase.clone())),
            );
        }
    }
    // What the mall promises of lead times cannot be asked of it here.
    let ja = "モール側の発送までの日数（リードタイム）・休業日の表示は、各モールの管理画面で確かめてください";
    let en = "lead times and closed days as the malls show them are checked at the malls";
    ticks.push(tick(check, Level::Careful, ja, en));
    ticks
}

pub(super) fn stuck(facts: &Facts, now: UtcMillis) -> Vec<Tick> {
    let check = "stuck";
    let mut ticks = Vec::new();
    for row in
        facts.pending.iter().filter(|p| p.phase != "awaiting_payment" && now.since(p.oldest) >= STUCK_MS)
    {
        let (shop, phase) = (shop_name(facts, row.shop_id), name_of(facts, &row.phase));
        let days = now.since(row.oldest) / DAY;
        let ja = format!("{shop}：「{phase}」に{days}日前からの受注があります");
        let en = format!("{shop}: orders in {} are {days} days old", row.phase);
        let remedy = "受注を開き、止まっている理由を確かめてください。";
        ticks.push(
            tick(check, Level::Careful, ja, en)
                .of(row.shop_id)
                .mended(remedy, Mend::Phase(row.phase.clone())),
        );
    }
    or_ok(ticks, check, "14日以上とどまっている受注はありません", "no order has waited for two weeks")
}

pub(super) fn payment(facts: &Facts, now: UtcMillis) -> Vec<Tick> {
    let check = "payment";
    let mut ticks = Vec::new();
    for row in facts.pending.iter().filter(|p| p.phase == "awaiting_payment" && p.n > 0) {
        let (shop, n, days) = (shop_name(facts, row.shop_id), row.n, now.since(row.oldest) / DAY);
        let sleeping = now.since(row.oldest) >= SLEEPING_MS;
        let ja = format!("{shop}：入金待ちが{n}件あります（最も古いものは{days}日前）");
        let en = format!("{shop}: {n} orders await payment, the oldest for {days} days");
        let remedy = if sleeping {
            "入金待ちから進まない受注です。後払い・決済サービスとの接続（ログイン切れ）と入金を確かめてください。"
        } else {
            "休業前に入金を確かめてください。"
        };
        let mend = Mend::Phase(row.phase.clone());
        ticks.push(
            tick(check, if sleeping { Level::Needed } else { Level::Careful }, ja, en)
                .of(row.shop_id)
                .mended(remedy, mend),
        );
    }
    or_ok(ticks, check, "入金待ちの受注はありません", "no order awaits payment")
}
