//! 受注: rows without buyer data, and the sealed rest.
//!
//! `page` stores what an import brought, `activate` what a person made of a 仮伝票, `read` lists and opens, `change` is what staff and rules do, `sealed`
//! seals and opens, `facts` is what rules of `domain` ask for, `sides` compares our values with the mall's, `family` is
//! who travels with whom, `split` is what travels in which parcel.

mod activate;
mod change;
mod facts;
mod family;
mod page;
mod read;
mod sealed;
mod sides;
mod split;

pub use activate::MAIL;
pub use change::{Done, MoveOptions, Moved, NotDone, ParcelChange, move_facts};
pub(crate) use change::{class_in, group_in, move_in, parcel_in, phase_in, state_in};
pub use facts::OrderForRules;
pub(crate) use facts::for_change;
pub use family::Family;
pub use page::{Existing, NewOrder, Page, Refresh};
pub(crate) use read::list_row;
pub use read::{FoundOrders, HeadShown, ListFilter, ListRow, OrderView, WriteView};
pub use sealed::Head;
pub use sides::{Goods, Side};

use crate::seal::keys::{Purpose, Rotation};
use crate::sql::{Bulk, Sql, sql};

sql! {
    /// For the rotation of the master key.
    BOXES("SELECT seq AS id, wrapped_key AS sealed FROM order_keys WHERE seq > $1 ORDER BY seq LIMIT $2" [postgres " FOR UPDATE"]);
    /// For the rotation of the master key.
    REBOX("UPDATE order_keys SET wrapped_key = $2 WHERE seq = $1");
}

pub(crate) const ROTATION: Rotation = Rotation {
    purpose: Purpose::OrderKeys,
    table: "order_keys",
    column: "wrapped_key",
    select: BOXES,
    update: REBOX,
};

/// Every SQL text of this folder.
pub(crate) fn texts() -> Vec<Sql> {
    [ALL, page::ALL, read::ALL, change::ALL, facts::ALL, sealed::ALL, family::ALL, sides::ALL, split::ALL]
        .concat()
}

/// Every bulk insert of this folder.
pub(crate) fn bulks() -> Vec<Bulk> {
    page::BULKS.to_vec()
}
