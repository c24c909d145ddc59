//! Changing orders: moves, parcels, edits, handling class, bundles, confirmation, erasure.

use super::app::App;
use super::out::put;
use super::refusal::Refusal;
use super::{find, notify};
use anyhow::Result;
use domain::history::By;
use domain::order::{Grouping, HandlingClass, Parcel};
use domain::write::WriteKind;
use domain::{CarrierKey, OrderSeq, ParcelId, reconcile};
use serde_json::{Value, json};
use store::orders::{Done, MoveOptions, ParcelChange};
use store::{Access, Ledger, StoreError};

/// フェーズを移す
#[derive(Debug, clap::Args)]
pub struct MoveArgs {
    /// 移動先のフェーズ / phase
    phase: String,
    #[command(flatten)]
    orders: IdsArgs,
    /// 不正保留中でも移す。承知した人の名前が履歴に残る（モールは変わりません） / move held orders too; the name stands in the history
    #[arg(long, value_name = "NAME")]
    override_fraud_hold: Option<String>,
}

/// 受注
#[derive(Debug, clap::Args)]
pub struct IdsArgs {
    /// 注文番号または管理番号 / orders
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
}

/// 受注取込
#[derive(Debug, clap::Args)]
pub struct TakeInArgs {
    /// 店舗（省略すると全店舗） / shop; without: all of them
    #[arg(long)]
    shop: Option<String>,
}

/// 出荷情報
#[derive(Debug, clap::Args)]
pub struct ShipArgs {
    /// 注文番号または管理番号 / order
    id: String,
    /// 配送業者 / carrier
    #[arg(long)]
    carrier: Option<String>,
    /// 配送番号 / tracking number
    #[arg(long)]
    number: Option<String>,
    /// 出荷日（YYYY-MM-DD、today） / ship date
    #[arg(long)]
    date: Option<String>,
    /// お届け先（複数あるとき） / recipient
    #[arg(long)]
    recipient: Option<String>,
    /// 直す荷物 / the parcel to correct
    #[arg(long, conflicts_with = "another")]
    parcel: Option<i64>,
    /// 同じお届け先の別の荷物として加える / one more parcel for the same recipient
    #[arg(long)]
    another: bool,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
}

/// 内容を直す
#[derive(Debug, clap::Args)]
pub struct EditArgs {
    /// 注文番号または管理番号 / order
    id: String,
    /// 項目=値（項目名は order show に出ます。空の値は消去） / fields
    #[arg(required = true, value_name = "PATH=VALUE")]
    changes: Vec<String>,
    /// この版を見て直した（違っていれば断ります） / refuse unless the order still has this version
    #[arg(long)]
    version: Option<i64>,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
}

/// 管理区分
#[derive(Debug, clap::Args)]
pub struct ClassArgs {
    /// 注文番号または管理番号 / order
    id: String,
    /// normal（通常） on_hold（保留） cancelled（キャンセル）
    class: String,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
}

/// 同梱
#[derive(Debug, clap::Args)]
pub struct BundleArgs {
    /// 親 / parent
    parent: String,
    /// 子 / children
    #[arg(required = true)]
    children: Vec<String>,
}

/// 個人情報の削除
#[derive(Debug, clap::Args)]
pub struct EraseArgs {
    /// 注文番号または管理番号 / order
    id: String,
    /// 元に戻せないことを承知で消す / really
    #[arg(long)]
    yes: bool,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
}

/// Says what was done and what was refused, each with its reason. 1 when anything was refused.
pub fn tell(app: &App, done: &Done, ja: &str, en: &str) -> Result<u8> {
    let numbers: Vec<_> = done.done.iter().map(|s| s.order_no()).collect();
    app.out.object(&json!({ "done": numbers, "refused": done.refused }))?;
    let count = numbers.len();
    app.out.say(format!("{ja}：{count}件"), format!("{count} orders {en}"));
    let row = |r: &store::orders::NotDone| {
        vec![r.order_no.0.clone(), app.out.t(&r.reason.to_string(), &r.reason.en).to_owned()]
    };
    if !done.refused.is_empty() {
        let headings = [("管理番号", "order"), ("できなかった理由", "why not")];
        app.out.table(&headings, done.refused.iter().map(row).collect());
    }
    Ok(u8::from(!done.refused.is_empty()))
}

/// Moves.
pub async fn move_to(app: &App, args: MoveArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let phase = find::phase(&ledger, "PHASE", &args.phase).await?;
    let rows = find::orders(&ledger, &args.orders.ids, args.orders.shop.as_deref()).await?;
    let seqs = find::seqs(&rows);
    let by = match args.override_fraud_hold.as_deref().map(str::trim) {
        Some("") => {
            let ja = "承知した人の名前を入れてください";
            return Err(Refusal::field("--override-fraud-hold", ja, "must name the person").into());
        }
        Some(name) => By::User { name: name.chars().take(100).collect() },
        None => By::Cli,
    };
    let options =
        MoveOptions { override_fraud_hold: args.override_fraud_hold.is_some(), ..MoveOptions::default() };
    let done = ledger.move_orders(&seqs, &phase.phase, options, &by, app.now()).await?;
    tell(app, &done, &format!("「{}」へ移しました", phase.name), "moved")
}

/// Takes in what waits in 自動受注取込. The mall is not asked.
pub async fn take_in(app: &App, args: TakeInArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let shops = match &args.shop {
        Some(name) => vec![find::shop(&ledger, name).await?],
        None => ledger.shops().await?,
    };
    let mut all = Done::default();
    for shop in shops {
        let done = ledger.take_in(shop.shop_id, &By::Cli, app.now()).await?;
        all.done.extend(done.done);
        all.refused.extend(done.refused);
    }
    tell(app, &all, "「新規受付」へ移しました", "taken in")
}

/// Which parcel is meant: the named one, the only one of the recipient, or a new one.
fn meant<'a>(args: &ShipArgs, recipient: &str, parcels: &'a [Parcel]) -> Result<Option<&'a Parcel>> {
    if let Some(id) = args.parcel {
        let Some(parcel) = parcels.iter().find(|p| p.parcel_id == ParcelId(id)) else {
            let ja = format!("この受注に荷物{id}はありません");
            return Err(Refusal::field("--parcel", ja, format!("the order has no parcel {id}")).into());
        };
        return Ok(Some(parcel));
    }
    if args.another {
        return Ok(None);
    }
    let mut of_recipient = parcels.iter().filter(|p| p.recipient_key == recipient);
    match (of_recipient.next(), of_recipient.next()) {
        (Some(_), Some(_)) => {
            let ja = "荷物が複数あります。--parcel で直す荷物を指定してください（加えるなら --another）";
            Err(Refusal::field("--parcel", ja, "there are several parcels: name one, or --another").into())
        }
        (only, _) => Ok(only),
    }
}

/// Enters or corrects a parcel.
pub async fn ship(app: &App, args: ShipArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let row = find::order(&ledger, &args.id, args.shop.as_deref()).await?;
    let Some(order) = ledger.orders_for_rules(&[row.seq]).await?.pop() else {
        return Err(Refusal::new("no_such_order", "受注はありません", "there is no such order").into());
    };
    let keys = order.facts.recipient_keys.join(", ");
    let recipient =
        args.recipient.clone().or_else(|| order.facts.recipient_keys.first().cloned()).unwrap_or_default();
    if !order.facts.recipient_keys.contains(&recipient) {
        let ja = format!("「{recipient}」というお届け先はありません（{keys}）");
        return Err(Refusal::field("--recipient", ja, format!("there is no recipient ({keys})")).into());
    }
    if args.recipient.is_none() && args.parcel.is_none() && order.facts.recipient_keys.len() > 1 {
        let ja = format!("お届け先が複数あります（{keys}）。指定してください");
        return Err(
            Refusal::field("--recipient", ja, format!("there are several recipients ({keys})")).into()
        );
    }
    let before = meant(&args, &recipient, &order.facts.parcels)?;
    let carrier = match &args.carrier {
        Some(key) => Some(known_carrier(&ledger, key).await?),
        None => before.and_then(|p| p.carrier.clone()),
    };
    let shipped_on = match args.date.as_deref() {
        Some("today") => Some(app.now().japan_date()),
        Some("") => None,
        Some(text) => Some(text.replace('/', "-").parse().map_err(|_| {
            let ja = format!("「{text}」は日付ではありません（例：2026-11-22、today）");
            Refusal::field("--date", ja, format!("{text:?} is not a date (2026-11-22, today)"))
        })?),
        None => before.and_then(|p| p.shipped_on),
    };
    let change = ParcelChange {
        parcel_id: before.map(|p| p.parcel_id),
        recipient_key: Some(before.map_or(recipient, |p| p.recipient_key.clone())),
        carrier,
        tracking_number: match &args.number {
            Some(number) => domain::tracking::normalise(number),
            None => before.map(|p| p.tracking_number.clone()).unwrap_or_default(),
        },
        shipped_on,
    };
    let parcel = ledger.set_parcel(row.seq, &change, &By::Cli, app.now()).await?.map_err(Refusal::from)?;
    let warnings = domain::tracking::warnings(change.carrier.as_ref(), &change.tracking_number);
    for warning in &warnings {
        app.out.remark(warning.to_string(), &warning.en);
    }
    app.out.say(format!("出荷情報を入れました（荷物{parcel}）"), format!("Parcel {parcel} was entered"));
    app.out.object(&json!({
        "order_no": row.order_no,
        "mall_order_id": row.mall_order_id,
        "parcel_id": parcel,
        "carrier": change.carrier,
        "tracking_number": change.tracking_number,
        "shipped_on": change.shipped_on,
        "warnings": warnings,
    }))?;
    Ok(0)
}

async fn known_carrier(ledger: &Ledger, key: &str) -> Result<CarrierKey> {
    let carriers = ledger.carriers().await?;
    let known: Vec<String> = carriers.iter().map(|c| format!("{}={}", c.carrier, c.name)).collect();
    let found = carriers.into_iter().find(|c| c.carrier.as_str() == key || c.name == key);
    found.map(|c| c.carrier).ok_or_else(|| {
        let ja = format!("「{key}」という配送業者はありません（{}）", known.join("、"));
        Refusal::field("--carrier", ja, format!("there is no carrier {key:?}")).into()
    })
}

/// A typed value in the type the field has now.
fn typed(text: &str, now: Option<&Value>) -> Value {
    let json = || serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    match now {
        _ if text.is_empty() => Value::Null,
        None | Some(Value::String(_) | Value::Null) => json!(text),
        Some(_) => json(),
    }
}

/// Edits fields.
pub async fn edit(app: &App, args: EditArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let row = find::order(&ledger, &args.id, args.shop.as_deref()).await?;
    let view = ledger.order(&Access::full(), row.seq).await?;
    let Some(content) = view.and_then(|v| v.content) else {
        return Err(Refusal::from(domain::reason::buyer_data_erased()).into());
    };
    let fields = reconcile::fields(&content);
    let mut changes = Vec::new();
    for change in &args.changes {
        let (path, text) = find::pair("PATH=VALUE", change)?;
        changes.push((path.to_owned(), typed(text, fields.get(path))));
    }
    let version = args.version.unwrap_or(row.version);
    match ledger.edit_order(row.seq, version, &changes, &By::Cli, app.now()).await {
        Ok(Ok(())) => {
            let paths: Vec<&str> = changes.iter().map(|(path, _)| path.as_str()).collect();
            app.out
                .say(format!("変更しました：{}", paths.join("、")), format!("Changed: {}", paths.join(", ")));
            app.out.object(&json!({ "order_no": row.order_no, "edited": paths }))?;
            Ok(0)
        }
        Ok(Err(error)) => Err(bad_edit(&error)),
        Err(StoreError::Conflict { .. }) => conflict(app, &ledger, row.seq, &changes).await,
        Err(other) => Err(other.into()),
    }
}

/// The value itself may be a buyer's: only the field is named.
fn bad_edit(error: &reconcile::EditError) -> anyhow::Error {
    match error {
        reconcile::EditError::BadValue { path, .. } => {
            Refusal::field(path, "この項目に入れられない値です", "the value does not fit the field").into()
        }
        _ => Refusal::field(
            "PATH",
            "そのような項目はありません（choba order show で確認できます）",
            "there is no such field",
        )
        .into(),
    }
}

/// Somebody else was faster: shows the difference, on stdout because it may hold a buyer's data.
async fn conflict(app: &App, ledger: &Ledger, seq: OrderSeq, changes: &[(String, Value)]) -> Result<u8> {
    let view = ledger.order(&Access::full(), seq).await?;
    let version = view.as_ref().map(|v| v.row.version);
    let fields = view.and_then(|v| v.content).map(|c| reconcile::fields(&c)).unwrap_or_default();
    let difference: Vec<Value> = changes
        .iter()
        .map(|(path, wanted)| json!({ "path": path, "current": fields.get(path), "wanted": wanted }))
        .collect();
    if !app.out.json {
        put("いまの値と、入れようとした値：");
        let text = |v: Option<&Value>| {
            v.map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).unwrap_or_default()
        };
        let rows = changes
            .iter()
            .map(|(path, wanted)| vec![path.clone(), text(fields.get(path)), text(Some(wanted))]);
        app.out
            .table(&[("項目", "field"), ("いまの値", "now"), ("入れようとした値", "wanted")], rows.collect());
    }
    let refusal =
        Refusal::new("conflict", "ほかの人が先に変更しました", "somebody else changed the order first")
            .remedy("いまの内容を確認して、もう一度実行してください。")
            .details(json!({ "version": version, "difference": difference }));
    Err(refusal.into())
}

/// 管理区分.
pub async fn class(app: &App, args: ClassArgs) -> Result<u8> {
    let Some(class) = HandlingClass::parse(&args.class) else {
        let ja = "normal（通常）、on_hold（保留）、cancelled（キャンセル）のどれかを指定してください";
        return Err(Refusal::field("CLASS", ja, "must be normal, on_hold or cancelled").into());
    };
    let ledger = app.ledger().await?;
    let row = find::order(&ledger, &args.id, args.shop.as_deref()).await?;
    ledger.set_handling_class(row.seq, class, &By::Cli, app.now()).await?;
    app.out.say(format!("管理区分を「{}」にしました", class.label_ja()), "Handling class was set");
    app.out.object(&json!({ "order_no": row.order_no, "handling_class": class }))?;
    Ok(0)
}

/// 同梱.
pub async fn bundle(app: &App, args: BundleArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let parent = find::order(&ledger, &args.parent, None).await?;
    let children = find::orders(&ledger, &args.children, None).await?;
    let seqs = find::seqs(&children);
    ledger.bundle_orders(parent.seq, &seqs, &By::Cli, app.now()).await?.map_err(Refusal::from)?;
    app.out.say(
        format!(
            "{}件を{}に同梱しました。子は通知されず、モールでは未出荷のままです",
            children.len(),
            parent.order_no
        ),
        format!(
            "{} orders were bundled into {}; the mall still has them unshipped",
            children.len(),
            parent.order_no
        ),
    );
    let numbers: Vec<_> = children.iter().map(|c| c.order_no.clone()).collect();
    app.out.object(&json!({ "parent_order": parent.order_no, "child_orders": numbers }))?;
    Ok(0)
}

/// 同梱 undone.
pub async fn unbundle(app: &App, args: IdsArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let rows = find::orders(&ledger, &args.ids, args.shop.as_deref()).await?;
    for row in &rows {
        ledger.set_grouping(row.seq, Grouping::None, None, &By::Cli, app.now()).await?;
    }
    app.out.say("同梱をやめました", "Unbundled");
    let numbers: Vec<_> = rows.iter().map(|r| r.order_no.clone()).collect();
    app.out.object(&json!({ "unbundled": numbers }))?;
    Ok(0)
}

/// 注文確認.
pub async fn confirm(app: &App, args: IdsArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let wanted = notify::wanted(&ledger, &args.ids, args.shop.as_deref()).await?;
    notify::send(app, &ledger, (WriteKind::ConfirmOrder, None), wanted, 120).await
}

/// モールのステータス
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// 注文番号または管理番号 / order
    id: String,
    /// モールのステータスコード / the mall's code
    code: String,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
}

/// Changes a status at the mall.
pub async fn status(app: &App, kind: WriteKind, args: StatusArgs) -> Result<u8> {
    let ledger = app.ledger().await?;
    let wanted = notify::wanted(&ledger, &[args.id], args.shop.as_deref()).await?;
    notify::send(app, &ledger, (kind, Some(args.code)), wanted, 120).await
}

/// Erases the person.
pub async fn erase(app: &App, args: EraseArgs) -> Result<u8> {
    if !args.yes {
        let ja = "個人情報の削除は元に戻せません。承知のうえなら --yes を付けてください";
        return Err(Refusal::field("--yes", ja, "erasing cannot be undone: say --yes").into());
    }
    let ledger = app.ledger().await?;
    let row = find::order(&ledger, &args.id, args.shop.as_deref()).await?;
    let erased = ledger.erase_order(row.seq, &By::Cli, app.now()).await?;
    let (ja, en) = if erased {
        ("個人情報を削除しました", "Buyer data was erased")
    } else {
        ("すでに削除されています", "Erased already")
    };
    app.out.say(ja, en);
    app.out.object(&json!({ "order_no": row.order_no, "erased": true, "erased_now": erased }))?;
    Ok(0)
}
