//! Files of requests, shipment files and their answers, services of carriers.

use crate::house::{House, NOW, staff};
use domain::history::By;
use domain::notice::NoticeState;
use domain::write::StepState;
use domain::{OrderSeq, RequestId, ShipmentFileId};
use serde_json::json;
use store::outbox::StepUpdate;
use store::request_files::RequestFile;
use store::shipment_files::NewShipmentFile;
use testkit::contract;

async fn out(house: &House, request: i64, seqs: &[OrderSeq]) -> Result<ShipmentFileId, store::StoreError> {
    let mut writes = Vec::new();
    for seq in seqs {
        let parcels = match house.order(*seq).await.facts.parcels.is_empty() {
            true => vec![house.parcel(*seq, "400000000015").await],
            false => Vec::new(),
        };
        writes.push(house.notice(*seq, parcels).await);
    }
    let new = NewShipmentFile {
        shop_id: house.id(),
        request_id: RequestId(request),
        name: "out.csv".to_owned(),
        content_type: "text/csv".to_owned(),
        rows: 1,
        bytes: b"C00000001,400000000015".to_vec(),
    };
    house.ledger.open_shipment_file(&house.guard, &new, &writes, &By::Cli, NOW).await
}

async fn state(house: &House, seq: OrderSeq) -> NoticeState {
    house.order(seq).await.facts.notice_state
}

contract!(files_of_a_request_are_sealed_and_go_when_it_is_finished_imp10, |db| {
    let house = House::new(db).await;
    let file = RequestFile { name: "orders.csv".to_owned(), bytes: "空区 花子".as_bytes().to_vec() };
    let given = [file.clone(), RequestFile { name: "b.csv".to_owned(), bytes: vec![] }];
    let id = house
        .ledger
        .add_request_with_files(&house.shop, "import_file", &json!({}), &given, &staff(), NOW)
        .await
        .unwrap();
    assert_eq!(house.ledger.request_files(id).await.unwrap(), given);
    assert!(!format!("{file:?}").contains("空区"));
    assert!(
        house.everything().await.iter().all(|row| !row.contains("空区")),
        "nothing stands there in clear"
    );
    house.ledger.finish_request(&house.guard, id, "succeeded", &json!({}), NOW).await.unwrap();
    assert!(house.ledger.request_files(id).await.unwrap().is_empty());
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM request_files").await, 0);
});

contract!(a_file_takes_its_orders_out_of_every_other_way_ntf8, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(2).await;
    let id = out(&house, 1, &seqs[..1]).await.unwrap();
    assert_eq!(state(&house, seqs[0]).await, NoticeState::InFlight);
    let due =
        house.ledger.due_writes(&house.shop.lane_key, house.id(), domain::write::WriteKind::ShipmentNotice, NOW, 10);
    assert!(due.await.unwrap().is_empty(), "no call takes it");
    let before = house.everything().await;
    assert!(out(&house, 2, &seqs[..1]).await.is_err(), "nor does another file");
    assert_eq!(house.everything().await.len(), before.len(), "nothing was stored of it");
    assert_eq!(house.ledger.open_files_of(&seqs).await.unwrap()[&seqs[0]], (id, "out.csv".to_owned()));
    assert_eq!(house.ledger.shipment_file_content(id).await.unwrap().unwrap(), b"C00000001,400000000015");
    let asked = house.ledger.shipment_file_of_request(RequestId(1)).await.unwrap().unwrap();
    assert_eq!((asked.file_id, asked.state.as_str(), asked.rows), (id, "open", 1));
    assert_eq!(house.ledger.shipment_files(9).await.unwrap(), [asked]);
});

contract!(the_answer_ends_the_notice_or_gives_the_order_back_ntf8, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(2).await;
    for (i, (seq, done, state_after, word)) in
        [(seqs[0], true, NoticeState::Applied, "done"), (seqs[1], false, NoticeState::NotSent, "not_yet")]
            .into_iter()
            .enumerate()
    {
        let id = out(&house, i as i64, &[seq]).await.unwrap();
        let answer = async |done| house.ledger.answer_shipment_file(id, done, &staff(), NOW).await.unwrap();
        assert_eq!(answer(done).await.unwrap(), [seq]);
        assert_eq!(state(&house, seq).await, state_after);
        assert!(answer(done).await.unwrap().is_empty(), "the same answer twice changes nothing");
        assert_eq!(answer(!done).await.unwrap_err().code, "shipment_file_answered");
        let file = house.ledger.shipment_file(id).await.unwrap().unwrap();
        assert_eq!((file.state.as_str(), file.answered_at), (word, Some(NOW)));
        assert!(house.ledger.shipment_file_content(id).await.unwrap().is_none());
        let parcel = house.order(seq).await.facts.parcels.remove(0);
        assert_eq!(parcel.sent_version, i64::from(done));
        let told: Vec<_> =
            house.view(seq).await.history.into_iter().map(|h| h.event["event"].clone()).collect();
        assert!(
            told.contains(&json!("written_to_file")) && told.contains(&json!("file_answered")),
            "{told:?}"
        );
    }
    let none = house.ledger.answer_shipment_file(ShipmentFileId(99), true, &staff(), NOW).await.unwrap();
    assert_eq!(none.unwrap_err().code, "no_such_shipment_file");
});

contract!(a_filed_shipment_seen_at_the_mall_is_done_and_closes_its_file_ntf8, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(1).await;
    let id = out(&house, 1, &seqs).await.unwrap();
    let number = house.order(seqs[0]).await.mall_order_id;
    let filed = house.ledger.filed_steps(house.id(), std::slice::from_ref(&number)).await.unwrap();
    assert_eq!((filed.len(), filed[0].wanted.tracking_number.as_str()), (1, "400000000015"));
    let seen = StepUpdate {
        mall_ref: Some("9".into()),
        ..StepUpdate::new(filed[0].step_id, StepState::Applied, NOW)
    };
    house.ledger.settle_filed(&house.guard, house.id(), &[seen], NOW).await.unwrap();
    assert_eq!(state(&house, seqs[0]).await, NoticeState::Applied);
    assert_eq!(house.ledger.shipment_file(id).await.unwrap().unwrap().state, "done");
    assert!(house.ledger.filed_steps(house.id(), &[number]).await.unwrap().is_empty());
});

contract!(services_are_seeded_changed_and_survive_a_restart_ntf9, |db| {
    let house = House::new(db).await;
    let methods = house.ledger.shipping_methods().await.unwrap();
    assert_eq!(methods.len(), domain::carrier::DEFAULT_SHIPPING_METHODS.len());
    let mut post = methods.into_iter().find(|m| m.shipping_method == "teikeigai").unwrap();
    assert!(!post.tracked);
    post.mall_names.insert("amazon".to_owned(), "ゆうメール便".to_owned());
    house.ledger.put_shipping_method(&post).await.unwrap();
    let again = store::Ledger::with_db((**db).clone(), crate::house::ring(), NOW).await.unwrap();
    assert!(again.shipping_methods().await.unwrap().contains(&post));
});
