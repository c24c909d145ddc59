//! 受注取込 through the router.

use crate::house_kit::{Kit, only, run};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::ShopId;
use domain::rights::{Level, Menu, Rights};
use serde_json::json;
use store::imports::NewRun;

/// A run of another process holds the shop.
async fn held_by_a_run(kit: &Kit<'_>) {
    let (shop, ledger) = (&kit.house.shops[0], kit.desk.ledger());
    let lane = ledger.lanes().await.unwrap().into_iter().find(|l| l.lane_key == shop.lane_key).unwrap();
    let guard = ledger.claim_lane(&lane.lane_key, "another", "host", lane.fence).await.unwrap().unwrap();
    let new = NewRun {
        shop_id: shop.shop_id,
        request_id: None,
        trigger: "auto",
        from: kit.desk.now(),
        to: kit.desk.now(),
        looks_for_news: false,
        options: json!({}),
        cursor: json!({}),
        counts: json!({}),
    };
    ledger.begin_run(&guard, &new, kit.desk.now()).await.unwrap();
}

#[test]
fn a_busy_shop_is_answered_with_the_three_choices_and_force_goes_on_imp5() {
    run(async |kit| {
        let who = kit.administrator().await;
        held_by_a_run(kit).await;
        let shop = kit.shop().to_string();
        let asked = [("shop", shop.as_str()), ("from", "2026-11-01T09:00"), ("status", "rakuten:300")];
        let busy = kit.post("/import/start", &who, &asked).await;
        assert_eq!(busy.status, StatusCode::CONFLICT);
        let words = [
            "選択しなおす",
            "やめる",
            "強制ダウンロード",
            "前回の取込を引き継いで再開します。重複はしません。",
        ];
        assert!(words.iter().all(|w| busy.text.contains(w)), "{}", busy.text);
        // The third choice says again what was asked for.
        for again in [
            "name=\"from\" value=\"2026-11-01T09:00\"",
            "value=\"rakuten:300\"",
            "name=\"force\" value=\"1\"",
        ] {
            assert!(busy.text.contains(again), "{again}");
        }
        let now = kit.post("/import/now", &who, &[("shop", &shop)]).await;
        assert_eq!(now.status, StatusCode::CONFLICT);
        assert!(kit.desk.ledger().open_requests(&kit.house.shops[0].lane_key).await.unwrap().is_empty());
        let forced = kit.post("/import/start", &who, &[&asked[..], &[("force", "1")]].concat()).await;
        assert!(forced.to().starts_with("/import/requests/"));
    });
}

#[test]
fn an_unknown_status_or_field_is_refused_and_named_f68() {
    run(async |kit| {
        let who = kit.administrator().await;
        let shop = kit.shop().to_string();
        let statuses = format!("/import/statuses/{shop}");
        let from = ("from", "2026-11-01T09:00");
        for (path, fields, named) in [
            (statuses.as_str(), vec![("statuses", "no_such")], "statuses"),
            ("/import/start", vec![("shop", shop.as_str()), from, ("status", "rakuten:no_such")], "status"),
            ("/import/start", vec![("shop", shop.as_str()), from, ("status", "nowhere:100")], "status"),
            ("/import/start", vec![("shop", shop.as_str())], "from"),
            ("/import/start", vec![from], "shop"),
            ("/import/now", vec![("shop", shop.as_str()), ("odd", "1")], "odd"),
            ("/import/interval", vec![("shop", shop.as_str()), ("interval", "7")], "interval"),
        ] {
            let answer = kit.post(path, &who, &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {fields:?}");
            assert!(
                answer.text.contains(&format!("<span class=\"soft mono\">{named}</span>")),
                "{}",
                answer.text
            );
        }
    });
}

#[test]
fn a_run_shows_its_progress_and_its_counts_and_survives_a_reload_imp2() {
    run(async |kit| {
        let who = kit.administrator().await;
        kit.house.add_orders(json!({ "count": 3, "traits": [], "status": 100 })).unwrap();
        let page = kit.post("/import/now", &who, &[("shop", &kit.shop().to_string())]).await.to();
        let before = kit.get(&page, &who).await.text;
        assert!(before.contains(&format!("hx-get=\"{page}/live\"")) && before.contains("受け付けました"));
        kit.settle().await;
        let after = kit.get(&page, &who).await.text;
        assert!(after.contains("成功") && after.contains("新規 3件") && !after.contains("hx-get=\"/import"));
        let board = kit.get("/import", &who).await.text;
        assert!(board.contains("新規 3") && board.contains("取込エラーはありません"));
    });
}

#[test]
fn what_an_earlier_setting_left_out_is_offered_imp4() {
    run(async |kit| {
        let who = kit.administrator().await;
        kit.house.add_orders(json!({ "count": 2, "traits": [], "status": 300 })).unwrap();
        let page = format!("/import/statuses/{}", kit.shop());
        assert!(kit.post(&page, &who, &[("statuses", "100")]).await.to().ends_with("?done=saved"));
        kit.post("/import/now", &who, &[("shop", &kit.shop().to_string())]).await;
        kit.settle().await;
        let to = kit.post(&page, &who, &[("statuses", "100"), ("statuses", "300")]).await.to();
        assert!(to.ends_with("&added=300"), "{to}");
        let text = kit.get(&to, &who).await.text;
        assert!(text.contains("いま取り込む"), "{text}");
        kit.post(&format!("{page}/fetch"), &who, &[("statuses", "300")]).await.to();
        kit.settle().await;
        assert_eq!(kit.house.orders().await.len(), 2);
    });
}

#[test]
fn shops_of_others_are_not_there_f67() {
    run(async |kit| {
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let who = kit.visitor("yoso.no", &elsewhere).await;
        let admin = kit.administrator().await;
        let shop = kit.shop().to_string();
        let run = kit.post("/import/now", &admin, &[("shop", &shop)]).await.to();
        for path in [format!("/import/statuses/{shop}"), run] {
            assert_eq!(kit.get(&path, &who).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/import/now", "/import/interval", "/import/again"] {
            let fields = [("shop", shop.as_str()), ("interval", "0"), ("order", "x")];
            let fields = match path {
                "/import/interval" => &fields[..2],
                "/import/now" => &fields[..1],
                _ => &[fields[0], fields[2]][..],
            };
            assert_eq!(kit.post(path, &who, fields).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(!kit.get("/import", &who).await.text.contains("店舗1"));
        let looks = kit.visitor("miru.dake", &only(Menu::Import, Level::View)).await;
        let refused = kit.post("/import/now", &looks, &[("shop", &shop)]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn a_file_that_is_no_order_file_is_told_on_its_page_imp10() {
    run(async |kit| {
        let who = kit.administrator().await;
        let part = |name: &str, more: &str, value: &str| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n")
        };
        let upload = |parts: String| {
            let request = kit.request("POST", "/import/files", &who);
            let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
            request.body(Body::from(format!("{parts}--x--\r\n"))).unwrap()
        };
        let shop = part("shop", "", &kit.shop().to_string());
        let file = part("file", "; filename=\"a.csv\"", "これは,受注では\r\nありません,x");
        let page = kit.send(upload(format!("{shop}{file}"))).await.to();
        kit.settle().await;
        let text = kit.get(&page, &who).await.text;
        assert!(text.contains("失敗") && text.contains("a.csv"), "{text}");
        let odd = kit.send(upload(format!("{shop}{}", part("odd", "", "1")))).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(kit.send(upload(shop)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}
