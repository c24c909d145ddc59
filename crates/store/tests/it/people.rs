//! Users, groups, sessions, tokens, links, keys of writes, tickets: on both databases.

use crate::house::{NOW, ring};
use domain::rights::{Level, Menu, Rights, default_groups};
use domain::time::{DAY, HOUR};
use store::Ledger;
use store::desk::idempotency::Claim;
use store::desk::users::access::Session;
use store::desk::users::own::FirstUser;
use store::desk::users::{Group, Refused};
use testkit::contract;
use testkit::tempdb::TempDb;

async fn ledger(db: &TempDb) -> Ledger {
    Ledger::with_db((**db).clone(), ring(), NOW).await.unwrap()
}

async fn group(ledger: &Ledger, name: &str) -> Group {
    ledger.groups().await.unwrap().into_iter().find(|g| g.name == name).unwrap()
}

async fn user(ledger: &Ledger, login: &str, group: i64) -> i64 {
    ledger.add_user(login, "架空 花子", group, Some("hash"), NOW).await.unwrap().unwrap()
}

fn session(user: i64, token: &str) -> Session {
    Session {
        token_hash: token.to_owned(),
        user_id: user,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW.plus(HOUR),
        agent: "test".to_owned(),
    }
}

contract!(a_new_installation_has_its_groups_once_and_nobody_in_them_desk7, |db| {
    for _ in 0..2 {
        let ledger = ledger(db).await;
        let names: Vec<String> = ledger.groups().await.unwrap().into_iter().map(|g| g.name).collect();
        assert_eq!(names, default_groups().iter().map(|(name, _)| *name).collect::<Vec<_>>());
        assert!(!ledger.has_users().await.unwrap());
    }
});

contract!(login_names_are_one_whatever_their_case_or_width, |db| {
    let ledger = ledger(db).await;
    let group = group(&ledger, "管理者").await.group_id;
    let id = user(&ledger, "Sato", group).await;
    assert_eq!(ledger.add_user("ＳＡＴＯ ", "x", group, None, NOW).await.unwrap(), Err(Refused::Taken));
    assert_eq!(ledger.user_by_login(" ｓato").await.unwrap().unwrap().user_id, id);
});

contract!(a_group_is_never_changed_over_somebody_elses_change_desk7, |db| {
    let ledger = ledger(db).await;
    let read = group(&ledger, "閲覧のみ").await;
    let changed = Group { rights: Rights::default(), ..read.clone() };
    ledger.set_group(&changed).await.unwrap().unwrap();
    assert_eq!(ledger.set_group(&read).await.unwrap(), Err(Refused::Changed));
    assert_eq!(group(&ledger, "閲覧のみ").await.rights, Rights::default());
    let taken = Group { name: "管理者".to_owned(), version: read.version + 1, ..read };
    assert_eq!(ledger.set_group(&taken).await.unwrap(), Err(Refused::Taken));
});

contract!(the_last_who_may_change_users_stays_by_person_and_by_group, |db| {
    let ledger = ledger(db).await;
    let (admins, viewers) = (group(&ledger, "管理者").await, group(&ledger, "閲覧のみ").await.group_id);
    let (one, other) =
        (user(&ledger, "one", admins.group_id).await, user(&ledger, "other", admins.group_id).await);
    ledger.set_user(other, "x", viewers, true).await.unwrap().unwrap();
    for (group, active) in [(viewers, true), (admins.group_id, false)] {
        let refused = ledger.set_user(one, "x", group, active).await.unwrap();
        assert_eq!(refused, Err(Refused::LastAdministrator));
    }
    let menus = [(Menu::Users, Level::View)].into();
    let weaker = Group { rights: Rights { menus, ..Rights::default() }, ..admins.clone() };
    assert_eq!(ledger.set_group(&weaker).await.unwrap(), Err(Refused::LastAdministrator));
    assert_eq!(group(&ledger, "管理者").await, admins);
    assert_eq!(ledger.drop_group(admins.group_id).await.unwrap(), Err(Refused::NotThere));
});

contract!(two_administrators_who_switch_each_other_off_do_not_both_succeed, |db| {
    let ledger = ledger(db).await;
    let admins = group(&ledger, "管理者").await.group_id;
    let (one, other) = (user(&ledger, "one", admins).await, user(&ledger, "other", admins).await);
    let (a, b) =
        tokio::join!(ledger.set_user(one, "x", admins, false), ledger.set_user(other, "x", admins, false));
    let gone = [a, b].into_iter().filter(|r| matches!(r, Ok(Ok(())))).count();
    assert!(gone <= 1);
    let left = ledger.users().await.unwrap().into_iter().filter(|u| u.state == "active").count();
    assert_eq!(left, 2 - gone);
});

contract!(whoever_is_switched_off_loses_sessions_tokens_and_links_at_once_f66, |db| {
    let ledger = ledger(db).await;
    let admins = group(&ledger, "管理者").await.group_id;
    user(&ledger, "one", admins).await;
    let id = user(&ledger, "other", admins).await;
    ledger.add_session(&session(id, "s")).await.unwrap();
    ledger.add_api_token(id, "x", "t", false, NOW.plus(DAY), NOW).await.unwrap();
    ledger.add_one_time_link("l", "sign_in", Some(id), NOW.plus(DAY)).await.unwrap();
    ledger.set_user(id, "x", admins, false).await.unwrap().unwrap();
    assert_eq!(ledger.session("s", NOW).await.unwrap(), None);
    assert_eq!(ledger.api_token("t", NOW).await.unwrap(), None);
    assert_eq!(ledger.use_one_time_link("l", "sign_in", NOW).await.unwrap(), None);
});

contract!(a_new_password_ends_every_session_but_the_one_that_is_kept_f66, |db| {
    let ledger = ledger(db).await;
    let id = user(&ledger, "one", group(&ledger, "管理者").await.group_id).await;
    for token in ["a", "b", "c"] {
        ledger.add_session(&session(id, token)).await.unwrap();
    }
    ledger.add_one_time_link("l", "sign_in", Some(id), NOW.plus(DAY)).await.unwrap();
    ledger.set_password(id, "other", Some("b"), NOW).await.unwrap();
    let left = ledger.sessions(id, NOW).await.unwrap();
    assert_eq!(left.iter().map(|s| s.token_hash.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(!ledger.one_time_link("l", "sign_in", NOW).await.unwrap());
    assert_eq!(ledger.session("b", NOW.plus(HOUR)).await.unwrap(), None);
    ledger.clear_password(id).await.unwrap();
    assert_eq!(ledger.user(id).await.unwrap().unwrap().password, None);
    assert_eq!(ledger.sessions(id, NOW).await.unwrap(), []);
});

contract!(a_token_ends_by_itself_and_belongs_to_its_person_f69, |db| {
    let ledger = ledger(db).await;
    let admins = group(&ledger, "管理者").await.group_id;
    let (one, other) = (user(&ledger, "one", admins).await, user(&ledger, "other", admins).await);
    let id = ledger.add_api_token(one, "x", "digest", true, NOW.plus(DAY), NOW).await.unwrap();
    assert_eq!(ledger.api_token("digest", NOW).await.unwrap().unwrap().user_id, one);
    assert_eq!(ledger.api_tokens(one).await.unwrap()[0].used_at, Some(NOW));
    assert_eq!(ledger.api_token("digest", NOW.plus(DAY)).await.unwrap(), None);
    assert!(!ledger.drop_api_token(other, id).await.unwrap());
    assert!(ledger.drop_api_token(one, id).await.unwrap());
    assert_eq!(ledger.api_token("digest", NOW).await.unwrap(), None);
});

contract!(a_link_is_used_once_however_many_try_at_once_f70, |db| {
    let ledger = ledger(db).await;
    ledger.add_one_time_link("l", "sign_in", Some(7), NOW.plus(DAY)).await.unwrap();
    let use_it = || ledger.use_one_time_link("l", "sign_in", NOW);
    assert_eq!(ledger.use_one_time_link("l", "setup", NOW).await.unwrap(), None);
    let (a, b, c) = tokio::join!(use_it(), use_it(), use_it());
    let used = [a, b, c].into_iter().filter(|r| matches!(r, Ok(Some(Some(7))))).count();
    assert_eq!(used, 1);
});

contract!(there_is_one_first_user_however_many_links_there_are_f70, |db| {
    let ledger = ledger(db).await;
    for link in ["one", "other"] {
        ledger.add_one_time_link(link, "setup", None, NOW.plus(DAY)).await.unwrap();
    }
    let first = |login, link| FirstUser { login, name: "x", password: "hash", link: Some(link) };
    let late = ledger.add_first_user(first("late", "one"), NOW.plus(DAY)).await.unwrap();
    assert_eq!(late, Err(Refused::NotThere));
    let (a, b) = tokio::join!(
        ledger.add_first_user(first("one", "one"), NOW),
        ledger.add_first_user(first("other", "other"), NOW)
    );
    assert_eq!([a, b].into_iter().filter(|r| matches!(r, Ok(Ok(_)))).count(), 1);
    let users = ledger.users().await.unwrap();
    assert_eq!(users.len(), 1);
    let administrates =
        |g: &Group| g.group_id == users[0].group_id && g.rights.level(Menu::Users) == Level::Edit;
    assert!(ledger.groups().await.unwrap().iter().any(administrates));
});

contract!(a_code_of_the_second_factor_is_good_once_f66, |db| {
    let ledger = ledger(db).await;
    let id = user(&ledger, "one", group(&ledger, "管理者").await.group_id).await;
    ledger.set_totp(id, Some(b"geheim")).await.unwrap();
    assert_eq!(ledger.totp_secret(id).await.unwrap().unwrap().as_slice(), b"geheim");
    let (a, b) = tokio::join!(ledger.use_totp(id, 5), ledger.use_totp(id, 5));
    assert_eq!([a.unwrap(), b.unwrap()].into_iter().filter(|used| *used).count(), 1);
    assert!(!ledger.use_totp(id, 4).await.unwrap());
    assert!(ledger.use_totp(id, 6).await.unwrap());
});

contract!(of_many_who_claim_a_key_one_works_and_all_get_its_answer_i5, |db| {
    let ledger = ledger(db).await;
    let claim = || ledger.claim_key("key", "request", NOW);
    let (a, b, c) = tokio::join!(claim(), claim(), claim());
    let claims = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert_eq!(claims.iter().filter(|c| **c == Claim::New).count(), 1);
    assert_eq!(claims.iter().filter(|c| **c == Claim::UnderWay).count(), 2);
    assert_eq!(ledger.claim_key("key", "other", NOW).await.unwrap(), Claim::OtherRequest);
    ledger.answer_key("key", Some((200, b"answer"))).await.unwrap();
    let done = Claim::Done { status: 200, body: b"answer".to_vec() };
    assert_eq!(claim().await.unwrap(), done);
    // What was not done may be tried again, and what is old is forgotten.
    assert_eq!(ledger.claim_key("free", "request", NOW).await.unwrap(), Claim::New);
    ledger.answer_key("free", None).await.unwrap();
    assert_eq!(ledger.claim_key("free", "request", NOW).await.unwrap(), Claim::New);
    assert_eq!(ledger.claim_key("key", "request", NOW.plus(3 * DAY)).await.unwrap(), Claim::New);
});

contract!(a_ticket_is_ours_unbroken_for_its_purpose_and_its_time_f62, |db| {
    let ledger = ledger(db).await;
    let ticket = ledger.seal_ticket("search", "架空 花子", NOW.plus(HOUR)).unwrap();
    assert!(!ticket.contains("架空"));
    assert_eq!(ledger.open_ticket("search", &ticket, NOW).as_deref(), Some("架空 花子"));
    assert_eq!(ledger.open_ticket("totp", &ticket, NOW), None);
    assert_eq!(ledger.open_ticket("search", &ticket, NOW.plus(HOUR)), None);
    let mut forged = ticket.clone().into_bytes();
    let last = forged.len() - 2;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    assert_eq!(ledger.open_ticket("search", &String::from_utf8(forged).unwrap(), NOW), None);
    for nonsense in ["", "x", "äöü", &"A".repeat(10_000)] {
        assert_eq!(ledger.open_ticket("search", nonsense, NOW), None);
    }
});
