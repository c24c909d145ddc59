//! updateOrderShipping (document 2.5, 3.5): records are added without an id, changed or deleted with one. Adding is
//! not idempotent, and that is the point.

use serde_json::{Map, Value};

use super::codes::{self, Message, carrier_name, family};
use super::order::Shipment;
use super::params::{Params, whole};
use super::{Rakuten, messages};
use crate::effects::Effect;
use crate::jst;
use crate::mall::Ctx;
use crate::settings::DateFormat;
use crate::wire::Reply;

/// What a field of a record shall become.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Set {
    /// The key was absent: unchanged.
    #[default]
    Keep,
    /// Present and empty: the value is deleted.
    Clear,
    To(String),
}

impl Set {
    fn apply(self, slot: &mut Option<String>) {
        match self {
            Self::Keep => {}
            Self::Clear => *slot = None,
            Self::To(text) => *slot = Some(text),
        }
    }
}

/// One record of a report, already judged.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// 1-based through all baskets in the order sent.
    pub data: i64,
    pub basket: i64,
    pub detail: Option<i64>,
    pub company: Set,
    pub number: Set,
    pub date: Set,
    pub delete: bool,
}

/// One order's report.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub order: String,
    pub records: Vec<Record>,
}

/// Reads one order's report; every fault becomes a message of `family`.
pub(crate) fn read(
    body: &Map<String, Value>,
    family: &'static str,
    dates: DateFormat,
) -> Result<Report, Vec<Message>> {
    let mut p = Params::new(body, family);
    let order = p.order_number().unwrap_or_default().to_owned();
    let mut faults = Vec::new();
    let mut records = Vec::new();
    match p.list("BasketidModelList") {
        Some(baskets) if !baskets.is_empty() => {
            for basket in baskets {
                read_basket(basket, family, dates, &mut records, &mut faults);
            }
        }
        _ if p.faults.is_empty() => p.missing("BasketidModelList"),
        _ => {}
    }
    let mut all = p.faults;
    all.append(&mut faults);
    if all.is_empty() { Ok(Report { order, records }) } else { Err(all) }
}

fn read_basket(
    basket: &Value,
    family: &'static str,
    dates: DateFormat,
    records: &mut Vec<Record>,
    faults: &mut Vec<Message>,
) {
    let empty = Map::new();
    let mut p = Params::new(basket.as_object().unwrap_or(&empty), family);
    if basket.get("basketId").is_none_or(Value::is_null) {
        p.missing("basketId");
    }
    let id = p.int("basketId").unwrap_or(0);
    let list = p.list("ShippingModelList").unwrap_or_default();
    if list.is_empty() {
        p.missing("ShippingModelList");
    }
    // at most 20 records a recipient since 2020-08
    if list.len() > 20 {
        p.bad("ShippingModelList");
    }
    faults.append(&mut p.faults);
    for record in list {
        let data = i64::try_from(records.len()).unwrap_or(0) + 1;
        let (record, mut bad) = read_record(record, family, dates, id, data);
        let detail = record.detail;
        faults.extend(bad.drain(..).map(|m| m.record(Some(data), detail)));
        records.push(record);
    }
}

fn read_record(
    value: &Value,
    family: &'static str,
    dates: DateFormat,
    basket: i64,
    data: i64,
) -> (Record, Vec<Message>) {
    let empty = Map::new();
    let mut p = Params::new(value.as_object().unwrap_or(&empty), family);
    if !value.is_object() {
        p.bad("ShippingModelList");
    }
    let detail = p.int("shippingDetailId");
    let delete = p.flag("shippingDeleteFlag");
    if delete && detail.is_none() {
        p.missing("shippingDetailId");
    }
    let text = |name: &str| match value.get(name) {
        None => Some(Set::Keep),
        Some(Value::Null) => Some(Set::Clear),
        Some(Value::String(s)) if s.is_empty() => Some(Set::Clear),
        Some(Value::String(s)) => Some(Set::To(s.clone())),
        Some(other) => whole(other).map(|n| Set::To(n.to_string())),
    };
    let company = text("deliveryCompany");
    // "If the key is present it must have a value"
    if !matches!(&company, Some(Set::Keep))
        && !matches!(&company, Some(Set::To(c)) if carrier_name(c).is_some())
    {
        p.bad("deliveryCompany");
    }
    let number = text("shippingNumber");
    let too_odd = |n: &str| n.chars().count() > 120 || codes::machine_dependent(n);
    if number.is_none() || matches!(&number, Some(Set::To(n)) if too_odd(n)) {
        p.bad("shippingNumber");
    }
    let date = text("shippingDate").and_then(|date| match date {
        Set::To(text) => read_date(&text, dates).map(Set::To),
        other => Some(other),
    });
    if date.is_none() {
        p.bad("shippingDate");
    }
    let record = Record {
        data,
        basket,
        detail,
        company: company.unwrap_or_default(),
        number: number.unwrap_or_default(),
        date: date.unwrap_or_default(),
        delete,
    };
    (record, p.faults)
}

/// The date as RMS shows it again, `YYYY-MM-DD`.
fn read_date(text: &str, dates: DateFormat) -> Option<String> {
    let hyphen = jst::parse_date(text).filter(|_| dates != DateFormat::Compact);
    let compact = jst::parse_compact_date(text).filter(|_| dates != DateFormat::Hyphen);
    hyphen.or(compact).map(jst::date)
}

impl Rakuten {
    pub(crate) fn ship(&mut self, shop: usize, body: &Map<String, Value>, ctx: &mut Ctx<'_>) -> Reply {
        match read(body, family::SHIPPING, ctx.settings.rakuten.ship_date) {
            Err(faults) => messages(400, &faults),
            Ok(report) => messages(200, &self.apply_report(shop, &report, ctx)),
        }
    }

    /// Applies a report; one message a record.
    pub(crate) fn apply_report(&mut self, shop: usize, report: &Report, ctx: &mut Ctx<'_>) -> Vec<Message> {
        let number = report.order.as_str();
        let error = |n: &str, text: &str| {
            vec![Message::error(family::SHIPPING, n, text).order(number).record(None, None)]
        };
        let Some(index) = self.find(shop, number) else {
            return vec![Message::unknown_order(family::SHIPPING).order(number).record(None, None)];
        };
        let Some((cancelled, progress)) = self.orders.get(index).map(|o| (o.cancelled(), o.progress)) else {
            return Vec::new();
        };
        if cancelled {
            return error("102", "キャンセルされた注文のため、発送完了報告できません。");
        }
        let early = progress < 300 && !ctx.settings.rakuten.ship_before_300;
        if early || progress == 400 {
            return error("101", "発送完了報告できないステータスの注文です。");
        }
        let notes: Vec<Message> =
            report.records.iter().map(|r| self.apply_record(index, number, r, ctx).order(number)).collect();
        self.touch(index);
        let complete = self.orders.get(index).is_some_and(|o| o.progress == 300 && o.fully_shipped());
        if complete {
            self.move_to(index, 500, "shipped", ctx);
        }
        notes
    }

    fn apply_record(&mut self, index: usize, number: &str, record: &Record, ctx: &mut Ctx<'_>) -> Message {
        let refuse = |text: &str| {
            Message::error(family::SHIPPING, "101", text).record(Some(record.data), record.detail)
        };
        let order = self.orders.get_mut(index);
        let basket =
            order.and_then(|o| o.packages.iter_mut().find(|p| p.basket_id == record.basket && !p.deleted));
        let Some(package) = basket else {
            return refuse("指定された送付先IDは存在しません。");
        };
        let basket = record.basket.to_string();
        let found = record.detail.map(|id| package.shipping.iter().position(|s| s.detail_id == id));
        let plain = |v: &Option<String>| v.clone().unwrap_or_default();
        let (code, text, detail, effect) = match found {
            Some(None) => return refuse("指定された発送明細IDは存在しません。"),
            Some(Some(at)) if record.delete => {
                let gone = package.shipping.remove(at);
                let detail_id = gone.detail_id.to_string();
                (
                    "103",
                    "発送情報の削除に成功しました。",
                    gone.detail_id,
                    Effect::ShippingDeleted { basket, detail_id },
                )
            }
            Some(Some(at)) => {
                let Some(shipment) = package.shipping.get_mut(at) else { return refuse("") };
                record.company.clone().apply(&mut shipment.company);
                record.number.clone().apply(&mut shipment.number);
                record.date.clone().apply(&mut shipment.date);
                let effect = Effect::ShippingUpdated {
                    basket,
                    detail_id: shipment.detail_id.to_string(),
                    carrier: plain(&shipment.company),
                    number: plain(&shipment.number),
                    date: plain(&shipment.date),
                };
                ("102", "発送情報の更新に成功しました。", shipment.detail_id, effect)
            }
            None if package.shipping.len() >= 20 => return refuse("発送情報の登録上限を超えています。"),
            None => {
                let id = self.ids.shipping();
                let mut shipment = Shipment { detail_id: id, number: None, company: None, date: None };
                record.company.clone().apply(&mut shipment.company);
                record.number.clone().apply(&mut shipment.number);
                record.date.clone().apply(&mut shipment.date);
                let effect = Effect::ShippingAdded {
                    basket,
                    detail_id: id.to_string(),
                    carrier: plain(&shipment.company),
                    number: plain(&shipment.number),
                    date: plain(&shipment.date),
                };
                package.shipping.push(shipment);
                ("101", "発送情報の登録に成功しました。", id, effect)
            }
        };
        ctx.effects.record(number, ctx.now_ms, effect);
        Message::info(family::SHIPPING, code, text).record(Some(record.data), Some(detail))
    }
}
