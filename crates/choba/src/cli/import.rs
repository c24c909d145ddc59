//! `choba import` and `choba reimport`: 受注取込 with live progress and a summary (IMP-2, IMP-3, IMP-5).

use super::app::App;
use super::find;
use super::refusal::Refusal;
use super::shop_set::statuses;
use super::work::{self, Asked};
use anyhow::Result;
use domain::{MallOrderId, Reason, RequestId, reason};
use engine::Hub;
use engine::doors::{self, Progress, busy_shops};
use engine::requests::{IMPORT, ImportCounts, ImportFileRequest, ImportRequest};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use store::imports::{Note, RunRow};
use store::{Ledger, Shop};

/// Notes shown of one run.
const NOTES: i64 = 1_000;

/// 受注取込
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 店舗（繰り返し可） / shop
    #[arg(long, required_unless_present = "all", conflicts_with = "all", value_name = "NAME")]
    shop: Vec<String>,
    /// すべての店舗 / all shops
    #[arg(long)]
    all: bool,
    /// 期間の初め（日本時間。2026-11-01、2026-11-01 09:00） / from, Japan time
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// 期間の終わり（省略すると現在） / to; now when left out
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// このモールステータスだけ（ステータス指定取込） / only these mall statuses
    #[arg(long, value_name = "CODE")]
    status: Vec<String>,
    /// モールからダウンロードした受注ファイル（CSVなど。種類は見出しで判定、繰り返し可） / order files of the mall
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "from", "to", "status"])]
    file: Vec<PathBuf>,
    /// 同一注文を上書きする / overwrite orders that are in the ledger
    #[arg(long)]
    overwrite: bool,
    /// 強制ダウンロード：前回の取込を引き継いで再開する。重複はしない / take over a running import
    #[arg(long)]
    force: bool,
}

/// 注文再取込
#[derive(Debug, clap::Args)]
pub struct ReimportArgs {
    /// 注文番号または管理番号 / orders
    #[arg(required = true, value_name = "MALL_ORDER_ID")]
    orders: Vec<String>,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
    /// 強制ダウンロード / take over a running import
    #[arg(long)]
    force: bool,
}

async fn chosen(ledger: &Ledger, args: &Args) -> Result<Vec<Shop>> {
    if !args.all {
        let mut shops = Vec::new();
        for name in &args.shop {
            shops.push(find::shop(ledger, name).await?);
        }
        shops.sort_by_key(|s| s.shop_id);
        shops.dedup_by_key(|s| s.shop_id);
        return Ok(shops);
    }
    let mut shops = ledger.shops().await?;
    shops.retain(|s| s.state == "active");
    if shops.is_empty() {
        let refusal = Refusal::new("no_shop", "店舗がありません", "there is no shop");
        return Err(refusal.remedy("choba shop add で店舗をつないでください。").into());
    }
    Ok(shops)
}

/// Imports.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let now = app.now();
    let from = args.from.as_deref().map(|t| find::time("--from", t)).transpose()?;
    let to = args.to.as_deref().map(|t| find::time("--to", t)).transpose()?.unwrap_or(now);
    if from.is_some_and(|from| from >= to) {
        let ja = "期間の終わりは初めより後にしてください";
        return Err(Refusal::field("--to", ja, "must be later than --from").into());
    }
    let ledger = app.ledger().await?;
    let shops = chosen(&ledger, &args).await?;
    if !args.file.is_empty() {
        let [shop] = shops.as_slice() else {
            let ja = "ファイルの取込では店舗を一つだけ指定してください";
            return Err(Refusal::field("--shop", ja, "must be one shop").into());
        };
        let body = ImportFileRequest { overwrite: args.overwrite, force: args.force };
        return super::import_file::run(app, &ledger, shop.clone(), &args.file, body).await;
    }
    let mut asked = Vec::new();
    for shop in &shops {
        let mall = find::mall(shop)?;
        let descriptor = mall.descriptor();
        let wanted = (!args.status.is_empty())
            .then(|| statuses(descriptor, "--status", args.status.iter().flat_map(|s| s.split(','))))
            .transpose()?;
        match (&descriptor.period, from) {
            (Some(_), None) => {
                let ja = "期間の初めを指定してください";
                return Err(Refusal::field("--from", ja, "must be given").into());
            }
            (Some(period), Some(from)) => {
                let basis = period.basis;
                let span = format!("{}〜{}", from.to_japan_text(), to.to_japan_text());
                app.out.say(
                    format!("{}：{span}（{basis}で数えます）", shop.name),
                    format!("{}: {span} (counted by {basis})", shop.name),
                );
                if now.since(from) > period.max_age_ms {
                    let oldest = now.plus(-period.max_age_ms).to_japan_text();
                    app.out.say(
                        format!("このモールは{oldest}より前の受注を返しません"),
                        format!("This mall does not give orders older than {oldest}"),
                    );
                }
            }
            (None, _) => {}
        }
        let body = ImportRequest {
            from: from.unwrap_or_default(),
            to,
            statuses: wanted,
            overwrite: args.overwrite,
            force: args.force,
            orders: None,
        };
        asked.push(Asked { shop: shop.clone(), kind: IMPORT, body: serde_json::to_value(body)? });
    }
    perform(app, &ledger, &shops, asked, args.force).await
}

/// Fetches chosen orders again.
pub async fn reimport(app: &App, args: ReimportArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut by_shop: BTreeMap<_, Vec<MallOrderId>> = BTreeMap::new();
    for id in &args.orders {
        match (find::order(&ledger, id, args.shop.as_deref()).await, &args.shop) {
            (Ok(row), _) => by_shop.entry(row.shop_id).or_default().push(row.mall_order_id),
            // Not in the ledger yet: with a named shop it can be fetched all the same.
            (Err(_), Some(name)) => {
                let shop = find::shop(&ledger, name).await?;
                by_shop.entry(shop.shop_id).or_default().push(MallOrderId(id.clone()));
            }
            (Err(error), None) => return Err(error),
        }
    }
    let mut shops = Vec::new();
    let mut asked = Vec::new();
    for (id, orders) in by_shop {
        let Some(shop) = ledger.shop(id).await? else { continue };
        let now = app.now();
        let body = ImportRequest {
            from: now,
            to: now,
            statuses: None,
            overwrite: true,
            force: args.force,
            orders: Some(orders),
        };
        asked.push(Asked { shop: shop.clone(), kind: IMPORT, body: serde_json::to_value(body)? });
        shops.push(shop);
    }
    perform(app, &ledger, &shops, asked, args.force).await
}

/// Fetches orders that an earlier setting of the fetch statuses left out (IMP-4), those that have one of `statuses` now.
pub async fn fetch_skipped(
    app: &App,
    ledger: &std::sync::Arc<Ledger>,
    shop: Shop,
    orders: Vec<MallOrderId>,
    statuses: Vec<String>,
) -> Result<u8> {
    let now = app.now();
    let body = ImportRequest {
        from: now,
        to: now,
        statuses: Some(statuses),
        overwrite: false,
        force: false,
        orders: Some(orders),
    };
    let asked = Asked { shop: shop.clone(), kind: IMPORT, body: serde_json::to_value(body)? };
    perform(app, ledger, &[shop], vec![asked], false).await
}

async fn perform(
    app: &App,
    ledger: &Arc<Ledger>,
    shops: &[Shop],
    asked: Vec<Asked>,
    force: bool,
) -> Result<u8> {
    let busy = busy_shops(ledger, shops).await?;
    if !busy.is_empty() && !force {
        return Err(busy_refusal(&busy).into());
    }
    let mut watch = Watch::new(app, shops);
    let done =
        work::ask_all(app, ledger, asked, force, &mut |number, progress| watch.see(number, progress)).await;
    watch.close();
    let mut failed = false;
    for (shop, progress) in shops.iter().zip(done?) {
        failed |= summary(app, ledger, shop, &progress, force).await?;
    }
    if force {
        app.out.say("重複はありません", "There are no duplicates");
    }
    Ok(u8::from(failed))
}

/// What `perform_started` needs.
pub struct Perform<'a> {
    /// The command.
    pub app: &'a App,
    /// The ledger.
    pub ledger: &'a Arc<Ledger>,
    /// The shop.
    pub shop: &'a Shop,
    /// 強制ダウンロード.
    pub force: bool,
}

/// Follows an import that was asked for already, with progress and summary.
pub async fn perform_started(what: Perform<'_>, hub: &Arc<Hub>, id: RequestId) -> Result<u8> {
    let Perform { app, ledger, shop, force } = what;
    let mut watch = Watch::new(app, std::slice::from_ref(shop));
    let progress = doors::follow(hub, id, &mut |progress| watch.see(0, progress)).await;
    watch.close();
    let progress = progress?;
    let remarks =
        progress.request.result.as_ref().and_then(|r| r.get("remarks")).cloned().unwrap_or_default();
    for remark in serde_json::from_value::<Vec<Reason>>(remarks).unwrap_or_default() {
        app.out.say(format!("  {remark}"), format!("  {}", remark.en));
    }
    Ok(u8::from(summary(app, ledger, shop, &progress, force).await?))
}

/// IMP-5: which shops are busy, and the three choices.
pub fn busy_refusal(busy: &[(Shop, RunRow)]) -> Refusal {
    let runs: Vec<Value> = busy
        .iter()
        .map(|(shop, run)| {
            super::out::readable(json!({ "shop": shop.name, "state": run.state, "trigger": run.trigger,
                "started_at": run.started_at, "updated_at": run.updated_at, "from": run.from, "to": run.to }))
        })
        .collect();
    let names: Vec<&str> = busy.iter().map(|(shop, _)| shop.name.as_str()).collect();
    is_busy(&names.join("、"), runs)
}

/// IMP-5: the three choices.
fn is_busy(names: &str, runs: Vec<Value>) -> Refusal {
    let reason = reason::shop_busy(names);
    let choices = "選択しなおす：--shop でほかの店舗を指定して実行し直す\n  やめる：何もしない（動いている取込はそのまま続きます）\n  強制ダウンロード：--force を付けて実行する（前回の取込を引き継いで再開します。重複はしません）";
    let mut refusal = Refusal::from(reason).details(json!({ "shops": runs, "choices": [
        { "choice": "choose_again", "ja": "選択しなおす" },
        { "choice": "stop", "ja": "やめる" },
        { "choice": "take_over", "ja": "強制ダウンロード", "option": "--force" },
    ] }));
    refusal.remedy = format!("次の中から選んでください。\n  {choices}");
    refusal
}

/// Live progress: bars on a terminal, JSON lines for scripts.
struct Watch<'a> {
    app: &'a App,
    names: Vec<String>,
    last: Vec<Value>,
    bars: Vec<ProgressBar>,
    _all: Option<MultiProgress>,
}

impl<'a> Watch<'a> {
    fn new(app: &'a App, shops: &[Shop]) -> Self {
        let all = app.out.is_live().then(MultiProgress::new);
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg} {elapsed}");
        let bar = |shop: &Shop| {
            let bar = all.as_ref()?.add(ProgressBar::new_spinner());
            if let Ok(style) = &style {
                bar.set_style(style.clone());
            }
            bar.set_prefix(shop.name.clone());
            Some(bar)
        };
        let bars = shops.iter().filter_map(bar).collect();
        let names = shops.iter().map(|s| s.name.clone()).collect();
        Self { app, names, last: vec![Value::Null; shops.len()], bars, _all: all }
    }

    fn see(&mut self, number: usize, progress: &Progress) {
        let counts = progress.run.as_ref().map(|r| r.counts.clone()).unwrap_or_default();
        let state = progress.run.as_ref().map_or(progress.request.state.as_str(), |r| r.state.as_str());
        if let Some(bar) = self.bars.get(number) {
            let counts = read_counts(&counts);
            bar.set_message(format!("{}　{}", state_word(self.app, state), count_words(self.app, &counts)));
            bar.tick();
        }
        let now = json!({ "state": state, "counts": counts });
        let Some(last) = self.last.get_mut(number) else { return };
        if *last != now {
            last.clone_from(&now);
            let shop = self.names.get(number).map(String::as_str).unwrap_or_default();
            // A line that cannot be written ends the program in any case.
            drop(self.app.out.object(
                &json!({ "event": "progress", "shop": shop, "state": state, "counts": now.get("counts") }),
            ));
        }
    }

    fn close(&self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
    }
}

/// Counts of a run.
pub fn read_counts(counts: &Value) -> ImportCounts {
    serde_json::from_value(counts.clone()).unwrap_or_default()
}

/// A word for a run's state.
pub fn state_word<'a>(app: &'a App, state: &'a str) -> &'a str {
    engine::words::run_state(state).map_or(state, |(ja, en)| app.out.t(ja, en))
}

/// Counts in words, zeros left out.
pub fn count_words(app: &App, counts: &ImportCounts) -> String {
    let words: Vec<String> = engine::words::counts(counts)
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|((ja, en), n)| format!("{} {n}{}", app.out.t(ja, en), app.out.t("件", "")))
        .collect();
    if words.is_empty() {
        app.out.t("受注はありません", "no orders").to_owned()
    } else {
        words.join("、")
    }
}

/// Prints what came of one shop's import; `true` when it failed.
async fn summary(app: &App, ledger: &Ledger, shop: &Shop, progress: &Progress, forced: bool) -> Result<bool> {
    let run = progress.run.as_ref();
    let notes = match run {
        Some(run) => ledger.run_notes(run.run_id, NOTES).await?,
        None => Vec::new(),
    };
    let result = progress.request.result.clone().unwrap_or_default();
    let reason: Option<Reason> = run.and_then(|r| r.reason.clone()).or_else(|| work::reason_of(&result));
    let counts = run.map(|r| read_counts(&r.counts)).unwrap_or_default();
    let state = run.map_or(progress.request.state.as_str(), |r| r.state.as_str());
    app.out.object(&json!({
        "event": "summary",
        "shop": shop.name,
        "mall": shop.mall,
        "state": state,
        "from": run.map(|r| r.from),
        "to": run.map(|r| r.to),
        "counts": counts,
        "notes": notes,
        "reason": reason,
        "forced": forced,
        "duplicates": 0,
    }))?;
    let words = count_words(app, &counts);
    let state_said = state_word(app, state);
    app.out.say(
        format!("{}：{state_said}　{words}", shop.name),
        format!("{}: {state_said}, {words}", shop.name),
    );
    if let Some(reason) = &reason {
        app.out.say(format!("  {reason}"), format!("  {}", reason.en));
    }
    print_notes(app, &notes);
    Ok(state == "failed" || state == "stopped")
}

fn print_notes(app: &App, notes: &[Note]) {
    let kind = |note: &Note| {
        let words = engine::words::note(&note.kind);
        words.map_or(note.kind.as_str(), |(ja, en)| app.out.t(ja, en)).to_owned()
    };
    if !notes.is_empty() {
        let headings = [("受注番号", "order"), ("結果", "result"), ("理由", "why")];
        let rows = notes
            .iter()
            .map(|n| {
                vec![
                    n.mall_order_id.0.clone(),
                    kind(n),
                    app.out.t(&n.reason.to_string(), &n.reason.en).to_owned(),
                ]
            })
            .collect();
        app.out.table(&headings, rows);
    }
}
