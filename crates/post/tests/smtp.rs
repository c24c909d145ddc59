//! Against a real server (aiosmtpd) and against sockets written by hand that do what a server must not (F39).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: a failure here is a failed test, and says where"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::UtcMillis;
use engine::http_wire::EndpointPolicy;
use engine::letters::{Mailer as _, Outgoing, Posted, one_line, plain_text};
use mail_parser::MessageParser;
use post::smtp::SmtpMailer;
use secrecy::SecretString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use store::mail::{MailConfig, MailServer, Security};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const OPEN: EndpointPolicy = EndpointPolicy { allow_private: true };
const LOCALHOST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../engine/src/http_wire/localhost");

fn letter() -> Outgoing {
    Outgoing {
        fingerprint: "00112233445566778899aabbccddeeff".to_owned(),
        from: "choba@example.jp".to_owned(),
        to: vec!["tencho@example.jp".to_owned(), "souko@example.jp".to_owned()],
        subject: "【要対応】【帳場】連携結果 本店：エラー3件".to_owned(),
        text: "店舗「本店」の連携結果をお知らせします。\n.\n.点で始まる行\n".to_owned(),
        written_at: UtcMillis(1_795_000_000_000),
    }
}

fn server(host: &str, port: u16, security: Security, login: &str) -> MailServer {
    let config = MailConfig {
        host: host.to_owned(),
        port,
        security,
        login: login.to_owned(),
        from: "choba@example.jp".to_owned(),
        ..MailConfig::default()
    };
    MailServer { config, password: Some(SecretString::from("架空".to_owned())) }
}

/// Waits short enough for tests, long enough for a busy machine.
fn mailer() -> SmtpMailer {
    SmtpMailer::new(OPEN).waiting(Duration::from_secs(20), Duration::from_secs(20))
}

fn trusting() -> SmtpMailer {
    let der = std::fs::read(format!("{LOCALHOST}/cert.der")).unwrap();
    let text = BASE64.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    mailer().trusting(pem.as_bytes()).unwrap()
}

/// The server that `./test` installs, or the system's.
fn python() -> String {
    let own = std::env::var("CHOBA_TEST_VENV").map(|venv| format!("{venv}/bin/python"));
    let has_it = |python: &String| {
        let asked = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    let found = own.into_iter().chain(["/usr/bin/python3".to_owned(), "python3".to_owned()]).find(has_it);
    found.expect("aiosmtpd is missing: run ./test, or apt-get install python3-aiosmtpd")
}

struct Real {
    child: Child,
    out: BufReader<ChildStdout>,
    port: u16,
}

impl Real {
    fn start(args: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_server.py");
        let mut child = Command::new(python())
            .arg(script)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        Self { child, out, port: line.trim().parse().unwrap_or_else(|_| panic!("no port: {line:?}")) }
    }

    /// All letters it took; it ends.
    fn letters(mut self) -> Vec<serde_json::Value> {
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.out.read_to_string(&mut text).unwrap();
        self.child.wait().unwrap();
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }
}

fn content(letter: &serde_json::Value) -> Vec<u8> {
    BASE64.decode(letter["content"].as_str().unwrap()).unwrap()
}

fn key_files() -> [String; 2] {
    [format!("{LOCALHOST}/cert.der"), format!("{LOCALHOST}/key.der")]
}

#[tokio::test]
async fn a_real_server_takes_a_letter_over_starttls_with_a_login_and_reads_it_as_it_was_written_f58() {
    let [certificate, key] = key_files();
    let real = Real::start(&["--starttls", &certificate, &key, "--login", "choba", "架空"]);
    let out = letter();
    let to = server("localhost", real.port, Security::StartTls, "choba");
    assert_eq!(trusting().post(&to, &out).await, Posted::Sent(None));
    let wrong = MailServer { password: Some(SecretString::from("x".to_owned())), ..to.clone() };
    let refused = trusting().post(&wrong, &out).await;
    let Posted::NotSent { reason, again: true } = refused else { panic!("{refused:?}") };
    assert_eq!(reason.code, "mail_login_refused");
    assert!(reason.ja.contains("535") && !reason.ja.contains('架'), "{}", reason.ja);
    // A certificate that nobody vouches for: no word of the letter leaves.
    let strange = mailer().post(&to, &out).await;
    assert!(matches!(strange, Posted::NotSent { again: true, .. }), "{strange:?}");
    let letters = real.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0]["tls"], &letters[0]["user"]), (&true.into(), &"choba".into()));
    let bytes = content(&letters[0]);
    let read = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(read.subject().unwrap(), out.subject);
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n"), out.text);
    assert_eq!(read.message_id().unwrap(), "00112233445566778899aabbccddeeff@example.jp");
    assert_eq!(read.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
    assert_eq!(read.date().unwrap().to_timestamp(), 1_795_000_000);
    assert!(bytes.is_ascii(), "no server needs to know 8BITMIME");
}

#[tokio::test]
async fn a_real_server_takes_a_letter_over_tls_and_says_whom_it_does_not_know_f39() {
    let [certificate, key] = key_files();
    let real = Real::start(&["--tls", &certificate, &key, "--refuse", "souko@example.jp"]);
    let to = server("localhost", real.port, Security::Tls, "");
    let Posted::Sent(Some(remark)) = trusting().post(&to, &letter()).await else { panic!("not sent") };
    assert!(remark.code == "mail_partly_refused" && remark.ja.contains("souko@example.jp"), "{remark:?}");
    let nobody = Outgoing { to: vec!["souko@example.jp".to_owned()], ..letter() };
    let Posted::NotSent { reason, again: false } = trusting().post(&to, &nobody).await else {
        panic!("sent")
    };
    assert!(reason.code == "mail_refused" && reason.ja.contains("550"), "{reason:?}");
    let letters = real.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["to"], serde_json::json!(["tencho@example.jp"]));
}

#[tokio::test]
async fn no_subject_name_or_text_becomes_a_header_or_another_letter_f58() {
    let real = Real::start(&[]);
    let to = server("127.0.0.1", real.port, Security::Plain, "");
    let nasty = [
        "a\r\nBcc: evil@example.jp",
        "a\nSubject: other",
        "a\r\n\r\n<script>",
        "=?utf-8?B?DQpCY2M6IGV2aWxAZXhhbXBsZS5qcA==?=",
        "長い".repeat(300).leak(),
        "\u{0}\u{1b}[31m\u{2028}x",
        "a\r\n.\r\nMAIL FROM:<evil@example.jp>",
    ];
    for text in nasty {
        // As the rows hold it, and as the engine hands it over.
        for (subject, body) in [(text.to_owned(), text.to_owned()), (one_line(text, 150), plain_text(text))] {
            let out = Outgoing { subject, text: body, ..letter() };
            assert_eq!(mailer().post(&to, &out).await, Posted::Sent(None), "{text:?}");
        }
    }
    let letters = real.letters();
    assert_eq!(letters.len(), 2 * nasty.len(), "one letter a try");
    for sent in &letters {
        assert_eq!(sent["to"], serde_json::json!(["tencho@example.jp", "souko@example.jp"]));
        let bytes = content(sent);
        let read = MessageParser::default().parse(&bytes).unwrap();
        let mut names: Vec<String> = read.headers().iter().map(|h| h.name().to_ascii_lowercase()).collect();
        names.sort();
        let known = [
            "auto-submitted",
            "content-transfer-encoding",
            "content-type",
            "date",
            "from",
            "message-id",
            "mime-version",
            "subject",
            "to",
        ];
        assert!(names.iter().all(|n| known.contains(&n.as_str())), "{names:?}");
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    }
}

/// A server by hand: `answers` says what follows each line it reads; nothing for lines inside the letter.
async fn by_hand<F, S>(talk: F) -> u16
where
    F: Fn(TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    port
}

/// What the server by hand does when the whole letter is there.
#[derive(Clone, Copy)]
enum Ends {
    Say(&'static str),
    Cut,
    Hang,
    SayAndCut(&'static str),
}

/// Talks properly until the end of the letter. `at`: a line's first word that is answered otherwise.
async fn talk(stream: TcpStream, at: Option<(&'static str, &'static str)>, ends: Ends) {
    let (read, mut write) = stream.into_split();
    let mut lines = tokio::io::BufReader::new(read).lines();
    write.write_all(b"220 by hand\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        if let Some((_, answer)) = at.filter(|(w, _)| *w == word) {
            if answer.is_empty() {
                std::future::pending::<()>().await;
            }
            write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            continue;
        }
        match word.as_str() {
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.unwrap();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                }
                match ends {
                    Ends::Say(answer) => {
                        write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
                    }
                    Ends::Cut => return,
                    Ends::Hang => std::future::pending().await,
                    Ends::SayAndCut(answer) => {
                        write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
                        write.flush().await.unwrap();
                        return;
                    }
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await.unwrap();
                return;
            }
            _ => write.write_all(b"250 fine\r\n").await.unwrap(),
        }
    }
}

async fn outcome(at: Option<(&'static str, &'static str)>, ends: Ends) -> Posted {
    let port = by_hand(move |stream| talk(stream, at, ends)).await;
    let quick = SmtpMailer::new(OPEN).waiting(Duration::from_secs(2), Duration::from_secs(2));
    quick.post(&server("127.0.0.1", port, Security::Plain, ""), &letter()).await
}

fn not_sent(posted: &Posted) -> (&str, bool) {
    match posted {
        Posted::NotSent { reason, again } => (reason.code.as_str(), *again),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn f39_250_and_then_a_cut_line_is_sent() {
    assert_eq!(outcome(None, Ends::SayAndCut("250 taken")).await, Posted::Sent(None));
}

#[tokio::test]
async fn f39_a_cut_or_silence_after_the_letter_is_unclear() {
    for ends in [Ends::Cut, Ends::Hang, Ends::Say("what?"), Ends::SayAndCut("2")] {
        let Posted::Unclear(reason) = outcome(None, ends).await else { panic!("not unclear") };
        assert_eq!(reason.code, "mail_unclear");
    }
}

#[tokio::test]
async fn f39_451_is_put_off_and_5xx_is_refused_for_good_wherever_it_is_said_of_the_letter() {
    assert_eq!(not_sent(&outcome(None, Ends::Say("451 later")).await), ("mail_put_off", true));
    assert_eq!(not_sent(&outcome(None, Ends::Say("554 no")).await), ("mail_refused", false));
    for (word, answer, told) in [
        ("MAIL", "451 later", ("mail_put_off", true)),
        ("RCPT", "450 later", ("mail_put_off", true)),
        ("RCPT", "550 nobody", ("mail_refused", false)),
        ("DATA", "552 full", ("mail_refused", false)),
        // Not the letter's fault: mended settings send it.
        ("MAIL", "553 not you", ("mail_server_refused", true)),
        ("EHLO", "550 no", ("mail_server_refused", true)),
    ] {
        let posted = outcome(Some((word, answer)), Ends::Cut).await;
        assert_eq!(not_sent(&posted), told, "{word} {answer}");
    }
}

#[tokio::test]
async fn f39_a_server_that_hangs_before_the_letter_got_nothing() {
    for word in ["EHLO", "MAIL", "RCPT", "DATA"] {
        let posted = outcome(Some((word, "")), Ends::Cut).await;
        assert_eq!(not_sent(&posted), ("mail_no_answer", true), "{word}");
    }
    let silent = by_hand(|mut stream| async move {
        let mut all = Vec::new();
        drop(stream.read_to_end(&mut all).await);
    });
    let quick = SmtpMailer::new(OPEN).waiting(Duration::from_millis(300), Duration::from_secs(2));
    let posted = quick.post(&server("127.0.0.1", silent.await, Security::Plain, ""), &letter()).await;
    assert_eq!(not_sent(&posted), ("mail_no_answer", true), "no greeting");
}

#[tokio::test]
async fn nobody_listening_and_no_starttls_are_told_apart_f39() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let posted = mailer().post(&server("127.0.0.1", closed, Security::Plain, ""), &letter()).await;
    assert_eq!(not_sent(&posted), ("mail_unreachable", true));
    let plain = by_hand(|stream| talk(stream, None, Ends::Say("250 taken"))).await;
    let posted = mailer().post(&server("localhost", plain, Security::StartTls, ""), &letter()).await;
    assert_eq!(not_sent(&posted), ("mail_tls_failed", true), "never without TLS when TLS was asked for");
}

#[tokio::test]
async fn addresses_inside_the_house_and_plain_ways_out_of_it_are_refused_f63() {
    let shut = SmtpMailer::new(EndpointPolicy { allow_private: false });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "::1", "169.254.169.254", "10.0.0.1", "0x7f000001"] {
        let posted = shut.post(&server(host, port, Security::StartTls, ""), &letter()).await;
        let (code, again) = not_sent(&posted);
        assert!(matches!(code, "mail_address_private" | "mail_unreachable") && again, "{host}: {code}");
    }
    let public = mailer().post(&server("192.0.1.1", 25, Security::Plain, ""), &letter()).await;
    assert_eq!(not_sent(&public), ("mail_not_private", true), "nothing is sent, not even a greeting awaited");
    assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nobody knocked");
}

#[tokio::test]
async fn a_wrong_address_is_told_and_nothing_is_sent_f58() {
    for bad in ["nobody", "a@example.jp\r\nRCPT TO:<evil@example.jp>", ""] {
        let out = Outgoing { to: vec![bad.to_owned()], ..letter() };
        let posted = mailer().post(&server("127.0.0.1", 9, Security::Plain, ""), &out).await;
        assert_eq!(not_sent(&posted), ("mail_address_wrong", true), "{bad:?}");
    }
}
