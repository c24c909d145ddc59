//! (being built)

pub mod pace;
