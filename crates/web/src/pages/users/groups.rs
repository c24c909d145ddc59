//! 権限グループ: なし・参照・更新 per menu, shops, and the special rights.

use super::{checked_name, log, refused, row_id};
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::{Level, Menu, Rights};
use domain::{Reason, ShopId};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::desk::users::Group;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/users/groups/new", edit(Menu::Users), new_form),
        post("/users/groups", edit(Menu::Users), add),
        get("/users/groups/{id}", view(Menu::Users), show),
        post("/users/groups/{id}", edit(Menu::Users), set),
        post("/users/groups/{id}/drop", edit(Menu::Users), drop_group),
    ]
}

/// One row of the matrix.
struct MenuRow {
    key: &'static str,
    label: &'static str,
    level: &'static str,
}

/// One special right.
struct Special {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    on: bool,
}

#[derive(Template)]
#[template(path = "users/group.html")]
struct GroupPage {
    frame: Frame,
    /// Where the form goes.
    action: String,
    /// 0: a new one.
    id: i64,
    name: String,
    version: i64,
    menus: Vec<MenuRow>,
    levels: [(&'static str, &'static str); 3],
    all_shops: bool,
    shops: Vec<(ShopId, String, bool)>,
    specials: Vec<Special>,
    people: Vec<(i64, String)>,
    edits: bool,
}

fn level_words(level: Level, lang: Lang) -> &'static str {
    match level {
        Level::None => lang.t(level.label_ja(), "None"),
        Level::View => lang.t(level.label_ja(), "View"),
        Level::Edit => lang.t(level.label_ja(), "Edit"),
    }
}

fn specials(rights: &Rights, lang: Lang) -> Vec<Special> {
    vec![
        Special {
            name: "buyer_data",
            label: lang.t("氏名・住所の表示", "Names and addresses"),
            hint: lang.t("ない場合は ••• と表示します", "hidden otherwise"),
            on: rights.buyer_data,
        },
        Special {
            name: "contact_data",
            label: lang.t("電話・メールの表示", "Phone and mail"),
            hint: lang.t(
                "ない場合は一部を隠し、「表示」を押した人を操作ログに残します",
                "masked otherwise; each look is logged",
            ),
            on: rights.contact_data,
        },
        Special {
            name: "export",
            label: lang.t("個人情報を含むファイルの書き出し", "Files with buyer data"),
            hint: lang.t("送り状CSV・受注CSVなど", "labels, CSV"),
            on: rights.export,
        },
        Special {
            name: "override_fraud_hold",
            label: lang.t("不正保留中の受注を進める", "Move held orders"),
            hint: lang
                .t("モールが保留している受注を、承知のうえで移動できます", "in spite of the mall's hold"),
            on: rights.override_fraud_hold,
        },
    ]
}

async fn page(desk: &Desk, visitor: &Visitor, group: &Group) -> Page {
    let lang = visitor.lang();
    let rights = &group.rights;
    let new = group.group_id == 0;
    let title =
        if new { lang.t("権限グループを追加", "New group").to_owned() } else { group.name.clone() };
    let menu = |m: Menu| MenuRow {
        key: m.as_str(),
        label: lang.t(m.label_ja(), m.label_en()),
        level: rights.level(m).as_str(),
    };
    let users = desk.ledger().users().await?.into_iter().filter(|u| u.group_id == group.group_id);
    let shops = desk.ledger().shops().await?.into_iter().filter(|s| s.state != "archived");
    let chosen = |id: ShopId| rights.shops.as_ref().is_some_and(|shops| shops.contains(&id));
    let here = Here { menu: Some(Menu::Users), ..Here::default() };
    frame::page(&GroupPage {
        frame: Frame::new(desk, visitor, title, here).await?,
        action: if new { "/users/groups".to_owned() } else { format!("/users/groups/{}", group.group_id) },
        id: group.group_id,
        name: group.name.clone(),
        version: group.version,
        menus: Menu::ALL.into_iter().map(menu).collect(),
        levels: Level::ALL.map(|level| (level.as_str(), level_words(level, lang))),
        all_shops: rights.shops.is_none(),
        shops: shops.map(|s| (s.shop_id, s.name, chosen(s.shop_id))).collect(),
        specials: specials(rights, lang),
        people: users.map(|u| (u.user_id, u.name)).collect(),
        edits: visitor.edits(Menu::Users),
    })
}

async fn found(desk: &Desk, id: &str) -> Result<Group, Refusal> {
    let id = row_id(id)?;
    let group = desk.ledger().groups().await?.into_iter().find(|g| g.group_id == id);
    group.ok_or_else(Refusal::not_found)
}

async fn new_form(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let blank = Group { group_id: 0, name: String::new(), rights: Rights::default(), version: 0 };
    page(&desk, &visitor, &blank).await
}

async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    page(&desk, &visitor, &found(&desk, &id).await?).await
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct GroupForm {
    name: String,
    #[serde(default)]
    version: i64,
    /// `orders:edit`, once a menu; missing = なし.
    #[serde(default)]
    level: Vec<String>,
    all_shops: Option<String>,
    #[serde(default)]
    shop: Vec<i64>,
    buyer_data: Option<String>,
    contact_data: Option<String>,
    override_fraud_hold: Option<String>,
    export: Option<String>,
}

/// The rights that a form means. Nothing is given that is not in it.
fn rights(form: &GroupForm) -> Result<Rights, Refusal> {
    let mut menus = BTreeMap::new();
    for text in &form.level {
        let read = text.split_once(':').and_then(|(m, l)| Some((Menu::parse(m)?, Level::parse(l)?)));
        let Some((menu, level)) = read else {
            return Err(Refusal::field("level", "権限を選びなおしてください", "is unknown"));
        };
        if menus.insert(menu, level).is_some() {
            return Err(Refusal::field("level", "同じ機能が2回あります", "names a menu twice"));
        }
    }
    menus.retain(|_, level| *level != Level::None);
    let mut shops: Vec<ShopId> = form.shop.iter().copied().map(ShopId).collect();
    shops.sort_unstable();
    shops.dedup();
    Ok(Rights {
        menus,
        shops: form.all_shops.is_none().then_some(shops),
        buyer_data: form.buyer_data.is_some(),
        contact_data: form.contact_data.is_some(),
        override_fraud_hold: form.override_fraud_hold.is_some(),
        export: form.export.is_some(),
    })
}

async fn add(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<GroupForm>) -> Page {
    let (name, rights) = (checked_name(&form.name)?, rights(&form)?);
    desk.ledger().add_group(&name, &rights).await?.map_err(refused)?;
    log(&desk, &visitor, "group.add", &name, &json!({ "rights": rights })).await?;
    Ok(Redirect::to("/users?done=saved").into_response())
}

async fn set(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<GroupForm>,
) -> Page {
    let before = found(&desk, &id).await?;
    let (name, rights) = (checked_name(&form.name)?, rights(&form)?);
    let changed = Group { group_id: before.group_id, name, rights, version: form.version };
    desk.ledger().set_group(&changed).await?.map_err(refused)?;
    log(&desk, &visitor, "group.set", &changed.name, &json!({ "rights": changed.rights })).await?;
    desk.recount();
    Ok(Redirect::to("/users?done=saved").into_response())
}

async fn drop_group(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let group = found(&desk, &id).await?;
    if desk.ledger().drop_group(group.group_id).await?.is_err() {
        let reason = Reason::new(
            "group_in_use",
            "この権限グループにはユーザーがいます",
            "ユーザーをほかの権限グループに移してから削除してください。",
            "People are in this group",
        );
        return Err(Refusal::new(StatusCode::CONFLICT, reason));
    }
    log(&desk, &visitor, "group.drop", &group.name, &json!({})).await?;
    Ok(Redirect::to("/users?done=dropped").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(query: &str) -> Result<Rights, Refusal> {
        rights(&serde_html_form::from_str::<GroupForm>(query).map_err(|_| Refusal::not_found())?)
    }

    #[test]
    fn a_form_gives_what_it_says_and_nothing_else_desk7() {
        let nothing = form("name=x").unwrap();
        assert_eq!(nothing, Rights { shops: Some(Vec::new()), ..Rights::default() });
        let some = form("name=x&level=orders:edit&level=users:none&shop=2&shop=1&shop=2&export=1").unwrap();
        assert_eq!(some.menus, [(Menu::Orders, Level::Edit)].into());
        assert_eq!(some.shops, Some(vec![ShopId(1), ShopId(2)]));
        assert!(some.export && !some.buyer_data && !some.contact_data && !some.override_fraud_hold);
        assert_eq!(form("name=x&all_shops=1").unwrap().shops, None);
    }

    #[test]
    fn unknown_menus_levels_doubles_and_fields_are_refused_f68() {
        for bad in
            ["level=root:edit", "level=orders:all", "level=orders", "level=orders:view&level=orders:edit"]
        {
            assert_eq!(form(&format!("name=x&{bad}")).unwrap_err().field.as_deref(), Some("level"), "{bad}");
        }
        for bad in ["is_admin=1", "rights=all", "name=y", "group_id=1"] {
            assert!(serde_html_form::from_str::<GroupForm>(&format!("name=x&{bad}")).is_err(), "{bad}");
        }
    }
}
