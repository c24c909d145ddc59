//! getOrder (document 2.3) and a minimal getPayment (2.11).

use serde_json::{Map, Value};

use super::codes::{self, Message, family};
use super::params::Params;
use super::traits::Trait;
use super::{Rakuten, answer, messages, render};
use crate::json::Json;
use crate::jst::{self, DAY_MS};
use crate::mall::Ctx;
use crate::wire::Reply;

impl Rakuten {
    pub(crate) fn get(&mut self, shop: usize, body: &Map<String, Value>, ctx: &Ctx<'_>) -> Reply {
        let mut p = Params::new(body, family::GET);
        let numbers = p.numbers("orderNumberList", 100);
        if body.get("version").is_none_or(Value::is_null) {
            p.missing("version");
        }
        // 1 and 2 are refused (measured); above the newest is refused too, so that a client must fall back.
        let newest = ctx.settings.rakuten.max_version;
        let version = p.int_in("version", |v| (3..=newest).contains(&v)).unwrap_or(newest);
        if !p.faults.is_empty() {
            let mut json = Json::default();
            json.object("", |j| {
                codes::write_all(j, &p.faults);
                j.list("OrderModelList", [(); 0], |_, ()| {});
            });
            return answer(400, json);
        }
        let mut found = Vec::with_capacity(numbers.len());
        let mut lost = Vec::new();
        for number in numbers {
            let order = self.find(shop, number).filter(|i| self.readable(*i, ctx.now_ms));
            match order.and_then(|i| self.orders.get_mut(i)) {
                Some(order) => found.push(render::order(order, version)),
                None => {
                    let text = "受注情報が取得できませんでした。";
                    lost.push(Message::info(family::GET, "102", text).order(number));
                }
            }
        }
        let mut notes = Vec::with_capacity(1 + lost.len());
        if !found.is_empty() {
            let text = format!("受注情報取得に成功しました。(取得件数{}件)", found.len());
            notes.push(Message::info(family::GET, "101", &text));
        }
        notes.append(&mut lost);
        let mut json = Json::with_capacity(512 + found.iter().map(|f| f.len() + 1).sum::<usize>());
        json.object("", |j| {
            codes::write_all(j, &notes);
            j.list("OrderModelList", &found, |j, order| j.raw(order));
            if version >= 6 {
                j.int("version", version);
            }
        });
        answer(200, json)
    }

    fn readable(&self, index: usize, now_ms: i64) -> bool {
        self.orders.get(index).is_some_and(|o| {
            !o.hidden
                && !o.has(Trait::Unreadable)
                && o.readable_from_ms <= now_ms
                && o.ordered_ms >= now_ms - 730 * DAY_MS
        })
    }

    pub(crate) fn payment(&self, shop: usize, body: &Map<String, Value>) -> Reply {
        let mut p = Params::new(body, family::PAYMENT);
        let number = p.order_number().unwrap_or_default();
        if !p.has_key("version") {
            p.missing("version");
        }
        p.int_in("version", |v| (1..=4).contains(&v));
        if !p.faults.is_empty() {
            return messages(400, &p.faults);
        }
        let Some(order) = self.find(shop, number).and_then(|i| self.orders.get(i)) else {
            return messages(200, &[Message::unknown_order(family::PAYMENT).order(number)]);
        };
        let status = match order.progress {
            600 => 30_500,
            700 => 30_600,
            900 => 31_200,
            _ if order.awaits_payment => 30_100,
            _ => 30_300,
        };
        let mut json = Json::default();
        json.object("", |j| {
            let done = Message::info(family::PAYMENT, "101", "決済情報取得に成功しました。");
            codes::write_all(j, &[done.order(number)]);
            j.object("OrderModel", |j| {
                j.text("orderNumber", number);
                j.list("PaymentModelList", [order], |j, order| {
                    j.object("", |j| {
                        j.text("orderPaymentNumber", &format!("{number}-1"));
                        j.int("paymentMethod", order.payment.code);
                        j.int("paymentAmount", super::amounts::of(order).request);
                        j.int("paymentCharge", order.payment.charge);
                        j.int("paymentStatus", status);
                        j.opt_text("paymentFixDatetime", order.settled_ms.map(jst::datetime).as_deref());
                    });
                });
            });
        });
        answer(200, json)
    }
}
