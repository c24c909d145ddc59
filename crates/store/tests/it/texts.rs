//! Every SQL text is understood by the database it is for.

use store::Kind;
use testkit::contract;

use crate::searching::make_orders;

contract!(every_text_prepares, |db| {
    make_orders(db).await;
    let all = store::catalogue();
    assert!(all.len() > 10);
    for sql in &all {
        let text = if db.kind() == Kind::Sqlite { sql.sqlite } else { sql.postgres };
        if !text.is_empty() {
            db.prepare(sql).await.unwrap_or_else(|e| panic!("{}: {e}", sql.name));
        }
    }
});

contract!(every_bulk_insert_names_columns_that_exist, |db| {
    for bulk in store::bulk_catalogue() {
        if bulk.verb == "INSERT" || db.kind() == Kind::Sqlite {
            db.prepare_bulk(&bulk).await.unwrap_or_else(|e| panic!("{}: {e}", bulk.name));
        }
    }
});
