//! Bulk work on orders: a job with one item an order. Items are worked in chunks and each says how it ended, so that a
//! job survives the process that began it and can be looked at, retried and undone.

use crate::error::StoreError;
use crate::ids::{self, Family};
use crate::json::{from_json, to_json};
use crate::ledger::Ledger;
use crate::sql::{bulk, sql};
use crate::{Row, Tx, args};
use domain::history::By;
use domain::{OrderSeq, Reason, UtcMillis};
use serde_json::Value;
use std::collections::BTreeMap;

sql! {
    /// A new job.
    ADD("INSERT INTO jobs (id, action, state, total, requested_by, user_id, rights, undo_of, created_at) VALUES ($1, $2, 'running', $3, $4, $5, $6, $7, $8)");
    /// One job.
    GET("SELECT * FROM jobs WHERE id = $1");
    /// A job that is worked: who works it holds it until the end of the transaction, so that no two do at once.
    HOLD("SELECT id FROM jobs WHERE id = $1 AND state = 'running'" [postgres " FOR UPDATE"]);
    /// Newest jobs of a person.
    LIST("SELECT * FROM jobs WHERE user_id = $1 ORDER BY id DESC LIMIT $2");
    /// Jobs that are not at their end.
    RUNNING("SELECT * FROM jobs WHERE state = 'running' ORDER BY id");
    /// Of the newest jobs, those of which something was refused.
    FAILED("SELECT * FROM (SELECT * FROM jobs ORDER BY id DESC LIMIT 200) AS newest WHERE state IN ('failed', 'partial') ORDER BY id DESC LIMIT $1");
    /// Next items to be worked.
    QUEUED("SELECT position, seq, input, state, reason, before FROM job_items WHERE job_id = $1 AND state = 'queued' ORDER BY position LIMIT $2");
    /// Items as they stand.
    ITEMS("SELECT position, seq, input, state, reason, before FROM job_items WHERE job_id = $1 AND position > $2 ORDER BY position LIMIT $3");
    /// Items of one state.
    ITEMS_IN("SELECT position, seq, input, state, reason, before FROM job_items WHERE job_id = $1 AND state = $2 ORDER BY position");
    /// How an item ended. Once.
    SETTLE("UPDATE job_items SET state = $3, reason = $4, before = COALESCE($5, before) WHERE job_id = $1 AND state = 'queued' AND position" [in_ints "$2"]);
    /// How far it is.
    PROGRESS("SELECT state, COUNT(*) AS n FROM job_items WHERE job_id = $1 GROUP BY state");
    /// The end.
    FINISH("UPDATE jobs SET state = $2, finished_at = $3 WHERE id = $1 AND state = 'running'");
}

bulk! {
    /// Its items.
    ADD_ITEMS(job_items: job_id, position, seq, input, state, reason; "");
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Row.
    pub job_id: i64,
    /// What is done.
    pub action: Value,
    /// `running`, `succeeded`, `partial`, `failed`.
    pub state: String,
    /// Orders.
    pub total: i64,
    /// Who.
    pub by: By,
    /// Whose list it stands in.
    pub user_id: Option<i64>,
    /// What the person could do when it was asked for.
    pub rights: Value,
    /// It takes back what this job did.
    pub undo_of: Option<i64>,
    /// When.
    pub created_at: UtcMillis,
    /// End.
    pub finished_at: Option<UtcMillis>,
}

/// One order of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobItem {
    /// Place in the job, from 0.
    pub position: i64,
    /// Order.
    pub seq: OrderSeq,
    /// What differs from order to order.
    pub input: Option<Value>,
    /// `queued`, `done`, `refused`.
    pub state: String,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// What undo goes back to.
    pub before: Option<Value>,
}

/// A job that is to be begun.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What is done.
    pub action: Value,
    /// Orders, each with what differs.
    pub items: Vec<(OrderSeq, Option<Value>)>,
    /// Orders among them that are refused from the beginning, with reasons.
    pub refused: BTreeMap<OrderSeq, Reason>,
    /// Who.
    pub by: By,
    /// Whose list it stands in.
    pub user_id: Option<i64>,
    /// What the person can do.
    pub rights: Value,
    /// It takes back what this job did.
    pub undo_of: Option<i64>,
}

/// How one item ended.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Item.
    pub position: i64,
    /// `None`: done.
    pub reason: Option<Reason>,
    /// What undo goes back to.
    pub before: Option<Value>,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct JobProgress {
    /// To do.
    pub queued: i64,
    /// Done.
    pub done: i64,
    /// Refused, with reasons.
    pub refused: i64,
}

fn job(row: &Row) -> Result<Job, StoreError> {
    let id = row.get_i64("id")?;
    Ok(Job {
        job_id: id,
        action: row.get_json("action")?,
        state: row.get_str("state")?,
        total: row.get_i64("total")?,
        by: from_json("jobs", "requested_by", id, row.get_json("requested_by")?)?,
        user_id: row.get_opt_i64("user_id")?,
        rights: row.get_json("rights")?,
        undo_of: row.get_opt_i64("undo_of")?,
        created_at: UtcMillis(row.get_i64("created_at")?),
        finished_at: row.get_opt_i64("finished_at")?.map(UtcMillis),
    })
}

fn item(row: &Row) -> Result<JobItem, StoreError> {
    let position = row.get_i64("position")?;
    let reason = row.get_opt_json("reason")?.filter(|v| !v.is_null());
    Ok(JobItem {
        position,
        seq: OrderSeq(row.get_i64("seq")?),
        input: row.get_opt_json("input")?.filter(|v| !v.is_null()),
        state: row.get_str("state")?,
        reason: reason.map(|v| from_json("job_items", "reason", position, v)).transpose()?,
        before: row.get_opt_json("before")?.filter(|v| !v.is_null()),
    })
}

/// How items ended, as text: reason and what undo goes back to.
type Ending = (Option<String>, Option<String>);

/// Items that ended alike are written together.
pub(crate) async fn settle_in(tx: &mut Tx, id: i64, settled: &[Settled]) -> Result<(), StoreError> {
    let mut alike: BTreeMap<Ending, (&Settled, Vec<i64>)> = BTreeMap::new();
    for one in settled {
        let reason = one.reason.as_ref().map(|r| to_json(r).map(|v| v.to_string())).transpose()?;
        let key = (reason, one.before.as_ref().map(Value::to_string));
        alike.entry(key).or_insert_with(|| (one, Vec::new())).1.push(one.position);
    }
    for (one, positions) in alike.into_values() {
        let state = if one.reason.is_some() { "refused" } else { "done" };
        let reason = one.reason.as_ref().map(to_json).transpose()?;
        tx.exec(&SETTLE, args![id, positions, state, reason, one.before.clone()]).await?;
    }
    Ok(())
}

/// Holds a job for this transaction and reads its next items; `None`: nothing more happens to it.
pub(crate) async fn hold_in(tx: &mut Tx, id: i64, limit: i64) -> Result<Option<Vec<JobItem>>, StoreError> {
    if tx.fetch_optional(&HOLD, args![id]).await?.is_none() {
        return Ok(None);
    }
    tx.fetch_all(&QUEUED, args![id, limit]).await?.iter().map(item).collect::<Result<_, _>>().map(Some)
}

impl Ledger {
    /// Begins a job. Nothing of it is done yet.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_job(&self, new: &NewJob, now: UtcMillis) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = ids::take_one(&mut tx, Family::Job).await?;
        let total = i64::try_from(new.items.len()).unwrap_or(i64::MAX);
        let by = to_json(&new.by)?;
        tx.exec(&ADD, args![id, &new.action, total, by, new.user_id, &new.rights, new.undo_of, now.0])
            .await?;
        let row = |(position, (seq, input)): (i64, &(OrderSeq, Option<Value>))| {
            let reason = new.refused.get(seq).map(to_json).transpose()?;
            let state = if reason.is_some() { "refused" } else { "queued" };
            Ok::<_, StoreError>(args![id, position, seq.0, input.clone(), state, reason])
        };
        let rows = (0_i64..).zip(&new.items).map(row).collect::<Result<Vec<_>, _>>()?;
        if !rows.is_empty() {
            tx.bulk_insert(&ADD_ITEMS, rows).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// One job.
    ///
    /// # Errors
    /// As the database says.
    pub async fn job(&self, id: i64) -> Result<Option<Job>, StoreError> {
        self.db.fetch_optional(&GET, args![id]).await?.as_ref().map(job).transpose()
    }

    /// The newest jobs of a person.
    ///
    /// # Errors
    /// As the database says.
    pub async fn jobs_of(&self, user: i64, limit: i64) -> Result<Vec<Job>, StoreError> {
        self.db.fetch_all(&LIST, args![user, limit.clamp(1, 200)]).await?.iter().map(job).collect()
    }

    /// Of the newest jobs of everybody, those that failed as a whole or in part.
    ///
    /// # Errors
    /// As the database says.
    pub async fn failed_jobs(&self, limit: i64) -> Result<Vec<Job>, StoreError> {
        self.db.fetch_all(&FAILED, args![limit.clamp(1, 200)]).await?.iter().map(job).collect()
    }

    /// Jobs that are not at their end, for whoever goes on with them after a restart.
    ///
    /// # Errors
    /// As the database says.
    pub async fn running_jobs(&self) -> Result<Vec<Job>, StoreError> {
        self.db.fetch_all(&RUNNING, args![]).await?.iter().map(job).collect()
    }

    /// The next items to be worked.
    ///
    /// # Errors
    /// As the database says.
    pub async fn queued_items(&self, id: i64, limit: i64) -> Result<Vec<JobItem>, StoreError> {
        self.db.fetch_all(&QUEUED, args![id, limit]).await?.iter().map(item).collect()
    }

    /// Items as they stand, going on after a position (−1 = from the first).
    ///
    /// # Errors
    /// As the database says.
    pub async fn job_items(&self, id: i64, after: i64, limit: i64) -> Result<Vec<JobItem>, StoreError> {
        self.db.fetch_all(&ITEMS, args![id, after, limit]).await?.iter().map(item).collect()
    }

    /// Items of one state.
    ///
    /// # Errors
    /// As the database says.
    pub async fn job_items_in(&self, id: i64, state: &str) -> Result<Vec<JobItem>, StoreError> {
        self.db.fetch_all(&ITEMS_IN, args![id, state]).await?.iter().map(item).collect()
    }

    /// Writes down how items ended. Items that had an ending before keep it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn settle_items(&self, id: i64, settled: &[Settled]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        settle_in(&mut tx, id, settled).await?;
        tx.commit().await
    }

    /// How far a job is.
    ///
    /// # Errors
    /// As the database says.
    pub async fn job_progress(&self, id: i64) -> Result<JobProgress, StoreError> {
        let mut progress = JobProgress::default();
        for row in self.db.fetch_all(&PROGRESS, args![id]).await? {
            let n = row.get_i64("n")?;
            match row.get_str("state")?.as_str() {
                "queued" => progress.queued = n,
                "done" => progress.done = n,
                _ => progress.refused = n,
            }
        }
        Ok(progress)
    }

    /// The end of a job whose items all have theirs.
    ///
    /// # Errors
    /// As the database says.
    pub async fn finish_job(&self, id: i64, now: UtcMillis) -> Result<(), StoreError> {
        let progress = self.job_progress(id).await?;
        let state = match (progress.done, progress.refused) {
            _ if progress.queued > 0 => return Ok(()),
            (_, 0) => "succeeded",
            (0, _) => "failed",
            _ => "partial",
        };
        let mut tx = self.db.begin().await?;
        tx.exec(&FINISH, args![id, state, now.0]).await?;
        tx.commit().await
    }
}
