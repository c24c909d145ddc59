//! What lanes do, for programs: imports, 注文再取込, notices; bulk jobs. Asked for here, done by the lane, followed by number.

use super::body::Body;
use super::{Endpoint, begun, endpoint, none, order, orders, plain, shop, told};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::door::guard::{edit, view};
use crate::fields::Query;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::notice::NoticeState;
use domain::rights::Menu;
use domain::{MallOrderId, OrderSeq, Reason, RequestId, ShopId, UtcMillis};
use engine::doors;
use engine::requests::{IMPORT, ImportRequest, NOTIFY, NotifyRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Shop;
use store::orders::ListFilter;
use utoipa::ToSchema;

/// The ways in.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let (see, change) = (view(Menu::Import), edit(Menu::Import));
    vec![
        endpoint("POST", "/api/v1/imports", change, "受注取込を始める", import).takes::<Import>(),
        endpoint("GET", "/api/v1/imports", see, "店舗ごとの最近の取込", imports),
        endpoint("GET", "/api/v1/imports/{request}", see, "取込のようす", import_state),
        endpoint("POST", "/api/v1/reimport", change, "注文再取込", reimport).takes::<Reimport>(),
        endpoint("GET", "/api/v1/notices", view(Menu::Notices), "連携中・失敗などの受注", notices)
            .asks(&["state"]),
        endpoint("POST", "/api/v1/notices", edit(Menu::Notices), "出荷通知・注文確認を送る", notify)
            .takes::<Notify>(),
        endpoint("GET", "/api/v1/notices/{request}", view(Menu::Notices), "送信の頼みのようす", notice_state),
        endpoint("GET", "/api/v1/jobs", view(Menu::Orders), "自分の一括処理", jobs),
        endpoint("GET", "/api/v1/jobs/{job}", view(Menu::Orders), "一括処理のようす", job).asks(&["after"]),
    ]
}

fn time(field: &str, text: &str) -> Result<UtcMillis, Refusal> {
    let ja = "日時ではありません（例：2026-11-22、2026-11-22 09:05）";
    UtcMillis::parse_lenient(text)
        .ok_or_else(|| Refusal::field(field, ja, "is not a time (2026-11-22 09:05)"))
}

/// 「ダウンロード中…」 with the shops that are busy (IMP-5).
async fn free(desk: &Desk, shops: &[Shop], force: bool) -> Result<(), Refusal> {
    let busy = doors::busy_shops(desk.ledger(), shops).await?;
    if force || busy.is_empty() {
        return Ok(());
    }
    let reason = Reason::new(
        "import_running",
        "ダウンロード中もしくはCSV取込中のサイトがあります。",
        "終わるのを待つか、force で前回の取込を引き継いで再開してください。重複はしません。",
        "An import is running; wait, or take it over with force",
    );
    let runs: Vec<Value> = busy
        .iter()
        .map(|(shop, run)| {
            json!({ "shop": shop.name, "state": run.state, "trigger": run.trigger,
                "started_at": run.started_at, "updated_at": run.updated_at })
        })
        .collect();
    let details = engine::told::readable(json!({ "running": runs }));
    Err(Refusal::new(StatusCode::CONFLICT, reason).with(details))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Import {
    /// Shop, by number or name.
    shop: String,
    /// From (Japan time without a zone).
    from: String,
    /// To; now when left out.
    to: Option<String>,
    /// Mall statuses; the shop's when left out.
    statuses: Option<Vec<String>>,
    /// 同一注文を上書きする.
    #[serde(default)]
    overwrite: bool,
    /// 強制ダウンロード.
    #[serde(default)]
    force: bool,
}

async fn import(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Import>) -> Page {
    let shop = shop(&desk, &visitor, &wanted.shop).await?;
    let from = time("from", &wanted.from)?;
    let to = wanted.to.as_deref().map(|t| time("to", t)).transpose()?.unwrap_or_else(|| desk.now());
    if from >= to {
        return Err(Refusal::field(
            "to",
            "期間の終わりは初めより後にしてください",
            "must be later than from",
        ));
    }
    let known =
        |code: &String| desk.hub.mall(&shop.mall).is_some_and(|m| m.descriptor().status(code).is_some());
    if wanted.statuses.iter().flatten().any(|code| !known(code)) {
        return Err(Refusal::field(
            "statuses",
            "このモールにないステータスです",
            "is not a status of this mall",
        ));
    }
    free(&desk, std::slice::from_ref(&shop), wanted.force).await?;
    let body = ImportRequest {
        from,
        to,
        statuses: wanted.statuses,
        overwrite: wanted.overwrite,
        force: wanted.force,
        orders: None,
    };
    let id = doors::ask(&desk.hub, &shop, IMPORT, &body, &visitor.by()).await?;
    begun(json!({ "shop": shop.name, "request_id": id }))
}

async fn imports(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let access = visitor.access();
    let mut all = Vec::new();
    for shop in desk.ledger().shops().await?.into_iter().filter(|s| access.sees(s.shop_id)) {
        let runs = desk.ledger().newest_runs(shop.shop_id, 10).await?;
        all.push(json!({ "shop": shop.name, "shop_id": shop.shop_id, "imported_to": shop.imported_to,
            "next_import_at": shop.next_import_at, "runs": runs }));
    }
    told(json!({ "shops": all }))
}

/// A request of these kinds, of a shop that may be seen.
async fn request(desk: &Desk, visitor: &Visitor, id: &str, kinds: &[&str]) -> Result<Value, Refusal> {
    let missing = || none("request", "その頼みはありません");
    let id: i64 = id.parse().map_err(|_| missing())?;
    let row = desk.ledger().request(RequestId(id)).await?.ok_or_else(missing)?;
    if !visitor.access().sees(row.shop_id) || !kinds.contains(&row.kind.as_str()) {
        return Err(missing());
    }
    Ok(json!({ "request_id": row.request_id, "shop_id": row.shop_id, "kind": row.kind, "state": row.state,
        "result": row.result, "created_at": row.created_at }))
}

async fn import_state(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let mut value = request(&desk, &visitor, &id, &[IMPORT, engine::requests::IMPORT_FILE]).await?;
    let id = id.parse().map(RequestId).map_err(|_| Refusal::not_found())?;
    let run = desk.ledger().run_of_request(id).await?;
    if let Some(map) = value.as_object_mut() {
        map.insert("run".to_owned(), serde_json::to_value(run).map_err(|_| Refusal::inside())?);
    }
    told(value)
}

async fn notice_state(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    told(request(&desk, &visitor, &id, &[NOTIFY]).await?)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reimport {
    /// 管理番号 or the mall's numbers.
    #[schema(min_items = 1, max_items = 1000)]
    orders: Vec<String>,
    /// Shop of orders that are not in the ledger yet.
    shop: Option<String>,
    /// 強制ダウンロード.
    #[serde(default)]
    force: bool,
}

async fn reimport(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Reimport>) -> Page {
    if !(1..=1_000).contains(&wanted.orders.len()) {
        return Err(Refusal::field("orders", "1〜1000件にしてください", "must be 1 to 1000"));
    }
    let named = match &wanted.shop {
        Some(name) => Some(shop(&desk, &visitor, name).await?),
        None => None,
    };
    let mut by_shop: BTreeMap<ShopId, Vec<MallOrderId>> = BTreeMap::new();
    for id in &wanted.orders {
        match (order(&desk, &visitor, id).await, &named) {
            (Ok(row), _) => by_shop.entry(row.shop_id).or_default().push(row.mall_order_id),
            (Err(_), Some(shop)) if plain(id).is_some() => {
                by_shop.entry(shop.shop_id).or_default().push(MallOrderId(id.clone()));
            }
            (Err(refusal), _) => return Err(refusal),
        }
    }
    let shops = desk.ledger().shops().await?;
    let chosen: Vec<Shop> = shops.into_iter().filter(|s| by_shop.contains_key(&s.shop_id)).collect();
    free(&desk, &chosen, wanted.force).await?;
    let now = desk.now();
    let mut asked = Vec::new();
    for shop in chosen {
        let body = ImportRequest {
            from: now,
            to: now,
            statuses: None,
            overwrite: true,
            force: wanted.force,
            orders: by_shop.remove(&shop.shop_id),
        };
        let id = doors::ask(&desk.hub, &shop, IMPORT, &body, &visitor.by()).await?;
        asked.push(json!({ "shop": shop.name, "request_id": id }));
    }
    begun(json!({ "requests": asked }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeQuery {
    state: Option<String>,
}

async fn notices(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<NoticeQuery>) -> Page {
    let states = match query.state.as_deref() {
        Some(text) => vec![
            NoticeState::parse(text)
                .ok_or_else(|| Refusal::field("state", "状態を確認してください", "is unknown"))?,
        ],
        None => NoticeState::ALL
            .into_iter()
            .filter(|s| !matches!(s, NoticeState::NotSent | NoticeState::Applied))
            .collect(),
    };
    let access = visitor.access();
    let mut all = Vec::new();
    for state in states {
        let filter = ListFilter { notice: Some(state), limit: 50, ..ListFilter::default() };
        for row in desk.ledger().list_orders(&access, &filter).await? {
            let writes = desk.ledger().order(&access, row.seq).await?.map(|v| v.writes).unwrap_or_default();
            let write = writes.iter().rev().find(|w| w.kind == "shipment_notice");
            all.push(json!({ "order_no": row.order_no, "mall_order_id": row.mall_order_id,
                "shop_id": row.shop_id, "phase": row.phase, "notice_state": row.notice_state,
                "confirming": row.confirming, "attempts": write.map(|w| w.attempts),
                "sent_at": write.and_then(|w| w.sent_at), "reason": write.and_then(|w| w.reason.clone()),
                "remedy": state.remedy_ja() }));
        }
    }
    told(json!({ "notices": all }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Notify {
    /// Orders; left out = what the rules of the shop take.
    orders: Option<Vec<String>>,
    /// Shop, when no orders are named.
    shop: Option<String>,
    /// `shipment_notice` (when left out), `confirm_order`, `mall_status`, `payment_status`.
    kind: Option<String>,
    /// The mall's code, for a change of status.
    target: Option<String>,
}

async fn notify(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Notify>) -> Page {
    use domain::write::WriteKind;
    let kind = super::orders::kind(wanted.kind.as_deref())?;
    let changes_status = matches!(kind, WriteKind::MallStatus | WriteKind::PaymentStatus);
    if changes_status != wanted.target.is_some() || changes_status && wanted.orders.is_none() {
        let ja = "ステータスの変更には orders と target が必要です（ほかの種類では target を付けません）";
        return Err(Refusal::field("target", ja, "goes with orders and a change of status"));
    }
    let mut by_shop: BTreeMap<ShopId, Option<Vec<OrderSeq>>> = BTreeMap::new();
    match (&wanted.orders, &wanted.shop) {
        (Some(ids), _) => {
            for row in orders(&desk, &visitor, ids).await? {
                by_shop
                    .entry(row.shop_id)
                    .or_insert_with(|| Some(Vec::new()))
                    .iter_mut()
                    .for_each(|list| list.push(row.seq));
            }
        }
        (None, Some(name)) => {
            by_shop.insert(shop(&desk, &visitor, name).await?.shop_id, None);
        }
        (None, None) => {
            return Err(Refusal::field("orders", "受注か店舗を指定してください", "name orders or a shop"));
        }
    }
    let mut asked = Vec::new();
    for (id, orders) in by_shop {
        let Some(shop) = desk.ledger().shop(id).await? else { continue };
        let body = NotifyRequest { kind, orders, target: wanted.target.clone() };
        let request = doors::ask(&desk.hub, &shop, NOTIFY, &body, &visitor.by()).await?;
        asked.push(json!({ "shop": shop.name, "request_id": request }));
    }
    begun(json!({ "requests": asked }))
}

async fn job_value(desk: &Desk, job: &store::desk::jobs::Job) -> Result<Value, Refusal> {
    let progress = desk.ledger().job_progress(job.job_id).await?;
    Ok(json!({ "job_id": job.job_id, "action": job.action, "state": job.state, "total": job.total,
        "progress": progress, "undo_of": job.undo_of, "created_at": job.created_at,
        "finished_at": job.finished_at }))
}

async fn jobs(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let mut all = Vec::new();
    for job in desk.ledger().jobs_of(visitor.user_id, 50).await? {
        all.push(job_value(&desk, &job).await?);
    }
    told(json!({ "jobs": all }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobQuery {
    after: Option<i64>,
}

async fn job(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<JobQuery>,
) -> Page {
    let missing = || none("job", "その一括処理はありません");
    let id: i64 = id.parse().map_err(|_| missing())?;
    let found = desk.ledger().job(id).await?.filter(|j| j.user_id == Some(visitor.user_id));
    let found = found.ok_or_else(missing)?;
    let items = desk.ledger().job_items(id, query.after.unwrap_or(-1), 200).await?;
    let items: Vec<Value> = items
        .iter()
        .map(|i| json!({ "position": i.position, "order_no": i.seq.order_no(), "state": i.state, "reason": i.reason }))
        .collect();
    let mut value = job_value(&desk, &found).await?;
    if let Some(map) = value.as_object_mut() {
        map.insert("items".to_owned(), json!(items));
    }
    told(value)
}
