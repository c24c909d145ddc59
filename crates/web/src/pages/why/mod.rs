//! 見つからない受注を調べる (WHY-1), なぜ通知されないか (WHY-2), エラー一覧. The checks are the engine's; this menu asks the lanes,
//! shows what came of it and turns mends into buttons.

mod errors;
mod mend;
mod missing;
mod notice;

use crate::door::guard::{Need, view};
use crate::door::{Route, get, post};
use crate::words::Lang;
use domain::rights::Menu;
use engine::why::{Check, Outcome};
use mend::Button;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let menu = Menu::Import;
    vec![
        get("/why", view(menu), missing::page),
        // Only reads, at the mall as here.
        post("/why", view(menu), missing::ask),
        get("/why/live", view(menu), missing::part),
        get("/orders/{order_no}/why", view(Menu::Orders), notice::page),
        get("/errors", Need::SignedIn, errors::page),
    ]
}

/// A check as a page shows it.
struct CheckShown {
    class: &'static str,
    word: &'static str,
    text: String,
    /// The mall's own words.
    mall_text: String,
    remedy: String,
    /// Its entry in エラー一覧; empty: none.
    entry: String,
    buttons: Vec<Button>,
}

fn shown(lang: Lang, visitor: &crate::door::Visitor, check: &Check) -> CheckShown {
    let (class, word) = match check.outcome {
        Outcome::Passed => ("ok", lang.t("問題なし", "fine")),
        Outcome::Cause => ("bad", lang.t("原因", "cause")),
        Outcome::Unknown => ("warn", lang.t("不明", "not known")),
    };
    let reason = check.reason.as_ref();
    let stands = check.outcome != Outcome::Passed || check.check == "warning";
    CheckShown {
        class,
        word,
        text: lang.t(&check.ja, &check.en).to_owned(),
        mall_text: reason.and_then(|r| r.mall_text.clone()).unwrap_or_default(),
        remedy: reason.filter(|_| stands && lang == Lang::Ja).map(|r| r.remedy.clone()).unwrap_or_default(),
        entry: reason.filter(|_| stands).map(|r| lang.entry(r)).unwrap_or_default(),
        buttons: check.mends.iter().filter_map(|m| mend::button(lang, visitor, m)).collect(),
    }
}
