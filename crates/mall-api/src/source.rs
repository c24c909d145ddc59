//! Bringing orders in: windows, pages, details.

use crate::Session;
use crate::error::MallError;
use bytes::Bytes;
use domain::{MallOrderId, Snapshot, UtcMillis};
use serde::{Deserialize, Serialize};

/// A period asked for by a person or a schedule, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// From.
    pub from: UtcMillis,
    /// To.
    pub to: UtcMillis,
}

/// What a walk through a period is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A person asked for the orders of this period: by 注文日時.
    Ordered,
    /// The schedule asks what is new: whatever came *or changed* in this period, as far as the mall's lists tell
    /// (Amazon by last update; Yahoo! also by 公開日時, for orders whose hold ended).
    News,
}

/// One search the mall can answer: cut to the mall's limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From.
    pub from: UtcMillis,
    /// To.
    pub to: UtcMillis,
    /// What the window counts by, in the adapter's own words (order time, publication time …).
    pub basis: String,
    /// Mall statuses asked for; empty = all.
    pub statuses: Vec<String>,
}

/// Where the next page of a window begins, in the adapter's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageToken {
    /// Opaque to everyone but the adapter.
    pub token: String,
    /// Pages after this token may shift while orders come and go: the window is walked again until two walks
    /// agree (F10).
    pub shifting: bool,
}

/// One row of a list answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ListEntry {
    /// The order.
    pub mall_order_id: MallOrderId,
    /// The mall's version of the order, where the list tells: an equal one need not be fetched.
    pub revision: Option<String>,
    /// The whole order, where the list already holds it (Amazon).
    pub order: Option<Box<FetchedOrder>>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListPage {
    /// Rows in the mall's order.
    pub entries: Vec<ListEntry>,
    /// How many the mall says the window has in all, where it does.
    pub total: Option<i64>,
    /// For `OrderSource::next_page`: what the adapter wants to remember of this answer.
    pub memo: Option<String>,
    /// Rows that hold a whole order which could not be read (Amazon): they go to 取込エラー without another question,
    /// also where not even a number could be read. They are not among `entries`.
    pub unreadable: Vec<Unreadable>,
    /// Settings the adapter learnt on the way, to be kept for the shop.
    pub learnt: Vec<(String, String)>,
}

/// One order with the mall's words and our reading.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchedOrder {
    /// The order.
    pub mall_order_id: MallOrderId,
    /// The mall's document of this order, as it came.
    pub raw: Bytes,
    /// What it says.
    pub snapshot: Snapshot,
}

/// An order that could not be read: goes to 取込エラー with its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The order, when at least its number could be read.
    pub mall_order_id: Option<MallOrderId>,
    /// The mall's document.
    pub raw: Bytes,
    /// What is wrong, naming the field. Holds no value of the document.
    pub what: String,
}

/// Answer to a question for details.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fetched {
    /// Read.
    pub orders: Vec<FetchedOrder>,
    /// Came, but could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Asked for, but did not come.
    pub missing: Vec<MallOrderId>,
    /// Settings the adapter learnt on the way (an older version the mall accepts), to be kept for the shop.
    pub learnt: Vec<(String, String)>,
}

/// Orders by API.
#[async_trait::async_trait]
pub trait OrderSource: Send + Sync {
    /// Cuts a period into windows the mall answers. Parts older than the mall keeps are left out.
    fn windows(&self, look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window>;

    /// Most orders one `fetch` may ask for.
    fn fetch_limit(&self) -> usize;

    /// One page of a window's list; `None` = the first.
    ///
    /// # Errors
    /// What the mall answered, by meaning. Nothing of the page may be trusted then.
    async fn list(
        &self,
        session: &Session<'_>,
        window: &Window,
        page: Option<&PageToken>,
    ) -> Result<ListPage, MallError>;

    /// Where to go on after `page` (listed with `token`); `None` = the window is done. `last_ordered_at` is the
    /// newest 注文日時 among the orders of this page that were read.
    fn next_page(
        &self,
        window: &Window,
        token: Option<&PageToken>,
        page: &ListPage,
        last_ordered_at: Option<UtcMillis>,
    ) -> Option<PageToken>;

    /// Details of up to `fetch_limit` orders.
    ///
    /// # Errors
    /// What the mall answered, by meaning. An unreadable or missing order is not an error of the call.
    async fn fetch(&self, session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError>;

    /// Reads a stored document again, with today's mapping.
    ///
    /// # Errors
    /// What is wrong with the document, naming the field.
    fn read_document(&self, raw: &[u8]) -> Result<Snapshot, String>;
}
