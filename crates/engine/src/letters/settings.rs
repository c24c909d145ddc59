//! メールの設定: what must be true of them before they are kept. Pure, but for keeping them.

use crate::setup::Problem;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;
use store::mail::{MailConfig, MailSettings, PasswordChange, Reports, Security};

/// As a person enters them.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Server.
    pub host: String,
    /// Port; empty = the usual one.
    pub port: String,
    /// `start_tls`, `tls`, `plain`.
    pub security: String,
    /// User.
    pub login: String,
    /// Password; empty = as it is.
    pub password: Option<SecretString>,
    /// Sender.
    pub from: String,
    /// 管理者.
    pub admin: String,
    /// 通知先, by commas, blanks or lines.
    pub notify: String,
    /// `all`, `failures`, `off`.
    pub reports: String,
}

impl Given {
    /// With the password as it was typed; empty = as it is.
    #[must_use]
    pub fn with_password(mut self, typed: String) -> Self {
        self.password = Some(SecretString::from(typed));
        self
    }
}

/// Most recipients of a letter.
const MOST: usize = 20;
/// Ports of mail servers; others are for servers in the house (F63).
const PORTS: [u16; 4] = [25, 465, 587, 2525];

fn problem(key: &str, ja: &str, en: &str) -> Problem {
    Problem { key: key.to_owned(), ja: ja.to_owned(), en: en.to_owned() }
}

/// The usual port of a way.
#[must_use]
pub fn usual_port(security: Security) -> u16 {
    match security {
        Security::Tls => 465,
        Security::StartTls => 587,
        Security::Plain => 25,
    }
}

/// A plain address as letters take it: no name beside it, nothing that could end a header.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else { return false };
    let good_user = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let label = |l: &str| {
        !l.is_empty() && !l.starts_with('-') && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    (1..=64).contains(&user.len())
        && user.chars().all(good_user)
        && !user.starts_with('.')
        && !user.ends_with('.')
        && !user.contains("..")
        && host.len() <= 253
        && host.split('.').all(label)
}

fn is_host(text: &str) -> bool {
    let name = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(name))
}

fn list(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for part in text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()) {
        if !part.is_empty() && !out.iter().any(|a| a.eq_ignore_ascii_case(part)) {
            out.push(part.to_owned());
        }
    }
    out
}

fn read_port(given: &str, security: Security, allow_private: bool) -> Result<u16, Problem> {
    let text = given.trim();
    if text.is_empty() {
        return Ok(usual_port(security));
    }
    let port = text.parse::<u16>().ok().filter(|p| *p > 0);
    let port =
        port.ok_or_else(|| problem("port", "1〜65535の数字で入力してください", "must be 1 to 65535"))?;
    if !allow_private && !PORTS.contains(&port) {
        let ja = "メールのポート（25・465・587・2525）を指定してください";
        return Err(problem("port", ja, "must be a port of mail servers: 25, 465, 587, 2525"));
    }
    Ok(port)
}

fn read_host(given: &str, allow_private: bool) -> Result<String, Problem> {
    let host = given.trim().trim_end_matches('.').to_ascii_lowercase();
    if !is_host(&host) {
        return Err(problem("host", "サーバー名を入力してください", "must be the name of a server"));
    }
    let literal = host.parse::<IpAddr>().ok();
    let inside = literal.is_some_and(|ip| !crate::http_wire::is_public(ip))
        || host == "localhost"
        || host.ends_with(".localhost");
    if inside && !allow_private {
        let ja = "公開されたサーバーだけを指定できます（社内や自分の機械には --allow-private-endpoints）";
        return Err(problem("host", ja, "must be a public server (--allow-private-endpoints)"));
    }
    Ok(host)
}

fn read_address(key: &str, given: &str) -> Result<String, Problem> {
    let text = given.trim();
    if is_address(text) {
        return Ok(text.to_owned());
    }
    Err(problem(key, "メールアドレスを正しく入力してください", "must be a mail address"))
}

/// Reads what was entered. Another server never gets the password of the old one.
///
/// # Errors
/// Under the field's name.
pub fn check(
    given: &Given,
    before: Option<&MailSettings>,
    allow_private: bool,
) -> Result<(MailConfig, PasswordChange), Problem> {
    let security = Security::parse(&given.security).ok_or_else(|| {
        problem("security", "暗号化の種類を選んでください", "must be start_tls, tls or plain")
    })?;
    let host = read_host(&given.host, allow_private)?;
    if security == Security::Plain && !allow_private {
        let ja = "暗号化なしは、社内や自分の機械のサーバーにだけ使えます（--allow-private-endpoints）";
        return Err(problem("security", ja, "plain is for servers in the house (--allow-private-endpoints)"));
    }
    let port = read_port(&given.port, security, allow_private)?;
    let login = given.login.trim().to_owned();
    if login.chars().any(char::is_control) || login.chars().count() > 200 {
        return Err(problem("login", "200文字以内の1行で入力してください", "must be one line"));
    }
    let notify = list(&given.notify);
    if notify.len() >= MOST {
        return Err(problem("notify", "通知先は19件までです", "at most 19 addresses"));
    }
    for address in &notify {
        read_address("notify", address)?;
    }
    let reports = Reports::parse(&given.reports).ok_or_else(|| {
        problem("reports", "結果メールの種類を選んでください", "must be all, failures or off")
    })?;
    let same_server = before.is_some_and(|b| {
        (b.config.host.as_str(), b.config.port) == (host.as_str(), port)
            && b.config.login == login
            && b.config.security == security
    });
    let kept = same_server && before.is_some_and(|b| b.has_password);
    let password = match given.password.as_ref().filter(|p| !p.expose_secret().is_empty()) {
        Some(_) if login.is_empty() => {
            return Err(problem("login", "利用者名も入力してください", "is needed with a password"));
        }
        Some(secret) => PasswordChange::Set(secret.clone()),
        None if login.is_empty() => PasswordChange::Forget,
        None if kept => PasswordChange::Keep,
        None => {
            let ja = "パスワードを入力してください（サーバーや利用者名を変えたときも必要です）";
            return Err(problem("password", ja, "is needed, also for another server or user"));
        }
    };
    let config = MailConfig {
        host,
        port,
        security,
        login,
        from: read_address("from", &given.from)?,
        admin: read_address("admin", &given.admin)?,
        notify,
        reports,
    };
    Ok((config, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Given {
        Given {
            host: "smtp.example.jp".to_owned(),
            security: "start_tls".to_owned(),
            login: "choba".to_owned(),
            password: Some(SecretString::from("架空".to_owned())),
            from: "choba@example.jp".to_owned(),
            admin: "tencho@example.jp".to_owned(),
            notify: "a@example.jp, b@example.jp\na@example.jp".to_owned(),
            reports: "all".to_owned(),
            ..Given::default()
        }
    }

    fn settings(config: MailConfig) -> MailSettings {
        MailSettings { config, has_password: true, version: 1 }
    }

    #[test]
    fn good_settings_are_read_with_the_usual_port_and_nobody_twice_ntf6() {
        let (config, password) = check(&given(), None, false).unwrap();
        assert_eq!((config.port, config.notify.len()), (587, 2));
        assert!(matches!(password, PasswordChange::Set(_)));
        assert_eq!(config.addresses(), ["tencho@example.jp", "a@example.jp", "b@example.jp"]);
    }

    #[test]
    fn another_server_never_gets_the_old_password_f63() {
        let before = settings(check(&given(), None, false).unwrap().0);
        let same = Given { password: None, ..given() };
        assert!(matches!(check(&same, Some(&before), false).unwrap().1, PasswordChange::Keep));
        for other in [
            Given { host: "smtp.example.com".to_owned(), ..same.clone() },
            Given { port: "25".to_owned(), ..same.clone() },
            Given { login: "other".to_owned(), ..same.clone() },
            Given { security: "tls".to_owned(), ..same.clone() },
        ] {
            assert_eq!(check(&other, Some(&before), false).unwrap_err().key, "password");
        }
        let nobody = Given { login: String::new(), ..same };
        assert!(matches!(check(&nobody, Some(&before), false).unwrap().1, PasswordChange::Forget));
    }

    #[test]
    fn addresses_inside_the_house_need_the_switch_f63() {
        for host in ["localhost", "127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "mail.localhost"] {
            let inside = Given { host: host.to_owned(), ..given() };
            assert_eq!(check(&inside, None, false).unwrap_err().key, "host", "{host}");
            check(&inside, None, true).unwrap();
        }
        let plain = Given { security: "plain".to_owned(), ..given() };
        assert_eq!(check(&plain, None, false).unwrap_err().key, "security");
        let port = Given { port: "6379".to_owned(), ..given() };
        assert_eq!(check(&port, None, false).unwrap_err().key, "port");
    }

    #[test]
    fn addresses_that_could_end_a_header_are_refused_f58() {
        for bad in [
            "",
            "nobody",
            "a@b@c",
            "a b@example.jp",
            "a@example.jp\r\nBcc: x@example.jp",
            "<a@example.jp>",
            "a@exa mple.jp",
            ".a@example.jp",
            "a@-x.jp",
            "山@example.jp",
        ] {
            assert!(!is_address(bad), "{bad}");
            let given = Given { admin: bad.to_owned(), ..given() };
            assert_eq!(check(&given, None, false).unwrap_err().key, "admin", "{bad}");
        }
        assert!(is_address("o'brien+shop@mail.example.co.jp"));
    }
}
