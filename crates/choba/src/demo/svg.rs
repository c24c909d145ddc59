//! The picture as SVG, for the README: text that stays text, with colours for light and dark.

/// Width of a column of text and height of a line, in pixels.
const COLUMN: f64 = 8.0;
const LINE: f64 = 20.0;
const MARGIN: f64 = 20.0;

const STYLE: &str = "text{font:14px ui-monospace,'SF Mono',Menlo,Consolas,'Noto Sans Mono CJK JP','MS Gothic','Osaka-Mono',monospace;fill:#24292f;white-space:pre}\
.bg{fill:#ffffff;stroke:#d0d7de}.rule{fill:#8c959f}.bar{fill:#0969da}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bg{fill:#0d1117;stroke:#30363d}.rule{fill:#6e7681}.bar{fill:#58a6ff}}";

/// Renders lines of text.
pub fn render(lines: &[String]) -> String {
    let columns = lines.iter().map(|l| console::measure_text_width(l)).max().unwrap_or(0);
    let width = to_f64(columns).mul_add(COLUMN, 2.0 * MARGIN);
    let height = to_f64(lines.len()).mul_add(LINE, 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Choba demo\">\n<style>{STYLE}</style>\n<rect class=\"bg\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        width - 1.0,
        height - 1.0
    );
    for (number, line) in lines.iter().enumerate() {
        let y = to_f64(number).mul_add(LINE, MARGIN + 14.0);
        for run in runs(line) {
            let x = to_f64(run.column).mul_add(COLUMN, MARGIN);
            let length = to_f64(run.width) * COLUMN;
            let class = match run.kind {
                Kind::Rule => " class=\"rule\"",
                Kind::Bar => " class=\"bar\"",
                Kind::Narrow | Kind::Wide => "",
            };
            // Each run has its place and length given, so that fonts of any width keep the columns.
            out.push_str(&format!(
                "<text x=\"{x}\" y=\"{y}\"{class} textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>\n",
                escape(&run.text)
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Narrow,
    Wide,
    Rule,
    Bar,
}

struct Run {
    kind: Kind,
    column: usize,
    width: usize,
    text: String,
}

/// Splits a line at spaces and where the kind of letter changes.
fn runs(line: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    let mut open = false;
    for c in line.chars() {
        let width = console::measure_text_width(c.encode_utf8(&mut [0; 4]));
        if c.is_whitespace() {
            open = false;
            column += width;
            continue;
        }
        let kind = match c {
            '\u{2500}'..='\u{257f}' => Kind::Rule,
            '▇' => Kind::Bar,
            _ if width > 1 => Kind::Wide,
            _ => Kind::Narrow,
        };
        match runs.last_mut().filter(|r| open && r.kind == kind) {
            Some(run) => {
                run.text.push(c);
                run.width += width;
            }
            None => runs.push(Run { kind, column, width, text: c.to_string() }),
        }
        open = true;
        column += width;
    }
    runs
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_kept_and_markup_is_escaped() {
        let svg = render(&["店舗 a<b ──".to_owned()]);
        assert!(svg.contains("x=\"20\"") && svg.contains(">店舗<"), "{svg}");
        assert!(svg.contains("x=\"60\"") && svg.contains(">a&lt;b<"), "{svg}");
        assert!(svg.contains("x=\"92\"") && svg.contains("class=\"rule\""), "{svg}");
    }
}
