//! The only source of time. Everything that needs to know the time or to wait is given a `Clock`.

use domain::UtcMillis;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Time and waiting.
#[async_trait::async_trait]
pub trait Clock: Send + Sync {
    /// Wall clock. May step (F48): never used to measure how long something took.
    fn now(&self) -> UtcMillis;

    /// Milliseconds since some moment of this process; never steps back. Leases are judged by it.
    fn monotonic_ms(&self) -> i64;

    /// Waits so many milliseconds on the monotonic clock.
    async fn sleep_ms(&self, millis: i64);

    /// Says that a task has begun which will wait on this clock; dropping the token says it has ended. A virtual
    /// clock moves only while every such task waits.
    fn enter(&self) -> Token {
        Token(None)
    }
}

/// A task that waits on a clock is running as long as this lives.
pub struct Token(Option<Arc<Shared>>);

impl Drop for Token {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            let mut state = shared.lock();
            state.tasks -= 1;
            shared.advance_if_quiet(state);
        }
    }
}

/// The machine's clock.
pub struct SystemClock {
    start: std::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
        let start = std::time::Instant::now();
        Self { start }
    }
}

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> UtcMillis {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
        let now = jiff::Timestamp::now();
        UtcMillis(now.as_millisecond())
    }

    fn monotonic_ms(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    async fn sleep_ms(&self, millis: i64) {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that really waits")]
        tokio::time::sleep(std::time::Duration::from_millis(millis.max(0).unsigned_abs())).await;
    }
}

/// Called with the new wall time each time a virtual clock moves.
pub type OnMove = Box<dyn Fn(UtcMillis) + Send + Sync>;

struct State {
    monotonic: i64,
    /// Wall minus monotonic; tests may step it.
    offset: i64,
    tasks: i64,
    next_id: u64,
    heap: BinaryHeap<Reverse<(i64, u64)>>,
    waiting: HashMap<u64, Waker>,
    /// Sleepers that were woken but have not been polled yet: they count as busy.
    woken: HashMap<u64, ()>,
}

/// The inside of a virtual clock.
pub struct Shared {
    state: Mutex<State>,
    on_move: Option<OnMove>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jumps to the next wake-up when every task waits.
    fn advance_if_quiet(&self, mut state: MutexGuard<'_, State>) {
        let waiting = i64::try_from(state.waiting.len()).unwrap_or(i64::MAX);
        if state.tasks == 0 || waiting < state.tasks || !state.woken.is_empty() {
            return;
        }
        while let Some(Reverse((at, id))) = state.heap.pop() {
            let Some(waker) = state.waiting.remove(&id) else { continue };
            state.monotonic = state.monotonic.max(at);
            state.woken.insert(id, ());
            let now = UtcMillis(state.monotonic + state.offset);
            drop(state);
            if let Some(on_move) = &self.on_move {
                on_move(now);
            }
            waker.wake();
            return;
        }
    }
}

/// A clock that tests move: it jumps to the next wake-up as soon as every task that entered it waits on it. Real
/// sockets and real databases work under it, because a task inside a call or a query does not wait on the clock.
#[derive(Clone)]
pub struct VirtualClock(Arc<Shared>);

impl VirtualClock {
    /// A clock standing at `now`.
    pub fn new(now: UtcMillis) -> Self {
        Self::with_hook(now, None)
    }

    /// The same; `on_move` is told each new time (a simulator in lock-step).
    pub fn with_hook(now: UtcMillis, on_move: Option<OnMove>) -> Self {
        let state = State {
            monotonic: 0,
            offset: now.0,
            tasks: 0,
            next_id: 0,
            heap: BinaryHeap::new(),
            waiting: HashMap::new(),
            woken: HashMap::new(),
        };
        Self(Arc::new(Shared { state: Mutex::new(state), on_move }))
    }

    /// Steps the wall clock, as an administrator or a leap would. The monotonic clock stays.
    pub fn step_wall(&self, millis: i64) {
        self.0.lock().offset += millis;
    }

    /// Moves both clocks on, waking whoever is due.
    pub fn advance(&self, millis: i64) {
        let mut state = self.0.lock();
        state.monotonic += millis.max(0);
        let (monotonic, now) = (state.monotonic, UtcMillis(state.monotonic + state.offset));
        let mut due = Vec::new();
        while state.heap.peek().is_some_and(|Reverse((at, _))| *at <= monotonic) {
            if let Some(Reverse((_, id))) = state.heap.pop()
                && let Some(waker) = state.waiting.remove(&id)
            {
                state.woken.insert(id, ());
                due.push(waker);
            }
        }
        drop(state);
        if let Some(on_move) = &self.0.on_move {
            on_move(now);
        }
        due.into_iter().for_each(Waker::wake);
    }
}

struct Sleep {
    shared: Arc<Shared>,
    until: i64,
    id: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        if let Some(id) = self.id {
            state.woken.remove(&id);
        }
        if state.monotonic >= self.until {
            if let Some(id) = self.id.take() {
                state.waiting.remove(&id);
            }
            return Poll::Ready(());
        }
        let id = match self.id {
            Some(id) => id,
            None => {
                state.next_id += 1;
                let id = state.next_id;
                state.heap.push(Reverse((self.until, id)));
                self.id = Some(id);
                id
            }
        };
        state.waiting.insert(id, context.waker().clone());
        shared.advance_if_quiet(state);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let mut state = self.shared.lock();
            state.waiting.remove(&id);
            state.woken.remove(&id);
        }
    }
}

#[async_trait::async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> UtcMillis {
        let state = self.0.lock();
        UtcMillis(state.monotonic + state.offset)
    }

    fn monotonic_ms(&self) -> i64 {
        self.0.lock().monotonic
    }

    async fn sleep_ms(&self, millis: i64) {
        let until = self.monotonic_ms().saturating_add(millis.max(0));
        Sleep { shared: Arc::clone(&self.0), until, id: None }.await;
    }

    fn enter(&self) -> Token {
        self.0.lock().tasks += 1;
        Token(Some(Arc::clone(&self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn weeks_pass_in_no_time_and_in_order() {
        let clock = VirtualClock::new(UtcMillis(1_000));
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = [3, 1, 2]
            .into_iter()
            .map(|weeks| {
                let (clock, order, token) = (clock.clone(), Arc::clone(&order), clock.enter());
                tokio::spawn(async move {
                    let _token = token;
                    clock.sleep_ms(weeks * 7 * domain::time::DAY).await;
                    order.lock().unwrap().push((weeks, clock.now()));
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let week = 7 * domain::time::DAY;
        let expected: Vec<_> = (1..=3).map(|w| (w, UtcMillis(1_000 + w * week))).collect();
        assert_eq!(*order.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn time_stands_still_while_a_task_works() {
        let clock = VirtualClock::new(UtcMillis(0));
        let worker = clock.enter();
        let sleeper = {
            let (clock, token) = (clock.clone(), clock.enter());
            tokio::spawn(async move {
                let _token = token;
                clock.sleep_ms(5_000).await;
                clock.now()
            })
        };
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.now(), UtcMillis(0));
        drop(worker);
        assert_eq!(sleeper.await.unwrap(), UtcMillis(5_000));
    }

    #[tokio::test]
    async fn a_wall_clock_step_does_not_touch_waits_f48() {
        let clock = VirtualClock::new(UtcMillis(10_000_000));
        let _token = clock.enter();
        clock.step_wall(-3_600_000);
        clock.sleep_ms(1_000).await;
        assert_eq!((clock.now(), clock.monotonic_ms()), (UtcMillis(6_401_000), 1_000));
    }
}
