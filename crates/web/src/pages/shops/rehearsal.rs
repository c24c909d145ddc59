//! What would be sent now, and why not the rest: judged as if 見るだけモード were off and the automation on. From here the
//! writing to the mall is begun.

use super::change::{Switch, keep};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::Reason;
use domain::notice::NoticeState;
use domain::rights::Menu;
use domain::rule::next_phase;
use domain::write::{WRITE_BACK, WriteKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Shop;

/// Orders that are listed; all are counted.
const LISTED: usize = 50;

/// One order, judged.
pub struct JudgedShown {
    /// Kind in words.
    pub kind: String,
    /// 管理番号.
    pub order_no: String,
    /// Number at the mall.
    pub mall_order_id: String,
    /// Phase it is in.
    pub phase: String,
    /// It would be sent.
    pub eligible: bool,
    /// Where it goes by result; empty: it stays where it is.
    pub goes: String,
    /// Why not, or what is worth saying.
    pub reasons: Vec<Reason>,
}

/// All of a shop.
#[derive(Default)]
pub struct Rehearsal {
    /// How many would be sent.
    pub sent: usize,
    /// How many would not.
    pub refused: usize,
    /// The reasons of those, with how many.
    pub why: Vec<(String, usize)>,
    /// The first ones, those that would be sent before the others.
    pub rows: Vec<JudgedShown>,
}

/// Judges what the rules of a shop would take now.
///
/// # Errors
/// As the database says.
pub async fn rehearse(
    desk: &Desk,
    lang: Lang,
    shop: &Shop,
    kinds: &[WriteKind],
) -> Result<Rehearsal, Refusal> {
    let mall = seen::mall(desk, shop)?;
    let phases: BTreeMap<_, _> =
        desk.ledger().phases().await?.into_iter().map(|p| (p.phase, p.name)).collect();
    let mut as_if = shop.clone();
    as_if.settings.insert(WRITE_BACK.to_owned(), "on".to_owned());
    as_if.automation_enabled = true;
    let rules = desk.ledger().rules(shop.shop_id).await?;
    let (mut out, mut why) = (Rehearsal::default(), BTreeMap::<String, usize>::new());
    for kind in kinds {
        for judged in engine::judge_due(desk.ledger(), &as_if, &*mall, *kind, desk.now()).await? {
            let eligible = judged.verdict.is_eligible();
            if eligible {
                out.sent += 1;
            } else {
                out.refused += 1;
                if let Some(first) = judged.verdict.refusals.first() {
                    *why.entry(lang.reason(first)).or_default() += 1;
                }
            }
            let facts = &judged.order.facts;
            let to = |state: NoticeState| {
                let to = next_phase(&rules, *kind, &facts.phase, state).filter(|p| *p != facts.phase)?;
                // A phase that is gone moves nothing.
                phases.get(&to).cloned()
            };
            let word = |to: Option<String>| to.unwrap_or_else(|| lang.t("そのまま", "stays").to_owned());
            let goes = match (to(NoticeState::Applied), to(NoticeState::Rejected)) {
                (None, None) => String::new(),
                (good, bad) => format!(
                    "{} → {} / {} → {}",
                    lang.t("正常", "success"),
                    word(good),
                    lang.t("エラー", "failure"),
                    word(bad)
                ),
            };
            out.rows.push(JudgedShown {
                kind: seen::kind(lang, kind.as_str()),
                order_no: judged.order.seq.order_no().0,
                mall_order_id: judged.order.mall_order_id.0.clone(),
                phase: phases.get(&facts.phase).cloned().unwrap_or_else(|| facts.phase.0.clone()),
                goes: if eligible { goes } else { String::new() },
                eligible,
                reasons: [judged.verdict.refusals, judged.verdict.warnings].concat(),
            });
        }
    }
    out.rows.sort_by_key(|row| !row.eligible);
    out.rows.truncate(LISTED);
    out.why = why.into_iter().collect();
    out.why.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    Ok(out)
}

#[derive(Template)]
#[template(path = "shops/rehearsal.html")]
struct RehearsalPage {
    frame: Frame,
    id: i64,
    name: String,
    look_only: bool,
    automation: bool,
    has_rules: bool,
    rehearsal: Rehearsal,
    may_edit: bool,
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let lang = visitor.lang();
    let shop = seen::shop(&desk, &visitor, &id).await?;
    let kinds = [WriteKind::ConfirmOrder, WriteKind::ShipmentNotice];
    let rehearsal = rehearse(&desk, lang, &shop, &kinds).await?;
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    frame::page(&RehearsalPage {
        frame: Frame::new(&desk, &visitor, lang.t("送信内容の確認", "What would be sent"), here).await?,
        id: shop.shop_id.0,
        look_only: !shop.writes_back(),
        automation: shop.automation_enabled,
        has_rules: !desk.ledger().rules(shop.shop_id).await?.is_empty(),
        rehearsal,
        may_edit: visitor.edits(Menu::Shops),
        name: shop.name,
    })
}

/// Begins or ends the writing to the mall.
pub async fn switch(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Switch>,
) -> Page {
    let mut shop = seen::shop(&desk, &visitor, &id).await?;
    let on = form.is_on()?;
    shop.settings.insert(WRITE_BACK.to_owned(), form.to.clone());
    keep(&desk, &visitor, &shop, &[WRITE_BACK]).await?;
    let done = if on { "on" } else { "off" };
    Ok(Redirect::to(&format!("/shops/{id}?done={done}#write-back")).into_response())
}
