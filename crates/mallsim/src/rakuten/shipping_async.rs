//! updateOrderShippingAsync and its result (document 2.6). The work is done late; running, unknown and expired
//! requests answer alike.

use std::collections::HashSet;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

use super::codes::{self, Message, family};
use super::params::Params;
use super::shipping::{self, Report};
use super::status::Timer;
use super::{Rakuten, answer, messages};
use crate::json::Json;
use crate::jst::{self, DAY_MS};
use crate::mall::Ctx;
use crate::wire::Reply;

#[derive(Debug)]
pub(crate) struct Job {
    pub id: String,
    shop: usize,
    accepted_ms: i64,
    call: u64,
    reports: Vec<Report>,
    /// Set when the work is done.
    result: Option<Vec<(String, Vec<Message>)>>,
}

impl Rakuten {
    pub(crate) fn ship_async(&mut self, shop: usize, body: &Map<String, Value>, ctx: &mut Ctx<'_>) -> Reply {
        const FAMILY: &str = family::SHIPPING_ASYNC;
        let mut p = Params::new(body, FAMILY);
        let list = p.list("OrderShippingModelList").unwrap_or_default();
        if list.is_empty() && p.faults.is_empty() {
            p.missing("OrderShippingModelList");
        }
        if list.len() > 100 {
            p.bad("OrderShippingModelList");
        }
        let mut faults = p.faults;
        let mut reports = Vec::with_capacity(list.len());
        let mut seen = HashSet::new();
        for entry in list {
            let empty = Map::new();
            let map = entry.as_object().unwrap_or(&empty);
            let number = map.get("orderNumber").and_then(Value::as_str).unwrap_or_default();
            // a repeated order number is an error
            if !number.is_empty() && !seen.insert(number.to_owned()) {
                faults.push(Message::format(FAMILY, "orderNumber").order(number).record(None, None));
            }
            match shipping::read(map, FAMILY, ctx.settings.rakuten.ship_date) {
                Ok(report) => reports.push(report),
                Err(bad) => faults.extend(bad.into_iter().map(|m| {
                    let record = m.record.unwrap_or((None, None));
                    m.order(number).record(record.0, record.1)
                })),
            }
        }
        if !faults.is_empty() {
            // parameter faults: HTTP 200, no requestId, nothing queued
            return messages(200, &faults);
        }
        let id = request_id(self.seed, self.jobs.len(), ctx.now_ms);
        let job = self.jobs.len();
        let call = ctx.effects.counters().calls;
        self.jobs.push(Job { id: id.clone(), shop, accepted_ms: ctx.now_ms, call, reports, result: None });
        self.at(ctx.now_ms + ctx.settings.rakuten.async_late_ms, Timer::Job(job));
        let mut accepted =
            Message::info(FAMILY, "101", "発送完了報告の受付に成功しました。").record(None, None);
        accepted.request_id = Some(id);
        messages(200, &[accepted])
    }

    /// Does the work of a job.
    pub(crate) fn run_job(&mut self, job: usize, ctx: &mut Ctx<'_>) {
        let Some(waiting) = self.jobs.get_mut(job) else { return };
        let (shop, reports, call) = (waiting.shop, std::mem::take(&mut waiting.reports), waiting.call);
        let before = ctx.effects.acting(call);
        let result = reports.iter().map(|r| (r.order.clone(), self.apply_report(shop, r, ctx))).collect();
        ctx.effects.acting(before);
        if let Some(done) = self.jobs.get_mut(job) {
            done.result = Some(result);
        }
    }

    pub(crate) fn ship_result(&self, shop: usize, body: &Map<String, Value>, ctx: &Ctx<'_>) -> Reply {
        let mut p = Params::new(body, family::RESULT);
        let Some(id) = p.text("requestId").filter(|t| !t.is_empty()) else {
            if p.faults.is_empty() {
                p.missing("requestId");
            }
            return messages(400, &p.faults);
        };
        let kept = ctx.settings.rakuten.async_keep_days * DAY_MS;
        let job =
            self.jobs.iter().find(|j| j.id == id && j.shop == shop && ctx.now_ms - j.accepted_ms <= kept);
        let mut json = Json::default();
        json.object("", |j| match job.and_then(|job| job.result.as_ref()) {
            Some(result) => j.list("ResultShippingModelList", result, |j, (order, notes)| {
                j.object("", |j| {
                    j.text("orderNumber", order);
                    codes::write_all(j, notes);
                });
            }),
            None => j.list("ResultShippingModelList", [()], |j, ()| {
                j.object("", |j| {
                    let none =
                        Message::info(family::RESULT, "101", "リクエストIDに該当する結果が存在しません。");
                    codes::write_all(j, &[none]);
                });
            }),
        });
        answer(200, json)
    }
}

/// A uuid, `_` and the time to the second.
fn request_id(seed: u64, n: usize, now_ms: i64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xA57C ^ (u64::try_from(n).unwrap_or(0) << 20));
    let (a, b): (u64, u64) = (rng.random(), rng.random());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}_{}",
        a >> 32,
        (a >> 16) & 0xFFFF,
        a & 0xFFF,
        (b >> 48) & 0xFFF,
        b & 0xFFFF_FFFF_FFFF,
        jst::compact(now_ms)
    )
}
