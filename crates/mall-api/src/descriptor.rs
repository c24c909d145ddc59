//! Everything about a mall that is data. CLI, forms, boards and explanations read only this.

use crate::number::NumberForm;
use crate::word::{OrderMail, OrderQueue};
use domain::eligibility::NoticeRules;
use domain::reason::{Actor, Reason};
use domain::snapshot::MallStage;
use domain::write::WriteKind;

/// Where a credential comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialSource {
    /// A person copies it from the mall's screen.
    Typed,
    /// The mall gives it when a person allows the access in the browser; may also be typed (Amazon's own apps show
    /// theirs on the screen).
    Granted,
    /// The lane gets it by itself (access token); never shown, never typed.
    Renewed,
}

/// What a credential's end means, and how it is renewed. Words in Japanese, as a clerk at the mall's screens meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// What stops when it lapses, one thing each.
    pub stops: &'static [&'static str],
    /// Steps of renewal, in order.
    pub steps: &'static [&'static str],
    /// Terms per function: the function, and how long it may be used.
    pub terms: &'static [(&'static str, &'static str)],
    /// Without the other credential it serves only so long, counted from when it was entered, milliseconds.
    pub alone: Option<(&'static str, i64)>,
    /// Codes of the catalogue by which the mall says that it does not take this credential.
    pub refusals: &'static [&'static str],
    /// What it means when the mall refuses it before its end; empty: the reason says it all.
    pub refused_early: &'static str,
    /// Codes of the catalogue by which the mall says that the person who allowed the access may not: such access is not
    /// stored.
    pub wrong_person: &'static [&'static str],
    /// Something else worth knowing beside it; empty = nothing.
    pub note: &'static str,
}

impl Renewal {
    /// Nothing is known.
    pub const NONE: Self = Self {
        stops: &[],
        steps: &[],
        terms: &[],
        alone: None,
        refusals: &[],
        refused_early: "",
        wrong_person: &[],
        note: "",
    };
}

/// One credential of a shop.
#[derive(Debug, Clone)]
pub struct CredentialField {
    /// Key of the CLI and the database.
    pub key: &'static str,
    /// Japanese label.
    pub label: &'static str,
    /// Must be given before the shop can be used.
    pub required: bool,
    /// Where to find it and how to renew it, Japanese.
    pub help: &'static str,
    /// Checks the form of a value before it is stored; the error is Japanese and never repeats the value.
    pub check: fn(&str) -> Result<(), String>,
    /// Where it comes from.
    pub source: CredentialSource,
    /// The mall can be asked for its end of life.
    pub expiry_asked: bool,
    /// How long it lives from its making, milliseconds, where the mall says so: proposed when a person enters it.
    pub usual_life_ms: Option<i64>,
    /// What its end means, and how it is renewed.
    pub renewal: Renewal,
}

/// A rule over several credential fields.
#[derive(Debug, Clone)]
pub enum CredentialRule {
    /// Both or neither (Yahoo! public key and version).
    BothOrNeither(&'static str, &'static str),
}

/// One setting of a shop.
#[derive(Debug, Clone)]
pub struct SettingField {
    /// Key.
    pub key: &'static str,
    /// Japanese label.
    pub label: &'static str,
    /// Default as text.
    pub default: &'static str,
    /// Must be given before the shop can be used.
    pub required: bool,
    /// Japanese help.
    pub help: &'static str,
    /// Checks a value; the error is Japanese.
    pub check: fn(&str) -> Result<(), String>,
}

/// One host of the mall.
#[derive(Debug, Clone)]
pub struct EndpointRole {
    /// `api`, `login`, `document` …
    pub role: &'static str,
    /// Address when the shop sets none.
    pub default_url: &'static str,
    /// Host names that an address given by the mall may have; one that begins with a dot allows what ends so. Empty:
    /// such addresses are refused. A shop with an address of its own for the role allows that host and port alone.
    pub given_hosts: &'static [&'static str],
}

/// One status of the mall.
#[derive(Debug, Clone)]
pub struct MallStatus {
    /// The mall's code.
    pub code: &'static str,
    /// Its Japanese name.
    pub label: &'static str,
    /// What it means to us.
    pub stage: MallStage,
    /// Fetched unless the shop says otherwise (IMP-4).
    pub fetched: bool,
}

/// How the mall counts a period.
#[derive(Debug, Clone)]
pub struct PeriodRule {
    /// What the period counts by, Japanese (「注文日時」).
    pub basis: &'static str,
    /// Longest window of one search, milliseconds.
    pub max_window_ms: i64,
    /// How far back the mall answers, milliseconds.
    pub max_age_ms: i64,
    /// How far the daily second look goes back, milliseconds.
    pub second_look_ms: i64,
    /// How much windows of the automatic import overlap, milliseconds (≥ the mall's lateness, F09).
    pub overlap_ms: i64,
    /// The same for looks between two such windows: how late nearly all orders appear, milliseconds.
    pub near_ms: i64,
    /// The search for news also lists orders that only changed: open orders need not be asked for one by one.
    pub lists_changes: bool,
}

/// Limit of a bucket: one token each `interval_ms`, at most `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Milliseconds per call.
    pub interval_ms: i64,
    /// Calls at once after a rest.
    pub burst: i64,
}

/// One operation of the mall's API.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Name used in requests.
    pub operation: &'static str,
    /// Operations of the same bucket share its limit within a lane.
    pub bucket: &'static str,
    /// The limit.
    pub limit: Limit,
    /// Time-out of the whole call, milliseconds.
    pub timeout_ms: i64,
}

/// May a write be repeated?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Repeating has no second effect.
    Safe,
    /// Only after a look at the mall.
    AfterReadBack,
    /// Only a person may.
    PersonDecides,
}

/// One kind of write the mall takes (table of the design, section 4).
#[derive(Debug, Clone)]
pub struct WriteOperation {
    /// Kind.
    pub kind: WriteKind,
    /// Look at the order before the first sending too.
    pub look_first: bool,
    /// Repeat rule after an unclear answer.
    pub repeat: Repeat,
    /// "Not there" counts only this long after the sending, milliseconds.
    pub settle_ms: i64,
    /// A pending result that has not come by then is treated as unclear, milliseconds.
    pub result_deadline_ms: i64,
    /// First wait before a pending result is polled, milliseconds.
    pub poll_after_ms: i64,
    /// Operations whose work the mall only queues: when their answer is lost, the work may still be done as late as
    /// a result may come.
    pub queued: &'static [&'static str],
}

impl WriteOperation {
    /// "Not there" counts only so long after a call of this operation, milliseconds.
    pub fn settle_of(&self, operation: &str) -> i64 {
        if self.queued.contains(&operation) { self.result_deadline_ms } else { self.settle_ms }
    }
}

/// A row of 紐付け設定 as a new shop gets it: an order that enters the phase gets the status at the mall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusLinkSeed {
    /// Key of the phase.
    pub phase: &'static str,
    /// The mall's status code, one of `Descriptor::statuses`.
    pub status: &'static str,
    /// Switched on from the beginning.
    pub on: bool,
}

/// What one error code of the mall means.
#[derive(Debug, Clone)]
pub struct ErrorEntry {
    /// The mall's code.
    pub code: &'static str,
    /// 事象と原因, Japanese.
    pub ja: &'static str,
    /// 対処, Japanese.
    pub remedy: &'static str,
    /// English.
    pub en: &'static str,
    /// Who acts.
    pub actor: Actor,
    /// Tried again by itself.
    pub retried: bool,
}

impl ErrorEntry {
    /// As a reason, with the mall's own words beside.
    pub fn reason(&self, mall_text: &str) -> Reason {
        let mut reason = Reason::new(self.code, self.ja, self.remedy, self.en).by(self.actor);
        reason.retried = self.retried;
        reason.from_mall(self.code, mall_text)
    }
}

/// A carrier as the mall names it.
#[derive(Debug, Clone)]
pub struct CarrierSeed {
    /// Our key in the master list; a key we do not have becomes a new carrier.
    pub carrier: &'static str,
    /// The mall's code.
    pub code: &'static str,
    /// The mall's name of it.
    pub name: &'static str,
}

/// Everything.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// Stable key (`rakuten`).
    pub mall: &'static str,
    /// Japanese name.
    pub name: &'static str,
    /// Version of the mapping from raw documents to snapshots.
    pub mapping_version: u32,
    /// Credentials.
    pub credentials: Vec<CredentialField>,
    /// Rules over several credentials.
    pub credential_rules: Vec<CredentialRule>,
    /// Settings.
    pub settings: Vec<SettingField>,
    /// Hosts.
    pub endpoints: Vec<EndpointRole>,
    /// Statuses.
    pub statuses: Vec<MallStatus>,
    /// Period rule of the order search; `None`: the mall's API takes no period.
    pub period: Option<PeriodRule>,
    /// Operations with their limits.
    pub operations: Vec<Operation>,
    /// Operations a look for news calls, by name, each as often as it calls it: what looks cost.
    pub look: &'static [&'static str],
    /// Calls a day (in Japan) all shops of a lane may make together; `None`: the mall sets no such limit. Imports
    /// leave the last tenth to writes.
    pub calls_per_day: Option<i64>,
    /// Writes.
    pub writes: Vec<WriteOperation>,
    /// Rows of 紐付け設定 a new shop begins with.
    pub status_links: Vec<StatusLinkSeed>,
    /// Rules of the shipment notice; `None`: the mall has none.
    pub notice: Option<NoticeRules>,
    /// Carriers.
    pub carriers: Vec<CarrierSeed>,
    /// Known error codes.
    pub errors: Vec<ErrorEntry>,
    /// Its mail about a new order; `None`: there is none, or nobody knows how it looks.
    pub order_mail: Option<OrderMail>,
    /// Its messages about orders in a queue.
    pub order_queue: Option<OrderQueue>,
    /// Entries that stand for whatever the mall has no uniform code for: a code beside one of them is not explained yet.
    pub catch_all: &'static [&'static str],
    /// Other words under which people know an entry, by its code (the mall's own text, that of an older API): searched.
    pub also_known: &'static [(&'static str, &'static str)],
    /// How the mall writes its order numbers.
    pub number: NumberForm,
}

impl Descriptor {
    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|o| o.operation == name)
    }

    /// The write of this kind.
    pub fn write(&self, kind: WriteKind) -> Option<&WriteOperation> {
        self.writes.iter().find(|w| w.kind == kind)
    }

    /// "Not there" counts only so long after a call of this kind and operation, milliseconds; an hour for what this
    /// program does not know.
    pub fn settle_ms(&self, kind: &str, operation: &str) -> i64 {
        let write = WriteKind::parse(kind).and_then(|kind| self.write(kind));
        write.map_or(domain::time::HOUR, |w| w.settle_of(operation))
    }

    /// The status of this code.
    pub fn status(&self, code: &str) -> Option<&MallStatus> {
        self.statuses.iter().find(|s| s.code == code)
    }

    /// Codes fetched by default.
    pub fn default_statuses(&self) -> Vec<String> {
        self.statuses.iter().filter(|s| s.fetched).map(|s| s.code.to_owned()).collect()
    }

    /// The reason for a code of the mall: from the catalogue, or "unknown code" with the raw words.
    pub fn reason_for(&self, code: &str, text: &str) -> Reason {
        self.errors.iter().find(|e| e.code == code).map_or_else(
            || domain::reason::mall_code_unknown(code).from_mall(code, text),
            |entry| entry.reason(text),
        )
    }

    /// The mall's code in a reason that nobody has explained yet: it is counted, so that somebody does.
    pub fn unexplained<'a>(&self, reason: &'a Reason) -> Option<&'a str> {
        let general = reason.code == "mall_code_unknown" || self.catch_all.contains(&reason.code.as_str());
        let code = reason.mall_code.as_deref().filter(|_| general)?;
        let known = code == reason.code || self.errors.iter().any(|e| e.code == code);
        (!known && !code.is_empty()).then_some(code)
    }
}
