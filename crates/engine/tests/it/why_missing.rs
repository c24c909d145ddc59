//! 「見つからない受注を調べる」 (WHY-1, IMP-6): each cause is set up at the simulated malls, and the answer is read in words.

use crate::write_kit::{imported, moved, row, seq};
use domain::history::By;
use domain::order::Grouping;
use domain::time::{DAY, HOUR, MINUTE};
use domain::{ShopId, reason};
use engine::doors;
use engine::requests::{IMPORT, ImportRequest};
use engine::why::missing::{Answer, Asking};
use engine::why::{LOOK_UP, Live, LookUpRequest, Mend, Outcome, live_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Access, Kind, Shop};
use testkit::house::{House, Plan};

/// What the ledger and these live answers say.
async fn told(house: &House, number: &str, live: &BTreeMap<ShopId, Live>) -> Answer {
    let (malls, access) = (malls::registry(), Access::full());
    let asking = Asking { ledger: &house.ledger, malls: &malls, access: &access, now: house.now() };
    asking.missing(number, None, live).await.unwrap()
}

/// The whole way: what the ledger says, the malls asked by their lanes, what both say.
async fn why(house: &House, number: &str) -> Answer {
    let first = told(house, number, &BTreeMap::new()).await;
    let mut live = BTreeMap::new();
    for ask in &first.ask {
        let shop = house.ledger.shop(ask.shop_id).await.unwrap().unwrap();
        let body = LookUpRequest { mall_order_id: ask.mall_order_id.clone() };
        let hub = house.quiet_hub();
        let done = doors::ask_and_work(&hub, &shop, LOOK_UP, &body, &By::Cli, &mut |_| {}).await.unwrap();
        live.insert(shop.shop_id, live_of(&done.request));
    }
    if live.is_empty() { first } else { told(house, number, &live).await }
}

/// The cause must be this reason and say these words, each with a remedy or nobody who has to act.
async fn says(house: &House, number: &str, code: &str, words: &[&str]) -> Answer {
    let answer = why(house, number).await;
    let (_, cause) = answer.cause().unwrap_or_else(|| panic!("no cause: {answer:#?}"));
    let reason = cause.reason.clone().unwrap();
    assert_eq!(reason.code, code, "{answer:#?}");
    for word in words {
        assert!(reason.to_string().contains(word), "{word}: {reason}");
    }
    assert!(!reason.remedy.is_empty() || code == "order_too_old", "{reason:?}");
    answer
}

fn mends(answer: &Answer) -> Vec<Mend> {
    answer.cause().unwrap().1.mends.clone()
}

async fn shop(house: &House, n: usize) -> Shop {
    house.ledger.shop(house.shops[n].shop_id).await.unwrap().unwrap()
}

async fn keep(house: &House, shop: &Shop) {
    house.ledger.update_shop(shop, house.now()).await.unwrap();
}

async fn automatic(house: &House, n: usize) {
    let mut shop = shop(house, n).await;
    shop.import_mode = domain::ImportMode::Schedule;
    shop.import_interval_ms = 15 * MINUTE;
    keep(house, &shop).await;
}

fn change(house: &House, change: Value) {
    let now = house.now().0;
    let id = house.sim().shops(now)[0].shop.clone();
    house.sim().change_shop(&id, &change, now).unwrap();
}

fn add(house: &House, wanted: Value) -> String {
    house.add_orders(wanted).unwrap().remove(0).0
}

/// Nobody has imported it yet; automatic import is on.
async fn waiting(house: &House) -> String {
    automatic(house, 0).await;
    add(house, json!({"count": 1, "traits": [], "status": 300}))
}

testkit::story!(
    an_order_that_is_here_is_told_with_its_place_and_its_parent_why1,
    |kind| Plan::new(kind, 0),
    |house| {
        let numbers = imported(house, 2, json!([]), 300).await;
        let child = seq(house, &numbers[0]).await;
        let answer = says(house, &numbers[0], "already_imported", &["取込済み", "店舗", "新規受付"]).await;
        let no = row(house, &numbers[0]).await.order_no;
        assert_eq!(answer.order_no.as_ref(), Some(&no));
        assert!(matches!(&mends(&answer)[0], Mend::OpenOrder { order_no } if *order_no == no));
        // As people paste it, and by our own number.
        let wide: String = numbers[0]
            .chars()
            .map(|c| char::from_u32(if c == '-' { 0xFF0D } else { u32::from(c) + 0xFEE0 }).unwrap())
            .collect();
        for text in [format!(" {wide} "), no.0.clone()] {
            assert_eq!(why(house, &text).await.order_no.as_ref(), Some(&no), "{text}");
        }
        moved(house, child, "on_hold").await;
        says(house, &numbers[0], "already_imported", &["保留"]).await;
        let parent = seq(house, &numbers[1]).await;
        let by = By::Cli;
        house
            .ledger
            .set_grouping(child, Grouping::BundledChild, Some(parent), &by, house.now())
            .await
            .unwrap();
        let parent_no = row(house, &numbers[1]).await.order_no;
        says(house, &numbers[0], "imported_as_child", &["同梱", &parent_no.0]).await;
        // An order of a shop that may not be seen is not here for this person, and not told of.
        let elsewhere = Access { shops: Some(vec![ShopId(99)]), buyer_data: false };
        let malls = malls::registry();
        let asking = Asking { ledger: &house.ledger, malls: &malls, access: &elsewhere, now: house.now() };
        let answer = asking.missing(&numbers[0], None, &BTreeMap::new()).await.unwrap();
        assert_eq!((answer.order_no.is_none(), answer.ask.is_empty()), (true, true));
    }
);

testkit::story!(
    a_number_tells_whose_it_is_before_anybody_is_asked_why1,
    |kind| Plan::new(kind, 0),
    |house| {
        says(house, "こんにちは", "order_number_form_unknown", &["受注番号の形", "楽天市場"]).await;
        let answer = says(house, "250-1234567-1234567", "mall_not_connected", &["Amazon"]).await;
        assert_eq!(mends(&answer), [Mend::ConnectShop { mall: "amazon".into() }]);
        imported(house, 1, json!([]), 300).await;
        let other = "399999-20261101-0000000001";
        says(house, other, "order_number_other_shop", &["399999", "ほかの店舗"]).await;
        automatic(house, 0).await;
        says(house, "300001-20261101-9999999999", "order_not_at_mall", &["モールに聞きました"]).await;
        says(house, "300001-20200101-0000000001", "order_too_old", &["730日"]).await;
    }
);

testkit::story!(
    a_status_that_is_not_fetched_is_the_cause_and_the_mend_brings_it_in_imp4_why1,
    |kind| Plan::new(kind, 0),
    |house| {
        automatic(house, 0).await;
        let number = add(house, json!({"count": 1, "traits": [], "status": 500}));
        let words = ["取得対象ではありません", "取得ステータスに追加"];
        let answer = says(house, &number, "status_not_fetched", &words).await;
        let Mend::AddStatus { statuses, .. } = &mends(&answer)[1] else { panic!("{answer:#?}") };
        assert!(statuses.contains(&"500".to_owned()), "{statuses:?}");
        let Mend::ImportThis { mall_order_id, .. } = &mends(&answer)[0] else { panic!("{answer:#?}") };
        // A look stores nothing; the mend does.
        assert!(house.order(&number).await.is_none());
        let now = house.now();
        let body = ImportRequest {
            from: now,
            to: now,
            statuses: None,
            overwrite: false,
            force: false,
            orders: Some(vec![mall_order_id.clone()]),
        };
        let (hub, by) = (house.quiet_hub(), By::Cli);
        doors::ask_and_work(&hub, &house.shops[0], IMPORT, &body, &by, &mut |_| {}).await.unwrap();
        says(house, &number, "already_imported", &["取込済み"]).await;
        // Without the mall, what a run said is enough.
        let other = add(house, json!({"count": 1, "traits": [], "status": 500}));
        house.import_days(1).await.unwrap();
        let live = BTreeMap::from([(house.shops[0].shop_id, Live::Nobody)]);
        let answer = told(house, &other, &live).await;
        assert_eq!(answer.cause().unwrap().1.reason.as_ref().unwrap().code, "status_not_fetched");
    }
);

testkit::story!(switches_periods_and_what_simply_waits_are_told_why1, |kind| Plan::new(kind, 0), |house| {
    let number = add(house, json!({"count": 1, "traits": [], "status": 300}));
    let answer = says(house, &number, "automatic_import_off", &["自動受注取込が停止中"]).await;
    assert!(mends(&answer).iter().any(|m| matches!(m, Mend::StartImport { .. })));
    automatic(house, 0).await;
    let answer = says(house, &number, "outside_imported_period", &["まだ取り込んでいない期間"]).await;
    assert!(matches!(&mends(&answer)[..], [Mend::ImportThis { .. }, Mend::ImportPeriod { .. }]));
    let mut off = shop(house, 0).await;
    off.state = "off".into();
    keep(house, &off).await;
    let before = house.sim().effects().counters().calls;
    let answer = says(house, &number, "shop_off", &["停止中"]).await;
    assert!(matches!(mends(&answer)[0], Mend::SwitchOn { .. }));
    assert_eq!(house.sim().effects().counters().calls, before, "a shop that is off is not asked");
    off.state = "active".into();
    keep(house, &off).await;
    let hub = house.hub();
    let done = async |house: &House| house.order(&number).await.is_some();
    assert!(house.run_until(&hub, HOUR, done).await);
    house.run_until(&house.hub(), 2 * MINUTE, async |_| false).await;
    house.clock.advance(MINUTE);
    let newer = add(house, json!({"count": 1, "traits": [], "status": 300}));
    let answer = says(house, &newer, "not_imported_yet", &["次の取込", "待てば"]).await;
    assert!(matches!(mends(&answer)[0], Mend::ImportThis { .. }));
});

testkit::story!(
    what_came_and_could_not_be_read_is_told_with_the_field_why1,
    |kind| Plan::new(kind, 0),
    |house| {
        automatic(house, 0).await;
        let number = add(house, json!({"count": 1, "traits": ["missing_field"], "status": 300}));
        says(house, &number, "listed_but_failed", &["読み取れません"]).await;
        house.import_days(1).await.unwrap();
        let answer = says(house, &number, "order_set_aside", &["取込エラー", "読み取れません"]).await;
        assert!(matches!(mends(&answer)[0], Mend::ImportThis { .. }));
    }
);

testkit::story!(
    a_lane_that_nobody_works_is_said_and_what_is_known_without_it_why1,
    |kind| Plan::new(kind, 0),
    |house| {
        let number = waiting(house).await;
        house.import_days(1).await.unwrap();
        let other = add(house, json!({"count": 1, "traits": [], "status": 300}));
        let live = BTreeMap::from([(house.shops[0].shop_id, Live::Nobody)]);
        let answer = told(house, &other, &live).await;
        let said: Vec<&str> = answer.parts[1].checks.iter().map(|c| c.check).collect();
        assert!(
            said.contains(&"asked") && answer.parts[1].checks.iter().any(|c| c.outcome == Outcome::Unknown)
        );
        assert!(answer.parts[1].checks.iter().any(|c| c.ja.contains("モールには聞いていません")));
        assert!(house.order(&number).await.is_some());
        // Known from its mail, and nobody can say more.
        let insert = store::Sql {
            name: "test::PROVISIONAL",
            sqlite: "INSERT INTO provisional_orders (shop_id, mall_order_id, seen_at, state) VALUES ($1, $2, $3, 'waiting')",
            postgres: "INSERT INTO provisional_orders (shop_id, mall_order_id, seen_at, state) VALUES ($1, $2, $3, 'waiting')",
        };
        let mut tx = house.ledger.db().begin().await.unwrap();
        let args = store::args![house.shops[0].shop_id.0, other.as_str(), house.now().0];
        tx.exec(&insert, args).await.unwrap();
        tx.commit().await.unwrap();
        let answer = told(house, &other, &live).await;
        assert_eq!(answer.cause().unwrap().1.reason.as_ref().unwrap().code, "known_from_mail_only");
    }
);

fn on_sqlite(plan: Plan, body: impl AsyncFnOnce(&House)) {
    testkit::house::run(plan, body);
}

#[test]
fn a_licence_key_that_lapsed_or_was_renewed_elsewhere_is_named_imp6_why1() {
    for key in ["expire", "renew"] {
        on_sqlite(Plan::new(Kind::Sqlite, 0), async |house: &House| {
            let number = waiting(house).await;
            change(house, json!({ "key": key }));
            house.clock.advance(30 * MINUTE);
            let words = ["認証情報をモールが受け付けません", "licenseKey", "認証情報に入力"];
            let answer = says(house, &number, "credential_refused", &words).await;
            assert!(mends(&answer).iter().any(|m| matches!(m, Mend::EnterCredential { .. })));
            assert!(shop(house, 0).await.held_reason.is_some(), "a look is a test of the keys as well");
        });
    }
}

#[test]
fn a_function_that_is_off_a_throttle_a_fault_and_maintenance_are_told_apart_imp6_why1() {
    on_sqlite(Plan::new(Kind::Sqlite, 0), async |house: &House| {
        let number = waiting(house).await;
        change(house, json!({ "functions_off": ["getOrder"] }));
        says(house, &number, "access_not_allowed", &["許可していません", "利用する"]).await;
        change(house, json!({ "functions_off": [] }));
        let once = |action: Value| json!([{ "operation": "getOrder", "times": 1, "action": action }]);
        for (action, word) in [
            (json!({ "maintenance": { "code": 503 } }), "メンテナンス"),
            (json!({ "too_many": { "retry_after": 1 } }), "アクセス制限"),
            (json!({ "status": { "code": 500 } }), "モール"),
            (json!("close"), "接続"),
        ] {
            house.faults(once(action)).unwrap();
            let answer = why(house, &number).await;
            let reason = answer.cause().unwrap().1.reason.clone().unwrap();
            assert_eq!(reason.code, "mall_does_not_answer_now", "{answer:#?}");
            let words = format!("{reason}{}", reason.en);
            assert!(words.contains(word) || word == "接続", "{word}: {words}");
            assert!(reason.retried);
        }
        // After all that the mall answers again, and nothing of it is left.
        says(house, &number, "outside_imported_period", &[]).await;
    });
}

#[test]
fn a_code_nobody_explained_is_shown_raw_and_counted_once_a_time_imp6() {
    on_sqlite(Plan::new(Kind::Sqlite, 0), async |house: &House| {
        let number = waiting(house).await;
        let body = json!({ "errors": [{ "code": "ZZ9999", "message": "odd thing of 架空 090-0000-0000" }] });
        let action = json!({ "status": { "code": 400, "body": body.to_string() } });
        house.faults(json!([{ "operation": "getOrder", "times": 2, "action": action }])).unwrap();
        for _ in 0..2 {
            says(house, &number, "mall_does_not_answer_now", &["ZZ9999"]).await;
        }
        let codes = house.ledger.unknown_codes().await.unwrap();
        assert_eq!(codes.len(), 1, "{codes:?}");
        assert_eq!((codes[0].code.as_str(), codes[0].count, codes[0].words.as_str()), ("ZZ9999", 2, ""));
    });
}

#[test]
fn clocks_that_are_apart_are_named_where_the_mall_refuses_f48_why1() {
    on_sqlite(Plan::new(Kind::Sqlite, 0), async |house: &House| {
        automatic(house, 0).await;
        let number = add(house, json!({"count": 1, "traits": [], "status": 500}));
        house.faults(json!([{ "action": { "clock_skew": { "ms": 600_000 } } }])).unwrap();
        // Learnt on the way, as with every call.
        house.import_days(1).await.unwrap();
        let fails = json!([{ "operation": "getOrder", "action": { "status": { "code": 500 } } }]);
        house.faults(fails).unwrap();
        says(house, &number, "clocks_apart", &["時計", "秒ずれています", "合わせて"]).await;
    });
}

fn yahoo() -> Plan {
    Plan::empty(Kind::Sqlite, 0).mall("yahoo", 1)
}

async fn waiting_at_yahoo(house: &House) -> String {
    automatic(house, 0).await;
    add(house, json!({"mall": "yahoo", "count": 1, "traits": [], "status": 2, "visible": true}))
}

#[test]
fn consent_address_permit_and_key_of_yahoo_are_told_apart_imp6_crd3_why1() {
    on_sqlite(yahoo(), async |house: &House| {
        let number = waiting_at_yahoo(house).await;
        let on = |name: &str, value: bool| {
            let mut map = serde_json::Map::new();
            map.insert(name.to_owned(), json!(value));
            Value::Object(map)
        };
        for (switch, code, word) in [
            ("source_ip_refused", "access_not_allowed", "接続元のIPアドレス"),
            ("api_off", "access_not_allowed", "APIの利用"),
            ("not_registered", "access_not_allowed", "注文APIの利用"),
            ("not_linked", "access_not_allowed", "ビジネスID"),
            ("no_scope", "access_not_allowed", "スコープ"),
        ] {
            change(house, on(switch, true));
            says(house, &number, code, &[word]).await;
            change(house, on(switch, false));
        }
        // Short, as people write it.
        let short = number.rsplit('-').next().unwrap().to_owned();
        assert_eq!(why(house, &short).await.mall_order_id, number);
        change(house, json!({ "session": "expire", "public_key": "expire" }));
        let answer = says(house, &number, "credential_refused", &["公開鍵", "12時間"]).await;
        assert!(matches!(mends(&answer)[0], Mend::Authorise { .. }));
        change(house, json!({ "key": "expire" }));
        house.clock.advance(2 * HOUR);
        says(house, &number, "credential_refused", &["認可"]).await;
    });
}

#[test]
fn a_key_without_its_version_is_refused_before_anything_is_sent_imp6_why1() {
    on_sqlite(yahoo(), async |house: &House| {
        let number = waiting_at_yahoo(house).await;
        let shop = house.shops[0].shop_id;
        house.ledger.set_credential(shop, "public_key_version", "", None, house.now()).await.unwrap();
        says(house, &number, "credential_refused", &["両方を登録"]).await;
    });
}

#[test]
fn an_order_under_fraud_review_is_told_as_such_frd1_why1() {
    on_sqlite(yahoo(), async |house: &House| {
        automatic(house, 0).await;
        let hour_ago = house.now().0 - HOUR;
        house.import_days(1).await.unwrap();
        let held = add(
            house,
            json!({"mall": "yahoo", "count": 1, "traits": ["held"], "visible": true, "at_ms": hour_ago}),
        );
        says(house, &held, "held_and_not_listed", &["不正利用審査中", "出荷しないで"]).await;
    });
}

#[test]
fn a_shop_of_files_says_that_holds_are_not_known_imp10_frd1_why1() {
    on_sqlite(yahoo(), async |house: &House| {
        let settings = BTreeMap::from([("seller_id".to_owned(), "kakuu-csv".to_owned())]);
        let none = BTreeMap::new();
        let lane = |id: ShopId| format!("yahoo:{id}");
        let shop =
            house.ledger.add_shop("架空CSV店", "yahoo", &none, &settings, lane, house.now()).await.unwrap();
        let answer =
            says(house, "kakuu-csv-10000001", "only_by_file", &["ファイルだけ", "不明", "ステータス"]).await;
        assert!(matches!(&mends(&answer)[0], Mend::ImportFile { shop_id, .. } if *shop_id == shop.shop_id));
        assert!(answer.ask.is_empty());
    });
}

#[test]
fn the_four_old_cases_of_amazon_are_answered_in_their_words_imp6_why1() {
    on_sqlite(Plan::empty(Kind::Sqlite, 0).mall("amazon", 1), async |house: &House| {
        automatic(house, 0).await;
        let number = add(house, json!({"mall": "amazon", "count": 1, "traits": [], "status": "UNSHIPPED"}));
        change(house, json!({ "individual_plan": true }));
        says(house, &number, "access_not_allowed", &["小口出品"]).await;
        change(house, json!({ "individual_plan": false, "internal_failure": true }));
        says(house, &number, "mall_does_not_answer_now", &["Internal Error"]).await;
        change(house, json!({ "internal_failure": false, "auth_revoked": true }));
        house.clock.advance(2 * HOUR);
        says(house, &number, "credential_refused", &["認可が切れて", "再認可"]).await;
        change(house, json!({ "auth_revoked": false, "secret_expired": true }));
        says(house, &number, "credential_refused", &["180日"]).await;
        change(house, json!({ "secret_expired": false }));
        // Not paid yet: it is at the mall, and not among what is fetched or not in the period.
        let pending = add(house, json!({"mall": "amazon", "count": 1, "traits": [], "status": "PENDING"}));
        let answer = why(house, &pending).await;
        assert!(answer.cause().is_some(), "{answer:#?}");
    });
}

#[test]
fn of_several_shops_the_one_whose_mall_has_it_answers_why1() {
    on_sqlite(Plan::empty(Kind::Sqlite, 0).mall("amazon", 2), async |house: &House| {
        automatic(house, 0).await;
        automatic(house, 1).await;
        let second = house.sim().shops(house.now().0)[1].shop.clone();
        let number = add(
            house,
            json!({"mall": "amazon", "shop": second, "count": 1, "traits": [], "status": "UNSHIPPED"}),
        );
        let first = told(house, &number, &BTreeMap::new()).await;
        assert_eq!(first.ask.len(), 2, "the number does not tell whose it is");
        let answer = why(house, &number).await;
        let (part, cause) = answer.cause().unwrap();
        assert_eq!((part.shop_id, cause.check), (Some(house.shops[1].shop_id), "period"), "{answer:#?}");
        assert_eq!(answer.parts.len(), 2, "the other shop is out of the question");
    });
}

#[test]
fn a_credential_past_its_day_is_told_without_the_mall_crd1_why1() {
    on_sqlite(Plan::new(Kind::Sqlite, 0), async |house: &House| {
        let number = waiting(house).await;
        let (id, now) = (house.shops[0].shop_id, house.now());
        house.ledger.credential_checked(id, "license_key", Some(now.plus(-DAY)), None, now).await.unwrap();
        let live = BTreeMap::from([(id, Live::Nobody)]);
        let answer = told(house, &number, &live).await;
        let reason = answer.cause().unwrap().1.reason.clone().unwrap();
        assert_eq!(reason.code, "credential_expired");
        assert!(reason.ja.contains("2026-11-01"), "{reason}");
        // The mall takes it all the same: the day that was entered is wrong.
        says(house, &number, "outside_imported_period", &[]).await;
        assert_ne!(reason, reason::credential_missing("license_key"));
    });
}
