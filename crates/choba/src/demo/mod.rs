//! `choba demo`: simulated malls over real HTTP, two shops, the hub, a small warehouse, and a live picture of it.

mod picture;
mod svg;
mod warehouse;
mod world;

use crate::cli::app::{App, make_private_folder};
use crate::cli::out::put;
use crate::cli::refusal::Refusal;
use crate::serve;
use anyhow::Result;
use engine::{Hub, HubConfig};
use picture::Picture;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use store::Ledger;
use tracing_subscriber::EnvFilter;

/// 試す
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 待ち受けるアドレス（使用中なら空いている番号） / address of the HTTP front
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// 店舗ごとの初めの受注数 / orders per shop to begin with
    #[arg(long, default_value_t = 15)]
    orders: usize,
    /// 乱数の種 / seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// この秒数で終わる（1件も出荷できなければ終了コード1） / end by itself; exit 1 if nothing was shipped
    #[arg(long)]
    seconds: Option<i64>,
    /// 倉庫役を動かさない：画面で自分で処理する / no warehouse: work the orders yourself in the browser
    #[arg(long)]
    by_hand: bool,
    /// 最後の画面をSVGに書き出す / write the last picture as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// A file that says: everything in this folder is invented.
const MARK: &str = "DEMO";
/// Between two pictures, milliseconds.
const FRAME_MS: i64 = 1_000;

/// The folder of the demo; `true` when it goes away at the end.
fn folder(app: &App) -> Result<(PathBuf, bool)> {
    if app.global.database.is_some() {
        let ja = "デモは --data のフォルダーだけで動きます";
        return Err(Refusal::field("--database", ja, "the demo works in a folder of its own").into());
    }
    let Some(folder) = app.global.data.clone() else {
        return Ok((std::env::temp_dir().join(format!("choba-demo-{}", uuid::Uuid::now_v7())), true));
    };
    let is_empty = |f: &Path| f.read_dir().is_ok_and(|mut d| d.next().is_none());
    if folder.exists() && !is_empty(&folder) && !folder.join(MARK).exists() {
        let ja = "このフォルダーにはデモのものでないデータがあります。空のフォルダーを指定してください";
        return Err(Refusal::field("--data", ja, "holds data that is not of a demo").into());
    }
    Ok((folder, false))
}

/// Runs it.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let (folder, passing) = folder(app)?;
    make_private_folder(&folder)?;
    std::fs::write(folder.join(MARK), "このフォルダーのデータはすべて架空です。\n")?;
    let log = File::create(folder.join("demo.log"))?;
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::try_from_env("CHOBA_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
            .with_ansi(false)
            .with_writer(Mutex::new(log))
            .try_init(),
    );
    let mut app = app.clone();
    app.global.data = Some(folder.clone());
    app.global.allow_private_endpoints = true;
    let done = play(&app, &args, &folder, passing).await;
    if passing {
        // What stays behind is a folder of invented data in the place for passing things.
        drop(std::fs::remove_dir_all(&folder));
    }
    done
}

async fn play(app: &App, args: &Args, folder: &Path, passing: bool) -> Result<u8> {
    let mall = world::start(app, args.orders, args.seed).await?;
    let ledger = app.ledger().await?;
    world::connect(app, &ledger, &mall).await?;
    let listener = match tokio::net::TcpListener::bind(&args.listen).await {
        Ok(listener) => listener,
        Err(_) => crate::cli::mallsim::listen("127.0.0.1:0").await?,
    };
    let address = listener.local_addr()?;
    let base_url = format!("http://{address}");
    let link = world::sign_in_link(app, &ledger, &base_url).await?;
    greet(app, folder, passing, &mall.url, &link);
    app.out.object(&serde_json::json!({ "event": "start", "sign_in_link": link }))?;
    let hub = app.hub(&ledger, HubConfig { poll_ms: 300, ..HubConfig::default() })?;
    let front = serve::Front::new(app, &ledger);
    let worker = Arc::clone(&hub);
    let running = tokio::spawn(async move { worker.run().await });
    let mut helpers = tokio::task::JoinSet::new();
    if !args.by_hand {
        helpers.spawn(warehouse::run(app.clone(), Arc::clone(&ledger)));
    }
    let desk = web::Desk::new(
        Arc::clone(&hub),
        web::DeskConfig {
            base_url,
            demo: true,
            allow_private_endpoints: true,
            folder: Some(folder.to_owned()),
        },
    );
    helpers.spawn(async move { drop(serve::listen_on(listener, front, desk).await) });
    let shown = show(app, args, &ledger).await;
    serve::second_signal_is_hard();
    finish(&hub, running, helpers).await;
    let picture = shown?;
    if let Some(file) = &args.svg {
        std::fs::write(file, svg::render(&picture.lines()))?;
    }
    let shipped = mall.shipped();
    ledger.close().await;
    app.out.say(
        format!("終わりました。モールに届いた出荷：{shipped}件、二重の出荷：{}件", mall.doubled()),
        format!("Done. Shipments at the malls: {shipped}, doubled: {}", mall.doubled()),
    );
    app.out.object(&serde_json::json!({ "event": "end", "shipped": shipped, "doubled": mall.doubled() }))?;
    let fine = (shipped > 0 || args.seconds.is_none()) && mall.doubled() == 0;
    Ok(u8::from(!fine))
}

async fn finish(hub: &Hub, running: tokio::task::JoinHandle<()>, mut helpers: tokio::task::JoinSet<()>) {
    helpers.shutdown().await;
    hub.stop();
    // A lane that panicked has said so in the log.
    drop(running.await);
}

fn greet(app: &App, folder: &Path, passing: bool, mall: &str, link: &str) {
    let shown = folder.display();
    let after = if passing {
        ("終わると消えます", "goes away at the end")
    } else {
        ("残ります", "stays")
    };
    app.out.say(
        format!(
            "帳場のデモです。{mall} に模擬の楽天市場・Yahoo!ショッピング・Amazonを立て、5店舗の受注を取り込み、確認・出荷・通知まで自動で進めます。\n\
             すべて架空のデータです。置き場所：{shown}（{}）\n\
             別の端末から：choba --data {shown} order list\n画面（このリンクは1回だけ使えます）：{link}\n止めるには Ctrl-C\n",
            after.0
        ),
        format!(
            "Choba's demo: simulated 楽天市場, Yahoo! and Amazon at {mall}, five shops; orders come in, are confirmed, shipped and notified.\n\
             All data are invented. They lie in {shown} ({}).\n\
             From a second terminal: choba --data {shown} order list\nPage (the link is good once): {link}\nCtrl-C ends it\n",
            after.1
        ),
    );
}

/// Draws until somebody stops it or its time is over.
async fn show(app: &App, args: &Args, ledger: &Ledger) -> Result<Picture> {
    let live = app.out.is_live();
    let terminal = console::Term::stdout();
    let until = args.seconds.map(|s| app.clock.monotonic_ms().saturating_add(s.saturating_mul(1_000)));
    let mut picture = Picture::default();
    let mut drawn = 0;
    let stop = serve::asked_to_stop();
    tokio::pin!(stop);
    loop {
        let news = picture.look(app, ledger).await?;
        if live {
            let lines = picture.lines();
            terminal.clear_last_lines(drawn)?;
            drawn = lines.len();
            put(&lines.join("\n"));
        } else {
            for event in news {
                app.out.say(&event, &event);
                app.out.object(&serde_json::json!({ "event": "news", "text": event }))?;
            }
        }
        if until.is_some_and(|until| app.clock.monotonic_ms() >= until) {
            return Ok(picture);
        }
        tokio::select! {
            () = app.clock.sleep_ms(FRAME_MS) => {}
            () = &mut stop => return Ok(picture),
        }
    }
}
