//! The gateway before the order APIs (document 1.4–1.6, 2, 9): path, token, limits, permits, shop, session.

use super::Yahoo;
use super::codes;
use super::keys::{self, Signature};
use super::xml::{self, Node};
use crate::jst;
use crate::mall::Ctx;
use crate::settings::Pace;
use crate::wire::{Reply, Request};

pub(crate) const SHOPPING_API: &str = "/ShoppingWebService/V1/";

/// The order APIs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    List,
    Info,
    Count,
    History,
    Status,
    PayStatus,
    ShipStatus,
}

const APIS: [(&str, Op); 7] = [
    ("orderList", Op::List),
    ("orderInfo", Op::Info),
    ("orderCount", Op::Count),
    ("orderChangeHistory", Op::History),
    ("orderStatusChange", Op::Status),
    ("orderPayStatusChange", Op::PayStatus),
    ("orderShipStatusChange", Op::ShipStatus),
];

fn api(path: &str) -> Option<(&'static str, Op)> {
    let name = path.strip_prefix(SHOPPING_API)?;
    APIS.iter().find(|(n, _)| *n == name).copied()
}

/// The operation's name as fault rules and counters use it; the path itself for anything unknown.
pub(crate) fn operation(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let known = api(path).is_some() || path.starts_with("/yconnect/v2/") || path.starts_with("/yahoo-csv/");
    if known { last.to_owned() } else { path.to_owned() }
}

pub(crate) fn bearer(request: &Request) -> Option<&str> {
    request.find_header("Authorization")?.strip_prefix("Bearer ").map(str::trim)
}

/// A call that was let in.
pub(crate) struct Admitted {
    pub op: Op,
    pub shop: usize,
    /// The root of an XML request; an empty one for GET.
    pub body: Node,
    /// Value of `X-SWS-Authorize-Status`.
    pub signature: Option<String>,
}

/// 401 without `Code`, as for every token trouble (1.4).
fn unauthorized(error: &str, description: &str) -> Reply {
    let bearer =
        format!("Bearer realm=\"yahooapis.jp\", error=\"{error}\", error_description=\"{description}\"");
    let mut reply = codes::error(401, "", &format!("Please provide valid credentials. {bearer}"));
    reply.set_header("WWW-Authenticate", &bearer);
    reply
}

/// Too fast or too often (2): 403 and an HTML page, or no body at all.
pub(crate) fn forbidden(html: bool, retry_after_s: Option<u64>) -> Reply {
    let page = "<html><head><title>Forbidden</title></head><body><h1>Forbidden</h1>\
                <p>Your Request was Forbidden</p></body></html>\n";
    let mut reply = Reply::new(403, "text/html; charset=utf-8", if html { page } else { "" });
    if let Some(seconds) = retry_after_s {
        reply.set_header("Retry-After", &seconds.to_string());
    }
    reply
}

impl Yahoo {
    /// Lets a call in as one API of one shop, or answers it.
    pub(crate) fn admit(
        &mut self,
        request: &Request,
        late: bool,
        ctx: &mut Ctx<'_>,
    ) -> Result<Admitted, Reply> {
        let settings = &ctx.settings.yahoo;
        let (name, op) = api(&request.path).ok_or_else(|| codes::error(404, "px-04400", "Not Found"))?;
        if settings.maintenance {
            return Err(codes::error(503, "ed-00002", "Service Unavailable"));
        }
        let token = bearer(request).and_then(|t| self.access.get(t));
        let Some(token) = token else {
            ctx.effects.count_unauthorized();
            return Err(unauthorized("invalid_token", "invalid token"));
        };
        let Some(grant) = self.grants.get(token.grant).filter(|_| ctx.now_ms < token.until_ms) else {
            ctx.effects.count_unauthorized();
            return Err(unauthorized("invalid_token", "expired token"));
        };
        let (shop, client, consented_ms) = (grant.shop, grant.client, grant.consented_ms);
        if !late {
            self.pass(name, client, shop, ctx)?;
        }
        let Some(owner) = self.shops.get(shop) else { return Err(Reply::default()) };
        let permits = &owner.permits;
        let no = |code: &str, message: &str| Err(codes::error(403, code, message));
        if permits.no_scope {
            ctx.effects.count_unauthorized();
            return Err(unauthorized("insufficient_scope", "the scope is not granted"));
        }
        if permits.source_ip_refused {
            return no("px-04306", "Your IP address is not permitted.");
        }
        if permits.api_off {
            return no("px-04307", "Use of API is not permitted.");
        }
        if permits.not_registered {
            return no("px-04303", "Your application is not registered.");
        }
        if permits.not_linked {
            return no("px-14303", "Use of API is not permitted.");
        }
        let signature =
            keys::judge(request, &owner.keys, &owner.seller, ctx.now_ms, settings.signature_skew_ms);
        if signature == Signature::NoVersion && settings.refuse_signature_without_version {
            return no("px-14303", "Use of API is not permitted.");
        }
        if signature != Signature::Good && ctx.now_ms - consented_ms >= settings.unsigned_session_ms {
            ctx.effects.count_unauthorized();
            let message = "AccessToken has been expired. This API session is shorter than another API.";
            return Err(codes::error(401, "px-04102", message));
        }
        let (seller, body) = asked(op, request)?;
        if seller != owner.seller {
            return no("px-14304", "The seller_id is not permitted.");
        }
        let status = match signature {
            Signature::Good => Some("authorized".to_owned()),
            Signature::Bad => Some(settings.bad_signature_status.clone()),
            Signature::None | Signature::NoVersion => None,
        };
        Ok(Admitted { op, shop, body, signature: status })
    }

    /// Both limits: by URL and second, by day; both for a Client ID, so for all its shops together (2).
    fn pass(&mut self, name: &str, client: usize, shop: usize, ctx: &mut Ctx<'_>) -> Result<(), Reply> {
        let settings = &ctx.settings.yahoo;
        let client_id = self.client_id(client);
        let gate = format!("{client_id} {name}");
        ctx.effects.count_rate(&gate, ctx.caller_ms);
        let today = ctx.effects.count_day(&client_id, &jst::date(ctx.caller_ms));
        let pace = Pace { per_second: settings.per_second, ..ctx.settings.pace.clone() };
        let wait = self.gates.pass(&gate, &pace, ctx.caller_ms).err();
        let spent = pace.enabled && today > settings.per_day;
        if wait.is_none() && !spent {
            return Ok(());
        }
        let seller = self.shops.get(shop).map_or("?", |s| s.seller.as_str());
        ctx.effects.count_too_many(seller);
        Err(forbidden(settings.too_many_html, None))
    }
}

/// The shop a call names, and the request's document.
fn asked(op: Op, request: &Request) -> Result<(String, Node), Reply> {
    let missing = || codes::error(400, "px-04001", "\"seller_id\" is not specified");
    if matches!(op, Op::Count | Op::History) {
        let seller = request.query_value("sellerId").filter(|s| !s.is_empty()).ok_or_else(missing)?;
        return Ok((seller, Node::default()));
    }
    let kind = request.find_header("Content-Type").unwrap_or_default().to_ascii_lowercase();
    let is_xml = kind.starts_with("application/xml") || kind.starts_with("text/xml");
    if request.method != "POST" || !is_xml {
        return Err(missing());
    }
    let root = xml::read(&request.body).ok().filter(|r| r.name == "Req");
    let root = root.ok_or_else(|| codes::error(400, "od90101", "Invalid Parameter : Req"))?;
    let seller = root.text_at(&["SellerId"]).ok_or_else(missing)?.to_owned();
    Ok((seller, root))
}
