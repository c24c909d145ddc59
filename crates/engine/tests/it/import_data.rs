//! What the mall changed, what staff changed, what nobody has ever seen: shown, kept, never lost.

use crate::import_help::*;
use domain::MallOrderId;
use domain::history::By;
use domain::order::Flag;
use domain::reconcile;
use engine::requests::ImportRequest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::Access;
use store::orders::OrderView;
use testkit::house::{House, Plan};

async fn view(house: &House, number: &MallOrderId) -> OrderView {
    let row = house.order(number.as_str()).await.unwrap();
    house.ledger.order(&Access::full(), row.seq).await.unwrap().unwrap()
}

fn fields(view: &OrderView) -> BTreeMap<String, Value> {
    reconcile::fields(view.content.as_ref().unwrap())
}

fn field(view: &OrderView, end: &str) -> Value {
    let all = fields(view);
    all.iter().find(|(path, _)| path.starts_with("recipients") && path.ends_with(end)).unwrap().1.clone()
}

async fn edit(house: &House, view: &OrderView, ends: &[(&str, &str)]) {
    let paths = fields(view);
    let path =
        |end: &str| paths.keys().find(|p| p.starts_with("recipients") && p.ends_with(end)).unwrap().clone();
    let changes: Vec<(String, Value)> = ends.iter().map(|(end, value)| (path(end), json!(value))).collect();
    let (seq, version) = (view.row.seq, view.row.version);
    house.ledger.edit_order(seq, version, &changes, &By::Cli, house.now()).await.unwrap().unwrap();
}

fn at_mall(house: &House, number: &MallOrderId, edit: Value) {
    let now = house.now().0;
    house.sim().edit_order(number.as_str(), &edit, now).unwrap();
}

testkit::story!(f19_what_both_sides_changed_is_shown_and_staffs_stays, |kind| Plan::new(kind, 0), |house| {
    let number = house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap().remove(0);
    house.import_days(1).await.unwrap();
    let mine = [
        (".city", "こちらの市"),
        (".prefecture", "沖縄県"),
        (".family_name", "こちら"),
        (".given_name", "花子"),
        (".postal_code", "900-0001"),
    ];
    edit(house, &view(house, &number).await, &mine).await;
    at_mall(
        house,
        &number,
        json!({
            "address": {"city": "あちらの市", "prefecture": "青森県", "family": "あちら", "first": "太郎", "zip": "030-0001"},
            "status": 300,
        }),
    );
    // Not taken over unasked; said; the mall's own facts are fresh.
    let run = house.import_days(1).await.unwrap().run.unwrap();
    assert_eq!((counts(&run).changed_at_mall, counts(&run).overwritten), (1, 0));
    let seen = view(house, &number).await;
    assert_eq!(seen.row.mall_status, "300");
    assert!(seen.row.flags.contains(&Flag::ChangedAtMall));
    assert!(seen.changed_at_mall.len() >= 5, "{:?}", seen.changed_at_mall);
    assert_eq!(field(&seen, ".city"), "こちらの市");
    // Asked for: staff's values stay, each clash is shown.
    let run = house.import(ImportRequest { overwrite: true, ..days(house, 1) }).await.unwrap().run.unwrap();
    assert_eq!((counts(&run).overwritten, counts(&run).conflicts), (1, 1));
    adds_up(counts(&run));
    let merged = view(house, &number).await;
    assert_eq!(merged.conflicts.len(), 5, "{:?}", merged.conflicts);
    assert!(merged.row.flags.contains(&Flag::EditConflict));
    for (end, value) in mine {
        assert_eq!(field(&merged, end), value);
    }
    let notes = house.ledger.run_notes(run.run_id, 10).await.unwrap();
    assert_eq!((notes[0].kind.as_str(), notes[0].reason.code.as_str()), ("conflict", "edit_conflict"));
    // A cancel always surfaces, in any kind of import.
    at_mall(house, &number, json!({"cancel": true}));
    house.import_days(1).await.unwrap();
    assert!(view(house, &number).await.row.flags.contains(&Flag::CancelledAtMall));
});

testkit::story!(f22_two_shops_may_have_the_same_order_number, |kind| Plan::new(kind, 15), |house| {
    // A second entry of the same shop at the mall: all its numbers collide.
    let first = &house.shops[0];
    let none = BTreeMap::new();
    let lane = |id| format!("rakuten:twin{id}");
    let twin = house
        .ledger
        .add_shop("同じ番号", "rakuten", &first.endpoints, &none, lane, house.now())
        .await
        .unwrap();
    for (key, secret) in house.ledger.open_credentials(first.shop_id).await.unwrap() {
        house.ledger.set_credential(twin.shop_id, &key, &secret, None, house.now()).await.unwrap();
    }
    for shop in [first, &twin] {
        house.ledger.add_request(shop, "import", &days(house, 3), &By::Cli, house.now()).await.unwrap();
    }
    let hub = house.quiet_hub();
    let done = house
        .run_until(&hub, domain::time::HOUR, async |house| {
            let second = house.ledger.newest_runs(twin.shop_id, 1).await.unwrap();
            run_is(house, 0, "succeeded").await && second.iter().any(|r| r.state == "succeeded")
        })
        .await;
    assert!(done);
    let all = wanted(house);
    assert_eq!(house.orders().await.len(), 2 * all.len());
    for number in all {
        let found = house.ledger.orders_by_number(&Access::full(), &number).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_ne!(found[0].shop_id, found[1].shop_id);
    }
});

testkit::story!(f23_unknown_statuses_and_values_are_kept_and_shown, |kind| Plan::new(kind, 0), |house| {
    let add = |what: &str| {
        house.add_orders(json!({"count": 1, "traits": [what], "status": 100})).unwrap().remove(0)
    };
    let (status, value) = (add("unknown_status"), add("unknown_value"));
    let run = house.import_days(1).await.unwrap().run.unwrap();
    assert_eq!((run.state.as_str(), counts(&run).new), ("succeeded", 2), "{:?}", counts(&run));
    let order = view(house, &status).await;
    assert_eq!(order.row.mall_status, "350");
    assert!(order.row.flags.contains(&Flag::UnknownValue));
    let order = view(house, &value).await;
    assert!(order.row.flags.contains(&Flag::UnknownValue));
    assert!(!order.mall.unwrap().unknown.is_empty());
    let raw = house.ledger.raw_document(order.row.seq).await.unwrap().unwrap();
    assert!(String::from_utf8(raw).unwrap().contains("mihonNewFlag"), "the document is kept as it came");
    assert_eq!(counts(&house.import_days(1).await.unwrap().run.unwrap()).unchanged, 2);
});

testkit::story!(f24_an_order_with_a_retyped_field_is_set_aside_alone, |kind| Plan::new(kind, 0), |house| {
    let fields = [
        "orderNumber",
        "orderProgress",
        "orderDatetime",
        "PackageModelList",
        "OrdererModel",
        "SettlementModel",
        "goodsPrice",
        "units",
        "zipCode1",
        "requestPrice",
        "ItemModelList",
        "basketId",
        "MessageModelList",
    ];
    let shapes = ["text", "number", "null", "list", "object", "missing"];
    let mut set_aside = 0;
    for field in fields {
        let numbers = house.add_orders(json!({"count": 12, "traits": [], "status": 100})).unwrap();
        for (i, shape) in shapes.iter().enumerate() {
            let pair = &numbers[2 * i..2 * i + 2];
            let retype = json!({"retype": {"field": field, "to": shape, "index": 0}});
            house.faults(json!({"operation": "getOrder", "times": 1, "action": retype})).unwrap();
            let body = ImportRequest { orders: Some(pair.to_vec()), ..days(house, 1) };
            let run = house.import(body.clone()).await.unwrap().run.unwrap();
            let told = counts(&run);
            adds_up(told);
            assert_eq!((told.listed, told.new + told.failed), (2, 2), "{field} {shape}: {told:?}");
            assert!(told.failed <= 1, "{field} {shape}: the other one is in: {told:?}");
            if told.failed == 1 {
                set_aside += 1;
                assert_eq!(run.state, "partial");
                assert!(!house.ledger.set_aside_orders(99).await.unwrap().is_empty());
                let run = house.import(body).await.unwrap().run.unwrap();
                assert_eq!((run.state.as_str(), counts(&run).new), ("succeeded", 1), "{field} {shape}");
            }
            house.sim().clear_faults();
        }
    }
    assert!(set_aside >= 20, "{set_aside}");
    let open = house.ledger.set_aside_orders(99).await.unwrap();
    assert!(open.iter().all(|a| a.mall_order_id.as_str().starts_with('?')), "{open:?}");
    complete(house).await;
});

testkit::story!(
    imp2_the_summary_adds_up_and_tells_why_orders_were_left_out,
    |kind| Plan::new(kind, 20),
    |house| {
        house.add_orders(json!({"count": 4, "traits": [], "status": 500})).unwrap();
        house.add_orders(json!({"count": 3, "traits": [], "status": 900})).unwrap();
        let old = house.now().plus(-90 * domain::time::DAY).0;
        house.add_orders(json!({"count": 2, "traits": [], "status": 300, "at_ms": old})).unwrap();
        house.add_orders(json!({"count": 1, "traits": ["unreadable"], "status": 100})).unwrap();
        // 100 days are more than the mall's 63: two windows.
        let run = house.import_days(100).await.unwrap().run.unwrap();
        assert_eq!(calls(house, "searchOrder"), 2);
        let all = counts(&run);
        adds_up(all);
        assert_eq!((all.listed, all.failed, run.state.as_str()), (30, 1, "partial"), "{all:?}");
        assert!(all.left_out >= 7);
        let notes = house.ledger.run_notes(run.run_id, 999).await.unwrap();
        let left_out: Vec<_> = notes.iter().filter(|n| n.kind == "left_out").collect();
        assert_eq!(left_out.len() as u64, all.left_out);
        assert!(
            left_out.iter().all(|n| n.reason.code == "status_not_fetched" && !n.reason.remedy.is_empty())
        );
        assert!(left_out.iter().any(|n| n.reason.ja.contains("発送済")));
    }
);

testkit::story!(imp3_overwriting_is_asked_for, |kind| Plan::new(kind, 0), |house| {
    let number = house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap().remove(0);
    house.import_days(1).await.unwrap();
    at_mall(house, &number, json!({"address": {"city": "新しい市"}, "units": {"line": 0, "to": 7}}));
    let before = view(house, &number).await;
    let plain = counts(&house.import_days(1).await.unwrap().run.unwrap());
    assert_eq!((plain.changed_at_mall, plain.overwritten), (1, 0));
    assert_eq!(fields(&view(house, &number).await), fields(&before));
    assert_eq!(counts(&house.import_days(1).await.unwrap().run.unwrap()).unchanged, 1, "said once");
    let body = ImportRequest { overwrite: true, ..days(house, 1) };
    let over = counts(&house.import(body.clone()).await.unwrap().run.unwrap());
    assert_eq!((over.changed_at_mall, over.overwritten), (0, 1));
    let after = view(house, &number).await;
    assert_eq!(field(&after, ".city"), "新しい市");
    assert_eq!(after.content.as_ref().unwrap().lines[0].quantity, 7);
    assert!(after.changed_at_mall.is_empty() && !after.row.flags.contains(&Flag::ChangedAtMall));
    assert_eq!(counts(&house.import(body).await.unwrap().run.unwrap()).unchanged, 1);
});

testkit::story!(
    imp4_statuses_of_the_shop_of_one_import_and_after_a_change,
    |kind| Plan::new(kind, 0),
    |house| {
        for status in [100, 300, 500, 600] {
            house.add_orders(json!({"count": 2, "traits": [], "status": status})).unwrap();
        }
        let run = async |statuses: Option<&str>| {
            let statuses = statuses.map(|s| vec![s.to_owned()]);
            counts(&house.import(ImportRequest { statuses, ..days(house, 1) }).await.unwrap().run.unwrap())
        };
        let usual = run(None).await;
        assert_eq!((usual.new, usual.left_out), (4, 4));
        let once = run(Some("500")).await;
        assert_eq!(
            (once.new, once.unchanged, once.left_out),
            (2, 4, 2),
            "known orders are followed in every status"
        );
        let mut shop = shop(house, 0).await;
        shop.import_statuses = Some(vec!["600".to_owned()]);
        house.ledger.update_shop(&shop, house.now()).await.unwrap();
        let changed = run(None).await;
        assert_eq!((changed.new, changed.left_out), (2, 0), "what the old setting left out comes in");
    }
);

testkit::story!(
    imp9_an_automatic_order_is_flagged_not_changed_until_asked,
    |kind| Plan::new(kind, 0),
    |house| {
        let number = house.add_orders(json!({"count": 1, "traits": [], "status": 100})).unwrap().remove(0);
        automatic(house, 30 * domain::time::MINUTE).await;
        run_for(house, &calm(house), 5 * domain::time::MINUTE).await;
        let before = view(house, &number).await;
        assert_eq!(before.row.phase.as_str(), "inbox");
        at_mall(house, &number, json!({"address": {"city": "新しい市"}}));
        run_for(house, &calm(house), domain::time::HOUR).await;
        let flagged = view(house, &number).await;
        assert_eq!(fields(&flagged), fields(&before));
        assert!(flagged.row.flags.contains(&Flag::ChangedAtMall) && !flagged.changed_at_mall.is_empty());
        let told = flagged.history.iter().filter(|h| h.event["event"] == "changed_at_mall").count();
        assert_eq!(told, 1, "said once, not every half hour");
        let body = ImportRequest { orders: Some(vec![number.clone()]), ..days(house, 1) };
        let run = house.import(body).await.unwrap().run.unwrap();
        assert_eq!((run.trigger.as_str(), counts(&run).overwritten), ("reimport", 1));
        let taken = view(house, &number).await;
        assert_eq!(field(&taken, ".city"), "新しい市");
        assert_eq!(
            (taken.row.phase.as_str(), taken.row.flags.contains(&Flag::ChangedAtMall)),
            ("inbox", false)
        );
    }
);
