//! The post office: letters that go out (SMTP), and word from outside that there is something new: new-order mails of the
//! malls (IMAP) and queues (SQS). What stands in a mail is a hint to look at the mall, never data of an order (F15).
//!
//! Knows protocols and no rule: who gets which letter, and what a hint sets off, is the engine's.

pub mod smtp;
