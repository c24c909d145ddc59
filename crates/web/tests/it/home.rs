//! ホーム through the router.

use crate::house_kit::{Kit, only, run};
use crate::notices::refused;
use axum::http::StatusCode;
use domain::ShopId;
use domain::history::By;
use domain::rights::{Level, Menu, Rights};
use store::letters::{LetterContent, NewLetter};

const NOTHING: &str = "いま、人の手が要ることはありません。";

/// Runs a text that no program has.
async fn exec(kit: &Kit<'_>, text: &'static str) {
    let mut tx = kit.desk.ledger().db().begin().await.unwrap();
    let sql = store::Sql { name: "test::EXEC", sqlite: text, postgres: text };
    assert!(tx.exec(&sql, store::args![]).await.unwrap() > 0, "{text}");
    tx.commit().await.unwrap();
    kit.desk.recount();
}

/// Something of everything that needs a person.
async fn trouble(kit: &Kit<'_>) {
    let ledger = kit.desk.ledger();
    let number = refused(kit, 2).await.remove(0);
    exec(kit, "UPDATE outbox SET finished_at = finished_at WHERE state = 'done'").await;
    let seqs: Vec<_> = kit.house.orders().await.iter().map(|o| o.seq).collect();
    let today = kit.desk.now().japan_date();
    let new = "new".into();
    let options = store::orders::MoveOptions::default();
    ledger.move_orders(&seqs[..2], &new, options, &By::Cli, kit.desk.now()).await.unwrap();
    for (seq, day) in seqs.iter().zip([today, today.yesterday().unwrap()]) {
        ledger.set_plan(&[*seq], Some(Some(day)), None, &By::Cli, kit.desk.now()).await.unwrap();
    }
    let reason = domain::reason::shop_off("試験");
    ledger.hold_shop(ShopId(kit.shop()), Some(&reason)).await.unwrap();
    let content = LetterContent { to: Vec::new(), subject: String::new(), text: String::new() };
    let letter = NewLetter { key: "test".into(), kind: "credential".into(), shop_id: None, content };
    assert!(ledger.queue_letter(&letter, kit.desk.now()).await.unwrap());
    exec(kit, "UPDATE letters SET state = 'failed'").await;
    exec(kit, "INSERT INTO quarantine (id, shop_id, mall_order_id, state, tries, reason, first_seen_at, last_seen_at) \
               SELECT 900, MIN(shop_id), '架空-1', 'open', 1, MIN(reason), MIN(sent_at), MIN(sent_at) FROM outbox_steps WHERE reason IS NOT NULL").await;
    exec(
        kit,
        "INSERT INTO import_proofs (shop_id, day, listed, held, left_out, filled, beyond, missing, checked_at) \
               SELECT MIN(id), '2099-01-01', 5, 4, 0, 0, 0, '[\"x\"]', 1 FROM shops",
    )
    .await;
    assert!(!number.is_empty());
}

#[test]
fn what_needs_a_person_is_a_line_each_with_a_way_that_leads_to_its_mend() {
    run(async |kit| {
        let who = kit.administrator().await;
        trouble(kit).await;
        let page = kit.get("/", &who).await;
        assert_eq!(page.status, StatusCode::OK);
        let table =
            page.text.split("class=\"todo\"").nth(1).unwrap().split("</table>").next().unwrap().to_owned();
        for (what, href) in [
            ("エラー：モールが受け付けませんでした", "/notices?state=rejected"),
            ("出荷予定日を過ぎた受注", "unshipped=yes&#38;ship_to="),
            ("今日が出荷予定日の受注", "ship_from="),
            ("取込エラー", "/import#quarantine"),
            ("まだ取り込めていない受注がある日", "/import/proof"),
            ("送れなかった", "/settings/letters"),
            ("試験", "/shops/"),
        ] {
            assert!(table.contains(what) && table.contains(href), "{what} {href}: {table}");
        }
        assert!(!page.text.contains(NOTHING));
        let hrefs: Vec<String> = table
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"))
            .collect();
        assert!(hrefs.len() >= 7);
        for href in hrefs {
            let to = href.split('#').next().unwrap();
            assert_eq!(kit.get(to, &who).await.status, StatusCode::OK, "{href}");
        }
        // What the count says is what the list holds.
        let overdue = table.split("<tr>").find(|row| row.contains("出荷予定日を過ぎた")).unwrap();
        assert!(overdue.contains("1件"));
    });
}

#[test]
fn the_plots_say_in_words_and_a_table_what_they_draw() {
    run(async |kit| {
        let who = kit.administrator().await;
        let empty = kit.get("/", &who).await.text;
        assert!(
            empty.contains("この期間の受注はありません。") && empty.contains("この期間に失敗はありません。")
        );
        refused(kit, 2).await;
        for span in ["/", "/?span=week"] {
            let page = kit.get(span, &who).await.text;
            assert!(page.contains("楽天") && page.contains("表で見る"), "{span}");
            assert!(page.contains("エラー 2"), "results of notices");
            assert!(
                page.contains("<svg") && page.contains("<title") && page.contains("role=\"img\""),
                "{page}"
            );
            assert!(page.contains("X-1"), "errors by cause");
            assert!(!page.contains("style="), "nothing inline");
        }
        assert_eq!(kit.get("/?span=year", &who).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn a_person_is_told_only_of_what_they_may_see_f67() {
    run(async |kit| {
        trouble(kit).await;
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let page = kit.get("/", &kit.visitor("yoso.no", &elsewhere).await).await.text;
        for word in ["エラー：モールが", "出荷予定日を過ぎた", "取込エラー：読み", "試験", "表で見る", "X-1"]
        {
            assert!(!page.contains(word), "{word}");
        }
        let importer =
            kit.get("/", &kit.visitor("torikomi", &only(Menu::Import, Level::View)).await).await.text;
        assert!(importer.contains("取込エラー：読み") && !importer.contains("出荷予定日を過ぎた"));
        assert!(!importer.contains("/notices") && !importer.contains("href=\"/diagnostics\""));
    });
}

#[test]
fn nothing_to_do_is_said_plainly() {
    run(async |kit| {
        let quiet = kit.visitor("shukka", &only(Menu::Shipping, Level::Edit)).await;
        assert!(kit.get("/", &quiet).await.text.contains(NOTHING));
    });
}
