//! What may be turned at the simulated Yahoo!ショッピング while it runs. Where the document does not know a fact, the
//! doubt stands beside the setting.

use serde::{Deserialize, Serialize};

use crate::jst::{DAY_MS, HOUR_MS, MINUTE_MS};

/// What the consent page does (1.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Shows a page with a link for each shop.
    #[default]
    Ask,
    /// Agrees at once.
    Yes,
    /// Declines at once.
    No,
}

/// Yahoo!ショッピング (ストアクリエイターPro). Sections are those of malls/yahoo.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct YahooSettings {
    /// What the consent page does; `sim_consent=yes|no` in the query goes before it.
    pub consent: Consent,
    /// Whose staff consents when the query has no `sim_shop`; the first shop without.
    pub consent_shop: Option<String>,
    /// Registered callback addresses, compared exactly (1.2); any address when empty.
    pub callbacks: Vec<String>,
    /// How many shops share one Client ID (and so its limits); 0 is all of them. Read when the world begins.
    pub shops_per_client: usize,
    /// Life of an authorization code (1.3: 600 s).
    pub code_life_ms: i64,
    /// Life of an access token (1.3: 3,600 s).
    pub token_life_ms: i64,
    /// Life of a refresh token from the consent (1.3: four weeks).
    pub refresh_life_ms: i64,
    /// Life of an order-API session without a good signature, from the consent (1.3: 12 h).
    pub unsigned_session_ms: i64,
    /// How far the time in a signature may be off (1.5: not published).
    pub signature_skew_ms: i64,
    /// `X-SWS-Authorize-Status` for a bad signature; the values besides `authorized` are not known (1.5).
    pub bad_signature_status: String,
    /// Whether a signature without its version is refused with `px-14303` (1.5) instead of overlooked.
    pub refuse_signature_without_version: bool,
    /// Whether `expires_in` comes as a text (1.3: the type is inferred).
    pub expires_in_as_text: bool,
    /// Whether a refresh gives a new refresh token, which normally it does not (1.3).
    pub rotate_refresh_token: bool,
    /// Calls a second for each URL and Client ID (2); `pace` has the switch, burst and tolerance.
    pub per_second: f64,
    /// Calls a day for each Client ID (2).
    pub per_day: u64,
    /// Whether the refusal for speed is an HTML page (2: "sometimes") or has no body.
    pub too_many_html: bool,
    /// Everything answers 503 `ed-00002` (2).
    pub maintenance: bool,
    /// How long the buyer may still cancel and the order is hidden (3.1: ten minutes).
    pub read_only_ms: i64,
    /// Whether changes are refused in that time (inferred).
    pub read_only_refuses: bool,
    /// When held orders are released, or found to be fraud; `null` means never.
    pub hold_release_after_ms: Option<i64>,
    /// When unpaid prepaid orders are paid; `null` means never.
    pub prepaid_pays_after_ms: Option<i64>,
    /// When the receiver of a LINE gift enters the address; `null` means never.
    pub gift_input_after_ms: Option<i64>,
    /// How long after the address the gift becomes shippable.
    pub gift_shippable_after_ms: i64,
    /// How late `SubscriptionId` comes (trap 13: a few minutes).
    pub subscription_id_late_ms: i64,
    /// When the carrier reports delivery and `ShipStatus` becomes 4 by itself; `null` means never.
    pub arrives_after_ms: Option<i64>,
    /// How long completion is refused after the ship call (6.3); `null` is off.
    pub complete_refused_ms: Option<i64>,
    /// Whether completion needs `PayStatus` 1, or `PayType` 0 (6.2 ※5, inferred).
    pub complete_needs_paid: bool,
    /// Whether completion needs `ShipStatus` 3 or 4 (6.2 ※5, inferred).
    pub complete_needs_shipped: bool,
    /// A reopened order is completed again by itself (6.2 ※3: 180 days after the first completion).
    pub recomplete_days: i64,
    /// Cancels take effect so much later, with warning `od91704`; 0 is at once.
    pub cancel_late_ms: i64,
    /// Whether shipping an already shipped order gets warning `od91705` (known for the order status only, 6.2).
    pub ship_again_warns: bool,
    /// Share (0–1) of texts with line breaks around the CDATA (trap 2).
    pub loose_share: f64,
}

impl Default for YahooSettings {
    fn default() -> Self {
        Self {
            consent: Consent::Ask,
            consent_shop: None,
            callbacks: Vec::new(),
            shops_per_client: 0,
            code_life_ms: 10 * MINUTE_MS,
            token_life_ms: HOUR_MS,
            refresh_life_ms: 28 * DAY_MS,
            unsigned_session_ms: 12 * HOUR_MS,
            signature_skew_ms: 5 * MINUTE_MS,
            bad_signature_status: "unauthorized".to_owned(),
            refuse_signature_without_version: false,
            expires_in_as_text: false,
            rotate_refresh_token: false,
            per_second: 1.0,
            per_day: 50_000,
            too_many_html: true,
            maintenance: false,
            read_only_ms: 10 * MINUTE_MS,
            read_only_refuses: true,
            hold_release_after_ms: Some(3 * DAY_MS),
            prepaid_pays_after_ms: Some(DAY_MS),
            gift_input_after_ms: Some(6 * HOUR_MS),
            gift_shippable_after_ms: 10 * MINUTE_MS,
            subscription_id_late_ms: 3 * MINUTE_MS,
            arrives_after_ms: Some(2 * DAY_MS),
            complete_refused_ms: Some(10_000),
            complete_needs_paid: true,
            complete_needs_shipped: true,
            recomplete_days: 180,
            cancel_late_ms: 0,
            ship_again_warns: false,
            loose_share: 0.05,
        }
    }
}
