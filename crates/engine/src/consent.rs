//! The way back from a mall's consent page: is it ours, and which code did it bring (F62)? Pure; who keeps the state word
//! until the browser comes back is the door's business.

use domain::{Reason, reason};
use mall_api::grant::Grant;

/// The code in what the browser came back with, when the way back carries the state word that was sent, once.
///
/// # Errors
/// It is not ours, or what the mall says instead of a code.
pub fn code(grant: &dyn Grant, state: &str, query: &[(String, String)]) -> Result<String, Reason> {
    let states: Vec<&String> = query.iter().filter(|(key, _)| key == "state").map(|(_, v)| v).collect();
    if state.is_empty() || states.as_slice() != [state] {
        return Err(reason::consent_not_ours());
    }
    grant.code_of(query)
}
