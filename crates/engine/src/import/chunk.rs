//! Orders that are fetched together: which come next, and where the cursor stands behind them.

use super::ImportState;
use super::cursor::Cursor;
use crate::lane::{Lane, LaneError, ShopContext};
use crate::requests::ImportCounts;
use domain::{MallOrderId, Reason, ShopId, UtcMillis, reason};
use mall_api::{Fetched, ListEntry, MallError, OrderSource};
use std::collections::{BTreeMap, HashSet};
use store::imports::{Aside, Note};
use store::orders::Page;

/// Tries of an order that is listed but not given, before it becomes 取込エラー.
const RETRIES: i64 = 3;

/// Orders that are fetched together.
pub(super) struct Chunk {
    /// Entries of the page it ends at.
    pub(super) end: usize,
    pub(super) ids: Vec<MallOrderId>,
    pub(super) fetched: Fetched,
    /// From `cursor.orders`, not from a list.
    pub(super) by_number: bool,
    /// Why the mall does not give the order of this chunk, when the question for it alone fails.
    pub(super) fails: Option<Reason>,
    /// Rows of files that could not be read, with what is set aside for them.
    pub(super) rows: Vec<(Note, Option<Aside>)>,
}

/// Orders that could not be asked for: the question failed as a whole.
pub(super) struct Failure {
    /// Why.
    pub(super) error: MallError,
    /// Where the chunk would have ended.
    pub(super) end: usize,
    pub(super) ids: Vec<MallOrderId>,
    pub(super) by_number: bool,
}

impl Failure {
    /// The question was for one order, and that order is what it fails of: it is set aside and the run goes on.
    pub(super) fn blame(self) -> Chunk {
        let fetched = Fetched { missing: self.ids.clone(), ..Fetched::default() };
        let fails = Some(reason::order_question_fails(&self.error.reason.ja));
        Chunk { end: self.end, ids: self.ids, fetched, by_number: self.by_number, fails, rows: Vec::new() }
    }
}

impl Chunk {
    /// Orders that did not come. A document without a number is one of the missing: it counts once.
    pub(super) fn failed(&self) -> u64 {
        let named = self.fetched.unreadable.iter().filter(|u| u.mall_order_id.is_some()).count();
        (named + self.fetched.missing.len()) as u64
    }

    /// Tells of rows that could not be read.
    pub(super) fn tell_rows(&self, page: &mut Page, counts: &mut ImportCounts) {
        counts.listed += self.rows.len() as u64;
        counts.failed += self.rows.len() as u64;
        page.notes.extend(self.rows.iter().map(|(note, _)| note.clone()));
        page.aside.extend(self.rows.iter().filter_map(|(_, aside)| aside.clone()));
    }
}

pub(super) fn newest_of(fetched: &Fetched) -> Option<UtcMillis> {
    fetched.orders.iter().map(|o| o.snapshot.ordered_at).max()
}

/// Fetches the orders that come next: by number first, then from the list page, from entry `from` on (0 = where the
/// cursor stands).
pub(super) async fn next_chunk(
    lane: &Lane,
    source: &dyn OrderSource,
    session: &mall_api::Session<'_>,
    context: &ShopContext,
    state: &ImportState,
    from: usize,
) -> Result<Result<Chunk, Failure>, LaneError> {
    let limit = state.narrow.limit(source.fetch_limit().max(1));
    if from == 0 && !state.cursor.orders.is_empty() {
        let ids: Vec<MallOrderId> = state.cursor.orders.iter().take(limit).cloned().collect();
        let end = ids.len();
        return Ok(match source.fetch(session, &ids).await {
            Ok(fetched) => Ok(Chunk { end, ids, fetched, by_number: true, fails: None, rows: Vec::new() }),
            Err(error) => Err(Failure { error, end, ids, by_number: true }),
        });
    }
    let start = from.max(state.cursor.done);
    let entries = state.page.as_ref().map_or(&[][..], |p| p.entries.get(start..).unwrap_or_default());
    let (taken, end) = take_entries(entries, start, limit, &state.met);
    let known = revisions(lane, context.shop.shop_id, &taken).await?;
    let ids: Vec<MallOrderId> = taken.iter().map(|e| e.mall_order_id.clone()).collect();
    let mut fetched = Fetched::default();
    if from == 0 {
        // What the list itself could not read goes with the first orders of its page.
        fetched.unreadable = state.page.as_ref().map(|p| p.unreadable.clone()).unwrap_or_default();
    }
    let mut ask = Vec::new();
    for entry in &taken {
        let same = !state.options.overwrite
            && entry.revision.is_some()
            && known.get(&entry.mall_order_id) == Some(&entry.revision);
        match &entry.order {
            _ if same => {}
            Some(order) => fetched.orders.push((**order).clone()),
            None => ask.push(entry.mall_order_id.clone()),
        }
    }
    if !ask.is_empty() {
        match source.fetch(session, &ask).await {
            Ok(answer) => {
                fetched.orders.extend(answer.orders);
                fetched.unreadable.extend(answer.unreadable);
                fetched.missing = answer.missing;
                fetched.learnt = answer.learnt;
            }
            Err(error) => return Ok(Err(Failure { error, end, ids, by_number: false })),
        }
    }
    Ok(Ok(Chunk { end, ids, fetched, by_number: false, fails: None, rows: Vec::new() }))
}

/// Orders stored together at most, where the list already holds them.
const TOGETHER: usize = 100;

/// Entries of the page that were not met yet, with at most `limit` that must be asked for; and the entry the chunk ends
/// at.
fn take_entries<'a>(
    entries: &'a [ListEntry],
    start: usize,
    limit: usize,
    met: &HashSet<MallOrderId>,
) -> (Vec<&'a ListEntry>, usize) {
    let mut taken: Vec<&ListEntry> = Vec::new();
    let (mut end, mut asked) = (start, 0);
    for entry in entries {
        let asks = usize::from(entry.order.is_none());
        if taken.len() == TOGETHER || asked + asks > limit {
            break;
        }
        end += 1;
        let twice = taken.iter().any(|t| t.mall_order_id == entry.mall_order_id);
        if !met.contains(&entry.mall_order_id) && !twice {
            taken.push(entry);
            asked += asks;
        }
    }
    (taken, end)
}

/// The mall's versions of orders the ledger has, for malls whose list tells them.
async fn revisions(
    lane: &Lane,
    shop: ShopId,
    entries: &[&ListEntry],
) -> Result<BTreeMap<MallOrderId, Option<String>>, LaneError> {
    let told: Vec<MallOrderId> =
        entries.iter().filter(|e| e.revision.is_some()).map(|e| e.mall_order_id.clone()).collect();
    let known = lane.hub.ledger.existing_orders(shop, &told).await?;
    Ok(known.into_iter().map(|(id, existing)| (id, existing.revision)).collect())
}

/// What could not be read goes to 取込エラー at once; what was not given is asked for again in the next runs first.
pub(super) fn set_aside(page: &mut Page, chunk: &Chunk) {
    let fetched = &chunk.fetched;
    let mut aside = |mall_order_id: MallOrderId, raw: Option<Vec<u8>>, reason: Reason, retries: i64| {
        page.notes.push(Note {
            mall_order_id: mall_order_id.clone(),
            kind: "failed".to_owned(),
            reason: reason.clone(),
        });
        page.aside.push(Aside { mall_order_id, raw, reason, retries });
    };
    // One document without a number and one order that did not come: they are the same.
    let mut nameless = fetched.unreadable.iter().filter(|u| u.mall_order_id.is_none());
    if let ([missing], Some(document), None) = (&fetched.missing[..], nameless.next(), nameless.next()) {
        let reason = reason::order_unreadable(&document.what);
        aside(missing.clone(), Some(document.raw.to_vec()), reason, RETRIES);
        for unreadable in &fetched.unreadable {
            if let Some(id) = &unreadable.mall_order_id {
                let reason = reason::order_unreadable(&unreadable.what);
                aside(id.clone(), Some(unreadable.raw.to_vec()), reason, 0);
            }
        }
        return;
    }
    for unreadable in &fetched.unreadable {
        // Without a number the document itself is the key, so that meeting it again does not pile up.
        let id = unreadable
            .mall_order_id
            .clone()
            .unwrap_or_else(|| MallOrderId(format!("?{:016x}", fingerprint(&unreadable.raw))));
        aside(id, Some(unreadable.raw.to_vec()), reason::order_unreadable(&unreadable.what), 0);
    }
    for id in &fetched.missing {
        let reason = chunk.fails.clone().unwrap_or_else(reason::order_not_given);
        aside(id.clone(), None, reason, RETRIES);
    }
}

/// FNV-1a: only tells documents apart, protects nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Moves the cursor behind a chunk.
pub(super) fn advance(source: &dyn OrderSource, state: &ImportState, chunk: &Chunk, cursor: &mut Cursor) {
    if chunk.by_number {
        cursor.orders.drain(..chunk.end.min(cursor.orders.len()));
        return;
    }
    let Some((page, window)) = state.page.as_ref().zip(cursor.windows.get(cursor.window).cloned()) else {
        cursor.end_walk();
        return;
    };
    cursor.done = chunk.end;
    if chunk.end < page.entries.len() {
        cursor.met.extend(chunk.ids.iter().cloned());
        return;
    }
    // The next page or window begins with the orders of this one's last second.
    cursor.met = chunk.ids.iter().cloned().collect();
    let newest = state.newest.max(newest_of(&chunk.fetched));
    match source.next_page(&window, cursor.page.as_ref(), page, newest) {
        Some(token) => {
            cursor.shifting |= token.shifting;
            cursor.page = Some(token);
            cursor.done = 0;
        }
        None => cursor.end_walk(),
    }
}
