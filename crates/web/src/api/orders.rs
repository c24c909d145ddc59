//! 受注 for programs: listing, showing, moving, editing, parcels, notes, tags, states.

use super::body::Body;
use super::{Endpoint, endpoint, none, order, orders, plain, told};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::door::guard::{edit, view};
use crate::fields::Query;
use crate::pages::orders::filter::ListQuery;
use crate::pages::orders::list;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use domain::notice::NoticeState;
use domain::order::HandlingClass;
use domain::rights::Menu;
use domain::write::WriteKind;
use domain::{OrderSeq, ParcelId, PhaseKey, reconcile};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::StoreError;
use store::orders::{Done, ListRow, MoveOptions, ParcelChange};
use utoipa::ToSchema;

const LIST: [&str; 23] = [
    "phase",
    "state",
    "shop",
    "class",
    "pay",
    "ship_from",
    "ship_to",
    "deliver_from",
    "deliver_to",
    "from",
    "to",
    "printed",
    "paid",
    "numbered",
    "goods",
    "with",
    "carrier",
    "sku",
    "tag",
    "s",
    "view",
    "all",
    "after",
];

/// The ways in.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let (see, change) = (view(Menu::Orders), edit(Menu::Orders));
    vec![
        endpoint("GET", "/api/v1/orders", see, "受注の一覧（画面と同じ条件）", find).asks(&LIST),
        endpoint("POST", "/api/v1/orders/search", see, "氏名・電話・番号で検索", search).takes::<Search>(),
        endpoint("POST", "/api/v1/orders/move", change, "フェーズを移す", shift).takes::<Move>(),
        endpoint("POST", "/api/v1/orders/class", change, "管理区分", class).takes::<Class>(),
        endpoint("POST", "/api/v1/orders/tags", change, "タグを付ける・外す", tags).takes::<Tags>(),
        endpoint(
            "POST",
            "/api/v1/orders/notice-state",
            edit(Menu::Notices),
            "連携ステータスを手で変える",
            notice,
        )
        .takes::<Notice>(),
        endpoint("GET", "/api/v1/orders/{order}", see, "受注の内容と履歴", show),
        endpoint("PATCH", "/api/v1/orders/{order}", change, "内容を直す（版が違えば409と差分）", set)
            .takes::<Edit>(),
        endpoint("POST", "/api/v1/orders/{order}/parcels", change, "出荷情報を入れる・直す", parcel)
            .takes::<Parcel>(),
        endpoint("DELETE", "/api/v1/orders/{order}/parcels/{parcel}", change, "出荷情報を外す", drop_parcel),
        endpoint("GET", "/api/v1/orders/{order}/notes", see, "メモ", notes),
        endpoint("POST", "/api/v1/orders/{order}/notes", change, "メモを加える", add_note).takes::<Note>(),
        endpoint("DELETE", "/api/v1/orders/{order}/notes/{note}", change, "メモを外す", drop_note),
    ]
}

fn listed(rows: &[ListRow], names: &list::Names) -> Vec<Value> {
    let with_shop = |row: &ListRow| {
        let mut value = serde_json::to_value(row).unwrap_or_default();
        if let Some(map) = value.as_object_mut() {
            map.insert("shop".to_owned(), json!(names.shop(row.shop_id)));
        }
        value
    };
    rows.iter().map(with_shop).collect()
}

async fn find(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<ListQuery>) -> Page {
    let found = list::find(&desk, &visitor, &query, 200).await?;
    let names = list::Names::read(&desk).await?;
    let after = found.next.as_deref().and_then(|n| serde_html_form::from_str::<ListQuery>(n).ok());
    told(json!({
        "orders": listed(&found.rows, &names),
        "count": found.extent.orders,
        "total": found.extent.total,
        "after": after.map(|q| q.after),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// Numbers, a name, kana, phone or mail. Never in a URL.
    #[schema(max_length = 200)]
    q: String,
}

async fn search(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Search>) -> Page {
    if wanted.q.chars().count() > 200 {
        return Err(Refusal::field("q", "200文字以内にしてください", "is too long"));
    }
    let ticket = desk.ledger().seal_ticket(list::SEARCH, &wanted.q, desk.now().plus(domain::time::MINUTE))?;
    let query = ListQuery { s: ticket, ..ListQuery::default() };
    let found = list::find(&desk, &visitor, &query, 200).await?;
    let names = list::Names::read(&desk).await?;
    told(json!({ "orders": listed(&found.rows, &names), "stopped": found.stopped }))
}

/// Phone and mail without the right: only that there is one.
fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match key.as_str() {
                    "phone" | "phone2" | "email" if !inner.is_null() => *inner = json!("•••"),
                    _ => mask(inner),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask),
        _ => {}
    }
}

async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let row = order(&desk, &visitor, &id).await?;
    let view = desk.ledger().order(&visitor.access(), row.seq).await?.ok_or_else(Refusal::not_found)?;
    let mut value = serde_json::to_value(&view).map_err(|_| Refusal::inside())?;
    if !visitor.rights.contact_data {
        mask(&mut value);
    }
    let tags = desk.ledger().tags(&[row.seq]).await?.remove(&row.seq).unwrap_or_default();
    let shop = desk.ledger().shop(row.shop_id).await?.map(|s| s.name);
    if let Some(map) = value.as_object_mut() {
        map.insert("tags".to_owned(), json!(tags));
        map.insert("shop".to_owned(), json!(shop));
    }
    told(value)
}

/// What many orders came to, as the command line tells it.
fn done(done: &Done) -> Value {
    let numbers: Vec<_> = done.done.iter().map(|s| s.order_no()).collect();
    json!({ "done": numbers, "refused": done.refused })
}

fn seqs(rows: &[ListRow]) -> Vec<OrderSeq> {
    rows.iter().map(|r| r.seq).collect()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    /// 管理番号, or the mall's numbers.
    #[schema(min_items = 1, max_items = 1000)]
    orders: Vec<String>,
    /// Key of the phase.
    phase: String,
    /// Held orders too, knowingly (FRD-4). Needs the right.
    #[serde(default)]
    override_fraud_hold: bool,
    /// The version that was seen; for one order.
    version: Option<i64>,
}

async fn shift(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Move>) -> Page {
    if wanted.override_fraud_hold && !visitor.rights.override_fraud_hold {
        let words = "不正保留中の受注を進める権限がありません";
        return Err(Refusal::forbidden(domain::Reason::new(
            "not_allowed",
            words,
            "",
            "no right to override a hold",
        )));
    }
    let phases = desk.ledger().phases().await?;
    if phases.iter().all(|p| p.phase.as_str() != wanted.phase) {
        return Err(Refusal::field("phase", "そのフェーズはありません", "there is no such phase"));
    }
    if wanted.version.is_some() && wanted.orders.len() != 1 {
        return Err(Refusal::field("version", "版は1件のときだけ指定できます", "is for one order only"));
    }
    let rows = orders(&desk, &visitor, &wanted.orders).await?;
    let options =
        MoveOptions { override_fraud_hold: wanted.override_fraud_hold, expected_version: wanted.version };
    let (phase, by) = (PhaseKey(wanted.phase), visitor.by());
    let moved = desk.ledger().move_orders(&seqs(&rows), &phase, options, &by, desk.now()).await?;
    desk.recount();
    told(done(&moved))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Class {
    /// Orders.
    #[schema(min_items = 1, max_items = 1000)]
    orders: Vec<String>,
    /// `normal`, `on_hold`, `cancelled`.
    handling_class: String,
}

async fn class(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Class>) -> Page {
    let class = HandlingClass::parse(&wanted.handling_class)
        .ok_or_else(|| Refusal::field("handling_class", "管理区分を確認してください", "is unknown"))?;
    let rows = orders(&desk, &visitor, &wanted.orders).await?;
    for row in &rows {
        desk.ledger().set_handling_class(row.seq, class, &visitor.by(), desk.now()).await?;
    }
    desk.recount();
    told(done(&Done { done: seqs(&rows), refused: Vec::new() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Tags {
    /// Orders.
    #[schema(min_items = 1, max_items = 1000)]
    orders: Vec<String>,
    /// Put on.
    #[serde(default)]
    add: Vec<String>,
    /// Taken off.
    #[serde(default)]
    remove: Vec<String>,
}

fn tag(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    let fits = (1..=40).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text)
    } else {
        Err(Refusal::field("add", "1〜40文字にしてください", "must have 1 to 40 characters"))
    }
}

async fn tags(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Tags>) -> Page {
    let rows = orders(&desk, &visitor, &wanted.orders).await?;
    let add = wanted.add.iter().map(|t| tag(t)).collect::<Result<Vec<_>, _>>()?;
    for text in add {
        desk.ledger().set_tag(&seqs(&rows), text, true).await?;
    }
    for text in wanted.remove.iter().filter_map(|t| plain(t.trim())) {
        desk.ledger().set_tag(&seqs(&rows), text, false).await?;
    }
    told(done(&Done { done: seqs(&rows), refused: Vec::new() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Notice {
    /// Orders.
    #[schema(min_items = 1, max_items = 1000)]
    orders: Vec<String>,
    /// `not_sent` or `applied`.
    notice_state: String,
    /// `shipment_notice` (when left out) or `confirm_order`.
    kind: Option<String>,
}

pub(super) fn kind(text: Option<&str>) -> Result<WriteKind, Refusal> {
    text.map_or(Some(WriteKind::ShipmentNotice), WriteKind::parse)
        .ok_or_else(|| Refusal::field("kind", "種類を確認してください", "is unknown"))
}

async fn notice(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<Notice>) -> Page {
    let kind = kind(wanted.kind.as_deref())?;
    let to = NoticeState::parse(&wanted.notice_state)
        .ok_or_else(|| Refusal::field("notice_state", "連携ステータスを確認してください", "is unknown"))?;
    let rows = orders(&desk, &visitor, &wanted.orders).await?;
    let mut with_notice = BTreeSet::new();
    for shop in desk.ledger().shops().await? {
        if desk.hub.mall(&shop.mall).is_some_and(|m| m.descriptor().notice.is_some()) {
            with_notice.insert(shop.shop_id);
        }
    }
    let has_notice = move |id| with_notice.contains(&id);
    let (by, now) = (visitor.by(), desk.now());
    let set = desk.ledger().set_write_state(&seqs(&rows), kind, to, &has_notice, &by, now).await?;
    desk.recount();
    told(done(&set))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// The version that was read.
    version: i64,
    /// Values by path of the content (`delivery.deliver_on`); `null` empties a field.
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
}

/// What differs: the order as it is now against what was wanted.
fn difference(fields: &BTreeMap<String, Value>, changes: &[(String, Value)]) -> Vec<Value> {
    let one = |(path, wanted): &(String, Value)| json!({ "path": path, "current": fields.get(path), "wanted": wanted });
    changes.iter().map(one).collect()
}

async fn set(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(wanted): Body<Edit>,
) -> Page {
    let row = order(&desk, &visitor, &id).await?;
    if row.erased {
        return Err(domain::reason::buyer_data_erased().into());
    }
    if !visitor.rights.buyer_data {
        let words = "個人情報を表示する権限がないため、内容を直せません";
        return Err(Refusal::forbidden(domain::Reason::new(
            "not_allowed",
            words,
            "",
            "no right to buyer data",
        )));
    }
    let changes: Vec<(String, Value)> = wanted.changes.into_iter().collect();
    let (by, now) = (visitor.by(), desk.now());
    match desk.ledger().edit_order(row.seq, wanted.version, &changes, &by, now).await {
        Ok(Ok(())) => {
            desk.recount();
            let after = order(&desk, &visitor, &row.order_no.0).await?;
            let paths: Vec<&String> = changes.iter().map(|(path, _)| path).collect();
            told(json!({ "order_no": row.order_no, "edited": paths, "version": after.version }))
        }
        Ok(Err(reconcile::EditError::BadValue { path, .. })) => {
            Err(Refusal::field(path, "この項目に入れられない値です", "the value does not fit the field"))
        }
        Ok(Err(_)) => Err(Refusal::field("changes", "そのような項目はありません", "there is no such field")),
        Err(StoreError::Conflict { .. }) => {
            let now = desk.ledger().order(&visitor.access(), row.seq).await?;
            let version = now.as_ref().map(|v| v.row.version);
            let fields = now.and_then(|v| v.content).map(|c| reconcile::fields(&c)).unwrap_or_default();
            let mut details = json!({ "version": version, "difference": difference(&fields, &changes) });
            if !visitor.rights.contact_data {
                hide_contacts(&mut details);
            }
            Err(Refusal::conflict().with(details))
        }
        Err(other) => Err(other.into()),
    }
}

/// The same mask where paths are values.
fn hide_contacts(details: &mut Value) {
    for one in details.get_mut("difference").and_then(Value::as_array_mut).into_iter().flatten() {
        let path = one.get("path").and_then(Value::as_str).unwrap_or_default();
        let last = path.rsplit('.').next().unwrap_or_default();
        let contact = matches!(last, "phone" | "phone2" | "email");
        if contact && let Some(map) = one.as_object_mut() {
            map.insert("current".to_owned(), json!("•••"));
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Parcel {
    /// The parcel to correct; left out = a new one.
    parcel_id: Option<i64>,
    /// Recipient; left out = the only one.
    recipient_key: Option<String>,
    /// Key of the carrier.
    carrier: Option<String>,
    /// 配送番号.
    #[serde(default)]
    tracking_number: String,
    /// 出荷日, `2026-11-22`.
    shipped_on: Option<String>,
}

async fn parcel(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(wanted): Body<Parcel>,
) -> Page {
    let row = order(&desk, &visitor, &id).await?;
    let carriers = desk.ledger().carriers().await?;
    if let Some(key) = &wanted.carrier
        && carriers.iter().all(|c| c.carrier.as_str() != key)
    {
        return Err(Refusal::field("carrier", "その配送業者はありません", "there is no such carrier"));
    }
    if wanted.tracking_number.chars().count() > 60 {
        return Err(Refusal::field("tracking_number", "60文字以内にしてください", "is too long"));
    }
    let day = |text: &String| {
        text.parse()
            .map_err(|_| Refusal::field("shipped_on", "日付ではありません（例：2026-11-22）", "is no date"))
    };
    let change = ParcelChange {
        parcel_id: wanted.parcel_id.map(ParcelId),
        recipient_key: wanted.recipient_key,
        carrier: wanted.carrier.map(|c| c.as_str().into()),
        tracking_number: wanted.tracking_number,
        shipped_on: wanted.shipped_on.as_ref().map(day).transpose()?,
    };
    let set = desk.ledger().set_parcel(row.seq, &change, &visitor.by(), desk.now()).await??;
    let warnings = domain::tracking::warnings(
        change.carrier.as_ref(),
        &domain::tracking::normalise(&change.tracking_number),
    );
    told(json!({ "order_no": row.order_no, "parcel_id": set, "warnings": warnings }))
}

fn number(text: &str, what: &str, ja: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| none(what, ja))
}

async fn drop_parcel(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((id, parcel)): Path<(String, String)>,
) -> Page {
    let row = order(&desk, &visitor, &id).await?;
    let missing = "その荷物がないか、通知中です";
    let parcel = number(&parcel, "parcel", missing)?;
    if !desk.ledger().drop_parcel(row.seq, ParcelId(parcel), &visitor.by(), desk.now()).await? {
        return Err(none("parcel", missing));
    }
    told(json!({ "order_no": row.order_no, "removed": parcel }))
}

/// Notes may speak of the buyer.
fn sees_notes(visitor: &Visitor) -> Result<(), Refusal> {
    if visitor.rights.buyer_data {
        return Ok(());
    }
    let words = "個人情報を表示する権限がないため、メモを扱えません";
    Err(Refusal::forbidden(domain::Reason::new("not_allowed", words, "", "no right to buyer data")))
}

async fn notes(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let row = order(&desk, &visitor, &id).await?;
    sees_notes(&visitor)?;
    told(json!({ "order_no": row.order_no, "notes": desk.ledger().notes(row.seq).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    /// What.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

async fn add_note(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(wanted): Body<Note>,
) -> Page {
    let row = order(&desk, &visitor, &id).await?;
    sees_notes(&visitor)?;
    let text = wanted.text.trim();
    if text.is_empty() || text.chars().count() > 2_000 {
        return Err(Refusal::field("text", "1〜2000文字にしてください", "must have 1 to 2000 characters"));
    }
    if !desk.ledger().add_note(row.seq, text, &visitor.by(), desk.now()).await? {
        return Err(domain::reason::buyer_data_erased().into());
    }
    told(json!({ "order_no": row.order_no, "notes": desk.ledger().notes(row.seq).await? }))
}

async fn drop_note(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((id, note)): Path<(String, String)>,
) -> Page {
    let row = order(&desk, &visitor, &id).await?;
    sees_notes(&visitor)?;
    let missing = "そのメモはありません";
    let note = number(&note, "note", missing)?;
    if !desk.ledger().drop_note(row.seq, note).await? {
        return Err(none("note", missing));
    }
    told(json!({ "order_no": row.order_no, "removed": note }))
}
