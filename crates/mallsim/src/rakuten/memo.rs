//! The shop's own notes: sub-status, memo fields, remarks (document 2.7, 2.8).

use serde_json::{Map, Value};

use super::codes::{self, Message, SUB_STATUSES, family};
use super::params::Params;
use super::{Rakuten, answer, messages};
use crate::effects::Effect;
use crate::json::Json;
use crate::jst;
use crate::mall::Ctx;
use crate::wire::Reply;

impl Rakuten {
    pub(crate) fn sub_list(&self) -> Reply {
        let mut json = Json::default();
        json.object("", |j| {
            let done = Message::info(family::SUB_LIST, "101", "サブステータス一覧の取得に成功しました。");
            codes::write_all(j, &[done]);
            j.list("StatusModelList", [100, 300, 500], |j, progress| {
                j.object("", |j| {
                    j.int("orderProgress", progress);
                    let own = SUB_STATUSES.iter().filter(|s| s.0 == progress);
                    j.list("SubStatusModelList", own, |j, (_, id, name, place)| {
                        j.object("", |j| {
                            j.int("subStatusId", *id);
                            j.text("subStatusName", name);
                            j.int("orderby", *place);
                        });
                    });
                });
            });
        });
        answer(200, json)
    }

    /// Partial success under HTTP 200; the key `subStatusId` is mandatory and `null` clears.
    pub(crate) fn sub_status(&mut self, shop: usize, body: &Map<String, Value>, ctx: &mut Ctx<'_>) -> Reply {
        const FAMILY: &str = family::SUB_STATUS;
        let mut p = Params::new(body, FAMILY);
        if !p.has_key("subStatusId") {
            p.missing("subStatusId");
        }
        let wanted = p.int("subStatusId");
        let numbers = p.numbers("orderNumberList", 100);
        if !p.faults.is_empty() {
            return messages(400, &p.faults);
        }
        let mut notes = Vec::with_capacity(numbers.len());
        for number in numbers {
            let index = self.find(shop, number);
            let note = match index.and_then(|i| self.orders.get_mut(i)) {
                None => Message::unknown_order(FAMILY),
                Some(order) if order.cancelled() => {
                    Message::error(FAMILY, "101", "キャンセルされた注文です。")
                }
                Some(order) if wanted.is_some_and(|id| !fits(order.progress, id)) => {
                    Message::error(FAMILY, "102", "サブステータスを設定できない注文です。")
                }
                Some(order) => {
                    order.sub_status = wanted;
                    order.revision += 1;
                    let to = wanted.map_or_else(String::new, |id| id.to_string());
                    ctx.effects.record(number, ctx.now_ms, Effect::Mark { to });
                    Message::info(FAMILY, "101", "サブステータスの更新に成功しました。")
                }
            };
            notes.push(note.order(number));
        }
        messages(200, &notes)
    }

    /// Absent keys stay, null and empty clear.
    pub(crate) fn memo(&mut self, shop: usize, body: &Map<String, Value>, ctx: &mut Ctx<'_>) -> Reply {
        const FAMILY: &str = family::MEMO;
        let mut p = Params::new(body, FAMILY);
        let number = p.order_number().unwrap_or_default();
        let mut text = |name: &str, most: usize| {
            let read = p.text(name).filter(|t| !t.is_empty());
            if read.is_some_and(|t| t.chars().count() > most || codes::machine_dependent(t)) {
                p.bad(name);
            }
            read.map(str::to_owned)
        };
        let memo = text("memo", 1000);
        let operator = text("operator", 6);
        let plug = text("mailPlugSentence", 1024);
        let class = p.int_in("deliveryClass", |n| (0..=8).contains(&n));
        let term = p.int_in("shippingTerm", codes::shipping_term_ok);
        let date = p.text("deliveryDate").filter(|t| !t.is_empty());
        if date.is_some_and(|d| jst::parse_date(d).is_none()) {
            p.bad("deliveryDate");
        }
        let sub_status = p.int("subStatusId");
        if !p.faults.is_empty() {
            return messages(400, &p.faults);
        }
        let Some(order) = self.find(shop, number).and_then(|i| self.orders.get_mut(i)) else {
            return messages(200, &[Message::unknown_order(FAMILY).order(number)]);
        };
        if sub_status.is_some_and(|id| !fits(order.progress, id)) {
            let text = "サブステータスを設定できない注文です。";
            return messages(200, &[Message::error(FAMILY, "107", text).order(number)]);
        }
        let mut fields = Vec::new();
        let mut given = |name: &str| {
            let given = body.contains_key(name);
            if given {
                fields.push(name.to_owned());
            }
            given
        };
        if given("subStatusId") {
            order.sub_status = sub_status;
        }
        if given("deliveryClass") {
            order.delivery_class = class;
        }
        if given("deliveryDate") {
            order.delivery_date = date.map(str::to_owned);
        }
        if given("shippingTerm") {
            order.shipping_term = term;
        }
        if given("memo") {
            order.memo = memo;
        }
        if given("operator") {
            order.operator = operator;
        }
        if given("mailPlugSentence") {
            order.mail_plug = plug;
        }
        order.revision += 1;
        ctx.effects.record(number, ctx.now_ms, Effect::Memo { fields });
        messages(200, &[Message::info(FAMILY, "101", "受注情報の更新に成功しました。").order(number)])
    }

    pub(crate) fn remarks(&mut self, shop: usize, body: &Map<String, Value>, ctx: &mut Ctx<'_>) -> Reply {
        const FAMILY: &str = family::REMARKS;
        let mut p = Params::new(body, FAMILY);
        let number = p.order_number().unwrap_or_default();
        // one of the two is mandatory
        if !p.has_key("giftCheck") && !p.has_key("remarks") {
            p.missing("remarks");
        }
        let gift = p.int_in("giftCheck", |n| matches!(n, 0 | 1));
        let remarks = p.text("remarks");
        if remarks.is_some_and(|t| t.chars().count() > 4000 || codes::machine_dependent(t)) {
            p.bad("remarks");
        }
        if !p.faults.is_empty() {
            return messages(400, &p.faults);
        }
        let Some(order) = self.find(shop, number).and_then(|i| self.orders.get_mut(i)) else {
            return messages(200, &[Message::unknown_order(FAMILY).order(number)]);
        };
        let mut fields = Vec::new();
        if let Some(gift) = gift {
            order.gift = gift == 1;
            fields.push("giftCheck".to_owned());
        }
        if body.contains_key("remarks") {
            order.remarks = remarks.filter(|t| !t.is_empty()).map(str::to_owned);
            fields.push("remarks".to_owned());
        }
        order.revision += 1;
        ctx.effects.record(number, ctx.now_ms, Effect::Memo { fields });
        messages(200, &[Message::info(FAMILY, "101", "備考の更新に成功しました。").order(number)])
    }
}

/// Sub-statuses belong to one orderProgress each.
fn fits(progress: i64, id: i64) -> bool {
    SUB_STATUSES.iter().any(|s| s.0 == progress && s.1 == id)
}
