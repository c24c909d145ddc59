//! What a large ledger answers, and how fast: search, look-ups, lists, counts, bulk moves.

use super::figure::{Goal, Report, hint};
use super::fill::{fill, number_of};
use super::house::ring;
use super::needles::{Kind, kinds};
use super::timer::{Timer, percentile};
use anyhow::{Context as _, ensure};
use domain::history::By;
use domain::{OrderSeq, PhaseKey};
use mall_api::Clock as _;
use mall_api::clock::SystemClock;
use std::path::PathBuf;
use std::sync::Arc;
use store::orders::{ListFilter, ListRow, MoveOptions};
use store::{Access, DbUrl, Ledger, OpenOptions};
use testkit::tempdb::TempDb;

/// Longest wait of a search, milliseconds: as the program's own.
const DEADLINE_MS: f64 = 20.0;
/// What every answer must keep to, milliseconds.
const GOAL_MS: f64 = 10.0;
/// Orders moved at once.
const BULK: usize = 1_000;
/// Moves measured; each costs a thousand rows of history.
const MOVES: usize = 40;

/// Where the ledger is.
pub struct Place {
    /// `sqlite`, `postgres` or a URL.
    pub database: String,
    /// Folder to keep it in.
    pub keep: Option<PathBuf>,
    /// Folder it was kept in.
    pub reuse: Option<PathBuf>,
}

/// An open ledger of the benchmarks.
pub struct Opened {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    temp: Option<TempDb>,
}

impl Opened {
    /// Closes it; a throw-away database goes.
    ///
    /// # Errors
    /// As the database says.
    pub async fn close(self) -> anyhow::Result<()> {
        self.ledger.close().await;
        match self.temp {
            Some(temp) => Ok(TempDb::remove(temp).await?),
            None => Ok(()),
        }
    }
}

/// Opens the ledger of a place.
///
/// # Errors
/// As the database says.
pub async fn open(place: &Place) -> anyhow::Result<Opened> {
    if let Some(dir) = &place.keep {
        std::fs::create_dir_all(dir)?;
    }
    let folder = place.keep.as_ref().or(place.reuse.as_ref());
    let (url, temp) = match (folder, place.database.as_str()) {
        (Some(dir), _) => (DbUrl::Sqlite(dir.join("choba.db")), None),
        (None, "sqlite" | "postgres") => {
            let temp = super::house::database(&place.database).await?;
            (temp.url.clone(), Some(temp))
        }
        (None, url) => (DbUrl::parse(url)?, None),
    };
    let now = SystemClock::default().now();
    let ledger = Arc::new(Ledger::open(&url, &OpenOptions::default(), ring(), now).await?);
    Ok(Opened { ledger, temp })
}

/// Measures it.
///
/// # Errors
/// As the database says.
pub async fn run(report: &mut Report, orders: usize, place: Place, samples: usize) -> anyhow::Result<()> {
    let opened = open(&place).await?;
    let measured = measure(report, &opened.ledger, orders, samples).await;
    opened.close().await?;
    measured
}

async fn measure(
    report: &mut Report,
    ledger: &Arc<Ledger>,
    orders: usize,
    samples: usize,
) -> anyhow::Result<()> {
    let there = usize::try_from(ledger.phase_counts().await?.values().sum::<i64>())?;
    if there < orders {
        let rate = fill(ledger, there, orders).await?;
        report.note(format!("filled from {there} to {orders} orders at {rate:.0} orders/s"));
    }
    // What a running hub does now and then.
    ledger.fold_phase_counts().await?;
    ledger.analyze().await?;
    let all = u64::try_from(ledger.phase_counts().await?.values().sum::<i64>())?;
    #[expect(clippy::cast_precision_loss, reason = "bytes for people to read")]
    let each = ledger.database_bytes().await? as f64 / all as f64;
    report.note(format!("{:?}, {all} orders, {each:.0} bytes an order", ledger.db().kind()));
    for kind in kinds(all) {
        search(report, ledger, &kind, samples).await?;
    }
    look_ups(report, ledger, all, samples).await?;
    moves(report, ledger).await
}

fn judge(report: &mut Report, what: &str, mut times: Vec<f64>) {
    let p50 = percentile(&mut times, 0.5);
    let name = format!("{what} (p50 {p50:.2})");
    report.figure(&name, "ms p99", percentile(&mut times, 0.99), ("limit, ms", GOAL_MS), Goal::AtMost(1.0));
}

async fn search(report: &mut Report, ledger: &Ledger, kind: &Kind, samples: usize) -> anyhow::Result<()> {
    let filter = ListFilter { limit: 50, ..ListFilter::default() };
    let (mut times, mut stopped, mut found) = (Vec::with_capacity(samples), 0, 0);
    // Each needle once unmeasured: figures are warm ones.
    let needles = kind.needles.iter().chain(kind.needles.iter().cycle().take(samples));
    for (i, needle) in needles.enumerate() {
        let timer = Timer::start();
        let give_up = || timer.ms() > DEADLINE_MS;
        let answer = ledger.search_orders(&Access::full(), needle, &filter, &give_up).await?;
        let ms = timer.ms();
        let answer = answer.map_err(|e| anyhow::anyhow!("{}: {e}", kind.what))?;
        if i >= kind.needles.len() {
            times.push(ms);
            stopped += usize::from(answer.stopped);
            found += answer.orders.len();
        }
    }
    judge(report, &format!("search: {}", kind.what), times);
    if stopped > 0 {
        report.note(format!("  {stopped} of {samples} searches stopped early and said so"));
    }
    hint(&format!("{}: {} rows on average", kind.what, found / samples.max(1)));
    Ok(())
}

async fn look_ups(report: &mut Report, ledger: &Ledger, all: u64, samples: usize) -> anyhow::Result<()> {
    let access = Access::full();
    let samples = u64::try_from(samples)?;
    let mut times = Vec::new();
    for i in 0..samples {
        let number = number_of(i * 7_919 % all);
        let timer = Timer::start();
        let found = ledger.orders_by_number(&access, &number).await?;
        times.push(timer.ms());
        ensure!(found.len() == 1, "{number} was found {} times", found.len());
    }
    judge(report, "order number, exact", times);
    let mut times = Vec::new();
    for _ in 0..samples {
        let timer = Timer::start();
        ledger.phase_counts().await?;
        times.push(timer.ms());
    }
    judge(report, "counts of all phases", times);
    for phase in ["awaiting_shipment", "completed"] {
        let filter = ListFilter { phase: Some(phase.into()), limit: 50, ..ListFilter::default() };
        let mut times = Vec::new();
        for _ in 0..samples {
            let timer = Timer::start();
            let rows = ledger.list_orders(&access, &filter).await?;
            times.push(timer.ms());
            ensure!(rows.iter().all(|r| r.head.is_some()), "rows come with names");
        }
        judge(report, &format!("newest 50 of the phase {phase}"), times);
    }
    Ok(())
}

/// Orders of a phase, from where the last call ended.
async fn take(
    ledger: &Ledger,
    filter: &mut ListFilter,
    version: &mut Option<i64>,
) -> anyhow::Result<Vec<OrderSeq>> {
    let mut seqs = Vec::with_capacity(BULK);
    // Rows alone: what is moved is not looked at.
    let access = Access { buyer_data: false, ..Access::full() };
    while seqs.len() < BULK {
        let rows = ledger.list_orders(&access, filter).await?;
        let last: &ListRow = rows.last().context("too few orders in the phase to move")?;
        filter.after = Some((last.ordered_at, last.seq));
        for row in &rows {
            if *version.get_or_insert(row.version) == row.version && seqs.len() < BULK {
                seqs.push(row.seq);
            }
        }
    }
    Ok(seqs)
}

/// Moves a thousand orders there, and back; other ones each time. Each move names the version it was made from.
async fn moves(report: &mut Report, ledger: &Ledger) -> anyhow::Result<()> {
    let (here, there) = (PhaseKey::from("completed"), PhaseKey::from("awaiting_review"));
    let mut filter = ListFilter { phase: Some(here.clone()), limit: 200, ..ListFilter::default() };
    let clock = SystemClock::default();
    let mut times = Vec::new();
    let mut first = None;
    for _ in 0..MOVES / 2 {
        let seqs = take(ledger, &mut filter, &mut first).await?;
        let version = first.unwrap_or(1);
        for (to, version) in [(&there, version), (&here, version + 1)] {
            let options = MoveOptions { expected_version: Some(version), ..MoveOptions::default() };
            let timer = Timer::start();
            let moved = ledger.move_orders(&seqs, to, options, &By::Cli, clock.now()).await?;
            times.push(timer.ms() / 1_000.0);
            ensure!(moved.done.len() == BULK, "{} of {BULK} were moved", moved.done.len());
        }
        ledger.fold_phase_counts().await?;
    }
    let p50 = percentile(&mut times, 0.5);
    let name = format!("move of {BULK} (p50 {p50:.3})");
    report.figure(&name, "s worst", percentile(&mut times, 1.0), ("limit, s", 0.25), Goal::AtMost(1.0));
    Ok(())
}
