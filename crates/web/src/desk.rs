//! What every door of the back office works with: the hub (ledger, malls, clock), settings, and counts that are read once a
//! second for everybody.

use domain::{ShopId, UtcMillis};
use engine::Hub;
use engine::keys::BoardRow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Access, Ledger, StoreError};

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

/// The back office.
pub struct Desk {
    /// Ledger, malls, clock; runs the lanes unless another process does.
    pub hub: Arc<Hub>,
    /// How it runs.
    pub config: DeskConfig,
    /// Sign-ins of late, against guessing.
    pub guesses: crate::door::guesses::Guesses,
    counts: Mutex<Option<(i64, Arc<Counts>)>>,
    keys: Mutex<Option<(i64, Arc<Vec<BoardRow>>)>>,
}

/// Counts are read again after so long, milliseconds.
const COUNTS_MS: i64 = 1_000;

impl Desk {
    /// Over a hub.
    #[must_use]
    pub fn new(hub: Arc<Hub>, config: DeskConfig) -> Arc<Self> {
        Arc::new(Self {
            hub,
            config,
            guesses: crate::door::guesses::Guesses::default(),
            counts: Mutex::new(None),
            keys: Mutex::new(None),
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
        let at = self.hub.clock.monotonic_ms();
        if let Some((read_at, counts)) = &*self.counts.lock().unwrap_or_else(PoisonError::into_inner)
            && at - read_at < COUNTS_MS
        {
            return Ok(Arc::clone(counts));
        }
        let phases = self.ledger().phase_counts().await?;
        let states = self.ledger().shop_states().await?;
        let counts = Arc::new(Counts { phases, states });
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, Arc::clone(&counts)));
        Ok(counts)
    }

    /// How the credentials of all shops stand, at most a second old, the most urgent first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn keys(&self) -> Result<Arc<Vec<BoardRow>>, StoreError> {
        let at = self.hub.clock.monotonic_ms();
        if let Some((read_at, keys)) = &*self.keys.lock().unwrap_or_else(PoisonError::into_inner)
            && at - read_at < COUNTS_MS
        {
            return Ok(Arc::clone(keys));
        }
        let shops = self.ledger().shops().await?;
        let rows = engine::keys::board(self.ledger(), &|key| self.hub.mall(key), &shops, self.now()).await?;
        let keys = Arc::new(rows);
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, Arc::clone(&keys)));
        Ok(keys)
    }

    /// What a person just changed is read anew.
    pub fn recount(&self) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
