//! `choba notify --file-out`: 出荷ファイル for upload by hand (NTF-8), and the answers that follow.

use super::app::App;
use super::find;
use super::refusal::Refusal;
use super::work::{self, Asked};
use anyhow::{Context as _, Result};
use domain::history::By;
use domain::{OrderSeq, ShipmentFileId, UtcMillis};
use engine::requests::{SHIPMENT_FILE, ShipmentFileRequest};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::shipment_files::ShipmentFileRow;
use store::{Ledger, Shop};

/// Files shown by `--files`.
const SHOWN: i64 = 50;

/// What becomes of a file, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Answer {
    /// モールへ登録済み / uploaded
    Done,
    /// まだ / not uploaded
    NotYet,
}

/// 作成期間 by 最終更新日 (NTF-12).
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// From.
    pub from: Option<UtcMillis>,
    /// To.
    pub to: Option<UtcMillis>,
}

/// Writes the file into a folder: first under another name, then renamed, so that nobody uploads half of it. A file of
/// the same name is not replaced: it may be one that waits for its answer.
fn put(folder: &Path, id: ShipmentFileId, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    // The name comes from an adapter; it must not lead elsewhere.
    let plain: String =
        name.chars().map(|c| if matches!(c, '/' | '\\' | ':') || c.is_control() { '_' } else { c }).collect();
    let path = folder.join(format!("{id}-{plain}"));
    let told = || format!("{}", path.display());
    let mut part = tempfile::NamedTempFile::new_in(folder).with_context(told)?;
    part.write_all(bytes).with_context(told)?;
    part.as_file().sync_all().with_context(told)?;
    match part.persist_noclobber(&path) {
        Ok(_) => Ok(path),
        // Written before: the same bytes.
        Err(_) if std::fs::read(&path).is_ok_and(|there| there == bytes) => Ok(path),
        Err(error) => Err(error.error).with_context(told),
    }
}

/// Makes sure that the folder can be written before anything is marked.
fn check_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() && tempfile::NamedTempFile::new_in(folder).is_ok() {
        return Ok(());
    }
    let ja = format!("「{}」に書き込めません", folder.display());
    Err(Refusal::field("--file-out", ja, "is no folder that can be written").into())
}

async fn deliver(app: &App, ledger: &Ledger, folder: &Path, file: &ShipmentFileRow) -> Result<Value> {
    let Some(bytes) = ledger.shipment_file_content(file.file_id).await? else {
        return Err(Refusal::from(domain::reason::shipment_file_answered(&file.name)).into());
    };
    let path = put(folder, file.file_id, &file.name, &bytes)?;
    let shown = path.display();
    app.out.say(
        format!("出荷ファイル（番号{}、{}行）を書き出しました：{shown}", file.file_id, file.rows),
        format!("Shipment file {} ({} rows) was written: {shown}", file.file_id, file.rows),
    );
    if let Some(shop) = ledger.shop(file.shop_id).await?
        && let Some(place) = find::mall(&shop)?.shipment_files().map(mall_api::ShipmentFiles::place)
    {
        app.out.say(
            format!("{place}\n登録したら choba notify --file-answer {} done、しなかったら choba notify --file-answer {} not-yet を実行してください", file.file_id, file.file_id),
            format!("Upload it at the mall, then say choba notify --file-answer {} done (or not-yet)", file.file_id),
        );
    }
    let mut value = serde_json::to_value(file)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("path".to_owned(), json!(path));
    }
    Ok(value)
}

/// Writes a file of what is due in one shop.
pub async fn write(
    app: &App,
    ledger: &Arc<Ledger>,
    shop: Shop,
    orders: Option<Vec<OrderSeq>>,
    span: Span,
    folder: &Path,
) -> Result<u8> {
    check_folder(folder)?;
    let body = ShipmentFileRequest { orders, from: span.from, to: span.to };
    let name = shop.name.clone();
    let asked = vec![Asked { shop, kind: SHIPMENT_FILE, body: serde_json::to_value(body)? }];
    let done = work::ask_all(app, ledger, asked, false, &mut |_, _| {}).await?;
    let result = done.into_iter().next().and_then(|p| p.request.result).unwrap_or_default();
    if let Some(reason) = work::reason_of(&result) {
        return Err(Refusal::from(reason).into());
    }
    let mut out = json!({ "shop": name, "file": null, "orders": result.get("orders"),
        "refused": result.get("refused"), "problems": result.get("problems") });
    let id = result.pointer("/file/file_id").and_then(Value::as_i64).map(ShipmentFileId);
    let file = match id {
        Some(id) => ledger.shipment_file(id).await?,
        None => None,
    };
    if let (Some(file), Some(map)) = (&file, out.as_object_mut()) {
        map.insert("file".to_owned(), deliver(app, ledger, folder, file).await?);
    }
    let problems = said(app, &result, "problems");
    let refused = said(app, &result, "refused");
    if problems > 0 {
        app.out.say("何も書き出していません", "Nothing was written");
    } else if file.is_none() && refused == 0 {
        app.out.say("対象になる受注はありません", "No order is due");
    }
    app.out.object(&out)?;
    Ok(u8::from(problems > 0))
}

/// Prints orders with reasons; says how many.
fn said(app: &App, result: &Value, key: &str) -> usize {
    let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = result.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|one| {
            let many = one.get("reasons").and_then(Value::as_array).cloned();
            let reasons = many.unwrap_or_else(|| one.get("reason").cloned().into_iter().collect());
            let words: Vec<String> =
                reasons.iter().map(|r| format!("{}　{}", text(r, "ja"), text(r, "remedy"))).collect();
            vec![text(one, "mall_order_id"), words.join("\n")]
        })
        .collect();
    let count = rows.len();
    if count > 0 {
        app.out.table(&[("受注番号", "order"), ("理由", "why")], rows);
    }
    count
}

/// Writes a file that is out once more (the folder was lost).
pub async fn again(app: &App, ledger: &Ledger, id: i64, folder: &Path) -> Result<u8> {
    check_folder(folder)?;
    let id = ShipmentFileId(id);
    let Some(file) = ledger.shipment_file(id).await? else {
        return Err(Refusal::from(domain::reason::no_such_shipment_file(id)).into());
    };
    let value = deliver(app, ledger, folder, &file).await?;
    app.out.object(&json!({ "file": value }))?;
    Ok(0)
}

/// モールへ登録済み or まだ.
pub async fn answer(app: &App, ledger: &Ledger, id: i64, answer: Answer) -> Result<u8> {
    let id = ShipmentFileId(id);
    let done = answer == Answer::Done;
    let orders = ledger.answer_shipment_file(id, done, &By::Cli, app.now()).await?.map_err(Refusal::from)?;
    let count = orders.len();
    let (ja, en) = if done {
        ("「正常」にしました", "are done")
    } else {
        ("「未連携」に戻しました", "are not sent")
    };
    app.out.say(format!("{count}件を{ja}"), format!("{count} orders {en}"));
    let numbers: Vec<_> = orders.iter().map(|s| s.order_no()).collect();
    app.out.object(
        &json!({ "file_id": id, "state": if done { "done" } else { "not_yet" }, "orders": numbers }),
    )?;
    Ok(0)
}

/// The newest files.
pub async fn list(app: &App, ledger: &Ledger) -> Result<u8> {
    let shops = find::shop_names(ledger).await?;
    let mut rows = Vec::new();
    for file in ledger.shipment_files(SHOWN).await? {
        let shop = shops.get(&file.shop_id).cloned().unwrap_or_default();
        let mut value = serde_json::to_value(&file)?;
        if let Some(map) = value.as_object_mut() {
            map.insert("shop".to_owned(), json!(shop));
        }
        app.out.object(&value)?;
        let state = match file.state.as_str() {
            "open" => app.out.t("回答待ち", "open"),
            "done" => app.out.t("モールへ登録済み", "done"),
            _ => app.out.t("まだ（未連携に戻した）", "not yet"),
        };
        rows.push(vec![
            file.file_id.to_string(),
            shop,
            file.name.clone(),
            file.rows.to_string(),
            state.to_owned(),
            file.created_at.to_japan_text(),
        ]);
    }
    let headings = [
        ("番号", "no"),
        ("店舗", "shop"),
        ("ファイル", "file"),
        ("行", "rows"),
        ("回答", "answer"),
        ("書き出し", "written"),
    ];
    app.out.table(&headings, rows);
    Ok(0)
}
