//! What may be turned while the malls run. Shared settings first, then one block for each mall, which only that
//! mall reads.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::amazon::settings::AmazonSettings;
use crate::jst::{DAY_MS, HOUR_MS, MINUTE_MS};

/// Everything that can be set by `POST /_sim/settings` (a JSON merge patch of this).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The speed limit.
    pub pace: Pace,
    /// How the world grows.
    pub world: WorldSettings,
    /// 楽天市場.
    pub rakuten: RakutenSettings,
    /// Amazon.co.jp.
    pub amazon: AmazonSettings,
    /// Yahoo!ショッピング.
    pub yahoo: crate::yahoo::YahooSettings,
}

impl Settings {
    /// These settings with a JSON merge patch applied; unknown names and wrong types are refused.
    pub fn patched(&self, patch: &Value) -> Result<Self, String> {
        let mut value = serde_json::to_value(self).map_err(|e| e.to_string())?;
        merge(&mut value, patch);
        check_sizes("", &value)?;
        serde_json::from_value(value).map_err(|e| e.to_string())
    }
}

/// A JSON merge patch in which `null` is a value, since several settings are optional.
pub(crate) fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

/// Refuses numbers that would overflow a calendar.
fn check_sizes(name: &str, value: &Value) -> Result<(), String> {
    let most = if name.ends_with("_days") { 36_500.0 } else { 1e13 };
    match value {
        Value::Object(map) => map.iter().try_for_each(|(name, value)| check_sizes(name, value)),
        Value::Number(n) if n.as_f64().is_none_or(|n| n.abs() > most) => Err(format!("{name} is too large")),
        _ => Ok(()),
    }
}

/// The speed limit of one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// Whether calls are limited at all.
    pub enabled: bool,
    /// Calls a second.
    pub per_second: f64,
    /// How many calls may come at once after a rest.
    pub burst: u32,
    /// How much too early a call may come: networks jitter.
    pub tolerance_ms: i64,
    /// Whether a refusal names a time in `Retry-After`.
    pub retry_after: bool,
    /// Measure the speed on the simulated clock instead of the caller's: for callers that move that clock in
    /// lock-step with their own. A moved clock that stands still would then close the gate for ever.
    pub by_simulated_clock: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            enabled: true,
            per_second: 1.0,
            burst: 1,
            tolerance_ms: 50,
            retry_after: true,
            by_simulated_clock: false,
        }
    }
}

/// How the world grows by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldSettings {
    /// New orders an hour in each shop.
    pub orders_per_hour: f64,
    /// Share (0–1) of orders with a fault inside: wrong sums, unknown values, missing fields, not readable.
    pub trouble_share: f64,
    /// Share of orders the buyer changes shortly after ordering.
    pub buyer_edit_share: f64,
    /// Share of orders the buyer cancels shortly after ordering.
    pub buyer_cancel_share: f64,
}

impl Default for WorldSettings {
    fn default() -> Self {
        Self { orders_per_hour: 0.0, trouble_share: 0.0, buyer_edit_share: 0.02, buyer_cancel_share: 0.01 }
    }
}

/// Which spellings of a ship date 楽天 takes (2.5: the sources disagree). `YYYY/MM/DD` is never taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// `YYYY-MM-DD`, as documented.
    #[default]
    Hyphen,
    /// `yyyyMMdd`, as one integrator measured.
    Compact,
    /// Both.
    Both,
}

/// 楽天市場 (RMS).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RakutenSettings {
    /// Highest `version` getOrder takes (2.3); lower it to see whether a client falls back.
    pub max_version: i64,
    /// Ship date spellings (2.5).
    pub ship_date: DateFormat,
    /// Whether request datetimes may also be written with `+09:00` (2.1 prints both).
    pub colon_offset: bool,
    /// Whether a path without its trailing slash is answered 404 (1.1).
    pub strict_slash: bool,
    /// Whether `Content-Type: application/json; charset=utf-8`, with the space, gets 415 `ES04-03` (1.1).
    pub refuse_spaced_content_type: bool,
    /// Whether a wrong key is answered by the older `Results` envelope with `ES01-01` (1.4).
    pub results_envelope: bool,
    /// HTTP status of a function that is switched off, `ES04-01` (1.4: not recorded).
    pub function_off_status: u16,
    /// 200 → 300 for ordinary payments (3.2: about half an hour).
    pub fix_after_ms: i64,
    /// 200 → 300 for cash on delivery (3.2: about three minutes).
    pub cod_fix_after_ms: i64,
    /// When prepaid orders are paid after the confirmation; `null` means never.
    pub prepaid_pays_after_ms: Option<i64>,
    /// How long an unpaid order lives (3.2: 14 days).
    pub prepaid_deadline_days: i64,
    /// How much longer an order under fraud check stays in 200.
    pub fraud_check_ms: i64,
    /// RMS 自動注文確認: 100 → 200 by itself (2.4: 11 s); `null` is off.
    pub auto_confirm_after_ms: Option<i64>,
    /// 100 → 900 when nobody confirms (2.4: 14 days).
    pub unconfirmed_cancel_days: i64,
    /// 800 → 900.
    pub cancel_fix_after_ms: i64,
    /// 500 → 600.
    pub settling_after_ms: i64,
    /// 600 → 700.
    pub settled_after_ms: i64,
    /// When the receiver of a social gift enters the address; `null` means never (cancelled at the due date).
    pub gift_input_after_ms: Option<i64>,
    /// How late the work and result of an asynchronous shipping report come (2.6).
    pub async_late_ms: i64,
    /// How long results are kept (2.6: 30 days).
    pub async_keep_days: i64,
    /// Life of a licenseKey (1.3: 90 days).
    pub key_days: i64,
    /// How long a renewed key needs to take hold; the old one works until then.
    pub key_renewal_delay_ms: i64,
    /// Hits searchOrder can reach (2.2: 15,000).
    pub search_reach: usize,
    /// Whether shipping reports are taken before 300 (3.5: refused or useless).
    pub ship_before_300: bool,
}

impl Default for RakutenSettings {
    fn default() -> Self {
        Self {
            max_version: 10,
            ship_date: DateFormat::Hyphen,
            colon_offset: false,
            strict_slash: true,
            refuse_spaced_content_type: false,
            results_envelope: false,
            function_off_status: 401,
            fix_after_ms: 30 * MINUTE_MS,
            cod_fix_after_ms: 3 * MINUTE_MS,
            prepaid_pays_after_ms: Some(DAY_MS),
            prepaid_deadline_days: 14,
            fraud_check_ms: 2 * HOUR_MS,
            auto_confirm_after_ms: None,
            unconfirmed_cancel_days: 14,
            cancel_fix_after_ms: 10 * MINUTE_MS,
            settling_after_ms: DAY_MS,
            settled_after_ms: 3 * DAY_MS,
            gift_input_after_ms: Some(6 * HOUR_MS),
            async_late_ms: 5_000,
            async_keep_days: 30,
            key_days: 90,
            key_renewal_delay_ms: 10 * MINUTE_MS,
            search_reach: 15_000,
            ship_before_300: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_changes_what_it_names_and_refuses_what_it_does_not_know() {
        let old = Settings::default();
        let new = old
            .patched(&json!({"pace":{"enabled":false},"rakuten":{"prepaid_pays_after_ms":null,"ship_date":"both"}}))
            .unwrap();
        assert!(!new.pace.enabled);
        assert_eq!(new.rakuten.prepaid_pays_after_ms, None);
        assert_eq!(new.rakuten.ship_date, DateFormat::Both);
        assert_eq!(new.rakuten.max_version, 10);
        assert!(old.patched(&json!({"pase":{}})).is_err());
        assert!(old.patched(&json!({"rakuten":{"key_days":99_999}})).is_err());
        assert!(old.patched(&json!({"rakuten":{"fix_after_ms":i64::MAX}})).is_err());
        assert!(old.patched(&json!({"pace":{"burst":"many"}})).is_err());
    }
}
