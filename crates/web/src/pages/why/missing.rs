//! 見つからない受注を調べる: a number goes in, the checks come out one by one, with the malls' live answers as they arrive.

use super::{CheckShown, shown};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::{Level, Menu};
use domain::{RequestId, ShopId};
use engine::doors;
use engine::why::missing::{Answer, Asking};
use engine::why::{LOOK_UP, Live, LookUpRequest, live_of};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Access;

/// Nobody works a lane that has not answered by then, milliseconds.
const PATIENCE_MS: i64 = 45_000;

/// What the page is asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhyQuery {
    number: String,
    shop: String,
    /// Requests that ask the malls.
    asked: Vec<i64>,
}

impl WhyQuery {
    fn number(&self) -> String {
        self.number.trim().chars().take(100).collect()
    }

    fn path(&self, page: &str) -> String {
        let mut pairs = vec![("number", self.number())];
        if !self.shop.is_empty() {
            pairs.push(("shop", self.shop.clone()));
        }
        pairs.extend(self.asked.iter().map(|id| ("asked", id.to_string())));
        format!("{page}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
    }
}

struct PartShown {
    shop: String,
    checks: Vec<CheckShown>,
}

/// The answer as it stands.
struct AnswerShown {
    number: String,
    parts: Vec<PartShown>,
    /// The order's page, when it is here.
    order: String,
    /// Its page of WHY-2.
    notice: String,
    /// Where the part is asked for again; empty: it is at its end.
    live: String,
    headline: String,
}

#[derive(Template)]
#[template(path = "why/missing.html")]
struct MissingPage {
    frame: Frame,
    number: String,
    shops: Vec<(i64, String, bool)>,
    answer: Option<AnswerShown>,
}

#[derive(Template)]
#[template(path = "why/answer.html")]
struct AnswerPart {
    l: Lang,
    answer: AnswerShown,
}

/// Orders are looked for without opening what is sealed.
fn access(visitor: &Visitor) -> Access {
    Access { buyer_data: false, ..visitor.access() }
}

async fn only(desk: &Desk, visitor: &Visitor, shop: &str) -> Result<Option<ShopId>, Refusal> {
    match shop {
        "" => Ok(None),
        id => Ok(Some(seen::shop(desk, visitor, id).await?.shop_id)),
    }
}

/// What the lanes have answered, and whether some are still awaited.
async fn answers(
    desk: &Desk,
    visitor: &Visitor,
    asked: &[i64],
) -> Result<(BTreeMap<ShopId, Live>, bool), Refusal> {
    let (mut live, mut waits) = (BTreeMap::new(), false);
    for id in asked.iter().take(50) {
        let Some(request) = desk.ledger().request(RequestId(*id)).await? else { continue };
        if request.kind != LOOK_UP || !visitor.access().sees(request.shop_id) {
            continue;
        }
        let young = desk.now().since(request.created_at) < PATIENCE_MS;
        if !request.is_finished() && young {
            waits = true;
            continue;
        }
        live.insert(request.shop_id, live_of(&request));
    }
    Ok((live, waits))
}

async fn asked(desk: &Desk, visitor: &Visitor, query: &WhyQuery) -> Result<Option<AnswerShown>, Refusal> {
    let number = query.number();
    if number.is_empty() {
        return Ok(None);
    }
    let access = access(visitor);
    let asking = Asking { ledger: desk.ledger(), malls: &desk.hub.malls, access: &access, now: desk.now() };
    let only = only(desk, visitor, &query.shop).await?;
    let (live, waits) = answers(desk, visitor, &query.asked).await?;
    let answer = asking.missing(&number, only, &live).await?;
    let live = if waits { query.path("/why/live") } else { String::new() };
    Ok(Some(told(visitor, &answer, live)))
}

fn told(visitor: &Visitor, answer: &Answer, live: String) -> AnswerShown {
    let lang = visitor.lang();
    let opens = visitor.may(Menu::Orders, Level::View);
    let order = answer.order_no.as_ref().filter(|_| opens).map(|no| format!("/orders/{no}"));
    let headline = match (answer.cause(), live.is_empty()) {
        _ if answer.order_no.is_some() => lang.t("この受注は台帳にあります。", "The order is in the ledger."),
        (_, false) => lang.t("モールに聞いています…", "Asking the malls…"),
        (Some(_), true) => lang.t("原因が見つかりました。", "The cause was found."),
        (None, true) => lang.t("原因は見つかりませんでした。", "No cause was found."),
    };
    AnswerShown {
        number: answer.mall_order_id.clone(),
        parts: answer
            .parts
            .iter()
            .map(|part| PartShown {
                shop: part.shop.clone().unwrap_or_default(),
                checks: part.checks.iter().map(|check| shown(lang, visitor, check)).collect(),
            })
            .collect(),
        notice: order.as_ref().map(|order| format!("{order}/why")).unwrap_or_default(),
        order: order.unwrap_or_default(),
        headline: headline.to_owned(),
        live,
    }
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<WhyQuery>) -> Page {
    let lang = visitor.lang();
    let here = Here { why: true, ..Here::default() };
    let shops = seen::shops(&desk, &visitor).await?;
    let title = lang.t("見つからない受注を調べる", "Look for a missing order");
    let answer = asked(&desk, &visitor, &query).await?;
    let mut frame = Frame::new(&desk, &visitor, title, here).await?;
    "/help/why".clone_into(&mut frame.help);
    frame::page(&MissingPage {
        frame,
        number: query.number(),
        shops: shops
            .into_iter()
            .map(|s| (s.shop_id.0, s.name, s.shop_id.to_string() == query.shop))
            .collect(),
        answer,
    })
}

/// The answer alone, while malls are asked.
pub async fn part(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<WhyQuery>) -> Page {
    match asked(&desk, &visitor, &query).await? {
        Some(answer) => frame::page(&AnswerPart { l: visitor.lang(), answer }),
        None => Err(Refusal::field("number", "受注番号を入力してください", "must be given")),
    }
}

/// A number and, perhaps, a shop.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    number: String,
    #[serde(default)]
    shop: String,
}

/// Looks here first, and puts the question into the lanes of the shops that come into question.
pub async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Wanted>) -> Page {
    let mut query = WhyQuery { number: form.number, shop: form.shop, asked: Vec::new() };
    let number = query.number();
    if number.is_empty() {
        return Err(Refusal::field("number", "受注番号を入力してください", "must be given"));
    }
    let access = access(&visitor);
    let asking = Asking { ledger: desk.ledger(), malls: &desk.hub.malls, access: &access, now: desk.now() };
    let only = only(&desk, &visitor, &query.shop).await?;
    let answer = asking.missing(&number, only, &BTreeMap::new()).await?;
    for ask in &answer.ask {
        let Some(shop) = desk.ledger().shop(ask.shop_id).await? else { continue };
        let body = LookUpRequest { mall_order_id: ask.mall_order_id.clone() };
        query.asked.push(doors::ask(&desk.hub, &shop, LOOK_UP, &body, &visitor.by()).await?.0);
    }
    Ok(Redirect::to(&query.path("/why")).into_response())
}
