//! 「見つからない受注を調べる」 (WHY-1): gathers what the ledger and the lanes know of a number and runs the checks over it.
//!
//! Called twice: without live answers it says what the ledger alone shows and which shops' malls ought to be asked
//! (`Answer::ask`); with them it says the rest.

mod checks;
mod facts;
#[cfg(test)]
mod tests;

use super::{Check, Live, Mend, Part, until_cause};
use crate::setup::credential_board;
use domain::order::Grouping;
use domain::reason::why;
use domain::{MallOrderId, OrderNo, ShopId, UtcMillis};
use facts::Facts;
use mall_api::Mall;
use mall_api::number::{NumberReading, tidy};
use mall_api::{Settings, number};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::orders::ListRow;
use store::{Access, Ledger, Shop, StoreError};

/// What every question needs.
pub struct Asking<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The malls this program knows.
    pub malls: &'a [Arc<dyn Mall>],
    /// What the asker may see.
    pub access: &'a Access,
    /// Now.
    pub now: UtcMillis,
}

/// A shop whose mall ought to be asked live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// The shop.
    pub shop_id: ShopId,
    /// The number as its mall writes it.
    pub mall_order_id: MallOrderId,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The number as it was understood.
    pub mall_order_id: String,
    /// The order, when it is in the ledger after all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_no: Option<OrderNo>,
    /// Checks, shop by shop where several come into question.
    pub parts: Vec<Part>,
    /// Shops whose mall has not been asked and could be.
    #[serde(skip)]
    pub ask: Vec<Ask>,
}

impl Answer {
    /// The cause and its shop, where there is one.
    #[must_use]
    pub fn cause(&self) -> Option<(&Part, &Check)> {
        self.parts.iter().find_map(|part| part.cause().map(|cause| (part, cause)))
    }
}

/// A shop that the number may belong to.
struct Candidate {
    shop: Shop,
    mall: Arc<dyn Mall>,
    reading: NumberReading,
}

impl Asking<'_> {
    fn mall(&self, key: &str) -> Option<Arc<dyn Mall>> {
        self.malls.iter().find(|m| m.descriptor().mall == key).cloned()
    }

    async fn shops(&self) -> Result<Vec<Shop>, StoreError> {
        let mut shops = self.ledger.shops().await?;
        shops.retain(|s| self.access.sees(s.shop_id));
        Ok(shops)
    }

    /// Why the order is not in the ledger. `only`: look in this shop alone. `live`: what the lanes answered.
    ///
    /// # Errors
    /// As the database says.
    pub async fn missing(
        &self,
        text: &str,
        only: Option<ShopId>,
        live: &BTreeMap<ShopId, Live>,
    ) -> Result<Answer, StoreError> {
        let tidied = tidy(text);
        let mut shops = self.shops().await?;
        shops.retain(|s| only.is_none_or(|id| id == s.shop_id));
        if let Some(answer) = self.in_ledger(&tidied, &shops).await? {
            return Ok(answer);
        }
        let answer = |parts, ask| Answer { mall_order_id: tidied.clone(), order_no: None, parts, ask };
        let (candidates, whose) = match self.candidates(&tidied, shops, only.is_some()).await? {
            Ok(found) => found,
            Err(check) => {
                let part = Part { shop_id: None, shop: None, checks: vec![not_in_ledger(), *check] };
                return Ok(answer(vec![part], Vec::new()));
            }
        };
        let first = Part { shop_id: None, shop: None, checks: vec![not_in_ledger(), whose] };
        let (mut parts, mut ask) = (vec![first], Vec::new());
        let there = candidates
            .iter()
            .find(|c| matches!(live.get(&c.shop.shop_id), Some(Live::There(_) | Live::Unreadable { .. })))
            .map(|c| c.shop.shop_id);
        for candidate in &candidates {
            // Once the mall of one shop has it, the others are out of the question.
            if there.is_some_and(|id| id != candidate.shop.shop_id) {
                continue;
            }
            if let Some(mut found) =
                self.in_ledger(&candidate.reading.number, std::slice::from_ref(&candidate.shop)).await?
            {
                found.mall_order_id.clone_from(&candidate.reading.number);
                return Ok(found);
            }
            let answered = live.get(&candidate.shop.shop_id).cloned().unwrap_or_default();
            let facts = self.facts(candidate, answered).await?;
            if facts.is_worth_asking() {
                ask.push(Ask {
                    shop_id: candidate.shop.shop_id,
                    mall_order_id: MallOrderId(candidate.reading.number.clone()),
                });
            }
            parts.push(Part {
                shop_id: Some(candidate.shop.shop_id),
                shop: Some(candidate.shop.name.clone()),
                checks: until_cause(&facts, checks::ALL),
            });
        }
        let number = candidates.first().map(|c| c.reading.number.clone());
        Ok(Answer { mall_order_id: number.unwrap_or_else(|| tidied.clone()), ..answer(parts, ask) })
    }

    /// Is it there already?
    async fn in_ledger(&self, number: &str, shops: &[Shop]) -> Result<Option<Answer>, StoreError> {
        if number.is_empty() {
            return Ok(None);
        }
        let mut rows = self.ledger.orders_by_number(self.access, number).await?;
        rows.retain(|row| shops.iter().any(|s| s.shop_id == row.shop_id));
        let Some(row) = rows.pop() else { return Ok(None) };
        let phases = self.ledger.phases().await?;
        let phase = phases.iter().find(|p| p.phase == row.phase).map_or(row.phase.as_str(), |p| &p.name);
        let shop = shops.iter().find(|s| s.shop_id == row.shop_id);
        let name = shop.map_or("", |s| s.name.as_str());
        let check = self.imported(&row, name, phase).await?;
        let mut checks = vec![check];
        if row.hold == domain::hold::Hold::NotKnown {
            checks.push(Check::passed(
                "hold",
                "受注ファイルから取り込んだため、不正保留は「不明」です",
                "It came by file: whether the mall holds it is not known",
            ));
        }
        let part = Part { shop_id: Some(row.shop_id), shop: Some(name.to_owned()), checks };
        Ok(Some(Answer {
            mall_order_id: row.mall_order_id.0,
            order_no: Some(row.order_no),
            parts: vec![part],
            ask: Vec::new(),
        }))
    }

    async fn imported(&self, row: &ListRow, shop: &str, phase: &str) -> Result<Check, StoreError> {
        let open = Mend::OpenOrder { order_no: row.order_no.clone() };
        if row.grouping == Grouping::BundledChild
            && let Some(parent) = self.ledger.family(self.access, row.seq).await?.parent
        {
            let reason = why::imported_as_child(shop, phase, &parent.order_no);
            return Ok(Check::cause(
                "ledger",
                reason,
                vec![Mend::OpenOrder { order_no: parent.order_no }, open],
            ));
        }
        Ok(Check::cause("ledger", why::already_imported(shop, phase), vec![open]))
    }

    /// Shops the number may belong to, and how that was seen.
    ///
    /// # Errors
    /// The inner check when it can be none of them.
    async fn candidates(
        &self,
        number: &str,
        shops: Vec<Shop>,
        named: bool,
    ) -> Result<Result<(Vec<Candidate>, Check), Box<Check>>, StoreError> {
        let (mut fitting, mut own) = (Vec::new(), Vec::new());
        for shop in shops {
            let Some(mall) = self.mall(&shop.mall) else { continue };
            let form = &mall.descriptor().number;
            let settings = Settings(shop.settings.clone());
            let Some(reading) = (form.read)(number, &settings) else { continue };
            let ours = match (form.own)(&settings) {
                Some(part) => Some(part),
                None => self.sample_part(shop.shop_id, form, &settings).await?,
            };
            let fits = match (&reading.shop_part, ours) {
                (Some(part), Some(ours)) => Some(*part == ours),
                _ => None,
            };
            own.push(fits);
            fitting.push(Candidate { shop, mall, reading });
        }
        if fitting.is_empty() {
            return Ok(Err(Box::new(self.no_form_fits(number, named))));
        }
        // The number names the shop: no other comes into question.
        let sure = own.contains(&Some(true));
        let mut kept = Vec::new();
        for (candidate, fits) in fitting.into_iter().zip(&own) {
            match fits {
                Some(false) => kept.push((candidate, false)),
                Some(true) => kept.push((candidate, true)),
                None => kept.push((candidate, !sure)),
            }
        }
        if kept.iter().all(|(_, may)| !may) {
            let (candidate, _) = kept.swap_remove(0);
            let other = candidate.reading.shop_part.unwrap_or_default();
            let descriptor = candidate.mall.descriptor();
            let reason = why::order_number_other_shop(descriptor.name, other);
            let mend = Mend::ConnectShop { mall: descriptor.mall.to_owned() };
            return Ok(Err(Box::new(Check::cause("number", reason, vec![mend]))));
        }
        kept.retain(|(_, may)| *may);
        let candidates: Vec<Candidate> = kept.into_iter().map(|(candidate, _)| candidate).collect();
        let names: Vec<&str> = candidates.iter().map(|c| c.shop.name.as_str()).collect();
        let mall = candidates.first().map_or("", |c| c.mall.descriptor().name);
        let check = Check::passed(
            "number",
            format!("{mall}の受注番号です（店舗：{}）", names.join("、")),
            format!("An order number of {mall} (shops: {})", names.join(", ")),
        );
        Ok(Ok((candidates, check)))
    }

    /// The shop part of the numbers that are in the ledger.
    async fn sample_part(
        &self,
        shop: ShopId,
        form: &number::NumberForm,
        settings: &Settings,
    ) -> Result<Option<String>, StoreError> {
        let sample = self.ledger.sample_number(shop).await?;
        Ok(sample.and_then(|id| (form.read)(id.as_str(), settings)).and_then(|reading| reading.shop_part))
    }

    /// The number fits no shop that is connected: another mall's, or none's. `named`: one shop was named.
    fn no_form_fits(&self, number: &str, named: bool) -> Check {
        let none = Settings::default();
        let fits = |m: &&Arc<dyn Mall>| (m.descriptor().number.read)(number, &none).is_some();
        if !named && let Some(mall) = self.malls.iter().find(fits) {
            let descriptor = mall.descriptor();
            let mend = Mend::ConnectShop { mall: descriptor.mall.to_owned() };
            return Check::cause("number", why::mall_not_connected(descriptor.name), vec![mend]);
        }
        let forms: Vec<String> = self
            .malls
            .iter()
            .map(|m| format!("{} {}", m.descriptor().name, m.descriptor().number.example))
            .collect();
        Check::cause("number", why::order_number_form_unknown(forms.join("、")), Vec::new())
    }

    async fn facts(&self, candidate: &Candidate, live: Live) -> Result<Facts, StoreError> {
        let Candidate { shop, mall, reading } = candidate;
        let (ledger, id) = (self.ledger, MallOrderId(reading.number.clone()));
        let descriptor = mall.descriptor();
        let credentials = credential_board(ledger, descriptor, shop.shop_id, self.now).await?;
        let ordered = match &live {
            Live::There(seen) => Some((seen.ordered_at, seen.ordered_at)),
            _ => reading.ordered,
        };
        let covered = match ordered {
            Some((from, to)) => ledger.period_was_read(shop.shop_id, from, to).await?.is_some(),
            None => false,
        };
        let lanes = ledger.lane_skews().await?;
        Ok(Facts {
            aside: ledger.set_aside_order(shop.shop_id, &id).await?,
            provisional: ledger.known_from_mail(shop.shop_id, &id).await?,
            notes: ledger.notes_about(shop.shop_id, &id).await?,
            skew_ms: lanes.into_iter().find(|(lane, ..)| *lane == shop.lane_key).map(|(_, ms, _)| ms),
            by_api: mall.orders().is_some(),
            never_in_files: mall.order_files().map(|files| files.never_holds()),
            is_granted: mall.grant().is_some(),
            descriptor: descriptor.clone(),
            shop: shop.clone(),
            id,
            ordered,
            covered,
            credentials,
            live,
            now: self.now,
        })
    }
}

fn not_in_ledger() -> Check {
    Check::passed(
        "ledger",
        "台帳にはまだありません（全フェーズを探しました）",
        "Not in the ledger (all phases)",
    )
}
