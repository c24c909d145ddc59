//! 新着の知らせ and 仮伝票 through the router.

use crate::house_kit::{Kit, run};
use axum::http::StatusCode;
use domain::rights::Rights;
use domain::{Reason, ShopId, reason};
use engine::listening::{Ear, Field, Listening, Place, Step};
use engine::setup::Problem;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use store::Access;
use store::provisional::LONG_MS;

/// A kind whose servers answer as their name says.
struct Told;

const FIELDS: [Field; 1] =
    [Field {
        key: "host", label: ("サーバー", "Server"), help: "架空のサーバーです。", default: ""
    }];

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

// Written out: the tests of this room have no macro for it.
impl Listening for Told {
    fn kind(&self) -> &'static str {
        "told"
    }

    fn label(&self) -> (&'static str, &'static str) {
        ("架空の箱", "Box")
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn secret_label(&self) -> (&'static str, &'static str) {
        ("パスワード", "Password")
    }

    fn read(&self, given: &BTreeMap<String, String>) -> Result<Value, Problem> {
        match given.get("host").filter(|h| !h.is_empty()) {
            Some(host) => Ok(json!({ "host": host })),
            None => {
                Err(Problem {
                    key: "host".into(), ja: "入力してください".into(), en: "is needed".into()
                })
            }
        }
    }

    fn listen<'a, 'b, 'c, 'd>(&'a self, _: &'b Place, _: &'c dyn Ear) -> Later<'d, Reason>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
    {
        Box::pin(pending())
    }

    fn test<'a, 'b, 'c>(&'a self, place: &'b Place) -> Later<'c, Vec<Step>>
    where
        'a: 'c,
        'b: 'c,
    {
        let fine = place.config["host"] == "good.example.jp";
        let connect = Step { what: ("サーバーへの接続", "Connecting"), outcome: Ok(String::new()) };
        let login = if fine { Ok("OK".to_owned()) } else { Err(reason::mailbox_login_refused()) };
        Box::pin(ready(vec![connect, Step { what: ("ログイン", "Login"), outcome: login }]))
    }
}

fn with_kind(kit: &Kit<'_>) {
    kit.desk.hub.listens_by(vec![Arc::new(Told)]);
}

#[test]
fn a_listener_is_added_tested_changed_and_its_password_is_never_shown_imp7() {
    run(async |kit| {
        with_kind(kit);
        let who = kit.administrator().await;
        let fields =
            [("kind", "told"), ("name", "注文"), ("host", "bad.example.jp"), ("secret", "himitsu-99")];
        let to = kit.post("/settings/listeners", &who, &fields).await.to().to_owned();
        let page = kit.get(&to, &who).await.text;
        for words in ["加えました", "注文", "つないでいます", "bad.example.jp", "接続テスト", "RMS →"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!page.contains("himitsu"));
        let row = kit.desk.ledger().listeners().await.unwrap().remove(0);
        let at = format!("/settings/listeners/{}", row.listener_id);
        let tested = kit.post(&format!("{at}/test"), &who, &[]).await;
        assert_eq!(tested.status, StatusCode::OK);
        for words in
            ["サーバーへの接続", "ログイン", "失敗", "メールボックスにログインできません", "二段階認証"]
        {
            assert!(tested.text.contains(words), "{words}");
        }
        // Another server wants the password again: else it would be sent there.
        let moved = [("name", "注文"), ("host", "evil.example.com"), ("secret", "")];
        let refused = kit.post(&at, &who, &moved).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("mono\">secret<"), "{}", refused.text);
        let good = [("name", "受注"), ("host", "good.example.jp"), ("secret", "himitsu-100")];
        kit.post(&at, &who, &good).await.to();
        assert!(kit.post(&format!("{at}/test"), &who, &[]).await.text.contains("OK"));
        kit.post(&format!("{at}/switch"), &who, &[("to", "off")]).await.to();
        assert!(kit.get("/settings/listeners", &who).await.text.contains("停止中"));
        for (fields, named) in [
            (vec![("kind", "no_such"), ("name", "a")], "kind"),
            (vec![("kind", "told"), ("name", ""), ("host", "a"), ("secret", "b")], "name"),
            (vec![("kind", "told"), ("name", "受注"), ("host", "a"), ("secret", "b")], "name"),
            (vec![("kind", "told"), ("name", "b"), ("host", "a"), ("secret", "")], "secret"),
            (vec![("kind", "told"), ("name", "b"), ("host", "a"), ("secret", "c"), ("x", "1")], "x"),
        ] {
            let answer = kit.post("/settings/listeners", &who, &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{named}");
            assert!(answer.text.contains(&format!("mono\">{named}<")), "{named}: {}", answer.text);
        }
        kit.post(&format!("{at}/remove"), &who, &[]).await.to();
        assert_eq!(kit.post(&format!("{at}/test"), &who, &[]).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_failing_listener_says_why_since_when_and_what_to_do_here_and_in_diagnostics_f15() {
    run(async |kit| {
        with_kind(kit);
        let who = kit.administrator().await;
        let fields = [("kind", "told"), ("name", "注文"), ("host", "a"), ("secret", "b")];
        kit.post("/settings/listeners", &who, &fields).await.to();
        let row = kit.desk.ledger().listeners().await.unwrap().remove(0);
        let why = reason::listener_no_connection("imap.example.jp");
        let of = (row.listener_id, row.version);
        kit.desk.ledger().listener_failed(of, &why, kit.desk.now()).await.unwrap();
        for path in ["/settings/listeners", "/diagnostics"] {
            let page = kit.get(path, &who).await.text;
            assert!(page.contains(&why.remedy) && page.contains("imap.example.jp"), "{path}: {page}");
        }
        kit.desk.ledger().listener_alive(of, None, kit.desk.now()).await.unwrap();
        assert!(kit.get("/settings/listeners", &who).await.text.contains("受信中"));
        assert!(kit.get("/diagnostics", &who).await.text.contains("新着の知らせ「注文」：受信中"));
    });
}

#[test]
fn a_provisional_order_is_shown_with_its_wait_and_settled_by_hand_imp14() {
    run(async |kit| {
        let who = kit.administrator().await;
        let (shop, ledger) = (ShopId(kit.shop()), kit.desk.ledger());
        let long_ago = kit.desk.now().plus(-LONG_MS - 3_600_000);
        ledger.add_provisional(shop, "370001-20261101-0000000001", long_ago).await.unwrap();
        ledger.add_provisional(shop, "370001-20261102-0000000002", kit.desk.now()).await.unwrap();
        let page = kit.get("/import/provisional", &who).await.text;
        for words in
            ["370001-20261101-0000000001", "要対応", "1日", "0分", "モールに問い合わせる", "取り消す"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(kit.get("/shops", &who).await.text.contains("仮伝票が1件あります"), "every page says so");
        assert!(kit.get("/import", &who).await.text.contains("/import/provisional"));
        let id = shop.to_string();
        let of = |order: &'static str| [("shop", id.clone()), ("order", order.to_owned())];
        let post = async |verb: &str, order: &'static str| {
            let fields = of(order);
            let fields: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
            kit.post(&format!("/import/provisional/{verb}"), &who, &fields).await
        };
        assert!(post("ask", "370001-20261101-0000000001").await.to().starts_with("/import/requests/"));
        assert_eq!(
            post("remove", "370001-20261101-0000000001").await.to(),
            "/import/provisional?done=dropped"
        );
        assert_eq!(post("remove", "370001-20261101-0000000001").await.status, StatusCode::CONFLICT);
        let to = post("activate", "370001-20261102-0000000002").await.to().to_owned();
        let order = kit.get(&to, &who).await;
        assert_eq!(order.status, StatusCode::OK, "{}", order.text);
        assert!(order.text.contains("仮伝票を有効化"), "{}", order.text);
        assert!(ledger.waiting_provisional(&Access::full(), 10).await.unwrap().is_empty());
    });
}

#[test]
fn provisional_orders_of_other_shops_are_not_there_f67() {
    run(async |kit| {
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let who = kit.visitor("yoso.no", &elsewhere).await;
        let number = "370001-20261101-0000000001";
        kit.desk.ledger().add_provisional(ShopId(kit.shop()), number, kit.desk.now()).await.unwrap();
        assert!(!kit.get("/import/provisional", &who).await.text.contains(number));
        let shop = kit.shop().to_string();
        for verb in ["ask", "activate", "remove"] {
            let path = format!("/import/provisional/{verb}");
            let answer = kit.post(&path, &who, &[("shop", &shop), ("order", number)]).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{verb}");
        }
    });
}
