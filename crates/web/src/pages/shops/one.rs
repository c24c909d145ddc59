//! One shop: how it stands, its settings, credentials, 紐付け設定, and the ways to stop, start and take it off.

use super::credentials::{WaitingShown, waiting};
use super::list::{days, urgency};
use super::new::may_set_endpoints;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::{Path, State};
use domain::Reason;
use domain::phase::GUARD_FRAUD_HOLD;
use domain::rights::Menu;
use domain::write::WriteKind;
use engine::setup::{self, CredentialState};
use mall_api::Descriptor;
use std::sync::Arc;
use store::Shop;

struct CredentialShown {
    key: &'static str,
    label: &'static str,
    help: &'static str,
    required: bool,
    is_set: bool,
    class: &'static str,
    words: String,
    ends: String,
    checked: String,
    remark: Option<Reason>,
    /// The last day is asked for when it is entered.
    asks_end: bool,
    /// Proposed last day.
    proposed: String,
}

struct SettingShown {
    key: &'static str,
    label: &'static str,
    help: &'static str,
    required: bool,
    value: String,
}

struct EndpointShown {
    role: &'static str,
    usual: &'static str,
    value: String,
}

struct LinkShown {
    phase: String,
    phase_name: String,
    status: String,
    on: bool,
    broken: bool,
}

#[derive(Template)]
#[template(path = "shops/one.html")]
struct OnePage {
    frame: Frame,
    id: i64,
    name: String,
    mall: String,
    mall_name: &'static str,
    held: Option<Reason>,
    active: bool,
    automation: bool,
    look_only: bool,
    guard: bool,
    intervals: Vec<(i64, String, bool)>,
    imported: String,
    credentials: Vec<CredentialShown>,
    waiting: Vec<WaitingShown>,
    settings: Vec<SettingShown>,
    endpoints: Vec<EndpointShown>,
    own_endpoints: bool,
    links: Vec<LinkShown>,
    /// The mall takes changes of status.
    may_link: bool,
    phases: Vec<(String, String)>,
    statuses: Vec<(&'static str, &'static str)>,
    /// The mall has a consent page; the address it sends people back to.
    consent: Option<String>,
    no_rules: bool,
    may_edit: bool,
    sets_endpoints: bool,
    toast: &'static str,
}

fn credential(desk: &Desk, lang: Lang, one: CredentialState) -> CredentialShown {
    let (class, words) = if one.is_set {
        let (class, word) = urgency(lang, one.urgency);
        (class, days(lang, word, one.days_left))
    } else if one.required {
        ("bad", lang.t("未登録", "not set").to_owned())
    } else {
        ("", lang.t("未登録（任意）", "not set (optional)").to_owned())
    };
    let asks_end = !one.expiry_asked && (one.usual_life_ms.is_some() || one.expires_at.is_some());
    let proposed = one.usual_life_ms.map(|life| desk.now().plus(life).japan_date().to_string());
    CredentialShown {
        key: one.key,
        label: one.label,
        help: one.help,
        required: one.required,
        is_set: one.is_set,
        class,
        words,
        ends: one.expires_at.map(moment).unwrap_or_default(),
        checked: one.checked_at.map(moment).unwrap_or_default(),
        remark: one.check_reason,
        asks_end,
        proposed: proposed.filter(|_| asks_end).unwrap_or_default(),
    }
}

async fn links(desk: &Desk, shop: &Shop, descriptor: &Descriptor) -> Result<Vec<LinkShown>, Refusal> {
    let phases = desk.ledger().phases().await?;
    let rows = desk.ledger().status_links(shop.shop_id).await?;
    Ok(rows
        .into_iter()
        .map(|link| {
            let name = phases.iter().find(|p| p.phase == link.phase).map(|p| p.name.clone());
            let status = descriptor.status(&link.status).map_or(link.status.as_str(), |s| s.label);
            LinkShown {
                broken: link.is_broken(&phases),
                phase_name: name.unwrap_or_else(|| link.phase.0.clone()),
                status: format!("{status}（{}）", link.status),
                on: link.on,
                phase: link.phase.0,
            }
        })
        .collect())
}

/// Where the mall sends the browser back to, as it must be registered there.
pub fn way_back(desk: &Desk) -> String {
    format!("{}/shops/consent", desk.config.base_url.trim_end_matches('/'))
}

const TOLD: [(&str, &str, &str); 10] = [
    ("waiting", "受け付けました。モールで確かめてから切り替えます", "Taken; it is tried with the mall first"),
    ("dropped", "新しい値を取り消しました", "The new ones were dropped"),
    ("connected", "つなぎました。接続テストをしてください", "Connected; test it now"),
    ("saved", "保存しました", "Saved"),
    ("credentials", "認証情報を登録しました。接続テストをしてください", "Credentials stored; test them now"),
    ("endpoints", "接続先を変えました。認証情報は消えました", "Addresses changed; credentials were wiped"),
    (
        "link",
        "紐付けを保存しました（これから入る受注だけに効きます）",
        "Link saved; it holds for orders from now on",
    ),
    ("on", "モールへの反映を始めました", "Writing to the mall is on"),
    ("off", "見るだけモードにしました", "Look-only mode is on"),
    ("authorised", "アクセスの許可を登録しました", "Access was stored"),
];

/// The page.
pub async fn page(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(told): Query<seen::Told>,
) -> Page {
    let lang = visitor.lang();
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let mall = seen::mall(&desk, &shop)?;
    let descriptor = mall.descriptor();
    let board = setup::credential_board(desk.ledger(), descriptor, shop.shop_id, desk.now()).await?;
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    frame::page(&OnePage {
        frame: Frame::new(&desk, &visitor, shop.name.clone(), here).await?,
        id: shop.shop_id.0,
        mall_name: descriptor.name,
        active: shop.state == "active",
        automation: shop.automation_enabled,
        look_only: !shop.writes_back(),
        guard: shop.settings.get(GUARD_FRAUD_HOLD).is_none_or(|v| v != "off"),
        intervals: seen::intervals(lang, seen::longest(&shop)),
        imported: shop.imported_to.map(moment).unwrap_or_default(),
        waiting: waiting(&desk, lang, &shop).await?,
        credentials: board.into_iter().map(|one| credential(&desk, lang, one)).collect(),
        settings: descriptor
            .settings
            .iter()
            .map(|s| SettingShown {
                key: s.key,
                label: s.label,
                help: s.help,
                required: s.required,
                value: shop.settings.get(s.key).cloned().unwrap_or_else(|| s.default.to_owned()),
            })
            .collect(),
        endpoints: descriptor
            .endpoints
            .iter()
            .map(|e| EndpointShown {
                role: e.role,
                usual: e.default_url,
                value: shop
                    .endpoints
                    .get(e.role)
                    .or_else(|| shop.endpoints.get("*"))
                    .cloned()
                    .unwrap_or_default(),
            })
            .collect(),
        own_endpoints: !shop.endpoints.is_empty(),
        links: links(&desk, &shop, descriptor).await?,
        may_link: descriptor.write(WriteKind::MallStatus).is_some(),
        phases: desk.ledger().phases().await?.into_iter().map(|p| (p.phase.0, p.name)).collect(),
        statuses: descriptor.statuses.iter().map(|s| (s.code, s.label)).collect(),
        consent: mall.grant().map(|_| way_back(&desk)),
        no_rules: desk.ledger().rules(shop.shop_id).await?.is_empty(),
        may_edit: visitor.edits(Menu::Shops),
        sets_endpoints: may_set_endpoints(&visitor),
        toast: told.words(lang, &TOLD),
        name: shop.name,
        mall: shop.mall,
        held: shop.held_reason,
    })
}
