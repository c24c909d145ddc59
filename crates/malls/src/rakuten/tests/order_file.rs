//! The order CSV of RMS (rakuten.md 7.1). All people are invented.

use crate::rakuten::Rakuten;
use domain::snapshot::MallStage;
use domain::{Amount, UtcMillis};
use mall_api::files::{FileReading, InFile};
use mall_api::{Mall as _, OrderSource as _, Settings, charset};
use proptest::prelude::*;

const HEAD: &str = "注文番号,ステータス,注文日時,請求金額,支払方法名,注文者郵便番号1,注文者郵便番号2,注文者姓,注文者名,送付先ID,送付先姓,送付先名,送付先郵便番号1,送付先郵便番号2,商品明細ID,商品名,単価,個数,項目・選択肢,商品税率,10%請求金額,10%請求額に対する税額";

fn row(number: &str, basket: &str, item: &str) -> String {
    format!(
        "{number},300,2026-11-20 09:05:00,3300,代引換金,012,3456,空区,花子,{basket},空区,太郎,100,0001,{item},\"茶碗 \"\"青\"\"\",1000,3,\"色:青\n名入れ:なし\",0.1,3300,300\r\n"
    )
}

fn read_text(text: &str) -> Result<FileReading, domain::Reason> {
    let bytes = charset::encode_shift_jis(text).unwrap();
    read_bytes(&bytes)
}

fn read_bytes(bytes: &[u8]) -> Result<FileReading, domain::Reason> {
    let files = Rakuten.order_files().unwrap();
    let file = InFile { name: "orders.csv", bytes };
    let kind = files.kind_of(file).unwrap_or("orders");
    files.read(&[(kind, file)], &Settings::default(), UtcMillis(0))
}

#[test]
fn rows_of_an_order_become_one_order_and_the_stored_document_reads_the_same_imp10() {
    let text =
        format!("{HEAD}\r\n{}{}{}", row("A-1", "10", "1"), row("A-1", "11", "2"), row("A-2", "12", "1"));
    let reading = read_text(&text).unwrap();
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    assert_eq!(reading.orders.len(), 2);
    let order = &reading.orders[0].snapshot;
    assert_eq!(order.mall_order_id.as_str(), "A-1");
    assert_eq!(order.facts.stage, MallStage::Shippable);
    assert_eq!(order.ordered_at.to_japan_text(), UtcMillis(1_795_133_100_000).to_japan_text());
    assert_eq!(order.content.recipients.iter().map(|r| r.key.as_str()).collect::<Vec<_>>(), ["10", "11"]);
    assert_eq!(order.content.lines.len(), 2);
    assert_eq!(order.content.lines[0].title.text(), "茶碗 \"青\"");
    assert_eq!(order.content.lines[0].options.len(), 2);
    assert_eq!(order.content.lines[0].tax_rate_bp.value(), Some(&1000));
    assert_eq!(order.content.buyer.postal_code.text(), "012-3456");
    assert_eq!(order.content.amounts.requested.value(), Some(&Amount::yen(3300)));
    // No such columns: not given, so that nothing is wiped.
    assert!(order.content.buyer.email.is_not_given() && order.content.amounts.postage.is_not_given());
    assert_eq!(&Rakuten.read_document(&reading.orders[0].raw).unwrap(), order);
}

#[test]
fn a_row_that_cannot_be_read_is_named_by_line_and_column_imp10() {
    let bad = row("A-2", "10", "1").replace("2026-11-20 09:05:00", "きのう");
    let zero = row("A-3", "10", "1").replace(",012,", ",12,");
    let text = format!("{HEAD}\r\n{}{bad}{zero}{}", row("A-1", "10", "1"), row("", "10", "1"));
    let reading = read_text(&text).unwrap();
    assert_eq!(reading.orders.len(), 1);
    let told: Vec<_> = reading
        .problems
        .iter()
        .map(|p| (p.line, p.mall_order_id.as_ref().map(|i| i.0.as_str()), p.what.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (8, None, "「注文番号」が空です"),
            (4, Some("A-2"), "「注文日時」の書式が違います"),
            (
                6,
                Some("A-3"),
                "「注文者郵便番号1」の先頭の0が失われています（表計算ソフトで保存されたファイルです）"
            ),
        ]
    );
}

#[test]
fn a_file_as_a_whole_is_refused_with_its_name_imp10() {
    for (text, words) in [
        ("受注番号,受注ステータス\r\n1,2\r\n".to_owned(), "2018年より前の形式"),
        (
            "注文番号,送付先ID\r\n1,2\r\n".to_owned(),
            "見出し「ステータス」「注文日時」「商品明細ID」「個数」がありません",
        ),
        (format!("{HEAD},注文番号\r\n"), "見出し「注文番号」が重複しています"),
        (format!("{HEAD}\r\n\"A-1,300"), "2行目の1列目：引用符が閉じられていません"),
    ] {
        let refused = read_text(&text).unwrap_err();
        assert_eq!(refused.code, "file_unreadable");
        assert!(refused.ja.contains("orders.csv") && refused.ja.contains(words), "{}", refused.ja);
    }
    let files = Rakuten.order_files().unwrap();
    assert_eq!(files.kind_of(InFile { name: "x.csv", bytes: b"a,b\r\n1,2\r\n" }), None);
}

proptest! {
    #[test]
    fn no_file_panics(cells in proptest::collection::vec("[0-9A-Za-z ./:,\"%あ-]{0,12}", 0..22), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_text(&format!("{HEAD}\r\n{}", cells.join(",")));
        let _ = read_bytes(&bytes);
        let mut mixed = charset::encode_shift_jis(HEAD).unwrap();
        mixed.extend(b"\r\n");
        mixed.extend(&bytes);
        let _ = read_bytes(&mixed);
    }
}
