//! Figures: two numbers of one run, their ratio, and whether the goal is reached.

use serde::Serialize;

/// How a ratio is judged.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Reached when the ratio is so much or more.
    AtLeast(f64),
    /// Reached when the ratio is so much or less.
    AtMost(f64),
    /// Told only.
    None,
}

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What.
    pub what: String,
    /// Unit of both numbers.
    pub unit: &'static str,
    /// Our number.
    pub ours: f64,
    /// What it is held against.
    pub against: &'static str,
    /// Its number.
    pub theirs: f64,
    /// Ours by theirs.
    pub ratio: f64,
    /// What is wanted of the ratio.
    pub goal: Goal,
    /// Whether that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<bool>,
}

/// What a run tells.
pub struct Report {
    json: bool,
    figures: Vec<Figure>,
    notes: Vec<String>,
}

impl Report {
    /// An empty one.
    pub const fn new(json: bool) -> Self {
        Self { json, figures: Vec::new(), notes: Vec::new() }
    }

    /// Adds a figure.
    pub fn figure(
        &mut self,
        what: &str,
        unit: &'static str,
        ours: f64,
        (against, theirs): (&'static str, f64),
        goal: Goal,
    ) {
        let ratio = ours / theirs;
        let reached = match goal {
            Goal::AtLeast(least) => Some(ratio >= least),
            Goal::AtMost(most) => Some(ratio <= most),
            Goal::None => None,
        };
        let figure = Figure { what: what.to_owned(), unit, ours, against, theirs, ratio, goal, reached };
        if !self.json {
            show(&figure);
        }
        self.figures.push(figure);
    }

    /// Adds a remark.
    pub fn note(&mut self, text: String) {
        if !self.json {
            say(&text);
        }
        self.notes.push(text);
    }

    /// Ends it.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish(self) -> anyhow::Result<()> {
        if self.json {
            let value = serde_json::json!({ "figures": self.figures, "notes": self.notes });
            say(&serde_json::to_string_pretty(&value)?);
        } else {
            let judged = self.figures.iter().filter_map(|f| f.reached);
            let (all, missed) = judged.fold((0, 0), |(all, missed), r| (all + 1, missed + i32::from(!r)));
            say(&format!("{all} goals, {missed} missed"));
        }
        Ok(())
    }
}

fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

fn show(f: &Figure) {
    let (goal, reached) = match f.goal {
        Goal::AtLeast(least) => (format!("goal ≥ {least}"), f.reached),
        Goal::AtMost(most) => (format!("goal ≤ {most}"), f.reached),
        Goal::None => (String::new(), None),
    };
    let verdict = match reached {
        Some(true) => "reached",
        Some(false) => "MISSED",
        None => "",
    };
    say(&format!(
        "{:<46} {:>9} {:<11} {:>22} {:>9}  ratio {:>6}  {goal} {verdict}",
        f.what,
        number(f.ours),
        f.unit,
        f.against,
        number(f.theirs),
        number(f.ratio)
    ));
}

/// A line for people. Not `println!`: a closed pipe must not end a long run.
pub fn say(line: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Progress, beside the figures.
pub fn hint(line: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}
