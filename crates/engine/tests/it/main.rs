//! Stories: the hub, the ledger and the simulated malls in one process, under one clock.

mod spine;
mod write_kit;
mod write_outage;
mod write_owner;
mod write_refused;
mod write_rules;
mod write_unclear;
