//! メール: the server by which letters leave, who gets them, and a try that says what the server answered. The password is
//! never shown again.

use super::{Tab, tabs};
use crate::desk::Desk;
use crate::door::Visitor;
use crate::fields::{Fields, Query};
use crate::frame::{self, Frame, Here};
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use crate::words::{Lang, grouped};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use domain::rights::Menu;
use domain::{Reason, reason};
use engine::letters::settings::{Given, check};
use engine::letters::{Posted, send};
use serde::Deserialize;
use std::sync::Arc;
use store::letters::LetterState;
use store::mail::{MailConfig, Reports, Security};

/// What a try told.
struct Tried {
    class: &'static str,
    words: String,
    remedy: String,
}

#[derive(Template)]
#[template(path = "settings/mail.html")]
struct MailPage {
    frame: Frame,
    tabs: Vec<Tab>,
    config: MailConfig,
    notify: String,
    version: i64,
    has_password: bool,
    securities: Vec<(&'static str, &'static str, bool)>,
    reports: Vec<(&'static str, &'static str, bool)>,
    waiting: String,
    tried: Option<Tried>,
    may_edit: bool,
    toast: &'static str,
}

fn security(lang: Lang, security: Security) -> &'static str {
    match security {
        Security::StartTls => lang.t("STARTTLS（587番が多い）", "STARTTLS (mostly port 587)"),
        Security::Tls => lang.t("TLS（465番が多い）", "TLS (mostly port 465)"),
        Security::Plain => lang.t("なし（社内のサーバーだけ）", "none (only inside the house)"),
    }
}

fn reports(lang: Lang, reports: Reports) -> &'static str {
    match reports {
        Reports::All => lang.t("送信と結果があるたび", "whenever something happened"),
        Reports::Failures => lang.t("対応が必要なときだけ", "only when something needs a person"),
        Reports::Off => lang.t("送らない", "none"),
    }
}

async fn show(desk: &Desk, visitor: &Visitor, tried: Option<Tried>, toast: &'static str) -> Page {
    let lang = visitor.lang();
    let settings = desk.ledger().mail_settings().await?;
    let counts = desk.ledger().letter_counts(desk.now()).await?;
    let queued = |s: LetterState| matches!(s, LetterState::Queued | LetterState::Sending);
    let waiting: i64 = counts.iter().filter(|c| queued(c.state)).map(|c| c.n).sum();
    let (version, has_password) = settings.as_ref().map_or((0, false), |s| (s.version, s.has_password));
    let config = settings.map(|s| s.config).unwrap_or_default();
    let here = Here { menu: Some(Menu::Settings), ..Here::default() };
    frame::page(&MailPage {
        frame: Frame::new(desk, visitor, lang.t("メール", "Mail"), here).await?,
        tabs: tabs(lang, "/settings/mail"),
        notify: config.notify.join("\n"),
        securities: Security::ALL
            .map(|s| (s.as_str(), security(lang, s), s == config.security))
            .into_iter()
            .collect(),
        reports: Reports::ALL
            .map(|r| (r.as_str(), reports(lang, r), r == config.reports))
            .into_iter()
            .collect(),
        config,
        version,
        has_password,
        waiting: if waiting > 0 { grouped(waiting) } else { String::new() },
        tried,
        may_edit: visitor.edits(Menu::Settings),
        toast,
    })
}

/// The page.
pub async fn page(State(desk): State<Arc<Desk>>, visitor: Visitor, Query(told): Query<seen::Told>) -> Page {
    let toast = told.words(visitor.lang(), &[("saved", "保存しました", "Saved")]);
    show(&desk, &visitor, None, toast).await
}

/// As typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    version: String,
    host: String,
    port: String,
    security: String,
    login: String,
    #[serde(default)]
    password: String,
    from: String,
    admin: String,
    notify: String,
    reports: String,
}

/// Keeps the settings; what waits is tried at once.
pub async fn save(State(desk): State<Arc<Desk>>, visitor: Visitor, Fields(form): Fields<Typed>) -> Page {
    let before = desk.ledger().mail_settings().await?;
    let version: i64 = form.version.parse().map_err(|_| Refusal::conflict())?;
    let given = Given {
        host: form.host,
        port: form.port,
        security: form.security,
        login: form.login,
        from: form.from,
        admin: form.admin,
        notify: form.notify,
        reports: form.reports,
        password: None,
    };
    let given = given.with_password(form.password);
    let allowed = desk.config.allow_private_endpoints;
    let (config, password) = check(&given, before.as_ref(), allowed).map_err(seen::refuse)?;
    if !desk.ledger().set_mail(&config, &password, version).await? {
        return Err(Refusal::conflict());
    }
    let now = desk.now();
    desk.ledger().hurry_letters(now).await?;
    let details = serde_json::json!({ "host": config.host, "port": config.port });
    desk.ledger().log_action(&visitor.by(), "settings.mail", "", &details, now).await?;
    Ok(Redirect::to("/settings/mail?done=saved").into_response())
}

fn told(lang: Lang, posted: Posted) -> Tried {
    let of = |class: &'static str, reason: Reason| Tried {
        class,
        words: lang.reason(&reason),
        remedy: if lang == Lang::Ja { reason.remedy } else { String::new() },
    };
    match posted {
        Posted::Sent(None) => Tried {
            class: "info",
            words: lang
                .t("サーバーが受け取りました。受信を確かめてください。", "The server took it.")
                .to_owned(),
            remedy: String::new(),
        },
        Posted::Sent(Some(remark)) => of("warn", remark),
        Posted::NotSent { reason, .. } => of("bad", reason),
        Posted::Unclear(reason) => of("warn", reason),
    }
}

/// 試しに送る.
pub async fn try_out(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Page {
    let (settings, now) = (desk.ledger().mail_settings().await?, desk.now());
    let posted = match (settings, &desk.hub.config.mailer) {
        (Some(settings), Some(mailer)) => send::try_out(desk.ledger(), &**mailer, &settings, now).await?,
        _ => Posted::NotSent { reason: reason::mail_not_set_up(), again: true },
    };
    let details = serde_json::json!({ "sent": matches!(posted, Posted::Sent(_)) });
    desk.ledger().log_action(&visitor.by(), "settings.mail.try", "", &details, now).await?;
    let tried = told(visitor.lang(), posted);
    show(&desk, &visitor, Some(tried), "").await
}
