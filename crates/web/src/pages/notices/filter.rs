//! The filter of the list as it stands in the URL.

use crate::refusal::Refusal;
use domain::notice::NoticeState;
use domain::time::DAY;
use domain::write::WriteKind;
use domain::{OutboxId, ShopId, UtcMillis};
use serde::{Deserialize, Serialize};
use store::desk::notices::NoticeFilter;

/// As it stands in the URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoticeQuery {
    /// Row of a shop.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub shop: String,
    /// One of the six states.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Kind of write.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// First day.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Last day.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// Go on after this row: `time-id`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// What was just done.
    #[serde(skip_serializing)]
    pub done: String,
    /// To so many orders.
    #[serde(skip_serializing)]
    pub n: String,
}

fn day(field: &str, text: &str) -> Result<Option<UtcMillis>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let date: Option<jiff::civil::Date> = text.parse().ok();
    let at = date.and_then(|d| UtcMillis::parse_lenient(&d.to_string()));
    at.map(Some).ok_or_else(|| Refusal::field(field, "日付を入力してください", "is not a day"))
}

impl NoticeQuery {
    /// As the store understands it.
    ///
    /// # Errors
    /// The field that does not fit.
    pub fn read(&self, limit: i64) -> Result<NoticeFilter, Refusal> {
        let shop = match self.shop.as_str() {
            "" => None,
            text => Some(
                text.parse()
                    .map(ShopId)
                    .map_err(|_| Refusal::field("shop", "店舗を選びなおしてください", "is not a shop"))?,
            ),
        };
        let state = match self.state.as_str() {
            "" => None,
            text => Some(NoticeState::parse(text).ok_or_else(|| {
                Refusal::field("state", "連携ステータスを選びなおしてください", "is not a state")
            })?),
        };
        let kind = match self.kind.as_str() {
            "" => None,
            text => Some(WriteKind::parse(text).ok_or_else(|| {
                Refusal::field("kind", "種類を選びなおしてください", "is not a kind of write")
            })?),
        };
        let after = match self.after.split_once('-') {
            None if self.after.is_empty() => None,
            parts => {
                let read =
                    |(at, id): (&str, &str)| Some((UtcMillis(at.parse().ok()?), OutboxId(id.parse().ok()?)));
                let place = parts.and_then(read);
                Some(place.ok_or_else(|| {
                    Refusal::field("after", "最初のページから見てください", "is no place in the list")
                })?)
            }
        };
        Ok(NoticeFilter {
            shop,
            kind: kind.map(|k| k.as_str().to_owned()),
            state,
            from: day("from", &self.from)?,
            to: day("to", &self.to)?.map(|t| t.plus(DAY)),
            after,
            limit,
        })
    }

    /// As a query, from its first page on.
    #[must_use]
    pub fn to_query(&self) -> String {
        serde_html_form::to_string(Self { after: String::new(), ..self.clone() }).unwrap_or_default()
    }

    /// As a query, going on after a row.
    #[must_use]
    pub fn next(&self, at: UtcMillis, id: OutboxId) -> String {
        let after = format!("{}-{id}", at.0);
        serde_html_form::to_string(Self { after, ..self.clone() }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_named_and_never_repeated_f68() {
        let bad = |change: &dyn Fn(&mut NoticeQuery)| {
            let mut query = NoticeQuery::default();
            change(&mut query);
            query.read(50).unwrap_err()
        };
        for (field, refusal) in [
            ("shop", bad(&|q| q.shop = "x'--".into())),
            ("state", bad(&|q| q.state = "x'--".into())),
            ("kind", bad(&|q| q.kind = "x'--".into())),
            ("from", bad(&|q| q.from = "x'--".into())),
            ("to", bad(&|q| q.to = "2026-13-40".into())),
            ("after", bad(&|q| q.after = "x'--".into())),
            ("after", bad(&|q| q.after = "12".into())),
        ] {
            assert_eq!(refusal.field.as_deref(), Some(field));
            assert!(!refusal.reason.ja.contains("x'"), "{field}");
        }
    }

    #[test]
    fn the_last_day_is_included_and_a_page_goes_on_where_it_ended() {
        let query =
            NoticeQuery { from: "2026-11-22".into(), to: "2026-11-22".into(), ..NoticeQuery::default() };
        let filter = query.read(50).unwrap();
        assert_eq!(filter.to.unwrap().since(filter.from.unwrap()), DAY);
        let next: NoticeQuery = serde_html_form::from_str(&query.next(UtcMillis(12), OutboxId(3))).unwrap();
        assert_eq!(next.read(50).unwrap().after, Some((UtcMillis(12), OutboxId(3))));
    }
}
