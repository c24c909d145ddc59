//! searchOrders and getOrder 2026-01-01 (amazon.md 2.1). A page holds whole orders; one call in three minutes.

use super::descriptor::{self, MAX_AGE, MAX_WINDOW, marketplace, operation};
use super::errors::own;
use super::gate::{self, unreadable};
use super::mapping::read_order;
use super::settings::{FULL, INCLUDED_DATA, NO_PERSONAL};
use super::text::iso;
use bytes::Bytes;
use domain::time::{HOUR, MINUTE};
use domain::{MallOrderId, UtcMillis};
use mall_api::source::Unreadable;
use mall_api::{
    Fetched, FetchedOrder, ListEntry, ListPage, Look, MallError, MallErrorKind, PageToken, Period, Session,
    Settings, Window, WireAnswer, WireRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The window counts by 注文日時.
pub(super) const CREATED: &str = "created";
/// The window counts by the last change.
pub(super) const UPDATED: &str = "lastUpdated";
/// Orders of one getOrder turn: each is a call of its own at 0.5 a second.
pub(super) const FETCH_LIMIT: usize = 20;
/// An end younger than this is refused (2.1): it is left out, with a minute for the clocks.
const YOUNG: i64 = 3 * MINUTE;
/// Tokens die after 24 hours (2.1).
const TOKEN_LIFE: i64 = 23 * HOUR;
/// A window begins again so often; then something else is wrong.
const MAX_RESTARTS: u32 = 3;
/// Most orders of a page.
const PAGE_SIZE: usize = 100;
const PATH: &str = "/orders/2026-01-01/orders";

/// Everything this program uses. EXPENSE holds 付与ポイント, PAYMENT 代引 and コンビニ.
const ALL: &str = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,PAYMENT";
/// Without what needs a restricted role.
const WITHOUT_PERSONAL: &str = "PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,PAYMENT";

/// What orders are asked with.
fn included(settings: &Settings) -> &'static str {
    match settings.get(INCLUDED_DATA) {
        Some(NO_PERSONAL) => NO_PERSONAL,
        _ => FULL,
    }
}

fn included_data(level: &str) -> &'static str {
    if level == NO_PERSONAL { WITHOUT_PERSONAL } else { ALL }
}

/// Where the next page begins. The other parameters must stay what they were (2.1), so they stand here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Amazon's token.
    token: String,
    /// The end that was sent; `None` when it was too young.
    before: Option<i64>,
    /// When the walk began.
    begun: i64,
    /// How often it began again.
    restarts: u32,
    /// First and last order and count of the page before: a page that repeats ends the walk (trap 2).
    last: String,
    /// What was asked for, where the shop's setting was refused.
    level: String,
}

/// Cuts a period. Neighbours share their boundary: an order of it comes twice rather than not at all.
pub(super) fn windows(look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
    let basis = match look {
        Look::Ordered => CREATED,
        Look::News => UPDATED,
    };
    let end = period.to.min(now);
    let mut from = period.from.max(now.plus(-MAX_AGE));
    let mut list = Vec::new();
    while from <= end {
        let to = from.plus(MAX_WINDOW).min(end);
        list.push(Window { from, to, basis: basis.to_owned(), statuses: statuses.to_vec() });
        if to == end {
            break;
        }
        from = to;
    }
    list
}

/// The question for one page.
fn question(
    window: &Window,
    settings: &Settings,
    before: Option<i64>,
    level: &str,
    token: Option<&str>,
) -> WireRequest {
    let basis = if window.basis == UPDATED { UPDATED } else { CREATED };
    let mut request = WireRequest::get(operation::SEARCH, PATH);
    let mut put = |key: &str, value: String| request.query.push((key.to_owned(), value));
    put(&format!("{basis}After"), iso(window.from));
    if let Some(before) = before {
        put(&format!("{basis}Before"), iso(UtcMillis(before)));
    }
    put("marketplaceIds", marketplace(settings).to_owned());
    // What Amazon does not know would be refused as a whole; a status of another mall is a bad setting.
    let known = |code: &&String| super::codes::status(code).is_some();
    let statuses: Vec<&str> = window.statuses.iter().filter(known).map(String::as_str).collect();
    if !statuses.is_empty() {
        put("fulfillmentStatuses", statuses.join(","));
    }
    put("maxResultsPerPage", PAGE_SIZE.to_string());
    put("includedData", included_data(level).to_owned());
    if let Some(token) = token {
        put("paginationToken", token.to_owned());
    }
    request
}

/// The smallest question that shows whether buyer data comes.
pub(super) fn probe(session: &Session<'_>, from: UtcMillis) -> WireRequest {
    let mut request = WireRequest::get(operation::SEARCH, PATH);
    let pairs = [
        ("createdAfter", iso(from)),
        ("marketplaceIds", marketplace(session.settings).to_owned()),
        ("fulfillmentStatuses", "UNSHIPPED".to_owned()),
        ("fulfilledBy", "MERCHANT".to_owned()),
        ("maxResultsPerPage", "1".to_owned()),
        ("includedData", "BUYER,RECIPIENT".to_owned()),
    ];
    request.query = pairs.map(|(k, v)| (k.to_owned(), v)).to_vec();
    request
}

/// A role is missing, or Amazon answers so although it is there (2.1, models#5319): buyer and address are left out.
fn wants_less(error: &MallError, level: &str) -> bool {
    error.kind == MallErrorKind::NotAllowed && error.reason.code == "AMAZON_FORBIDDEN" && level != NO_PERSONAL
}

/// A 400 on a question that was good before may pass by itself (2.1, models#5365): the shop is not dropped.
fn passing(error: MallError) -> MallError {
    match error.kind {
        MallErrorKind::Refused if error.reason.code == "AMAZON_INVALID_INPUT" => {
            MallError { kind: MallErrorKind::Unavailable, reason: error.reason }
        }
        _ => error,
    }
}

/// One page. A token that has died begins the window again; what was read already is met again and changes nothing.
pub(super) async fn list(
    session: &Session<'_>,
    window: &Window,
    page: Option<&PageToken>,
) -> Result<ListPage, MallError> {
    let level = included(session.settings);
    let place = page.and_then(|p| serde_json::from_str::<Place>(&p.token).ok());
    let fresh = |restarts: u32| Place {
        token: String::new(),
        before: (session.now.since(window.to) > YOUNG).then_some(window.to.0),
        begun: session.now.0,
        restarts,
        last: String::new(),
        level: level.to_owned(),
    };
    let mut here = match place {
        Some(place) if session.now.0.saturating_sub(place.begun) < TOKEN_LIFE => place,
        // Too old, or a token of another program version.
        _ => fresh(0),
    };
    let mut learnt = Vec::new();
    for _ in 0..4 {
        if here.restarts > MAX_RESTARTS {
            return Err(MallError::new(MallErrorKind::Unavailable, own("AMAZON_PAGE_TOKEN")));
        }
        let token = Some(here.token.as_str()).filter(|t| !t.is_empty());
        let request = question(window, session.settings, here.before, &here.level, token);
        let answer = session.wire.send(request).await?;
        match gate::gate(&answer) {
            Ok(()) => {
                let mut page = read_page(&answer, &here)?;
                page.learnt = learnt;
                return Ok(page);
            }
            Err(error) if wants_less(&error, &here.level) => {
                here.level = NO_PERSONAL.to_owned();
                learnt = vec![(INCLUDED_DATA.to_owned(), NO_PERSONAL.to_owned())];
            }
            Err(error) if error.kind == MallErrorKind::Refused && !here.token.is_empty() => {
                let level = std::mem::take(&mut here.level);
                here = Place { level, ..fresh(here.restarts + 1) };
            }
            Err(error) => return Err(passing(error)),
        }
    }
    Err(MallError::new(MallErrorKind::Unavailable, own("AMAZON_PAGE_TOKEN")))
}

/// A page, with each order as the exact slice of text that came.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    orders: Vec<&'a RawValue>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default)]
    next_token: Option<String>,
}

fn read_page(answer: &WireAnswer, here: &Place) -> Result<ListPage, MallError> {
    let read: Page<'_> = serde_json::from_slice(&answer.body).map_err(|_| unreadable("orders"))?;
    let mut page = ListPage::default();
    for raw in read.orders {
        match one(&answer.body, raw) {
            Ok(order) => page.entries.push(ListEntry {
                mall_order_id: order.mall_order_id.clone(),
                revision: order.snapshot.facts.revision.clone(),
                order: Some(Box::new(order)),
            }),
            Err(aside) => page.unreadable.push(aside),
        }
    }
    let next = read.pagination.and_then(|p| p.next_token).filter(|t| !t.is_empty());
    let id = |entry: Option<&ListEntry>| entry.map_or("", |e| e.mall_order_id.as_str()).to_owned();
    let count = page.entries.len() + page.unreadable.len();
    let mark = format!("{}/{}/{count}", id(page.entries.first()), id(page.entries.last()));
    // A page that repeats the one before would repeat for ever (trap 2).
    let same = here.last == mark && !page.entries.is_empty();
    let repeats = same || next.as_ref().is_some_and(|token| *token == here.token);
    page.memo = match next {
        Some(token) if !repeats && count > 0 => {
            serde_json::to_string(&Place { token, last: mark, ..here.clone() }).ok()
        }
        _ => None,
    };
    Ok(page)
}

fn one(body: &Bytes, raw: &RawValue) -> Result<FetchedOrder, Unreadable> {
    let raw = body.slice_ref(raw.get().as_bytes());
    match read_order(&raw) {
        Ok(snapshot) => Ok(FetchedOrder { mall_order_id: snapshot.mall_order_id.clone(), raw, snapshot }),
        Err(misfit) => Err(Unreadable { mall_order_id: misfit.order, raw, what: misfit.what }),
    }
}

/// Where to go on: what the page said.
pub(super) fn next_page(page: &ListPage) -> Option<PageToken> {
    page.memo.clone().map(|token| PageToken { token, shifting: false })
}

#[derive(Deserialize)]
struct One<'a> {
    #[serde(borrow)]
    order: &'a RawValue,
}

/// Details, one call each. What a first order teaches serves the others.
pub(super) async fn fetch(session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
    let mut fetched = Fetched::default();
    let mut level = included(session.settings);
    let asked: BTreeSet<&MallOrderId> = ids.iter().collect();
    for id in asked {
        let mut answer = session.wire.send(get_request(id, level)).await?;
        if let Err(error) = gate::gate(&answer)
            && wants_less(&error, level)
        {
            level = NO_PERSONAL;
            answer = session.wire.send(get_request(id, level)).await?;
            // Learnt only when less was taken: a 403 on both has another cause.
            if gate::gate(&answer).is_ok() {
                fetched.learnt = vec![(INCLUDED_DATA.to_owned(), NO_PERSONAL.to_owned())];
            }
        }
        match gate::gate(&answer) {
            Ok(()) => take(&answer, id, &mut fetched)?,
            Err(error) if answer.status == 404 && error.kind == MallErrorKind::Refused => {
                fetched.missing.push(id.clone());
            }
            Err(error) => return Err(passing(error)),
        }
    }
    Ok(fetched)
}

fn get_request(id: &MallOrderId, level: &str) -> WireRequest {
    let mut request =
        WireRequest::get(operation::GET, &format!("{PATH}/{}", mall_api::wire::percent_encode(id.as_str())));
    request.query.push(("includedData".to_owned(), included_data(level).to_owned()));
    request
}

fn take(answer: &WireAnswer, id: &MallOrderId, fetched: &mut Fetched) -> Result<(), MallError> {
    let read: One<'_> = serde_json::from_slice(&answer.body).map_err(|_| unreadable("order"))?;
    match one(&answer.body, read.order) {
        Ok(order) if order.mall_order_id == *id => fetched.orders.push(order),
        // The answer to another question.
        Ok(_) => fetched.missing.push(id.clone()),
        Err(mut aside) => {
            aside.mall_order_id = Some(id.clone());
            fetched.unreadable.push(aside);
        }
    }
    Ok(())
}

/// The interval that an answer tells (8); best effort, only on 20x, 400 and 404.
pub(super) fn told_interval_ms(answer: &WireAnswer) -> Option<i64> {
    matches!(answer.status, 200..=299 | 400 | 404)
        .then(|| descriptor::interval_of_rate(answer.header("x-amzn-ratelimit-limit")?))
        .flatten()
}
