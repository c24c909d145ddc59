//! Status and payment changes, and the reading of every answer (5.4, 5.6, 6.2, 6.3, 9.2; F26, F27).

use super::fixtures::{ID, snapshot};
use super::{Script, Yahoo, body_of, error, now, raw, settings, with, xml};
use domain::StepId;
use domain::write::{Outcome, SendMode, Step, WriteKind};
use mall_api::{CallDraft, Decision, MallError, MallErrorKind, OrderWriter, Outgoing, WireAnswer};
use std::sync::Arc;

const PAID_SHIPPED: [(&str, &str); 2] = [("PayStatus", "1"), ("ShipStatus", "3")];

fn step(kind: WriteKind, target: &str) -> Step {
    let target = Some(target.to_owned());
    Step { step_id: StepId(1), kind, mall_order_id: ID.into(), parcel: None, target }
}

fn decide(kind: WriteKind, target: &str, order: &[(&str, &str)]) -> Decision {
    Yahoo.decide(&[step(kind, target)], &snapshot(order)).remove(0)
}

fn status(target: &str, order: &[(&str, &str)]) -> Result<Decision, String> {
    match decide(WriteKind::MallStatus, target, order) {
        Decision::Refuse { reason } => Err(format!("no: {}", reason.code)),
        Decision::NotNow { reason } => Err(format!("wait: {}", reason.code)),
        other => Ok(other),
    }
}

const SEND: Decision = Decision::Send(SendMode::Add);
const THERE: Decision = Decision::AlreadyThere { mall_ref: None };

#[test]
fn a_cancel_is_never_sent_by_itself() {
    for from in ["1", "2", "3", "5", "8"] {
        assert_eq!(status("4", &[("OrderStatus", from)]), Err("no: YAHOO_CANCEL_BY_PERSON".into()));
    }
    assert_eq!(status("4", &[("OrderStatus", "4")]), Ok(THERE));
}

#[test]
fn the_malls_own_table_of_moves_is_kept() {
    let ready = |from: &'static str| [PAID_SHIPPED[0], PAID_SHIPPED[1], ("OrderStatus", from)];
    for from in ["1", "2", "3", "5"] {
        for to in ["1", "2", "3", "5"] {
            let allowed =
                matches!((from, to), ("1", "5") | ("2", "3" | "5") | ("3", "1" | "2" | "5") | ("5", "2"));
            let expected = match (from == to, allowed) {
                (true, _) => Ok(THERE),
                (_, true) => Ok(SEND),
                _ => Err("no: YAHOO_NO_SUCH_MOVE".to_owned()),
            };
            assert_eq!(status(to, &ready(from)), expected, "{from} to {to}");
        }
    }
    assert_eq!(status("5", &ready("4")), Err("no: cancelled_at_mall".into()));
    assert_eq!(status("5", &ready("8")), Err("wait: mall_status_unknown".into()));
    for odd in ["0", "8", "", "x"] {
        assert_eq!(status(odd, &[]), Err("no: write_not_offered".into()));
    }
}

#[test]
fn completing_needs_payment_and_shipping_and_no_prank_mark() {
    assert_eq!(status("5", &PAID_SHIPPED), Ok(SEND));
    assert_eq!(status("5", &[("PayStatus", "0"), ("ShipStatus", "3")]), Err("wait: YAHOO_UNPAID".into()));
    assert_eq!(status("5", &[("ShipStatus", "2")]), Err("wait: YAHOO_NOT_SHIPPED".into()));
    let suspect =
        |from: &'static str| [PAID_SHIPPED[0], PAID_SHIPPED[1], ("Suspect", "1"), ("OrderStatus", from)];
    assert_eq!(status("5", &suspect("2")), Err("no: YAHOO_SUSPECT".into()));
    assert_eq!(status("2", &suspect("3")), Err("no: YAHOO_SUSPECT".into()));
    assert_eq!(status("3", &suspect("2")), Ok(SEND));
}

#[test]
fn held_and_fresh_orders_take_no_change_f21() {
    for kind in [WriteKind::MallStatus, WriteKind::PaymentStatus] {
        let target = if kind == WriteKind::MallStatus { "3" } else { "0" };
        let code = |order: &[(&str, &str)]| match decide(kind, target, order) {
            Decision::Refuse { reason } | Decision::NotNow { reason } => reason.code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(&[("FraudHoldStatus", "1")]), "od90166");
        assert_eq!(code(&[("IsReadOnly", "1")]), "mall_holds_order");
        assert_eq!(code(&[("ChildOrderId", "b,c")]), "YAHOO_SPLIT_PARENT");
    }
    assert!(matches!(decide(WriteKind::ConfirmOrder, "", &[]), Decision::Refuse { .. }));
}

#[test]
fn payments_are_set_where_the_mall_does_not_settle_them() {
    let pay = |target: &str, order: &[(&str, &str)]| decide(WriteKind::PaymentStatus, target, order);
    let bank = [("PayMethod", "payment_b1"), ("PayStatus", "0")];
    assert_eq!(pay("1", &bank), SEND);
    assert_eq!(pay("0", &bank), THERE);
    assert!(
        matches!(pay("1", &[("PayStatus", "0")]), Decision::Refuse { reason } if reason.code == "YAHOO_MALL_SETTLES")
    );
    assert!(matches!(pay("2", &bank), Decision::Refuse { reason } if reason.code == "write_not_offered"));
}

fn build(kind: WriteKind, target: &str, order: &[(&str, &str)], pairs: &[(&str, &str)]) -> CallDraft {
    let order = Some(Arc::new(snapshot(order)));
    let sent = Outgoing { step: step(kind, target), mode: SendMode::Add, order };
    Yahoo.build(kind, &[sent], &settings(pairs)).remove(0)
}

fn prepare(draft: CallDraft, at: &str) -> Result<CallDraft, MallError> {
    let script = Script::new([]);
    let prepared = with(&script, &[], async |session| {
        let later =
            mall_api::Session { wire: session.wire, settings: session.settings, now: super::time(at) };
        Yahoo.prepare(&later, draft).await
    });
    assert_eq!(script.asked().len(), 0);
    prepared
}

#[test]
fn points_are_fixed_by_a_completion_and_by_nothing_else() {
    let body = |target: &str| body_of(&build(WriteKind::MallStatus, target, &[], &[]).request);
    assert_eq!(
        body("5"),
        format!(
            "<Req><SellerId>mihon-store</SellerId><Target><OrderId>{ID}</OrderId><IsPointFix>true</IsPointFix></Target><Order><OrderStatus>5</OrderStatus></Order></Req>"
        )
    );
    assert!(body("3").contains("<IsPointFix>false</IsPointFix>"));
    assert_eq!(
        build(WriteKind::MallStatus, "5", &[], &[]).request.path,
        "/ShoppingWebService/V1/orderStatusChange"
    );
    assert!(Yahoo.build(WriteKind::ConfirmOrder, &[], &settings(&[])).is_empty());
}

#[test]
fn a_payment_gets_its_day_in_japan_when_it_is_sent() {
    let bank = [("PayMethod", "payment_b1"), ("PayStatus", "0")];
    let draft = prepare(build(WriteKind::PaymentStatus, "1", &bank, &[]), "2026-11-22T15:30:00Z").unwrap();
    let expected = format!(
        "<Req><SellerId>mihon-store</SellerId><Target><OrderId>{ID}</OrderId></Target><Order><Pay><PayStatus>1</PayStatus><PayDate>20261123</PayDate></Pay></Order></Req>"
    );
    assert_eq!(body_of(&draft.request), expected);
    assert_eq!(body_of(&prepare(draft, "2026-11-30 00:00").unwrap().request), expected, "once only");
    let back = prepare(build(WriteKind::PaymentStatus, "0", &[], &[]), "2026-11-22 12:00").unwrap();
    assert!(!body_of(&back.request).contains("PayDate"));
}

#[test]
fn a_completion_waits_for_the_shipping_change_to_settle() {
    // The order last changed at 09:20:00.
    let waits = |at: &str, pairs: &[(&str, &str)]| {
        prepare(build(WriteKind::MallStatus, "5", &PAID_SHIPPED, pairs), at)
    };
    let early = waits("2026-11-22 09:20:04", &[]).unwrap_err();
    assert_eq!(
        (early.kind, early.reason.code.as_str()),
        (MallErrorKind::RateLimited { retry_after_ms: Some(6_000) }, "YAHOO_PAUSE")
    );
    assert!(waits("2026-11-22 09:20:10", &[]).is_ok());
    assert!(waits("2026-11-22 09:20:10", &[("completion_pause_seconds", "60")]).is_err());
    assert!(waits("2026-11-22 09:20:04", &[("completion_pause_seconds", "0")]).is_ok());
    // A mall's clock that is ahead does not hold an order back for long.
    assert_eq!(
        waits("2026-11-22 09:19:55", &[]).unwrap_err().kind,
        MallErrorKind::RateLimited { retry_after_ms: Some(10_000) }
    );
    assert!(waits("2026-11-22 08:20:00", &[]).is_ok());
    let other = build(WriteKind::MallStatus, "3", &PAID_SHIPPED, &[]);
    assert!(prepare(other, "2026-11-22 09:20:04").is_ok());
}

fn read(answer: &WireAnswer) -> (Outcome, Option<MallErrorKind>) {
    read_at(answer, "2026-11-22 12:00")
}

fn read_at(answer: &WireAnswer, at: &str) -> (Outcome, Option<MallErrorKind>) {
    let draft = build(WriteKind::MallStatus, "5", &PAID_SHIPPED, &[]);
    let mut reading = Yahoo.read_answer(&draft, answer, super::time(at));
    assert_eq!(reading.outcomes.len(), 1);
    (reading.outcomes.remove(0).1, reading.failure.map(|f| f.kind))
}

fn ok(inside: &str) -> WireAnswer {
    xml(200, format!("<ResultSet ok=\"1\"><Result><Status>OK</Status>{inside}</Result></ResultSet>"))
}

#[test]
fn warnings_are_kept_with_their_details_and_the_change_was_done() {
    let warning = |code: &str| {
        format!(
            "<Warning><Code>{code}</Code><Message>m</Message><Detail><LineIds>1,2</LineIds></Detail></Warning>"
        )
    };
    let two = ok(&format!("{}{}", warning("od91130"), warning("od99999")));
    let Outcome::Applied { warnings, .. } = read(&two).0 else { panic!() };
    assert_eq!(
        warnings.iter().map(|w| w.code.as_str()).collect::<Vec<_>>(),
        ["od91130", "mall_code_unknown"]
    );
    assert_eq!(warnings[0].mall_text.as_deref(), Some("m LineIds=1,2"));
    assert!(matches!(read(&ok("<Warning />")).0, Outcome::Applied { warnings, .. } if warnings.is_empty()));
    // The same status again, said as a warning or as an error: already so.
    for answer in [ok(&warning("od91705")), error(400, "od91705", "m")] {
        assert!(matches!(read(&answer), (Outcome::Applied { warnings, .. }, None) if warnings.len() == 1));
    }
}

#[test]
fn refusals_are_refused_with_the_malls_words() {
    for (status, code, reason) in [
        (400, "od90166", "od90166"),
        (400, "od90101", "od90101"),
        (404, "od91801", "od91801"),
        (400, "od91150", "od91150"),
        (400, "od99999", "mall_code_unknown"),
        (200, "od90150", "od90150"),
    ] {
        let (outcome, failure) = read(&error(status, code, "言葉"));
        let Outcome::Rejected { reason: why } = outcome else { panic!("{outcome:?}") };
        assert_eq!((why.code.as_str(), why.mall_text.as_deref()), (reason, Some("言葉")));
        assert_eq!(failure, Some(MallErrorKind::Refused));
    }
}

#[test]
fn what_certainly_was_not_taken_waits_f26() {
    let page = raw(403, "text/html", "<html>Your Request was Forbidden</html>");
    let (outcome, failure) = read(&page);
    assert!(matches!(outcome, Outcome::Deferred { until: Some(until), .. } if until == now().plus(5_000)));
    assert!(matches!(failure, Some(MallErrorKind::RateLimited { .. })));
    for answer in [error(503, "ed-00002", "m"), error(401, "px-04102", "m"), error(403, "px-04306", "m")] {
        assert!(matches!(read(&answer).0, Outcome::Deferred { .. }));
    }
}

#[test]
fn a_fault_of_the_malls_side_or_a_strange_answer_is_unclear_never_failed_f27() {
    for answer in [
        error(500, "od91001", "m"),
        error(500, "od91133", "m"),
        error(502, "", ""),
        raw(200, "text/html", "<html>メンテナンス</html>"),
        raw(200, "text/html", "<html>login</html>"),
        raw(200, "application/xml", "<ResultSet><Result><Status>OK</Status>"),
        xml(200, "<ResultSet><Result /></ResultSet>"),
        xml(200, "<Result><Status>OK</Status></Result>"),
        xml(200, "<ResultSet><Result><Status>NG</Status></Result></ResultSet>"),
        error(200, "od99999", "m"),
    ] {
        assert!(matches!(read(&answer).0, Outcome::Unknown { .. }), "{answer:?}");
    }
}

#[test]
fn a_completion_refused_right_after_the_shipping_change_is_tried_again() {
    let odd = error(400, "od99999", "まだです");
    let (early, _) = read_at(&odd, "2026-11-22 09:20:15");
    assert!(matches!(early, Outcome::Deferred { until: Some(_), .. }));
    assert!(matches!(read_at(&odd, "2026-11-22 09:20:31").0, Outcome::Rejected { .. }));
    assert!(matches!(
        read_at(&error(400, "od90166", "m"), "2026-11-22 09:20:15").0,
        Outcome::Rejected { .. }
    ));
}

#[test]
fn a_draft_of_another_version_is_read_back() {
    let mut draft = build(WriteKind::MallStatus, "5", &PAID_SHIPPED, &[]);
    draft.format = 99;
    let reading = Yahoo.read_answer(&draft, &ok(""), now());
    assert!(matches!(reading.outcomes[0].1, Outcome::Unknown { .. }) && reading.failure.is_none());
    assert!(prepare(draft, "2026-11-22 09:20:04").is_ok());
}
