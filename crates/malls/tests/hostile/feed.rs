//! Feeds one piece of outside bytes to every parser of every mall. Used by the property tests beside it and by the
//! fuzz targets in `fuzz/`. Knows no mall: what it meets comes from the registry.

use domain::write::{SendMode, Step, WantedParcel, WriteKind};
use domain::{ParcelId, Snapshot, StepId, UtcMillis};
use mall_api::files::InFile;
use mall_api::{
    CallDraft, Credentials, Decision, Look, Mall, Outgoing, Period, Session, Settings, Wire, WireAnswer, WireError,
    WireRequest,
};
use std::sync::Arc;

/// 2026-11-22 12:00 in Japan.
const NOW: UtcMillis = UtcMillis(1_795_316_400_000);

/// A wire on the other end of which every question gets the same answer.
struct Same(WireAnswer);

#[async_trait::async_trait]
impl Wire for Same {
    async fn send(&self, _request: WireRequest) -> Result<WireAnswer, WireError> {
        Ok(self.0.clone())
    }
}

/// How an answer of these bytes may look.
pub fn answers(bytes: &[u8]) -> Vec<WireAnswer> {
    let of = |status: u16, content_type: &str| WireAnswer {
        status,
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: bytes::Bytes::copy_from_slice(bytes),
    };
    let mut all: Vec<_> = [200, 207, 400, 401, 403, 429, 500, 503]
        .into_iter()
        .flat_map(|status| [of(status, "application/json"), of(status, "application/xml")])
        .collect();
    let mut packed = of(200, "text/tab-separated-values;charset=Shift_JIS");
    packed.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
    all.push(packed);
    all
}

fn settings(mall: &dyn Mall) -> Settings {
    let fields = &mall.descriptor().settings;
    let value = |f: &mall_api::descriptor::SettingField| match (f.required, f.default) {
        (true, "") => "teststore".to_owned(),
        (_, default) => default.to_owned(),
    };
    Settings(fields.iter().map(|f| (f.key.to_owned(), value(f))).collect())
}

fn step(kind: WriteKind) -> Step {
    let parcel = WantedParcel {
        parcel_id: ParcelId(1),
        version: 1,
        recipient_key: "1".into(),
        carrier_code: "1001".into(),
        tracking_number: "400000000001".into(),
        shipped_on: None,
        mall_ref: None,
        contents: Vec::new(),
    };
    Step {
        step_id: StepId(1),
        kind,
        mall_order_id: "1".into(),
        parcel: (kind == WriteKind::ShipmentNotice).then_some(parcel),
        target: Some("5".to_owned()),
    }
}

fn drafts(mall: &dyn Mall, order: Option<&Snapshot>) -> Vec<CallDraft> {
    let Some(writer) = mall.writer() else { return Vec::new() };
    let settings = settings(mall);
    let mut all = Vec::new();
    for kind in WriteKind::ALL.into_iter().filter(|k| mall.descriptor().write(*k).is_some()) {
        let mode = match order.map(|o| writer.decide(&[step(kind)], o)).and_then(|mut d| d.pop()) {
            Some(Decision::Send(mode)) => mode,
            _ => SendMode::Add,
        };
        let order = order.cloned().map(Arc::new);
        let sent = Outgoing { step: step(kind), mode, order };
        all.extend(writer.build(kind, std::slice::from_ref(&sent), &settings));
    }
    all
}

/// Gives the bytes to everything that reads bytes from outside: order documents, lists, details, tokens, write
/// answers, results, uploaded files. Returns how many parsers were fed, so that a test can see that it was not empty.
pub async fn every_parser(mall: &dyn Mall, bytes: &[u8]) -> usize {
    let settings = settings(mall);
    let mut fed = 0;
    let mut order = None;
    if let Some(source) = mall.orders() {
        order = source.read_document(bytes).ok();
        fed += 1;
        let period = Period { from: NOW.plus(-domain::time::DAY), to: NOW };
        for answer in answers(bytes) {
            let wire = Same(answer);
            let session = Session { wire: &wire, settings: &settings, now: NOW };
            for look in [Look::Ordered, Look::News] {
                for window in source.windows(look, period, &[], NOW).iter().take(2) {
                    if let Ok(page) = source.list(&session, window, None).await {
                        let token = source.next_page(window, None, &page, None);
                        drop(source.list(&session, window, token.as_ref()).await);
                    }
                }
            }
            drop(source.fetch(&session, &["1".into()]).await);
            fed += 2;
        }
    }
    if let Some(grant) = mall.grant() {
        for answer in answers(bytes) {
            drop(grant.read_tokens(&answer, NOW));
            let _ = grant.is_stale(&answer);
            fed += 1;
        }
    }
    if let Some(writer) = mall.writer() {
        for draft in drafts(mall, order.as_ref()) {
            for answer in answers(bytes) {
                drop(writer.read_answer(&draft, &answer, NOW));
                let wire = Same(answer);
                let session = Session { wire: &wire, settings: &settings, now: NOW };
                drop(writer.result(&session, &draft, "receipt").await);
                drop(writer.find_receipt(&session, &draft, NOW).await);
                fed += 3;
            }
        }
    }
    if let Some(files) = mall.order_files() {
        let file = InFile { name: "file", bytes };
        let _ = files.kind_of(file);
        for kind in files.kinds() {
            drop(files.read(&[(kind.key, file)], &settings, NOW));
            fed += 1;
        }
    }
    for answer in answers(bytes) {
        let _ = mall.told_interval_ms("", &answer);
        let wire = Same(answer);
        let session = Session { wire: &wire, settings: &settings, now: NOW };
        drop(mall.check_credential(&session, &Credentials::default()).await);
        fed += 1;
    }
    fed
}
