//! `choba carrier`: the master list of carriers with each mall's code (NTF-9).

use super::app::App;
use super::find;
use super::refusal::Refusal;
use anyhow::Result;
use domain::CarrierKey;
use domain::carrier::Carrier;
use std::collections::BTreeMap;

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
    },
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    let ledger = app.ledger().await?;
    match cmd {
        Cmd::List => {
            let mut rows = Vec::new();
            for carrier in ledger.carriers().await? {
                app.out.object(&carrier)?;
                let codes: Vec<String> = carrier.mall_codes.iter().map(|(m, c)| format!("{m}={c}")).collect();
                rows.push(vec![carrier.carrier.0, carrier.name, codes.join("、")]);
            }
            app.out.table(&[("識別子", "carrier"), ("名前", "name"), ("モールのコード", "codes")], rows);
        }
        Cmd::Set { carrier, name, code } => {
            let there = ledger.carriers().await?.into_iter().find(|c| c.carrier.as_str() == carrier);
            let mut entry = match there {
                Some(entry) => entry,
                None if carrier.is_empty()
                    || carrier.chars().any(|c| c.is_control() || c.is_whitespace()) =>
                {
                    let ja = "空白のない識別子を指定してください";
                    return Err(Refusal::field("CARRIER", ja, "must be a key without spaces").into());
                }
                None => Carrier {
                    carrier: CarrierKey(carrier.clone()),
                    name: carrier.clone(),
                    mall_codes: BTreeMap::new(),
                },
            };
            entry.name = name.unwrap_or(entry.name);
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
