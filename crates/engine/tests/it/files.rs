//! Files in and out: 受注CSV取込 (IMP-10, IMP-11) and 出荷ファイル (NTF-8). All people are invented.

use crate::write_kit::{asked, imported, records, row, set_by_hand, shipped, shown};
use domain::UtcMillis;
use domain::history::By;
use domain::notice::NoticeState;
use domain::time::MINUTE;
use domain::write::WriteKind;
use engine::doors;
use engine::requests::{
    IMPORT_FILE, ImportCounts, ImportFileRequest, MAX_FILE_BYTES, SHIPMENT_FILE, ShipmentFileRequest,
};
use serde_json::{Value, json};
use store::request_files::RequestFile;
use testkit::house::{House, Plan};

const HEAD: &str = "注文番号,ステータス,注文日時,請求金額,支払方法名,注文者姓,注文者名,送付先ID,送付先姓,送付先名,送付先住所都道府県,商品明細ID,商品名,単価,個数\r\n";

fn line(house: &House, number: &str) -> String {
    let day = house.now().japan_date();
    format!("{number},300,{day} 08:00:00,1000,銀行振込,空区,花子,1001,空区,太郎,東京都,1,茶碗,1000,1\r\n")
}

fn csv(house: &House, numbers: impl Iterator<Item = String>) -> Vec<u8> {
    let rows: String = numbers.map(|n| line(house, &n)).collect();
    mall_api::charset::encode_shift_jis(&format!("{HEAD}{rows}")).unwrap()
}

fn number(n: usize) -> String {
    format!("300001-20261101-{n:010}")
}

fn file(bytes: Vec<u8>) -> RequestFile {
    RequestFile { name: "orders.csv".to_owned(), bytes }
}

/// Asks for an import of one file and works it; the finished request's state and result.
async fn import(house: &House, bytes: Vec<u8>, force: bool) -> (String, Value) {
    let hub = house.quiet_hub();
    let body = ImportFileRequest { overwrite: false, force };
    let shop = &house.shops[0];
    let id = match doors::ask_with_files(&hub, shop, &body, &[file(bytes)], &By::Cli).await.unwrap() {
        Ok(id) => id,
        Err(reason) => return ("refused".to_owned(), json!({ "reason": reason })),
    };
    let work = tokio::spawn(hub.run());
    let done = doors::follow(&hub, id, &mut |_| {}).await.unwrap();
    hub.stop();
    drop(work.await);
    assert!(house.ledger.request_files(id).await.unwrap().is_empty(), "the files are gone with the request");
    (done.request.state, done.request.result.unwrap())
}

fn counts(result: &Value) -> ImportCounts {
    serde_json::from_value(result["counts"].clone()).unwrap()
}

testkit::story!(
    a_file_comes_in_once_and_says_what_it_could_not_read_imp10,
    |kind| Plan::new(kind, 0),
    |house| {
        let mut bytes = csv(house, (1..=3).map(number));
        bytes.extend(b"300001-20261101-0000000009,300,yesterday,,,,,1001,,,,1,,1000,1\r\n");
        let (state, result) = import(house, bytes.clone(), false).await;
        assert_eq!(state, "partial", "{result}");
        assert_eq!((counts(&result).new, counts(&result).failed), (3, 1));
        let run = house.ledger.newest_runs(house.shops[0].shop_id, 1).await.unwrap().remove(0);
        assert_eq!(run.trigger, "file");
        let notes = house.ledger.run_notes(run.run_id, 10).await.unwrap();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].reason.ja.contains("「orders.csv」の5行目"), "{}", notes[0].reason.ja);
        assert_eq!(house.ledger.set_aside_orders(10).await.unwrap().len(), 1);
        assert_eq!(house.orders().await.len(), 3);
        let before = shown(house, &number(1)).await;
        let (_, again) = import(house, bytes, false).await;
        assert_eq!(
            (counts(&again).new, counts(&again).unchanged, counts(&again).failed),
            (0, 3, 1),
            "{again}"
        );
        assert_eq!(shown(house, &number(1)).await, before, "the same file twice changes nothing");
    }
);

testkit::story!(
    a_file_never_wipes_what_the_api_gave_and_the_api_completes_a_file_imp10,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers: Vec<String> = house
            .add_orders(json!({"count": 2, "traits": [], "status": 300}))
            .unwrap()
            .into_iter()
            .map(|n| n.0)
            .collect();
        let bytes = csv(house, numbers.iter().take(1).cloned());
        let (_, first) = import(house, bytes.clone(), false).await;
        assert_eq!(counts(&first).new, 1, "{first}");
        let from_file = shown(house, &numbers[0]).await;
        assert!(from_file.content.as_ref().unwrap().buyer.phone.text().is_empty());
        let run = house.import_days(1).await.unwrap().run.unwrap();
        let by_api: ImportCounts = serde_json::from_value(run.counts).unwrap();
        assert_eq!((by_api.new, by_api.overwritten), (1, 1), "{by_api:?}");
        let full = shown(house, &numbers[0]).await;
        assert!(!full.content.as_ref().unwrap().buyer.phone.text().is_empty(), "the API says more");
        assert_ne!(full.content.as_ref().unwrap().lines, from_file.content.as_ref().unwrap().lines);
        assert_eq!(house.import_days(1).await.unwrap().run.unwrap().counts["unchanged"], 2);
        // Now the same file, which says less and something else, comes once more, and for the other order too.
        let both = csv(house, numbers.iter().cloned());
        let other = shown(house, &numbers[1]).await;
        for bytes in [bytes, both] {
            import(house, bytes, false).await;
            for (number, before) in [(&numbers[0], &full), (&numbers[1], &other)] {
                let after = shown(house, number).await;
                let (a, b) = (after.content.as_ref().unwrap(), before.content.as_ref().unwrap());
                assert_eq!(
                    (&a.buyer, &a.lines, &a.recipients, &a.amounts),
                    (&b.buyer, &b.lines, &b.recipients, &b.amounts)
                );
                assert_eq!(after.row.mall_status, before.row.mall_status);
            }
        }
        assert_eq!(house.import_days(1).await.unwrap().run.unwrap().counts["unchanged"], 2);
    }
);

testkit::story!(
    a_file_is_imported_though_the_one_who_asked_is_gone_and_goes_on_after_a_death_imp10,
    |kind| Plan::new(kind, 0),
    |house| {
        let bytes = csv(house, (1..=250).map(number));
        let body = ImportFileRequest::default();
        let shop = &house.shops[0];
        let id = house
            .ledger
            .add_request_with_files(shop, IMPORT_FILE, &body, &[file(bytes)], &By::Cli, house.now())
            .await
            .unwrap();
        // An owner that begins the run and stores some of it, then is gone without a word.
        let hub = house.quiet_hub();
        let begun = house
            .run_until(&hub, MINUTE, async |h| {
                h.ledger.open_run(shop.shop_id).await.unwrap().is_some() || !h.orders().await.is_empty()
            })
            .await;
        assert!(begun);
        let hub = house.quiet_hub();
        let done = house
            .run_until(&hub, 10 * MINUTE, async |h| {
                h.ledger.request(id).await.unwrap().unwrap().is_finished()
            })
            .await;
        assert!(done);
        let request = house.ledger.request(id).await.unwrap().unwrap();
        let told = counts(request.result.as_ref().unwrap());
        assert_eq!((request.state.as_str(), told.new, told.unchanged), ("succeeded", 250, 0), "{told:?}");
        assert_eq!(house.orders().await.len(), 250);
        assert!(house.ledger.request_files(id).await.unwrap().is_empty());
    }
);

testkit::story!(
    hostile_files_are_refused_with_words_and_leave_nothing_imp10,
    |kind| Plan::new(kind, 0),
    |house| {
        let head = mall_api::charset::encode_shift_jis(HEAD).unwrap();
        let with = |tail: &[u8]| [head.clone(), tail.to_vec()].concat();
        let doubled = mall_api::charset::encode_shift_jis(&format!("注文番号,{HEAD}")).unwrap();
        let short = mall_api::charset::encode_shift_jis("注文番号,送付先ID\r\n1,2\r\n").unwrap();
        for (bytes, code, words) in [
            (Vec::new(), "file_unreadable", "空のファイル"),
            (with(b"1,\x00,2\r\n"), "file_unreadable", "2行目"),
            (b"PK\x03\x04xlsx".to_vec(), "file_unreadable", "Excel"),
            (vec![0xFF; 500], "file_not_recognised", "受注CSV"),
            (b"a,b\r\n1,2\r\n".to_vec(), "file_not_recognised", "orders.csv"),
            (with(b"\"never closed"), "file_unreadable", "2行目の1列目"),
            (with(b"a\r\n\xFF\xFE\xFF,1\r\n"), "file_unreadable", "3行目の文字コード"),
            (doubled, "file_unreadable", "見出し「注文番号」が重複しています（2列目）"),
            (short, "file_unreadable", "ステータス"),
            (vec![b'a'; MAX_FILE_BYTES + 1], "file_too_large", "10 MB"),
        ] {
            let (state, result) = import(house, bytes, false).await;
            assert!(matches!(state.as_str(), "failed" | "refused"), "{words}: {state}");
            assert_eq!(result["reason"]["code"], code, "{words}");
            assert!(result["reason"]["ja"].as_str().unwrap().contains(words), "{result}");
        }
        assert!(house.orders().await.is_empty() && house.is_quiet().await);
    }
);

testkit::story!(
    a_shop_that_is_being_imported_is_busy_for_files_too_imp5,
    |kind| Plan::new(kind, 5),
    |house| {
        house
            .faults(json!({"operation": "searchOrder", "times": 50, "action": {"maintenance": {}}}))
            .unwrap();
        let now = house.now();
        let body = json!({"from": now.plus(-domain::time::DAY), "to": now});
        let hub = house.quiet_hub();
        let id = doors::ask(&hub, &house.shops[0], engine::requests::IMPORT, &body, &By::Cli).await.unwrap();
        let shop = house.shops[0].shop_id;
        let held =
            house.run_until(&hub, MINUTE, async |h| h.ledger.open_run(shop).await.unwrap().is_some()).await;
        assert!(held);
        let bytes = csv(house, (1..=2).map(number));
        let (state, result) = import(house, bytes.clone(), false).await;
        assert_eq!((state.as_str(), &result["reason"]["code"]), ("failed", &json!("shop_busy")));
        assert!(house.orders().await.is_empty());
        let (state, result) = import(house, bytes, true).await;
        assert_eq!((state.as_str(), counts(&result).new), ("succeeded", 2), "{result}");
        assert_eq!(house.ledger.request(id).await.unwrap().unwrap().state, "failed", "the other was told");
    }
);

async fn file_out(house: &House, body: ShipmentFileRequest) -> Value {
    let hub = house.quiet_hub();
    let done = doors::ask_and_work(&hub, &house.shops[0], SHIPMENT_FILE, &body, &By::Cli, &mut |_| {}).await;
    done.unwrap().request.result.unwrap()
}

async fn answer(house: &House, result: &Value, done: bool) {
    let id = domain::ShipmentFileId(result["file"]["file_id"].as_i64().unwrap());
    house.ledger.answer_shipment_file(id, done, &By::Cli, house.now()).await.unwrap().unwrap();
}

testkit::story!(a_file_and_a_notice_never_both_go_out_ntf8, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 2, json!([])).await;
    let result = file_out(house, ShipmentFileRequest::default()).await;
    assert_eq!(result["orders"].as_array().unwrap().len(), 2, "{result}");
    let id = domain::ShipmentFileId(result["file"]["file_id"].as_i64().unwrap());
    let bytes = house.ledger.shipment_file_content(id).await.unwrap().unwrap();
    let text = mall_api::charset::decode_shift_jis(&bytes).0;
    assert!(numbers.iter().all(|n| text.contains(n)), "{text}");
    for number in &numbers {
        assert_eq!(row(house, number).await.notice_state, NoticeState::InFlight);
    }
    let refused = asked(house, &numbers, WriteKind::ShipmentNotice).await;
    assert_eq!(refused["refused"][0]["reasons"][0]["code"], "in_shipment_file", "{refused}");
    let again = file_out(house, ShipmentFileRequest::default()).await;
    assert_eq!((&again["file"], &again["orders"]), (&Value::Null, &json!([])), "no order in two files");
    // The automation runs for an hour and leaves them alone.
    let hub = house.hub();
    house.run_until(&hub, domain::time::HOUR, async |_| false).await;
    assert!(numbers.iter().all(|n| records(house, n).iter().all(|(_, number)| number.is_empty())));
    answer(house, &result, true).await;
    for number in &numbers {
        let row = row(house, number).await;
        assert_eq!((row.notice_state, row.phase.as_str()), (NoticeState::Applied, "completed"));
    }
});

testkit::story!(
    what_was_not_uploaded_goes_out_by_the_api_after_all_ntf8,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        let result = file_out(house, ShipmentFileRequest::default()).await;
        answer(house, &result, false).await;
        assert_eq!(row(house, &numbers[0]).await.notice_state, NoticeState::NotSent);
        crate::write_kit::worked(house).await;
        assert_eq!(row(house, &numbers[0]).await.notice_state, NoticeState::Applied);
        assert!(house.sim().duplicates().is_empty());
    }
);

testkit::story!(
    a_filed_shipment_that_an_import_sees_counts_as_done_ntf8,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = shipped(house, 1, json!([])).await;
        crate::write_kit::worked(house).await;
        assert_eq!(row(house, &numbers[0]).await.notice_state, NoticeState::Applied);
        // The mall has it; the ledger is told otherwise, and a file goes out.
        assert!(set_by_hand(house, &numbers[0], NoticeState::NotSent).await);
        let seq = row(house, &numbers[0]).await.seq;
        let body = ShipmentFileRequest { orders: Some(vec![seq]), ..ShipmentFileRequest::default() };
        let result = file_out(house, body).await;
        assert_eq!(result["orders"].as_array().unwrap().len(), 1, "{result}");
        house.import_days(3).await.unwrap();
        assert_eq!(row(house, &numbers[0]).await.notice_state, NoticeState::Applied);
        let files = house.ledger.shipment_files(1).await.unwrap();
        assert_eq!(files[0].state, "done");
    }
);

testkit::story!(the_period_of_a_file_counts_by_last_update_ntf12, |kind| Plan::new(kind, 0), |house| {
    let numbers = shipped(house, 1, json!([])).await;
    let tomorrow = house.now().plus(domain::time::DAY);
    let late = ShipmentFileRequest { from: Some(tomorrow), ..ShipmentFileRequest::default() };
    assert_eq!(file_out(house, late).await["orders"], json!([]));
    let early = ShipmentFileRequest { to: Some(UtcMillis(0)), ..ShipmentFileRequest::default() };
    assert_eq!(file_out(house, early).await["orders"], json!([]));
    let now = ShipmentFileRequest { from: Some(UtcMillis(0)), to: Some(tomorrow), orders: None };
    assert_eq!(file_out(house, now).await["orders"].as_array().unwrap().len(), 1);
    assert_eq!(row(house, &numbers[0]).await.notice_state, NoticeState::InFlight);
});

testkit::story!(
    what_the_charset_cannot_hold_is_listed_and_nothing_is_marked_f52,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = imported(house, 2, json!([]), 300).await;
        let mut orders = Vec::new();
        for (i, number) in numbers.iter().enumerate() {
            let seq = row(house, number).await.seq;
            house.pack(seq, if i == 0 { "4000🍎" } else { "40000" }).await.unwrap();
            crate::write_kit::moved(house, seq, "shipped").await;
            orders.push(seq);
        }
        let body = ShipmentFileRequest { orders: Some(orders), ..ShipmentFileRequest::default() };
        let result = file_out(house, body).await;
        assert_eq!(result["problems"].as_array().unwrap().len(), 1, "{result}");
        assert_eq!(result["problems"][0]["mall_order_id"], numbers[0]);
        assert!(house.ledger.shipment_files(5).await.unwrap().is_empty());
        for number in &numbers {
            assert_eq!(row(house, number).await.notice_state, NoticeState::NotSent);
        }
    }
);
