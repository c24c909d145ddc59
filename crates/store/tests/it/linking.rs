//! 紐付け設定: what follows when an order enters a phase, on every way there, once.

use domain::OrderSeq;
use domain::history::By;
use domain::order::HandlingClass;
use domain::rule::Rule;
use domain::write::{StepState, WriteKind};
use store::args;
use store::orders::Page;
use store::outbox::StepUpdate;
use testkit::contract;

use crate::base::both;
use crate::holding::{automation, link};
use crate::house::{House, NOW, fba, sample_order};

const KIND: WriteKind = WriteKind::MallStatus;

/// Wishes for a status: their target and state, oldest first.
async fn wishes(house: &House, seq: OrderSeq) -> Vec<(String, String)> {
    let text =
        both("SELECT target, state, result FROM outbox WHERE seq = $1 AND kind = 'mall_status' ORDER BY id");
    let rows = house.ledger.db().fetch_all(&text, args![seq.0]).await.unwrap();
    let state = |r: &store::Row| r.get_opt_str("result").unwrap().unwrap_or(r.get_str("state").unwrap());
    rows.iter().map(|r| (r.get_str("target").unwrap(), state(r))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

async fn linked(house: &House) {
    automation(house, true).await;
    for (phase, status, on) in
        [("awaiting_print", "2", true), ("on_hold", "3", true), ("awaiting_stock", "8", false)]
    {
        house.ledger.put_status_link(&link(house, phase, status, on)).await.unwrap();
    }
}

contract!(ntf11_the_table_is_kept_switched_and_dropped, |db| {
    let house = House::new(db).await;
    let seeds = [link(&house, "completed", "5", true), link(&house, "no_such_phase", "5", true)];
    house.ledger.seed_status_links(&seeds).await.unwrap();
    house.ledger.seed_status_links(&[link(&house, "completed", "9", false)]).await.unwrap();
    house.ledger.seed_status_links(&[]).await.unwrap();
    let rows = async || house.ledger.status_links(house.id()).await.unwrap();
    assert_eq!(rows().await, seeds[..1], "what is there stays; phases that are not there are left out");
    assert!(house.ledger.switch_status_link(house.id(), &"completed".into(), false).await.unwrap());
    assert!(!house.ledger.switch_status_link(house.id(), &"new".into(), false).await.unwrap());
    assert!(!rows().await[0].on);
    house.ledger.put_status_link(&link(&house, "completed", "2", true)).await.unwrap();
    assert_eq!(rows().await, [link(&house, "completed", "2", true)]);
    assert!(house.ledger.drop_status_link(house.id(), &"completed".into()).await.unwrap());
    assert!(!house.ledger.drop_status_link(house.id(), &"completed".into()).await.unwrap());
    assert!(rows().await.is_empty());
});

contract!(ntf11_entering_a_linked_phase_wishes_the_status_once, |db| {
    let house = House::new(db).await;
    linked(&house).await;
    let seqs = house.samples(2).await;
    house.shift(seqs[0], "awaiting_print").await;
    assert_eq!(wishes(&house, seqs[0]).await, pairs(&[("2", "open")]));
    assert!(wishes(&house, seqs[1]).await.is_empty());
    house.shift(seqs[0], "awaiting_print").await;
    house.shift(seqs[0], "awaiting_payment").await;
    assert_eq!(wishes(&house, seqs[0]).await, pairs(&[("2", "open")]), "leaving unwishes nothing");
    house.shift(seqs[0], "awaiting_print").await;
    assert_eq!(wishes(&house, seqs[0]).await, pairs(&[("2", "open")]), "it is wanted already");
    house.shift(seqs[0], "on_hold").await;
    let expected = pairs(&[("2", "not_sent"), ("3", "open")]);
    assert_eq!(wishes(&house, seqs[0]).await, expected, "the newest phase counts");
    house.shift(seqs[1], "awaiting_stock").await;
    assert!(wishes(&house, seqs[1]).await.is_empty(), "switched off");
    let due = house.ledger.due_writes(&house.shop.lane_key, house.id(), KIND, NOW, 9).await.unwrap();
    assert_eq!(due.iter().map(|d| d.seq).collect::<Vec<_>>(), [seqs[0]]);
    assert_eq!(house.view(seqs[0]).await.row.updated_at, NOW);
});

contract!(ntf11_by_rule_and_at_an_import_as_by_hand, |db| {
    let house = House::new(db).await;
    linked(&house).await;
    house.ledger.put_status_link(&link(&house, "new", "2", true)).await.unwrap();
    let seq = house.import(vec![sample_order(1)]).await[0];
    assert_eq!(wishes(&house, seq).await, pairs(&[("2", "open")]), "an import is an entering");
    let rule = Rule {
        shop_id: house.id(),
        kind: WriteKind::ShipmentNotice,
        target_phase: "new".into(),
        success_phase: None,
        failure_phase: Some("on_hold".into()),
    };
    house.ledger.put_rule(&rule).await.unwrap();
    let steps = house.wish(seq, 1).await;
    let notice: Vec<_> = steps.into_iter().skip(1).collect();
    house.send(&[(notice[0], StepState::Rejected)]).await;
    assert_eq!(house.view(seq).await.row.phase.as_str(), "on_hold");
    assert_eq!(wishes(&house, seq).await, pairs(&[("2", "not_sent"), ("3", "open")]));
});

contract!(ntf11_refusals_stand_in_the_history_with_their_reason, |db| {
    let house = House::new(db).await;
    linked(&house).await;
    let mut there = sample_order(3);
    there.snapshot.facts.status = domain::snapshot::Coded::new("2", "処理中");
    let seqs = house.import(vec![fba(sample_order(1)), sample_order(2), there, sample_order(4)]).await;
    house.ledger.set_handling_class(seqs[1], HandlingClass::OnHold, &By::Cli, NOW).await.unwrap();
    for seq in &seqs[..3] {
        house.shift(*seq, "awaiting_print").await;
    }
    automation(&house, false).await;
    house.shift(seqs[3], "awaiting_print").await;
    let codes =
        [Some("fba_is_not_notified"), Some("handling_class_not_normal"), None, Some("automation_stopped")];
    for (seq, code) in seqs.iter().zip(codes) {
        assert!(wishes(&house, *seq).await.is_empty());
        let history = house.view(*seq).await.history;
        let said =
            history.iter().find(|h| h.event["event"] == "not_done" && h.event["what"] == "mall_status");
        assert_eq!(said.and_then(|h| h.event["reason"]["code"].as_str()), code);
    }
});

contract!(ntf11_a_phase_entered_while_a_status_is_under_way_is_not_forgotten, |db| {
    let house = House::new(db).await;
    linked(&house).await;
    let seq = house.samples(1).await[0];
    house.shift(seq, "awaiting_print").await;
    let step = house.steps(seq).await[0];
    let call = house.ledger.begin_call(&house.guard, house.id(), KIND, "status", b"", &[step], NOW).await;
    house.shift(seq, "on_hold").await;
    assert_eq!(wishes(&house, seq).await, pairs(&[("2", "open")]), "under way");
    let update = StepUpdate::new(step, StepState::Applied, NOW);
    house
        .ledger
        .end_call(&house.guard, call.unwrap(), &crate::house::answered(), &[update], NOW)
        .await
        .unwrap();
    assert_eq!(wishes(&house, seq).await, pairs(&[("2", "applied"), ("3", "open")]));
    let events = house.view(seq).await.history;
    assert!(!events.iter().any(|h| h.event["event"] == "not_done"), "going on is no trouble: {events:?}");
});

contract!(a_rule_to_a_phase_that_was_removed_is_told_in_the_history_ntf2, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let rule = Rule {
        shop_id: house.id(),
        kind: WriteKind::ShipmentNotice,
        target_phase: "new".into(),
        success_phase: Some("no_such_phase".into()),
        failure_phase: None,
    };
    house.ledger.put_rule(&rule).await.unwrap();
    let steps = house.wish(seq, 1).await;
    house.send(&[(steps[0], StepState::Applied)]).await;
    let last = house.view(seq).await.history.pop().unwrap();
    assert_eq!(last.event["reason"]["code"], "phase_gone");
});

contract!(a_document_without_a_number_is_solved_with_the_orders_that_were_missing_beside_it_i8, |db| {
    use domain::reason;
    use store::imports::Aside;
    let house = House::new(db).await;
    let ids = [sample_order(1), sample_order(2)].map(|o| o.snapshot.mall_order_id);
    let aside = |id: &str, raw: Option<Vec<u8>>| Aside {
        mall_order_id: id.into(),
        raw,
        reason: reason::order_not_given(),
        retries: 3,
    };
    let page = Page {
        aside: vec![
            aside("?00000000deadbeef", Some(b"{".to_vec())),
            aside(ids[0].as_str(), None),
            aside(ids[1].as_str(), None),
        ],
        ..Page::default()
    };
    house.commit(page).await.unwrap();
    let left = async || house.ledger.set_aside_orders(9).await.unwrap().len();
    let solve = async |n: usize| {
        let solved = vec![ids[n].clone()];
        house.commit(Page { solved, ..Page::default() }).await.unwrap();
    };
    solve(0).await;
    assert_eq!(left().await, 2, "the other order may be what the document held");
    solve(1).await;
    assert_eq!(left().await, 0);
});

contract!(what_was_left_out_is_known_by_its_newest_reason_until_it_is_there_imp4, |db| {
    use domain::reason;
    use store::imports::Note;
    let house = House::new(db).await;
    let note = |id: &str, status: &str| Note {
        mall_order_id: id.into(),
        kind: "left_out".to_owned(),
        reason: reason::status_not_fetched(status),
    };
    let here = sample_order(1).snapshot.mall_order_id;
    let notes = vec![note("a", "処理済"), note("b", "処理済"), note(here.as_str(), "処理済")];
    house.commit(Page { notes, ..Page::default() }).await.unwrap();
    let progress = house.progress(0).await;
    house.ledger.finish_run(&house.guard, &progress, "succeeded", None, NOW).await.unwrap();
    house.commit(Page { notes: vec![note("b", "キャンセル確定")], ..Page::default() }).await.unwrap();
    house.samples(1).await;
    let left = house.ledger.left_out(house.id(), 9).await.unwrap();
    let expected = [("a", "処理済"), ("b", "キャンセル確定")];
    let expected = expected.map(|(id, status)| (id.into(), reason::status_not_fetched(status)));
    assert_eq!(left, expected);
});
