//! Bulk work in the browser: dialogs, previews, jobs, and who may.

use crate::kit::{self, Answer, Kit, Who};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::OrderSeq;
use domain::history::By;
use domain::rights::{Level, Menu, Rights};
use serde_json::json;
use store::orders::ListRow;

fn clerk() -> Rights {
    Rights {
        menus: [(Menu::Orders, Level::Edit), (Menu::Shipping, Level::Edit)].into(),
        buyer_data: true,
        ..Rights::default()
    }
}

/// A form with fields that come several times, as htmx sends it.
async fn part(kit: &Kit<'_>, path: &str, who: &Who, fields: &[(&str, String)]) -> Answer {
    let request = kit
        .request("POST", path, who)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("hx-request", "true")
        .body(Body::from(serde_html_form::to_string(fields).unwrap()));
    kit.send(request.unwrap()).await
}

fn ids<'a>(orders: &[ListRow], what: &str) -> Vec<(&'a str, String)> {
    let mut fields: Vec<(&str, String)> = orders.iter().map(|o| ("id", o.seq.0.to_string())).collect();
    fields.push(("query", "all=1".to_owned()));
    fields.push(("do", what.to_owned()));
    fields
}

fn hidden(answer: &Answer, name: &str) -> String {
    answer.between(&format!("name=\"{name}\" value=\""), "\"")
}

fn place(answer: &Answer) -> String {
    answer.headers.get("hx-redirect").map_or_else(String::new, |v| v.to_str().unwrap().to_owned())
}

async fn chosen(kit: &Kit<'_>, who: &Who, orders: &[ListRow], what: &str) -> Answer {
    let answer = part(kit, "/orders/bulk", who, &ids(orders, what)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

async fn filled(kit: &Kit<'_>, who: &Who, dialog: &Answer, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("s", hidden(dialog, "s")), ("token", hidden(dialog, "token"))];
    all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
    part(kit, "/orders/bulk/preview", who, &all).await
}

fn executed(preview: &Answer, sure: &[OrderSeq]) -> Vec<(&'static str, String)> {
    let mut all = vec![("s", hidden(preview, "s")), ("token", hidden(preview, "token"))];
    all.extend(sure.iter().map(|s| ("sure", s.0.to_string())));
    all
}

async fn jobs(kit: &Kit<'_>, user: i64) -> usize {
    kit.desk.ledger().jobs_of(user, 50).await.unwrap().len()
}

#[test]
fn a_move_without_questions_is_done_at_once_and_taken_back_by_its_note() {
    kit::run(3, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let who = kit.visitor("kakuu", &clerk()).await;
        let orders = kit.house.orders().await;
        let was: Vec<_> = orders.iter().map(|o| o.phase.clone()).collect();
        let dialog = chosen(kit, &who, &orders, "move").await;
        assert!(dialog.text.starts_with("<dialog"), "{}", dialog.text);
        let done = filled(kit, &who, &dialog, &[("do", "move"), ("phase", "awaiting_review")]).await;
        assert!(place(&done).starts_with("/orders?all=1&job="), "{done:?}");
        assert!(kit.house.orders().await.iter().all(|o| o.phase.as_str() == "awaiting_review"));
        let list = kit.get(&place(&done), &who).await;
        assert!(list.text.contains(&format!("{}件を「確認待ち」へ移しました。", orders.len())));
        let undo = list.between("data-undo-url=\"", "\"");
        let undone = part(kit, &undo, &who, &[]).await;
        assert_eq!(undone.status, StatusCode::OK);
        assert!(undone.headers.get("hx-trigger").unwrap().to_str().unwrap().contains("toast"));
        let now: Vec<_> = kit.house.orders().await.into_iter().map(|o| o.phase).collect();
        assert_eq!(now, was);
    });
}

#[test]
fn mixed_outcomes_are_shown_first_and_only_what_may_be_done_is_done() {
    kit::run(4, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let user = kit.person("kakuu", &clerk()).await;
        let who = kit.sign_in(user).await;
        let orders = kit.house.orders().await;
        kit.house.pack(orders[0].seq, "40000").await.unwrap();
        let dialog = chosen(kit, &who, &orders, "move").await;
        let preview = filled(kit, &who, &dialog, &[("do", "move"), ("phase", "shipped")]).await;
        assert!(preview.text.contains("1件だけ実行"), "{}", preview.text);
        assert!(preview.text.contains("「出荷済み」へ移すには出荷日が必要です"));
        assert_eq!(jobs(kit, user).await, 0, "a preview does nothing");
        let csv = part(kit, "/orders/bulk/csv", &who, &executed(&preview, &[])).await;
        assert_eq!(csv.text.lines().count(), orders.len() + 1);
        assert!(csv.text.contains("対象外"));
        // Meanwhile the order that could go was moved by somebody else: it is told, not done.
        let to = "shipped".into();
        let options = store::orders::MoveOptions::default();
        let seq = orders[0].seq;
        kit.house.ledger.move_orders(&[seq], &to, options, &By::Cli, kit.house.now()).await.unwrap();
        let done = part(kit, "/orders/jobs", &who, &executed(&preview, &[])).await;
        let page = kit.get(&place(&done), &who).await;
        assert!(page.text.contains("すでに「出荷済み」にあります"), "{}", page.text);
        assert!(page.text.contains("件だけ再実行"));
        let elsewhere = kit.visitor("other", &clerk()).await;
        assert_eq!(kit.get(&place(&done), &elsewhere).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_form_sent_twice_begins_one_job_f75() {
    kit::run(3, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let user = kit.person("kakuu", &clerk()).await;
        let who = kit.sign_in(user).await;
        let orders = kit.house.orders().await;
        let preview = chosen(kit, &who, &orders, "cancel").await;
        let form = executed(&preview, &[]);
        let (one, two) =
            tokio::join!(part(kit, "/orders/jobs", &who, &form), part(kit, "/orders/jobs", &who, &form));
        assert!(place(&one).starts_with("/orders") && place(&two).starts_with("/orders"));
        let third = part(kit, "/orders/jobs", &who, &form).await;
        assert!(place(&third).starts_with("/orders/jobs/"), "{third:?}");
        assert_eq!(jobs(kit, user).await, 1);
        // The token is good for this form only.
        let other = chosen(kit, &who, &orders[..1], "printed").await;
        let mixed = vec![("s", hidden(&other, "s")), ("token", hidden(&preview, "token"))];
        assert_eq!(part(kit, "/orders/jobs", &who, &mixed).await.status, StatusCode::CONFLICT);
        assert_eq!(jobs(kit, user).await, 1);
    });
}

#[test]
fn who_may_only_look_begins_nothing_and_a_ticket_serves_its_owner_only() {
    kit::run(2, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let orders = kit.house.orders().await;
        let viewer = Rights { menus: [(Menu::Orders, Level::View)].into(), ..Rights::default() };
        let viewer = kit.visitor("viewer", &viewer).await;
        for path in ["/orders/bulk", "/orders/bulk/preview", "/orders/jobs", "/orders/bulk/csv"] {
            let answer = part(kit, path, &viewer, &ids(&orders, "move")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
        let who = kit.visitor("kakuu", &clerk()).await;
        let preview = chosen(kit, &who, &orders, "cancel").await;
        let thief = kit.visitor("thief", &clerk()).await;
        let stolen = part(kit, "/orders/jobs", &thief, &executed(&preview, &[])).await;
        assert_eq!(stolen.status, StatusCode::GONE);
        // Nor does it serve for ever.
        kit.advance(3 * domain::time::HOUR);
        let late = part(kit, "/orders/jobs", &who, &executed(&preview, &[])).await;
        assert_eq!(late.status, StatusCode::GONE);
    });
}

#[test]
fn orders_of_other_shops_are_never_among_the_chosen() {
    kit::run(3, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let orders = kit.house.orders().await;
        let elsewhere = Rights { shops: Some(vec![domain::ShopId(99)]), ..clerk() };
        let who = kit.visitor("kakuu", &elsewhere).await;
        let answer = part(kit, "/orders/bulk", &who, &ids(&orders, "cancel")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        for order in &orders {
            assert!(!answer.text.contains(order.order_no.as_str()));
        }
        let all = [("all", "1"), ("query", "all=1"), ("do", "cancel")].map(|(n, v)| (n, v.to_owned()));
        let answer = part(kit, "/orders/bulk", &who, &all).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn a_buyers_name_is_shown_as_text_and_not_at_all_without_the_right_f50() {
    kit::run(2, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let orders = kit.house.orders().await;
        let evil = "<img src=x onerror=alert(1)>";
        let change = [("buyer.family_name".to_owned(), json!(evil))];
        let order = &orders[0];
        let ledger = &kit.house.ledger;
        let edited =
            ledger.edit_order(order.seq, order.version, &change, &By::Cli, kit.house.now()).await.unwrap();
        edited.unwrap();
        let who = kit.visitor("kakuu", &clerk()).await;
        let dialog = chosen(kit, &who, &orders, "move").await;
        let preview = filled(kit, &who, &dialog, &[("do", "move"), ("phase", "shipped")]).await;
        assert!(preview.text.contains("img src=x onerror"), "{}", preview.text);
        assert!(!preview.text.contains("<img"), "{}", preview.text);
        let blind = kit.visitor("blind", &Rights { buyer_data: false, ..clerk() }).await;
        let dialog = chosen(kit, &blind, &orders, "move").await;
        let preview = filled(kit, &blind, &dialog, &[("do", "move"), ("phase", "shipped")]).await;
        assert!(!preview.text.contains("onerror"));
    });
}

#[test]
fn pasted_numbers_go_to_the_chosen_orders_and_wrong_lines_are_told_before_anything_is_done() {
    kit::run(2, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let orders = kit.house.orders().await;
        let who = kit.visitor("kakuu", &clerk()).await;
        let dialog = chosen(kit, &who, &orders, "parcels").await;
        let wrong = [("do", "parcels"), ("carrier", "yamato"), ("pasted", "X-99\t400000000013")];
        let again = filled(kit, &who, &dialog, &wrong).await;
        assert!(again.text.contains("1行目：選択した受注にない番号です。"), "{}", again.text);
        assert!(again.text.contains("X-99"), "what was typed is still there");
        let pasted = format!("{}\t400000000013\n{}\t400000000014", orders[1].order_no, orders[0].order_no);
        let right = [("do", "parcels"), ("carrier", "yamato"), ("pasted", pasted.as_str())];
        let preview = filled(kit, &who, &again, &right).await;
        assert!(preview.text.contains("検査数字"), "{}", preview.text);
        let done = part(kit, "/orders/jobs", &who, &executed(&preview, &[])).await;
        assert!(place(&done).contains("job="), "{done:?}");
        let beside = kit.house.ledger.beside(&[orders[0].seq, orders[1].seq]).await.unwrap();
        let number = |seq: &OrderSeq| beside.get(seq).map_or("", |b| b.tracking_number.as_str());
        assert_eq!(number(&orders[1].seq), "400000000013");
        assert_eq!(number(&orders[0].seq), "", "a warning that nobody confirmed");
    });
}

#[test]
fn a_notice_is_accepted_once_and_the_page_says_what_was_asked_of_which_shop() {
    kit::run(0, async |kit: &Kit<'_>| {
        kit.house.add_orders(json!({"count": 2, "traits": [], "status": 300})).unwrap();
        kit.house.import_days(1).await.unwrap();
        let orders = kit.house.orders().await;
        for (i, order) in orders.iter().enumerate() {
            kit.house.pack(order.seq, &format!("4000{i}")).await.unwrap();
            let (to, options) = ("shipped".into(), store::orders::MoveOptions::default());
            let now = kit.house.now();
            kit.house.ledger.move_orders(&[order.seq], &to, options, &By::Cli, now).await.unwrap();
        }
        let who = kit.visitor("kakuu", &clerk()).await;
        let preview = chosen(kit, &who, &orders, "notify").await;
        assert!(preview.text.contains("送信後は取り消せません。"), "{}", preview.text);
        let sure: Vec<OrderSeq> = orders.iter().map(|o| o.seq).collect();
        let done = part(kit, "/orders/jobs", &who, &executed(&preview, &sure)).await;
        let page = kit.get(&place(&done), &who).await;
        assert!(page.text.contains("受付済み") && page.text.contains("店舗"), "{}", page.text);
        let lane = &kit.house.shops[0].lane_key;
        let asked = kit.house.ledger.open_requests(lane).await.unwrap();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].by, By::User { name: "kakuu".to_owned() });
        assert!(!page.text.contains("元に戻す"), "what left the house is not taken back");
    });
}

#[test]
fn every_dialog_opens_and_works_without_scripts_too() {
    kit::run(2, async |kit: &Kit<'_>| {
        kit.house.import_days(1).await.unwrap();
        let orders = kit.house.orders().await;
        let who = kit.visitor("kakuu", &Rights::all()).await;
        for what in ["move", "parcels", "print", "more", "notify", "confirm", "cancel", "unbundle", "printed"]
        {
            let part = chosen(kit, &who, &orders, what).await;
            assert!(part.text.starts_with("<dialog") && !part.text.contains("<html"), "{what}");
            let fields = ids(&orders, what);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let page = kit.post("/orders/bulk", &who, &fields).await;
            assert!(page.text.contains("<html") && page.text.contains("bulk-title"), "{what}");
        }
        let more = chosen(kit, &who, &orders, "more").await;
        for what in ["ship_date", "plan", "tag", "class", "paid", "bundle", "notice_state", "reimport"] {
            let fields = [("s", hidden(&more, "s")), ("do", what.to_owned())];
            let answer = part(kit, "/orders/bulk/choose", &who, &fields).await;
            assert_eq!(answer.status, StatusCode::OK, "{what}: {}", answer.text);
            assert!(answer.text.contains("/orders/bulk/preview"), "{what}");
        }
        let odd = part(kit, "/orders/bulk", &who, &ids(&orders, "format_disk")).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(kit.get("/orders/jobs", &who).await.status, StatusCode::OK);
        assert_eq!(kit.get("/orders/jobs/999", &who).await.status, StatusCode::NOT_FOUND);
    });
}
