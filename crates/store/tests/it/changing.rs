//! What staff do to orders: moves, parcels, edits, states by hand.

use domain::history::{By, Event};
use domain::notice::NoticeState;
use domain::order::{Grouping, HandlingClass};
use domain::reconcile::add_edit;
use domain::snapshot::{ParcelLine, Recipient};
use domain::{OrderSeq, ParcelId, PhaseKey};
use serde_json::json;
use store::orders::{MoveOptions, Page, ParcelChange, Refresh};
use store::{Access, StoreError};
use testkit::contract;

use crate::house::{House, NOW, fba, sample_order, staff};
use crate::pages::{existing, refresh};

contract!(a_thousand_orders_move_at_once_each_judged_for_itself_ntf1_frd2_i6, |db| {
    let house = House::new(db).await;
    let mut new: Vec<_> = (1..=1_000).map(sample_order).collect();
    for held in new.iter_mut().take(3) {
        held.snapshot.facts.hold = domain::hold::Hold::Fraud { raw: "1".to_owned() };
    }
    let seqs = house.import(new).await;
    let go = async |to: &str, by: &By| {
        let (to, options) = (PhaseKey::from(to), MoveOptions::default());
        house.ledger.move_orders(&seqs, &to, options, by, NOW.plus(5)).await.unwrap()
    };
    let moved = go("awaiting_print", &staff()).await;
    assert_eq!((moved.done.len(), moved.refused.len()), (997, 3));
    assert!(moved.refused.iter().all(|r| r.reason.code == "fraud_hold_blocks_move"));
    let moved = go("shipped", &staff()).await;
    assert!(moved.done.is_empty(), "出荷日 is required");
    let moved = go("awaiting_print", &By::System).await;
    assert_eq!((moved.done.len(), moved.refused.len()), (0, 1_000));
    let moved = go("cancelled", &By::System).await;
    assert_eq!(moved.done.len(), 1_000);
    let (held, other) = (house.view(seqs[0]).await, house.view(seqs[999]).await);
    assert_eq!(
        (held.row.updated_at, other.row.updated_at),
        (NOW, NOW.plus(5)),
        "only people renew 最終更新日 (NTF-12)"
    );
    assert_eq!(other.row.version, 3);
    let counts = house.ledger.phase_counts().await.unwrap();
    assert_eq!(counts[&(house.id(), "cancelled".to_owned())], 1_000);
    let real = house.ledger.recount_phases().await.unwrap();
    assert!(counts.iter().filter(|(_, n)| **n != 0).eq(real.iter()));
    let stale = MoveOptions { expected_version: Some(1), ..MoveOptions::default() };
    let done = house.ledger.move_orders(&seqs[..1], &"new".into(), stale, &staff(), NOW).await;
    assert!(matches!(done, Err(StoreError::Conflict { .. })));
    let (nowhere, options) = (PhaseKey::from("nowhere"), MoveOptions::default());
    assert!(house.ledger.move_orders(&seqs[..1], &nowhere, options, &staff(), NOW).await.is_err());
});

contract!(an_order_is_split_into_parcels_and_taken_back_until_the_mall_knows_desk2, |db| {
    let house = House::new(db).await;
    let mut order = sample_order(1);
    order.snapshot.content.lines[0].quantity = 3;
    let key = order.snapshot.content.lines[0].key.clone();
    let seq = house.import(vec![order]).await[0];
    let part = |quantity| vec![ParcelLine { line_key: key.clone(), quantity }];
    let split =
        async |quantity| house.ledger.split_order(seq, &part(quantity), &staff(), NOW.plus(1)).await.unwrap();
    assert_eq!(split(4).await.unwrap_err().code, "split_too_much");
    assert!(house.view(seq).await.parcels.is_empty(), "nothing is half done");
    let version = house.view(seq).await.row.version;
    split(2).await.unwrap();
    let view = house.view(seq).await;
    assert_eq!(view.row.version, version + 1);
    let held: Vec<_> = view.parcels.iter().map(|p| p.contents.clone()).collect();
    assert_eq!(held, [part(1), part(2)]);
    assert_eq!(split(1).await.unwrap_err().code, "split_everything");
    house.ledger.unsplit_order(seq, &staff(), NOW.plus(2)).await.unwrap().unwrap();
    let parcels = house.view(seq).await.parcels;
    assert_eq!((parcels.len(), parcels[0].contents.len(), parcels[0].version), (1, 0, 2));
    let again = house.ledger.unsplit_order(seq, &staff(), NOW.plus(3)).await.unwrap();
    assert_eq!(again.unwrap_err().code, "split_nothing");
    // What history tells of the parcels is what stands there.
    let mut told = std::collections::BTreeMap::new();
    for row in &house.view(seq).await.history {
        match serde_json::from_value(row.event.clone()).unwrap() {
            Event::ParcelSet { parcel_id, version } => drop(told.insert(parcel_id, version)),
            Event::ParcelRemoved { parcel_id } => drop(told.remove(&parcel_id)),
            _ => {}
        }
    }
    assert_eq!(told, [(parcels[0].parcel_id.0, 2)].into());
});

contract!(parcels_are_entered_corrected_and_taken_away_but_not_in_flight_ntf11_f33, |db| {
    let house = House::new(db).await;
    let mut two = sample_order(2);
    two.snapshot.content.recipients.push(Recipient { key: "20".to_owned(), ..Recipient::default() });
    let mut seqs = house.samples(1).await;
    seqs.extend(house.import(vec![two]).await);
    let set =
        async |seq, change: &ParcelChange| house.ledger.set_parcel(seq, change, &staff(), NOW).await.unwrap();
    let first = house.parcel(seqs[0], "4000-0000-0001").await;
    assert_eq!(
        (first.version, first.recipient_key.as_str()),
        (1, "10"),
        "the only recipient need not be named"
    );
    let new = ParcelChange { tracking_number: "4000-0000-0002".to_owned(), ..ParcelChange::default() };
    let unclear = set(seqs[1], &new).await.unwrap_err();
    assert!(
        unclear.ja.contains("10, 20"),
        "with several, guessing would tell the mall a lie: {}",
        unclear.ja
    );
    let named = ParcelChange { recipient_key: Some("20".to_owned()), ..new.clone() };
    let id = set(seqs[1], &named).await.unwrap();
    assert!(
        set(seqs[1], &ParcelChange { recipient_key: Some("30".to_owned()), ..new.clone() }).await.is_err()
    );
    let corrected = ParcelChange { parcel_id: Some(id), ..new };
    assert_eq!(set(seqs[1], &corrected).await.unwrap(), id);
    let parcel = house.order(seqs[1]).await.facts.parcels.remove(0);
    assert_eq!(
        (parcel.recipient_key.as_str(), parcel.version),
        ("20", 2),
        "a correction keeps the recipient"
    );
    let strange = ParcelChange { parcel_id: Some(ParcelId(99)), ..corrected.clone() };
    assert!(set(seqs[1], &strange).await.is_err());
    assert!(set(seqs[0], &corrected).await.is_err(), "another order's parcel");
    assert!(!house.ledger.drop_parcel(seqs[0], id, &staff(), NOW).await.unwrap());
    assert!(house.ledger.drop_parcel(seqs[1], id, &staff(), NOW).await.unwrap());
    assert!(!house.ledger.drop_parcel(seqs[1], id, &staff(), NOW).await.unwrap());
    assert!(house.view(seqs[1]).await.parcels.is_empty());
    house.wish(seqs[0], 1).await;
    let again = ParcelChange { parcel_id: Some(first.parcel_id), ..ParcelChange::default() };
    assert_eq!(set(seqs[0], &again).await.unwrap_err().code, "notice_in_flight");
    assert!(!house.ledger.drop_parcel(seqs[0], first.parcel_id, &staff(), NOW).await.unwrap());
    assert!(house.ledger.set_parcel(OrderSeq(99), &again, &staff(), NOW).await.is_err());
});

contract!(handling_class_and_grouping_change_with_history_ntf4, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(2).await;
    let ledger = &house.ledger;
    ledger.set_handling_class(seqs[0], HandlingClass::OnHold, &staff(), NOW).await.unwrap();
    ledger.set_handling_class(seqs[0], HandlingClass::OnHold, &staff(), NOW).await.unwrap();
    let view = house.view(seqs[0]).await;
    assert_eq!((view.row.handling_class, view.history.len()), (HandlingClass::OnHold, 2), "told once");
    let (child, parent) = (seqs[0], Some(seqs[1]));
    ledger.set_grouping(child, Grouping::BundledChild, parent, &staff(), NOW).await.unwrap();
    let order = house.order(child).await;
    assert_eq!((order.facts.grouping, order.parent), (Grouping::BundledChild, parent));
    ledger.set_grouping(child, Grouping::None, None, &staff(), NOW).await.unwrap();
    assert_eq!(house.order(child).await.parent, None);
    let rows = house.count("SELECT COUNT(*) AS n FROM history").await;
    assert!(ledger.set_grouping(OrderSeq(99), Grouping::None, None, &staff(), NOW).await.is_err());
    assert!(ledger.set_grouping(child, Grouping::SplitChild, Some(child), &staff(), NOW).await.is_err());
    assert!(ledger.set_handling_class(OrderSeq(99), HandlingClass::Normal, &staff(), NOW).await.is_err());
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM history").await, rows, "no history without an order");
});

contract!(the_notice_state_is_set_by_hand_only_where_that_is_true_ntf7_f32, |db| {
    let house = House::new(db).await;
    let seqs = house.import(vec![sample_order(1), sample_order(2), fba(sample_order(3))]).await;
    house.parcel(seqs[0], "4000-0000-0001").await;
    house.wish(seqs[1], 1).await;
    let set = async |to, has: bool| {
        house.ledger.set_notice_state(&seqs, to, &move |_| has, &staff(), NOW).await.unwrap()
    };
    let done = set(NoticeState::Applied, true).await;
    assert_eq!(done.done, seqs[..1]);
    let codes: Vec<_> = done.refused.iter().map(|r| r.reason.code.as_str()).collect();
    assert_eq!(codes, ["notice_in_flight", "fba_is_not_notified"]);
    let parcel = house.order(seqs[0]).await.facts.parcels.remove(0);
    assert_eq!((parcel.version, parcel.sent_version), (1, 1), "正常: the mall has it");
    assert!(set(NoticeState::Rejected, true).await.done.is_empty());
    assert!(set(NoticeState::NotSent, false).await.done.is_empty());
    assert_eq!(set(NoticeState::NotSent, true).await.done, seqs[..1]);
    assert_eq!(house.view(seqs[0]).await.row.notice_state, NoticeState::NotSent);
});

contract!(an_edit_names_its_version_and_its_field_imp3_i5, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let edit = async |version: i64, changes: &[(&str, serde_json::Value)]| {
        let changes: Vec<_> = changes.iter().map(|(p, v)| ((*p).to_owned(), v.clone())).collect();
        house.ledger.edit_order(seq, version, &changes, &staff(), NOW.plus(3)).await
    };
    let changes = [
        ("buyer.family_name", json!("訂正")),
        ("lines[1].quantity", json!(5)),
        ("payment.method", json!({"code": "9", "label": "後払い"})),
        ("delivery.deliver_on", json!("2026-12-01")),
    ];
    edit(1, &changes).await.unwrap().unwrap();
    assert!(matches!(edit(1, &changes).await, Err(StoreError::Conflict { .. })), "409");
    let before = house.everything().await;
    for bad in [("buyer.nothing", json!(1)), ("lines[1].quantity", json!("many")), ("", json!(1))] {
        assert!(edit(2, &[("buyer.city", json!("見本")), bad.clone()]).await.unwrap().is_err(), "{bad:?}");
    }
    assert_eq!(house.everything().await, before, "nothing of a bad edit is stored");
    let view = house.view(seq).await;
    assert_eq!(view.content.unwrap().lines[0].quantity, 5);
    assert_eq!(view.row.head.unwrap().buyer, "訂正 花子");
    assert_eq!((view.row.deliver_on.as_deref(), view.row.updated_at), (Some("2026-12-01"), NOW.plus(3)));
    assert_eq!(view.edited.len(), 4);
    let text = "SELECT COUNT(*) AS n FROM orders WHERE payment_method = '9'";
    assert_eq!(house.count(text).await, 1);
    let found =
        house.ledger.search_orders(&Access::full(), "訂正", &list(), &|| false).await.unwrap().unwrap();
    assert_eq!(found.orders.len(), 1);
    edit(2, &[("buyer.family_name", json!("架空"))]).await.unwrap().unwrap();
    assert_eq!(house.view(seq).await.edited.len(), 3, "back to the mall's value is no edit");
    let history = house.view(seq).await.history;
    let last = serde_json::to_string(&history.last().unwrap().event).unwrap();
    assert!(
        last.contains("buyer.family_name") && !last.contains("架空"),
        "names of fields, never values: {last}"
    );
});

fn list() -> store::orders::ListFilter {
    store::orders::ListFilter { limit: 10, ..store::orders::ListFilter::default() }
}

contract!(a_conflict_is_shown_until_somebody_decides_imp3_imp9, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let city = |v: &str| [("buyer.city".to_owned(), json!(v))];
    house.ledger.edit_order(seq, 1, &city("こちら"), &staff(), NOW).await.unwrap().unwrap();
    for decided in ["こちら", "あちら"] {
        let known = existing(&house, 1).await;
        let mut meets = refresh(&known);
        meets.snapshot.content.buyer.city = "見本市".to_owned().into();
        meets.edits = add_edit(&meets.snapshot.content, &[], "buyer.city", json!("こちら")).unwrap();
        meets.edits[0].conflict = Some(json!("あちら"));
        meets.snapshot.content.buyer.city = "あちら".to_owned().into();
        meets.flags = domain::order::Flag::EditConflict.bit();
        house.commit(Page { refreshed: vec![Refresh { ..meets }], ..Page::default() }).await.unwrap();
        let view = house.view(seq).await;
        assert_eq!(view.conflicts, ["buyer.city"]);
        assert_eq!(view.content.unwrap().buyer.city.text(), "こちら", "ours stays meanwhile");
        house.ledger.edit_order(seq, view.row.version, &city(decided), &staff(), NOW).await.unwrap().unwrap();
        let view = house.view(seq).await;
        assert!(view.conflicts.is_empty() && view.row.flags.is_empty());
        assert_eq!(view.content.unwrap().buyer.city.text(), decided);
    }
});
