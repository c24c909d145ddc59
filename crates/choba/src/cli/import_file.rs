//! `choba import --file`: 受注CSV取込 (IMP-10, IMP-11). Reads the disk; what the files hold is the lane's business.

use super::app::App;
use super::import::{Perform, busy_refusal, perform_started};
use super::refusal::Refusal;
use super::work::{self, Worker};
use anyhow::Result;
use domain::history::By;
use engine::doors::{self, busy_shops};
use engine::requests::{ImportFileRequest, MAX_FILE_BYTES};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::request_files::RequestFile;
use store::{Ledger, Shop};

/// Files of one import: no mall has more kinds.
const MOST_FILES: usize = 10;

/// Reads one file, not more of it than may be.
fn read(path: &Path) -> Result<RequestFile> {
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let unreadable = |error: std::io::Error| {
        Refusal::field("--file", format!("「{}」を開けません（{error}）", path.display()), error.to_string())
    };
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Refusal::from(domain::reason::file_too_large(name, MAX_FILE_BYTES / 1_048_576)).into());
    }
    Ok(RequestFile { name, bytes })
}

/// Imports files into one shop.
pub async fn run(
    app: &App,
    ledger: &Arc<Ledger>,
    shop: Shop,
    paths: &[PathBuf],
    body: ImportFileRequest,
) -> Result<u8> {
    if paths.len() > MOST_FILES {
        let ja = format!("一度に{MOST_FILES}個までです");
        return Err(Refusal::field("--file", ja, format!("at most {MOST_FILES} files")).into());
    }
    let files = paths.iter().map(|p| read(p)).collect::<Result<Vec<_>>>()?;
    let shops = [shop];
    let busy = busy_shops(ledger, &shops).await?;
    if !busy.is_empty() && !body.force {
        return Err(busy_refusal(&busy).into());
    }
    let [shop] = &shops;
    let hub = work::hub_for(app, ledger, &shops, body.force)?;
    let id = doors::ask_with_files(&hub, shop, &body, &files, &By::Cli).await?.map_err(Refusal::from)?;
    let worker = Worker::start(&hub);
    let done = perform_started(Perform { app, ledger, shop, force: body.force }, &hub, id).await;
    worker.finish().await;
    done
}
