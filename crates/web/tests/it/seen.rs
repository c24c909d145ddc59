//! What stands on screens for everybody: the import board, warnings before a key ends, menus one may not open.

use crate::house_kit::{only, run};
use axum::http::StatusCode;
use domain::rights::{Level, Menu};
use domain::time::{DAY, MINUTE};
use web::words::short_moment;

#[test]
fn the_board_says_of_each_shop_last_next_window_and_counts_imp2_ux37() {
    run(async |kit| {
        let who = kit.administrator().await;
        let fresh = kit.get("/import", &who).await.text;
        assert!(fresh.contains("未取込"));
        kit.house.add_orders(serde_json::json!({ "count": 2, "traits": [], "status": 300 })).unwrap();
        kit.house.import_days(1).await.unwrap();
        let (ledger, now) = (kit.desk.ledger(), kit.desk.now());
        let mut shop = kit.house.shops[0].clone();
        shop.import_mode = domain::ImportMode::Schedule;
        shop.import_interval_ms = 10 * MINUTE;
        ledger.update_shop(&shop, now).await.unwrap();
        let (to, next) = (now.plus(-7 * MINUTE), now.plus(3 * MINUTE));
        ledger.set_import_times(shop.shop_id, Some(to), Some((next, "rhythm")), None).await.unwrap();
        let run = ledger.newest_runs(shop.shop_id, 1).await.unwrap().remove(0);
        let page = kit.get("/import", &who).await.text;
        let row = page.split("id=\"board\"").nth(1).unwrap().split("</table>").next().unwrap();
        assert!(row.contains(&shop.name) && row.contains("成功"), "{row}");
        assert!(row.contains(&short_moment(run.finished_at.unwrap())), "last");
        assert!(row.contains(&short_moment(to)), "read up to");
        assert!(row.contains(&short_moment(next)) && row.contains("10分以内"), "next");
        assert!(row.contains("新規"), "counts: {row}");
    });
}

#[test]
fn a_key_that_ends_soon_is_said_above_every_page_with_the_way_to_its_form_crd1_ux43() {
    run(async |kit| {
        let who = kit.administrator().await;
        let (ledger, now, shop) = (kit.desk.ledger(), kit.desk.now(), &kit.house.shops[0]);
        let keys = ledger.open_credentials(shop.shop_id).await.unwrap();
        let (key, secret) = keys.into_iter().next().unwrap();
        let warned = |page: &str| page.contains("切れます") || page.contains("切れています");
        let set = async |end: Option<i64>| {
            ledger
                .set_credential(shop.shop_id, &key, &secret, end.map(|ms| now.plus(ms)), now)
                .await
                .unwrap();
            // What another process changed is seen a moment later.
            kit.desk.changed();
        };
        set(Some(8 * DAY)).await;
        assert!(!warned(&kit.get("/orders?all=1", &who).await.text));
        let form = format!("href=\"/shops/{}#credentials\"", shop.shop_id);
        for (left, words, class) in [(5 * DAY, "あと5日", "bad"), (-DAY, "切れています", "bad")] {
            set(Some(left)).await;
            for to in ["/orders?all=1", "/import", "/help", "/notices"] {
                let page = kit.get(to, &who).await.text;
                let banner = page.split("class=\"notices\"").nth(1).unwrap().split("<nav").next().unwrap();
                assert!(banner.contains(words) && banner.contains(&form), "{to}: {banner}");
                assert!(banner.contains(&format!("notice-banner {class}")) && banner.contains(&shop.name));
            }
            let home = kit.get("/", &who).await.text;
            let table = home.split("class=\"todo\"").nth(1).unwrap().split("</table>").next().unwrap();
            assert!(table.contains(words) && table.contains(&form), "{table}");
            assert_eq!(home.matches(words).count(), 2, "said once, and once more for whoever hears the link");
        }
        // Whoever may not mend it is not told.
        let clerk = kit.visitor("tantou", &only(Menu::Orders, Level::Edit)).await;
        assert!(!warned(&kit.get("/orders?all=1", &clerk).await.text));
    });
}

#[test]
fn a_menu_without_the_right_is_explained_to_administrators_and_refused_plainly_to_others_ux55() {
    run(async |kit| {
        let administrator = kit.visitor("kanri", &only(Menu::Users, Level::View)).await;
        let page = kit.get("/users", &administrator).await.text;
        let menu = page.split("id=\"menu\"").nth(1).unwrap().split("</nav>").next().unwrap();
        assert!(
            menu.contains("設定<span class=\"sr\">（権限なし）")
                && menu.contains("あなたの権限グループでは「なし」です")
        );
        assert!(!menu.contains("href=\"/settings\""));
        let clerk = kit.visitor("tantou", &only(Menu::Orders, Level::View)).await;
        let page = kit.get("/orders?all=1", &clerk).await.text;
        let menu = page.split("id=\"menu\"").nth(1).unwrap().split("</nav>").next().unwrap();
        assert!(!menu.contains("設定") && menu.contains("受注"));
        let refused = kit.get("/settings", &clerk).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(
            refused.text.contains("権限がありません") && refused.text.contains("管理者"),
            "{}",
            refused.text
        );
    });
}

#[test]
fn a_list_across_phases_names_the_phase_and_its_columns_can_be_put_in_order_ux18_ux22() {
    run(async |kit| {
        let who = kit.administrator().await;
        kit.packed(1).await;
        let all = kit.get("/orders?all=1", &who).await.text;
        let row = all.split("<tr data-row=").nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(row.contains("data-label=\"フェーズ\">出荷済み</td>"), "{row}");
        for word in [&kit.house.shops[0].name, "円", "未連携"] {
            assert!(row.contains(word), "{word}: {row}");
        }
        let one = kit.get("/orders?phase=shipped", &who).await.text;
        let row = one.split("<tr data-row=").nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(!row.contains("data-label=\"フェーズ\""), "the list's own title says it");
        // Without dragging too: each column has its buttons, with a name of their own.
        assert_eq!(all.matches("data-move=\"up\"").count(), all.matches("<li data-column=").count());
        assert!(all.contains("aria-label=\"請求額を前へ\"") && all.contains("data-columns-say"));
        let company = kit.get("/settings/company", &who).await.text;
        assert!(company.contains("data-postal ") && company.contains("data-postal-whole"));
        assert!(company.contains("data-postal-warning"));
    });
}
