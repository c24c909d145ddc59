//! What the token for needles of one letter costs: tokens, bytes and time an order, with and without it.

use super::figure::{Goal, Report};
use super::house::{database, ring};
use super::people::{Person, people_of};
use super::timer::{Timer, Took};
use mall_api::Clock as _;
use mall_api::clock::SystemClock;
use store::Ledger;
use store::orders::Head;
use store::plain::TokenCost;

fn head(order: u64) -> Head {
    let (buyer, other) = people_of(order);
    let mut head = Head::default();
    let mut add = |person: &Person| {
        head.names.push(format!("{} {}", person.family, person.given));
        head.names.push(format!("{} {}", person.family_kana, person.given_kana));
        head.phones.push(person.phone.clone());
    };
    add(&buyer);
    other.iter().for_each(add);
    head.mails.push(buyer.mail);
    head
}

/// Measures it.
///
/// # Errors
/// As the database says.
pub async fn run(report: &mut Report, orders: usize, which: &str) -> anyhow::Result<()> {
    let heads: Vec<Head> = (0..u64::try_from(orders)?).map(head).collect();
    // Once unmeasured, for caches and allocator.
    write(heads.get(..5_000).unwrap_or(&heads), which, true).await?;
    let (without, slim) = write(&heads, which, false).await?;
    let (with, full) = write(&heads, which, true).await?;
    #[expect(clippy::cast_precision_loss, reason = "thousands of orders")]
    let each = {
        let n = orders as f64;
        move |value: f64| value / n
    };
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    let rows = [
        ("search tokens", "tokens/order", full.tokens as f64, slim.tokens as f64),
        ("search index", "bytes/order", full.bytes as f64, slim.bytes as f64),
        ("writing it, CPU of this process", "µs/order", with.cpu * 1e6, without.cpu * 1e6),
        ("writing it, elapsed", "µs/order", with.wall * 1e6, without.wall * 1e6),
    ];
    for (what, unit, ours, theirs) in rows {
        let against = ("without first letters", each(theirs));
        report.figure(what, unit, each(ours), against, Goal::None);
    }
    Ok(())
}

async fn write(heads: &[Head], which: &str, first_letters: bool) -> anyhow::Result<(Took, TokenCost)> {
    let db = database(which).await?;
    let now = SystemClock::default().now();
    let ledger = Ledger::with_db((*db).clone(), ring(), now).await?;
    let timer = Timer::start();
    let cost = ledger.write_tokens(heads, first_letters).await?;
    let took = timer.took();
    ledger.close().await;
    db.remove().await?;
    Ok((took, cost))
}
