//! 設定 through the router.

use crate::house_kit::run;
use axum::http::StatusCode;
use domain::ShopId;
use domain::rights::Rights;

#[test]
fn a_saved_rule_says_what_it_does_not_do_and_starts_nothing_ntf2() {
    run(async |kit| {
        let who = kit.administrator().await;
        let shop = kit.shop().to_string();
        let of = |target: &'static str, success: &'static str| {
            vec![
                ("shop", shop.as_str()),
                ("kind", "shipment_notice"),
                ("target", target),
                ("success", success),
            ]
        };
        let to = kit.post("/settings/rules", &who, &of("awaiting_shipment", "")).await.to();
        let page = kit.get(&to, &who).await.text;
        for words in ["出荷日が「任意」です", "正常時の移動先がありません", "エラー時の移動先がありません"]
        {
            assert!(page.contains(words), "{words}");
        }
        let stored = kit.desk.ledger().shop(ShopId(kit.shop())).await.unwrap().unwrap();
        assert!(!stored.automation_enabled);
        let to = kit.post("/settings/rules", &who, &of("shipped", "shipped")).await.to();
        assert!(kit.get(&to, &who).await.text.contains("移動先が対象処理フェーズと同じです"));
        for (fields, named) in [
            (of("no_such", ""), "target"),
            (of("shipped", "no_such"), "success"),
            (vec![("shop", shop.as_str()), ("kind", "mall_status"), ("target", "shipped")], "kind"),
        ] {
            let answer = kit.post("/settings/rules", &who, &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.text.contains(&format!("mono\">{named}<")), "{}", answer.text);
        }
        let simulated = kit.get(&format!("/settings/rules/rehearsal/{shop}/shipment_notice"), &who).await;
        assert!(simulated.text.contains("自動処理は停止中です"));
        let which = [("shop", shop.as_str()), ("kind", "shipment_notice"), ("target", "shipped")];
        kit.post("/settings/rules/drop", &who, &which).await.to();
        assert_eq!(kit.post("/settings/rules/drop", &who, &which).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn rules_of_other_shops_are_not_there_f67() {
    run(async |kit| {
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let who = kit.visitor("yoso.no", &elsewhere).await;
        let shop = kit.shop().to_string();
        let rule = [("shop", shop.as_str()), ("kind", "shipment_notice"), ("target", "shipped")];
        for path in ["/settings/rules", "/settings/rules/drop"] {
            assert_eq!(kit.post(path, &who, &rule).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let on = [("shop", shop.as_str()), ("to", "on")];
        assert_eq!(kit.post("/settings/rules/automation", &who, &on).await.status, StatusCode::NOT_FOUND);
        let simulated = kit.get(&format!("/settings/rules/rehearsal/{shop}/shipment_notice"), &who).await;
        assert_eq!(simulated.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn phases_are_added_moved_and_removed_when_they_are_empty_ntf1() {
    run(async |kit| {
        let who = kit.administrator().await;
        kit.packed(1).await;
        kit.post("/settings/phases", &who, &[("name", "検品待ち"), ("ship_date", "1")]).await.to();
        let phases = async || kit.desk.ledger().phases().await.unwrap();
        let added = phases().await.pop().unwrap();
        assert_eq!((added.name.as_str(), added.ship_date_required), ("検品待ち", true));
        let key = added.phase.as_str();
        let change = async |phase: &str, action: &str| {
            kit.post("/settings/phases/change", &who, &[("phase", phase), ("do", action)]).await
        };
        change(key, "up").await.to();
        let names: Vec<String> = phases().await.into_iter().map(|p| p.name).collect();
        assert_eq!(names[names.len() - 2..], ["検品待ち", "キャンセル"]);
        let taken = kit.post("/settings/phases", &who, &[("name", "検品待ち")]).await;
        assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(change("shipped", "drop").await.status, StatusCode::CONFLICT, "an order is in it");
        assert_eq!(change("new", "drop").await.status, StatusCode::CONFLICT, "needed");
        assert_eq!(change("no_such", "drop").await.status, StatusCode::NOT_FOUND);
        change(key, "drop").await.to();
        assert!(phases().await.iter().all(|p| p.phase.as_str() != key));
    });
}

#[test]
fn a_carrier_keeps_its_codes_and_a_tracking_page_needs_its_number_ntf9() {
    run(async |kit| {
        let who = kit.administrator().await;
        let base = [("key", "yamato"), ("name", "ヤマト運輸"), ("mall.rakuten", "1001"), ("tracking", "own")];
        let bad = [&base[..], &[("tracking_url", "http://track.example/{number}")]].concat();
        let answer = kit.post("/settings/carriers", &who, &bad).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("tracking_url"));
        let good = [&base[..], &[("tracking_url", "https://track.example/{number}")]].concat();
        kit.post("/settings/carriers", &who, &good).await.to();
        let carriers = kit.desk.ledger().carriers().await.unwrap();
        let yamato = carriers.iter().find(|c| c.carrier.as_str() == "yamato").unwrap();
        assert_eq!(yamato.mall_codes["rakuten"], "1001");
        assert_eq!(yamato.tracking_link("12").as_deref(), Some("https://track.example/12"));
        let odd = kit.post("/settings/carriers", &who, &[("name", "x"), ("mall.nowhere", "1")]).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        let method = [("carrier", "yamato"), ("name", "試験便"), ("tracked", "1")];
        kit.post("/settings/carriers/methods", &who, &method).await.to();
        let methods = kit.desk.ledger().shipping_methods().await.unwrap();
        assert!(methods.iter().any(|m| m.name == "試験便" && m.tracked));
    });
}

#[test]
fn the_company_and_its_days_are_kept_and_a_doubtful_number_is_told() {
    run(async |kit| {
        let who = kit.administrator().await;
        let company = |number: &'static str| {
            vec![
                ("name", "架空商店"),
                ("postal_code", "100-0000"),
                ("address", "東京都架空区見本町1-2-3"),
                ("phone", "03-0000-0000"),
                ("email", ""),
                ("invoice_number", number),
            ]
        };
        let wrong = kit.post("/settings/company", &who, &company("T123")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        kit.post("/settings/company", &who, &company("T7000012050003")).await.to();
        assert!(kit.get("/settings/company", &who).await.text.contains("検査用数字が合いません"));
        kit.post("/settings/company", &who, &company("T7000012050002")).await.to();
        let page = kit.get("/settings/company", &who).await.text;
        assert!(page.contains("架空商店") && !page.contains("検査用数字が合いません"));
        let days =
            [("weekday", "6"), ("weekday", "7"), ("holidays", "1"), ("closed", "2026-11-04\n2026/12/31")];
        kit.post("/settings/calendar", &who, &days).await.to();
        let kept = web::house::business_days(&kit.desk).await.unwrap();
        assert!(kept.to_calendar().is_closed("2026-12-31".parse().unwrap()));
        let bad = kit.post("/settings/calendar", &who, &[("closed", "2026-11-04\nきのう かも")]).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bad.text.contains("mono\">closed<") && !bad.text.contains("きのう"), "{}", bad.text);
    });
}
