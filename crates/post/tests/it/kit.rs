//! What the stories share: a house whose shop is hurried by word from outside, and somebody who listens in it.

use domain::ImportMode;
use engine::Hub;
use engine::http_wire::EndpointPolicy;
use engine::listening::Listeners;
use mall_api::Clock;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use store::listeners::{Listener, NewListener};
use store::{Access, Shop};
use testkit::house::House;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Somebody listens.
pub struct Listening {
    pub hub: Arc<Hub>,
    changes: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

/// Kinds that may speak to this machine.
pub fn kinds(house: &House) -> Vec<Arc<dyn engine::listening::Listening>> {
    let clock: Arc<dyn Clock> = Arc::new(house.clock.clone());
    post::listening(EndpointPolicy { allow_private: true }, &clock)
}

/// Adds a listener to the ledger.
pub async fn add(house: &House, kind: &str, config: Value, secret: &str) {
    let new = NewListener { kind: kind.into(), name: "新着".into(), config };
    house.ledger.add_listener(&new, secret).await.unwrap();
}

impl Listening {
    /// Begins to listen, on a hub that does not work lanes yet.
    pub fn begin(house: &House) -> Self {
        let hub = house.hub();
        hub.listens_by(kinds(house));
        let listeners = Listeners::new(&hub);
        let changes = listeners.changes();
        let task = tokio::spawn(listeners.run());
        Self { hub, changes, task }
    }

    /// Waits for something that listening changes; time stands still meanwhile.
    pub async fn until(&mut self, what: &str, mut done: impl AsyncFnMut() -> bool) {
        let waited = timeout(Duration::from_secs(60), async {
            loop {
                self.changes.mark_unchanged();
                if done().await {
                    return;
                }
                self.changes.changed().await.unwrap();
            }
        });
        assert!(waited.await.is_ok(), "never: {what}");
    }

    /// Ends it.
    pub async fn end(self) {
        self.hub.stop();
        self.task.await.unwrap();
    }
}

/// The one listener.
pub async fn listener(house: &House) -> Listener {
    house.ledger.listeners().await.unwrap().pop().unwrap()
}

/// All mails up to the `n`-th of the mailbox's life were read.
pub async fn read_up_to(house: &House, n: u64) -> bool {
    let mark = listener(house).await.bookmark.unwrap_or_default();
    mark["next"].as_u64().is_some_and(|next| next > n)
}

/// The listener works.
pub async fn is_alive(house: &House) -> bool {
    let row = listener(house).await;
    row.heard_at.is_some() && row.failing_since.is_none()
}

/// A shop as it stands.
pub async fn shop(house: &House, at: usize) -> Shop {
    house.ledger.shop(house.shops[at].shop_id).await.unwrap().unwrap()
}

/// The shop is hurried by word from outside from now on.
pub async fn hurry(house: &House, at: usize) {
    let mut shop = shop(house, at).await;
    shop.set_import_mode(ImportMode::Mail, house.now());
    house.ledger.update_shop(&shop, house.now()).await.unwrap();
}

/// Numbers of the 仮伝票 that wait.
pub async fn waiting(house: &House) -> Vec<String> {
    let rows = house.ledger.waiting_provisional(&Access::full(), 100).await.unwrap();
    rows.into_iter().map(|p| p.mall_order_id.0).collect()
}
