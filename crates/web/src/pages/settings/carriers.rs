//! 配送業者・配送便: the master lists with each mall's code and name (NTF-9).

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::pages::shops::Pairs;
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::CarrierKey;
use domain::carrier::{Carrier, ShippingMethod};
use domain::rights::Menu;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest name or code.
const CHARS: usize = 60;

struct AtMall {
    key: &'static str,
    name: &'static str,
    value: String,
}

struct CarrierShown {
    key: String,
    name: String,
    /// `usual`, `own`, `none`.
    tracking: &'static str,
    own_url: Option<String>,
    usual_url: &'static str,
    malls: Vec<AtMall>,
    methods: Vec<MethodShown>,
}

struct MethodShown {
    key: String,
    name: String,
    tracked: bool,
    malls: Vec<AtMall>,
}

#[derive(Template)]
#[template(path = "settings/carriers.html")]
struct CarriersPage {
    frame: Frame,
    tabs: Vec<Tab>,
    carriers: Vec<CarrierShown>,
    malls: Vec<(&'static str, &'static str)>,
    may_edit: bool,
    toast: &'static str,
}

fn at_malls(desk: &Desk, values: &BTreeMap<String, String>) -> Vec<AtMall> {
    let of = |d: &mall_api::Descriptor| AtMall {
        key: d.mall,
        name: d.name,
        value: values.get(d.mall).cloned().unwrap_or_default(),
    };
    desk.hub.malls.iter().map(|m| of(m.descriptor())).collect()
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let lang = visitor.lang();
    let methods = desk.ledger().shipping_methods().await?;
    let shown = desk.ledger().carriers().await?.into_iter().map(|carrier| CarrierShown {
        malls: at_malls(&desk, &carrier.mall_codes),
        methods: methods
            .iter()
            .filter(|m| m.carrier == carrier.carrier)
            .map(|m| MethodShown {
                key: m.shipping_method.clone(),
                name: m.name.clone(),
                tracked: m.tracked,
                malls: at_malls(&desk, &m.mall_names),
            })
            .collect(),
        usual_url: domain::tracking::link_pattern(&carrier.carrier).unwrap_or_default(),
        tracking: match carrier.tracking_url.as_deref() {
            None => "usual",
            Some("") => "none",
            Some(_) => "own",
        },
        own_url: carrier.tracking_url,
        name: carrier.name,
        key: carrier.carrier.0,
    });
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&CarriersPage {
        frame: Frame::new(&desk, &visitor, lang.t("配送業者・配送便", "Carriers"), here).await?,
        tabs: tabs(lang, "/settings/carriers"),
        carriers: shown.collect(),
        malls: desk.hub.malls.iter().map(|m| (m.descriptor().mall, m.descriptor().name)).collect(),
        may_edit: visitor.edits(Menu::Settings),
        toast: told.words(lang, &[("saved", "保存しました", "Saved")]),
    })
}

/// A form of this page: its own fields, and one a mall under `mall.KEY`.
struct Given {
    plain: BTreeMap<String, String>,
    malls: BTreeMap<String, String>,
}

fn text(field: &str, value: &str) -> Result<String, Refusal> {
    let value = value.trim();
    if value.chars().count() > CHARS || value.chars().any(char::is_control) {
        let ja = format!("{CHARS}文字以内の1行で入力してください");
        return Err(Refusal::field(field, ja, format!("must be one line of at most {CHARS} characters")));
    }
    Ok(value.to_owned())
}

fn read(desk: &Desk, pairs: Pairs, plain: &[&str]) -> Result<Given, Refusal> {
    let mut given = Given { plain: BTreeMap::new(), malls: BTreeMap::new() };
    for (name, value) in pairs {
        match name.strip_prefix("mall.") {
            Some(mall) if desk.hub.mall(mall).is_some() => {
                let value = text(&name, &value)?;
                if !value.is_empty() {
                    given.malls.insert(mall.to_owned(), value);
                }
            }
            None if plain.contains(&name.as_str()) => {
                // An address of a tracking page is longer than a name.
                let value = if name == "tracking_url" {
                    value.trim().chars().take(500).collect()
                } else {
                    text(&name, &value)?
                };
                given.plain.insert(name, value);
            }
            _ => return Err(Refusal::field(name, "入力を読み取れません", "is not a field of this form")),
        }
    }
    Ok(given)
}

impl Given {
    fn name(&self) -> Result<String, Refusal> {
        let name = self.plain.get("name").filter(|n| !n.is_empty());
        name.cloned().ok_or_else(|| Refusal::field("name", "名前を入力してください", "must not be empty"))
    }

    fn key(&self) -> Option<&String> {
        self.plain.get("key").filter(|k| !k.is_empty())
    }
}

/// A key for what a person only named.
fn free_key(prefix: &str, taken: impl Fn(&str) -> bool) -> String {
    (1_u32..).map(|n| format!("{prefix}_{n}")).find(|key| !taken(key)).unwrap_or_default()
}

async fn done(desk: &Desk, visitor: &Visitor, action: &str, key: &str) -> Page {
    let details = serde_json::json!({});
    desk.ledger().log_action(&visitor.by(), action, key, &details, desk.now()).await?;
    Ok(Redirect::to("/settings/carriers?done=saved").into_response())
}

/// Adds or changes a carrier. Its codes at malls become those of the form.
pub async fn put_carrier(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(pairs): Fields<Pairs>,
) -> Page {
    let given = read(&desk, pairs, &["key", "name", "tracking_url", "tracking"])?;
    let all = desk.ledger().carriers().await?;
    let mut carrier = match given.key() {
        Some(key) => all.into_iter().find(|c| c.carrier.as_str() == key).ok_or_else(Refusal::not_found)?,
        None => {
            let key = free_key("carrier", |key| all.iter().any(|c| c.carrier.as_str() == key));
            Carrier::new(CarrierKey(key), "")
        }
    };
    carrier.name = given.name()?;
    carrier.mall_codes = given.malls;
    let url = given.plain.get("tracking_url").map(String::as_str).unwrap_or_default();
    carrier.tracking_url = match (given.plain.get("tracking").map(String::as_str), url) {
        (Some("none"), _) => Some(String::new()),
        (Some("usual") | None, "") => None,
        (Some("usual"), _) => None,
        (_, url) if !url.is_empty() && domain::tracking::is_link_pattern(url) => Some(url.to_owned()),
        _ => {
            let ja = "https:// で始まり {number} を含むアドレスを入力してください";
            return Err(Refusal::field("tracking_url", ja, "must be https and hold {number}"));
        }
    };
    desk.ledger().put_carrier(&carrier).await?;
    done(&desk, &visitor, "carrier.set", carrier.carrier.as_str()).await
}

/// Adds or changes a 配送便.
pub async fn put_method(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(pairs): Fields<Pairs>,
) -> Page {
    let given = read(&desk, pairs, &["key", "carrier", "name", "tracked"])?;
    let carriers = desk.ledger().carriers().await?;
    let wanted = given.plain.get("carrier").map(String::as_str).unwrap_or_default();
    let Some(carrier) = carriers.into_iter().find(|c| c.carrier.as_str() == wanted) else {
        return Err(Refusal::field("carrier", "配送業者を選びなおしてください", "there is no such carrier"));
    };
    let all = desk.ledger().shipping_methods().await?;
    let key = match given.key() {
        Some(key) if all.iter().any(|m| &m.shipping_method == key) => key.clone(),
        Some(_) => return Err(Refusal::not_found()),
        None => free_key("method", |key| all.iter().any(|m| m.shipping_method == key)),
    };
    let method = ShippingMethod {
        name: given.name()?,
        shipping_method: key,
        carrier: carrier.carrier,
        tracked: given.plain.contains_key("tracked"),
        mall_names: given.malls,
    };
    desk.ledger().put_shipping_method(&method).await?;
    done(&desk, &visitor, "shipping_method.set", &method.shipping_method).await
}
