//! (being built)

pub mod http_wire;
pub mod pace;
