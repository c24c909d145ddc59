//! Search in PostgreSQL: one array of hashes a row, a GIN index, buckets of 65,536 orders.
//!
//! A token is `bucket << 32 | 32 bits`; the bucket is hashed in too, so that equal names in two
//! buckets are not equal numbers to a thief of the database.

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Row as _, query_with};

use crate::db::Tx;
use crate::error::StoreError;
use crate::search::{Collector, Filter, SearchKey, TokenSet, first_u64};
use crate::sql::{Arg, sql};

const BUCKET_BITS: u32 = 16;
/// Rounds of candidates: few at first, because mostly the first page is enough.
const FIRST_ROUND: i64 = 64;
const NEXT_ROUND: i64 = 256;

sql! {
    /// Tokens of many orders; $1 and $2 are parallel.
    INSERT([postgres "INSERT INTO search_tokens (seq, tokens) SELECT s, array_agg(h) \
                      FROM unnest($1::bigint[], $2::bigint[]) u(h, s) GROUP BY s \
                      ON CONFLICT (seq) DO UPDATE SET tokens = EXCLUDED.tokens"]);
    /// Where the index begins and ends.
    SPAN([postgres "SELECT min(seq) AS oldest, max(seq) AS newest FROM search_tokens"]);
    /// Candidates of one window of buckets, newest first: $2 holds $3 tokens for each of $4 buckets.
    /// `seq + 0` keeps the planner from walking the primary key; OFFSET 0 keeps the nested loop, and
    /// with it the order, which is checked by the caller because SQL does not promise it.
    WALK([postgres "SELECT c.seq FROM ( \
                      SELECT a.seq FROM generate_series(0, CAST($4 AS INT) - 1) i CROSS JOIN LATERAL ( \
                        SELECT t.seq FROM search_tokens t \
                         WHERE t.tokens @> ($2::bigint[])[i * CAST($3 AS INT) + 1 : (i + 1) * CAST($3 AS INT)] \
                           AND t.seq + 0 < $1 ORDER BY t.seq + 0 DESC) a) c \
                    CROSS JOIN LATERAL ( \
                      SELECT 1 FROM orders o WHERE o.seq = c.seq \
                         AND ($6::bigint[] IS NULL OR o.shop_id = ANY($6::bigint[])) \
                         AND ($7::text[] IS NULL OR o.phase = ANY($7::text[])) OFFSET 0) f \
                    LIMIT $5"]);
    /// Old versions of erased rows.
    VACUUM([postgres "VACUUM search_tokens"]);
}

/// Which bucket an order is in.
const fn bucket_of(seq: i64) -> i64 {
    seq >> BUCKET_BITS
}

/// A token as it is stored in one bucket.
#[expect(clippy::cast_possible_wrap, reason = "32 bits of a hash: any number will do")]
fn stored(key: &SearchKey, bucket: i64, token: u64) -> i64 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(bucket.to_be_bytes().into_iter().chain(token.to_be_bytes())) {
        *to = from;
    }
    let low = first_u64(&blake3::keyed_hash(&key.0, &bytes)) >> 32;
    (bucket << 32) | low as i64
}

/// Writes tokens.
pub(crate) async fn insert(
    tx: &mut Tx,
    key: &SearchKey,
    orders: &[&(i64, TokenSet)],
) -> Result<(), StoreError> {
    tx.exec(&INSERT, args(key, orders)).await.map(drop)
}

/// Arguments of [`INSERT`].
pub(crate) fn args(key: &SearchKey, orders: &[&(i64, TokenSet)]) -> Vec<Arg> {
    let mut hashes = Vec::new();
    let mut seqs = Vec::new();
    for (seq, tokens) in orders {
        for token in &tokens.0 {
            hashes.push(stored(key, bucket_of(*seq), *token));
            seqs.push(*seq);
        }
    }
    crate::args![hashes, seqs]
}

/// Walks windows of 1, 4, 16 … buckets from the newest, and lets candidates be verified.
pub(crate) async fn walk(
    pool: &PgPool,
    key: &SearchKey,
    tokens: &TokenSet,
    filter: &Filter,
    out: &mut Collector<'_>,
) -> Result<(), StoreError> {
    let span = sqlx::query(SPAN.postgres).fetch_one(pool).await?;
    let (Some(oldest), Some(newest)) =
        (span.try_get::<Option<i64>, _>("oldest")?, span.try_get::<Option<i64>, _>("newest")?)
    else {
        return Ok(());
    };
    let mut before = filter.before.unwrap_or(i64::MAX);
    let mut top = bucket_of(newest.min(before.saturating_sub(1)));
    let oldest = bucket_of(oldest);
    let mut width = 1;
    let mut round = FIRST_ROUND;
    while top >= oldest {
        let bottom = oldest.max(top - width + 1);
        let buckets: Vec<i64> = (bottom..=top).rev().collect();
        let wanted: Vec<i64> = buckets
            .iter()
            .flat_map(|bucket| tokens.0.iter().map(|token| stored(key, *bucket, *token)))
            .collect();
        loop {
            let mut args = sqlx::postgres::PgArguments::default();
            {
                use sqlx::Arguments as _;
                let each = i64::try_from(tokens.len()).unwrap_or(i64::MAX);
                let many = i64::try_from(buckets.len()).unwrap_or(i64::MAX);
                args.add(before)
                    .and_then(|()| args.add(&wanted))
                    .and_then(|()| args.add(each))
                    .and_then(|()| args.add(many))
                    .and_then(|()| args.add(round))
                    .and_then(|()| args.add(&filter.shops))
                    .and_then(|()| args.add(&filter.phases))
                    .map_err(|e| StoreError::Other(e.to_string()))?;
            }
            let rows: Vec<PgRow> = query_with(WALK.postgres, args).fetch_all(pool).await?;
            let mut candidates = Vec::with_capacity(rows.len());
            for row in &rows {
                let seq: i64 = row.try_get("seq")?;
                if seq >= before {
                    return Err(StoreError::other("search candidates came out of order"));
                }
                before = seq;
                candidates.push(seq);
            }
            let last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < round;
            if !out.take(&candidates).await? {
                return Ok(());
            }
            round = NEXT_ROUND;
            if last {
                break;
            }
        }
        top = bottom - 1;
        width = (width * 4).min(64);
    }
    Ok(())
}

/// Lets erased rows leave the table and the index.
pub(crate) async fn scrub(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query(VACUUM.postgres).execute(pool).await?;
    Ok(())
}
