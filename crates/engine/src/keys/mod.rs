//! API有効期限: how every credential of every shop stands (`board`), warnings by mail ahead of each end (`warn`), and keys
//! that were entered and wait until the mall takes them (`trial`, `enter`). Knows no mall: what a lapse means and how a key
//! is renewed is in the mall's Descriptor.

mod board;
mod enter;
mod trial;
pub(crate) mod warn;

pub use board::{BoardRow, EndSource, board};
pub use enter::{Entered, enter, store_anyway};
pub(crate) use trial::Trial;
pub use warn::{letter as warning_letter, queue_warnings};
