//! orderInfo (4.1): one order a call.

use super::fixtures::{ID, order_info};
use super::{Script, Yahoo, error, with, xml};
use mall_api::{Fetched, MallError, MallErrorKind, OrderSource, WireAnswer};

fn fetch(answers: Vec<WireAnswer>, ids: &[&str]) -> (Result<Fetched, MallError>, Script) {
    let script = Script::new(answers);
    let ids: Vec<_> = ids.iter().map(|id| (*id).into()).collect();
    let fetched = with(&script, &[("info_fields_dropped", "Jan")], async |s| Yahoo.fetch(s, &ids).await);
    (fetched, script)
}

#[test]
fn details_come_one_by_one_with_the_fields_inside_the_target() {
    assert_eq!(Yahoo.fetch_limit(), 1);
    let (fetched, script) =
        fetch(vec![xml(200, order_info(&[])), error(404, "od91801", "Not Exists")], &[ID, "gone-1"]);
    let fetched = fetched.unwrap();
    assert_eq!((fetched.orders.len(), fetched.missing.len(), fetched.unreadable.len()), (1, 1, 0));
    assert_eq!(fetched.missing[0].as_str(), "gone-1");
    let body = script.body(0);
    let start = format!("<Req><Target><OrderId>{ID}</OrderId><Field>OrderId,Version,");
    assert!(
        body.starts_with(&start) && body.ends_with("</Field></Target><SellerId>mihon-store</SellerId></Req>")
    );
    let fields: Vec<&str> =
        body.split("<Field>").nth(1).unwrap().split("</Field>").next().unwrap().split(',').collect();
    assert!(!fields.contains(&"Jan") && fields.contains(&"ItemOption") && fields.join(",").len() < 10_000);
    // The whole answer is the document, and reads again.
    let order = &fetched.orders[0];
    assert_eq!(Yahoo.read_document(&order.raw).unwrap(), order.snapshot);
}

#[test]
fn what_is_not_needed_is_never_asked_so_no_card_ever_comes() {
    let (_, script) = fetch(vec![xml(200, order_info(&[]))], &[ID]);
    let body = script.body(0);
    for secret in [
        "CardNumber",
        "CardHolderName",
        "CardExpire",
        "CardBirthDay",
        "CardBrand",
        "SettleId",
        "ConfirmNumber",
    ] {
        assert!(!body.contains(secret), "{secret}");
    }
}

#[test]
fn another_order_or_an_unreadable_one_is_never_taken_for_it() {
    let (fetched, _) = fetch(vec![xml(200, order_info(&[("OrderId", "mihon-store-2")]))], &[ID]);
    assert_eq!(fetched.unwrap().missing.len(), 1);
    let (fetched, _) = fetch(vec![xml(200, order_info(&[("Quantity", "two")]))], &[ID]);
    let unreadable = &fetched.unwrap().unreadable[0];
    assert_eq!(unreadable.mall_order_id.as_ref().unwrap().as_str(), ID);
    assert!(unreadable.what.contains("Item[0].Quantity") && !unreadable.what.contains("two"));
}

#[test]
fn other_failures_are_failures_of_the_call() {
    for (answer, kind) in [
        (error(500, "od91001", "m"), MallErrorKind::Unavailable),
        (error(401, "px-04102", "m"), MallErrorKind::Credential),
        (error(400, "od90101", "m"), MallErrorKind::Refused),
        (xml(200, "<ResultSet><Result><Status>NG</Status></Result></ResultSet>"), MallErrorKind::Unreadable),
        (xml(200, "<Other />"), MallErrorKind::Unreadable),
    ] {
        assert_eq!(fetch(vec![answer], &[ID]).0.unwrap_err().kind, kind);
    }
    let empty = "<ResultSet><Result><Status>OK</Status></Result></ResultSet>";
    assert_eq!(fetch(vec![xml(200, empty)], &[ID]).0.unwrap().unreadable.len(), 1);
}
