//! The same mall behind real sockets: addresses of documents lead back to where the caller came from.

use mallsim::shared;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::kit::{AGENT, Client};

async fn exchange(address: std::net::SocketAddr, head: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{head}\r\nHost: {address}\r\nConnection: close\r\n");
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    stream.write_all(format!("{head}{length}\r\n").as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let at = all.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    (String::from_utf8(all[..at].to_vec()).unwrap(), all[at + 4..].to_vec())
}

#[tokio::test]
async fn a_document_is_uploaded_to_the_host_the_call_came_to() {
    let mut c = Client::calm();
    let at = c.now;
    c.send(&mallsim::Request::new("POST", "/_sim/clock").body(json!({"now_ms": at}).to_string()));
    let token = c.token.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(mallsim::serve(listener, shared(c.sim)));
    let common = format!("user-agent: {AGENT}\r\nx-amz-access-token: {token}");
    let (head, body) = exchange(
        address,
        &format!("POST /feeds/2021-06-30/documents HTTP/1.1\r\n{common}\r\nContent-Type: application/json"),
        br#"{"contentType":"text/tab-separated-values; charset=UTF-8"}"#,
    )
    .await;
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    let made: Value = serde_json::from_slice(&body).unwrap();
    let url = made["url"].as_str().unwrap();
    let target = url.strip_prefix(&format!("http://{address}")).expect("the same host");
    let kind = "Content-Type: text/tab-separated-values; charset=UTF-8";
    let (head, _) = exchange(address, &format!("PUT {target} HTTP/1.1\r\n{kind}"), b"order-id\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (head, _) =
        exchange(address, &format!("GET /sellers/v1/marketplaceParticipations HTTP/1.1\r\n{common}"), b"")
            .await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}
