//! Doors: how a command line, a page or an API asks a lane for something and follows what comes of it.
//!
//! Every verb that touches a mall is a request row; the lane's owner does it. A caller whose lane nobody works
//! works it itself: the hub it is given takes the lane if it is free or its owner is dead, and otherwise waits
//! for the living owner.

use crate::hub::Hub;
use crate::requests::{AuthoriseRequest, IMPORT, IMPORT_FILE, ImportFileRequest, MAX_FILE_BYTES};
use domain::history::By;
use domain::{Reason, RequestId, ShopId, reason};
use std::sync::Arc;
use store::imports::RunRow;
use store::request_files::RequestFile;
use store::requests::RequestRow;
use store::{Ledger, Shop, StoreError};

/// What a follower is told each time it looks.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The request.
    pub request: RequestRow,
    /// The import run that answers it, once there is one.
    pub run: Option<RunRow>,
}

/// Shops among `shops` that a run holds, with that run: 「ダウンロード中もしくはCSV取込中のサイトがあります。」(IMP-5).
///
/// # Errors
/// As the database says.
pub async fn busy_shops(ledger: &Ledger, shops: &[Shop]) -> Result<Vec<(Shop, RunRow)>, StoreError> {
    let mut busy = Vec::new();
    for shop in shops {
        if let Some(run) = ledger.open_run(shop.shop_id).await? {
            busy.push((shop.clone(), run));
        }
    }
    Ok(busy)
}

/// Puts a request into a shop's lane and wakes the hub, if one runs in this process.
///
/// # Errors
/// As the database says.
pub async fn ask(
    hub: &Hub,
    shop: &Shop,
    kind: &str,
    body: &impl serde::Serialize,
    by: &By,
) -> Result<RequestId, StoreError> {
    let id = hub.ledger.add_request(shop, kind, body, by, hub.clock.now()).await?;
    hub.wake();
    Ok(id)
}

/// Puts an import by files into a shop's lane. The files travel with the request, sealed.
///
/// # Errors
/// The inner reason: the mall has no such files, or one is too large. Else as the database says.
pub async fn ask_with_files(
    hub: &Hub,
    shop: &Shop,
    body: &ImportFileRequest,
    files: &[RequestFile],
    by: &By,
) -> Result<Result<RequestId, Reason>, StoreError> {
    if hub.mall(&shop.mall).is_none_or(|mall| mall.order_files().is_none()) {
        return Ok(Err(reason::order_files_not_offered()));
    }
    if let Some(large) = files.iter().find(|f| f.bytes.len() > MAX_FILE_BYTES) {
        return Ok(Err(reason::file_too_large(&large.name, MAX_FILE_BYTES / 1_048_576)));
    }
    let now = hub.clock.now();
    let id = hub.ledger.add_request_with_files(shop, IMPORT_FILE, body, files, by, now).await?;
    hub.wake();
    Ok(Ok(id))
}

/// How often a follower looks, milliseconds.
const LOOK_MS: i64 = 150;

/// Follows a request to its end, telling `tell` whenever it looks.
///
/// # Errors
/// As the database says, or when the row is gone.
pub async fn follow(
    hub: &Hub,
    id: RequestId,
    tell: &mut (dyn FnMut(&Progress) + Send),
) -> Result<Progress, StoreError> {
    loop {
        let Some(request) = hub.ledger.request(id).await? else {
            return Err(StoreError::other(format!("request {id} is gone")));
        };
        let run = match request.kind.as_str() {
            IMPORT | IMPORT_FILE => hub.ledger.run_of_request(id).await?,
            _ => None,
        };
        let progress = Progress { request, run };
        tell(&progress);
        if progress.request.is_finished() {
            return Ok(progress);
        }
        hub.clock.sleep_ms(LOOK_MS).await;
    }
}

/// Puts the code of a consent into a shop's lane, sealed.
///
/// # Errors
/// As the database says.
pub async fn put_sealed(
    hub: &Hub,
    shop: &Shop,
    body: &AuthoriseRequest,
    by: &By,
) -> Result<RequestId, StoreError> {
    let details = serde_json::to_vec(body).map_err(|e| StoreError::other(e.to_string()))?;
    let id = hub.ledger.add_sealed_request(shop, &details, by, hub.clock.now()).await?;
    hub.wake();
    Ok(id)
}

/// The same, followed to its end.
///
/// # Errors
/// As the database says.
pub async fn ask_sealed(
    hub: &Hub,
    shop: &Shop,
    body: &AuthoriseRequest,
    by: &By,
) -> Result<Progress, StoreError> {
    let id = put_sealed(hub, shop, body, by).await?;
    follow(hub, id, &mut |_| {}).await
}

/// Asks and follows, working the lane in this process when nobody else does. For callers without a running hub
/// (the command line): `hub` should be limited to the shop's lane and run no schedules.
///
/// # Errors
/// As the database says.
pub async fn ask_and_work(
    hub: &Arc<Hub>,
    shop: &Shop,
    kind: &str,
    body: &impl serde::Serialize,
    by: &By,
    tell: &mut (dyn FnMut(&Progress) + Send),
) -> Result<Progress, StoreError> {
    let id = ask(hub, shop, kind, body, by).await?;
    let work = tokio::spawn(hub.run());
    let done = follow(hub, id, tell).await;
    hub.stop();
    // The worker ends by itself; an error here would only repeat what `done` says.
    drop(work.await);
    done
}

/// The newest finished run of a shop, for status lines.
///
/// # Errors
/// As the database says.
pub async fn last_run(ledger: &Ledger, shop: ShopId) -> Result<Option<RunRow>, StoreError> {
    Ok(ledger.newest_runs(shop, 1).await?.pop())
}
