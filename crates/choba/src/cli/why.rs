//! `choba why`: why an order is not here (WHY-1), and why its shipment was not notified (WHY-2).

use super::app::App;
use super::find;
use super::work::{self, Worker};
use anyhow::Result;
use domain::ShopId;
use domain::history::By;
use engine::doors;
use engine::why::here::{Names, Standing, why_here};
use engine::why::missing::{Answer, Asking};
use engine::why::notice::NoticeAnswer;
use engine::why::{Check, LOOK_UP, Live, LookUpRequest, Mend, Outcome, Part, live_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Access, Ledger, Shop};

/// 見つからない受注・通知されない受注の理由
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 注文番号または管理番号 / order
    #[arg(value_name = "MALL_ORDER_ID")]
    order: String,
    /// 店舗 / look in this shop only
    #[arg(long, value_name = "NAME")]
    shop: Option<String>,
    /// なぜ通知されないかだけを調べる / only why its shipment was not notified
    #[arg(long)]
    notice: bool,
    /// モールの答えを待つ秒数 / seconds to wait for the malls
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    wait: i64,
}

/// Runs it. 0: the order is here and nothing keeps it back; 1: there is a cause.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let ledger = app.ledger().await?;
    let malls = malls::registry();
    let access = Access { shops: None, buyer_data: false };
    let asking = Asking { ledger: &ledger, malls: &malls, access: &access, now: app.now() };
    let only = match &args.shop {
        Some(name) => Some(find::shop(&ledger, name).await?.shop_id),
        None => None,
    };
    if args.notice {
        // Says itself when there is no such order.
        find::order(&ledger, &args.order, args.shop.as_deref()).await?;
    }
    let first = asking.missing(&args.order, only, &BTreeMap::new()).await?;
    let answer = if first.ask.is_empty() {
        first
    } else {
        app.out.remark("モールに聞いています…", "Asking the malls…");
        let live = ask(app, &ledger, &first, args.wait).await?;
        Asking { now: app.now(), ..asking }.missing(&args.order, only, &live).await?
    };
    let here = match &answer.order_no {
        Some(no) => order_here(app, &ledger, no.0.as_str(), &malls).await?,
        None => None,
    };
    tell(app, &answer, here.as_ref(), args.notice)?;
    let kept_back =
        here.as_ref().is_none_or(|(_, notice)| notice.as_ref().is_some_and(NoticeAnswer::is_kept_back));
    Ok(u8::from(kept_back))
}

/// Asks the lanes of the shops that come into question, working them in this process where nobody else does.
async fn ask(app: &App, ledger: &Arc<Ledger>, first: &Answer, wait: i64) -> Result<BTreeMap<ShopId, Live>> {
    let mut shops: Vec<Shop> = Vec::new();
    for ask in &first.ask {
        shops.extend(ledger.shop(ask.shop_id).await?);
    }
    let hub = work::hub_for(app, ledger, &shops, false)?;
    let worker = Worker::start(&hub);
    let mut asked = Vec::new();
    for (shop, ask) in shops.iter().zip(&first.ask) {
        let body = LookUpRequest { mall_order_id: ask.mall_order_id.clone() };
        asked.push((shop.shop_id, doors::ask(&hub, shop, LOOK_UP, &body, &By::Cli).await?));
    }
    let until = app.clock.monotonic_ms().saturating_add(wait.max(0).saturating_mul(1_000));
    let mut live = BTreeMap::new();
    loop {
        for (shop, id) in &asked {
            if let Some(request) = ledger.request(*id).await? {
                live.insert(*shop, live_of(&request));
            }
        }
        if live.values().all(|l| *l != Live::Nobody) || app.clock.monotonic_ms() >= until {
            break;
        }
        app.clock.sleep_ms(150).await;
    }
    worker.finish().await;
    Ok(live)
}

/// Why it is in its phase, and what keeps its notice back.
type Here = (String, Option<NoticeAnswer>);

async fn order_here(
    app: &App,
    ledger: &Arc<Ledger>,
    number: &str,
    malls: &[Arc<dyn mall_api::Mall>],
) -> Result<Option<Here>> {
    let access = Access { shops: None, buyer_data: false };
    let row = find::order(ledger, number, None).await?;
    let Some(shop) = ledger.shop(row.shop_id).await? else { return Ok(None) };
    let Some(view) = ledger.order(&access, row.seq).await? else { return Ok(None) };
    let phases: BTreeMap<String, String> =
        find::phase_names(ledger).await?.into_iter().map(|(key, name)| (key.0, name)).collect();
    let people = BTreeMap::new();
    let names = Names { phases: &phases, people: &people, ja: app.out.t("ja", "en") == "ja" };
    let why = why_here(&view.history, &Standing::of(&view.row), &names);
    let asking = Asking { ledger, malls, access: &access, now: app.now() };
    let notice = match find::mall(&shop) {
        Ok(mall) => asking.not_notified(&shop, &*mall, row.seq).await?,
        Err(_) => None,
    };
    Ok(Some((why, notice)))
}

fn tell(app: &App, answer: &Answer, here: Option<&Here>, notice_only: bool) -> Result<()> {
    let mut object = serde_json::to_value(answer)?;
    if let Some(map) = object.as_object_mut() {
        map.insert("found".to_owned(), json!(answer.order_no.is_some()));
        let cause = answer
            .cause()
            .map(|(part, check)| json!({ "shop": part.shop, "check": check.check, "reason": check.reason }));
        map.insert("cause".to_owned(), json!(cause));
        if let Some((why, notice)) = here {
            map.insert("why_in_phase".to_owned(), json!(why));
            map.insert("notice".to_owned(), json!(notice));
        }
    }
    commands(&mut object);
    app.out.object(&object)?;
    if !notice_only {
        for part in &answer.parts {
            tell_part(app, part);
        }
    }
    if let Some((why, notice)) = here {
        app.out.say(why, why);
        let Some(notice) = notice else { return Ok(()) };
        app.out.say("\n出荷通知：", "\nShipment notice:");
        notice.checks.iter().for_each(|check| tell_check(app, check));
    }
    Ok(())
}

/// Each mend of the JSON gets its command.
fn commands(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(commands),
        Value::Object(map) => {
            map.values_mut().for_each(commands);
            if map.contains_key("mend") {
                let line = of_json(map);
                map.insert("command".to_owned(), json!(line));
            }
        }
        _ => {}
    }
}

fn tell_part(app: &App, part: &Part) {
    if let Some(shop) = &part.shop {
        app.out.say(format!("\n店舗「{shop}」"), format!("\nShop {shop}"));
    }
    part.checks.iter().for_each(|check| tell_check(app, check));
}

fn tell_check(app: &App, check: &Check) {
    let mark = match check.outcome {
        Outcome::Passed => "○",
        Outcome::Cause => "×",
        Outcome::Unknown => "？",
    };
    app.out.say(format!("{mark} {}", check.ja), format!("{mark} {}", check.en));
    if let Some(reason) = &check.reason {
        if let Some(text) = reason.mall_text.as_ref().filter(|t| !t.is_empty()) {
            let text = super::out::clean(text);
            app.out.say(format!("    モールの言葉：{text}"), format!("    the mall: {text}"));
        }
        if !reason.remedy.is_empty() && check.outcome != Outcome::Passed {
            app.out.say(format!("    → {}", reason.remedy), "");
        }
    }
    if check.outcome == Outcome::Passed {
        return;
    }
    for mend in &check.mends {
        if let Some(command) = command(mend) {
            app.out.say(format!("      {command}"), format!("      {command}"));
        }
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ',' | '=' | ':');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The command that does what a mend says; `None`: it is done on a screen.
fn command(mend: &Mend) -> Option<String> {
    let q = |shop: &str| quoted(shop);
    Some(match mend {
        Mend::OpenOrder { order_no } => format!("choba order show {order_no}"),
        Mend::ImportThis { shop, mall_order_id, .. } => {
            format!("choba reimport {} --shop {}", quoted(mall_order_id.as_str()), q(shop))
        }
        Mend::AddStatus { shop, statuses, .. } => {
            format!("choba shop set {} import_statuses={} --fetch-skipped", q(shop), statuses.join(","))
        }
        Mend::ImportPeriod { shop, from, to, .. } => {
            format!("choba import --shop {} --from {from} --to {to}", q(shop))
        }
        Mend::ImportNow { shop, .. } => format!("choba import --shop {} --from …", q(shop)),
        Mend::StartImport { shop, .. } => format!("choba shop set {} import_interval=15m", q(shop)),
        Mend::SwitchOn { shop, .. } => format!("choba shop set {} state=active", q(shop)),
        Mend::EnterCredential { shop, credential, .. } => {
            let key = if credential.is_empty() { "KEY" } else { credential };
            format!("choba credential set {} {key}=@FILE", q(shop))
        }
        Mend::Authorise { shop, .. } => format!("choba credential authorise {}", q(shop)),
        Mend::TestShop { shop, .. } => format!("choba shop test {}", q(shop)),
        Mend::ImportFile { shop, .. } => format!("choba import --shop {} --file FILE", q(shop)),
        Mend::ConnectShop { mall } => format!("choba shop add NAME --mall {mall}"),
        Mend::Move { order_no, phase, .. } => format!("choba order move {phase} {order_no}"),
        Mend::EditParcels { order_no } => {
            format!("choba order ship {order_no} --carrier KEY --number NUMBER --date today")
        }
        Mend::SetNotSent { order_no } => format!("choba notice set {order_no} --state not_sent"),
        Mend::Notify { order_no } => format!("choba notify {order_no}"),
        Mend::SetNormal { order_no } => format!("choba order class {order_no} normal"),
        Mend::StartAutomation { shop, .. } => format!("choba automation start --shop {}", q(shop)),
        Mend::Rules { shop } => {
            format!("choba rule set {} --kind shipment_notice --target shipped", q(shop))
        }
        Mend::Links { shop, .. } => format!("choba link list {}", q(shop)),
        Mend::CarrierCode { carrier, mall } => {
            let key = if carrier.is_empty() { "KEY" } else { carrier };
            format!("choba carrier set {key} --code {mall}=CODE")
        }
        Mend::AnswerFile { file_id: Some(id) } => format!("choba notify --file-answer {id} done"),
        Mend::AnswerFile { file_id: None } => "choba notify --files".to_owned(),
        Mend::WriteFile { order_no } => format!("choba notify {order_no} --file-out DIR"),
        Mend::StartWriting { .. } => return None,
    })
}

/// The same from its JSON.
fn of_json(map: &serde_json::Map<String, Value>) -> Option<String> {
    serde_json::from_value::<Mend>(Value::Object(map.clone())).ok().as_ref().and_then(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mend_becomes_a_command_with_quoted_words_why1() {
        let mend = Mend::ImportThis {
            shop_id: ShopId(1),
            shop: "架空 'の' 店".into(),
            mall_order_id: "300001-20261101-0000000001".into(),
        };
        let line = command(&mend).unwrap();
        assert_eq!(line, "choba reimport 300001-20261101-0000000001 --shop '架空 '\\''の'\\'' 店'");
        let mut json = serde_json::json!({ "mends": [mend] });
        commands(&mut json);
        assert_eq!(json["mends"][0]["command"], line);
        assert_eq!(command(&Mend::StartWriting { shop_id: ShopId(1), shop: "x".into() }), None);
    }
}
