//! 出荷・印刷 as a browser sees it.

use crate::depot::{Depot, content, given, party};
use axum::http::StatusCode;
use domain::hold::Hold;
use domain::rights::Rights;
use domain::snapshot::{Content, TaxSummary};
use domain::{Amount, OrderSeq};
use serde_json::json;

async fn company(depot: &Depot) {
    let json = json!({ "name": "架空商店株式会社", "postal_code": "000-0000", "address": "東京都架空区見本町1",
        "phone": "03-0000-0000", "invoice_number": "T0000000000000" });
    depot.ledger.keep_value("company", &json.to_string()).await.unwrap();
}

/// A recipient that a label program takes.
fn shippable(mut content: Content) -> Content {
    let party = &mut content.recipients[0].party;
    party.prefecture = given("東京都");
    party.city = given("架空区");
    party.postal_code = given("100-0001");
    party.phone = given("03-0000-0000");
    content
}

fn b2(rows: &[(&str, &str)]) -> Vec<u8> {
    let mut text = "お客様管理番号,送り状種類,伝票番号,出荷予定日\r\n".to_owned();
    for (key, number) in rows {
        text.push_str(&format!("{key},0,{number},2026/11/22\r\n"));
    }
    encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
}

#[tokio::test]
async fn slips_show_the_malls_tax_and_a_gift_shows_no_price() {
    let depot = Depot::new().await;
    company(&depot).await;
    let mut plain = content();
    plain.tax = vec![TaxSummary {
        key: "8".to_owned(),
        rate_bp: 800,
        taxed: Amount::yen(2_160),
        tax: Amount::yen(159),
    }];
    let mut gift = plain.clone();
    gift.gift = true;
    gift.buyer_note = given("内緒の備考");
    let seqs = depot.import(vec![(plain, Hold::None), (gift, Hold::None)]).await;
    let page = depot.get(&format!("/shipping/print/slips?s={}", depot.ticket(&seqs[..1]))).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let text = page.text();
    assert!(text.contains("8%対象※ 2,160円（消費税 159円）"), "{text}");
    assert!(
        text.contains("登録番号 T0000000000000") && text.contains("煎茶 ※") && text.contains("見本 花子 様")
    );
    assert!(text.contains("class=\"barcode\""));
    let gift = depot.get(&format!("/shipping/print/slips?s={}", depot.ticket(&seqs[1..]))).await.text();
    let sheet = gift.split("<main").nth(1).unwrap();
    assert!(!sheet.contains("円") && !sheet.contains("内緒の備考") && sheet.contains("煎茶"), "{sheet}");
    let shown = format!("/shipping/print/slips?prices=show&s={}", depot.ticket(&seqs[1..]));
    assert!(depot.get(&shown).await.text().contains("2,160円"));
}

#[tokio::test]
async fn several_recipients_get_a_slip_each_and_prices_stay_with_the_buyer() {
    let depot = Depot::new().await;
    let mut several = content();
    let mut other = several.recipients[0].clone();
    other.key = "2".to_owned();
    other.party = party("例示", "太郎");
    several.recipients.push(other);
    let mut line = several.lines[0].clone();
    (line.key, line.recipient_key, line.title) = ("2".to_owned(), "2".to_owned(), given("玄米茶"));
    several.lines.push(line);
    let seqs = depot.import(vec![(several, Hold::None)]).await;
    let text = depot.get(&format!("/shipping/print/slips?s={}", depot.ticket(&seqs))).await.text();
    let slips: Vec<&str> = text.split("<section class=\"slip").skip(1).collect();
    assert_eq!(slips.len(), 2);
    assert!(slips[0].contains("見本 花子 様") && slips[0].contains("煎茶") && !slips[0].contains("玄米茶"));
    assert!(slips[1].contains("例示 太郎 様") && slips[1].contains("玄米茶") && !slips[1].contains('円'));
}

#[tokio::test]
async fn what_a_buyer_wrote_is_never_markup_on_a_slip_f50() {
    let depot = Depot::new().await;
    let evil = "<img src=x onerror=alert(1)>";
    let mut order = content();
    order.recipients[0].party.full_name = given(evil);
    order.buyer.full_name = given(evil);
    order.buyer_note = given(evil);
    order.lines[0].title = given(evil);
    let seqs = depot.import(vec![(order, Hold::None)]).await;
    for path in ["slips?paper=4up&", "slips?paper=a5&", "picking?"] {
        let text = depot.get(&format!("/shipping/print/{path}s={}", depot.ticket(&seqs))).await.text();
        assert!(!text.contains("<img"), "{path}");
        assert!(text.contains("&#60;img") || text.contains("&lt;img"), "{path}");
    }
}

#[tokio::test]
async fn papers_leave_out_what_does_not_go_out_and_say_so() {
    let depot = Depot::new().await;
    let mut fba = content();
    fba.fulfillment = domain::snapshot::Fulfillment::Fba;
    let held = Hold::Fraud { raw: "1".to_owned() };
    let seqs = depot
        .import(vec![(content(), Hold::None), (content(), held), (fba, Hold::None), (content(), Hold::None)])
        .await;
    let parent = Some(seqs[0]);
    let grouping = domain::order::Grouping::BundledChild;
    depot
        .ledger
        .set_grouping(seqs[3], grouping, parent, &domain::history::By::Cli, crate::depot::NOW)
        .await
        .unwrap();
    for path in ["slips", "picking"] {
        let text = depot.get(&format!("/shipping/print/{path}?s={}", depot.ticket(&seqs))).await.text();
        let (bar, sheet) = text.split_once("<main").unwrap();
        for (seq, why) in [(seqs[1], "不正利用"), (seqs[2], "FBA"), (seqs[3], "同梱の子")] {
            assert!(bar.contains(seq.order_no().as_str()) && bar.contains(why), "{path} {why}");
            assert!(!sheet.contains(seq.order_no().as_str()), "{path} {why}");
        }
        assert!(sheet.contains(seqs[0].order_no().as_str()));
    }
}

#[tokio::test]
async fn goods_are_summed_by_sku_for_picking() {
    let depot = Depot::new().await;
    let seqs = depot.plain(3).await;
    let text = depot.get("/shipping/print/picking?phase=awaiting_shipment").await.text();
    assert!(text.contains("<b>6</b>"), "three orders of two");
    for seq in seqs {
        assert!(text.contains(&format!("{}×2", seq.order_no())));
    }
}

#[tokio::test]
async fn only_a_yes_marks_as_printed_and_a_reprint_says_when() {
    let depot = Depot::new().await;
    let seqs = depot.plain(2).await;
    let page = depot.get("/shipping/print/slips?phase=awaiting_shipment&printed=no").await;
    assert!(!page.text().contains("再印刷"));
    assert_eq!(depot.row(seqs[0]).await.printed_at, None, "opening prints nothing");
    let ticket = page.hidden("s");
    let no = depot.post("/shipping/print/done", &[("s", &ticket), ("answer", "no")]).await;
    assert_eq!((no.status, depot.row(seqs[0]).await.printed_at), (StatusCode::SEE_OTHER, None));
    let yes = depot.post("/shipping/print/done", &[("s", &ticket), ("answer", "yes")]).await;
    assert_eq!(yes.status, StatusCode::SEE_OTHER);
    assert!(depot.row(seqs[0]).await.printed_at.is_some() && depot.row(seqs[1]).await.printed_at.is_some());
    let again = depot.get(&format!("/shipping/print/slips?s={ticket}")).await.text();
    assert!(again.contains("再印刷</b>（前回 2026/11/22 09:00）"), "{again}");
    let none = depot.get("/shipping/print/slips?phase=awaiting_shipment&printed=no").await.text();
    assert!(none.contains("印刷する受注はありません"));
    let toast = depot.get(yes.location()).await.text();
    let undo = toast.split("data-undo-url=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(depot.post(&undo, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(depot.row(seqs[0]).await.printed_at, None);
    let log = depot.ledger.actions(None, 5).await.unwrap();
    assert_eq!([&*log[0].action, &*log[1].action], ["printed.undo", "printed"]);
}

#[tokio::test]
async fn papers_and_files_need_their_rights_i11() {
    let depot = Depot::new().await;
    let seqs = depot.plain(1).await;
    let ticket = depot.ticket(&seqs);
    depot.sign_in(Rights { buyer_data: false, ..Rights::all() }).await;
    for path in ["print/slips", "print/picking", "labels"] {
        let page = depot.get(&format!("/shipping/{path}?s={ticket}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.text().contains("権限がありません") && !page.text().contains("見本"), "{path}");
    }
    depot.sign_in(Rights { export: false, ..Rights::all() }).await;
    let form = [("program", "b2_cloud"), ("s", ticket.as_str()), ("ship_on", "2026-11-22")];
    assert_eq!(depot.post("/shipping/labels/file", &form).await.status, StatusCode::FORBIDDEN);
    let other = domain::ShopId(depot.shop.shop_id.0 + 1);
    depot.sign_in(Rights { shops: Some(vec![other]), ..Rights::all() }).await;
    let page = depot.get(&format!("/shipping/print/slips?s={ticket}")).await.text();
    assert!(!page.contains(seqs[0].order_no().as_str()), "a ticket opens no shop");
    depot.post("/shipping/print/done", &[("s", &ticket), ("answer", "yes")]).await;
    assert_eq!(depot.row(seqs[0]).await.printed_at, None);
}

#[tokio::test]
async fn labels_hold_back_what_is_uncertain_and_export_the_rest() {
    let depot = Depot::new().await;
    company(&depot).await;
    let good = shippable(content());
    let mut odd = good.clone();
    odd.recipients[0].party.full_name = given("見本 𠀋😀");
    let mut awaited = good.clone();
    awaited.recipients[0].address_awaited = true;
    let mut pickup = good.clone();
    pickup.recipients[0].pickup_point = given("架空コンビニ見本店");
    let held = Hold::Fraud { raw: "1".to_owned() };
    let orders = vec![
        (good.clone(), Hold::None),
        (odd, Hold::None),
        (awaited, Hold::None),
        (pickup, Hold::None),
        (good, held),
    ];
    let seqs = depot.import(orders).await;
    let settings = carriers::LabelProgram::B2Cloud;
    let mut kept = carriers::LabelSettings::of(settings);
    // 請求先顧客コード and 運賃管理番号.
    kept.fixed.insert(40, "0000000000".to_owned());
    kept.fixed.insert(42, "01".to_owned());
    depot.ledger.keep_value("labels:b2_cloud", &serde_json::to_string(&kept).unwrap()).await.unwrap();
    let look = depot.get("/shipping/labels?program=b2_cloud").await;
    assert_eq!(look.status, StatusCode::OK, "{}", look.text());
    let text = look.text();
    for (seq, why) in [(seqs[1], "U+"), (seqs[2], "住所がまだ"), (seqs[3], "コンビニ"), (seqs[4], "不正利用")]
    {
        let row = text.split("<tr class=\"no\">").find(|r| r.contains(seq.order_no().as_str()));
        assert!(row.is_some_and(|r| r.contains(why)), "{why}: {text}");
    }
    let held: Vec<&str> = text
        .split("<tr class=\"no\">")
        .skip(1)
        .map(|r| r.split("</tr>").next().unwrap_or_default())
        .collect();
    let plain = seqs[0].order_no();
    assert!(held.iter().all(|row| !row.contains(plain.as_str())), "the plain one goes out: {held:?}");
    let ticket = look.hidden("s");
    let mut form =
        vec![("program", "b2_cloud"), ("s", ticket.as_str()), ("ship_on", "2026-11-22"), ("mark", "1")];
    let asked = seqs[0].0.to_string();
    if text.contains("name=\"sure\"") {
        form.push(("sure", &asked));
    }
    let file = depot.post("/shipping/labels/file", &form).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text());
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"b2cloud_20261122.csv\"; filename*=UTF-8''b2cloud_20261122.csv");
    let csv = encoding_rs::SHIFT_JIS.decode(&file.bytes).0.into_owned();
    assert!(csv.contains(seqs[0].order_no().as_str()) && !csv.contains(seqs[4].order_no().as_str()), "{csv}");
    let tags = depot.ledger.tags(&seqs).await.unwrap();
    assert_eq!(tags.keys().collect::<Vec<_>>(), [&seqs[0]]);
    assert_eq!(depot.ledger.actions(None, 1).await.unwrap()[0].action, "export.labels");
    assert!(!depot.get("/shipping/labels").await.text().contains("name=\"sure\""), "issued before");
}

#[tokio::test]
async fn a_carriers_file_enters_numbers_by_our_number_and_tells_the_rest() {
    let depot = Depot::new().await;
    let seqs = depot.plain(3).await;
    depot.parcel(seqs[1], "444413758703").await;
    let no = |seq: OrderSeq| seq.order_no().0;
    let mall = depot.row(seqs[2]).await.mall_order_id.0;
    let (a, b) = (no(seqs[0]), no(seqs[1]));
    let file = b2(&[
        (&a, "444413758703"),
        (&b, "444413758714"),
        (&mall, "444413758725"),
        ("C99999999", "444413758736"),
        (&a, "4.44E+11"),
    ]);
    let fields = [("carrier", ""), ("shipped_on", "2026-11-22"), ("day_from", "file"), ("pasted", "")];
    let look = depot.upload("/shipping/tracking/read", &fields, "\u{202e}<b>出荷</b>.csv", &file).await;
    assert_eq!(look.status, StatusCode::OK, "{}", look.text());
    let text = look.text();
    assert!(text.contains("B2クラウド · Shift_JIS") && !text.contains("<b>出荷"), "{text}");
    assert!(text.contains("6行目：") && text.contains("この番号の受注はありません"), "{text}");
    assert!(text.contains("別の配送番号が入っています（444413758703）"), "{text}");
    assert!(depot.parcels(seqs[0]).await.is_empty(), "looking stores nothing");
    let sealed = look.hidden("sealed");
    let done = depot.post("/shipping/tracking/enter", &[("sealed", &sealed)]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let entered = |n: &str| vec![(n.to_owned(), Some("yamato".to_owned()), Some("2026-11-22".to_owned()))];
    assert_eq!(depot.parcels(seqs[0]).await, entered("444413758703"));
    assert_eq!(depot.parcels(seqs[2]).await, entered("444413758725"), "by the mall's number");
    assert_eq!(depot.parcels(seqs[1]).await[0].0, "444413758703", "asked, not answered");
    assert!(done.text().contains(&format!("{b}\t444413758714")), "to be tried again");
    let sure = look.hidden("sure");
    let yes = depot.post("/shipping/tracking/enter", &[("sealed", &sealed), ("sure", &sure)]).await;
    assert_eq!(yes.status, StatusCode::OK);
    assert_eq!(depot.parcels(seqs[1]).await, entered("444413758714"));
    assert_eq!(depot.parcels(seqs[0]).await.len(), 1, "the same twice is once");
}

#[tokio::test]
async fn a_yes_counts_only_for_what_was_seen_and_only_for_its_person() {
    let depot = Depot::new().await;
    let seqs = depot.plain(1).await;
    depot.parcel(seqs[0], "444413758703").await;
    let key = seqs[0].order_no().0;
    let pasted = format!("{key}\t444413758714");
    let fields = [("pasted", pasted.as_str())];
    let look = depot.upload("/shipping/tracking/read", &fields, "", b"").await;
    let (sealed, sure) = (look.hidden("sealed"), look.hidden("sure"));
    let facts = depot.ledger.orders_for_rules(&seqs).await.unwrap().remove(0).facts;
    let change = store::orders::ParcelChange {
        parcel_id: Some(facts.parcels[0].parcel_id),
        tracking_number: "444413758725".to_owned(),
        ..Default::default()
    };
    let by = domain::history::By::Cli;
    depot.ledger.set_parcel(seqs[0], &change, &by, crate::depot::NOW).await.unwrap().unwrap();
    depot.post("/shipping/tracking/enter", &[("sealed", &sealed), ("sure", &sure)]).await;
    assert_eq!(depot.parcels(seqs[0]).await[0].0, "444413758725", "somebody changed it since the look");
    depot.sign_in(Rights::all()).await;
    let other = depot.post("/shipping/tracking/enter", &[("sealed", &sealed)]).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn every_part_of_the_menu_opens() {
    let depot = Depot::new().await;
    depot.plain(2).await;
    for path in [
        "/shipping",
        "/shipping/labels",
        "/shipping/labels?program=e_hiden3",
        "/shipping/labels/settings?program=yu_pri",
        "/shipping/tracking",
        "/shipping/files",
        "/payment",
    ] {
        let page = depot.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path} {}", page.text());
    }
    for path in ["/shipping/print/slips", "/shipping/print/slips?s=x", "/shipping/labels?program=dhl"] {
        assert_eq!(depot.get(path).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    assert_eq!(depot.get("/shipping/files/1").await.status, StatusCode::NOT_FOUND);
}
