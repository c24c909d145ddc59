//! The plain loop: fetches the same pages over the same HTTP, reads them as JSON of no type, and writes the rows an
//! import of ours wrote, one transaction a page. It decides, maps, seals, indexes and remembers nothing.

use super::mall::{Client, PAGE};
use anyhow::ensure;
use serde_json::Value;
use store::Db;
use store::plain::PlainPage;

/// Fetches and, with pages, writes.
///
/// # Errors
/// Mall or database do not answer.
pub async fn run(client: &Client, write: Option<(&Db, Vec<PlainPage>)>) -> anyhow::Result<usize> {
    let (db, pages) = match write {
        Some((db, pages)) => (Some(db), pages),
        None => (None, Vec::new()),
    };
    let mut pages = pages.into_iter();
    let mut orders = 0;
    for page in 1.. {
        let numbers = client.numbers(page).await?;
        if numbers.is_empty() {
            break;
        }
        for part in numbers.chunks(PAGE) {
            let body = client.details(part).await?;
            let answer: Value = serde_json::from_slice(&body)?;
            let got = answer.get("OrderModelList").and_then(Value::as_array).map_or(0, Vec::len);
            ensure!(got == part.len(), "the mall gave {got} of {} orders", part.len());
            orders += got;
            if let (Some(db), Some(page)) = (db, pages.next()) {
                page.write(db).await?;
            }
        }
        if numbers.len() < super::mall::LIST {
            break;
        }
    }
    ensure!(pages.next().is_none(), "fewer pages were fetched than written");
    Ok(orders)
}

/// Writes only.
///
/// # Errors
/// The database does not answer.
pub async fn write_only(db: &Db, pages: Vec<PlainPage>) -> anyhow::Result<()> {
    for page in pages {
        page.write(db).await?;
    }
    Ok(())
}
