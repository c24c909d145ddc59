//! What several menus ask: the shops a visitor may see, their malls, words that stand in more than one place.

use crate::desk::Desk;
use crate::door::Visitor;
use crate::refusal::Refusal;
use crate::words::Lang;
use axum::http::StatusCode;
use domain::write::WriteKind;
use domain::{Reason, ShopId};
use engine::setup::Problem;
use mall_api::Mall;
use serde::Deserialize;
use std::sync::Arc;
use store::Shop;

/// What a page is told after a change went well: a code, never words.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The code.
    pub done: Option<String>,
}

impl Told {
    /// The words of the code among those of a page.
    #[must_use]
    pub fn words(&self, lang: Lang, known: &[(&str, &'static str, &'static str)]) -> &'static str {
        let found = known.iter().find(|(code, ..)| Some(*code) == self.done.as_deref());
        found.map_or("", |(_, ja, en)| lang.t(ja, en))
    }
}

/// Shops that are in use and that the visitor may see.
///
/// # Errors
/// As the database says.
pub async fn shops(desk: &Desk, visitor: &Visitor) -> Result<Vec<Shop>, Refusal> {
    let access = visitor.access();
    let mut shops = desk.ledger().shops().await?;
    shops.retain(|shop| access.sees(shop.shop_id));
    Ok(shops)
}

/// One of them, by what stands in a path or a form.
///
/// # Errors
/// There is none, or it may not be seen: both look the same.
pub async fn shop(desk: &Desk, visitor: &Visitor, id: &str) -> Result<Shop, Refusal> {
    let id = id.parse().map(ShopId).map_err(|_| Refusal::not_found())?;
    let found = match visitor.access().sees(id) {
        true => desk.ledger().shop(id).await?,
        false => None,
    };
    found.filter(|shop| shop.state != "archived").ok_or_else(Refusal::not_found)
}

/// The mall of a shop.
///
/// # Errors
/// This program does not know it.
pub fn mall(desk: &Desk, shop: &Shop) -> Result<Arc<dyn Mall>, Refusal> {
    desk.hub.mall(&shop.mall).ok_or_else(|| domain::reason::mall_not_known(&shop.mall).into())
}

/// A field that does not fit, as the engine says it.
#[must_use]
pub fn refuse(problem: Problem) -> Refusal {
    Refusal::field(problem.key, problem.ja, problem.en)
}

/// Somebody has to do something else first (409).
#[must_use]
pub fn not_now(reason: Reason) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, reason)
}

/// A kind of write, as stored.
#[must_use]
pub fn kind(lang: Lang, kind: &str) -> String {
    let words = WriteKind::parse(kind).map(|kind| match kind {
        WriteKind::ShipmentNotice => ("出荷通知", "Shipment notice"),
        WriteKind::ConfirmOrder => ("注文確認", "Confirm order"),
        WriteKind::MallStatus => ("モールステータス", "Mall status"),
        WriteKind::PaymentStatus => ("入金ステータス", "Payment status"),
    });
    words.map_or(kind, |(ja, en)| lang.t(ja, en)).to_owned()
}

/// The longest wait of a shop's automatic import, milliseconds; 0 = it does not import by itself.
#[must_use]
pub fn longest(shop: &Shop) -> i64 {
    if shop.imports_itself() { engine::rhythm::ceiling_ms(shop.import_interval_ms) } else { 0 }
}

/// A longest wait in words.
#[must_use]
pub fn interval(lang: Lang, millis: i64) -> String {
    match millis {
        0 => lang.t("手動のみ", "by hand").to_owned(),
        ms if ms % 60_000 == 0 => format!("{}{}", ms / 60_000, lang.t("分以内", " min at most")),
        ms => format!("{}{}", ms / 1_000, lang.t("秒以内", " s at most")),
    }
}

/// Longest waits a form offers, milliseconds; the one that is set is among them.
#[must_use]
pub fn intervals(lang: Lang, set: i64) -> Vec<(i64, String, bool)> {
    let mut all: Vec<i64> = [0, 1, 5, 10, 15].map(|m| m * domain::time::MINUTE).to_vec();
    if !all.contains(&set) {
        all.push(set);
        all.sort_unstable();
    }
    all.into_iter().map(|ms| (ms, interval(lang, ms), ms == set)).collect()
}

/// Reads an interval of a form: 0, one minute to one day, or the one that is set (shorter ones are set by command).
///
/// # Errors
/// Under the field's name.
pub fn read_interval(text: &str, set: i64) -> Result<i64, Refusal> {
    let fits = |ms: &i64| *ms == 0 || *ms == set || (domain::time::MINUTE..=domain::time::DAY).contains(ms);
    text.parse().ok().filter(fits).ok_or_else(|| {
        Refusal::field("interval", "間隔を選びなおしてください", "must be 0 or a minute to a day")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_that_is_set_is_always_offered() {
        let offered = intervals(Lang::Ja, 90_000);
        assert!(offered.contains(&(90_000, "90秒以内".to_owned(), true)));
        assert_eq!(offered.iter().filter(|(_, _, set)| *set).count(), 1);
        assert!(
            read_interval("1", 0).is_err()
                && read_interval("-60000", 0).is_err()
                && read_interval("x", 0).is_err()
        );
        assert_eq!(read_interval("600000", 0).ok(), Some(600_000));
        assert_eq!(read_interval("5000", 5_000).ok(), Some(5_000));
    }
}
