//! `choba backup` and `choba restore` as an operator runs them, in folders of their own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test from end to end, helpers included")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_choba"));
    for name in
        ["CHOBA_DATA", "CHOBA_DATABASE", "CHOBA_KEY_FILE", "CHOBA_MASTER_KEY", "CHOBA_FAIL", "CHOBA_LOG"]
    {
        command.env_remove(name);
    }
    command.arg("--data").arg(folder).arg("--json");
    command
}

/// Exit code and the last line.
fn run(folder: &Path, args: &[&str]) -> (i32, Value) {
    let output = program(folder).args(args).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let last = out.lines().last().map(|line| serde_json::from_str(line).unwrap());
    (output.status.code().unwrap(), last.unwrap_or(Value::Null))
}

fn refused(folder: &Path, args: &[&str]) -> String {
    let (code, said) = run(folder, args);
    assert_eq!(code, 1, "{said}");
    said["error"]["code"].as_str().unwrap().to_owned()
}

/// A server, and what it says: it must not write into a closed pipe.
struct Server {
    child: Child,
    _said: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = program(folder)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut line, mut said) = (String::new(), BufReader::new(child.stdout.take().unwrap()));
        said.read_line(&mut line).unwrap();
        assert!(line.contains("listening"), "{line}");
        Self { child, _said: said }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_backup_is_encrypted_checked_and_comes_back_with_writing_paused_f46_f47() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (data, file) = (home.path().join("data"), home.path().join("choba.age"));
    let name = file.to_str().unwrap();
    assert_eq!(refused(&data, &["backup", name]), "no_ledger");
    assert_eq!(run(&data, &["phase", "add", "kensa", "--name", "架空の検品待ち"]).0, 0);

    // Online: a server works on the ledger meanwhile.
    let server = Server::start(&data);
    let (code, made) = run(&data, &["backup", name]);
    assert_eq!((code, made["verified"].as_bool()), (0, Some(true)), "{made}");
    assert_eq!(refused(&data, &["backup", name]), "file_exists");
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "nothing is left beside it: {left:?}");

    // Neither the ledger nor the key can be read in it.
    let bytes = std::fs::read(&file).unwrap();
    let key = std::fs::read_to_string(data.join("master.key")).unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    assert!(
        !holds(b"SQLite format 3") && !holds("架空の検品待ち".as_bytes()) && !holds(key.trim().as_bytes())
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    }

    // Not over what is there, not without the key, not with another one, not where somebody works.
    assert_eq!(refused(&data, &["restore", name]), "occupied");
    assert_eq!(refused(&data, &["restore", name, "--force"]), "in_use");
    let fresh = other.path().join("data");
    assert_eq!(refused(&fresh, &["restore", name]), "key_missing");
    std::fs::create_dir_all(&fresh).unwrap();
    let wrong = other.path().join("wrong.key");
    assert_eq!(run(&fresh, &["key", "generate", wrong.to_str().unwrap()]).0, 0);
    std::fs::copy(&wrong, fresh.join("master.key")).unwrap();
    assert_eq!(refused(&fresh, &["restore", name]), "not_a_backup");
    assert!(!fresh.join("choba.db").exists());

    // With the key it comes back, and nothing is sent until somebody says so.
    std::fs::copy(data.join("master.key"), fresh.join("master.key")).unwrap();
    let cut = other.path().join("cut.age");
    std::fs::write(&cut, bytes.get(..bytes.len() - 1).unwrap()).unwrap();
    let code = refused(&fresh, &["restore", cut.to_str().unwrap()]);
    assert!(code == "backup_damaged" || code == "failed", "{code}");
    assert!(!fresh.join("choba.db").exists(), "half a ledger has no name");
    assert_eq!(run(&fresh, &["restore", "--check", name]).0, 0);
    assert!(!fresh.join("choba.db").exists());
    let (code, restored) = run(&fresh, &["restore", name]);
    assert_eq!((code, restored["paused"].as_bool()), (0, Some(true)), "{restored}");
    let phases = program(&fresh).args(["phase", "list"]).output().unwrap();
    assert!(String::from_utf8(phases.stdout).unwrap().contains("架空の検品待ち"));
    let (_, last) = run(&fresh, &["restore", "--release"]);
    assert_eq!(last["released"].as_bool(), Some(true));
    assert_eq!(run(&fresh, &["restore", "--release"]).1["released"].as_bool(), Some(false));
    assert_eq!(refused(&data, &["restore", "--review"]), "not_restored");

    // In place of the old one, which is kept.
    drop(server);
    let (code, restored) = run(&data, &["restore", name, "--force"]);
    assert_eq!(code, 0, "{restored}");
    assert!(Path::new(restored["set_aside"].as_str().unwrap()).exists());
    let doctor = String::from_utf8(program(&data).arg("doctor").output().unwrap().stdout).unwrap();
    assert!(doctor.contains("paused") || doctor.contains("モールへの送信を止めています"), "{doctor}");
}
