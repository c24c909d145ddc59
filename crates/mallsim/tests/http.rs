//! The same malls behind real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod common;

use std::time::Duration;

use common::{Client, codes};
use mallsim::{SharedSim, shared};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Front {
    address: std::net::SocketAddr,
    sim: SharedSim,
    number: String,
    authorization: String,
}

/// A mall with one order and a clock that stands still.
async fn front(plan: Value) -> Front {
    let mut c = Client::calm();
    c.set(json!({"world":{"orders_per_hour":0.0}}));
    let number = c.order(&[]);
    let authorization = c.authorization();
    c.sim("POST", "/_sim/clock", json!({"now_ms":c.now}));
    c.faults(plan);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sim = shared(c.sim);
    tokio::spawn(mallsim::serve(listener, sim.clone()));
    Front { address, sim, number, authorization }
}

impl Front {
    /// Sends one call and gives everything that comes back until the connection closes, or `None` when nothing
    /// closes it.
    async fn send(&self, function: &str, body: &Value) -> Option<Vec<u8>> {
        let body = body.to_string();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /es/2.0/order/{function}/ HTTP/1.1\r\nHost: mall.invalid\r\nAuthorization: {}\r\n\
             Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.authorization,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        let read = tokio::time::timeout(Duration::from_millis(400), stream.read_to_end(&mut all)).await;
        // a reset is as good as a close
        read.ok().map(|_| all)
    }

    async fn confirm(&self) -> Option<Vec<u8>> {
        self.send("confirmOrder", &json!({"orderNumberList":[self.number]})).await
    }

    fn status(&self) -> String {
        self.sim.lock().unwrap().orders(0)[0].status.clone()
    }
}

fn split(answer: &[u8]) -> (String, &[u8]) {
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    (String::from_utf8(answer[..at].to_vec()).unwrap().to_lowercase(), &answer[at + 4..])
}

fn promised(head: &str) -> usize {
    head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_whole_answer_over_http() {
    let f = front(json!([])).await;
    let answer = f.confirm().await.unwrap();
    let (head, body) = split(&answer);
    assert!(head.starts_with("http/1.1 200"));
    assert!(head.contains("content-type: application/json;charset=utf-8"));
    assert!(head.contains("date: mon, 02 nov 2026 00:00:00 gmt"), "{head}");
    assert_eq!(promised(&head), body.len());
    assert_eq!(codes(&serde_json::from_slice(body).unwrap()), ["CONFIRM_ORDER_INFO_101"]);
}

#[tokio::test]
async fn a_cut_answer_promises_more_than_it_gives() {
    for bytes in [0, 1, 40] {
        let f = front(json!({"operation":"confirmOrder","action":{"cut_at":{"bytes":bytes}}})).await;
        let answer = f.confirm().await.expect("the connection closes");
        let (head, body) = split(&answer);
        assert!(head.starts_with("http/1.1 200"));
        assert_eq!(body.len(), bytes);
        assert!(promised(&head) > bytes);
        assert_eq!(f.status(), "200");
    }
}

#[tokio::test]
async fn apply_then_cut_closes_without_one_byte() {
    let f = front(json!({"operation":"confirmOrder","action":"apply_then_cut"})).await;
    assert_eq!(f.confirm().await.as_deref(), Some(&b""[..]));
    assert_eq!(f.status(), "200");
}

#[tokio::test]
async fn a_hanging_call_never_answers_and_others_go_on() {
    let f = front(json!({"operation":"confirmOrder","times":1,"action":"hang"})).await;
    let (hung, other) = tokio::join!(f.confirm(), f.send("getSubStatusList", &Value::Null));
    assert_eq!(hung, None);
    assert!(other.is_some());
    assert_eq!(f.status(), "100");
}

#[tokio::test]
async fn the_maintenance_page_is_shift_jis_on_the_wire() {
    let f = front(json!({"action":{"maintenance":{}}})).await;
    let answer = f.confirm().await.unwrap();
    let (head, body) = split(&answer);
    assert!(head.starts_with("http/1.1 503") && head.contains("charset=shift_jis"));
    assert!(encoding_rs::SHIFT_JIS.decode(body).0.contains("システムメンテナンス中"));
}

#[tokio::test]
async fn a_delay_is_real_time() {
    let f = front(json!([
        {"operation":"confirmOrder","at":{"call":1},"action":{"delay":{"ms":60_000}}},
        {"operation":"confirmOrder","at":{"call":2},"action":{"delay":{"ms":20}}}
    ]))
    .await;
    assert_eq!(f.confirm().await, None, "still waiting");
    assert!(f.confirm().await.is_some());
}
