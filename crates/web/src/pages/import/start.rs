//! Asking for an import: now, for a period, of single orders again. A shop that is busy is answered with the three choices
//! (IMP-5).

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::moment;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::rights::Menu;
use domain::{MallOrderId, Reason, UtcMillis, reason};
use engine::doors;
use engine::requests::{IMPORT, ImportRequest};
use serde::Deserialize;
use std::sync::Arc;
use store::Shop;
use store::imports::RunRow;

#[derive(Template)]
#[template(path = "import/busy.html")]
struct BusyPage {
    frame: Frame,
    reason: Reason,
    busy: Vec<(String, String, String)>,
    /// Where 強制ダウンロード goes; empty: the files are to be chosen again.
    action: &'static str,
    /// What it says again.
    fields: Vec<(&'static str, String)>,
}

/// The three choices, with what was asked for.
pub async fn busy(
    desk: &Desk,
    visitor: &Visitor,
    busy: &[(Shop, RunRow)],
    action: &'static str,
    fields: Vec<(&'static str, String)>,
) -> Page {
    let lang = visitor.lang();
    let names: Vec<&str> = busy.iter().map(|(shop, _)| shop.name.as_str()).collect();
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    let row = |(shop, run): &(Shop, RunRow)| {
        (shop.name.clone(), super::run::state_words(lang, &run.state), moment(run.started_at))
    };
    let page = BusyPage {
        frame: Frame::new(desk, visitor, lang.t("取込中の店舗があります", "A shop is busy"), here).await?,
        reason: reason::shop_busy(names.join("、")),
        busy: busy.iter().map(row).collect(),
        action,
        fields,
    };
    Ok((StatusCode::CONFLICT, frame::page(&page)?).into_response())
}

async fn ask(desk: &Desk, visitor: &Visitor, asked: &[(Shop, ImportRequest)]) -> Result<Response, Refusal> {
    let mut ids = Vec::new();
    for (shop, body) in asked {
        ids.push(doors::ask(&desk.hub, shop, IMPORT, body, &visitor.by()).await?);
    }
    let to = match ids.as_slice() {
        [only] => format!("/import/requests/{only}"),
        _ => "/import?done=started".to_owned(),
    };
    Ok(Redirect::to(&to).into_response())
}

fn body(from: UtcMillis, to: UtcMillis, force: bool) -> ImportRequest {
    ImportRequest { from, to, statuses: None, overwrite: false, force, orders: None }
}

fn is_set(flag: Option<&String>) -> bool {
    flag.is_some_and(|text| text == "1")
}

/// What one shop is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Now {
    shop: String,
    force: Option<String>,
}

/// 今すぐ取込: what is new since the last complete look.
pub async fn now(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Now>) -> Page {
    let shop = seen::shop(&desk, &visitor, &form.shop).await?;
    let force = is_set(form.force.as_ref());
    let shops = [shop];
    let open = doors::busy_shops(desk.ledger(), &shops).await?;
    if !open.is_empty() && !force {
        return busy(&desk, &visitor, &open, "/import/now", vec![("shop", form.shop)]).await;
    }
    let [shop] = shops;
    let (mall, now) = (seen::mall(&desk, &shop)?, desk.now());
    let period = mall.descriptor().period.clone();
    let from = period.map_or(now, |period| engine::since_last(&shop, &period, now));
    ask(&desk, &visitor, &[(shop, body(from, now, force))]).await
}

/// Shops, period, statuses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    #[serde(default)]
    shop: Vec<String>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// `mall:code`.
    #[serde(default)]
    status: Vec<String>,
    overwrite: Option<String>,
    force: Option<String>,
}

impl Period {
    fn again(&self) -> Vec<(&'static str, String)> {
        let mut fields: Vec<_> = self.shop.iter().map(|s| ("shop", s.clone())).collect();
        fields.extend([("from", self.from.clone()), ("to", self.to.clone())]);
        fields.extend(self.status.iter().map(|s| ("status", s.clone())));
        fields.extend(self.overwrite.iter().map(|s| ("overwrite", s.clone())));
        fields
    }
}

fn time(field: &str, text: &str) -> Result<UtcMillis, Refusal> {
    UtcMillis::parse_lenient(text).ok_or_else(|| {
        Refusal::field(field, "日時を入力してください（例：2026-11-22 09:05）", "is not a time")
    })
}

/// The codes of one mall among `mall:code`; `None`: as the shop is set.
fn codes_of(status: &[String], mall: &mall_api::Descriptor) -> Result<Option<Vec<String>>, Refusal> {
    let own = status.iter().filter_map(|s| s.split_once(':')).filter(|(key, _)| *key == mall.mall);
    let codes: Vec<&str> = own.map(|(_, code)| code).collect();
    if codes.is_empty() {
        return Ok(None);
    }
    let read = engine::fetch_statuses::read(mall, "status", codes.into_iter());
    read.map(Some).map_err(seen::refuse)
}

/// 期間を指定して取込.
pub async fn period(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Period>) -> Page {
    let now = desk.now();
    if form.shop.is_empty() {
        return Err(Refusal::field("shop", "店舗を選んでください", "choose a shop"));
    }
    let from = (!form.from.is_empty()).then(|| time("from", &form.from)).transpose()?;
    let to = if form.to.is_empty() { now } else { time("to", &form.to)? };
    if from.is_some_and(|from| from >= to) {
        return Err(Refusal::field(
            "to",
            "期間の終わりは初めより後にしてください",
            "must be later than from",
        ));
    }
    let known =
        |status: &String| status.split_once(':').is_some_and(|(mall, _)| desk.hub.mall(mall).is_some());
    if !form.status.iter().all(known) {
        return Err(Refusal::field("status", "そのモールステータスはありません", "is no status of a mall"));
    }
    let force = is_set(form.force.as_ref());
    let (mut shops, mut asked) = (Vec::new(), Vec::new());
    for id in &form.shop {
        let shop = seen::shop(&desk, &visitor, id).await?;
        let mall = seen::mall(&desk, &shop)?;
        if mall.descriptor().period.is_some() && from.is_none() {
            return Err(Refusal::field("from", "期間の初めを指定してください", "must be given"));
        }
        let mut body = body(from.unwrap_or(now), to, force);
        body.statuses = codes_of(&form.status, mall.descriptor())?;
        body.overwrite = is_set(form.overwrite.as_ref());
        shops.push(shop.clone());
        asked.push((shop, body));
    }
    let open = doors::busy_shops(desk.ledger(), &shops).await?;
    if !open.is_empty() && !force {
        return busy(&desk, &visitor, &open, "/import/start", form.again()).await;
    }
    ask(&desk, &visitor, &asked).await
}

/// One order that could not be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    shop: String,
    order: String,
    force: Option<String>,
}

/// 再取込 of an order that was set aside. What staff changed meanwhile stays: it is not overwritten.
pub async fn again(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Again>) -> Page {
    let shop = seen::shop(&desk, &visitor, &form.shop).await?;
    if form.order.trim().is_empty() || form.order.chars().count() > 100 {
        return Err(Refusal::field("order", "受注番号がありません", "must be an order number"));
    }
    let force = is_set(form.force.as_ref());
    let shops = [shop];
    let open = doors::busy_shops(desk.ledger(), &shops).await?;
    if !open.is_empty() && !force {
        let fields = vec![("shop", form.shop), ("order", form.order)];
        return busy(&desk, &visitor, &open, "/import/again", fields).await;
    }
    let [shop] = shops;
    let now = desk.now();
    let body = ImportRequest { orders: Some(vec![MallOrderId(form.order)]), ..body(now, now, force) };
    ask(&desk, &visitor, &[(shop, body)]).await
}
