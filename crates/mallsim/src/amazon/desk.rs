//! Amazon as the rest of the crate sees it: the mall's side of faults and of the control API.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::generate::Recipe;
use super::notice::same_parcel;
use super::order::{Order, Package};
use super::shop::{MARKETPLACE, Shop};
use super::{Amazon, errors, gate};
use crate::effects::Duplicate;
use crate::mall::{Caller, Ctx, Mall, OrderView, ShopView};
use crate::wire::{Reply, Request, percent_decode};

/// The beginnings of the paths that are Amazon's.
const PATHS: [&str; 5] = ["/auth/o2/", "/orders/", "/feeds/", "/sellers/", gate::DOCUMENTS];

fn view_shop(s: &Shop, now_ms: i64) -> ShopView {
    let newest = s.grants.last();
    let grant = s.grants.iter().rev().find(|g| g.holds(now_ms)).or(newest);
    let mut credentials = BTreeMap::from([
        ("sellerId".to_owned(), s.id.clone()),
        ("marketplaceId".to_owned(), MARKETPLACE.to_owned()),
        ("client_id".to_owned(), s.client_id.clone()),
        ("client_secret".to_owned(), s.secret.clone()),
        ("refresh_token".to_owned(), grant.map_or_else(String::new, |g| g.refresh.clone())),
    ]);
    if let Some((code, _)) = s.codes.iter().find(|(_, end)| now_ms < **end) {
        credentials.insert("spapi_oauth_code".to_owned(), code.clone());
    }
    let ends = grant.and_then(|g| g.expires_ms);
    ShopView {
        mall: "amazon".to_owned(),
        shop: s.id.clone(),
        credentials,
        expires_ms: Some(ends.map_or(s.secret_expires_ms, |e| e.min(s.secret_expires_ms))),
    }
}

fn view_package(p: &Package) -> Value {
    json!({
        "packageReferenceId": p.reference,
        "carrier": p.parcel.carrier,
        "carrierName": p.parcel.carrier_name,
        "trackingNumber": p.parcel.tracking,
        "ship_ms": p.parcel.ship_ms,
        "items": p.parcel.items,
        "visible": p.shown.as_ref() == Some(&p.parcel),
    })
}

/// Packages that tell the buyer of the same parcel twice.
fn duplicates_of(order: &Order, shop: &str, found: &mut Vec<Duplicate>) {
    for (n, package) in order.packages.iter().enumerate() {
        let same = |p: &&Package| same_parcel(&p.parcel, &package.parcel);
        let first = !order.packages.iter().take(n).any(|p| same(&p));
        let count = order.packages.iter().filter(same).count();
        if first && count > 1 {
            found.push(Duplicate {
                mall: "amazon".to_owned(),
                shop: shop.to_owned(),
                order: order.number.clone(),
                basket: String::new(),
                number: package.parcel.tracking.clone(),
                count,
            });
        }
    }
}

impl Mall for Amazon {
    fn name(&self) -> &'static str {
        "amazon"
    }

    fn owns(&self, request: &Request) -> bool {
        PATHS.iter().any(|p| request.path.starts_with(p))
    }

    fn identify(&self, request: &Request) -> Caller {
        let named = gate::operation(&request.method, &request.path);
        let shop = match named {
            Some((gate::Op::Token, _)) => self.token_caller(request),
            Some((gate::Op::Upload | gate::Op::Download, id)) => {
                self.documents.get(&percent_decode(id)).map(|d| d.shop)
            }
            _ => self.token_owner(request),
        };
        Caller {
            shop: shop.map(|s| self.shop_id(s).to_owned()),
            operation: named.map_or_else(|| request.path.clone(), |(op, _)| op.name().to_owned()),
        }
    }

    fn advance(&mut self, ctx: &mut Ctx<'_>) {
        for shop in 0..self.shops.len() {
            self.plan_arrival(shop, ctx);
        }
        self.run_timers(ctx);
    }

    fn serve(&mut self, request: &Request, late: bool, ctx: &mut Ctx<'_>) -> Reply {
        self.answer(request, late, ctx)
    }

    fn list_pointer(&self, operation: &str) -> &'static str {
        match operation {
            "searchOrders" => "/orders",
            "getOrder" => "/order/orderItems",
            "getFeeds" => "/feeds",
            "getMarketplaceParticipations" => "/payload",
            _ => "/errors",
        }
    }

    fn code_pointer(&self, index: usize) -> String {
        format!("/errors/{index}/code")
    }

    /// Without `Retry-After` as documented (8), unless the plan asks for one.
    fn too_many(&self, retry_after_s: Option<u64>) -> Reply {
        let mut reply = errors::quota();
        if let Some(seconds) = retry_after_s {
            reply.set_header("Retry-After", &seconds.to_string());
        }
        reply
    }

    fn nested_error(&self) -> Reply {
        let mut reply = errors::internal();
        reply.status = 200;
        reply
    }

    /// Orders appear with an old creation but a new update; the oldest updates vanish.
    fn shift_list(&mut self, shop: Option<&str>, insert: usize, remove: usize, ctx: &mut Ctx<'_>) {
        let Some(shop) = self.shop_index(shop) else { return };
        let Some(owner) = self.shops.get(shop) else { return };
        let listed = |i: &usize| self.orders.get(*i).is_some_and(|o| o.listed(ctx.now_ms));
        let seen: Vec<usize> = owner.updated.iter().map(|(_, i)| *i).filter(listed).take(remove).collect();
        let first = owner.created.first().map_or(ctx.now_ms, |(at, _)| *at);
        for index in seen {
            if let Some(order) = self.orders.get_mut(index) {
                order.hidden = true;
            }
        }
        for _ in 0..insert {
            if let Some(index) = self.make(shop, first, &Recipe::default(), ctx) {
                self.touch(index, ctx.now_ms);
            }
        }
    }

    fn shops(&self, now_ms: i64) -> Vec<ShopView> {
        self.shops.iter().map(|s| view_shop(s, now_ms)).collect()
    }

    fn orders(&self, now_ms: i64) -> Vec<OrderView> {
        let view = |o: &Order| OrderView {
            mall: "amazon".to_owned(),
            shop: self.shop_id(o.shop).to_owned(),
            number: o.number.clone(),
            status: o.status.name().to_owned(),
            ordered_ms: o.created_ms,
            traits: o.traits.iter().map(|t| t.name()).collect(),
            hidden: !o.listed(now_ms),
            parcels: o.packages.iter().map(view_package).collect(),
        };
        self.orders.iter().map(view).collect()
    }

    fn duplicates(&self) -> Vec<Duplicate> {
        let mut found = Vec::new();
        for order in &self.orders {
            duplicates_of(order, self.shop_id(order.shop), &mut found);
        }
        found
    }

    fn add_orders(&mut self, wanted: &Value, ctx: &mut Ctx<'_>) -> Result<Vec<String>, String> {
        self.add(wanted, ctx)
    }

    fn edit_order(&mut self, number: &str, edit: &Value, ctx: &mut Ctx<'_>) -> Option<Result<Value, String>> {
        let index = self.by_number.get(number).copied()?;
        let done = self.edit(index, edit, ctx);
        let status = self.orders.get(index)?.status.name();
        Some(done.map(|()| json!({ "number": number, "status": status })))
    }

    fn change_shop(
        &mut self,
        shop: &str,
        change: &Value,
        ctx: &mut Ctx<'_>,
    ) -> Option<Result<Value, String>> {
        let index = self.shops.iter().position(|s| s.id == shop)?;
        if let Err(error) = self.change(index, change, ctx) {
            return Some(Err(error));
        }
        let owner = self.shops.get(index)?;
        let mut view = serde_json::to_value(view_shop(owner, ctx.now_ms)).unwrap_or(Value::Null);
        if let (Some(map), Ok(switches)) = (view.as_object_mut(), serde_json::to_value(&owner.switches)) {
            map.insert("switches".to_owned(), switches);
        }
        Some(Ok(view))
    }
}
