//! 注文レポート and the shipment file (5, 4.3; IMP-11, F52).

use super::shipments::{holding, parcel};
use super::{Amazon, now, settings, time};
use domain::hold::Hold;
use domain::snapshot::MallStage;
use domain::write::WantedParcel;
use domain::{Amount, Given, Reason};
use mall_api::charset::encode_shift_jis;
use mall_api::files::{FileReading, FileShipment, InFile};
use mall_api::{Mall as _, OrderFiles, OrderSource, ShipmentFiles};

const HEAD: &str = "order-id\torder-item-id\tpurchase-date\tpayments-date\tbuyer-email\tbuyer-name\tbuyer-phone-number\tsku\tproduct-name\tquantity-purchased\tcurrency\titem-price\titem-tax\tshipping-price\tshipping-tax\tship-service-level\trecipient-name\tship-address-1\tship-address-2\tship-address-3\tship-city\tship-state\tship-postal-code\tship-country\tship-phone-number\tpayment-method\tcod-collectible-amount\talready-paid\tpayment-method-fee\tis-prime\tdelivery-Instructions";

fn row(order: &str, item: &str, quantity: &str, price: &str, cod: &str) -> String {
    format!(
        "{order}\t{item}\t2026-11-21T15:30:00+00:00\t2026-11-21T15:31:00+00:00\tx@marketplace.amazon.co.jp\t試験 一郎\t03-0000-0001\tTEA\t見本の茶葉①\t{quantity}\tJPY\t{price}\t0.00\t500.00\t0.00\tStandard\t髙橋 花子\t札幌市架空区1\t\t\t\t北海道\t0600001\tJP\t011-000-0000\t{cod}\ttrue\t玄関前"
    )
}

const A: &str = "250-0000001-0000001";
const B: &str = "503-0000002-0000002";

fn file() -> String {
    let cod = "COD\t1180.00\t327.00\t330.00";
    format!(
        "{HEAD}\r\n{}\r\n{}\r\n{}\r\n",
        row(A, "00000000000001", "2", "2000.00", "Other\t\t\t"),
        row(B, "00000000000003", "1", "677.00", cod),
        row(A, "00000000000002", "3", "1000.00", "Other\t\t\t"),
    )
}

fn read(bytes: &[u8]) -> Result<FileReading, Reason> {
    Amazon.read(&[("orders", InFile { name: "report.txt", bytes })], &settings(&[]), now())
}

#[test]
fn rows_of_one_order_are_joined_and_all_amounts_are_totals() {
    let reading = read(file().as_bytes()).unwrap();
    assert_eq!((reading.orders.len(), reading.problems.len(), reading.remarks.len()), (2, 0, 0));
    let a = &reading.orders[0].snapshot;
    assert_eq!((a.mall_order_id.as_str(), a.ordered_at), (A, time("2026-11-21T15:30:00Z")));
    assert_eq!(a.content.lines.len(), 2);
    assert_eq!(a.content.lines[0].unit_price, Given::Value(Amount::yen(1_000)));
    // 1000 ÷ 3 is no price: only the sum is kept.
    assert_eq!(a.content.lines[1].unit_price, Given::NotGiven);
    assert_eq!(a.content.amounts.goods, Given::Value(Amount::yen(3_000)));
    assert_eq!(a.content.amounts.postage, Given::Value(Amount::yen(1_000)));
    assert_eq!(a.content.amounts.requested, Given::NotGiven);
    assert_eq!((a.facts.stage, &a.facts.hold), (MallStage::Shippable, &Hold::NotKnown));
    assert_eq!(a.content.payment.paid_on.value().unwrap().to_string(), "2026-11-22");
    assert_eq!(a.content.recipients[0].party.postal_code.text(), "060-0001");
    assert_eq!(a.content.recipients[0].party.full_name.text(), "髙橋 花子");
    assert_eq!(
        (a.content.buyer_note.text(), &a.content.delivery.promises[..]),
        ("玄関前", &["PRIME".to_owned()][..])
    );
    let b = &reading.orders[1].snapshot.content;
    assert!(b.payment.cash_on_delivery);
    assert_eq!(b.payment.collect_amount, Given::Value(Amount::yen(1_180)));
    assert_eq!(
        (b.amounts.cod_fee.clone(), b.payment.terms.text()),
        (Given::Value(Amount::yen(330)), "支払い済み 327円")
    );
}

#[test]
fn the_charset_is_found_and_every_form_reads_alike_f52() {
    let plain = read(file().as_bytes()).unwrap();
    let with_mark = format!("\u{feff}{}", file());
    for bytes in [with_mark.into_bytes(), encode_shift_jis(&file()).unwrap()] {
        assert_eq!(read(&bytes).unwrap(), plain);
        assert_eq!(Amazon.kind_of(InFile { name: "x", bytes: &bytes }), Some("orders"));
    }
    let mut broken = file().into_bytes();
    broken.extend([0xff, 0xff, 0x80]);
    assert_eq!(read(&broken).unwrap_err().code, "AMAZON_FILE_CHARSET");
}

#[test]
fn columns_are_read_by_name_and_one_that_is_missing_is_not_given() {
    let least = format!(
        "quantity-purchased\tsku\tORDER-ID\t\"order-item-id\"\tpurchase-date\n2\tTEA\t{A}\t1\t2026-11-21T15:30:00+00:00\n"
    );
    let reading = read(least.as_bytes()).unwrap();
    let content = &reading.orders[0].snapshot.content;
    assert_eq!((content.lines[0].quantity, content.amounts.goods.clone()), (2, Given::NotGiven));
    assert_eq!(content.recipients[0].party, domain::snapshot::Party::default());
    assert_eq!(content.payment.collect_amount, Given::NotGiven);
    assert!(!content.recipients[0].address_awaited);
    assert_eq!(reading.remarks[0].code, "AMAZON_FILE_COLUMNS");
    assert!(reading.remarks[0].ja.contains("item-price"));
    let error = read(b"order-id\tsku\n").unwrap_err();
    assert!(error.code == "AMAZON_FILE_HEADING" && error.ja.contains("purchase-date"));
    assert_eq!(Amazon.kind_of(InFile { name: "x", bytes: b"order-id,order-item-id\n" }), None);
    assert_eq!(read(b"").unwrap_err().code, "AMAZON_FILE_HEADING");
    let kinds = Amazon.kinds();
    assert!(kinds.len() == 1 && kinds[0].required);
}

#[test]
fn a_row_that_cannot_be_read_sets_its_order_aside_and_no_other_f24() {
    let of = |line: &str| read(format!("{}{line}\n", file()).as_bytes()).unwrap();
    let bad_price = of(&row(A, "00000000000009", "1", "1,000", "Other\t\t\t"));
    assert_eq!(bad_price.orders.len(), 1);
    let problem = &bad_price.problems[0];
    assert_eq!((problem.line, problem.mall_order_id.as_ref().unwrap().as_str()), (5, A));
    assert!(problem.what.contains("item-price") && !problem.what.contains("1,000"));
    for (line, column) in [
        (row("250-1", "1", "1", "1", "Other\t\t\t"), "order-id"),
        (row(B, "9", "x", "1", "Other\t\t\t"), "quantity-purchased"),
        (row(B, "9", "-1", "1", "Other\t\t\t"), "quantity-purchased"),
        (row(B, "", "1", "1", "Other\t\t\t"), "order-item-id"),
        (row(A, "00000000000001", "9", "1", "Other\t\t\t"), "order-item-id"),
        (format!("{}\t1\t2", row(B, "9", "1", "1", "Other\t\t\t")), "列の数"),
    ] {
        let reading = of(&line);
        assert!(reading.problems[0].what.contains(column), "{:?}", reading.problems);
    }
    // The very same row again, as in two overlapping reports, is one row.
    let twice = of(&row(B, "00000000000003", "1", "677.00", "COD\t1180.00\t327.00\t330.00"));
    assert_eq!((twice.orders.len(), twice.problems.len()), (2, 0));
}

#[test]
fn an_amount_of_the_order_in_several_rows_is_not_guessed() {
    let cod = "COD\t1180.00\t\t330.00";
    let text = format!("{HEAD}\n{}\n{}\n", row(B, "1", "1", "677", cod), row(B, "2", "1", "500", cod));
    let reading = read(text.as_bytes()).unwrap();
    let snapshot = &reading.orders[0].snapshot;
    assert_eq!(snapshot.content.payment.collect_amount, Given::Value(Amount::Undecided));
    assert_eq!(snapshot.facts.cautions[0].code, "amount_of_order");
}

#[test]
fn postal_codes_that_lost_their_zero_are_said_and_shipped_units_are_read() {
    let text = file().replace("0600001", "600001");
    assert_eq!(read(text.as_bytes()).unwrap().remarks[0].code, "AMAZON_FILE_POSTAL");
    let report = |shipped: &str, cancel: &str| {
        let text = format!(
            "order-id\torder-item-id\tpurchase-date\tsku\tquantity-purchased\tquantity-shipped\tis-buyer-requested-cancellation\tverge-of-lateShipment\n{A}\t1\t2026-11-21T15:30:00+00:00\tTEA\t2\t{shipped}\t{cancel}\ttrue\n"
        );
        let facts = read(text.as_bytes()).unwrap().orders.remove(0).snapshot.facts;
        assert!(facts.cautions.iter().any(|c| c.code == "verge_of_late_shipment"));
        facts.stage
    };
    assert_eq!(report("0", "false"), MallStage::Shippable);
    assert_eq!(report("1", ""), MallStage::PartlyShipped);
    assert_eq!(report("2", ""), MallStage::Shipped);
    assert_eq!(report("0", "true"), MallStage::CancelRequested);
}

#[test]
fn the_kept_rows_read_again_to_the_same_snapshot() {
    for order in read(file().as_bytes()).unwrap().orders {
        assert_eq!(Amazon.read_document(&order.raw).unwrap(), order.snapshot);
    }
    for odd in [
        r#"{"amazonOrderReport":1}"#,
        r#"{"amazonOrderReport":1,"rows":[]}"#,
        r#"{"amazonOrderReport":1,"rows":[{"sku":"x"}]}"#,
        r#"{"amazonOrderReport":1,"rows":[7]}"#,
    ] {
        assert!(Amazon.read_document(odd.as_bytes()).is_err(), "{odd}");
    }
}

fn shipment(parcel: WantedParcel, name: &str) -> FileShipment {
    FileShipment { mall_order_id: A.into(), parcel, carrier_name: name.to_owned(), ordered_at: now() }
}

#[test]
fn the_shipment_file_has_the_columns_of_the_template() {
    let whole = shipment(parcel(1, "111"), "ヤマト運輸");
    let split = shipment(holding(parcel(2, ""), &[("00000000000001", 1), ("00000000000002", 2)]), "");
    let other = shipment(WantedParcel { carrier_code: "Other".into(), ..parcel(3, "3") }, "日本郵便");
    let file = ShipmentFiles::write(&Amazon, &[whole, split, other], &settings(&[("ship_method", "宅急便")]))
        .unwrap();
    assert_eq!((file.rows, file.content_type), (4, "text/tab-separated-values; charset=UTF-8"));
    let text = String::from_utf8(file.bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "order-id\torder-item-id\tquantity\tship-date\tcarrier-code\tcarrier-name\ttracking-number\tship-method\tcod-collection-method"
    );
    assert_eq!(lines[1], format!("{A}\t\t\t2026-11-22\tYAMATO\t\t111\t宅急便\t"));
    assert_eq!(lines[3], format!("{A}\t00000000000002\t2\t2026-11-22\tYAMATO\t\t\t宅急便\t"));
    assert_eq!(lines[4], format!("{A}\t\t\t2026-11-22\tOther\t日本郵便\t3\t宅急便\t"));
    assert!(Amazon.shipment_files().unwrap().place().contains("セラーセントラル"));
}

#[test]
fn what_cannot_be_written_is_listed_and_nothing_is_written_f52() {
    let sjis = [("file_charset", "shift_jis")];
    let write = |shipments: &[FileShipment], pairs: &[(&str, &str)]| {
        ShipmentFiles::write(&Amazon, shipments, &settings(pairs))
    };
    let truck = || shipment(WantedParcel { carrier_code: "Other:🚚便".into(), ..parcel(1, "1") }, "");
    let problems = write(&[shipment(parcel(1, "1"), ""), truck()], &sjis).unwrap_err();
    assert_eq!((problems.len(), problems[0].reason.code.as_str()), (1, "AMAZON_UNMAPPABLE"));
    assert!(problems[0].reason.ja.contains('🚚'));
    assert!(write(&[truck()], &[]).is_ok());
    let code = |parcel: WantedParcel| write(&[shipment(parcel, "")], &[]).unwrap_err().remove(0).reason.code;
    assert_eq!(code(WantedParcel { shipped_on: None, ..parcel(1, "1") }), "ship_date_blank");
    assert_eq!(code(WantedParcel { carrier_code: String::new(), ..parcel(1, "1") }), "carrier_blank");
    assert_eq!(
        code(WantedParcel { carrier_code: "Other".into(), ..parcel(1, "1") }),
        "AMAZON_CARRIER_NAME_MISSING"
    );
    assert_eq!(code(parcel(1, "1\n2")), "AMAZON_UNSENDABLE_TEXT");
    let file = write(&[shipment(parcel(1, "1"), "")], &sjis).unwrap();
    assert_eq!(file.content_type, "text/tab-separated-values; charset=Shift_JIS");
}
