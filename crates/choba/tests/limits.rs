//! A process that may open few files answers, says that it is busy, and recovers (F49).

#![expect(clippy::unwrap_used, reason = "a test from end to end, helpers included")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

fn ask(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    // A hang ends here, and fails the test.
    stream.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn with_64_files_one_connection_too_many_is_told_so_and_the_next_is_served_f49() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    for name in
        ["CHOBA_DATA", "CHOBA_DATABASE", "CHOBA_KEY_FILE", "CHOBA_MASTER_KEY", "CHOBA_FAIL", "CHOBA_LOG"]
    {
        command.env_remove(name);
    }
    let mut server = command
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_choba"), "--json", "--data"])
        .arg(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Kept: it must not write into a closed pipe.
    let (mut line, mut said) = (String::new(), BufReader::new(server.stdout.take().unwrap()));
    said.read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = told["listening"].as_str().unwrap().trim_start_matches("http://").to_owned();
    assert!(ask(&address).starts_with("HTTP/1.1 200"));
    // Connections that ask nothing.
    let idle: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert!(ask(&address).starts_with("HTTP/1.1 503"));
    drop(idle);
    let served = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        ask(&address).starts_with("HTTP/1.1 200")
    });
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(served, "it does not recover");
}
