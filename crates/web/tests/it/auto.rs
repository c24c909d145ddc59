//! 自動連携 through the router.

use crate::house_kit::{Kit, run};
use axum::http::StatusCode;
use domain::date_rule::DateRule;
use domain::time::MINUTE;
use domain::{ImportMode, ShopId};
use serde_json::json;
use store::Shop;

async fn shop(kit: &Kit<'_>) -> Shop {
    kit.desk.ledger().shop(ShopId(kit.shop())).await.unwrap().unwrap()
}

/// Three orders wait in 自動受注取込.
async fn three_wait(kit: &Kit<'_>) {
    kit.house.add_orders(json!({ "count": 3, "traits": [], "status": 100 })).unwrap();
    let mut shop = shop(kit).await;
    shop.set_import_mode(ImportMode::Schedule, kit.house.now());
    kit.desk.ledger().update_shop(&shop, kit.house.now()).await.unwrap();
    let came = async |house: &testkit::house::House| house.orders().await.len() == 3;
    assert!(kit.house.run_until(&kit.house.hub(), 10 * MINUTE, came).await);
    assert!(kit.house.settle(&kit.house.quiet_hub()).await);
    kit.desk.recount();
}

async fn phases(kit: &Kit<'_>) -> Vec<String> {
    kit.house.orders().await.into_iter().map(|o| o.phase.0).collect()
}

#[test]
fn one_press_takes_in_what_waits_and_asks_neither_mall_nor_period_imp7() {
    run(async |kit| {
        let who = kit.administrator().await;
        three_wait(kit).await;
        assert_eq!(phases(kit).await, ["inbox"; 3]);
        for page in ["/import", "/import/auto"] {
            assert!(kit.get(page, &who).await.text.contains("受注取込"), "{page}");
        }
        let requests = kit.desk.ledger().open_requests(&kit.house.shops[0].lane_key).await.unwrap().len();
        let to = kit.post("/import/take-in", &who, &[("shop", &kit.shop().to_string())]).await.to();
        assert_eq!(phases(kit).await, ["new"; 3]);
        assert!(kit.get(&to, &who).await.text.contains("3件を新規受付に移しました"));
        let after = kit.desk.ledger().open_requests(&kit.house.shops[0].lane_key).await.unwrap().len();
        assert_eq!(after, requests, "the mall is not asked");
        // All shops at once, with nothing left.
        let to = kit.post("/import/take-in", &who, &[]).await.to();
        assert!(kit.get(&to, &who).await.text.contains("0件を新規受付に移しました"));
        assert_eq!(kit.post("/import/take-in", &who, &[("shop", "999")]).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn the_page_says_when_the_next_look_is_and_why_then_and_how_fresh_orders_were_imp7() {
    run(async |kit| {
        let who = kit.administrator().await;
        let off = kit.get("/import/auto", &who).await.text;
        assert!(off.contains("手動のみ") && off.contains("受注なし"));
        three_wait(kit).await;
        let ledger = kit.desk.ledger();
        let now = kit.house.now();
        let next = Some((now.plus(130_000), "limit"));
        ledger.set_import_times(ShopId(kit.shop()), Some(now), next, None).await.unwrap();
        let page = kit.get("/import/auto", &who).await.text;
        assert!(page.contains("2分10秒後") && page.contains("モールの回数制限に合わせています"), "{page}");
        assert!(page.contains("中央値"));
        let one = kit.get(&format!("/import/auto/{}", kit.shop()), &who).await.text;
        assert_eq!(one.matches("<svg class=\"plot\"").count(), 2);
        // Something was announced: it listens now.
        let mut listening = shop(kit).await;
        listening.set_import_mode(ImportMode::Mail, now);
        ledger.update_shop(&listening, now).await.unwrap();
        ledger.hint("mail", "1", Some(ShopId(kit.shop())), now).await.unwrap();
        assert!(kit.get("/import/auto", &who).await.text.contains("新着の知らせがありました"));
    });
}

#[test]
fn mode_waiting_room_and_date_rule_are_set_logged_and_checked_desk3_imp7() {
    run(async |kit| {
        let who = kit.administrator().await;
        let path = format!("/import/auto/{}", kit.shop());
        let form = [
            ("mode", "mail"),
            ("longest", "300000"),
            ("skip_inbox", "1"),
            ("cutoff", "15:00"),
            ("print_after", "0"),
            ("ship_after", "1"),
        ];
        kit.post(&path, &who, &form).await.to();
        let set = shop(kit).await;
        assert_eq!(
            (set.import_mode, set.import_interval_ms, set.skip_inbox),
            (ImportMode::Mail, 300_000, true)
        );
        let rule = DateRule { cutoff_minute: Some(900), print_after: Some(0), ship_after: Some(1) };
        assert_eq!(set.date_rule, Some(rule));
        // The page shows it with an example of today: Monday 2 November 2026, and 文化の日 is closed.
        let page = kit.get(&path, &who).await.text;
        assert!(
            page.contains("（締め前）") && page.contains("11/02（月）") && page.contains("11/04（水）"),
            "{page}"
        );
        let logged = kit.desk.ledger().actions(None, 10).await.unwrap();
        assert!(logged.iter().any(|a| a.action == "shop.set"), "{logged:?}");
        for (name, value) in
            [("mode", "sometimes"), ("longest", "7"), ("cutoff", "25:00"), ("ship_after", "99")]
        {
            let mut wrong = form.to_vec();
            wrong.retain(|(n, _)| *n != name);
            wrong.push((name, value));
            let answer = kit.post(&path, &who, &wrong).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        }
        // Off, and nothing is filled in any more.
        let off =
            [("mode", "off"), ("longest", "300000"), ("cutoff", ""), ("print_after", ""), ("ship_after", "")];
        kit.post(&path, &who, &off).await.to();
        let set = shop(kit).await;
        assert_eq!((set.imports_itself(), set.skip_inbox, set.date_rule), (false, false, None));
        assert_eq!(set.next_import_at, None);
    });
}

#[test]
fn an_example_is_reckoned_for_what_is_being_typed_desk3() {
    run(async |kit| {
        let viewer = kit.administrator().await;
        let path = format!("/import/auto/{}/example", kit.shop());
        let typed = kit.get(&format!("{path}?cutoff=&print_after=2&ship_after="), &viewer).await.text;
        assert!(typed.contains("11/05（木）") && typed.contains("入れません"), "{typed}");
        let none = kit.get(&format!("{path}?cutoff=15%3A00&print_after=&ship_after="), &viewer).await.text;
        assert!(none.contains("日付は入りません"));
        assert!(shop(kit).await.date_rule.is_none(), "nothing was stored");
        let wrong = kit.get(&format!("{path}?print_after=x"), &viewer).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn closed_periods_are_typed_as_one_line_desk3() {
    run(async |kit| {
        let who = kit.administrator().await;
        let closed = "2026-12-29〜2027-01-03\n2026-11-24";
        kit.post("/settings/calendar", &who, &[("weekday", "7"), ("closed", closed)]).await.to();
        let days = engine::calendar::business_days(kit.desk.ledger()).await.unwrap();
        assert_eq!(days.closed_days.len(), 7);
        let wrong = kit.post("/settings/calendar", &who, &[("closed", "2026-12-05〜2026-12-01")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let endless = kit.post("/settings/calendar", &who, &[("closed", "2026-01-01〜2999-01-01")]).await;
        assert_eq!(endless.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}
