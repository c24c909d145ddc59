//! orderList (yahoo.md 3): windows and pages. Held orders are always asked for (the mall hides them by default); a hold
//! that ends brings an order with an old 注文日時, so news are also searched by 公開日時 (3.4, 7).

use super::auth::{path, seller};
use super::descriptor::{MAX_AGE, MAX_WINDOW, READ_ONLY_MODE, operation};
use super::envelope::{open, status_of, unreadable};
use super::errors::own;
use super::fields;
use super::mapping::revision;
use super::text::write_time;
use super::values::Fields;
use super::xml::{Node, element, group};
use domain::time::{DAY, SECOND};
use domain::{MallOrderId, UtcMillis};
use mall_api::{
    ListEntry, ListPage, Look, MallError, MallErrorKind, PageToken, Period, Session, Settings, Window,
    WireRequest,
};

/// Most orders on a page (2).
pub(super) const PAGE_SIZE: i64 = 2_000;
/// A window by 注文日時.
pub(super) const ORDER_TIME: &str = "OrderTime";
/// A window by 公開日時.
pub(super) const PUBLICATION_TIME: &str = "PublicationTime";

fn second(time: UtcMillis) -> UtcMillis {
    UtcMillis(time.0.div_euclid(SECOND).saturating_mul(SECOND))
}

/// Cuts a period; neighbours share their boundary second. The end is kept near now.
fn cut(period: Period, basis: &str, statuses: &[String], now: UtcMillis) -> Vec<Window> {
    let end = second(period.to).min(second(now.plus(DAY)));
    let mut from = second(period.from).max(second(now.plus(-MAX_AGE)));
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

/// Windows by 注文日時, and for news by 公開日時 as well.
pub(super) fn windows(look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
    let mut list = cut(period, ORDER_TIME, statuses, now);
    if look == Look::News {
        list.extend(cut(period, PUBLICATION_TIME, statuses, now));
    }
    list
}

fn start_of(token: Option<&PageToken>) -> i64 {
    token.and_then(|t| t.token.parse().ok()).filter(|start| *start >= 1).unwrap_or(1)
}

/// A request to an order API with a body.
pub(super) fn post(operation: &str, body: &str) -> WireRequest {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}");
    WireRequest::post_json(operation, &path(operation), "application/xml; charset=utf-8", body.into_bytes())
}

/// The store account, or the refusal to ask without it.
pub(super) fn needed_seller(settings: &Settings) -> Result<&str, MallError> {
    seller(settings).ok_or_else(|| MallError::new(MallErrorKind::Refused, own("YAHOO_NO_SELLER")))
}

/// Only 1 to 5 can be asked for (3.1); a wish for any other status is met by asking for all: what is not fetched is
/// sorted out behind.
fn status_condition(statuses: &[String]) -> Option<String> {
    let askable = |code: &String| matches!(code.as_str(), "1" | "2" | "3" | "4" | "5");
    (!statuses.is_empty() && statuses.iter().all(askable)).then(|| statuses.join(","))
}

fn request(settings: &Settings, window: &Window, start: i64) -> Result<WireRequest, MallError> {
    let seller = needed_seller(settings)?;
    let basis = if window.basis == PUBLICATION_TIME { PUBLICATION_TIME } else { ORDER_TIME };
    let mode = if settings.get(READ_ONLY_MODE) == Some("2") { "2" } else { "0" };
    let mut condition = vec![
        element(&format!("{basis}From"), &write_time(window.from)),
        element(&format!("{basis}To"), &write_time(window.to)),
        element("FraudHoldDisplayType", "1"),
        element("ReadOnlyMode", mode),
    ];
    condition.extend(status_condition(&window.statuses).map(|codes| element("OrderStatus", &codes)));
    let search = [
        element("Result", &PAGE_SIZE.to_string()),
        element("Start", &start.to_string()),
        element("Sort", "+order_time"),
        group("Condition", &condition),
        element("Field", &fields::list(settings)),
    ];
    let body = group("Req", &[group("Search", &search), element("SellerId", seller)]);
    Ok(post(operation::LIST, &body))
}

/// One page.
pub(super) async fn list(
    session: &Session<'_>,
    window: &Window,
    token: Option<&PageToken>,
) -> Result<ListPage, MallError> {
    let start = start_of(token);
    let answer = session.wire.send(request(session.settings, window, start)?).await?;
    read_page(&open(&answer)?, start)
}

fn read_page(document: &Node<'_>, start: i64) -> Result<ListPage, MallError> {
    // The root is Result here and ResultSet everywhere else (10.6).
    if document.name != "Result" || status_of(document) != "OK" {
        return Err(unreadable("Status"));
    }
    let search = document.child("Search").ok_or_else(|| unreadable("Search"))?;
    let total: i64 = search.text_of("TotalCount").parse().map_err(|_| unreadable("TotalCount"))?;
    let mut entries = Vec::new();
    for info in search.all("OrderInfo") {
        // Behind the end stands one empty element (3.3).
        if info.children.is_empty() && info.text.is_empty() {
            continue;
        }
        let fields = Fields::of_list_row(info);
        let id = fields.text("OrderId").to_owned();
        if id.is_empty() {
            return Err(unreadable("OrderId"));
        }
        let revision = revision(&fields);
        entries.push(ListEntry { mall_order_id: MallOrderId(id), revision, order: None });
    }
    // A page that is shorter than its own total says is a cut answer (F04).
    let promised = total.saturating_sub(start - 1).clamp(0, PAGE_SIZE);
    if i64::try_from(entries.len()).unwrap_or(i64::MAX) < promised {
        return Err(unreadable("OrderInfoの件数"));
    }
    Ok(ListPage { entries, total: Some(total), ..ListPage::default() })
}

/// Where to go on; `None` = done. Orders move in and out between pages (3.3): the walk is marked as shifting.
pub(super) fn next_page(token: Option<&PageToken>, page: &ListPage) -> Option<PageToken> {
    let next = start_of(token).saturating_add(PAGE_SIZE);
    let more = !page.entries.is_empty() && page.total.is_some_and(|total| next <= total);
    more.then(|| PageToken { token: next.to_string(), shifting: true })
}
