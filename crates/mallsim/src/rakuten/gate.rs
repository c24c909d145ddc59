//! The gateway before the API (document 1.1–1.4, 4): path, method, credential, function switch, speed, content type.
//! Its answers are envelopes of their own, never a `MessageModelList`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Rakuten;
use crate::mall::Ctx;
use crate::wire::{Reply, Request};

/// The functions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Search,
    Get,
    Confirm,
    Ship,
    ShipAsync,
    ShipResult,
    SubList,
    SubStatus,
    Memo,
    Remarks,
    Cancel,
    CancelAfter,
    Payment,
    License,
}

const ORDER_API: &str = "/es/2.0/order/";
const LICENSE: &str = "/es/1.0/license-management/license-key/expiry-date";

const FUNCTIONS: [(&str, Op); 13] = [
    ("searchOrder", Op::Search),
    ("getOrder", Op::Get),
    ("confirmOrder", Op::Confirm),
    ("updateOrderShipping", Op::Ship),
    ("updateOrderShippingAsync", Op::ShipAsync),
    ("getResultUpdateOrderShippingAsync", Op::ShipResult),
    ("getSubStatusList", Op::SubList),
    ("updateOrderSubStatus", Op::SubStatus),
    ("updateOrderMemo", Op::Memo),
    ("updateOrderRemarks", Op::Remarks),
    ("cancelOrder", Op::Cancel),
    ("cancelOrderAfterShipping", Op::CancelAfter),
    ("getPayment", Op::Payment),
];

/// The function a path names, and whether it is spelt as documented.
fn function(path: &str) -> Option<(&'static str, Op, bool)> {
    if path.trim_end_matches('/') == LICENSE {
        return Some(("licenseExpiry", Op::License, true));
    }
    let name = path.strip_prefix(ORDER_API)?;
    let (name, slash) = name.strip_suffix('/').map_or((name, false), |name| (name, true));
    FUNCTIONS.iter().find(|(f, _)| *f == name).map(|(f, op)| (*f, *op, slash))
}

/// The operation's name as fault rules and counters use it; the path itself for anything unknown.
pub(crate) fn operation(path: &str) -> String {
    function(path).map_or_else(|| path.to_owned(), |(name, _, _)| name.to_owned())
}

pub(crate) fn errors(status: u16, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
    Reply::json(status, &body)
}

pub(crate) fn results(status: u16, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({ "Results": { "errorCode": code, "message": message } });
    Reply::json(status, &body)
}

/// `serviceSecret` and `licenseKey`, or the code of what is malformed (1.4, which of the three codes is 〔I〕).
pub(crate) fn credential(request: &Request) -> Result<(String, String), &'static str> {
    let header = request.find_header("Authorization").ok_or("GK0001")?;
    let text = header.strip_prefix("ESA ").ok_or("GK0005")?;
    let bytes = STANDARD.decode(text.trim()).map_err(|_| "GK0006")?;
    let text = String::from_utf8(bytes).map_err(|_| "GK0006")?;
    let (secret, key) = text.split_once(':').ok_or("GK0006")?;
    Ok((secret.to_owned(), key.to_owned()))
}

impl Rakuten {
    /// Lets a call in as one function of one shop, or answers it.
    pub(crate) fn admit(
        &mut self,
        request: &Request,
        late: bool,
        ctx: &mut Ctx<'_>,
    ) -> Result<(Op, usize), Reply> {
        let settings = &ctx.settings.rakuten;
        let not_found =
            || Reply::new(404, "text/html;charset=utf-8", "<html><body>404 Not Found</body></html>");
        let (name, op, slash) = function(&request.path).ok_or_else(not_found)?;
        if !slash && settings.strict_slash {
            return Err(not_found());
        }
        let method = if op == Op::License { "GET" } else { "POST" };
        if request.method != method {
            let mut reply = Reply::new(405, "text/html;charset=utf-8", "<html><body>405</body></html>");
            reply.set_header("Allow", method);
            return Err(reply);
        }
        let (secret, key) = credential(request).map_err(|code| {
            ctx.effects.count_unauthorized();
            errors(400, code, "Bad Request")
        })?;
        let known = self.shops.iter().position(|s| s.secret == secret);
        let valid = |index: usize| {
            let shop = self.shops.get(index);
            shop.is_some_and(|s| s.keys.iter().any(|k| k.text == key && k.holds(ctx.now_ms)))
        };
        let Some(shop) = known.filter(|i| valid(*i)) else {
            ctx.effects.count_unauthorized();
            return Err(if settings.results_envelope {
                results(401, "ES01-01", "Un-Authorised")
            } else {
                errors(401, "GA0001", "Un-Authorised")
            });
        };
        let off = self.shops.get(shop).is_some_and(|s| s.off.iter().any(|f| f == name));
        if off {
            return Err(results(settings.function_off_status, "ES04-01", "Un-Authorised"));
        }
        if !late {
            // The licence API is another service and has its own measure.
            let gate = if op == Op::License { format!("license {secret}") } else { secret };
            if let Err(wait) = self.gates.pass(&gate, &ctx.settings.pace, ctx.caller_ms) {
                ctx.effects.count_too_many(&self.shop_id(shop).to_string());
                let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1000).max(1);
                return Err(too_many(ctx.settings.pace.retry_after.then_some(seconds)));
            }
        }
        if op != Op::License {
            let kind = request.find_header("Content-Type").unwrap_or_default();
            let spaced = kind.contains("; ") && settings.refuse_spaced_content_type;
            if spaced || !kind.to_ascii_lowercase().starts_with("application/json") {
                return Err(results(415, "ES04-03", "Unsupported Media Type"));
            }
        }
        Ok((op, shop))
    }
}

/// The real body is not recorded (4): short plain text, no code anybody could learn to rely on.
pub(crate) fn too_many(retry_after_s: Option<u64>) -> Reply {
    let mut reply = Reply::new(429, "text/plain;charset=utf-8", "Too Many Requests");
    if let Some(seconds) = retry_after_s {
        reply.set_header("Retry-After", &seconds.to_string());
    }
    reply
}
