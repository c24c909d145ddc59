//! What every simulated mall can do for the rest of this crate. Written so that a mall of another shape fits:
//! nothing here may know orders, parcels or envelopes of one mall.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::effects::{Duplicate, Effects};
use crate::faults::Action;
use crate::settings::Settings;
use crate::wire::{Reply, Request};

/// What a mall may look at and write to while it works.
pub(crate) struct Ctx<'a> {
    /// The simulated time.
    pub now_ms: i64,
    /// The caller's time, for measuring speed: a simulated clock that stands still must not close the gate for ever.
    pub caller_ms: i64,
    pub settings: &'a Settings,
    pub effects: &'a mut Effects,
}

/// Who calls what, as far as it can be seen without judging the call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    pub shop: Option<String>,
    pub operation: String,
}

/// A shop and what its owner would type into a client.
#[derive(Debug, Clone, Serialize)]
pub struct ShopView {
    /// Mall name.
    pub mall: String,
    /// The mall's id of the shop.
    pub shop: String,
    /// Credential values by the mall's own names.
    pub credentials: BTreeMap<String, String>,
    /// When the credential expires, if it does.
    pub expires_ms: Option<i64>,
}

/// An order as the mall holds it.
#[derive(Debug, Clone, Serialize)]
pub struct OrderView {
    /// Mall name.
    pub mall: String,
    /// The mall's id of the shop.
    pub shop: String,
    /// The mall's order number.
    pub number: String,
    /// The mall's status code.
    pub status: String,
    /// When it was ordered.
    pub ordered_ms: i64,
    /// What is special about it.
    pub traits: Vec<String>,
    /// Whether lists leave it out at the moment of asking.
    pub hidden: bool,
    /// Parcels and live shipping records, by the mall's own names.
    pub parcels: Value,
}

/// One simulated mall.
pub(crate) trait Mall: Send {
    fn name(&self) -> &'static str;
    fn owns(&self, request: &Request) -> bool;
    fn identify(&self, request: &Request) -> Caller;
    /// Lets everything happen that is due by `ctx.now_ms`.
    fn advance(&mut self, ctx: &mut Ctx<'_>);
    /// Answers one call. With `late` the call was let in earlier and takes effect now: no speed limit.
    fn serve(&mut self, request: &Request, late: bool, ctx: &mut Ctx<'_>) -> Reply;

    /// JSON pointer of the list an operation's answer carries.
    fn list_pointer(&self, operation: &str) -> &'static str;
    /// JSON pointer of the n-th message code of an answer.
    fn code_pointer(&self, index: usize) -> String;
    /// Spoils an answer that is not JSON as a fault rule says; `false` leaves it to the general way for JSON.
    fn distort(&self, _operation: &str, _action: &Action, _reply: &mut Reply) -> bool {
        false
    }
    /// The refusal for speed.
    fn too_many(&self, retry_after_s: Option<u64>) -> Reply;
    /// Success outside, server error inside.
    fn nested_error(&self) -> Reply;
    /// Moves the front of the shop's list: new orders with old times in, old ones out.
    fn shift_list(&mut self, shop: Option<&str>, insert: usize, remove: usize, ctx: &mut Ctx<'_>);

    fn shops(&self, now_ms: i64) -> Vec<ShopView>;
    fn orders(&self, now_ms: i64) -> Vec<OrderView>;
    fn duplicates(&self) -> Vec<Duplicate>;
    /// Adds orders as the JSON says; gives their numbers.
    fn add_orders(&mut self, wanted: &Value, ctx: &mut Ctx<'_>) -> Result<Vec<String>, String>;
    /// Changes an order; `None` when it is not this mall's.
    fn edit_order(&mut self, number: &str, edit: &Value, ctx: &mut Ctx<'_>) -> Option<Result<Value, String>>;
    /// Renews or expires a credential and switches functions; `None` when the shop is not this mall's.
    fn change_shop(&mut self, shop: &str, change: &Value, ctx: &mut Ctx<'_>)
    -> Option<Result<Value, String>>;
}
