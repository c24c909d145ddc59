//! 取込の証明 and 復元の確認 through the router.

use crate::house_kit::{Kit, run};
use axum::http::StatusCode;
use domain::UtcMillis;
use domain::rights::{Level, Menu, Rights};
use engine::requests::PROVE;
use store::{LaneGuard, settings};

async fn lane(kit: &Kit<'_>) -> LaneGuard {
    let (shop, ledger) = (&kit.house.shops[0], kit.desk.ledger());
    let lane = ledger.lanes().await.unwrap().into_iter().find(|l| l.lane_key == shop.lane_key).unwrap();
    ledger.claim_lane(&lane.lane_key, "another", "host", lane.fence).await.unwrap().unwrap()
}

fn at(text: &str) -> UtcMillis {
    UtcMillis::parse_lenient(text).unwrap()
}

#[test]
fn a_day_is_called_complete_only_when_it_was_looked_at_and_missing_numbers_are_named() {
    run(async |kit| {
        let who = kit.administrator().await;
        let page = kit.get("/import/proof?month=2026-10", &who).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.text.contains("未確認：自動取込の前です") && !page.text.contains("一致"),
            "{}",
            page.text
        );
        let (guard, shop, ledger) = (lane(kit).await, kit.house.shops[0].shop_id, kit.desk.ledger());
        for (day, listed) in
            [("2026-10-30", vec![]), ("2026-10-31", vec!["300001-20261031-0000000001".into()])]
        {
            let from = at(day);
            let bounds = (day, from, from.plus(domain::time::DAY));
            ledger.prove_day(&guard, shop, bounds, &listed, kit.desk.now()).await.unwrap();
        }
        let page = kit.get("/import/proof?month=2026-10", &who).await;
        for words in ["一致", "不足 1件", "300001-20261031-0000000001", "この日をもう一度確かめる"]
        {
            assert!(page.text.contains(words), "{words}");
        }
        // Asking again is a request of the lane; who may only look does not see the button.
        let shop = kit.shop().to_string();
        let asked = kit.post("/import/proof/again", &who, &[("shop", &shop), ("day", "2026-10-31")]).await;
        assert_eq!(asked.to(), "/import/proof?month=2026-10&done=asked");
        let open = ledger.open_requests(&kit.house.shops[0].lane_key).await.unwrap();
        assert!(open.iter().any(|r| r.kind == PROVE));
        let bad = kit.post("/import/proof/again", &who, &[("shop", &shop), ("day", "2026-13-99")]).await;
        assert_eq!(bad.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn after_a_restore_every_page_says_that_nothing_is_sent_until_somebody_has_looked_f46() {
    run(async |kit| {
        let who = kit.administrator().await;
        let none = kit.get("/diagnostics/restore", &who).await;
        assert!(none.text.contains("復元されたものではありません"));
        let mut tx = kit.desk.ledger().db().begin().await.unwrap();
        let words = r#"{"made_at":1793000000000,"restored_at":1793500000000}"#;
        settings::put(&mut tx, "restored", words).await.unwrap();
        tx.commit().await.unwrap();
        for page in ["/orders?all=1", "/import", "/diagnostics/restore"] {
            let page = kit.get(page, &who).await;
            assert!(page.text.contains("バックアップから復元したため、モールへの送信を止めています"));
        }
        // Without having looked nothing goes on.
        kit.post("/diagnostics/restore/release", &who, &[]).await;
        assert!(kit.desk.ledger().restored().await.unwrap().unwrap().may_write().is_err());
        let shops = Rights {
            menus: [(Menu::Diagnostics, Level::Edit)].into(),
            shops: Some(vec![kit.house.shops[0].shop_id]),
            ..Rights::all()
        };
        let clerk = kit.visitor("clerk", &shops).await;
        let refused = kit.post("/diagnostics/restore/release", &clerk, &[("seen", "1")]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
        let done = kit.post("/diagnostics/restore/release", &who, &[("seen", "1")]).await;
        assert_eq!(done.to(), "/diagnostics/restore?done=released");
        assert!(kit.desk.ledger().restored().await.unwrap().unwrap().may_write().is_ok());
        let page = kit.get("/orders?all=1", &who).await;
        assert!(!page.text.contains("モールへの送信を止めています"));
    });
}
