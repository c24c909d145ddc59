//! A mailbox, watched by IMAP: IDLE, begun again in time; looked at through EXAMINE and BODY.PEEK, so that nothing is
//! marked as read, moved or deleted; only the beginning of each mail is fetched; what was read before is not read again.

use crate::mail::{self, MOST_BYTES};
use crate::net::{self, Allowance, At, Connection};
use async_imap::extensions::idle::IdleResponse;
use async_imap::{Client, Session, error::Error};
use domain::time::MINUTE;
use domain::{Reason, reason};
use engine::http_wire::EndpointPolicy;
use engine::listening::{Ear, Field, Listening, Place, Said, Step};
use engine::setup::Problem;
use futures::StreamExt as _;
use mall_api::Clock;
use rustls::ClientConfig;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// IDLE is begun again after so long, milliseconds: servers end it after 29 minutes, and a connection that died silently
/// is noticed by it.
const IDLE_MS: i64 = 9 * MINUTE;
/// The first IDLE after mails came, milliseconds: what comes while it begins is told by some servers before it has, where
/// nobody listens; and mails come in bursts.
const FIRST_IDLE_MS: i64 = MINUTE;
/// Between two looks at a server without IDLE, milliseconds.
const LOOK_MS: i64 = MINUTE;
/// Longest wait for one answer. The network's own: real even where tests move time.
const ANSWER: Duration = Duration::from_secs(60);
/// Mails of one fetch.
const BATCH: usize = 10;
/// Of a longer backlog only the newest are read: they are hints, and the schedule has looked meanwhile.
const BACKLOG: usize = 500;
/// When a mailbox was made anew, so many of its newest mails are read again (known ones say nothing).
const AGAIN: u32 = 100;
/// What may come in answer to anything but a fetch, bytes.
const TALK: usize = 2 << 20;

const FIELDS: [Field; 5] = [
    Field {
        key: "host",
        label: ("IMAPサーバー", "IMAP server"),
        help: "メールの契約先の案内にある受信（IMAP）サーバーの名前です。例：imap.example.jp",
        default: "",
    },
    Field { key: "port", label: ("ポート", "Port"), help: "通常は993です。", default: "993" },
    Field {
        key: "security",
        label: ("暗号化", "Security"),
        help: "tls＝暗号化する（通常）、plain＝しない（社内のサーバーだけ）。",
        default: "tls",
    },
    Field {
        key: "user",
        label: ("ユーザー名", "User"),
        help: "多くの契約先ではメールアドレスそのものです。",
        default: "",
    },
    Field {
        key: "folder",
        label: ("フォルダー", "Folder"),
        help: "注文メールが入るフォルダーです。通常は INBOX です。",
        default: "INBOX",
    },
];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Config {
    host: String,
    port: u16,
    security: String,
    user: String,
    folder: String,
}

/// How far a mailbox was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Bookmark {
    /// UIDVALIDITY: another one means that numbers begin anew.
    validity: u32,
    /// The next UID.
    next: u32,
}

impl Bookmark {
    /// Where to begin in a mailbox as it stands.
    fn begin(before: Option<&Value>, validity: u32, uid_next: u32) -> Self {
        let before: Option<Self> = before.and_then(|v| serde_json::from_value(v.clone()).ok());
        let next = match before {
            Some(mark) if mark.validity == validity => mark.next,
            Some(_) => uid_next.saturating_sub(AGAIN).max(1),
            // What came before anybody listened is the schedule's.
            None => uid_next,
        };
        Self { validity, next }
    }

    fn value(self) -> Value {
        json!({ "validity": self.validity, "next": self.next })
    }
}

/// UIDs to be read: those from `next` on (a server names its last one for any range), the newest of a long backlog.
fn to_read(found: impl IntoIterator<Item = u32>, next: u32) -> Vec<u32> {
    let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid >= next).collect();
    uids.sort_unstable();
    uids.drain(..uids.len().saturating_sub(BACKLOG));
    uids
}

fn problem(key: &str, ja: &str, en: &str) -> Problem {
    Problem { key: key.to_owned(), ja: ja.to_owned(), en: en.to_owned() }
}

/// A line of a protocol holds no control characters.
fn word(given: &BTreeMap<String, String>, key: &str, most: usize) -> Result<String, Problem> {
    let text = given.get(key).map(|t| t.trim()).unwrap_or_default();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(problem(key, "入力してください（改行などは使えません）", "must be given, in one line"));
    }
    Ok(text.to_owned())
}

/// Mailboxes by IMAP.
pub struct Mailbox {
    policy: EndpointPolicy,
    clock: Arc<dyn Clock>,
    tls: Result<Arc<ClientConfig>, rustls::Error>,
}

struct Open {
    session: Session<Connection>,
    allowance: Allowance,
    validity: u32,
    uid_next: u32,
    mails: u32,
}

impl Mailbox {
    /// Over the real network, trusting what this machine trusts.
    #[must_use]
    pub fn new(policy: EndpointPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock, tls: net::tls(net::trusted()) }
    }

    fn config(place: &Place) -> Result<Config, Reason> {
        serde_json::from_value(place.config.clone()).map_err(|_| reason::listener_gone())
    }

    /// Connects, logs in and opens the folder for reading; each step is told.
    async fn open(&self, place: &Place, told: &mut Vec<Step>) -> Result<Open, Reason> {
        let at = Self::config(place)?;
        let host = at.host.as_str();
        let mut step = Steps { told };
        let connected = step.of(("サーバーへの接続", "Connecting"), self.greeted(&at).await)?;
        step.found(host.to_owned());
        let (client, allowance) = connected;
        let password = place.secret.expose_secret();
        let login = timeout(ANSWER, client.login(&at.user, password)).await;
        let session = match login {
            Ok(Ok(session)) => Ok(session),
            Ok(Err((Error::No(_) | Error::Bad(_) | Error::Validate(_), _))) => {
                Err(reason::mailbox_login_refused())
            }
            Ok(Err((error, _))) => Err(why(&error, host)),
            Err(_) => Err(reason::listener_connection_lost(host)),
        };
        let mut session = step.of(("ログイン", "Login"), session)?;
        allowance.set(TALK);
        let opened = match timeout(ANSWER, session.examine(&at.folder)).await {
            Ok(Ok(mailbox)) => Ok(mailbox),
            Ok(Err(Error::No(_) | Error::Bad(_) | Error::Validate(_))) => {
                Err(reason::mailbox_folder_missing(&at.folder))
            }
            Ok(Err(error)) => Err(why(&error, host)),
            Err(_) => Err(reason::listener_connection_lost(host)),
        };
        let mailbox = step.of(("フォルダー", "Folder"), opened)?;
        step.found(at.folder.clone());
        Ok(Open {
            session,
            allowance,
            validity: mailbox.uid_validity.unwrap_or_default(),
            uid_next: mailbox.uid_next.unwrap_or(1),
            mails: mailbox.exists,
        })
    }

    async fn greeted(&self, at: &Config) -> Result<(Client<Connection>, Allowance), Reason> {
        let host = at.host.as_str();
        let tls = self.tls.as_ref().map_err(|_| reason::listener_certificate(host))?;
        let to = At { host, port: at.port, tls: at.security != "plain" };
        let (connection, allowance) = net::connect(&to, self.policy, tls).await?;
        allowance.set(TALK);
        let mut client = Client::new(connection);
        match timeout(ANSWER, client.read_response()).await {
            Ok(Ok(Some(_))) => Ok((client, allowance)),
            Ok(Ok(None)) | Err(_) => Err(reason::listener_connection_lost(host)),
            Ok(Err(error)) => Err(why(&Error::Io(error), host)),
        }
    }

    async fn run(&self, place: &Place, ear: &dyn Ear) -> Result<Infallible, Reason> {
        let at = Self::config(place)?;
        let mut open = self.open(place, &mut Vec::new()).await?;
        let can = answer(&at.host, open.session.capabilities()).await?;
        let idles = can.has_str("IDLE");
        let mut mark = Bookmark::begin(place.bookmark.as_ref(), open.validity, open.uid_next);
        kept(ear.alive(Some(mark.value())).await)?;
        loop {
            let before = mark;
            mark = self.read_news(&mut open, &at, mark, ear).await?;
            if idles {
                let wait = if mark == before { IDLE_MS } else { FIRST_IDLE_MS };
                open = self.idle(open, &at, wait).await?;
            } else {
                self.clock.sleep_ms(LOOK_MS).await;
                answer(&at.host, open.session.noop()).await?;
            }
            kept(ear.alive(None).await)?;
        }
    }

    /// Waits for something to happen in the folder, or until it is time to say that one still listens.
    async fn idle(&self, open: Open, at: &Config, wait_ms: i64) -> Result<Open, Reason> {
        let Open { session, allowance, validity, uid_next, mails } = open;
        allowance.set(TALK);
        let mut handle = session.idle();
        answer(&at.host, handle.init()).await?;
        {
            // The library's own wait is never reached: the clock's comes before it.
            let (wait, _stop) = handle.wait_with_timeout(Duration::from_secs(3 * 3_600));
            tokio::select! {
                () = self.clock.sleep_ms(wait_ms) => {}
                woken = wait => match woken {
                    Ok(IdleResponse::NewData(_) | IdleResponse::Timeout) => {}
                    Ok(IdleResponse::ManualInterrupt) => return Err(reason::listener_connection_lost(&at.host)),
                    Err(error) => return Err(why(&error, &at.host)),
                },
            }
        }
        let session = answer(&at.host, handle.done()).await?;
        Ok(Open { session, allowance, validity, uid_next, mails })
    }

    /// Reads what is new.
    async fn read_news(
        &self,
        open: &mut Open,
        at: &Config,
        mut mark: Bookmark,
        ear: &dyn Ear,
    ) -> Result<Bookmark, Reason> {
        open.allowance.set(TALK);
        let found = answer(&at.host, open.session.uid_search(format!("UID {}:*", mark.next))).await?;
        let uids = to_read(found, mark.next);
        for batch in uids.chunks(BATCH) {
            open.allowance.set(BATCH * (MOST_BYTES + 4_096));
            for mail in fetch(open, at, batch).await? {
                kept(ear.heard(Said::Mail(mail)).await)?;
            }
            if let Some(last) = batch.last() {
                mark.next = last.saturating_add(1);
            }
            // After what was heard is kept: killed in between, it is heard once more and says nothing.
            kept(ear.alive(Some(mark.value())).await)?;
        }
        Ok(mark)
    }
}

/// The beginnings of some mails. The bytes of each are gone before the next is read.
async fn fetch(open: &mut Open, at: &Config, uids: &[u32]) -> Result<Vec<mall_api::word::Mail>, Reason> {
    let set: Vec<String> = uids.iter().map(u32::to_string).collect();
    let query = format!("(UID BODY.PEEK[]<0.{MOST_BYTES}>)");
    let read = async {
        let mut mails = Vec::new();
        let mut stream = open.session.uid_fetch(set.join(","), query).await?;
        while let Some(fetched) = stream.next().await {
            mails.extend(fetched?.body().and_then(mail::read));
        }
        Ok(mails)
    };
    answer(&at.host, read).await
}

/// An answer in time.
async fn answer<T>(host: &str, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Reason> {
    match timeout(ANSWER, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(why(&error, host)),
        Err(_) => Err(reason::listener_connection_lost(host)),
    }
}

fn why(error: &Error, host: &str) -> Reason {
    match error {
        Error::Io(e) if e.kind() != std::io::ErrorKind::InvalidData => reason::listener_connection_lost(host),
        Error::ConnectionLost => reason::listener_connection_lost(host),
        _ => reason::listener_answer_unclear(host),
    }
}

fn kept<T>(stored: Result<T, store::StoreError>) -> Result<T, Reason> {
    stored.map_err(|error| {
        tracing::warn!(%error, "what a mailbox said could not be stored");
        reason::listener_not_kept()
    })
}

/// Tells steps as they are taken.
struct Steps<'a> {
    told: &'a mut Vec<Step>,
}

impl Steps<'_> {
    fn of<T>(&mut self, what: (&'static str, &'static str), outcome: Result<T, Reason>) -> Result<T, Reason> {
        let told = outcome.as_ref().map(|_| String::new()).map_err(Clone::clone);
        self.told.push(Step { what, outcome: told });
        outcome
    }

    fn found(&mut self, words: String) {
        if let Some(step) = self.told.last_mut() {
            step.outcome = Ok(words);
        }
    }
}

#[async_trait::async_trait]
impl Listening for Mailbox {
    fn kind(&self) -> &'static str {
        "imap"
    }

    fn label(&self) -> (&'static str, &'static str) {
        ("メールボックス（IMAP）", "Mailbox (IMAP)")
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn secret_label(&self) -> (&'static str, &'static str) {
        ("パスワード", "Password")
    }

    fn read(&self, given: &BTreeMap<String, String>) -> Result<Value, Problem> {
        let host = word(given, "host", 253)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if !host.chars().all(fits) {
            let ja = "サーバーの名前だけを入力してください（https:// などは付けません）";
            return Err(problem("host", ja, "must be the name of a server"));
        }
        let port = given.get("port").map_or(Ok(993), |p| p.trim().parse::<u16>());
        let usual = |port: &u16| self.policy.allow_private || matches!(port, 143 | 993);
        let port = port.ok().filter(|p| *p > 0).filter(usual).ok_or_else(|| {
            problem("port", "993（暗号化あり）か143を指定してください", "must be 993 or 143")
        })?;
        let security = given.get("security").map_or("tls", |s| s.trim());
        match security {
            "tls" => {}
            "plain" if self.policy.allow_private => {}
            "plain" => {
                let ja = "暗号化しない接続は、社内のサーバーに --allow-private-endpoints を付けて起動したときだけ使えます";
                return Err(problem("security", ja, "plain needs --allow-private-endpoints"));
            }
            _ => return Err(problem("security", "tls か plain を指定してください", "must be tls or plain")),
        }
        let folder = match given.get("folder").map(|f| f.trim()) {
            None | Some("") => "INBOX".to_owned(),
            Some(_) => word(given, "folder", 200)?,
        };
        let (user, security) = (word(given, "user", 200)?, security.to_owned());
        serde_json::to_value(Config { host, port, security, user, folder })
            .map_err(|_| problem("host", "読み取れません", "cannot be read"))
    }

    async fn listen(&self, place: &Place, ear: &dyn Ear) -> Reason {
        match self.run(place, ear).await {
            Ok(never) => match never {},
            Err(why) => why,
        }
    }

    async fn test(&self, place: &Place) -> Vec<Step> {
        let mut told = Vec::new();
        match self.open(place, &mut told).await {
            Ok(mut open) => {
                let what = ("新着の合図（IDLE）", "IDLE");
                let host = Self::config(place).map(|c| c.host).unwrap_or_default();
                let outcome = answer(&host, open.session.capabilities()).await.map(|can| {
                    let words =
                        if can.has_str("IDLE") { "IDLE" } else { "1分ごとに確認 / each minute" };
                    format!("{words}（{}通 / mails）", open.mails)
                });
                told.push(Step { what, outcome });
                // Politeness only.
                drop(timeout(Duration::from_secs(5), open.session.logout()).await);
            }
            Err(why) if told.is_empty() => {
                told.push(Step { what: ("設定", "Settings"), outcome: Err(why) });
            }
            Err(_) => {}
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mall_api::clock::VirtualClock;

    #[test]
    fn reading_goes_on_where_it_was_and_begins_at_the_end_imp7() {
        let mark = |validity, next| Bookmark { validity, next }.value();
        assert_eq!(Bookmark::begin(None, 7, 42), Bookmark { validity: 7, next: 42 });
        assert_eq!(Bookmark::begin(Some(&mark(7, 40)), 7, 42).next, 40);
        assert_eq!(Bookmark::begin(Some(&mark(6, 4_000)), 7, 42).next, 1);
        assert_eq!(Bookmark::begin(Some(&mark(6, 1)), 7, 1_000).next, 900);
        assert_eq!(Bookmark::begin(Some(&json!("odd")), 7, 42).next, 42);
    }

    #[test]
    fn an_old_mail_named_for_an_empty_range_and_a_long_backlog_are_left_f15() {
        assert!(to_read([41], 42).is_empty());
        assert_eq!(to_read([44, 42], 42), [42, 44]);
        let many = to_read(1..=10_000, 1);
        assert_eq!((many.len(), many.first().copied()), (BACKLOG, Some(9_501)));
    }

    fn mailbox(allow_private: bool) -> Mailbox {
        let clock = Arc::new(VirtualClock::new(domain::UtcMillis(0)));
        Mailbox::new(EndpointPolicy { allow_private }, clock)
    }

    #[test]
    fn settings_are_checked_before_anything_is_stored_f63() {
        let read = |private: bool, pairs: &[(&str, &str)]| {
            let given = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            mailbox(private).read(&given).map_err(|p| p.key)
        };
        let usual = [("host", "imap.example.jp"), ("user", "shop@example.jp")];
        assert_eq!(read(false, &usual).unwrap()["port"], 993);
        assert_eq!(read(false, &[("host", "https://x"), ("user", "a")]).unwrap_err(), "host");
        assert_eq!(read(false, &[("host", "a b"), ("user", "a")]).unwrap_err(), "host");
        assert_eq!(read(false, &[usual[0], ("user", "a\r\nA1 LOGOUT")]).unwrap_err(), "user");
        assert_eq!(read(false, &[usual[0], usual[1], ("port", "25")]).unwrap_err(), "port");
        assert_eq!(read(false, &[usual[0], usual[1], ("security", "plain")]).unwrap_err(), "security");
        assert!(read(true, &[usual[0], usual[1], ("security", "plain"), ("port", "10143")]).is_ok());
    }
}
