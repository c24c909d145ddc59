//! Stories: the hub, the ledger and the simulated malls in one process, under one clock.

mod spine;
mod write_kit;
mod write_unclear;
