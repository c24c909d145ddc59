//! The child's line to the simulated mall's control API: one blocking connection that is kept, because a clock's hook
//! cannot wait.

use domain::UtcMillis;
use mall_api::clock::OnMove;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

/// A kept connection.
pub struct Control {
    address: String,
    stream: Mutex<Option<BufReader<TcpStream>>>,
}

impl Control {
    /// A line to `host:port`.
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), stream: Mutex::new(None) }
    }

    /// One call; a body makes it a POST.
    ///
    /// # Errors
    /// Nobody answers, or not in JSON.
    pub fn call(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut held = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stream = match held.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                BufReader::new(stream)
            }
        };
        let (verb, body) = body.map_or(("GET", String::new()), |b| ("POST", b.to_string()));
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nHost: sim\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(head.as_bytes())?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            anyhow::ensure!(stream.read_line(&mut line)? > 0, "the mall closed the line");
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        *held = Some(stream);
        Ok(serde_json::from_slice(&answer)?)
    }

    /// The mall's time.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn now(&self) -> anyhow::Result<UtcMillis> {
        let clock = self.call("/_sim/clock", None)?;
        let now = clock.get("now_ms").and_then(Value::as_i64);
        now.map(UtcMillis).ok_or_else(|| anyhow::anyhow!("no time in {clock}"))
    }
}

/// The hook that lets the mall's time follow a virtual clock.
pub fn follow_sim(control: Arc<Control>) -> OnMove {
    Box::new(move |now| {
        if let Err(error) = control.call("/_sim/clock", Some(&json!({ "now_ms": now.0 }))) {
            // Without the mall there is nothing to work for; the driver sees the exit.
            eprintln!("the mall's clock: {error:#}");
            std::process::exit(4);
        }
    })
}
