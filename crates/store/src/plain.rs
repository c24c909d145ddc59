//! For `choba bench`: the rows that imports wrote, taken out as they stand and written again without any logic. That
//! is the limit an import is measured against: same tables, same rows, same bytes, one transaction a page.

use crate::dialect::{postgres_search, sqlite_search};
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::orders::Head;
use crate::search::TokenSet;
use crate::sql::{Arg, sql};
use crate::{Bulk, Db, Kind, Row, args};

sql! {
    /// Which orders there are.
    SEQS("SELECT seq FROM orders ORDER BY seq");
    /// Rows of one page, table by table.
    ORDERS("SELECT * FROM orders WHERE seq BETWEEN $1 AND $2 ORDER BY seq");
    /// Rows of one page.
    LINES("SELECT * FROM order_lines WHERE seq BETWEEN $1 AND $2 ORDER BY seq, position");
    /// Rows of one page.
    RECIPIENTS("SELECT * FROM recipients WHERE seq BETWEEN $1 AND $2 ORDER BY seq, position");
    /// Rows of one page.
    KEYS("SELECT * FROM order_keys WHERE seq BETWEEN $1 AND $2 ORDER BY seq");
    /// Rows of one page.
    SEALED("SELECT * FROM order_sealed WHERE seq BETWEEN $1 AND $2 ORDER BY seq");
    /// Rows of one page.
    HEADS("SELECT * FROM sealed_head WHERE seq BETWEEN $1 AND $2 ORDER BY seq");
    /// Rows of one page.
    HISTORY("SELECT * FROM history WHERE seq BETWEEN $1 AND $2 ORDER BY id");
    /// Size of the search index, bytes.
    INDEX_BYTES([sqlite "SELECT SUM(LENGTH(block)) AS bytes FROM search_tokens_data"]
                [postgres "SELECT CAST(pg_total_relation_size('search_tokens') AS BIGINT) AS bytes"]);
    /// Size of the database, bytes.
    DATABASE_BYTES([sqlite "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"]
                   [postgres "SELECT CAST(pg_database_size(current_database()) AS BIGINT) AS bytes"]);
    /// Planner statistics and pages' visibility, which PostgreSQL otherwise makes within the next minutes.
    ANALYZE([sqlite "PRAGMA optimize"] [postgres "ANALYZE"]);
}

/// Everything that one page of new orders wrote.
#[derive(Clone)]
pub struct PlainPage {
    tables: Vec<(Bulk, Vec<Vec<Arg>>)>,
    tokens: Option<Vec<Arg>>,
    orders: usize,
}

const BYTES: [&str; 4] = ["wrapped_key", "snapshot", "raw", "head"];
const BOOLS: [&str; 4] = ["provisional", "confirming", "remote_island", "address_awaited"];
const JSONS: [&str; 3] = ["hold", "actor", "event"];
const INTS: [&str; 19] = [
    "seq",
    "shop_id",
    "version",
    "parent_seq",
    "flags",
    "total",
    "ordered_at",
    "created_at",
    "updated_at",
    "seen_at",
    "position",
    "quantity",
    "cancelled_quantity",
    "unit_price",
    "tax_rate_bp",
    "mapping_version",
    "at",
    "run_id",
    "delta",
];

fn value(row: &Row, column: &str) -> Result<Arg, StoreError> {
    Ok(match column {
        c if BYTES.contains(&c) => Arg::Bytes(row.get_opt_bytes(c)?),
        c if BOOLS.contains(&c) => Arg::Bool(row.get_opt_bool(c)?),
        c if JSONS.contains(&c) => Arg::Json(row.get_opt_json(c)?),
        c if INTS.contains(&c) => Arg::I64(row.get_opt_i64(c)?),
        c => Arg::Text(row.get_opt_str(c)?),
    })
}

impl Ledger {
    /// The rows of all orders, in pages of `size`. Only of a ledger that an import has just filled.
    ///
    /// # Errors
    /// As the database says.
    pub async fn plain_pages(&self, size: usize) -> Result<Vec<PlainPage>, StoreError> {
        let rows = self.db.fetch_all(&SEQS, args![]).await?;
        let seqs = rows.iter().map(|r| r.get_i64("seq")).collect::<Result<Vec<_>, _>>()?;
        let mut pages = Vec::new();
        for part in seqs.chunks(size.max(1)) {
            pages.push(self.plain_page(part).await?);
        }
        Ok(pages)
    }

    async fn plain_page(&self, seqs: &[i64]) -> Result<PlainPage, StoreError> {
        let (Some(first), Some(last)) = (seqs.first(), seqs.last()) else {
            return Ok(PlainPage { tables: Vec::new(), tokens: None, orders: 0 });
        };
        let texts = [&ORDERS, &LINES, &RECIPIENTS, &KEYS, &SEALED, &HEADS, &HISTORY];
        let bulks = crate::orders::bulks().into_iter().chain(crate::history::BULKS.iter().copied());
        let mut tables = Vec::new();
        for (text, bulk) in texts.into_iter().zip(bulks) {
            let rows = self.db.fetch_all(text, args![*first, *last]).await?;
            let rows: Result<Vec<Vec<Arg>>, StoreError> =
                rows.iter().map(|row| bulk.columns.iter().map(|c| value(row, c)).collect()).collect();
            tables.push((bulk, rows?));
        }
        // What the index holds of them cannot be read out of it; it is made again.
        let heads = self.open_heads(&self.db, seqs).await?;
        let tokens: Vec<(i64, TokenSet)> =
            heads.iter().map(|(seq, head)| (*seq, self.tokens_of(head))).collect();
        let tokens: Vec<&(i64, TokenSet)> = tokens.iter().collect();
        let tokens = match self.db.kind() {
            Kind::Sqlite => {
                tables.push((sqlite_search::TOKENS, sqlite_search::rows(&tokens)));
                None
            }
            Kind::Postgres => Some(postgres_search::args(&self.index.key, &tokens)),
        };
        Ok(PlainPage { tables, tokens, orders: seqs.len() })
    }

    fn tokens_of(&self, head: &Head) -> TokenSet {
        head.with_fields(|f| self.index.tokens(f))
    }
}

impl PlainPage {
    /// How many orders it holds.
    #[must_use]
    pub const fn orders(&self) -> usize {
        self.orders
    }

    /// Writes the rows in one transaction.
    ///
    /// # Errors
    /// As the database says.
    pub async fn write(self, db: &Db) -> Result<(), StoreError> {
        let mut tx = db.begin().await?;
        for (bulk, rows) in self.tables {
            if !rows.is_empty() {
                tx.bulk_insert(&bulk, rows).await?;
            }
        }
        if let Some(args) = self.tokens {
            tx.exec(&postgres_search::INSERT, args).await?;
        }
        tx.commit().await
    }
}

/// What writing search tokens costs: see [`Ledger::write_tokens`].
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenCost {
    /// Tokens of all orders.
    pub tokens: u64,
    /// Bytes of the index.
    pub bytes: i64,
}

impl Ledger {
    /// Writes only the search tokens of orders that need not exist, in pages of 100, numbered from 1. Without
    /// `first_letters` the tokens for needles of one letter are left out.
    ///
    /// # Errors
    /// As the database says.
    pub async fn write_tokens(&self, heads: &[Head], first_letters: bool) -> Result<TokenCost, StoreError> {
        let mut cost = TokenCost::default();
        let mut seq = 0;
        for page in heads.chunks(100) {
            let mut rows = Vec::with_capacity(page.len());
            for head in page {
                seq += 1;
                let mut tokens = self.tokens_of(head);
                if !first_letters {
                    head.with_fields(|f| tokens.drop_first_letters(&self.index.key, f));
                }
                cost.tokens += u64::try_from(tokens.len()).unwrap_or(0);
                rows.push((seq, tokens));
            }
            let mut tx = self.db.begin().await?;
            self.index.insert(&mut tx, &rows).await?;
            tx.commit().await?;
        }
        cost.bytes = bytes(&self.db, &INDEX_BYTES).await?;
        Ok(cost)
    }

    /// Bytes of the whole database.
    ///
    /// # Errors
    /// As the database says.
    pub async fn database_bytes(&self) -> Result<i64, StoreError> {
        bytes(&self.db, &DATABASE_BYTES).await
    }

    /// Gives the planner its statistics now.
    ///
    /// # Errors
    /// As the database says.
    pub async fn analyze(&self) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.exec(&ANALYZE, args![]).await?;
        tx.commit().await
    }
}

async fn bytes(db: &Db, text: &crate::Sql) -> Result<i64, StoreError> {
    Ok(db.fetch_one(text, args![]).await?.get_opt_i64("bytes")?.unwrap_or(0))
}
