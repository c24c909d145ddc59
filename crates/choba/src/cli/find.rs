//! Looking up what people name: shops, malls, orders, phases; and reading what they typed.

use crate::cli::refusal::Refusal;
use anyhow::Result;
use domain::phase::Phase;
use domain::{OrderSeq, PhaseKey, ShopId, UtcMillis};
use mall_api::Mall;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::orders::ListRow;
use store::{Access, Ledger, Shop};

/// A shop in use, by name.
pub async fn shop(ledger: &Ledger, name: &str) -> Result<Shop> {
    match ledger.shop_by_name(name).await? {
        Some(shop) if shop.state != "archived" => Ok(shop),
        _ => Err(Refusal::new(
            "no_such_shop",
            format!("店舗「{name}」はありません"),
            format!("there is no shop {name}"),
        )
        .remedy("choba shop list で確認してください。")
        .into()),
    }
}

/// Names of all shops.
pub async fn shop_names(ledger: &Ledger) -> Result<BTreeMap<ShopId, String>> {
    Ok(ledger.shops().await?.into_iter().map(|s| (s.shop_id, s.name)).collect())
}

/// The mall of a shop.
pub fn mall(shop: &Shop) -> Result<Arc<dyn Mall>> {
    mall_by_key(&shop.mall)
}

/// A mall by its key.
pub fn mall_by_key(key: &str) -> Result<Arc<dyn Mall>> {
    malls::by_key(key).ok_or_else(|| {
        let known: Vec<&str> = malls::registry().iter().map(|m| m.descriptor().mall).collect();
        let known = known.join(", ");
        let ja = format!("「{key}」というモールはありません（{known}）");
        Refusal::field("--mall", ja, format!("there is no mall {key} ({known})")).into()
    })
}

/// A phase by its key.
pub async fn phase(ledger: &Ledger, field: &str, key: &str) -> Result<Phase> {
    let phases = ledger.phases().await?;
    let known: Vec<&str> = phases.iter().map(|p| p.phase.as_str()).collect();
    let known = known.join(", ");
    phases.into_iter().find(|p| p.phase.as_str() == key || p.name == key).ok_or_else(|| {
        let ja = format!("「{key}」というフェーズはありません（{known}）");
        Refusal::field(field, ja, format!("there is no phase {key} ({known})")).into()
    })
}

/// Names of all phases.
pub async fn phase_names(ledger: &Ledger) -> Result<BTreeMap<PhaseKey, String>> {
    Ok(ledger.phases().await?.into_iter().map(|p| (p.phase, p.name)).collect())
}

/// One order by the mall's number or its 管理番号.
pub async fn order(ledger: &Ledger, id: &str, in_shop: Option<&str>) -> Result<ListRow> {
    let wanted = match in_shop {
        Some(name) => Some(shop(ledger, name).await?.shop_id),
        None => None,
    };
    let mut found = ledger.orders_by_number(&Access::full(), id.trim()).await?;
    found.retain(|row| wanted.is_none_or(|shop| shop == row.shop_id));
    let Some(row) = found.pop() else {
        let refusal = Refusal::new(
            "no_such_order",
            format!("受注「{id}」はありません"),
            format!("there is no order {id}"),
        );
        return Err(refusal.remedy("注文番号か管理番号（C00000001）を指定してください。").into());
    };
    if !found.is_empty() {
        let ja = format!("受注番号「{id}」は複数の店舗にあります。--shop で店舗を指定してください");
        return Err(
            Refusal::field("--shop", ja, format!("several shops have the order {id}; name one")).into()
        );
    }
    Ok(row)
}

/// Several orders.
pub async fn orders(ledger: &Ledger, ids: &[String], in_shop: Option<&str>) -> Result<Vec<ListRow>> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.push(order(ledger, id, in_shop).await?);
    }
    Ok(rows)
}

/// The rows' numbers.
pub fn seqs(rows: &[ListRow]) -> Vec<OrderSeq> {
    rows.iter().map(|row| row.seq).collect()
}

/// A point in time; without a zone it is Japan time.
pub fn time(field: &str, text: &str) -> Result<UtcMillis> {
    UtcMillis::parse_lenient(text).ok_or_else(|| {
        let ja = format!("「{text}」は日時ではありません（例：2026-11-22、2026-11-22 09:05）");
        Refusal::field(field, ja, format!("{text:?} is not a time (2026-11-22 09:05)")).into()
    })
}

/// `KEY=VALUE`.
pub fn pair<'a>(field: &str, text: &'a str) -> Result<(&'a str, &'a str)> {
    text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
        // What was typed may be a secret: it is not repeated.
        Refusal::field(field, "KEY=VALUE の形で指定してください", "must be KEY=VALUE").into()
    })
}

/// A duration: `90`, `90s`, `10m`, `2h`; `0` and `off` are zero.
pub fn millis(field: &str, text: &str) -> Result<i64> {
    let bad = || {
        let ja = format!("「{text}」は時間ではありません（例：30s、10m、1h、off）");
        Refusal::field(field, ja, format!("{text:?} is not a duration (30s, 10m, 1h, off)"))
    };
    if text == "off" {
        return Ok(0);
    }
    let (digits, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(digits) if text.ends_with('m') => (digits, domain::time::MINUTE),
        Some(digits) if text.ends_with('h') => (digits, domain::time::HOUR),
        Some(digits) => (digits, domain::time::SECOND),
        None => (text, domain::time::SECOND),
    };
    let count: i64 = digits.parse().map_err(|_| bad())?;
    let millis = count.checked_mul(unit).filter(|m| (0..=domain::time::DAY).contains(m));
    millis.ok_or_else(|| bad().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expected) in
            [("90", 90_000), ("90s", 90_000), ("10m", 600_000), ("1h", 3_600_000), ("off", 0)]
        {
            assert_eq!(millis("x", text).unwrap(), expected);
        }
        for text in ["", "m", "-1", "99999999999h", "１０"] {
            assert!(millis("x", text).is_err(), "{text}");
        }
    }
}
