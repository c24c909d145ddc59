//! Letters and result mails as rows: written once, claimed before the first byte, unclear ones left alone (F39); a report,
//! its letter and its marks together (NTF-6); the server's password sealed.

use domain::{Reason, ShopId, UtcMillis, reason};
use secrecy::{ExposeSecret as _, SecretString};
use store::Access;
use store::letters::{LetterContent, LetterEnd, LetterState, NewLetter};
use store::mail::{MailConfig, PasswordChange, Reports, Security};
use store::reports::{NewReport, ReportKind, ReportMark};
use testkit::contract;

use crate::house::{House, NOW};
use domain::write::StepState;

fn letter(key: &str, shop: Option<ShopId>) -> NewLetter {
    let content = LetterContent {
        to: vec!["tencho@example.jp".to_owned()],
        subject: "【帳場】試験".to_owned(),
        text: "本文\n".to_owned(),
    };
    NewLetter { key: key.to_owned(), kind: "notice_results".to_owned(), shop_id: shop, content }
}

fn put_off() -> Reason {
    reason::mail_put_off("451")
}

async fn state(house: &House, id: i64) -> LetterState {
    house.ledger.letter(id).await.unwrap().unwrap().state
}

contract!(a_letter_is_written_once_and_taken_by_one_f39, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    assert!(ledger.queue_letter(&letter("a", None), NOW).await.unwrap());
    assert!(!ledger.queue_letter(&letter("a", None), NOW.plus(1)).await.unwrap(), "about the same thing");
    let due = ledger.due_letters(NOW, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert!(ledger.due_letters(NOW.plus(-1), 10).await.unwrap().is_empty(), "not due yet");
    let claims = [1, 2].map(|_| ledger.claim_letter(due[0], NOW.plus(60_000), NOW));
    let taken: Vec<_> =
        futures::future::join_all(claims).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken.len(), 1, "one of two");
    let claimed = &taken[0];
    assert_eq!((claimed.state, claimed.attempts), (LetterState::Sending, 1));
    assert_eq!(claimed.content, letter("a", None).content);
    assert!(
        ledger.due_letters(NOW.plus(120_000), 10).await.unwrap().is_empty(),
        "never sent twice by itself"
    );
    assert!(ledger.letter_ended(claimed, &LetterEnd::Sent(None), NOW.plus(10)).await.unwrap());
    assert!(!ledger.letter_ended(claimed, &LetterEnd::Failed(put_off()), NOW.plus(11)).await.unwrap());
    let stored = ledger.letter(due[0]).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.ended_at), (LetterState::Sent, Some(NOW.plus(10))));
    assert_eq!(stored.fingerprint(), claimed.fingerprint());
    let dump = house.everything().await.join("\n");
    assert!(!dump.contains("tencho@example.jp") && !dump.contains("本文"), "sealed");
});

contract!(a_claim_that_ran_out_is_unclear_and_its_late_word_still_counts_f39, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    for key in ["a", "b"] {
        ledger.queue_letter(&letter(key, None), NOW).await.unwrap();
    }
    let until = NOW.plus(60_000);
    let mut claimed = Vec::new();
    for id in ledger.due_letters(NOW, 10).await.unwrap() {
        claimed.push(ledger.claim_letter(id, until, NOW).await.unwrap().unwrap());
    }
    assert_eq!(ledger.settle_lost_letters(&reason::mail_cut_off(), NOW.plus(59_999)).await.unwrap(), 0);
    assert_eq!(ledger.settle_lost_letters(&reason::mail_cut_off(), until).await.unwrap(), 2);
    assert!(ledger.due_letters(NOW.plus(1_000_000_000), 10).await.unwrap().is_empty(), "nobody resends it");
    let lost = ledger.letter(claimed[0].id).await.unwrap().unwrap();
    assert_eq!((lost.state, lost.reason.unwrap().code.as_str()), (LetterState::Unclear, "mail_cut_off"));
    // It was only slow: what it says is true all the same.
    assert!(ledger.letter_ended(&claimed[0], &LetterEnd::Sent(None), until.plus(1)).await.unwrap());
    assert_eq!(state(&house, claimed[0].id).await, LetterState::Sent);
    // A person sends the other one again: the first try's word is not this try's.
    assert!(ledger.send_letter_again(claimed[1].id, until).await.unwrap());
    assert!(!ledger.send_letter_again(claimed[0].id, until).await.unwrap(), "it was sent");
    ledger.claim_letter(claimed[1].id, until.plus(60_000), until).await.unwrap().unwrap();
    assert!(!ledger.letter_ended(&claimed[1], &LetterEnd::Sent(None), until.plus(2)).await.unwrap());
    assert_eq!(state(&house, claimed[1].id).await, LetterState::Sending);
});

contract!(what_is_put_off_waits_and_new_settings_hurry_it_f39, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    ledger.queue_letter(&letter("a", Some(house.id())), NOW).await.unwrap();
    assert!(ledger.has_waiting_letter("notice_results", house.id()).await.unwrap());
    assert!(!ledger.has_waiting_letter("notice_sent", house.id()).await.unwrap());
    let id = ledger.due_letters(NOW, 10).await.unwrap()[0];
    let claimed = ledger.claim_letter(id, NOW.plus(9), NOW).await.unwrap().unwrap();
    let retry = LetterEnd::Retry(NOW.plus(1_000), put_off());
    assert!(ledger.letter_ended(&claimed, &retry, NOW).await.unwrap());
    assert!(ledger.due_letters(NOW.plus(999), 10).await.unwrap().is_empty());
    let counts = ledger.letter_counts(NOW).await.unwrap();
    assert_eq!((counts[0].state, counts[0].n, counts[0].first_at), (LetterState::Queued, 1, NOW));
    ledger.hurry_letters(NOW.plus(5)).await.unwrap();
    assert_eq!(ledger.due_letters(NOW.plus(5), 10).await.unwrap(), [id]);
    let listed = ledger.letters(&Access::full(), Some(LetterState::Queued), None, 10).await.unwrap();
    assert_eq!((listed[0].attempts, listed[0].reason.as_ref().unwrap().code.as_str()), (1, "mail_put_off"));
    let elsewhere = Access { shops: Some(vec![ShopId(99)]), buyer_data: true };
    assert!(ledger.letters(&elsewhere, None, None, 10).await.unwrap().is_empty(), "another shop's");
    assert_eq!(ledger.purge_letters(NOW.plus(1)).await.unwrap(), 0, "what waits is kept");
});

contract!(letters_are_listed_page_by_page_and_old_ones_are_forgotten, |db| {
    let house = House::new(db).await;
    for n in 0..5 {
        house.ledger.queue_letter(&letter(&format!("{n}"), None), NOW.plus(n / 2)).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = house.ledger.letters(&Access::full(), None, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id));
        seen.extend(page.into_iter().map(|l| l.key));
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    let id = house.ledger.due_letters(NOW, 1).await.unwrap()[0];
    let claimed = house.ledger.claim_letter(id, NOW.plus(9), NOW).await.unwrap().unwrap();
    house.ledger.letter_ended(&claimed, &LetterEnd::Failed(put_off()), NOW).await.unwrap();
    assert_eq!(house.ledger.purge_letters(NOW.plus(10)).await.unwrap(), 1);
});

contract!(the_servers_password_is_sealed_and_changed_by_one_at_a_time_ntf6, |db| {
    let house = House::new(db).await;
    let ledger = &house.ledger;
    assert!(ledger.mail_settings().await.unwrap().is_none() && ledger.mail_server().await.unwrap().is_none());
    let config = MailConfig {
        host: "smtp.example.jp".to_owned(),
        port: 465,
        security: Security::Tls,
        login: "choba".to_owned(),
        from: "choba@example.jp".to_owned(),
        admin: "tencho@example.jp".to_owned(),
        notify: vec!["a@example.jp".to_owned()],
        reports: Reports::Failures,
    };
    let secret = PasswordChange::Set(SecretString::from("架空の合言葉".to_owned()));
    assert!(ledger.set_mail(&config, &secret, 0).await.unwrap());
    assert!(!ledger.set_mail(&config, &secret, 0).await.unwrap(), "there are some already");
    let kept = ledger.mail_settings().await.unwrap().unwrap();
    assert_eq!((&kept.config, kept.has_password, kept.version), (&config, true, 1));
    let other = MailConfig { port: 587, ..config };
    assert!(ledger.set_mail(&other, &PasswordChange::Keep, 1).await.unwrap());
    assert!(!ledger.set_mail(&other, &PasswordChange::Forget, 1).await.unwrap(), "somebody was faster");
    let server = ledger.mail_server().await.unwrap().unwrap();
    assert_eq!((server.config.port, server.password.unwrap().expose_secret()), (587, "架空の合言葉"));
    assert!(!house.everything().await.join("\n").contains("架空の合言葉"));
    assert!(ledger.set_mail(&other, &PasswordChange::Forget, 2).await.unwrap());
    assert!(!ledger.mail_settings().await.unwrap().unwrap().has_password);
});

contract!(a_report_its_letter_and_its_marks_are_one_and_made_by_one_ntf6, |db| {
    let house = House::new(db).await;
    let (ledger, shop) = (&house.ledger, house.id());
    let seqs = house.samples(3).await;
    for (seq, end) in seqs.iter().zip([StepState::Applied, StepState::Rejected]) {
        let step = house.wish(*seq, 1).await[0];
        house.send(&[(step, end)]).await;
    }
    house.wish(seqs[2], 1).await;
    let sent = ledger.untold_writes(ReportKind::Sent).await.unwrap();
    let ended = ledger.untold_writes(ReportKind::Results).await.unwrap();
    assert_eq!((sent[0].n, ended[0].n, sent[0].shop_id), (3, 2, shop));
    let rows = ledger.untold_notices(shop, true, 10).await.unwrap();
    assert_eq!(rows.iter().map(|r| r.seq).collect::<Vec<_>>(), seqs[..2]);
    let before = ledger.report_mark(ReportKind::Results, shop).await.unwrap();
    assert_eq!(before, ReportMark::default());
    let after = ReportMark { at: Some(NOW), told: [(7, "no_parcel".to_owned())].into() };
    let mail = letter("notice_results:1", Some(shop));
    let report = NewReport {
        kind: ReportKind::Results,
        shop_id: shop,
        before: &before,
        after: &after,
        writes: rows.iter().map(|r| r.outbox_id).collect(),
        letter: Some(&mail),
    };
    assert!(ledger.write_report(&report, NOW).await.unwrap());
    assert_eq!(ledger.report_mark(ReportKind::Results, shop).await.unwrap(), after);
    assert!(ledger.untold_writes(ReportKind::Results).await.unwrap().is_empty());
    assert_eq!(
        ledger.untold_writes(ReportKind::Sent).await.unwrap()[0].n,
        3,
        "the other kind has its own marks"
    );
    // Another process that looked at the same time writes nothing.
    let other = letter("notice_results:2", Some(shop));
    let late = NewReport { letter: Some(&other), ..report };
    assert!(!ledger.write_report(&late, NOW).await.unwrap());
    assert_eq!(ledger.letters(&Access::full(), None, None, 10).await.unwrap().len(), 1);
    let silent = ReportMark { at: Some(UtcMillis(NOW.0 + 1)), ..after.clone() };
    let next = NewReport { before: &after, after: &silent, writes: Vec::new(), letter: None, ..late };
    assert!(ledger.write_report(&next, NOW).await.unwrap());
});
