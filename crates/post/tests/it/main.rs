//! The post office against real servers on loopback: dovecot for mailboxes, moto for queues.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a failure here is a failed test, and says where"
)]

mod dovecot;
mod kit;
mod mailboxes;
mod moto;
mod queues;
