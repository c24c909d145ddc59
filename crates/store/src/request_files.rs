//! Files that belong to a request (受注CSV取込): sealed, because they hold buyers, and gone when the request is
//! finished.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::to_json;
use crate::ledger::Ledger;
use crate::seal::Aad;
use crate::seal::keys::{Purpose, Rotation};
use crate::sql::sql;
use crate::{Tx, args, requests};
use domain::history::By;
use domain::{RequestId, UtcMillis};

sql! {
    /// A file.
    ADD("INSERT INTO request_files (id, request_id, position, name, content) VALUES ($1, $2, $3, $4, $5)");
    /// Files of a request, in the order in which they were given.
    OF_REQUEST("SELECT id, name, content FROM request_files WHERE request_id = $1 ORDER BY position");
    /// The request is finished.
    DROP("DELETE FROM request_files WHERE request_id = $1");
    /// For the rotation of the master key.
    BOXES("SELECT id, content AS sealed FROM request_files WHERE id > $1 ORDER BY id LIMIT $2");
    /// For the rotation of the master key.
    REBOX("UPDATE request_files SET content = $2 WHERE id = $1");
}

pub(crate) const ROTATION: Rotation = Rotation {
    purpose: Purpose::Requests,
    table: "request_files",
    column: "content",
    select: BOXES,
    update: REBOX,
};

/// A file of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestFile {
    /// Name, for messages.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for RequestFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The content holds buyers.
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

fn place(id: i64) -> Aad {
    Aad::new("request_files", "content", id)
}

/// Removes what belongs to a request that is finished.
pub(crate) async fn drop_in(tx: &mut Tx, request: RequestId) -> Result<(), StoreError> {
    tx.exec(&DROP, args![request.0]).await.map(drop)
}

impl Ledger {
    /// Puts a request with its files into a shop's lane: both or neither.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_request_with_files(
        &self,
        shop: &crate::shops::Shop,
        kind: &str,
        body: &impl serde::Serialize,
        files: &[RequestFile],
        by: &By,
        now: UtcMillis,
    ) -> Result<RequestId, StoreError> {
        let body = to_json(body)?;
        let mut tx = self.db.begin().await?;
        let request = requests::add_in(&mut tx, shop, kind, body, by, now).await?;
        let ids = ids::take(&mut tx, Family::RequestFile, files.len()).await?;
        for (position, (id, file)) in (0_i64..).zip(ids.into_iter().zip(files)) {
            let sealed = self.ring.seal_box(Purpose::Requests, &place(id), &file.bytes)?;
            tx.exec(&ADD, args![id, request.0, position, &file.name, sealed]).await?;
        }
        tx.commit().await?;
        Ok(request)
    }

    /// Files of a request; none when it is finished.
    ///
    /// # Errors
    /// As the database says; `WrongKey`, `Corrupt`.
    pub async fn request_files(&self, request: RequestId) -> Result<Vec<RequestFile>, StoreError> {
        let rows = self.db.fetch_all(&OF_REQUEST, args![request.0]).await?;
        rows.iter()
            .map(|row| {
                let sealed = row.get_bytes("content")?;
                let bytes = self.ring.open_box(Purpose::Requests, &place(row.get_i64("id")?), &sealed)?;
                Ok(RequestFile { name: row.get_str("name")?, bytes: bytes.to_vec() })
            })
            .collect()
    }
}
