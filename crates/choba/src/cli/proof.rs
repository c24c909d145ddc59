//! `choba proof`: 取込の証明 on the command line.

use super::app::App;
use super::find;
use super::refusal::Refusal;
use super::work::{self, Asked};
use anyhow::Result;
use engine::proof::{self, Known, Standing};
use engine::requests::PROVE;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::json;
use std::sync::Arc;
use store::proofs::Proof;
use store::{Ledger, Shop};

/// 取込の証明
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 店舗（省略するとすべて） / shop; without, all
    #[arg(long, value_name = "NAME")]
    shop: Option<String>,
    /// さかのぼる日数 / days, counted back from today
    #[arg(long, default_value_t = 31, value_name = "DAYS")]
    days: i64,
    /// この日をもう一度確かめる / ask the mall about this day again
    #[arg(long, value_name = "DATE", requires = "shop")]
    again: Option<Date>,
}

/// Runs it: 1 when orders are missing.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shops = match &args.shop {
        Some(name) => vec![find::shop(&ledger, name).await?],
        None => ledger.shops().await?.into_iter().filter(|s| s.state == "active").collect(),
    };
    let today = app.now().japan_date();
    if !(1..=proof::DAYS).contains(&args.days) {
        return Err(Refusal::field("--days", "1から35までです", "must be from 1 to 35").into());
    }
    if let (Some(day), Some(shop)) = (args.again, shops.first()) {
        return again(app, &ledger, shop, day).await;
    }
    let (mut rows, mut short) = (Vec::new(), false);
    for shop in &shops {
        let from = today.saturating_sub(args.days.days());
        for (day, standing, found) in of_shop(app, &ledger, shop, from, today).await? {
            short |= found.as_ref().is_some_and(|p| !p.missing.is_empty());
            app.out.object(&json!({ "shop": shop.name, "day": day.to_string(), "standing": word(standing).1, "proof": found }))?;
            rows.push(row(app, shop, day, standing, found.as_ref()));
        }
    }
    app.out.table(
        &[("店舗", "shop"), ("日", "day"), ("モール", "listed"), ("受注簿", "held"), ("結果", "result")],
        rows,
    );
    Ok(u8::from(short))
}

async fn of_shop(
    app: &App,
    ledger: &Ledger,
    shop: &Shop,
    from: Date,
    today: Date,
) -> Result<Vec<(Date, Standing, Option<Proof>)>> {
    let now = app.now();
    let Some(period) = malls::by_key(&shop.mall).and_then(|mall| mall.descriptor().period.clone()) else {
        return Ok(Vec::new());
    };
    let outages = proof::outages(ledger, shop, &period, now).await?;
    let known = Known::new(ledger.imported_since(shop.shop_id).await?, &outages, &period);
    let proofs = ledger.proofs(shop.shop_id, &from.to_string(), &today.to_string()).await?;
    let days = std::iter::successors(Some(from), |day| day.tomorrow().ok()).take_while(|day| *day < today);
    Ok(days
        .map(|day| {
            let found = proofs.iter().find(|p| p.day == day.to_string()).cloned();
            (day, proof::standing(day, found.as_ref(), known, now), found)
        })
        .collect())
}

fn word(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Proved => ("確認済み", "proved"),
        Standing::Due => ("未確認（順番待ち）", "due"),
        Standing::NotOver => ("未確認（終わったばかりです）", "not_over"),
        Standing::NotImported => ("未確認（自動取込の前です）", "not_imported"),
        Standing::TooOld => ("未確認（古すぎます）", "too_old"),
    }
}

fn row(app: &App, shop: &Shop, day: Date, standing: Standing, proof: Option<&Proof>) -> Vec<String> {
    let (ja, en) = word(standing);
    let Some(proof) = proof else {
        let result = format!("△ {}", app.out.t(ja, en));
        return vec![shop.name.clone(), day.to_string(), String::new(), String::new(), result];
    };
    let result = match (proof.missing.len(), proof.filled, proof.left_out) {
        (0, 0, 0) => app.out.t("○ 一致", "○ all there").to_owned(),
        (0, 0, n) => format!("○ {}{n}", app.out.t("一致、取得しないステータス", "all there, not fetched: ")),
        (0, n, _) => format!("○ {}{n}", app.out.t("補完", "filled: ")),
        (n, ..) => format!("× {}{n}", app.out.t("不足", "missing: ")),
    };
    vec![shop.name.clone(), day.to_string(), proof.listed.to_string(), proof.held.to_string(), result]
}

async fn again(app: &App, ledger: &Arc<Ledger>, shop: &Shop, day: Date) -> Result<u8> {
    let body = json!({ "day": day.to_string() });
    let asked = Asked { shop: shop.clone(), kind: PROVE, body };
    let mut done = work::ask_all(app, ledger, vec![asked], false, &mut |_, _| {}).await?;
    let Some(progress) = done.pop() else { return Ok(1) };
    if let Some(reason) = progress.request.result.as_ref().and_then(work::reason_of) {
        return Err(Refusal::from(reason).into());
    }
    let found = ledger.proofs(shop.shop_id, &day.to_string(), &day.to_string()).await?.pop();
    app.out.object(&json!({ "shop": shop.name, "day": day.to_string(), "proof": found }))?;
    let short = found.as_ref().is_some_and(|p| !p.missing.is_empty());
    let rows = vec![row(app, shop, day, Standing::Proved, found.as_ref())];
    app.out.table(
        &[("店舗", "shop"), ("日", "day"), ("モール", "listed"), ("受注簿", "held"), ("結果", "result")],
        rows,
    );
    Ok(u8::from(short))
}
