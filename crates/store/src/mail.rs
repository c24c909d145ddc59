//! メールの設定: the server by which letters leave, and who gets them. One row; the password is sealed and never leaves
//! but to the one who sends.

use crate::error::StoreError;
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use crate::{Row, args};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

sql! {
    /// The row.
    GET("SELECT config, sealed, version FROM mail_server WHERE id = 1");
    /// The first settings.
    ADD("INSERT INTO mail_server (id, config, sealed, version) VALUES (1, $1, $2, 1) ON CONFLICT (id) DO NOTHING");
    /// New settings with the password as it is.
    CHANGE("UPDATE mail_server SET config = $1, version = version + 1 WHERE id = 1 AND version = $2");
    /// New settings with another password, or none.
    CHANGE_ALL("UPDATE mail_server SET config = $1, sealed = $3, version = version + 1 WHERE id = 1 AND version = $2");
    /// For the rotation of the master key.
    BOXES("SELECT id, sealed FROM mail_server WHERE id > $1 AND sealed IS NOT NULL ORDER BY id LIMIT $2");
    /// For the rotation of the master key.
    REBOX("UPDATE mail_server SET sealed = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation = Rotation {
    purpose: Purpose::Credentials,
    table: "mail_server",
    column: "sealed",
    select: BOXES,
    update: REBOX,
};

/// How the way to the server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS from the first byte (mostly port 465).
    Tls,
    /// STARTTLS, and nothing without it (mostly port 587).
    #[default]
    StartTls,
    /// None: only to a server on this machine, or in the house when that is allowed.
    Plain,
}

impl Security {
    /// All.
    pub const ALL: [Security; 3] = [Security::StartTls, Security::Tls, Security::Plain];

    /// Stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Security::Tls => "tls",
            Security::StartTls => "start_tls",
            Security::Plain => "plain",
        }
    }

    /// From the stable text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// Which result mails are written (NTF-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reports {
    /// Whenever something happened.
    #[default]
    All,
    /// Only when something needs a person.
    Failures,
    /// None.
    Off,
}

impl Reports {
    /// All.
    pub const ALL: [Reports; 3] = [Reports::All, Reports::Failures, Reports::Off];

    /// Stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Reports::All => "all",
            Reports::Failures => "failures",
            Reports::Off => "off",
        }
    }

    /// From the stable text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

/// The settings without the password.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MailConfig {
    /// Server.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the way is kept private.
    pub security: Security,
    /// User; empty = the server asks for none.
    pub login: String,
    /// Sender's address.
    pub from: String,
    /// 管理者: gets every letter.
    pub admin: String,
    /// 通知先: get every letter too.
    pub notify: Vec<String>,
    /// Which result mails are written.
    pub reports: Reports,
}

impl MailConfig {
    /// Who gets letters: 管理者 first, then 通知先, nobody twice.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for address in std::iter::once(&self.admin).chain(&self.notify) {
            if !address.is_empty() && !out.iter().any(|a| a.eq_ignore_ascii_case(address)) {
                out.push(address.clone());
            }
        }
        out
    }
}

/// The settings with what a change of them needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Settings.
    pub config: MailConfig,
    /// A password is kept.
    pub has_password: bool,
    /// Counts changes.
    pub version: i64,
}

/// Everything one needs to send.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Settings.
    pub config: MailConfig,
    /// Password of the login.
    pub password: Option<SecretString>,
}

/// What becomes of the password with new settings.
#[derive(Debug, Clone)]
pub enum PasswordChange {
    /// It stays.
    Keep,
    /// There is none any more.
    Forget,
    /// Another one.
    Set(SecretString),
}

fn place() -> Aad {
    Aad::new("mail_server", "sealed", 1)
}

fn config(row: &Row) -> Result<MailConfig, StoreError> {
    from_json("mail_server", "config", 1, row.get_json("config")?)
}

impl Ledger {
    /// メールの設定, without the password. `None`: nobody has made any.
    ///
    /// # Errors
    /// As the database says.
    pub async fn mail_settings(&self) -> Result<Option<MailSettings>, StoreError> {
        let row = self.db.fetch_optional(&GET, args![]).await?;
        row.map(|row| {
            Ok(MailSettings {
                config: config(&row)?,
                has_password: row.get_opt_bytes("sealed")?.is_some(),
                version: row.get_i64("version")?,
            })
        })
        .transpose()
    }

    /// The same with the password, for the one who sends.
    ///
    /// # Errors
    /// As the database says; `Corrupt` when the password cannot be opened.
    pub async fn mail_server(&self) -> Result<Option<MailServer>, StoreError> {
        let Some(row) = self.db.fetch_optional(&GET, args![]).await? else { return Ok(None) };
        let password = match row.get_opt_bytes("sealed")? {
            None => None,
            Some(sealed) => {
                let plain = self.ring.open_box(Purpose::Credentials, &place(), &sealed)?;
                let text = std::str::from_utf8(&plain).map_err(|_| place().corrupt())?;
                Some(SecretString::from(text.to_owned()))
            }
        };
        Ok(Some(MailServer { config: config(&row)?, password }))
    }

    /// Keeps new settings. `version` is the one they were made from (0: there were none); `false`: somebody else was
    /// faster.
    ///
    /// # Errors
    /// As the database says.
    pub async fn set_mail(
        &self,
        config: &MailConfig,
        password: &PasswordChange,
        version: i64,
    ) -> Result<bool, StoreError> {
        use secrecy::ExposeSecret as _;
        let config = to_json(config)?;
        let sealed = match password {
            PasswordChange::Keep | PasswordChange::Forget => None,
            PasswordChange::Set(secret) => {
                let plain = secret.expose_secret().as_bytes();
                Some(self.ring.seal_box(Purpose::Credentials, &place(), plain)?)
            }
        };
        let mut tx = self.db.begin().await?;
        let done = match (version, password) {
            (0, _) => tx.exec(&ADD, args![config, sealed]).await?,
            (_, PasswordChange::Keep) => tx.exec(&CHANGE, args![config, version]).await?,
            (_, _) => tx.exec(&CHANGE_ALL, args![config, version, sealed]).await?,
        };
        tx.commit().await?;
        Ok(done == 1)
    }
}
