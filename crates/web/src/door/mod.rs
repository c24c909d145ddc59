//! Who comes in and what they may do. Every route names what it needs; nothing is open that does not say so.

pub mod guard;
pub mod guesses;
pub mod passwords;
pub mod routes;
pub mod session;
pub mod tokens;
pub mod totp;
pub mod visitor;

pub use guard::Need;
pub use routes::{Route, get, post};
pub use visitor::{Prefs, Via, Visitor};
