//! Plots as SVG from the server: bars upon each other, or lines, over slots of time. No script and no inline style: colours are
//! classes of the style sheet (`.plot .s0` …), so that light, dark and paper each have their own. Knows nothing of orders.
//!
//! A plot is a picture with a title and a description; whoever shows one puts a table of its values beside it.

use std::fmt::Write as _;

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bar for each slot, the series upon each other.
    Bars,
    /// A line for each series; a slot without a value interrupts it.
    Lines,
}

/// One colour of a plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Name, for the legend.
    pub name: String,
    /// A value for each slot, not negative; `None` = there is none.
    pub values: Vec<Option<i64>>,
    /// Class of the colour (`s0` … `s5`, `ok`, `warn`, `bad`).
    pub class: &'static str,
}

/// A plot.
#[derive(Debug, Clone, Copy)]
pub struct Plot<'a> {
    /// Unique on its page; letters and digits.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// The same in a sentence with the most important numbers.
    pub desc: &'a str,
    /// Name of each slot.
    pub labels: &'a [String],
    /// Colours, the lowest first.
    pub series: &'a [Series],
    /// How it is drawn.
    pub kind: Kind,
}

/// Classes for series that have no meaning of their own, in order.
pub const CLASSES: [&str; 6] = ["s0", "s1", "s2", "s3", "s4", "s5"];

const WIDTH: i64 = 480;
const HEIGHT: i64 = 220;
const LEFT: i64 = 44;
const RIGHT: i64 = 8;
const BOTTOM: i64 = 24;
/// Lines of the legend, and the room over the plot.
const LEGEND_LINE: i64 = 20;
/// Labels under the plot at most.
const LABELS: usize = 8;

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

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The end of the axis and the step of its lines: 1, 2 or 5 times a power of ten, at most five lines.
#[must_use]
pub fn axis(most: i64) -> (i64, i64) {
    let most = most.max(1);
    let mut power: i64 = 1;
    loop {
        for step in [power, power.saturating_mul(2), power.saturating_mul(5)] {
            let lines = most.div_euclid(step) + i64::from(most % step != 0);
            if lines <= 5 {
                return (lines.saturating_mul(step), step);
            }
        }
        power = power.saturating_mul(10);
    }
}

fn top_of(plot: &Plot<'_>) -> i64 {
    let column = |n: usize| {
        let values = plot.series.iter().filter_map(move |s| s.values.get(n).copied().flatten());
        match plot.kind {
            Kind::Bars => values.sum::<i64>(),
            Kind::Lines => values.max().unwrap_or_default(),
        }
    };
    (0..plot.labels.len()).map(column).max().unwrap_or_default()
}

/// Where things stand.
struct Frame {
    top: i64,
    most: i64,
    slots: i64,
}

impl Frame {
    fn y(&self, value: i64) -> i64 {
        let high = HEIGHT - BOTTOM - self.top;
        // Twice, so that what is large does not overflow and what is small does not vanish.
        let share = i128::from(value.clamp(0, self.most)) * i128::from(high) / i128::from(self.most.max(1));
        HEIGHT - BOTTOM - i64::try_from(share).unwrap_or_default()
    }

    /// Left edge of a slot.
    fn x(&self, slot: i64) -> i64 {
        LEFT + slot * (WIDTH - LEFT - RIGHT) / self.slots.max(1)
    }
}

fn legend(out: &mut String, plot: &Plot<'_>) -> i64 {
    let (mut x, mut y) = (LEFT, 14);
    for series in plot.series {
        // Full-width letters are 14 wide, others half of it.
        let wide: i64 = series.name.chars().map(|c| if c.is_ascii() { 8 } else { 14 }).sum();
        if x > LEFT && x + wide + 20 > WIDTH {
            (x, y) = (LEFT, y + LEGEND_LINE);
        }
        let (class, name) = (series.class, escaped(&series.name));
        let _ =
            write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\"/>", y - 11);
        let _ = write!(out, "<text x=\"{}\" y=\"{y}\">{name}</text>", x + 16);
        x += wide + 34;
    }
    y + 10
}

fn grid(out: &mut String, frame: &Frame, step: i64) {
    let mut value = 0;
    while value <= frame.most {
        let y = frame.y(value);
        let _ = write!(out, "<path class=\"rule\" d=\"M{LEFT} {y}H{}\"/>", WIDTH - RIGHT);
        let words = crate::words::grouped(value);
        let _ = write!(out, "<text class=\"end\" x=\"{}\" y=\"{}\">{words}</text>", LEFT - 6, y + 5);
        value = value.saturating_add(step);
    }
}

fn labels(out: &mut String, plot: &Plot<'_>, frame: &Frame) {
    let every = plot.labels.len().div_ceil(LABELS).max(1);
    for (n, label) in plot.labels.iter().enumerate().filter(|(n, _)| n.is_multiple_of(every)) {
        let middle = (frame.x(count(n)) + frame.x(count(n) + 1)) / 2;
        let _ =
            write!(out, "<text class=\"mid\" x=\"{middle}\" y=\"{}\">{}</text>", HEIGHT - 6, escaped(label));
    }
}

fn bars(out: &mut String, plot: &Plot<'_>, frame: &Frame) {
    for n in 0..plot.labels.len() {
        let (left, right) = (frame.x(count(n)) + 1, frame.x(count(n) + 1) - 1);
        let mut below = 0;
        for series in plot.series {
            let value = series.values.get(n).copied().flatten().unwrap_or_default();
            if value <= 0 {
                continue;
            }
            let (low, high) = (frame.y(below), frame.y(below + value).min(frame.y(below) - 1));
            let (class, width, height) = (series.class, (right - left).max(1), low - high);
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{left}\" y=\"{high}\" width=\"{width}\" height=\"{height}\"/>"
            );
            below += value;
        }
    }
}

fn lines(out: &mut String, plot: &Plot<'_>, frame: &Frame) {
    for series in plot.series {
        let (class, mut path, mut dots, mut drawn) = (series.class, String::new(), String::new(), false);
        for n in 0..plot.labels.len() {
            let Some(value) = series.values.get(n).copied().flatten() else {
                drawn = false;
                continue;
            };
            let (x, y) = ((frame.x(count(n)) + frame.x(count(n) + 1)) / 2, frame.y(value));
            let _ = write!(path, "{}{x} {y}", if drawn { 'L' } else { 'M' });
            let _ = write!(dots, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>");
            drawn = true;
        }
        if !path.is_empty() {
            let _ = write!(out, "<path class=\"line {class}\" d=\"{path}\"/>{dots}");
        }
    }
}

/// The picture. All text in it is escaped: it can stand in a page as it is.
#[must_use]
pub fn svg(plot: &Plot<'_>) -> String {
    let mut inside = String::new();
    let top = legend(&mut inside, plot);
    let (most, step) = axis(top_of(plot));
    let frame = Frame { top, most, slots: count(plot.labels.len()) };
    grid(&mut inside, &frame, step);
    labels(&mut inside, plot, &frame);
    match plot.kind {
        Kind::Bars => bars(&mut inside, plot, &frame),
        Kind::Lines => lines(&mut inside, plot, &frame),
    }
    let (id, title, desc) = (escaped(plot.id), escaped(plot.title), escaped(plot.desc));
    format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
         <title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{desc}</desc>{inside}</svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(kind: Kind, values: &[Vec<Option<i64>>]) -> String {
        let slots = values.iter().map(Vec::len).max().unwrap_or_default();
        let labels: Vec<String> = (0..slots).map(|n| n.to_string()).collect();
        let series: Vec<Series> = values
            .iter()
            .zip(CLASSES)
            .map(|(values, class)| Series { name: "楽天 <b>\"&".to_owned(), values: values.clone(), class })
            .collect();
        svg(&Plot { id: "p", title: "<t>", desc: "'d'", labels: &labels, series: &series, kind })
    }

    #[test]
    fn an_axis_ends_at_a_round_number_and_has_few_lines() {
        assert_eq!(axis(0), (1, 1));
        assert_eq!(axis(4), (4, 1));
        assert_eq!(axis(7), (8, 2));
        assert_eq!(axis(23), (25, 5));
        assert_eq!(axis(100), (100, 20));
        assert_eq!(axis(1_234), (1_500, 500));
        for most in [1, 9, 10, 11, 99, 12_345, i64::MAX / 16] {
            let (end, step) = axis(most);
            assert!(end >= most && end / step <= 5, "{most}");
        }
    }

    #[test]
    fn bars_stand_upon_each_other_and_a_line_is_interrupted_where_nothing_is() {
        let bars = drawn(Kind::Bars, &[vec![Some(2), Some(0)], vec![Some(2), None]]);
        // Two of the legend, two bars: what is nought is not drawn.
        assert_eq!(bars.matches("<rect").count(), 4);
        assert!(bars.contains("class=\"s0\"") && bars.contains("class=\"s1\""));
        let lines = drawn(Kind::Lines, &[vec![Some(1), None, Some(3), Some(4)]]);
        let path = lines.split("class=\"line s0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1));
        assert_eq!(lines.matches("<circle").count(), 3);
    }

    #[test]
    fn a_plot_says_what_it_shows_and_words_are_never_markup_f50() {
        let svg = drawn(Kind::Bars, &[vec![Some(1)]]);
        assert!(svg.contains("role=\"img\" aria-labelledby=\"p-title p-desc\""));
        assert!(
            svg.contains("<title id=\"p-title\">&lt;t&gt;</title><desc id=\"p-desc\">&#39;d&#39;</desc>")
        );
        assert!(svg.contains("楽天 &lt;b&gt;&quot;&amp;") && !svg.contains("<b>"));
        assert!(!svg.contains("style="));
    }

    proptest! {
        #[test]
        fn nothing_is_drawn_outside_of_the_picture(
            values in proptest::collection::vec(proptest::collection::vec(proptest::option::of(0..i64::MAX / 64), 0..30), 0..6),
            bars in any::<bool>(),
        ) {
            let svg = drawn(if bars { Kind::Bars } else { Kind::Lines }, &values);
            for name in ["x", "y", "width", "height", "cx", "cy"] {
                for rest in svg.split(&format!(" {name}=\"")).skip(1) {
                    let n: i64 = rest.split('"').next().unwrap().parse().unwrap();
                    prop_assert!((0..=WIDTH).contains(&n), "{name} {n}");
                }
            }
        }
    }
}
