//! From a wish to its end: outbox, steps, calls, results that come later, rules by result.

use domain::history::By;
use domain::notice::NoticeState;
use domain::order::Flag;
use domain::rule::Rule;
use domain::write::{StepState, WriteKind};
use domain::{StepId, reason};
use store::calls::{CallEnd, PendingResult, PollEnd};
use store::outbox::{NewWrite, StepUpdate};
use store::{Ledger, StoreError};
use testkit::contract;

use crate::house::{House, NOW, answered, sample_order};

contract!(a_wish_is_taken_once_and_only_as_it_was_judged_i3_f33, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(4).await;
    let mut writes = Vec::new();
    for seq in &seqs {
        let parcel = house.parcel(*seq, &format!("4000-0000-{:04}", seq.0)).await;
        writes.push(house.notice(*seq, vec![parcel]).await);
    }
    house.shift(seqs[1], "awaiting_print").await;
    writes[2].parcels.clear();
    writes.push(writes[0].clone());
    let enqueue = async |writes: &[NewWrite]| {
        house.ledger.enqueue_writes(&house.guard, writes, &By::System, NOW).await.unwrap()
    };
    assert_eq!(enqueue(&writes).await, [seqs[0], seqs[3]], "changed, empty and named twice are left out");
    assert!(enqueue(&writes).await.is_empty());
    let again = house.notice(seqs[0], writes[0].parcels.clone()).await;
    assert!(enqueue(&[again]).await.is_empty(), "連携中");
    assert_eq!(house.view(seqs[2]).await.row.notice_state, NoticeState::NotSent, "no notice without a step");
    assert_eq!(house.ledger.open_steps(&house.shop.lane_key).await.unwrap(), 2);
    assert_eq!(house.ledger.next_write_due(&house.shop.lane_key).await.unwrap(), Some(NOW));
    let due = |kind, now, limit| house.ledger.due_writes(&house.shop.lane_key, house.id(), kind, now, limit);
    assert!(due(WriteKind::ShipmentNotice, NOW.plus(-1), 9).await.unwrap().is_empty());
    assert!(due(WriteKind::ConfirmOrder, NOW, 9).await.unwrap().is_empty());
    assert_eq!(due(WriteKind::ShipmentNotice, NOW, 1).await.unwrap()[0].seq, seqs[0], "oldest first");
    let all = due(WriteKind::ShipmentNotice, NOW, 9).await.unwrap();
    assert_eq!(all.iter().map(|d| d.seq).collect::<Vec<_>>(), [seqs[0], seqs[3]]);
    assert_eq!(all[0].steps[0].wanted.as_ref(), writes[0].parcels.first());
    assert_eq!(Ledger::parcel_of(&all[0].steps[0]), Some(writes[0].parcels[0].parcel_id));
    assert_eq!((all[0].phase.as_str(), all[0].shop_id), ("new", house.id()));
    assert!(
        house
            .ledger
            .due_writes("another lane", house.id(), WriteKind::ShipmentNotice, NOW, 9)
            .await
            .unwrap()
            .is_empty()
    );
});

contract!(steps_fold_to_all_six_states_ntf5, |db| {
    use StepState::{Applied, Failed, Pending, Ready, Rejected, ResultUnknown, Sending, Unknown, Withdrawn};
    let house = House::new(db).await;
    let cases: &[(&[StepState], NoticeState, bool)] = &[
        (&[Withdrawn], NoticeState::NotSent, false),
        (&[Ready], NoticeState::InFlight, false),
        (&[Unknown], NoticeState::InFlight, true),
        (&[Applied, Unknown], NoticeState::InFlight, true),
        (&[Pending], NoticeState::InFlight, false),
        (&[Applied], NoticeState::Applied, false),
        (&[Applied, Applied], NoticeState::Applied, false),
        (&[Applied, Withdrawn], NoticeState::Applied, false),
        (&[Applied, Rejected], NoticeState::Rejected, false),
        (&[Failed], NoticeState::SendFailed, false),
        (&[Rejected, ResultUnknown], NoticeState::ResultUnknown, false),
        (&[Applied, Sending], NoticeState::InFlight, false),
    ];
    let seqs = house.samples(i64::try_from(cases.len()).unwrap()).await;
    for (seq, (ends, state, confirming)) in seqs.iter().zip(cases) {
        let steps = house.wish(*seq, i64::try_from(ends.len()).unwrap()).await;
        let ends: Vec<(StepId, StepState)> = steps.iter().copied().zip(ends.iter().copied()).collect();
        let ended = house.send(&ends).await;
        let finished = ends.iter().all(|(_, s)| s.is_final());
        assert_eq!(ended.len(), usize::from(finished), "{ends:?}");
        assert!(ended.iter().all(|e| e.state == *state && e.seq == *seq));
        let row = house.view(*seq).await.row;
        assert_eq!((row.notice_state, row.confirming), (*state, *confirming), "{ends:?}");
        assert_eq!(row.updated_at, NOW, "our own sending does not renew 最終更新日 (NTF-12)");
    }
    let seen: std::collections::BTreeSet<_> = cases.iter().map(|c| c.1).collect();
    assert_eq!(seen.len(), NoticeState::ALL.len());
});

contract!(what_the_mall_has_of_a_parcel_is_kept_and_a_remark_is_shown_ntf9, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let steps = house.wish(seq, 1).await;
    let call = house.call(&steps).await;
    let mut update = StepUpdate::new(steps[0], StepState::Applied, NOW);
    update.mall_ref = Some("ship-1".to_owned());
    update.warnings = vec![reason::carrier_blank()];
    house.ledger.end_call(&house.guard, call, &answered(), &[update.clone()], NOW).await.unwrap();
    let order = house.order(seq).await;
    let parcel = &order.facts.parcels[0];
    assert_eq!((parcel.sent_version, parcel.mall_ref.as_deref()), (1, Some("ship-1")));
    assert_eq!(order.flags, Flag::Warning.bit());
    let write = house.view(seq).await.writes.remove(0);
    assert_eq!((write.state.as_str(), write.result.as_deref()), ("done", Some("applied")));
    assert_eq!((write.attempts, write.warnings.len(), write.finished_at), (1, 1, Some(NOW)));
    update.state = StepState::Failed;
    assert!(house.ledger.update_steps(&house.guard, &[update], NOW).await.unwrap().is_empty());
    assert_eq!(house.view(seq).await.row.notice_state, NoticeState::Applied, "what is final stays");
    assert!(house.ledger.update_steps(&house.guard, &[], NOW).await.unwrap().is_empty());
    assert_eq!(house.ledger.next_write_due(&house.shop.lane_key).await.unwrap(), None);
});

contract!(nothing_is_sent_when_a_step_is_not_free_any_more_i3_f25, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(2).await;
    let steps = [house.wish(seqs[0], 1).await, house.wish(seqs[1], 1).await].concat();
    house.call(&steps[..1]).await;
    let (kind, guard) = (WriteKind::ShipmentNotice, &house.guard);
    let twice = house.ledger.begin_call(guard, house.id(), kind, "add", b"", &steps, NOW).await;
    assert!(matches!(twice, Err(StoreError::Conflict { .. })));
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM calls").await, 1);
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM outbox_steps WHERE state = 'sending'").await, 1);
});

contract!(an_unclear_end_is_read_back_and_looks_are_counted_ntf14_i3, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let steps = house.wish(seq, 1).await;
    let call = house.call(&steps).await;
    let unclear = CallEnd { http_status: None, pending: None, unclear: true };
    let update =
        StepUpdate::new(steps[0], StepState::Unknown, NOW.plus(60)).because(reason::answer_unclear());
    house.ledger.end_call(&house.guard, call, &unclear, std::slice::from_ref(&update), NOW).await.unwrap();
    assert_eq!(house.ledger.next_write_due(&house.shop.lane_key).await.unwrap(), Some(NOW.plus(60)));
    assert_eq!(house.ledger.state_counts().await.unwrap()["confirming"], 1);
    let look = StepUpdate { looked: true, due_at: NOW.plus(90), ..update };
    house.ledger.update_steps(&house.guard, &[look.clone(), look], NOW).await.unwrap();
    let due =
        house.ledger.due_writes(&house.shop.lane_key, house.id(), WriteKind::ShipmentNotice, NOW.plus(90), 9);
    let step = due.await.unwrap().remove(0).steps.remove(0);
    assert_eq!((step.looks, step.attempts, step.sent_at, step.state), (2, 1, Some(NOW), StepState::Unknown));
    let there = StepUpdate::new(steps[0], StepState::Applied, NOW);
    let ended = house.ledger.update_steps(&house.guard, &[there], NOW).await.unwrap();
    assert_eq!(
        (ended.len(), ended[0].state, ended[0].kind),
        (1, NoticeState::Applied, WriteKind::ShipmentNotice)
    );
    let row = house.view(seq).await.row;
    assert!(!row.confirming && row.notice_state == NoticeState::Applied);
});

contract!(a_result_that_comes_later_is_asked_for_until_it_is_there_f30, |db| {
    let house = House::new(db).await;
    let lane = house.shop.lane_key.as_str();
    let seq = house.samples(1).await[0];
    let steps = house.wish(seq, 2).await;
    let call = house.call(&steps).await;
    let pending =
        PendingResult { receipt: Some("T-1".to_owned()), poll_at: NOW.plus(10), deadline_at: NOW.plus(99) };
    let end = CallEnd { http_status: Some(202), pending: Some(pending), unclear: false };
    let waiting = steps.iter().map(|s| StepUpdate::new(*s, StepState::Pending, NOW)).collect::<Vec<_>>();
    house.ledger.end_call(&house.guard, call, &end, &waiting, NOW).await.unwrap();
    assert!(house.ledger.due_polls(lane, NOW.plus(9), &[]).await.unwrap().is_empty());
    assert_eq!(house.ledger.next_poll_due(lane).await.unwrap(), Some(NOW.plus(10)));
    let poll = house.ledger.due_polls(lane, NOW.plus(10), &[]).await.unwrap().remove(0);
    assert_eq!(
        (poll.call_id, poll.receipt.as_deref(), poll.draft.as_slice()),
        (call, Some("T-1"), &b"draft"[..])
    );
    assert_eq!(
        (poll.shop_id, poll.kind.as_str(), poll.deadline_at),
        (house.id(), "shipment_notice", NOW.plus(99))
    );
    let ended =
        house.ledger.end_poll(&house.guard, call, PollEnd::AskAgain(NOW.plus(20)), &[], NOW).await.unwrap();
    assert!(ended.is_empty());
    assert_eq!(house.ledger.next_poll_due(lane).await.unwrap(), Some(NOW.plus(20)));
    assert_eq!(
        house.count("SELECT COUNT(*) AS n FROM calls WHERE finished_at IS NULL").await,
        1,
        "not finished yet"
    );
    let done = [
        StepUpdate::new(steps[0], StepState::Applied, NOW),
        StepUpdate::new(steps[1], StepState::Rejected, NOW).because(reason::mall_code_unknown("E1")),
    ];
    let ended =
        house.ledger.end_poll(&house.guard, call, PollEnd::Learnt, &done, NOW.plus(21)).await.unwrap();
    assert_eq!(ended[0].state, NoticeState::Rejected);
    assert_eq!(house.ledger.next_poll_due(lane).await.unwrap(), None);
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM calls WHERE finished_at IS NOT NULL").await, 1);
    let items = "SELECT COUNT(*) AS n FROM call_items WHERE outcome IN ('applied', 'rejected')";
    assert_eq!(house.count(items).await, 2);
    let view = house.view(seq).await;
    assert!(view.history.iter().any(|h| h.event["reason"]["code"] == "mall_code_unknown"), "with its reason");
});

fn rule(house: &House, success: Option<&str>, failure: Option<&str>) -> Rule {
    Rule {
        shop_id: house.id(),
        kind: WriteKind::ShipmentNotice,
        target_phase: "new".into(),
        success_phase: success.map(Into::into),
        failure_phase: failure.map(Into::into),
    }
}

contract!(rules_move_by_result_unless_somebody_moved_the_order_meanwhile_ntf2_f33_i6, |db| {
    let house = House::new(db).await;
    house.ledger.put_rule(&rule(&house, Some("completed"), Some("on_hold"))).await.unwrap();
    let seqs = house.samples(6).await;
    let ends = [StepState::Applied, StepState::Rejected, StepState::Failed, StepState::ResultUnknown];
    for (seq, end) in seqs.iter().zip(ends) {
        let steps = house.wish(*seq, 1).await;
        house.send(&[(steps[0], end)]).await;
        let view = house.view(*seq).await;
        let to = if end == StepState::Applied { "completed" } else { "on_hold" };
        assert_eq!((view.row.phase.as_str(), view.row.updated_at), (to, NOW));
        assert!(view.history.iter().any(|h| h.event["event"] == "phase_moved" && h.event["to"] == to));
    }
    let steps = house.wish(seqs[4], 1).await;
    house.shift(seqs[4], "cancelled").await;
    house.send(&[(steps[0], StepState::Applied)]).await;
    let view = house.view(seqs[4]).await;
    assert_eq!((view.row.phase.as_str(), view.row.notice_state), ("cancelled", NoticeState::Applied));
    assert_eq!(view.row.flags, [Flag::NeedsAttention], "the mall has a shipment of a cancelled order");
    assert_eq!(view.history.last().unwrap().event["reason"]["code"], "changed_while_in_flight");
    // A rule cannot do what people may not.
    let mut held = sample_order(9);
    held.snapshot.facts.hold = domain::hold::Hold::Fraud { raw: "1".to_owned() };
    let held = house.import(vec![held]).await[0];
    let steps = house.wish(held, 1).await;
    house.send(&[(steps[0], StepState::Applied)]).await;
    let view = house.view(held).await;
    assert_eq!(view.row.phase.as_str(), "new");
    assert_eq!(view.history.last().unwrap().event["reason"]["code"], "fraud_hold_blocks_move");
    assert_eq!(
        house.ledger.phase_counts().await.unwrap().into_iter().filter(|(_, n)| *n != 0).collect::<Vec<_>>(),
        house.ledger.recount_phases().await.unwrap().into_iter().collect::<Vec<_>>()
    );
});

contract!(an_order_is_confirmed_apart_from_its_notice_imp8, |db| {
    let house = House::new(db).await;
    let mut new = sample_order(1);
    new.snapshot.facts.stage = domain::snapshot::MallStage::AwaitingConfirmation;
    let seqs = house.import(vec![new, sample_order(2)]).await;
    let phases = ["new".into()];
    let candidates = async |kind| {
        house.ledger.write_candidates(house.id(), kind, &phases, domain::OrderSeq(0), 10).await.unwrap()
    };
    assert_eq!(candidates(WriteKind::ConfirmOrder).await, seqs[..1]);
    assert_eq!(candidates(WriteKind::ShipmentNotice).await, seqs);
    let kind = WriteKind::ConfirmOrder;
    let write = NewWrite { seq: seqs[0], version: 1, kind, parcels: Vec::new(), target: None };
    let taken = house.ledger.enqueue_writes(&house.guard, &[write], &By::System, NOW).await.unwrap();
    assert_eq!(taken, seqs[..1]);
    assert_eq!(house.ledger.state_counts().await.unwrap()["site_changing"], 1);
    assert!(candidates(kind).await.is_empty());
    let steps = house.steps(seqs[0]).await;
    house.send(&[(steps[0], StepState::Applied)]).await;
    let row = house.view(seqs[0]).await.row;
    assert_eq!((row.confirm_state, row.notice_state), (NoticeState::Applied, NoticeState::NotSent));
    assert_eq!(candidates(WriteKind::ShipmentNotice).await, seqs, "it may still be notified");
    let after =
        house.ledger.write_candidates(house.id(), WriteKind::ShipmentNotice, &phases, seqs[0], 10).await;
    assert_eq!(after.unwrap(), seqs[1..]);
});
