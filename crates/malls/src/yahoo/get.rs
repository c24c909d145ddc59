//! orderInfo (yahoo.md 4): one order a call. The whole answer is the order's document.

use super::descriptor::operation;
use super::envelope::{open, status_of, unreadable};
use super::fields;
use super::mapping::read_order;
use super::search::{needed_seller, post};
use super::xml::{element, group};
use domain::MallOrderId;
use mall_api::source::Unreadable;
use mall_api::{Fetched, FetchedOrder, MallError, Session, Settings, WireAnswer, WireRequest};

/// Orders of one call.
pub(super) const LIMIT: usize = 1;
/// Order id unknown (9.2).
const NO_SUCH_ORDER: &str = "od91801";

fn request(settings: &Settings, id: &MallOrderId) -> Result<WireRequest, MallError> {
    let seller = needed_seller(settings)?;
    // Field stands inside Target (4.1).
    let target = [element("OrderId", id.as_str()), element("Field", &fields::info(settings))];
    let body = group("Req", &[group("Target", &target), element("SellerId", seller)]);
    Ok(post(operation::INFO, &body))
}

/// Details of the orders, one after the other.
pub(super) async fn fetch(session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
    let mut fetched = Fetched::default();
    for id in ids {
        let answer = session.wire.send(request(session.settings, id)?).await?;
        take(&answer, id, &mut fetched)?;
    }
    Ok(fetched)
}

fn take(answer: &WireAnswer, id: &MallOrderId, fetched: &mut Fetched) -> Result<(), MallError> {
    let document = match open(answer) {
        Ok(document) => document,
        Err(error) if error.reason.mall_code.as_deref() == Some(NO_SUCH_ORDER) => {
            fetched.missing.push(id.clone());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if document.name != "ResultSet" || status_of(&document) != "OK" {
        return Err(unreadable("Status"));
    }
    let raw = answer.body.clone();
    match read_order(&raw) {
        Ok(snapshot) if snapshot.mall_order_id == *id => {
            fetched.orders.push(FetchedOrder { mall_order_id: id.clone(), raw, snapshot });
        }
        // Another order than the one asked for.
        Ok(_) => fetched.missing.push(id.clone()),
        Err(misread) => fetched.unreadable.push(Unreadable {
            mall_order_id: Some(id.clone()),
            raw,
            what: misread.to_string(),
        }),
    }
    Ok(())
}
