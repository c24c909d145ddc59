//! Tests of the 楽天 adapter: a scripted wire and documents written from rakuten.md, with invented people.

mod data;
mod fixtures;
mod gates;
mod listing;
mod mapping_rules;
mod mapping_values;
mod mutations;
mod order_file;
mod shipments;
mod shipments_async;
mod writing;

use super::Rakuten;
use bytes::Bytes;
use domain::snapshot::{Content, MallFacts};
use domain::write::{SendMode, Step};
use domain::{Snapshot, UtcMillis};
use mall_api::{
    Decision, OrderWriter as _, Outgoing, Session, Settings, Wire, WireAnswer, WireError, WireRequest,
};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Mutex;

/// Records every request and gives the next answer of its script.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<WireAnswer, WireError>>>,
    asked: Mutex<Vec<WireRequest>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = WireAnswer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().map(Ok).collect()), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<WireRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// Body of the n-th request.
    fn body(&self, n: usize) -> Value {
        serde_json::from_slice(&self.asked()[n].body).unwrap()
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait::async_trait]
impl Wire for Script {
    async fn send(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        self.asked.lock().unwrap().push(request);
        self.answers
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Err(WireError::NoAnswer { what: "script is over".into() }))
    }
}

fn answer(status: u16, body: &Value) -> WireAnswer {
    raw_answer(status, "application/json;charset=utf-8", body.to_string())
}

fn raw_answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> WireAnswer {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    WireAnswer { status, headers, body: body.into() }
}

fn time(text: &str) -> UtcMillis {
    UtcMillis::parse_lenient(text).unwrap()
}

fn now() -> UtcMillis {
    time("2026-11-22 12:00:00")
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

/// What the adapter decides for an order that stands so at the mall.
fn decide_at(steps: &[Step], facts: &MallFacts) -> Vec<Decision> {
    let order = Snapshot {
        mapping_version: 1,
        mall_order_id: "a".into(),
        ordered_at: now(),
        facts: facts.clone(),
        content: Content::default(),
    };
    Rakuten.decide(steps, &order)
}

fn outgoing(steps: &[(Step, SendMode)]) -> Vec<Outgoing> {
    let sent =
        |(step, mode): &(Step, SendMode)| Outgoing { step: step.clone(), mode: mode.clone(), order: None };
    steps.iter().map(sent).collect()
}

/// Runs one piece of work against a script.
fn with<T>(script: &Script, pairs: &[(&str, &str)], work: impl AsyncFnOnce(&Session<'_>) -> T) -> T {
    let settings = settings(pairs);
    let session = Session { wire: script, settings: &settings, now: now() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work(&session))
}

/// A message of the order API.
fn message(kind: &str, code: &str, order: Option<&str>, extra: &Value) -> Value {
    let mut message = json!({
        "messageType": kind,
        "messageCode": format!("ORDER_EXT_API_{code}"),
        "message": "…",
    });
    let object = message.as_object_mut().unwrap();
    if let Some(order) = order {
        object.insert("orderNumber".into(), json!(order));
    }
    for (key, value) in extra.as_object().into_iter().flatten() {
        object.insert(key.clone(), value.clone());
    }
    message
}
