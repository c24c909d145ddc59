//! The board: one row a credential, the most urgent first. Pure but for the reading of the rows.

use domain::credential::{Urgency, remaining};
use domain::{Reason, ShopId, UtcMillis};
use mall_api::Mall;
use mall_api::descriptor::{CredentialField, CredentialSource, Descriptor, Renewal};
use std::sync::Arc;
use store::next_credentials::NextCredential;
use store::shops::CredentialRow;
use store::{Ledger, Shop, StoreError};

/// How the end of a credential's life is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSource {
    /// The mall was asked.
    Asked,
    /// A person entered it.
    Entered,
    /// The mall gave it with the access.
    Given,
    /// Not later than so long after it was entered: the mall says how long such a key lives.
    Latest,
    /// Another credential is missing or refused, without which this one serves only a short time.
    Shortened,
    /// It has no end.
    Never,
    /// Not known.
    NotKnown,
}

impl EndSource {
    /// Words, Japanese and English.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            EndSource::Asked => ("モールに確認", "asked of the mall"),
            EndSource::Entered => ("担当者が入力", "entered"),
            EndSource::Given => ("認可のときにモールが通知", "told by the mall with the access"),
            EndSource::Latest => ("登録日からの推定（遅くともこの日まで）", "estimated: not later than this"),
            EndSource::Shortened => {
                ("公開鍵などがないため短くなっています", "shortened: another key is missing or refused")
            }
            EndSource::Never => ("期限なし", "no end"),
            EndSource::NotKnown => ("不明", "not known"),
        }
    }
}

/// One credential of one shop. Holds no secret.
#[derive(Debug, Clone)]
pub struct BoardRow {
    /// Shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop: String,
    /// The shop is worked.
    pub active: bool,
    /// Key of the mall.
    pub mall: String,
    /// Its name.
    pub mall_name: &'static str,
    /// Key of the credential.
    pub key: &'static str,
    /// Its Japanese label.
    pub label: &'static str,
    /// Where to find it, Japanese.
    pub help: &'static str,
    /// What its end means and how it is renewed.
    pub renewal: Renewal,
    /// Renewed by a consent in the browser.
    pub by_consent: bool,
    /// Must be there.
    pub required: bool,
    /// It is there.
    pub is_set: bool,
    /// When it was entered or authorised.
    pub set_at: Option<UtcMillis>,
    /// Its end, where one is known or reckoned.
    pub expires_at: Option<UtcMillis>,
    /// How that is known.
    pub source: EndSource,
    /// Days left on the Japanese calendar.
    pub days_left: Option<i64>,
    /// How urgent.
    pub urgency: Urgency,
    /// Last live check.
    pub checked_at: Option<UtcMillis>,
    /// What that check complained of.
    pub remark: Option<Reason>,
    /// The mall does not take it.
    pub refused: bool,
    /// One that waits in its place.
    pub next: Option<NextCredential>,
}

impl BoardRow {
    /// The mall refuses it although its end has not come.
    #[must_use]
    pub fn is_refused_early(&self, now: UtcMillis) -> bool {
        self.refused && self.expires_at.is_some_and(|end| end > now)
    }

    /// Somebody has to do something about it now or soon.
    #[must_use]
    pub fn needs_somebody(&self) -> bool {
        let missing = self.required && !self.is_set;
        let ends = matches!(self.urgency, Urgency::Soon | Urgency::Urgent | Urgency::Expired);
        missing || self.refused || (self.is_set && ends)
    }

    /// Most urgent first: lapsed, missing or refused; then by days; then what nobody knows; then what never ends.
    fn rank(&self) -> (u8, i64) {
        let days = self.days_left.unwrap_or(i64::MAX);
        if (self.required && !self.is_set) || self.refused || self.urgency == Urgency::Expired {
            return (0, days);
        }
        match (self.is_set, self.source) {
            (false, _) => (4, 0),
            (true, EndSource::Never) => (3, 0),
            (true, EndSource::NotKnown) if self.urgency == Urgency::NotKnown => (2, 0),
            _ => (1, days),
        }
    }
}

/// Does the mall not take it?
fn is_refused(field: &CredentialField, row: &CredentialRow) -> bool {
    row.check_reason.as_ref().is_some_and(|r| field.renewal.refusals.contains(&r.code.as_str()))
}

/// The end of a credential's life, and how it is known.
fn end(
    descriptor: &Descriptor,
    field: &CredentialField,
    row: &CredentialRow,
    rows: &[CredentialRow],
) -> (Option<UtcMillis>, EndSource) {
    let (told, source) = match (row.expires_at, field.usual_life_ms) {
        (Some(end), _) if field.source == CredentialSource::Granted => (Some(end), EndSource::Given),
        (Some(end), _) if field.expiry_asked && row.checked_at.is_some() => (Some(end), EndSource::Asked),
        (Some(end), _) => (Some(end), EndSource::Entered),
        (None, Some(life)) => (Some(row.set_at.plus(life)), EndSource::Latest),
        (None, None) if field.expiry_asked => (None, EndSource::NotKnown),
        (None, None) => (None, EndSource::Never),
    };
    let Some((other, alone_ms)) = field.renewal.alone else { return (told, source) };
    let other_field = descriptor.credentials.iter().find(|f| f.key == other);
    let serves = rows.iter().any(|r| r.credential == other && !other_field.is_some_and(|f| is_refused(f, r)));
    let short = row.set_at.plus(alone_ms);
    if serves || told.is_some_and(|end| end <= short) {
        return (told, source);
    }
    (Some(short), EndSource::Shortened)
}

/// The rows of one shop.
pub(crate) fn of_shop(
    shop: &Shop,
    descriptor: &Descriptor,
    rows: &[CredentialRow],
    waiting: &[NextCredential],
    now: UtcMillis,
) -> Vec<BoardRow> {
    crate::setup::enterable(descriptor)
        .map(|field| {
            let row = rows.iter().find(|r| r.credential == field.key);
            let (expires_at, source) = match row {
                Some(row) => end(descriptor, field, row, rows),
                None => (None, EndSource::NotKnown),
            };
            let left = remaining(expires_at, now);
            let quiet = row.is_none() || source == EndSource::Never;
            BoardRow {
                shop_id: shop.shop_id,
                shop: shop.name.clone(),
                active: shop.state == "active",
                mall: shop.mall.clone(),
                mall_name: descriptor.name,
                key: field.key,
                label: field.label,
                help: field.help,
                renewal: field.renewal,
                by_consent: field.source == CredentialSource::Granted,
                required: field.required,
                is_set: row.is_some(),
                set_at: row.map(|r| r.set_at),
                expires_at,
                source,
                days_left: left.days_left,
                urgency: if quiet { Urgency::Fine } else { left.urgency },
                checked_at: row.and_then(|r| r.checked_at),
                remark: row.and_then(|r| r.check_reason.clone()),
                refused: row.is_some_and(|r| is_refused(field, r)),
                next: waiting.iter().find(|w| w.credential == field.key).cloned(),
            }
        })
        .collect()
}

/// All credentials that people enter, of these shops. `mall` finds an adapter by its key.
///
/// # Errors
/// As the database says.
pub async fn board(
    ledger: &Ledger,
    mall: &(dyn Fn(&str) -> Option<Arc<dyn Mall>> + Send + Sync),
    shops: &[Shop],
    now: UtcMillis,
) -> Result<Vec<BoardRow>, StoreError> {
    let waiting = ledger.shops_with_next_credentials().await?;
    let mut all = Vec::new();
    for shop in shops {
        let Some(mall) = mall(&shop.mall) else { continue };
        let rows = ledger.credential_rows(shop.shop_id).await?;
        let next = match waiting.contains(&shop.shop_id) {
            true => ledger.next_credentials(shop.shop_id).await?,
            false => Vec::new(),
        };
        all.extend(of_shop(shop, mall.descriptor(), &rows, &next, now));
    }
    all.sort_by_key(BoardRow::rank);
    Ok(all)
}
