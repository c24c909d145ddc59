//! 見つからない受注を調べる, なぜ通知されないか, エラー一覧, through the router (WHY-1, WHY-2, IMP-6).

use crate::house_kit::{Kit, only, run};
use axum::http::StatusCode;
use domain::ShopId;
use domain::rights::{Level, Menu, Rights};
use serde_json::json;

fn add(kit: &Kit<'_>, status: i64) -> String {
    kit.house.add_orders(json!({ "count": 1, "traits": [], "status": status })).unwrap().remove(0).0
}

/// Asks, lets the lanes answer, and reads the page.
async fn asked(kit: &Kit<'_>, who: &str, number: &str) -> String {
    let to = kit.post("/why", who, &[("number", number)]).await.to();
    kit.settle().await;
    kit.get(&to, who).await.text
}

#[test]
fn the_checker_asks_the_mall_and_its_button_brings_the_order_in_why1() {
    run(async |kit| {
        let who = kit.administrator().await;
        let number = add(kit, 500);
        let empty = kit.get("/why", &who).await.text;
        assert!(empty.contains("見つからない受注を調べる") && !empty.contains("id=\"answer\""));
        let to = kit.post("/why", &who, &[("number", &format!(" {number} "))]).await.to();
        assert!(to.starts_with("/why?number=") && to.contains("&asked="), "{to}");
        let waits = kit.get(&to, &who).await.text;
        assert!(waits.contains("hx-get=\"/why/live?") && waits.contains("モールに聞いています"), "{waits}");
        kit.settle().await;
        let part = kit.get(&to.replacen("/why?", "/why/live?", 1), &who).await.text;
        assert!(part.starts_with("<section") && !part.contains("hx-get"), "{part}");
        let text = kit.get(&to, &who).await.text;
        for words in [
            "原因が見つかりました",
            "取得対象ではありません",
            "モールにこの番号を聞きました",
            "action=\"/import/again\"",
            "この受注を取り込む",
            &format!("action=\"/import/statuses/{}\"", kit.shop()),
            "を取得ステータスに加える",
            "/errors#e-status_not_fetched",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(kit.house.order(&number).await.is_none(), "a look stores nothing");
        let fields = [("shop", kit.shop().to_string()), ("order", number.clone())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        kit.post("/import/again", &who, &fields).await.to();
        kit.settle().await;
        let text = asked(kit, &who, &number).await;
        let order = kit.house.order(&number).await.unwrap().order_no;
        assert!(text.contains("この受注は台帳にあります"), "{text}");
        assert!(text.contains(&format!("href=\"/orders/{order}/why\"")), "{text}");
    });
}

#[test]
fn a_question_that_no_lane_takes_up_is_told_after_a_while_why1() {
    run(async |kit| {
        let who = kit.administrator().await;
        let number = add(kit, 300);
        let to = kit.post("/why", &who, &[("number", &number)]).await.to();
        kit.house.clock.advance(60_000);
        let text = kit.get(&to, &who).await.text;
        assert!(text.contains("モールには聞いていません") && !text.contains("hx-get=\"/why/live"), "{text}");
    });
}

#[test]
fn what_is_asked_is_checked_and_others_shops_are_not_there_f67_f68_why1() {
    run(async |kit| {
        let who = kit.administrator().await;
        for fields in [&[("number", " ")][..], &[("number", "x"), ("odd", "1")][..]] {
            assert_eq!(kit.post("/why", &who, fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(
            kit.post("/why", &who, &[("number", "x"), ("shop", "99")]).await.status,
            StatusCode::NOT_FOUND
        );
        let odd = kit.get("/why?number=%E3%81%82%3Cscript%3E", &who).await.text;
        assert!(odd.contains("受注番号の形") && !odd.contains("あ<script>"), "{odd}");
        let number = add(kit, 300);
        kit.house.import_days(1).await.unwrap();
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let other = kit.visitor("yoso.no", &elsewhere).await;
        let text = asked(kit, &other, &number).await;
        assert!(!text.contains("店舗1") && !text.contains("取込済み"), "{text}");
        // Whoever may only look gets no button.
        let looks = kit.visitor("miru.dake", &only(Menu::Import, Level::View)).await;
        let missing = add(kit, 500);
        let text = asked(kit, &looks, &missing).await;
        assert!(text.contains("取得対象ではありません"), "{text}");
        assert!(!text.contains("action=\"/import/again\""), "{text}");
        let orders = kit.visitor("chumon.dake", &only(Menu::Orders, Level::View)).await;
        assert_eq!(kit.get("/why", &orders).await.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn the_page_of_an_order_tells_everything_that_keeps_its_notice_back_why2() {
    run(async |kit| {
        let who = kit.administrator().await;
        let number = add(kit, 300);
        kit.house.import_days(1).await.unwrap();
        let no = kit.house.order(&number).await.unwrap().order_no;
        let page = format!("/orders/{no}/why");
        let order = kit.get(&format!("/orders/{no}"), &who).await.text;
        assert!(order.contains(&format!("href=\"{page}\"")) && order.contains("このフェーズにある理由"));
        let text = kit.get(&page, &who).await.text;
        for words in [
            "通知を止めている理由",
            "出荷情報がありません",
            "自動処理は停止中です",
            &format!("href=\"/orders/{no}/sheet/notice\""),
            &format!("action=\"/shops/{}/automation\"", kit.shop()),
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let english = kit.post("/desk/prefs", &who, &[("lang", "en"), ("back", page.as_str())]).await.to();
        let text = kit.get(&english, &who).await.text;
        assert!(text.contains("What keeps it back") && text.contains("No parcel is registered"), "{text}");
        assert_eq!(kit.get("/orders/C99999999/why", &who).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn the_list_of_errors_is_searched_filtered_and_shows_what_nobody_explained_imp6() {
    run(async |kit| {
        let who = kit.administrator().await;
        let all = kit.get("/errors", &who).await.text;
        for words in
            ["id=\"e-GA0001\"", "id=\"e-shop_busy\"", "id=\"e-px-04102\"", "id=\"e-AMAZON_GRANT_LAPSED\""]
        {
            assert!(all.contains(words), "{words}");
        }
        assert!(!all.contains("id=\"unknown\""));
        let one = kit.get("/errors?q=too+far+in+the+future", &who).await.text;
        assert!(one.contains("e-AMAZON_CLOCK_SKEW") && !one.contains("id=\"e-GA0001\""));
        let own = kit.get("/errors?mall=own", &who).await.text;
        assert!(own.contains("id=\"e-shop_busy\"") && !own.contains("id=\"e-GA0001\""));
        assert!(
            kit.get("/errors?q=%E3%81%AA%E3%81%84%E3%81%AF%E3%81%9A", &who)
                .await
                .text
                .contains("この条件のエラーはありません")
        );
        let help = kit.get("/help/errors/GA0001", &who).await.text;
        assert!(help.contains("<td>原因</td>") && help.contains("href=\"/help/shops\""), "{help}");
        assert!(kit.get("/help?q=GA0001", &who).await.text.contains("/help/errors/GA0001"));
        assert_eq!(kit.get("/help/errors/none", &who).await.status, StatusCode::NOT_FOUND);
        let now = kit.house.now();
        kit.desk.ledger().count_unknown_code("rakuten", "ZZ9999", "odd words", now).await.unwrap();
        let text = kit.get("/errors", &who).await.text;
        assert!(text.contains("id=\"unknown\"") && text.contains("ZZ9999") && text.contains("odd words"));
        assert!(kit.get("/diagnostics", &who).await.text.contains("ZZ9999"));
        let orders = kit.visitor("chumon.dake", &only(Menu::Orders, Level::View)).await;
        let text = kit.get("/errors", &orders).await.text;
        assert!(text.contains("e-GA0001") && !text.contains("ZZ9999"));
    });
}
