//! Request rows: what a person, a script or a schedule asked a lane to do. The caller follows the row.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::lanes::{self, LaneGuard};
use crate::ledger::Ledger;
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
    /// `queued`, `running`, `succeeded`, `partial`, `failed`.
    pub state: String,
    /// What came of it.
    pub result: Option<Value>,
    /// When it was asked for.
    pub created_at: UtcMillis,
}

fn request(row: &Row) -> Result<RequestRow, StoreError> {
    Ok(RequestRow {
        request_id: RequestId(row.get_i64("id")?),
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

pub(crate) async fn add_in(
    tx: &mut Tx,
    shop: &crate::shops::Shop,
    kind: &str,
    body: Value,
    by: &By,
    now: UtcMillis,
) -> Result<RequestId, StoreError> {
    let id = ids::take_one(tx, Family::Request).await?;
    let args = args![id, &shop.lane_key, shop.shop_id.0, kind, body, to_json(by)?, now.0];
    tx.exec(&ADD, args).await?;
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
        tx.commit().await
    }
}
