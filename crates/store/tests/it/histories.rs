//! Whatever happens in whatever order: history explains the rows (I4), counts add up, nobody gets in another's way.

use std::collections::BTreeMap;

use domain::history::{By, Event};
use domain::notice::NoticeState;
use domain::order::HandlingClass;
use domain::phase::DEFAULT_PHASES;
use domain::rule::Rule;
use domain::write::{StepState, WriteKind};
use domain::{OrderSeq, PhaseKey, reason};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use store::orders::{MoveOptions, Page};
use store::outbox::{NewWrite, StepUpdate};
use store::{Ledger, StoreError};
use testkit::contract;
use testkit::tempdb::TempDb;

use crate::house::{House, NOW, claim, fba, ring, sample_order, staff};
use crate::pages::{existing, refresh};

/// An order as its history tells it.
#[derive(Debug, Default, PartialEq)]
struct Told {
    phase: String,
    notice: String,
    confirm: String,
    handling: String,
    parcels: BTreeMap<i64, i64>,
    erased: bool,
}

fn fold(history: &[store::history::HistoryRow]) -> Told {
    let mut told = Told::default();
    let set = |place: &mut String, from: &str, to: String| {
        assert_eq!(place, from, "each change begins where the one before ended");
        *place = to;
    };
    for row in history {
        match serde_json::from_value(row.event.clone()).unwrap() {
            Event::Imported { phase, .. } => {
                told = Told { phase, ..Told::default() };
                told.notice = "not_sent".to_owned();
                told.confirm = "not_sent".to_owned();
                told.handling = "normal".to_owned();
            }
            Event::PhaseMoved { from, to, .. } => set(&mut told.phase, &from, to),
            Event::NoticeStateChanged { from, to, .. } => set(&mut told.notice, &from, to),
            Event::HandlingClassChanged { from, to } => set(&mut told.handling, &from, to),
            Event::WriteWanted { kind, .. } if kind == "shipment_notice" => {
                told.notice = "in_flight".to_owned()
            }
            Event::WriteWanted { .. } => told.confirm = "in_flight".to_owned(),
            Event::WriteState { kind, state, .. } if kind == "confirm_order" => told.confirm = state,
            Event::ParcelSet { parcel_id, version } => drop(told.parcels.insert(parcel_id, version)),
            Event::ParcelRemoved { parcel_id } => drop(told.parcels.remove(&parcel_id)),
            Event::Erased {} => told.erased = true,
            _ => {}
        }
    }
    told
}

async fn check(house: &House, seqs: &[OrderSeq]) {
    for seq in seqs {
        let view = house.view(*seq).await;
        let row = Told {
            phase: view.row.phase.0.clone(),
            notice: view.row.notice_state.as_str().to_owned(),
            confirm: view.row.confirm_state.as_str().to_owned(),
            handling: view.row.handling_class.as_str().to_owned(),
            parcels: view.parcels.iter().map(|p| (p.parcel_id.0, p.version)).collect(),
            erased: view.row.erased,
        };
        assert_eq!(fold(&view.history), row, "{seq:?}");
        let counted = view.history.iter().all(|h| !h.event.to_string().contains("花子"));
        assert!(counted, "history holds no buyer data");
    }
}

async fn counts_add_up(ledger: &Ledger) {
    let quick = ledger.phase_counts().await.unwrap();
    let real = ledger.recount_phases().await.unwrap();
    assert!(quick.iter().filter(|(_, n)| **n != 0).eq(real.iter()), "{quick:?} {real:?}");
}

struct Luck(StdRng);

impl Luck {
    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.0.random_range(0..list.len())].clone()
    }
}

/// One thing that might happen.
async fn something(house: &House, seqs: &mut Vec<OrderSeq>, luck: &mut Luck) {
    let ledger = &house.ledger;
    let seq = luck.of(seqs);
    let order = house.order(seq).await;
    match luck.0.random_range(0..13) {
        0..3 => {
            let to = PhaseKey::from(luck.of(&DEFAULT_PHASES).0);
            let some: Vec<_> = seqs.iter().copied().filter(|_| luck.0.random_bool(0.5)).collect();
            let by = if luck.0.random_bool(0.5) { staff() } else { By::System };
            ledger.move_orders(&some, &to, MoveOptions::default(), &by, NOW).await.unwrap();
        }
        3 | 4 if order.facts.notice_state != NoticeState::InFlight => {
            drop(house.parcel(seq, "4000-0000-0000").await)
        }
        5 => {
            if let Some(parcel) = order.facts.parcels.first() {
                ledger.drop_parcel(seq, parcel.parcel_id, &staff(), NOW).await.unwrap();
            }
        }
        6 => {
            let class = luck.of(&[HandlingClass::Normal, HandlingClass::OnHold, HandlingClass::Cancelled]);
            ledger.set_handling_class(seq, class, &staff(), NOW).await.unwrap();
        }
        7 => {
            let to = luck.of(&NoticeState::ALL);
            ledger.set_notice_state(seqs, to, &|_| true, &staff(), NOW).await.unwrap();
        }
        8 | 9 if order.facts.notice_state == NoticeState::NotSent => {
            let parcel = house.parcel(seq, "4000-0000-0009").await;
            let kinds = [WriteKind::ShipmentNotice, WriteKind::ConfirmOrder];
            let version = house.order(seq).await.version;
            let write = NewWrite { seq, version, kind: luck.of(&kinds), parcels: vec![parcel], target: None };
            ledger.enqueue_writes(&house.guard, &[write], &By::System, NOW).await.unwrap();
        }
        8..11 => {
            const ENDS: [StepState; 8] = [
                StepState::Ready,
                StepState::Pending,
                StepState::Unknown,
                StepState::Applied,
                StepState::Rejected,
                StepState::Failed,
                StepState::ResultUnknown,
                StepState::Withdrawn,
            ];
            let updates: Vec<_> = house
                .steps(seq)
                .await
                .into_iter()
                .map(|step| StepUpdate::new(step, luck.of(&ENDS), NOW).because(reason::rate_limited()))
                .collect();
            ledger.update_steps(&house.guard, &updates, NOW).await.unwrap();
        }
        11 => ledger.fold_phase_counts().await.unwrap(),
        _ => {
            let next = i64::try_from(seqs.len()).unwrap() + 1;
            seqs.extend(house.import(vec![sample_order(next)]).await);
        }
    }
}

contract!(history_folds_to_the_rows_and_counts_add_up_after_anything_i4, |db| {
    let house = House::new(db).await;
    let rule = Rule {
        shop_id: house.id(),
        kind: WriteKind::ShipmentNotice,
        target_phase: "new".into(),
        success_phase: Some("completed".into()),
        failure_phase: Some("on_hold".into()),
    };
    house.ledger.put_rule(&rule).await.unwrap();
    let mut luck = Luck(StdRng::seed_from_u64(42));
    let mut seqs = house.import(vec![sample_order(1), fba(sample_order(2)), sample_order(3)]).await;
    for round in 0..240 {
        something(&house, &mut seqs, &mut luck).await;
        if round % 20 == 19 {
            check(&house, &seqs).await;
            counts_add_up(&house.ledger).await;
        }
    }
    let known = existing(&house, 1).await;
    house.commit(Page { refreshed: vec![refresh(&known)], ..Page::default() }).await.unwrap();
    house.ledger.erase_order(seqs[0], &staff(), NOW).await.unwrap();
    check(&house, &seqs).await;
    house.ledger.fold_phase_counts().await.unwrap();
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM phase_deltas").await, 0);
    counts_add_up(&house.ledger).await;
});

async fn second(db: &TempDb) -> Ledger {
    let other = store::Db::open(&db.url).await.unwrap();
    Ledger::with_db(other, ring(), NOW).await.unwrap()
}

contract!(two_processes_wish_for_the_same_notices_and_each_is_taken_once_i3_f16, |db| {
    let house = House::new(db).await;
    let other = second(db).await;
    let seqs = house.samples(12).await;
    let mut writes = Vec::new();
    for seq in &seqs {
        let parcel = house.parcel(*seq, "4000-0000-0000").await;
        writes.push(house.notice(*seq, vec![parcel]).await);
    }
    let backwards: Vec<_> = writes.iter().rev().cloned().collect();
    let (a, b) = futures::join!(
        house.ledger.enqueue_writes(&house.guard, &writes, &By::System, NOW),
        other.enqueue_writes(&house.guard, &backwards, &By::System, NOW)
    );
    let mut taken = [a.unwrap(), b.unwrap()].concat();
    taken.sort();
    assert_eq!(taken, seqs);
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM outbox_steps").await, 12);
    check(&house, &seqs).await;
    other.close().await;
});

contract!(two_processes_move_end_and_fold_at_once_and_nothing_is_lost_i4, |db| {
    let house = House::new(db).await;
    let other = second(db).await;
    let seqs = house.samples(16).await;
    // Wishes are numbered against the order of the orders: locks must not be taken in that order.
    let mut steps = Vec::new();
    for seq in seqs.iter().rev() {
        steps.extend(house.wish(*seq, 1).await);
    }
    let backwards: Vec<_> = seqs.iter().rev().copied().collect();
    for (round, to) in ["awaiting_print", "completed", "new", "on_hold", "new"].into_iter().enumerate() {
        let to = PhaseKey::from(to);
        let end = if round == 4 { StepState::Applied } else { StepState::Unknown };
        let updates: Vec<_> = steps.iter().map(|s| StepUpdate::new(*s, end, NOW)).collect();
        let by = staff();
        let (a, b, c, d, e) = futures::join!(
            house.ledger.move_orders(&seqs, &to, MoveOptions::default(), &by, NOW),
            other.move_orders(&backwards, &to, MoveOptions::default(), &by, NOW),
            house.ledger.update_steps(&house.guard, &updates, NOW),
            house.ledger.fold_phase_counts(),
            other.fold_phase_counts()
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.done.len() + b.done.len(), 16, "each order moves once");
        assert_eq!(a.refused.len() + b.refused.len(), 16);
        assert_eq!(c.unwrap().len(), if round == 4 { 16 } else { 0 });
        d.and(e).unwrap();
        counts_add_up(&house.ledger).await;
    }
    check(&house, &seqs).await;
    other.close().await;
});

contract!(a_phase_is_not_removed_under_an_order_that_moves_into_it_ntf1, |db| {
    let house = House::new(db).await;
    let other = second(db).await;
    let seq = house.samples(1).await[0];
    let phase =
        house.ledger.phases().await.unwrap().into_iter().find(|p| p.phase.as_str() == "on_hold").unwrap();
    for _ in 0..6 {
        house.ledger.put_phase(&phase).await.unwrap();
        let (by, one) = (staff(), [seq]);
        let (moved, dropped) = futures::join!(
            house.ledger.move_orders(&one, &phase.phase, MoveOptions::default(), &by, NOW),
            other.drop_phase(&phase.phase)
        );
        let gone = dropped.unwrap();
        match moved {
            Ok(moved) => assert!(moved.done == [seq] && !gone),
            Err(StoreError::Other(_)) => assert!(gone, "there is no such phase any more"),
            Err(other) => panic!("{other}"),
        }
        let there = house.ledger.phases().await.unwrap();
        let at = house.order(seq).await.facts.phase;
        assert!(there.iter().any(|p| p.phase == at), "an order is never nowhere");
        house.shift(seq, "new").await;
    }
    other.close().await;
});

contract!(a_takeover_waits_for_the_page_that_is_being_stored_or_refuses_it_i3, |db| {
    let house = House::new(db).await;
    let other = second(db).await;
    let progress = house.progress(1).await;
    let mut guard = house.guard.clone();
    for round in 0..6_i64 {
        let page = Page { new: (1..=5).map(|n| sample_order(round * 10 + n)).collect(), ..Page::default() };
        let (stored, taken) = futures::join!(
            house.ledger.commit_page(&guard, house.id(), &progress, page, NOW),
            other.claim_lane(&guard.lane_key, "b", "h", guard.fence)
        );
        let next = taken.unwrap().unwrap();
        assert!(matches!(stored, Ok(()) | Err(StoreError::LaneLost)), "{stored:?}");
        let here = house.count("SELECT COUNT(*) AS n FROM orders").await % 5;
        assert_eq!(here, 0, "whole or not at all");
        assert!(matches!(house.ledger.beat_lane(&guard).await, Err(StoreError::LaneLost)));
        guard = claim(&house.ledger, &next.lane_key, "a").await;
    }
    counts_add_up(&house.ledger).await;
    other.close().await;
});
