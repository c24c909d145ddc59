//! 出荷・印刷: what is to go out today, papers (ピッキングリスト, 納品書), labels for the carriers' programs, the way back of
//! 配送番号, files for upload by hand.
//!
//! `selection` says which orders are meant and which are left out; `slip`, `picking`, `label_of` and `matching` are pure
//! and decide; the others are the screens.

pub mod barcode;
pub mod files;
pub mod label_of;
pub mod label_settings;
pub mod labels;
pub mod matching;
pub mod overview;
pub mod picking;
pub mod print;
pub mod selection;
pub mod shipment_files;
pub mod slip;
pub mod tracking;

use crate::door::Route;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    [
        overview::routes(),
        print::routes(),
        labels::routes(),
        label_settings::routes(),
        tracking::routes(),
        shipment_files::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
