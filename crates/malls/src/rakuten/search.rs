//! searchOrder (rakuten.md 2.2): windows and pages.
//!
//! Pages shift while orders come and go. So the next page is, as a rule, the first page again from the newest
//! 注文日時 read so far (keyset paging): nothing before that moment can be missed, and the orders of the boundary
//! second come twice. Only when that makes no progress is the next page number asked, and the walk marked as
//! shifting.

use super::descriptor::{MAX_AGE, MAX_WINDOW, operation};
use super::envelope::{ask, messages, refusal, unreadable};
use super::errors::own;
use super::text::write_datetime;
use super::wire_types::SearchAnswer;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use domain::{MallOrderId, UtcMillis};
use mall_api::{ListEntry, ListPage, MallError, MallErrorKind, PageToken, Period, Session, Window};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Most orders on a page (2.2).
pub(super) const PAGE_SIZE: i64 = 1_000;
/// Pages within the first 15,000 hits; the rest cannot be reached (2.2).
pub(super) const LAST_PAGE: i64 = 15;
/// The mall's clock may be a little ahead of ours when it checks the 730 days.
const AGE_MARGIN: i64 = 10 * MINUTE;
/// What windows count by: dateType 1, 注文日.
const BASIS: &str = "dateType=1";

/// Our page token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    from: i64,
    page: i64,
}

/// The whole second; orders have no finer time.
fn second(time: UtcMillis) -> UtcMillis {
    UtcMillis(time.0.div_euclid(SECOND).saturating_mul(SECOND))
}

fn oldest(now: UtcMillis) -> UtcMillis {
    second(now.plus(AGE_MARGIN - MAX_AGE)).plus(SECOND)
}

fn place(window: &Window, token: Option<&PageToken>) -> Place {
    token
        .and_then(|t| serde_json::from_str(&t.token).ok())
        .unwrap_or(Place { from: second(window.from).0, page: 1 })
}

/// Cuts a period. Neighbours share their boundary second: an order of it comes twice rather than not at all. The
/// end is kept near now, so that a far end does not ask the mall for years to come.
pub(super) fn windows(period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
    let end = second(period.to).min(second(now.plus(DAY)));
    let mut from = second(period.from).max(oldest(now));
    let mut list = Vec::new();
    while from <= end {
        let to = from.plus(MAX_WINDOW).min(end);
        list.push(Window { from, to, basis: BASIS.to_owned(), statuses: statuses.to_vec() });
        if to == end {
            break;
        }
        from = to;
    }
    list
}

/// One page. All statuses are asked unless the window names some: what is not fetched is sorted out behind, and a
/// status this version does not know is seen too.
pub(super) async fn list(
    session: &Session<'_>,
    window: &Window,
    token: Option<&PageToken>,
) -> Result<ListPage, MallError> {
    let place = place(window, token);
    if place.page > LAST_PAGE {
        return Err(MallError::new(MallErrorKind::Refused, own("RAKUTEN_TOO_MANY_HITS")));
    }
    let from = UtcMillis(place.from).max(oldest(session.now));
    if from > window.to {
        // The window has grown too old for the mall while it waited.
        return Ok(ListPage { total: Some(0), ..ListPage::default() });
    }
    let mut body = json!({
        "dateType": 1,
        "startDatetime": write_datetime(from),
        "endDatetime": write_datetime(window.to),
        "PaginationRequestModel": {
            "requestRecordsAmount": PAGE_SIZE,
            "requestPage": place.page,
            "SortModelList": [{ "sortColumn": 1, "sortDirection": 1 }],
        },
    });
    if !window.statuses.is_empty() {
        let codes: Result<Vec<i64>, _> = window.statuses.iter().map(|code| code.parse::<i64>()).collect();
        let codes = codes.map_err(|_| MallError::new(MallErrorKind::Refused, own("RAKUTEN_BAD_STATUS")))?;
        if let Some(body) = body.as_object_mut() {
            body.insert("orderProgressList".to_owned(), json!(codes));
        }
    }
    let (answer, _) = ask(session, operation::SEARCH, &body).await?;
    read_page(answer.status, &answer.body, place.page)
}

fn read_page(status: u16, body: &[u8], page: i64) -> Result<ListPage, MallError> {
    let answer: SearchAnswer = serde_json::from_slice(body).map_err(|_| unreadable("JSON"))?;
    let messages = messages(answer.messages)?;
    if let Some(error) = refusal(&messages) {
        return Err(error);
    }
    if status != 200 {
        return Err(unreadable("HTTP 400にエラーの説明がありません"));
    }
    let numbers = answer
        .order_number_list
        .elements("orderNumberList")
        .map_err(|misread| unreadable(&misread.to_string()))?;
    let total = match answer.pagination.optional("PaginationResponseModel") {
        Ok(None) => None,
        Ok(Some(p)) => p
            .total_records_amount
            .optional("totalRecordsAmount")
            .map_err(|misread| unreadable(&misread.to_string()))?,
        Err(misread) => return Err(unreadable(&misread.to_string())),
    };
    let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    // Zero hits come with null numbers and INFO_102 (2.2, measured). Without either it is a cut answer.
    if numbers.is_empty() && total != Some(0) && !messages.iter().any(|m| m.is("SEARCH_ORDER_INFO_102")) {
        return Err(unreadable("orderNumberList"));
    }
    // A page that is shorter than its own total says is a cut answer as well (F04).
    let promised = total.map_or(0, |total| total - (page - 1) * PAGE_SIZE).min(PAGE_SIZE);
    if count < promised {
        return Err(unreadable("orderNumberListの件数"));
    }
    if numbers.iter().any(String::is_empty) {
        return Err(unreadable("orderNumberList"));
    }
    let entry = |number| ListEntry { mall_order_id: MallOrderId(number), revision: None, order: None };
    Ok(ListPage { entries: numbers.into_iter().map(entry).collect(), total, ..ListPage::default() })
}

/// Where to go on; `None` = done.
pub(super) fn next_page(
    window: &Window,
    token: Option<&PageToken>,
    page: &ListPage,
    last_ordered_at: Option<UtcMillis>,
) -> Option<PageToken> {
    let here = place(window, token);
    let count = i64::try_from(page.entries.len()).unwrap_or(i64::MAX);
    let more = match page.total {
        Some(total) => total > (here.page - 1) * PAGE_SIZE + count,
        None => count >= PAGE_SIZE,
    };
    if !more || count == 0 {
        return None;
    }
    // A time outside the window is a fault of a document and must not carry the walk past other orders.
    let newest = last_ordered_at.map(second).filter(|t| t.0 > here.from && *t <= window.to);
    let (next, shifting) = match newest {
        Some(newest) => (Place { from: newest.0, page: 1 }, false),
        None => (Place { from: here.from, page: here.page + 1 }, true),
    };
    Some(PageToken { token: serde_json::to_string(&next).ok()?, shifting })
}

/// The smallest search there is, to see whether the function is on.
pub(super) async fn probe(session: &Session<'_>) -> Result<(), MallError> {
    let body = json!({
        "dateType": 1,
        "startDatetime": write_datetime(session.now.plus(-HOUR)),
        "endDatetime": write_datetime(session.now),
        "PaginationRequestModel": { "requestRecordsAmount": 1, "requestPage": 1 },
    });
    let (answer, _) = ask(session, operation::SEARCH, &body).await?;
    let read: SearchAnswer = serde_json::from_slice(&answer.body).map_err(|_| unreadable("JSON"))?;
    refusal(&messages(read.messages)?).map_or(Ok(()), Err)
}
