//! The board itself.

use super::feed;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Query;
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::pages::settings::Tab;
use crate::pages::shops::tabs;
use crate::refusal::Page;
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::State;
use domain::Reason;
use domain::credential::Urgency;
use domain::rights::Menu;
use engine::keys::{BoardRow, EndSource};
use mall_api::descriptor::Renewal;
use std::collections::BTreeSet;
use std::sync::Arc;

struct RowShown {
    shop: i64,
    shop_name: String,
    off: bool,
    mall: String,
    label: &'static str,
    class: &'static str,
    word: &'static str,
    left: String,
    ends: String,
    source: &'static str,
    set: String,
    checked: String,
    /// What the mall complained of, or why it refuses it before its end.
    early: &'static str,
    remark: Option<Reason>,
    waiting: bool,
    guide: String,
    by_consent: bool,
}

struct GuideShown {
    anchor: String,
    title: String,
    help: &'static str,
    renewal: Renewal,
}

#[derive(Template)]
#[template(path = "keys/board.html")]
struct BoardPage {
    frame: Frame,
    tabs: Vec<Tab>,
    rows: Vec<RowShown>,
    guides: Vec<GuideShown>,
    soon: usize,
    may_edit: bool,
    may_make: bool,
    /// When the calendar's link was made, and by whom.
    link: Option<(String, String)>,
    toast: &'static str,
}

/// Class and word: colour alone says nothing.
fn word(lang: Lang, row: &BoardRow) -> (&'static str, &'static str) {
    if !row.is_set {
        return match row.required {
            true => ("bad", lang.t("未登録", "not set")),
            false => ("mute", lang.t("未登録（任意）", "not set (optional)")),
        };
    }
    if row.refused {
        return ("bad", lang.t("受け付けられません", "refused"));
    }
    if row.source == EndSource::Never {
        return ("ok", lang.t("期限なし", "no end"));
    }
    crate::pages::shops::urgency(lang, row.urgency)
}

fn left(lang: Lang, row: &BoardRow) -> String {
    let Some(days) = row.days_left.filter(|_| row.is_set) else { return String::new() };
    match (row.urgency, days) {
        (Urgency::Expired, 0) => lang.t("今日切れました", "ended today").to_owned(),
        (Urgency::Expired, _) => match lang {
            Lang::Ja => format!("{}日前に切れました", -days),
            Lang::En => format!("ended {} days ago", -days),
        },
        (_, 0) => lang.t("今日まで", "today").to_owned(),
        _ => match lang {
            Lang::Ja => format!("あと{days}日"),
            Lang::En => format!("{days} days"),
        },
    }
}

fn anchor(row: &BoardRow) -> String {
    format!("renew-{}-{}", row.mall, row.key)
}

fn shown(desk: &Desk, lang: Lang, row: &BoardRow) -> RowShown {
    let (class, word) = word(lang, row);
    let (ja, en) = row.source.words();
    RowShown {
        shop: row.shop_id.0,
        shop_name: row.shop.clone(),
        off: !row.active,
        mall: row.mall.clone(),
        label: row.label,
        class,
        word,
        left: left(lang, row),
        ends: row.expires_at.map(moment).unwrap_or_default(),
        source: if row.is_set { lang.t(ja, en) } else { "" },
        set: row.set_at.map(moment).unwrap_or_default(),
        checked: row.checked_at.map(moment).unwrap_or_default(),
        early: if row.is_refused_early(desk.now()) { row.renewal.refused_early } else { "" },
        remark: row.remark.clone(),
        waiting: row.next.is_some(),
        guide: anchor(row),
        by_consent: row.by_consent && desk.hub.mall(&row.mall).is_some_and(|m| m.grant().is_some()),
    }
}

/// How each kind is renewed, once a kind.
fn guides(rows: &[&BoardRow]) -> Vec<GuideShown> {
    let mut told = BTreeSet::new();
    let first = rows.iter().filter(|row| told.insert((row.mall.clone(), row.key)));
    first
        .map(|row| GuideShown {
            anchor: anchor(row),
            title: format!("{}：{}", row.mall_name, row.label),
            help: row.help,
            renewal: row.renewal,
        })
        .collect()
}

const TOLD: [(&str, &str, &str); 1] =
    [("calendar_off", "カレンダーのリンクを無効にしました", "The calendar link was revoked")];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let (lang, access) = (visitor.lang(), visitor.access());
    let keys = desk.keys().await?;
    let rows: Vec<&BoardRow> = keys.iter().filter(|row| access.sees(row.shop_id)).collect();
    let may_make = feed::may_make(&visitor);
    let link = if may_make { feed::link(&desk).await? } else { None };
    let here = Here { menu: Some(Menu::Shops), ..Here::default() };
    let mut frame = Frame::new(&desk, &visitor, lang.t("API有効期限", "Credentials"), here).await?;
    frame.help = "/help/credentials".to_owned();
    frame::page(&BoardPage {
        frame,
        tabs: tabs(lang, "/credentials"),
        soon: rows.iter().filter(|row| row.active && row.needs_somebody()).count(),
        guides: guides(&rows),
        rows: rows.iter().map(|row| shown(&desk, lang, row)).collect(),
        may_edit: visitor.edits(Menu::Shops),
        may_make,
        link: link.map(|link| (moment(link.made_at), link.made_by)),
        toast: told.words(lang, &TOLD),
    })
}
