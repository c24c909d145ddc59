//! The store on both databases: what the rest of the house relies on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod arriving;
mod backups;
mod base;
mod changing;
mod collisions;
mod faults;
mod faults_postgres;
mod files;
mod guards;
mod histories;
mod holding;
mod house;
mod keeping;
mod lettering;
mod linking;
mod listening;
mod listing;
mod noticing;
mod pages;
mod papers;
mod people;
mod plans;
mod port;
mod reading;
mod sealing;
mod searching;
mod secrecy;
mod siding;
mod texts;
mod today;
mod waiting;
mod why;
mod writing;
