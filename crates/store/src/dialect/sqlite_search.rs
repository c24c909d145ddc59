//! Search in SQLite: one FTS5 table without content, walked newest first.
//!
//! A token is a word of eight letters, 40 bits of the hash.

use data_encoding::{Encoding, Specification};
use sqlx::SqlitePool;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::args;
use crate::db::{Db, Tx};
use crate::error::StoreError;
use crate::search::{Collector, Filter, TokenSet};
use crate::sql::{Arg, bulk, sql};

sql! {
    /// Take one order out.
    ERASE("DELETE FROM search_tokens WHERE " [sqlite "rowid"] [postgres "seq"] " = $1");
    /// Take all orders out.
    CLEAR([sqlite "INSERT INTO search_tokens (search_tokens) VALUES ('delete-all')"] [postgres "TRUNCATE search_tokens"]);
    /// Candidates, newest first. Shop and phase come along and are compared outside: so that a rare
    /// filter is no single long step that cannot be given up.
    WALK([sqlite "SELECT t.rowid AS seq, o.shop_id, o.phase FROM search_tokens t CROSS JOIN orders o ON o.seq = t.rowid \
                  WHERE t.search_tokens MATCH $1 AND t.rowid < $2 ORDER BY t.rowid DESC LIMIT $3"]);
    /// One step of merging; a negative number begins anew over all segments.
    MERGE([sqlite "INSERT INTO search_tokens (search_tokens, rank) VALUES ('merge', $1)"]);
    /// Tells whether a merge did anything.
    CHANGES([sqlite "SELECT total_changes() AS n"]);
    /// Empties the log, where old pages are.
    CHECKPOINT([sqlite "PRAGMA wal_checkpoint(TRUNCATE)"]);
}

bulk! {
    /// A plain INSERT of a known rowid would keep both sets of words.
    TOKENS(@or_replace search_tokens: rowid, tokens; "");
}

/// Pages merged in one step of [`scrub`]; a few milliseconds each.
const MERGE_PAGES: i64 = 64;

static BASE32: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    spec.encoding().ok()
});

/// The word of a token: its upper 40 bits.
fn word(token: u64) -> String {
    let bytes = token.to_be_bytes();
    let five = bytes.split_at(5).0;
    BASE32.as_ref().map(|b| b.encode(five)).unwrap_or_default()
}

fn words(tokens: &TokenSet, between: &str) -> String {
    let mut out = String::with_capacity(tokens.len() * (8 + between.len()));
    for (i, token) in tokens.0.iter().enumerate() {
        let _ = write!(out, "{}{}", if i == 0 { "" } else { between }, word(*token));
    }
    out
}

/// Writes tokens.
pub(crate) async fn insert(tx: &mut Tx, orders: &[&(i64, TokenSet)]) -> Result<(), StoreError> {
    tx.bulk_insert(&TOKENS, rows(orders)).await.map(drop)
}

/// Rows of [`TOKENS`].
pub(crate) fn rows(orders: &[&(i64, TokenSet)]) -> Vec<Vec<Arg>> {
    orders.iter().map(|(seq, tokens)| args![*seq, words(tokens, " ")]).collect()
}

/// Walks candidates and lets them be verified.
pub(crate) async fn walk(
    db: &Db,
    tokens: &TokenSet,
    filter: &Filter,
    out: &mut Collector<'_>,
) -> Result<(), StoreError> {
    let query = words(tokens, " AND ");
    let mut before = filter.before.unwrap_or(i64::MAX);
    let mut page = 64_i64;
    loop {
        let rows = db.fetch_all(&WALK, vec![Arg::from(query.as_str()), before.into(), page.into()]).await?;
        let mut candidates = Vec::with_capacity(rows.len());
        for row in &rows {
            let seq = row.get_i64("seq")?;
            before = seq;
            let shop_fits = match &filter.shops {
                Some(shops) => shops.contains(&row.get_i64("shop_id")?),
                None => true,
            };
            let phase_fits = match &filter.phases {
                Some(phases) => phases.contains(&row.get_str("phase")?),
                None => true,
            };
            if shop_fits && phase_fits {
                candidates.push(seq);
            }
        }
        let last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < page;
        if !out.take(&candidates).await? || last {
            return Ok(());
        }
        page = 256;
    }
}

/// Merges segments until nothing is left to merge, or the steps are used up; then empties the log.
pub(crate) async fn scrub(db: &Db, writer: &SqlitePool, steps: u32) -> Result<bool, StoreError> {
    let mut pages = -MERGE_PAGES;
    let mut done = false;
    for _ in 0..steps.max(1) {
        let mut tx = db.begin().await?;
        let before = tx.fetch_one(&CHANGES, args![]).await?.get_i64("n")?;
        tx.exec(&MERGE, args![pages]).await?;
        let after = tx.fetch_one(&CHANGES, args![]).await?.get_i64("n")?;
        tx.commit().await?;
        // FTS5's own rule: fewer than two changes means that there was nothing to merge.
        if after - before < 2 {
            done = true;
            break;
        }
        pages = MERGE_PAGES;
    }
    sqlx::query(CHECKPOINT.sqlite).execute(writer).await?;
    Ok(done)
}
