//! Shipment notices by file: POST_FLAT_FILE_FULFILLMENT_DATA (amazon.md 4.1, 4.3). The document is filled before the
//! call is recorded; the call is createFeed; the result is a report, row by row.

use super::codes::CarrierCode;
use super::descriptor::{marketplace, operation};
use super::errors::own;
use super::gate::{self, unreadable};
use super::node::Node;
use super::settings::{FILE_CHARSET, SHIFT_JIS};
use super::text::{iso, parse_time};
use super::write::{FORMAT, all, is_cod, parcel, ship_method, unclear};
use super::{flat_file, report};
use domain::reason;
use domain::time::{MINUTE, SECOND};
use domain::write::{Outcome, WriteKind};
use domain::{StepId, UtcMillis};
use mall_api::outcome::of_mall_error;
use mall_api::{
    AnswerReading, CallDraft, MallError, MallErrorKind, Method, Outgoing, PollReading, Session, Settings,
    WireAnswer, WireRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Read as _;

/// The feed type.
pub(super) const FEED_TYPE: &str = "POST_FLAT_FILE_FULFILLMENT_DATA";
/// Most parcels of one file: far below 10 MiB (4.1).
pub(super) const MAX_STEPS: usize = 10_000;
/// A report larger than this is not read, unpacked, bytes.
pub(super) const MAX_REPORT: u64 = 16 * 1_024 * 1_024;
/// A feed may be dated this much before we began (clocks differ), milliseconds.
const EARLIER: i64 = 2 * MINUTE;
/// And this much after: the longest our call can have been under way.
const LATER: i64 = 3 * MINUTE;

/// One row of the file, without line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// The step it belongs to.
    pub(super) step: StepId,
    /// order-id.
    pub(super) order: String,
    /// The columns.
    pub(super) cells: Vec<String>,
}

/// What is remembered to fill the document and to read its report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memo {
    /// Rows in the order of the file.
    pub(super) rows: Vec<Row>,
    /// Write it in Shift_JIS, where it can be.
    shift_jis: bool,
}

impl Memo {
    /// Of a draft of this version, if it is one of ours.
    pub(super) fn of(draft: &CallDraft) -> Option<Self> {
        let ours = draft.format == FORMAT && draft.request.operation == operation::CREATE_FEED;
        ours.then(|| serde_json::from_value(draft.memo.clone()).ok()).flatten()
    }
}

/// A file of these parcels.
pub(super) fn draft(steps: &[&Outgoing], settings: &Settings) -> CallDraft {
    let rows = steps.iter().flat_map(|sent| rows_of(sent, settings)).collect();
    let memo = Memo { rows, shift_jis: settings.get(FILE_CHARSET) == Some(SHIFT_JIS) };
    let body = json!({ "feedType": FEED_TYPE, "marketplaceIds": [marketplace(settings)] });
    CallDraft {
        format: FORMAT,
        kind: WriteKind::ShipmentNotice,
        request: WireRequest::post_json(
            operation::CREATE_FEED,
            "/feeds/2021-06-30/feeds",
            "application/json",
            body.to_string().into_bytes(),
        ),
        items: steps.iter().map(|sent| sent.step.step_id).collect(),
        memo: serde_json::to_value(&memo).unwrap_or_default(),
    }
}

/// One row for the whole order, or one for each line of a parcel whose contents are said.
fn rows_of(sent: &Outgoing, settings: &Settings) -> Vec<Row> {
    let Some(wanted) = parcel(&sent.step) else { return Vec::new() };
    let carrier = CarrierCode::parse(&wanted.carrier_code);
    let shipment = flat_file::Shipment {
        order: sent.step.mall_order_id.as_str(),
        day: wanted.shipped_on,
        method: ship_method(&carrier, settings),
        carrier,
        tracking_number: &wanted.tracking_number,
        cash_on_delivery: is_cod(sent),
    };
    let row = |cells| Row { step: sent.step.step_id, order: shipment.order.to_owned(), cells };
    flat_file::rows(&shipment, &wanted.contents).into_iter().map(row).collect()
}

/// Makes a document, fills it, and names it in the call. Nothing of this touches an order.
pub(super) async fn prepare(
    session: &Session<'_>,
    mut draft: CallDraft,
    memo: &Memo,
) -> Result<CallDraft, MallError> {
    let text = flat_file::text(memo.rows.iter().map(|row| row.cells.as_slice()));
    let (bytes, content_type) = flat_file::bytes(&text, memo.shift_jis);
    let request = WireRequest::post_json(
        operation::CREATE_DOCUMENT,
        "/feeds/2021-06-30/documents",
        "application/json",
        json!({ "contentType": content_type }).to_string().into_bytes(),
    );
    let body = gate::json(&session.wire.send(request).await?)?;
    let text = |key: &str| Node::root(&body).at(key).and_then(|n| n.required());
    let (document, url) = text("feedDocumentId")
        .and_then(|document| Ok((document, text("url")?)))
        .map_err(|misread| unreadable(&misread.to_string()))?;
    let mut upload = WireRequest::at_address(operation::UPLOAD, "document", Method::Put, &url);
    // Exactly what was declared: it is part of the address's signature (4.1).
    upload.headers.push(("content-type".to_owned(), content_type.to_owned()));
    upload.body = bytes;
    let answer = session.wire.send(upload).await?;
    if !matches!(answer.status, 200..=299) {
        return Err(MallError::new(MallErrorKind::Unavailable, own("AMAZON_UPLOAD_FAILED")));
    }
    let mut call: Value = serde_json::from_slice(&draft.request.body).unwrap_or_default();
    if let Some(call) = call.as_object_mut() {
        call.insert("inputFeedDocumentId".to_owned(), json!(document));
    }
    draft.request.body = call.to_string().into_bytes();
    Ok(draft)
}

/// Reads the answer to createFeed: a receipt. A 400 to a good question means an inactive account (4.1).
pub(super) fn read_answer(draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading {
    if let Err(mut error) = gate::gate(answer) {
        if answer.status == 400 && error.reason.mall_text.as_deref().is_some_and(is_inactive) {
            let told = gate::first_error(answer).unwrap_or_default();
            let reason = super::errors::said("AMAZON_ACCOUNT_INACTIVE", &told.code, &told.text);
            error = MallError::new(MallErrorKind::NotAllowed, reason);
        }
        let outcome = of_mall_error(&error, now);
        return AnswerReading { outcomes: all(draft, &outcome), learnt: Vec::new(), failure: Some(error) };
    }
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let receipt = body.and_then(|b| Node::root(&b).at("feedId").and_then(|n| n.text()).ok().flatten());
    let outcome = match receipt {
        Some(receipt) => Outcome::Pending { receipt },
        None => unclear(reason::answer_unclear()),
    };
    AnswerReading { outcomes: all(draft, &outcome), ..AnswerReading::default() }
}

fn is_inactive(text: &str) -> bool {
    text.to_lowercase().contains("invalid request parameters")
}

/// Asks how far the feed is, and reads its report when it is done. DONE is not success (4.1).
pub(super) async fn result(
    session: &Session<'_>,
    draft: &CallDraft,
    memo: &Memo,
    receipt: &str,
) -> PollReading {
    ask(session, draft, memo, receipt).await.unwrap_or_else(PollReading::Failed)
}

async fn ask(
    session: &Session<'_>,
    draft: &CallDraft,
    memo: &Memo,
    receipt: &str,
) -> Result<PollReading, MallError> {
    let path = format!("/feeds/2021-06-30/feeds/{}", mall_api::wire::percent_encode(receipt));
    let answer = session.wire.send(WireRequest::get(operation::GET_FEED, &path)).await?;
    if answer.status == 404 {
        return Ok(PollReading::CannotAsk);
    }
    let feed = gate::json(&answer)?;
    let text = |key: &str| Node::root(&feed).at(key).and_then(|n| n.text());
    let misread = |m: super::node::Misread| unreadable(&m.to_string());
    let every = |outcome: Outcome| PollReading::Done(all(draft, &outcome));
    Ok(match text("processingStatus").map_err(misread)?.as_deref() {
        Some("DONE") => match text("resultFeedDocumentId").map_err(misread)? {
            Some(document) => {
                let found = download(session, &document).await?;
                let table = super::settings::report_texts(session.settings);
                PollReading::Done(report::read(&found, &memo.rows, &draft.items, &table))
            }
            None => every(unclear(own("AMAZON_REPORT_UNCLEAR"))),
        },
        // Before it began: nothing was done (4.1).
        Some("CANCELLED") => every(Outcome::Deferred { until: None, reason: own("AMAZON_FEED_CANCELLED") }),
        Some("FATAL") => every(unclear(own("AMAZON_FEED_FATAL"))),
        // IN_QUEUE, IN_PROGRESS, or a word this program does not know.
        Some(_) => PollReading::NotYet,
        None => return Err(unreadable("processingStatus")),
    })
}

/// The report as text.
async fn download(session: &Session<'_>, document: &str) -> Result<String, MallError> {
    let path = format!("/feeds/2021-06-30/documents/{}", mall_api::wire::percent_encode(document));
    let body = gate::json(&session.wire.send(WireRequest::get(operation::GET_DOCUMENT, &path)).await?)?;
    let root = Node::root(&body);
    let misread = |m: super::node::Misread| unreadable(&m.to_string());
    let url = root.at("url").and_then(|n| n.required()).map_err(misread)?;
    let packed = root.at("compressionAlgorithm").and_then(|n| n.text()).map_err(misread)?;
    let request = WireRequest::at_address(operation::DOWNLOAD, "document", Method::Get, &url);
    let answer = session.wire.send(request).await?;
    if answer.status != 200 {
        let status = answer.status;
        return Err(MallError::new(MallErrorKind::Unavailable, reason::mall_unavailable(status)));
    }
    let bytes = match packed.as_deref() {
        None => limited(answer.body.as_ref())?,
        Some("GZIP") => limited(flate2::read::MultiGzDecoder::new(answer.body.as_ref()))?,
        Some(_) => return Err(unreadable("compressionAlgorithm")),
    };
    Ok(flat_file::decode(&bytes, answer.header("content-type")))
}

/// Everything, but not more than a report can have: a small file may unpack to any size.
pub(super) fn limited(from: impl std::io::Read) -> Result<Vec<u8>, MallError> {
    let mut bytes = Vec::new();
    from.take(MAX_REPORT + 1).read_to_end(&mut bytes).map_err(|_| unreadable("処理レポートの圧縮"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_REPORT {
        return Err(unreadable("処理レポートの大きさ"));
    }
    Ok(bytes)
}

/// Looks for a feed whose creation was not answered: the one of our type and time. More than one, or none: nothing can
/// be said, and the orders are read back.
pub(super) async fn find_receipt(
    session: &Session<'_>,
    begun_at: UtcMillis,
) -> Result<Option<String>, MallError> {
    let (from, to) = (begun_at.plus(-EARLIER), begun_at.plus(LATER));
    let mut request = WireRequest::get(operation::GET_FEEDS, "/feeds/2021-06-30/feeds");
    let pairs = [
        ("feedTypes", FEED_TYPE.to_owned()),
        ("marketplaceIds", marketplace(session.settings).to_owned()),
        ("pageSize", "10".to_owned()),
        ("createdSince", iso(from)),
        ("createdUntil", iso(to.plus(SECOND))),
    ];
    request.query = pairs.map(|(k, v)| (k.to_owned(), v)).to_vec();
    let body = gate::json(&session.wire.send(request).await?)?;
    let misread = |m: super::node::Misread| unreadable(&m.to_string());
    let root = Node::root(&body);
    if root.at("nextToken").and_then(|n| n.text()).map_err(misread)?.is_some() {
        return Ok(None);
    }
    let mut candidates = Vec::new();
    for feed in root.at("feeds").and_then(|n| n.list()).map_err(misread)? {
        let text = |key: &str| feed.at(key).and_then(|n| n.text()).map_err(misread);
        let created = text("createdTime")?.as_deref().and_then(parse_time);
        let ours = text("feedType")?.as_deref() == Some(FEED_TYPE);
        if ours && created.is_some_and(|at| at >= from && at <= to) {
            candidates.extend(text("feedId")?);
        }
    }
    let only = if candidates.len() == 1 { candidates.pop() } else { None };
    Ok(only)
}
