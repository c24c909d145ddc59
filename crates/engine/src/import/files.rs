//! 受注CSV取込: a run whose orders come from the files of its request instead of the mall. Files are read again by each
//! owner, in the same order, and the cursor counts orders: a run that died goes on behind its last page.

use super::chunk::Chunk;
use super::cursor::Cursor;
use super::{ImportState, Options, to_json};
use crate::lane::{Lane, LaneError, ShopContext};
use crate::requests::{ImportCounts, ImportFileRequest, MAX_FILE_BYTES};
use domain::write::{ParcelPlan, Step, StepState, WriteKind, plan_parcels};
use domain::{MallOrderId, Reason, RunId, ShopId, Snapshot, UtcMillis, reason};
use mall_api::files::{FileReading, InFile, RowProblem};
use mall_api::{Decision, Fetched, FetchedOrder, Mall, OrderFiles, Settings};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::imports::{Aside, NewRun, Note};
use store::outbox::StepUpdate;
use store::request_files::RequestFile;
use store::requests::RequestRow;
use store::shipment_files::FiledStep;
use store::{Shop, StoreError};

/// `import_trigger` of such a run.
pub(super) const TRIGGER: &str = "file";
/// Orders stored together.
const CHUNK: usize = 100;

/// What kind each file is, or why the files cannot be read together.
fn recognise<'a>(
    adapter: &dyn OrderFiles,
    given: &'a [RequestFile],
) -> Result<Vec<(&'static str, InFile<'a>)>, Reason> {
    let kinds = adapter.kinds();
    let labels = || kinds.iter().map(|k| k.label).collect::<Vec<_>>().join("・");
    let mut named = Vec::new();
    for file in given {
        if file.bytes.len() > MAX_FILE_BYTES {
            return Err(reason::file_too_large(&file.name, MAX_FILE_BYTES / 1_048_576));
        }
        if let Some(what) = not_a_table(&file.bytes) {
            return Err(reason::file_unreadable(&file.name, what));
        }
        let one = InFile { name: &file.name, bytes: &file.bytes };
        let Some(kind) = adapter.kind_of(one) else {
            return Err(reason::file_not_recognised(&file.name, labels()));
        };
        named.push((kind, one));
    }
    let there: BTreeSet<&str> = named.iter().map(|(kind, _)| *kind).collect();
    match kinds.iter().find(|k| k.required && !there.contains(k.key)) {
        Some(missing) => Err(reason::file_missing(missing.label)),
        None => Ok(named),
    }
}

/// What no table of text is, whatever the mall.
fn not_a_table(bytes: &[u8]) -> Option<String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some("空のファイルです".to_owned());
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return Some("表計算ソフト（Excel）または圧縮（ZIP）のファイルです".to_owned());
    }
    let nul = bytes.iter().position(|b| *b == 0)?;
    let before = bytes.get(..nul).unwrap_or_default();
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    Some(format!("{line}行目に文字ではないデータ（NUL）があります"))
}

fn read(
    mall: &dyn Mall,
    given: &[RequestFile],
    settings: &Settings,
    now: UtcMillis,
) -> Result<FileReading, Reason> {
    let adapter = mall.order_files().ok_or_else(reason::order_files_not_offered)?;
    let mut reading = adapter.read(&recognise(adapter, given)?, settings, now)?;
    let mut seen = BTreeSet::new();
    let (once, twice): (Vec<_>, Vec<_>) =
        std::mem::take(&mut reading.orders).into_iter().partition(|o| seen.insert(o.mall_order_id.clone()));
    reading.orders = once;
    reading.problems.extend(twice.into_iter().map(|order| RowProblem {
        file: String::new(),
        line: 0,
        mall_order_id: Some(order.mall_order_id),
        what: String::new(),
    }));
    Ok(reading)
}

fn words(problem: &RowProblem) -> Reason {
    if problem.line == 0 {
        reason::order_twice_in_files()
    } else {
        reason::file_row_unreadable(&problem.file, problem.line, &problem.what)
    }
}

/// Notes of rows that could not be read, one an order; orders the ledger does not have are set aside (取込エラー). A row
/// without a number is only noted: nothing could ever solve it.
fn notes_of(problems: &[RowProblem], known: &BTreeSet<MallOrderId>) -> Vec<(Note, Option<Aside>)> {
    let mut by_order: BTreeMap<MallOrderId, (bool, Vec<Reason>)> = BTreeMap::new();
    for problem in problems {
        let place = || MallOrderId(format!("?{}:{}", problem.file, problem.line));
        let numbered = problem.mall_order_id.is_some() && problem.line != 0;
        let id = problem.mall_order_id.clone().unwrap_or_else(place);
        by_order.entry(id).or_insert((numbered, Vec::new())).1.push(words(problem));
    }
    let mut notes = Vec::new();
    for (id, (numbered, reasons)) in by_order {
        let more = reasons.len().saturating_sub(1);
        let Some(mut reason) = reasons.into_iter().next() else { continue };
        if more > 0 {
            reason.ja = format!("{}（ほか{more}行）", reason.ja);
            reason.en = format!("{} (and {more} more rows)", reason.en);
        }
        let note = Note { mall_order_id: id.clone(), kind: "failed".to_owned(), reason: reason.clone() };
        let aside = (numbered && !known.contains(&id)).then_some(Aside {
            mall_order_id: id,
            raw: None,
            reason,
            retries: 0,
        });
        notes.push((note, aside));
    }
    notes
}

impl Lane {
    pub(crate) async fn serve_import_file(
        &self,
        shop: &Shop,
        request: &RequestRow,
    ) -> Result<bool, LaneError> {
        let ledger = &self.hub.ledger;
        if let Some(run) = ledger.run_of_request(request.request_id).await? {
            if run.finished_at.is_none() {
                return Ok(false);
            }
            self.answer_from_run(request, &run).await?;
            return Ok(true);
        }
        let body: ImportFileRequest = request.body_as()?;
        if self.hub.mall(&shop.mall).is_none() {
            let result = json!({ "reason": reason::mall_not_known(&shop.mall) });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        }
        if let Some(run) = ledger.open_run(shop.shop_id).await? {
            if !body.force {
                let result = json!({ "run_id": run.run_id, "reason": reason::shop_busy(&shop.name) });
                self.answer(request, "failed", &result).await?;
                return Ok(true);
            }
            if run.trigger == TRIGGER {
                return Ok(false);
            }
            self.stop_run(&run, &reason::taken_over()).await?;
        }
        if self.begin_file_run(shop, request, &body).await?.is_none() {
            let result = json!({ "reason": reason::shop_busy(&shop.name) });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        }
        ledger.begin_request(&self.guard, request.request_id).await?;
        Ok(true)
    }

    async fn begin_file_run(
        &self,
        shop: &Shop,
        request: &RequestRow,
        body: &ImportFileRequest,
    ) -> Result<Option<RunId>, LaneError> {
        let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(None) };
        let now = self.now();
        let statuses = shop.import_statuses.clone();
        let options = Options {
            statuses: statuses.unwrap_or_else(|| mall.descriptor().default_statuses()),
            overwrite: body.overwrite,
            from_file: true,
            ..Options::default()
        };
        let new = NewRun {
            shop_id: shop.shop_id,
            request_id: Some(request.request_id),
            trigger: TRIGGER,
            from: now,
            to: now,
            looks_for_news: false,
            options: to_json(&options)?,
            cursor: to_json(&Cursor::default())?,
            counts: to_json(&ImportCounts::default())?,
        };
        match self.hub.ledger.begin_run(&self.guard, &new, now).await {
            Ok(run) => Ok(Some(run)),
            Err(StoreError::Unique { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// One page of a run from files; `Ok(Ok(true))` when it is done, the inner reason when its files cannot be read.
    pub(super) async fn work_files(
        &self,
        context: &ShopContext,
        state: &mut ImportState,
    ) -> Result<Result<bool, Reason>, LaneError> {
        let told = state.counts.listed > 0;
        if state.files.is_none() {
            match self.open_files(context, state).await? {
                Ok(reading) => state.files = Some(reading),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let Some(reading) = &state.files else { return Ok(Ok(true)) };
        let begin = state.cursor.file_at;
        let orders: Vec<FetchedOrder> = reading.orders.iter().skip(begin).take(CHUNK).cloned().collect();
        let rows =
            if told { Vec::new() } else { self.rows_of(context.shop.shop_id, &reading.problems).await? };
        if orders.is_empty() && rows.is_empty() {
            return Ok(Ok(true));
        }
        let chunk = Chunk {
            end: begin + orders.len(),
            ids: orders.iter().map(|o| o.mall_order_id.clone()).collect(),
            fetched: Fetched { orders, ..Fetched::default() },
            by_number: false,
            fails: None,
            rows,
        };
        let source = context.mall.orders();
        let decided = self.prepare(context, source, &*state, &chunk).await?;
        (state.cursor, state.counts) = self.store_chunk(context, source, &*state, &chunk, decided).await?;
        Ok(Ok(false))
    }

    async fn rows_of(
        &self,
        shop: ShopId,
        problems: &[RowProblem],
    ) -> Result<Vec<(Note, Option<Aside>)>, LaneError> {
        let ids: Vec<MallOrderId> = problems.iter().filter_map(|p| p.mall_order_id.clone()).collect();
        let known = self.hub.ledger.existing_orders(shop, &ids).await?;
        Ok(notes_of(problems, &known.into_iter().map(|(id, _)| id).collect()))
    }

    /// Reads the run's files, on a thread of its own. Read at the time the run began, so that every owner reads the
    /// same.
    async fn open_files(
        &self,
        context: &ShopContext,
        state: &ImportState,
    ) -> Result<Result<FileReading, Reason>, LaneError> {
        let given = match state.run.request_id {
            Some(request) => self.hub.ledger.request_files(request).await?,
            None => Vec::new(),
        };
        if given.is_empty() {
            return Ok(Err(reason::record_unreadable("request_files")));
        }
        let names = given.iter().map(|f| f.name.clone()).collect::<Vec<_>>().join("、");
        let (mall, settings, now) =
            (Arc::clone(&context.mall), context.settings.clone(), state.run.started_at);
        let work = move || read(&*mall, &given, &settings, now);
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.unwrap_or_else(|_| Err(reason::file_unreadable(names, "読み取りの途中で停止しました"))))
    }

    /// Shipments that went out by file and now stand at the mall are done, whatever the file's answer will be (NTF-8).
    pub(super) async fn settle_seen(
        &self,
        context: &ShopContext,
        orders: &[FetchedOrder],
    ) -> Result<(), LaneError> {
        let shop = context.shop.shop_id;
        let ids: Vec<MallOrderId> = orders.iter().map(|o| o.mall_order_id.clone()).collect();
        let filed = self.hub.ledger.filed_steps(shop, &ids).await?;
        let mut by_order: BTreeMap<MallOrderId, Vec<FiledStep>> = BTreeMap::new();
        for step in filed {
            by_order.entry(step.mall_order_id.clone()).or_default().push(step);
        }
        let now = self.now();
        let mut updates = Vec::new();
        for order in orders {
            if let Some(steps) = by_order.remove(&order.mall_order_id) {
                updates.extend(seen(&*context.mall, &steps, &order.snapshot, now));
            }
        }
        if updates.is_empty() {
            return Ok(());
        }
        Ok(self.hub.ledger.settle_filed(&self.guard, shop, &updates, now).await?)
    }
}

/// Which filed steps stand at the mall: in the adapter's own judgement where it writes, else by number and date.
fn seen(mall: &dyn Mall, filed: &[FiledStep], order: &Snapshot, now: UtcMillis) -> Vec<StepUpdate> {
    let applied = |step: &FiledStep, mall_ref: Option<String>| StepUpdate {
        mall_ref,
        ..StepUpdate::new(step.step_id, StepState::Applied, now)
    };
    if let Some(writer) = mall.writer() {
        let steps: Vec<Step> = filed
            .iter()
            .map(|s| Step {
                step_id: s.step_id,
                kind: WriteKind::ShipmentNotice,
                mall_order_id: s.mall_order_id.clone(),
                parcel: Some(s.wanted.clone()),
                target: None,
            })
            .collect();
        let decisions = writer.decide(&steps, order);
        let there = filed.iter().zip(decisions).filter_map(|(step, decision)| match decision {
            Decision::AlreadyThere { mall_ref } => Some(applied(step, mall_ref)),
            _ => None,
        });
        return there.collect();
    }
    let wanted: Vec<_> = filed.iter().map(|s| s.wanted.clone()).collect();
    let plans = plan_parcels(&wanted, &order.facts.shipments);
    let there = filed.iter().zip(plans).filter_map(|(step, plan)| match plan {
        ParcelPlan::AlreadyThere { mall_ref } => Some(applied(step, Some(mall_ref))),
        ParcelPlan::Send(_) => None,
    });
    there.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: u64, id: Option<&str>) -> RowProblem {
        RowProblem {
            file: "orders.csv".into(),
            line,
            mall_order_id: id.map(MallOrderId::from),
            what: "注文日時（書式が違います）".into(),
        }
    }

    #[test]
    fn what_is_no_table_is_said_before_any_adapter_sees_it_imp10() {
        assert_eq!(not_a_table(b" \r\n").as_deref(), Some("空のファイルです"));
        assert!(not_a_table(b"PK\x03\x04rest").is_some_and(|w| w.contains("Excel")));
        assert!(not_a_table(b"a,b\n1,\x002").is_some_and(|w| w.starts_with("2行目")));
        assert_eq!(not_a_table(b"a,b\n1,2"), None);
    }

    #[test]
    fn unreadable_rows_are_told_once_an_order_and_set_aside_only_when_unknown_imp10() {
        let rows = [problem(2, Some("A")), problem(3, Some("A")), problem(4, Some("B")), problem(5, None)];
        let notes = notes_of(&rows, &BTreeSet::from(["B".into()]));
        let told: Vec<_> = notes.iter().map(|(n, a)| (n.mall_order_id.0.as_str(), a.is_some())).collect();
        assert_eq!(told, [("?orders.csv:5", false), ("A", true), ("B", false)]);
        assert!(notes[1].0.reason.ja.contains("2行目") && notes[1].0.reason.ja.contains("ほか1行"));
    }
}
