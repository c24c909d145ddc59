//! Editing an order's content, part by part. A form carries the order's version and what its fields showed. Whoever was
//! slower sees both values field by field and takes either (F75); nothing typed is lost.

use super::sheet::{self, Field, Kind, Sheet};
use super::{Opened, find, labels};
use crate::desk::Desk;
use crate::door::guard::edit;
use crate::door::{Route, Visitor, get, post};
use crate::fields::{Fields, Query};
use crate::frame::{Frame, Here};
use crate::refusal::{Page, Refusal};
use crate::words::Lang;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _};
use domain::Content;
use domain::reconcile::{self, EditError, item_path};
use domain::rights::Menu;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    let orders = edit(Menu::Orders);
    vec![
        get("/orders/{order_no}/edit/{part}", orders, form),
        post("/orders/{order_no}/edit/{part}", orders, save),
        post("/orders/{order_no}/settle", orders, settle),
        post("/orders/{order_no}/take", orders, take),
    ]
}

/// Parts that have a form of their own.
const PARTS: [(&str, &str, &str); 6] = [
    ("buyer", "注文者を修正", "Edit the buyer"),
    ("recipient", "お届け先を修正", "Edit the recipient"),
    ("delivery", "配送の希望を修正", "Edit the delivery wishes"),
    ("notes", "備考を修正", "Edit the notes"),
    ("payment", "入金日を修正", "Edit the payment date"),
    ("lines", "明細を修正", "Edit the lines"),
];

/// Longest text of a field, characters.
const LONGEST: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartQuery {
    key: Option<String>,
}

/// A field that may be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    kind: Kind,
    /// A coded value of which people write the words.
    coded: bool,
}

const fn rule(kind: Kind) -> Rule {
    Rule { kind, coded: false }
}

const PERSON: [(&str, Rule); 17] = [
    ("full_name", rule(Kind::Text)),
    ("family_name", rule(Kind::Text)),
    ("given_name", rule(Kind::Text)),
    ("family_kana", rule(Kind::Text)),
    ("given_kana", rule(Kind::Text)),
    ("company", rule(Kind::Text)),
    ("department", rule(Kind::Text)),
    ("postal_code", rule(Kind::Postal)),
    ("prefecture", rule(Kind::Prefecture)),
    ("city", rule(Kind::City)),
    ("address1", rule(Kind::Town)),
    ("address2", rule(Kind::Text)),
    ("address3", rule(Kind::Text)),
    ("country", rule(Kind::Text)),
    ("phone", rule(Kind::Phone)),
    ("phone2", rule(Kind::Phone)),
    ("email", rule(Kind::Text)),
];

/// Fields of a person: the whole name or its parts, as the mall writes it; contacts only for who may see them.
fn person(prefix: &str, party: &domain::snapshot::Party, contact: bool) -> Vec<(String, Rule)> {
    let whole = party.full_name.value().is_some();
    PERSON
        .iter()
        .filter(|(name, _)| match *name {
            "full_name" => whole,
            "family_name" | "given_name" | "family_kana" | "given_kana" => !whole,
            "country" => party.country.value().is_some(),
            name => contact || !labels::is_contact(name),
        })
        .map(|(name, rule)| (format!("{prefix}{name}"), *rule))
        .collect()
}

/// The fields of a part; `None`: there is no such part.
fn paths(content: &Content, part: &str, key: &str, contact: bool) -> Option<Vec<(String, Rule)>> {
    let plain = |of: &[(&str, Kind)]| of.iter().map(|(p, k)| ((*p).to_owned(), rule(*k))).collect();
    Some(match part {
        "buyer" => person("buyer.", &content.buyer, contact),
        "recipient" => {
            let recipient = content.recipients.iter().find(|r| r.key == key)?;
            let at = item_path("recipients", key);
            let mut fields = person(&format!("{at}.party."), &recipient.party, contact);
            for (name, kind) in
                [("noshi", Kind::Area), ("drop_off", Kind::Text), ("gift_message", Kind::Area)]
            {
                fields.push((format!("{at}.{name}"), rule(kind)));
            }
            fields
        }
        "delivery" => vec![
            ("delivery.deliver_on".to_owned(), rule(Kind::Date)),
            ("delivery.deliver_slot".to_owned(), Rule { kind: Kind::Text, coded: true }),
            ("delivery.method".to_owned(), rule(Kind::Text)),
        ],
        "notes" => plain(&[("buyer_note", Kind::Area), ("mall_memo", Kind::Area)]),
        "payment" => plain(&[("payment.paid_on", Kind::Date)]),
        "lines" => {
            let of_line = |line: &domain::snapshot::Line| {
                let at = item_path("lines", &line.key);
                [(format!("{at}.title"), rule(Kind::Text)), (format!("{at}.quantity"), rule(Kind::Number))]
            };
            content.lines.iter().flat_map(of_line).collect()
        }
        _ => return None,
    })
}

/// Every field that may be edited.
fn all_paths(content: &Content, contact: bool) -> BTreeMap<String, Rule> {
    let keys: Vec<&str> = content.recipients.iter().map(|r| r.key.as_str()).collect();
    let recipients = keys.into_iter().filter_map(|key| paths(content, "recipient", key, contact));
    let parts = PARTS.iter().filter(|(part, ..)| *part != "recipient");
    parts.filter_map(|(part, ..)| paths(content, part, "", contact)).chain(recipients).flatten().collect()
}

/// A value as its field shows it.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(coded)) => {
            let text = |key: &str| coded.get(key).and_then(Value::as_str).unwrap_or_default();
            if text("label").is_empty() { text("code").to_owned() } else { text("label").to_owned() }
        }
        Some(other) => other.to_string(),
    }
}

/// What was typed as the value of its field.
fn typed(rule: Rule, text: &str, today: Date) -> Result<Value, &'static str> {
    let text = text.replace("\r\n", "\n");
    let trimmed = text.trim();
    if trimmed.chars().count() > LONGEST {
        return Err("長すぎます（2,000文字まで）");
    }
    let breaks_lines = |c: char| c.is_control() && !(rule.kind == Kind::Area && c == '\n');
    if trimmed.chars().any(breaks_lines) {
        return Err("使えない文字が入っています");
    }
    if rule.kind == Kind::Number {
        // Full-width digits count as digits; a sign does not.
        let narrow = |c: char| {
            if ('０'..='９').contains(&c) { char::from_u32(u32::from(c) - 0xFEE0) } else { Some(c) }
        };
        let digits: Option<String> = trimmed.chars().map(narrow).collect();
        let count =
            digits.filter(|d| d.bytes().all(|b| b.is_ascii_digit())).and_then(|d| d.parse::<i64>().ok());
        return count
            .filter(|n| (0..=99_999).contains(n))
            .map(Value::from)
            .ok_or("0以上の数を入力してください");
    }
    if trimmed.is_empty() {
        return Ok(Value::Null);
    }
    match rule.kind {
        Kind::Date => japan::read_date(trimmed, today)
            .map(|d| json!(d.to_string()))
            .map_err(|_| "日付を読み取れません（例：2026-11-22、11/22）"),
        Kind::Postal => Ok(match japan::postal_code(trimmed) {
            Some(digits) => json!(format!(
                "{}-{}",
                digits.get(..3).unwrap_or_default(),
                digits.get(3..).unwrap_or_default()
            )),
            None => json!(trimmed),
        }),
        _ if rule.coded => Ok(json!({ "code": "", "label": trimmed })),
        _ => Ok(json!(trimmed)),
    }
}

fn content_of(order: &Opened) -> Result<&Content, Refusal> {
    match (&order.view.content, order.view.row.erased) {
        (Some(content), _) => Ok(content),
        (None, true) => Err(domain::reason::buyer_data_erased().into()),
        // Without the right there is nothing to edit.
        (None, false) => Err(Refusal::not_found()),
    }
}

fn sheet_of(
    order: &Opened,
    part: &str,
    key: &str,
    fields: &[(String, Rule)],
    today: Date,
    lang: Lang,
) -> Result<Sheet, Refusal> {
    let content = content_of(order)?;
    let values = reconcile::fields(content);
    let (_, ja, en) = PARTS.iter().find(|(p, ..)| *p == part).ok_or_else(Refusal::not_found)?;
    let mut sheet = Sheet::of(order, lang.t(ja, en), &format!("edit/{part}")).with_days(today, lang);
    lang.t(
        "当店での修正として保存します。モールの内容は変わりません。",
        "Saved as our own edit; the mall's copy does not change.",
    )
    .clone_into(&mut sheet.lead);
    sheet.hidden.push(("version".to_owned(), order.view.row.version.to_string()));
    if !key.is_empty() {
        sheet.hidden.push(("key".to_owned(), key.to_owned()));
    }
    let mut line = String::new();
    for (path, rule) in fields {
        let now = shown(values.get(path));
        if let Some((item, _)) = path.split_once("].").filter(|_| part == "lines")
            && item != line
        {
            item.clone_into(&mut line);
            sheet.fields.push(Field::new(Kind::Heading, "", &labels::label(&format!("{item}]"), lang), ""));
        }
        sheet.hidden.push((format!("was:{path}"), now.clone()));
        sheet.fields.push(Field::new(rule.kind, path, &labels::short(path, lang), now));
    }
    lang.t("保存する", "Save").clone_into(&mut sheet.submit);
    Ok(sheet)
}

async fn form(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((number, part)): Path<(String, String)>,
    Query(query): Query<PartQuery>,
    headers: HeaderMap,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let key = query.key.unwrap_or_default();
    let fields = paths(content_of(&order)?, &part, &key, visitor.rights.contact_data)
        .ok_or_else(Refusal::not_found)?;
    let sheet = sheet_of(&order, &part, &key, &fields, desk.now().japan_date(), visitor.lang())?;
    sheet::answer(&desk, &visitor, &headers, StatusCode::OK, &sheet).await
}

/// A field that a person wants otherwise.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    path: String,
    /// What the form showed.
    was: String,
    value: Value,
}

/// What was changed in a form, and what is wrong in it.
fn changed(
    fields: &[(String, Rule)],
    typed_in: &mut BTreeMap<String, String>,
    today: Date,
) -> (Vec<Wanted>, Vec<(String, String, &'static str)>) {
    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    for (path, rule) in fields {
        let was = plain(&typed_in.remove(&format!("was:{path}")).unwrap_or_default());
        let Some(text) = typed_in.remove(path).map(|t| plain(&t)).filter(|t| *t != was) else { continue };
        match typed(*rule, &text, today) {
            Ok(value) if shown(Some(&value)) == was => {}
            Ok(value) => wanted.push(Wanted { path: path.clone(), was, value }),
            Err(words) => wrong.push((path.clone(), text, words)),
        }
    }
    (wanted, wrong)
}

fn version_of(typed: &mut BTreeMap<String, String>) -> Result<i64, Refusal> {
    let version = typed.remove("version").and_then(|v| v.parse().ok());
    version.ok_or_else(|| Refusal::field("version", "もう一度開いてください", "must be given"))
}

async fn save(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((number, part)): Path<(String, String)>,
    headers: HeaderMap,
    Fields(pairs): Fields<Vec<(String, String)>>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let (lang, today) = (visitor.lang(), desk.now().japan_date());
    let mut typed_in: BTreeMap<String, String> = pairs.into_iter().collect();
    let version = version_of(&mut typed_in)?;
    let key = typed_in.remove("key").unwrap_or_default();
    let content = content_of(&order)?;
    let fields = paths(content, &part, &key, visitor.rights.contact_data).ok_or_else(Refusal::not_found)?;
    let all = typed_in.clone();
    let (wanted, wrong) = changed(&fields, &mut typed_in, today);
    if let Some(unknown) = typed_in.keys().next() {
        return Err(Refusal::field(unknown.clone(), "この画面で直せない項目です", "may not be edited here"));
    }
    if !wrong.is_empty() {
        let mut sheet = sheet_of(&order, &part, &key, &fields, today, lang)?;
        for field in &mut sheet.fields {
            if let Some(typed) = all.get(&field.name) {
                field.value.clone_from(typed);
            }
        }
        // The version and the values the person saw stay with the form.
        for (name, value) in &mut sheet.hidden {
            if let Some(seen) = all.get(name.as_str()) {
                value.clone_from(seen);
            }
            if name == "version" {
                *value = version.to_string();
            }
        }
        for (path, _, words) in &wrong {
            sheet.wrong(path, words);
        }
        return sheet::answer(&desk, &visitor, &headers, StatusCode::UNPROCESSABLE_ENTITY, &sheet).await;
    }
    store(&desk, &visitor, &order, version, &wanted).await
}

async fn store(desk: &Desk, visitor: &Visitor, order: &Opened, version: i64, wanted: &[Wanted]) -> Page {
    if wanted.is_empty() {
        return Ok(order.done("same"));
    }
    let changes: Vec<(String, Value)> = wanted.iter().map(|w| (w.path.clone(), w.value.clone())).collect();
    let (seq, by, now) = (order.seq(), visitor.by(), desk.now());
    match desk.ledger().edit_order(seq, version, &changes, &by, now).await {
        Ok(Ok(())) => {
            desk.recount();
            Ok(order.done("saved"))
        }
        Ok(Err(EditError::BadValue { path, .. })) => {
            Err(Refusal::field(path, "この項目に入れられない値です", "does not fit the field"))
        }
        Ok(Err(EditError::BadPath(path))) => {
            Err(Refusal::field(path, "そのような項目はありません", "is not a field"))
        }
        Err(StoreError::Conflict { .. }) => clash(desk, visitor, order, wanted).await,
        Err(other) => Err(other.into()),
    }
}

/// One field of a conflict.
struct Clash {
    path: String,
    label: String,
    was: String,
    now: String,
    mine: String,
    /// As it is sent again.
    mine_json: String,
    /// Somebody else changed this very field.
    both: bool,
}

#[derive(Template)]
#[template(path = "orders/order_conflict.html")]
struct ClashPage {
    frame: Frame,
    order: String,
    path: String,
    version: i64,
    fields: Vec<Clash>,
}

/// 409: both values, field by field.
async fn clash(desk: &Desk, visitor: &Visitor, order: &Opened, wanted: &[Wanted]) -> Page {
    let lang = visitor.lang();
    let order = find(desk, visitor, order.no()).await?;
    let values = reconcile::fields(content_of(&order)?);
    let words = |path: &str, value: Option<&Value>| match value {
        Some(value) => labels::words(path, value, lang),
        None => lang.t("（空欄）", "(empty)").to_owned(),
    };
    let fields = wanted
        .iter()
        .map(|w| {
            let now = values.get(&w.path);
            Clash {
                label: labels::label(&w.path, lang),
                was: w.was.clone(),
                now: words(&w.path, now),
                mine: words(&w.path, Some(&w.value)),
                mine_json: w.value.to_string(),
                both: shown(now) != w.was,
                path: w.path.clone(),
            }
        })
        .collect();
    let title = lang.t("ほかの人が先に変更しました", "Somebody else changed it first");
    let here = Here { menu: Some(Menu::Orders), ..Here::default() };
    let page = ClashPage {
        frame: Frame::new(desk, visitor, title, here).await?,
        order: order.called(),
        path: order.path(),
        version: order.view.row.version,
        fields,
    };
    Ok((StatusCode::CONFLICT, Html(page.render()?)).into_response())
}

/// Takes what a person chose after a conflict.
async fn settle(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(pairs): Fields<Vec<(String, String)>>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let mut typed_in: BTreeMap<String, String> = pairs.into_iter().collect();
    let version = version_of(&mut typed_in)?;
    let content = content_of(&order)?;
    let may = all_paths(content, visitor.rights.contact_data);
    let mut wanted = Vec::new();
    for (name, text) in &typed_in {
        let Some(path) = name.strip_prefix("mine:") else { continue };
        let refuse = || Refusal::field(path, "この画面で直せない項目です", "may not be edited here");
        if !may.contains_key(path) {
            return Err(refuse());
        }
        if typed_in.get(&format!("take:{path}")).map(String::as_str) != Some("mine") {
            continue;
        }
        let value = serde_json::from_str(text).map_err(|_| refuse())?;
        let was = typed_in.get(&format!("was:{path}")).cloned().unwrap_or_default();
        wanted.push(Wanted { path: path.to_owned(), was, value });
    }
    store(&desk, &visitor, &order, version, &wanted).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TakeForm {
    version: i64,
    path: String,
    side: String,
}

/// 「モールの内容にする」「当店の修正を残す」.
async fn take(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Fields(form): Fields<TakeForm>,
) -> Page {
    let order = find(&desk, &visitor, &number).await?;
    let sides = desk.ledger().order_sides(&visitor.access(), order.seq()).await?;
    let Some(side) = sides.into_iter().find(|s| s.path == form.path) else {
        return Err(Refusal::conflict());
    };
    let value = match form.side.as_str() {
        "mall" => side.at_mall,
        "ours" => side.ours.or(side.counts),
        _ => {
            return Err(Refusal::field("side", "どちらの内容にするか選んでください", "must be mall or ours"));
        }
    };
    let changes = [(form.path, value.unwrap_or(Value::Null))];
    let done =
        desk.ledger().edit_order(order.seq(), form.version, &changes, &visitor.by(), desk.now()).await?;
    desk.recount();
    match done {
        Ok(()) => Ok(order.done("taken")),
        Err(_) => Err(Refusal::field("path", "この項目に入れられない値です", "does not fit the field")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 22);

    #[test]
    fn what_was_typed_becomes_the_value_of_its_field_or_says_what_is_wrong_f57() {
        let of = |kind, text| typed(rule(kind), text, TODAY);
        assert_eq!(of(Kind::Text, " 架空町 "), Ok(json!("架空町")));
        assert_eq!(of(Kind::Text, "  "), Ok(Value::Null));
        assert_eq!(of(Kind::Postal, "１０００００１"), Ok(json!("100-0001")));
        assert_eq!(of(Kind::Postal, "10001"), Ok(json!("10001")));
        assert_eq!(of(Kind::Date, "11/25"), Ok(json!("2026-11-25")));
        assert_eq!(of(Kind::Area, "一\r\n二"), Ok(json!("一\n二")));
        assert_eq!(of(Kind::Number, "１２"), Ok(json!(12)));
        for (kind, text) in [
            (Kind::Date, "いつか"),
            (Kind::Number, "-1"),
            (Kind::Number, ""),
            (Kind::Text, "a\u{0}b"),
            (Kind::Text, "a\nb"),
        ] {
            assert!(of(kind, text).is_err(), "{text:?}");
        }
        assert!(of(Kind::Text, &"長".repeat(2_001)).is_err());
        let slot = Rule { kind: Kind::Text, coded: true };
        assert_eq!(typed(slot, "午前中", TODAY), Ok(json!({"code": "", "label": "午前中"})));
    }

    #[test]
    fn only_what_a_person_changed_is_wanted_f75() {
        let fields =
            [("buyer.city".to_owned(), rule(Kind::Text)), ("buyer_note".to_owned(), rule(Kind::Area))];
        let mut typed: BTreeMap<String, String> = [
            ("was:buyer.city", "架空区"),
            ("buyer.city", "架空区"),
            ("was:buyer_note", "一\r\n二"),
            ("buyer_note", "一\n三"),
            ("sneaky", "1"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        let (wanted, wrong) = changed(&fields, &mut typed, TODAY);
        let was = "一\n二".to_owned();
        assert_eq!(wanted, [Wanted { path: "buyer_note".into(), was, value: json!("一\n三") }]);
        assert!(wrong.is_empty());
        assert_eq!(typed.keys().collect::<Vec<_>>(), ["sneaky"], "what nobody asked for is left over (F68)");
    }

    #[test]
    fn each_part_of_each_mall_edits_fields_that_lie_on_the_content() {
        for content in super::super::full::contents() {
            for (path, rule) in all_paths(&content, true) {
                let value = match rule.kind {
                    Kind::Number => json!(3),
                    Kind::Date => json!("2026-12-01"),
                    _ if rule.coded => json!({"code": "", "label": "夜"}),
                    _ => json!("直し"),
                };
                let edits = reconcile::add_edit(&content, &[], &path, value.clone());
                let laid = reconcile::lay_over(&content, &edits.unwrap()).unwrap();
                let there = reconcile::value_at(&laid, &path);
                assert_eq!(shown(there.as_ref()), shown(Some(&value)), "{path}");
            }
            assert!(!all_paths(&content, false).keys().any(|p| labels::is_contact(p)));
        }
    }
}
