//! What the checks of WHY-1 look at, gathered for one shop.

use super::super::Live;
use crate::setup::CredentialState;
use domain::{MallOrderId, Reason, UtcMillis};
use mall_api::Descriptor;
use store::Shop;
use store::imports::{AsideRow, Note};

/// One shop and one number.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) shop: Shop,
    pub(super) descriptor: Descriptor,
    /// The number as the mall writes it.
    pub(super) id: MallOrderId,
    /// When it was placed: to the moment where the mall said so, else the day that stands in the number.
    pub(super) ordered: Option<(UtcMillis, UtcMillis)>,
    /// A run has read that time.
    pub(super) covered: bool,
    /// The mall has an API for orders.
    pub(super) by_api: bool,
    /// What the mall's order files never hold; `None`: it has none that this program reads.
    pub(super) never_in_files: Option<Vec<Reason>>,
    /// Access is given by a consent in the browser.
    pub(super) is_granted: bool,
    pub(super) credentials: Vec<CredentialState>,
    pub(super) aside: Option<AsideRow>,
    /// A mail named it then.
    pub(super) provisional: Option<UtcMillis>,
    /// What runs said of it, newest first.
    pub(super) notes: Vec<(UtcMillis, Note)>,
    /// How far the mall's clock is from ours.
    pub(super) skew_ms: Option<i64>,
    pub(super) live: Live,
    pub(super) now: UtcMillis,
}

impl Facts {
    /// None of the credentials that must be there is: a shop of files only.
    pub(super) fn has_no_credential(&self) -> bool {
        self.credentials.iter().filter(|c| c.required).all(|c| !c.is_set)
    }

    /// The shop imports by itself.
    pub(super) fn imports_by_itself(&self) -> bool {
        self.shop.imports_itself()
    }

    /// May and should the mall be asked?
    pub(super) fn is_worth_asking(&self) -> bool {
        let complete = self.credentials.iter().all(|c| c.is_set || !c.required);
        self.live == Live::NotAsked
            && self.by_api
            && complete
            && self.shop.state == "active"
            && self.aside.as_ref().is_none_or(|a| a.state == "retry")
    }
}
