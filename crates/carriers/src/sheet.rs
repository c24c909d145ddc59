//! One row of a label file being filled: cells by column number, each cleaned on the way in and checked for width and
//! charset at the end. Knows no carrier.

use crate::address::split_with;
use crate::problem::{self, LabelProblem, Words};
use crate::text;
use crate::{Contact, Label, LabelSettings, Overflow};
use mall_api::charset::encode_shift_jis;

/// How much a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Bytes of CP932.
    Bytes(usize),
    /// Half-width characters only.
    Half(usize),
    /// Full-width characters (two bytes each; half-width ones are widened first).
    Full(usize),
    /// The papers state no width.
    Unknown,
}

/// A column of a program's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The program's name of it.
    pub name: &'static str,
    /// Its width.
    pub width: Width,
}

/// Short forms for tables of columns.
pub(crate) const fn b(name: &'static str, width: usize) -> Column {
    Column { name, width: Width::Bytes(width) }
}
pub(crate) const fn h(name: &'static str, width: usize) -> Column {
    Column { name, width: Width::Half(width) }
}
pub(crate) const fn f(name: &'static str, width: usize) -> Column {
    Column { name, width: Width::Full(width) }
}
pub(crate) const fn u(name: &'static str) -> Column {
    Column { name, width: Width::Unknown }
}

/// A row in the making. Columns are numbered from 1, as in the papers.
pub(crate) struct Draft<'a> {
    pub(crate) label: &'a Label,
    pub(crate) settings: &'a LabelSettings,
    columns: &'static [Column],
    cells: Vec<String>,
    problems: Vec<LabelProblem>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(columns: &'static [Column], label: &'a Label, settings: &'a LabelSettings) -> Self {
        Self { label, settings, columns, cells: vec![String::new(); columns.len()], problems: Vec::new() }
    }

    fn column(&self, at: usize) -> Column {
        at.checked_sub(1).and_then(|i| self.columns.get(i)).copied().unwrap_or(u(""))
    }

    /// Says something of a column.
    pub(crate) fn say(&mut self, at: usize, words: Words, blocks: bool) {
        let name = self.column(at).name;
        self.problems.push(words.at(Some(&self.label.order_no), name, blocks));
    }

    /// Sets a cell to a code or to text that is clean already.
    pub(crate) fn put(&mut self, at: usize, value: impl Into<String>) {
        if let Some(cell) = at.checked_sub(1).and_then(|i| self.cells.get_mut(i)) {
            *cell = value.into();
        }
    }

    /// Cleans a text that goes into (or begins in) a column, and says what was exchanged.
    pub(crate) fn clean(&mut self, at: usize, raw: &str) -> String {
        let (clean, changes) = text::repair(raw, &self.settings.replacements);
        if !changes.is_empty() {
            self.say(at, problem::replaced(&changes), false);
        }
        if matches!(self.column(at).width, Width::Full(_)) { text::widen(&clean) } else { clean }
    }

    /// Sets a cell to a text of people.
    pub(crate) fn text(&mut self, at: usize, raw: &str) {
        let clean = self.clean(at, raw);
        self.put(at, clean);
    }

    /// A text that must not be blank.
    pub(crate) fn required(&mut self, at: usize, raw: &str) {
        if raw.trim().is_empty() {
            self.say(at, problem::missing(), true);
        } else {
            self.text(at, raw);
        }
    }

    /// The key under which the number comes back.
    pub(crate) fn key(&mut self, at: usize) {
        let key = self.label.order_no.trim();
        let fits = key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
            && key.starts_with(|c: char| c.is_ascii_alphanumeric());
        if key.is_empty() {
            self.say(at, problem::missing(), true);
        } else if !fits {
            self.say(at, problem::bad_form("半角英数字と - _", "letters, digits, - and _"), true);
        } else {
            self.put(at, key);
        }
    }

    /// `100-0001`.
    pub(crate) fn postal_code(&mut self, at: usize, raw: &str) {
        let digits: String =
            text::narrow(raw).chars().filter(|c| !is_hyphen(*c) && !c.is_whitespace()).collect();
        let digits = digits.trim_start_matches('〒');
        if digits.is_empty() {
            self.say(at, problem::missing(), true);
            return;
        }
        match (digits.get(..3), digits.get(3..)) {
            (Some(area), Some(town)) if digits.len() == 7 && digits.bytes().all(|d| d.is_ascii_digit()) => {
                self.put(at, format!("{area}-{town}"));
            }
            _ => self.say(at, problem::bad_form("郵便番号は7桁", "seven digits"), true),
        }
    }

    /// A telephone number with the hyphens it came with, +81 as 0 (formats.md f.4).
    pub(crate) fn phone(&mut self, at: usize, raw: &str, required: bool) {
        let plain: String = text::narrow(raw)
            .chars()
            .filter(|c| {
                !c.is_whitespace()
                    && !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{FEFF}')
            })
            .map(|c| if is_hyphen(c) || matches!(c, '(' | ')') { '-' } else { c })
            .collect();
        let home = match plain.strip_prefix("+81") {
            Some(rest) => {
                let rest = rest.trim_start_matches('-');
                if rest.starts_with('0') { rest.to_owned() } else { format!("0{rest}") }
            }
            None => plain.trim_matches('-').to_owned(),
        };
        let digits: String = home.chars().filter(|c| *c != '-').collect();
        if digits.is_empty() {
            if required {
                self.say(at, problem::missing(), true);
            }
            return;
        }
        if !digits.bytes().all(|d| d.is_ascii_digit()) || !(10..=11).contains(&digits.len()) {
            self.say(at, problem::bad_form("電話番号は10桁か11桁", "10 or 11 digits"), true);
            return;
        }
        let widest = match self.column(at).width {
            Width::Bytes(n) | Width::Half(n) => n,
            Width::Full(_) | Width::Unknown => usize::MAX,
        };
        // 「+81(0)3…」 leaves a hyphen behind the first zero.
        let doubled = home.contains("--") || home.starts_with("0-");
        self.put(at, if home.len() > widest || doubled { digits } else { home });
    }

    /// Splits an address over columns `ats` (all of one kind of width).
    pub(crate) fn address(&mut self, ats: &[usize], contact: &Contact) {
        let Some(first) = ats.first().copied() else { return };
        let country = contact.country.trim();
        if !country.is_empty() && !country.eq_ignore_ascii_case("JP") {
            let words = problem::plain("abroad", "海外の住所には使えません。", "Not for addresses abroad.");
            self.say(first, words, true);
            return;
        }
        let raw: Vec<&str> = [contact.prefecture.as_str(), contact.city.as_str()]
            .into_iter()
            .chain(contact.lines.iter().map(String::as_str))
            .collect();
        // 町名番地 is part 2; 建物 begins with part 3.
        self.spread(ats, &raw, 3);
    }

    /// Splits parts over columns and says what does not fit.
    pub(crate) fn spread(&mut self, ats: &[usize], raw: &[&str], new_line: usize) {
        let Some(first) = ats.first().copied() else { return };
        let parts: Vec<String> = raw.iter().map(|part| self.clean(first, part)).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if parts.iter().all(|p| p.is_empty()) {
            self.say(first, problem::missing(), true);
            return;
        }
        let widths: Vec<usize> = ats.iter().map(|at| in_bytes(self.column(*at).width)).collect();
        let wide = matches!(self.column(first).width, Width::Full(_));
        match split_with(&parts, new_line, &widths, if wide { '\u{3000}' } else { ' ' }) {
            Ok(lines) => {
                for (at, line) in ats.iter().zip(lines) {
                    self.put(*at, line);
                }
            }
            Err(Overflow { bytes }) => {
                let (over, unit) = match self.column(first).width {
                    Width::Full(_) => (bytes.div_ceil(2), "characters"),
                    _ => (bytes, "bytes"),
                };
                self.say(first, problem::address_left_over(over, unit), true);
            }
        }
    }

    /// 品名 over columns `ats`.
    pub(crate) fn items(&mut self, ats: &[usize], required: bool) {
        let Some(first) = ats.first().copied() else { return };
        let fixed = [self.settings.items_text.clone()];
        let items: &[String] = if fixed.concat().trim().is_empty() { &self.label.items } else { &fixed };
        let items: Vec<&str> = items.iter().map(String::as_str).filter(|i| !i.trim().is_empty()).collect();
        if items.is_empty() && required {
            self.say(first, problem::missing(), true);
        }
        for (at, item) in ats.iter().zip(&items) {
            let clean = self.clean(*at, item);
            let width = in_bytes(self.column(*at).width);
            let kept = cut(&clean, width);
            if kept.len() < clean.len() {
                if self.settings.shorten_items {
                    self.say(*at, problem::shortened("欄の長さに合わせて短くしました。"), false);
                } else {
                    self.say(
                        *at,
                        problem::too_long(text::bytes(&clean).saturating_sub(width), "bytes"),
                        true,
                    );
                }
            }
            self.put(*at, kept);
        }
        if items.len() > ats.len() {
            let what = format!("先頭の{}点だけ書きました（全{}点）。", ats.len(), items.len());
            self.say(first, problem::shortened(&what), !self.settings.shorten_items);
        }
    }

    /// Name with company and department over columns `ats`; the name prefers a line of its own.
    pub(crate) fn names(&mut self, ats: &[usize], contact: &Contact) {
        let firm = format!("{} {}", contact.company, contact.department);
        self.spread(ats, &[&firm, &contact.name], 1);
    }

    /// A contact's 敬称, else that of the settings.
    pub(crate) fn honorific(&mut self, at: usize, contact: &Contact) {
        let own = contact.honorific.trim();
        let honorific = if own.is_empty() { self.settings.honorific.clone() } else { own.to_owned() };
        self.text(at, &honorific);
    }

    /// 荷扱い as texts or codes in the next free ones of columns `ats`.
    pub(crate) fn marks(&mut self, ats: &[usize]) {
        let mut free = ats.iter().copied();
        let mut written: Vec<String> = Vec::new();
        for mark in &self.label.marks {
            let text = self.mark(*mark);
            if text.is_empty() || written.contains(&text) {
                if text.is_empty() {
                    self.say_mark(ats.first().copied().unwrap_or(0), *mark);
                }
                continue;
            }
            match free.next() {
                Some(at) => self.text(at, &text),
                None => self.say_mark(ats.first().copied().unwrap_or(0), *mark),
            }
            written.push(text);
        }
    }

    /// The program's text or code of a 荷扱い; empty: not set.
    pub(crate) fn mark(&self, mark: crate::Mark) -> String {
        self.settings.marks.get(&mark).map(|text| text.trim().to_owned()).unwrap_or_default()
    }

    /// A 荷扱い that the file does not carry.
    pub(crate) fn say_mark(&mut self, at: usize, mark: crate::Mark) {
        let name = mark.name_ja();
        let words = problem::plain(
            "mark_left_out",
            format!("荷扱い「{name}」は設定がないか欄が足りないため、書き出されません。"),
            format!("The handling mark \"{name}\" is not written: it is not set, or no column is left."),
        );
        self.say(at, words, false);
    }

    /// The program's code of the wanted slot, in a column.
    pub(crate) fn slot(&mut self, at: usize, unset_is_lacking: bool, hint: impl Fn(&str) -> &'static str) {
        let Some(slot) = &self.label.deliver_slot else { return };
        match self.settings.slots.get(&slot.key()).map(|code| code.trim()).filter(|code| !code.is_empty()) {
            Some(code) => self.put(at, code),
            None if unset_is_lacking => {
                self.say(at, problem::slot_lacking(&slot.name_ja(), hint(&slot.key())), true);
            }
            None => self.say(at, problem::slot_code_unset(&slot.name_ja()), true),
        }
    }

    /// The program's code of the 配送便.
    pub(crate) fn service(&mut self, at: usize) -> Option<String> {
        let code =
            self.settings.services.get(&self.label.shipping_method).filter(|c| !c.trim().is_empty()).cloned();
        if code.is_none() {
            let words = problem::plain(
                "service_unset",
                "この配送便のコードが設定されていません。",
                "No code is set for this shipping method.",
            );
            self.say(at, words, true);
        }
        code
    }

    /// What cannot be true of any carrier: days in the wrong order, no parcel, a negative price.
    pub(crate) fn sense(&mut self, ship_at: usize, deliver_at: usize, parcels_at: usize) {
        let label = self.label;
        if let (Some(ship), Some(deliver)) = (label.ship_on, label.deliver_on)
            && deliver < ship
        {
            let words = problem::plain(
                "deliver_before_ship",
                "お届け希望日が出荷予定日より前です。",
                "The wanted day of delivery lies before the day of shipping.",
            );
            self.say(deliver_at, words, true);
        }
        if let (Some(ship), Some(today)) = (label.ship_on, self.settings.today)
            && ship < today
        {
            let words = problem::plain(
                "ship_day_past",
                "出荷予定日が過ぎています。",
                "The day of shipping is in the past.",
            );
            self.say(ship_at, words, true);
        }
        if !(1..=99).contains(&label.parcels) {
            self.say(parcels_at, problem::bad_form("個数は1～99", "1 to 99 parcels"), true);
        }
    }

    /// 代引: amount and tax, checked against `most` yen.
    pub(crate) fn cod(&mut self, amount_at: usize, tax_at: usize, most: i64) {
        let crate::Payment::Cod(cod) = self.label.payment else { return };
        if (1..=most).contains(&cod.amount) {
            self.put(amount_at, cod.amount.to_string());
        } else {
            self.say(
                amount_at,
                problem::bad_form(&format!("1～{most}円"), &format!("1 to {most} yen")),
                true,
            );
        }
        match cod.tax {
            Some(tax) if (0..=cod.amount).contains(&tax) => self.put(tax_at, tax.to_string()),
            Some(_) => self.say(tax_at, problem::bad_form("0～代引金額", "0 up to the amount"), true),
            None => {}
        }
    }

    /// A mail address that fits its column; one that does not is left out, and said.
    pub(crate) fn mail(&mut self, at: usize) -> bool {
        let mail = self.label.notify_mail.trim();
        if mail.is_empty() {
            return false;
        }
        let widest = in_bytes(self.column(at).width);
        let fits = mail.len() <= widest
            && mail.bytes().all(|c| c.is_ascii_graphic() && c != b'"' && c != b',')
            && mail.starts_with(|c: char| c.is_ascii_alphanumeric())
            && mail.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        if fits {
            self.put(at, mail);
        } else {
            let words = problem::plain(
                "mail_left_out",
                "このメールアドレスは使えないため、通知メールなしで書き出します。",
                "This mail address cannot be used; written without a notice mail.",
            );
            self.say(at, words, false);
        }
        fits
    }

    /// Fills in the fixed columns, checks every cell, and gives row and problems.
    pub(crate) fn finish(mut self) -> (Vec<String>, Vec<LabelProblem>) {
        for (at, value) in &self.settings.fixed {
            if let Some(cell) = at.checked_sub(1).and_then(|i| self.cells.get_mut(i))
                && cell.is_empty()
            {
                value.trim().clone_into(cell);
            }
        }
        for (column, cell) in self.columns.iter().zip(&mut self.cells) {
            let order_no = Some(self.label.order_no.as_str());
            if let Some(safe) = full_width_sign(cell) {
                // The carriers' programs would print a leading quote, and people open these files in a spreadsheet.
                let change = [(cell.chars().take(1).collect(), safe.chars().take(1).collect())];
                self.problems.push(problem::replaced(&change).at(order_no, column.name, false));
                *cell = safe;
            }
            if let Err(lost) = encode_shift_jis(cell) {
                self.problems.push(problem::unmappable(&lost).at(order_no, column.name, true));
                continue;
            }
            let (length, widest, unit) = match column.width {
                Width::Bytes(n) => (text::bytes(cell), n, "bytes"),
                Width::Full(n) => (text::bytes(cell).div_ceil(2), n, "characters"),
                Width::Half(n) => (text::bytes(cell), n, "characters"),
                Width::Unknown => continue,
            };
            if length > widest {
                self.problems.push(problem::too_long(length - widest, unit).at(order_no, column.name, true));
            } else if matches!(column.width, Width::Half(_)) && cell.chars().any(|c| text::bytes_of(c) > 1) {
                let words = problem::bad_form("半角のみ", "half-width characters only");
                self.problems.push(words.at(order_no, column.name, true));
            }
        }
        (self.cells, self.problems)
    }
}

/// A text that a spreadsheet would take for a formula (F51), with its first sign full-width.
fn full_width_sign(cell: &str) -> Option<String> {
    let first = cell.chars().next().filter(|c| matches!(c, '=' | '+' | '-' | '@'))?;
    Some(text::widen(&first.to_string()) + cell.get(1..).unwrap_or_default())
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FF70}')
}

fn in_bytes(width: Width) -> usize {
    match width {
        Width::Bytes(n) | Width::Half(n) => n,
        Width::Full(n) => n * 2,
        Width::Unknown => usize::MAX,
    }
}

/// The beginning of a text that fits, never ending inside a character.
fn cut(text: &str, width: usize) -> String {
    let mut kept = String::new();
    let mut used = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut whole = String::from(c);
        while let Some(more) = chars.next_if(|next| text::sticks_to_previous(*next)) {
            whole.push(more);
        }
        used += text::bytes(&whole);
        if used > width {
            break;
        }
        kept.push_str(&whole);
    }
    kept
}
