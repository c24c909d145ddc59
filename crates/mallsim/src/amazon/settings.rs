//! What may be turned about the simulated Amazon while it runs. Knows nothing but numbers and switches; where the
//! document leaves a fact open, the setting says so.

use serde::{Deserialize, Serialize};

use crate::jst::{DAY_MS, HOUR_MS, MINUTE_MS};

/// Amazon.co.jp (Selling Partner API). Section numbers are those of the document on Amazon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmazonSettings {
    /// Factor on every rate of the table in 8; bursts stay. Only looked at while `pace.enabled`.
    pub rate_scale: f64,
    /// Life of an access token (1.1: one hour).
    pub token_life_ms: i64,
    /// Life of an authorisation code (1.1: five minutes).
    pub code_life_ms: i64,
    /// Life of a client secret (1.3: 180 days).
    pub secret_days: i64,
    /// Life of an authorisation; `null` is for ever. 365 for public apps; not established for private ones (12.9).
    pub authorization_days: Option<i64>,
    /// Whether the `user-agent` must have the documented form, not only be there (1.2).
    pub strict_user_agent: bool,
    /// PENDING → UNSHIPPED for ordinary payments. The document gives no number.
    pub authorised_after_ms: i64,
    /// The same for cash on delivery, which skips the wait (2.3, not proven).
    pub cod_authorised_after_ms: i64,
    /// When コンビニ orders are paid; `null` means never.
    pub cvs_pays_after_ms: Option<i64>,
    /// When unpaid コンビニ orders are cancelled. The document gives no number.
    pub cvs_deadline_days: i64,
    /// PENDING_AVAILABILITY → PENDING for 予約商品.
    pub preorder_days: i64,
    /// UNSHIPPED → SHIPPED for orders Amazon fulfils.
    pub fba_ships_after_ms: i64,
    /// When a shown package is delivered.
    pub delivered_after_ms: i64,
    /// When an order nobody ships is cancelled (2.3: 30 days).
    pub unshipped_cancel_days: i64,
    /// Whether a PENDING order shows unit price and goods total already (2.1, one seller's report).
    pub pending_prices: bool,
    /// Whether amounts are written with two decimals (0: both are seen).
    pub decimals: bool,
    /// Whether DISCOUNT amounts are negative. Not documented (2.1).
    pub negative_discounts: bool,
    /// Whether lines show the tax inside their prices as TAX (2.3, not proven); it adds nothing to a total.
    pub show_tax: bool,
    /// How late a confirmed shipment shows in orders (3: not at once).
    pub ship_visible_after_ms: i64,
    /// Whether a package of a complete order may still be edited (3: the sources disagree).
    pub edit_when_complete: bool,
    /// Whether confirmShipment takes an empty tracking number (3: not established).
    pub blank_tracking: bool,
    /// Whether carrier codes outside the known list are refused (3: today's list is not public).
    pub strict_carriers: bool,
    /// Life of a pagination token (2.1: 24 hours).
    pub page_life_ms: i64,
    /// Whether a token with wrong companions is refused with `"message":null` (8, seen on v0).
    pub null_message: bool,
    /// Life of upload and download addresses (4.1: five minutes).
    pub url_life_ms: i64,
    /// Life of a feed document (4.1: two days).
    pub document_life_ms: i64,
    /// How long a feed is IN_QUEUE.
    pub feed_queue_ms: i64,
    /// How long a feed is IN_PROGRESS.
    pub feed_work_ms: i64,
    /// How long feeds are kept (4.1: 90 days).
    pub feed_keep_days: i64,
    /// Processing reports in UTF-8 instead of Shift_JIS (4.3).
    pub report_utf8: bool,
    /// Processing reports compressed.
    pub report_gzip: bool,
    /// Processing reports with Japanese words (4.4: expected on a Japanese account, not established).
    pub report_japanese: bool,
    /// Whether getAccount answers 403 (9: seen outside the sandbox).
    pub account_denied: bool,
}

impl Default for AmazonSettings {
    fn default() -> Self {
        Self {
            rate_scale: 1.0,
            token_life_ms: HOUR_MS,
            code_life_ms: 5 * MINUTE_MS,
            secret_days: 180,
            authorization_days: None,
            strict_user_agent: true,
            authorised_after_ms: 30 * MINUTE_MS,
            cod_authorised_after_ms: 0,
            cvs_pays_after_ms: Some(DAY_MS),
            cvs_deadline_days: 6,
            preorder_days: 7,
            fba_ships_after_ms: 12 * HOUR_MS,
            delivered_after_ms: 2 * DAY_MS,
            unshipped_cancel_days: 30,
            pending_prices: true,
            decimals: false,
            negative_discounts: true,
            show_tax: false,
            ship_visible_after_ms: MINUTE_MS,
            edit_when_complete: true,
            blank_tracking: false,
            strict_carriers: true,
            page_life_ms: DAY_MS,
            null_message: false,
            url_life_ms: 5 * MINUTE_MS,
            document_life_ms: 2 * DAY_MS,
            feed_queue_ms: 30_000,
            feed_work_ms: MINUTE_MS,
            feed_keep_days: 90,
            report_utf8: false,
            report_gzip: false,
            report_japanese: false,
            account_denied: false,
        }
    }
}
