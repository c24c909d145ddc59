//! Bringing orders in: one page a turn, page and cursor in one transaction.
//!
//! While a page is being stored the next one is already being fetched. Everything in memory here may be lost at
//! any moment: the cursor in the run's row is the truth, and meeting an order twice changes nothing.

mod blame;
mod chunk;
mod cursor;
mod decide;
mod files;
mod narrow;
mod takeover;

pub(crate) use takeover::take_over;

use crate::lane::{Lane, LaneError, ShopContext, in_turn};
use crate::looks::{AUTO, HINT, SECOND_LOOK};
use crate::requests::{ImportCounts, ImportRequest};
use chunk::{Chunk, advance, newest_of, next_chunk, set_aside};
use cursor::Cursor;
use decide::{Policy, Verdict};
use domain::snapshot::Fulfillment;
use domain::{MallOrderId, Reason, RequestId, RunId, UtcMillis, reason};
use mall_api::files::FileReading;
use mall_api::{ListPage, Look, MallError, MallErrorKind, OrderSource, Period};
use narrow::Narrow;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::imports::{NewRun, Note, Progress, RunRow};
use store::orders::{Existing, Page};
use store::{Shop, StoreError};

/// Pages that meet somebody else's change begin again, at most so often.
const PAGE_TRIES: u32 = 5;
/// Numbers of an earlier failure asked for again in one run.
const RETRY_LIMIT: i64 = 200;

/// Orders older than the window that are still open at the mall, asked for again in one run.
const REREAD_LIMIT: i64 = 5_000;

/// What a run was asked to do, as stored with it.
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
#[serde(default)]
struct Options {
    statuses: Vec<String>,
    overwrite: bool,
    automatic: bool,
    /// Only the orders of the cursor, whatever their status; no list is walked.
    by_number: bool,
    /// Orders that a person asked to have fetched again and that this run took over: for them it is a re-import.
    carried: BTreeSet<MallOrderId>,
    /// From the files of the request; the mall is not asked.
    from_file: bool,
}

/// A run's memory between two turns of one owner.
pub(crate) struct ImportState {
    run: RunRow,
    options: Options,
    cursor: Cursor,
    counts: ImportCounts,
    /// The list page being worked, and the newest 注文日時 read from it.
    page: Option<ListPage>,
    newest: Option<UtcMillis>,
    /// Orders met in this run by this owner: the boundary of two pages is fetched once.
    met: HashSet<MallOrderId>,
    /// Fetched ahead while the page before was stored.
    ahead: Option<Chunk>,
    /// How large the questions for details are.
    narrow: Narrow,
    /// What the run's files hold, once they were read.
    files: Option<FileReading>,
}

/// What is to be stored of a chunk, with cursor and counts after it.
type Decided = (Page, Cursor, ImportCounts);

/// How a new run begins.
pub(crate) struct Begin {
    pub(crate) trigger: &'static str,
    pub(crate) request: Option<RequestId>,
    pub(crate) body: ImportRequest,
    /// Orders taken over from a re-import that was stopped.
    pub(crate) carried: BTreeSet<MallOrderId>,
}

impl Lane {
    /// Begins a run for a shop. `None`: another run holds it.
    pub(crate) async fn begin_import(&self, shop: &Shop, begin: Begin) -> Result<Option<RunId>, LaneError> {
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(None) };
        let Some(source) = mall.orders() else { return Ok(None) };
        let body = begin.body;
        let now = self.now();
        let statuses = body.statuses.clone().or_else(|| shop.import_statuses.clone());
        // What a proof found missing would have come by itself.
        let proof = begin.trigger == "proof" && shop.imports_itself();
        let automatic = [AUTO, HINT, SECOND_LOOK].contains(&begin.trigger) || proof;
        // Named orders are taken whatever their status, and taken over; with statuses named as well, only those (and
        // only what is not there yet): what an earlier setting skipped.
        let reimport = begin.trigger == "reimport" && body.statuses.is_none();
        let options = Options {
            statuses: statuses.unwrap_or_else(|| mall.descriptor().default_statuses()),
            overwrite: body.overwrite || reimport,
            automatic,
            by_number: body.orders.is_some() && body.statuses.is_none(),
            carried: begin.carried,
            from_file: false,
        };
        let period = Period { from: body.from, to: body.to };
        let mut cursor = Cursor::default();
        match body.orders {
            Some(orders) => cursor.orders = orders,
            // All statuses are listed: an order that is there already is followed through every status, and what
            // is left out can be told with its reason.
            None => {
                let look = if automatic { Look::News } else { Look::Ordered };
                cursor.windows = source.windows(look, period, &[], self.mall_now());
                cursor.orders = options.carried.iter().cloned().collect();
                cursor.orders.extend(self.hub.ledger.orders_to_retry(shop.shop_id, RETRY_LIMIT).await?);
                let listed = mall.descriptor().period.as_ref().is_some_and(|p| p.lists_changes);
                if [AUTO, HINT].contains(&begin.trigger) && !listed && self.reread_due(shop.shop_id) {
                    let open =
                        self.hub.ledger.orders_open_at_mall(shop.shop_id, period.from, REREAD_LIMIT).await?;
                    cursor.orders.extend(open);
                }
            }
        }
        let new = NewRun {
            shop_id: shop.shop_id,
            request_id: begin.request,
            trigger: begin.trigger,
            from: period.from,
            to: period.to,
            looks_for_news: automatic,
            options: to_json(&options)?,
            cursor: to_json(&cursor)?,
            counts: to_json(&ImportCounts::default())?,
        };
        fail::fail_point!("import.before_begin");
        let begun = self.hub.ledger.begin_run(&self.guard, &new, now).await;
        fail::fail_point!("import.after_begin");
        match begun {
            Ok(run) => Ok(Some(run)),
            Err(StoreError::Unique { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// One page of one running import; `true` when something was done.
    pub(crate) async fn import_page(&self) -> Result<bool, LaneError> {
        let mut shops = self.shops().await?;
        // Page by page the shops of a lane take turns.
        shops.sort_by_key(|s| in_turn(&self.turns.import, s.shop_id));
        for shop in shops {
            let Some(run) = self.hub.ledger.open_run(shop.shop_id).await? else { continue };
            // Files need no mall.
            if run.trigger != files::TRIGGER && !self.may_talk(&shop) {
                continue;
            }
            let Some(context) = self.context(shop).await? else { continue };
            if run.trigger != files::TRIGGER && self.imports_must_wait(context.mall.descriptor()) {
                self.wait_for_tomorrow(&run).await?;
                continue;
            }
            self.turns.import.store(context.shop.shop_id.0, Ordering::Relaxed);
            self.turn_of_run(&context, run).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// The day's calls are left to writes: the run says so and goes on by itself when the day has changed.
    async fn wait_for_tomorrow(&self, run: &RunRow) -> Result<(), LaneError> {
        let reason = reason::calls_of_day_used();
        if run.state == "running" || run.reason.as_ref() != Some(&reason) {
            self.hub.ledger.interrupt_run(&self.guard, run.run_id, &reason, self.now()).await?;
        }
        Ok(())
    }

    async fn turn_of_run(&self, context: &ShopContext, run: RunRow) -> Result<(), LaneError> {
        let shop = context.shop.shop_id;
        let mut states = self.imports.lock().await;
        let mut state = match states.remove(&shop) {
            Some(state) if state.run.run_id == run.run_id => state,
            _ => match ImportState::resume(&run) {
                Ok(state) => state,
                // Of another version, or damaged: this run cannot go on, and must not stop the lane.
                Err(LaneError::Store(StoreError::Corrupt { table, column, .. })) => {
                    let reason = reason::record_unreadable(format!("{table}.{column}"));
                    let progress = Progress { run_id: run.run_id, cursor: run.cursor, counts: run.counts };
                    let now = self.now();
                    self.hub.ledger.finish_run(&self.guard, &progress, "failed", Some(&reason), now).await?;
                    return Ok(());
                }
                Err(error) => return Err(error),
            },
        };
        if state.options.from_file {
            return match self.work_files(context, &mut state).await? {
                Ok(true) => self.finish(context, &state).await,
                Ok(false) => {
                    states.insert(shop, state);
                    Ok(())
                }
                Err(reason) => self.end_run(context, &state, "failed", Some(&reason)).await,
            };
        }
        match self.work(context, &mut state).await? {
            Ok(true) => self.finish(context, &state).await?,
            Ok(false) => {
                states.insert(shop, state);
            }
            // Used up within the page; no fault of the mall's, and writes go on.
            Err(_) if self.imports_must_wait(context.mall.descriptor()) => {
                self.wait_for_tomorrow(&state.run).await?;
            }
            Err(error) => {
                let until = self.failed(&context.shop, &error).await?;
                let now = self.now();
                self.note(shop, "import", &error.reason);
                self.hub.ledger.interrupt_run(&self.guard, state.run.run_id, &error.reason, now).await?;
                // What passes by itself is waited out. What a person must mend ends a run that a person started;
                // an automatic one waits, and goes on once it is mended. What the mall refuses as such would be
                // refused for ever: such a run ends, and the next one is planned anew.
                let by_hand = matches!(state.run.trigger.as_str(), "manual" | "reimport");
                if !error.is_passing() && (by_hand || error.kind == MallErrorKind::Refused) {
                    self.end_run(context, &state, "failed", Some(&error.reason)).await?;
                } else {
                    // What was learnt of the questions that fail is kept; the rest begins again from the cursor.
                    states.insert(shop, state.rewound());
                }
                tracing::debug!(%shop, until = until.0, "import waits");
            }
        }
        Ok(())
    }

    /// One page; `Ok(Ok(true))` when the run is done.
    async fn work(
        &self,
        context: &ShopContext,
        state: &mut ImportState,
    ) -> Result<Result<bool, MallError>, LaneError> {
        let Some(source) = context.mall.orders() else { return Ok(Ok(true)) };
        let wire = self.import_wire(context);
        let session = self.session(context, &wire);
        let chunk = match state.ahead.take() {
            Some(chunk) => chunk,
            None => {
                if state.cursor.is_done() {
                    return Ok(Ok(true));
                }
                if state.cursor.orders.is_empty() && state.page.is_none() {
                    match self.list(source, &session, state).await? {
                        Ok(()) => {}
                        Err(error) => return Ok(Err(error)),
                    }
                }
                match next_chunk(self, source, &session, context, state, 0).await? {
                    Ok(chunk) => chunk,
                    Err(failure) => match self.narrowed(source, &session, state, failure).await? {
                        Ok(Some(chunk)) => chunk,
                        Ok(None) => return Ok(Ok(false)),
                        Err(error) => return Ok(Err(error)),
                    },
                }
            }
        };
        fail::fail_point!("import.after_fetch");
        if chunk.fails.is_none() {
            let good = chunk.fetched.orders.last().map(|o| &o.mall_order_id);
            state.narrow.worked(chunk.ids.len(), good);
        }
        self.learn(context.shop.shop_id, &chunk.fetched.learnt).await?;
        self.talked(&context.shop).await?;
        // While this page is stored, the next one is fetched. A failure there comes up again in the next turn.
        let more_in_page =
            !chunk.by_number && state.page.as_ref().is_some_and(|p| chunk.end < p.entries.len());
        let decided = self.prepare(context, Some(source), &*state, &chunk).await?;
        if more_in_page {
            state.met.extend(chunk.ids.iter().cloned());
            let ahead = async {
                next_chunk(self, source, &session, context, &*state, chunk.end)
                    .await
                    .ok()
                    .and_then(Result::ok)
            };
            let store = self.store_chunk(context, Some(source), &*state, &chunk, decided);
            let (ahead, stored) = futures::join!(ahead, store);
            (state.cursor, state.counts) = stored?;
            state.ahead = ahead;
            state.newest = state.newest.max(newest_of(&chunk.fetched));
        } else {
            state.met.extend(chunk.ids.iter().cloned());
            state.newest = state.newest.max(newest_of(&chunk.fetched));
            (state.cursor, state.counts) =
                self.store_chunk(context, Some(source), &*state, &chunk, decided).await?;
            if !chunk.by_number {
                (state.page, state.newest) = (None, None);
            }
        }
        self.settle_seen(context, &chunk.fetched.orders).await?;
        Ok(Ok(false))
    }

    async fn list(
        &self,
        source: &dyn OrderSource,
        session: &mall_api::Session<'_>,
        state: &mut ImportState,
    ) -> Result<Result<(), MallError>, LaneError> {
        let Some(window) = state.cursor.windows.get(state.cursor.window) else { return Ok(Ok(())) };
        match source.list(session, window, state.cursor.page.as_ref()).await {
            Ok(page) => {
                self.learn(state.run.shop_id, &page.learnt).await?;
                state.page = Some(page);
                state.newest = None;
                fail::fail_point!("import.after_list");
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Stores one chunk with the cursor that follows it; begins again when somebody else changed an order meanwhile.
    /// The commit is a task of its own: sealing a page is as much work as reading the next one, and each can have a
    /// core. Should this lane be dropped meanwhile, the fence still decides.
    async fn store_chunk(
        &self,
        context: &ShopContext,
        source: Option<&dyn OrderSource>,
        state: &ImportState,
        chunk: &Chunk,
        mut decided: Decided,
    ) -> Result<(Cursor, ImportCounts), LaneError> {
        let mut tries = 0;
        loop {
            let (page, cursor, counts) = decided;
            let progress =
                Progress { run_id: state.run.run_id, cursor: to_json(&cursor)?, counts: to_json(&counts)? };
            let (shop, now) = (context.shop.shop_id, self.now());
            let (ledger, guard) = (Arc::clone(&self.hub.ledger), self.guard.clone());
            let commit = async move { ledger.commit_page(&guard, shop, &progress, page, now).await };
            let stored = tokio::spawn(commit).await.unwrap_or_else(|e| Err(StoreError::other(e.to_string())));
            match stored {
                Ok(()) => return Ok((cursor, counts)),
                Err(StoreError::Conflict { .. } | StoreError::CommitUnknown(_)) if tries < PAGE_TRIES => {
                    // After an unknown commit the same: what was stored is met again and changes nothing.
                    tries += 1;
                    decided = self.prepare(context, source, state, chunk).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn prepare(
        &self,
        context: &ShopContext,
        source: Option<&dyn OrderSource>,
        state: &ImportState,
        chunk: &Chunk,
    ) -> Result<Decided, LaneError> {
        let shop = context.shop.shop_id;
        let fetched = &chunk.fetched;
        let ids: Vec<MallOrderId> = fetched.orders.iter().map(|o| o.mall_order_id.clone()).collect();
        let mut known: BTreeMap<MallOrderId, Existing> =
            self.hub.ledger.existing_orders(shop, &ids).await?.into_iter().collect();
        for existing in known.values_mut() {
            let Some(source) = source else { break };
            self.map_again(source, context.mall.descriptor().mapping_version, existing).await?;
        }
        let options = &state.options;
        let policy = |id: &MallOrderId| {
            let asked_for = options.carried.contains(id);
            Policy {
                statuses: if options.by_number || asked_for { &[] } else { &options.statuses },
                overwrite: options.overwrite || asked_for,
                waits: options.automatic && !context.shop.skip_inbox,
                from_file: options.from_file,
            }
        };
        let dates = self.date_rule(&context.shop).await?;
        let today = self.now().japan_date();
        let mut page = Page::default();
        let (mut cursor, mut counts) = (state.cursor.clone(), state.counts);
        counts.listed += chunk.ids.len() as u64;
        for order in &fetched.orders {
            let verdict = decide::decide(
                order,
                known.get(&order.mall_order_id),
                policy(&order.mall_order_id),
                uuid::Uuid::now_v7(),
            );
            verdict.count(&mut counts);
            let mut note = |kind: &str, reason: Reason| {
                let mall_order_id = order.mall_order_id.clone();
                page.notes.push(Note { mall_order_id, kind: kind.to_owned(), reason });
            };
            match verdict {
                Verdict::New(mut new) => {
                    cursor.fresh += 1;
                    if let Some((rule, calendar)) = &dates
                        && new.snapshot.content.fulfillment != Fulfillment::Fba
                    {
                        let ordered_at = new.snapshot.ordered_at;
                        new.dates = rule.dates(ordered_at, today, &|day| calendar.is_closed(day));
                    }
                    page.new.push(*new);
                }
                Verdict::Unchanged => {}
                Verdict::LeftOut(reason) => note("left_out", reason),
                Verdict::Refresh(refresh, kind, reason) => {
                    if let (decide::Kind::Conflict, Some(reason)) = (kind, reason) {
                        note("conflict", reason);
                    }
                    page.refreshed.push(*refresh);
                }
            }
        }
        page.solved = ids;
        counts.failed += chunk.failed();
        // What the list showed to be the same was not asked for.
        let asked = fetched.orders.len() as u64 + chunk.failed();
        counts.unchanged += (chunk.ids.len() as u64).saturating_sub(asked);
        set_aside(&mut page, chunk);
        chunk.tell_rows(&mut page, &mut counts);
        match source.filter(|_| !state.options.from_file) {
            Some(source) => advance(source, state, chunk, &mut cursor),
            None => cursor.file_at = chunk.end,
        }
        Ok((page, cursor, counts))
    }

    /// The base of the reconcile, mapped again from the document when the mapping has changed since.
    async fn map_again(
        &self,
        source: &dyn OrderSource,
        mapping_version: u32,
        existing: &mut Existing,
    ) -> Result<(), LaneError> {
        let Some(base) = &existing.snapshot else { return Ok(()) };
        if base.mapping_version == mapping_version {
            return Ok(());
        }
        let Some(raw) = self.hub.ledger.raw_document(existing.seq).await? else { return Ok(()) };
        // A document today's mapping cannot read leaves the old base: differences are then shown, not hidden.
        if let Ok(snapshot) = source.read_document(&raw) {
            existing.snapshot = Some(decide::mapped_again(snapshot, base, &existing.source));
        }
        Ok(())
    }

    async fn finish(&self, context: &ShopContext, state: &ImportState) -> Result<(), LaneError> {
        let ended = if state.counts.failed > 0 { "partial" } else { "succeeded" };
        self.end_run(context, state, ended, None).await
    }

    async fn end_run(
        &self,
        context: &ShopContext,
        state: &ImportState,
        ended: &str,
        reason: Option<&Reason>,
    ) -> Result<(), LaneError> {
        let progress = Progress {
            run_id: state.run.run_id,
            cursor: to_json(&state.cursor)?,
            counts: to_json(&state.counts)?,
        };
        fail::fail_point!("import.before_finish");
        let now = self.now();
        self.hub.ledger.finish_run(&self.guard, &progress, ended, reason, now).await?;
        fail::fail_point!("import.after_finish");
        let mall = context.shop.mall.clone();
        metrics::counter!("choba_import_runs_total", "mall" => mall.clone(), "result" => ended.to_owned())
            .increment(1);
        metrics::counter!("choba_import_orders_total", "mall" => mall, "result" => "new")
            .increment(state.counts.new);
        match state.run.trigger.as_str() {
            "read_back" => self.read_back_ended(&context.shop).await?,
            "proof" => self.proof_filled(&context.shop).await?,
            _ => {}
        }
        match ended {
            "failed" => self.import_failed(&context.shop, &state.run).await?,
            _ => self.import_ended(&context.shop, &state.run, &state.counts).await?,
        }
        fail::fail_point!("import.before_answer");
        if let Some(request) = state.run.request_id {
            let result = serde_json::json!({
                "run_id": state.run.run_id, "counts": state.counts, "reason": reason,
                "remarks": state.files.as_ref().map(|f| &f.remarks),
            });
            self.hub.ledger.finish_request(&self.guard, request, ended, &result, now).await?;
        }
        Ok(())
    }

    /// Stops the run that holds a shop: its pages stay, and its request is answered with the reason. What it has not done
    /// is for the caller to hand on ([`take_over`]).
    pub(crate) async fn stop_run(&self, run: &RunRow, reason: &Reason) -> Result<(), LaneError> {
        let progress =
            Progress { run_id: run.run_id, cursor: run.cursor.clone(), counts: run.counts.clone() };
        let now = self.now();
        self.hub.ledger.finish_run(&self.guard, &progress, "stopped", Some(reason), now).await?;
        if let Some(request) = run.request_id {
            let result = serde_json::json!({ "run_id": run.run_id, "counts": run.counts, "reason": reason });
            self.hub.ledger.finish_request(&self.guard, request, "failed", &result, now).await?;
        }
        self.imports.lock().await.remove(&run.shop_id);
        Ok(())
    }
}

impl ImportState {
    fn resume(run: &RunRow) -> Result<Self, LaneError> {
        let read = |column: &'static str| StoreError::Corrupt {
            table: "import_runs".into(),
            column: column.into(),
            row: run.run_id.to_string(),
        };
        let options = serde_json::from_value(run.options.clone()).map_err(|_| read("options"))?;
        let mut cursor: Cursor = serde_json::from_value(run.cursor.clone()).map_err(|_| read("cursor"))?;
        // The page is listed again, and what it lists may have changed: it begins from its first entry, without
        // the orders that are done.
        cursor.done = 0;
        let met = cursor.met.iter().cloned().collect();
        let counts = serde_json::from_value(run.counts.clone()).map_err(|_| read("counts"))?;
        let narrow = Narrow::default();
        Ok(Self {
            run: run.clone(),
            options,
            cursor,
            counts,
            page: None,
            newest: None,
            met,
            ahead: None,
            narrow,
            files: None,
        })
    }

    /// As if it had been read from its row again, with what was learnt of the questions that fail.
    fn rewound(mut self) -> Self {
        self.cursor.done = 0;
        self.met = self.cursor.met.iter().cloned().collect();
        (self.page, self.newest, self.ahead) = (None, None, None);
        self
    }
}

fn to_json(value: &impl Serialize) -> Result<serde_json::Value, LaneError> {
    serde_json::to_value(value).map_err(|e| LaneError::Store(StoreError::other(e.to_string())))
}
