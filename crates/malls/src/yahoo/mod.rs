//! Yahoo!ショッピング (ストアクリエイターPro, order APIs of the store). The facts it rests on stand in FACTS.md of this
//! folder; "yahoo.md" with a section in the comments is the document they come from.

mod auth;
mod codes;
mod csv_files;
mod descriptor;
mod envelope;
mod errors;
mod fields;
mod get;
mod grant;
mod mapping;
mod mapping_content;
mod mapping_money;
mod search;
mod shipping;
mod text;
mod values;
mod word;
mod write;
mod xml;

#[cfg(test)]
mod tests;

use domain::write::{Step, WriteKind};
use domain::{MallOrderId, Reason, ShopId, Snapshot, UtcMillis};
use mall_api::{
    AnswerReading, CallDraft, CredentialCheck, Credentials, Decision, Descriptor, Fetched, Grant, ListPage,
    Look, Mall, MallError, OrderFiles, OrderSource, OrderWriter, Outgoing, PageToken, Period, Session,
    Settings, Window, WireAnswer, WireRequest,
};

/// Yahoo!ショッピング.
#[derive(Debug, Clone, Copy, Default)]
pub struct Yahoo;

#[async_trait::async_trait]
impl Mall for Yahoo {
    fn descriptor(&self) -> &Descriptor {
        descriptor::get()
    }

    fn pacing_key(&self, shop: ShopId, credentials: &Credentials) -> String {
        auth::pacing_key(credentials).unwrap_or_else(|| format!("yahoo:{shop}"))
    }

    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        settings: &Settings,
        now: UtcMillis,
    ) -> Result<(), Reason> {
        auth::authorise(request, credentials, settings, now).map_err(|reason| *reason)
    }

    fn grant(&self) -> Option<&dyn Grant> {
        Some(&grant::YConnect)
    }

    fn remark(&self, sent: &WireRequest, answer: &WireAnswer) -> Option<(&'static str, Option<Reason>)> {
        auth::remark(sent, answer)
    }

    async fn check_credential(
        &self,
        session: &Session<'_>,
        credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError> {
        auth::check_credential(session, credentials).await
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        Some(self)
    }

    fn writer(&self) -> Option<&dyn OrderWriter> {
        Some(self)
    }

    fn order_files(&self) -> Option<&dyn OrderFiles> {
        Some(&csv_files::YahooCsv)
    }
}

#[async_trait::async_trait]
impl OrderSource for Yahoo {
    fn windows(&self, look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
        search::windows(look, period, statuses, now)
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
        _window: &Window,
        token: Option<&PageToken>,
        page: &ListPage,
        _last_ordered_at: Option<UtcMillis>,
    ) -> Option<PageToken> {
        search::next_page(token, page)
    }

    async fn fetch(&self, session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
        get::fetch(session, ids).await
    }

    fn read_document(&self, raw: &[u8]) -> Result<Snapshot, String> {
        mapping::read_order(raw).map_err(|misread| misread.to_string())
    }
}

#[async_trait::async_trait]
impl OrderWriter for Yahoo {
    fn decide(&self, steps: &[Step], order: &Snapshot) -> Vec<Decision> {
        write::decide(steps, order)
    }

    fn build(&self, kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
        write::build(kind, steps, settings)
    }

    async fn prepare(&self, session: &Session<'_>, draft: CallDraft) -> Result<CallDraft, MallError> {
        write::prepare(draft, session.now)
    }

    fn read_answer(&self, draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading {
        write::read_answer(draft, answer, now)
    }
}
