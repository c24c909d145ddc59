//! 楽天 with what it does not have: fraud holds, a status that can be set, and orders no question may name.

use domain::hold::Hold;
use domain::snapshot::Snapshot;
use domain::time::SECOND;
use domain::write::{SendMode, Step, WriteKind};
use domain::{MallOrderId, Reason, ShopId, UtcMillis, reason};
use engine::requests::{IMPORT, ImportRequest, NOTIFY, NotifyRequest};
use engine::{Hub, HubConfig, doors};
use mall_api::descriptor::{Descriptor, Repeat, WriteOperation};
use mall_api::{
    AnswerReading, CallDraft, CredentialCheck, Credentials, Decision, Fetched, ListPage, Look, Mall,
    MallError, MallErrorKind, OrderSource, OrderWriter, Outgoing, PageToken, Period, Session, Settings,
    Window, WireAnswer, WireRequest,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use testkit::house::House;

/// What the wrapped mall says besides.
#[derive(Default)]
struct Said {
    holds: BTreeMap<String, Hold>,
    spoilt: BTreeSet<String>,
    questions: Vec<usize>,
}

/// The wrapped mall.
pub struct HoldingMall {
    inner: Arc<dyn Mall>,
    descriptor: Descriptor,
    said: Mutex<Said>,
}

impl HoldingMall {
    pub fn new() -> Arc<Self> {
        let inner = malls::by_key("rakuten").unwrap();
        let mut descriptor = inner.descriptor().clone();
        // The only status a shop can set at 楽天 is 300, by 注文確認: it stands for any other here.
        descriptor.writes.push(WriteOperation {
            kind: WriteKind::MallStatus,
            look_first: true,
            repeat: Repeat::Safe,
            settle_ms: 60 * SECOND,
            result_deadline_ms: 3_600 * SECOND,
            poll_after_ms: 5 * SECOND,
            queued: &[],
        });
        Arc::new(Self { inner, descriptor, said: Mutex::default() })
    }

    /// The mall now says this of an order.
    pub fn hold(&self, number: &str, hold: Hold) {
        self.said.lock().unwrap().holds.insert(number.to_owned(), hold);
    }

    pub fn review(&self, number: &str) {
        self.hold(number, Hold::Fraud { raw: "1".to_owned() });
    }

    /// Every question that names the order is refused as a whole.
    pub fn spoil(&self, number: &str, spoilt: bool) {
        let mut said = self.said.lock().unwrap();
        if spoilt {
            said.spoilt.insert(number.to_owned())
        } else {
            said.spoilt.remove(number)
        };
    }

    /// How many orders each question for details named.
    pub fn questions(&self) -> Vec<usize> {
        self.said.lock().unwrap().questions.clone()
    }

    /// A hub of the house that knows this mall instead of the plain one.
    pub fn hub(self: &Arc<Self>, house: &House, config: HubConfig) -> Arc<Hub> {
        let mall: Arc<dyn Mall> = Arc::clone(self) as Arc<dyn Mall>;
        let clock = Arc::new(house.clock.clone());
        let config = HubConfig { poll_ms: 5_000, ..config };
        Hub::new(Arc::clone(&house.ledger), vec![mall], clock, Arc::clone(&house.transport), config)
    }

    /// A hub that does everything by itself.
    pub fn busy(self: &Arc<Self>, house: &House) -> Arc<Hub> {
        self.hub(house, HubConfig::default())
    }

    /// A hub that does what it is asked.
    pub fn quiet(self: &Arc<Self>, house: &House) -> Arc<Hub> {
        self.hub(house, HubConfig { schedules: false, ..HubConfig::default() })
    }

    pub async fn import(self: &Arc<Self>, house: &House, body: &ImportRequest) -> doors::Progress {
        let (hub, by) = (self.quiet(house), domain::history::By::Cli);
        doors::ask_and_work(&hub, &house.shops[0], IMPORT, body, &by, &mut |_| {}).await.unwrap()
    }

    pub async fn asked(self: &Arc<Self>, house: &House, number: &str, kind: WriteKind) -> serde_json::Value {
        let orders = Some(vec![house.order(number).await.unwrap().seq]);
        let (hub, by, body) =
            (self.quiet(house), domain::history::By::Cli, NotifyRequest { kind, orders, target: None });
        let done = doors::ask_and_work(&hub, &house.shops[0], NOTIFY, &body, &by, &mut |_| {}).await;
        done.unwrap().request.result.unwrap()
    }

    fn source(&self) -> &dyn OrderSource {
        self.inner.orders().unwrap()
    }

    fn inner_writer(&self) -> &dyn OrderWriter {
        self.inner.writer().unwrap()
    }
}

#[async_trait::async_trait]
impl Mall for HoldingMall {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn pacing_key(&self, shop: ShopId, credentials: &Credentials) -> String {
        self.inner.pacing_key(shop, credentials)
    }

    fn authorise(
        &self,
        request: &mut WireRequest,
        credentials: &Credentials,
        settings: &Settings,
        now: UtcMillis,
    ) -> Result<(), Reason> {
        self.inner.authorise(request, credentials, settings, now)
    }

    async fn check_credential(
        &self,
        session: &Session<'_>,
        credentials: &Credentials,
    ) -> Result<CredentialCheck, MallError> {
        self.inner.check_credential(session, credentials).await
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        Some(self)
    }

    fn writer(&self) -> Option<&dyn OrderWriter> {
        Some(self)
    }
}

#[async_trait::async_trait]
impl OrderSource for HoldingMall {
    fn windows(&self, look: Look, period: Period, statuses: &[String], now: UtcMillis) -> Vec<Window> {
        self.source().windows(look, period, statuses, now)
    }

    fn fetch_limit(&self) -> usize {
        16
    }

    async fn list(
        &self,
        session: &Session<'_>,
        window: &Window,
        page: Option<&PageToken>,
    ) -> Result<ListPage, MallError> {
        self.source().list(session, window, page).await
    }

    fn next_page(
        &self,
        window: &Window,
        token: Option<&PageToken>,
        page: &ListPage,
        last_ordered_at: Option<UtcMillis>,
    ) -> Option<PageToken> {
        self.source().next_page(window, token, page, last_ordered_at)
    }

    async fn fetch(&self, session: &Session<'_>, ids: &[MallOrderId]) -> Result<Fetched, MallError> {
        {
            let mut said = self.said.lock().unwrap();
            said.questions.push(ids.len());
            if ids.iter().any(|id| said.spoilt.contains(id.as_str())) {
                return Err(MallError::new(MallErrorKind::Refused, reason::mall_code_unknown("spoilt")));
            }
        }
        let mut fetched = self.source().fetch(session, ids).await?;
        let said = self.said.lock().unwrap();
        for order in &mut fetched.orders {
            if let Some(hold) = said.holds.get(order.mall_order_id.as_str()) {
                order.snapshot.facts.hold = hold.clone();
            }
        }
        Ok(fetched)
    }

    fn read_document(&self, raw: &[u8]) -> Result<Snapshot, String> {
        self.source().read_document(raw)
    }
}

/// A status is set by the call that confirms an order.
fn as_confirmation(step: &Step) -> Step {
    Step { kind: WriteKind::ConfirmOrder, ..step.clone() }
}

impl OrderWriter for HoldingMall {
    fn decide(&self, steps: &[Step], order: &Snapshot) -> Vec<Decision> {
        let plain = self.inner_writer().decide(steps, order);
        let status = |step: &Step| match step.target.as_deref() {
            Some(target) if target != order.facts.status.code => Decision::Send(SendMode::Add),
            _ => Decision::AlreadyThere { mall_ref: None },
        };
        let is_status = |step: &Step| step.kind == WriteKind::MallStatus;
        steps.iter().zip(plain).map(|(s, d)| if is_status(s) { status(s) } else { d }).collect()
    }

    fn build(&self, kind: WriteKind, steps: &[Outgoing], settings: &Settings) -> Vec<CallDraft> {
        if kind != WriteKind::MallStatus {
            return self.inner_writer().build(kind, steps, settings);
        }
        let confirm = |out: &Outgoing| Outgoing { step: as_confirmation(&out.step), ..out.clone() };
        let steps: Vec<Outgoing> = steps.iter().map(confirm).collect();
        let drafts = self.inner_writer().build(WriteKind::ConfirmOrder, &steps, settings);
        drafts.into_iter().map(|draft| CallDraft { kind, ..draft }).collect()
    }

    fn read_answer(&self, draft: &CallDraft, answer: &WireAnswer, now: UtcMillis) -> AnswerReading {
        let kind = if draft.kind == WriteKind::MallStatus { WriteKind::ConfirmOrder } else { draft.kind };
        self.inner_writer().read_answer(&CallDraft { kind, ..draft.clone() }, answer, now)
    }
}
