//! `choba mail`: the server by which letters leave, a try, the list of letters, and sending one once more.

use super::app::App;
use super::refusal::Refusal;
use anyhow::Result;
use engine::letters::settings::{Given, check};
use engine::letters::{Posted, send};
use serde_json::json;
use store::letters::{Letter, LetterState};
use store::mail::{MailConfig, MailSettings};
use store::{Access, Ledger};

/// メール
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 設定する（書いた項目だけを変える） / settings; what is not given stays
    Set(Box<Wanted>),
    /// いまの設定（パスワードは出さない） / the settings, without the password
    Show,
    /// 管理者と通知先へ試しに1通送り、サーバーの返事を表示する / send one letter and say what the server answered
    Test,
    /// 送ったメール / letters
    List {
        /// queued sending sent unclear failed
        #[arg(long)]
        state: Option<String>,
        /// 件数 / rows
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// 送れなかった・届いたか不明なメールをもう一度送る / send a failed or unclear letter once more
    Again {
        /// 番号 / number
        id: i64,
    },
}

/// 項目
#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// SMTPサーバー / server
    #[arg(long)]
    host: Option<String>,
    /// ポート / port
    #[arg(long)]
    port: Option<String>,
    /// start_tls tls plain
    #[arg(long)]
    security: Option<String>,
    /// 利用者名 / user
    #[arg(long)]
    login: Option<String>,
    /// パスワード。値または @ファイル / password
    #[arg(long, value_name = "VALUE|@FILE")]
    password: Option<String>,
    /// 差出人 / sender
    #[arg(long)]
    from: Option<String>,
    /// 管理者 / administrator
    #[arg(long)]
    admin: Option<String>,
    /// 通知先（カンマ区切り） / notified addresses
    #[arg(long)]
    notify: Option<String>,
    /// 処理結果メール：all failures off / result mails
    #[arg(long)]
    reports: Option<String>,
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    let ledger = app.ledger().await?;
    match cmd {
        Cmd::Set(wanted) => set(app, &ledger, *wanted).await,
        Cmd::Show => show(app, &ledger).await,
        Cmd::Test => test(app, &ledger).await,
        Cmd::List { state, limit } => list(app, &ledger, state.as_deref(), limit).await,
        Cmd::Again { id } => again(app, &ledger, id).await,
    }
}

fn password(given: Option<String>) -> Result<String> {
    match given.as_deref().and_then(|text| text.strip_prefix('@')) {
        Some(path) => {
            let read = std::fs::read_to_string(path);
            let text =
                read.map_err(|e| Refusal::field("--password", format!("ファイルを読めません（{e}）"), e))?;
            Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        None => Ok(given.unwrap_or_default()),
    }
}

async fn set(app: &App, ledger: &Ledger, wanted: Wanted) -> Result<u8> {
    let before = ledger.mail_settings().await?;
    let old = before.as_ref().map(|b| b.config.clone()).unwrap_or_default();
    // Another way has another usual port.
    let moved = wanted.security.as_deref().is_some_and(|s| s != old.security.as_str());
    let port = match (&before, moved) {
        (Some(_), false) => old.port.to_string(),
        _ => String::new(),
    };
    let given = Given {
        host: wanted.host.unwrap_or(old.host),
        port: wanted.port.unwrap_or(port),
        security: wanted.security.unwrap_or_else(|| old.security.as_str().to_owned()),
        login: wanted.login.unwrap_or(old.login),
        password: None,
        from: wanted.from.unwrap_or(old.from),
        admin: wanted.admin.unwrap_or(old.admin),
        notify: wanted.notify.unwrap_or_else(|| old.notify.join(",")),
        reports: wanted.reports.unwrap_or_else(|| old.reports.as_str().to_owned()),
    };
    let given = given.with_password(password(wanted.password)?);
    let (config, password) = check(&given, before.as_ref(), app.global.allow_private_endpoints)
        .map_err(|p| Refusal::field(&format!("--{}", p.key), p.ja, p.en))?;
    if !ledger.set_mail(&config, &password, before.map_or(0, |b| b.version)).await? {
        let (ja, en) = ("ほかの人が同時に変更しました", "somebody else changed it at the same time");
        return Err(Refusal::new("conflict", ja, en).into());
    }
    let now = app.now();
    ledger.hurry_letters(now).await?;
    let details = json!({ "host": config.host, "port": config.port });
    ledger.log_action(&domain::history::By::Cli, "settings.mail", "", &details, now).await?;
    app.out
        .say("メールの設定を保存しました（choba mail test で確かめられます）", "Saved; try choba mail test");
    show(app, ledger).await
}

fn table(app: &App, config: &MailConfig, has_password: bool) {
    let there = if has_password { app.out.t("登録済み", "kept") } else { app.out.t("なし", "none") };
    let rows = [
        ("サーバー", "server", format!("{}:{}", config.host, config.port)),
        ("暗号化", "security", config.security.as_str().to_owned()),
        ("利用者名", "login", config.login.clone()),
        ("パスワード", "password", there.to_owned()),
        ("差出人", "from", config.from.clone()),
        ("管理者", "admin", config.admin.clone()),
        ("通知先", "notify", config.notify.join(", ")),
        ("処理結果メール", "reports", config.reports.as_str().to_owned()),
    ];
    let rows = rows.into_iter().map(|(ja, en, value)| vec![app.out.t(ja, en).to_owned(), value]).collect();
    app.out.table(&[("項目", "setting"), ("値", "value")], rows);
}

fn not_set_up() -> anyhow::Error {
    Refusal::from(domain::reason::mail_not_set_up()).into()
}

async fn show(app: &App, ledger: &Ledger) -> Result<u8> {
    let Some(MailSettings { config, has_password, .. }) = ledger.mail_settings().await? else {
        return Err(not_set_up());
    };
    table(app, &config, has_password);
    app.out.object(&json!({ "host": config.host, "port": config.port, "security": config.security,
        "login": config.login, "has_password": has_password, "from": config.from, "admin": config.admin,
        "notify": config.notify, "reports": config.reports }))?;
    Ok(0)
}

async fn test(app: &App, ledger: &Ledger) -> Result<u8> {
    let Some(settings) = ledger.mail_settings().await? else { return Err(not_set_up()) };
    let mailer = app.mailer();
    match send::try_out(ledger, &*mailer, &settings, app.now()).await? {
        Posted::Sent(remark) => {
            app.out.say("サーバーが受け取りました。受信を確かめてください", "The server took it");
            if let Some(remark) = &remark {
                app.out.say(remark.to_string(), &remark.en);
            }
            app.out.object(&json!({ "outcome": "sent", "reason": remark }))?;
            Ok(0)
        }
        Posted::NotSent { reason, .. } | Posted::Unclear(reason) => Err(Refusal::from(reason).into()),
    }
}

fn state(app: &App, state: LetterState) -> &'static str {
    let (ja, en) = match state {
        LetterState::Queued => ("△ 送信待ち", "△ waiting"),
        LetterState::Sending => ("△ 送信中", "△ being sent"),
        LetterState::Sent => ("○ 送信済み", "○ sent"),
        LetterState::Unclear => ("△ 届いたか不明", "△ not known"),
        LetterState::Failed => ("× 送信できませんでした", "× failed"),
    };
    app.out.t(ja, en)
}

fn told(letter: &Letter) -> serde_json::Value {
    json!({ "id": letter.id, "kind": letter.kind, "state": letter.state.as_str(), "subject": letter.content.subject,
        "attempts": letter.attempts, "created_at": letter.created_at, "next_at": letter.next_at,
        "ended_at": letter.ended_at, "reason": letter.reason })
}

async fn list(app: &App, ledger: &Ledger, wanted: Option<&str>, limit: i64) -> Result<u8> {
    let wanted = match wanted {
        None => None,
        Some(text) => Some(LetterState::parse(text).ok_or_else(|| {
            let ja = "queued・sending・sent・unclear・failed のどれかを指定してください";
            Refusal::field("--state", ja, "must be queued, sending, sent, unclear or failed")
        })?),
    };
    let letters = ledger.letters(&Access::full(), wanted, None, limit).await?;
    let mut rows = Vec::new();
    for letter in &letters {
        app.out.object(&told(letter))?;
        let why = letter.reason.as_ref().map(|r| app.out.t(&r.to_string(), &r.en).to_owned());
        rows.push(vec![
            letter.id.to_string(),
            letter.created_at.to_japan_text(),
            state(app, letter.state).to_owned(),
            letter.content.subject.clone(),
            why.unwrap_or_default(),
        ]);
    }
    let headings =
        [("番号", "number"), ("作成", "written"), ("状態", "state"), ("件名", "subject"), ("理由", "why")];
    app.out.table(&headings, rows);
    Ok(0)
}

async fn again(app: &App, ledger: &Ledger, id: i64) -> Result<u8> {
    if !ledger.send_letter_again(id, app.now()).await? {
        let ja = "送れなかったメール、または届いたか不明なメールの番号ではありません";
        return Err(Refusal::new("no_such_letter", ja, "is no failed or unclear letter").into());
    }
    let by = domain::history::By::Cli;
    ledger.log_action(&by, "letter.again", &id.to_string(), &json!({}), app.now()).await?;
    app.out.say("もう一度送ります（choba serve が送ります）", "It is sent again by choba serve");
    app.out.object(&json!({ "id": id, "state": "queued" }))?;
    Ok(0)
}
