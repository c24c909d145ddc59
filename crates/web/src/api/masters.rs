//! Shops, phases, carriers, rules, people and counts, for programs. No secret is ever told: credentials only go in.

use super::body::Body;
use super::{Endpoint, endpoint, none, shop, told};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::door::guard::{edit, view};
use crate::fields::Query;
use crate::pages::users::log;
use crate::refusal::{Page, Refusal};
use axum::extract::{Path, State};
use domain::ImportMode;
use domain::credential::remaining;
use domain::rights::Menu;
use domain::rule::{Rule, warnings};
use domain::write::WriteKind;
use engine::setup;
use mall_api::Credentials;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Shop;
use store::shops::NewCredential;
use utoipa::ToSchema;

/// The ways in.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let (see, change) = (view(Menu::Shops), edit(Menu::Shops));
    let (see_settings, settings) = (view(Menu::Settings), edit(Menu::Settings));
    vec![
        endpoint("GET", "/api/v1/counts", view(Menu::Orders), "フェーズと状態ごとの件数", counts),
        endpoint("GET", "/api/v1/shops", see, "店舗の一覧", shops),
        endpoint("GET", "/api/v1/shops/{shop}", see, "店舗の設定（認証情報の値は出ません）", show_shop),
        endpoint("PATCH", "/api/v1/shops/{shop}", change, "店舗の設定を変える", set_shop)
            .takes::<ShopChange>(),
        endpoint(
            "PUT",
            "/api/v1/shops/{shop}/credentials",
            change,
            "認証情報を登録する（書くだけ）",
            credentials,
        )
        .takes::<BTreeMap<String, String>>(),
        endpoint("GET", "/api/v1/phases", view(Menu::Orders), "フェーズ", phases),
        endpoint("GET", "/api/v1/carriers", view(Menu::Orders), "配送業者と配送便", carriers),
        endpoint("GET", "/api/v1/rules", see_settings, "自動連携の規則", rules).asks(&["shop"]),
        endpoint("PUT", "/api/v1/rules", settings, "規則を加える・変える", put_rule).takes::<RuleChange>(),
        endpoint("DELETE", "/api/v1/rules/{shop}/{kind}/{target}", settings, "規則を外す", drop_rule),
        endpoint("GET", "/api/v1/users", view(Menu::Users), "ユーザーと権限グループ", users),
    ]
}

async fn counts(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let (access, counts) = (visitor.access(), desk.counts().await?);
    let phases = counts.by_phase(&access);
    told(json!({ "all": phases.values().sum::<i64>(), "phases": phases, "states": counts.by_state(&access) }))
}

async fn shops(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let access = visitor.access();
    let all = desk.ledger().shops().await?;
    let seen: Vec<Value> = all.iter().filter(|s| access.sees(s.shop_id)).map(engine::told::shop).collect();
    told(json!({ "shops": seen }))
}

/// A shop with what is known of its credentials: which are there and when they end.
async fn whole(desk: &Desk, shop: &Shop) -> Result<Value, Refusal> {
    let now = desk.now();
    let mut value = engine::told::shop(shop);
    let rows = desk.ledger().credential_rows(shop.shop_id).await?;
    let told: Vec<Value> = rows
        .iter()
        .map(|r| {
            let left = remaining(r.expires_at, now);
            json!({ "credential": r.credential, "is_set": true, "set_at": r.set_at, "expires_at": r.expires_at,
                "days_left": left.days_left, "urgency": left.urgency, "checked_at": r.checked_at,
                "check_reason": r.check_reason })
        })
        .collect();
    if let Some(map) = value.as_object_mut() {
        map.insert("credentials".to_owned(), Value::Array(told));
    }
    Ok(value)
}

async fn show_shop(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let shop = shop(&desk, &visitor, &id).await?;
    told(whole(&desk, &shop).await?)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShopChange {
    /// `active`, `off`.
    state: Option<String>,
    /// 自動処理.
    automation_enabled: Option<bool>,
    /// Longest wait between two looks of the automatic import, seconds; 0 = by hand. More than 900 counts as 900.
    #[schema(minimum = 0, maximum = 86400)]
    import_interval_seconds: Option<i64>,
    /// What starts the automatic import: `off`, `schedule`, `mail` (mail and schedule).
    import_mode: Option<String>,
    /// New orders go straight to 新規受付.
    skip_inbox: Option<bool>,
    /// Mall statuses fetched.
    import_statuses: Option<Vec<String>>,
    /// Settings by the names of the mall's fields.
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

async fn set_shop(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(wanted): Body<ShopChange>,
) -> Page {
    let mut shop = shop(&desk, &visitor, &id).await?;
    let mall = desk.hub.mall(&shop.mall).ok_or_else(Refusal::inside)?;
    let descriptor = mall.descriptor();
    if let Some(state) = wanted.state {
        if !matches!(state.as_str(), "active" | "off") {
            return Err(Refusal::field("state", "active か off を指定してください", "must be active or off"));
        }
        shop.state = state;
    }
    shop.automation_enabled = wanted.automation_enabled.unwrap_or(shop.automation_enabled);
    if let Some(seconds) = wanted.import_interval_seconds {
        if !(0..=86_400).contains(&seconds) {
            let ja = "0〜86400秒にしてください";
            return Err(Refusal::field("import_interval_seconds", ja, "must be 0 to 86400"));
        }
        shop.set_import_interval(seconds * 1_000, desk.now());
    }
    if let Some(mode) = wanted.import_mode {
        let mode = ImportMode::parse(&mode).ok_or_else(|| {
            let ja = "off・schedule・mail のどれかを指定してください";
            Refusal::field("import_mode", ja, "must be off, schedule or mail")
        })?;
        shop.set_import_mode(mode, desk.now());
    }
    shop.skip_inbox = wanted.skip_inbox.unwrap_or(shop.skip_inbox);
    if let Some(statuses) = wanted.import_statuses {
        if statuses.iter().any(|code| descriptor.status(code).is_none()) {
            let ja = "このモールにないステータスです";
            return Err(Refusal::field("import_statuses", ja, "is not a status of this mall"));
        }
        shop.import_statuses = Some(statuses);
    }
    for (key, value) in wanted.settings {
        let Some(field) = descriptor.settings.iter().find(|f| f.key == key) else {
            return Err(Refusal::field(key, "そのような設定はありません", "is not a setting of this mall"));
        };
        (field.check)(&value).map_err(|ja| Refusal::field(field.key, ja, "has a wrong value"))?;
        shop.settings.insert(key, value);
    }
    desk.ledger().update_shop(&shop, desk.now()).await?;
    log(&desk, &visitor, "shop.set", &shop.name, &json!({ "via": "api" })).await?;
    desk.hub.wake();
    told(whole(&desk, &shop).await?)
}

async fn credentials(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(given): Body<BTreeMap<String, String>>,
) -> Page {
    let mut shop = shop(&desk, &visitor, &id).await?;
    let mall = desk.hub.mall(&shop.mall).ok_or_else(Refusal::inside)?;
    let rows = desk.ledger().credential_rows(shop.shop_id).await?;
    let there: Vec<String> = rows.into_iter().map(|r| r.credential).collect();
    if given.is_empty() {
        return Err(Refusal::field("", "認証情報を指定してください", "names no credential"));
    }
    if let Some(wrong) = setup::check_credentials(mall.descriptor(), &given, &there).into_iter().next() {
        return Err(Refusal::field(wrong.key, wrong.ja, wrong.en));
    }
    // A shop is worked in the lane of its credential: with another key it may be another lane.
    let mut all: BTreeMap<String, String> =
        desk.ledger().open_credentials(shop.shop_id).await?.into_iter().collect();
    all.extend(given.clone());
    let lane_key = mall.pacing_key(shop.shop_id, &Credentials::from_pairs(all));
    if lane_key != shop.lane_key {
        shop.lane_key = lane_key;
        desk.ledger().update_shop(&shop, desk.now()).await?;
    }
    let new: Vec<NewCredential<'_>> = given
        .iter()
        .map(|(credential, secret)| NewCredential { credential, secret, expires_at: None })
        .collect();
    let outdated: Vec<&str> = mall.grant().map(|grant| grant.access_key()).into_iter().collect();
    desk.ledger().set_credentials(shop.shop_id, &new, &outdated, desk.now()).await?;
    let keys: Vec<&String> = given.keys().collect();
    log(&desk, &visitor, "credential.set", &shop.name, &json!({ "fields": keys })).await?;
    desk.hub.wake();
    told(json!({ "shop": shop.name, "set": keys }))
}

async fn phases(State(desk): State<Arc<Desk>>) -> Page {
    told(json!({ "phases": desk.ledger().phases().await? }))
}

async fn carriers(State(desk): State<Arc<Desk>>) -> Page {
    let (carriers, methods) = (desk.ledger().carriers().await?, desk.ledger().shipping_methods().await?);
    told(json!({ "carriers": carriers, "shipping_methods": methods }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesQuery {
    shop: Option<String>,
}

async fn rules(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<RulesQuery>) -> Page {
    let access = visitor.access();
    let mut chosen = match &query.shop {
        Some(id) => vec![shop(&desk, &visitor, id).await?],
        None => desk.ledger().shops().await?,
    };
    chosen.retain(|s| access.sees(s.shop_id));
    let phases = desk.ledger().phases().await?;
    let mut all = Vec::new();
    for shop in chosen {
        for rule in desk.ledger().rules(shop.shop_id).await? {
            all.push(rule_value(&shop, &rule, &phases));
        }
    }
    told(json!({ "rules": all }))
}

fn rule_value(shop: &Shop, rule: &Rule, phases: &[domain::phase::Phase]) -> Value {
    json!({ "shop": shop.name, "shop_id": shop.shop_id, "kind": rule.kind, "target_phase": rule.target_phase,
        "success_phase": rule.success_phase, "failure_phase": rule.failure_phase,
        "warnings": warnings(rule, phases) })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleChange {
    /// Shop, by number or name.
    shop: String,
    /// `shipment_notice`, `confirm_order`.
    kind: String,
    /// 対象処理フェーズ.
    target_phase: String,
    /// 移動先 on 正常.
    success_phase: Option<String>,
    /// 移動先 on failure.
    failure_phase: Option<String>,
}

/// Kinds that rules write.
fn rule_kind(text: &str) -> Result<WriteKind, Refusal> {
    let kind =
        WriteKind::parse(text).filter(|k| matches!(k, WriteKind::ShipmentNotice | WriteKind::ConfirmOrder));
    let ja = "shipment_notice か confirm_order を指定してください";
    kind.ok_or_else(|| Refusal::field("kind", ja, "must be shipment_notice or confirm_order"))
}

async fn put_rule(State(desk): State<Arc<Desk>>, visitor: Visitor, Body(wanted): Body<RuleChange>) -> Page {
    let shop = shop(&desk, &visitor, &wanted.shop).await?;
    let kind = rule_kind(&wanted.kind)?;
    let phases = desk.ledger().phases().await?;
    let known = |field: &str, key: &str| {
        let found = phases.iter().find(|p| p.phase.as_str() == key).map(|p| p.phase.clone());
        found.ok_or_else(|| Refusal::field(field, "そのフェーズはありません", "there is no such phase"))
    };
    let rule = Rule {
        shop_id: shop.shop_id,
        kind,
        target_phase: known("target_phase", &wanted.target_phase)?,
        success_phase: wanted.success_phase.as_deref().map(|p| known("success_phase", p)).transpose()?,
        failure_phase: wanted.failure_phase.as_deref().map(|p| known("failure_phase", p)).transpose()?,
    };
    desk.ledger().put_rule(&rule).await?;
    let target = format!("{} {} {}", shop.name, rule.kind.as_str(), rule.target_phase);
    log(&desk, &visitor, "rule.set", &target, &json!({})).await?;
    told(rule_value(&shop, &rule, &phases))
}

async fn drop_rule(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((id, kind, target)): Path<(String, String, String)>,
) -> Page {
    let shop = shop(&desk, &visitor, &id).await?;
    let kind = rule_kind(&kind)?;
    let missing = || none("rule", "その規則はありません");
    let target = super::plain(&target).ok_or_else(missing)?;
    if !desk.ledger().drop_rule(shop.shop_id, kind, &domain::PhaseKey(target.to_owned())).await? {
        return Err(missing());
    }
    log(&desk, &visitor, "rule.drop", &format!("{} {} {target}", shop.name, kind.as_str()), &json!({}))
        .await?;
    told(json!({ "removed": { "shop": shop.name, "kind": kind, "target_phase": target } }))
}

async fn users(State(desk): State<Arc<Desk>>) -> Page {
    let groups = desk.ledger().groups().await?;
    let users: Vec<Value> = desk
        .ledger()
        .users()
        .await?
        .iter()
        .map(|u| {
            let group = groups.iter().find(|g| g.group_id == u.group_id).map(|g| &g.name);
            json!({ "login": u.login, "name": u.name, "group": group, "state": u.state,
                "second_factor": u.has_totp, "created_at": u.created_at, "signed_in_at": u.signed_in_at })
        })
        .collect();
    told(json!({ "users": users, "groups": groups }))
}
