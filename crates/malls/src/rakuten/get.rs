//! getOrder (rakuten.md 2.3): details of up to 100 orders, each read by itself.

use super::descriptor::{GETORDER_VERSION, operation};
use super::envelope::{Kind, Message, ask, messages, refusal, unreadable};
use super::mapping::read_order;
use super::wire_types;
use bytes::Bytes;
use domain::MallOrderId;
use mall_api::source::Unreadable;
use mall_api::{Fetched, FetchedOrder, MallError, Session};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// Most orders of one call.
pub(super) const LIMIT: usize = 100;
/// The newest version first; older ones lack fields (7 has SKU; 8 最強翌日配送; 9 置き配; 10 ソーシャルギフト).
const VERSIONS: [i64; 4] = [10, 9, 8, 7];

/// The answer, with each order as the exact slice of text the mall sent.
#[derive(Deserialize)]
struct GetAnswer<'a> {
    #[serde(rename = "OrderModelList", borrow, default)]
    orders: Field<Vec<&'a RawValue>>,
    #[serde(rename = "MessageModelList", default)]
    messages: super::leaf::List<wire_types::Message>,
}

/// Is the key there at all? An answer without it is cut or not an answer of getOrder.
#[derive(Default)]
enum Field<T> {
    #[default]
    Absent,
    Present(Option<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Field::Present)
    }
}

/// Details of the orders.
pub(super) async fn fetch(session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
    let mut fetched = Fetched::default();
    for part in ids.chunks(LIMIT) {
        fetch_part(session, part, &mut fetched).await?;
    }
    Ok(fetched)
}

async fn fetch_part(
    session: &Session<'_>,
    ids: &[MallOrderId],
    fetched: &mut Fetched,
) -> Result<(), MallError> {
    let learnt = fetched.learnt.iter().find(|(key, _)| key == GETORDER_VERSION);
    let first = learnt
        .and_then(|(_, version)| version.parse().ok())
        .unwrap_or_else(|| session.settings.int(GETORDER_VERSION, 10));
    let mut last_refusal = None;
    // A setting below the list is asked once as it is.
    let lower = VERSIONS.into_iter().filter(|version| *version < first);
    for version in std::iter::once(first).chain(lower) {
        let numbers: Vec<&str> = ids.iter().map(MallOrderId::as_str).collect();
        let body = json!({ "orderNumberList": numbers, "version": version });
        let (answer, content_type) = ask(session, operation::GET, &body).await?;
        let read: GetAnswer<'_> = serde_json::from_slice(&answer.body).map_err(|_| unreadable("JSON"))?;
        let messages = messages(read.messages)?;
        if let Some(error) = refusal(&messages) {
            if refuses_version(&messages) {
                last_refusal = Some(error);
                continue;
            }
            return Err(error);
        }
        if answer.status != 200 {
            return Err(unreadable("HTTP 400にエラーの説明がありません"));
        }
        let Field::Present(orders) = read.orders else { return Err(unreadable("OrderModelList")) };
        if version != first {
            fetched.learnt.push((GETORDER_VERSION.to_owned(), version.to_string()));
        }
        fetched.learnt.extend(content_type);
        take(&answer.body, orders.unwrap_or_default(), ids, fetched);
        return Ok(());
    }
    Err(last_refusal.unwrap_or_else(|| unreadable("version")))
}

/// Does the mall refuse the version itself? Only when it names it: a lower version hides fields, so nothing else
/// may lead there.
fn refuses_version(messages: &[Message]) -> bool {
    messages.iter().any(|m| {
        let text = m.text.to_ascii_lowercase();
        m.kind == Kind::Error
            && m.order.is_none()
            && (text.contains("version") || m.text.contains("バージョン"))
    })
}

/// Sorts what came into read, unreadable and missing. What came twice counts once; what nobody asked for is left
/// out; everything asked for that did not come is missing, whether the mall said so (INFO_102) or not (F04).
fn take(body: &Bytes, orders: Vec<&RawValue>, ids: &[MallOrderId], fetched: &mut Fetched) {
    let asked: BTreeSet<&MallOrderId> = ids.iter().collect();
    let mut seen: BTreeSet<MallOrderId> = BTreeSet::new();
    for order in orders {
        let raw = body.slice_ref(order.get().as_bytes());
        match read_order(&raw) {
            Ok(snapshot) => {
                let id = snapshot.mall_order_id.clone();
                if asked.contains(&id) && seen.insert(id.clone()) {
                    fetched.orders.push(FetchedOrder { mall_order_id: id, raw, snapshot });
                }
            }
            Err(misfit) => {
                if misfit.order.as_ref().is_none_or(|id| asked.contains(id) && seen.insert(id.clone())) {
                    let (mall_order_id, what) = (misfit.order, misfit.what);
                    fetched.unreadable.push(Unreadable { mall_order_id, raw, what });
                }
            }
        }
    }
    let missing = asked.into_iter().filter(|id| !seen.contains(*id)).cloned();
    fetched.missing.extend(missing);
}

/// A question for an order that cannot exist, to see whether the function is on.
pub(super) async fn probe(session: &Session<'_>) -> Result<(), MallError> {
    let version = session.settings.int(GETORDER_VERSION, 10);
    let body = json!({ "orderNumberList": ["000000-20000101-0000000000"], "version": version });
    ask(session, operation::GET, &body).await.map(|_| ())
}
