//! 楽天市場 (RMS WEB SERVICE, 楽天ペイ受注API). The facts it rests on stand in FACTS.md of this folder; "rakuten.md"
//! with a section in the comments is the document they come from.

mod auth;
mod codes;
mod descriptor;
mod envelope;
mod errors;
mod get;
mod leaf;
mod mapping;
mod mapping_money;
mod mapping_packages;
mod order_file;
mod search;
mod shipment_file;
mod shipping;
mod text;
mod wire_types;
mod word;
mod write;

#[cfg(test)]
mod tests;

use domain::write::{Step, WriteKind};
use domain::{MallOrderId, Reason, ShopId, Snapshot, UtcMillis};
use mall_api::files::{FileKind, FileReading, FileShipment, InFile, OutFile, ShipmentProblem};
use mall_api::{
    AnswerReading, CallDraft, CredentialCheck, Credentials, Decision, Descriptor, Fetched, ListPage, Look,
    Mall, MallError, OrderFiles, OrderSource, OrderWriter, Outgoing, PageToken, Period, PollReading, Session,
    Settings, ShipmentFiles, Window, WireAnswer, WireRequest,
};

/// 楽天市場.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rakuten;

#[async_trait::async_trait]
impl Mall for Rakuten {
    fn descriptor(&self) -> &Descriptor {
        descriptor::get()
    }

    fn pacing_key(&self, shop: ShopId, credentials: &Credentials) -> String {
        auth::shop_number(credentials)
            .map_or_else(|| format!("rakuten:{shop}"), |number| format!("rakuten:shop{number}"))
    }

    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        _settings: &Settings,
        _now: UtcMillis,
    ) -> Result<(), Reason> {
        auth::authorise(request, credentials).map_err(|reason| *reason)
    }

    async fn check_credential(
        &self,
        session: &Session<'_>,
        _credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError> {
        auth::check_credential(session).await
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

impl OrderFiles for Rakuten {
    fn kinds(&self) -> &[FileKind] {
        &order_file::KINDS
    }

    fn kind_of(&self, file: InFile<'_>) -> Option<&'static str> {
        order_file::kind_of(file)
    }

    fn read(
        &self,
        files: &[(&'static str, InFile<'_>)],
        _settings: &Settings,
        _now: UtcMillis,
    ) -> Result<FileReading, Reason> {
        order_file::read(files)
    }
}

impl ShipmentFiles for Rakuten {
    fn place(&self) -> &'static str {
        // The document names the upload, not the menu it stands under [?] (rakuten.md 7.2).
        "RMSの「受注・決済管理」にある、発送情報のCSVアップロードで登録してください。"
    }

    fn write(
        &self,
        shipments: &[FileShipment],
        settings: &Settings,
    ) -> Result<OutFile, Vec<ShipmentProblem>> {
        shipment_file::write(shipments, settings)
    }
}

#[async_trait::async_trait]
impl OrderSource for Rakuten {
    // The search knows no time of change: news are new orders (open ones are asked for by number).
    fn windows(&self, _look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
        search::windows(period, statuses, now)
    }

    fn fetch_limit(&self) -> usize {
        get::LIMIT
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
        window: &Window,
        token: Option<&PageToken>,
        page: &ListPage,
        last_ordered_at: Option<UtcMillis>,
    ) -> Option<PageToken> {
        search::next_page(window, token, page, last_ordered_at)
    }

    async fn fetch(&self, session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
        get::fetch(session, ids).await
    }

    fn read_document(&self, raw: &[u8]) -> Result<Snapshot, String> {
        mapping::read_order(raw).map_err(|misfit| misfit.what)
    }
}

#[async_trait::async_trait]
impl OrderWriter for Rakuten {
    fn decide(&self, steps: &[Step], order: &Snapshot) -> Vec<Decision> {
        write::decide(steps, &order.facts)
    }

    fn build(&self, kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
        write::build(kind, steps, settings)
    }

    fn read_answer(&self, draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading {
        write::read_answer(draft, answer, now)
    }

    async fn result(&self, session: &Session<'_>, draft: &CallDraft, receipt: &str) -> PollReading {
        let Some(request) = shipping::poll(draft, receipt) else { return PollReading::CannotAsk };
        match session.wire.send(request).await {
            Ok(answer) => write::read_poll(draft, &answer),
            Err(error) => PollReading::Failed(error.into()),
        }
    }
}
