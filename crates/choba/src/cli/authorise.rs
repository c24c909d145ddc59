//! `choba credential authorise`: a person allows the access in the browser; the lane turns the code into tokens.
//!
//! What proves that the way back is ours (state, PKCE verifier) lives in this process and is good once (F62).

use super::app::App;
use super::find;
use super::refusal::Refusal;
use super::work;
use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::reason;
use engine::consent::code;
use engine::doors;
use engine::requests::AuthoriseRequest;
use mall_api::grant::{Consent, Grant};
use mall_api::{Credentials, Settings};
use reqwest::Url;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The request line and headers of a browser fit into this many bytes.
const MAX_REQUEST: u64 = 16 << 10;
/// A browser that says nothing is not waited for, seconds.
const PATIENCE_SECONDS: u64 = 10;

/// 許可の手続き
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 店舗 / shop
    #[arg(long, value_name = "NAME")]
    shop: String,
    /// 許可のあとに戻るアドレス。モールに登録したものと同じ / where the mall sends the browser back to, as registered
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8087/")]
    redirect: String,
}

fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// The loopback address to listen on, if the way back leads there.
fn listen_on(redirect: &Url) -> Option<SocketAddr> {
    let ip: std::net::IpAddr = redirect.host_str()?.trim_matches(['[', ']']).parse().ok()?;
    let port = redirect.port()?;
    (redirect.scheme() == "http" && ip.is_loopback()).then_some(SocketAddr::new(ip, port))
}

fn query(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

/// Runs it.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shop = find::shop(&ledger, &args.shop).await?;
    let mall = find::mall(&shop)?;
    let Some(grant) = mall.grant() else { return Err(Refusal::from(reason::no_grant()).into()) };
    let redirect = Url::parse(&args.redirect)
        .map_err(|_| Refusal::field("--redirect", "URLではありません", "is not a URL"))?;
    let credentials = Credentials::from_pairs(ledger.open_credentials(shop.shop_id).await?);
    let settings = Settings(shop.settings.clone());
    let (state, verifier) = (secret(), secret());
    let challenge = challenge(&verifier);
    let consent = Consent { redirect_uri: &args.redirect, state: &state, code_challenge: &challenge };
    let page = grant.consent_url(&credentials, &settings, consent).map_err(Refusal::from)?;
    // Listening before the address is shown: nobody comes back too early.
    let listener = match listen_on(&redirect) {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    app.out.remark(
        format!("次のページをブラウザーで開き、アクセスを許可してください：\n{page}"),
        format!("Open this page in a browser and allow the access:\n{page}"),
    );
    let code = match listener {
        Some(listener) => comes_back(&listener, &redirect, grant, &state).await?,
        None => pasted(app, grant, &state).await?,
    };
    let body = AuthoriseRequest { code, redirect_uri: args.redirect, code_verifier: verifier };
    let hub = work::hub_for(app, &ledger, std::slice::from_ref(&shop), false)?;
    let worker = work::Worker::start(&hub);
    let done = doors::ask_sealed(&hub, &shop, &body, &domain::history::By::Cli).await;
    worker.finish().await;
    let done = done?;
    if let Some(reason) = done.request.result.as_ref().and_then(work::reason_of) {
        return Err(Refusal::from(reason).details(json!({ "shop": shop.name })).into());
    }
    app.out.say(
        format!("店舗「{}」のアクセスを登録しました", shop.name),
        format!("Access of shop {} was stored", shop.name),
    );
    app.out.object(&json!({ "shop": shop.name, "authorised": true }))?;
    Ok(0)
}

/// Waits for the browser. Whoever comes with another state is sent away, and the waiting goes on.
async fn comes_back(
    listener: &TcpListener,
    redirect: &Url,
    grant: &dyn Grant,
    state: &str,
) -> Result<String> {
    loop {
        let (stream, _) = listener.accept().await?;
        let patience = std::time::Duration::from_secs(PATIENCE_SECONDS);
        let Ok(Ok((mut stream, target))) = tokio::time::timeout(patience, asked(stream)).await else {
            continue;
        };
        let url = redirect.join(&target).ok().filter(|u| u.path() == redirect.path());
        let Some(url) = url.filter(|u| u.query().is_some()) else {
            tell(&mut stream, "404 Not Found", "ここではありません").await;
            continue;
        };
        match code(grant, state, &query(&url)) {
            Ok(code) => {
                tell(&mut stream, "200 OK", "許可を受け取りました。このページは閉じてかまいません").await;
                return Ok(code);
            }
            Err(reason) if reason.code == "consent_not_ours" => {
                tell(&mut stream, "400 Bad Request", &reason.ja).await;
            }
            Err(reason) => {
                tell(&mut stream, "200 OK", &reason.ja).await;
                return Err(Refusal::from(reason).into());
            }
        }
    }
}

/// What a browser asks for: the target of its GET.
async fn asked(stream: TcpStream) -> std::io::Result<(TcpStream, String)> {
    let mut reader = BufReader::new(stream.take(MAX_REQUEST));
    let mut first = String::new();
    reader.read_line(&mut first).await?;
    let mut line = String::new();
    while reader.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let target = first.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let target = if target.starts_with('/') { target.to_owned() } else { String::new() };
    Ok((reader.into_inner().into_inner(), target))
}

async fn tell(stream: &mut TcpStream, status: &str, words: &str) {
    let body = format!("<!doctype html><meta charset=utf-8><title>帳場</title><p>{words}</p>");
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A browser that has gone needs no answer.
    drop(stream.write_all(format!("{head}{body}").as_bytes()).await);
}

/// The address the browser was sent back to, pasted by the person.
async fn pasted(app: &App, grant: &dyn Grant, state: &str) -> Result<String> {
    app.out.remark(
        "許可のあとに開いたページのアドレスを貼り付けてください：",
        "Paste the address the browser was sent to:",
    );
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = line.await??;
    let url = Url::parse(line.trim()).map_err(|_| Refusal::from(reason::consent_not_ours()))?;
    Ok(code(grant, state, &query(&url)).map_err(Refusal::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted() -> std::sync::Arc<dyn mall_api::Mall> {
        testkit::granted::Granted::over(malls::by_key("rakuten").unwrap(), |_| {})
    }

    #[test]
    fn a_forged_replayed_or_doubled_state_is_refused_f62() {
        let mall = granted();
        let grant = mall.grant().unwrap();
        let of = |text: &str| code(grant, "s1", &query(&Url::parse(text).unwrap()));
        assert_eq!(of("http://127.0.0.1:1/?state=s1&code=c").unwrap(), "c");
        for bad in ["?code=c", "?state=s2&code=c", "?state=&code=c", "?state=s1&state=s1&code=c", "?state=s1"]
        {
            assert_eq!(
                of(&format!("http://127.0.0.1:1/{bad}")).unwrap_err().code,
                "consent_not_ours",
                "{bad}"
            );
        }
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636_and_secrets_differ() {
        let known = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(known), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(secret() != secret() && secret().len() == 43);
    }

    #[test]
    fn only_loopback_is_listened_on() {
        let on = |text: &str| listen_on(&Url::parse(text).unwrap());
        assert!(on("http://127.0.0.1:8087/x").is_some() && on("http://[::1]:8087/").is_some());
        for no in
            ["http://192.0.2.1:80/", "https://127.0.0.1:8087/", "http://localhost:8087/", "http://127.0.0.1/"]
        {
            assert!(on(no).is_none(), "{no}");
        }
    }

    #[tokio::test]
    async fn the_browser_brings_the_code_and_a_stranger_is_sent_away_f62() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let redirect = Url::parse(&format!("http://{at}/back")).unwrap();
        let visit = async |path: &str| {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).await.unwrap();
            text
        };
        let mall = granted();
        let waits = comes_back(&listener, &redirect, mall.grant().unwrap(), "s1");
        let visits = async {
            assert!(visit("/favicon.ico").await.starts_with("HTTP/1.1 404"));
            assert!(visit("/back?state=forged&code=evil").await.starts_with("HTTP/1.1 400"));
            assert!(visit("/back?state=s1&code=good").await.starts_with("HTTP/1.1 200"));
        };
        let (code, ()) = futures::join!(waits, visits);
        assert_eq!(code.unwrap(), "good");
    }
}
