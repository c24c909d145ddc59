//! Feeds 2021-06-30 and POST_FLAT_FILE_FULFILLMENT_DATA (document 4).

use std::io::Read as _;

use serde_json::{Value, json};

use crate::kit::{Client, DAY, JP, MINUTE, error, text};

const UTF8: &str = "text/tab-separated-values; charset=UTF-8";
const SJIS: &str = "text/tab-separated-values; charset=Shift_JIS";
const HEADER: &str = "order-id\torder-item-id\tquantity\tship-date\tcarrier-code\tcarrier-name\ttracking-number\tship-method\tcod-collection-method";

fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// A row for a whole order.
fn row(number: &str, tracking: &str) -> String {
    format!("{number}\t\t\t2026-11-02\tYAMATO\t\t{tracking}\t宅急便\t")
}

fn counts(report: &str) -> Vec<&str> {
    report.lines().skip(1).take(2).map(|l| l.rsplit('\t').next().unwrap()).collect()
}

/// Record number, code, type and message of every line of the table.
fn notes(report: &str) -> Vec<(String, String, String, String)> {
    let rows = report.lines().skip_while(|l| !l.starts_with("original-record-number")).skip(1);
    rows.map(|l| {
        let cells: Vec<&str> = l.split('\t').collect();
        (cells[0].to_owned(), cells[3].to_owned(), cells[4].to_owned(), cells[5].to_owned())
    })
    .collect()
}

#[test]
fn a_feed_goes_from_queue_to_done_and_ships() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let feed = c.feed(UTF8, file(&[row(&number, "000011112222")]).as_bytes());
    let target = format!("/feeds/2021-06-30/feeds/{feed}");
    assert_eq!(c.ok(&target)["processingStatus"], "IN_QUEUE");
    c.wait(30_000);
    assert_eq!(c.ok(&target)["processingStatus"], "IN_PROGRESS");
    assert!(c.sim.duplicates().is_empty() && c.sim.orders(c.now)[0].parcels == json!([]));
    let (done, report) = c.report(&feed);
    assert_eq!(done["processingStatus"], "DONE");
    assert_eq!(counts(&report), ["1", "1"]);
    assert!(!report.contains("original-record-number"), "no table when nothing failed");
    assert_eq!(c.status(&number), "SHIPPED");
    assert_eq!(c.order(&number)["packages"][0]["trackingNumber"], "000011112222");
}

#[test]
fn done_is_not_success_and_every_row_says_why_f29() {
    let mut c = Client::calm();
    let (good, cod, pending, fba) =
        (c.ready(&[]), c.ready(&["cod"]), c.add(json!({"traits":["cvs"]})).remove(0), c.ready(&["fba"]));
    let spare = c.ready(&["multi_quantity"]);
    let item = text(&c.order(&spare)["orderItems"][0]["orderItemId"]);
    let rows = [
        row(&good, "000000000001"),
        row("990-9999999-9999999", "000000000002"),
        format!("{cod}\t\t\t2009/06/15\tYAMATO\t\t1\t宅急便\tDirectPayment"),
        format!("{cod}\t\t\t2026-11-03\tYAMATO\t\t1\t宅急便\tDirectPayment"),
        format!("{cod}\t\t\t2026-11-02\t\t\t1\t宅急便\tDirectPayment"),
        format!("{cod}\t\t\t2026-11-02\tOther\t\t1\t宅急便\tDirectPayment"),
        row(&pending, "000000000003"),
        row(&fba, "000000000004"),
        format!("{spare}\t{item}\t9\t2026-11-02\tYAMATO\t\t5\t宅急便\t"),
        format!("{spare}\t000\t1\t2026-11-02\tYAMATO\t\t5\t宅急便\t"),
        format!("{good}\t\t\t2026-11-02\tYAMATO\t\t000000000001\t宅急便\t"),
        format!("{spare}\t{item}\t1\t2026-11-02\tOther\t架空運輸\t\t\t"),
    ];
    let feed = c.feed(UTF8, file(&rows).as_bytes());
    let (done, report) = c.report(&feed);
    assert_eq!(done["processingStatus"], "DONE");
    assert_eq!(counts(&report), ["12", "2"]);
    let notes = notes(&report);
    let short: Vec<(&str, &str, &str)> =
        notes.iter().map(|(n, c, t, _)| (n.as_str(), c.as_str(), t.as_str())).collect();
    assert_eq!(
        short,
        [
            ("2", "18028", "Error"),
            ("3", "99999", "Error"),
            ("4", "99999", "Error"),
            ("5", "99999", "Error"),
            ("6", "99999", "Error"),
            ("7", "99999", "Warning"),
            ("8", "18028", "Error"),
            ("9", "18021", "Error"),
            ("10", "18028", "Error"),
            ("11", "18021", "Error"),
            ("12", "99999", "Warning"),
        ]
    );
    assert!(notes[5].3.starts_with("Order cannot be fulfilled."), "a warning that did not go through");
    assert!(notes[10].3.starts_with("ship-methodの項目が"), "a warning that may be ignored");
    assert_eq!(c.status(&pending), "PENDING");
    assert_eq!(c.status(&spare), "PARTIALLY_SHIPPED");
    assert_eq!(c.order(&spare)["packages"][0].get("trackingNumber"), None, "untracked mail");
    assert_eq!((c.note("amazon_fba_notice"), c.note("amazon_repeated_notice")), (1, 1));
    assert!(c.sim.duplicates().is_empty());
}

#[test]
fn template_form_and_shift_jis_are_read() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let head = "TemplateType=OrderFulfillment\tVersion=2011.1102\tこの行はAmazonが使用しますので変更や削除しないでください。\n注文番号\t注文商品番号\t出荷数\t出荷日\n";
    let text = format!("{head}{HEADER}\n{number}\t\t\t2026-11-02\tOther\t架空運輸\t0001\t宅配便\t\n");
    let feed = c.feed(SJIS, &encoding_rs::SHIFT_JIS.encode(&text).0);
    assert_eq!(counts(&c.report(&feed).1), ["1", "1"]);
    assert_eq!(c.order(&number)["packages"][0]["carrier"], "架空運輸");
}

#[test]
fn a_wrong_charset_shows_wrong_letters_to_the_buyer() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    let text = format!("{HEADER}\n{number}\t\t\t2026-11-02\tOther\t架空運輸\t0001\t宅配便\t\n");
    let feed = c.feed(UTF8, &encoding_rs::SHIFT_JIS.encode(&text).0);
    assert_eq!(counts(&c.report(&feed).1), ["1", "1"]);
    assert_ne!(c.order(&number)["packages"][0]["carrier"], "架空運輸");
}

#[test]
fn a_heading_nobody_knows_is_warned_about_and_its_values_ignored() {
    let mut c = Client::calm();
    let number = c.ready(&[]);
    for bytes in [
        file(&[row(&number, "1")]).replace('\t', "\\t"),
        format!("\u{feff}{}", file(&[row(&number, "1")])),
        "<?xml version=\"1.0\"?>\n<AmazonEnvelope/>\n".to_owned(),
    ] {
        let feed = c.feed(UTF8, bytes.as_bytes());
        let (done, report) = c.report(&feed);
        assert_eq!(done["processingStatus"], "DONE");
        let first = notes(&report).remove(0);
        assert_eq!((first.0.as_str(), first.2.as_str()), ("0", "Warning"));
        assert!(first.3.contains("field heading is invalid, so values in this field were ignored"));
        assert_eq!(counts(&report)[1], "0");
    }
    assert_eq!(c.status(&number), "UNSHIPPED");
}

#[test]
fn lines_of_one_parcel_are_one_package_and_a_second_file_is_a_duplicate() {
    let mut c = Client::calm();
    let number = c.add(json!({"traits":[],"lines":3,"status":"UNSHIPPED"})).remove(0);
    let items: Vec<String> =
        c.order(&number)["orderItems"].as_array().unwrap().iter().map(|i| text(&i["orderItemId"])).collect();
    let line = |i: &str| format!("{number}\t{i}\t1\t2026-11-02\tYAMATO\t\t000011112222\t宅急便\t");
    let feed = c.feed(UTF8, file(&[line(&items[0]), line(&items[1])]).as_bytes());
    assert_eq!(counts(&c.report(&feed).1), ["2", "2"]);
    assert_eq!(c.order(&number)["packages"].as_array().unwrap().len(), 1);
    assert!(c.sim.duplicates().is_empty());
    let feed = c.feed(UTF8, file(&[line(&items[2])]).as_bytes());
    assert_eq!(counts(&c.report(&feed).1), ["1", "1"]);
    assert_eq!(c.sim.duplicates()[0].count, 2, "the buyer hears of the same parcel twice");
}

#[test]
fn an_upload_needs_its_content_type_its_time_and_no_token() {
    let mut c = Client::calm();
    let made = c.post("/feeds/2021-06-30/documents", &json!({"contentType": UTF8})).value();
    let url = text(&made["url"]);
    assert!(c.storage("PUT", &url, Some(SJIS), b"x").status == 403, "another charset");
    let wrong = c.storage("PUT", &url, Some("text/tab-separated-values;charset=UTF-8"), b"x");
    assert!(String::from_utf8_lossy(&wrong.body).contains("SignatureDoesNotMatch"), "a space counts");
    let target = url.strip_prefix("http://mallsim.invalid").unwrap().to_owned();
    let token = c.request("PUT", &target).header("Content-Type", UTF8).body("x");
    assert_eq!(c.send(&token).status, 403);
    assert_eq!(c.storage("GET", &url, None, b"").status, 403, "signed for PUT");
    assert_eq!(c.storage("PUT", &format!("{url}x"), Some(UTF8), b"x").status, 403);
    assert_eq!(c.storage("PUT", &url, Some(UTF8), b"x").status, 200);
    c.wait(5 * MINUTE);
    assert_eq!(c.storage("PUT", &url, Some(UTF8), b"x").status, 403, "five minutes");
    let send = |c: &mut Client, document: &Value| {
        c.post("/feeds/2021-06-30/feeds", &json!({"feedType":"POST_FLAT_FILE_FULFILLMENT_DATA","marketplaceIds":[JP],"inputFeedDocumentId":document})).status
    };
    assert_eq!(send(&mut c, &made["feedDocumentId"]), 202);
    c.wait(2 * DAY);
    c.login();
    assert_eq!(send(&mut c, &made["feedDocumentId"]), 400, "two days");
    assert_eq!(send(&mut c, &json!("amzn1.nothing")), 400);
}

#[test]
fn feeds_end_fatal_or_cancelled_when_asked() {
    let mut c = Client::calm();
    let numbers: Vec<String> = (0..4).map(|_| c.ready(&[])).collect();
    let rows: Vec<String> = numbers.iter().enumerate().map(|(n, o)| row(o, &format!("00{n}"))).collect();
    let bytes = file(&rows);
    for (end, state, shipped) in [
        ("cancelled", "CANCELLED", 0),
        ("fatal", "FATAL", 0),
        ("fatal_half", "FATAL", 2),
        ("done", "DONE", 4),
    ] {
        c.switch(json!({ "feeds": end }));
        let feed = c.feed(UTF8, bytes.as_bytes());
        let (done, report) = c.report(&feed);
        assert_eq!(done["processingStatus"], state);
        assert_eq!(report.is_empty(), state != "DONE");
        c.login();
        assert_eq!(numbers.iter().filter(|n| c.status(n) == "SHIPPED").count(), shipped, "{end}");
    }
    let queued = c.feed(UTF8, bytes.as_bytes());
    let cancel = c.request("DELETE", &format!("/feeds/2021-06-30/feeds/{queued}"));
    assert_eq!(c.send(&cancel).status, 200);
    assert_eq!(c.report(&queued).0["processingStatus"], "CANCELLED");
    assert_eq!(c.send(&cancel).status, 400, "only while IN_QUEUE");
}

#[test]
fn a_document_never_uploaded_ends_fatal() {
    let mut c = Client::calm();
    let made = c.post("/feeds/2021-06-30/documents", &json!({"contentType": UTF8})).value();
    let sent = c.post("/feeds/2021-06-30/feeds", &json!({"feedType":"POST_FLAT_FILE_FULFILLMENT_DATA","marketplaceIds":[JP],"inputFeedDocumentId":made["feedDocumentId"]}));
    let (done, _) = c.report(&text(&sent.value()["feedId"]));
    assert_eq!(done["processingStatus"], "FATAL");
}

#[test]
fn reports_may_be_compressed_and_japanese() {
    let mut c = Client::calm();
    c.set(json!({"amazon":{"report_gzip":true,"report_utf8":true,"report_japanese":true}}));
    let feed = c.feed(UTF8, file(&[row("990-0000000-0000000", "1")]).as_bytes());
    c.wait(5 * MINUTE);
    let done = c.ok(&format!("/feeds/2021-06-30/feeds/{feed}"));
    let id = text(&done["resultFeedDocumentId"]);
    for named in [false, true] {
        let document =
            c.ok(&format!("/feeds/2021-06-30/documents/{id}?enableContentEncodingUrlHeader={named}"));
        assert_eq!(document["compressionAlgorithm"], "GZIP");
        let reply = c.storage("GET", &text(&document["url"]), None, b"");
        assert_eq!(reply.find_header("Content-Encoding"), named.then_some("gzip"));
        let mut report = String::new();
        flate2::read::GzDecoder::new(&reply.body[..]).read_to_string(&mut report).unwrap();
        assert!(report.contains("エラー") && report.contains("original-record-number"), "{report}");
    }
}

#[test]
fn feeds_are_listed_newest_first_and_the_token_comes_alone() {
    let mut c = Client::calm();
    let sent: Vec<String> = (0..5)
        .map(|_| {
            c.wait(1_000);
            c.feed(UTF8, file(&[]).as_bytes())
        })
        .collect();
    let ids =
        |v: &Value| v["feeds"].as_array().unwrap().iter().map(|f| text(&f["feedId"])).collect::<Vec<_>>();
    let kind = "feedTypes=POST_FLAT_FILE_FULFILLMENT_DATA";
    let first = c.ok(&format!("/feeds/2021-06-30/feeds?{kind}&pageSize=3"));
    let token = text(&first["nextToken"]);
    let second = c.ok(&format!("/feeds/2021-06-30/feeds?nextToken={token}"));
    assert_eq!(second.get("nextToken"), None);
    let mut all = ids(&first);
    all.extend(ids(&second));
    all.reverse();
    assert_eq!(all, sent);
    assert_eq!(c.get(&format!("/feeds/2021-06-30/feeds?{kind}&nextToken={token}")).status, 400);
    assert_eq!(error(&c.get("/feeds/2021-06-30/feeds")).1, "InvalidInput");
    assert!(ids(&c.ok(&format!("/feeds/2021-06-30/feeds?{kind}&processingStatuses=DONE,FATAL"))).is_empty());
    c.shop = 1;
    c.login();
    assert_eq!(c.get(&format!("/feeds/2021-06-30/feeds/{}", sent[0])).status, 404, "another seller's");
}
