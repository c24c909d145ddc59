//! 受注ファイルの取込 (IMP-10, IMP-11): the files travel with the request, sealed; what they hold is the lane's business.

use super::start::busy;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::pages::seen;
use crate::refusal::{Page, Refusal};
use axum::extract::{Multipart, State};
use axum::response::{IntoResponse as _, Redirect};
use domain::reason;
use engine::doors;
use engine::requests::{ImportFileRequest, MAX_FILE_BYTES};
use std::sync::Arc;
use store::request_files::RequestFile;

/// Files of one import: no mall has more kinds.
const MOST_FILES: usize = 10;
/// Longest name of a file that is kept.
const NAME_CHARS: usize = 200;

#[derive(Default)]
struct Upload {
    shop: String,
    overwrite: bool,
    force: bool,
    files: Vec<RequestFile>,
}

fn unreadable() -> Refusal {
    Refusal::field("file", "送られたファイルを読み取れません（大きすぎる可能性があります）", "cannot be read")
}

async fn read(mut form: Multipart) -> Result<Upload, Refusal> {
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        match field.name().unwrap_or_default() {
            "shop" => upload.shop = field.text().await.map_err(|_| unreadable())?,
            "overwrite" => upload.overwrite = field.text().await.map_err(|_| unreadable())? == "1",
            "force" => upload.force = field.text().await.map_err(|_| unreadable())? == "1",
            "file" => {
                let name: String = field.file_name().unwrap_or_default().chars().take(NAME_CHARS).collect();
                let bytes = field.bytes().await.map_err(|_| unreadable())?.to_vec();
                if name.is_empty() && bytes.is_empty() {
                    // A browser sends an empty part when nothing was chosen.
                    continue;
                }
                if bytes.len() > MAX_FILE_BYTES {
                    return Err(reason::file_too_large(name, MAX_FILE_BYTES / 1_048_576).into());
                }
                upload.files.push(RequestFile { name, bytes });
                if upload.files.len() > MOST_FILES {
                    let ja = format!("一度に{MOST_FILES}個までです");
                    return Err(Refusal::field("file", ja, format!("at most {MOST_FILES} files")));
                }
            }
            other => {
                return Err(Refusal::field(other, "入力を読み取れません", "is not a field of this form"));
            }
        }
    }
    Ok(upload)
}

/// Takes the files in.
pub async fn upload(State(desk): State<Arc<Desk>>, visitor: Visitor, form: Multipart) -> Page {
    let upload = read(form).await?;
    let shop = seen::shop(&desk, &visitor, &upload.shop).await?;
    if upload.files.is_empty() {
        return Err(Refusal::field("file", "ファイルを選んでください", "choose a file"));
    }
    let shops = [shop];
    let open = doors::busy_shops(desk.ledger(), &shops).await?;
    if !open.is_empty() && !upload.force {
        return busy(&desk, &visitor, &open, "", Vec::new()).await;
    }
    let [shop] = &shops;
    let body = ImportFileRequest { overwrite: upload.overwrite, force: upload.force };
    let asked = doors::ask_with_files(&desk.hub, shop, &body, &upload.files, &visitor.by()).await?;
    let id = asked.map_err(Refusal::from)?;
    let log = serde_json::json!({ "files": upload.files.len() });
    let target = shop.shop_id.to_string();
    desk.ledger().log_action(&visitor.by(), "import.files", &target, &log, desk.now()).await?;
    Ok(Redirect::to(&format!("/import/requests/{id}")).into_response())
}
