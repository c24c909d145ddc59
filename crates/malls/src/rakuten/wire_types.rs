//! The parts of OrderModel that are used (rakuten.md 2.3), as the mall spells them (trap 6). Fields that are not
//! here stand in the raw document. Card fields (cardNumber, cardOwner, cardName, cardYm) are left out on purpose.

use super::leaf::{Digits, FromWire, Leaf, List, Rate, objects};
use serde::Deserialize;

macro_rules! models {
    ($( $(#[$doc:meta])* $name:ident { $( $($rename:literal)? $field:ident : $kind:ty ),* $(,)? } )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Default, Deserialize)]
            #[serde(rename_all = "camelCase", default)]
            pub(super) struct $name {
                $( $(#[serde(rename = $rename)])? pub(super) $field: $kind, )*
            }
            objects!($name);
        )*
    };
}

type Text = Leaf<String>;
type Int = Leaf<i64>;

models! {
    /// Only the number, for documents that cannot be read as a whole.
    OrderNumberOnly { order_number: Text }
    /// One order.
    Order {
        order_number: Text, order_progress: Int, sub_status_id: Int, sub_status_name: Text,
        order_datetime: Text, shop_order_cfm_datetime: Text, order_fix_datetime: Text,
        shipping_cmpl_rpt_datetime: Text, cancel_due_date: Text, delivery_date: Text, shipping_term: Int,
        remarks: Text, gift_check_flag: Int, social_gift_flag: Int, rakuten_member_flag: Int, carrier_code: Int,
        order_type: Int, reserve_number: Text, reserve_delivery_count: Int, caution_display_type: Int,
        caution_display_detail_type: Int, rakuten_confirm_flag: Int, goods_price: Int, postage_price: Int,
        delivery_price: Int, payment_charge: Int, total_price: Int, request_price: Int, coupon_shop_price: Int,
        coupon_other_price: Int, additional_fee_occur_amount_to_user: Int, asuraku_flag: Int, drug_flag: Int,
        deal_flag: Int, memo: Text, operator: Text, modify_flag: Int, receipt_issue_count: Int,
        delivery_cert_prg_flag: Int, one_day_operation_flag: Int,
        "OrdererModel" orderer: Leaf<Person>,
        "SettlementModel" settlement: Leaf<Settlement>,
        "DeliveryModel" delivery: Leaf<Delivery>,
        "PointModel" point: Leaf<Point>,
        "WrappingModel1" wrapping1: Leaf<WrappingModel>,
        "WrappingModel2" wrapping2: Leaf<WrappingModel>,
        "PackageModelList" packages: List<Package>,
        "CouponModelList" coupons: List<CouponModel>,
        "ChangeReasonModelList" change_reasons: List<ChangeReason>,
        "TaxSummaryModelList" tax: List<Tax>,
        "DueDateModelList" due_dates: List<DueDate>,
    }
    /// OrdererModel and SenderModel (which is the recipient, trap 5).
    Person {
        zip_code1: Leaf<Digits>, zip_code2: Leaf<Digits>, prefecture: Text, city: Text, sub_address: Text,
        family_name: Text, first_name: Text, family_name_kana: Text, first_name_kana: Text,
        phone_number1: Leaf<Digits>, phone_number2: Leaf<Digits>, phone_number3: Leaf<Digits>,
        email_address: Text, isolated_island_flag: Int,
    }
    /// Payment.
    Settlement {
        settlement_method_code: Int, settlement_method: Text, rpay_settlement_flag: Int, card_pay_type: Int,
        card_installment_desc: Text,
    }
    /// 配送方法.
    Delivery { delivery_name: Text, delivery_class: Int }
    /// Points.
    Point { used_point: Int }
    /// 包装紙 or リボン.
    WrappingModel {
        title: Int, name: Text, price: Int, include_tax_flag: Int, delete_wrapping_flag: Int,
        tax_rate: Leaf<Rate>,
    }
    /// One recipient with lines and shipping records.
    Package {
        basket_id: Int, postage_price: Int, delivery_price: Int, noshi: Text, package_delete_flag: Int,
        default_delivery_company_code: Text, drop_off_flag: Int, drop_off_location: Text,
        "SenderModel" sender: Leaf<Person>,
        "ItemModelList" items: List<Item>,
        "ShippingModelList" shippings: List<Shipping>,
        "DeliveryCvsModel" cvs: Leaf<Cvs>,
        "SocialGiftModel" social_gift: Leaf<SocialGift>,
    }
    /// One line.
    Item {
        item_detail_id: Int, item_name: Text, item_id: Int, item_number: Text, manage_number: Text, price: Int,
        units: Int, include_postage_flag: Int, include_tax_flag: Int,
        include_cash_on_delivery_postage_flag: Int, selected_choice: Text, point_rate: Int,
        delvdate_info: Text, restore_inventory_flag: Int, deal_flag: Int, drug_flag: Int,
        delete_item_flag: Int, tax_rate: Leaf<Rate>, price_tax_incl: Int, is_single_item_shipping: Int,
        "SkuModelList" skus: List<Sku>,
    }
    /// SKU of a line.
    Sku { variant_id: Text, merchant_defined_sku_id: Text, sku_info: Text }
    /// One shipping record.
    Shipping { shipping_detail_id: Int, shipping_number: Text, delivery_company: Text, shipping_date: Text }
    /// Pickup at a convenience store or post office.
    Cvs {
        cvs_code: Int, store_name: Text, store_zip: Text, store_prefecture: Text, store_address: Text,
        cvs_remarks: Text,
    }
    /// A gift whose recipient gives the address.
    SocialGift { sg_mng_number: Text, input_due_date: Text, input_flag: Int, receiver_email_address: Text }
    /// One coupon.
    CouponModel {
        coupon_code: Text, coupon_name: Text, coupon_capital: Text, coupon_capital_code: Int,
        coupon_total_price: Int, item_detail_id: Int,
    }
    /// One change or cancel.
    ChangeReason { change_type: Int, change_reason: Int, change_reason_detail: Int }
    /// Tax of one rate.
    Tax { tax_rate: Leaf<Rate>, req_price: Int, req_price_tax: Int }
    /// One deadline.
    DueDate { due_date_type: Int, due_date: Text }
    /// One message of an answer (2.1).
    Message {
        message_type: Text, message_code: Text, message: Text, order_number: Text, data_number: Int,
        shipping_detail_id: Text, request_id: Text,
    }
    /// Numbers of a search answer.
    Pagination { total_records_amount: Int }
    /// Answer of searchOrder.
    SearchAnswer {
        order_number_list: List<String>,
        "MessageModelList" messages: List<Message>,
        "PaginationResponseModel" pagination: Leaf<Pagination>,
    }
    /// Answer of a write.
    WriteReply {
        "MessageModelList" messages: List<Message>,
        "ResultShippingModelList" results: List<ResultShipping>,
    }
    /// Result of one order of an asynchronous report.
    ResultShipping { order_number: Text, "MessageModelList" messages: List<Message> }
    /// What the gateway answers before the API does (1.4).
    Gateway {
        errors: List<GatewayError>,
        "Results" results: Leaf<GatewayResult>,
    }
    /// One entry of the newer envelope.
    GatewayError { code: Text, message: Text }
    /// The older envelope.
    GatewayResult { error_code: Text, message: Text }
    /// Answer of the licence key's expiry.
    Expiry { expiry_date: Text }
}
