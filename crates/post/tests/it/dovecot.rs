//! A throw-away IMAP server: dovecot on a free port of loopback, with a folder of its own.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The password of every user.
pub const SECRET: &str = "kakuu-no-himitsu";

/// A server that answers.
pub struct Dovecot {
    pub port: u16,
    dir: tempfile::TempDir,
    child: Option<Child>,
    mails: u32,
}

/// Who it runs as: root's mail is refused, so root gives it to nobody.
fn user() -> (String, String, Option<(u32, u32)>) {
    let id = |flag: &str| {
        let out = Command::new("id").arg(flag).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    if id("-u") == "0" {
        return ("nobody".into(), "nogroup".into(), Some((65_534, 65_534)));
    }
    (id("-un"), id("-gn"), None)
}

fn program() -> &'static str {
    match Path::new("/usr/sbin/dovecot").exists() {
        true => "/usr/sbin/dovecot",
        false => "dovecot",
    }
}

impl Dovecot {
    /// Starts one.
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { port, dir: tempfile::tempdir().unwrap(), child: None, mails: 0 };
        server.write_config();
        server.begin();
        server
    }

    fn write_config(&self) {
        let (user, group, number) = user();
        let (dir, port) = (self.dir.path(), self.port);
        let shown = dir.display();
        fs::set_permissions(dir, Permissions::from_mode(0o700)).unwrap();
        for folder in ["Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"] {
            fs::create_dir(dir.join(folder)).unwrap();
        }
        let config = format!(
            "base_dir = {shown}/run\nstate_dir = {shown}/state\nlog_path = /dev/stderr\nprotocols = imap\n\
             listen = 127.0.0.1\nssl = no\ndisable_plaintext_auth = no\nmail_location = maildir:{shown}/Maildir\n\
             default_login_user = {user}\ndefault_internal_user = {user}\ndefault_internal_group = {group}\n\
             first_valid_uid = 1\nmailbox_idle_check_interval = 1 secs\nauth_failure_delay = 0 secs\n\
             passdb {{\n driver = static\n args = password={SECRET}\n}}\n\
             userdb {{\n driver = static\n args = uid={user} gid={group} home={shown}\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n \
             inet_listener imaps {{\n port = 0\n }}\n}}\nservice anvil {{\n chroot =\n}}\n"
        );
        fs::write(dir.join("conf"), config).unwrap();
        if let Some((uid, gid)) = number {
            for path in ["", "conf", "Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"] {
                chown(dir.join(path), Some(uid), Some(gid)).unwrap();
            }
        }
    }

    /// Starts it (again), and waits until it says that it has.
    pub fn begin(&mut self) {
        let mut command = Command::new(program());
        command.arg("-F").arg("-c").arg(self.dir.path().join("conf"));
        // A process group of its own: a test that dies takes nobody else with it.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("starting up for imap") {
            assert!(log.read_line(&mut said).unwrap() > 0, "dovecot did not start:\n{said}");
        }
        // Nobody reads on, and it must not stumble over that.
        std::thread::spawn(move || drop(std::io::copy(&mut log, &mut std::io::sink())));
        self.child = Some(child);
    }

    /// Ends it with all its connections.
    pub fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            Command::new("kill").arg(child.id().to_string()).status().unwrap();
            child.wait().unwrap();
        }
    }

    /// Puts a mail into the inbox, as a mail server does.
    pub fn deliver(&mut self, mail: &[u8]) {
        self.mails += 1;
        let name = format!("{}.M{}P1.test", 1_790_000_000 + self.mails, self.mails);
        let (tmp, new) = (self.dir.path().join("Maildir/tmp"), self.dir.path().join("Maildir/new"));
        fs::write(tmp.join(&name), mail).unwrap();
        if let (.., Some((uid, gid))) = user() {
            chown(tmp.join(&name), Some(uid), Some(gid)).unwrap();
        }
        fs::rename(tmp.join(&name), new.join(&name)).unwrap();
    }

    /// Mails that nobody has marked as seen (or moved, or deleted).
    pub fn untouched(&self) -> usize {
        let in_folder = |folder: &str| fs::read_dir(self.dir.path().join("Maildir").join(folder)).unwrap();
        let seen = |name: &str| name.split_once(":2,").is_some_and(|(_, flags)| !flags.is_empty());
        let names = in_folder("new").chain(in_folder("cur")).flatten();
        names.filter(|e| !seen(&e.file_name().to_string_lossy())).count()
    }

    /// Forgets the numbers it gave: the next ones begin anew under another UIDVALIDITY.
    pub fn renumber(&self) {
        for entry in fs::read_dir(self.dir.path().join("Maildir")).unwrap().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // The last UIDVALIDITY stays known, so that the next one differs.
            if name.starts_with("dovecot") && !name.starts_with("dovecot-uidvalidity") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.end();
    }
}
