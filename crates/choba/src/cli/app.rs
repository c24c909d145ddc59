//! What every command starts from: where the data lies, the keys, the clock, the network.

use crate::cli::out::{Lang, Out};
use crate::cli::refusal::Refusal;
use anyhow::{Context as _, Result};
use domain::UtcMillis;
use engine::http_wire::{EndpointPolicy, HttpTransport};
use engine::letters::Mailer;
use engine::{Hub, HubConfig};
use mall_api::Clock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::seal::keys::{KeyRing, MasterKey};
use store::{DbUrl, Ledger, OpenOptions};

/// Options that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Global {
    /// データの置き場所。choba.db と master.key を含む（既定は ./choba-data） / folder of the data
    #[arg(long, global = true, env = "CHOBA_DATA", hide_env_values = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// データベースの URL（--data の代わり） / database instead of --data: postgres://… or sqlite:FILE
    #[arg(long, global = true, env = "CHOBA_DATABASE", hide_env_values = true, value_name = "URL")]
    pub database: Option<String>,
    /// マスターキーのファイル。CHOBA_MASTER_KEY でも渡せます / file of the master key
    #[arg(long, global = true, env = "CHOBA_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// もう一つのマスターキー（キーの交換中に使う） / a second master key, while keys are being rotated
    #[arg(long, global = true, env = "CHOBA_ALSO_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub also_key_file: Option<PathBuf>,
    /// JSON で出力する / answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// 表示の言語 / language
    #[arg(long, global = true, value_enum, default_value_t = Lang::Ja)]
    pub lang: Lang,
    /// 社内や自分の機械のアドレスへの接続を許す / allow private addresses and plain HTTP as endpoints
    #[arg(long, global = true)]
    pub allow_private_endpoints: bool,
}

/// A running command.
#[derive(Clone)]
pub struct App {
    /// How to answer.
    pub out: Out,
    /// Options.
    pub global: Global,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl App {
    /// From the options.
    pub fn new(global: Global) -> Self {
        let out = Out { json: global.json, lang: global.lang };
        Self { out, global, clock: Arc::new(mall_api::clock::SystemClock::default()) }
    }

    /// Now.
    pub fn now(&self) -> UtcMillis {
        self.clock.now()
    }

    /// The data folder, unless a database was named.
    pub fn folder(&self) -> Option<PathBuf> {
        let folder = || self.global.data.clone().unwrap_or_else(|| PathBuf::from("choba-data"));
        self.global.database.is_none().then(folder)
    }

    /// The file of the master key, when there is one.
    pub fn key_path(&self) -> Option<PathBuf> {
        match &self.global.key_file {
            Some(file) => Some(file.clone()),
            None if std::env::var_os("CHOBA_MASTER_KEY").is_some() => None,
            None => self.folder().map(|f| f.join("master.key")),
        }
    }

    /// Where the database is.
    pub fn url(&self) -> Result<DbUrl> {
        match (&self.global.database, self.folder()) {
            (None, Some(folder)) => Ok(DbUrl::Sqlite(folder.join("choba.db"))),
            (Some(url), _) => {
                DbUrl::parse(url).map_err(|e| Refusal::field("--database", "URLを読み取れません", e).into())
            }
            (None, None) => Ok(DbUrl::Sqlite(PathBuf::from("choba.db"))),
        }
    }

    /// The master key; `true` when it was made just now.
    pub fn master_key(&self) -> Result<(MasterKey, bool)> {
        let Some(path) = self.key_path() else {
            let text = std::env::var("CHOBA_MASTER_KEY").unwrap_or_default();
            if text.is_empty() {
                let ja = "--database にはマスターキーが必要です。--key-file か CHOBA_MASTER_KEY を指定してください";
                return Err(Refusal::field("--key-file", ja, "a master key is needed with --database").into());
            }
            return Ok((MasterKey::from_text(&text)?, false));
        };
        if path.exists() {
            return Ok((MasterKey::from_file(&path)?, false));
        }
        if let DbUrl::Sqlite(database) = self.url()?
            && database.exists()
        {
            let shown = path.display();
            let refusal = Refusal::new(
                "key_missing",
                format!("台帳はありますが、マスターキー {shown} がありません"),
                format!("the ledger is there, but its master key {shown} is not"),
            );
            return Err(refusal.remedy("この台帳を作ったときのマスターキーを戻してください。").into());
        }
        Ok((MasterKey::generate_file(&path)?, true))
    }

    /// Opens the ledger; a fresh folder becomes a fresh ledger.
    pub async fn ledger(&self) -> Result<Arc<Ledger>> {
        if let Some(folder) = self.folder() {
            make_private_folder(&folder)?;
        }
        let url = self.url()?;
        let (key, fresh) = self.master_key()?;
        let mut ring = KeyRing::new(key);
        if let Some(other) = &self.global.also_key_file {
            ring = ring.also(MasterKey::from_file(other)?);
        }
        let opened = Ledger::open(&url, &OpenOptions::default(), ring, self.now()).await;
        if fresh && let Some(path) = self.key_path() {
            if opened.is_err() {
                // It sealed nothing and would only be taken for the right one.
                drop(std::fs::remove_file(&path));
            } else {
                let shown = path.display();
                self.out.remark(
                    format!(
                        "新しい台帳を作りました。マスターキー：{shown}（別の場所にも控えを取ってください）"
                    ),
                    format!("A new ledger was made. Master key: {shown} (keep a copy elsewhere)"),
                );
            }
        }
        Ok(Arc::new(opened?))
    }

    /// The way out for letters.
    pub fn mailer(&self) -> Arc<dyn Mailer> {
        let policy = EndpointPolicy { allow_private: self.global.allow_private_endpoints };
        Arc::new(post::smtp::SmtpMailer::new(policy))
    }

    /// A hub over the real network.
    pub fn hub(&self, ledger: &Arc<Ledger>, config: HubConfig) -> Result<Arc<Hub>> {
        let policy = EndpointPolicy { allow_private: self.global.allow_private_endpoints };
        let transport = Arc::new(HttpTransport::new(policy)?);
        let config = HubConfig { mailer: Some(self.mailer()), ..config };
        let hub = Hub::new(Arc::clone(ledger), malls::registry(), Arc::clone(&self.clock), transport, config);
        hub.listens_by(post::listening(policy, &self.clock));
        Ok(hub)
    }
}

/// Makes a folder that only its owner can read.
pub fn make_private_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder).with_context(|| format!("{}", folder.display()))
}
