//! Against real listeners on this machine: what a mall, a proxy or a broken line can do to a call.

use super::*;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OPEN: EndpointPolicy = EndpointPolicy { allow_private: true };
const SHUT: EndpointPolicy = EndpointPolicy { allow_private: false };
const SECRET: &str = "s3cr3t";

fn limits() -> HttpLimits {
    HttpLimits { connect_ms: 250, idle_ms: 150, max_body: 4_096, ..HttpLimits::default() }
}

fn transport(policy: EndpointPolicy) -> HttpTransport {
    HttpTransport::with_limits(policy, limits()).unwrap()
}

fn post() -> WireRequest {
    let mut request =
        WireRequest::post_json("op", "/es/2.0/order/", "application/json", b"{\"a\":1}".to_vec());
    request.headers.push(("authorization".to_owned(), format!("ESA {SECRET}")));
    request.query.push(("token".to_owned(), SECRET.to_owned()));
    request
}

/// Reads one request (head and `Content-Length` body), or gives `None` when the peer has gone.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |l| l.parse().unwrap()) {
                return Some(text);
            }
        }
        let mut chunk = [0; 1_024];
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

/// A listener that hands each connection to `serve`; gives its base address.
async fn listen<F, S>(serve: F) -> String
where
    F: Fn(TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    format!("http://{address}")
}

/// A server that answers every connection's first request with these bytes and closes.
async fn canned(answer: impl Into<Vec<u8>>) -> String {
    let answer = Arc::new(answer.into());
    listen(move |mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            read_request(&mut stream).await;
            stream.write_all(&answer).await.unwrap();
            stream.shutdown().await.ok();
        }
    })
    .await
}

fn what(result: Result<WireAnswer, WireError>) -> (&'static str, String) {
    let (kind, what) = match result.unwrap_err() {
        WireError::NotSent { what } => ("not sent", what),
        WireError::NoAnswer { what } => ("no answer", what),
        other => panic!("{other}"),
    };
    assert!(!what.contains(SECRET) && !what.contains("127.0.0.1"), "{what}");
    (kind, what)
}

#[tokio::test]
async fn a_request_arrives_as_it_was_meant() {
    let seen = Arc::new(std::sync::Mutex::new(String::new()));
    let keep = Arc::clone(&seen);
    let base = listen(move |mut stream| {
        let keep = Arc::clone(&keep);
        async move {
            let request = read_request(&mut stream).await.unwrap();
            *keep.lock().unwrap() = request;
            let answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nX-Odd: \xe9\r\nRetry-After: 3\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let mut request = post();
    request.query = vec![("a b".to_owned(), "楽+/&=~".to_owned()), ("empty".to_owned(), String::new())];
    let answer = transport(OPEN).exchange(&format!("{base}/prefix/"), &request, 2_000).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    let line = "POST /prefix/es/2.0/order/?a%20b=%E6%A5%BD%2B%2F%26%3D~&empty= HTTP/1.1\r\n";
    assert!(seen.starts_with(line), "{seen}");
    for header in [
        format!("authorization: ESA {SECRET}\r\n"),
        "accept-encoding: identity\r\n".to_owned(),
        format!("user-agent: Choba/{}\r\n", env!("CARGO_PKG_VERSION")),
        "content-length: 7\r\n".to_owned(),
    ] {
        assert!(seen.contains(&header), "{header} in {seen}");
    }
    assert!(seen.ends_with("\r\n\r\n{\"a\":1}"));
    assert_eq!((answer.status, &answer.body[..]), (503, &b"ok"[..]), "an error status is an answer");
    assert_eq!(answer.retry_after_ms(), Some(3_000));
}

#[tokio::test]
async fn redirects_are_answers_f05() {
    let base =
        canned("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    let answer = transport(OPEN).exchange(&base, &post(), 2_000).await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, Some("http://127.0.0.1:1/")));
}

#[tokio::test]
async fn a_cut_answer_is_no_answer_at_whatever_byte_f03() {
    let fixed = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"orders\":[1,2,3,4]}";
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n3\r\n12}\r\n0\r\n\r\n";
    for whole in [fixed, chunked] {
        let transport = transport(OPEN);
        let base = canned(whole).await;
        transport.exchange(&base, &post(), 2_000).await.unwrap();
        for cut in 0..whole.len() {
            let base = canned(&whole.as_bytes()[..cut]).await;
            let result = transport.exchange(&base, &post(), 2_000).await;
            assert_eq!(what(result).0, "no answer", "cut at {cut} of {whole:?}");
        }
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_not_believed_f03() {
    let base = canned("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"orders\":[]}").await;
    assert_eq!(what(transport(OPEN).exchange(&base, &post(), 2_000).await).0, "no answer");
    let base = canned("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(transport(OPEN).exchange(&base, &post(), 2_000).await.unwrap().status, 204);
}

#[tokio::test]
async fn too_large_is_no_answer() {
    for head in ["Content-Length: 99999999", "Transfer-Encoding: chunked"] {
        let filler = format!("1000\r\n{}\r\n", "x".repeat(4_096)).repeat(3);
        let base = canned(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{filler}")).await;
        let (kind, words) = what(transport(OPEN).exchange(&base, &post(), 2_000).await);
        assert_eq!((kind, words.contains("4096")), ("no answer", true));
    }
}

#[tokio::test]
async fn a_trickle_ends_at_the_total_time_f06() {
    // One byte each 20 ms: never idle long enough, and still ended.
    let base = listen(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n").await.unwrap();
        loop {
            #[expect(clippy::disallowed_methods, reason = "a real server that is really slow")]
            tokio::time::sleep(Duration::from_millis(20)).await;
            if stream.write_all(b"x").await.is_err() {
                return;
            }
        }
    })
    .await;
    assert!(what(transport(OPEN).exchange(&base, &post(), 300).await).1.contains("300 ms"));
}

#[tokio::test]
async fn silence_ends_too_f06() {
    for head in ["", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"] {
        let base = listen(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            // holds the connection until the client goes
            read_request(&mut stream).await;
        })
        .await;
        let timeout_ms = if head.is_empty() { 100 } else { 60_000 };
        assert_eq!(what(transport(OPEN).exchange(&base, &post(), timeout_ms).await).0, "no answer");
    }
}

#[tokio::test]
async fn what_never_connected_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let refused = what(transport(OPEN).exchange(&free, &post(), 2_000).await);
    assert_eq!(refused, ("not sent", "the connection was refused".to_owned()));

    let none: Lookup = Arc::new(|_| Box::pin(async { Err(io::Error::other("no such name")) }));
    let nameless = HttpTransport::build(OPEN, limits(), RootCertStore::empty(), none).unwrap();
    let unknown = what(nameless.exchange("http://mall.example", &post(), 2_000).await);
    assert_eq!(unknown, ("not sent", "the name is not found".to_owned()));

    // A plain server behind an https address.
    let base = listen(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        read_request(&mut stream).await;
    })
    .await
    .replace("http:", "https:");
    assert_eq!(
        what(transport(OPEN).exchange(&base, &post(), 2_000).await),
        ("not sent", "TLS could not be agreed on".to_owned())
    );

    // A listener that takes the connection and never shakes hands.
    let base = listen(|mut stream| async move { while read_request(&mut stream).await.is_some() {} }).await;
    let slow = what(transport(OPEN).exchange(&base.replace("http:", "https:"), &post(), 2_000).await);
    assert_eq!(slow, ("not sent", "the time-out was reached".to_owned()));
}

#[tokio::test]
async fn a_stale_connection_never_sends_twice() {
    let (requests, connections) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, opened) = (Arc::clone(&requests), Arc::clone(&connections));
    // Answers the first request of a connection and promises to stay; takes the second and hangs up.
    let base = listen(move |mut stream| {
        let count = Arc::clone(&count);
        opened.fetch_add(1, Ordering::SeqCst);
        async move {
            for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""] {
                if read_request(&mut stream).await.is_some() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let transport = transport(OPEN);
    transport.exchange(&base, &post(), 2_000).await.unwrap();
    assert_eq!(what(transport.exchange(&base, &post(), 2_000).await).0, "no answer");
    assert_eq!((requests.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn a_connection_closed_while_idle_costs_nothing() {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let base = listen(move |mut stream| {
        let count = Arc::clone(&count);
        async move {
            if read_request(&mut stream).await.is_some() {
                count.fetch_add(1, Ordering::SeqCst);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let transport = transport(OPEN);
    for round in 1..=20 {
        // the close may be seen before, while or after the next call takes the connection
        match transport.exchange(&base, &post(), 2_000).await {
            Ok(answer) => assert_eq!(answer.status, 200),
            Err(error) => assert!(matches!(error, WireError::NoAnswer { .. }), "{error}"),
        }
        assert!(requests.load(Ordering::SeqCst) <= round, "never more requests than calls");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed_f63() {
    let private = "the address is private and not allowed";
    let transport = transport(SHUT);
    for base in [
        "https://127.0.0.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "https://169.254.169.254",
        "https://192.168.0.1:8443",
        "https://localhost",
    ] {
        let result = what(transport.exchange(base, &post(), 2_000).await);
        assert_eq!(result, ("not sent", private.to_owned()), "{base}");
    }
    for base in [
        "http://1.1.1.1",
        "ftp://1.1.1.1",
        "https://user@mall.example",
        "https://mall.example/?q=1",
        "mall.example",
    ] {
        assert_eq!(what(transport.exchange(base, &post(), 2_000).await).0, "not sent", "{base}");
    }
}

#[tokio::test]
async fn what_cannot_be_said_exactly_is_not_sent() {
    let transport = transport(OPEN);
    let refused = async |change: &dyn Fn(&mut WireRequest)| {
        let mut request = post();
        change(&mut request);
        what(transport.exchange("http://127.0.0.1:9", &request, 2_000).await).1
    };
    for path in ["relative", "/a/../b", "/a?b=c", "/a#b", "/注文", "/a b", "/%2e%2e/x"] {
        let words = refused(&|r| path.clone_into(&mut r.path)).await;
        assert!(words.starts_with("the path"), "{path}: {words}");
    }
    for (name, value) in
        [("x-a", "line\r\nbreak: s3cr3t"), ("bad name", "v"), ("host", "other"), ("content-length", "9")]
    {
        let words = refused(&|r| r.headers.push((name.to_owned(), value.to_owned()))).await;
        assert!(words.contains("header"), "{words}");
    }
    assert_eq!(what(transport.exchange("http://127.0.0.1:9", &post(), 0).await).0, "not sent");
}

/// A TLS server for `localhost` that answers with these bytes; `polite` ends TLS before it closes.
async fn tls_server(answer: &'static str, polite: bool) -> (String, RootCertStore) {
    install_tls();
    let certificate = CertificateDer::from(include_bytes!("localhost/cert.der").as_slice());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("localhost/key.der").as_slice());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let base = listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            if polite {
                stream.shutdown().await.unwrap();
            }
        }
    })
    .await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    (base.replace("http://127.0.0.1", "https://localhost"), roots)
}

#[tokio::test]
async fn under_tls_an_end_is_told_from_a_cut_f03() {
    let open_end = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"orders\":[]}";
    for polite in [true, false] {
        let (base, roots) = tls_server(open_end, polite).await;
        let transport = HttpTransport::build(OPEN, limits(), roots, guard::system_lookup()).unwrap();
        let result = transport.exchange(&base, &post(), 2_000).await;
        if polite {
            assert_eq!(result.unwrap().body, "{\"orders\":[]}");
        } else {
            assert_eq!(what(result).0, "no answer");
        }
    }
}

#[tokio::test]
async fn a_strange_certificate_is_not_sent() {
    let (base, _) = tls_server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true).await;
    let words = what(transport(OPEN).exchange(&base, &post(), 2_000).await);
    assert_eq!(words.0, "not sent");
    assert!(words.1.starts_with("the certificate"), "{}", words.1);
}
