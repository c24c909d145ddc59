//! ユーザーと権限グループ.

use crate::kit::{self, Kit, PASSWORD, Who};
use domain::rights::{Level, Menu, Rights};

async fn group(kit: &Kit<'_>, name: &str) -> store::desk::users::Group {
    kit.desk.ledger().groups().await.unwrap().into_iter().find(|g| g.name == name).unwrap()
}

#[test]
fn an_invitation_is_a_link_that_is_good_once_and_leads_to_a_password_f66() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let staff = group(kit, "受注担当").await.group_id.to_string();
        let fields = [("login", "Shinjin"), ("name", "架空 新人"), ("group", staff.as_str())];
        let answer = kit.post("/users", &who, &fields).await;
        let link = answer.between("id=\"link\" class=\"mono\" value=\"https://choba.example", "\"");
        // Looking at it spends nothing.
        assert_eq!(kit.get(&link, &Who::Nobody).await.status, 200);
        let came = kit.post(&link, &Who::Nobody, &[]).await;
        assert_eq!((came.status.as_u16(), came.to()), (303, "/me?done=welcome"));
        assert_eq!(kit.post(&link, &Who::Nobody, &[]).await.status, 410);
        let new = came.session();
        assert!(kit.get("/me?done=welcome", &new).await.text.contains("パスワードがまだありません"));
        assert_eq!(
            kit.post("/me/password", &new, &[("new", PASSWORD), ("again", PASSWORD)]).await.status,
            303
        );
        let login = [("login", "shinjin"), ("password", PASSWORD)];
        assert_eq!(kit.post("/login", &Who::Nobody, &login).await.status, 303);
        let taken = kit.post("/users", &who, &fields).await;
        assert_eq!(taken.status, 422);
        let log = kit.log().await;
        assert!(log.iter().any(|l| l.action == "user.add" && l.target == "shinjin"));
        assert!(!format!("{log:?}").contains(&link));
    });
}

#[test]
fn a_new_link_ends_the_old_password_and_sessions_and_is_over_when_the_person_is_off_f66() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let user = kit.person("kakuu", &Rights::default()).await;
        kit.set_password(user).await;
        let session = kit.sign_in(user).await;
        let answer = kit.post(&format!("/users/{user}/link"), &who, &[("reset", "1")]).await;
        let link = answer.between("value=\"https://choba.example", "\"");
        assert_eq!(kit.get("/me", &session).await.status, 303);
        let login = [("login", "kakuu"), ("password", PASSWORD)];
        assert_eq!(kit.post("/login", &Who::Nobody, &login).await.status, 401);
        let group = group(kit, "kakuu").await.group_id.to_string();
        let off = [("name", "架空 花子"), ("group", group.as_str()), ("state", "off")];
        assert_eq!(kit.post(&format!("/users/{user}"), &who, &off).await.to(), "/users?done=saved");
        assert_eq!(kit.post(&link, &Who::Nobody, &[]).await.status, 410);
        assert_eq!(kit.post(&format!("/users/{user}/link"), &who, &[]).await.status, 422);
    });
}

#[test]
fn the_last_administrator_cannot_be_lost_by_person_or_by_group() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let own = group(kit, "kakuu.kanri").await;
        let me = kit.desk.ledger().user_by_login("kakuu.kanri").await.unwrap().unwrap().user_id;
        let (own_id, other) = (own.group_id.to_string(), group(kit, "閲覧のみ").await.group_id.to_string());
        for fields in [
            [("name", "x"), ("group", own_id.as_str()), ("state", "off")],
            [("name", "x"), ("group", other.as_str()), ("state", "active")],
        ] {
            let answer = kit.post(&format!("/users/{me}"), &who, &fields).await;
            assert_eq!(answer.status, 409);
            assert!(answer.text.contains("ユーザーを管理できる人がいなくなる"));
        }
        let version = own.version.to_string();
        let fields = [("name", "kakuu.kanri"), ("version", version.as_str()), ("level", "orders:edit")];
        assert_eq!(kit.post(&format!("/users/groups/{own_id}"), &who, &fields).await.status, 409);
        assert_eq!(kit.get("/users", &who).await.status, 200);
    });
}

#[test]
fn a_group_is_changed_as_the_matrix_says_and_never_over_somebody_elses_change_desk7() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let fields = [
            ("name", "検品"),
            ("level", "orders:view"),
            ("level", "shipping:edit"),
            ("shop", "1"),
            ("export", "1"),
        ];
        assert_eq!(kit.post("/users/groups", &who, &fields).await.to(), "/users?done=saved");
        let made = group(kit, "検品").await;
        assert_eq!(made.rights.menus, [(Menu::Orders, Level::View), (Menu::Shipping, Level::Edit)].into());
        assert_eq!(made.rights.shops, Some(vec![domain::ShopId(1)]));
        assert!(made.rights.export && !made.rights.buyer_data);
        let path = format!("/users/groups/{}", made.group_id);
        let page = kit.get(&path, &who).await.text;
        assert!(page.contains("<option value=\"shipping:edit\" selected>更新</option>"));
        let changed = [("name", "検品係"), ("version", "1"), ("all_shops", "1")];
        assert_eq!(kit.post(&path, &who, &changed).await.status, 303);
        assert_eq!(kit.post(&path, &who, &changed).await.status, 409);
        assert_eq!(group(kit, "検品係").await.rights, Rights::default());
        assert_eq!(kit.post(&format!("{path}/drop"), &who, &[]).await.to(), "/users?done=dropped");
        let full = group(kit, "kakuu.kanri").await.group_id;
        assert_eq!(kit.post(&format!("/users/groups/{full}/drop"), &who, &[]).await.status, 409);
        let log = kit.log().await;
        for action in ["group.add", "group.set", "group.drop"] {
            assert_eq!(log.iter().filter(|l| l.action == action).count(), 1, "{action}");
        }
    });
}

#[test]
fn names_of_people_are_shown_as_text_and_never_run_f50() {
    kit::run(0, async |kit| {
        let who = kit.administrator().await;
        let group = group(kit, "閲覧のみ").await.group_id;
        let evil = "<img src=x onerror=alert(1)>";
        kit.desk.ledger().add_user("evil", evil, group, None, kit.desk.now()).await.unwrap().unwrap();
        for path in ["/users", &format!("/users/groups/{group}")] {
            let page = kit.get(path, &who).await;
            assert!(page.status == 200 && !page.text.contains("<img src=x"), "{path}");
            assert!(page.text.contains("img src=x onerror"), "{path}");
        }
    });
}
