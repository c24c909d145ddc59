//! Yahoo!ショッピング as the rest of the crate sees it: the mall's side of faults, views and what was done twice.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::gate::{self, SHOPPING_API};
use super::generate::Recipe;
use super::oauth::form_value;
use super::order::Order;
use super::{Shop, Yahoo, codes, control, csv, distort};
use crate::effects::Duplicate;
use crate::faults::Action;
use crate::jst;
use crate::mall::{Caller, Ctx, Mall, OrderView, ShopView};
use crate::wire::{Reply, Request};

pub(crate) const NAME: &str = "yahoo";

impl Mall for Yahoo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn owns(&self, request: &Request) -> bool {
        ["/yconnect/v2/", SHOPPING_API, "/yahoo-csv/"].iter().any(|p| request.path.starts_with(p))
    }

    fn identify(&self, request: &Request) -> Caller {
        let by_token = || {
            let access = self.access.get(gate::bearer(request)?)?;
            self.grants.get(access.grant)
        };
        let by_form = || {
            let refresh = form_value(request, "refresh_token");
            if let Some(refresh) = refresh {
                return self.grants.iter().find(|g| g.refresh_token == refresh);
            }
            let code = self.codes.get(&form_value(request, "code")?)?;
            self.grants.get(code.grant)
        };
        let grant = if request.path.starts_with("/yconnect/") { by_form() } else { by_token() };
        let shop = grant.and_then(|g| self.shops.get(g.shop)).map(|s| s.seller.clone());
        Caller { shop, operation: gate::operation(&request.path) }
    }

    fn advance(&mut self, ctx: &mut Ctx<'_>) {
        for shop in 0..self.shops.len() {
            self.plan_arrival(shop, ctx);
        }
        self.run_timers(ctx);
    }

    fn serve(&mut self, request: &Request, late: bool, ctx: &mut Ctx<'_>) -> Reply {
        let plain =
            |status: u16| Reply::new(status, "text/html; charset=utf-8", "<html><body></body></html>");
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/yconnect/v2/authorization") => self.authorization(request, ctx),
            ("POST", "/yconnect/v2/token") => self.token(request, ctx),
            ("GET", "/yahoo-csv/orders.csv") => self.csv_of(request, csv::orders, ctx),
            ("GET", "/yahoo-csv/items.csv") => self.csv_of(request, csv::items, ctx),
            (_, path) if path.starts_with(SHOPPING_API) => match self.admit(request, late, ctx) {
                Ok(call) => self.call(&call, request, ctx),
                Err(reply) => reply,
            },
            (_, "/yconnect/v2/authorization" | "/yconnect/v2/token") => plain(405),
            _ => plain(404),
        }
    }

    /// Answers here are XML; see `distort`.
    fn list_pointer(&self, _operation: &str) -> &'static str {
        ""
    }

    fn code_pointer(&self, _index: usize) -> String {
        "/error".to_owned()
    }

    fn distort(&self, operation: &str, action: &Action, reply: &mut Reply) -> bool {
        distort::distort(operation, action, reply)
    }

    fn too_many(&self, retry_after_s: Option<u64>) -> Reply {
        gate::forbidden(true, retry_after_s)
    }

    fn nested_error(&self) -> Reply {
        codes::error(200, "od91001", "Internal Server Error")
    }

    fn shift_list(&mut self, shop: Option<&str>, insert: usize, remove: usize, ctx: &mut Ctx<'_>) {
        let Some(shop) = self.shop_index(shop) else { return };
        let own = self.shops.get(shop).map_or(&[][..], |s| s.orders.as_slice());
        let shown = |i: &&usize| {
            self.orders
                .get(**i)
                .is_some_and(|o| o.listed(ctx.now_ms) && !o.held() && !o.read_only(ctx.now_ms))
        };
        let seen: Vec<usize> = own.iter().filter(shown).copied().collect();
        let first = seen.first().and_then(|i| self.orders.get(*i)).map_or(ctx.now_ms, |o| o.ordered_ms);
        for index in seen.into_iter().take(remove) {
            if let Some(order) = self.orders.get_mut(index) {
                order.hidden = true;
            }
        }
        for _ in 0..insert {
            let recipe = Recipe { traits: Some(Vec::new()), lines: None };
            let made = self.make(shop, first, &recipe, ctx);
            if let Some(order) = made.and_then(|i| self.orders.get_mut(i)) {
                order.read_only_until_ms = first;
            }
        }
    }

    fn shops(&self, now_ms: i64) -> Vec<ShopView> {
        let shops = self.shops.iter().enumerate();
        shops.map(|(index, shop)| self.shop_view(index, shop, now_ms)).collect()
    }

    fn orders(&self, now_ms: i64) -> Vec<OrderView> {
        self.orders.iter().map(|o| self.order_view(o, now_ms)).collect()
    }

    /// Shipping notices with the same numbers (`basket` is `shipped`) and completions (`completed`) beyond the first.
    fn duplicates(&self) -> Vec<Duplicate> {
        let mut found = Vec::new();
        for order in &self.orders {
            let mut add = |basket: &str, number: &str, count: usize| {
                if count > 1 {
                    found.push(Duplicate {
                        mall: NAME.to_owned(),
                        shop: self.seller(order.shop).to_owned(),
                        order: order.id.clone(),
                        basket: basket.to_owned(),
                        number: number.to_owned(),
                        count,
                    });
                }
            };
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for numbers in &order.notices {
                *counts.entry(numbers).or_default() += 1;
            }
            for (number, count) in counts {
                add("shipped", number, count);
            }
            add("completed", "", order.completions);
        }
        found
    }

    fn add_orders(&mut self, wanted: &Value, ctx: &mut Ctx<'_>) -> Result<Vec<String>, String> {
        control::add_orders(self, wanted, ctx)
    }

    fn edit_order(&mut self, number: &str, edit: &Value, ctx: &mut Ctx<'_>) -> Option<Result<Value, String>> {
        let index = self.by_id.get(number).copied()?;
        Some(control::edit_order(self, index, edit, ctx))
    }

    fn change_shop(
        &mut self,
        shop: &str,
        change: &Value,
        ctx: &mut Ctx<'_>,
    ) -> Option<Result<Value, String>> {
        let index = self.shops.iter().position(|s| s.seller == shop)?;
        let done = control::change_shop(self, index, change, ctx);
        let view = self.shops(ctx.now_ms).into_iter().nth(index)?;
        Some(done.and_then(|()| serde_json::to_value(view).map_err(|e| e.to_string())))
    }
}

impl Yahoo {
    /// The shop of that store account; the first one without.
    pub(crate) fn shop_index(&self, shop: Option<&str>) -> Option<usize> {
        match shop {
            None => (!self.shops.is_empty()).then_some(0),
            Some(seller) => self.shops.iter().position(|s| s.seller == seller),
        }
    }

    pub(crate) fn seller(&self, shop: usize) -> &str {
        self.shops.get(shop).map_or("", |s| s.seller.as_str())
    }

    fn shop_view(&self, index: usize, shop: &Shop, now_ms: i64) -> ShopView {
        let client = self.client_of(index);
        let grant = self.grants.iter().find(|g| g.shop == index && g.client == client);
        // the newest living key, or the newest
        let key = shop.keys.iter().rev().find(|k| k.holds(now_ms)).or(shop.keys.last());
        let mut credentials = BTreeMap::from([
            ("sellerId".to_owned(), shop.seller.clone()),
            ("client_id".to_owned(), self.client_id(client)),
            ("client_secret".to_owned(), self.client_secret(client)),
        ]);
        if let Some(key) = key {
            credentials.insert("public_key".to_owned(), key.pem());
            credentials.insert("public_key_version".to_owned(), key.version.to_string());
            credentials.insert("public_key_expires".to_owned(), jst::date(key.expires_ms));
        }
        if let Some(grant) = grant {
            credentials.insert("refresh_token".to_owned(), grant.refresh_token.clone());
            credentials.insert("consented_ms".to_owned(), grant.consented_ms.to_string());
        }
        ShopView {
            mall: NAME.to_owned(),
            shop: shop.seller.clone(),
            credentials,
            expires_ms: grant.map(|g| g.refresh_until_ms),
        }
    }

    fn order_view(&self, order: &Order, now_ms: i64) -> OrderView {
        OrderView {
            mall: NAME.to_owned(),
            shop: self.seller(order.shop).to_owned(),
            number: order.id.clone(),
            status: order.order_status.to_string(),
            ordered_ms: order.ordered_ms,
            traits: order.traits.iter().map(|t| t.name()).collect(),
            hidden: !order.listed(now_ms) || order.held() || order.read_only(now_ms),
            parcels: json!({
                "ShipStatus": order.ship_status,
                "PayStatus": order.pay_status,
                "FraudHoldStatus": order.fraud_hold,
                "IsReadOnly": order.read_only(now_ms),
                "IsSplit": !order.active(),
                "ShipCompanyCode": order.text("ShipCompanyCode"),
                "ShipInvoiceNumber1": order.text("ShipInvoiceNumber1"),
                "ShipInvoiceNumber2": order.text("ShipInvoiceNumber2"),
                "ShipDate": order.text("ShipDate"),
                "notices": order.notices,
                "completions": order.completions,
            }),
        }
    }
}
