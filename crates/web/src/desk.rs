//! What every door of the back office works with: the hub (ledger, malls, clock), settings, and what every page shows, read
//! once a second for everybody.

use crate::kept::Kept;
use domain::carrier::{Carrier, ShippingMethod};
use domain::phase::Phase;
use domain::{ShopId, UtcMillis};
use engine::Hub;
use engine::keys::BoardRow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use store::{Access, Ledger, Shop, StoreError};

/// How the back office runs.
#[derive(Debug, Clone, Default)]
pub struct DeskConfig {
    /// Address people use, with scheme. `https` makes cookies `Secure`. Links and OAuth start from it; never from a Host
    /// header (F72).
    pub base_url: String,
    /// The demo: a banner says so.
    pub demo: bool,
    /// Private addresses may be entered as endpoints.
    pub allow_private_endpoints: bool,
    /// Where the data lies, if it is a folder: its free space is looked at.
    pub folder: Option<PathBuf>,
}

impl DeskConfig {
    /// People come over HTTPS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// Counts for the phase bar, of all shops; each page shows those its visitor may see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// Orders by shop and phase.
    pub phases: BTreeMap<(ShopId, String), i64>,
    /// States and flags by shop and name.
    pub states: BTreeMap<(ShopId, String), i64>,
}

impl Counts {
    fn sum(of: &BTreeMap<(ShopId, String), i64>, access: &Access) -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        for ((shop, name), n) in of {
            if access.sees(*shop) {
                *sums.entry(name.clone()).or_default() += n;
            }
        }
        sums
    }

    /// By phase, of the shops that may be seen.
    #[must_use]
    pub fn by_phase(&self, access: &Access) -> BTreeMap<String, i64> {
        Self::sum(&self.phases, access)
    }

    /// By state or flag, of the shops that may be seen.
    #[must_use]
    pub fn by_state(&self, access: &Access) -> BTreeMap<String, i64> {
        Self::sum(&self.states, access)
    }
}

/// Names and choices of the whole house.
pub struct Masters {
    /// 店舗 that are not archived.
    pub shops: Vec<Shop>,
    /// 処理フェーズ in their order.
    pub phases: Vec<Phase>,
    /// 配送業者.
    pub carriers: Vec<Carrier>,
    /// 配送便.
    pub methods: Vec<ShippingMethod>,
    /// タグ in use.
    pub tags: Vec<String>,
}

impl Masters {
    async fn read(ledger: &Ledger) -> Result<Self, StoreError> {
        Ok(Self {
            shops: ledger.shops().await?,
            phases: ledger.phases().await?,
            carriers: ledger.carriers().await?,
            methods: ledger.shipping_methods().await?,
            tags: ledger.all_tags().await?,
        })
    }
}

/// The back office.
pub struct Desk {
    /// Ledger, malls, clock; runs the lanes unless another process does.
    pub hub: Arc<Hub>,
    /// How it runs.
    pub config: DeskConfig,
    /// Sign-ins of late, against guessing.
    pub guesses: crate::door::guesses::Guesses,
    counts: Kept<Counts>,
    masters: Kept<Masters>,
    payments: Kept<Vec<(String, String)>>,
    keys: Kept<Vec<BoardRow>>,
}

/// What another process changed is seen after so long, milliseconds.
const SHOWN_MS: i64 = 1_000;
/// Payment methods are counted over thousands of orders, and a new one is rare.
const PAYMENTS_MS: i64 = domain::time::MINUTE;

impl Desk {
    /// Over a hub.
    #[must_use]
    pub fn new(hub: Arc<Hub>, config: DeskConfig) -> Arc<Self> {
        Arc::new(Self {
            hub,
            config,
            guesses: crate::door::guesses::Guesses::default(),
            counts: Kept::new(SHOWN_MS),
            masters: Kept::new(SHOWN_MS),
            payments: Kept::new(PAYMENTS_MS),
            keys: Kept::new(SHOWN_MS),
        })
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.hub.ledger
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UtcMillis {
        self.hub.clock.now()
    }

    /// Counts, at most a second old.
    ///
    /// # Errors
    /// As the database says.
    pub async fn counts(&self) -> Result<Arc<Counts>, StoreError> {
        let ledger = self.ledger();
        let read = async {
            Ok(Counts { phases: ledger.phase_counts().await?, states: ledger.shop_states().await? })
        };
        self.counts.get(self.hub.clock.monotonic_ms(), read).await
    }

    /// Names and choices, at most a second old.
    ///
    /// # Errors
    /// As the database says.
    pub async fn masters(&self) -> Result<Arc<Masters>, StoreError> {
        self.masters.get(self.hub.clock.monotonic_ms(), Masters::read(self.ledger())).await
    }

    /// Payment methods in use, the most frequent first: the mall's code and its name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn payment_methods(&self) -> Result<Arc<Vec<(String, String)>>, StoreError> {
        self.payments.get(self.hub.clock.monotonic_ms(), self.ledger().payment_methods()).await
    }

    /// How the credentials of all shops stand, at most a second old, the most urgent first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn keys(&self) -> Result<Arc<Vec<BoardRow>>, StoreError> {
        let read = async {
            let masters = self.masters().await?;
            engine::keys::board(self.ledger(), &|key| self.hub.mall(key), &masters.shops, self.now()).await
        };
        self.keys.get(self.hub.clock.monotonic_ms(), read).await
    }

    /// What a person just changed is counted anew, also within the answer to it.
    pub fn recount(&self) {
        self.counts.forget();
        self.keys.forget();
    }

    /// Something may have been changed through a door.
    pub fn changed(&self) {
        self.recount();
        self.masters.forget();
    }
}
