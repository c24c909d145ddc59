//! Tests of the Amazon adapter.
