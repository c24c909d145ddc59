//! メール and 送ったメール through the router.

use crate::house_kit::{only, run};
use axum::http::StatusCode;
use domain::rights::{Level, Menu};
use domain::{Reason, ShopId};
use store::letters::{LetterContent, LetterEnd, NewLetter};

const GOOD: [(&str, &str); 10] = [
    ("version", "0"),
    ("host", "smtp.example.jp"),
    ("port", ""),
    ("security", "start_tls"),
    ("login", "choba"),
    ("password", "架空の合言葉"),
    ("from", "choba@example.jp"),
    ("admin", "tencho@example.jp"),
    ("notify", "a@example.jp\nb@example.jp"),
    ("reports", "failures"),
];

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let of = |key: &str| changes.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
    GOOD.into_iter().map(|(key, value)| (key, of(key).unwrap_or(value))).collect()
}

#[test]
fn mail_is_set_up_without_its_password_ever_coming_back_ntf6_f63() {
    run(async |kit| {
        let who = kit.administrator().await;
        let to = kit.post("/settings/mail", &who, &GOOD).await.to();
        let page = kit.get(&to, &who).await.text;
        assert!(
            page.contains("smtp.example.jp") && page.contains("tencho@example.jp") && page.contains("587")
        );
        assert!(page.contains("登録済みです") && !page.contains("架空の合言葉"));
        let kept = kit.desk.ledger().mail_settings().await.unwrap().unwrap();
        assert_eq!(kept.config.addresses(), ["tencho@example.jp", "a@example.jp", "b@example.jp"]);
        for (changes, named) in [
            (vec![("version", "1"), ("host", "127.0.0.1")], "host"),
            (vec![("version", "1"), ("host", "localhost")], "host"),
            (vec![("version", "1"), ("port", "6379")], "port"),
            (vec![("version", "1"), ("security", "plain")], "security"),
            (vec![("version", "1"), ("admin", "x@example.jp\r\nBcc: y@example.jp")], "admin"),
            (vec![("version", "1"), ("notify", "nobody")], "notify"),
            (vec![("version", "1"), ("host", "smtp.example.com"), ("password", "")], "password"),
        ] {
            let answer = kit.post("/settings/mail", &who, &with(&changes)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
            assert!(answer.text.contains(&format!("mono\">{named}<")), "{named}: {}", answer.text);
        }
        let late = kit.post("/settings/mail", &who, &GOOD).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "somebody else was faster");
        // This process has no way out: the try says so, in words.
        let tried = kit.post("/settings/mail/try", &who, &[]).await;
        assert!(tried.text.contains("メールの設定がありません"), "{}", tried.text);
        let log = kit.desk.ledger().actions(None, 10).await.unwrap();
        assert!(log.iter().any(|l| l.action == "settings.mail"));
        assert!(log.iter().all(|l| !l.details.to_string().contains("架空の合言葉")));
    });
}

#[test]
fn letters_are_listed_and_sent_once_more_only_by_a_person_who_is_sure_f39() {
    run(async |kit| {
        let (who, ledger, now) = (kit.administrator().await, kit.desk.ledger(), kit.desk.now());
        let letter = |key: &str, shop: Option<ShopId>| NewLetter {
            key: key.to_owned(),
            kind: "notice_results".to_owned(),
            shop_id: shop,
            content: LetterContent {
                to: Vec::new(),
                subject: format!("【帳場】件名<b>{key}"),
                text: "本文<script>".to_owned(),
            },
        };
        for (key, shop) in [("a", None), ("b", Some(ShopId(kit.shop())))] {
            ledger.queue_letter(&letter(key, shop), now).await.unwrap();
        }
        let ids = ledger.due_letters(now, 10).await.unwrap();
        let claimed = ledger.claim_letter(ids[0], now.plus(9), now).await.unwrap().unwrap();
        let why = Reason::new("mail_unclear", "届いたか分かりません", "確かめてください。", "not known");
        ledger.letter_ended(&claimed, &LetterEnd::Unclear(why), now).await.unwrap();
        let page = kit.get("/settings/letters", &who).await.text;
        assert!(page.contains("件名&#60;b&#62;a") || page.contains("件名&lt;b&gt;a"), "{page}");
        assert!(
            page.contains("届いたか不明")
                && page.contains("送信待ち")
                && page.contains("届いたか分かりません")
        );
        let only_unclear = kit.get("/settings/letters?state=unclear", &who).await.text;
        assert!(only_unclear.contains("&gt;a<") || only_unclear.contains("&#62;a<"));
        assert!(!only_unclear.contains("&gt;b<") && !only_unclear.contains("&#62;b<"));
        let path = format!("/settings/letters/{}", ids[0]);
        assert!(kit.get(&path, &who).await.text.contains("管理者と通知先"));
        let again = format!("{path}/again");
        let unsure = kit.post(&again, &who, &[]).await;
        assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ledger.due_letters(now, 10).await.unwrap().len(), 1);
        kit.post(&again, &who, &[("sure", "1")]).await.to();
        assert_eq!(ledger.due_letters(now, 10).await.unwrap().len(), 2);
        assert_eq!(kit.post(&again, &who, &[("sure", "1")]).await.status, StatusCode::CONFLICT);
        // Of a shop that one does not see there is no letter.
        let elsewhere =
            domain::rights::Rights { shops: Some(vec![ShopId(99)]), ..domain::rights::Rights::all() };
        let other = kit.visitor("yoso.no", &elsewhere).await;
        let hidden = kit.get(&format!("/settings/letters/{}", ids[1]), &other).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND);
        let reader = kit.visitor("miru.dake", &only(Menu::Settings, Level::View)).await;
        assert_eq!(kit.post(&again, &reader, &[("sure", "1")]).await.status, StatusCode::FORBIDDEN);
    });
}
