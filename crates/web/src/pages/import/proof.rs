//! 取込の証明: shop by shop and day by day, what the mall lists and what the ledger has. Nothing is claimed of a day that
//! was not looked at: it says why.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped, short_moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::UtcMillis;
use domain::rights::Menu;
use engine::doors;
use engine::proof::{self, Known, Standing};
use engine::requests::{PROVE, ProveRequest};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::Arc;
use store::Shop;
use store::proofs::Proof;

/// One shop and day.
struct Cell {
    shop: i64,
    day: String,
    listed: String,
    held: String,
    class: &'static str,
    words: String,
    /// Numbers that are missing.
    missing: Vec<String>,
    /// More to be said, in words.
    more: Vec<String>,
    checked: String,
    /// The mall can be asked about it (again).
    ask: bool,
}

struct ShopShown {
    id: i64,
    name: String,
    mall: String,
    /// Why nothing is proved for this shop; empty: it is.
    not: &'static str,
    days: Vec<Cell>,
    /// Proved, of the days that are over.
    proved: usize,
    over: usize,
    short: usize,
}

#[derive(Template)]
#[template(path = "import/proof.html")]
struct ProofPage {
    frame: Frame,
    title: String,
    before: String,
    after: String,
    printed: String,
    shops: Vec<ShopShown>,
    may_edit: bool,
    toast: &'static str,
}

/// What the page is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    month: Option<String>,
    done: Option<String>,
}

const TOLD: [(&str, &str, &str); 1] = [("asked", "モールに確かめています", "The mall is being asked")];

/// The first day of the month that is asked for, else of this one.
fn month(text: Option<&str>, today: Date) -> Date {
    let asked = text.filter(|t| t.len() == 7).and_then(|t| format!("{t}-01").parse::<Date>().ok());
    asked.filter(|d| *d <= today).unwrap_or_else(|| today.first_of_month())
}

fn month_text(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

/// 一致, 補完, 不足 — or why nothing is known.
fn words(lang: Lang, standing: Standing, proof: Option<&Proof>) -> (&'static str, String) {
    let Some(proof) = proof else {
        let words = match standing {
            Standing::NotOver => lang.t("未確認：終わったばかりです", "not looked at: only just over"),
            Standing::NotImported => {
                lang.t("未確認：自動取込の前です", "not looked at: before automatic import")
            }
            Standing::TooOld => lang.t("未確認：古すぎます", "not looked at: too long ago"),
            Standing::Due | Standing::Proved => {
                lang.t("未確認：順番を待っています", "not looked at: waits its turn")
            }
        };
        return ("mute", words.to_owned());
    };
    let count = i64::try_from(proof.missing.len()).unwrap_or(i64::MAX);
    match (count, proof.filled) {
        (0, 0) => ("ok", lang.t("一致", "all there").to_owned()),
        (0, n) => ("ok", format!("{}{}{}", lang.t("補完 ", "filled "), grouped(n), lang.t("件", ""))),
        (n, _) => ("bad", format!("{}{}{}", lang.t("不足 ", "missing "), grouped(n), lang.t("件", ""))),
    }
}

fn more(lang: Lang, standing: Standing, proof: &Proof) -> Vec<String> {
    let mut more = Vec::new();
    let mut say = |n: i64, ja: &str, en: &str| {
        if n > 0 {
            more.push(format!("{}{}{}", lang.t(ja, en), grouped(n), lang.t("件", "")));
        }
    };
    say(proof.left_out, "取得しないステータス ", "in statuses that are not fetched: ");
    say(proof.beyond, "受注簿にだけあるもの ", "only in the ledger: ");
    if standing == Standing::Due {
        more.push(lang.t("もう一度確かめます", "is asked again").to_owned());
    }
    more
}

fn cell(lang: Lang, shop: &Shop, day: Date, standing: Standing, proof: Option<&Proof>) -> Cell {
    let (class, words) = words(lang, standing, proof);
    Cell {
        shop: shop.shop_id.0,
        day: day.to_string(),
        listed: proof.map(|p| grouped(p.listed)).unwrap_or_default(),
        held: proof.map(|p| grouped(p.held)).unwrap_or_default(),
        class,
        words,
        missing: proof
            .map(|p| p.missing.iter().take(50).map(|id| id.0.clone()).collect())
            .unwrap_or_default(),
        more: proof.map(|p| more(lang, standing, p)).unwrap_or_default(),
        checked: proof.map(|p| short_moment(p.checked_at)).unwrap_or_default(),
        ask: !matches!(standing, Standing::NotOver | Standing::TooOld),
    }
}

async fn of_shop(
    desk: &Desk,
    lang: Lang,
    shop: &Shop,
    first: Date,
    now: UtcMillis,
) -> Result<ShopShown, Refusal> {
    let mut shown = ShopShown {
        id: shop.shop_id.0,
        name: shop.name.clone(),
        mall: shop.mall.clone(),
        not: "",
        days: Vec::new(),
        proved: 0,
        over: 0,
        short: 0,
    };
    let mall = desk.hub.mall(&shop.mall);
    let Some(period) = mall.filter(|m| m.orders().is_some()).and_then(|m| m.descriptor().period.clone())
    else {
        shown.not = lang.t(
            "このモールは日ごとの一覧を返さないため、証明できません。",
            "This mall does not list orders by day.",
        );
        return Ok(shown);
    };
    let ledger = desk.ledger();
    let outages = proof::outages(ledger, shop, &period, now).await?;
    let known = Known::new(ledger.imported_since(shop.shop_id).await?, &outages, &period);
    if !shop.imports_itself() {
        shown.not = lang.t(
            "自動取込が止まっているため、自動では確かめません。",
            "Automatic import is off: nothing is looked at by itself.",
        );
    }
    let last = first.last_of_month().min(now.japan_date());
    let proofs = ledger.proofs(shop.shop_id, &first.to_string(), &last.to_string()).await?;
    for day in std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(|day| *day <= last) {
        let found = proofs.iter().find(|p| p.day == day.to_string());
        let standing = proof::standing(day, found, known, now);
        shown.over += usize::from(standing != Standing::NotOver);
        shown.proved += usize::from(found.is_some());
        shown.short += usize::from(found.is_some_and(|p| !p.missing.is_empty()));
        shown.days.push(cell(lang, shop, day, standing, found));
    }
    Ok(shown)
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(asked): Query<Asked>) -> Page {
    let (lang, now) = (visitor.lang(), desk.now());
    let today = now.japan_date();
    let first = month(asked.month.as_deref(), today);
    let mut shops = Vec::new();
    for shop in seen::shops(&desk, &visitor).await?.into_iter().filter(|s| s.state == "active") {
        shops.push(of_shop(&desk, lang, &shop, first, now).await?);
    }
    let here = Here { menu: Some(Menu::Import), ..Here::default() };
    let mut frame = Frame::new(&desk, &visitor, lang.t("取込の証明", "Proof of import"), here).await?;
    frame.help = "/help/proof".to_owned();
    let after = first.saturating_add(1.month());
    let told = seen::Told { done: asked.done };
    frame::page(&ProofPage {
        frame,
        title: match lang {
            Lang::Ja => first.strftime("%Y年%-m月").to_string(),
            Lang::En => month_text(first),
        },
        before: month_text(first.saturating_sub(1.month())),
        after: if after <= today { month_text(after) } else { String::new() },
        printed: crate::words::moment(now),
        shops,
        may_edit: visitor.edits(Menu::Import),
        toast: told.words(lang, &TOLD),
    })
}

/// One shop and day.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    shop: String,
    day: String,
}

/// この日をもう一度確かめる.
pub async fn again(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Again>) -> Page {
    let shop = seen::shop(&desk, &visitor, &form.shop).await?;
    let day: Date = form.day.parse().map_err(|_| Refusal::not_found())?;
    let body = ProveRequest { day: day.to_string() };
    doors::ask(&desk.hub, &shop, PROVE, &body, &visitor.by()).await?;
    let month = month_text(day.first_of_month());
    Ok(Redirect::to(&format!("/import/proof?month={month}&done=asked")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_that_is_none_or_still_to_come_is_this_month() {
        let today: Date = "2026-11-22".parse().unwrap();
        for (text, expected) in [
            (Some("2026-10"), "2026-10-01"),
            (Some("2026-12"), "2026-11-01"),
            (Some("2026-13"), "2026-11-01"),
            (Some("../../x"), "2026-11-01"),
            (None, "2026-11-01"),
        ] {
            assert_eq!(month(text, today).to_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_was_not_looked_at_is_never_called_complete() {
        for standing in [Standing::Due, Standing::NotOver, Standing::NotImported, Standing::TooOld] {
            let (class, text) = words(Lang::Ja, standing, None);
            assert!(class == "mute" && text.starts_with("未確認："), "{text}");
        }
    }
}
