//! What a mall is to us.
//!
//! A mall is a [`Mall`]: a [`Descriptor`] (everything the rest of the program needs to know, as data) and a few
//! abilities. An adapter does no I/O of its own: it builds requests and reads answers; sending, pacing, retrying,
//! recording and logging belong to the engine behind [`Wire`]. Nothing here knows a concrete mall.
//!
//! To add a mall: one folder in `malls`, one in `mallsim`, one line in each registry.

pub mod charset;
pub mod clock;
pub mod credentials;
pub mod descriptor;
pub mod error;
pub mod files;
pub mod grant;
pub mod json;
pub mod number;
pub mod outcome;
pub mod source;
pub mod table;
pub mod wire;
pub mod word;
pub mod write;

pub use clock::Clock;
pub use credentials::{Credentials, Settings};
pub use descriptor::Descriptor;
pub use error::{MallError, MallErrorKind};
pub use files::{OrderFiles, ShipmentFiles};
pub use grant::{Grant, Tokens};
pub use source::{Fetched, FetchedOrder, ListEntry, ListPage, Look, OrderSource, PageToken, Period, Window};
pub use wire::{Method, Wire, WireAnswer, WireError, WireRequest};
pub use write::{AnswerReading, CallDraft, Decision, OrderWriter, Outgoing, PollReading};

use domain::UtcMillis;

/// What an adapter needs to talk for one shop.
pub struct Session<'a> {
    /// Sends one request, gets one answer. Paced, authorised and recorded behind the scenes.
    pub wire: &'a dyn Wire,
    /// The shop's settings for this mall.
    pub settings: &'a Settings,
    /// Time at the start of the piece of work.
    pub now: UtcMillis,
}

/// What a live test of a credential showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CredentialCheck {
    /// End of life per credential key, where the mall tells.
    pub expires_at: Vec<(String, UtcMillis)>,
    /// Things worth saying (a function that is switched off).
    pub remarks: Vec<domain::Reason>,
}

/// One mall.
#[async_trait::async_trait]
pub trait Mall: Send + Sync {
    /// Everything about the mall that is data.
    fn descriptor(&self) -> &Descriptor;

    /// Key of the lane this credential belongs to: all shops with the same key share the mall's limits and are
    /// worked by one lane (楽天: the shop; Yahoo!: the Client ID with all its shops). Must not contain a secret.
    fn pacing_key(&self, shop: domain::ShopId, credentials: &Credentials) -> String {
        let _ = credentials;
        format!("{}:{shop}", self.descriptor().mall)
    }

    /// Puts the credential into a request just before it is sent. Drafts that are stored never hold one. Not asked for
    /// a request to an address that the mall gave, nor for one that `grant` built.
    ///
    /// # Errors
    /// The reason when a credential is missing or malformed; nothing is sent then.
    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        settings: &Settings,
        now: UtcMillis,
    ) -> Result<(), domain::Reason>;

    /// How access is renewed, where the mall gives it for an hour at a time (OAuth).
    fn grant(&self) -> Option<&dyn Grant> {
        None
    }

    /// The interval between calls of this operation that the answer tells, milliseconds: a limit the mall has set for
    /// this shop, different from the Descriptor's.
    fn told_interval_ms(&self, operation: &str, answer: &WireAnswer) -> Option<i64> {
        let _ = (operation, answer);
        None
    }

    /// What an answer shows of a credential that its content does not tell (Yahoo!: a signature that was sent and not
    /// accepted, while the session still lives for hours): the key of the credential, and what is wrong with it; no
    /// reason: it was accepted. `sent` is the request as it left, with its credential. Kept and shown with the shop's
    /// credentials.
    fn remark(
        &self,
        sent: &WireRequest,
        answer: &WireAnswer,
    ) -> Option<(&'static str, Option<domain::Reason>)> {
        let _ = (sent, answer);
        None
    }

    /// Checks the credential live, with reads only.
    ///
    /// # Errors
    /// What the mall answered, by meaning.
    async fn check_credential(
        &self,
        session: &Session<'_>,
        credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError>;

    /// Orders by API, if the mall has one.
    fn orders(&self) -> Option<&dyn OrderSource> {
        None
    }

    /// Writing back, if the mall has an API for it.
    fn writer(&self) -> Option<&dyn OrderWriter> {
        None
    }

    /// Orders by files people download from the mall.
    fn order_files(&self) -> Option<&dyn OrderFiles> {
        None
    }

    /// Shipments by files people upload at the mall.
    fn shipment_files(&self) -> Option<&dyn ShipmentFiles> {
        None
    }
}
