//! Shipments by file: document, call, receipt, result (4.1, 4.3, trap 10; F28–F30).

use super::fixtures::{ITEM_A, NUMBER, plain, plain_with};
use super::shipments::{body, holding, outgoing, parcel, step};
use super::{Amazon, Script, answer, now, query, raw_answer, refused, settings, snapshot, time, with, words};
use domain::write::{Outcome, SendMode, WriteKind};
use mall_api::charset::encode_shift_jis;
use mall_api::{CallDraft, MallError, MallErrorKind, Method, OrderWriter, Outgoing, PollReading, WireAnswer};
use serde_json::{Value, json};
use std::io::Write as _;

const B: &str = "250-0000002-0000002";
const URL: &str = "https://tortuga-prod-fe.s3-us-west-2.amazonaws.com/doc?X-Amz-Signature=abc";

fn batch() -> Vec<Outgoing> {
    let a = snapshot(&plain(NUMBER, "UNSHIPPED"));
    let cod = json!([{ "paymentMethod": "CashOnDelivery", "paymentAmount": { "amount": "2500", "currencyCode": "JPY" } }]);
    let mut b = plain_with("UNSHIPPED", &[("/payment/paymentExecutions", cod)]);
    b["orderId"] = json!(B);
    let b = snapshot(&b);
    vec![
        outgoing(step(1, NUMBER, holding(parcel(1, "111"), &[(ITEM_A, 1)])), SendMode::Add, &a),
        outgoing(step(2, NUMBER, holding(parcel(2, "222"), &[(ITEM_A, 1)])), SendMode::Add, &a),
        outgoing(step(3, B, parcel(3, "333")), SendMode::Add, &b),
    ]
}

fn build(sent: &[Outgoing], pairs: &[(&str, &str)]) -> Vec<CallDraft> {
    Amazon.build(WriteKind::ShipmentNotice, sent, &settings(pairs))
}

fn feed(pairs: &[(&str, &str)]) -> CallDraft {
    let mut all = pairs.to_vec();
    all.push(("feed_threshold", "3"));
    build(&batch(), &all).remove(0)
}

#[test]
fn many_parcels_go_by_one_file_and_few_by_calls() {
    let operations = |pairs: &[(&str, &str)]| -> Vec<String> {
        build(&batch(), pairs).into_iter().map(|d| d.request.operation).collect()
    };
    assert_eq!(operations(&[]), ["confirmShipment"; 3]);
    assert_eq!(operations(&[("feed_threshold", "3")]), ["createFeed"]);
    assert_eq!(operations(&[("feed_threshold", "0")]), ["confirmShipment"; 3]);
    assert_eq!(feed(&[]).items.len(), 3);
}

#[test]
fn a_blank_number_always_goes_by_file_and_a_correction_never_does() {
    let order = snapshot(&plain(NUMBER, "UNSHIPPED"));
    let blank = outgoing(step(1, NUMBER, parcel(1, "")), SendMode::Add, &order);
    let edit = outgoing(step(2, B, parcel(2, "9")), SendMode::Update { mall_ref: "2".into() }, &order);
    let drafts = build(&[blank, edit], &[("feed_threshold", "1")]);
    let operations: Vec<_> = drafts.iter().map(|d| d.request.operation.as_str()).collect();
    assert_eq!(operations, ["confirmShipment", "createFeed"]);
    assert_eq!(drafts[1].items, [domain::StepId(1)]);
}

fn prepare(draft: CallDraft, script: &Script, pairs: &[(&str, &str)]) -> Result<CallDraft, MallError> {
    with(script, pairs, async |s| Amazon.prepare(s, draft).await)
}

fn document() -> WireAnswer {
    answer(201, &json!({ "feedDocumentId": "doc-1", "url": URL }))
}

#[test]
fn the_document_is_filled_before_the_call_with_the_declared_charset_4_1() {
    let script = Script::new([document(), raw_answer(200, "", "")]);
    let draft = prepare(feed(&[]), &script, &[]).unwrap();
    assert_eq!(script.operations(), ["createFeedDocument", "uploadFeedDocument"]);
    assert_eq!(script.body(0), json!({ "contentType": "text/tab-separated-values; charset=UTF-8" }));
    let upload = &script.asked()[1];
    assert_eq!(
        (upload.method, upload.role.as_str(), upload.address.as_deref()),
        (Method::Put, "document", Some(URL))
    );
    assert_eq!(
        upload.headers,
        [("content-type".to_owned(), "text/tab-separated-values; charset=UTF-8".to_owned())]
    );
    assert_eq!(
        std::str::from_utf8(&upload.body).unwrap(),
        format!(
            "order-id\torder-item-id\tquantity\tship-date\tcarrier-code\tcarrier-name\ttracking-number\tship-method\tcod-collection-method\n\
             {NUMBER}\t{ITEM_A}\t1\t2026-11-22\tYAMATO\t\t111\t\t\n\
             {NUMBER}\t{ITEM_A}\t1\t2026-11-22\tYAMATO\t\t222\t\t\n\
             {B}\t\t\t2026-11-22\tYAMATO\t\t333\t\tDirectPayment\n"
        )
    );
    assert_eq!(
        body(&draft),
        json!({ "feedType": "POST_FLAT_FILE_FULFILLMENT_DATA", "marketplaceIds": ["A1VC38T7YXB528"], "inputFeedDocumentId": "doc-1" })
    );
    // Stored and read again by the next turn, it is the same call.
    let stored: CallDraft = serde_json::from_slice(&serde_json::to_vec(&draft).unwrap()).unwrap();
    assert_eq!(stored, draft);
}

#[test]
fn shift_jis_is_declared_as_such_and_what_it_cannot_hold_goes_as_utf_8_f52() {
    let upload = |carrier: &str| {
        let mut sent = batch();
        for sent in &mut sent {
            sent.step.parcel.as_mut().unwrap().carrier_code = carrier.to_owned();
        }
        let draft = build(&sent, &[("feed_threshold", "1"), ("file_charset", "shift_jis")]).remove(0);
        let script = Script::new([document(), raw_answer(200, "", "")]);
        prepare(draft, &script, &[]).unwrap();
        let upload = script.asked().remove(1);
        (upload.headers[0].1.clone(), upload.body)
    };
    let (declared, bytes) = upload("Other:髙橋運送");
    assert_eq!(declared, "text/tab-separated-values; charset=Shift_JIS");
    let name = encode_shift_jis("髙橋運送").unwrap();
    assert!(bytes.windows(name.len()).any(|part| part == name));
    let (declared, bytes) = upload("Other:🚚便");
    assert_eq!(declared, "text/tab-separated-values; charset=UTF-8");
    assert!(String::from_utf8(bytes).unwrap().contains("🚚便"));
}

#[test]
fn a_document_that_was_not_made_or_filled_leaves_the_steps_as_they_were() {
    for (answers, kind) in [
        (vec![refused(500, "InternalFailure", "", "")], MallErrorKind::Unavailable),
        (vec![answer(201, &json!({ "feedDocumentId": "x" }))], MallErrorKind::Unreadable),
        (
            vec![
                document(),
                raw_answer(403, "application/xml", "<Error><Code>SignatureDoesNotMatch</Code></Error>"),
            ],
            MallErrorKind::Unavailable,
        ),
        (vec![document()], MallErrorKind::Transport),
    ] {
        assert_eq!(prepare(feed(&[]), &Script::new(answers), &[]).unwrap_err().kind, kind);
    }
}

fn read(answer: &WireAnswer) -> (Vec<(i64, &'static str, String)>, Option<MallErrorKind>) {
    let reading = Amazon.read_answer(&feed(&[]), answer, now());
    (words(&reading.outcomes), reading.failure.map(|e| e.kind))
}

#[test]
fn an_accepted_feed_is_pending_under_its_id_and_an_unclear_answer_is_unclear_f28() {
    let (pending, _) = read(&answer(202, &json!({ "feedId": "f-1" })));
    assert_eq!(pending, [1, 2, 3].map(|id| (id, "pending", "f-1".to_owned())));
    for odd in [
        answer(202, &json!({})),
        raw_answer(202, "", ""),
        raw_answer(200, "text/html", "<html>"),
        refused(500, "", "", ""),
    ] {
        assert!(read(&odd).0.iter().all(|(_, word, _)| *word == "unknown"), "{odd:?}");
    }
    let (inactive, kind) = read(&refused(400, "InvalidInput", "Invalid request parameters", ""));
    assert_eq!(
        (inactive[0].1, inactive[0].2.as_str(), kind),
        ("deferred", "AMAZON_ACCOUNT_INACTIVE", Some(MallErrorKind::NotAllowed))
    );
    assert_eq!(read(&refused(429, "QuotaExceeded", "", "")).0[0].1, "deferred");
}

fn result(script: &Script) -> PollReading {
    with(script, &[], async |s| Amazon.result(s, &feed(&[]), "f/1").await)
}

fn status(status: &str, document: Option<&str>) -> WireAnswer {
    let mut feed = json!({ "feedId": "f-1", "feedType": "POST_FLAT_FILE_FULFILLMENT_DATA", "createdTime": "2026-11-22T02:00:00Z", "processingStatus": status });
    if let Some(document) = document {
        feed["resultFeedDocumentId"] = json!(document);
    }
    answer(200, &feed)
}

fn done(script: &Script) -> Vec<(i64, &'static str, String)> {
    match result(script) {
        PollReading::Done(outcomes) => words(&outcomes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_feed_under_way_is_not_yet_and_the_ends_without_a_report_are_told_apart_f29_f30() {
    for word in ["IN_QUEUE", "IN_PROGRESS", "SOMETHING_NEW"] {
        let script = Script::new([status(word, None)]);
        assert_eq!(result(&script), PollReading::NotYet);
        assert_eq!(script.asked()[0].path, "/feeds/2021-06-30/feeds/f%2F1");
    }
    let all = |script: Script, word: &str, code: &str| {
        assert!(done(&script).iter().all(|(_, w, c)| *w == word && c == code), "{word} {code}");
    };
    all(Script::new([status("CANCELLED", None)]), "deferred", "AMAZON_FEED_CANCELLED");
    all(Script::new([status("FATAL", Some("doc-2"))]), "unknown", "AMAZON_FEED_FATAL");
    all(Script::new([status("DONE", None)]), "unknown", "AMAZON_REPORT_UNCLEAR");
    assert_eq!(result(&Script::new([refused(404, "NotFound", "", "")])), PollReading::CannotAsk);
    let other = build(&batch(), &[]).remove(0);
    let script = Script::new([]);
    assert_eq!(with(&script, &[], async |s| Amazon.result(s, &other, "f").await), PollReading::CannotAsk);
}

fn report() -> String {
    format!(
        "Feed Processing Summary:\n\tNumber of records processed\t\t3\n\tNumber of records successful\t\t2\n\n\
         original-record-number\torder-id\torder-item-id\terror-code\terror-type\terror-message\n\
         2\t{NUMBER}\t{ITEM_A}\t18028\tError\tThe data you submitted is incomplete or invalid.\n"
    )
}

fn downloaded(document: &Value, body: Vec<u8>, content_type: &str) -> Script {
    Script::new([status("DONE", Some("doc-2")), answer(200, document), raw_answer(200, content_type, body)])
}

#[test]
fn done_is_not_success_the_report_is_read_row_by_row_4_4() {
    let plain = json!({ "feedDocumentId": "doc-2", "url": URL });
    let script = downloaded(&plain, report().into_bytes(), "text/plain");
    assert_eq!(
        done(&script),
        [(1, "applied", String::new()), (2, "rejected", "18028".into()), (3, "applied", String::new())]
    );
    assert_eq!(script.operations(), ["getFeed", "getFeedDocument", "downloadFeedDocument"]);
    let last = &script.asked()[2];
    assert_eq!(
        (last.role.as_str(), last.address.as_deref(), last.method),
        ("document", Some(URL), Method::Get)
    );
}

#[test]
fn a_packed_report_is_unpacked_and_one_that_cannot_be_is_asked_again() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(report().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let gzip = json!({ "feedDocumentId": "doc-2", "url": URL, "compressionAlgorithm": "GZIP" });
    assert_eq!(done(&downloaded(&gzip, packed.clone(), "x"))[1].1, "rejected");
    let failed = |script: &Script| match result(script) {
        PollReading::Failed(error) => error.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        failed(&downloaded(&gzip, packed[..packed.len() - 9].to_vec(), "x")),
        MallErrorKind::Unreadable
    );
    let odd = json!({ "url": URL, "compressionAlgorithm": "ZIP" });
    assert_eq!(failed(&downloaded(&odd, packed, "x")), MallErrorKind::Unreadable);
    let expired = Script::new([
        status("DONE", Some("d")),
        answer(200, &gzip),
        raw_answer(403, "application/xml", "<Error/>"),
    ]);
    assert_eq!(failed(&expired), MallErrorKind::Unavailable);
    assert_eq!(failed(&Script::new([refused(500, "", "", "")])), MallErrorKind::Unavailable);
    assert_eq!(failed(&Script::new([answer(200, &json!({}))])), MallErrorKind::Unreadable);
}

fn find(body: &Value) -> Result<Option<String>, MallError> {
    let script = Script::new([answer(200, body)]);
    let begun = time("2026-11-22T03:00:00Z");
    let found = with(&script, &[], async |s| Amazon.find_receipt(s, &feed(&[]), begun).await);
    let asked = &script.asked()[0];
    assert_eq!(
        (asked.operation.as_str(), query(asked, "feedTypes")),
        ("getFeeds", Some("POST_FLAT_FILE_FULFILLMENT_DATA"))
    );
    assert_eq!(query(asked, "createdSince"), Some("2026-11-22T02:58:00Z"));
    found
}

#[test]
fn a_lost_receipt_is_found_by_type_and_time_and_only_when_there_is_one_f28() {
    let feed = |id: &str, kind: &str, at: &str| json!({ "feedId": id, "feedType": kind, "createdTime": at, "processingStatus": "IN_QUEUE" });
    const KIND: &str = "POST_FLAT_FILE_FULFILLMENT_DATA";
    let ours = feed("f-1", KIND, "2026-11-22T03:00:20Z");
    assert_eq!(find(&json!({ "feeds": [ours] })).unwrap().as_deref(), Some("f-1"));
    let others = [
        feed("f-0", KIND, "2026-11-22T02:00:00Z"),
        feed("f-2", "JSON_LISTINGS_FEED", "2026-11-22T03:00:21Z"),
        feed("f-3", KIND, "2026-11-22T04:00:00Z"),
    ];
    let mut list = others.to_vec();
    assert_eq!(find(&json!({ "feeds": list })).unwrap(), None);
    list.push(ours.clone());
    assert_eq!(find(&json!({ "feeds": list })).unwrap().as_deref(), Some("f-1"));
    list.push(feed("f-4", KIND, "2026-11-22T03:00:50Z"));
    assert_eq!(find(&json!({ "feeds": list })).unwrap(), None);
    assert_eq!(find(&json!({ "feeds": [ours], "nextToken": "more" })).unwrap(), None);
    assert_eq!(find(&json!({ "feeds": {} })).unwrap_err().kind, MallErrorKind::Unreadable);
    let call = build(&batch(), &[]).remove(0);
    let script = Script::new([]);
    assert_eq!(with(&script, &[], async |s| Amazon.find_receipt(s, &call, now()).await).unwrap(), None);
}

#[test]
fn every_step_of_a_file_has_exactly_one_outcome() {
    let draft = feed(&[]);
    let reading = Amazon.read_answer(&draft, &answer(202, &json!({ "feedId": "f" })), now());
    let steps: Vec<_> = reading.outcomes.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, draft.items);
    assert!(reading.outcomes.iter().all(|(_, o)| matches!(o, Outcome::Pending { .. })));
}
