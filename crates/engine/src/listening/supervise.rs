//! Keeps listeners listening: begins and ends them as their settings say, tries again what failed with growing waits, and
//! writes down how they are. Any process may do it, several at once too: a word is kept once.

use super::{Ear, Listening, Place, Said, heard, shop_of};
use crate::hub::Hub;
use domain::time::{MINUTE, SECOND};
use domain::{Reason, ShopId, reason};
use futures::FutureExt as _;
use mall_api::clock::Token;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::StoreError;
use store::listeners::Listener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between two looks at the settings.
const LOOK_MS: i64 = 15 * SECOND;
/// First wait after a failure; each further one is twice as long.
const FIRST_WAIT_MS: i64 = 5 * SECOND;
/// No wait is longer.
const LONGEST_WAIT_MS: i64 = 5 * MINUTE;
/// Signs of life are written down so often at most.
const ALIVE_MS: i64 = MINUTE;

/// The wait after so many failures in a row (one, two …).
fn wait_ms(failures: u32) -> i64 {
    let doubled = FIRST_WAIT_MS.saturating_mul(1_i64 << failures.saturating_sub(1).min(16));
    doubled.min(LONGEST_WAIT_MS)
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps listeners listening.
pub struct Listeners {
    hub: Arc<Hub>,
    changed: watch::Sender<u64>,
}

impl Listeners {
    /// For the kinds the hub knows.
    #[must_use]
    pub fn new(hub: &Arc<Hub>) -> Arc<Self> {
        Arc::new(Self { hub: Arc::clone(hub), changed: watch::Sender::new(0) })
    }

    /// Rises whenever a listener heard something, gave a sign of life or failed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn bump(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Works until the hub is asked to stop. It counts as busy from the call on.
    pub fn run(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let (listeners, token) = (Arc::clone(self), self.hub.clock.enter());
        async move {
            let _token = token;
            listeners.work().await;
        }
    }

    async fn work(self: &Arc<Self>) {
        let mut running: HashMap<i64, (i64, AbortOnDrop)> = HashMap::new();
        while !self.hub.is_stopping() {
            match self.hub.ledger.listeners().await {
                Ok(rows) => self.look(rows, &mut running),
                Err(error) => tracing::warn!(%error, "listeners cannot be looked at; trying again"),
            }
            tokio::select! {
                () = self.hub.clock.sleep_ms(LOOK_MS) => {}
                () = self.hub.woken() => {}
                () = self.hub.stopped() => {}
            }
        }
    }

    fn look(self: &Arc<Self>, rows: Vec<Listener>, running: &mut HashMap<i64, (i64, AbortOnDrop)>) {
        running.retain(|id, (version, task)| {
            let wanted = rows.iter().any(|r| r.on && r.listener_id == *id && r.version == *version);
            wanted && !task.0.is_finished()
        });
        for row in rows.into_iter().filter(|r| r.on) {
            let Some(kind) = self.hub.listening(&row.kind) else { continue };
            let (listeners, version) = (Arc::clone(self), row.version);
            running.entry(row.listener_id).or_insert_with(|| {
                let token = self.hub.clock.enter();
                (version, AbortOnDrop(tokio::spawn(listeners.keep(row, kind, token))))
            });
        }
    }

    /// One listener, until it is ended from outside.
    async fn keep(self: Arc<Self>, row: Listener, kind: Arc<dyn Listening>, _token: Token) {
        let of = (row.listener_id, row.version);
        let mut bookmark = row.bookmark.clone();
        let mut failures = 0;
        loop {
            let ear = OneEar {
                listeners: Arc::clone(&self),
                of,
                only: shop_of(&row.config),
                told_at: AtomicI64::new(i64::MIN),
                signs: AtomicI64::new(0),
            };
            let why = self.listen(&row, &*kind, bookmark.take(), &ear).await;
            // What worked for a while begins anew with a short wait.
            failures = if ear.signs.load(Ordering::SeqCst) > 1 { 1 } else { failures + 1 };
            tracing::warn!(listener = %row.name, code = %why.code, "a listener failed; it is tried again");
            metrics::counter!("choba_listener_failures_total", "listener" => row.name.clone()).increment(1);
            if let Err(error) = self.hub.ledger.listener_failed(of, &why, self.hub.clock.now()).await {
                tracing::warn!(%error, "the state of a listener could not be written down");
            }
            self.bump();
            self.hub.clock.sleep_ms(wait_ms(failures)).await;
            bookmark = self.bookmark(row.listener_id).await;
        }
    }

    async fn listen(
        &self,
        row: &Listener,
        kind: &dyn Listening,
        bookmark: Option<Value>,
        ear: &OneEar,
    ) -> Reason {
        let secret = match self.hub.ledger.open_listener(row.listener_id).await {
            Ok(Some(secret)) => SecretString::from(secret),
            Ok(None) => return reason::listener_gone(),
            Err(error) => {
                tracing::warn!(%error, "the secret of a listener could not be opened");
                return reason::listener_secret_unreadable();
            }
        };
        let place = Place { config: row.config.clone(), secret, bookmark };
        // A mail that makes it stumble must not end it silently.
        match AssertUnwindSafe(kind.listen(&place, ear)).catch_unwind().await {
            Ok(why) => why,
            Err(_) => reason::listener_stumbled(),
        }
    }

    async fn bookmark(&self, id: i64) -> Option<Value> {
        let rows = self.hub.ledger.listeners().await.ok()?;
        rows.into_iter().find(|r| r.listener_id == id)?.bookmark
    }
}

/// The ear of one listener.
struct OneEar {
    listeners: Arc<Listeners>,
    of: (i64, i64),
    only: Option<ShopId>,
    told_at: AtomicI64,
    signs: AtomicI64,
}

#[async_trait::async_trait]
impl Ear for OneEar {
    async fn heard(&self, said: Said) -> Result<(), StoreError> {
        let new = heard::keep(&self.listeners.hub, self.only, &said).await?;
        let source = match said {
            Said::Mail(_) => "mail",
            Said::Message(_) => "queue",
        };
        let told = if new { "new" } else { "nothing" };
        metrics::counter!("choba_words_heard_total", "source" => source, "told" => told).increment(1);
        self.listeners.bump();
        Ok(())
    }

    async fn alive(&self, bookmark: Option<Value>) -> Result<(), StoreError> {
        let hub = &self.listeners.hub;
        let at = hub.clock.monotonic_ms();
        self.signs.fetch_add(1, Ordering::SeqCst);
        if bookmark.is_none() && at < self.told_at.load(Ordering::SeqCst).saturating_add(ALIVE_MS) {
            return Ok(());
        }
        hub.ledger.listener_alive(self.of, bookmark.as_ref(), hub.clock.now()).await?;
        self.told_at.store(at, Ordering::SeqCst);
        self.listeners.bump();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_never_beyond_five_minutes() {
        let waits: Vec<i64> = (1..=8).map(|n| wait_ms(n) / SECOND).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(wait_ms(u32::MAX), LONGEST_WAIT_MS);
    }
}
