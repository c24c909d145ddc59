//! A fresh, migrated database for one test, and the same test on both kinds.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;

use futures::FutureExt as _;
pub use store::Kind;
use store::{Db, DbUrl};

use crate::postgres::{self, Server};

/// A migrated database that goes away after the test. Use it as a [`Db`].
pub struct TempDb {
    db: Db,
    /// Where it is, to open it once more.
    pub url: DbUrl,
    /// SQLite: the folder of the file.
    pub dir: tempfile::TempDir,
    name: Option<String>,
    server: Option<Server>,
}

impl Deref for TempDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl TempDb {
    /// Makes one.
    ///
    /// # Errors
    /// No PostgreSQL on this machine, no room.
    pub async fn new(kind: Kind) -> anyhow::Result<Self> {
        match kind {
            Kind::Sqlite => Self::within(tempfile::tempdir()?).await,
            Kind::Postgres => Self::on(postgres::server()?).await,
        }
    }

    /// An SQLite file that lives in memory where the machine has room there: the same calls, without a disk's waits.
    ///
    /// # Errors
    /// No room.
    pub async fn in_memory() -> anyhow::Result<Self> {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self::within(dir.or_else(|_| tempfile::tempdir())?).await
    }

    async fn within(dir: tempfile::TempDir) -> anyhow::Result<Self> {
        let url = DbUrl::Sqlite(dir.path().join("choba.db"));
        let db = Db::open(&url).await?;
        store::migrate::migrate(&db, 0).await?;
        Ok(Self { db, url, dir, name: None, server: None })
    }

    /// Makes one on a server.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn on(server: Server) -> anyhow::Result<Self> {
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        let url = DbUrl::Postgres(server.create(&name).await?);
        let db = Db::open(&url).await?;
        Ok(Self { db, url, dir: tempfile::tempdir()?, name: Some(name), server: Some(server) })
    }

    /// Opened again, after its connections were closed and something else was put in its place.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn reopened(mut self) -> anyhow::Result<Self> {
        self.db = Db::open(&self.url).await?;
        Ok(self)
    }

    /// Takes it away. A test that dies before leaves a database to the server's end.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn remove(self) -> anyhow::Result<()> {
        self.db.close().await;
        if let (Some(name), Some(server)) = (&self.name, &self.server) {
            server.drop(name).await?;
        }
        Ok(())
    }
}

/// Runs a test body on a fresh database of one kind; for [`contract!`](crate::contract).
///
/// # Panics
/// As the body does, and when there is no database to be had.
#[expect(clippy::panic, reason = "the body of a test")]
pub fn run(kind: Kind, body: impl AsyncFnOnce(&TempDb)) {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("{error}"),
    };
    runtime.block_on(async {
        let temp = match TempDb::new(kind).await {
            Ok(temp) => temp,
            Err(error) => panic!("{error:#}"),
        };
        let done = AssertUnwindSafe(body(&temp)).catch_unwind().await;
        let removed = temp.remove().await;
        if let Err(why) = done {
            resume_unwind(why);
        }
        if let Err(error) = removed {
            panic!("{error:#}");
        }
    });
}

/// A test that must hold on both databases: two tests, `name::sqlite` and `name::postgres`.
///
/// ```ignore
/// testkit::contract!(a_setting_comes_back, |db| {
///     let mut tx = db.begin().await.unwrap();
///     …
/// });
/// ```
#[macro_export]
macro_rules! contract {
    ($(#[$meta:meta])* $name:ident, |$db:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            #[test]
            fn sqlite() {
                $crate::tempdb::run($crate::tempdb::Kind::Sqlite, async |$db: &$crate::tempdb::TempDb| $body);
            }

            #[test]
            fn postgres() {
                $crate::tempdb::run($crate::tempdb::Kind::Postgres, async |$db: &$crate::tempdb::TempDb| $body);
            }
        }
    };
}
