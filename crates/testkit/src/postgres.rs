//! A throw-away PostgreSQL server for tests, made from the machine's own binaries.
//!
//! One server serves all test processes of a machine and user. The first process that needs it makes
//! it, under a file lock; every process holds a shared lock while it lives; a small watchdog stops the
//! server and deletes its files when nobody has held that lock for some seconds. What a killed run
//! left behind is recognised by the next one, which finds no answering server, and removed.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail, ensure};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::{Db, DbUrl};

/// Superuser of the test server. Nobody else's name, so that a test never reaches a real one.
const USER: &str = "choba_test";

/// A server that answers.
pub struct Server(At);

enum At {
    /// Ours; its folder.
    Own(PathBuf),
    /// Somebody else's, by a URL of any of its databases.
    Url(String),
}

impl Server {
    /// A server of the caller's, for benchmarks: `url` names any of its databases, as a user who may make more.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self(At::Url(url.to_owned()))
    }

    /// The URL of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        match &self.0 {
            At::Own(run) => format!("postgres://{USER}@localhost/{database}?host={}", run.display()),
            At::Url(url) => {
                let (base, query) = url.split_once('?').map_or((url.as_str(), None), |(b, q)| (b, Some(q)));
                let host = base.find("://").map_or(0, |at| at + 3);
                let end = base.get(host..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| host + at);
                let query = query.map(|q| format!("?{q}")).unwrap_or_default();
                format!("{}/{database}{query}", base.get(..end).unwrap_or(base))
            }
        }
    }

    async fn admin(&self, sql: String) -> anyhow::Result<()> {
        let mut conn = PgConnection::connect(&self.url("postgres")).await?;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut conn).await;
        conn.close().await?;
        done.map(drop).with_context(|| sql)
    }

    /// Makes a migrated database of its own for one test.
    ///
    /// # Errors
    /// The server does not answer, or a migration fails.
    pub async fn create(&self, name: &str) -> anyhow::Result<String> {
        let At::Own(run) = &self.0 else {
            self.admin(format!("CREATE DATABASE {name}")).await?;
            let db = Db::open(&DbUrl::parse(&self.url(name))?).await?;
            store::migrate::migrate(&db, 0).await?;
            db.close().await;
            return Ok(self.url(name));
        };
        let template = self.template(run).await?;
        self.admin(format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        Ok(self.url(name))
    }

    /// Deletes a database, whoever is still connected.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn drop(&self, name: &str) -> anyhow::Result<()> {
        self.admin(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// The migrated template, made by the first test that asks. Its name holds what the migrations
    /// are, so that a server that outlives a rebuild never serves old tables.
    async fn template(&self, run: &Path) -> anyhow::Result<String> {
        let name = format!("template_{}", store::migrate::checksum());
        let marker = run.join(&name);
        if marker.exists() {
            return Ok(name);
        }
        let lock = lock_file(&run.join("template.lock"))?;
        lock.lock()?;
        if !marker.exists() {
            self.drop(&name).await?;
            self.admin(format!("CREATE DATABASE {name}")).await?;
            let db = Db::open(&DbUrl::parse(&self.url(&name))?).await?;
            store::migrate::migrate(&db, 0).await?;
            db.close().await;
            File::create(&marker)?;
        }
        Ok(name)
    }
}

/// The server, started if need be. Held by this process until it ends.
///
/// # Errors
/// PostgreSQL is not installed, or does not start; the text says what to do.
pub fn server() -> anyhow::Result<Server> {
    // Kept open, and by that locked, for the life of the process.
    static USERS: Mutex<Option<File>> = Mutex::new(None);
    let home = home()?;
    {
        let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        if users.is_none() {
            let file = lock_file(&home.join("users.lock"))?;
            file.lock_shared()?;
            *users = Some(file);
        }
    }
    let start = lock_file(&home.join("start.lock"))?;
    start.lock()?;
    let record = home.join("server");
    let bin = binaries()?;
    if let Ok(run) = fs::read_to_string(&record) {
        let run = PathBuf::from(run.trim());
        if answers(&run) {
            return Ok(Server(At::Own(run)));
        }
    }
    clean(&home, &bin)?;
    let run = make(&home, &bin)?;
    let mut file = File::create(&record)?;
    file.write_all(run.as_os_str().as_encoded_bytes())?;
    watch(&home, &run)?;
    Ok(Server(At::Own(run)))
}

fn home() -> anyhow::Result<PathBuf> {
    let uid = uid()?;
    let home = std::env::temp_dir().join(format!("choba-test-postgres-{uid}"));
    fs::create_dir_all(&home)?;
    ensure!(fs::metadata(&home)?.uid() == uid, "{} belongs to somebody else", home.display());
    Ok(home)
}

fn uid() -> anyhow::Result<u32> {
    // The owner of a file that we make is who we are.
    Ok(tempfile::tempfile()?.metadata()?.uid())
}

fn lock_file(path: &Path) -> anyhow::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .with_context(|| path.display().to_string())
}

/// The folder with `initdb` and `pg_ctl`.
fn binaries() -> anyhow::Result<PathBuf> {
    if let Some(dir) = std::env::var_os("CHOBA_PG_BIN").map(PathBuf::from) {
        ensure!(dir.join("initdb").exists(), "CHOBA_PG_BIN={} has no initdb", dir.display());
        return Ok(dir);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
        .collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev().map(|(_, dir)| dir))
        .find(|dir| dir.join("initdb").exists() && dir.join("pg_ctl").exists())
        .context(
            "no PostgreSQL found for tests: install the Debian package `postgresql`, \
             or set CHOBA_PG_BIN to the folder with initdb and pg_ctl",
        )
}

/// Name and number of the user that the server runs as, when we are root (it refuses to be root).
fn other_user() -> anyhow::Result<Option<(String, u32, u32)>> {
    if uid()? != 0 {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd")?;
    for wanted in ["postgres", "nobody"] {
        for line in passwd.lines() {
            let mut fields = line.split(':');
            if fields.next() == Some(wanted) {
                let mut number = fields.skip(1).filter_map(|f| f.parse().ok());
                if let (Some(uid), Some(gid)) = (number.next(), number.next()) {
                    return Ok(Some((wanted.to_owned(), uid, gid)));
                }
            }
        }
    }
    bail!("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}

/// One of PostgreSQL's programs, as the right user, tied to none of our streams (a test runner
/// waits until they are closed).
fn command(bin: &Path, program: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(bin.join(program));
    if let Some((_, uid, gid)) = other_user()? {
        command.uid(uid).gid(gid);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn answers(run: &Path) -> bool {
    // A dead server leaves its socket's file behind, but nobody who accepts.
    UnixStream::connect(run.join(".s.PGSQL.5432")).is_ok()
}

/// Removes what dead runs left.
fn clean(home: &Path, bin: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(home)?.flatten() {
        let run = entry.path();
        if entry.file_name().to_string_lossy().starts_with("run-") {
            if run.join("data/postmaster.pid").exists() {
                let _ = command(bin, "pg_ctl")?
                    .args(["stop", "-m", "immediate", "-t", "10", "-D"])
                    .arg(run.join("data"))
                    .status();
            }
            fs::remove_dir_all(&run).with_context(|| run.display().to_string())?;
        }
    }
    Ok(())
}

/// Makes and starts a server.
fn make(home: &Path, bin: &Path) -> anyhow::Result<PathBuf> {
    let run = tempfile::Builder::new().prefix("run-").tempdir_in(home)?.keep();
    if let Some((_, uid, gid)) = other_user()? {
        std::os::unix::fs::chown(&run, Some(uid), Some(gid))?;
    }
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700))?;
    let data = run.join("data");
    let log = run.join("log");
    let status = command(bin, "initdb")?
        .args(["-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
        .arg(&data)
        .status()?;
    ensure!(status.success(), "initdb failed in {}", data.display());
    let options = format!(
        // fsync off: a test database need not survive the machine. synchronous_commit stays on,
        // because the store refuses a server without it.
        "-k {} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=on \
         -c max_connections=300 -c shared_buffers=64MB -c max_wal_size=2GB",
        run.display()
    );
    let status = command(bin, "pg_ctl")?
        .args(["start", "-w", "-t", "60", "-o", &options, "-l"])
        .arg(&log)
        .arg("-D")
        .arg(&data)
        .status()?;
    ensure!(status.success(), "PostgreSQL did not start:\n{}", fs::read_to_string(&log).unwrap_or_default());
    Ok(run)
}

/// Starts the watchdog: four idle looks, three seconds apart, end the server.
fn watch(home: &Path, run: &Path) -> anyhow::Result<()> {
    const SCRIPT: &str = r#"
command -v flock >/dev/null || exit 0
idle=0
while [ -e "$2/data/postmaster.pid" ]; do
  sleep 3
  if flock -n -x "$1/users.lock" true; then idle=$((idle+1)); else idle=0; fi
  if [ $idle -ge 4 ]; then
    flock -n -x "$1/users.lock" sh -c 'kill -INT "$(head -n 1 "$1/data/postmaster.pid")"; i=0
      while [ -e "$1/data/postmaster.pid" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
      rm -rf "$1"' sh "$2" && exit 0
    idle=0
  fi
done
"#;
    Command::new("setsid")
        .args(["sh", "-c", SCRIPT, "choba-test-postgres-watchdog"])
        .arg(home)
        .arg(run)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("setsid (Debian package util-linux)")?;
    Ok(())
}
