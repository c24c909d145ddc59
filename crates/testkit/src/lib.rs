//! What tests of the whole house share: temporary databases of both kinds, a house of simulated malls, ledger and
//! hubs under one virtual clock.

pub mod house;
pub mod postgres;
pub mod tempdb;
pub mod transport;
