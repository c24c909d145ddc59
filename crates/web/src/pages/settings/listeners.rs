//! 新着の知らせ: the mailboxes and queues whose word hurries imports, how they are, a live test of each, check by check.

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, moment};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::reason;
use domain::rights::Menu;
use engine::listening::{self, Listening, Place, Step};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use store::listeners::{Listener, NewListener};

/// A live test answers within so long. The network's own time, not the ledger's.
const TEST: Duration = Duration::from_secs(45);
/// Longest secret.
const MOST_SECRET: usize = 500;

struct FieldShown {
    key: &'static str,
    label: &'static str,
    help: &'static str,
    value: String,
}

struct ListenerShown {
    id: i64,
    name: String,
    kind: &'static str,
    on: bool,
    class: &'static str,
    state: &'static str,
    heard: String,
    since: String,
    reason: Option<domain::Reason>,
    shop: String,
    form: KindShown,
}

/// The form of a kind, empty or filled.
struct KindShown {
    key: String,
    label: &'static str,
    secret: &'static str,
    fields: Vec<FieldShown>,
    shop: i64,
}

#[derive(Template)]
#[template(path = "settings/listeners.html")]
struct ListenersPage {
    frame: Frame,
    tabs: Vec<Tab>,
    listeners: Vec<ListenerShown>,
    kinds: Vec<KindShown>,
    shops: Vec<(i64, String)>,
    /// Malls that send mails or messages, with how to order them.
    malls: Vec<(&'static str, &'static str, &'static str)>,
    hurried: usize,
    may_edit: bool,
    toast: &'static str,
}

fn form(lang: Lang, kind: &dyn Listening, config: Option<&serde_json::Value>) -> KindShown {
    let text = |key: &str| {
        let value = config.and_then(|c| c.get(key));
        value.map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
    };
    let (ja, en) = kind.label();
    let secret = kind.secret_label();
    KindShown {
        key: kind.kind().to_owned(),
        label: lang.t(ja, en),
        secret: lang.t(secret.0, secret.1),
        fields: kind
            .fields()
            .iter()
            .map(|f| FieldShown {
                key: f.key,
                label: lang.t(f.label.0, f.label.1),
                help: f.help,
                value: text(f.key).unwrap_or_else(|| f.default.to_owned()),
            })
            .collect(),
        shop: config.and_then(listening::shop_of).map_or(0, |s| s.0),
    }
}

fn shown(lang: Lang, row: Listener, kind: &dyn Listening, shops: &[(i64, String)]) -> ListenerShown {
    let (class, state) = match (row.on, row.failing_since, row.heard_at) {
        (false, ..) => ("mute", lang.t("停止中", "off")),
        (true, Some(_), _) => ("bad", lang.t("つながりません", "failing")),
        (true, None, Some(_)) => ("ok", lang.t("受信中", "listening")),
        (true, None, None) => ("run", lang.t("つないでいます", "connecting")),
    };
    let form = form(lang, kind, Some(&row.config));
    let named = shops.iter().find(|(id, _)| *id == form.shop).map(|(_, name)| name.clone());
    ListenerShown {
        id: row.listener_id,
        kind: form.label,
        on: row.on,
        class,
        state,
        heard: row.heard_at.map(moment).unwrap_or_default(),
        since: row.failing_since.map(moment).unwrap_or_default(),
        shop: named.unwrap_or_else(|| lang.t("すべての店舗", "all shops").to_owned()),
        reason: row.reason,
        name: row.name,
        form,
    }
}

const TOLD: [(&str, &str, &str); 4] = [
    ("added", "加えました。まもなく受信を始めます", "Added; it begins to listen in a moment"),
    ("saved", "保存しました", "Saved"),
    ("switched", "切り替えました", "Switched"),
    ("gone", "削除しました", "Removed"),
];

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let lang = visitor.lang();
    let shops: Vec<_> =
        seen::shops(&desk, &visitor).await?.into_iter().map(|s| (s.shop_id.0, s.name)).collect();
    let mut listeners = Vec::new();
    for row in desk.ledger().listeners().await? {
        if let Some(kind) = desk.hub.listening(&row.kind) {
            listeners.push(shown(lang, row, &*kind, &shops));
        }
    }
    let mut malls = Vec::new();
    for mall in &desk.hub.malls {
        let descriptor = mall.descriptor();
        let mail = descriptor.order_mail.iter().map(|m| (lang.t("注文メール", "order mail"), m.help));
        let queue = descriptor.order_queue.iter().map(|q| (q.name, q.help));
        malls.extend(mail.chain(queue).map(|(what, help)| (descriptor.name, what, help)));
    }
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    let kinds = desk.hub.listening_kinds();
    frame::page(&ListenersPage {
        frame: Frame::new(&desk, &visitor, lang.t("新着の知らせ", "Word of new orders"), here).await?,
        tabs: tabs(lang, "/settings/listeners"),
        listeners,
        kinds: kinds.iter().map(|k| form(lang, &**k, None)).collect(),
        shops,
        malls,
        hurried: desk.ledger().hurried_shops().await?.len(),
        may_edit: visitor.edits(Menu::Settings),
        toast: told.words(lang, &TOLD),
    })
}

/// As typed: what every kind has, and the settings of the kind.
type Given = BTreeMap<String, String>;

struct Read {
    new: NewListener,
    secret: Option<String>,
}

async fn read(
    desk: &Desk,
    visitor: &Visitor,
    kind: &dyn Listening,
    mut form: Given,
) -> Result<Read, Refusal> {
    let name = listening::check_name(&form.remove("name").unwrap_or_default()).map_err(seen::refuse)?;
    let secret = form.remove("secret").unwrap_or_default();
    if secret.chars().count() > MOST_SECRET || secret.chars().any(char::is_control) {
        return Err(Refusal::field("secret", "1行で入力してください", "must be one line"));
    }
    let shop = match form.remove("shop").as_deref() {
        None | Some("" | "0") => None,
        Some(id) => Some(seen::shop(desk, visitor, id).await?.shop_id),
    };
    let config = listening::read(kind, &form, shop).map_err(seen::refuse)?;
    let new = NewListener { kind: kind.kind().to_owned(), name, config };
    Ok(Read { new, secret: Some(secret).filter(|s| !s.is_empty()) })
}

fn kept<T>(stored: Result<T, StoreError>) -> Result<T, Refusal> {
    stored.map_err(|error| match error {
        StoreError::Unique { .. } => {
            Refusal::field("name", "この名前はもう使われています", "this name is taken")
        }
        error => error.into(),
    })
}

async fn log(desk: &Desk, visitor: &Visitor, action: &str, id: i64) -> Result<(), Refusal> {
    let details = serde_json::json!({});
    Ok(desk.ledger().log_action(&visitor.by(), action, &id.to_string(), &details, desk.now()).await?)
}

fn back(done: &str) -> Page {
    Ok(Redirect::to(&format!("/settings/listeners?done={done}")).into_response())
}

/// Adds one.
pub async fn add(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(mut form): Fields<Given>) -> Page {
    let key = form.remove("kind").unwrap_or_default();
    let kind = desk
        .hub
        .listening(&key)
        .ok_or_else(|| Refusal::field("kind", "種類を選びなおしてください", "there is no such kind"))?;
    let read = read(&desk, &visitor, &*kind, form).await?;
    let Some(secret) = read.secret else {
        return Err(Refusal::field("secret", "入力してください", "must be given"));
    };
    let id = kept(desk.ledger().add_listener(&read.new, &secret).await)?;
    log(&desk, &visitor, "listener.add", id).await?;
    desk.hub.wake();
    back("added")
}

async fn find(desk: &Desk, id: &str) -> Result<(Listener, Arc<dyn Listening>), Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::not_found())?;
    let row = desk.ledger().listeners().await?.into_iter().find(|l| l.listener_id == id);
    let row = row.ok_or_else(Refusal::not_found)?;
    let kind = desk.hub.listening(&row.kind).ok_or_else(Refusal::not_found)?;
    Ok((row, kind))
}

/// Changes one. A stored secret goes to no other server than it was entered for.
pub async fn change(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Given>,
) -> Page {
    let (row, kind) = find(&desk, &id).await?;
    let read = read(&desk, &visitor, &*kind, form).await?;
    if read.secret.is_none() && !listening::keeps_secret(&row.config, &read.new.config) {
        let ja = "接続先を変えるときは、もう一度入力してください";
        return Err(Refusal::field("secret", ja, "must be given again for another server"));
    }
    kept(desk.ledger().change_listener(&row, &read.new, read.secret.as_deref()).await)?;
    log(&desk, &visitor, "listener.change", row.listener_id).await?;
    desk.hub.wake();
    back("saved")
}

/// On or off.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    to: String,
}

/// Switches one.
pub async fn switch(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Fields(form): Fields<Switch>,
) -> Page {
    let (row, _) = find(&desk, &id).await?;
    let on = match form.to.as_str() {
        "on" => true,
        "off" => false,
        _ => return Err(Refusal::field("to", "開始か停止を選んでください", "must be on or off")),
    };
    desk.ledger().switch_listener(&row, on).await?;
    log(&desk, &visitor, "listener.switch", row.listener_id).await?;
    desk.hub.wake();
    back("switched")
}

/// Removes one.
pub async fn remove(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let (row, _) = find(&desk, &id).await?;
    desk.ledger().drop_listener(row.listener_id).await?;
    log(&desk, &visitor, "listener.drop", row.listener_id).await?;
    desk.hub.wake();
    back("gone")
}

struct Check {
    class: &'static str,
    what: &'static str,
    words: String,
    mend: String,
}

#[derive(Template)]
#[template(path = "settings/listener_test.html")]
struct TestPage {
    frame: Frame,
    id: i64,
    name: String,
    checks: Vec<Check>,
}

fn check(lang: Lang, step: Step) -> Check {
    let what = lang.t(step.what.0, step.what.1);
    match step.outcome {
        Ok(found) => {
            let words = if found.is_empty() { "OK".to_owned() } else { format!("OK：{found}") };
            Check { class: "ok", what, words, mend: String::new() }
        }
        Err(reason) => {
            let words = lang.t("失敗", "failed").to_owned();
            Check { class: "bad", what, words, mend: format!("{} {}", lang.reason(&reason), reason.remedy) }
        }
    }
}

/// Tries one, check by check. It waits for the mail server, not for a mall, and not for long.
pub async fn test(State(desk): State<Arc<Desk>>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let lang = visitor.lang();
    let (row, kind) = find(&desk, &id).await?;
    let secret = desk.ledger().open_listener(row.listener_id).await?.unwrap_or_default();
    let place = Place::new(row.config, secret);
    let steps = tokio::time::timeout(TEST, kind.test(&place)).await.unwrap_or_else(|_| {
        let late = reason::listener_connection_lost(&row.name);
        vec![Step { what: ("応答", "Answer"), outcome: Err(late) }]
    });
    log(&desk, &visitor, "listener.test", row.listener_id).await?;
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&TestPage {
        frame: Frame::new(&desk, &visitor, lang.t("接続テスト", "Connection test"), here).await?,
        id: row.listener_id,
        checks: steps.into_iter().map(|s| check(lang, s)).collect(),
        name: row.name,
    })
}
