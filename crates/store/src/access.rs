//! Who may see what. Every read of orders takes one, from the first day.

use crate::sql::Arg;
use domain::ShopId;

/// What a reader may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Shops; `None` = all.
    pub shops: Option<Vec<ShopId>>,
    /// Buyer data may be opened.
    pub buyer_data: bool,
}

impl Access {
    /// Everything: the program itself, and the command line on the machine.
    #[must_use]
    pub const fn full() -> Self {
        Self { shops: None, buyer_data: true }
    }

    /// May this shop be seen?
    #[must_use]
    pub fn sees(&self, shop: ShopId) -> bool {
        self.shops.as_ref().is_none_or(|shops| shops.contains(&shop))
    }

    /// Two arguments for `($1 OR shop_id IN $2)`.
    pub(crate) fn args(&self) -> [Arg; 2] {
        let list: Vec<i64> = self.shops.iter().flatten().map(|s| s.0).collect();
        [Arg::from(self.shops.is_none()), Arg::from(list)]
    }
}
