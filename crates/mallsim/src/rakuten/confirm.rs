//! confirmOrder (document 2.4) and the two cancels (2.9).

use serde_json::{Map, Value};

use super::amounts;
use super::codes::{Message, family};
use super::order::UNDECIDED;
use super::params::Params;
use super::{Rakuten, messages};
use crate::effects::Effect;
use crate::mall::Ctx;
use crate::wire::Reply;

impl Rakuten {
    pub(crate) fn confirm(&mut self, shop: usize, body: &Map<String, Value>, ctx: &mut Ctx<'_>) -> Reply {
        let mut p = Params::new(body, family::CONFIRM);
        let numbers = p.numbers("orderNumberList", 100);
        if !p.faults.is_empty() {
            return messages(400, &p.faults);
        }
        let notes: Vec<Message> =
            numbers.iter().map(|number| self.confirm_one(shop, number, ctx).order(number)).collect();
        messages(200, &notes)
    }

    fn confirm_one(&mut self, shop: usize, number: &str, ctx: &mut Ctx<'_>) -> Message {
        let error = |n: &str, text: &str| Message::error(family::CONFIRM, n, text);
        let Some(index) = self.find(shop, number) else { return Message::unknown_order(family::CONFIRM) };
        let Some(order) = self.orders.get(index) else { return Message::unknown_order(family::CONFIRM) };
        if order.cancelled() {
            return error("102", "既にキャンセルされている注文です。");
        }
        if order.progress != 100 {
            return error("103", "注文確認待ち以外のステータスの注文です。");
        }
        if amounts::of(order).request == UNDECIDED {
            return error("105", "金額が未確定の注文です。");
        }
        ctx.effects.record(number, ctx.now_ms, Effect::Confirm);
        self.move_to(index, 200, "confirm", ctx);
        Message::info(family::CONFIRM, "101", "注文確認に成功しました。")
    }

    /// Before shipping it only applies for the cancel: 800, and 900 after a while. After shipping it runs through.
    pub(crate) fn cancel(
        &mut self,
        shop: usize,
        body: &Map<String, Value>,
        after: bool,
        ctx: &mut Ctx<'_>,
    ) -> Reply {
        let family = if after { family::CANCEL_AFTER } else { family::CANCEL };
        let mut p = Params::new(body, family);
        let number = p.order_number().unwrap_or_default();
        for name in ["inventoryRestoreType", "changeReasonDetailApply"] {
            if !p.has_key(name) {
                p.missing(name);
            }
        }
        p.int_in("inventoryRestoreType", |n| matches!(n, 0..=2));
        let reason =
            p.int_in("changeReasonDetailApply", |n| matches!(n, 1..=6 | 8 | 10 | 13..=15)).unwrap_or(0);
        if !p.faults.is_empty() {
            return messages(400, &p.faults);
        }
        let Some(index) = self.find(shop, number) else {
            return messages(200, &[Message::unknown_order(family).order(number)]);
        };
        let progress = self.orders.get(index).map_or(0, |o| o.progress);
        let allowed = if after {
            matches!(progress, 500 | 600 | 700 | 800)
        } else {
            matches!(progress, 100 | 200 | 300)
        };
        if !allowed {
            let text = "キャンセルできないステータスの注文です。";
            return messages(200, &[Message::error(family, "101", text).order(number)]);
        }
        ctx.effects.record(number, ctx.now_ms, Effect::Cancel { reason: reason.to_string() });
        let by_buyer = reason <= 6;
        self.note_change(index, if after { 2 } else { 0 }, Some(by_buyer), Some(reason), ctx.now_ms);
        self.move_to(index, if after { 900 } else { 800 }, "cancel", ctx);
        let text = if after {
            "キャンセル確定に成功しました。"
        } else {
            "キャンセル申請に成功しました。"
        };
        messages(200, &[Message::info(family, "101", text).order(number)])
    }
}
