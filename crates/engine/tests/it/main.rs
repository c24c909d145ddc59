//! Stories: the hub, the ledger and the simulated malls in one process, under one clock.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests: a failure here is a failed test, and says where"
)]

mod access;
mod bulk;
mod files;
mod hold_kit;
mod holds;
mod import_data;
mod import_errors;
mod import_faults;
mod import_help;
mod import_lanes;
mod import_once;
mod import_rest;
mod keys;
mod letters;
mod links;
mod looks;
mod provisional;
mod spine;
mod why_missing;
mod why_notice;
mod write_kit;
mod write_outage;
mod write_owner;
mod write_refused;
mod write_rules;
mod write_unclear;
