//! The first dialog of each thing: what it needs to know before it can be shown.

use super::super::list::Names;
use super::picked::{PRINTED_AT_ONCE, Picked};
use super::wanted::Filled;
use super::{dialog, once, preview};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::Fields;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped};
use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use domain::rights::Menu;
use jiff::ToSpan as _;
use serde::Deserialize;
use std::sync::Arc;

/// The bar below the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bar {
    #[serde(default)]
    id: Vec<i64>,
    all: Option<String>,
    #[serde(default)]
    query: String,
    #[serde(rename = "do")]
    what: String,
}

/// What every first dialog says and carries.
struct About {
    lang: Lang,
    ticket: String,
    token: String,
    count: String,
    back: String,
    cut: bool,
    today: String,
    tomorrow: String,
}

/// Key and name of a choice.
type Choice = (String, String);

#[derive(Template)]
#[template(path = "orders/bulk/move.html")]
struct MoveForm {
    about: About,
    phases: Vec<Choice>,
    may_override: bool,
}

/// The box for a pasted column, with what was wrong with the last one.
#[derive(Template)]
#[template(path = "orders/bulk/parcels.html")]
struct ParcelsForm {
    about: About,
    carriers: Vec<Choice>,
    carrier: String,
    shipped_on: String,
    pasted: String,
    errors: Vec<String>,
}

#[derive(Template)]
#[template(path = "orders/bulk/print.html")]
struct PrintForm {
    about: About,
    print: String,
    too_many: bool,
    most: usize,
    may_ship: bool,
    may_export: bool,
}

#[derive(Template)]
#[template(path = "orders/bulk/more.html")]
struct MoreForm {
    about: About,
    print: String,
    may_ship: bool,
    may_export: bool,
}

#[derive(Template)]
#[template(path = "orders/bulk/one.html")]
struct OneForm {
    about: About,
    what: String,
    carriers: Vec<Choice>,
    methods: Vec<Choice>,
    tags: Vec<String>,
    classes: Vec<(&'static str, &'static str)>,
}

async fn about(desk: &Desk, visitor: &Visitor, picked: &Picked) -> Result<About, Refusal> {
    let today = desk.now().japan_date();
    Ok(About {
        lang: visitor.lang(),
        ticket: picked.seal(desk)?,
        token: once::token()?,
        count: grouped(i64::try_from(picked.seqs.len()).unwrap_or(i64::MAX)),
        back: picked.back.clone(),
        cut: picked.cut,
        today: today.to_string(),
        tomorrow: today.checked_add(1.day()).unwrap_or(today).to_string(),
    })
}

/// From the bar below the list.
pub(super) async fn begin(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(bar): Fields<Bar>,
) -> Page {
    let picked = Picked::read(&desk, &visitor, &bar.id, bar.all.is_some(), &bar.query).await?;
    choose(&desk, &visitor, &headers, &picked, &bar.what).await
}

/// From その他の操作.
pub(super) async fn go_on(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(filled): Fields<Filled>,
) -> Page {
    let picked = Picked::open(&desk, &visitor, &filled.s)?;
    choose(&desk, &visitor, &headers, &picked, &filled.what).await
}

async fn choose(
    desk: &Arc<Desk>,
    visitor: &Visitor,
    headers: &HeaderMap,
    picked: &Picked,
    what: &str,
) -> Page {
    let lang = visitor.lang();
    let about = about(desk, visitor, picked).await?;
    let (may_ship, may_export) =
        (visitor.may(Menu::Shipping, domain::rights::Level::View), visitor.rights.export);
    match what {
        "move" => {
            let phases = desk.ledger().phases().await?.into_iter().map(|p| (p.phase.0, p.name)).collect();
            let form = MoveForm { about, phases, may_override: visitor.rights.override_fraud_hold };
            dialog(desk, visitor, headers, lang.t("フェーズを変更", "Move"), &form, false).await
        }
        "parcels" => parcels(desk, visitor, headers, picked, &Filled::default(), Vec::new()).await,
        "print" => {
            let too_many = picked.seqs.len() > PRINTED_AT_ONCE;
            let print = picked.print_ticket(desk)?;
            let form = PrintForm { about, print, too_many, most: PRINTED_AT_ONCE, may_ship, may_export };
            dialog(desk, visitor, headers, lang.t("印刷", "Print"), &form, false).await
        }
        "more" => {
            let print = picked.print_ticket(desk)?;
            let form = MoreForm { about, print, may_ship, may_export };
            dialog(desk, visitor, headers, lang.t("その他の操作", "More"), &form, false).await
        }
        "plan" | "ship_date" | "paid" | "tag" | "class" | "notice_state" | "bundle" | "reimport" => {
            let names = Names::read(desk).await?;
            let form = OneForm {
                about,
                what: what.to_owned(),
                carriers: names.carriers.into_iter().collect(),
                methods: names.methods.into_iter().collect(),
                tags: desk.ledger().all_tags().await?,
                classes: CLASSES.map(|c| (c.as_str(), lang.t(c.label_ja(), c.as_str()))).to_vec(),
            };
            dialog(desk, visitor, headers, lang.t("その他の操作", "More"), &form, false).await
        }
        // These need nothing more: what would happen is shown at once.
        _ => {
            let filled = Filled::of(what);
            preview::of_picked(desk, visitor, headers, picked, &filled).await
        }
    }
}

const CLASSES: [domain::order::HandlingClass; 3] = [
    domain::order::HandlingClass::Normal,
    domain::order::HandlingClass::OnHold,
    domain::order::HandlingClass::Cancelled,
];

/// The box for a pasted column; with errors when it is shown again.
pub(super) async fn parcels(
    desk: &Desk,
    visitor: &Visitor,
    headers: &HeaderMap,
    picked: &Picked,
    filled: &Filled,
    errors: Vec<String>,
) -> Page {
    let carriers = desk.ledger().carriers().await?.into_iter().map(|c| (c.carrier.0, c.name)).collect();
    let about = about(desk, visitor, picked).await?;
    let first = filled.pasted.is_empty() && filled.shipped_on.is_empty();
    let form = ParcelsForm {
        carriers,
        carrier: filled.carrier.clone(),
        shipped_on: if first { about.today.clone() } else { filled.shipped_on.clone() },
        pasted: filled.pasted.clone(),
        errors,
        about,
    };
    let title = visitor.lang().t("配送番号を一括入力", "Tracking numbers");
    dialog(desk, visitor, headers, title, &form, false).await
}
