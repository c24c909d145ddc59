//! Letters out by SMTP: one connection a letter, with TLS, to addresses that were looked at (F63). Says in three values
//! what became of a letter; once everything was sent and the answer is missing nobody can know (F39). Knows no rule, and
//! writes neither addresses nor the login into the log.

use async_trait::async_trait;
use domain::{Reason, reason};
use engine::http_wire::{EndpointPolicy, addresses_of, is_public};
use engine::letters::{Mailer, Outgoing, Posted, one_line};
use lettre::address::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, response::Severity};
use secrecy::ExposeSecret as _;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};
use store::mail::{MailServer, Security};
use tokio::time::timeout;

/// Longest waits. They are the network's own and real even where tests move time; together below
/// [`engine::letters::send::TRY_MS`].
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// For a connection to one address.
    connect: Duration,
    /// For everything until the letter itself.
    talk: Duration,
    /// For the letter and the server's word about it.
    letter: Duration,
    /// For a polite end.
    quit: Duration,
}

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(20),
    talk: Duration::from_secs(120),
    letter: Duration::from_secs(300),
    quit: Duration::from_secs(2),
};

/// Sends letters by SMTP.
#[derive(Debug, Clone)]
pub struct SmtpMailer {
    policy: EndpointPolicy,
    roots: Vec<Certificate>,
    limits: Limits,
}

/// Where in the talk something happened: says whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Greeting, EHLO, STARTTLS: the server's.
    Hello,
    /// The login's.
    Login,
    /// The sender's.
    Sender,
    /// The letter's.
    Letter,
}

/// Not sent, with the reason and whether a later try may do better.
type Refused = (Reason, bool);

impl SmtpMailer {
    /// A mailer that trusts the certificates this machine trusts.
    #[must_use]
    pub fn new(policy: EndpointPolicy) -> Self {
        Self { policy, roots: Vec::new(), limits: LIMITS }
    }

    /// Trusts one more root (PEM), for a server with a certificate of one's own.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.roots.push(Certificate::from_pem(pem)?);
        Ok(self)
    }

    /// With other waits: for the talk before the letter, and for the word about the letter.
    #[must_use]
    pub fn waiting(mut self, talk: Duration, letter: Duration) -> Self {
        self.limits = Limits { talk, letter, ..self.limits };
        self
    }

    async fn connect(&self, server: &MailServer) -> Result<AsyncSmtpConnection, Refused> {
        let config = &server.config;
        let shown = format!("{}:{}", one_line(&config.host, 100), config.port);
        let found =
            addresses_of(&config.host, config.port, self.policy).await.map_err(|e| match e.kind() {
                io::ErrorKind::PermissionDenied => (reason::mail_address_private(), true),
                _ => (reason::mail_unreachable(&shown), true),
            })?;
        if config.security == Security::Plain && found.iter().any(|a| is_public(a.ip())) {
            return Err((reason::mail_not_private(), true));
        }
        let mut last = (reason::mail_unreachable(&shown), true);
        for address in found {
            match self.connect_to(address, server, &shown).await {
                Ok(connection) => return Ok(connection),
                Err(refused) => last = refused,
            }
        }
        Err(last)
    }

    /// Greeting, EHLO and TLS at one of the server's addresses.
    async fn connect_to(
        &self,
        address: SocketAddr,
        server: &MailServer,
        shown: &str,
    ) -> Result<AsyncSmtpConnection, Refused> {
        let tls = || {
            let built = self.tls(&server.config.host);
            built.map_err(|_| (reason::mail_tls_failed(shown), true))
        };
        let hello = ClientId::default();
        let early = if server.config.security == Security::Tls { Some(tls()?) } else { None };
        let limit = Some(self.limits.connect);
        let connected = AsyncSmtpConnection::connect_tokio1(address, limit, &hello, early, None).await;
        let mut connection = connected.map_err(|e| refusal(Step::Hello, &e, shown))?;
        if server.config.security == Security::StartTls {
            if !connection.can_starttls() {
                return Err((reason::mail_tls_failed(shown), true));
            }
            connection.starttls(tls()?, &hello).await.map_err(|e| refusal(Step::Hello, &e, shown))?;
        }
        Ok(connection)
    }

    fn tls(&self, host: &str) -> Result<TlsParameters, Error> {
        let mut builder = TlsParameters::builder(host.to_owned());
        for root in &self.roots {
            builder = builder.add_root_certificate(root.clone());
        }
        builder.build()
    }

    /// Everything until the server is ready for the letter. Says which recipients it refused.
    async fn prepare(
        &self,
        server: &MailServer,
        from: &Address,
        to: &[Address],
    ) -> Result<(AsyncSmtpConnection, Vec<String>), Refused> {
        let shown = format!("{}:{}", one_line(&server.config.host, 100), server.config.port);
        let mut connection = self.connect(server).await?;
        if !server.config.login.is_empty() {
            let password = server.password.as_ref().map_or("", |p| p.expose_secret());
            let login = Credentials::new(server.config.login.clone(), password.to_owned());
            let known = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&known, &login).await.map_err(|e| refusal(Step::Login, &e, &shown))?;
        }
        let begun = connection.command(Mail::new(Some(from.clone()), Vec::new())).await;
        begun.map_err(|e| refusal(Step::Sender, &e, &shown))?;
        let (mut refused, mut taken, mut last) = (Vec::new(), 0_usize, None);
        for address in to {
            match connection.command(Rcpt::new(address.clone(), Vec::new())).await {
                Ok(_) => taken += 1,
                Err(error) if error.is_permanent() => {
                    refused.push(address.to_string());
                    last = Some(refusal(Step::Letter, &error, &shown));
                }
                // Put off, or the talk is broken: another time, for everybody.
                Err(error) => return Err(refusal(Step::Letter, &error, &shown)),
            }
        }
        if let (0, Some(last)) = (taken, last) {
            return Err(last);
        }
        connection.command(Data).await.map_err(|e| refusal(Step::Letter, &e, &shown))?;
        Ok((connection, refused))
    }

    async fn send(&self, server: &MailServer, letter: &Outgoing) -> Result<Posted, Refused> {
        let (message, from, to) = message(letter).ok_or_else(|| (reason::mail_address_wrong(), true))?;
        let talk = self.prepare(server, &from, &to);
        let (mut connection, refused) = timeout(self.limits.talk, talk).await.map_err(|_| {
            let config = &server.config;
            (reason::mail_no_answer(format!("{}:{}", one_line(&config.host, 100), config.port)), true)
        })??;
        // From here on only a clear word of the server tells what became of the letter.
        match timeout(self.limits.letter, connection.message(&message.formatted())).await {
            Ok(Ok(_)) => {
                // It was taken; how the talk ends says nothing about it.
                drop(timeout(self.limits.quit, connection.quit()).await);
                let listed = one_line(&refused.join(", "), 300);
                Ok(Posted::Sent((!refused.is_empty()).then(|| reason::mail_partly_refused(listed))))
            }
            Ok(Err(error)) if error.is_permanent() || error.is_transient() => {
                drop(timeout(self.limits.quit, connection.abort()).await);
                Err(refusal(Step::Letter, &error, &server.config.host))
            }
            Ok(Err(_)) | Err(_) => Ok(Posted::Unclear(reason::mail_unclear())),
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn post(&self, server: &MailServer, letter: &Outgoing) -> Posted {
        match self.send(server, letter).await {
            Ok(posted) => posted,
            Err((reason, again)) => Posted::NotSent { reason, again },
        }
    }
}

/// What the server said: its code and its first words.
fn answer(error: &Error) -> String {
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let code = error.status().map(|c| c.to_string()).unwrap_or_default();
    one_line(&format!("{code} {words}"), 200)
}

/// Why nothing was sent. A refusal before the letter is about the server or the settings: once they are mended, a later
/// try does better.
fn refusal(step: Step, error: &Error, shown: &str) -> Refused {
    let severe = error.status().map(|code| code.severity);
    match (severe, step) {
        (Some(Severity::TransientNegativeCompletion), _) => (reason::mail_put_off(answer(error)), true),
        (Some(_), Step::Login) => (reason::mail_login_refused(answer(error)), true),
        (Some(_), Step::Hello | Step::Sender) => (reason::mail_server_refused(answer(error)), true),
        (Some(_), Step::Letter) => (reason::mail_refused(answer(error)), false),
        (None, Step::Login) if error.is_client() => {
            (reason::mail_login_refused("no login that we know is offered"), true)
        }
        (None, _) if error.is_tls() => (reason::mail_tls_failed(shown), true),
        (None, _) => (reason::mail_unreachable(shown), true),
    }
}

/// The letter as it is sent, with its envelope. `None`: an address is none.
fn message(letter: &Outgoing) -> Option<(Message, Address, Vec<Address>)> {
    let from: Address = letter.from.parse().ok()?;
    let to: Vec<Address> = letter.to.iter().map(|a| a.parse().ok()).collect::<Option<_>>()?;
    let millis = u64::try_from(letter.written_at.0).ok()?;
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}@{}>", letter.fingerprint, from.domain())))
        .date(UNIX_EPOCH + Duration::from_millis(millis))
        .from(Mailbox::new(Some("帳場".to_owned()), from.clone()))
        .subject(letter.subject.clone())
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
    for address in &to {
        builder = builder.to(Mailbox::new(None, address.clone()));
    }
    let kind = lettre::message::header::ContentType::TEXT_PLAIN;
    let message = builder.header(kind).body(letter.text.clone()).ok()?;
    Some((message, from, to))
}
