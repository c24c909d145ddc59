//! searchOrders and getOrder (document 2.1): the parameters, the two-minute rule, pages. Does not write orders.

use std::collections::BTreeMap;

use super::order::Status;
use super::render::{self, SECTIONS, View};
use super::shop::{MARKETPLACE, Role, Shop};
use super::{Amazon, errors, secret_word, utc};
use crate::json::Json;
use crate::jst::MINUTE_MS;
use crate::mall::Ctx;
use crate::wire::{Reply, Request, percent_decode};

/// Where a listing goes on. The window stays that of the first page; what moved out of it since is not shown again,
/// what comes into it behind the place is not either.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    shop: usize,
    /// All parameters that must stay the same.
    companions: BTreeMap<String, String>,
    given_ms: i64,
    until_ms: i64,
    after: (i64, usize),
}

/// What may change from page to page.
const FREE: [&str; 3] = ["maxResultsPerPage", "includedData", "paginationToken"];

/// Query values by name; the first of each.
pub(crate) fn query(request: &Request) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for pair in request.query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        all.entry(percent_decode(key)).or_insert_with(|| percent_decode(value));
    }
    all
}

/// A comma-separated list; nothing for an absent or empty one.
pub(crate) fn list(query: &BTreeMap<String, String>, name: &str) -> Vec<String> {
    let text = query.get(name).map_or("", String::as_str);
    text.split(',').filter(|v| !v.is_empty()).map(str::to_owned).collect()
}

/// The asked sections; an unknown one is refused.
fn sections(query: &BTreeMap<String, String>) -> Result<Vec<String>, Reply> {
    let asked = list(query, "includedData");
    if asked.iter().any(|s| !SECTIONS.contains(&s.as_str())) {
        return Err(errors::invalid("includedData"));
    }
    Ok(asked)
}

/// Whether the seller's role lets the call pass, and whether it shows personal data.
fn role(shop: &Shop, sections: &[String]) -> Result<bool, Reply> {
    let restricted = sections.iter().any(|s| s == "BUYER" || s == "RECIPIENT");
    match shop.switches.restricted_role {
        Role::Granted => Ok(true),
        Role::Withheld => Ok(false),
        Role::Refused if !restricted => Ok(true),
        Role::Refused | Role::RefusedAlways => Err(errors::access_denied()),
    }
}

/// What a search asks for.
struct Wanted {
    by_update: bool,
    from_ms: i64,
    until_ms: i64,
    statuses: Vec<Status>,
    fulfilled_by: Vec<String>,
    here: bool,
    most: usize,
    sections: Vec<String>,
}

fn time(query: &BTreeMap<String, String>, name: &str) -> Result<Option<i64>, Reply> {
    match query.get(name) {
        None => Ok(None),
        Some(text) => utc::parse(text).map(Some).ok_or_else(|| errors::bad_date(name)),
    }
}

/// Reads and checks the parameters. `now_ms` is Amazon's clock.
fn read(query: &BTreeMap<String, String>, now_ms: i64) -> Result<Wanted, Reply> {
    let created = (time(query, "createdAfter")?, time(query, "createdBefore")?);
    let updated = (time(query, "lastUpdatedAfter")?, time(query, "lastUpdatedBefore")?);
    let (by_update, from_ms, before) = match (created, updated) {
        ((Some(from), before), (None, None)) => (false, from, before),
        ((None, None), (Some(from), before)) => (true, from, before),
        _ => return Err(errors::invalid("exactly one of createdAfter, lastUpdatedAfter")),
    };
    // the two-minute rule: the clock of the caller counts too
    let newest = now_ms - 2 * MINUTE_MS;
    let until_ms = before.unwrap_or(newest);
    if until_ms > newest || before.is_some_and(|b| b < from_ms) || from_ms > now_ms {
        return Err(errors::error(400, "InvalidInput", errors::NOT_VALID, ""));
    }
    let names = list(query, "fulfillmentStatuses");
    let statuses: Vec<Status> = names.iter().filter_map(|s| Status::of(s)).collect();
    if statuses.len() != names.len() {
        return Err(errors::invalid("fulfillmentStatuses"));
    }
    let fulfilled_by = list(query, "fulfilledBy");
    if fulfilled_by.iter().any(|f| f != "MERCHANT" && f != "AMAZON") {
        return Err(errors::invalid("fulfilledBy"));
    }
    let marketplaces = list(query, "marketplaceIds");
    if marketplaces.len() > 50 {
        return Err(errors::invalid("marketplaceIds"));
    }
    let most = match query.get("maxResultsPerPage") {
        None => 100,
        Some(text) => match text.parse::<usize>() {
            Ok(n) if (1..=100).contains(&n) => n,
            _ => return Err(errors::invalid("maxResultsPerPage")),
        },
    };
    Ok(Wanted {
        by_update,
        from_ms,
        until_ms,
        statuses,
        fulfilled_by,
        here: marketplaces.is_empty() || marketplaces.iter().any(|m| m == MARKETPLACE),
        most,
        sections: sections(query)?,
    })
}

impl Amazon {
    pub(crate) fn search(&mut self, shop: usize, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let query = query(request);
        self.search_checked(shop, &query, ctx).unwrap_or_else(|refusal| refusal)
    }

    fn search_checked(
        &mut self,
        shop: usize,
        query: &BTreeMap<String, String>,
        ctx: &Ctx<'_>,
    ) -> Result<Reply, Reply> {
        let Some(owner) = self.shops.get(shop) else { return Err(errors::unauthorized("")) };
        let mut wanted = read(query, owner.clock(ctx.now_ms))?;
        let role = role(owner, &wanted.sections)?;
        let mut after = None;
        if let Some(token) = query.get("paginationToken") {
            let page = self.page(shop, token, query, ctx)?;
            wanted.until_ms = page.until_ms;
            after = Some(page.after);
        }
        let (found, next) = self.pick(shop, &wanted, after, ctx.now_ms);
        let next = next.map(|after| {
            // `+`, `/` and `=` must be encoded exactly once
            let token = format!("{}+/{}==", secret_word(self, shop, 20), secret_word(self, shop, 20));
            let companions = query.iter().filter(|(k, _)| !FREE.contains(&k.as_str()));
            let companions = companions.map(|(k, v)| (k.clone(), v.clone())).collect();
            let (given_ms, until_ms) = (ctx.now_ms, wanted.until_ms);
            if self.pages.len() > 10_000 {
                let life = ctx.settings.amazon.page_life_ms;
                self.pages.retain(|_, p| given_ms - p.given_ms < life);
            }
            self.pages.insert(token.clone(), Page { shop, companions, given_ms, until_ms, after });
            token
        });
        let view =
            View { sections: &wanted.sections, role, now_ms: ctx.now_ms, settings: &ctx.settings.amazon };
        let mut json = Json::with_capacity(found.len() * 3_000 + 200);
        json.object("", |j| {
            let orders = found.iter().filter_map(|i| self.orders.get(*i));
            j.list("orders", orders, |j, order| render::order(j, "", order, &view));
            if let Some(token) = &next {
                j.object("pagination", |j| j.text("nextToken", token));
            }
            let name = if wanted.by_update { "lastUpdatedBefore" } else { "createdBefore" };
            j.text(name, &utc::datetime(wanted.until_ms));
        });
        Ok(Reply::new(200, "application/json", json.finish()))
    }

    /// The page a token stands for.
    fn page(
        &self,
        shop: usize,
        token: &str,
        query: &BTreeMap<String, String>,
        ctx: &Ctx<'_>,
    ) -> Result<Page, Reply> {
        let page = self.pages.get(token).filter(|p| p.shop == shop).ok_or_else(|| {
            errors::input(
                "We could not decode your NextToken. Possible reasons include: a transmission error, improper \
                 quoting or a truncation problem.",
            )
        })?;
        let rest = query.iter().filter(|(k, _)| !FREE.contains(&k.as_str()));
        let same = rest.eq(page.companions.iter());
        let old = ctx.now_ms - page.given_ms >= ctx.settings.amazon.page_life_ms;
        if same && !old {
            return Ok(page.clone());
        }
        let mut reply = if ctx.settings.amazon.null_message {
            errors::good(400, &serde_json::json!({"errors":[{"code":"InvalidInput","message":null}]}))
        } else {
            errors::invalid("")
        };
        reply.set_header("x-amzn-ErrorType", "InvalidQueryStringException");
        Err(reply)
    }

    /// One page of orders, oldest first, and where the next one begins.
    fn pick(
        &self,
        shop: usize,
        wanted: &Wanted,
        after: Option<(i64, usize)>,
        now_ms: i64,
    ) -> (Vec<usize>, Option<(i64, usize)>) {
        use std::ops::Bound;
        let mut found = Vec::new();
        let mut last = None;
        let Some(owner) = self.shops.get(shop).filter(|_| wanted.here && wanted.from_ms <= wanted.until_ms)
        else {
            return (found, None);
        };
        let set = if wanted.by_update { &owner.updated } else { &owner.created };
        let from = after.map_or(Bound::Included((wanted.from_ms, 0)), Bound::Excluded);
        let until = Bound::Included((wanted.until_ms, usize::MAX));
        if after.is_some_and(|a| a.0 > wanted.until_ms) {
            return (found, None);
        }
        for (at, index) in set.range((from, until)) {
            let Some(order) = self.orders.get(*index) else { continue };
            let by = if order.fba() { "AMAZON" } else { "MERCHANT" };
            let fits = order.listed(now_ms)
                && (wanted.statuses.is_empty() || wanted.statuses.contains(&order.status))
                && (wanted.fulfilled_by.is_empty() || wanted.fulfilled_by.iter().any(|f| f == by));
            if !fits {
                continue;
            }
            if found.len() == wanted.most {
                return (found, last);
            }
            found.push(*index);
            last = Some((*at, *index));
        }
        (found, None)
    }

    pub(crate) fn get(&self, shop: usize, number: &str, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let asked = sections(&query(request));
        let seen = asked.and_then(|sections| {
            let owner = self.shops.get(shop).ok_or_else(errors::not_found)?;
            Ok((role(owner, &sections)?, sections))
        });
        let (role, sections) = match seen {
            Ok(seen) => seen,
            Err(refusal) => return refusal,
        };
        let Some(order) = self.find(shop, number).and_then(|i| self.orders.get(i)) else {
            return errors::not_found();
        };
        let settings = &ctx.settings.amazon;
        let view = View { sections: &sections, role, now_ms: ctx.now_ms, settings };
        let mut json = Json::with_capacity(3_000);
        json.object("", |j| render::order(j, "order", order, &view));
        Reply::new(200, "application/json", json.finish())
    }
}
