//! Mailboxes (IMP-7, F15): what a mail sets off and what it does not, outages, restarts.

use crate::dovecot::{Dovecot, SECRET};
use crate::kit::{self, Listening, hurry, is_alive, listener, read_up_to, shop, waiting};
use domain::time::{HOUR, MINUTE};
use engine::listening::Place;
use mall_api::Clock as _;
use serde_json::json;
use store::{Access, Kind};
use testkit::house::{House, Plan};

fn plan(kind: Kind) -> Plan {
    Plan::new(kind, 3).shops(2)
}

/// A 楽天 order mail in ISO-2022-JP.
fn mail(id: &str, from: &str, number: &str) -> Vec<u8> {
    let subject = "=?ISO-2022-JP?B?GyRCIVozWkU3O1Q+bCFbQ21KOEZiTUYkNDNORycbKEI=?=";
    let head = format!(
        "From: {from}\r\nTo: shop@example.jp\r\nSubject: {subject}\r\nMessage-ID: <{id}@example.jp>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\r\n"
    );
    let mut all = head.into_bytes();
    // [受注番号]
    all.extend(b"[\x1b$B<uCmHV9f\x1b(B] ");
    all.extend(format!("{number}\r\n").into_bytes());
    all
}

const MALL: &str = "order@rakuten.co.jp";

async fn mailbox(house: &House, server: &Dovecot) {
    let config = json!({
        "host": "127.0.0.1", "port": server.port, "security": "plain", "user": "shop@example.jp", "folder": "INBOX"
    });
    kit::add(house, "imap", config, SECRET).await;
}

/// The first part of the shop's numbers, and a number that is there.
async fn own(house: &House, at: usize) -> (String, String) {
    let id = house.shops[at].shop_id;
    let order = house.orders().await.into_iter().find(|o| o.shop_id == id).unwrap();
    let number = order.mall_order_id.0;
    (number.split_once('-').unwrap().0.to_owned(), number)
}

/// Two shops with orders; the second is imported too, so that its numbers are known.
async fn filled(house: &House) {
    house.import_days(3).await.unwrap();
    let hub = house.quiet_hub();
    let body = engine::requests::ImportRequest {
        from: house.now().plus(-3 * domain::time::DAY),
        to: house.now(),
        statuses: None,
        overwrite: false,
        force: false,
        orders: None,
    };
    let by = domain::history::By::Cli;
    let kind = engine::requests::IMPORT;
    engine::doors::ask_and_work(&hub, &house.shops[1], kind, &body, &by, &mut |_| {}).await.unwrap();
}

testkit::story!(
    the_same_mail_fifty_times_is_one_hint_and_forged_late_and_huge_ones_do_nothing_f15,
    plan,
    |house| {
        let mut server = Dovecot::start();
        filled(house).await;
        hurry(house, 0).await;
        hurry(house, 1).await;
        mailbox(house, &server).await;
        let mut ear = Listening::begin(house);
        ear.until("it listens", async || is_alive(house).await).await;
        let (first, there) = own(house, 0).await;

        // An order that is there already: its mail comes late.
        server.deliver(&mail("late", MALL, &there));
        // Somebody else's sender; somebody else's shop; another matter.
        server.deliver(&mail(
            "forged",
            "order@rakuten.co.jp.example.com",
            &format!("{first}-20261102-0000000777"),
        ));
        server.deliver(&mail("stranger", MALL, "999999-20261102-0000000777"));
        server.deliver(
            b"From: order@rakuten.co.jp\r\nSubject: news\r\nMessage-ID: <n@example.jp>\r\n\r\nhello\r\n",
        );
        server.deliver(b"not a mail at all");
        ear.until("all five are read", async || read_up_to(house, 5).await).await;
        assert_eq!((shop(house, 0).await.hinted_at, shop(house, 1).await.hinted_at), (None, None));
        assert!(waiting(house).await.is_empty());

        // A new order, said fifty times.
        let number = format!("{first}-20261102-0000000777");
        for _ in 0..50 {
            server.deliver(&mail("new", MALL, &number));
        }
        ear.until("the first one is read", async || shop(house, 0).await.hinted_at.is_some()).await;
        ear.until("all fifty are read", async || read_up_to(house, 55).await).await;
        assert_eq!(shop(house, 1).await.hinted_at, None, "the number says whose it is");
        assert_eq!(waiting(house).await, std::slice::from_ref(&number));

        // 20 MB in one mail: only its beginning is fetched (more than the allowance would end the connection).
        let mut huge = mail("huge", MALL, &format!("{first}-20261102-0000000778"));
        huge.resize(20 << 20, b'x');
        server.deliver(&huge);
        ear.until("the huge one is read", async || read_up_to(house, 56).await).await;
        assert_eq!(waiting(house).await.len(), 2);
        let row = listener(house).await;
        assert_eq!((row.failing_since, row.reason), (None, None));

        // Nothing was marked, moved or deleted.
        assert_eq!(server.untouched(), 56);
        ear.end().await;
    }
);

/// Looks at the mall that a word set off.
async fn hinted_looks(house: &House) -> usize {
    let runs = house.ledger.newest_runs(house.shops[0].shop_id, 100).await.unwrap();
    runs.iter().filter(|run| run.trigger == "hint").count()
}

#[test]
fn one_mail_is_one_look_and_its_copies_after_the_look_are_none_f15() {
    testkit::house::run(plan(Kind::Sqlite), async |house| {
        let mut server = Dovecot::start();
        filled(house).await;
        hurry(house, 0).await;
        // The look that switching it on sets off.
        assert!(house.run_until(&house.hub(), HOUR, async |h| shop(h, 0).await.imported_to.is_some()).await);
        mailbox(house, &server).await;
        let mut ear = Listening::begin(house);
        ear.until("it listens", async || is_alive(house).await).await;
        let (first, _) = own(house, 0).await;
        let number = format!("{first}-20261102-0000000900");
        for (copies, total) in [(1, 1), (49, 50)] {
            for _ in 0..copies {
                server.deliver(&mail("a", MALL, &number));
            }
            ear.until("they are read", async || read_up_to(house, total).await).await;
            house.run_until(&house.hub(), HOUR, async |_| false).await;
            assert_eq!(hinted_looks(house).await, 1);
            assert_eq!(shop(house, 0).await.hinted_at, None);
        }
        ear.end().await;
    });
}

#[test]
fn a_mailbox_that_is_out_is_noticed_the_schedule_goes_on_and_it_is_heard_again_f15() {
    testkit::house::run(plan(Kind::Sqlite), async |house| {
        let mut server = Dovecot::start();
        filled(house).await;
        hurry(house, 0).await;
        mailbox(house, &server).await;
        let mut ear = Listening::begin(house);
        ear.until("it listens", async || is_alive(house).await).await;

        server.end();
        ear.until("the outage is noticed", async || listener(house).await.failing_since.is_some()).await;
        let row = listener(house).await;
        let reason = row.reason.unwrap();
        assert!(["listener_connection_lost", "listener_no_connection"].contains(&reason.code.as_str()));
        assert!(reason.retried && !reason.remedy.is_empty());

        // Imports go on by the schedule meanwhile.
        let before = shop(house, 0).await.imported_to;
        let hub = house.hub();
        let went_on = house.run_until(&hub, 2 * HOUR, async |h| shop(h, 0).await.imported_to > before).await;
        assert!(went_on);
        assert!(listener(house).await.failing_since.is_some());

        // What came meanwhile is read when the mailbox is back.
        let (first, _) = own(house, 0).await;
        let number = format!("{first}-20261102-0000000801");
        server.deliver(&mail("meanwhile", MALL, &number));
        server.begin();
        house.clock.sleep_ms(6 * MINUTE).await;
        ear.until("it is heard again", async || is_alive(house).await && read_up_to(house, 1).await).await;
        assert_eq!(waiting(house).await, [number]);
        ear.end().await;
    });
}

#[test]
fn a_restart_reads_nothing_twice_and_a_renumbered_mailbox_says_nothing_new_f15() {
    testkit::house::run(plan(Kind::Sqlite), async |house| {
        let mut server = Dovecot::start();
        filled(house).await;
        hurry(house, 0).await;
        let (first, _) = own(house, 0).await;
        // Before anybody listened: the schedule's.
        server.deliver(&mail("old", MALL, &format!("{first}-20261101-0000000001")));
        mailbox(house, &server).await;
        let mut ear = Listening::begin(house);
        ear.until("it listens", async || is_alive(house).await).await;
        let number = format!("{first}-20261102-0000000802");
        server.deliver(&mail("once", MALL, &number));
        ear.until("it is read", async || read_up_to(house, 2).await).await;
        assert_eq!(waiting(house).await, std::slice::from_ref(&number));
        ear.end().await;

        // A person drops it; what is read again does not bring it back.
        let rows = house.ledger.waiting_provisional(&Access::full(), 10).await.unwrap();
        assert!(house.ledger.drop_provisional(&rows[0], house.now()).await.unwrap());
        server.end();
        server.renumber();
        server.begin();
        let mut ear = Listening::begin(house);
        let mark = listener(house).await.bookmark;
        ear.until("it is read anew", async || {
            let now = listener(house).await.bookmark;
            now.as_ref().map(|m| m["validity"].clone()) != mark.as_ref().map(|m| m["validity"].clone())
                && read_up_to(house, 2).await
        })
        .await;
        assert!(!waiting(house).await.contains(&number));
        ear.end().await;
    });
}

#[test]
fn a_provisional_order_is_filled_by_the_import_that_brings_it_imp14() {
    testkit::house::run(plan(Kind::Sqlite), async |house| {
        let mut server = Dovecot::start();
        filled(house).await;
        hurry(house, 0).await;
        mailbox(house, &server).await;
        let mut ear = Listening::begin(house);
        ear.until("it listens", async || is_alive(house).await).await;
        let number = house.add_orders(json!({ "count": 1 })).unwrap().remove(0);
        server.deliver(&mail("new", MALL, number.as_str()));
        ear.until("its mail is read", async || waiting(house).await == [number.0.clone()]).await;
        ear.end().await;
        assert!(
            house.order(number.as_str()).await.is_none(),
            "it is no order yet: neither notified nor shipped"
        );
        house.import_days(1).await.unwrap();
        assert!(house.order(number.as_str()).await.is_some());
        assert!(waiting(house).await.is_empty());
    });
}

#[test]
fn a_live_test_says_step_by_step_what_is_wrong() {
    testkit::house::run(Plan::empty(Kind::Sqlite, 0), async |house| {
        let mut server = Dovecot::start();
        let kinds = kit::kinds(house);
        let test = async |port: u16, secret: &str, folder: &str| {
            let config = json!({
                "host": "127.0.0.1", "port": port, "security": "plain", "user": "shop@example.jp", "folder": folder
            });
            let place = Place::new(config, secret.to_owned());
            let steps = kinds[0].test(&place).await;
            let last = steps.last().unwrap().outcome.clone();
            (steps.len(), last.map_err(|r| r.code).err().unwrap_or_default())
        };
        assert_eq!(test(server.port, SECRET, "INBOX").await, (4, String::new()));
        assert_eq!(test(server.port, "chigau", "INBOX").await, (2, "mailbox_login_refused".into()));
        assert_eq!(test(server.port, SECRET, "nai").await, (3, "mailbox_folder_missing".into()));
        server.end();
        assert_eq!(test(server.port, SECRET, "INBOX").await, (1, "listener_no_connection".into()));
    });
}
