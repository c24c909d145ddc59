//! A machine's clock that may be wrong while the malls' is right: wall time is off, waiting is not.

use domain::UtcMillis;
use mall_api::Clock;
use mall_api::clock::{Token, VirtualClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The true clock, and how far this one is off.
#[derive(Clone)]
pub struct WrongClock {
    truth: VirtualClock,
    off: Arc<AtomicI64>,
}

impl WrongClock {
    /// One that is right so far.
    #[must_use]
    pub fn new(truth: VirtualClock) -> Self {
        Self { truth, off: Arc::default() }
    }

    /// It is off by so many milliseconds from now on.
    pub fn set(&self, off_ms: i64) {
        self.off.store(off_ms, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Clock for WrongClock {
    fn now(&self) -> UtcMillis {
        self.truth.now().plus(self.off.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> i64 {
        self.truth.monotonic_ms()
    }

    async fn sleep_ms(&self, millis: i64) {
        self.truth.sleep_ms(millis).await;
    }

    fn enter(&self) -> Token {
        self.truth.enter()
    }
}
