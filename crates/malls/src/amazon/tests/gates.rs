//! One test per kind of answer that is not what was asked for (8, 9; F05, F07, F08).

use super::{answer, raw_answer, refused, role_missing};
use crate::amazon::{descriptor, gate};
use domain::reason::Actor;
use mall_api::{MallErrorKind, WireAnswer};
use serde_json::json;

fn of(answer: &WireAnswer) -> (MallErrorKind, String) {
    let error = gate::gate(answer).unwrap_err();
    (error.kind, error.reason.code.clone())
}

const DENIED: &str = "Access to requested resource is denied.";

#[test]
fn the_four_mws_texts_have_their_equivalents_of_today_9() {
    // 小口出品: 403 without a reason, and what the plan says (see `access`).
    assert_eq!(of(&role_missing()), (MallErrorKind::NotAllowed, "AMAZON_FORBIDDEN".into()));
    // Internal Error.
    assert_eq!(
        of(&refused(500, "InternalFailure", "", "")),
        (MallErrorKind::Unavailable, "AMAZON_INTERNAL".into())
    );
    assert_eq!(
        of(&refused(503, "ServiceUnavailable", "", "")),
        (MallErrorKind::Unavailable, "AMAZON_UNAVAILABLE".into())
    );
    // The clock shows as a refused period.
    let skewed = refused(
        400,
        "InvalidInput",
        "The input you have submitted is not valid. Please check your input and try again.",
        "",
    );
    assert_eq!(of(&skewed), (MallErrorKind::Refused, "AMAZON_INVALID_INPUT".into()));
    // The yearly authorisation.
    let revoked = "The access token you provided is revoked, malformed or invalid.";
    assert_eq!(
        of(&refused(403, "Unauthorized", DENIED, revoked)),
        (MallErrorKind::Credential, "AMAZON_ACCESS_REVOKED".into())
    );
    for code in [
        "AMAZON_INDIVIDUAL_PLAN",
        "AMAZON_INTERNAL",
        "AMAZON_CLOCK_SKEW",
        "AMAZON_GRANT_LAPSED",
        "AMAZON_SECRET_EXPIRED",
    ] {
        let entry = descriptor::get().errors.iter().find(|e| e.code == code).unwrap();
        assert!(!entry.ja.is_empty() && !entry.remedy.is_empty(), "{code}");
    }
}

#[test]
fn an_expired_token_is_stale_and_nothing_else_is() {
    let expired = refused(403, "Unauthorized", DENIED, "The access token you provided has expired.");
    assert!(gate::is_stale(&expired) && gate::is_stale(&raw_answer(401, "", "")));
    assert_eq!(of(&expired), (MallErrorKind::Credential, "AMAZON_TOKEN_EXPIRED".into()));
    for other in [
        role_missing(),
        refused(
            403,
            "Unauthorized",
            DENIED,
            "The access token you provided is revoked, malformed or invalid.",
        ),
        refused(403, "Unauthorized", DENIED, "Access token is missing in the request header."),
        refused(400, "x", "The access token you provided has expired.", ""),
        answer(200, &json!({})),
    ] {
        assert!(!gate::is_stale(&other), "{other:?}");
    }
}

#[test]
fn each_status_has_its_meaning_with_the_malls_own_words_beside() {
    for (answer, kind, code) in [
        (
            refused(403, "Unauthorized", DENIED, "Access token is missing in the request header."),
            MallErrorKind::Credential,
            "AMAZON_TOKEN_MISSING",
        ),
        (
            refused(403, "InvalidSignature", "Signature expired: …", ""),
            MallErrorKind::NotAllowed,
            "AMAZON_SIGNATURE",
        ),
        (
            refused(
                400,
                "InvalidInput",
                "Application does not have access to one or more requested data elements: [buyerInfo]",
                "",
            ),
            MallErrorKind::NotAllowed,
            "AMAZON_FORBIDDEN",
        ),
        (
            refused(400, "InvalidInput", "Could not match input arguments", ""),
            MallErrorKind::Refused,
            "AMAZON_SANDBOX_MISMATCH",
        ),
        (
            refused(400, "InvalidInput", "We could not decode your NextToken.", ""),
            MallErrorKind::Refused,
            "AMAZON_PAGE_TOKEN",
        ),
        (refused(404, "NotFound", "x", ""), MallErrorKind::Refused, "AMAZON_NOT_FOUND"),
        (refused(413, "", "", ""), MallErrorKind::Refused, "AMAZON_TOO_LARGE"),
        (refused(415, "", "", ""), MallErrorKind::Refused, "AMAZON_CONTENT_TYPE"),
        (refused(405, "", "", ""), MallErrorKind::Refused, "AMAZON_WRONG_ADDRESS"),
    ] {
        assert_eq!(of(&answer), (kind, code.to_owned()));
    }
    let reason = gate::gate(&refused(404, "NotFound", "where?", "nowhere")).unwrap_err().reason;
    assert_eq!(
        (reason.mall_code.as_deref(), reason.mall_text.as_deref()),
        (Some("NotFound"), Some("where? / nowhere"))
    );
    assert_eq!(reason.actor, Actor::Staff);
}

#[test]
fn a_quota_obeys_retry_after_where_it_is_told_f08() {
    let mut limited =
        refused(429, "QuotaExceeded", "You exceeded your quota for the requested resource.", "");
    assert_eq!(of(&limited), (MallErrorKind::RateLimited { retry_after_ms: None }, "AMAZON_QUOTA".into()));
    limited.headers.push(("retry-after".to_owned(), "7".to_owned()));
    assert_eq!(of(&limited).0, MallErrorKind::RateLimited { retry_after_ms: Some(7_000) });
}

#[test]
fn pages_for_people_are_maintenance_or_unreadable_never_data_f05() {
    let page = |status, text: &str| raw_answer(status, "text/html", format!("<!DOCTYPE html><p>{text}</p>"));
    assert!(matches!(of(&page(200, "メンテナンス")).0, MallErrorKind::Maintenance { .. }));
    assert_eq!(of(&page(200, "login")).0, MallErrorKind::Unreadable);
    assert_eq!(of(&page(502, "Bad Gateway")).0, MallErrorKind::Unavailable);
    assert_eq!(of(&raw_answer(302, "", "")).0, MallErrorKind::Unreadable);
    assert_eq!(
        gate::json(&raw_answer(200, "application/json", "[1]")).unwrap_err().kind,
        MallErrorKind::Unreadable
    );
}
