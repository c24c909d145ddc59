//! 取込の証明: for each day that is over, the lane lists what the mall has and compares it, number by number, with the
//! ledger. What is missing is fetched. Lowest of all in precedence; listing costs a call a page.

use crate::import::Begin;
use crate::lane::{Lane, LaneError, ShopContext};
use crate::requests::{ImportRequest, ProveRequest};
use domain::time::{DAY, HOUR, MINUTE};
use domain::{MallOrderId, ShopId, UtcMillis, reason};
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use mall_api::descriptor::PeriodRule;
use mall_api::{Look, MallErrorKind, PageToken, Period, Window};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use store::proofs::{Outage, Proof};
use store::requests::RequestRow;
use store::{Shop, StoreError};

/// Days that are proved, counted back from today.
pub const DAYS: i64 = 35;
/// A day is proved once more so long after its end: some orders are listed late.
const AGAIN_MS: i64 = 2 * DAY;
/// A day is proved so long after its end at the latest; what a mall lists later still is seen when it is proved again.
const LATE_MS: i64 = HOUR;
/// Between two looks for days to be proved, milliseconds.
const LOOK_MS: i64 = 10 * MINUTE;
/// An import that had to look back so much further than its overlap followed an outage, milliseconds.
const OUTAGE_MS: i64 = HOUR;
/// Walks of a day whose pages may shift, until two agree.
const MAX_WALKS: u32 = 3;
/// Missing orders fetched for one day.
const FILL_LIMIT: usize = 2_000;

/// A day of Japan in milliseconds: its beginning and its end.
#[must_use]
pub fn bounds(day: Date) -> Option<(UtcMillis, UtcMillis)> {
    let from = UtcMillis::from_japan(day.to_datetime(Time::midnight()))?;
    Some((from, from.plus(DAY)))
}

/// Is there anything to be proved of a day?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Proved.
    Proved,
    /// To be proved, for the first time or again.
    Due,
    /// Not over yet, or only just.
    NotOver,
    /// Nothing was brought in by itself then.
    NotImported,
    /// Longer ago than is looked at, or than the mall lists.
    TooOld,
}

/// What is known of a shop for the question which days are to be proved.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Since when orders come by themselves.
    pub since: Option<UtcMillis>,
    /// Times without imports.
    pub outages: &'a [Outage],
    /// How long after its end a day is proved, milliseconds.
    pub late_ms: i64,
    /// How far back the mall lists, milliseconds.
    pub max_age_ms: i64,
}

impl<'a> Known<'a> {
    /// Of a shop whose mall counts a period so.
    #[must_use]
    pub fn new(since: Option<UtcMillis>, outages: &'a [Outage], period: &PeriodRule) -> Self {
        Self { since, outages, late_ms: period.overlap_ms.min(LATE_MS), max_age_ms: period.max_age_ms }
    }
}

/// How a day stands.
#[must_use]
pub fn standing(day: Date, proof: Option<&Proof>, known: Known<'_>, now: UtcMillis) -> Standing {
    let Some((from, to)) = bounds(day) else { return Standing::TooOld };
    if now < to.plus(known.late_ms) {
        return Standing::NotOver;
    }
    let age = now.since(from);
    let old = age > DAYS * DAY || age >= known.max_age_ms;
    let Some(proof) = proof else {
        return match known.since {
            _ if old => Standing::TooOld,
            // The day it began on is not whole.
            Some(since) if since <= from => Standing::Due,
            _ => Standing::NotImported,
        };
    };
    let again = to.plus(AGAIN_MS);
    let early = proof.checked_at < again && now >= again;
    let blind = |o: &Outage| o.from < to && o.to > from && o.ended_at > proof.checked_at;
    match !old && (early || proof.checked_at > now || known.outages.iter().any(blind)) {
        true => Standing::Due,
        false => Standing::Proved,
    }
}

/// A walk through the list of one day.
#[derive(Default)]
struct Walk {
    day: String,
    from: UtcMillis,
    to: UtcMillis,
    windows: Vec<Window>,
    window: usize,
    page: Option<PageToken>,
    walk: u32,
    shifting: bool,
    fresh: bool,
    listed: BTreeSet<MallOrderId>,
}

impl Walk {
    /// A window is over: once more, when its pages may have shifted and it showed something new.
    fn end_window(&mut self) {
        let again = self.shifting && self.walk + 1 < MAX_WALKS && (self.walk == 0 || self.fresh);
        if again {
            self.walk += 1;
        } else {
            (self.window, self.walk) = (self.window + 1, 0);
        }
        (self.page, self.shifting, self.fresh) = (None, false, false);
    }
}

/// What a lane remembers of its proofs. Lost with it: a walk begins anew, and listing changes nothing.
#[derive(Default)]
pub(crate) struct Proofs {
    walks: HashMap<ShopId, Walk>,
    look_at: HashMap<ShopId, i64>,
}

fn parse_day(text: &str) -> Option<Date> {
    text.parse().ok()
}

impl Lane {
    /// One page of a walk that was begun; `true` when something was done.
    pub(crate) async fn prove_page(&self) -> Result<bool, LaneError> {
        for shop in self.shops().await? {
            let walks = self.proofs.lock().await.walks.contains_key(&shop.shop_id);
            if !walks || !self.may_talk(&shop) || self.hub.ledger.open_run(shop.shop_id).await?.is_some() {
                continue;
            }
            let Some(context) = self.context(shop).await? else { continue };
            if self.imports_must_wait(context.mall.descriptor()) {
                continue;
            }
            self.step(&context).await?;
            return Ok(true);
        }
        Ok(false)
    }

    async fn step(&self, context: &ShopContext) -> Result<(), LaneError> {
        let shop = context.shop.shop_id;
        let Some(source) = context.mall.orders() else { return Ok(()) };
        let Some(mut walk) = self.proofs.lock().await.walks.remove(&shop) else { return Ok(()) };
        if let Some(window) = walk.windows.get(walk.window).cloned() {
            let wire = self.import_wire(context);
            let session = self.session(context, &wire);
            let page = match source.list(&session, &window, walk.page.as_ref()).await {
                Ok(page) => page,
                Err(error) if error.kind == MallErrorKind::Interrupted => return Err(LaneError::Gone),
                Err(error) => {
                    self.failed(&context.shop, &error).await?;
                    self.note(shop, "proof", &error.reason);
                    return self.answer_provers(shop, &walk.day, Err(&error.reason)).await;
                }
            };
            self.talked(&context.shop).await?;
            self.learn(shop, &page.learnt).await?;
            let before = walk.listed.len();
            walk.listed.extend(page.entries.iter().map(|entry| entry.mall_order_id.clone()));
            walk.listed.extend(page.unreadable.iter().filter_map(|u| u.mall_order_id.clone()));
            walk.fresh |= walk.listed.len() > before;
            match source.next_page(&window, walk.page.as_ref(), &page, None) {
                Some(token) => {
                    walk.shifting |= token.shifting;
                    walk.page = Some(token);
                }
                None => walk.end_window(),
            }
        }
        if walk.window < walk.windows.len() {
            self.proofs.lock().await.walks.insert(shop, walk);
            return Ok(());
        }
        self.compare(&context.shop, walk).await
    }

    /// The list is complete: it is compared, and what is missing is asked for.
    async fn compare(&self, shop: &Shop, walk: Walk) -> Result<(), LaneError> {
        let listed: Vec<MallOrderId> = walk.listed.into_iter().collect();
        let day = (walk.day.as_str(), walk.from, walk.to);
        let ledger = &self.hub.ledger;
        let mut missing = ledger.prove_day(&self.guard, shop.shop_id, day, &listed, self.now()).await?;
        if !missing.is_empty() {
            tracing::warn!(shop = %shop.shop_id, day = walk.day, missing = missing.len(), "orders are missing: fetching them");
            missing.truncate(FILL_LIMIT);
            let Some(mall) = self.hub.mall(&shop.mall) else { return Ok(()) };
            let statuses =
                shop.import_statuses.clone().unwrap_or_else(|| mall.descriptor().default_statuses());
            let body = ImportRequest {
                from: walk.from,
                to: walk.to,
                statuses: Some(statuses),
                overwrite: false,
                force: false,
                orders: Some(missing),
            };
            let begin = Begin { trigger: "proof", request: None, body, carried: BTreeSet::new() };
            if self.begin_import(shop, begin).await?.is_some() {
                return Ok(());
            }
        }
        self.answer_provers(shop.shop_id, &walk.day, Ok(())).await
    }

    /// A run that fetched what was missing has ended.
    pub(crate) async fn proof_filled(&self, shop: &Shop) -> Result<(), LaneError> {
        for short in self.hub.ledger.short_proofs(shop.shop_id).await? {
            self.hub.ledger.settle_proof(&self.guard, shop.shop_id, &short.day).await?;
            self.answer_provers(shop.shop_id, &short.day, Ok(())).await?;
        }
        Ok(())
    }

    /// Begins to prove the newest day of a shop that is due; `true` when it did.
    pub(crate) async fn begin_proof(&self, shop: &Shop) -> Result<bool, LaneError> {
        let Some((mall, period)) = self.listed_by_day(shop) else { return Ok(false) };
        if !shop.imports_itself() || self.imports_must_wait(mall.descriptor()) {
            return Ok(false);
        }
        let now = self.hub.clock.monotonic_ms();
        {
            let mut proofs = self.proofs.lock().await;
            let waits = proofs.look_at.get(&shop.shop_id).is_some_and(|at| now < *at);
            if waits || proofs.walks.contains_key(&shop.shop_id) {
                return Ok(false);
            }
            proofs.look_at.insert(shop.shop_id, now + LOOK_MS);
        }
        if self.hub.ledger.open_run(shop.shop_id).await?.is_some() {
            return Ok(false);
        }
        let Some(day) = self.day_due(shop, &period).await? else { return Ok(false) };
        let begun = self.begin_walk(shop, day).await;
        if begun {
            // The next one as soon as this one is done.
            self.proofs.lock().await.look_at.remove(&shop.shop_id);
        }
        Ok(begun)
    }

    fn listed_by_day(&self, shop: &Shop) -> Option<(std::sync::Arc<dyn mall_api::Mall>, PeriodRule)> {
        let mall = self.hub.mall(&shop.mall)?;
        mall.orders()?;
        let period = mall.descriptor().period.clone()?;
        Some((mall, period))
    }

    async fn day_due(&self, shop: &Shop, period: &PeriodRule) -> Result<Option<Date>, LaneError> {
        let now = self.now();
        let ledger = &self.hub.ledger;
        for short in ledger.short_proofs(shop.shop_id).await? {
            ledger.settle_proof(&self.guard, shop.shop_id, &short.day).await?;
        }
        let today = now.japan_date();
        let first = today.saturating_sub(DAYS.days());
        let proofs = ledger.proofs(shop.shop_id, &first.to_string(), &today.to_string()).await?;
        let outages = outages(ledger, shop, period, now).await?;
        let known = Known::new(ledger.imported_since(shop.shop_id).await?, &outages, period);
        let is_due = |day: &Date| {
            let proof = proofs.iter().find(|p| p.day == day.to_string());
            standing(*day, proof, known, now) == Standing::Due
        };
        Ok((1..=DAYS).map(|back| today.saturating_sub(back.days())).find(is_due))
    }

    async fn begin_walk(&self, shop: &Shop, day: Date) -> bool {
        let Some((mall, _)) = self.listed_by_day(shop) else { return false };
        let (Some((from, to)), Some(source)) = (bounds(day), mall.orders()) else { return false };
        // Both ends are included.
        let period = Period { from, to: to.plus(-1) };
        let windows = source.windows(Look::Ordered, period, &[], self.now());
        if windows.is_empty() {
            return false;
        }
        let walk = Walk { day: day.to_string(), from, to, windows, ..Walk::default() };
        self.proofs.lock().await.walks.insert(shop.shop_id, walk);
        true
    }

    /// 「この日をもう一度確かめる」. `false`: it is under way.
    pub(crate) async fn serve_prove(&self, shop: &Shop, request: &RequestRow) -> Result<bool, LaneError> {
        let body: ProveRequest = request.body_as()?;
        let now = self.now();
        let day = parse_day(&body.day).and_then(|day| Some((day, bounds(day)?)));
        let refusal = match (day, self.listed_by_day(shop)) {
            (_, None) => Some(reason::days_not_listed()),
            (None, _) => Some(reason::day_not_over(&body.day)),
            (Some((_, (_, to))), _) if now < to => Some(reason::day_not_over(&body.day)),
            (Some((_, (from, _))), Some((_, period))) if now.since(from) >= period.max_age_ms => {
                Some(reason::day_too_old(&body.day))
            }
            _ => None,
        };
        let Some((day, _)) = day.filter(|_| refusal.is_none()) else {
            let result = json!({ "reason": refusal });
            self.answer(request, "failed", &result).await?;
            return Ok(true);
        };
        if self.hub.ledger.open_run(shop.shop_id).await?.is_some()
            || self.proofs.lock().await.walks.contains_key(&shop.shop_id)
        {
            return Ok(false);
        }
        if request.state == "queued" {
            self.hub.ledger.begin_request(&self.guard, request.request_id).await?;
            self.try_again(shop.shop_id);
        }
        // Its answer comes with the proof; an owner that died before it could give it begins anew.
        if !self.begin_walk(shop, day).await {
            let result = json!({ "reason": reason::day_too_old(&body.day) });
            self.answer(request, "failed", &result).await?;
        }
        Ok(true)
    }

    /// Whoever asked for a day is told how it came out.
    async fn answer_provers(
        &self,
        shop: ShopId,
        day: &str,
        outcome: Result<(), &domain::Reason>,
    ) -> Result<(), LaneError> {
        for request in self.hub.ledger.open_requests(&self.guard.lane_key).await? {
            let asks = request.kind == crate::requests::PROVE
                && request.shop_id == shop
                && request.state != "queued"
                && request.body_as::<ProveRequest>().is_ok_and(|body| body.day == day);
            if !asks {
                continue;
            }
            match outcome {
                Ok(()) => {
                    let proof = self.hub.ledger.proofs(shop, day, day).await?.pop();
                    self.answer(&request, "succeeded", &json!({ "proof": proof })).await?;
                }
                Err(reason) => self.answer(&request, "failed", &json!({ "reason": reason })).await?,
            }
        }
        Ok(())
    }
}

/// Times in which a shop's orders did not come by themselves, as its runs show.
///
/// # Errors
/// As the database says.
pub async fn outages(
    ledger: &store::Ledger,
    shop: &Shop,
    period: &PeriodRule,
    now: UtcMillis,
) -> Result<Vec<Outage>, StoreError> {
    let usual = period.overlap_ms + crate::rhythm::ceiling_ms(shop.import_interval_ms) + OUTAGE_MS;
    ledger.import_outages(shop.shop_id, now.plus(-DAYS * DAY), usual).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(day: &str, checked_at: UtcMillis) -> Proof {
        Proof {
            shop_id: ShopId(1),
            day: day.to_owned(),
            listed: 3,
            held: 3,
            left_out: 0,
            filled: 0,
            beyond: 0,
            missing: Vec::new(),
            checked_at,
        }
    }

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_lenient(text).unwrap()
    }

    fn known(outages: &[Outage]) -> Known<'_> {
        let since = Some(at("2026-11-01 10:00"));
        Known { since, outages, late_ms: HOUR, max_age_ms: 63 * DAY }
    }

    #[test]
    fn a_day_is_proved_when_it_is_over_once_more_two_days_later_and_never_before_imports_began() {
        let day: Date = "2026-11-10".parse().unwrap();
        let first = proof("2026-11-10", at("2026-11-11 01:30"));
        let second = proof("2026-11-10", at("2026-11-13 00:10"));
        for (now, proof, expected) in [
            ("2026-11-10 23:59", None, Standing::NotOver),
            ("2026-11-11 00:59", None, Standing::NotOver), // the mall may still list some
            ("2026-11-11 01:00", None, Standing::Due),
            ("2026-11-11 02:00", Some(&first), Standing::Proved),
            ("2026-11-13 00:00", Some(&first), Standing::Due),
            ("2026-11-13 01:00", Some(&second), Standing::Proved),
            ("2026-12-31 00:00", Some(&first), Standing::Proved), // as it was told then
            ("2026-12-31 00:00", None, Standing::TooOld),
            // A clock that stepped back proves anew (F48).
            ("2026-11-12 00:00", Some(&second), Standing::Due),
        ] {
            assert_eq!(standing(day, proof, known(&[]), at(now)), expected, "{now}");
        }
        for (day, expected) in [
            ("2026-10-31", Standing::NotImported),
            ("2026-11-01", Standing::NotImported), // began in the middle of it
            ("2026-11-02", Standing::Due),
        ] {
            assert_eq!(
                standing(day.parse().unwrap(), None, known(&[]), at("2026-11-05 09:00")),
                expected,
                "{day}"
            );
        }
        let never = Known { since: None, ..known(&[]) };
        assert_eq!(standing(day, None, never, at("2026-11-12 09:00")), Standing::NotImported);
    }

    #[test]
    fn days_of_an_outage_are_proved_again_after_it() {
        let outage = Outage {
            from: at("2026-11-09 22:00"),
            to: at("2026-11-11 05:00"),
            ended_at: at("2026-11-11 05:01"),
        };
        let now = at("2026-11-11 06:00");
        let before = proof("2026-11-10", at("2026-11-11 02:00"));
        let after = proof("2026-11-10", at("2026-11-11 05:30"));
        let day: Date = "2026-11-10".parse().unwrap();
        let known = known(std::slice::from_ref(&outage));
        assert_eq!(standing(day, Some(&before), known, now), Standing::Due);
        assert_eq!(standing(day, Some(&after), known, now), Standing::Proved);
        let other = proof("2026-11-08", at("2026-11-09 02:00"));
        let untouched: Date = "2026-11-08".parse().unwrap();
        assert_eq!(standing(untouched, Some(&other), known, at("2026-11-10 06:00")), Standing::Proved);
    }

    #[test]
    fn pages_that_may_shift_are_walked_until_two_walks_agree_f10() {
        let mut walk = Walk { shifting: true, fresh: true, ..Walk::default() };
        walk.end_window();
        assert_eq!((walk.window, walk.walk), (0, 1));
        (walk.shifting, walk.fresh) = (true, false);
        walk.end_window();
        assert_eq!((walk.window, walk.walk), (1, 0), "nothing new: they agree");
        walk.fresh = true;
        walk.end_window();
        assert_eq!(walk.window, 2, "a list that does not shift is walked once");
    }
}
