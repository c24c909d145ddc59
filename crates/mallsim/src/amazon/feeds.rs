//! Feeds 2021-06-30 (document 4.1): what is taken, where it stands, what came of it. The rows are `flatfile`'s work.

use serde_json::{Map, Value, json};

use super::life::Timer;
use super::search::{list, query};
use super::shop::{FeedEnd, MARKETPLACE};
use super::{Amazon, errors, utc};
use crate::jst::DAY_MS;
use crate::mall::Ctx;
use crate::wire::{Reply, Request};

/// The one type this mall works off.
pub(crate) const FULFILLMENT: &str = "POST_FLAT_FILE_FULFILLMENT_DATA";

const STATES: [&str; 5] = ["CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE"];

#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub id: String,
    pub shop: usize,
    kind: String,
    pub input: String,
    created_ms: i64,
    state: &'static str,
    started_ms: Option<i64>,
    ended_ms: Option<i64>,
    result: Option<String>,
    /// The call that sent it: its effects come later.
    call: u64,
}

fn write(feed: &Feed) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| drop(map.insert(key.to_owned(), value));
    put("feedId", feed.id.as_str().into());
    put("feedType", feed.kind.as_str().into());
    put("marketplaceIds", json!([MARKETPLACE]));
    put("createdTime", utc::datetime(feed.created_ms).into());
    put("processingStatus", feed.state.into());
    if let Some(at) = feed.started_ms {
        put("processingStartTime", utc::datetime(at).into());
    }
    if let Some(at) = feed.ended_ms {
        put("processingEndTime", utc::datetime(at).into());
    }
    if let Some(id) = &feed.result {
        put("resultFeedDocumentId", id.as_str().into());
    }
    Value::Object(map)
}

impl Amazon {
    pub(crate) fn create_feed(&mut self, shop: usize, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let Ok(Value::Object(body)) = serde_json::from_slice(&request.body) else {
            return errors::invalid("");
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let places = body.get("marketplaceIds").and_then(Value::as_array);
        let here = places.is_some_and(|p| p.len() <= 25 && p.iter().any(|m| m == MARKETPLACE));
        if !here {
            return errors::invalid("marketplaceIds");
        }
        let Some(kind) = text("feedType").filter(|k| *k == FULFILLMENT) else {
            return errors::invalid("feedType");
        };
        let options = body.get("feedOptions");
        let odd = options.is_some_and(|o| o.as_object().is_none_or(|m| !m.values().all(Value::is_string)));
        if odd {
            return errors::invalid("feedOptions");
        }
        let life = ctx.settings.amazon.document_life_ms;
        let alive = |id: &&str| {
            self.documents.get(*id).is_some_and(|d| d.shop == shop && ctx.now_ms - d.created_ms < life)
        };
        let Some(input) = text("inputFeedDocumentId").filter(alive) else {
            return errors::invalid("inputFeedDocumentId");
        };
        let index = self.feeds.len();
        let id = (50_000_000_000_u64 + u64::try_from(index).unwrap_or(0)).to_string();
        self.feeds.push(Feed {
            id: id.clone(),
            shop,
            kind: kind.to_owned(),
            input: input.to_owned(),
            created_ms: ctx.now_ms,
            state: "IN_QUEUE",
            started_ms: None,
            ended_ms: None,
            result: None,
            call: ctx.effects.counters().calls,
        });
        self.at(ctx.now_ms.saturating_add(ctx.settings.amazon.feed_queue_ms), Timer::Feed(index));
        errors::good(202, &json!({ "feedId": id }))
    }

    /// A feed starts, or ends: whichever is due.
    pub(crate) fn run_feed(&mut self, index: usize, ctx: &mut Ctx<'_>) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        let end = self.shops.get(feed.shop).map_or(FeedEnd::Done, |s| s.switches.feeds);
        match feed.state {
            "IN_QUEUE" if end == FeedEnd::Cancelled => {
                feed.state = "CANCELLED";
                feed.ended_ms = Some(ctx.now_ms);
            }
            "IN_QUEUE" => {
                feed.state = "IN_PROGRESS";
                feed.started_ms = Some(ctx.now_ms);
                self.at(ctx.now_ms.saturating_add(ctx.settings.amazon.feed_work_ms), Timer::Feed(index));
            }
            "IN_PROGRESS" => self.finish_feed(index, end, ctx),
            _ => {}
        }
    }

    fn finish_feed(&mut self, index: usize, end: FeedEnd, ctx: &mut Ctx<'_>) {
        let Some(feed) = self.feeds.get(index) else { return };
        let (shop, input, call) = (feed.shop, feed.input.clone(), feed.call);
        let document = self.documents.get(&input);
        let content = document.and_then(|d| d.bytes.clone().map(|b| (b, d.content_type.clone())));
        let before = ctx.effects.acting(call);
        let result = match (content, end) {
            // nothing was uploaded
            (None, _) | (_, FeedEnd::Fatal) => None,
            (Some((bytes, kind)), end) => {
                let half = end == FeedEnd::FatalHalf;
                let report = self.work_file(shop, &bytes, &kind, half, ctx);
                (!half).then_some(report)
            }
        };
        ctx.effects.acting(before);
        let state = if result.is_some() { "DONE" } else { "FATAL" };
        let result = result.map(|(bytes, kind)| self.store(shop, &kind, Some(bytes), ctx));
        if let Some(feed) = self.feeds.get_mut(index) {
            feed.state = state;
            feed.ended_ms = Some(ctx.now_ms);
            feed.result = result;
        }
    }

    fn find_feed(&mut self, shop: usize, id: &str, ctx: &Ctx<'_>) -> Option<&mut Feed> {
        let kept = ctx.now_ms - ctx.settings.amazon.feed_keep_days * DAY_MS;
        self.feeds.iter_mut().find(|f| f.id == id && f.shop == shop && f.created_ms >= kept)
    }

    pub(crate) fn get_feed(&mut self, shop: usize, id: &str, ctx: &Ctx<'_>) -> Reply {
        match self.find_feed(shop, id, ctx) {
            Some(feed) => errors::good(200, &write(feed)),
            None => errors::not_found(),
        }
    }

    /// Only while IN_QUEUE.
    pub(crate) fn cancel_feed(&mut self, shop: usize, id: &str, ctx: &Ctx<'_>) -> Reply {
        match self.find_feed(shop, id, ctx) {
            None => errors::not_found(),
            Some(feed) if feed.state == "IN_QUEUE" => {
                feed.state = "CANCELLED";
                feed.ended_ms = Some(ctx.now_ms);
                Reply { status: 200, ..Reply::default() }
            }
            Some(_) => errors::invalid("processingStatus"),
        }
    }

    /// Newest first. The next page is `nextToken` alone: filters, page size and place are in it.
    pub(crate) fn list_feeds(&self, shop: usize, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let mut asked = query(request);
        let mut skip = 0;
        if let Some(token) = asked.remove("nextToken") {
            let place = token.split_once('.').and_then(|(at, rest)| Some((at.parse::<usize>().ok()?, rest)));
            let Some((at, rest)) = place.filter(|_| asked.is_empty()) else {
                return errors::invalid("nextToken");
            };
            skip = at;
            asked = query(&Request::new("GET", &format!("/?{}", unhex(rest))));
        }
        let types = list(&asked, "feedTypes");
        if types.is_empty() || types.len() > 10 {
            return errors::invalid("feedTypes");
        }
        let states = list(&asked, "processingStatuses");
        if states.iter().any(|s| !STATES.contains(&s.as_str())) {
            return errors::invalid("processingStatuses");
        }
        let size = asked.get("pageSize").map_or(Ok(10), |t| t.parse::<usize>());
        let Some(size) = size.ok().filter(|n| (1..=100).contains(n)) else {
            return errors::invalid("pageSize");
        };
        let time = |name: &str, without: i64| asked.get(name).map_or(Some(without), |t| utc::parse(t));
        let Some(since) = time("createdSince", ctx.now_ms - ctx.settings.amazon.feed_keep_days * DAY_MS)
        else {
            return errors::bad_date("createdSince");
        };
        let Some(until) = time("createdUntil", ctx.now_ms) else { return errors::bad_date("createdUntil") };
        let places = list(&asked, "marketplaceIds");
        let here = places.is_empty() || places.iter().any(|m| m == MARKETPLACE);
        let fits = |f: &&Feed| {
            f.shop == shop
                && here
                && types.contains(&f.kind)
                && (states.is_empty() || states.iter().any(|s| s == f.state))
                && (since..=until).contains(&f.created_ms)
        };
        let mut all = self.feeds.iter().rev().filter(fits).skip(skip);
        let feeds: Vec<Value> = all.by_ref().take(size).map(write).collect();
        let more = all.next().is_some();
        let mut body = json!({ "feeds": feeds });
        if let (true, Some(map)) = (more, body.as_object_mut()) {
            let safe = |v: &str| v.replace('%', "%25").replace('+', "%2B").replace('&', "%26");
            let again = asked.iter().map(|(k, v)| format!("{k}={}", safe(v))).collect::<Vec<_>>().join("&");
            map.insert("nextToken".to_owned(), format!("{}.{}", skip + size, hex(&again)).into());
        }
        errors::good(200, &body)
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> String {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let bytes = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).unwrap_or(b'?'),
        _ => b'?',
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}
