//! No byte from outside makes a mall's adapter panic or eat memory (F52–F57): every parser of every registered mall,
//! fed with the hostile corpus and with what a property test invents. The same feeding runs under cargo-fuzz.

mod feed;

use proptest::prelude::*;

fn feed_all(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for mall in malls::registry() {
        let fed = runtime.block_on(feed::every_parser(&*mall, bytes));
        assert!(fed > 10, "{}: only {fed} parsers were fed", mall.descriptor().mall);
    }
}

fn nested(open: &str, close: &str, depth: usize) -> Vec<u8> {
    [open.repeat(depth), close.repeat(depth)].concat().into_bytes()
}

#[test]
fn markup_formulas_and_odd_characters_are_only_text_f50_f51_f54() {
    for text in [
        r#"{"orders":[{"orderId":"<script>alert(1)</script>","a":"=cmd|' /C calc'!A0"}]}"#,
        "{\"orderNumber\":\"\\ud800\",\"a\":\"\\u0000\u{202e}\u{200b}\u{e0100}\"}",
        "<Result><OrderInfo><OrderId><![CDATA[<b>&amp;]]></OrderId></OrderInfo></Result>",
        "order-id\torder-item-id\n=1+1\t@SUM(A1)\n\u{feff}",
        "\u{feff}OrderId,Id\r\n\"+1\",\"-1\"\r\n",
    ] {
        feed_all(text.as_bytes());
    }
}

#[test]
fn half_characters_wrong_charsets_and_mixed_line_ends_are_no_panic_f52_f53() {
    let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode("注文番号,氏名\r\n1,髙橋\n2,﨑");
    for cut in 0..sjis.len() {
        feed_all(&sjis[..cut]);
    }
    feed_all(&encoding_rs::EUC_JP.encode("注文番号,氏名\r\n1,架空").0);
    feed_all(&encoding_rs::ISO_2022_JP.encode("注文番号\t氏名\n1\t架空").0);
    feed_all(b"\xff\xfe\x00\x00order-id\t\x80\xa0\xfd\xfe\xff");
    feed_all(b"order-id\torder-item-id\n\"never closed\tx\n\n\n");
}

#[test]
fn entity_bombs_and_endless_nesting_are_refused_early_f55() {
    let entities = "<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><Result>&b;</Result>";
    feed_all(entities.as_bytes());
    feed_all(br#"<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><ResultSet><Result>&x;</Result></ResultSet>"#);
    feed_all(&nested("[", "]", 100_000));
    feed_all(&nested(r#"{"orders":"#, "}", 50_000));
    feed_all(&nested("<Result>", "</Result>", 100_000));
}

#[test]
fn a_remark_of_ten_megabytes_and_ten_thousand_lines_are_borne_f56() {
    let remark = "あ".repeat(3_000_000);
    feed_all(format!(r#"{{"orderNumber":"1","remarks":"{remark}"}}"#).as_bytes());
    feed_all(format!("order-id\torder-item-id\n{}", "1\t2\n".repeat(10_000)).as_bytes());
    feed_all(format!("OrderId,LineId\r\n{}", "\"s-1\",\"1\"\r\n".repeat(10_000)).as_bytes());
}

#[test]
fn numbers_and_dates_beyond_all_measure_do_not_overflow_f57() {
    for value in ["-1", "1e400", "99999999999999999999999", "0.5", "NaN", "\"0000-00-00\"", "\"9999-12-31T25:00:00+99:00\""] {
        for key in ["quantity", "quantityOrdered", "requestPrice", "units", "createdTime", "orderDatetime"] {
            feed_all(format!(r#"{{"{key}":{value},"orders":[{{"{key}":{value}}}],"OrderModelList":[{{"{key}":{value}}}]}}"#).as_bytes());
        }
        let bare = value.trim_matches('"');
        feed_all(format!("<ResultSet><Result><OrderInfo><OrderTime>{bare}</OrderTime><Item><Quantity>{bare}</Quantity></Item></OrderInfo></Result></ResultSet>").as_bytes());
    }
}

/// Pieces that look like what the malls send, so that the inventions of the property test come past the first check.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "{\"orders\":[", "{\"OrderModelList\":[", "\"orderNumber\":", "\"orderId\":", "<ResultSet>", "<Result>",
        "<OrderInfo>", "<OrderId>", "</OrderId>", "<![CDATA[", "]]>", "order-id\torder-item-id\n", "OrderId,Id\r\n",
        "\"", ",", "}", "]", ":", "\t", "\n", "null", "-1", "{\"access_token\":\"a\",\"expires_in\":", "errors",
    ];
    let known = proptest::sample::select(words.to_vec()).prop_map(|w| w.as_bytes().to_vec());
    prop_oneof![3 => known, 1 => proptest::collection::vec(any::<u8>(), 0..12)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_any_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        feed_all(&bytes);
    }

    #[test]
    fn no_heap_of_known_pieces_makes_any_parser_panic(pieces in proptest::collection::vec(piece(), 0..40)) {
        feed_all(&pieces.concat());
    }
}
