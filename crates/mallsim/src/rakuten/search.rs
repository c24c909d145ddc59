//! searchOrder (document 2.2): order numbers by condition, paged.

use serde_json::{Map, Value};

use super::codes::{self, Message, family};
use super::order::{Order, Package};
use super::params::Params;
use super::{Rakuten, answer};
use crate::json::Json;
use crate::jst::{self, DAY_MS};
use crate::mall::Ctx;
use crate::wire::Reply;

struct Conditions<'a> {
    progress: Option<Vec<i64>>,
    sub_status: Option<Vec<i64>>,
    date_type: i64,
    start_ms: i64,
    end_ms: i64,
    order_types: Option<Vec<i64>>,
    payment: Option<i64>,
    delivery_name: Option<&'a str>,
    no_ship_date: bool,
    no_ship_number: bool,
    keyword: Option<(i64, &'a str)>,
    mail: Option<&'a str>,
    phone: Option<(i64, &'a str)>,
    reserve: Option<&'a str>,
    site: i64,
    coupon: bool,
    one_day: bool,
    never: bool,
    page: usize,
    page_size: usize,
    ascending: bool,
}

impl Rakuten {
    pub(crate) fn search(&self, shop: usize, body: &Map<String, Value>, ctx: &Ctx<'_>) -> Reply {
        let wanted = match read(body, ctx) {
            Ok(wanted) => wanted,
            Err(faults) => return refused(&faults),
        };
        let mut hits = self.hits(shop, &wanted, ctx.now_ms);
        if !wanted.ascending {
            hits.reverse();
        }
        let total = hits.len();
        // Above the reach the rest cannot be got at (15,000): narrow the period.
        let reachable = total.min(ctx.settings.rakuten.search_reach);
        let pages = reachable.div_ceil(wanted.page_size);
        let from = wanted.page_size.saturating_mul(wanted.page - 1).min(reachable);
        let page = hits.get(from..reachable.min(from + wanted.page_size)).unwrap_or_default();
        let mut json = Json::with_capacity(64 + page.len() * 36);
        json.object("", |j| {
            if page.is_empty() {
                // Measured habit: an empty list, INFO_102, and three nulls.
                let none = Message::info(family::SEARCH, "102", "検索結果が0件です。");
                codes::write_all(j, &[none]);
                j.list("orderNumberList", [(); 0], |_, ()| {});
                j.object("PaginationResponseModel", |j| {
                    j.null("totalRecordsAmount");
                    j.null("totalPages");
                    j.null("requestPage");
                });
                return;
            }
            let found = Message::info(family::SEARCH, "101", "注文検索に成功しました。");
            codes::write_all(j, &[found]);
            j.list("orderNumberList", page, |j, o| j.element(&o.number));
            j.object("PaginationResponseModel", |j| {
                j.int("totalRecordsAmount", count(total));
                j.int("totalPages", count(pages));
                j.int("requestPage", count(wanted.page));
            });
        });
        answer(200, json)
    }

    fn hits(&self, shop: usize, wanted: &Conditions<'_>, now_ms: i64) -> Vec<&Order> {
        let all = self.shops.get(shop).map_or(&[][..], |s| s.orders.as_slice());
        let time_of = |i: &usize| self.orders.get(*i).map_or(i64::MAX, |o| o.ordered_ms);
        let slice = if wanted.date_type == 1 {
            let from = all.partition_point(|i| time_of(i) < wanted.start_ms);
            let to = all.partition_point(|i| time_of(i) < wanted.end_ms + 1000);
            all.get(from..to.max(from)).unwrap_or_default()
        } else {
            all
        };
        let orders = slice.iter().filter_map(|i| self.orders.get(*i));
        orders.filter(|o| o.listed(now_ms) && wanted.fits(o)).collect()
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// HTTP 400 with everything but the messages null.
fn refused(faults: &[Message]) -> Reply {
    let mut json = Json::default();
    json.object("", |j| {
        codes::write_all(j, faults);
        j.null("orderNumberList");
        j.null("PaginationResponseModel");
    });
    answer(400, json)
}

fn read<'a>(body: &'a Map<String, Value>, ctx: &Ctx<'_>) -> Result<Conditions<'a>, Vec<Message>> {
    let colon = ctx.settings.rakuten.colon_offset;
    let mut p = Params::new(body, family::SEARCH);
    let moment = |p: &mut Params<'a>, name: &str| {
        if body.get(name).is_none_or(Value::is_null) {
            p.missing(name);
            return None;
        }
        let read = p.text(name).map(|t| jst::parse_datetime(t, colon));
        if read == Some(None) {
            p.bad(name);
        }
        read.flatten()
    };
    let start = moment(&mut p, "startDatetime");
    let end = moment(&mut p, "endDatetime");
    if start.is_some_and(|s| s < ctx.now_ms - 730 * DAY_MS) {
        p.bad("startDatetime");
    }
    if let (Some(start), Some(end)) = (start, end)
        && (end < start || end - start > 63 * DAY_MS)
    {
        p.bad("endDatetime");
    }
    if !p.has_key("dateType") {
        p.missing("dateType");
    }
    let date_type = p.int_in("dateType", |n| (1..=6).contains(&n)).unwrap_or(1);
    let progress = p.int_list("orderProgressList");
    if progress.as_ref().is_some_and(|l| l.iter().any(|n| !(100..=900).contains(n) || n % 100 != 0)) {
        p.bad("orderProgressList");
    }
    let sub_status = p.int_list("subStatusIdList");
    if sub_status.as_deref() == Some(&[-1]) && progress.is_none() {
        p.missing("orderProgressList");
    }
    let order_types = p.int_list("orderTypeList");
    if order_types.as_ref().is_some_and(|l| l.iter().any(|n| !matches!(n, 1 | 4 | 5 | 6))) {
        p.bad("orderTypeList");
    }
    let keyword_type = p.int_in("searchKeywordType", |n| (0..=9).contains(&n)).unwrap_or(0);
    let keyword = p.text("searchKeyword").map(str::trim).filter(|k| !k.is_empty() && keyword_type > 0);
    let limit = match keyword_type {
        1 => 1024,
        2 => 127,
        3 => 1000,
        4..=6 => 254,
        7 => 40,
        8 => 96,
        _ => 400,
    };
    if keyword.is_some_and(|k| k.chars().count() > limit || codes::machine_dependent(k)) {
        p.bad("searchKeyword");
    }
    let phone_type = p.int_in("phoneNumberType", |n| matches!(n, 0..=2)).unwrap_or(0);
    let phone = p.text("phoneNumber").filter(|t| phone_type > 0 && !t.is_empty());
    let (mut page, mut page_size, mut ascending) = (1, 30, false);
    if let Some(model) = p.object("PaginationRequestModel") {
        let mut q = Params::new(model, family::SEARCH);
        page_size = q.int_in("requestRecordsAmount", |n| (1..=1000).contains(&n)).unwrap_or(30);
        page = q.int_in("requestPage", |n| n >= 1).unwrap_or(1);
        for sort in q.list("SortModelList").unwrap_or_default() {
            let empty = Map::new();
            let mut s = Params::new(sort.as_object().unwrap_or(&empty), family::SEARCH);
            s.int_in("sortColumn", |n| n == 1);
            ascending = s.int_in("sortDirection", |n| matches!(n, 1 | 2)) == Some(1);
            q.faults.append(&mut s.faults);
        }
        p.faults.append(&mut q.faults);
    }
    let wanted = Conditions {
        progress,
        sub_status,
        date_type,
        start_ms: start.unwrap_or(0),
        end_ms: end.unwrap_or(0),
        order_types,
        payment: p.int("settlementMethod"),
        delivery_name: p.text("deliveryName"),
        no_ship_date: p.flag("shippingDateBlankFlag"),
        no_ship_number: p.flag("shippingNumberBlankFlag"),
        keyword: keyword.map(|k| (keyword_type, k)),
        mail: p.text("ordererMailAddress").filter(|t| !t.is_empty()),
        phone: phone.map(|t| (phone_type, t)),
        reserve: p.text("reserveNumber").filter(|t| !t.is_empty()),
        site: p.int_in("purchaseSiteType", |n| (0..=4).contains(&n)).unwrap_or(0),
        coupon: p.flag("couponUseFlag"),
        one_day: p.flag("oneDayOperationFlag"),
        // no order here is あす楽 or medicine
        never: p.flag("asurakuFlag") || p.flag("drugFlag"),
        page: usize::try_from(page).unwrap_or(1),
        page_size: usize::try_from(page_size).unwrap_or(30),
        ascending,
    };
    p.int_in("mailSendType", |n| matches!(n, 0..=2));
    if p.faults.is_empty() { Ok(wanted) } else { Err(p.faults) }
}

impl Conditions<'_> {
    fn fits(&self, o: &Order) -> bool {
        !self.never
            && self.in_period(o)
            && self.progress.as_ref().is_none_or(|l| l.contains(&o.progress))
            && self.sub_status.as_ref().is_none_or(|l| l.contains(&o.sub_status.unwrap_or(-1)))
            && self.order_types.as_ref().is_none_or(|l| l.contains(&o.order_type))
            && self.payment.is_none_or(|code| code == o.payment.code)
            && self.delivery_name.is_none_or(|name| name == o.delivery_name)
            && (!self.no_ship_date || o.shipments().all(|s| s.date.is_none()))
            && (!self.no_ship_number || o.shipments().all(|s| s.number.is_none()))
            && self.keyword.is_none_or(|(kind, word)| has_word(o, kind, word))
            && self.mail.is_none_or(|mail| mail == o.mail)
            && self.phone.is_none_or(|(kind, phone)| has_phone(o, kind, phone))
            && self.reserve.is_none_or(|r| o.reserve_number.as_deref() == Some(r))
            && (!self.coupon || !o.coupons.is_empty())
            && (!self.one_day || o.one_day)
            && match self.site {
                1 => o.carrier_code == 0,
                2 => matches!(o.carrier_code, 1 | 2 | 3 | 5),
                3 => matches!(o.carrier_code, 11 | 12 | 19),
                4 => matches!(o.carrier_code, 21 | 22 | 29),
                _ => true,
            }
    }

    fn in_period(&self, o: &Order) -> bool {
        let within = |ms: i64| ms >= self.start_ms && ms < self.end_ms + 1000;
        match self.date_type {
            2 => o.confirmed_ms.is_some_and(within),
            3 => o.fixed_ms.is_some_and(within),
            4 => o.shipments().filter_map(|s| s.date.as_deref().and_then(jst::parse_date)).any(within),
            5 => o.reported_ms.is_some_and(within),
            6 => o.settled_ms.is_some_and(within),
            _ => within(o.ordered_ms),
        }
    }
}

fn has_word(o: &Order, kind: i64, word: &str) -> bool {
    let mut items = o.packages.iter().flat_map(|p| p.items.iter());
    match kind {
        1 => items.any(|i| i.name.contains(word)),
        2 => items.any(|i| i.number.as_deref() == Some(word)),
        3 => o.memo.as_deref().is_some_and(|m| m.contains(word)),
        4 => format!("{}{}", o.buyer.family, o.buyer.first).contains(word),
        5 => [&o.buyer.family_kana, &o.buyer.first_kana].into_iter().flatten().any(|k| k.contains(word)),
        6 => o.live_packages().any(|p| format!("{}{}", p.recipient.family, p.recipient.first).contains(word)),
        7 => items.any(|i| i.variant == word),
        8 => items.any(|i| i.own_sku.as_deref() == Some(word)),
        _ => items.any(|i| i.sku_info.as_deref().is_some_and(|s| s.contains(word))),
    }
}

fn has_phone(o: &Order, kind: i64, phone: &str) -> bool {
    let digits = |parts: &[Option<String>; 3]| parts.iter().flatten().cloned().collect::<String>();
    let asked: String = phone.chars().filter(char::is_ascii_digit).collect();
    if kind == 1 {
        return digits(&o.buyer.phone) == asked;
    }
    o.packages.iter().filter(|p: &&Package| !p.deleted).any(|p| digits(&p.recipient.phone) == asked)
}
