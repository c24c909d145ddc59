//! Settings of each label program: codes of services and slots, fixed columns, what to do with characters Shift_JIS lacks.

use super::labels::{program_of, slug};
use crate::desk::Desk;
use crate::door::guard::{edit, view};
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::refusal::{Page, Refusal};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use carriers::{DateForm, LabelProgram, LabelSettings};
use domain::rights::Menu;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/shipping/labels/settings", view(Menu::Shipping), form),
        post("/shipping/labels/settings", edit(Menu::Shipping), save),
    ]
}

fn key(program: LabelProgram) -> String {
    format!("labels:{}", slug(program))
}

/// Settings as they are kept, with today; those to begin with where none are kept or can be read.
///
/// # Errors
/// As the database says.
pub async fn read(desk: &Desk, program: LabelProgram) -> Result<LabelSettings, Refusal> {
    let kept = desk.ledger().kept_value(&key(program)).await?;
    let mut settings = match kept.as_deref().map(serde_json::from_str) {
        Some(Ok(settings)) => settings,
        Some(Err(error)) => {
            tracing::warn!(%error, program = slug(program), "settings of labels cannot be read");
            LabelSettings::of(program)
        }
        None => LabelSettings::of(program),
    };
    settings.today = Some(desk.now().japan_date());
    Ok(settings)
}

#[derive(Template)]
#[template(path = "shipping/label_settings.html")]
struct SettingsPage {
    frame: Frame,
    programs: Vec<(&'static str, &'static str, bool)>,
    program: &'static str,
    settings: LabelSettings,
    services: String,
    slots: String,
    fixed: String,
    replacements: String,
    columns: Vec<(usize, &'static str)>,
    methods: Vec<(String, String)>,
    slashes: (bool, bool),
    may_edit: bool,
    saved: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FormQuery {
    program: String,
    done: String,
}

fn lines<K: ToString, V: AsRef<str>>(pairs: &BTreeMap<K, V>) -> String {
    pairs.iter().map(|(k, v)| format!("{}={}\n", k.to_string(), v.as_ref())).collect()
}

async fn form(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(query): Query<FormQuery>) -> Page {
    let program = program_of(&query.program)?;
    let settings = read(&desk, program).await?;
    let here = Here { menu: Some(Menu::Shipping), ..Here::default() };
    let title = visitor.lang().t("送り状の設定", "Label settings");
    let methods = desk.ledger().shipping_methods().await?;
    frame::page(&SettingsPage {
        frame: Frame::new(&desk, &visitor, title, here).await?,
        programs: LabelProgram::ALL.map(|p| (slug(p), p.name_ja(), p == program)).to_vec(),
        program: slug(program),
        services: lines(&settings.services),
        slots: lines(&settings.slots),
        fixed: lines(&settings.fixed),
        replacements: lines(&settings.replacements),
        columns: program.columns().iter().enumerate().map(|(at, c)| (at + 1, c.name)).collect(),
        methods: methods
            .into_iter()
            .filter(|m| m.carrier == program.carrier())
            .map(|m| (m.shipping_method, m.name))
            .collect(),
        slashes: (
            settings.deliver_date_form == DateForm::Slashes,
            settings.ship_date_form == DateForm::Slashes,
        ),
        may_edit: visitor.edits(Menu::Shipping),
        saved: query.done == "saved",
        settings,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    program: String,
    header: Option<String>,
    honorific: String,
    services: String,
    slots: String,
    fixed: String,
    items_text: String,
    shorten_items: Option<String>,
    replacements: String,
    cod_payment_code: String,
    notify_code: String,
    notify_message: String,
    deliver_slashes: Option<String>,
    ship_slashes: Option<String>,
    doubtful_columns: Option<String>,
}

/// `key=value`, a line each; blank lines do not count.
fn pairs(field: &str, text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let Some((key, value)) = line.split_once('=') else {
            let ja = format!("{}行目に「=」がありません", at + 1);
            return Err(Refusal::field(field, ja, format!("line {} has no =", at + 1)));
        };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || value.chars().any(char::is_control) || value.chars().count() > 200 {
            let ja = format!("{}行目を読み取れません", at + 1);
            return Err(Refusal::field(field, ja, format!("line {} cannot be read", at + 1)));
        }
        found.push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}

fn short<'a>(field: &str, text: &'a str) -> Result<&'a str, Refusal> {
    let text = text.trim();
    if text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(Refusal::field(
            field,
            "200文字以内の1行で入れてください",
            "must be one line of 200 characters",
        ));
    }
    Ok(text)
}

fn settings_of(form: &Saved, before: LabelSettings, columns: usize) -> Result<LabelSettings, Refusal> {
    let mut settings = LabelSettings {
        header: form.header.is_some(),
        honorific: short("honorific", &form.honorific)?.to_owned(),
        services: pairs("services", &form.services)?.into_iter().collect(),
        slots: pairs("slots", &form.slots)?.into_iter().collect(),
        fixed: BTreeMap::new(),
        items_text: short("items_text", &form.items_text)?.to_owned(),
        shorten_items: form.shorten_items.is_some(),
        replacements: BTreeMap::new(),
        cod_payment_code: short("cod_payment_code", &form.cod_payment_code)?.to_owned(),
        notify_code: short("notify_code", &form.notify_code)?.to_owned(),
        notify_message: short("notify_message", &form.notify_message)?.to_owned(),
        deliver_date_form: if form.deliver_slashes.is_some() { DateForm::Slashes } else { DateForm::Compact },
        ship_date_form: if form.ship_slashes.is_some() { DateForm::Slashes } else { DateForm::Compact },
        doubtful_columns: form.doubtful_columns.is_some(),
        today: None,
        ..before
    };
    for (key, value) in pairs("fixed", &form.fixed)? {
        let at = key.parse::<usize>().ok().filter(|at| (1..=columns).contains(at)).ok_or_else(|| {
            let ja = format!("列番号は1〜{columns}の数字です（{key}）");
            Refusal::field("fixed", ja, "is no column number")
        })?;
        settings.fixed.insert(at, value);
    }
    for (key, value) in pairs("replacements", &form.replacements)? {
        let mut chars = key.chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) => drop(settings.replacements.insert(one, value)),
            _ => {
                return Err(Refusal::field(
                    "replacements",
                    "置き換える文字は1文字ずつです",
                    "one character each",
                ));
            }
        }
    }
    Ok(settings)
}

async fn save(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Saved>) -> Page {
    let program = program_of(&form.program)?;
    let before = read(&desk, program).await?;
    let settings = settings_of(&form, before, program.columns().len())?;
    let json = serde_json::to_string(&settings).map_err(|_| Refusal::inside())?;
    desk.ledger().keep_value(&key(program), &json).await?;
    let nothing = serde_json::json!({});
    desk.ledger().log_action(&visitor.by(), "labels.settings", slug(program), &nothing, desk.now()).await?;
    let to = format!("/shipping/labels/settings?program={}&done=saved", slug(program));
    Ok(Redirect::to(&to).into_response())
}
