//! The page of one order: everything is there, nothing leaks, nothing typed is lost.

use crate::kit::{Answer, Kit, Who};
use axum::http::StatusCode;
use domain::history::By;
use domain::hold::Hold;
use domain::order::Flag;
use domain::rights::{Level, Menu, Rights};
use domain::snapshot::{Content, Snapshot, UnknownValue};
use domain::{OrderSeq, PhaseKey, reconcile};
use serde_json::{Value, json};
use store::imports::{NewRun, Progress};
use store::orders::{NewOrder, Page, Refresh};
use store::{Access, Kind, Shop};
use testkit::house::{House, Plan};

#[path = "../../src/pages/orders/order/full.rs"]
mod full;

const MALLS: [&str; 3] = ["rakuten", "yahoo", "amazon"];

fn run(body: impl AsyncFnOnce(&Kit<'_>)) {
    let plan = MALLS.iter().fold(Plan::empty(Kind::Sqlite, 0), |plan, mall| plan.mall(mall, 1));
    testkit::house::run(plan, async |house: &House| body(&Kit::of(house)).await);
}

fn shop<'a>(kit: &'a Kit<'_>, mall: &str) -> &'a Shop {
    kit.house.shops.iter().find(|s| s.mall == mall).unwrap()
}

async fn commit(kit: &Kit<'_>, shop: &Shop, page: Page) {
    let (ledger, now) = (kit.desk.ledger(), kit.desk.now());
    let lanes = ledger.lanes().await.unwrap();
    let fence = lanes.iter().find(|l| l.lane_key == shop.lane_key).unwrap().fence;
    let guard = ledger.claim_lane(&shop.lane_key, "test", "host-1", fence).await.unwrap().unwrap();
    let run_id = match ledger.open_run(shop.shop_id).await.unwrap() {
        Some(run) => run.run_id,
        None => {
            let new = NewRun {
                shop_id: shop.shop_id,
                request_id: None,
                trigger: "auto",
                from: now,
                to: now,
                looks_for_news: false,
                options: json!({}),
                cursor: json!({}),
                counts: json!({}),
            };
            ledger.begin_run(&guard, &new, now).await.unwrap()
        }
    };
    let progress = Progress { run_id, cursor: json!({}), counts: json!({}) };
    ledger.commit_page(&guard, shop.shop_id, &progress, page, now).await.unwrap();
    ledger.release_lane(&guard).await.unwrap();
}

/// Stores an order as if a mall had said it. Tells its number.
async fn store_order(kit: &Kit<'_>, shop: &Shop, snapshot: Snapshot) -> String {
    let id = snapshot.mall_order_id.clone();
    let new = NewOrder {
        id: uuid::Uuid::now_v7(),
        flags: if snapshot.facts.hold.is_fraud() { Flag::FraudHold.bit() } else { 0 },
        snapshot,
        raw: b"{}".to_vec(),
        dates: domain::date_rule::Dates::default(),
        phase: "new".into(),
        source: "api",
        events: Vec::new(),
    };
    commit(kit, shop, Page { new: vec![new], ..Page::default() }).await;
    let row = kit.desk.ledger().orders_by_number(&Access::full(), id.as_str()).await.unwrap().pop().unwrap();
    row.order_no.0
}

/// A full order of a mall.
async fn full_order(kit: &Kit<'_>, mall: &str) -> String {
    let at = MALLS.iter().position(|m| *m == mall).unwrap();
    store_order(kit, shop(kit, mall), full::snapshots().remove(at)).await
}

fn seq(no: &str) -> OrderSeq {
    OrderSeq::from_order_no(no).unwrap()
}

async fn view(kit: &Kit<'_>, no: &str) -> store::orders::OrderView {
    kit.desk.ledger().order(&Access::full(), seq(no)).await.unwrap().unwrap()
}

async fn page(kit: &Kit<'_>, no: &str, who: &Who) -> Answer {
    let answer = kit.get(&format!("/orders/{no}"), who).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

fn clerk() -> Rights {
    Rights {
        menus: [(Menu::Orders, Level::Edit), (Menu::Shipping, Level::Edit)].into(),
        buyer_data: true,
        contact_data: true,
        ..Rights::default()
    }
}

/// As HTML writes it.
fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// Every text in a value.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|i| texts(i, out)),
        Value::Object(fields) => fields.values().for_each(|v| texts(v, out)),
        _ => {}
    }
}

#[test]
fn every_word_a_mall_said_of_a_full_order_is_on_its_page() {
    run(async |kit| {
        let who = kit.administrator().await;
        for (mall, snapshot) in MALLS.iter().zip(full::snapshots()) {
            let no = full_order(kit, mall).await;
            let page = page(kit, &no, &who).await;
            for (path, value) in reconcile::fields(&snapshot.content) {
                // Keys that lead from one part to another are told by where things stand.
                let leads = [".key", ".line_key", ".recipient_key"].iter().any(|end| path.ends_with(end));
                let mut words = Vec::new();
                texts(&value, &mut words);
                let words: Vec<&str> = words.iter().flat_map(|w| w.split('\n')).collect();
                let told = ["payer", "fulfillment", "currency"].iter().any(|end| path.ends_with(end));
                for word in words.into_iter().filter(|w| !leads && !told && *w != "JPY") {
                    let day = word.replace('-', "/");
                    let there = page.text.contains(&escaped(word)) || page.text.contains(&day);
                    assert!(there, "{mall} {path}: {word}");
                }
            }
            let facts = serde_json::to_value(&snapshot.facts).unwrap();
            for key in [
                "status",
                "sub_status",
                "payment_status",
                "shipping_status",
                "cautions",
                "unknown",
                "revision",
            ] {
                let mut words = Vec::new();
                texts(&facts[key], &mut words);
                for word in words {
                    assert!(page.text.contains(&escaped(&word)), "{mall} {key}: {word}");
                }
            }
            for shipment in &snapshot.facts.shipments {
                assert!(
                    page.text.contains(&shipment.mall_ref) && page.text.contains(&shipment.tracking_number)
                );
            }
            assert!(!page.text.contains("その他の項目"), "{mall}: a known field has no section");
            let by_mall = kit.get(&format!("/orders/{}", snapshot.mall_order_id), &who).await;
            assert_eq!(by_mall.to(), format!("/orders/{no}"), "the mall's own number leads there");
        }
    });
}

const EVIL: &str = "<img src=x onerror=alert(1)>\"'&";

/// The same content with a script in every text that is a person's to write.
fn poisoned(content: &Content) -> Content {
    let mut value = serde_json::to_value(content).unwrap();
    fn poison(value: &mut Value, name: &str) {
        match value {
            Value::String(text) => {
                let fixed = [
                    "key",
                    "line_key",
                    "recipient_key",
                    "payer",
                    "fulfillment",
                    "currency",
                    "deliver_on",
                    "paid_on",
                ];
                if !fixed.contains(&name) {
                    text.push_str(EVIL);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|i| poison(i, name)),
            Value::Object(fields) => fields.iter_mut().for_each(|(name, v)| poison(v, name)),
            _ => {}
        }
    }
    poison(&mut value, "");
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_script_in_any_text_stays_a_text_on_the_page_and_in_every_form_f50() {
    run(async |kit| {
        let who = kit.administrator().await;
        let (ledger, now, by) = (kit.desk.ledger(), kit.desk.now(), By::User { name: "kakuu.kanri".into() });
        for (mall, mut snapshot) in MALLS.iter().zip(full::snapshots()) {
            snapshot.content = poisoned(&snapshot.content);
            snapshot.facts.status.label.push_str(EVIL);
            snapshot.facts.unknown.push(UnknownValue { field: EVIL.into(), raw: EVIL.into() });
            let key = snapshot.content.recipients[0].key.clone();
            let no = store_order(kit, shop(kit, mall), snapshot).await;
            assert!(ledger.add_note(seq(&no), EVIL, &by, now).await.unwrap());
            ledger.set_tag(&[seq(&no)], &EVIL[..28], true).await.unwrap();
            let mut pages = vec![page(kit, &no, &who).await];
            for form in [
                "edit/buyer",
                "edit/delivery",
                "edit/notes",
                "edit/lines",
                "sheet/move",
                "sheet/notice",
                "sheet/parcel",
                "sheet/reimport",
            ] {
                pages.push(kit.get(&format!("/orders/{no}/{form}"), &who).await);
            }
            pages.push(kit.get(&format!("/orders/{no}/edit/recipient?key={key}"), &who).await);
            for page in &pages {
                assert_eq!(page.status, StatusCode::OK, "{}", page.text);
                assert!(!page.text.contains("<img") && !page.text.contains("onerror=alert(1)>\"'"), "{mall}");
            }
            assert!(
                pages[0].text.matches("&#60;img src=x").count() > 20,
                "{mall}: the texts are there, escaped"
            );
        }
    });
}

#[test]
fn phone_and_mail_are_masked_without_the_right_and_each_reveal_is_written_down() {
    run(async |kit| {
        let masked = Rights { contact_data: false, ..clerk() };
        let who = kit.visitor("kakuu.tantou", &masked).await;
        let no = full_order(kit, "rakuten").await;
        let buyer = full::contents().remove(0).buyer;
        let (phone, mail) = (buyer.phone.text(), buyer.email.text());
        let plain = page(kit, &no, &who).await;
        assert!(!plain.text.contains(phone) && !plain.text.contains(mail));
        assert!(plain.text.contains("•••-••••-0001"));
        let form = kit.get(&format!("/orders/{no}/edit/buyer"), &who).await;
        assert!(!form.text.contains(phone) && !form.text.contains(mail), "nor in the form's fields");
        assert!(kit.log().await.is_empty());
        let shown = kit.post(&format!("/orders/{no}/reveal"), &who, &[]).await;
        assert!(shown.status.is_success() && shown.text.contains(phone) && shown.text.contains(mail));
        assert_eq!(shown.headers["cache-control"], "no-store");
        let log = kit.log().await;
        assert_eq!((log[0].action.as_str(), log[0].target.as_str()), ("reveal", no.as_str()));
        assert_eq!(log[0].by, By::User { name: "kakuu.tantou".into() });
        assert!(!log[0].details.to_string().contains(phone), "names of fields, never values");
        assert!(!page(kit, &no, &who).await.text.contains(phone), "only for that view");
        // Without the right to see buyers at all there is nothing to reveal, and goods are still there.
        let blind = kit.visitor("kakuu.eturan", &Rights { buyer_data: false, ..masked }).await;
        let page = page(kit, &no, &blind).await;
        assert!(!page.text.contains("一郎") && page.text.contains("見本の茶葉"));
        let refused = kit.post(&format!("/orders/{no}/reveal"), &blind, &[]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
        assert_eq!(kit.log().await.len(), 1);
    });
}

#[test]
fn whoever_was_slower_sees_both_values_and_loses_nothing_f75() {
    run(async |kit| {
        let who = kit.administrator().await;
        let no = full_order(kit, "yahoo").await;
        let path = format!("/orders/{no}/edit/buyer");
        let seen = view(kit, &no).await;
        let version = seen.row.version.to_string();
        let was = seen.content.unwrap().buyer;
        let fields = [
            ("version", version.as_str()),
            ("was:buyer.city", was.city.text()),
            ("was:buyer.address1", was.address1.text()),
        ];
        // One clerk moves the buyer's house number; another, who opened the form before, writes city and house number.
        let first = kit.post(&path, &who, &[&fields[..], &[("buyer.address1", "先の町1")]].concat()).await;
        assert_eq!(first.to(), format!("/orders/{no}?done=saved"), "{}", first.text);
        let mine = [("buyer.city", "後の区"), ("buyer.address1", "後の町2")];
        let second = kit.post(&path, &who, &[&fields[..], &mine].concat()).await;
        assert_eq!(second.status, StatusCode::CONFLICT);
        for text in ["後の区", "後の町2", "先の町1", was.city.text(), "いまの値", "入れようとした値"]
        {
            assert!(second.text.contains(text), "{text}");
        }
        let stored = view(kit, &no).await;
        assert_eq!(stored.content.unwrap().buyer.address1.text(), "先の町1", "nothing was overwritten");
        let settled = [
            ("version", stored.row.version.to_string()),
            (
                "mine:buyer.city",
                second.between("name=\"mine:buyer.city\" value=\"", "\"").replace("&#34;", "\""),
            ),
            ("take:buyer.city", "mine".to_owned()),
            ("mine:buyer.address1", "\"後の町2\"".to_owned()),
            ("take:buyer.address1", "now".to_owned()),
        ];
        let settled: Vec<(&str, &str)> = settled.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let done = kit.post(&format!("/orders/{no}/settle"), &who, &settled).await;
        assert_eq!(done.to(), format!("/orders/{no}?done=saved"), "{}", done.text);
        let buyer = view(kit, &no).await.content.unwrap().buyer;
        assert_eq!((buyer.city.text(), buyer.address1.text()), ("後の区", "先の町1"));
        // The same answer from a page that is old by now asks again.
        assert_eq!(
            kit.post(&format!("/orders/{no}/settle"), &who, &settled).await.status,
            StatusCode::CONFLICT
        );
    });
}

#[test]
fn a_form_takes_only_its_own_fields_and_keeps_what_was_typed_when_one_does_not_fit_f68() {
    run(async |kit| {
        let who = kit.administrator().await;
        let no = full_order(kit, "rakuten").await;
        let version = view(kit, &no).await.row.version.to_string();
        let of = |fields: &[(&'static str, &'static str)]| {
            let mut all = vec![("version".to_owned(), version.clone())];
            all.extend(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
            all
        };
        for (form, sneaky) in [
            ("edit/buyer", "is_admin"),
            ("edit/buyer", "amounts.requested"),
            ("edit/notes", "buyer.city"),
            ("edit/lines", "lines[2001].unit_price"),
        ] {
            let fields = of(&[(sneaky, "1")]);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let refused = kit.post(&format!("/orders/{no}/{form}"), &who, &fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{sneaky}");
        }
        let settle = of(&[("mine:amounts.requested", "1"), ("take:amounts.requested", "mine")]);
        let settle: Vec<(&str, &str)> = settle.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let refused = kit.post(&format!("/orders/{no}/settle"), &who, &settle).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let wrong = of(&[
            ("delivery.deliver_on", "いつか"),
            ("was:delivery.deliver_on", "2026-11-25"),
            ("delivery.method", "速い便"),
        ]);
        let wrong: Vec<(&str, &str)> = wrong.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let again = kit.post(&format!("/orders/{no}/edit/delivery"), &who, &wrong).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text.contains("速い便") && again.text.contains("aria-invalid"), "typed words stay");
        assert_eq!(view(kit, &no).await.row.version.to_string(), version, "nothing was stored");
    });
}

#[test]
fn another_shops_order_is_not_there_whatever_is_asked_of_it_f67() {
    run(async |kit| {
        let no = full_order(kit, "rakuten").await;
        let mine = full_order(kit, "yahoo").await;
        let only = Rights { shops: Some(vec![shop(kit, "yahoo").shop_id]), ..clerk() };
        let who = kit.visitor("kakuu.yahoo", &only).await;
        assert_eq!(kit.get(&format!("/orders/{mine}"), &who).await.status, StatusCode::OK);
        let version = view(kit, &no).await.row.version;
        for path in [
            "",
            "/sheet/move",
            "/sheet/notice",
            "/sheet/parcel",
            "/sheet/reimport",
            "/edit/buyer",
            "/asked/1",
        ] {
            let answer = kit.get(&format!("/orders/{no}{path}"), &who).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
        let mall_no = view(kit, &no).await.row.mall_order_id;
        assert_eq!(kit.get(&format!("/orders/{mall_no}"), &who).await.status, StatusCode::NOT_FOUND);
        let v = version.to_string();
        let posts: [(&str, &[(&str, &str)]); 9] = [
            ("move", &[("to", "shipped"), ("version", &v)]),
            ("class", &[("class", "on_hold"), ("version", &v)]),
            ("reveal", &[]),
            ("notes", &[("text", "のぞき見")]),
            ("tags", &[("tag", "のぞき見")]),
            ("parcels", &[("number", "1")]),
            ("reimport", &[]),
            ("edit/notes", &[("version", &v), ("buyer_note", "x")]),
            ("take", &[("version", &v), ("path", "buyer.city"), ("side", "mall")]),
        ];
        for (path, fields) in posts {
            let answer = kit.post(&format!("/orders/{no}/{path}"), &who, fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
        // Nor as the parent of one's own order.
        let bundled = kit.post(&format!("/orders/{mine}/bundle"), &who, &[("parent", &no)]).await;
        assert_eq!(bundled.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(view(kit, &no).await.row.version, version);
        assert!(kit.log().await.is_empty());
    });
}

#[test]
fn a_held_order_leaves_by_this_page_only_to_cancel_or_by_who_may_override_frd2_frd4() {
    run(async |kit| {
        let mut snapshot = full::snapshots().remove(1);
        snapshot.facts.hold = Hold::Fraud { raw: "1".into() };
        let no = store_order(kit, shop(kit, "yahoo"), snapshot).await;
        let (plain, chief) = (kit.visitor("kakuu.tantou", &clerk()).await, kit.administrator().await);
        let sheet = kit.get(&format!("/orders/{no}/sheet/move"), &plain).await;
        assert!(sheet.text.contains("不正利用審査中の注文は「キャンセル」へのステータス変更のみ行えます"));
        assert!(
            !sheet.text.contains("value=\"awaiting_print\"") && sheet.text.contains("value=\"cancelled\"")
        );
        assert!(!sheet.text.contains("name=\"override\""));
        let version = view(kit, &no).await.row.version.to_string();
        let to = |to: &'static str| [("to", to), ("version", version.as_str())];
        // The right is what counts, not the field.
        for fields in
            [to("awaiting_print").to_vec(), [&to("awaiting_print")[..], &[("override", "1")]].concat()]
        {
            let refused = kit.post(&format!("/orders/{no}/move"), &plain, &fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.text.contains("不正利用審査中の注文は"), "{}", refused.text);
        }
        let refused = kit.post(&format!("/orders/{no}/move"), &chief, &to("awaiting_print")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "not by accident either");
        let notice = kit.post(&format!("/orders/{no}/notice"), &chief, &[]).await;
        assert_eq!(notice.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(kit.desk.ledger().open_requests(&shop(kit, "yahoo").lane_key).await.unwrap().is_empty());
        assert_eq!(view(kit, &no).await.row.phase, PhaseKey::from("new"));
        let over = [&to("awaiting_print")[..], &[("override", "1")]].concat();
        assert_eq!(
            kit.post(&format!("/orders/{no}/move"), &chief, &over).await.to(),
            format!("/orders/{no}?done=moved")
        );
        let page = page(kit, &no, &plain).await;
        assert!(page.text.contains("不正利用審査中と承知のうえ") && page.text.contains("架空 花子"));
        let version = view(kit, &no).await.row.version.to_string();
        let cancel = [("to", "cancelled"), ("version", version.as_str())];
        assert_eq!(
            kit.post(&format!("/orders/{no}/move"), &plain, &cancel).await.to(),
            format!("/orders/{no}?done=cancelled")
        );
    });
}

#[test]
fn notes_are_sealed_and_gone_with_the_buyer_and_the_page_says_so() {
    run(async |kit| {
        let who = kit.administrator().await;
        let no = full_order(kit, "amazon").await;
        let said =
            kit.post(&format!("/orders/{no}/notes"), &who, &[("text", "電話で夜を希望（見本さん）")]).await;
        assert_eq!(said.to(), format!("/orders/{no}?done=note"));
        kit.post(&format!("/orders/{no}/tags"), &who, &[("tag", "急ぎ")]).await;
        let before = page(kit, &no, &who).await;
        assert!(before.text.contains("電話で夜を希望") && before.text.contains("急ぎ"));
        let text = "SELECT body FROM order_notes";
        let sql = store::Sql { name: "test", sqlite: text, postgres: text };
        let rows = kit.desk.ledger().db().fetch_all(&sql, store::args![]).await.unwrap();
        let bytes = rows[0].get_bytes("body").unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("電話"), "sealed where it is stored");
        kit.desk.ledger().erase_order(seq(&no), &By::Cli, kit.desk.now()).await.unwrap();
        let after = page(kit, &no, &who).await;
        assert!(after.text.contains("削除済み") && !after.text.contains("電話で夜を希望"));
        assert!(!after.text.contains("一郎") && after.text.contains("見本の茶葉"), "goods stay");
        for (path, fields) in [("notes", vec![("text", "もう一度")]), ("reimport", vec![])] {
            let refused = kit.post(&format!("/orders/{no}/{path}"), &who, &fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        }
        assert_eq!(
            kit.get(&format!("/orders/{no}/edit/buyer"), &who).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    });
}

/// The mall changes two fields; staff had edited one of them.
async fn changed_at_mall(kit: &Kit<'_>) -> String {
    let no = full_order(kit, "rakuten").await;
    let (ledger, now, by) = (kit.desk.ledger(), kit.desk.now(), By::User { name: "kakuu.kanri".into() });
    let seen = view(kit, &no).await;
    let edit = [("buyer.address1".to_owned(), json!("当店の町9"))];
    ledger.edit_order(seq(&no), seen.row.version, &edit, &by, now).await.unwrap().unwrap();
    let row = view(kit, &no).await.row;
    let id = row.mall_order_id.clone();
    let (_, there) = ledger.existing_orders(row.shop_id, &[id]).await.unwrap().pop().unwrap();
    let base = there.snapshot.clone().unwrap();
    let mut theirs = base.clone();
    theirs.content.buyer.address1 = "モールの町5".to_owned().into();
    theirs.content.delivery.deliver_on = "2026-12-01".parse::<jiff::civil::Date>().unwrap().into();
    let refresh = Refresh {
        seq: seq(&no),
        version: there.version,
        source: None,
        snapshot: base,
        edits: there.edits.clone(),
        theirs: Some(theirs),
        raw: None,
        flags: Flag::ChangedAtMall.bit(),
        content: None,
        events: Vec::new(),
    };
    commit(kit, shop(kit, "rakuten"), Page { refreshed: vec![refresh], ..Page::default() }).await;
    no
}

#[test]
fn a_change_at_the_mall_is_shown_with_three_values_and_decided_field_by_field_imp9() {
    run(async |kit| {
        let who = kit.administrator().await;
        let no = changed_at_mall(kit).await;
        let page1 = page(kit, &no, &who).await;
        let section = page1.between("id=\"changed\"", "</section>");
        for text in ["空区1-1", "モールの町5", "当店の町9", "2026/11/25", "2026/12/01", "お届け希望日"]
        {
            assert!(section.contains(text), "{text} in {section}");
        }
        let sheet = kit.get(&format!("/orders/{no}/sheet/reimport"), &who).await;
        assert!(sheet.text.contains("当店の修正が残ります") && sheet.text.contains("モールの内容になります"));
        for path in ["delivery.deliver_on", "buyer.address1"] {
            let version = view(kit, &no).await.row.version.to_string();
            let fields = [("version", version.as_str()), ("path", path), ("side", "mall")];
            let done = kit.post(&format!("/orders/{no}/take"), &who, &fields).await;
            assert_eq!(done.to(), format!("/orders/{no}?done=taken"), "{}", done.text);
        }
        let after = view(kit, &no).await;
        let content = after.content.unwrap();
        assert_eq!(content.buyer.address1.text(), "モールの町5");
        assert_eq!(content.delivery.deliver_on.value().unwrap().to_string(), "2026-12-01");
        assert!(!after.row.flags.contains(&Flag::ChangedAtMall), "nothing differs any more");
        // A path that the mall did not change is nobody's to take by this door.
        let version = after.row.version.to_string();
        let fields = [("version", version.as_str()), ("path", "amounts.requested"), ("side", "mall")];
        assert_eq!(kit.post(&format!("/orders/{no}/take"), &who, &fields).await.status, StatusCode::CONFLICT);
    });
}

#[test]
fn a_parcel_is_entered_with_a_warning_and_the_notice_goes_through_the_lane() {
    run(async |kit| {
        let who = kit.visitor("kakuu.syukka", &clerk()).await;
        let no = full_order(kit, "rakuten").await;
        let missing = kit.get(&format!("/orders/{no}/sheet/notice"), &who).await;
        assert!(
            missing.text.contains("出荷情報がありません") || missing.text.contains("実行できません"),
            "{}",
            missing.text
        );
        // Full-width, and with a wrong check digit: stored as it is sent, and told.
        let fields =
            [("carrier", "yamato"), ("number", "４４４４－１３７５－８７０４"), ("date", "2026-11-02")];
        let done = kit.post(&format!("/orders/{no}/parcels"), &who, &fields).await;
        assert_eq!(done.to(), format!("/orders/{no}?done=parcel"), "{}", done.text);
        let page1 = page(kit, &no, &who).await;
        assert!(
            page1.text.contains("444413758704") && page1.text.contains("検査数字"),
            "the warning stands there"
        );
        let parcel = view(kit, &no).await.parcels.pop().unwrap();
        let (id, v) = (parcel.parcel_id.to_string(), parcel.version.to_string());
        let fields = [
            ("id", id.as_str()),
            ("was", v.as_str()),
            ("carrier", "yamato"),
            ("number", "444413758703"),
            ("date", "2026-11-02"),
        ];
        kit.post(&format!("/orders/{no}/parcels"), &who, &fields).await;
        let stale = kit.post(&format!("/orders/{no}/parcels"), &who, &fields).await;
        assert_eq!(stale.status, StatusCode::CONFLICT, "two tabs, one parcel (F75)");
        let page2 = page(kit, &no, &who).await;
        assert!(page2.text.contains("number01=444413758703") && !page2.text.contains("検査数字"));
        let bad = [("carrier", "no_such"), ("number", "1"), ("date", "2026-11-02")];
        let refused = kit.post(&format!("/orders/{no}/parcels"), &who, &bad).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        // A phase from which shipments are not reported is told, and nothing is asked of the lane.
        let refused = kit.post(&format!("/orders/{no}/notice"), &who, &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("発送を報告しません"), "{}", refused.text);
        let version = view(kit, &no).await.row.version.to_string();
        kit.post(&format!("/orders/{no}/move"), &who, &[("to", "awaiting_shipment"), ("version", &version)])
            .await;
        let asked = kit.post(&format!("/orders/{no}/notice"), &who, &[]).await;
        assert!(asked.to().starts_with(&format!("/orders/{no}?asked=")), "{}", asked.text);
        let lane = shop(kit, "rakuten").lane_key.clone();
        let requests = kit.desk.ledger().open_requests(&lane).await.unwrap();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].body["orders"], json!([seq(&no).0]));
        let id = requests[0].request_id;
        let waiting = kit.get(&format!("/orders/{no}/asked/{id}"), &who).await;
        assert!(waiting.text.contains("hx-trigger=\"every 2s\""));
        let removed = kit
            .post(&format!("/orders/{no}/parcels/drop"), &who, &[("id", &parcel.parcel_id.to_string())])
            .await;
        assert_eq!(removed.to(), format!("/orders/{no}?done=parcel_gone"));
        assert!(view(kit, &no).await.parcels.is_empty());
    });
}

#[test]
fn orders_are_bundled_one_level_deep_and_taken_apart_again() {
    run(async |kit| {
        let who = kit.visitor("kakuu.tantou", &clerk()).await;
        let parent = full_order(kit, "rakuten").await;
        let child = full_order(kit, "yahoo").await;
        let third = full_order(kit, "amazon").await;
        let bundle = async |child: &str, parent: &str| {
            kit.post(&format!("/orders/{child}/bundle"), &who, &[("parent", parent)]).await
        };
        assert_eq!(bundle(&child, &parent).await.to(), format!("/orders/{child}?done=bundled"));
        assert!(page(kit, &child, &who).await.text.contains(&parent));
        assert!(page(kit, &parent, &who).await.text.contains(&child));
        for (child, parent) in [(&third, &child), (&parent, &third), (&third, &third)] {
            assert_eq!(bundle(child, parent).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        kit.post(&format!("/orders/{child}/unbundle"), &who, &[]).await;
        assert!(!page(kit, &parent, &who).await.text.contains(&child));
    });
}

#[test]
fn who_may_only_look_gets_no_buttons_and_no_way_round_them_i11() {
    run(async |kit| {
        let menus = [(Menu::Orders, Level::View)].into();
        let who = kit.visitor("kakuu.eturan", &Rights { menus, buyer_data: true, ..Rights::default() }).await;
        let no = full_order(kit, "rakuten").await;
        let page = page(kit, &no, &who).await;
        for button in ["/sheet/move", "/sheet/notice", "/edit/", "/notes\"", "/parcels"] {
            assert!(!page.text.contains(&format!("/orders/{no}{button}")), "{button}");
        }
        for path in ["/sheet/move", "/edit/buyer", "/sheet/parcel"] {
            assert_eq!(
                kit.get(&format!("/orders/{no}{path}"), &who).await.status,
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
        let refused = kit.post(&format!("/orders/{no}/notes"), &who, &[("text", "x")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn a_postal_code_is_answered_from_the_table_inside() {
    run(async |kit| {
        let who = kit.administrator().await;
        let answer = kit.get("/desk/postal/1000001", &who).await;
        assert_eq!(answer.json()[0]["city"], "千代田区");
        assert_eq!(kit.get("/desk/postal/nonsense", &who).await.json(), json!([]));
        assert_eq!(kit.get("/desk/postal/1000001", &Who::Nobody).await.status, StatusCode::SEE_OTHER);
    });
}
