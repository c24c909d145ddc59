//! Values that every page shows and that change seldom: read at most once in a while for everybody, and again as soon as
//! something was changed through this process. Knows nothing of what it keeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

struct Value<T> {
    read_at: i64,
    generation: u64,
    value: Arc<T>,
}

/// One value, at most so old.
pub struct Kept<T> {
    max_age_ms: i64,
    generation: AtomicU64,
    slot: Mutex<Option<Value<T>>>,
}

impl<T> Kept<T> {
    /// Nothing yet; read again after so many milliseconds.
    #[must_use]
    pub fn new(max_age_ms: i64) -> Self {
        Self { max_age_ms, generation: AtomicU64::new(0), slot: Mutex::new(None) }
    }

    /// The value, read if it is too old at `now_ms` (monotonic). Whoever comes meanwhile waits for that one reading.
    ///
    /// # Errors
    /// As the reading says; nothing is kept then.
    pub async fn get<E>(
        &self,
        now_ms: i64,
        read: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<Arc<T>, E> {
        let mut slot = self.slot.lock().await;
        // Before the reading: what is forgotten while it is read is read once more next time.
        let generation = self.generation.load(Ordering::SeqCst);
        if let Some(kept) = &*slot
            && kept.generation == generation
            && now_ms - kept.read_at < self.max_age_ms
        {
            return Ok(Arc::clone(&kept.value));
        }
        let value = Arc::new(read.await?);
        *slot = Some(Value { read_at: now_ms, generation, value: Arc::clone(&value) });
        Ok(value)
    }

    /// Something changed: the next one reads.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(kept: &Kept<i64>, now_ms: i64, value: i64) -> i64 {
        *kept.get(now_ms, async { Ok::<_, ()>(value) }).await.unwrap()
    }

    #[tokio::test]
    async fn a_value_is_read_again_when_it_is_old_or_forgotten() {
        let kept = Kept::new(1_000);
        assert_eq!(read(&kept, 0, 1).await, 1);
        assert_eq!(read(&kept, 999, 2).await, 1);
        assert_eq!(read(&kept, 1_000, 2).await, 2);
        kept.forget();
        assert_eq!(read(&kept, 1_001, 3).await, 3);
    }

    #[tokio::test]
    async fn what_is_forgotten_while_it_is_read_is_not_kept() {
        let kept = Kept::new(1_000);
        let first = kept.get(0, async {
            kept.forget();
            Ok::<_, ()>(1)
        });
        assert_eq!(*first.await.unwrap(), 1);
        assert_eq!(read(&kept, 1, 2).await, 2);
        assert!(kept.get(2_000, async { Err::<i64, _>("down") }).await.is_err());
        assert_eq!(read(&kept, 2_000, 3).await, 3);
    }
}
