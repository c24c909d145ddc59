//! 出荷ファイル: shipments that a person uploads at the mall by hand (NTF-8). The lane writes the file; here it is asked for,
//! taken and answered.

use super::files;
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::short_moment;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use domain::{RequestId, ShipmentFileId, ShopId, UtcMillis};
use engine::requests::{SHIPMENT_FILE, ShipmentFileRequest};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use store::Shop;
use store::shipment_files::ShipmentFileRow;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/shipping/files", view(Menu::Shipping), list),
        post("/shipping/files", edit(Menu::Shipping), ask),
        get("/shipping/files/{id}", view(Menu::Shipping), take),
        post("/shipping/files/{id}/answer", edit(Menu::Shipping), answer),
    ]
}

/// Files on the screen.
const SHOWN: i64 = 50;

struct Row {
    id: i64,
    shop: String,
    name: String,
    rows: i64,
    state: &'static str,
    words: &'static str,
    open: bool,
    created_at: String,
    place: String,
}

/// What came of a request.
struct Outcome {
    running: bool,
    id: i64,
    made: bool,
    /// 受注番号 with reasons.
    lines: Vec<(String, String)>,
    words: String,
}

#[derive(Template)]
#[template(path = "shipping/files.html")]
struct FilesPage {
    frame: Frame,
    shops: Vec<(i64, String)>,
    rows: Vec<Row>,
    outcome: Option<Outcome>,
    may_edit: bool,
    may_export: bool,
    done: &'static str,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ListQuery {
    request: Option<i64>,
    done: String,
}

/// Shops of the visitor whose malls take files.
async fn shops(desk: &Desk, visitor: &Visitor) -> Result<Vec<Shop>, Refusal> {
    let access = visitor.access();
    let all = desk.ledger().shops().await?.into_iter().filter(|s| access.sees(s.shop_id));
    Ok(all.filter(|s| desk.hub.mall(&s.mall).is_some_and(|m| m.shipment_files().is_some())).collect())
}

fn place(desk: &Desk, shop: Option<&Shop>) -> String {
    let mall = shop.and_then(|s| desk.hub.mall(&s.mall));
    mall.as_ref().and_then(|m| m.shipment_files()).map(|f| f.place().to_owned()).unwrap_or_default()
}

fn reasons(result: &Value, key: &str) -> Vec<(String, String)> {
    let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = result.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter()
        .map(|one| {
            let many = one.get("reasons").and_then(Value::as_array).cloned();
            let many = many.unwrap_or_else(|| one.get("reason").cloned().into_iter().collect());
            let words: Vec<String> =
                many.iter().map(|r| format!("{}　{}", text(r, "ja"), text(r, "remedy"))).collect();
            (text(one, "mall_order_id"), words.join(" "))
        })
        .collect()
}

async fn outcome(desk: &Desk, visitor: &Visitor, id: i64) -> Result<Option<Outcome>, Refusal> {
    let Some(request) = desk.ledger().request(RequestId(id)).await? else { return Ok(None) };
    if request.kind != SHIPMENT_FILE || !visitor.access().sees(request.shop_id) {
        return Ok(None);
    }
    let lang = visitor.lang();
    let result = request.result.clone().unwrap_or_default();
    let (problems, refused) = (reasons(&result, "problems"), reasons(&result, "refused"));
    let made = result.pointer("/file/file_id").is_some_and(Value::is_i64);
    let own = result.pointer("/reason/ja").and_then(Value::as_str).unwrap_or_default();
    let words = if !request.is_finished() {
        lang.t("作成しています…", "Being written …").to_owned()
    } else if !own.is_empty() {
        own.to_owned()
    } else if made {
        lang.t("出荷ファイルを作成しました", "The file was written").to_owned()
    } else if !problems.is_empty() {
        lang.t("何も書き出していません。次の受注を直してください", "Nothing was written").to_owned()
    } else {
        lang.t("対象になる受注はありません", "No order is due").to_owned()
    };
    Ok(Some(Outcome {
        running: !request.is_finished(),
        id,
        made,
        lines: problems.into_iter().chain(refused).collect(),
        words,
    }))
}

async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<ListQuery>) -> Page {
    let (lang, access) = (visitor.lang(), visitor.access());
    let all = desk.ledger().shops().await?;
    let rows = desk.ledger().shipment_files(SHOWN).await?.into_iter().filter(|f| access.sees(f.shop_id));
    let rows = rows.map(|f: ShipmentFileRow| {
        let shop = all.iter().find(|s| s.shop_id == f.shop_id);
        let (state, words) = match f.state.as_str() {
            "open" => ("run", lang.t("回答待ち", "open")),
            "done" => ("ok", lang.t("モールへ登録済み", "done")),
            _ => ("", lang.t("まだ（未連携に戻した）", "not yet")),
        };
        Row {
            id: f.file_id.0,
            shop: shop.map(|s| s.name.clone()).unwrap_or_default(),
            open: f.state == "open",
            place: place(&desk, shop.filter(|_| f.state == "open")),
            name: f.name,
            rows: f.rows,
            state,
            words,
            created_at: short_moment(f.created_at),
        }
    });
    let rows = rows.collect();
    let here = Here { menu: Some(Menu::Shipping), ..Here::default() };
    let outcome = match query.request {
        Some(id) => outcome(&desk, &visitor, id).await?,
        None => None,
    };
    frame::page(&FilesPage {
        frame: Frame::new(&desk, &visitor, lang.t("出荷ファイル", "Shipment files"), here).await?,
        shops: shops(&desk, &visitor).await?.into_iter().map(|s| (s.shop_id.0, s.name)).collect(),
        rows,
        outcome,
        may_edit: visitor.edits(Menu::Shipping),
        may_export: visitor.rights.export && visitor.rights.buyer_data,
        done: match query.done.as_str() {
            "done" => lang.t("「正常」にしました", "Done"),
            "not_yet" => lang.t("「未連携」に戻しました", "Not sent again"),
            _ => "",
        },
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    shop: i64,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

fn day(field: &str, text: &str, today: Date) -> Result<Option<Date>, Refusal> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    japan::read_date(text, today)
        .map(Some)
        .map_err(|_| Refusal::field(field, "日付を読み取れません（例：2026-11-22）", "is no date"))
}

fn midnight(day: Date) -> UtcMillis {
    UtcMillis::parse_lenient(&format!("{day} 00:00:00")).unwrap_or_default()
}

async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Ask>) -> Page {
    let shops = shops(&desk, &visitor).await?;
    let Some(shop) = shops.iter().find(|s| s.shop_id == ShopId(form.shop)) else {
        return Err(Refusal::not_found());
    };
    let today = desk.now().japan_date();
    let to = day("to", &form.to, today)?.and_then(|d| d.tomorrow().ok());
    let from = day("from", &form.from, today)?;
    let body = ShipmentFileRequest { orders: None, from: from.map(midnight), to: to.map(midnight) };
    let id = engine::doors::ask(&desk.hub, shop, SHIPMENT_FILE, &body, &visitor.by()).await?;
    Ok(Redirect::to(&format!("/shipping/files?request={id}")).into_response())
}

async fn seen(desk: &Desk, visitor: &Visitor, id: i64) -> Result<ShipmentFileRow, Refusal> {
    let file = desk.ledger().shipment_file(ShipmentFileId(id)).await?;
    file.filter(|f| visitor.access().sees(f.shop_id)).ok_or_else(Refusal::not_found)
}

async fn take(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<i64>) -> Page {
    files::need_export(&visitor)?;
    let file = seen(&desk, &visitor, id).await?;
    let Some(bytes) = desk.ledger().shipment_file_content(file.file_id).await? else {
        return Err(domain::reason::shipment_file_answered(&file.name).into());
    };
    let details = serde_json::json!({ "file_id": id, "checksum": file.checksum, "rows": file.rows });
    desk.ledger().log_action(&visitor.by(), "export.shipment_file", &file.name, &details, desk.now()).await?;
    files::download(&file.name, &file.content_type, bytes)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    answer: String,
}

async fn answer(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Fields(form): Fields<Answer>,
) -> Page {
    let file = seen(&desk, &visitor, id).await?;
    let done = match form.answer.as_str() {
        "done" => true,
        "not_yet" => false,
        _ => return Err(Refusal::field("answer", "「登録済み」か「まだ」を選んでください", "is unknown")),
    };
    desk.ledger().answer_shipment_file(file.file_id, done, &visitor.by(), desk.now()).await??;
    desk.recount();
    Ok(Redirect::to(&format!("/shipping/files?done={}", form.answer)).into_response())
}
