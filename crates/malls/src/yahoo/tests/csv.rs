//! 注文データ and 商品データ (11; IMP-10, FRD-1).

use super::{Yahoo, now, settings};
use domain::hold::Hold;
use domain::snapshot::MallStage;
use domain::{Given, Reason};
use mall_api::charset::encode_shift_jis;
use mall_api::files::{FileReading, InFile};
use mall_api::{Mall, OrderFiles, OrderSource};

const ORDERS: &str = "OrderId,OrderTime,OrderStatus,ShipLastName,ShipFirstName,ShipZipCode,ShipPrefecture,ShipCity,ShipAddress1,ShipPhoneNumber,PayMethod,SettleStatus,ShipCharge,TotalPrice,Total,BuyerComments,CardNumber,Id\r\n\
10000001,2026/11/22 9:05,2,髙橋,花子,0600001,北海道,札幌市架空区,見本町9,0110000000,payment_b1,4,500,1,3500,\"一行目\r\n\"\"二行目\"\"\",4111111111111111,mihon-store-10000001\r\n";
const ITEMS: &str = "OrderId,LineId,Quantity,ItemId,SubCode,Title,ItemOptionName,ItemOptionValue,InscriptionName,InscriptionValue,UnitPrice,Id\r\n\
10000001,1,2,tea,tea-blue,見本の茶葉,色,青,名入れ,見本,1500,mihon-store-10000001\r\n";

fn files() -> &'static dyn OrderFiles {
    static YAHOO: Yahoo = Yahoo;
    YAHOO.order_files().unwrap()
}

fn read_bytes(orders: &[u8], items: &[u8]) -> Result<FileReading, Reason> {
    let inputs = [
        ("orders", InFile { name: "order.csv", bytes: orders }),
        ("items", InFile { name: "item.csv", bytes: items }),
    ];
    files().read(&inputs, &settings(&[]), now())
}

fn read(orders: &str, items: &str) -> FileReading {
    read_bytes(orders.as_bytes(), items.as_bytes()).unwrap()
}

fn codes(reading: &FileReading) -> Vec<&str> {
    reading.remarks.iter().map(|r| r.code.as_str()).collect()
}

#[test]
fn two_files_become_orders_and_what_they_lack_is_not_given() {
    let reading = read(ORDERS, ITEMS);
    assert_eq!((reading.problems.len(), reading.orders.len()), (0, 1));
    let order = &reading.orders[0].snapshot;
    assert_eq!(order.mall_order_id.as_str(), "mihon-store-10000001");
    assert_eq!(order.ordered_at, super::time("2026-11-22 09:05"));
    assert_eq!(order.content.recipients[0].party.family_name.text(), "髙橋");
    assert_eq!(order.content.recipients[0].party.postal_code.text(), "060-0001");
    assert_eq!(order.content.recipients[0].party.address2, Given::NotGiven);
    assert_eq!(
        (order.content.buyer.family_name.clone(), order.content.kind.clone()),
        (Given::NotGiven, Given::NotGiven)
    );
    assert_eq!(
        order.content.amounts.requested.value().unwrap().as_yen(),
        Some(3_500),
        "Total, not TotalPrice"
    );
    assert!(domain::amount_check::check(&order.content).mismatches.is_empty());
    let line = &order.content.lines[0];
    assert_eq!((line.sku.text(), line.options.len(), line.quantity), ("tea:tea-blue", 2, 2));
    assert_eq!(order.content.buyer_note.text(), "一行目\r\n\"二行目\"");
    assert_eq!(order.facts.stage, MallStage::MallProcessing, "入金待ち");
}

#[test]
fn the_hold_of_a_csv_is_not_known_and_that_is_said_frd1() {
    let reading = read(ORDERS, ITEMS);
    assert_eq!(reading.orders[0].snapshot.facts.hold, Hold::NotKnown);
    assert_eq!(codes(&reading), ["YAHOO_CSV_HOLD"]);
}

#[test]
fn the_kept_document_reads_again_and_holds_no_card() {
    let order = &read(ORDERS, ITEMS).orders[0];
    assert_eq!(Yahoo.read_document(&order.raw).unwrap(), order.snapshot);
    assert!(!String::from_utf8(order.raw.to_vec()).unwrap().contains("4111"));
}

#[test]
fn every_charset_of_a_store_gives_the_same_orders_f52() {
    let plain = read(ORDERS, ITEMS);
    let marked = format!("\u{FEFF}{ORDERS}");
    assert_eq!(read(&marked, ITEMS), plain);
    let (orders, items) = (encode_shift_jis(ORDERS).unwrap(), encode_shift_jis(ITEMS).unwrap());
    assert_eq!(read_bytes(&orders, &items).unwrap(), plain);
    for broken in [&b"OrderId\r\n\x81\xff\xff"[..], b"\xEF\xBB\xBF\xff"] {
        assert_eq!(read_bytes(broken, &items).unwrap_err().code, "YAHOO_CSV_CHARSET");
    }
}

#[test]
fn files_are_told_apart_by_their_headings_in_any_order() {
    let kind = |text: &str| files().kind_of(InFile { name: "x", bytes: text.as_bytes() });
    assert_eq!((kind(ORDERS), kind(ITEMS)), (Some("orders"), Some("items")));
    assert_eq!(kind(" OrderStatus ,\"OrderId\"\r\n"), Some("orders"));
    for other in ["", "a,b\r\n", "OrderId\r\n", "LineId,ItemId\r\n"] {
        assert_eq!(kind(other), None, "{other}");
    }
}

#[test]
fn a_missing_column_is_named() {
    let without = ORDERS.replace("OrderStatus", "Status");
    let reason = read_bytes(without.as_bytes(), ITEMS.as_bytes()).unwrap_err();
    assert!(reason.code == "YAHOO_CSV_HEADING" && reason.ja.contains("order.csv（OrderStatus）"));
    let reading = read(&ORDERS.replace("ShipPhoneNumber", "Phone"), ITEMS);
    assert!(reading.orders.len() == 1 && reading.remarks[1].ja.contains("ShipPhoneNumber"));
    let one = [("orders", InFile { name: "order.csv", bytes: ORDERS.as_bytes() })];
    assert_eq!(files().read(&one, &settings(&[]), now()).unwrap_err().code, "YAHOO_CSV_HEADING");
}

#[test]
fn the_number_is_the_full_id_however_the_store_writes_it() {
    let no_id = ORDERS.replace(",Id\r", ",Other\r").replace(",mihon-store-10000001\r", ",x\r");
    assert_eq!(read(&no_id, ITEMS).orders[0].mall_order_id.as_str(), "mihon-store-10000001");
    let whole = no_id.replace("\n10000001,", "\nmihon-store-10000001,");
    assert_eq!(read(&whole, ITEMS).orders[0].mall_order_id.as_str(), "mihon-store-10000001");
}

#[test]
fn rows_that_do_not_fit_are_named_and_never_half_read() {
    let second = |orders: &str| format!("{ORDERS}{orders}");
    let what = |orders: &str, items: &str| -> Vec<(String, u64, String)> {
        let reading = read(orders, items);
        reading.problems.into_iter().map(|p| (p.file, p.line, p.what)).collect()
    };
    // The first order's note has two lines: the second row stands on the fourth.
    let lonely = second("10000002,2026-11-22,2,a,b,1,c,d,e,f,payment_a1,5,0,0,0,,,\r\n");
    assert_eq!(
        what(&lonely, ITEMS),
        [("order.csv".into(), 4, "商品データにこの注文の行がありません".into())]
    );
    assert_eq!(what(&second("10000002,x\r\n"), ITEMS)[0].2, "列の数が見出しと違います");
    let twice = second(ORDERS.split_once("\r\n").unwrap().1);
    assert_eq!(what(&twice, ITEMS)[0].2, "同じ注文番号の行が二つあります");
    let orphan = format!("{ITEMS}10000009,1,1,x,,t,,,,,1,\r\n");
    assert_eq!(
        what(ORDERS, &orphan),
        [("item.csv".into(), 3, "注文データにこの注文の行がありません".into())]
    );
    let torn = format!("{ITEMS}10000001,2\r\n");
    let reading = read(ORDERS, &torn);
    assert_eq!((reading.orders.len(), reading.problems.len()), (0, 2));
    let wrong = ITEMS.replace(",1,2,tea", ",1,two,tea");
    let reading = read(ORDERS, &wrong);
    assert!(reading.orders.is_empty() && reading.problems[0].what.contains("Quantity"));
    assert!(!reading.problems[0].what.contains("two"));
    assert!(what("OrderId,OrderTime,OrderStatus\r\n,,\r\n", "OrderId,LineId,ItemId,Quantity\r\n").is_empty());
}

#[test]
fn a_postal_code_of_six_digits_is_remarked_once() {
    let reading = read(&ORDERS.replace("0600001", "600001"), ITEMS);
    assert_eq!(codes(&reading), ["YAHOO_CSV_HOLD", "YAHOO_CSV_POSTCODE"]);
    assert_eq!(reading.orders[0].snapshot.content.recipients[0].party.postal_code.text(), "600001");
}
