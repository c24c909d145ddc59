//! Calendar feeds (RFC 5545): all-day events with alarms. Pure: text in, text out.

use domain::UtcMillis;
use jiff::civil::Date;
use jiff::{Span, Timestamp};

/// One all-day event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Stable name: an event of the same name moves instead of coming twice.
    pub uid: String,
    /// Day.
    pub day: Date,
    /// Summary.
    pub summary: String,
    /// More.
    pub description: String,
}

/// Alarms so many days before.
const ALARMS: [i64; 3] = [14, 7, 1];
/// Octets of a line, without its end (3.1).
const LINE: usize = 75;

/// Backslash, semicolon, comma and line break have a meaning in a text (3.3.11); other control characters may not be there.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// One content line, folded at 75 octets and never within a character.
fn fold(out: &mut String, line: &str) {
    let mut room = LINE;
    for c in line.chars() {
        if c.len_utf8() > room {
            // The blank that begins a folded line counts.
            out.push_str("\r\n ");
            room = LINE - 1;
        }
        out.push(c);
        room -= c.len_utf8();
    }
    out.push_str("\r\n");
}

fn stamp(at: UtcMillis) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A calendar of events.
#[must_use]
pub fn calendar(name: &str, events: &[Event], now: UtcMillis) -> String {
    let mut out = String::new();
    let mut line = |text: String| fold(&mut out, &text);
    for text in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Choba//Credentials//JA", "CALSCALE:GREGORIAN"] {
        line(text.to_owned());
    }
    line("METHOD:PUBLISH".to_owned());
    line(format!("X-WR-CALNAME:{}", escape(name)));
    line("REFRESH-INTERVAL;VALUE=DURATION:PT12H".to_owned());
    for event in events {
        line("BEGIN:VEVENT".to_owned());
        line(format!("UID:{}", escape(&event.uid)));
        line(format!("DTSTAMP:{}", stamp(now)));
        line(format!("DTSTART;VALUE=DATE:{}", event.day.strftime("%Y%m%d")));
        let next = event.day.checked_add(Span::new().days(1)).unwrap_or(event.day);
        line(format!("DTEND;VALUE=DATE:{}", next.strftime("%Y%m%d")));
        line("TRANSP:TRANSPARENT".to_owned());
        line(format!("SUMMARY:{}", escape(&event.summary)));
        if !event.description.is_empty() {
            line(format!("DESCRIPTION:{}", escape(&event.description)));
        }
        for days in ALARMS {
            line("BEGIN:VALARM".to_owned());
            line("ACTION:DISPLAY".to_owned());
            line(format!("DESCRIPTION:{}", escape(&event.summary)));
            line(format!("TRIGGER:-P{days}D"));
            line("END:VALARM".to_owned());
        }
        line("END:VEVENT".to_owned());
    }
    line("END:VCALENDAR".to_owned());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a calendar program does first: lines that begin with a blank belong to the line before.
    fn unfold(text: &str) -> Vec<String> {
        assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
        let mut lines: Vec<String> = Vec::new();
        for line in text.split_terminator("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
            match line.strip_prefix(' ') {
                Some(rest) => lines.last_mut().unwrap().push_str(rest),
                None => lines.push(line.to_owned()),
            }
        }
        lines
    }

    fn unescape(text: &str) -> String {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next().unwrap() {
                    'n' | 'N' => out.push('\n'),
                    c => out.push(c),
                },
                c => out.push(c),
            }
        }
        out
    }

    #[test]
    fn a_feed_is_folded_escaped_and_reads_back_as_it_was_crd2() {
        let long = "架空の店のとても長い名前、".repeat(12);
        let event = Event {
            uid: "credential-1-license_key@choba".to_owned(),
            day: "2026-12-31".parse().unwrap(),
            summary: format!("{long}; a,b\\c\n次の行\u{7}"),
            description: String::new(),
        };
        let now = UtcMillis::parse_lenient("2026-11-22 09:00:00").unwrap();
        let lines = unfold(&calendar(
            "API有効期限",
            &[event.clone(), Event { uid: "x".to_owned(), ..event.clone() }],
            now,
        ));
        let value =
            |name: &str| lines.iter().find_map(|l| l.strip_prefix(name)).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((lines[0].as_str(), lines.last().unwrap().as_str()), ("BEGIN:VCALENDAR", "END:VCALENDAR"));
        assert_eq!(unescape(value("SUMMARY:")), event.summary.replace('\u{7}', ""));
        assert_eq!(value("DTSTART;VALUE=DATE:"), "20261231");
        assert_eq!(value("DTEND;VALUE=DATE:"), "20270101", "the day after: an all-day event ends there");
        assert_eq!(value("DTSTAMP:"), "20261122T000000Z");
        let count = |text: &str| lines.iter().filter(|l| *l == text).count();
        assert_eq!((count("BEGIN:VEVENT"), count("END:VEVENT")), (2, 2));
        assert_eq!((count("BEGIN:VALARM"), count("TRIGGER:-P7D")), (6, 2));
        // Every line is a name and a value.
        assert!(
            lines.iter().all(|l| l.split_once(':').is_some_and(|(name, _)| !name.is_empty())),
            "{lines:?}"
        );
    }

    #[test]
    fn a_fold_never_cuts_a_character() {
        for n in 60..90 {
            let mut out = String::new();
            let text = format!("{}{}", "a".repeat(n), "帳".repeat(40));
            fold(&mut out, &text);
            assert_eq!(unfold(&out), [text]);
        }
    }
}
