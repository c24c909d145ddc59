//! `choba notify` and `choba order confirm`: writing back to malls, and the dry run that says why not.

use super::app::App;
use super::find;
use super::notify_file;
use super::refusal::Refusal;
use super::work::{self, Asked, Worker};
use anyhow::Result;
use clap::ValueEnum as _;
use domain::notice::NoticeState;
use domain::rule::next_phase;
use domain::write::WriteKind;
use domain::{OrderSeq, PhaseKey, ShopId};
use engine::requests::{NOTIFY, NotifyRequest};
use engine::{judge_due, judge_orders};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Access, Ledger, Shop};

/// 出荷通知
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 注文番号または管理番号（省略すると、規則の対象になる受注） / orders; without, what the rules take
    #[arg(value_name = "ID")]
    orders: Vec<String>,
    /// 店舗 / shop
    #[arg(long, value_name = "NAME")]
    shop: Option<String>,
    /// 送らずに、送れるか・なぜ送れないかを表示する / send nothing, say what would be sent and why not
    #[arg(long)]
    dry_run: bool,
    /// モールへ送らず、手で登録する出荷ファイルをこのフォルダーに書き出す / write a file for upload by hand
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    file_out: Option<PathBuf>,
    /// 書き出す受注の最終更新日の初め（作成期間） / only orders last changed from here on
    #[arg(long, value_name = "TIME", requires = "file_out")]
    from: Option<String>,
    /// 最終更新日の終わり / to
    #[arg(long, value_name = "TIME", requires = "file_out")]
    to: Option<String>,
    /// 書き出した出荷ファイルへの回答：done（モールへ登録済み） not-yet（まだ） / was the file uploaded?
    #[arg(long, num_args = 2, value_names = ["ID", "ANSWER"], conflicts_with_all = ["file_out", "dry_run"])]
    file_answer: Option<Vec<String>>,
    /// 回答待ちの出荷ファイルをもう一度 --file-out に書き出す / write an open file once more
    #[arg(long, value_name = "ID", requires = "file_out")]
    file_again: Option<i64>,
    /// 出荷ファイルの一覧 / list shipment files
    #[arg(long, conflicts_with_all = ["file_out", "dry_run", "file_answer"])]
    files: bool,
    /// 結果を待つ秒数 / seconds to wait for results
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    wait: i64,
}

/// Runs it.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let kind = WriteKind::ShipmentNotice;
    let ledger = app.ledger().await?;
    if args.files {
        return notify_file::list(app, &ledger).await;
    }
    if let Some(words) = &args.file_answer {
        let (id, answer) = file_answer(words)?;
        return notify_file::answer(app, &ledger, id, answer).await;
    }
    if let Some(folder) = &args.file_out {
        return match args.file_again {
            Some(id) => notify_file::again(app, &ledger, id, folder).await,
            None => file_out(app, &ledger, &args, folder).await,
        };
    }
    let wanted = wanted(&ledger, &args.orders, args.shop.as_deref()).await?;
    if args.dry_run {
        return dry_run(app, &ledger, kind, wanted).await;
    }
    send(app, &ledger, (kind, None), wanted, args.wait).await
}

/// `ID done|not-yet`.
fn file_answer(words: &[String]) -> Result<(i64, notify_file::Answer)> {
    let bad =
        |en: &str| Refusal::field("--file-answer", "「番号 done」か「番号 not-yet」を指定してください", en);
    let [id, answer] = words else { return Err(bad("must be ID done|not-yet").into()) };
    let id = id.parse().map_err(|_| bad("the number of a shipment file is needed"))?;
    let answer = notify_file::Answer::from_str(answer, true).map_err(|_| bad("must be done or not-yet"))?;
    Ok((id, answer))
}

async fn file_out(app: &App, ledger: &Arc<Ledger>, args: &Args, folder: &Path) -> Result<u8> {
    let mut wanted = wanted(ledger, &args.orders, args.shop.as_deref()).await?;
    let (Some((shop, orders)), true) = (wanted.pop(), wanted.is_empty()) else {
        let ja = "出荷ファイルは店舗ごとです。店舗を一つ指定してください";
        return Err(Refusal::field("--shop", ja, "must be one shop").into());
    };
    let span = notify_file::Span {
        from: args.from.as_deref().map(|t| find::time("--from", t)).transpose()?,
        to: args.to.as_deref().map(|t| find::time("--to", t)).transpose()?,
    };
    notify_file::write(app, ledger, shop, orders, span, folder).await
}

/// Orders by shop; `None` = what the rules take.
type Wanted = Vec<(Shop, Option<Vec<OrderSeq>>)>;

/// What to write, from what was typed.
pub async fn wanted(ledger: &Ledger, ids: &[String], in_shop: Option<&str>) -> Result<Wanted> {
    if ids.is_empty() {
        let shops = match in_shop {
            Some(name) => vec![find::shop(ledger, name).await?],
            None => ledger.shops().await?.into_iter().filter(|s| s.state == "active").collect(),
        };
        return Ok(shops.into_iter().map(|shop| (shop, None)).collect());
    }
    let mut by_shop: BTreeMap<ShopId, Vec<OrderSeq>> = BTreeMap::new();
    for row in find::orders(ledger, ids, in_shop).await? {
        by_shop.entry(row.shop_id).or_default().push(row.seq);
    }
    let mut out = Vec::new();
    for (id, orders) in by_shop {
        if let Some(shop) = ledger.shop(id).await? {
            out.push((shop, Some(orders)));
        }
    }
    Ok(out)
}

async fn dry_run(app: &App, ledger: &Ledger, kind: WriteKind, wanted: Wanted) -> Result<u8> {
    let phases = find::phase_names(ledger).await?;
    let mut rows = Vec::new();
    for (shop, orders) in wanted {
        let mall = find::mall(&shop)?;
        let rules = ledger.rules(shop.shop_id).await?;
        let judged = match orders {
            Some(orders) => judge_orders(ledger, &shop, &*mall, kind, &orders, true, app.now()).await?,
            None => judge_due(ledger, &shop, &*mall, kind, app.now()).await?,
        };
        for judged in judged {
            let eligible = judged.verdict.is_eligible();
            let from = &judged.order.facts.phase;
            let to =
                |state| next_phase(&rules, kind, from, state).filter(|p| eligible && phases.contains_key(p));
            let (success, failure) = (to(NoticeState::Applied), to(NoticeState::Rejected));
            app.out.object(&json!({
                "shop": shop.name,
                "order_no": judged.order.seq.order_no(),
                "mall_order_id": judged.order.mall_order_id,
                "phase": judged.order.facts.phase,
                "notice_state": judged.order.facts.notice_state,
                "eligible": eligible,
                "success_phase": success,
                "failure_phase": failure,
                "refusals": judged.verdict.refusals,
                "warnings": judged.verdict.warnings,
            }))?;
            let reasons: Vec<String> = judged
                .verdict
                .refusals
                .iter()
                .chain(&judged.verdict.warnings)
                .map(|r| app.out.t(&r.to_string(), &r.en).to_owned())
                .collect();
            let mark = match (eligible, judged.verdict.warnings.is_empty()) {
                (true, true) => app.out.t("○ 送れます", "○ would be sent"),
                (true, false) => app.out.t("△ 送れます（警告あり）", "△ would be sent, with warnings"),
                (false, _) => app.out.t("× 送れません", "× would not be sent"),
            };
            let named = |p: Option<&PhaseKey>| {
                let found = p.and_then(|p| phases.get(p)).map(String::as_str);
                found.unwrap_or_else(|| app.out.t("そのまま", "stays"))
            };
            let phase = &judged.order.facts.phase;
            rows.push(vec![
                judged.order.mall_order_id.0.clone(),
                shop.name.clone(),
                phases.get(phase).map_or(phase.as_str(), String::as_str).to_owned(),
                mark.to_owned(),
                format!("{} / {}", named(success.as_ref()), named(failure.as_ref())),
                reasons.join("\n"),
            ]);
        }
    }
    if rows.is_empty() {
        app.out.say("対象になる受注はありません", "No order is due");
    } else {
        let headings = [
            ("受注番号", "order"),
            ("店舗", "shop"),
            ("フェーズ", "phase"),
            ("判定", "verdict"),
            ("正常 / エラーの移動先", "after success / failure"),
            ("理由", "why"),
        ];
        app.out.table(&headings, rows);
    }
    Ok(0)
}

/// Asks the lanes to write, and waits for the results.
pub async fn send(
    app: &App,
    ledger: &Arc<Ledger>,
    (kind, target): (WriteKind, Option<String>),
    wanted: Wanted,
    wait: i64,
) -> Result<u8> {
    let shops: Vec<Shop> = wanted.iter().map(|(shop, _)| shop.clone()).collect();
    let mut asked = Vec::new();
    for (shop, orders) in wanted {
        let body = serde_json::to_value(NotifyRequest { kind, orders, target: target.clone() })?;
        asked.push(Asked { shop, kind: NOTIFY, body });
    }
    let hub = work::hub_for(app, ledger, &shops, false)?;
    let worker = Worker::start(&hub);
    let done = work::follow_all(&hub, asked, &mut |_, _| {}).await;
    let taken = match &done {
        Ok(done) => settle(app, ledger, kind, done, wait).await,
        Err(_) => Ok(Vec::new()),
    };
    worker.finish().await;
    let done = done?;
    report(app, &shops, kind, &done, &taken?)
}

fn names(done: &[engine::doors::Progress], key: &str) -> Vec<Value> {
    done.iter().filter_map(|p| p.request.result.as_ref()?.get(key)?.as_array().cloned()).flatten().collect()
}

/// Waits until nothing of what was taken is in flight any more.
async fn settle(
    app: &App,
    ledger: &Ledger,
    kind: WriteKind,
    done: &[engine::doors::Progress],
    wait: i64,
) -> Result<Vec<store::orders::OrderView>> {
    let seqs: Vec<OrderSeq> =
        names(done, "queued").iter().filter_map(|n| OrderSeq::from_order_no(n.as_str()?)).collect();
    let until = app.clock.monotonic_ms().saturating_add(wait.saturating_mul(1_000));
    loop {
        let orders = ledger.orders_for_rules(&seqs).await?;
        let open = ledger.open_targets(kind, &seqs).await?;
        let busy = orders.iter().any(|o| match kind {
            WriteKind::ShipmentNotice => o.facts.notice_state == NoticeState::InFlight,
            WriteKind::ConfirmOrder => o.confirm_state == NoticeState::InFlight,
            WriteKind::MallStatus | WriteKind::PaymentStatus => open.contains_key(&o.seq),
        });
        if !busy || app.clock.monotonic_ms() >= until {
            break;
        }
        app.clock.sleep_ms(150).await;
    }
    let mut views = Vec::new();
    for seq in seqs {
        views.extend(ledger.order(&Access { shops: None, buyer_data: false }, seq).await?);
    }
    Ok(views)
}

/// The state of an order's write; a change of status has none but the wish's own.
fn state(kind: WriteKind, view: &store::orders::OrderView) -> NoticeState {
    match kind {
        WriteKind::ShipmentNotice => view.row.notice_state,
        WriteKind::ConfirmOrder => view.row.confirm_state,
        WriteKind::MallStatus | WriteKind::PaymentStatus => {
            let newest = view.writes.iter().rev().find(|w| w.kind == kind.as_str());
            newest.map_or(NoticeState::NotSent, |w| {
                w.result.as_deref().and_then(NoticeState::parse).unwrap_or(NoticeState::InFlight)
            })
        }
    }
}

fn report(
    app: &App,
    shops: &[Shop],
    kind: WriteKind,
    done: &[engine::doors::Progress],
    taken: &[store::orders::OrderView],
) -> Result<u8> {
    let mut rows = Vec::new();
    let mut failed = false;
    for view in taken {
        let state = state(kind, view);
        let write = view.writes.iter().rev().find(|w| w.kind == kind.as_str());
        let reason = write.and_then(|w| w.reason.clone());
        let warnings = write.map(|w| w.warnings.clone()).unwrap_or_default();
        failed |= !matches!(state, NoticeState::Applied | NoticeState::InFlight);
        let shop = shops.iter().find(|s| s.shop_id == view.row.shop_id).map_or("", |s| s.name.as_str());
        app.out.object(&json!({
            "shop": shop,
            "order_no": view.row.order_no,
            "mall_order_id": view.row.mall_order_id,
            "phase": view.row.phase,
            "kind": kind,
            "notice_state": state,
            "confirming": view.row.confirming,
            "reason": reason,
            "warnings": warnings,
        }))?;
        let words: Vec<String> = reason.iter().chain(&warnings).map(ToString::to_string).collect();
        rows.push(vec![
            view.row.mall_order_id.0.clone(),
            shop.to_owned(),
            state.label_ja().to_owned(),
            words.join("\n"),
        ]);
    }
    for refused in names(done, "refused") {
        failed = true;
        app.out.object(&json!({
            "order_no": refused.get("order_no"),
            "mall_order_id": refused.get("mall_order_id"),
            "kind": kind,
            "refusals": refused.get("reasons"),
        }))?;
        let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let reasons: Vec<String> = refused
            .get("reasons")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|r| format!("{}　{}", text(r, "ja"), text(r, "remedy")))
            .collect();
        let word = app.out.t("× 対象外", "× not sent").to_owned();
        rows.push(vec![text(&refused, "mall_order_id"), String::new(), word, reasons.join("\n")]);
    }
    if rows.is_empty() {
        app.out.say("対象になる受注はありません", "No order is due");
    } else {
        let headings =
            [("受注番号", "order"), ("店舗", "shop"), ("連携ステータス", "notice"), ("理由", "why")];
        app.out.table(&headings, rows);
    }
    if taken.iter().any(|v| state(kind, v) == NoticeState::InFlight) {
        app.out.say(
            "連携中の受注があります。結果は choba serve（または次の choba notify）が引き続き確かめます",
            "Some are still in flight: choba serve, or the next choba notify, goes on with them",
        );
    }
    Ok(u8::from(failed))
}
