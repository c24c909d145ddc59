//! What each finding means for the days ahead. Pure.

mod orders;

use super::{Level, Mend, Period, Tick};
use crate::health::{Finding, Health};
use crate::keys::{BoardRow, EndSource};
use domain::phase::Phase;
use domain::time::DAY;
use domain::{ShopId, UtcMillis};
use jiff::civil::Date;
use std::collections::BTreeMap;
use store::Shop;
use store::preholiday::Pending;

/// A key that ends so many days after the period is better renewed before it.
const SOON_AFTER: i64 = 7;
/// A backup older than this is too old to leave, milliseconds.
const OLD_BACKUP_MS: i64 = 2 * DAY;
/// Automatic imports must have worked within so long, milliseconds.
const FRESH_MS: i64 = DAY;

/// A shop, and what its rules do.
#[derive(Debug, Clone)]
pub struct ShopFacts {
    /// The shop.
    pub shop: Shop,
    /// It has at least one rule of notices.
    pub has_rules: bool,
    /// In 出荷済み, and the mall has not been told.
    pub unsent: i64,
}

/// All that was gathered.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Shops that are not archived.
    pub shops: Vec<ShopFacts>,
    /// Every credential.
    pub credentials: Vec<BoardRow>,
    /// Days of the period that the calendar takes for business days.
    pub open_days: Vec<Date>,
    /// Orders that are not done.
    pub pending: Vec<Pending>,
    /// Phases by key.
    pub phases: Vec<Phase>,
    /// States and flags of orders by shop.
    pub states: BTreeMap<(ShopId, String), i64>,
    /// A mail server is set.
    pub mail_is_set: bool,
    /// Who gets letters.
    pub mail_to: usize,
    /// Letters that did not go out of late.
    pub failed_letters: i64,
    /// Listeners that fail, since when.
    pub failing_listeners: Vec<(String, UtcMillis)>,
    /// Lanes that nobody works.
    pub free_lanes: usize,
    /// The newest backup, as far as it is known.
    pub backup_at: Option<UtcMillis>,
    /// What the disk says; `None`: there is no folder.
    pub disk: Option<Finding>,
}

fn tick(check: &'static str, level: Level, ja: impl Into<String>, en: impl Into<String>) -> Tick {
    let (ja, en) = (ja.into(), en.into());
    Tick { check, level, shop: None, ja, en, remedy: String::new(), mend: Mend::None }
}

impl Tick {
    fn of(mut self, shop: ShopId) -> Self {
        self.shop = Some(shop);
        self
    }

    fn mended(mut self, remedy: &str, mend: Mend) -> Self {
        remedy.clone_into(&mut self.remedy);
        self.mend = mend;
        self
    }
}

/// Every check, in the order of [`super::HEADINGS`]. Each heading has at least one tick.
#[must_use]
pub fn judge(facts: &Facts, period: Period, now: UtcMillis) -> Vec<Tick> {
    [
        credentials(facts, period, now),
        calendar(facts),
        imports(facts, now),
        notices(facts),
        attention(facts),
        orders::to_ship(facts),
        orders::delivery(facts),
        orders::stuck(facts, now),
        orders::payment(facts, now),
        mail(facts),
        listeners(facts),
        lanes(facts),
        vec![backup(facts, now)],
        disk(facts),
    ]
    .concat()
}

/// One that says all is well, when nothing else was said.
fn or_ok(mut ticks: Vec<Tick>, check: &'static str, ja: &str, en: &str) -> Vec<Tick> {
    if ticks.is_empty() {
        ticks.push(tick(check, Level::Ok, ja, en));
    }
    ticks
}

fn credentials(facts: &Facts, period: Period, now: UtcMillis) -> Vec<Tick> {
    let check = "credentials";
    let renew = "休業に入る前に更新してください。期限内でも更新できます。";
    let mut ticks = Vec::new();
    for row in facts.credentials.iter().filter(|r| r.active) {
        let (shop, label) = (&row.shop, row.label);
        let found = if row.required && !row.is_set {
            Some((
                Level::Needed,
                format!("{shop}：{label}が登録されていません"),
                format!("{shop}: {} is not set", row.key),
            ))
        } else if row.refused {
            Some((
                Level::Needed,
                format!("{shop}：{label}をモールが受け付けていません"),
                format!("{shop}: {} is refused", row.key),
            ))
        } else {
            by_end(row, period, now)
        };
        if let Some((level, ja, en)) = found {
            ticks.push(tick(check, level, ja, en).of(row.shop_id).mended(renew, Mend::Credentials));
        }
    }
    or_ok(
        ticks,
        check,
        "休業の終わりから7日後までに切れる認証情報はありません",
        "nothing ends in or soon after the days",
    )
}

fn by_end(row: &BoardRow, period: Period, now: UtcMillis) -> Option<(Level, String, String)> {
    if !row.is_set || row.source == EndSource::Never {
        return None;
    }
    let (shop, label, key) = (&row.shop, row.label, row.key);
    let Some(end) = row.expires_at else {
        let ja = format!("{shop}：{label}の有効期限がわかりません");
        return Some((Level::Careful, ja, format!("{shop}: the end of {key} is not known")));
    };
    if end <= now {
        let ja = format!("{shop}：{label}の期限が切れています");
        return Some((Level::Needed, ja, format!("{shop}: {key} has expired")));
    }
    let day = end.japan_date();
    let after = i64::from(period.to.until(day).map_or(i32::MAX, |span| span.get_days()));
    let day_ja = format!("{}/{}", day.month(), day.day());
    if after <= 0 {
        // On the last closed day itself it may still serve, but nobody is there to renew it.
        let ja = format!("{shop}：{label}が休業中（{day_ja}）に切れます");
        return Some((Level::Needed, ja, format!("{shop}: {key} ends on {day}, while you are closed")));
    }
    (after <= SOON_AFTER).then(|| {
        let ja = format!("{shop}：{label}が休業明けすぐ（{day_ja}）に切れます");
        (Level::Careful, ja, format!("{shop}: {key} ends on {day}, soon after"))
    })
}

fn calendar(facts: &Facts) -> Vec<Tick> {
    let ticks = if facts.open_days.is_empty() {
        Vec::new()
    } else {
        let days: Vec<String> =
            facts.open_days.iter().map(|d| format!("{}/{}", d.month(), d.day())).collect();
        let ja = format!("休業期間のうち{}日が営業日のままです（{}）", days.len(), days.join("、"));
        let en = format!("{} of the days are still business days ({})", days.len(), days.join(", "));
        let remedy = "営業日の設定で、臨時休業日に登録してください。出荷予定日の自動登録に使われます。";
        vec![tick("calendar", Level::Needed, ja, en).mended(remedy, Mend::Calendar)]
    };
    or_ok(
        ticks,
        "calendar",
        "休業期間はすべて休業日として登録されています",
        "all of the days are closed in the calendar",
    )
}

fn imports(facts: &Facts, now: UtcMillis) -> Vec<Tick> {
    let check = "import";
    let mut ticks = Vec::new();
    for ShopFacts { shop, .. } in &facts.shops {
        let (id, name) = (shop.shop_id, &shop.name);
        let stale = shop.imported_to.is_none_or(|at| now.since(at) > FRESH_MS);
        let (level, ja, en, remedy) = if shop.state != "active" {
            (
                Level::Careful,
                format!("{name}：停止中です（取込も通知もしません）"),
                format!("{name} is off"),
                "休業中も受注を取り込むときは、店舗の設定で「有効」にしてください。",
            )
        } else if let Some(reason) = &shop.held_reason {
            (
                Level::Needed,
                format!("{name}：取込と通知が保留中です（{}）", reason.ja),
                format!("{name} is held: {}", reason.en),
                reason.remedy.as_str(),
            )
        } else if !shop.imports_itself() {
            (
                Level::Careful,
                format!("{name}：自動取込がオフです"),
                format!("{name}: automatic import is off"),
                "休業中の受注をためないよう、自動取込をオンにしてください。",
            )
        } else if stale {
            (
                Level::Needed,
                format!("{name}：自動取込が24時間以上成功していません"),
                format!("{name}: no import for a day"),
                "受注取込の画面で理由を確かめてください。",
            )
        } else {
            continue;
        };
        let mend = if stale && level == Level::Needed && shop.held_reason.is_none() {
            Mend::Import
        } else {
            Mend::Shop(id)
        };
        ticks.push(tick(check, level, ja, en).of(id).mended(remedy, mend));
    }
    or_ok(ticks, check, "すべての店舗で自動取込が動いています", "every shop imports by itself")
}

fn notices(facts: &Facts) -> Vec<Tick> {
    let check = "notices";
    let mut ticks = Vec::new();
    for ShopFacts { shop, has_rules, unsent } in facts.shops.iter().filter(|s| s.shop.state == "active") {
        let (id, name) = (shop.shop_id, &shop.name);
        // With orders that wait to be told it is no mere matter of taste.
        let level = if *unsent > 0 { Level::Needed } else { Level::Careful };
        let waiting =
            if *unsent > 0 { format!("（未連携の出荷済みが{unsent}件）") } else { String::new() };
        if !shop.writes_back() {
            let ja = format!("{name}：見るだけモードのため、モールへ通知しません{waiting}");
            let en = format!("{name} is in look-only mode ({unsent} shipped orders are not told)");
            let remedy = "送る内容を確認して、モールへの反映を開始してください。";
            ticks.push(tick(check, level, ja, en).of(id).mended(remedy, Mend::WriteBack(id)));
        } else if !has_rules {
            let ja = format!("{name}：自動連携の規則がありません{waiting}");
            let en = format!("{name} has no rules ({unsent} shipped orders are not told)");
            ticks.push(
                tick(check, level, ja, en).of(id).mended("自動連携の規則を作ってください。", Mend::Rules),
            );
        } else if !shop.automation_enabled {
            let ja = format!("{name}：自動処理が停止しています{waiting}");
            let en = format!("{name}: automation is off ({unsent} shipped orders are not told)");
            let remedy = "店舗の画面で、自動処理を開始してください。";
            ticks.push(tick(check, level, ja, en).of(id).mended(remedy, Mend::Shop(id)));
        }
    }
    or_ok(ticks, check, "すべての店舗で自動通知が動いています", "every shop tells its mall by itself")
}

/// States that wait for a person, with the level each deserves before nobody is there.
const ATTENTION: [(&str, &str, &str, Level); 7] = [
    (
        "rejected",
        "通知がエラーになった受注",
        "連携履歴で理由を確かめ、直して再送してください。",
        Level::Needed,
    ),
    ("send_failed", "通知失敗の受注", "連携履歴から再送してください。", Level::Needed),
    ("result_unknown", "通知結果がわからない受注", "モールに登録されたかを確かめてください。", Level::Needed),
    ("quarantined", "取込エラー", "受注取込の画面から再取込してください。", Level::Needed),
    ("needs_attention", "要対応の受注", "受注の画面で内容を確かめてください。", Level::Needed),
    ("changed_at_mall", "モール側で変更された受注", "変更を取り込むか、確かめてください。", Level::Careful),
    (
        "fraud_hold",
        "不正保留の受注",
        "モールの審査の結果を待ちます。休業中に解除されることがあります。",
        Level::Careful,
    ),
];

fn attention(facts: &Facts) -> Vec<Tick> {
    let check = "attention";
    let mut ticks = Vec::new();
    for ShopFacts { shop, .. } in &facts.shops {
        for (state, ja, remedy, level) in ATTENTION {
            let n = facts.states.get(&(shop.shop_id, state.to_owned())).copied().unwrap_or_default();
            if n <= 0 {
                continue;
            }
            let (ja, en) =
                (format!("{}：{ja}が{n}件あります", shop.name), format!("{}: {n} × {state}", shop.name));
            let mend = if state == "quarantined" { Mend::Import } else { Mend::State(state.to_owned()) };
            ticks.push(tick(check, level, ja, en).of(shop.shop_id).mended(remedy, mend));
        }
    }
    or_ok(ticks, check, "対応が必要な受注はありません", "no order needs a person")
}

fn mail(facts: &Facts) -> Vec<Tick> {
    let check = "mail";
    let mut ticks = Vec::new();
    if !facts.mail_is_set || facts.mail_to == 0 {
        let (ja, en) = if facts.mail_is_set {
            ("知らせを受け取るアドレスがありません", "nobody gets letters")
        } else {
            ("メールの送信が設定されていません。休業中の異常を知らせられません", "mail is not set up")
        };
        ticks.push(
            tick(check, Level::Needed, ja, en).mended("送信サーバーと宛先を登録してください。", Mend::Mail),
        );
    }
    if facts.failed_letters > 0 {
        let n = facts.failed_letters;
        let ja = format!("この7日間に送れなかったメールが{n}通あります");
        ticks.push(
            tick(check, Level::Needed, ja, format!("{n} letters did not go out this week"))
                .mended("メールの設定で理由を確かめてください。", Mend::Mail),
        );
    }
    or_ok(ticks, check, "メールの送信先が登録されています", "letters go out")
}

fn listeners(facts: &Facts) -> Vec<Tick> {
    let ticks = facts.failing_listeners.iter().map(|(name, since)| {
        let ja = format!("「{name}」から新着の知らせを受け取れません（{}から）", since.to_japan_text());
        let en = format!("{name} has been failing since {}", since.to_japan_text());
        let remedy = "接続の設定を確かめてください。取込は時刻による予定で続きます。";
        tick("listeners", Level::Careful, ja, en).mended(remedy, Mend::Import)
    });
    or_ok(ticks.collect(), "listeners", "新着の知らせに異常はありません", "no listener fails")
}

fn lanes(facts: &Facts) -> Vec<Tick> {
    let ticks = if facts.free_lanes > 0 {
        let n = facts.free_lanes;
        let ja = format!("{n}個のレーンを担当するプロセスがありません（取込も通知も止まっています）");
        let remedy = "choba serve を動かし、パソコンのスリープや自動更新の再起動も確かめてください。";
        vec![
            tick("lanes", Level::Needed, ja, format!("{n} lanes are worked by nobody"))
                .mended(remedy, Mend::Diagnostics),
        ]
    } else {
        Vec::new()
    };
    or_ok(ticks, "lanes", "すべてのレーンが動いています", "every lane is worked")
}

fn backup(facts: &Facts, now: UtcMillis) -> Tick {
    let remedy = "休業前に choba backup でバックアップを取り、別の場所に置いてください。";
    match facts.backup_at {
        None => tick("backup", Level::Careful, "バックアップの記録がありません", "no backup is known")
            .mended(remedy, Mend::Backup),
        Some(at) => {
            let words = at.to_japan_text();
            if now.since(at) > OLD_BACKUP_MS {
                let ja = format!("最後のバックアップは{words}です");
                tick("backup", Level::Careful, ja, format!("the last backup is of {words}"))
                    .mended(remedy, Mend::Backup)
            } else {
                tick(
                    "backup",
                    Level::Ok,
                    format!("最後のバックアップは{words}です"),
                    format!("the last backup is of {words}"),
                )
            }
        }
    }
}

fn disk(facts: &Facts) -> Vec<Tick> {
    facts
        .disk
        .iter()
        .map(|finding| {
            let level = match finding.level {
                Health::Ok => Level::Ok,
                Health::Warning => Level::Careful,
                Health::Bad => Level::Needed,
            };
            let mend = if level == Level::Ok { Mend::None } else { Mend::Diagnostics };
            tick("disk", level, finding.ja.clone(), finding.en.clone()).mended(&finding.remedy, mend)
        })
        .collect()
}

#[cfg(test)]
mod tests;
