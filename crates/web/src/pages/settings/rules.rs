//! 自動連携: per shop, which phase's orders are written to the mall and where they go by result (NTF-2). Saving starts
//! nothing; what a rule does not do is said beside it.

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::pages::shops::rehearsal::{self as shop_rehearsal, Rehearsal};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::PhaseKey;
use domain::phase::Phase;
use domain::rights::Menu;
use domain::rule::{Rule, warnings};
use domain::write::WriteKind;
use serde::Deserialize;
use std::sync::Arc;
use store::Shop;

/// Kinds that rules of phases take.
const KINDS: [WriteKind; 2] = [WriteKind::ConfirmOrder, WriteKind::ShipmentNotice];

struct RuleShown {
    kind: &'static str,
    kind_name: String,
    target: String,
    target_name: String,
    success: String,
    failure: String,
    warnings: Vec<(&'static str, bool)>,
}

struct ShopShown {
    id: i64,
    name: String,
    mall: String,
    automation: bool,
    look_only: bool,
    kinds: Vec<(&'static str, String)>,
    rules: Vec<RuleShown>,
}

#[derive(Template)]
#[template(path = "settings/rules.html")]
struct RulesPage {
    frame: Frame,
    tabs: Vec<Tab>,
    shops: Vec<ShopShown>,
    phases: Vec<(String, String)>,
    may_edit: bool,
    toast: &'static str,
}

fn rule(lang: Lang, rule: &Rule, phases: &[Phase]) -> RuleShown {
    let name = |key: &PhaseKey| {
        phases.iter().find(|p| &p.phase == key).map_or_else(|| key.0.clone(), |p| p.name.clone())
    };
    let to =
        |key: &Option<PhaseKey>| key.as_ref().map_or_else(|| lang.t("そのまま", "stays").to_owned(), name);
    RuleShown {
        kind: rule.kind.as_str(),
        kind_name: seen::kind(lang, rule.kind.as_str()),
        target: rule.target_phase.0.clone(),
        target_name: name(&rule.target_phase),
        success: to(&rule.success_phase),
        failure: to(&rule.failure_phase),
        warnings: warnings(rule, phases)
            .into_iter()
            .map(|w| (lang.t(w.ja(), w.en()), w.is_broken()))
            .collect(),
    }
}

/// Kinds the shop's mall takes.
fn kinds(desk: &Desk, shop: &Shop) -> Vec<WriteKind> {
    let mall = desk.hub.mall(&shop.mall);
    KINDS
        .into_iter()
        .filter(|kind| mall.as_ref().is_some_and(|m| m.descriptor().write(*kind).is_some()))
        .collect()
}

const TOLD: [(&str, &str, &str); 4] = [
    ("saved", "規則を保存しました。保存しただけでは何も始まりません", "Saved; nothing starts by that"),
    ("gone", "規則を外しました", "Removed"),
    ("started", "自動処理を開始しました", "Automation is on"),
    ("stopped", "自動処理を停止しました", "Automation is off"),
];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let lang = visitor.lang();
    let phases = desk.ledger().phases().await?;
    let mut shops = Vec::new();
    for shop in seen::shops(&desk, &visitor).await? {
        let rules = desk.ledger().rules(shop.shop_id).await?;
        shops.push(ShopShown {
            id: shop.shop_id.0,
            automation: shop.automation_enabled,
            look_only: !shop.writes_back(),
            kinds: kinds(&desk, &shop)
                .into_iter()
                .map(|k| (k.as_str(), seen::kind(lang, k.as_str())))
                .collect(),
            rules: rules.iter().map(|r| rule(lang, r, &phases)).collect(),
            name: shop.name,
            mall: shop.mall,
        });
    }
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&RulesPage {
        frame: Frame::new(&desk, &visitor, lang.t("自動連携", "Rules"), here).await?,
        tabs: tabs(lang, "/settings/rules"),
        shops,
        phases: phases.into_iter().map(|p| (p.phase.0, p.name)).collect(),
        may_edit: visitor.edits(Menu::Settings),
        toast: told.words(lang, &TOLD),
    })
}

fn back(done: &str) -> Page {
    Ok(Redirect::to(&format!("/settings/rules?done={done}")).into_response())
}

async fn log(desk: &Desk, visitor: &Visitor, action: &str, shop: &Shop, what: &str) -> Result<(), Refusal> {
    let details = serde_json::json!({ "rule": what });
    let target = shop.shop_id.to_string();
    Ok(desk.ledger().log_action(&visitor.by(), action, &target, &details, desk.now()).await?)
}

/// A rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    shop: String,
    kind: String,
    target: String,
    #[serde(default)]
    success: String,
    #[serde(default)]
    failure: String,
}

fn read_kind(text: &str, offered: &[WriteKind]) -> Result<WriteKind, Refusal> {
    let kind = WriteKind::parse(text).filter(|k| offered.contains(k));
    kind.ok_or_else(|| Refusal::field("kind", "種類を選びなおしてください", "is no kind this mall takes"))
}

fn phase(field: &str, key: &str, phases: &[Phase]) -> Result<PhaseKey, Refusal> {
    let found = phases.iter().find(|p| p.phase.as_str() == key).map(|p| p.phase.clone());
    found.ok_or_else(|| Refusal::field(field, "フェーズを選びなおしてください", "there is no such phase"))
}

/// Adds a rule, or changes the one of the same shop, kind and target.
pub async fn put(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Put>) -> Page {
    let shop = seen::shop(&desk, &visitor, &form.shop).await?;
    let kind = read_kind(&form.kind, &kinds(&desk, &shop))?;
    let phases = desk.ledger().phases().await?;
    let or_stays = |field: &str, key: &str| match key {
        "" => Ok(None),
        key => phase(field, key, &phases).map(Some),
    };
    let rule = Rule {
        shop_id: shop.shop_id,
        kind,
        target_phase: phase("target", &form.target, &phases)?,
        success_phase: or_stays("success", &form.success)?,
        failure_phase: or_stays("failure", &form.failure)?,
    };
    desk.ledger().put_rule(&rule).await?;
    log(&desk, &visitor, "rule.set", &shop, &form.kind).await?;
    desk.hub.wake();
    back("saved")
}

/// Which rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    shop: String,
    kind: String,
    target: String,
}

/// Removes a rule; also one whose phase is gone.
pub async fn drop_rule(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Which>) -> Page {
    let shop = seen::shop(&desk, &visitor, &form.shop).await?;
    let kind = read_kind(&form.kind, &WriteKind::ALL)?;
    if !desk.ledger().drop_rule(shop.shop_id, kind, &form.target.as_str().into()).await? {
        return Err(Refusal::not_found());
    }
    log(&desk, &visitor, "rule.drop", &shop, &form.kind).await?;
    back("gone")
}

/// 開始 or 停止 of a shop.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Automation {
    shop: String,
    to: String,
}

/// Starts or stops the automation of a shop.
pub async fn automation(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Fields(form): Fields<Automation>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &form.shop).await?;
    shop.automation_enabled = match form.to.as_str() {
        "on" => true,
        "off" => false,
        _ => return Err(Refusal::field("to", "開始か停止を選んでください", "must be on or off")),
    };
    desk.ledger().update_shop(&shop, desk.now()).await?;
    log(&desk, &visitor, "shop.automation", &shop, &form.to).await?;
    desk.hub.wake();
    back(if shop.automation_enabled { "started" } else { "stopped" })
}

#[derive(Template)]
#[template(path = "settings/rehearsal.html")]
struct RehearsalPage {
    frame: Frame,
    name: String,
    kind: String,
    look_only: bool,
    automation: bool,
    shop_id: i64,
    rehearsal: Rehearsal,
}

/// What the rules of a shop would send now, of one kind.
pub async fn rehearsal(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((shop, kind)): Path<(String, String)>,
) -> Page {
    let lang = visitor.lang();
    let shop = seen::shop(&desk, &visitor, &shop).await?;
    let kind = read_kind(&kind, &KINDS).map_err(|_| Refusal::not_found())?;
    let rehearsal = shop_rehearsal::rehearse(&desk, lang, &shop, &[kind]).await?;
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&RehearsalPage {
        frame: Frame::new(&desk, &visitor, lang.t("送信のシミュレーション", "Simulation"), here).await?,
        kind: seen::kind(lang, kind.as_str()),
        look_only: !shop.writes_back(),
        automation: shop.automation_enabled,
        shop_id: shop.shop_id.0,
        rehearsal,
        name: shop.name,
    })
}
