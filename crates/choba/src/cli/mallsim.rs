//! `choba mallsim`: the simulated malls alone, for trying things out and for tests.

use super::app::App;
use super::out::put;
use super::refusal::Refusal;
use anyhow::{Context as _, Result};
use mallsim::{Settings, Sim, SimConfig, WorldSettings};
use serde_json::json;
use std::path::PathBuf;
use testkit::connect::typed;

/// モールの模擬
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 待ち受けるアドレス / address
    #[arg(long, default_value = "127.0.0.1:9090")]
    listen: String,
    /// 店舗ごとの初めの受注数 / orders per shop to begin with
    #[arg(long, default_value_t = 20)]
    orders: usize,
    /// 乱数の種 / seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 障害の計画（JSON） / plan of faults
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// モールと店舗の数（rakuten=2 など、何度でも） / shops of a mall
    #[arg(long, value_name = "MALL=N", default_value = "rakuten=1", value_parser = shops_of)]
    shops: Vec<(String, usize)>,
    /// 店舗ごとに1時間に増える受注数 / new orders an hour in each shop
    #[arg(long, default_value_t = 0.0)]
    orders_per_hour: f64,
}

/// Runs until it is stopped.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let world = WorldSettings { orders_per_hour: args.orders_per_hour, ..WorldSettings::default() };
    let now = app.now();
    let mut config = SimConfig {
        seed: args.seed,
        start_ms: now.0,
        rakuten_shops: 0,
        orders_per_shop: args.orders,
        settings: Settings { world, ..Settings::default() },
        ..SimConfig::default()
    };
    for (mall, shops) in &args.shops {
        let with = config.with_shops(mall, *shops);
        config = with.map_err(|e| Refusal::field("--shops", "このモールの模擬はありません", e))?;
    }
    let mut sim = Sim::new(config);
    if let Some(file) = &args.faults {
        let text = std::fs::read(file).map_err(|e| Refusal::field("--faults", "ファイルを読めません", e))?;
        let plan =
            serde_json::from_slice(&text).map_err(|e| Refusal::field("--faults", "JSONではありません", e))?;
        sim.add_faults_json(plan).map_err(|e| Refusal::field("--faults", "計画を読み取れません", e))?;
    }
    let listener = listen(&args.listen).await?;
    let address = listener.local_addr()?;
    let shops = sim.shops(now.0);
    app.out.object(&json!({ "listening": format!("http://{address}"), "shops": shops }))?;
    if !app.out.json {
        put(&format!("モールの模擬：http://{address}（すべて架空のデータです。止めるには Ctrl-C）"));
        for shop in &shops {
            let typed = typed(super::find::mall_by_key(&shop.mall)?.descriptor(), shop);
            let credentials: String =
                typed.credentials.iter().map(|(k, v)| format!(" --credential {k}={v}")).collect();
            let settings: String = typed.settings.iter().map(|(k, v)| format!(" --setting {k}={v}")).collect();
            let (mall, name) = (&shop.mall, &shop.shop);
            put(&format!(
                "  choba --allow-private-endpoints shop add s{name} --mall {mall} --endpoint http://{address}{settings}{credentials}"
            ));
        }
        put(&format!("操作：curl http://{address}/_sim/world など"));
    }
    tokio::select! {
        served = mallsim::serve(listener, mallsim::shared(sim)) => served?,
        () = crate::serve::asked_to_stop() => {}
    }
    Ok(0)
}

/// A listening socket; a bad or taken address is the option's fault.
pub async fn listen(address: &str) -> Result<tokio::net::TcpListener> {
    let bound = tokio::net::TcpListener::bind(address).await;
    bound
        .map_err(|e| Refusal::field("--listen", format!("{address} で待ち受けられません（{e}）"), e))
        .context("listen")
        .map_err(|e| match e.downcast::<Refusal>() {
            Ok(refusal) => refusal.into(),
            Err(other) => other,
        })
}

fn shops_of(text: &str) -> Result<(String, usize), String> {
    let (mall, shops) = text.split_once('=').ok_or("MALL=N")?;
    Ok((mall.to_owned(), shops.parse().map_err(|_| "MALL=N")?))
}
