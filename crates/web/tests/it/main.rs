//! The back office through its router.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod diagnostics;
mod house_kit;
mod import;
mod notices;
mod settings;
mod shops;
