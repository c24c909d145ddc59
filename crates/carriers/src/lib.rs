//! How the carriers' own label programs (B2クラウド, e飛伝III, ゆうプリR) read and write files.
//!
//! Out: neutral [`Label`]s become the bytes one program imports ([`LabelProgram::write`]). Nothing is cut, replaced by
//! `?` or left out without being said: what does not fit is a [`LabelProblem`]. In: what the program exports, or what
//! people paste, becomes 配送番号 by 管理番号 ([`read_tracking`], [`read_pasted`]); a bad line never takes a good one
//! along.
//!
//! Everything here is a pure function: no file is opened, nobody is asked what day it is. This crate must not know
//! orders, phases, malls, the database or any screen. Which facts it rests on, and how sure they are, stands at the
//! head of [`b2`], [`e_hiden`] and [`yu_pri`].

mod address;
pub mod b2;
pub mod e_hiden;
mod export;
mod label;
mod pasted;
mod problem;
mod program;
mod records;
mod settings;
mod sheet;
mod slot;
mod text;
mod tracking;
mod words;
pub mod yu_pri;

pub use address::{Overflow, split_address};
pub use export::{Charset, ColumnRef, FileProblem, LineProblem, TrackingFile, TrackingProfile, TrackingRow};
pub use label::{Cod, Contact, Cool, Label, Mark, Payment};
pub use pasted::read_pasted;
pub use problem::LabelProblem;
pub use program::{LabelFile, LabelProgram};
pub use settings::{DateForm, LabelSettings, SeveralParcels};
pub use sheet::{Column, Width};
pub use slot::Slot;
pub use tracking::{read_tracking, read_tracking_by};

#[cfg(test)]
mod round_trip_tests;
