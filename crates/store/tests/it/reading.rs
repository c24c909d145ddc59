//! Lists, search and the page of one order, each through an `Access`.

use domain::notice::NoticeState;
use domain::{OrderSeq, ShopId};
use store::orders::{ListFilter, ListRow};
use store::{Access, Ledger, args};
use testkit::contract;

use crate::base::both;
use crate::house::{House, add_shop, claim, sample_order, sample_snapshot};

fn seqs(rows: &[ListRow]) -> Vec<i64> {
    rows.iter().map(|r| r.seq.0).collect()
}

/// Two shops, the second with orders 21 to 25.
async fn two_shops(house: House) -> (House, House) {
    house.samples(12).await;
    let shop = add_shop(&house.ledger, "例示商店").await;
    let guard = claim(&house.ledger, &shop.lane_key, "a").await;
    let ledger =
        store::Ledger::with_db(house.ledger.db().clone(), crate::house::ring(), crate::house::NOW).await;
    let other = House { ledger: ledger.unwrap(), shop, guard };
    other.import((21..=25).map(sample_order).collect()).await;
    (house, other)
}

fn only(shop: ShopId) -> Access {
    Access { shops: Some(vec![shop]), buyer_data: true }
}

async fn pages(ledger: &Ledger, access: &Access, filter: ListFilter) -> Vec<i64> {
    let mut all = Vec::new();
    let mut filter = ListFilter { limit: 3, ..filter };
    loop {
        let page = ledger.list_orders(access, &filter).await.unwrap();
        all.extend(seqs(&page));
        let Some(last) = page.last() else { return all };
        filter.after = Some((last.ordered_at, last.seq));
    }
}

contract!(a_list_pages_newest_first_and_shows_only_what_may_be_seen_i11, |db| {
    let (house, other) = two_shops(House::new(db).await).await;
    let ledger = &house.ledger;
    let full = Access::full();
    for filter in [ListFilter::default(), ListFilter { phase: Some("new".into()), ..ListFilter::default() }] {
        let all = pages(ledger, &full, filter.clone()).await;
        assert_eq!(all.len(), 17, "{filter:?}");
        let mut sorted = all.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted.dedup();
        assert_eq!(all, sorted);
        let mine = pages(ledger, &only(house.id()), filter.clone()).await;
        assert_eq!(mine.len(), 12);
        let chosen = ListFilter { shop: Some(other.id()), ..filter.clone() };
        assert_eq!(pages(ledger, &full, chosen.clone()).await.len(), 5);
        assert!(pages(ledger, &only(house.id()), chosen).await.is_empty());
        let nothing = Access { shops: Some(Vec::new()), buyer_data: true };
        assert!(pages(ledger, &nothing, filter).await.is_empty());
    }
    let blind = Access { shops: None, buyer_data: false };
    let rows = ledger.list_orders(&blind, &ListFilter { limit: 999, ..ListFilter::default() }).await.unwrap();
    assert!(rows.len() == 17 && rows.iter().all(|r| r.head.is_none()));
    let row = ledger.list_orders(&full, &ListFilter::default()).await.unwrap();
    assert!(row.len() == 1 && row[0].head.is_some(), "at least one row a page");
});

contract!(orders_are_found_by_notice_state_ntf5, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(3).await;
    house.wish(seqs[1], 1).await;
    let by = |notice: NoticeState, phase: Option<&str>| ListFilter {
        notice: Some(notice),
        phase: phase.map(Into::into),
        ..ListFilter::default()
    };
    let full = Access::full();
    for phase in [None, Some("new")] {
        assert_eq!(pages(&house.ledger, &full, by(NoticeState::InFlight, phase)).await, [seqs[1].0]);
        assert_eq!(
            pages(&house.ledger, &full, by(NoticeState::NotSent, phase)).await,
            [seqs[2].0, seqs[0].0]
        );
        assert!(pages(&house.ledger, &full, by(NoticeState::Rejected, phase)).await.is_empty());
    }
    assert!(pages(&house.ledger, &only(ShopId(99)), by(NoticeState::InFlight, None)).await.is_empty());
    let counts = house.ledger.state_counts().await.unwrap();
    assert_eq!((counts["in_flight"], counts["confirming"], counts["quarantined"]), (1, 0, 0));
});

contract!(a_search_goes_by_number_parcel_and_person_and_never_past_access_imp13, |db| {
    let (house, other) = two_shops(House::new(db).await).await;
    let ledger = &house.ledger;
    let first = house.order(OrderSeq(1)).await;
    house.parcel(first.seq, "4000-0000-0017").await;
    let filter = ListFilter { limit: 50, ..ListFilter::default() };
    let find = async |access: &Access, text: &str| {
        seqs(&ledger.search_orders(access, text, &filter, &|| false).await.unwrap().unwrap().orders)
    };
    let full = Access::full();
    let number = sample_snapshot(1).mall_order_id;
    let mall_side = Access { shops: None, buyer_data: false };
    for typed in [number.as_str(), " C00000001 ", "c00000001", "4000-0000-0017"] {
        assert_eq!(find(&full, typed).await, [1], "{typed}");
        assert_eq!(find(&mall_side, typed).await, [1], "{typed}: no buyer data needed");
        assert!(find(&only(other.id()), typed).await.is_empty(), "{typed}");
    }
    assert_eq!(find(&full, "架空花子").await.len(), 17);
    assert_eq!(find(&only(other.id()), "架空花子").await.len(), 5);
    assert!(find(&mall_side, "架空花子").await.is_empty());
    assert_eq!(find(&full, "buyer3@example.invalid").await.len(), 1);
    assert_eq!(find(&full, "5022").await.len(), 1, "the recipient's last four digits");
    let too_short = ledger.search_orders(&full, "12", &filter, &|| false).await.unwrap();
    assert!(too_short.is_err());
    let chosen = ListFilter { shop: Some(other.id()), limit: 2, ..ListFilter::default() };
    let page = ledger.search_orders(&full, "架空", &chosen, &|| false).await.unwrap().unwrap();
    assert_eq!(page.orders.len(), 2);
    let after = Some((page.orders[1].ordered_at, page.orders[1].seq));
    let next = ListFilter { after, ..chosen.clone() };
    let rest = ledger.search_orders(&full, "架空", &next, &|| false).await.unwrap().unwrap();
    assert!(rest.orders.len() == 2 && rest.orders[0].seq < page.orders[1].seq);
    let hidden = ledger.search_orders(&only(house.id()), "架空", &chosen, &|| false).await.unwrap().unwrap();
    assert!(hidden.orders.is_empty(), "a chosen shop that may not be seen");
});

contract!(a_number_of_somebody_elses_parcel_does_not_hide_a_person_i11, |db| {
    let (house, other) = two_shops(House::new(db).await).await;
    let phone = "000-0000-0021";
    house.parcel(OrderSeq(1), phone).await;
    let filter = ListFilter { limit: 9, ..ListFilter::default() };
    let found =
        other.ledger.search_orders(&only(other.id()), phone, &filter, &|| false).await.unwrap().unwrap();
    assert_eq!(found.orders.len(), 1, "the buyer with that phone number");
});

contract!(one_order_opens_whole_and_only_for_those_who_may_i11, |db| {
    let (house, other) = two_shops(House::new(db).await).await;
    let seq = OrderSeq(1);
    let steps = house.wish(seq, 2).await;
    let view = house.view(seq).await;
    assert_eq!((view.writes.len(), view.parcels.len()), (2, 2));
    assert_eq!(view.writes[0].step_state, "ready");
    assert_eq!(house.ledger.call_steps(house.call(&steps).await).await.unwrap(), steps);
    assert!(other.ledger.order(&only(other.id()), seq).await.unwrap().is_none());
    assert!(house.ledger.order(&Access::full(), OrderSeq(99)).await.unwrap().is_none());
    let blind = Access { shops: None, buyer_data: false };
    let view = house.ledger.order(&blind, seq).await.unwrap().unwrap();
    assert!(view.content.is_none() && view.row.head.is_none() && view.mall.is_some());
    let json = serde_json::to_string(&view).unwrap();
    assert!(!json.contains("花子") && !json.contains("example.invalid"), "{json}");
});

contract!(one_damaged_order_does_not_hide_the_others_i12, |db| {
    let house = House::new(db).await;
    let seqs = house.samples(3).await;
    let text = "UPDATE sealed_head SET head = (SELECT head FROM sealed_head WHERE seq = $2) WHERE seq = $1";
    let mut tx = db.begin().await.unwrap();
    tx.exec(&both(text), args![seqs[1].0, seqs[0].0]).await.unwrap();
    tx.commit().await.unwrap();
    let filter = ListFilter { limit: 9, ..ListFilter::default() };
    let rows = house.ledger.list_orders(&Access::full(), &filter).await.unwrap();
    let heads: Vec<_> = rows.iter().map(|r| r.head.is_some()).collect();
    assert_eq!(heads, [true, false, true], "a value moved from another row does not open");
    let found =
        house.ledger.search_orders(&Access::full(), "架空", &filter, &|| false).await.unwrap().unwrap();
    assert_eq!(found.orders.len(), 2);
});
