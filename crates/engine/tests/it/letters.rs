//! Letters and result mails over whole cycles: what a shop is told, once, whatever becomes of the server (NTF-6, F39).

use crate::write_kit::*;
use domain::UtcMillis;
use domain::notice::NoticeState;
use domain::reason;
use domain::rule::Rule;
use domain::write::WriteKind;
use engine::letters::{Mailer, Outgoing, Posted};
use engine::{Hub, HubConfig};
use mall_api::Clock as _;
use mall_api::clock::VirtualClock;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use store::Access;
use store::letters::{Letter, LetterContent, LetterState, NewLetter};
use store::mail::{MailConfig, MailServer, PasswordChange, Reports, Security};
use testkit::house::{House, Plan};

/// What a server does to the n-th try (from 0) of anything.
type Script = Box<dyn Fn(usize) -> Does + Send + Sync>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Does {
    Take,
    /// 451.
    PutOff,
    /// It takes the letter and the answer is lost.
    TakeAndCut,
    /// Nothing at all for so long; then it gives up before the letter.
    Hang(i64),
}

/// A server that remembers what it got.
struct Box_ {
    clock: VirtualClock,
    script: Script,
    tries: Mutex<Vec<String>>,
    got: Mutex<Vec<Outgoing>>,
}

impl std::fmt::Debug for Box_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a mail server")
    }
}

#[async_trait::async_trait]
impl Mailer for Box_ {
    async fn post(&self, _server: &MailServer, letter: &Outgoing) -> Posted {
        let n = {
            let mut tries = self.tries.lock().unwrap();
            tries.push(letter.fingerprint.clone());
            tries.len() - 1
        };
        let does = (self.script)(n);
        if matches!(does, Does::Take | Does::TakeAndCut) {
            self.got.lock().unwrap().push(letter.clone());
        }
        match does {
            Does::Take => Posted::Sent(None),
            Does::PutOff => Posted::NotSent { reason: reason::mail_put_off("451"), again: true },
            Does::TakeAndCut => Posted::Unclear(reason::mail_unclear()),
            Does::Hang(ms) => {
                self.clock.sleep_ms(ms).await;
                Posted::NotSent { reason: reason::mail_no_answer("smtp"), again: true }
            }
        }
    }
}

impl Box_ {
    fn new(house: &House, script: impl Fn(usize) -> Does + Send + Sync + 'static) -> Arc<Self> {
        let (tries, got) = Default::default();
        Arc::new(Self { clock: house.clock.clone(), script: Box::new(script), tries, got })
    }

    /// Letters it got, by what they are about in general: the subject up to the shop.
    fn subjects(&self) -> Vec<String> {
        self.got.lock().unwrap().iter().map(|l| l.subject.clone()).collect()
    }

    /// Did anything arrive twice?
    fn twice(&self) -> bool {
        let mut seen = BTreeMap::<String, usize>::new();
        for letter in self.got.lock().unwrap().iter() {
            *seen.entry(letter.fingerprint.clone()).or_default() += 1;
        }
        seen.values().any(|n| *n > 1)
    }
}

async fn set_up(house: &House, reports: Reports) {
    let config = MailConfig {
        host: "smtp.example.jp".to_owned(),
        port: 587,
        security: Security::StartTls,
        from: "choba@example.jp".to_owned(),
        admin: "tencho@example.jp".to_owned(),
        notify: vec!["souko@example.jp".to_owned()],
        reports,
        ..MailConfig::default()
    };
    assert!(house.ledger.set_mail(&config, &PasswordChange::Forget, 0).await.unwrap());
}

fn hub(house: &House, server: &Arc<Box_>) -> Arc<Hub> {
    let mailer: Arc<dyn Mailer> = server.clone();
    house.hub_with(HubConfig { poll_ms: 5_000, mailer: Some(mailer), ..HubConfig::default() })
}

async fn run_for(house: &House, hub: &Arc<Hub>, ms: i64) {
    house.run_until(hub, ms, async |_| false).await;
}

async fn letters(house: &House) -> Vec<Letter> {
    let mut all = house.ledger.letters(&Access::full(), None, None, 1_000).await.unwrap();
    all.reverse();
    all
}

async fn queue(house: &House, key: &str) {
    let content =
        LetterContent { to: Vec::new(), subject: format!("試験 {key}"), text: "本文".to_owned() };
    let letter = NewLetter { key: key.to_owned(), kind: "credential".to_owned(), shop_id: None, content };
    assert!(house.ledger.queue_letter(&letter, house.now()).await.unwrap());
}

testkit::story!(
    a_cycle_is_told_once_by_two_mails_and_silence_by_none_ntf6,
    |kind| Plan::new(kind, 0),
    |house| {
        set_up(house, Reports::All).await;
        let numbers = shipped(house, 3, json!([])).await;
        // The mall refuses one: longer than it takes.
        renumbered(house, &numbers[1], &"9".repeat(121)).await;
        let server = Box_::new(house, |_| Does::Take);
        run_for(house, &hub(house, &server), HOUR).await;
        let name = &house.shops[0].name;
        let subjects = server.subjects();
        assert_eq!(subjects.len(), 2, "{subjects:?}");
        let results = format!("【要対応】【帳場】連携結果 {name}：エラー1件・正常2件");
        assert!(subjects.contains(&results), "{subjects:?}");
        assert!(
            subjects.iter().any(|s| s.starts_with(&format!("【帳場】モールへの送信 {name}："))),
            "{subjects:?}"
        );
        let got = server.got.lock().unwrap().clone();
        assert!(got.iter().all(|l| l.to == ["tencho@example.jp", "souko@example.jp"]));
        let told = &got.iter().find(|l| l.subject == results).unwrap().text;
        assert!(numbers.iter().all(|n| told.contains(n.as_str())), "{told}");
        assert!(told.contains("対処：") && told.contains(NoticeState::Rejected.remedy_ja()), "{told}");
        run_for(house, &hub(house, &server), 3 * HOUR).await;
        assert_eq!(server.subjects().len(), 2, "nothing happened, nothing is told");
    }
);

testkit::story!(
    an_order_that_stays_behind_is_told_once_with_why_and_never_by_name_ntf6,
    |kind| Plan::new(kind, 0),
    |house| {
        set_up(house, Reports::Failures).await;
        let numbers = imported(house, 1, json!([]), 300).await;
        house.usual_rules().await.unwrap();
        // A target phase without 出荷日 必須 lets an order in that cannot be sent.
        let rule = Rule {
            shop_id: house.shops[0].shop_id,
            kind: WriteKind::ShipmentNotice,
            target_phase: "awaiting_shipment".into(),
            success_phase: None,
            failure_phase: None,
        };
        house.ledger.put_rule(&rule).await.unwrap();
        moved(house, seq(house, &numbers[0]).await, "awaiting_shipment").await;
        let server = Box_::new(house, |_| Does::Take);
        run_for(house, &hub(house, &server), 2 * HOUR).await;
        let got = server.got.lock().unwrap().clone();
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].subject.starts_with("【要対応】") && got[0].subject.contains("送信できない受注1件"));
        assert!(got[0].text.contains(&numbers[0]) && got[0].text.contains("対処："), "{}", got[0].text);
        let view = shown(house, &numbers[0]).await;
        let buyer = view.content.unwrap().buyer;
        let secrets: Vec<String> = [buyer.full_name, buyer.family_name, buyer.phone]
            .into_iter()
            .filter_map(|v| v.value().cloned())
            .collect();
        assert!(!secrets.is_empty());
        assert!(secrets.iter().all(|s| !got[0].text.contains(s)), "a buyer stands in a mail");
        // A good notice is no news for those who want failures only.
        house.pack(view.row.seq, "412345678901").await.unwrap();
        run_for(house, &hub(house, &server), 2 * HOUR).await;
        assert_eq!(row(house, &numbers[0]).await.notice_state, NoticeState::Applied);
        assert_eq!(server.got.lock().unwrap().len(), 1);
    }
);

testkit::story!(many_cycles_in_a_quarter_are_one_mail_of_a_kind_ntf6, |kind| Plan::new(kind, 0), |house| {
    set_up(house, Reports::All).await;
    let numbers = imported(house, 6, json!([]), 300).await;
    house.usual_rules().await.unwrap();
    let server = Box_::new(house, |_| Does::Take);
    let hub = hub(house, &server);
    let worker = tokio::spawn(hub.run());
    let start = house.now();
    for (i, number) in numbers.iter().enumerate() {
        let seq = seq(house, number).await;
        house.pack(seq, &format!("4{i:011}")).await.unwrap();
        moved(house, seq, "shipped").await;
        house.clock.sleep_ms(4 * MINUTE).await;
    }
    house.clock.sleep_ms(20 * MINUTE).await;
    hub.stop();
    worker.await.unwrap();
    let letters = letters(house).await;
    for kind in ["notice_sent", "notice_results"] {
        let at: Vec<UtcMillis> = letters.iter().filter(|l| l.kind == kind).map(|l| l.created_at).collect();
        assert!((2..=3).contains(&at.len()), "{kind}: {at:?} since {start:?}");
        assert!(at.windows(2).all(|w| w[1].since(w[0]) >= 15 * MINUTE), "{kind}: {at:?}");
    }
    let told = server.got.lock().unwrap().iter().map(|l| l.text.clone()).collect::<String>();
    assert!(numbers.iter().all(|n| told.matches(n.as_str()).count() == 2), "once a kind: {told}");
});

testkit::story!(f39_a_server_that_hangs_holds_up_no_notice, |kind| Plan::new(kind, 0), |house| {
    set_up(house, Reports::All).await;
    queue(house, "hangs").await;
    let numbers = shipped(house, 2, json!([])).await;
    let server = Box_::new(house, |n| if n == 0 { Does::Hang(8 * MINUTE) } else { Does::Take });
    let hub = hub(house, &server);
    let done = house
        .run_until(&hub, 7 * MINUTE, async |house| house.in_state(NoticeState::Applied).await == 2)
        .await;
    assert!(done, "the outcome waits for no mail");
    run_for(house, &hub_again(house, &server), 2 * HOUR).await;
    for number in &numbers {
        one_record_each(house, number).await;
    }
    assert!(letters(house).await.iter().all(|l| matches!(l.state, LetterState::Sent | LetterState::Unclear)));
    assert!(!server.twice());
});

fn hub_again(house: &House, server: &Arc<Box_>) -> Arc<Hub> {
    hub(house, server)
}

testkit::story!(f39_what_is_put_off_arrives_once_and_bears_one_name, |kind| Plan::new(kind, 0), |house| {
    set_up(house, Reports::Off).await;
    queue(house, "451").await;
    let server = Box_::new(house, |n| if n < 3 { Does::PutOff } else { Does::Take });
    run_for(house, &hub(house, &server), 3 * HOUR).await;
    let tries = server.tries.lock().unwrap().clone();
    assert_eq!((tries.len(), server.got.lock().unwrap().len()), (4, 1));
    assert!(tries.iter().all(|t| t == &tries[0]), "one Message-ID for all tries");
    assert_eq!(letters(house).await[0].state, LetterState::Sent);
});

testkit::story!(
    f39_what_was_taken_and_cut_is_never_sent_again_by_itself,
    |kind| Plan::new(kind, 0),
    |house| {
        set_up(house, Reports::Off).await;
        queue(house, "250 and cut").await;
        let server = Box_::new(house, |_| Does::TakeAndCut);
        let config =
            HubConfig { poll_ms: 5 * MINUTE, beat_ms: 10 * MINUTE, lease_ms: HOUR, ..HubConfig::default() };
        let mailer: Arc<dyn Mailer> = server.clone();
        let hub = house.hub_with(HubConfig { mailer: Some(mailer), ..config });
        run_for(house, &hub, 72 * HOUR).await;
        assert_eq!(server.tries.lock().unwrap().len(), 1);
        let letter = letters(house).await.remove(0);
        assert_eq!(
            (letter.state, letter.reason.unwrap().code.as_str()),
            (LetterState::Unclear, "mail_unclear")
        );
    }
);

testkit::story!(f39_two_processes_send_each_letter_once, |kind| Plan::new(kind, 0), |house| {
    set_up(house, Reports::All).await;
    for n in 0..20 {
        queue(house, &format!("{n}")).await;
    }
    shipped(house, 3, json!([])).await;
    let server = Box_::new(house, |_| Does::Take);
    let (one, two) = (hub(house, &server), hub(house, &server));
    let second = tokio::spawn(two.run());
    run_for(house, &one, HOUR).await;
    two.stop();
    second.await.unwrap();
    assert_eq!(server.tries.lock().unwrap().len(), 22, "20 and one of each kind");
    assert!(!server.twice());
});

testkit::story!(
    without_a_server_letters_wait_and_one_of_a_kind_is_enough_ntf6,
    |kind| Plan::new(kind, 0),
    |house| {
        let server = Box_::new(house, |_| Does::Take);
        let numbers = shipped(house, 2, json!([])).await;
        run_for(house, &hub(house, &server), HOUR).await;
        let waiting = letters(house).await;
        assert_eq!(waiting.iter().filter(|l| l.state == LetterState::Queued).count(), 2, "{waiting:?}");
        // More happens: it is told when the first ones have left.
        assert!(set_by_hand(house, &numbers[0], NoticeState::NotSent).await);
        moved(house, seq(house, &numbers[0]).await, "shipped").await;
        run_for(house, &hub(house, &server), HOUR).await;
        assert_eq!(letters(house).await.len(), 2);
        assert!(server.subjects().is_empty());
        let health = engine::health::of_ledger(&house.ledger, &malls::by_key, house.now()).await.unwrap();
        let told: Vec<_> = health.iter().filter(|f| f.check == "mail").collect();
        assert!(told.len() == 1 && told[0].ja.contains("2通が送られずに待っています"), "{told:?}");
        set_up(house, Reports::All).await;
        run_for(house, &hub(house, &server), HOUR).await;
        assert_eq!(server.subjects().len(), 4, "{:?}", server.subjects());
        assert!(!server.twice());
    }
);
