//! 診断 through the router.

use crate::house_kit::{only, run};
use axum::http::StatusCode;
use domain::rights::{Level, Menu};

#[test]
fn each_finding_has_a_remedy_and_the_copy_holds_no_person_and_no_secret_f53() {
    run(async |kit| {
        let who = kit.administrator().await;
        kit.packed(1).await;
        let shop = &kit.house.shops[0];
        let reason = domain::reason::shop_off("試験");
        kit.desk.ledger().hold_shop(shop.shop_id, Some(&reason)).await.unwrap();
        let page = kit.get("/diagnostics", &who).await.text;
        assert!(page.contains("表の版は") && page.contains("マスターキーは使われています"));
        assert!(
            page.contains("レーンを担当するプロセスがありません")
                && page.contains("choba serve を動かしてください")
        );
        assert!(page.contains(&reason.ja) && page.contains(env!("CARGO_PKG_VERSION")));
        for (_, secret) in kit.desk.ledger().open_credentials(shop.shop_id).await.unwrap() {
            assert!(!page.contains(&secret));
        }
        let order = kit.house.orders().await.remove(0);
        let head = order.head.unwrap();
        assert!(!page.contains(&head.buyer) && !page.contains(&head.recipient));
    });
}

#[test]
fn the_log_is_read_page_by_page_and_names_fields_never_values_f53() {
    run(async |kit| {
        let who = kit.administrator().await;
        let path = format!("/shops/{}/settings", kit.shop());
        kit.post(&path, &who, &[("interval", "600000")]).await.to();
        for n in 0..120 {
            let by = domain::history::By::System;
            let details = serde_json::json!({ "n": n });
            kit.desk.ledger().log_action(&by, "test", "x", &details, kit.desk.now()).await.unwrap();
        }
        let first = kit.get("/diagnostics/log", &who).await.text;
        let next = first.split("href=\"/diagnostics/log?before=").nth(1).unwrap().split('"').next().unwrap();
        let second = kit.get(&format!("/diagnostics/log?before={next}"), &who).await.text;
        let words = "店舗の設定の変更";
        assert!(!first.contains(words) && second.contains(words) && second.contains("kakuu.kanri"));
        assert!(!second.contains("shop.set") && second.contains("項目："), "no English is left (ux 58)");
        assert!(!second.contains("600000"));
        let clerk = kit.visitor("tantou", &only(Menu::Orders, Level::Edit)).await;
        assert_eq!(kit.get("/diagnostics", &clerk).await.status, StatusCode::FORBIDDEN);
        assert_eq!(kit.get("/diagnostics/log?before=x", &who).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}
