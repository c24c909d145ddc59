//! Facts about Japan that a shop's desk needs with the network off: postal codes, prefectures, holidays and the shop's
//! own calendar, dates and amounts as people type them (formats.md f, ux.md 3).
//!
//! Everything here is a table or a pure function: no I/O, no clock (today is always given). This crate knows no order,
//! no mall, no database and no screen, and none of its functions panics on anything typed.
//!
//! Left out on purpose: 離島. Which places count as islands differs between malls and between carriers' contracts
//! (formats.md f.4), and no public list of their postal codes exists; malls' own flags say it per order.

pub mod calendar;
pub mod dates;
mod holidays;
pub mod postal;
mod prefecture;
mod typed;
pub mod yen;

pub use calendar::{Calendar, Closed};
pub use dates::{DateProblem, read_date, wareki};
pub use holidays::{Certainty, certainty, holiday, holidays_of};
pub use postal::{Match, Office, Place, matches_address, places, postal_code, prefectures_of};
pub use prefecture::Prefecture;
pub use yen::{YenProblem, read_yen};
