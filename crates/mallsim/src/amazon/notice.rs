//! A shipment notice, whichever way it came (document 3, 4): what the mall accepts, what it does to the order, and
//! what a careless sender repeats. Knows neither JSON nor flat files.

use super::order::{Order, Package, Parcel, Status};
use super::traits::AmazonTrait as T;
use super::{Amazon, Ctx};
use crate::effects::Effect;
use crate::jst;

/// Carrier codes seen for Japan (document 3; today's official list is not public).
pub(crate) const CARRIERS: [&str; 13] = [
    "YAMATO",
    "SAGAWA",
    "JP_EXPRESS",
    "NITTSU",
    "FEDEX_JP",
    "YamatoTransport",
    "SagawaExpress",
    "NipponExpress",
    "DHL",
    "FedEx",
    "UPS",
    "TNT",
    "Other",
];

/// What a sender says.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// The sender's name of the package; the mall names it without.
    pub reference: Option<String>,
    /// A package of the same file that this belongs to.
    pub joins: Option<String>,
    /// Without items: everything that is open.
    pub parcel: Parcel,
    pub direct_payment: bool,
}

/// Why a notice is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Fulfilled by Amazon.
    Fba,
    /// Ship+ takes no confirmation.
    ShipPlus,
    /// Not paid yet.
    Pending,
    Cancelled,
    /// DirectPayment on an order that is not 代引.
    NotCod,
    UnknownCarrier,
    NoCarrierName,
    UnknownItem,
    /// A quantity that is not positive.
    NoQuantity,
    /// More than is open.
    TooMany,
    /// A new package for an order that is complete.
    Complete,
    ShipDateAhead,
    ShipDateBeforeOrder,
}

/// Whether two packages tell the buyer the same: the same tracking number, or without one the same in all else.
pub(crate) fn same_parcel(a: &Parcel, b: &Parcel) -> bool {
    if a.tracking.is_empty() && b.tracking.is_empty() { a == b } else { a.tracking == b.tracking }
}

fn judge(order: &Order, notice: &Notice, now_ms: i64, strict_carriers: bool) -> Result<(), Refusal> {
    let parcel = &notice.parcel;
    if order.fba() {
        return Err(Refusal::Fba);
    }
    if order.has(T::ShipPlus) {
        return Err(Refusal::ShipPlus);
    }
    if order.status.pending() {
        return Err(Refusal::Pending);
    }
    if matches!(order.status, Status::Cancelled | Status::Unfulfillable) {
        return Err(Refusal::Cancelled);
    }
    if notice.direct_payment && !order.cod() {
        return Err(Refusal::NotCod);
    }
    if strict_carriers && !CARRIERS.contains(&parcel.carrier.as_str()) {
        return Err(Refusal::UnknownCarrier);
    }
    if parcel.carrier == "Other" && parcel.carrier_name.as_deref().is_none_or(|n| n.trim().is_empty()) {
        return Err(Refusal::NoCarrierName);
    }
    if parcel.ship_ms > now_ms {
        return Err(Refusal::ShipDateAhead);
    }
    // a date alone counts as its day in Japan
    if jst::end_of_day(parcel.ship_ms, 0) < order.created_ms {
        return Err(Refusal::ShipDateBeforeOrder);
    }
    if parcel.items.iter().any(|(id, _)| !order.lines.iter().any(|l| l.id == *id)) {
        return Err(Refusal::UnknownItem);
    }
    if parcel.items.iter().any(|(_, n)| *n <= 0) {
        return Err(Refusal::NoQuantity);
    }
    Ok(())
}

impl Amazon {
    /// Takes a notice or says why not; gives the package's reference. `now_ms` is Amazon's clock.
    pub(crate) fn take(
        &mut self,
        index: usize,
        mut notice: Notice,
        clock_ms: i64,
        ctx: &mut Ctx<'_>,
    ) -> Result<String, Refusal> {
        let settings = &ctx.settings.amazon;
        let Some(order) = self.orders.get_mut(index) else { return Err(Refusal::UnknownItem) };
        if let Err(refusal) = judge(order, &notice, clock_ms, settings.strict_carriers) {
            match refusal {
                Refusal::Fba => ctx.effects.note("amazon_fba_notice"),
                Refusal::Cancelled => ctx.effects.note("amazon_notice_for_cancelled"),
                _ => {}
            }
            return Err(refusal);
        }
        let known = |r: &Option<String>| {
            r.as_ref().and_then(|r| order.packages.iter().position(|p| p.reference == *r))
        };
        let edits = known(&notice.reference);
        let joins = known(&notice.joins);
        let without = edits.and(notice.reference.as_deref());
        if order.complete() && (edits.is_none() || !settings.edit_when_complete) {
            if order.packages.iter().any(|p| same_parcel(&p.parcel, &notice.parcel)) {
                ctx.effects.note("amazon_repeated_notice");
            }
            return Err(Refusal::Complete);
        }
        if notice.parcel.items.is_empty() {
            let open = order.lines.iter().map(|l| (l.id.clone(), order.open(l, without)));
            notice.parcel.items = open.filter(|(_, n)| *n > 0).collect();
        }
        let too_many = order.lines.iter().any(|l| {
            let wanted = notice.parcel.quantity(&l.id);
            wanted > 0 && wanted > order.open(l, without)
        });
        if too_many {
            if order.packages.iter().any(|p| same_parcel(&p.parcel, &notice.parcel)) {
                ctx.effects.note("amazon_repeated_notice");
            }
            return Err(Refusal::TooMany);
        }
        let visible_ms = ctx.now_ms.saturating_add(settings.ship_visible_after_ms);
        let reference = match (edits, joins) {
            (Some(at), _) => edit(order, at, notice.parcel, visible_ms, ctx),
            (None, Some(at)) => join(order, at, notice.parcel),
            (None, None) => add(order, notice, visible_ms, ctx),
        };
        self.reflect_at(index, visible_ms, ctx);
        Ok(reference)
    }
}

fn edit(order: &mut Order, at: usize, parcel: Parcel, visible_ms: i64, ctx: &mut Ctx<'_>) -> String {
    let number = order.number.clone();
    let Some(package) = order.packages.get_mut(at) else { return String::new() };
    let same = package.parcel == parcel;
    ctx.effects.note(if same { "amazon_edit_without_change" } else { "amazon_edit" });
    package.parcel = parcel;
    package.visible_ms = visible_ms;
    let effect = Effect::ShippingUpdated {
        basket: String::new(),
        detail_id: package.reference.clone(),
        carrier: carrier(&package.parcel),
        number: package.parcel.tracking.clone(),
        date: jst::date(package.parcel.ship_ms),
    };
    ctx.effects.record(&number, ctx.now_ms, effect);
    package.reference.clone()
}

/// Further lines of the same parcel in one file.
fn join(order: &mut Order, at: usize, parcel: Parcel) -> String {
    let Some(package) = order.packages.get_mut(at) else { return String::new() };
    package.parcel.items.extend(parcel.items);
    package.reference.clone()
}

fn add(order: &mut Order, notice: Notice, visible_ms: i64, ctx: &mut Ctx<'_>) -> String {
    let parcel = notice.parcel;
    if order.packages.iter().any(|p| same_parcel(&p.parcel, &parcel)) {
        ctx.effects.note("amazon_second_package_same_tracking");
    }
    let reference = notice.reference.unwrap_or_else(|| {
        // names of the mall's own never meet those of a sender
        order.named += 1;
        format!("{}", 1_000_000 + order.named)
    });
    let effect = Effect::ShippingAdded {
        basket: String::new(),
        detail_id: reference.clone(),
        carrier: carrier(&parcel),
        number: parcel.tracking.clone(),
        date: jst::date(parcel.ship_ms),
    };
    ctx.effects.record(&order.number, ctx.now_ms, effect);
    order.packages.push(Package {
        reference: reference.clone(),
        parcel,
        shown: None,
        created_ms: ctx.now_ms,
        visible_ms,
        delivered: false,
    });
    reference
}

fn carrier(parcel: &Parcel) -> String {
    match &parcel.carrier_name {
        Some(name) if parcel.carrier == "Other" => format!("Other:{name}"),
        _ => parcel.carrier.clone(),
    }
}
