//! Request rows: what a person, a script or a schedule asked a lane to do. The caller follows the row.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::Purpose;
use crate::sql::sql;
use crate::{Row, Tx, args, request_files};
use domain::history::By;
use domain::{RequestId, ShopId, UtcMillis};
use serde_json::Value;

sql! {
    /// A new request.
    ADD("INSERT INTO requests (id, lane_key, shop_id, kind, body, state, requested_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7)");
    /// One request.
    GET("SELECT * FROM requests WHERE id = $1");
    /// What is to be done on a lane, oldest first.
    OPEN("SELECT * FROM requests WHERE lane_key = $1 AND state IN ('queued', 'running') ORDER BY id");
    /// Begin.
    BEGIN("UPDATE requests SET state = 'running' WHERE id = $1 AND state IN ('queued', 'running')");
    /// End.
    FINISH("UPDATE requests SET state = $2, result = $3, finished_at = $4 WHERE id = $1 AND finished_at IS NULL");
    /// What was sealed in its details has served.
    WIPE("UPDATE requests SET body = $2 WHERE id = $1 AND kind = $3");
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRow {
    /// Row.
    pub request_id: RequestId,
    /// Lane.
    pub lane_key: String,
    /// Shop.
    pub shop_id: ShopId,
    /// What (`import`, `check_credential` …).
    pub kind: String,
    /// Details. Holds no buyer data and no secret.
    pub body: Value,
    /// Who asked.
    pub by: By,
    /// `queued`, `running`, `succeeded`, `partial`, `failed`.
    pub state: String,
    /// What came of it.
    pub result: Option<Value>,
    /// When it was asked for.
    pub created_at: UtcMillis,
}

fn request(row: &Row) -> Result<RequestRow, StoreError> {
    let id = row.get_i64("id")?;
    Ok(RequestRow {
        request_id: RequestId(id),
        by: from_json("requests", "requested_by", id, row.get_json("requested_by")?)?,
        lane_key: row.get_str("lane_key")?,
        shop_id: ShopId(row.get_i64("shop_id")?),
        kind: row.get_str("kind")?,
        body: row.get_json("body")?,
        state: row.get_str("state")?,
        result: row.get_opt_json("result")?.filter(|v| !v.is_null()),
        created_at: UtcMillis(row.get_i64("created_at")?),
    })
}

impl RequestRow {
    /// Nothing more happens to it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(self.state.as_str(), "queued" | "running")
    }

    /// The details as a type.
    ///
    /// # Errors
    /// `Corrupt` when they are not of that type.
    pub fn body_as<T: serde::de::DeserializeOwned>(&self) -> Result<T, StoreError> {
        from_json("requests", "body", self.request_id, self.body.clone())
    }
}

/// Kind of the requests whose details are sealed: access that a person allowed in the browser.
pub const SEALED_KIND: &str = "authorise";

fn place(id: i64) -> Aad {
    Aad::new("requests", "body", id)
}

/// The lane is the one the shop is worked in at this moment, not the one the caller has read.
async fn add(
    tx: &mut Tx,
    id: i64,
    shop: ShopId,
    kind: &str,
    body: Value,
    by: &By,
    now: UtcMillis,
) -> Result<(), StoreError> {
    let lane = lanes::lane_of(tx, shop).await?;
    let lane = lane.ok_or_else(|| StoreError::other(format!("shop {shop} is not there")))?;
    tx.exec(&ADD, args![id, lane, shop.0, kind, body, to_json(by)?, now.0]).await.map(drop)
}

pub(crate) async fn add_in(
    tx: &mut Tx,
    shop: &crate::shops::Shop,
    kind: &str,
    body: Value,
    by: &By,
    now: UtcMillis,
) -> Result<RequestId, StoreError> {
    let id = ids::take_one(tx, Family::Request).await?;
    add(tx, id, shop.shop_id, kind, body, by, now).await?;
    Ok(RequestId(id))
}

impl Ledger {
    /// Puts a request into a shop's lane.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_request(
        &self,
        shop: &crate::shops::Shop,
        kind: &str,
        body: &impl serde::Serialize,
        by: &By,
        now: UtcMillis,
    ) -> Result<RequestId, StoreError> {
        let body = to_json(body)?;
        let mut tx = self.db.begin().await?;
        let id = add_in(&mut tx, shop, kind, body, by, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Puts a request with secret details into a shop's lane: they are sealed, and wiped with its end. (A rotation of
    /// the master key meanwhile makes them unreadable: the request fails and is made again.)
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_sealed_request(
        &self,
        shop: &crate::shops::Shop,
        details: &[u8],
        by: &By,
        now: UtcMillis,
    ) -> Result<RequestId, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::Request).await?;
        let sealed = self.ring.seal_box(Purpose::Requests, &place(id), details)?;
        let body = to_json(&serde_json::json!({ "sealed": sealed }))?;
        add(&mut tx, id, shop.shop_id, SEALED_KIND, body, by, now).await?;
        tx.commit().await?;
        Ok(RequestId(id))
    }

    /// The secret details of a request.
    ///
    /// # Errors
    /// `Corrupt` when there are none or they cannot be opened.
    pub fn open_request(&self, request: &RequestRow) -> Result<Vec<u8>, StoreError> {
        let corrupt = || StoreError::Corrupt {
            table: "requests".into(),
            column: "body".into(),
            row: request.request_id.to_string(),
        };
        let sealed = request.body.get("sealed").cloned().ok_or_else(corrupt)?;
        let sealed: Vec<u8> = serde_json::from_value(sealed).map_err(|_| corrupt())?;
        let place = place(request.request_id.0);
        let opened = self.ring.open_box(Purpose::Requests, &place, &sealed).map_err(|_| corrupt())?;
        Ok(opened.to_vec())
    }

    /// One request.
    ///
    /// # Errors
    /// As the database says.
    pub async fn request(&self, id: RequestId) -> Result<Option<RequestRow>, StoreError> {
        self.db.fetch_optional(&GET, args![id.0]).await?.as_ref().map(request).transpose()
    }

    /// What is to be done on a lane, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open_requests(&self, lane_key: &str) -> Result<Vec<RequestRow>, StoreError> {
        self.db.fetch_all(&OPEN, args![lane_key]).await?.iter().map(request).collect()
    }

    /// Marks a request as running.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn begin_request(&self, guard: &LaneGuard, id: RequestId) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        tx.exec(&BEGIN, args![id.0]).await?;
        tx.commit().await
    }

    /// Marks a request as finished, with what came of it.
    ///
    /// # Errors
    /// `LaneLost`, or as the database says.
    pub async fn finish_request(
        &self,
        guard: &LaneGuard,
        id: RequestId,
        state: &str,
        result: &Value,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lanes::check(&mut tx, guard).await?;
        tx.exec(&FINISH, args![id.0, state, result, now.0]).await?;
        request_files::drop_in(&mut tx, id).await?;
        tx.exec(&WIPE, args![id.0, serde_json::json!({}), SEALED_KIND]).await?;
        tx.commit().await
    }
}
