//! 連携履歴: every write once, newest first, page by page, with how it ended; a reader's shops only.

use domain::history::By;
use domain::notice::NoticeState;
use domain::write::StepState;
use domain::{OutboxId, ShopId};
use store::Access;
use store::desk::notices::{NoticeFilter, NoticeRow};
use testkit::contract;

use crate::house::{House, NOW};

fn all(limit: i64) -> NoticeFilter {
    NoticeFilter { limit, ..NoticeFilter::default() }
}

async fn listed(house: &House, filter: &NoticeFilter) -> Vec<NoticeRow> {
    house.ledger.notices(&Access::full(), filter).await.unwrap()
}

contract!(every_write_is_listed_once_newest_first_page_by_page_ntf6, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(5).await;
    for seq in &seqs {
        house.wish(*seq, 1).await;
    }
    let mut seen = Vec::new();
    let mut filter = all(2);
    loop {
        let page = listed(&house, &filter).await;
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        filter.after = Some((last.created_at, last.outbox_id));
        seen.extend(page.iter().map(|r| r.seq));
    }
    let mut newest_first = seqs.clone();
    newest_first.reverse();
    assert_eq!(seen, newest_first);
    let others = Access { shops: Some(vec![ShopId(99)]), buyer_data: true };
    assert!(house.ledger.notices(&others, &all(50)).await.unwrap().is_empty());
    let elsewhere = NoticeFilter { shop: Some(ShopId(99)), ..all(50) };
    assert!(listed(&house, &elsewhere).await.is_empty());
    let confirming = NoticeFilter { kind: Some("confirm_order".to_owned()), ..all(50) };
    assert!(listed(&house, &confirming).await.is_empty());
    let before = NoticeFilter { to: Some(NOW.plus(-1)), ..all(50) };
    assert!(listed(&house, &before).await.is_empty());
    let later = NoticeFilter { from: Some(NOW.plus(domain::time::DAY)), ..all(50) };
    assert!(listed(&house, &later).await.is_empty());
});

contract!(a_failure_is_listed_while_it_says_how_the_order_stands_ntf5_ntf7, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(3).await;
    for (seq, end) in seqs.iter().zip([StepState::Applied, StepState::Rejected, StepState::Failed]) {
        let step = house.wish(*seq, 1).await[0];
        house.send(&[(step, end)]).await;
    }
    let of = async |state| {
        let filter = NoticeFilter { state: Some(state), ..all(50) };
        listed(&house, &filter).await.iter().map(|r| r.seq).collect::<Vec<_>>()
    };
    assert_eq!(of(NoticeState::Applied).await, [seqs[0]]);
    assert_eq!(of(NoticeState::Rejected).await, [seqs[1]]);
    assert_eq!(of(NoticeState::SendFailed).await, [seqs[2]]);
    assert!(of(NoticeState::InFlight).await.is_empty());
    let row = listed(&house, &NoticeFilter { state: Some(NoticeState::Rejected), ..all(1) }).await.remove(0);
    assert_eq!((row.state, row.order_state), (NoticeState::Rejected, Some(NoticeState::Rejected)));
    assert_eq!((row.attempts(), row.steps.len()), (1, 1));
    // Set by hand: the row stays in the history, and is no failure that waits any more.
    let done = house
        .ledger
        .set_notice_state(&[seqs[1]], NoticeState::NotSent, &|_| true, &By::Cli, NOW)
        .await
        .unwrap();
    assert_eq!(done.done, [seqs[1]]);
    assert!(of(NoticeState::Rejected).await.is_empty());
    house.wish(seqs[2], 1).await;
    assert!(of(NoticeState::SendFailed).await.is_empty(), "a newer write is under way");
    assert_eq!(of(NoticeState::InFlight).await, [seqs[2]]);
    assert_eq!(listed(&house, &all(50)).await.len(), 4);
});

contract!(one_write_is_told_with_its_steps_and_calls_ntf6, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let steps = house.wish(seq, 2).await;
    house.send(&[(steps[0], StepState::Applied), (steps[1], StepState::Unknown)]).await;
    let id = listed(&house, &all(1)).await[0].outbox_id;
    let (row, calls) = house.ledger.notice(id).await.unwrap().unwrap();
    assert_eq!((row.seq, row.state, row.confirming), (seq, NoticeState::InFlight, true));
    assert_eq!(row.steps.iter().map(|s| s.state.as_str()).collect::<Vec<_>>(), ["applied", "unknown"]);
    assert!(calls.len() == 2 && calls.iter().all(|c| steps.iter().any(|s| s.0 == c.step_id)));
    assert!(house.ledger.notice(OutboxId(9_999)).await.unwrap().is_none());
});

contract!(what_a_look_saw_takes_the_place_of_a_result_nobody_learnt_ntf5, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(3).await;
    let look = async |seq, ends: &[StepState]| {
        let steps = house.wish(seq, 2).await;
        house.send(&[(steps[0], StepState::Applied), (steps[1], StepState::ResultUnknown)]).await;
        let row = listed(&house, &all(1)).await.remove(0);
        assert_eq!((row.seq, row.state), (seq, NoticeState::ResultUnknown));
        let write = house.ledger.unlearnt_write(row.outbox_id, house.id()).await.unwrap().unwrap();
        let updates: Vec<_> = steps[1..]
            .iter()
            .zip(ends)
            .map(|(step, end)| store::outbox::StepUpdate::new(*step, *end, NOW))
            .collect();
        (write.clone(), house.ledger.settle_read_back(&house.guard, &write, &updates, NOW).await)
    };
    let (write, seen) = look(seqs[0], &[StepState::Applied]).await;
    assert_eq!(seen.unwrap(), Some(NoticeState::Applied));
    assert_eq!(house.order(seqs[0]).await.facts.notice_state, NoticeState::Applied);
    // Once it is known, there is nothing to look for.
    assert!(house.ledger.unlearnt_write(write.outbox_id, house.id()).await.unwrap().is_none());
    assert_eq!(house.ledger.settle_read_back(&house.guard, &write, &[], NOW).await.unwrap(), None);

    let (_, seen) = look(seqs[1], &[StepState::Failed]).await;
    assert_eq!(seen.unwrap(), Some(NoticeState::SendFailed));
    assert_eq!(house.order(seqs[1]).await.facts.notice_state, NoticeState::SendFailed);

    // A look that does not say how every step ended changes nothing.
    let before = async || house.order(seqs[2]).await;
    let (write, seen) = look(seqs[2], &[]).await;
    assert!(seen.is_err());
    assert_eq!(before().await.facts.notice_state, NoticeState::ResultUnknown);
    // A person was faster.
    house.ledger.set_notice_state(&[seqs[2]], NoticeState::Applied, &|_| true, &By::Cli, NOW).await.unwrap();
    assert!(house.ledger.unlearnt_write(write.outbox_id, house.id()).await.unwrap().is_none());
    assert_eq!(house.ledger.settle_read_back(&house.guard, &write, &[], NOW).await.unwrap(), None);
    let elsewhere = house.ledger.unlearnt_write(write.outbox_id, ShopId(99)).await.unwrap();
    assert!(elsewhere.is_none());
});
