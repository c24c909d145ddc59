//! Keys: life, renewal and the expiry question (document 1.3).

use super::Rakuten;
use super::gate;
use crate::jst;
use crate::mall::Ctx;
use crate::wire::{Reply, Request};

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub text: String,
    /// A renewed key needs a while to take hold.
    pub from_ms: i64,
    /// 23:59:59 of the last day.
    pub expires_ms: i64,
    /// When a newer key took its place, or control let it die.
    pub ended_ms: Option<i64>,
}

impl Key {
    pub fn holds(&self, now_ms: i64) -> bool {
        // the last valid second is whole
        now_ms >= self.from_ms
            && now_ms < self.expires_ms + 1000
            && self.ended_ms.is_none_or(|end| now_ms < end)
    }

    pub fn new(text: String, issued_ms: i64, from_ms: i64, days: i64) -> Self {
        Self { text, from_ms, expires_ms: jst::end_of_day(issued_ms, days), ended_ms: None }
    }
}

impl Rakuten {
    /// `{"expiryDate":"…"}` without a zone suffix. Any key of the own shop may be asked for.
    pub(crate) fn license_expiry(&self, shop: usize, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let asked = request.query_value("licenseKey").unwrap_or_default();
        let key = self.shops.get(shop).and_then(|s| s.keys.iter().find(|k| k.text == asked));
        match key {
            Some(key) if key.expires_ms + 1000 > ctx.now_ms => {
                Reply::json(200, &serde_json::json!({ "expiryDate": jst::local(key.expires_ms) }))
            }
            // an expired key gets 401 here as well; a foreign one is not documented and treated alike
            _ => gate::errors(401, "GA0001", "Un-Authorised"),
        }
    }
}
