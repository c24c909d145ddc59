//! `choba carrier`: the master list of carriers with each mall's code (NTF-9).

use super::app::App;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use domain::CarrierKey;
use domain::carrier::{Carrier, ShippingMethod};
use serde_json::json;
use std::collections::BTreeMap;
use store::Ledger;

/// 配送業者
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 一覧 / list
    List,
    /// 加える・変える / add or change
    Set {
        /// 識別子 / key
        carrier: String,
        /// 名前 / name
        #[arg(long)]
        name: Option<String>,
        /// モールのコード（空の値で消去） / code at a mall
        #[arg(long, value_name = "MALL=CODE")]
        code: Vec<String>,
        /// 追跡ページのアドレス。{number} が配送番号になる（空の値でリンクなし） / address of the tracking page
        #[arg(long, value_name = "URL")]
        tracking_url: Option<String>,
    },
    /// 配送便を加える・変える / add or change a service
    Method {
        /// 識別子 / key
        shipping_method: String,
        /// 配送業者 / its carrier
        #[arg(long)]
        carrier: Option<String>,
        /// 名前（モールの「配送方法」として送る） / name
        #[arg(long)]
        name: Option<String>,
        /// 配送番号で追跡できるか / has it a tracking number?
        #[arg(long)]
        tracked: Option<bool>,
        /// モールでの名前（空の値で消去） / its name at a mall
        #[arg(long, value_name = "MALL=NAME")]
        mall_name: Vec<String>,
    },
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    let ledger = app.ledger().await?;
    match cmd {
        Cmd::List => {
            list(app, &ledger).await?;
        }
        Cmd::Method { shipping_method, carrier, name, tracked, mall_name } => {
            let change = Change { carrier, name, tracked, mall_name };
            put_method(app, &ledger, &shipping_method, change).await?;
        }
        Cmd::Set { carrier, name, code, tracking_url } => {
            let there = ledger.carriers().await?.into_iter().find(|c| c.carrier.as_str() == carrier);
            let mut entry = match there {
                Some(entry) => entry,
                None if carrier.is_empty()
                    || carrier.chars().any(|c| c.is_control() || c.is_whitespace()) =>
                {
                    let ja = "空白のない識別子を指定してください";
                    return Err(Refusal::field("CARRIER", ja, "must be a key without spaces").into());
                }
                None => Carrier::new(CarrierKey(carrier.clone()), carrier.clone()),
            };
            entry.name = name.unwrap_or(entry.name);
            if let Some(url) = tracking_url {
                if !domain::tracking::is_link_pattern(&url) {
                    let ja = "https:// で始まり {number} を含むアドレスを指定してください";
                    return Err(
                        Refusal::field("--tracking-url", ja, "must be https and hold {number}").into()
                    );
                }
                entry.tracking_url = Some(url);
            }
            for pair in &code {
                let (mall, code) = find::pair("--code", pair)?;
                find::mall_by_key(mall)?;
                if code.is_empty() {
                    entry.mall_codes.remove(mall);
                } else {
                    entry.mall_codes.insert(mall.to_owned(), code.to_owned());
                }
            }
            ledger.put_carrier(&entry).await?;
            app.out.say(
                format!("配送業者「{}」を保存しました", entry.name),
                format!("Carrier {carrier} was stored"),
            );
            app.out.object(&entry)?;
        }
    }
    Ok(0)
}

async fn list(app: &App, ledger: &Ledger) -> Result<()> {
    let methods = ledger.shipping_methods().await?;
    let (mut rows, mut services) = (Vec::new(), Vec::new());
    for carrier in ledger.carriers().await? {
        let own: Vec<&ShippingMethod> = methods.iter().filter(|m| m.carrier == carrier.carrier).collect();
        let pattern = match &carrier.tracking_url {
            Some(own) => own.clone(),
            None => domain::tracking::link_pattern(&carrier.carrier).unwrap_or_default().to_owned(),
        };
        let mut value = serde_json::to_value(&carrier)?;
        if let Some(map) = value.as_object_mut() {
            map.insert("tracking_url".to_owned(), json!(pattern));
            map.insert("shipping_methods".to_owned(), json!(own));
        }
        app.out.object(&value)?;
        for method in own {
            let tracked = if method.tracked { ("○", "yes") } else { ("番号なし", "no") };
            let names: Vec<String> = method.mall_names.iter().map(|(m, n)| format!("{m}={n}")).collect();
            services.push(vec![
                method.shipping_method.clone(),
                carrier.name.clone(),
                method.name.clone(),
                app.out.t(tracked.0, tracked.1).to_owned(),
                names.join("、"),
            ]);
        }
        let codes: Vec<String> = carrier.mall_codes.iter().map(|(m, c)| format!("{m}={c}")).collect();
        rows.push(vec![carrier.carrier.0, carrier.name, codes.join("、"), pattern]);
    }
    let headings =
        [("識別子", "carrier"), ("名前", "name"), ("モールのコード", "codes"), ("追跡", "tracking page")];
    app.out.table(&headings, rows);
    let headings = [
        ("配送便", "service"),
        ("配送業者", "carrier"),
        ("名前", "name"),
        ("追跡", "tracked"),
        ("モールでの名前", "names at malls"),
    ];
    app.out.table(&headings, services);
    Ok(())
}

struct Change {
    carrier: Option<String>,
    name: Option<String>,
    tracked: Option<bool>,
    mall_name: Vec<String>,
}

async fn put_method(app: &App, ledger: &Ledger, key: &str, change: Change) -> Result<()> {
    let there = ledger.shipping_methods().await?.into_iter().find(|m| m.shipping_method == key);
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if key.is_empty() || !key.chars().all(fine) {
        let ja = "英小文字・数字・_ で指定してください";
        return Err(Refusal::field("SHIPPING_METHOD", ja, "must be of a-z, 0-9 and _").into());
    }
    let mut method = match (there, &change.carrier) {
        (Some(method), _) => method,
        (None, Some(carrier)) => ShippingMethod {
            shipping_method: key.to_owned(),
            carrier: CarrierKey(carrier.clone()),
            name: key.to_owned(),
            tracked: true,
            mall_names: BTreeMap::new(),
        },
        (None, None) => {
            let ja = "新しい配送便には配送業者を指定してください";
            return Err(Refusal::field("--carrier", ja, "is needed for a new service").into());
        }
    };
    if let Some(carrier) = change.carrier {
        method.carrier = CarrierKey(carrier);
    }
    if !ledger.carriers().await?.iter().any(|c| c.carrier == method.carrier) {
        let ja = format!("「{}」という配送業者はありません", method.carrier);
        return Err(Refusal::field("--carrier", ja, "there is no such carrier").into());
    }
    method.name = change.name.unwrap_or(method.name);
    method.tracked = change.tracked.unwrap_or(method.tracked);
    for pair in &change.mall_name {
        let (mall, name) = find::pair("--mall-name", pair)?;
        find::mall_by_key(mall)?;
        if name.is_empty() {
            method.mall_names.remove(mall);
        } else {
            method.mall_names.insert(mall.to_owned(), name.to_owned());
        }
    }
    ledger.put_shipping_method(&method).await?;
    app.out.say(format!("配送便「{}」を保存しました", method.name), format!("Service {key} was stored"));
    app.out.object(&method)
}
