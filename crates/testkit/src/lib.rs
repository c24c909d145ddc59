//! What tests of the whole house share: temporary databases of both kinds, a house of simulated malls, ledger and
//! hubs under one virtual clock; the invariants that must hold of it, the rig that kills it, and the days it lives through.

pub mod connect;
pub mod days;
pub mod granted;
pub mod house;
pub mod invariants;
pub mod postgres;
pub mod rig;
pub mod tempdb;
pub mod transport;
pub mod wrong_clock;
