//! What a list's URL says: structural filters only. A name, phone number or mail address never stands in a URL; it comes as
//! a sealed ticket (`s`) that only this installation can read, for a while.

use crate::refusal::Refusal;
use domain::notice::NoticeState;
use domain::order::{Flag, HandlingClass};
use domain::traits::Trait;
use domain::{OrderSeq, PhaseKey, ShopId, UtcMillis};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::desk::listing::{Conditions, SiteChange};
use store::orders::ListFilter;

/// The query of a list. Empty fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListQuery {
    /// Phase.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phase: String,
    /// すべて was chosen: the saved default view does not apply.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub all: String,
    /// Notice state, `confirming`, `site_changing` or a flag.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Shop.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub shop: String,
    /// 管理区分.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// 支払方法.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pay: String,
    /// 出荷予定日 from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ship_from: String,
    /// 出荷予定日 to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ship_to: String,
    /// お届け希望日 from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub deliver_from: String,
    /// お届け希望日 to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub deliver_to: String,
    /// 受注日 from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// 受注日 to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// 印刷: `yes`, `no`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub printed: String,
    /// 入金: `yes`, `no`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub paid: String,
    /// 配送番号: `yes`, `no`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub numbered: String,
    /// 単品/複数: `one`, `several`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub goods: String,
    /// 未出荷: `yes`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unshipped: String,
    /// These traits, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// 配送業者.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub carrier: String,
    /// SKU.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sku: String,
    /// タグ.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// A search for a person, sealed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub s: String,
    /// Saved view this came from, for its tab.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub view: String,
    /// A bulk job that has just been done, for its note.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub job: String,
    /// Go on after this row: `milliseconds.seq`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
}

fn date(field: &str, text: &str) -> Result<Option<Date>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| Refusal::field(field, "日付を読み取れません（例：2026-11-22）", "is not a date"))
}

fn yes_no(field: &str, text: &str) -> Result<Option<bool>, Refusal> {
    match text {
        "" => Ok(None),
        "yes" => Ok(Some(true)),
        "no" => Ok(Some(false)),
        _ => Err(Refusal::field(field, "「yes」か「no」にしてください", "must be yes or no")),
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Midnight in Japan.
fn midnight(day: Date) -> UtcMillis {
    UtcMillis::parse_lenient(&format!("{day} 00:00:00")).unwrap_or_default()
}

impl ListQuery {
    /// A list within something, not just one phase or all.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let bare = Self {
            phase: self.phase.clone(),
            all: self.all.clone(),
            state: self.state.clone(),
            after: self.after.clone(),
            view: self.view.clone(),
            job: self.job.clone(),
            ..Self::default()
        };
        *self == bare
    }

    /// As a URL's query.
    #[must_use]
    pub fn to_query(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }

    /// The same list from its first page.
    #[must_use]
    pub fn from_start(&self) -> Self {
        Self { after: String::new(), job: String::new(), ..self.clone() }
    }

    /// For the store.
    ///
    /// # Errors
    /// Names the field that does not fit.
    pub fn read(&self, limit: i64) -> Result<(ListFilter, Conditions), Refusal> {
        let mut conditions = Conditions {
            handling_class: match filled(&self.class) {
                None => None,
                Some(text) => Some(HandlingClass::parse(&text).ok_or_else(|| {
                    Refusal::field("class", "管理区分を選びなおしてください", "is unknown")
                })?),
            },
            payment_method: filled(&self.pay),
            ship_on: (date("ship_from", &self.ship_from)?, date("ship_to", &self.ship_to)?),
            deliver_on: (date("deliver_from", &self.deliver_from)?, date("deliver_to", &self.deliver_to)?),
            printed: yes_no("printed", &self.printed)?,
            paid: yes_no("paid", &self.paid)?,
            numbered: yes_no("numbered", &self.numbered)?,
            carrier: filled(&self.carrier),
            sku: filled(&self.sku),
            tag: filled(&self.tag),
            unshipped: yes_no("unshipped", &self.unshipped)? == Some(true),
            ..Conditions::default()
        };
        let to = date("to", &self.to)?;
        conditions.ordered =
            (date("from", &self.from)?.map(midnight), to.and_then(|day| day.tomorrow().ok()).map(midnight));
        for name in &self.with {
            let found = Trait::parse(name)
                .ok_or_else(|| Refusal::field("with", "条件を選びなおしてください", "is an unknown trait"))?;
            conditions.traits |= found.bit();
        }
        match self.goods.as_str() {
            "" => {}
            "one" => conditions.without_traits |= Trait::Several.bit(),
            "several" => conditions.traits |= Trait::Several.bit(),
            _ => return Err(Refusal::field("goods", "単品か複数を選んでください", "must be one or several")),
        }
        let mut filter =
            ListFilter {
                phase: filled(&self.phase).map(PhaseKey),
                shop: match filled(&self.shop) {
                    None => None,
                    Some(text) => Some(ShopId(text.parse().map_err(|_| {
                        Refusal::field("shop", "店舗を選びなおしてください", "is not a shop")
                    })?)),
                },
                notice: None,
                after: self.after()?,
                limit,
            };
        match self.state.as_str() {
            "" => {}
            // Its own short index serves them; the list shows 連携中 that are being read back.
            "confirming" => filter.notice = Some(NoticeState::InFlight),
            "site_changing" => conditions.site = Some(SiteChange::UnderWay),
            "site_failed" => conditions.site = Some(SiteChange::Failed),
            name => match (NoticeState::parse(name), Flag::ALL.into_iter().find(|f| f.as_str() == name)) {
                (Some(state), _) => filter.notice = Some(state),
                (None, Some(flag)) => conditions.flags = flag.bit(),
                (None, None) => {
                    return Err(Refusal::field("state", "状態を選びなおしてください", "is unknown"));
                }
            },
        }
        conditions.confirming = self.state == "confirming";
        Ok((filter, conditions))
    }

    fn after(&self) -> Result<Option<(UtcMillis, OrderSeq)>, Refusal> {
        if self.after.is_empty() {
            return Ok(None);
        }
        let parsed =
            self.after.split_once('.').and_then(|(at, seq)| Some((at.parse().ok()?, seq.parse().ok()?)));
        parsed.map(|(at, seq)| Some((UtcMillis(at), OrderSeq(seq)))).ok_or_else(|| {
            Refusal::field("after", "ページの位置を読み取れません", "is not a place in the list")
        })
    }

    /// The place after a row.
    #[must_use]
    pub fn place(ordered_at: UtcMillis, seq: OrderSeq) -> String {
        format!("{}.{}", ordered_at.0, seq.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(query: &str) -> Result<(ListFilter, Conditions), Refusal> {
        serde_html_form::from_str::<ListQuery>(query).map_err(|_| Refusal::not_found())?.read(50)
    }

    #[test]
    fn a_url_says_all_that_clerks_filter_by() {
        let (filter, conditions) = read(
            "phase=awaiting_shipment&shop=2&class=on_hold&ship_from=2026-11-20&ship_to=2026-11-22&printed=no&paid=yes\
             &with=remark&with=gift&goods=one&numbered=no&carrier=yamato&sku=tea-100&tag=%E6%80%A5%E3%81%8E&from=2026-11-01",
        )
        .unwrap();
        assert_eq!(filter.phase, Some("awaiting_shipment".into()));
        assert_eq!(filter.shop, Some(ShopId(2)));
        assert_eq!(conditions.handling_class, Some(HandlingClass::OnHold));
        assert_eq!(conditions.printed, Some(false));
        assert_eq!(conditions.paid, Some(true));
        assert_eq!(conditions.traits, Trait::Remark.bit() | Trait::Gift.bit());
        assert_eq!(conditions.without_traits, Trait::Several.bit());
        assert_eq!(conditions.tag.as_deref(), Some("急ぎ"));
        assert_eq!(conditions.ordered.0, UtcMillis::parse_lenient("2026-11-01 00:00:00"));
    }

    #[test]
    fn a_state_is_a_notice_state_or_a_flag_or_something_under_way() {
        assert_eq!(read("state=rejected").unwrap().0.notice, Some(NoticeState::Rejected));
        assert_eq!(read("state=fraud_hold").unwrap().1.flags, Flag::FraudHold.bit());
        assert!(read("state=confirming").unwrap().1.confirming);
        assert_eq!(read("state=nonsense").unwrap_err().field.as_deref(), Some("state"));
    }

    #[test]
    fn what_does_not_fit_names_its_field_and_unknown_fields_are_refused_f68() {
        for (query, field) in [
            ("ship_from=gestern", "ship_from"),
            ("printed=maybe", "printed"),
            ("after=x", "after"),
            ("shop=eins", "shop"),
            ("with=root", "with"),
            ("class=super", "class"),
        ] {
            assert_eq!(read(query).unwrap_err().field.as_deref(), Some(field), "{query}");
        }
        assert!(serde_html_form::from_str::<ListQuery>("is_admin=1").is_err());
    }

    #[test]
    fn a_query_survives_its_own_url() {
        let query = ListQuery {
            phase: "new".into(),
            with: vec!["gift".into(), "remark".into()],
            tag: "のし 御祝&=".into(),
            ..ListQuery::default()
        };
        assert_eq!(serde_html_form::from_str::<ListQuery>(&query.to_query()).unwrap(), query);
    }

    proptest! {
        #[test]
        fn no_query_whatever_breaks_the_list_f50(text in "[ -~ぁ-ん%&=+]{0,200}") {
            if let Ok(query) = serde_html_form::from_str::<ListQuery>(&text) {
                drop(query.read(50));
            }
        }
    }
}
