//! What can be done about a cause, as data. Every mend is a verb that exists at a door already; a door that has no verb
//! for one shows the reason's words only.

use domain::{MallOrderId, OrderNo, ShopId};
use serde::{Deserialize, Serialize};

/// One mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mend", rename_all = "snake_case")]
pub enum Mend {
    /// Look at the order.
    OpenOrder {
        /// 管理番号.
        order_no: OrderNo,
    },
    /// 注文再取込 of this order alone, whatever its status.
    ImportThis {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
        /// The order.
        mall_order_id: MallOrderId,
    },
    /// Fetch orders of this status from now on, and what was skipped (IMP-4).
    AddStatus {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
        /// The mall's name of the status.
        label: String,
        /// All codes that are fetched then.
        statuses: Vec<String>,
    },
    /// Import a period.
    ImportPeriod {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
        /// First day, `2026-11-22`.
        from: String,
        /// The day after the last.
        to: String,
    },
    /// Import what is new, now.
    ImportNow {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Begin the automatic import.
    StartImport {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Switch the shop on.
    SwitchOn {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Enter a credential.
    EnterCredential {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
        /// Key of the credential; empty: whichever it is.
        credential: String,
    },
    /// Give the consent in the browser again.
    Authorise {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Test the credentials live.
    TestShop {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Import a file.
    ImportFile {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Connect a shop of this mall.
    ConnectShop {
        /// Mall key.
        mall: String,
    },
    /// Move the order to a phase.
    Move {
        /// 管理番号.
        order_no: OrderNo,
        /// Phase.
        phase: String,
        /// Its name.
        name: String,
    },
    /// Enter or correct parcels.
    EditParcels {
        /// 管理番号.
        order_no: OrderNo,
    },
    /// Set 連携ステータス to 未連携, so that it is sent again.
    SetNotSent {
        /// 管理番号.
        order_no: OrderNo,
    },
    /// Send the notice of this order by hand.
    Notify {
        /// 管理番号.
        order_no: OrderNo,
    },
    /// Set 管理区分 to 通常.
    SetNormal {
        /// 管理番号.
        order_no: OrderNo,
    },
    /// Start the automatic processing of the shop.
    StartAutomation {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Leave 見るだけモード.
    StartWriting {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Change the table of rules.
    Rules {
        /// Its name.
        shop: String,
    },
    /// Change 紐付け設定.
    Links {
        /// Shop.
        shop_id: ShopId,
        /// Its name.
        shop: String,
    },
    /// Give a carrier the mall's code.
    CarrierCode {
        /// The carrier; empty: whichever it is.
        carrier: String,
        /// Mall key.
        mall: String,
    },
    /// Answer whether a shipment file was uploaded.
    AnswerFile {
        /// Number of the file; `None`: look at the list.
        file_id: Option<i64>,
    },
    /// Write a shipment file of this order.
    WriteFile {
        /// 管理番号.
        order_no: OrderNo,
    },
}
