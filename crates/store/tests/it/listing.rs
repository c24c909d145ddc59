//! 受注一覧 on both databases: every filter, paging by key, extent, notes, tags, views, tickets, the log.

use domain::notice::NoticeState;
use domain::order::{Flag, HandlingClass};
use domain::traits::Trait;
use domain::{Given, OrderSeq, PhaseKey, ShopId, UtcMillis};
use serde_json::json;
use store::Access;
use store::desk::listing::{Conditions, SiteChange};
use store::orders::ListFilter;
use testkit::contract;

use crate::house::{House, NOW, sample_order, staff};

fn page(limit: i64) -> ListFilter {
    ListFilter { limit, ..ListFilter::default() }
}

async fn found(house: &House, filter: &ListFilter, conditions: &Conditions) -> Vec<OrderSeq> {
    let access = Access::full();
    let rows = house.ledger.list_filtered(&access, filter, conditions).await.unwrap();
    let seqs: Vec<OrderSeq> = rows.iter().map(|r| r.seq).collect();
    let extent = house.ledger.extent(&access, filter, conditions).await.unwrap();
    let all = house.ledger.filtered_seqs(&access, filter, conditions, 10_000).await.unwrap();
    assert_eq!(extent.orders, i64::try_from(all.len()).unwrap(), "the extent counts what the list holds");
    assert!(!extent.more);
    assert!(seqs.iter().all(|s| all.contains(s)));
    seqs
}

contract!(each_condition_of_a_list_restricts_alone, |db| {
    let house = House::new(db).await;
    let mut orders: Vec<_> = (1..=3).map(sample_order).collect();
    let content = &mut orders[0].snapshot.content;
    content.buyer_note = Given::Value("宅配ボックスへ".to_owned());
    content.payment.method = domain::snapshot::Coded::new("14", "後払い");
    content.delivery.deliver_on = Given::Value("2026-11-25".parse().unwrap());
    content.lines[0].sku = Given::Value("tea-100".to_owned());
    orders[0].flags = Flag::Warning.bit();
    let seqs = house.import(orders).await;
    let (one, rest) = (seqs[0], [seqs[1], seqs[2]]);
    let l = &house.ledger;
    l.set_handling_class(one, HandlingClass::OnHold, &staff(), NOW).await.unwrap();
    l.set_plan(
        &[one],
        Some(Some("2026-11-22".parse().unwrap())),
        Some(Some("takkyubin".to_owned())),
        &staff(),
        NOW,
    )
    .await
    .unwrap();
    l.set_printed(&[one], Some(NOW)).await.unwrap();
    l.set_tag(&[one], "急ぎ", true).await.unwrap();
    house.parcel(one, "444413758703").await;
    let version = house.order(one).await.version;
    let paid = [("payment.paid_on".to_owned(), json!("2026-11-21"))];
    l.edit_order(one, version, &paid, &staff(), NOW).await.unwrap().unwrap();

    let day = |text: &str| Some(text.parse().unwrap());
    let only: Vec<(&str, Conditions)> = vec![
        ("管理区分", Conditions { handling_class: Some(HandlingClass::OnHold), ..Conditions::default() }),
        ("支払方法", Conditions { payment_method: Some("14".into()), ..Conditions::default() }),
        (
            "出荷予定日",
            Conditions { ship_on: (day("2026-11-22"), day("2026-11-22")), ..Conditions::default() },
        ),
        ("お届け希望日", Conditions { deliver_on: (day("2026-11-25"), None), ..Conditions::default() }),
        ("印刷", Conditions { printed: Some(true), ..Conditions::default() }),
        ("入金", Conditions { paid: Some(true), ..Conditions::default() }),
        ("備考", Conditions { traits: Trait::Remark.bit(), ..Conditions::default() }),
        ("警告", Conditions { flags: Flag::Warning.bit(), ..Conditions::default() }),
        ("配送番号", Conditions { numbered: Some(true), ..Conditions::default() }),
        ("配送業者", Conditions { carrier: Some("yamato".into()), ..Conditions::default() }),
        ("SKU", Conditions { sku: Some("tea-100".into()), ..Conditions::default() }),
        ("タグ", Conditions { tag: Some("急ぎ".into()), ..Conditions::default() }),
    ];
    for (what, conditions) in &only {
        assert_eq!(found(&house, &page(50), conditions).await, [one], "{what}");
    }
    let not: Vec<(&str, Conditions)> = vec![
        ("未印刷", Conditions { printed: Some(false), ..Conditions::default() }),
        ("未入金", Conditions { paid: Some(false), ..Conditions::default() }),
        ("番号なし", Conditions { numbered: Some(false), ..Conditions::default() }),
        ("備考なし", Conditions { without_traits: Trait::Remark.bit(), ..Conditions::default() }),
    ];
    for (what, conditions) in &not {
        let mut there = found(&house, &page(50), conditions).await;
        there.sort();
        assert_eq!(there, rest, "{what}");
    }
    for nothing in [
        Conditions { confirming: true, ..Conditions::default() },
        Conditions { site: Some(SiteChange::UnderWay), ..Conditions::default() },
        Conditions { ordered: (None, Some(UtcMillis(1))), ..Conditions::default() },
        Conditions { ship_on: (day("2026-11-23"), None), ..Conditions::default() },
    ] {
        assert!(found(&house, &page(50), &nothing).await.is_empty(), "{nothing:?}");
    }
    let row = l.list_by_seqs(&Access::full(), &[one]).await.unwrap().pop().unwrap();
    assert_eq!(row.ship_on.as_deref(), Some("2026-11-22"));
    assert_eq!(row.shipping_method.as_deref(), Some("takkyubin"));
    assert_eq!(row.paid_on.as_deref(), Some("2026-11-21"));
    assert_eq!(row.payment_label, "後払い");
    assert!(row.traits.contains(&Trait::Remark) && row.traits.contains(&Trait::DeferredPayment));
    let beside = l.beside(&[one]).await.unwrap().remove(&one).unwrap();
    assert_eq!((beside.tracking_number.as_str(), beside.parcels), ("444413758703", 1));
});

contract!(a_list_is_paged_by_key_and_each_order_comes_once, |db| {
    let house = House::new(db).await;
    let mut expected = house.samples(7).await;
    let moved = house.shift(expected[3], "awaiting_review").await;
    assert_eq!(moved.done.len(), 1);
    for phase in [None, Some("new")] {
        let mut filter = ListFilter { phase: phase.map(PhaseKey::from), ..page(2) };
        let mut seen = Vec::new();
        loop {
            let rows =
                house.ledger.list_filtered(&Access::full(), &filter, &Conditions::default()).await.unwrap();
            let Some(last) = rows.last() else { break };
            filter.after = Some((last.ordered_at, last.seq));
            seen.extend(rows.iter().map(|r| r.seq));
        }
        seen.sort();
        if phase.is_some() {
            expected.remove(3);
        }
        assert_eq!(seen, expected, "{phase:?}");
    }
});

contract!(a_list_shows_only_the_shops_of_its_reader_i11_f67, |db| {
    let house = House::new(db).await;
    house.samples(2).await;
    let nobody = Access { shops: Some(vec![ShopId(999)]), buyer_data: true };
    let conditions = Conditions::default();
    assert!(house.ledger.list_filtered(&nobody, &page(50), &conditions).await.unwrap().is_empty());
    assert_eq!(house.ledger.extent(&nobody, &page(50), &conditions).await.unwrap().orders, 0);
    assert!(house.ledger.filtered_seqs(&nobody, &page(50), &conditions, 10).await.unwrap().is_empty());
    let blind = Access { shops: None, buyer_data: false };
    let rows = house.ledger.list_filtered(&blind, &page(50), &conditions).await.unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|r| r.head.is_none()));
});

contract!(states_are_counted_by_shop, |db| {
    let house = House::new(db).await;
    let mut order = sample_order(1);
    order.flags = Flag::Warning.bit() | Flag::FraudHold.bit();
    let seq = house.import(vec![order]).await[0];
    let counts = house.ledger.shop_states().await.unwrap();
    let of = |name: &str| counts.get(&(house.id(), name.to_owned())).copied();
    assert_eq!((of("warning"), of("fraud_hold"), of("rejected")), (Some(1), Some(1), None));
    let parcel = house.parcel(seq, "444413758703").await;
    drop(parcel);
    let filter = ListFilter { notice: Some(NoticeState::NotSent), ..page(50) };
    assert_eq!(found(&house, &filter, &Conditions::default()).await, [seq]);
});

contract!(a_note_is_sealed_and_goes_with_its_order, |db| {
    let house = House::new(db).await;
    let seq = house.samples(1).await[0];
    let l = &house.ledger;
    assert!(l.add_note(seq, "電話あり：みほん様", &staff(), NOW).await.unwrap());
    assert!(l.add_note(seq, "二つ目", &staff(), NOW).await.unwrap());
    let notes = l.notes(seq).await.unwrap();
    assert_eq!(notes.iter().map(|n| n.text.as_str()).collect::<Vec<_>>(), ["電話あり：みほん様", "二つ目"]);
    assert!(l.drop_note(seq, notes[1].note_id).await.unwrap());
    assert!(!l.drop_note(seq, notes[1].note_id).await.unwrap());
    assert!(l.erase_order(seq, &staff(), NOW).await.unwrap());
    assert!(l.notes(seq).await.unwrap().is_empty());
    assert!(
        !l.add_note(seq, "また", &staff(), NOW).await.unwrap(),
        "nothing is sealed for somebody who was erased"
    );
});

contract!(tags_are_put_on_and_taken_off_many_orders, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(2).await;
    let l = &house.ledger;
    l.set_tag(&seqs, "のし確認", true).await.unwrap();
    l.set_tag(&seqs, "のし確認", true).await.unwrap();
    l.set_tag(&[seqs[0], OrderSeq(999_999)], "急ぎ", true).await.unwrap();
    let tags = l.tags(&seqs).await.unwrap();
    assert_eq!(tags[&seqs[0]], ["のし確認", "急ぎ"]);
    assert_eq!(tags[&seqs[1]], ["のし確認"]);
    assert_eq!(l.all_tags().await.unwrap(), ["のし確認", "急ぎ"]);
    l.set_tag(&seqs, "のし確認", false).await.unwrap();
    assert_eq!(l.all_tags().await.unwrap(), ["急ぎ"]);
});

contract!(a_view_is_changed_by_its_owner_or_where_shared_ones_may_be, |db| {
    let house = House::new(db).await;
    let l = &house.ledger;
    let group = l.groups().await.unwrap()[0].group_id;
    let one = l.add_user("kakuu", "架空", group, None, NOW).await.unwrap().unwrap();
    let other = l.add_user("mihon", "見本", group, None, NOW).await.unwrap().unwrap();
    let own = l.add_view(Some(one), "本日出荷", "phase=new").await.unwrap();
    let shared = l.add_view(None, "代引", "with=cash_on_delivery").await.unwrap();
    let names =
        async |user| l.saved_views(user).await.unwrap().into_iter().map(|v| v.name).collect::<Vec<_>>();
    assert_eq!(names(one).await, ["本日出荷", "代引"]);
    assert_eq!(names(other).await, ["代引"]);
    assert!(!l.drop_view(own, other, true).await.unwrap(), "somebody else's own");
    assert!(!l.set_view(shared, one, false, "x", "").await.unwrap(), "shared ones need the right");
    assert!(l.set_view(shared, one, true, "代金引換", "with=cash_on_delivery").await.unwrap());
    assert!(l.drop_view(own, one, false).await.unwrap());
    assert_eq!(names(one).await, ["代金引換"]);
});

contract!(a_ticket_says_what_was_sealed_to_its_own_kind_and_not_for_ever, |db| {
    let house = House::new(db).await;
    let l = &house.ledger;
    let ticket = l.seal_ticket("search", "見本 花子\n二行目", NOW.plus(1_000)).unwrap();
    assert!(!ticket.contains("見本"));
    assert_eq!(l.open_ticket("search", &ticket, NOW).as_deref(), Some("見本 花子\n二行目"));
    assert_eq!(l.open_ticket("print", &ticket, NOW), None, "for something else");
    assert_eq!(l.open_ticket("search", &ticket, NOW.plus(1_000)), None, "over");
    for forged in ["", "x", "%00", &ticket[..ticket.len() - 2], &ticket.replace('A', "B")] {
        assert!(forged == ticket || l.open_ticket("search", forged, NOW).is_none(), "{forged:?}");
    }
});

contract!(the_log_of_actions_is_read_newest_first, |db| {
    let house = House::new(db).await;
    let l = &house.ledger;
    for action in ["sign_in", "reveal", "user.set"] {
        l.log_action(&staff(), action, "C00000001", &json!({ "field": "phone" }), NOW).await.unwrap();
    }
    let newest = l.actions(None, 2).await.unwrap();
    assert_eq!(newest.iter().map(|a| a.action.as_str()).collect::<Vec<_>>(), ["user.set", "reveal"]);
    let rest = l.actions(Some(newest[1].id), 10).await.unwrap();
    assert_eq!((rest.len(), rest[0].action.as_str()), (1, "sign_in"));
    assert_eq!(rest[0].by, staff());
});

contract!(notes_of_the_staff_are_searched_like_names_and_leak_nothing_ux34, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(2).await;
    let l = &house.ledger;
    let search = async |access: &Access, text: &str| {
        let found = l.search_orders(access, text, &page(50), &|| false).await.unwrap().unwrap();
        found.orders.iter().map(|r| r.seq).collect::<Vec<_>>()
    };
    let full = Access::full();
    assert!(l.add_note(seqs[0], "ひまわり便で折り返し", &staff(), NOW).await.unwrap());
    assert!(l.add_note(seqs[0], "棚は朱鷺色の箱", &staff(), NOW).await.unwrap());
    for words in ["ひまわり便", "ヒマワリ", "ﾋﾏﾜﾘ 朱鷺色", "例示 折り返し"] {
        assert_eq!(search(&full, words).await, [seqs[0]], "{words}");
    }
    assert_eq!(search(&full, "架空").await.len(), 2, "names are found as before");
    // Without the right to buyer data nothing of it is found; other shops' orders never.
    assert!(search(&Access { buyer_data: false, ..Access::full() }, "ひまわり便").await.is_empty());
    assert!(
        search(&Access { shops: Some(vec![ShopId(99)]), buyer_data: true }, "ひまわり便").await.is_empty()
    );
    // An edit of the order makes the head anew and keeps the notes in it.
    let version = house.order(seqs[0]).await.version;
    let edit = [("buyer.family_name".to_owned(), json!("訂正"))];
    l.edit_order(seqs[0], version, &edit, &staff(), NOW).await.unwrap().unwrap();
    assert_eq!(search(&full, "訂正").await, [seqs[0]]);
    assert_eq!(search(&full, "ひまわり便").await, [seqs[0]]);
    // Nothing readable is stored, neither in the note nor beside it.
    for row in house.everything().await {
        assert!(!row.contains("ひまわり") && !row.contains("朱鷺"), "{row}");
        assert!(!row.to_lowercase().contains(&hex("ひまわり")), "{row}");
    }
    let notes = l.notes(seqs[0]).await.unwrap();
    assert!(l.drop_note(seqs[0], notes[0].note_id).await.unwrap());
    assert!(search(&full, "ひまわり便").await.is_empty(), "a note that was taken away is found no more");
    assert_eq!(search(&full, "朱鷺色").await, [seqs[0]]);
    assert!(l.erase_order(seqs[0], &staff(), NOW).await.unwrap());
    assert!(search(&full, "朱鷺色").await.is_empty());
});

fn hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}
