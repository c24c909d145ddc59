//! Writes orders as Orders 2026-01-01 shows them (document 2.1): only the asked sections, only the personal data the
//! seller may see at that moment.

use super::order::{Line, Order, Package, Parcel, Status};
use super::settings::AmazonSettings;
use super::shop::MARKETPLACE;
use super::traits::AmazonTrait as T;
use super::utc;
use crate::json::Json;
use crate::people::Person;

/// The sections `includedData` may name.
pub(crate) const SECTIONS: [&str; 11] = [
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
];

/// What one reader sees.
pub(crate) struct View<'a> {
    pub sections: &'a [String],
    /// Whether the restricted roles are there.
    pub role: bool,
    pub now_ms: i64,
    pub settings: &'a AmazonSettings,
}

impl View<'_> {
    fn shows(&self, section: &str) -> bool {
        self.sections.iter().any(|s| s == section)
    }

    /// A money object; amounts are texts (document 0).
    fn money(&self, j: &mut Json, key: &str, yen: i64) {
        j.object(key, |j| {
            let amount = if self.settings.decimals { format!("{yen}.00") } else { yen.to_string() };
            j.text("amount", &amount);
            j.text("currencyCode", "JPY");
        });
    }

    fn discount(&self, yen: i64) -> i64 {
        if self.settings.negative_discounts { -yen } else { yen }
    }
}

fn window(j: &mut Json, key: &str, (from, to): (i64, i64)) {
    j.object(key, |j| {
        j.text("earliestDateTime", &utc::datetime(from));
        j.text("latestDateTime", &utc::datetime(to));
    });
}

/// Writes one order as a list element or, with a key, as a field.
pub(crate) fn order(j: &mut Json, key: &str, o: &Order, view: &View<'_>) {
    j.object(key, |j| {
        j.text("orderId", &o.number);
        if let Some(alias) = &o.alias {
            j.list("orderAliases", [alias], |j, alias| {
                j.object("", |j| {
                    j.text("aliasId", alias);
                    j.text("aliasType", "SELLER_ORDER_ID");
                });
            });
        }
        if !o.has(T::MissingField) {
            j.text("createdTime", &utc::datetime(o.created_ms));
        }
        j.text("lastUpdatedTime", &utc::datetime(o.updated_ms));
        j.list("programs", programs(o), |j, p| j.element(p));
        if let Some(original) = &o.replaces {
            j.list("associatedOrders", [original], |j, original| {
                j.object("", |j| {
                    j.text("orderId", original);
                    j.text("associationType", "REPLACEMENT_ORIGINAL_ID");
                });
            });
        }
        j.object("salesChannel", |j| {
            j.text("channelName", "AMAZON");
            j.text("marketplaceId", MARKETPLACE);
            j.text("marketplaceName", "Amazon.co.jp");
        });
        if o.has(T::UnknownValue) {
            j.text("mihonUnknownField", "nobody has seen this");
        }
        if view.shows("BUYER") {
            buyer(j, o, view);
        }
        if view.shows("RECIPIENT") {
            recipient(j, o, view);
        }
        if view.shows("PROCEEDS") && !o.status.pending() {
            proceeds(j, o, view);
        }
        if view.shows("PAYMENT") {
            payment(j, o, view);
        }
        if view.shows("FULFILLMENT") {
            fulfillment(j, o);
        }
        j.list("orderItems", &o.lines, |j, line| item(j, o, line, view));
        if view.shows("PACKAGES") && !o.fba() {
            let shown = o.packages.iter().filter_map(|p| p.shown.as_ref().map(|s| (p, s)));
            j.list("packages", shown, |j, (package, parcel)| write_package(j, package, parcel));
        }
    });
}

fn programs(o: &Order) -> Vec<&'static str> {
    let all = [
        (T::Prime, "PRIME"),
        (T::Business, "AMAZON_BUSINESS"),
        (T::ShipPlus, "FBM_SHIP_PLUS"),
        (T::Preorder, "PREORDER"),
        (T::UnknownValue, "MOON_DELIVERY"),
    ];
    all.into_iter().filter(|(t, _)| o.has(*t)).map(|(_, name)| name).collect()
}

fn name_of(person: &Person) -> String {
    format!("{} {}", person.family, person.first)
}

/// The relay address only for what the seller ships and after payment; the name also without an address.
fn buyer(j: &mut Json, o: &Order, view: &View<'_>) {
    j.object("buyer", |j| {
        if view.role && !o.fba() && !o.status.pending() {
            j.text("buyerName", &name_of(&o.buyer));
        }
        let paid = matches!(o.status, Status::Unshipped | Status::PartiallyShipped | Status::Shipped);
        if view.role && !o.fba() && paid {
            j.text("buyerEmail", &o.mail);
        }
        if let Some((company, purchase)) = &o.company {
            j.text("buyerCompanyName", company);
            j.text("buyerPurchaseOrderNumber", purchase);
        }
    });
}

/// Trap 6: no address while PENDING, after a cancel, or for what Amazon ships; no phone after delivery.
fn recipient(j: &mut Json, o: &Order, view: &View<'_>) {
    if o.status.pending() || o.status == Status::Cancelled {
        return;
    }
    let to = &o.recipient;
    j.object("recipient", |j| {
        j.object("deliveryAddress", |j| {
            let open = view.role && !o.fba();
            if open {
                j.text("name", &name_of(to));
                if let Some((company, _)) = &o.company {
                    j.text("companyName", company);
                }
                lines(j, o, to);
            }
            j.text("stateOrRegion", &to.prefecture);
            j.text("postalCode", &to.zip.join("-"));
            j.text("countryCode", "JP");
            let late = o.status == Status::Shipped && view.now_ms > o.deliver_by.1;
            let phone: Vec<&str> = to.phone.iter().flatten().map(String::as_str).collect();
            if open && !late && !phone.is_empty() {
                j.text("phone", &phone.join("-"));
            }
            let kind = match () {
                () if o.has(T::PickupPoint) => "PICKUP_POINT",
                () if o.company.is_some() => "COMMERCIAL",
                () => "RESIDENTIAL",
            };
            j.text("addressType", kind);
        });
        if o.drop_off.is_some() || o.instruction.is_some() {
            j.object("deliveryPreference", |j| {
                if let Some(place) = o.drop_off {
                    j.text("dropOffLocation", place);
                }
                if let Some(text) = o.instruction.as_ref().filter(|_| view.role) {
                    j.text("addressInstruction", text);
                }
            });
        }
    });
}

/// `city` is normally absent in Japan: the place is in the address lines (document 2.3).
fn lines(j: &mut Json, o: &Order, to: &Person) {
    let (street, house) = to.rest.split_once(' ').unwrap_or((&to.rest, ""));
    if o.has(T::City) {
        j.text("addressLine1", street);
        j.text("city", &to.city);
    } else {
        j.text("addressLine1", &format!("{}{street}", to.city));
    }
    if !house.is_empty() {
        j.text("addressLine2", house);
    }
}

fn proceeds(j: &mut Json, o: &Order, view: &View<'_>) {
    let wrong = if o.has(T::BadSums) { 101 } else { 0 };
    j.object("proceeds", |j| {
        view.money(j, "grandTotal", o.total() + wrong);
        let sum = |part: fn(&Line) -> i64| o.lines.iter().map(part).sum::<i64>();
        let parts = [
            ("ITEM", sum(Line::goods)),
            ("SHIPPING", sum(|l| l.shipping)),
            ("GIFT_WRAP", sum(|l| l.wrap)),
            ("COD_FEE", sum(|l| l.cod_fee)),
            ("DISCOUNT", view.discount(sum(|l| l.discount + l.shipping_discount))),
        ];
        let some = parts.into_iter().filter(|(kind, yen)| *yen != 0 || *kind == "ITEM");
        j.list("breakdowns", some, |j, (kind, yen)| {
            j.object("", |j| {
                j.text("type", kind);
                view.money(j, "subtotal", yen);
            });
        });
    });
}

fn payment(j: &mut Json, o: &Order, view: &View<'_>) {
    j.object("payment", |j| {
        j.list("paymentExecutions", &o.payments, |j, (method, yen)| {
            j.object("", |j| {
                j.text("paymentMethod", method);
                // amounts are not there before the order total is (trap 1)
                if !o.status.pending() {
                    view.money(j, "paymentAmount", *yen);
                }
            });
        });
    });
}

fn fulfillment(j: &mut Json, o: &Order) {
    j.object("fulfillment", |j| {
        let status = if o.has(T::UnknownStatus) { "AWAITING_MOONRISE" } else { o.status.name() };
        j.text("fulfillmentStatus", status);
        if !o.has(T::NoFulfilledBy) {
            j.text("fulfilledBy", if o.fba() { "AMAZON" } else { "MERCHANT" });
        }
        j.text("fulfillmentServiceLevel", if o.has(T::UnknownValue) { "BY_BALLOON" } else { o.level });
        if !o.status.pending() {
            window(j, "shipByWindow", o.ship_by);
            window(j, "deliverByWindow", o.deliver_by);
        }
    });
}

fn item(j: &mut Json, o: &Order, line: &Line, view: &View<'_>) {
    let pending = o.status.pending();
    let priced = !pending || view.settings.pending_prices;
    j.object("", |j| {
        j.text("orderItemId", &line.id);
        j.int("quantityOrdered", line.quantity);
        j.object("product", |j| {
            j.text("asin", &line.asin);
            j.text("title", &line.title);
            j.text("sellerSku", &line.sku);
            j.object("condition", |j| {
                j.text("conditionType", "NEW");
                j.text("conditionSubtype", "NEW");
            });
            if priced {
                j.object("price", |j| {
                    view.money(j, "unitPrice", line.price);
                    if line.business {
                        j.text("priceDesignation", "BUSINESS_PRICE");
                    }
                });
            }
            if let Some(url) = &line.customized {
                j.object("customization", |j| j.text("customizedUrl", url));
            }
        });
        if view.shows("PROCEEDS") && priced {
            item_proceeds(j, line, pending, view);
        }
        if view.shows("EXPENSE") && line.points > 0 && !pending {
            j.object("expense", |j| {
                j.object("pointsCost", |j| {
                    j.object("pointsGranted", |j| {
                        j.int("pointsNumber", line.points);
                        view.money(j, "pointsMonetaryValue", line.points);
                    });
                });
            });
        }
        if view.shows("PROMOTION") && !line.promotions.is_empty() && !pending {
            j.object("promotion", |j| {
                j.list("breakdowns", &line.promotions, |j, id| j.object("", |j| j.text("promotionId", id)));
            });
        }
        if view.shows("CANCELLATION") {
            cancellation(j, o, line);
        }
        if view.shows("FULFILLMENT") {
            item_fulfillment(j, o, line, view);
        }
    });
}

/// A breakdown: type, yen, and the same again for its details.
type Part = (&'static str, i64, Vec<(&'static str, i64)>);

fn item_proceeds(j: &mut Json, line: &Line, pending: bool, view: &View<'_>) {
    j.object("proceeds", |j| {
        if !pending {
            view.money(j, "proceedsTotal", line.total());
        }
        let parts = [
            ("ITEM", line.goods()),
            ("SHIPPING", line.shipping),
            ("GIFT_WRAP", line.wrap),
            ("COD_FEE", line.cod_fee),
        ];
        let some = parts.into_iter().filter(|(kind, yen)| *kind == "ITEM" || (*yen != 0 && !pending));
        let mut all: Vec<Part> = some.map(|(kind, yen)| (kind, yen, Vec::new())).collect();
        let off = [("ITEM", line.discount), ("SHIPPING", line.shipping_discount)];
        let off: Vec<(&'static str, i64)> =
            off.into_iter().filter(|(_, yen)| *yen != 0).map(|(k, yen)| (k, view.discount(yen))).collect();
        if !off.is_empty() && !pending {
            all.push(("DISCOUNT", off.iter().map(|(_, yen)| yen).sum(), off));
        }
        if view.settings.show_tax {
            let tax = line.goods() * line.rate / (100 + line.rate);
            all.push(("TAX", tax, vec![("ITEM", tax)]));
        }
        j.list("breakdowns", all, |j, (kind, yen, details)| {
            j.object("", |j| {
                j.text("type", kind);
                view.money(j, "subtotal", yen);
                if !details.is_empty() {
                    j.list("detailedBreakdowns", details, |j, (subtype, yen)| {
                        j.object("", |j| {
                            j.text("subtype", subtype);
                            view.money(j, "value", yen);
                        });
                    });
                }
            });
        });
    });
}

fn cancellation(j: &mut Json, o: &Order, line: &Line) {
    if line.cancel_request.is_none() && o.cancelled.is_none() {
        return;
    }
    j.object("cancellation", |j| {
        if let Some(reason) = &line.cancel_request {
            j.object("cancellationRequest", |j| {
                j.text("requester", "BUYER");
                j.text("cancelReason", reason);
            });
        }
        if let Some((by, reason)) = &o.cancelled {
            j.object("cancellationExecution", |j| {
                j.text("cancelledBy", by);
                j.text("cancelReason", reason);
            });
        }
    });
}

fn item_fulfillment(j: &mut Json, o: &Order, line: &Line, view: &View<'_>) {
    j.object("fulfillment", |j| {
        let done = o.fulfilled(line);
        let open = if o.status == Status::Cancelled { 0 } else { (line.quantity - done).max(0) };
        j.int("quantityFulfilled", done);
        j.int("quantityUnfulfilled", open);
        // gift and promise come with the payment (trap 1)
        if o.status.pending() {
            return;
        }
        if let Some((message, level)) = &line.gift {
            j.object("packing", |j| {
                j.object("giftOption", |j| {
                    if view.role {
                        j.text("giftMessage", message);
                    }
                    j.text("giftWrapLevel", level);
                });
            });
        }
        if line.window.is_some() || o.cod() {
            j.object("shipping", |j| {
                if let Some(wanted) = line.window {
                    window(j, "scheduledDeliveryWindow", wanted);
                }
                if o.cod() {
                    j.object("shippingConstraints", |j| j.text("cashOnDelivery", "MANDATORY"));
                }
            });
        }
    });
}

fn write_package(j: &mut Json, package: &Package, parcel: &Parcel) {
    j.object("", |j| {
        j.text("packageReferenceId", &package.reference);
        j.text("createdTime", &utc::datetime(package.created_ms));
        j.object("packageStatus", |j| {
            j.text("status", if package.delivered { "DELIVERED" } else { "SHIPPED" });
        });
        j.text(
            "carrier",
            parcel.carrier_name.as_deref().filter(|_| parcel.carrier == "Other").unwrap_or(&parcel.carrier),
        );
        j.text("shipTime", &utc::datetime(parcel.ship_ms));
        if let Some(method) = &parcel.method {
            j.text("shippingService", method);
        }
        if !parcel.tracking.is_empty() {
            j.text("trackingNumber", &parcel.tracking);
        }
        j.list("packageItems", &parcel.items, |j, (id, quantity)| {
            j.object("", |j| {
                j.text("orderItemId", id);
                j.int("quantity", *quantity);
            });
        });
    });
}
