//! Small plots as SVG, made by the server: lines or bars over a row of places (hours, days). No script, no inline style:
//! colours are CSS classes (`plot` in app.css), so that dark mode and paper follow. Knows nothing of what it shows.
//!
//! Use: fill a [`Plot`], put `plot.svg()` into a template with `|safe` (all texts are escaped here). The numbers belong
//! into a table or a sentence beside it as well: a picture alone tells a screen reader only its description.

use std::fmt::Write as _;

/// Width of the drawing in its own units; the page scales it.
const WIDTH: f64 = 640.0;
/// Height.
const HEIGHT: f64 = 200.0;
/// Room for the words at the left, right, top and bottom.
const EDGE: (f64, f64, f64, f64) = (56.0, 10.0, 12.0, 24.0);
/// Steps of the upright axis.
const STEPS: i64 = 4;

/// What is drawn at each place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line of each series; a place without a value is a gap.
    Lines,
    /// A bar at each place, the series upon each other.
    Bars,
}

/// One row of values.
#[derive(Debug, Clone)]
pub struct Series {
    /// Name, as the legend beside the plot shows it.
    pub label: String,
    /// Class of its colour: `s1` … `s5`, or `mall-…`.
    pub class: &'static str,
    /// One for each place.
    pub values: Vec<Option<i64>>,
}

/// A plot.
pub struct Plot {
    /// What it shows, for screen readers.
    pub title: String,
    /// What one sees in it, in a sentence.
    pub desc: String,
    /// How.
    pub shape: Shape,
    /// The places: name of each, and whether it is written below.
    pub places: Vec<(String, bool)>,
    /// The rows of values.
    pub series: Vec<Series>,
    /// Words of a value on the upright axis.
    pub words: fn(i64) -> String,
    /// The upright axis reaches at least so far.
    pub at_least: i64,
    /// A bound to draw across.
    pub bound: Option<i64>,
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The smallest round number (1, 2 or 5 and zeros) of which [`STEPS`] reach `most`.
fn step_for(most: i64) -> i64 {
    let mut scale: i64 = 1;
    loop {
        for digit in [1, 2, 5] {
            let step = scale.saturating_mul(digit);
            if step.saturating_mul(STEPS) >= most || step == i64::MAX {
                return step;
            }
        }
        scale = scale.saturating_mul(10);
    }
}

#[expect(clippy::cast_precision_loss, reason = "places and values of a picture")]
fn real(n: i64) -> f64 {
    n as f64
}

impl Plot {
    /// The highest value, the bars of a place upon each other.
    fn most(&self) -> i64 {
        let value = |s: &Series, i: usize| s.values.get(i).copied().flatten().unwrap_or(0).max(0);
        let at = |i: usize| match self.shape {
            Shape::Lines => self.series.iter().map(|s| value(s, i)).max().unwrap_or(0),
            Shape::Bars => self.series.iter().fold(0, |sum: i64, s| sum.saturating_add(value(s, i))),
        };
        let found = (0..self.places.len()).map(at).max().unwrap_or(0);
        found.max(self.at_least).max(self.bound.unwrap_or(0)).max(1)
    }

    /// The drawing.
    #[must_use]
    pub fn svg(&self) -> String {
        let (left, right, top, bottom) = EDGE;
        let step = step_for(self.most());
        let full = real(step.saturating_mul(STEPS));
        let (wide, high) = (WIDTH - left - right, HEIGHT - top - bottom);
        let y = |value: i64| top + high - high * (real(value.max(0)) / full).min(1.0);
        let places = real(i64::try_from(self.places.len()).unwrap_or(i64::MAX).max(1));
        let slot = wide / places;
        let x = |i: usize| left + slot * (real(i64::try_from(i).unwrap_or(0)) + 0.5);
        let mut out = format!(
            "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\"><title>{}</title><desc>{}</desc>",
            escaped(&self.title),
            escaped(&self.title),
            escaped(&self.desc)
        );
        for n in 0..=STEPS {
            let (value, class) = (step.saturating_mul(n), if n == 0 { "axis" } else { "rule" });
            let at = y(value);
            // Writing into a String cannot fail.
            _ = write!(
                out,
                "<path class=\"{class}\" d=\"M{left} {at:.1}H{:.1}\"/><text class=\"up\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                WIDTH - right,
                left - 6.0,
                at + 4.0,
                escaped(&(self.words)(value))
            );
        }
        if let Some(bound) = self.bound {
            _ = write!(out, "<path class=\"bound\" d=\"M{left} {:.1}H{:.1}\"/>", y(bound), WIDTH - right);
        }
        for (i, (name, shown)) in self.places.iter().enumerate() {
            if *shown {
                let below = HEIGHT - 6.0;
                _ = write!(
                    out,
                    "<text class=\"below\" x=\"{:.1}\" y=\"{below}\">{}</text>",
                    x(i),
                    escaped(name)
                );
            }
        }
        match self.shape {
            Shape::Lines => self.lines(&mut out, &x, &y),
            Shape::Bars => self.bars(&mut out, &x, &y, slot),
        }
        out.push_str("</svg>");
        out
    }

    fn told(&self, series: &Series, i: usize, value: i64) -> String {
        let place = self.places.get(i).map_or("", |(name, _)| name.as_str());
        escaped(&format!("{place} {} {}", series.label, (self.words)(value)))
    }

    fn lines(&self, out: &mut String, x: &dyn Fn(usize) -> f64, y: &dyn Fn(i64) -> f64) {
        for series in &self.series {
            let (mut path, mut pen_down) = (String::new(), false);
            let mut dots = String::new();
            for (i, value) in series.values.iter().enumerate().take(self.places.len()) {
                let Some(value) = value else {
                    pen_down = false;
                    continue;
                };
                let (at_x, at_y) = (x(i), y(*value));
                _ = write!(path, "{}{at_x:.1} {at_y:.1}", if pen_down { "L" } else { "M" });
                pen_down = true;
                let told = self.told(series, i, *value);
                _ = write!(
                    dots,
                    "<circle class=\"dot {}\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"3\"><title>{told}</title></circle>",
                    series.class
                );
            }
            if !path.is_empty() {
                _ = write!(out, "<path class=\"line {}\" d=\"{path}\"/>", series.class);
                out.push_str(&dots);
            }
        }
    }

    fn bars(&self, out: &mut String, x: &dyn Fn(usize) -> f64, y: &dyn Fn(i64) -> f64, slot: f64) {
        let width = (slot * 0.7).max(1.0);
        for i in 0..self.places.len() {
            let mut below: i64 = 0;
            for series in &self.series {
                let value = series.values.get(i).copied().flatten().unwrap_or(0).max(0);
                if value == 0 {
                    continue;
                }
                let (foot, head) = (y(below), y(below.saturating_add(value)));
                below = below.saturating_add(value);
                _ = write!(
                    out,
                    "<rect class=\"bar {}\" x=\"{:.1}\" y=\"{head:.1}\" width=\"{width:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
                    series.class,
                    x(i) - width / 2.0,
                    (foot - head).max(0.5),
                    self.told(series, i, value)
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(shape: Shape, values: &[&[Option<i64>]]) -> Plot {
        let places = values.first().map_or(0, |v| v.len());
        Plot {
            title: "件数".to_owned(),
            desc: "<増え>ています".to_owned(),
            shape,
            places: (0..places).map(|n| (format!("{n}時"), n % 2 == 0)).collect(),
            series: values
                .iter()
                .map(|v| Series { label: "\"本店\"".to_owned(), class: "s1", values: v.to_vec() })
                .collect(),
            words: |n| n.to_string(),
            at_least: 0,
            bound: Some(3),
        }
    }

    #[test]
    fn every_text_is_escaped_and_each_value_is_told() {
        let svg = plot(Shape::Bars, &[&[Some(2), None, Some(4)]]).svg();
        assert!(svg.contains("&lt;増え&gt;") && !svg.contains("<増え>"));
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
        assert!(svg.contains("2時 &quot;本店&quot; 4"));
        assert!(svg.contains("role=\"img\"") && svg.contains("class=\"bound\""));
    }

    #[test]
    fn a_line_has_a_gap_where_there_is_no_value() {
        let svg = plot(Shape::Lines, &[&[Some(1), Some(2), None, Some(4)]]).svg();
        let path = svg.split("class=\"line s1\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
        assert_eq!(svg.matches("<circle").count(), 3);
    }

    #[test]
    fn nothing_huge_or_negative_breaks_it() {
        for values in [&[][..], &[Some(i64::MAX), Some(i64::MAX)], &[Some(-5), None], &[Some(0)]] {
            for shape in [Shape::Lines, Shape::Bars] {
                let svg = plot(shape, &[values, values]).svg();
                assert!(svg.ends_with("</svg>") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            }
        }
    }

    #[test]
    fn the_axis_has_round_steps_that_reach_the_highest_value() {
        assert_eq!([0, 1, 4, 5, 9, 21, 100, 1_000].map(step_for), [1, 1, 1, 2, 5, 10, 50, 500]);
        assert!(step_for(i64::MAX) > i64::MAX / 5);
    }
}
