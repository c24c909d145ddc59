//! `choba order`: listing, searching and showing orders. Changing them is in `order_change`.

use super::app::App;
use super::find;
use super::notice;
use super::order_change as change;
use super::out::put;
use super::refusal::Refusal;
use anyhow::Result;
use domain::history::HOLD_OVERRIDDEN;
use domain::hold::Hold;
use domain::write::WriteKind;
use serde_json::{Value, json};
use store::Access;
use store::orders::{ListFilter, ListRow, OrderView};

/// 受注
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 一覧・検索 / list and search
    List(ListArgs),
    /// 受注の内容と履歴（個人情報を含みます） / everything about one order, with buyer data
    Show {
        /// 注文番号または管理番号 / order
        id: String,
        /// 店舗 / shop
        #[arg(long)]
        shop: Option<String>,
    },
    /// フェーズを移す / move to a phase
    Move(change::MoveArgs),
    /// 受注取込：自動受注取込で待つ受注を新規受付へ / take in what waits in the inbox
    TakeIn(change::TakeInArgs),
    /// 出荷情報を入れる / enter a parcel
    Ship(change::ShipArgs),
    /// 内容を直す：content の項目=値 / edit fields
    Edit(change::EditArgs),
    /// 管理区分：normal on_hold cancelled / handling class
    Class(change::ClassArgs),
    /// 同梱：親の荷物に入れる / bundle children into a parent's parcel
    Bundle(change::BundleArgs),
    /// 同梱をやめる / undo a bundle
    Unbundle(change::IdsArgs),
    /// 注文確認をモールへ送る / confirm orders at the mall
    Confirm(change::IdsArgs),
    /// モールのステータスを変える / change the order's status at the mall
    MallStatus(change::StatusArgs),
    /// モールの入金ステータスを変える / change the payment status at the mall
    PaymentStatus(change::StatusArgs),
    /// 個人情報を消す（元に戻せません） / erase buyer data for good
    Erase(change::EraseArgs),
}

/// 一覧・検索
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// フェーズ / phase
    #[arg(long)]
    phase: Option<String>,
    /// 店舗 / shop
    #[arg(long)]
    shop: Option<String>,
    /// 連携ステータス / notice state
    #[arg(long)]
    notice: Option<String>,
    /// 受注番号・配送番号・氏名・カナ・電話・メール / numbers, names, phone, mail
    #[arg(long)]
    search: Option<String>,
    /// 件数（200まで） / rows
    #[arg(long, default_value_t = 50)]
    limit: i64,
    /// この管理番号の次から / go on after this order_no
    #[arg(long, value_name = "ORDER_NO")]
    after: Option<String>,
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::List(args) => list(app, args).await,
        Cmd::Show { id, shop } => show(app, &id, shop.as_deref()).await,
        Cmd::Move(args) => change::move_to(app, args).await,
        Cmd::TakeIn(args) => change::take_in(app, args).await,
        Cmd::Ship(args) => change::ship(app, args).await,
        Cmd::Edit(args) => change::edit(app, args).await,
        Cmd::Class(args) => change::class(app, args).await,
        Cmd::Bundle(args) => change::bundle(app, args).await,
        Cmd::Unbundle(args) => change::unbundle(app, args).await,
        Cmd::Confirm(args) => change::confirm(app, args).await,
        Cmd::MallStatus(args) => change::status(app, WriteKind::MallStatus, args).await,
        Cmd::PaymentStatus(args) => change::status(app, WriteKind::PaymentStatus, args).await,
        Cmd::Erase(args) => change::erase(app, args).await,
    }
}

/// A row for scripts, with the shop's name.
fn to_json(row: &impl serde::Serialize, shop: &str) -> Result<Value> {
    let mut value = serde_json::to_value(row)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("shop".to_owned(), json!(shop));
    }
    Ok(value)
}

async fn list(app: &App, args: ListArgs) -> Result<u8> {
    if !(1..=200).contains(&args.limit) {
        return Err(Refusal::field("--limit", "1〜200を指定してください", "must be 1 to 200").into());
    }
    let ledger = app.ledger().await?;
    let mut filter = ListFilter { limit: args.limit, ..ListFilter::default() };
    if let Some(phase) = &args.phase {
        filter.phase = Some(find::phase(&ledger, "--phase", phase).await?.phase);
    }
    if let Some(shop) = &args.shop {
        filter.shop = Some(find::shop(&ledger, shop).await?.shop_id);
    }
    filter.notice = args.notice.as_deref().map(|n| notice::state("--notice", n)).transpose()?;
    if let Some(after) = &args.after {
        let row = find::order(&ledger, after, args.shop.as_deref()).await?;
        filter.after = Some((row.ordered_at, row.seq));
    }
    let access = Access::full();
    let orders = match &args.search {
        None => ledger.list_orders(&access, &filter).await?,
        Some(text) => {
            let found = ledger.search_orders(&access, text, &filter, &|| false).await?;
            let found =
                found.map_err(|e| Refusal::field("--search", "もう少し長い言葉を指定してください", e))?;
            if found.stopped {
                app.out.remark("ほかにもあります。言葉を足してください", "There may be more: add letters");
            }
            let mut orders = found.orders;
            orders.retain(|o| filter.shop.is_none_or(|s| s == o.shop_id));
            orders.retain(|o| filter.phase.as_ref().is_none_or(|p| p == &o.phase));
            orders.retain(|o| filter.notice.is_none_or(|n| n == o.notice_state));
            orders
        }
    };
    print_list(app, &ledger, &orders).await?;
    Ok(0)
}

async fn print_list(app: &App, ledger: &store::Ledger, orders: &[ListRow]) -> Result<()> {
    let shops = find::shop_names(ledger).await?;
    let phases = find::phase_names(ledger).await?;
    let name = |row: &ListRow| shops.get(&row.shop_id).cloned().unwrap_or_default();
    for row in orders {
        app.out.object(&to_json(row, &name(row))?)?;
    }
    if orders.is_empty() {
        app.out.say("該当する受注はありません", "No orders");
        return Ok(());
    }
    let headings = [
        ("管理番号", "no"),
        ("受注番号", "order"),
        ("店舗", "shop"),
        ("フェーズ", "phase"),
        ("モールステータス", "mall status"),
        ("連携", "notice"),
        ("注文者", "buyer"),
        ("お届け先", "to"),
        ("金額", "total"),
        ("注文日時", "ordered"),
        ("印", "flags"),
    ];
    let rows = orders
        .iter()
        .map(|row| {
            let head = row.head.clone();
            let erased = if row.erased { app.out.t("（削除済み）", "(erased)") } else { "" };
            let flags: Vec<&str> = row.flags.iter().map(|f| f.label_ja()).collect();
            vec![
                row.order_no.0.clone(),
                row.mall_order_id.0.clone(),
                name(row),
                phases.get(&row.phase).cloned().unwrap_or_else(|| row.phase.0.clone()),
                row.mall_status_label.clone(),
                row.notice_state.label_ja().to_owned(),
                head.as_ref().map_or_else(|| erased.to_owned(), |h| h.buyer.clone()),
                head.map(|h| h.prefecture).unwrap_or_default(),
                row.total.map(|yen| domain::Money::yen(yen).to_string()).unwrap_or_default(),
                row.ordered_at.to_japan_text(),
                flags.join("、"),
            ]
        })
        .collect();
    app.out.table(&headings, rows);
    Ok(())
}

async fn show(app: &App, id: &str, in_shop: Option<&str>) -> Result<u8> {
    let ledger = app.ledger().await?;
    let row = find::order(&ledger, id, in_shop).await?;
    let Some(view) = ledger.order(&Access::full(), row.seq).await? else {
        return Err(Refusal::new("no_such_order", "受注はありません", "there is no such order").into());
    };
    let shop = find::shop_names(&ledger).await?.remove(&view.row.shop_id).unwrap_or_default();
    let links = links(&ledger, &view).await?;
    if app.out.json {
        let mut value = to_json(&view, &shop)?;
        add_links(&mut value, &links);
        app.out.object(&value)?;
        return Ok(0);
    }
    let phases = find::phase_names(&ledger).await?;
    let row = &view.row;
    let phase = phases.get(&row.phase).map_or(row.phase.as_str(), String::as_str);
    put(&format!("{}　{}　{shop}", row.order_no, row.mall_order_id));
    let flags: Vec<&str> = row.flags.iter().map(|f| f.label_ja()).collect();
    let rows = vec![
        vec!["フェーズ".to_owned(), phase.to_owned()],
        vec!["管理区分".to_owned(), row.handling_class.label_ja().to_owned()],
        vec!["モールステータス".to_owned(), format!("{} {}", row.mall_status, row.mall_status_label)],
        vec!["不正保留ステータス".to_owned(), row.hold.label_ja()],
        vec!["公開日時".to_owned(), row.hold.released_at().map(|t| t.to_japan_text()).unwrap_or_default()],
        vec!["連携ステータス".to_owned(), row.notice_state.label_ja().to_owned()],
        vec!["注文確認".to_owned(), row.confirm_state.label_ja().to_owned()],
        vec!["注文日時".to_owned(), row.ordered_at.to_japan_text()],
        vec!["最終更新日".to_owned(), row.updated_at.to_japan_text()],
        vec!["印".to_owned(), flags.join("、")],
        vec!["版".to_owned(), row.version.to_string()],
    ];
    app.out.table(&[("項目", "field"), ("値", "value")], rows);
    show_content(app, &view)?;
    show_work(app, &view, &links);
    Ok(0)
}

/// The tracking page of each parcel; empty where there is none.
async fn links(ledger: &store::Ledger, view: &OrderView) -> Result<Vec<String>> {
    let carriers = ledger.carriers().await?;
    let link = |p: &domain::order::Parcel| {
        let carrier = carriers.iter().find(|c| Some(&c.carrier) == p.carrier.as_ref())?;
        carrier.tracking_link(&p.tracking_number)
    };
    Ok(view.parcels.iter().map(|p| link(p).unwrap_or_default()).collect())
}

fn add_links(value: &mut Value, links: &[String]) {
    let parcels = value.get_mut("parcels").and_then(Value::as_array_mut);
    for (parcel, link) in parcels.into_iter().flatten().zip(links) {
        if let Some(map) = parcel.as_object_mut().filter(|_| !link.is_empty()) {
            map.insert("tracking_link".to_owned(), json!(link));
        }
    }
}

/// Buyer, recipients and lines, field by field: what stands there can be edited under that name.
fn show_content(app: &App, view: &OrderView) -> Result<()> {
    let Some(content) = &view.content else {
        app.out.say("個人情報は削除済みです", "Buyer data was erased");
        return Ok(());
    };
    let rows = domain::reconcile::fields(content)
        .into_iter()
        .filter(|(_, value)| !value.is_null() && value != &json!([]) && value != &json!(""))
        .map(|(path, value)| {
            let mark = if view.conflicts.contains(&path) {
                "× 重なり"
            } else if view.changed_at_mall.contains(&path) {
                "△ モールで変更"
            } else if view.edited.contains(&path) {
                "○ 変更済み"
            } else {
                ""
            };
            vec![path, value.as_str().map_or_else(|| value.to_string(), str::to_owned), mark.to_owned()]
        })
        .collect();
    app.out.table(&[("内容", "content"), ("値", "value"), ("印", "mark")], rows);
    Ok(())
}

fn show_work(app: &App, view: &OrderView, links: &[String]) {
    let parcels: Vec<Vec<String>> = view
        .parcels
        .iter()
        .zip(links)
        .map(|(p, link)| {
            vec![
                p.parcel_id.to_string(),
                p.recipient_key.clone(),
                p.carrier.as_ref().map(|c| c.0.clone()).unwrap_or_default(),
                p.tracking_number.clone(),
                p.shipped_on.map(|d| d.to_string()).unwrap_or_default(),
                (if p.sent_version == p.version { "○ 送信済み" } else { "" }).to_owned(),
                link.clone(),
            ]
        })
        .collect();
    if !parcels.is_empty() {
        let headings = [
            ("荷物", "parcel"),
            ("お届け先", "recipient"),
            ("配送業者", "carrier"),
            ("配送番号", "number"),
            ("出荷日", "shipped on"),
            ("モール", "mall"),
            ("追跡", "tracking"),
        ];
        app.out.table(&headings, parcels);
    }
    let history = view
        .history
        .iter()
        .map(|h| vec![h.at.to_japan_text(), who(&h.by).to_owned(), event_words(&h.event)])
        .collect();
    app.out.table(&[("日時", "when"), ("だれ", "who"), ("履歴", "history")], history);
}

fn who(by: &domain::history::By) -> &str {
    use domain::history::By;
    match by {
        By::User { name } => name,
        By::Cli => "コマンド",
        By::System => "自動",
        By::Mall => "モール",
    }
}

/// A hold that came, changed or ended (FRD-1, FRD-5).
fn hold_words(event: &Value) -> String {
    let hold = |key: &str| event.get(key).and_then(|v| serde_json::from_value::<Hold>(v.clone()).ok());
    let words = |hold: &Option<Hold>| hold.as_ref().map_or_else(|| "？".to_owned(), Hold::label_ja);
    let (from, to) = (hold("from"), hold("to"));
    let released = to.as_ref().and_then(Hold::released_at);
    let at = released.map(|t| format!("（公開日時 {}）", t.to_japan_text())).unwrap_or_default();
    format!("不正保留ステータス：{} → {}{at}", words(&from), words(&to))
}

/// One row of history in words.
pub fn event_words(event: &Value) -> String {
    let text = |key: &str| {
        event.get(key).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).unwrap_or_default()
    };
    let list = |key: &str| {
        let items = event.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).collect::<Vec<_>>().join("、")
    };
    let reason = || {
        event.pointer("/reason/ja").and_then(Value::as_str).map(|r| format!("（{r}）")).unwrap_or_default()
    };
    match text("event").as_str() {
        "imported" => format!("取込：{}", text("mall_status")),
        "activated" => "仮伝票を有効化".to_owned(),
        "mall_status_changed" => format!("モールステータス：{} → {}", text("from"), text("to")),
        "hold_changed" => hold_words(event),
        "changed_at_mall" => format!("モール側で変更：{}", list("fields")),
        "merged" => format!("モールの値で更新：{}", list("taken")),
        "edited" => format!("変更：{}", list("fields")),
        "phase_moved" if text("why") == HOLD_OVERRIDDEN => {
            format!("フェーズ：{} → {}（不正保留中と承知のうえ）", text("from"), text("to"))
        }
        "phase_moved" => format!("フェーズ：{} → {}", text("from"), text("to")),
        "handling_class_changed" => format!("管理区分：{} → {}", text("from"), text("to")),
        "parcel_set" => format!("出荷情報：荷物{}（版{}）", text("parcel_id"), text("version")),
        "parcel_removed" => format!("出荷情報を削除：荷物{}", text("parcel_id")),
        "written_to_file" => format!("出荷ファイル：{}（番号{}）", text("file"), text("file_id")),
        "file_answered" => format!(
            "出荷ファイル{}：{}",
            text("file_id"),
            if text("done") == "true" { "モールへ登録済み" } else { "まだ" }
        ),
        "write_wanted" => format!("送信待ち：{}", text("kind")),
        "write_state" => format!("送信：{} {}{}", text("kind"), text("state"), reason()),
        "notice_state_changed" => format!("連携ステータス：{} → {}", text("from"), text("to")),
        "not_done" => format!("できませんでした：{}{}", text("what"), reason()),
        "flagged" => format!("印：{}{}", text("flag"), reason()),
        "erased" => "個人情報を削除".to_owned(),
        other => other.to_owned(),
    }
}
