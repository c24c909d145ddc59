//! The store on both databases: what the rest of the house relies on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod arriving;
mod base;
mod changing;
mod faults;
mod faults_postgres;
mod files;
mod guards;
mod histories;
mod holding;
mod house;
mod keeping;
mod linking;
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
mod writing;
