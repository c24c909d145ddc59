//! Writes an `OrderModel` (document 2.3), field by field in the document's order, for the version asked for. Knows
//! nothing of calls, and changes nothing.

use std::sync::Arc;

use super::amounts::{self, Amounts};
use super::codes::{SUB_STATUSES, carrier_name};
use super::order::{Item, Order, Package, UNDECIDED};
use super::trouble;
use crate::json::Json;
use crate::jst;
use crate::people::Person;

/// The order as JSON text. Kept per version until the order changes: benchmarks ask for the same orders again.
pub(crate) fn order(order: &mut Order, version: i64) -> Arc<str> {
    let revision = order.revision;
    if let Some((_, _, text)) = order.rendered.iter().find(|(v, r, _)| (*v, *r) == (version, revision)) {
        return Arc::clone(text);
    }
    let text: Arc<str> = trouble::spoil(order, write(order, version)).into();
    order.rendered.retain(|(v, r, _)| *r == revision && *v != version);
    order.rendered.push((version, revision, Arc::clone(&text)));
    text
}

fn moment(json: &mut Json, key: &str, ms: Option<i64>) {
    json.opt_text(key, ms.map(jst::datetime).as_deref());
}

fn rate(json: &mut Json, key: &str, percent: i64) {
    json.raw_field(
        key,
        match percent {
            10 => "0.1",
            8 => "0.08",
            _ => "0",
        },
    );
}

fn write(order: &Order, v: i64) -> String {
    let sums = amounts::of(order);
    let mut json = Json::with_capacity(6_000);
    json.object("", |j| {
        head(j, order, v);
        money(j, order, &sums, v);
        j.flag("asurakuFlag", false);
        j.flag("drugFlag", false);
        j.flag("dealFlag", false);
        j.int("membershipType", 0);
        j.opt_text("memo", order.memo.as_deref());
        j.opt_text("operator", order.operator.as_deref());
        j.opt_text("mailPlugSentence", order.mail_plug.as_deref());
        j.flag("modifyFlag", order.modified);
        if v >= 5 {
            j.int("receiptIssueCount", 0);
            j.list("receiptIssueHistoryList", [(); 0], |_, ()| {});
        }
        j.object("OrdererModel", |j| {
            address(j, &order.buyer);
            j.text("emailAddress", &order.mail);
            j.text("sex", "-");
            j.int("birthYear", 0);
            j.int("birthMonth", 0);
            j.int("birthDay", 0);
        });
        settlement(j, order);
        j.object("DeliveryModel", |j| {
            j.text("deliveryName", order.delivery_name);
            j.opt_int("deliveryClass", order.delivery_class);
        });
        j.object("PointModel", |j| j.int("usedPoint", order.used_points));
        for (key, wrapping) in ["WrappingModel1", "WrappingModel2"].iter().zip(&order.wrapping) {
            match wrapping {
                None => j.null(key),
                Some(w) => j.object(key, |j| {
                    j.int("title", w.title);
                    j.text("name", w.name);
                    j.int("price", w.price);
                    j.flag("includeTaxFlag", true);
                    j.flag("deleteWrappingFlag", false);
                    rate(j, "taxRate", 10);
                    j.int("taxPrice", w.price - w.price * 100 / 110);
                }),
            }
        }
        j.list("PackageModelList", &order.packages, |j, p| package(j, order, p, v));
        coupons(j, order);
        changes(j, order);
        j.list("TaxSummaryModelList", &sums.tax, |j, row| {
            j.object("", |j| {
                rate(j, "taxRate", row.rate);
                j.int("reqPrice", row.req_price);
                j.int("reqPriceTax", row.req_tax);
                j.int("totalPrice", row.total);
                j.int("paymentCharge", row.charge);
                j.int("couponPrice", row.coupon);
                j.int("point", 0);
            });
        });
        if v >= 5 {
            j.list("DueDateModelList", &order.due_dates, |j, (kind, date)| {
                j.object("", |j| {
                    j.int("dueDateType", *kind);
                    j.text("dueDate", date);
                });
            });
        }
        if v >= 8 {
            j.flag("deliveryCertPrgFlag", order.one_day);
            j.flag("oneDayOperationFlag", order.one_day);
        } else {
            j.int("isTaxRecalc", 0);
        }
    });
    json.finish()
}

fn head(j: &mut Json, order: &Order, v: i64) {
    j.text("orderNumber", &order.number);
    j.int("orderProgress", order.progress);
    j.opt_int("subStatusId", order.sub_status);
    let name = order.sub_status.and_then(|id| SUB_STATUSES.iter().find(|s| s.1 == id)).map(|s| s.2);
    j.opt_text("subStatusName", name);
    j.text("orderDatetime", &jst::datetime(order.ordered_ms));
    moment(j, "shopOrderCfmDatetime", order.confirmed_ms);
    moment(j, "orderFixDatetime", order.fixed_ms);
    moment(j, "shippingInstDatetime", order.fixed_ms);
    moment(j, "shippingCmplRptDatetime", order.reported_ms);
    j.null("cancelDueDate");
    j.opt_text("deliveryDate", order.delivery_date.as_deref());
    j.opt_int("shippingTerm", order.shipping_term);
    j.opt_text("remarks", order.remarks.as_deref());
    j.flag("giftCheckFlag", order.gift);
    if v >= 10 {
        j.flag("socialGiftFlag", order.packages.iter().any(|p| p.social.is_some()));
    }
    let recipients = order.live_packages().count();
    j.flag("severalSenderFlag", recipients > 1);
    j.flag("equalSenderFlag", recipients == 1 && order.live_packages().all(|p| p.recipient == order.buyer));
    j.flag("isolatedIslandFlag", order.live_packages().any(|p| p.recipient.island));
    j.flag("rakutenMemberFlag", true);
    j.int("carrierCode", order.carrier_code);
    j.int("emailCarrierCode", 0);
    j.int("orderType", order.order_type);
    j.opt_text("reserveNumber", order.reserve_number.as_deref());
    j.opt_int("reserveDeliveryCount", order.reserve_number.as_ref().map(|_| 1));
    j.int("cautionDisplayType", order.caution);
    if v >= 6 {
        j.opt_int("cautionDisplayDetailType", order.caution_detail);
    }
    j.flag("rakutenConfirmFlag", order.rakuten_check);
}

fn money(j: &mut Json, order: &Order, sums: &Amounts, v: i64) {
    j.int("goodsPrice", sums.goods);
    if v < 8 {
        j.int("goodsTax", sums.goods_tax);
    }
    j.int("postagePrice", sums.postage);
    j.int("deliveryPrice", sums.cod_fee);
    j.int("paymentCharge", order.payment.charge);
    rate(j, "paymentChargeTaxRate", 10);
    j.int("totalPrice", sums.total);
    j.int("requestPrice", sums.request);
    j.int("couponAllTotalPrice", sums.coupons);
    j.int("couponShopPrice", sums.shop_coupons);
    j.int("couponOtherPrice", sums.other_coupons);
    j.int("additionalFeeOccurAmountToUser", order.payment.fee_to_user);
    j.int("additionalFeeOccurAmountToShop", 0);
}

fn address(j: &mut Json, who: &Person) {
    let [zip1, zip2] = &who.zip;
    let [phone1, phone2, phone3] = &who.phone;
    j.text("zipCode1", zip1);
    j.text("zipCode2", zip2);
    j.text("prefecture", &who.prefecture);
    j.text("city", &who.city);
    j.text("subAddress", &who.rest);
    j.text("familyName", &who.family);
    j.text("firstName", &who.first);
    j.opt_text("familyNameKana", who.family_kana.as_deref());
    j.opt_text("firstNameKana", who.first_kana.as_deref());
    j.opt_text("phoneNumber1", phone1.as_deref());
    j.opt_text("phoneNumber2", phone2.as_deref());
    j.opt_text("phoneNumber3", phone3.as_deref());
}

fn settlement(j: &mut Json, order: &Order) {
    let card = order.payment.code == 1;
    j.object("SettlementModel", |j| {
        j.int("settlementMethodCode", order.payment.code);
        j.text("settlementMethod", order.payment.name);
        j.flag("rpaySettlementFlag", order.payment.common);
        j.opt_text("cardName", card.then_some("VISA"));
        j.opt_text("cardNumber", card.then_some("XXXX-XXXX-XXXX-0000"));
        j.opt_text("cardOwner", card.then_some("MIHON KAKUU"));
        j.opt_text("cardYm", card.then_some("2099-12"));
        j.opt_int("cardPayType", card.then_some(0));
        j.null("cardInstallmentDesc");
    });
}

fn package(j: &mut Json, order: &Order, p: &Package, v: i64) {
    let goods = amounts::package_goods(order, p);
    j.object("", |j| {
        j.int("basketId", p.basket_id);
        j.int("postagePrice", p.postage);
        rate(j, "postageTaxRate", 10);
        j.int("deliveryPrice", p.cod_fee);
        rate(j, "deliveryTaxRate", 10);
        if v < 8 {
            j.int("goodsTax", amounts::package_goods_tax(p));
        }
        j.int("goodsPrice", goods);
        j.int("totalPrice", if p.postage == UNDECIDED { UNDECIDED } else { goods + p.postage });
        j.opt_text("noshi", p.noshi.as_deref());
        j.flag("packageDeleteFlag", p.deleted);
        j.object("SenderModel", |j| {
            address(j, &p.recipient);
            j.flag("isolatedIslandFlag", p.recipient.island);
        });
        j.list("ItemModelList", &p.items, |j, i| item(j, i, v));
        j.list("ShippingModelList", &p.shipping, |j, s| {
            j.object("", |j| {
                j.int("shippingDetailId", s.detail_id);
                j.opt_text("shippingNumber", s.number.as_deref());
                j.opt_text("deliveryCompany", s.company.as_deref());
                j.opt_text("deliveryCompanyName", s.company.as_deref().and_then(carrier_name));
                j.opt_text("shippingDate", s.date.as_deref());
            });
        });
        if p.cvs {
            store(j)
        } else {
            j.null("DeliveryCvsModel")
        }
        if v >= 4 {
            j.text("defaultDeliveryCompanyCode", p.carrier);
        }
        if v >= 9 {
            j.flag("dropOffFlag", p.drop_off.is_some());
            j.opt_text("dropOffLocation", p.drop_off);
        }
        if v >= 10 {
            match &p.social {
                None => j.null("SocialGiftModel"),
                Some(gift) => j.object("SocialGiftModel", |j| {
                    j.text("sgMngNumber", &gift.number);
                    j.text("inputDueDate", &gift.due);
                    j.flag("inputFlag", gift.entered_ms.is_some());
                    moment(j, "inputCompDatetime", gift.entered_ms);
                    j.opt_text("receiverEmailAddress", gift.entered_ms.map(|_| "gift@pc.fw.example.invalid"));
                }),
            }
        }
    });
}

fn store(j: &mut Json) {
    j.object("DeliveryCvsModel", |j| {
        j.int("cvsCode", 50);
        j.text("storeGenreCode", "33");
        j.text("storeCode", "000000");
        j.text("storeName", "見本店");
        j.text("storeZip", "000-0000");
        j.text("storePrefecture", "東京都");
        j.text("storeAddress", "架空区見本町1-1-1");
        j.text("areaCode", "0000");
        j.text("depo", "000");
        j.text("openTime", "00:00");
        j.text("closeTime", "23:59");
        j.null("cvsRemarks");
    });
}

fn item(j: &mut Json, i: &Item, v: i64) {
    j.object("", |j| {
        j.int("itemDetailId", i.detail_id);
        j.text("itemName", &i.name);
        j.int("itemId", i.item_id);
        j.opt_text("itemNumber", i.number.as_deref());
        j.text("manageNumber", &i.manage_number);
        j.int("price", i.price);
        j.int("units", i.units);
        j.flag("includePostageFlag", i.postage_included);
        j.flag("includeTaxFlag", i.tax_included);
        j.flag("includeCashOnDeliveryPostageFlag", false);
        j.opt_text("selectedChoice", i.choice.as_deref());
        j.int("pointRate", 1);
        j.int("pointType", 0);
        j.int("inventoryType", if i.sku_info.is_some() { 2 } else { 1 });
        j.opt_text("delvdateInfo", i.lead_time);
        j.int("restoreInventoryFlag", 0);
        j.flag("dealFlag", false);
        j.flag("drugFlag", false);
        j.flag("deleteItemFlag", i.deleted);
        rate(j, "taxRate", i.rate);
        j.int("priceTaxIncl", i.price_with_tax);
        if v >= 4 {
            j.flag("isSingleItemShipping", false);
        }
        if v >= 7 {
            j.list("SkuModelList", [i], |j, i| {
                j.object("", |j| {
                    j.text("variantId", &i.variant);
                    j.opt_text("merchantDefinedSkuId", i.own_sku.as_deref());
                    j.opt_text("skuInfo", i.sku_info.as_deref());
                });
            });
        }
    });
}

/// `null` when there is none (captured habit, 2.1).
fn coupons(j: &mut Json, order: &Order) {
    if order.coupons.is_empty() {
        return j.null("CouponModelList");
    }
    j.list("CouponModelList", &order.coupons, |j, c| {
        j.object("", |j| {
            j.text("couponCode", &c.code);
            j.int("itemId", c.line.map_or(0, |l| l.0));
            j.text("couponName", c.name);
            j.text("couponSummary", c.name);
            j.text("couponCapital", if c.capital == 1 { "ショップ" } else { "サービス" });
            j.int("couponCapitalCode", c.capital);
            j.text("expiryDate", &c.expires);
            j.int("couponPrice", c.price);
            j.int("couponUnit", c.unit);
            j.int("couponTotalPrice", c.price * c.unit);
            j.int("itemDetailId", c.line.map_or(0, |l| l.1));
        });
    });
}

/// `[]` when there is none (captured habit, 2.1).
fn changes(j: &mut Json, order: &Order) {
    j.list("ChangeReasonModelList", &order.changes, |j, c| {
        j.object("", |j| {
            j.int("changeId", c.id);
            j.int("changeType", c.kind);
            j.opt_int("changeTypeDetail", c.detail);
            j.opt_int("changeReason", c.by_buyer.map(i64::from));
            j.opt_int("changeReasonDetail", c.reason);
            moment(j, "changeApplyDatetime", c.applied_ms);
            moment(j, "changeFixDatetime", c.fixed_ms);
            moment(j, "changeCmplDatetime", c.done_ms);
        });
    });
}
