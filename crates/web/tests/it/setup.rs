//! 初期設定: the first administrator (F70) and the wizard.

use crate::kit::{self, Kit, PASSWORD, Who};
use domain::rights::Rights;
use domain::time::MINUTE;
use web::door::tokens;

async fn link(kit: &Kit<'_>) -> String {
    let token = tokens::fresh().unwrap();
    let until = kit.desk.now().plus(30 * MINUTE);
    kit.desk.ledger().add_one_time_link(&tokens::digest(&token), "setup", None, until).await.unwrap();
    format!("/setup/{token}")
}

fn fields(login: &'static str) -> [(&'static str, &'static str); 4] {
    [("login", login), ("name", "架空 店長"), ("password", PASSWORD), ("again", PASSWORD)]
}

#[test]
fn the_link_of_the_console_makes_the_administrator_once_f70() {
    kit::run(0, async |kit| {
        let link = link(kit).await;
        assert_eq!(kit.get(&link, &Who::Nobody).await.status, 200);
        let weak = [("login", "tencho"), ("name", "x"), ("password", "short"), ("again", "short")];
        let again = kit.post(&link, &Who::Nobody, &weak).await;
        assert!(again.status == 422 && again.text.contains("12文字以上") && again.text.contains("tencho"));
        assert!(!again.text.contains("short"));
        let made = kit.post(&link, &Who::Nobody, &fields("tencho")).await;
        assert_eq!((made.status.as_u16(), made.to()), (303, "/setup/steps/company"));
        let who = made.session();
        assert_eq!(kit.get("/users", &who).await.status, 200);
        for answer in
            [kit.get(&link, &Who::Nobody).await, kit.post(&link, &Who::Nobody, &fields("evil")).await]
        {
            assert_eq!(answer.status, 410);
            assert!(!answer.text.contains("架空 店長") && !answer.text.contains("tencho"));
        }
        assert_eq!(kit.desk.ledger().users().await.unwrap().len(), 1);
    });
}

#[test]
fn of_two_browsers_with_the_link_one_wins_f70() {
    kit::run(0, async |kit| {
        let (one, other) = (link(kit).await, link(kit).await);
        let nobody = Who::Nobody;
        let [a, b, c] = [fields("tencho"), fields("evil"), fields("evil2")];
        let (x, y, z) = tokio::join!(
            kit.post(&one, &nobody, &a),
            kit.post(&one, &nobody, &b),
            kit.post(&other, &nobody, &c)
        );
        let mut met = [x.status.as_u16(), y.status.as_u16(), z.status.as_u16()];
        met.sort_unstable();
        assert_eq!(met, [303, 410, 410]);
        assert_eq!(kit.desk.ledger().users().await.unwrap().len(), 1);
    });
}

#[test]
fn a_link_is_over_after_half_an_hour_and_once_somebody_is_there_f70() {
    kit::run(0, async |kit| {
        let late = link(kit).await;
        kit.advance(30 * MINUTE);
        assert_eq!(kit.get(&late, &Who::Nobody).await.status, 410);
        // A restart of a program that wrongly thinks itself new: the link is there, and opens nothing.
        let fresh = link(kit).await;
        kit.person("kakuu", &Rights::all()).await;
        assert_eq!(kit.get(&fresh, &Who::Nobody).await.status, 410);
        assert_eq!(kit.post(&fresh, &Who::Nobody, &fields("evil")).await.status, 410);
        assert_eq!(kit.get("/setup/nonsense", &Who::Nobody).await.status, 410);
    });
}

#[test]
fn the_wizard_is_left_skipped_and_gone_on_with() {
    kit::run(0, async |kit| {
        let who = kit.post(&link(kit).await, &Who::Nobody, &fields("tencho")).await.session();
        let page = kit.get("/setup/steps/company", &who).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("aria-current=\"step\">会社と営業日"), "{}", page.text);
        let company =
            [("name", "架空商店"), ("closed", "3"), ("holidays", "1"), ("invoice_number", "T1234567890123")];
        assert_eq!(kit.post("/setup/steps/company/save", &who, &company).await.to(), "/setup/steps/shop");
        assert!(kit.get("/setup/steps/company", &who).await.text.contains("value=\"架空商店\""));
        // Left here: another page offers to go on, and the way back leads to this step.
        assert!(kit.get("/me", &who).await.text.contains("初期設定の途中です。次：店舗を接続"));
        assert_eq!(kit.get("/setup/steps", &who).await.to(), "/setup/steps/shop");
        assert!(kit.get("/setup/steps/shop", &who).await.text.contains(&kit.house.shops[0].name));
        assert_eq!(kit.post("/setup/steps/shop/skip", &who, &[]).await.to(), "/setup/steps/phases");
        assert!(kit.get("/setup/steps/phases", &who).await.text.contains("出荷待ち"));
        assert_eq!(kit.post("/setup/steps/phases/skip", &who, &[]).await.to(), "/setup/steps/import");
        let shop = kit.house.shops[0].shop_id;
        let id = shop.to_string();
        let before = kit.desk.ledger().shop(shop).await.unwrap().unwrap();
        assert_eq!(kit.post("/setup/steps/import/start", &who, &[("shop", &id)]).await.to(), "/");
        let after = kit.desk.ledger().shop(shop).await.unwrap().unwrap();
        assert_eq!(
            after.import_interval_ms,
            if !before.imports_itself() { 15 * MINUTE } else { before.import_interval_ms }
        );
        // Whether anything is written to the mall is another decision.
        assert_eq!(after.settings, before.settings);
        assert!(!kit.get("/me", &who).await.text.contains("初期設定の途中"));
        assert_eq!(kit.get("/setup/steps/nonsense", &who).await.status, 404);
    });
}

#[test]
fn whoever_may_not_change_users_meets_no_wizard() {
    kit::run(0, async |kit| {
        kit.post(&link(kit).await, &Who::Nobody, &fields("tencho")).await;
        let who = kit.visitor("kakuu", &Rights::default()).await;
        assert!(!kit.get("/me", &who).await.text.contains("初期設定"));
        assert_eq!(kit.get("/setup/steps/company", &who).await.status, 403);
    });
}
