//! What tests of the whole house share: temporary databases of both kinds, and more to come.

pub mod postgres;
pub mod tempdb;
