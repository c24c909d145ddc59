//! The post office: letters that go out (SMTP), and word from outside that there is something new: new-order mails of the
//! malls (IMAP) and queues (SQS). What stands in a mail is a hint to look at the mall, never data of an order (F15).
//!
//! Knows protocols and no rule: who gets which letter, and what a hint sets off, is the engine's.

pub mod imap;
pub mod mail;
mod net;
pub mod sqs;

use engine::http_wire::EndpointPolicy;
use engine::listening::Listening;
use mall_api::Clock;
use std::sync::Arc;

/// The kinds of listeners this program has.
#[must_use]
pub fn listening(policy: EndpointPolicy, clock: &Arc<dyn Clock>) -> Vec<Arc<dyn Listening>> {
    vec![Arc::new(imap::Mailbox::new(policy, Arc::clone(clock))), Arc::new(sqs::Queue::new(policy))]
}
pub mod smtp;
