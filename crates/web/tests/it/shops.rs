//! 店舗 through the router.

use crate::house_kit::{Kit, only, run};
use axum::http::StatusCode;
use domain::ShopId;
use domain::notice::NoticeState;
use domain::rights::{Level, Menu, Rights};
use domain::time::HOUR;

/// A secret nobody may see again.
const CANARY: &str = "SL000000_kanariya0000000000";

async fn keys(kit: &Kit<'_>) -> Vec<String> {
    let rows = kit.desk.ledger().credential_rows(ShopId(kit.shop())).await.unwrap();
    rows.into_iter().map(|r| r.credential).collect()
}

#[test]
fn a_shop_connected_here_starts_in_look_only_mode_and_its_secrets_are_never_shown_f57() {
    run(async |kit| {
        let who = kit.administrator().await;
        let form = kit.get("/shops/new/rakuten", &who).await.text;
        assert!(
            form.contains("name=\"credential.license_key\"") && form.contains("見るだけモード"),
            "{form}"
        );
        let fields =
            [("name", ""), ("credential.service_secret", CANARY), ("credential.license_key", CANARY)];
        let bad = kit.post("/shops/new/rakuten", &who, &fields).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            bad.text.contains("店舗の名前は1〜100文字") && !bad.text.contains("kanariya"),
            "{}",
            bad.text
        );
        let given = kit.desk.ledger().open_credentials(ShopId(kit.shop())).await.unwrap();
        let named: Vec<_> = given.iter().map(|(k, v)| (format!("credential.{k}"), v.clone())).collect();
        let mut fields: Vec<(&str, &str)> = named.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        fields.push(("name", "試験の店"));
        let settings = kit.house.shops[0].settings.clone();
        let named_settings: Vec<_> = settings.iter().map(|(k, v)| (format!("setting.{k}"), v)).collect();
        fields.extend(named_settings.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let to = kit.post("/shops/new/rakuten", &who, &fields).await.to();
        let page = kit.get(&to, &who).await.text;
        assert!(page.contains("見るだけモードです"));
        for path in [to.as_str(), "/shops", "/diagnostics", "/diagnostics/log"] {
            let text = kit.get(path, &who).await.text;
            for (_, secret) in &given {
                assert!(!text.contains(secret.as_str()), "{path}");
            }
        }
        let again = kit.post("/shops/new/rakuten", &who, &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "the name is taken");
        let odd = kit.post("/shops/new/rakuten", &who, &[("name", "x"), ("credential.nothing", "x")]).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(odd.text.contains("credential.nothing"));
    });
}

#[test]
fn an_address_is_changed_by_administrators_only_is_public_and_wipes_the_credentials_f63() {
    run(async |kit| {
        let path = format!("/shops/{}/endpoints", kit.shop());
        let role = kit.desk.hub.mall("rakuten").unwrap().descriptor().endpoints[0].role;
        let field = format!("endpoint.{role}");
        let clerk = kit.visitor("tantou", &only(Menu::Shops, Level::Edit)).await;
        let public = [(field.as_str(), "https://mall.example")];
        assert_eq!(kit.post(&path, &clerk, &public).await.status, StatusCode::FORBIDDEN);
        let who = kit.administrator().await;
        for private in [
            "https://127.0.0.1",
            "https://10.1.2.3",
            "https://[::1]/",
            "http://mall.example",
            "https://localhost",
            "x",
        ] {
            let answer = kit.post(&path, &who, &[(field.as_str(), private)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{private}");
            assert!(answer.text.contains(&field), "{private}");
        }
        assert!(!keys(kit).await.is_empty());
        assert!(kit.post(&path, &who, &public).await.to().contains("done=endpoints"));
        assert!(keys(kit).await.is_empty(), "they must not go where nobody meant them to");
    });
}

#[test]
fn credentials_are_checked_replaced_and_never_in_an_answer_f57() {
    run(async |kit| {
        let who = kit.administrator().await;
        let path = format!("/shops/{}/credentials", kit.shop());
        let long = format!("kanariya {}", "x".repeat(3_000));
        let bad = kit.post(&path, &who, &[("credential.license_key", &long)]).await;
        assert!(!bad.text.contains("kanariya"), "{}", bad.text);
        let empty = kit.post(&path, &who, &[("credential.license_key", " ")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        kit.post(&path, &who, &[("credential.license_key", CANARY)]).await.to();
        let stored = kit.desk.ledger().open_credentials(ShopId(kit.shop())).await.unwrap();
        assert!(stored.iter().any(|(key, value)| key == "license_key" && value == CANARY));
        for path in [format!("/shops/{}", kit.shop()), "/diagnostics/log".to_owned()] {
            assert!(!kit.get(&path, &who).await.text.contains("kanariya"), "{path}");
        }
    });
}

#[test]
fn the_connection_is_tested_check_by_check_with_the_remedy_crd4() {
    run(async |kit| {
        let who = kit.administrator().await;
        let test = format!("/shops/{}/test", kit.shop());
        let page = kit.post(&test, &who, &[]).await.to();
        assert!(kit.get(&page, &who).await.text.contains(&format!("hx-get=\"{page}/live\"")));
        kit.settle().await;
        let good = kit.get(&page, &who).await.text;
        assert!(good.contains("通信OK") && !good.contains("/live\""), "{good}");
        let store = format!("/shops/{}/credentials", kit.shop());
        kit.post(&store, &who, &[("credential.license_key", CANARY)]).await.to();
        let page = kit.post(&test, &who, &[]).await.to();
        kit.settle().await;
        let bad = kit.get(&page, &who).await.text;
        assert!(bad.contains("class=\"bad\"") && bad.contains("class=\"mend\""), "{bad}");
    });
}

#[test]
fn a_shop_that_only_looks_sends_nothing_until_it_is_switched_on_ntf3() {
    run(async |kit| {
        let who = kit.administrator().await;
        let shop = format!("/shops/{}", kit.shop());
        kit.post(&format!("{shop}/write-back"), &who, &[("to", "off")]).await.to();
        let (number, _) = kit.packed(1).await.remove(0);
        let rule = [
            ("shop", kit.shop().to_string()),
            ("kind", "shipment_notice".to_owned()),
            ("target", "shipped".to_owned()),
            ("success", "completed".to_owned()),
            ("failure", "on_hold".to_owned()),
        ];
        let rule: Vec<_> = rule.iter().map(|(k, v)| (*k, v.as_str())).collect();
        kit.post("/settings/rules", &who, &rule).await.to();
        kit.post(&format!("{shop}/automation"), &who, &[("to", "on")]).await.to();
        let rehearsal = kit.get(&format!("{shop}/rehearsal"), &who).await.text;
        assert!(rehearsal.contains(&number) && rehearsal.contains("モールへの反映を開始"), "{rehearsal}");
        assert!(rehearsal.contains("△ 送られます（警告）"), "{rehearsal}");
        let at_mall = || kit.house.mall_orders().into_iter().find(|o| o.number == number).unwrap();
        let before = at_mall();
        let notice = async || kit.house.order(&number).await.unwrap().notice_state;
        let run = async |until: NoticeState| {
            let hub = kit.house.hub();
            kit.house
                .run_until(&hub, 6 * HOUR, async |house| {
                    house.order(&number).await.unwrap().notice_state == until
                })
                .await
        };
        assert!(!run(NoticeState::Applied).await);
        assert_eq!(notice().await, NoticeState::NotSent);
        assert_eq!((at_mall().status, at_mall().parcels), (before.status.clone(), before.parcels.clone()));
        kit.post(&format!("{shop}/write-back"), &who, &[("to", "on")]).await.to();
        assert!(run(NoticeState::Applied).await);
        assert_ne!(at_mall().parcels, before.parcels);
    });
}

#[test]
fn shops_of_others_are_not_there_and_an_archived_one_is_gone_f67() {
    run(async |kit| {
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let who = kit.visitor("yoso.no", &elsewhere).await;
        let shop = format!("/shops/{}", kit.shop());
        for path in [shop.clone(), format!("{shop}/rehearsal"), "/shops/x".to_owned()] {
            assert_eq!(kit.get(&path, &who).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in
            ["settings", "automation", "credentials", "endpoints", "links", "archive", "test", "write-back"]
        {
            let fields: &[(&str, &str)] = match path {
                "automation" | "write-back" => &[("to", "on")],
                "links" => &[("phase", "completed"), ("status", "300")],
                _ => &[],
            };
            let answer = kit.post(&format!("{shop}/{path}"), &who, fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(!keys(kit).await.is_empty());
        let admin = kit.administrator().await;
        let name = &kit.house.shops[0].name;
        let page = kit.get(&shop, &admin).await.text;
        assert!(page.contains(&format!("「{name}」を外しますか")), "the dialog names the shop");
        kit.post(&format!("{shop}/archive"), &admin, &[]).await.to();
        assert!(keys(kit).await.is_empty());
        assert_eq!(kit.get(&shop, &admin).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn settings_are_checked_by_the_mall_and_the_fraud_guard_is_switched_frd2() {
    run(async |kit| {
        let who = kit.administrator().await;
        let path = format!("/shops/{}/settings", kit.shop());
        let guard = async || {
            let shop = kit.desk.ledger().shop(ShopId(kit.shop())).await.unwrap().unwrap();
            (shop.settings.get("guard_fraud_hold").cloned(), shop.import_interval_ms)
        };
        kit.post(&path, &who, &[("guard_fraud_hold", "off"), ("interval", "600000")]).await.to();
        assert_eq!(guard().await, (Some("off".to_owned()), 600_000));
        kit.post(&path, &who, &[("guard_fraud_hold", "off"), ("guard_fraud_hold", "on")]).await.to();
        assert_eq!(guard().await.0.as_deref(), Some("on"));
        for (name, value) in [("state", "archived"), ("interval", "5"), ("odd", "1"), ("endpoint.*", "x")] {
            let answer = kit.post(&path, &who, &[(name, value)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        }
    });
}
