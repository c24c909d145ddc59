//! Is this installation healthy? The checks that every door shows (`choba doctor`, 診断): each says what it found and,
//! when something is to be done, what. No personal data and no secret is in what they say.

use domain::credential::{Urgency, remaining};
use domain::{ShopId, UtcMillis};
use mall_api::Mall;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::{Kind, Ledger, Shop, StoreError, migrate};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// 正常.
    Ok,
    /// 注意.
    Warning,
    /// 異常.
    Bad,
}

impl Health {
    /// Stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Warning => "warning",
            Health::Bad => "bad",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable name of the check.
    pub check: &'static str,
    /// How it came out.
    pub level: Health,
    /// What was found, Japanese.
    pub ja: String,
    /// English.
    pub en: String,
    /// 対処; empty when nothing is to be done.
    pub remedy: String,
    /// The shop it is about: shown to those who may see it.
    pub shop: Option<ShopId>,
}

impl Finding {
    /// One that is well.
    pub fn ok(check: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        let (ja, en) = (ja.into(), en.into());
        Self { check, level: Health::Ok, ja, en, remedy: String::new(), shop: None }
    }

    /// Worth looking at, with what to do.
    pub fn warning(
        check: &'static str,
        ja: impl Into<String>,
        en: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { level: Health::Warning, remedy: remedy.into(), ..Self::ok(check, ja, en) }
    }

    /// Something does not work, with what to do.
    pub fn bad(
        check: &'static str,
        ja: impl Into<String>,
        en: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { level: Health::Bad, ..Self::warning(check, ja, en, remedy) }
    }

    fn of(mut self, shop: ShopId) -> Self {
        self.shop = Some(shop);
        self
    }
}

/// Disk space below which something is said, bytes.
const LITTLE_SPACE: u64 = 1 << 30;
/// Malls whose clock is so far from ours may refuse what we sign with the time (F48), milliseconds.
const FAR_MS: i64 = 60_000;

/// What the ledger itself shows. `mall` finds an adapter by its key.
///
/// # Errors
/// As the database says.
pub async fn of_ledger(
    ledger: &Ledger,
    mall: &(dyn Fn(&str) -> Option<Arc<dyn Mall>> + Send + Sync),
    now: UtcMillis,
) -> Result<Vec<Finding>, StoreError> {
    let mut found = schema(ledger).await;
    found.extend(counts(ledger).await?);
    found.extend(lanes(ledger).await?);
    found.extend(clocks(ledger).await?);
    found.extend(listeners(ledger, now).await?);
    found.extend(crate::letters::health::of(ledger, now).await?);
    found.extend(unknown_codes(ledger, mall).await?);
    found.push(backup(ledger, now).await?);
    found.extend(restored(ledger).await?);
    let shops = ledger.shops().await?;
    for shop in &shops {
        found.extend(of_shop(ledger, mall, shop, now).await?);
    }
    Ok(found)
}

async fn schema(ledger: &Ledger) -> Vec<Finding> {
    let step = migrate::program();
    let tables = match migrate::check_schema(ledger.db()).await {
        Ok(()) => Finding::ok("schema", format!("表の版は{step}です"), format!("tables are at step {step}")),
        Err(error) => Finding::bad(
            "schema",
            format!("表の版が合いません：{error}"),
            error.to_string(),
            "新しいプログラムに入れ替えてください（表は起動のときに新しくなります）。",
        ),
    };
    let durability = match ledger.db().kind() {
        Kind::Sqlite => Finding::ok("durability", "SQLite、synchronous=FULL", "SQLite, synchronous=FULL"),
        // Opening refuses otherwise.
        Kind::Postgres => Finding::ok(
            "durability",
            "PostgreSQL、synchronous_commit は有効です",
            "PostgreSQL, synchronous_commit is on",
        ),
    };
    vec![tables, durability]
}

async fn counts(ledger: &Ledger) -> Result<Vec<Finding>, StoreError> {
    let nonzero = |mut counts: store::counts::PhaseCounts| {
        counts.retain(|_, n| *n != 0);
        counts
    };
    let kept = nonzero(ledger.phase_counts().await?);
    let counted = nonzero(ledger.recount_phases().await?);
    let orders: i64 = counted.values().sum();
    let agree = if kept == counted {
        Finding::ok(
            "phase_counts",
            format!("受注{orders}件、フェーズの件数は合っています"),
            format!("{orders} orders, counts agree"),
        )
    } else {
        // With a process at work the two readings may differ for a moment.
        Finding::warning(
            "phase_counts",
            "フェーズの件数が数え直しと合いません（動作中ならもう一度確かめてください）",
            "counts differ from a recount (look again if something is running)",
            "もう一度開いても合わないときは、開発元へお知らせください。",
        )
    };
    let mut found = vec![agree];
    let states: BTreeMap<String, i64> = ledger.state_counts().await?;
    for (state, ja, remedy) in [
        ("result_unknown", "通知結果取得失敗", "連携履歴で登録の有無を確かめてください。"),
        ("rejected", "エラー", "連携履歴で理由を確かめてください。"),
        ("send_failed", "通知失敗", "連携履歴から再送してください。"),
        ("quarantined", "取込エラー", "受注取込の画面から再取込してください。"),
    ] {
        let count = states.get(state).copied().unwrap_or_default();
        if count > 0 {
            let words = format!("{ja}の受注が{count}件あります");
            found.push(Finding::warning("orders", words, format!("{count} orders are {state}"), remedy));
        }
    }
    Ok(found)
}

async fn lanes(ledger: &Ledger) -> Result<Vec<Finding>, StoreError> {
    let lanes = ledger.lanes().await?;
    let mut found = Vec::new();
    for lane in lanes.iter().filter(|l| l.owner.is_some()) {
        let host = lane.host.clone().unwrap_or_default();
        let key = &lane.lane_key;
        found.push(Finding::ok("lanes", format!("{key}：{host} が担当"), format!("{key}: worked by {host}")));
    }
    let free = lanes.iter().filter(|l| l.owner.is_none()).count();
    if free > 0 {
        found.push(Finding::warning(
            "lanes",
            format!("{free}個のレーンを担当するプロセスがありません（choba serve が動いていません）"),
            format!("{free} lanes are worked by nobody (choba serve is not running)"),
            "choba serve を動かしてください。取込と通知はレーンを担当するプロセスが行います。",
        ));
    }
    Ok(found)
}

/// Codes of malls that nobody has explained yet: shown raw.
async fn unknown_codes(
    ledger: &Ledger,
    mall: &(dyn Fn(&str) -> Option<Arc<dyn Mall>> + Send + Sync),
) -> Result<Vec<Finding>, StoreError> {
    let codes = ledger.unknown_codes().await?;
    let name = |key: &str| mall(key).map_or_else(|| key.to_owned(), |m| m.descriptor().name.to_owned());
    Ok(codes
        .into_iter()
        .map(|met| {
            let (code, count) = (&met.code, met.count);
            let words = if met.words.is_empty() { String::new() } else { format!("：{}", met.words) };
            Finding::warning(
                "unknown_codes",
                format!("{}から未対応のコード {code} が{count}回返りました{words}", name(&met.mall)),
                format!("{} answered {count} times with the unknown code {code}", met.mall),
                "モールの画面で状態を確認してください。続くときは、開発元へこの番号をお知らせください。",
            )
        })
        .collect())
}

/// A backup older than this is said, milliseconds.
const OLD_BACKUP_MS: i64 = 7 * domain::time::DAY;

async fn backup(ledger: &Ledger, now: UtcMillis) -> Result<Finding, StoreError> {
    let remedy = "choba backup を実行してください。毎日、自動で実行するように設定してください。";
    let Some(last) = ledger.last_backup().await? else {
        return Ok(Finding::warning(
            "backup",
            "バックアップをまだ一度も取っていません",
            "no backup was ever made",
            remedy,
        ));
    };
    let (when, size) = (last.at.to_japan_text(), last.bytes.div_ceil(1 << 20));
    let ja = format!("最後のバックアップ：{when}（{size}MB、開いて確認済み）");
    let en = format!("last backup: {when} ({size} MB, checked by opening it)");
    Ok(match now.since(last.at) > OLD_BACKUP_MS {
        true => Finding::warning("backup", ja, en, remedy),
        false => Finding::ok("backup", ja, en),
    })
}

async fn restored(ledger: &Ledger) -> Result<Option<Finding>, StoreError> {
    let paused = ledger.restored().await?.and_then(|restored| restored.may_write().err());
    Ok(paused.map(|reason| Finding::bad("restored", reason.ja, reason.en, reason.remedy)))
}

async fn clocks(ledger: &Ledger) -> Result<Vec<Finding>, StoreError> {
    let skews = ledger.lane_skews().await?;
    Ok(skews
        .into_iter()
        .map(|(lane, skew_ms, at)| {
            let (seconds, when) = (skew_ms / 1_000, at.to_japan_text());
            let ja = format!("{lane}：モールの時計との差は{seconds}秒（{when}）");
            let en = format!("{lane}: the mall's clock is {seconds} s from ours ({when})");
            if skew_ms.abs() > FAR_MS {
                Finding::warning("clock", ja, en, "このサーバーの時刻をNTPで合わせてください。")
            } else {
                Finding::ok("clock", ja, en)
            }
        })
        .collect())
}

/// A listener that gave no sign of life for so long is worked by nobody, milliseconds.
const SILENT_MS: i64 = domain::time::HOUR;

/// Mailboxes and queues: what fails, and what nobody listens to. Imports go on by the schedule in any case.
async fn listeners(ledger: &Ledger, now: UtcMillis) -> Result<Vec<Finding>, StoreError> {
    let on = ledger.listeners().await?.into_iter().filter(|l| l.on);
    Ok(on
        .map(|l| {
            let name = &l.name;
            match (&l.reason, l.failing_since, l.heard_at) {
                (Some(reason), Some(since), _) => {
                    let when = since.to_japan_text();
                    let ja = format!(
                        "新着の知らせ「{name}」：{}（{when}から。取込はスケジュールで続いています）",
                        reason.ja
                    );
                    let en =
                        format!("listener {name}: {} (since {when}; imports go on by schedule)", reason.en);
                    Finding::warning("listeners", ja, en, reason.remedy.clone())
                }
                (_, _, Some(at)) if now.since(at) <= SILENT_MS => {
                    let when = at.to_japan_text();
                    let ja = format!("新着の知らせ「{name}」：受信中（最後の反応 {when}）");
                    Finding::ok("listeners", ja, format!("listener {name}: listening (last sign {when})"))
                }
                _ => Finding::warning(
                    "listeners",
                    format!("新着の知らせ「{name}」を受けるプロセスがありません"),
                    format!("nobody listens to {name}"),
                    "choba serve を動かしてください。取込はスケジュールで続きます。",
                ),
            }
        })
        .collect())
}

async fn of_shop(
    ledger: &Ledger,
    mall: &(dyn Fn(&str) -> Option<Arc<dyn Mall>> + Send + Sync),
    shop: &Shop,
    now: UtcMillis,
) -> Result<Vec<Finding>, StoreError> {
    let (name, mut found) = (&shop.name, Vec::new());
    if let Some(reason) = &shop.held_reason {
        let (ja, en) = (format!("{name}：{}", reason.ja), format!("{name}: {}", reason.en));
        found.push(Finding::bad("shops", ja, en, reason.remedy.clone()).of(shop.shop_id));
    }
    match mall(&shop.mall) {
        Some(mall) => found.extend(credentials(ledger, &*mall, shop, now).await?),
        None => {
            let reason = domain::reason::mall_not_known(&shop.mall);
            let (ja, en) = (format!("{name}：{}", reason.ja), format!("{name}: {}", reason.en));
            found.push(Finding::bad("shops", ja, en, reason.remedy).of(shop.shop_id));
        }
    }
    found.extend(phases(ledger, shop).await?);
    Ok(found)
}

async fn credentials(
    ledger: &Ledger,
    mall: &dyn Mall,
    shop: &Shop,
    now: UtcMillis,
) -> Result<Vec<Finding>, StoreError> {
    let mut found = Vec::new();
    let rows = ledger.credential_rows(shop.shop_id).await?;
    for row in rows {
        let Some(field) = crate::setup::enterable(mall.descriptor()).find(|c| c.key == row.credential) else {
            continue;
        };
        let left = remaining(row.expires_at, now);
        let (name, days, key) = (&shop.name, left.days_left.unwrap_or_default(), field.key);
        let one = match left.urgency {
            Urgency::Expired => Finding::bad(
                "credentials",
                format!("{name}：{key}の期限が切れています"),
                format!("{name}: {key} has expired"),
                field.help,
            ),
            Urgency::Urgent | Urgency::Soon => Finding::warning(
                "credentials",
                format!("{name}：{key}はあと{days}日です"),
                format!("{name}: {key} ends in {days} days"),
                field.help,
            ),
            Urgency::Fine | Urgency::NotKnown => continue,
        };
        found.push(one.of(shop.shop_id));
    }
    Ok(found)
}

/// Rules and links whose phases were removed do nothing, or less than they say.
async fn phases(ledger: &Ledger, shop: &Shop) -> Result<Vec<Finding>, StoreError> {
    let (phases, name, mut found) = (ledger.phases().await?, &shop.name, Vec::new());
    for rule in ledger.rules(shop.shop_id).await? {
        let target = &rule.target_phase;
        for warning in domain::rule::warnings(&rule, &phases).into_iter().filter(|w| w.is_broken()) {
            found.push(
                Finding::warning(
                    "rules",
                    format!("{name}：規則「{target}」：{}", warning.ja()),
                    format!("{name}: a phase named by the rule for {target} is gone"),
                    "設定の自動連携で、規則のフェーズを選びなおしてください。",
                )
                .of(shop.shop_id),
            );
        }
    }
    for link in ledger.status_links(shop.shop_id).await?.iter().filter(|l| l.is_broken(&phases)) {
        let phase = &link.phase;
        found.push(
            Finding::warning(
                "links",
                format!("{name}：紐付け設定のフェーズ「{phase}」がなくなりました"),
                format!("{name}: the linked phase {phase} is gone"),
                "店舗の紐付け設定で、その行を外してください。",
            )
            .of(shop.shop_id),
        );
    }
    Ok(found)
}

/// The rotation of the master key was begun and not finished.
#[must_use]
pub fn key_rotating() -> Finding {
    Finding::warning(
        "master_key",
        "キーの取り替えが途中です。choba key rotate をもう一度実行してください",
        "a rotation is unfinished: run choba key rotate again",
        "choba key rotate をもう一度実行してください。",
    )
}

/// Free space where the data lies. Asks the system: not on a thread that others wait for.
#[must_use]
pub fn disk(folder: &Path) -> Finding {
    let output = std::process::Command::new("df").arg("-Pk").arg(folder).output();
    let free = output.ok().and_then(|o| {
        let text = String::from_utf8_lossy(&o.stdout).into_owned();
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    match free.map(|k| k.saturating_mul(1_024)) {
        Some(free) if free < LITTLE_SPACE => Finding::warning(
            "disk",
            format!("ディスクの空きは{}MBです", free >> 20),
            format!("{} MB of disk are free", free >> 20),
            "不要なファイルを消すか、ディスクを増やしてください。",
        ),
        Some(free) => Finding::ok(
            "disk",
            format!("ディスクの空きは{}GBです", free >> 30),
            format!("{} GB of disk are free", free >> 30),
        ),
        None => Finding::warning(
            "disk",
            "ディスクの空きを調べられません",
            "free disk space is not known",
            "df コマンドで確かめてください。",
        ),
    }
}
