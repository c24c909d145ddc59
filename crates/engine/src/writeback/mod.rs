//! Writing back: from eligible orders to intents (`enqueue`), from intents to calls (`send`), from receipts to
//! results (`poll`), and from a person's doubt to the truth (`read_back`). What an outcome means for a step is decided in `outcome`, purely.

mod enqueue;
mod file_out;
mod outcome;
mod poll;
mod read_back;
mod send;

pub(crate) use enqueue::ScanCursors;
pub use enqueue::{Judged, judge_due, judge_due_once_released, judge_orders, judge_status};
