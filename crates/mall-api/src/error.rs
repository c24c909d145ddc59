//! What went wrong at a mall, by meaning.

use crate::wire::WireError;
use domain::{Reason, reason};

/// The kinds of failure the engine treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MallErrorKind {
    /// The credential is refused or lapsed: the shop's work is held, not failed, until it is renewed.
    Credential,
    /// The function is not switched on, or the right is missing: a person must act; the shop's work is held.
    NotAllowed,
    /// Throttled.
    RateLimited {
        /// Wait at least so long, milliseconds, where the mall says so.
        retry_after_ms: Option<i64>,
    },
    /// Maintenance.
    Maintenance {
        /// Wait at least so long, milliseconds, where the mall says so.
        retry_after_ms: Option<i64>,
    },
    /// Fault on the mall's side.
    Unavailable,
    /// No complete answer.
    Transport,
    /// An answer that is not what the document promises.
    Unreadable,
    /// The mall refuses what we ask for: our mistake or a bad setting; not retried.
    Refused,
    /// This process no longer owns the lane, or is being stopped: give up quietly.
    Interrupted,
}

/// A failure with its words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MallError {
    /// What to do about it.
    pub kind: MallErrorKind,
    /// What to say about it.
    pub reason: Box<Reason>,
}

impl MallError {
    /// A failure of this kind.
    pub fn new(kind: MallErrorKind, reason: Reason) -> Self {
        Self { kind, reason: Box::new(reason) }
    }

    /// May the same read be tried again soon, without anybody acting?
    pub fn is_passing(&self) -> bool {
        matches!(
            self.kind,
            MallErrorKind::RateLimited { .. }
                | MallErrorKind::Maintenance { .. }
                | MallErrorKind::Unavailable
                | MallErrorKind::Transport
                | MallErrorKind::Unreadable
        )
    }
}

impl From<WireError> for MallError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::NotSent { what } => {
                Self::new(MallErrorKind::Transport, reason::mall_unreachable(what))
            }
            WireError::NoAnswer { what } => Self::new(MallErrorKind::Transport, reason::no_answer(what)),
            WireError::NotAuthorised(reason) => Self { kind: MallErrorKind::Credential, reason },
            WireError::LaneLost | WireError::Stopping => {
                Self::new(MallErrorKind::Interrupted, reason::taken_over())
            }
        }
    }
}
