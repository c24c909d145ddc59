//! The gateway before the Selling Partner API (document 1.2, 8, 9): path, headers, token, switches, speed. Knows
//! which operations there are and how fast each may be called, not what they do.

use super::Amazon;
use super::errors;
use crate::mall::Ctx;
use crate::settings::Pace;
use crate::wire::{Reply, Request};

/// The operations there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Token,
    SearchOrders,
    GetOrder,
    ConfirmShipment,
    CreateFeedDocument,
    GetFeedDocument,
    CreateFeed,
    GetFeeds,
    GetFeed,
    CancelFeed,
    Participations,
    Account,
    Upload,
    Download,
}

impl Op {
    /// The operation's name in the models, as fault rules and counters use it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::SearchOrders => "searchOrders",
            Self::GetOrder => "getOrder",
            Self::ConfirmShipment => "confirmShipment",
            Self::CreateFeedDocument => "createFeedDocument",
            Self::GetFeedDocument => "getFeedDocument",
            Self::CreateFeed => "createFeed",
            Self::GetFeeds => "getFeeds",
            Self::GetFeed => "getFeed",
            Self::CancelFeed => "cancelFeed",
            Self::Participations => "getMarketplaceParticipations",
            Self::Account => "getAccount",
            Self::Upload => "uploadDocument",
            Self::Download => "downloadDocument",
        }
    }

    /// Calls a second and burst (document 8).
    pub fn rate(self) -> Option<(f64, u32)> {
        match self {
            Self::SearchOrders => Some((0.0056, 20)),
            Self::GetOrder => Some((0.5, 30)),
            Self::ConfirmShipment => Some((2.0, 10)),
            Self::CreateFeedDocument => Some((0.5, 15)),
            Self::CreateFeed => Some((0.0083, 15)),
            Self::GetFeed | Self::CancelFeed => Some((2.0, 15)),
            Self::GetFeeds | Self::GetFeedDocument => Some((0.0222, 10)),
            Self::Participations | Self::Account => Some((0.016, 15)),
            Self::Token | Self::Upload | Self::Download => None,
        }
    }
}

const ORDERS: &str = "/orders/2026-01-01/orders";
const ORDERS_V0: &str = "/orders/v0/orders/";
const CONFIRMATION: &str = "/shipmentConfirmation";
const FEEDS: &str = "/feeds/2021-06-30/feeds";
const FEED_DOCUMENTS: &str = "/feeds/2021-06-30/documents";
pub(crate) const DOCUMENTS: &str = "/amazon-documents/";

/// The operation a method and path name, and the id inside the path, still percent-encoded.
pub(crate) fn operation<'a>(method: &str, path: &'a str) -> Option<(Op, &'a str)> {
    let id_of = |prefix: &str| {
        path.strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('/'))
            .filter(|id| !id.is_empty() && !id.contains('/'))
    };
    if path == "/auth/o2/token" {
        return Some((Op::Token, ""));
    }
    if let Some(id) = path.strip_prefix(DOCUMENTS) {
        return match method {
            "PUT" => Some((Op::Upload, id)),
            "GET" => Some((Op::Download, id)),
            _ => None,
        };
    }
    let v0 = path.strip_prefix(ORDERS_V0).and_then(|rest| rest.strip_suffix(CONFIRMATION));
    match method {
        "GET" => match path {
            ORDERS => Some((Op::SearchOrders, "")),
            FEEDS => Some((Op::GetFeeds, "")),
            "/sellers/v1/marketplaceParticipations" => Some((Op::Participations, "")),
            "/sellers/v1/account" => Some((Op::Account, "")),
            _ => None
                .or_else(|| id_of(ORDERS).map(|id| (Op::GetOrder, id)))
                .or_else(|| id_of(FEEDS).map(|id| (Op::GetFeed, id)))
                .or_else(|| id_of(FEED_DOCUMENTS).map(|id| (Op::GetFeedDocument, id))),
        },
        "POST" => match path {
            FEEDS => Some((Op::CreateFeed, "")),
            FEED_DOCUMENTS => Some((Op::CreateFeedDocument, "")),
            _ => v0.filter(|id| !id.is_empty() && !id.contains('/')).map(|id| (Op::ConfirmShipment, id)),
        },
        "DELETE" => id_of(FEEDS).map(|id| (Op::CancelFeed, id)),
        _ => None,
    }
}

/// Whether the header has the documented form: `App/1.0 (Language=Rust/1.95; Platform=Linux)`, at most 500
/// characters (1.2).
fn well_formed_agent(agent: &str) -> bool {
    let Some((head, rest)) = agent.split_once(" (") else { return false };
    let named = head.split_once('/').is_some_and(|(app, version)| !app.is_empty() && !version.is_empty());
    named && rest.ends_with(')') && rest.contains("Language=")
}

impl Amazon {
    /// The seller a token belongs to, good or not.
    pub(crate) fn token_owner(&self, request: &Request) -> Option<usize> {
        let token = request.find_header("x-amz-access-token")?;
        self.access.get(token).map(|a| a.shop)
    }

    /// Lets a call in for one seller, or answers it.
    pub(crate) fn admit(
        &mut self,
        op: Op,
        request: &Request,
        late: bool,
        ctx: &mut Ctx<'_>,
    ) -> Result<usize, Reply> {
        well_formed(request, ctx)?;
        let shop = self.authorise(request, ctx)?;
        self.switched(op, shop, ctx)?;
        if !late {
            self.pace(op, shop, ctx)?;
        }
        let writes = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        let kind = request.find_header("Content-Type").unwrap_or_default().to_ascii_lowercase();
        if writes && !kind.starts_with("application/json") {
            return Err(errors::error(415, "UnsupportedMediaType", "Unsupported Media Type", ""));
        }
        Ok(shop)
    }

    fn authorise(&self, request: &Request, ctx: &mut Ctx<'_>) -> Result<usize, Reply> {
        const REVOKED: &str = "The access token you provided is revoked, malformed or invalid.";
        let mut no = |details: &str| {
            ctx.effects.count_unauthorized();
            errors::unauthorized(details)
        };
        let Some(token) = request.find_header("x-amz-access-token").filter(|t| !t.is_empty()) else {
            return Err(no("Access token is missing in the request header."));
        };
        let Some(access) = self.access.get(token) else { return Err(no(REVOKED)) };
        if ctx.now_ms >= access.expires_ms {
            return Err(no("The access token you provided has expired."));
        }
        let Some(shop) = self.shops.get(access.shop) else { return Err(no(REVOKED)) };
        match access.grant {
            // grantless tokens open nothing that belongs to a seller
            None => Err(no("")),
            Some(n)
                if shop.switches.auth_revoked || !shop.grants.get(n).is_some_and(|g| g.holds(ctx.now_ms)) =>
            {
                Err(no(REVOKED))
            }
            Some(_) => Ok(access.shop),
        }
    }

    /// The switches of section 9.
    fn switched(&mut self, op: Op, shop: usize, ctx: &mut Ctx<'_>) -> Result<(), Reply> {
        let Some(owner) = self.shops.get_mut(shop) else { return Ok(()) };
        let switches = &mut owner.switches;
        if switches.quota {
            ctx.effects.count_too_many(&owner.id);
            return Err(errors::quota());
        }
        if switches.internal_failure > 0 {
            if switches.internal_failure < u64::MAX {
                switches.internal_failure -= 1;
            }
            return Err(errors::internal());
        }
        match op {
            _ if !switches.individual_plan => Ok(()),
            // an inactive account: the document succeeds before it (4.1)
            Op::CreateFeedDocument | Op::Participations | Op::Account => Ok(()),
            Op::CreateFeed => Err(errors::input("Invalid request parameters")),
            _ => Err(errors::unauthorized("")),
        }
    }

    fn pace(&mut self, op: Op, shop: usize, ctx: &mut Ctx<'_>) -> Result<(), Reply> {
        let Some((rate, burst)) = op.rate() else { return Ok(()) };
        let per_second = rate * ctx.settings.amazon.rate_scale;
        let pace = Pace { per_second, burst, ..ctx.settings.pace.clone() };
        let gate = format!("{shop} {}", op.name());
        if self.gates.pass(&gate, &pace, ctx.caller_ms).is_err() {
            let id = self.shop_id(shop).to_owned();
            ctx.effects.count_too_many(&id);
            return Err(errors::quota());
        }
        Ok(())
    }
}

fn well_formed(request: &Request, ctx: &Ctx<'_>) -> Result<(), Reply> {
    let agent = request.find_header("user-agent").unwrap_or_default();
    let formed = well_formed_agent(agent) || !ctx.settings.amazon.strict_user_agent;
    if agent.is_empty() || agent.chars().count() > 500 || !formed {
        return Err(errors::invalid("user-agent"));
    }
    let length = request.find_header("content-length").is_some();
    if request.method == "GET" && (length || !request.body.is_empty()) {
        return Err(errors::invalid("A GET request must not have a body or a Content-Length."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_operations_and_ids() {
        let of = |m, p| operation(m, p).map(|(op, id)| (op.name(), id));
        assert_eq!(of("GET", "/orders/2026-01-01/orders"), Some(("searchOrders", "")));
        assert_eq!(of("GET", "/orders/2026-01-01/orders/990-1-2"), Some(("getOrder", "990-1-2")));
        assert_eq!(
            of("POST", "/orders/v0/orders/990-1-2/shipmentConfirmation"),
            Some(("confirmShipment", "990-1-2"))
        );
        assert_eq!(of("GET", "/feeds/2021-06-30/feeds/7"), Some(("getFeed", "7")));
        assert_eq!(of("DELETE", "/feeds/2021-06-30/feeds/7"), Some(("cancelFeed", "7")));
        assert_eq!(of("PUT", "/amazon-documents/x"), Some(("uploadDocument", "x")));
        for (m, p) in [
            ("POST", "/orders/2026-01-01/orders"),
            ("GET", "/orders/2026-01-01/orders/"),
            ("GET", "/orders/2026-01-01/orders/a/b"),
            ("GET", "/orders/v0/orders"),
            ("POST", "/orders/v0/orders//shipmentConfirmation"),
            ("DELETE", "/amazon-documents/x"),
        ] {
            assert_eq!(of(m, p), None, "{m} {p}");
        }
    }

    #[test]
    fn the_user_agent_names_application_version_and_language() {
        assert!(well_formed_agent("Choba/0.1 (Language=Rust/1.95; Platform=Linux)"));
        for bad in [
            "",
            "Choba/0.1",
            "Choba (Language=Rust)",
            "Choba/0.1 (Platform=Linux)",
            "Choba/0.1 (Language=Rust",
        ] {
            assert!(!well_formed_agent(bad), "{bad}");
        }
    }
}
