//! Connecting a shop: the form the mall's Descriptor makes. A shop connected here starts in 見るだけモード.

use super::form::{self, Pairs, Sorted};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use domain::write::WRITE_BACK;
use engine::setup::{self, Problem};
use mall_api::descriptor::CredentialSource;
use mall_api::{Descriptor, Mall};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;

#[derive(Template)]
#[template(path = "shops/malls.html")]
struct MallsPage {
    frame: Frame,
    malls: Vec<(&'static str, &'static str)>,
}

/// Which mall?
pub async fn malls(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    let malls = desk.hub.malls.iter().map(|m| (m.descriptor().mall, m.descriptor().name)).collect();
    let title = visitor.lang().t("店舗をつなぐ", "Connect a shop");
    frame::page(&MallsPage { frame: Frame::new(&desk, &visitor, title, here).await?, malls })
}

/// A field of the form.
struct FieldShown {
    name: String,
    label: &'static str,
    help: &'static str,
    required: bool,
    value: String,
    /// Where the value comes from, for credentials.
    source: &'static str,
    error: String,
}

#[derive(Template)]
#[template(path = "shops/new.html")]
struct NewPage {
    frame: Frame,
    mall: &'static str,
    mall_name: &'static str,
    name: String,
    name_error: String,
    credentials: Vec<FieldShown>,
    settings: Vec<FieldShown>,
    /// Empty unless the visitor may change addresses.
    endpoints: Vec<FieldShown>,
    failed: bool,
}

/// May this visitor say where credentials go? Who gives rights may.
pub fn may_set_endpoints(visitor: &Visitor) -> bool {
    visitor.edits(Menu::Shops) && visitor.edits(Menu::Users)
}

fn source(visitor: &Visitor, source: CredentialSource) -> &'static str {
    match source {
        CredentialSource::Granted => visitor.lang().t(
            "つないだあと、ブラウザーでの許可でも登録できます。",
            "May also be got by consent in the browser afterwards.",
        ),
        CredentialSource::Typed | CredentialSource::Renewed => "",
    }
}

async fn shown(
    desk: &Desk,
    visitor: &Visitor,
    descriptor: &Descriptor,
    given: &Sorted,
    problems: &[Problem],
) -> Result<NewPage, Refusal> {
    let lang = visitor.lang();
    let error = |key: &str| {
        problems.iter().find(|p| p.key == key).map(|p| lang.t(&p.ja, &p.en).to_owned()).unwrap_or_default()
    };
    let credentials = setup::enterable(descriptor).map(|c| FieldShown {
        name: format!("credential.{}", c.key),
        label: c.label,
        help: c.help,
        required: c.required && c.source == CredentialSource::Typed,
        // Never shown again, not even to the one who typed it.
        value: String::new(),
        source: source(visitor, c.source),
        error: error(&format!("credential.{}", c.key)),
    });
    let settings = descriptor.settings.iter().map(|s| FieldShown {
        name: format!("setting.{}", s.key),
        label: s.label,
        help: s.help,
        required: s.required,
        value: given.settings.get(s.key).cloned().unwrap_or_else(|| s.default.to_owned()),
        source: "",
        error: error(&format!("setting.{}", s.key)),
    });
    let endpoints = descriptor.endpoints.iter().filter(|_| may_set_endpoints(visitor)).map(|e| FieldShown {
        name: format!("endpoint.{}", e.role),
        label: e.role,
        help: e.default_url,
        required: false,
        value: given.endpoints.get(e.role).cloned().unwrap_or_default(),
        source: "",
        error: error(&format!("endpoint.{}", e.role)),
    });
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    Ok(NewPage {
        frame: Frame::new(desk, visitor, lang.t("店舗をつなぐ", "Connect a shop"), here).await?,
        mall: descriptor.mall,
        mall_name: descriptor.name,
        name: given.plain.get("name").cloned().unwrap_or_default(),
        name_error: error("name"),
        credentials: credentials.collect(),
        settings: settings.collect(),
        endpoints: endpoints.collect(),
        failed: !problems.is_empty(),
    })
}

fn mall_of(desk: &Desk, key: &str) -> Result<Arc<dyn Mall>, Refusal> {
    desk.hub.mall(key).ok_or_else(Refusal::not_found)
}

/// The form.
pub async fn form(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(mall): Path<String>) -> Page {
    let mall = mall_of(&desk, &mall)?;
    let page = shown(&desk, &visitor, mall.descriptor(), &Sorted::default(), &[]).await?;
    frame::page(&page)
}

fn named(problems: Vec<Problem>, kind: &str) -> impl Iterator<Item = Problem> {
    problems.into_iter().map(move |p| Problem { key: format!("{kind}.{}", p.key), ..p })
}

/// Settings that differ from what the mall proposes; an empty one is the mall's.
fn own_settings(descriptor: &Descriptor, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let usual = |key: &str, value: &str| {
        value.is_empty()
            || descriptor.settings.iter().any(|s| s.key == key && !s.required && s.default == value)
    };
    given.iter().filter(|(k, v)| !usual(k, v)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn check(descriptor: &Descriptor, given: &Sorted, allow_private: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let name = given.plain.get("name").map(String::as_str).unwrap_or_default();
    problems.extend(setup::check_shop_name(name).err());
    problems.extend(named(setup::check_credentials(descriptor, &given.credentials, &[]), "credential"));
    let settings = own_settings(descriptor, &given.settings);
    problems.extend(named(setup::check_settings(descriptor, &settings), "setting"));
    for (role, url) in given.endpoints.iter().filter(|(_, url)| !url.is_empty()) {
        let wrong = setup::check_endpoint(descriptor, role, url, allow_private).err();
        problems.extend(named(wrong.into_iter().collect(), "endpoint"));
    }
    problems
}

/// Connects it.
pub async fn connect(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(mall): Path<String>,
    Fields(pairs): Fields<Pairs>,
) -> Page {
    let mall = mall_of(&desk, &mall)?;
    let descriptor = mall.descriptor();
    let given = form::sort(pairs, descriptor, &["name"])?;
    if given.endpoints.values().any(|url| !url.is_empty()) && !may_set_endpoints(&visitor) {
        return Err(not_an_administrator());
    }
    let mut problems = check(descriptor, &given, desk.config.allow_private_endpoints);
    if problems.is_empty() {
        let name = given.plain.get("name").map(|n| n.trim().to_owned()).unwrap_or_default();
        let mut settings = own_settings(descriptor, &given.settings);
        settings.insert(WRITE_BACK.to_owned(), "off".to_owned());
        let endpoints = form::endpoints(descriptor, &given.endpoints, desk.config.allow_private_endpoints)?;
        let new = setup::NewShop { name, endpoints, settings };
        match setup::connect(desk.ledger(), &*mall, &new, &given.credentials, desk.now()).await {
            Ok(shop) => {
                let details = serde_json::json!({ "mall": descriptor.mall });
                let target = shop.shop_id.to_string();
                desk.ledger().log_action(&visitor.by(), "shop.add", &target, &details, desk.now()).await?;
                desk.recount();
                desk.hub.wake();
                return Ok(Redirect::to(&format!("/shops/{target}?done=connected")).into_response());
            }
            Err(StoreError::Unique { .. }) => problems.push(Problem {
                key: "name".to_owned(),
                ja: "その名前の店舗はすでにあります。ほかの名前にしてください".to_owned(),
                en: "is taken".to_owned(),
            }),
            Err(error) => return Err(error.into()),
        }
    }
    let page = shown(&desk, &visitor, descriptor, &given, &problems).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, frame::page(&page)?).into_response())
}

/// Addresses are not everybody's.
pub fn not_an_administrator() -> Refusal {
    let users = Menu::Users;
    Refusal::forbidden(domain::reason::not_allowed(users.label_ja(), "更新", users.as_str(), "edit"))
}
