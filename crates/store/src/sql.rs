//! SQL texts and their arguments.
//!
//! A text is written once, as a constant, with `$n`; the few places where the databases differ are
//! pieces inside the text. Every text is in its module's `ALL` list, so that a test can prepare each
//! of them on both databases. This module knows nothing about tables.

/// One SQL text, in the wording of each database.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    /// Module and constant, for error messages and the catalogue.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
}

/// Many rows into one table with one statement: see [`crate::Tx::bulk_insert`].
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    /// Module and constant, for error messages and the catalogue.
    pub name: &'static str,
    /// `INSERT`, or `INSERT OR REPLACE` where only SQLite is meant.
    pub verb: &'static str,
    /// The table.
    pub table: &'static str,
    /// The columns, in the order of each row's values.
    pub columns: &'static [&'static str],
    /// What follows the values: `""` or `ON CONFLICT …`, the same text for both databases.
    pub conflict: &'static str,
}

/// Defines SQL texts as constants and `ALL`, the list of them. Once per module.
///
/// A text is one or more pieces in brackets, joined as they stand: `"…"` for both databases ·
/// `[in_ints "$3"]` / `[in_texts "$3"]` for ` IN (the list bound as $3)` (bind `Vec<i64>` /
/// `Vec<String>`) · `[sqlite "…"]` and `[postgres "…"]` for one database only · `[text name]` for a text that several share
/// (`name!()` gives it).
///
/// ```ignore
/// sql! {
///     /// Orders of some shops.
///     LIST("SELECT seq FROM orders WHERE shop_id" [in_ints "$1"] " ORDER BY seq" [postgres " FOR UPDATE SKIP LOCKED"]);
/// }
/// ```
macro_rules! sql {
    ($( $(#[$meta:meta])* $name:ident( $($piece:tt)+ ); )+) => {
        $(
            $(#[$meta])*
            pub(crate) const $name: $crate::sql::Sql = $crate::sql::Sql {
                name: concat!(module_path!(), "::", stringify!($name)),
                sqlite: concat!($($crate::sql::piece!(sqlite $piece)),+),
                postgres: concat!($($crate::sql::piece!(postgres $piece)),+),
            };
        )+
        /// Every SQL text of this module.
        pub(crate) const ALL: &[$crate::sql::Sql] = &[$($name),+];
    };
}

/// One piece of a text in the wording of one database.
macro_rules! piece {
    (sqlite [in_ints $n:literal]) => {
        concat!(" IN (SELECT value FROM json_each(", $n, "))")
    };
    (sqlite [in_texts $n:literal]) => {
        concat!(" IN (SELECT value FROM json_each(", $n, "))")
    };
    (postgres [in_ints $n:literal]) => {
        concat!(" = ANY(CAST(", $n, " AS BIGINT[]))")
    };
    (postgres [in_texts $n:literal]) => {
        concat!(" = ANY(CAST(", $n, " AS TEXT[]))")
    };
    (sqlite [sqlite $text:literal]) => {
        $text
    };
    (postgres [sqlite $text:literal]) => {
        ""
    };
    (sqlite [postgres $text:literal]) => {
        ""
    };
    (postgres [postgres $text:literal]) => {
        $text
    };
    ($db:ident [text $shared:ident]) => {
        $shared!()
    };
    ($db:ident $text:literal) => {
        $text
    };
}

/// Defines bulk inserts as constants and `BULKS`, the list of them. Once per module.
///
/// ```ignore
/// bulk! {
///     /// New orders; one that is already there is left alone.
///     ORDERS(orders: seq, shop_id, phase; "ON CONFLICT (seq) DO NOTHING");
/// }
/// ```
macro_rules! bulk {
    (@verb or_replace) => { "INSERT OR REPLACE" };
    (@verb) => { "INSERT" };
    ($( $(#[$meta:meta])* $name:ident($(@$verb:ident)? $table:ident: $($column:ident),+; $conflict:literal); )+) => {
        $(
            $(#[$meta])*
            pub(crate) const $name: $crate::sql::Bulk = $crate::sql::Bulk {
                verb: $crate::sql::bulk!(@verb $($verb)?),
                name: concat!(module_path!(), "::", stringify!($name)),
                table: stringify!($table),
                columns: &[$(stringify!($column)),+],
                conflict: $conflict,
            };
        )+
        /// Every bulk insert of this module.
        pub(crate) const BULKS: &[$crate::sql::Bulk] = &[$($name),+];
    };
}

pub(crate) use {bulk, piece, sql};

/// One argument of a SQL text. Typed even when empty, because PostgreSQL wants the type of a NULL.
#[derive(Clone)]
#[non_exhaustive]
pub enum Arg {
    /// BIGINT; also times, as milliseconds UTC.
    I64(Option<i64>),
    /// TEXT.
    Text(Option<String>),
    /// BLOB / BYTEA.
    Bytes(Option<Vec<u8>>),
    /// BOOLEAN.
    Bool(Option<bool>),
    /// JSONB (text on SQLite).
    Json(Option<serde_json::Value>),
    /// A list for `[in_ints "$n"]`.
    Ints(Vec<i64>),
    /// A list for `[in_texts "$n"]`.
    Texts(Vec<String>),
}

impl Arg {
    /// The kind of value, for messages: values may be a buyer's and are never shown.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::I64(_) => "bigint",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytea",
            Self::Bool(_) => "boolean",
            Self::Json(_) => "jsonb",
            Self::Ints(_) => "bigint[]",
            Self::Texts(_) => "text[]",
        }
    }
}

impl std::fmt::Debug for Arg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

macro_rules! arg_from {
    ($($from:ty, $value:ident => $variant:ident $to:expr;)+) => {$(
        impl From<$from> for Arg {
            fn from($value: $from) -> Self { Self::$variant(Some($to)) }
        }
        impl From<Option<$from>> for Arg {
            fn from(value: Option<$from>) -> Self { Self::$variant(value.map(|$value| $to)) }
        }
    )+};
}

arg_from! {
    i64, v => I64 v;
    i32, v => I64 i64::from(v);
    u32, v => I64 i64::from(v);
    String, v => Text v;
    &str, v => Text v.to_owned();
    &String, v => Text v.clone();
    Vec<u8>, v => Bytes v;
    &[u8], v => Bytes v.to_vec();
    &Vec<u8>, v => Bytes v.clone();
    bool, v => Bool v;
    serde_json::Value, v => Json v;
    &serde_json::Value, v => Json v.clone();
}

impl From<Vec<i64>> for Arg {
    fn from(value: Vec<i64>) -> Self {
        Self::Ints(value)
    }
}

impl From<Vec<String>> for Arg {
    fn from(value: Vec<String>) -> Self {
        Self::Texts(value)
    }
}

/// The arguments of one SQL text: `args![seq, phase, None::<String>]`.
#[macro_export]
macro_rules! args {
    () => { ::std::vec::Vec::<$crate::Arg>::new() };
    ($($value:expr),+ $(,)?) => { ::std::vec![$($crate::Arg::from($value)),+] };
}
