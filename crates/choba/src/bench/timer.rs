//! How long something took, and how much of the processor this process used meanwhile. The one file of the
//! benchmarks that reads a clock.

use std::time::Duration;

/// A running stop-watch.
pub struct Timer {
    wall: std::time::Instant,
    cpu: Duration,
}

/// What a stop-watch showed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    /// Elapsed, seconds.
    pub wall: f64,
    /// Processor time of all threads of this process, seconds.
    pub cpu: f64,
}

/// Runs of one contestant; medians count.
#[derive(Default)]
pub struct Runs(pub Vec<Took>);

impl Runs {
    /// Elapsed, seconds.
    pub fn wall(&self) -> f64 {
        median(self.0.iter().map(|t| t.wall).collect())
    }

    /// Processor time, seconds.
    pub fn cpu(&self) -> f64 {
        median(self.0.iter().map(|t| t.cpu).collect())
    }
}

impl Timer {
    /// Starts one.
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let wall = std::time::Instant::now();
        Self { wall, cpu: cpu() }
    }

    /// Elapsed milliseconds.
    pub fn ms(&self) -> f64 {
        self.wall.elapsed().as_secs_f64() * 1_000.0
    }

    /// Reads it.
    pub fn took(&self) -> Took {
        Took { wall: self.wall.elapsed().as_secs_f64(), cpu: cpu().saturating_sub(self.cpu).as_secs_f64() }
    }
}

/// Processor time of this process so far, from /proc (in hundredths of a second); zero where there is none.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets: state is field 3, utime 14, stime 15.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = rest.split_whitespace().skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The value below which `share` of the samples lie (the largest sample that is not above it).
pub fn percentile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a list of a few thousand samples"
    )]
    let at = (share * last as f64).ceil() as usize;
    samples.get(at.min(last)).copied().unwrap_or(f64::NAN)
}

/// The middle one.
pub fn median(mut samples: Vec<f64>) -> f64 {
    percentile(&mut samples, 0.5)
}
