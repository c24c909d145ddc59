//! Is the access good? Participation, plan, and whether buyer data comes (amazon.md 2.1, 9).

use super::descriptor::{marketplace, operation};
use super::errors::{own, with};
use super::gate::{self, unreadable};
use super::node::{Misread, Node};
use super::search;
use domain::Reason;
use domain::time::{DAY, SECOND};
use mall_api::{CredentialCheck, MallError, MallErrorKind, Session, WireAnswer, WireRequest};
use serde_json::Value;

/// More than this between the clocks is said, milliseconds (9).
const SKEW: i64 = 60 * SECOND;

/// Asks with reads only.
pub(super) async fn check_credential(session: &Session<'_>) -> Result<CredentialCheck, MallError> {
    let mut check = CredentialCheck::default();
    let request = WireRequest::get(operation::PARTICIPATIONS, "/sellers/v1/marketplaceParticipations");
    let answer = session.wire.send(request).await?;
    check.remarks.extend(skew(&answer, session));
    let body = gate::json(&answer)?;
    let wanted = marketplace(session.settings);
    check.remarks.extend(participation(&body, wanted).map_err(|m| unreadable(&m.to_string()))?);
    check.remarks.extend(plan(session).await?);
    check.remarks.extend(personal_data(session).await?);
    Ok(check)
}

/// Nobody signs any more, so a wrong clock shows late and strangely: it is compared here (9).
fn skew(answer: &WireAnswer, session: &Session<'_>) -> Option<Reason> {
    let theirs = jiff::fmt::rfc2822::parse(answer.header("date")?).ok()?.timestamp().as_millisecond();
    let off = session.now.0.saturating_sub(theirs);
    (off.saturating_abs() > SKEW).then(|| with("AMAZON_CLOCK_SKEW", &format!("{}秒", off / SECOND)))
}

fn participation(body: &Value, wanted: &str) -> Result<Vec<Reason>, Misread> {
    let mut remarks = Vec::new();
    let mut found = false;
    for entry in Node::root(body).at("payload")?.list()? {
        if entry.down(&["marketplace", "id"])?.text()?.as_deref() != Some(wanted) {
            continue;
        }
        let part = entry.at("participation")?;
        found |= part.at("isParticipating")?.flag()?.unwrap_or(false);
        if part.at("hasSuspendedListings")?.flag()? == Some(true) {
            remarks.push(own("AMAZON_LISTINGS_SUSPENDED"));
        }
    }
    if !found {
        remarks.push(own("AMAZON_NOT_PARTICIPATING"));
    }
    Ok(remarks)
}

/// getAccount is not open to everybody (9): what it does not tell is a remark.
async fn plan(session: &Session<'_>) -> Result<Option<Reason>, MallError> {
    let answer = session.wire.send(WireRequest::get(operation::ACCOUNT, "/sellers/v1/account")).await?;
    let body = match gate::json(&answer) {
        Ok(body) => body,
        Err(error) if matches!(error.kind, MallErrorKind::NotAllowed | MallErrorKind::Refused) => {
            return Ok(Some(own("AMAZON_PLAN_NOT_TOLD")));
        }
        Err(error) => return Err(error),
    };
    let plan = Node::root(&body).down(&["payload", "sellingPlan"]).and_then(|n| n.text());
    Ok(match plan.ok().flatten().as_deref() {
        Some("PROFESSIONAL") => None,
        Some("INDIVIDUAL") => Some(own("AMAZON_INDIVIDUAL_PLAN")),
        _ => Some(own("AMAZON_PLAN_NOT_TOLD")),
    })
}

/// One order that is to be shipped: without a restricted role it comes without an address, or not at all (2.1).
async fn personal_data(session: &Session<'_>) -> Result<Option<Reason>, MallError> {
    let answer = session.wire.send(search::probe(session, session.now.plus(-30 * DAY))).await?;
    let body = match gate::json(&answer) {
        Ok(body) => body,
        Err(error) if error.kind == MallErrorKind::NotAllowed => return Ok(Some(*error.reason)),
        Err(error) if error.kind == MallErrorKind::Refused => return Ok(None),
        Err(error) => return Err(error),
    };
    let misread = |m: Misread| unreadable(&m.to_string());
    let orders = Node::root(&body).at("orders").and_then(|n| n.list()).map_err(misread)?;
    let Some(order) = orders.first() else { return Ok(None) };
    let line = order.down(&["recipient", "deliveryAddress", "addressLine1"]).and_then(|n| n.text());
    Ok(line.map_err(misread)?.is_none().then(|| own("AMAZON_NO_PERSONAL_DATA")))
}
