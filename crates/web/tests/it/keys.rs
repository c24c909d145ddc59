//! API有効期限, its banner and its calendar, keys that wait, access by consent, 連休前点検, through the router.

use crate::house_kit::{Answer, BASE, Kit, only};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::ShopId;
use domain::rights::{Level, Menu, Rights};
use domain::time::{DAY, HOUR, MINUTE};
use mall_api::{Clock as _, WireRequest};
use serde_json::json;
use store::Kind;
use testkit::house::{House, Plan};

const LICENSE: &str = "license_key";

/// A house with a shop of each of these malls.
fn run(malls: &[&str], body: impl AsyncFnOnce(&Kit<'_>)) {
    let mut plan = Plan::empty(Kind::Sqlite, 0);
    for mall in malls {
        plan = plan.mall(mall, 1);
    }
    testkit::house::run(plan, async |house: &House| body(&Kit::of(house)).await);
}

fn shop_of(kit: &Kit<'_>, mall: &str) -> i64 {
    kit.house.shops.iter().find(|s| s.mall == mall).unwrap().shop_id.0
}

impl Kit<'_> {
    fn later(&self, millis: i64) {
        self.house.clock.advance(millis);
    }

    async fn ends_in(&self, days: i64) {
        let (id, now) = (ShopId(shop_of(self, "rakuten")), self.desk.now());
        let ledger = self.desk.ledger();
        ledger.credential_checked(id, LICENSE, Some(now.plus(days * DAY)), None, now).await.unwrap();
        self.later(2_000);
    }

    async fn stored(&self, key: &str) -> String {
        let mut all = Vec::new();
        for shop in &self.house.shops {
            all.extend(self.desk.ledger().open_credentials(shop.shop_id).await.unwrap());
        }
        all.into_iter().find(|(k, _)| k == key).unwrap().1
    }

    async fn log(&self, action: &str) -> usize {
        let all = self.desk.ledger().actions(None, 500).await.unwrap();
        all.iter().filter(|line| line.action == action).count()
    }
}

#[test]
fn the_board_shows_every_credential_by_urgency_with_words_steps_and_what_stops_crd1_crd3() {
    run(&["rakuten", "yahoo", "amazon"], async |kit| {
        kit.ends_in(5).await;
        let who = kit.administrator().await;
        let page = kit.get("/credentials", &who).await.text;
        for words in [
            "あと5日",
            "至急",
            "モールに確認",
            "登録日からの推定",
            "期限なし",
            "RMSにログインし",
            "10〜30分",
            "認可から12時間",
            "認可から4週間",
            "2023年7月27日に廃止",
            "ブラウザーで更新",
            "受注の取込",
            "クライアントシークレットを更新",
        ] {
            assert!(page.contains(words), "{words}");
        }
        let place = |words: &str| page.find(words).unwrap();
        assert!(place("あと5日") < place("登録日からの推定"), "the most urgent first");
        assert!(place("登録日からの推定") < place("期限なし"));
        for key in [LICENSE, "service_secret"] {
            let secret = kit.stored(key).await;
            assert!(!page.contains(&secret), "{key}");
        }
        // Whoever may only look gets no buttons.
        let viewer = kit.visitor("mirudake", &only(Menu::Shops, Level::View)).await;
        let page = kit.get("/credentials", &viewer).await.text;
        assert!(
            page.contains("あと5日") && !page.contains("/authorise\"") && !page.contains("カレンダーに表示")
        );
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let other = kit.visitor("yoso.no", &elsewhere).await;
        assert!(!kit.get("/credentials", &other).await.text.contains("至急"));
    });
}

#[test]
fn the_banner_is_on_every_page_in_time_and_leads_to_the_form_ux43() {
    run(&["rakuten"], async |kit| {
        let who = kit.administrator().await;
        let form = format!("href=\"/shops/{}#credentials\"", kit.shop());
        let banner = async |path: &str| {
            let text = kit.get(path, &who).await.text;
            let all = text.split("notice-banner").skip(1).map(str::to_owned);
            all.into_iter().find(|rest| rest.split("</div>").next().unwrap().contains(&form))
        };
        kit.ends_in(8).await;
        assert!(banner("/orders?all=1").await.is_none());
        for (days, class, words) in
            [(7, " bad", "あと7日"), (1, " bad", "あと1日"), (-1, " bad", "切れています")]
        {
            kit.ends_in(days).await;
            for path in ["/orders?all=1", "/import", "/shops", "/settings/phases", "/me", "/credentials"] {
                let found = banner(path).await.unwrap_or_else(|| panic!("{days} {path}"));
                assert!(found.starts_with(class) && found.contains(words), "{days} {path}: {found:.200}");
            }
        }
        // It is read once a second for everybody.
        let now = kit.desk.now();
        let again = now.plus(90 * DAY);
        kit.desk
            .ledger()
            .credential_checked(ShopId(kit.shop()), LICENSE, Some(again), None, now)
            .await
            .unwrap();
        assert!(banner("/import").await.is_some());
        kit.later(1_000);
        assert!(banner("/import").await.is_none());
        // Nobody else is bothered.
        kit.ends_in(1).await;
        let shipper = kit.visitor("shukka", &only(Menu::Shipping, Level::Edit)).await;
        assert!(!kit.get("/shipping", &shipper).await.text.contains("あと1日で切れます"));
    });
}

#[test]
fn a_key_that_the_mall_refuses_before_its_end_is_explained_as_renewed_there_and_not_here_crd2() {
    run(&["rakuten"], async |kit| {
        let who = kit.administrator().await;
        // The mall was asked; then a new key is made there and the old one ends.
        let check = format!("/shops/{}/test", kit.shop());
        kit.post(&check, &who, &[]).await.to();
        kit.settle().await;
        let shop = kit.house.sim().shops(kit.desk.now().0)[0].shop.to_string();
        let now = kit.desk.now().0;
        kit.house.sim().change_shop(&shop, &json!({ "key": "renew" }), now).unwrap();
        kit.later(HOUR);
        kit.post(&check, &who, &[]).await.to();
        kit.settle().await;
        kit.later(2_000);
        let page = kit.get("/credentials", &who).await.text;
        assert!(
            page.contains("受け付けられません")
                && page.contains("新しいキーを発行したあと、帳場に入力していない"),
            "{page}"
        );
    });
}

fn parse(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split("\r\n") {
        match line.strip_prefix(' ') {
            Some(rest) => lines.last_mut().unwrap().push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

#[test]
fn the_calendar_opens_with_its_link_alone_which_is_shown_once_and_revoked_crd2() {
    run(&["rakuten", "amazon"], async |kit| {
        kit.ends_in(20).await;
        let who = kit.administrator().await;
        let make = async |who: &str| kit.post("/credentials/calendar", who, &[("to", "new")]).await;
        let link = |answer: &Answer| {
            let rest = answer.text.split_once(&format!("{BASE}/calendar/")).unwrap().1;
            format!("/calendar/{}", rest.split('"').next().unwrap())
        };
        let first = link(&make(&who).await);
        assert!(!kit.get("/credentials", &who).await.text.contains(&first), "shown once");
        assert!(!kit.get("/diagnostics/log", &who).await.text.contains(&first));
        let nobody =
            async |path: &str| kit.send(kit.request("GET", path, "").body(Body::empty()).unwrap()).await;
        let feed = nobody(&first).await;
        assert_eq!(feed.status, StatusCode::OK);
        assert_eq!(feed.headers[header::CONTENT_TYPE], "text/calendar; charset=utf-8");
        let lines = parse(&feed.text);
        let day = kit.desk.now().plus(20 * DAY - 2_000).japan_date().strftime("%Y%m%d").to_string();
        assert!(lines.contains(&format!("DTSTART;VALUE=DATE:{day}")), "{lines:?}");
        assert!(lines.iter().any(|l| l.starts_with("SUMMARY:店舗") && l.contains("licenseKey")));
        for (_, secret) in kit.desk.ledger().open_credentials(ShopId(kit.shop())).await.unwrap() {
            assert!(!feed.text.contains(&secret));
        }
        assert!(!feed.text.contains("/login") && !feed.text.contains(BASE), "no way in");
        let second = link(&make(&who).await);
        assert_eq!(nobody(&first).await.status, StatusCode::NOT_FOUND, "the old link is over");
        assert_eq!(nobody(&second).await.status, StatusCode::OK);
        kit.post("/credentials/calendar", &who, &[("to", "off")]).await.to();
        for path in [second.as_str(), "/calendar/.ics", "/calendar/x.ics"] {
            assert_eq!(nobody(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        // It shows all shops: only who sees all may make one.
        let one = Rights { shops: Some(vec![ShopId(kit.shop())]), ..Rights::all() };
        let one = kit.visitor("hitotsu", &one).await;
        assert_eq!(make(&one).await.status, StatusCode::FORBIDDEN);
        assert_eq!(
            (kit.log("credentials.calendar.new").await, kit.log("credentials.calendar.off").await),
            (2, 1)
        );
    });
}

#[test]
fn an_entered_key_waits_for_the_mall_and_a_person_may_drop_it_or_use_it_untried_crd2() {
    run(&["rakuten"], async |kit| {
        let who = kit.administrator().await;
        let old = kit.stored(LICENSE).await;
        let path = format!("/shops/{}/credentials", kit.shop());
        let next = format!("/shops/{}/next", kit.shop());
        let wrong = "SL300001_machigaikagi0000";
        let hub = kit.house.hub();
        let task = tokio::spawn(hub.run());
        kit.house.clock.sleep_ms(MINUTE).await;
        let to = kit.post(&path, &who, &[("credential.license_key", wrong)]).await.to();
        assert!(to.ends_with("?done=waiting#next"), "{to}");
        kit.house.clock.sleep_ms(MINUTE).await;
        let page = kit.get(&format!("/shops/{}", kit.shop()), &who).await.text;
        assert!(
            page.contains("まだ使えません") && page.contains("GA0001") && !page.contains(wrong),
            "{page}"
        );
        let part = kit.get(&next, &who).await.text;
        assert!(part.contains("hx-get") && part.contains("確かめずに今すぐ使う") && !part.contains("<html"));
        assert_eq!(kit.stored(LICENSE).await, old);
        kit.post(&next, &who, &[("to", "drop")]).await.to();
        assert!(!kit.get(&next, &who).await.text.contains("hx-get"));
        assert_eq!(kit.post(&next, &who, &[("to", "x")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        // A good one takes over by itself.
        let shop = kit.house.sim().shops(kit.desk.now().0)[0].shop.to_string();
        let now = kit.desk.now().0;
        let view = kit.house.sim().change_shop(&shop, &json!({ "key": "renew" }), now).unwrap();
        let good = view["credentials"]["newestLicenseKey"].as_str().unwrap().to_owned();
        kit.post(&path, &who, &[("credential.license_key", &good)]).await.to();
        kit.house.clock.sleep_ms(HOUR).await;
        assert_eq!(kit.stored(LICENSE).await, good);
        // Or a person says so.
        kit.post(&path, &who, &[("credential.license_key", wrong)]).await.to();
        kit.house.clock.sleep_ms(MINUTE).await;
        kit.post(&next, &who, &[("to", "store")]).await.to();
        assert_eq!(kit.stored(LICENSE).await, wrong);
        hub.stop();
        task.await.unwrap();
        assert_eq!(kit.log("shop.credentials.swapped").await, 1);
        assert_eq!(kit.log("shop.credentials.untested").await, 1);
        let viewer = kit.visitor("mirudake", &only(Menu::Shops, Level::View)).await;
        assert_eq!(kit.post(&next, &viewer, &[("to", "drop")]).await.status, StatusCode::FORBIDDEN);
    });
}

/// Goes to the mall's page: the way back as the browser would take it, and the cookie.
async fn consent(kit: &Kit<'_>, who: &str) -> (String, String) {
    let begun = kit.post(&format!("/shops/{}/authorise", shop_of(kit, "yahoo")), who, &[]).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("Secure") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let link = begun.text.split_once("https://auth.login.yahoo.co.jp/").unwrap().1;
    let link = link.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let (path, query) = link.split_once('?').unwrap();
    let mut request = WireRequest::get("authorization", &format!("/{path}"));
    request.query = serde_html_form::from_str(query).unwrap();
    let answer = kit.house.transport.exchange("http://sim.invalid", &request, MINUTE).await.unwrap();
    let to =
        answer.header("location").unwrap_or_else(|| panic!("{} {:?}", answer.status, answer.body)).to_owned();
    (to.strip_prefix(BASE).unwrap().to_owned(), cookie)
}

async fn back(kit: &Kit<'_>, who: &str, path: &str, cookie: &str) -> Answer {
    let cookies = format!("__Host-choba={who}; {cookie}");
    let request = axum::http::Request::builder().method("GET").uri(path).header(header::COOKIE, cookies);
    kit.send(request.body(Body::empty()).unwrap()).await
}

fn yahoo(kit: &Kit<'_>, patch: serde_json::Value) {
    let mut sim = kit.house.sim();
    let settings = sim.settings().patched(&json!({ "yahoo": patch })).unwrap();
    sim.set_settings(settings);
}

fn refused(answer: &Answer) {
    assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text);
    assert!(answer.text.contains("ブラウザーでアクセスを許可"), "{}", answer.text);
}

async fn requests(kit: &Kit<'_>) -> usize {
    kit.log("shop.authorise").await
}

#[test]
fn access_is_renewed_by_one_button_and_the_way_back_is_good_once_f62() {
    run(&["yahoo"], async |kit| {
        yahoo(kit, json!({ "consent": "yes" }));
        let before = kit.desk.ledger().credential_rows(ShopId(kit.shop())).await.unwrap();
        kit.later(10 * DAY);
        let who = kit.administrator().await;
        let (path, cookie) = consent(kit, &who).await;
        let to = back(kit, &who, &path, &cookie).await;
        assert!(to.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
        let result = to.to();
        kit.settle().await;
        let page = kit.get(&result, &who).await.text;
        assert!(page.contains("通信OK"), "{page}");
        let rows = kit.desk.ledger().credential_rows(ShopId(kit.shop())).await.unwrap();
        let end = |rows: &[store::shops::CredentialRow]| {
            rows.iter().find(|r| r.credential == "refresh_token").and_then(|r| r.expires_at)
        };
        let left = end(&rows).unwrap().since(kit.desk.now());
        assert!((27 * DAY..=28 * DAY).contains(&left), "{:?} then {left}", end(&before));
        // The very same way back again, cookie and all.
        refused(&back(kit, &who, &path, &cookie).await);
        assert_eq!(requests(kit).await, 1);
        let log = kit.get("/diagnostics/log", &who).await.text;
        let code = path.split_once("code=").unwrap().1.split('&').next().unwrap();
        assert!(!log.contains(code), "no code in the log");
    });
}

#[test]
fn a_state_that_is_forged_doubled_or_missing_brings_nothing_back_f62() {
    run(&["yahoo"], async |kit| {
        yahoo(kit, json!({ "consent": "yes" }));
        let who = kit.administrator().await;
        let (path, cookie) = consent(kit, &who).await;
        let (_, query) = path.split_once('?').unwrap();
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap();
        let code = &pairs.iter().find(|(k, _)| k == "code").unwrap().1;
        let state = &pairs.iter().find(|(k, _)| k == "state").unwrap().1;
        for forged in [
            format!("/shops/consent?code={code}&state={}x", state),
            format!("/shops/consent?code={code}"),
            format!("/shops/consent?code={code}&state="),
            format!("/shops/consent?code={code}&state={state}&state={state}"),
        ] {
            refused(&back(kit, &who, &forged, &cookie).await);
        }
        // Without the cookie, or with one that was meddled with.
        refused(&back(kit, &who, &path, "x=y").await);
        refused(&back(kit, &who, &path, &format!("{cookie}A")).await);
        assert_eq!(requests(kit).await, 0);
        // What was refused did not use it up.
        back(kit, &who, &path, &cookie).await.to();
        assert_eq!(requests(kit).await, 1);
    });
}

#[test]
fn another_person_another_session_and_a_late_return_bring_nothing_back_f62() {
    run(&["yahoo"], async |kit| {
        yahoo(kit, json!({ "consent": "yes" }));
        let who = kit.administrator().await;
        let (path, cookie) = consent(kit, &who).await;
        let other = kit.visitor("betsu.no", &Rights::all()).await;
        refused(&back(kit, &other, &path, &cookie).await);
        // The same person in another browser.
        let second = kit.same_person(&who).await;
        refused(&back(kit, &second, &path, &cookie).await);
        // Whoever may not edit shops does not come so far.
        let viewer = kit.visitor("mirudake", &only(Menu::Shops, Level::View)).await;
        assert_eq!(back(kit, &viewer, &path, &cookie).await.status, StatusCode::FORBIDDEN);
        kit.later(10 * MINUTE + 1_000);
        refused(&back(kit, &who, &path, &cookie).await);
        assert_eq!(requests(kit).await, 0);
        let (path, cookie) = consent(kit, &who).await;
        kit.later(9 * MINUTE);
        back(kit, &who, &path, &cookie).await.to();
    });
}

#[test]
fn a_way_back_swapped_between_shops_and_malls_brings_nothing_back_f62() {
    run(&["yahoo", "rakuten"], async |kit| {
        yahoo(kit, json!({ "consent": "yes" }));
        let who = kit.administrator().await;
        // Two ways are open; the answer of the one comes with the cookie of the other.
        let (first, first_cookie) = consent(kit, &who).await;
        let (second, second_cookie) = consent(kit, &who).await;
        refused(&back(kit, &who, &first, &second_cookie).await);
        refused(&back(kit, &who, &second, &first_cookie).await);
        assert_eq!(requests(kit).await, 0);
        // A mall without a consent page has no way to begin one.
        let other = kit.house.shops.iter().find(|s| s.mall != "yahoo").unwrap().shop_id;
        let none = kit.post(&format!("/shops/{other}/authorise"), &who, &[]).await;
        assert!(none.status.is_client_error());
        // A shop that is gone meanwhile gets nothing.
        kit.post(&format!("/shops/{}/archive", shop_of(kit, "yahoo")), &who, &[]).await.to();
        assert_eq!(back(kit, &who, &first, &first_cookie).await.status, StatusCode::NOT_FOUND);
        assert_eq!(requests(kit).await, 0);
    });
}

#[test]
fn a_code_that_was_used_and_a_person_without_the_right_leave_the_old_access_in_place_f62_crd3() {
    let plan = Plan::empty(Kind::Sqlite, 0).mall("yahoo", 2);
    testkit::house::run(plan, async |house: &House| {
        let kit = &Kit::of(house);
        yahoo(kit, json!({ "consent": "yes" }));
        let who = kit.administrator().await;
        let (path, cookie) = consent(kit, &who).await;
        // Somebody else was quicker with the code: the token endpoint refuses it.
        let code = path.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
        let old = kit.stored("refresh_token").await;
        let to = back(kit, &who, &path.replace(&code, "used-before"), &cookie).await.to();
        kit.settle().await;
        let page = kit.get(&to, &who).await.text;
        assert!(page.contains("失敗") && page.contains("class=\"mend\""), "{page}");
        assert_eq!(kit.stored("refresh_token").await, old);
        // Staff of another shop consents: said clearly, and not stored.
        let shops = house.sim().shops(kit.desk.now().0);
        yahoo(kit, json!({ "consent": "yes", "consent_shop": shops[1].shop.to_string() }));
        let (path, cookie) = consent(kit, &who).await;
        let to = back(kit, &who, &path, &cookie).await.to();
        kit.settle().await;
        let page = kit.get(&to, &who).await.text;
        assert!(page.contains("注文管理権限がありません") && page.contains("px-14304"), "{page}");
        assert_eq!(kit.stored("refresh_token").await, old);
    });
}

#[test]
fn the_checklist_before_holidays_says_each_check_with_its_mend_and_goes_out_by_mail_crd5() {
    run(&["rakuten"], async |kit| {
        kit.ends_in(40).await;
        let who = kit.administrator().await;
        let page = kit.get("/preholiday?from=2026-12-09&to=2026-12-13", &who).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        for (_, heading, _) in engine::preholiday::HEADINGS.into_iter().filter(|(check, ..)| *check != "disk")
        {
            assert!(page.text.contains(&format!("<h2>{heading}</h2>")), "{heading}");
        }
        for words in [
            "休業中（12/12）に切れます",
            "営業日のままです",
            "自動取込がオフ",
            "メールの送信が設定されていません",
        ] {
            assert!(page.text.contains(words), "{words}");
        }
        for mend in ["/credentials", "/settings/calendar", "/settings/mail", "/settings/rules"] {
            assert!(page.text.contains(&format!("href=\"{mend}\"")), "{mend}");
        }
        // Closed days are entered: that tick is green.
        let closed = "2026-12-09\n2026-12-10\n2026-12-11";
        kit.post("/settings/calendar", &who, &[("weekday", "6"), ("weekday", "7"), ("closed", closed)])
            .await
            .to();
        let page = kit.get("/preholiday?from=2026-12-09&to=2026-12-13", &who).await.text;
        assert!(page.contains("休業期間はすべて休業日として登録されています"));
        let to =
            kit.post("/preholiday/mail", &who, &[("from", "2026-12-09"), ("to", "2026-12-13")]).await.to();
        assert!(kit.get(&to, &who).await.text.contains("メールで送ります"));
        assert_eq!(kit.log("preholiday.mail").await, 1);
        for (from, to) in [("2026-12-13", "2026-12-09"), ("x", "2026-12-09"), ("2026-12-09", "2027-12-09")] {
            let answer = kit.get(&format!("/preholiday?from={from}&to={to}"), &who).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{from} {to}");
        }
        // Without a period one is proposed.
        assert_eq!(kit.get("/preholiday", &who).await.status, StatusCode::OK);
        // Another's shops are not judged.
        let elsewhere = Rights { shops: Some(vec![ShopId(99)]), ..Rights::all() };
        let other = kit.visitor("yoso.no", &elsewhere).await;
        let page = kit.get("/preholiday?from=2026-12-09&to=2026-12-13", &other).await.text;
        assert!(!page.contains(&kit.house.shops[0].name), "{page}");
    });
}
