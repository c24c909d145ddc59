//! Amazon (Amazon.co.jp, Selling Partner API). The facts it rests on stand in FACTS.md of this folder; "amazon.md" with
//! a section in the comments is the document they come from.

mod auth;
mod check;
mod codes;
mod confirm;
mod descriptor;
mod errors;
mod feed;
mod flat_file;
mod gate;
mod grant;
mod mapping;
mod mapping_lines;
mod mapping_people;
mod node;
mod order_report;
mod order_report_rows;
mod report;
mod search;
mod settings;
mod shipment_file;
mod text;
mod word;
mod write;

#[cfg(test)]
mod tests;

use domain::write::{Step, WriteKind};
use domain::{MallOrderId, Reason, Snapshot, UtcMillis, reason};
use mall_api::files::{FileKind, FileReading, FileShipment, InFile, OutFile, ShipmentProblem};
use mall_api::{
    AnswerReading, CallDraft, CredentialCheck, Credentials, Decision, Descriptor, Fetched, Grant, ListPage,
    Look, Mall, MallError, OrderFiles, OrderSource, OrderWriter, Outgoing, PageToken, Period, PollReading,
    Session, Settings, ShipmentFiles, Window, WireAnswer, WireRequest,
};

/// Amazon.co.jp.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amazon;

#[async_trait::async_trait]
impl Mall for Amazon {
    fn descriptor(&self) -> &Descriptor {
        descriptor::get()
    }

    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        _settings: &Settings,
        now: UtcMillis,
    ) -> Result<(), Reason> {
        auth::authorise(request, credentials, now).map_err(|reason| *reason)
    }

    fn grant(&self) -> Option<&dyn Grant> {
        Some(&grant::Lwa)
    }

    fn told_interval_ms(&self, _operation: &str, answer: &WireAnswer) -> Option<i64> {
        search::told_interval_ms(answer)
    }

    async fn check_credential(
        &self,
        session: &Session<'_>,
        _credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError> {
        check::check_credential(session).await
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        Some(self)
    }

    fn writer(&self) -> Option<&dyn OrderWriter> {
        Some(self)
    }

    fn order_files(&self) -> Option<&dyn OrderFiles> {
        Some(self)
    }

    fn shipment_files(&self) -> Option<&dyn ShipmentFiles> {
        Some(self)
    }
}

#[async_trait::async_trait]
impl OrderSource for Amazon {
    fn windows(&self, look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
        search::windows(look, period, statuses, now)
    }

    fn fetch_limit(&self) -> usize {
        search::FETCH_LIMIT
    }

    async fn list(
        &self,
        session: &Session<'_>,
        window: &Window,
        page: Option<&PageToken>,
    ) -> Result<ListPage, MallError> {
        search::list(session, window, page).await
    }

    fn next_page(
        &self,
        _window: &Window,
        _token: Option<&PageToken>,
        page: &ListPage,
        _last_ordered_at: Option<UtcMillis>,
    ) -> Option<PageToken> {
        search::next_page(page)
    }

    async fn fetch(&self, session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
        search::fetch(session, ids).await
    }

    fn read_document(&self, raw: &[u8]) -> Result<Snapshot, String> {
        mapping::read_order(raw).map_err(|misfit| misfit.what)
    }
}

#[async_trait::async_trait]
impl OrderWriter for Amazon {
    fn decide(&self, steps: &[Step], order: &Snapshot) -> Vec<Decision> {
        write::decide(steps, order)
    }

    fn build(&self, kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
        write::build(kind, steps, settings)
    }

    async fn prepare(&self, session: &Session<'_>, draft: CallDraft) -> Result<CallDraft, MallError> {
        if let Some(memo) = feed::Memo::of(&draft) {
            return feed::prepare(session, draft, &memo).await;
        }
        match confirm::Memo::of(&draft) {
            Some(memo) => confirm::finish(draft, &memo, session.now),
            None => Ok(draft),
        }
    }

    fn read_answer(&self, draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading {
        if feed::Memo::of(draft).is_some() {
            return feed::read_answer(draft, answer, now);
        }
        match confirm::Memo::of(draft) {
            Some(memo) => confirm::read_answer(draft, &memo, answer, now),
            // A draft of another program version: read back, not guessed.
            None => AnswerReading {
                outcomes: write::all(draft, &write::unclear(reason::answer_unclear())),
                ..AnswerReading::default()
            },
        }
    }

    async fn result(&self, session: &Session<'_>, draft: &CallDraft, receipt: &str) -> PollReading {
        match feed::Memo::of(draft) {
            Some(memo) => feed::result(session, draft, &memo, receipt).await,
            None => PollReading::CannotAsk,
        }
    }

    async fn find_receipt(
        &self,
        session: &Session<'_>,
        draft: &CallDraft,
        begun_at: UtcMillis,
    ) -> Result<Option<String>, MallError> {
        match feed::Memo::of(draft) {
            Some(_) => feed::find_receipt(session, begun_at).await,
            None => Ok(None),
        }
    }
}

impl OrderFiles for Amazon {
    fn kinds(&self) -> &[FileKind] {
        order_report::kinds()
    }

    fn kind_of(&self, file: InFile<'_>) -> Option<&'static str> {
        order_report::kind_of(file.bytes)
    }

    fn read(
        &self,
        files: &[(&'static str, InFile<'_>)],
        _settings: &Settings,
        _now: UtcMillis,
    ) -> Result<FileReading, Reason> {
        order_report::read(files)
    }
}

impl ShipmentFiles for Amazon {
    fn place(&self) -> &'static str {
        "セラーセントラルの「注文」→「注文に関するファイルをアップロード」で、出荷通知ファイルとしてアップロードしてください。"
    }

    fn write(
        &self,
        shipments: &[FileShipment],
        settings: &Settings,
    ) -> Result<OutFile, Vec<ShipmentProblem>> {
        shipment_file::write(shipments, settings)
    }
}
