//! 個人設定: password, second factor, sessions, tokens.

use crate::kit::{self, Kit, PASSWORD, Who};
use domain::rights::Rights;
use domain::time::{DAY, MINUTE};

async fn me(kit: &Kit<'_>) -> (i64, Who) {
    let user = kit.person("kakuu", &Rights::all()).await;
    kit.set_password(user).await;
    (user, kit.sign_in(user).await)
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one_and_must_be_strong_f64_f66() {
    kit::run(0, async |kit| {
        let (user, who) = me(kit).await;
        let strong = "かき と みかん と すいか";
        for (old, new, again, field) in [
            ("ちがう", strong, strong, "old"),
            (PASSWORD, "short", "short", "new"),
            (PASSWORD, "kakuu-kakuu-1", "kakuu-kakuu-1", "new"),
            (PASSWORD, strong, "かき", "again"),
        ] {
            let answer =
                kit.post("/me/password", &who, &[("old", old), ("new", new), ("again", again)]).await;
            assert_eq!(answer.status, 422);
            assert!(answer.text.contains(field), "{field}: {}", answer.text);
            assert!(!answer.text.contains(strong) && !answer.text.contains(PASSWORD));
        }
        assert_eq!(kit.desk.ledger().user(user).await.unwrap().unwrap().failures, 1);
        let answer =
            kit.post("/me/password", &who, &[("old", PASSWORD), ("new", strong), ("again", strong)]).await;
        assert_eq!(answer.to(), "/me?done=password");
        // Nothing of it is in the log of actions, nor anywhere in the database.
        assert!(!format!("{:?}", kit.log().await).contains(strong));
    });
}

#[test]
fn guessing_the_old_password_in_a_session_is_slow_too_f64() {
    kit::run(0, async |kit| {
        let (_, who) = me(kit).await;
        let fields = [("old", "ちがう"), ("new", PASSWORD), ("again", PASSWORD)];
        let mut met = Vec::new();
        for _ in 0..5 {
            met.push(kit.post("/me/password", &who, &fields).await.status.as_u16());
        }
        assert_eq!(met, [422, 422, 422, 429, 429]);
        kit.advance(MINUTE);
        assert_eq!(kit.post("/me/password", &who, &fields).await.status, 422);
    });
}

fn code(kit: &Kit<'_>, typed: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(typed.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_skew(1)
        .with_secret(secret)
        .build()
        .unwrap();
    totp.generate(u64::try_from(kit.desk.now().0 / 1_000).unwrap()).to_string()
}

#[test]
fn a_second_factor_is_set_up_with_its_first_code_and_asked_for_ever_after_f66() {
    kit::run(0, async |kit| {
        let (user, who) = me(kit).await;
        assert_eq!(kit.post("/me/totp/start", &who, &[("password", "ちがう")]).await.status, 422);
        let page = kit.post("/me/totp/start", &who, &[("password", PASSWORD)]).await;
        let (ticket, typed) =
            (page.between("name=\"ticket\" value=\"", "\""), page.between("<dd class=\"mono\">", "<"));
        assert!(
            page.text.contains("<path d=\"M4 4h1v1h-1z") && page.text.contains("otpauth://totp/Choba:kakuu?")
        );
        let other = kit.visitor("betsujin", &Rights::all()).await;
        let first = code(kit, &typed);
        let stolen = kit.post("/me/totp", &other, &[("ticket", &ticket), ("code", &first)]).await;
        assert_eq!(stolen.status, 422);
        let wrong = kit.post("/me/totp", &who, &[("ticket", &ticket), ("code", "000000")]).await;
        assert_eq!(wrong.status, 422);
        assert!(!kit.desk.ledger().user(user).await.unwrap().unwrap().has_totp);
        let done = kit.post("/me/totp", &who, &[("ticket", &ticket), ("code", &first)]).await;
        assert_eq!(done.to(), "/me?done=totp");
        assert_eq!(
            kit.get("/me", &who).await.status,
            303,
            "a session from before the second factor lives on"
        );

        let login = [("login", "kakuu"), ("password", PASSWORD)];
        let asked = kit.post("/login", &Who::Nobody, &login).await;
        assert!(asked.status == 401 && asked.text.contains("name=\"code\""));
        let with =
            |code: &str| [login[0], login[1], ("code", code)].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let send = async |code: &str| {
            let owned = with(code);
            let fields: Vec<(&str, &str)> = owned.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            kit.post("/login", &Who::Nobody, &fields).await
        };
        // The code that set it up was used: it opens nothing a second time.
        assert_eq!(send(&first).await.status, 401);
        kit.advance(MINUTE);
        let second = code(kit, &typed);
        assert_eq!(send(&second).await.status, 303);
        assert_eq!(send(&second).await.status, 401);
        // An administrator takes a lost one away.
        kit.post(&format!("/users/{user}/totp-off"), &other, &[]).await;
        kit.advance(MINUTE);
        assert_eq!(kit.post("/login", &Who::Nobody, &login).await.status, 303);
    });
}

#[test]
fn a_form_of_the_second_factor_is_over_after_a_while() {
    kit::run(0, async |kit| {
        let (_, who) = me(kit).await;
        let page = kit.post("/me/totp/start", &who, &[("password", PASSWORD)]).await;
        let (ticket, typed) =
            (page.between("name=\"ticket\" value=\"", "\""), page.between("<dd class=\"mono\">", "<"));
        kit.advance(16 * MINUTE);
        let late = kit.post("/me/totp", &who, &[("ticket", &ticket), ("code", &code(kit, &typed))]).await;
        assert_eq!(late.status, 422);
    });
}

#[test]
fn a_token_is_shown_once_kept_as_a_digest_ends_and_is_taken_back_f69() {
    kit::run(0, async |kit| {
        let (user, who) = me(kit).await;
        let made =
            kit.post("/me/tokens", &who, &[("name", "在庫表"), ("days", "2"), ("read_only", "1")]).await;
        let token = made.between("id=\"token\" class=\"mono\" value=\"", "\"");
        assert_eq!(token.len(), 43);
        assert!(!kit.get("/me", &who).await.text.contains(&token));
        assert!(!format!("{:?}", kit.log().await).contains(&token));
        let rows = kit.desk.ledger().api_tokens(user).await.unwrap();
        assert!(rows[0].read_only && rows[0].used_at.is_none());
        let program = Who::Token(token.clone());
        assert_eq!(kit.get("/api/v1/phases", &program).await.status, 200);
        assert!(kit.desk.ledger().api_tokens(user).await.unwrap()[0].used_at.is_some());
        assert_eq!(kit.get("/me", &program).await.status, 403);
        kit.advance(2 * DAY + 1);
        assert_eq!(kit.get("/api/v1/phases", &program).await.status, 401);

        let who = kit.sign_in(user).await;
        let made = kit.post("/me/tokens", &who, &[("name", "もう一つ"), ("days", "9")]).await;
        let program = Who::Token(made.between("id=\"token\" class=\"mono\" value=\"", "\""));
        assert_eq!(kit.get("/api/v1/phases", &program).await.status, 200);
        let id = kit.desk.ledger().api_tokens(user).await.unwrap().last().unwrap().token_id;
        let other = kit.visitor("betsujin", &Rights::all()).await;
        let path = format!("/me/tokens/{id}/drop");
        assert_eq!(kit.post(&path, &other, &[]).await.status, 404);
        assert_eq!(kit.post(&path, &who, &[]).await.status, 303);
        assert_eq!(kit.get("/api/v1/phases", &program).await.status, 401);
        for days in ["0", "367", "-1"] {
            assert_eq!(kit.post("/me/tokens", &who, &[("name", "x"), ("days", days)]).await.status, 422);
        }
    });
}

#[test]
fn settings_are_kept_and_other_devices_are_signed_out_when_asked() {
    kit::run(0, async |kit| {
        let (user, who) = me(kit).await;
        let other = kit.sign_in(user).await;
        let fields = [("name", "架空 太郎"), ("lang", "en"), ("theme", "dark"), ("density", "roomy")];
        assert_eq!(kit.post("/me", &who, &fields).await.to(), "/me?done=saved");
        let page = kit.get("/me?done=saved", &who).await.text;
        for part in [
            "lang=\"en\"",
            "data-theme=\"dark\"",
            "data-density=\"roomy\"",
            "data-keys=\"off\"",
            "架空 太郎",
            "Saved",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert_eq!(kit.post("/me/sessions/end", &who, &[]).await.to(), "/me?done=ended");
        assert_eq!(kit.get("/me", &other).await.status, 303);
        assert_eq!(kit.get("/me", &who).await.status, 200);
    });
}
