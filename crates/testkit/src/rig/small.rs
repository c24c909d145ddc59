//! The same mall in small bites: short windows, short pages, few orders a call, so that a small world meets every turn
//! of an import.

use crate::transport::path_of;
use domain::{MallOrderId, Reason, ShopId, Snapshot, UtcMillis};
use engine::Transport;
use mall_api::{
    CredentialCheck, Credentials, Descriptor, Fetched, ListPage, Look, Mall, MallError, OrderSource,
    OrderWriter, PageToken, Period, Session, Settings, Window, WireAnswer, WireError, WireRequest,
};
use std::sync::Arc;

/// Orders on a page of the list.
const PAGE: usize = 24;
/// Orders in one call for details.
const FETCH: usize = 10;

/// A mall whose lists and calls are short.
pub struct SmallPages(Arc<dyn Mall>);

impl SmallPages {
    /// Every mall the program knows, in small bites.
    pub fn registry() -> Vec<Arc<dyn Mall>> {
        malls::registry().into_iter().map(|mall| Arc::new(Self(mall)) as Arc<dyn Mall>).collect()
    }

    fn source(&self) -> Result<&dyn OrderSource, MallError> {
        let none = || MallError::new(mall_api::MallErrorKind::Refused, domain::reason::mall_has_no_notice());
        self.0.orders().ok_or_else(none)
    }
}

#[async_trait::async_trait]
impl Mall for SmallPages {
    fn descriptor(&self) -> &Descriptor {
        self.0.descriptor()
    }

    fn pacing_key(&self, shop: ShopId, credentials: &Credentials) -> String {
        self.0.pacing_key(shop, credentials)
    }

    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        settings: &Settings,
        now: UtcMillis,
    ) -> Result<(), Reason> {
        self.0.authorise(request, credentials, settings, now)
    }

    async fn check_credential(
        &self,
        session: &Session<'_>,
        credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError> {
        self.0.check_credential(session, credentials).await
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        self.0.orders().map(|_| self as &dyn OrderSource)
    }

    fn writer(&self) -> Option<&dyn OrderWriter> {
        self.0.writer()
    }
}

fn begin(token: Option<&PageToken>) -> usize {
    token.and_then(|t| t.token.parse().ok()).unwrap_or(0)
}

#[async_trait::async_trait]
impl OrderSource for SmallPages {
    fn windows(&self, look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
        let Ok(source) = self.source() else { return Vec::new() };
        let middle = period.to.plus(-domain::time::HOUR).max(period.from);
        let mut windows = source.windows(look, Period { to: middle, ..period }, statuses, now);
        windows.extend(source.windows(look, Period { from: middle, ..period }, statuses, now));
        windows
    }

    fn fetch_limit(&self) -> usize {
        FETCH
    }

    async fn list(
        &self,
        session: &Session<'_>,
        window: &Window,
        page: Option<&PageToken>,
    ) -> Result<ListPage, MallError> {
        let whole = self.source()?.list(session, window, None).await?;
        let total = i64::try_from(whole.entries.len()).ok();
        let entries = whole.entries.into_iter().skip(begin(page)).take(PAGE).collect();
        Ok(ListPage { entries, total, ..ListPage::default() })
    }

    fn next_page(
        &self,
        _window: &Window,
        token: Option<&PageToken>,
        page: &ListPage,
        _last_ordered_at: Option<UtcMillis>,
    ) -> Option<PageToken> {
        let end = begin(token) + page.entries.len();
        let more = !page.entries.is_empty() && i64::try_from(end).ok() < page.total;
        more.then(|| PageToken { token: end.to_string(), shifting: true })
    }

    async fn fetch(&self, session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
        self.source()?.fetch(session, ids).await
    }

    fn read_document(&self, raw: &[u8]) -> Result<Snapshot, String> {
        self.source().map_err(|_| String::new())?.read_document(raw)
    }
}

/// Everything goes to one address, whatever the shop's own says: the mall has a new port in each case.
pub struct ToAddress<T> {
    /// The way there.
    pub inner: T,
    /// `http://host:port`.
    pub base_url: String,
}

#[async_trait::async_trait]
impl<T: Transport> Transport for ToAddress<T> {
    async fn exchange(
        &self,
        _base_url: &str,
        request: &WireRequest,
        timeout_ms: i64,
    ) -> Result<WireAnswer, WireError> {
        let address = request.address.as_deref().map(|a| format!("{}{}", self.base_url, path_of(a)));
        let request = WireRequest { address, ..request.clone() };
        self.inner.exchange(&self.base_url, &request, timeout_ms).await
    }
}
