//! The table of postal codes: unpacked once, then read section by section. The layout is told in `data/make_postal.py`.
//!
//! A table is an outside file (a newer one may be imported): whatever its bytes, nothing here panics, and a section that
//! is broken ends early.

use std::io::Read;

use super::{Match, Office, Place, address, postal_code};
use crate::Prefecture;

/// More than this is no table of ours (the one of October 2026 unpacks to 1.7 MB).
const LARGEST: u64 = 16 << 20;
/// Characters with a one-byte code.
const SINGLE: usize = 240;
const COLUMNS: usize = 5;

/// Why a table cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// It does not unpack: cut off, changed, or something else altogether.
    #[error("郵便番号の表を展開できません / the table of postal codes does not unpack")]
    Damaged,
    /// It unpacks to something that is not a table of this form.
    #[error("郵便番号の表の形式が違います / this is no table of postal codes of a form that we read")]
    OtherForm,
}

/// A table of postal codes.
pub struct PostalTable {
    raw: Vec<u8>,
    about: String,
    alphabet: Vec<char>,
    cities: Vec<(Prefecture, String)>,
    /// For each first three digits where its bytes begin in each column, and one entry more for the end.
    sections: Vec<[usize; COLUMNS]>,
}

impl std::fmt::Debug for PostalTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostalTable({}, {} bytes)", self.about, self.size())
    }
}

impl PostalTable {
    /// Opens a table made by `data/make_postal.py`.
    pub fn open(file: &[u8]) -> Result<Self, TableProblem> {
        let mut raw = Vec::with_capacity(2 << 20);
        let unpacked = flate2::read::ZlibDecoder::new(file).take(LARGEST).read_to_end(&mut raw);
        if unpacked.is_err() {
            return Err(TableProblem::Damaged);
        }
        raw.shrink_to_fit();
        Self::read(raw).ok_or(TableProblem::OtherForm)
    }

    fn read(raw: Vec<u8>) -> Option<Self> {
        let mut rest = raw.strip_prefix(b"JPP1".as_slice())?;
        let about = text(&mut rest)?;
        let alphabet: Vec<char> = text(&mut rest)?.chars().collect();
        let count = number(&mut rest)?;
        let mut cities = Vec::new();
        for _ in 0..count {
            let prefecture = Prefecture::with_code(u8::try_from(number(&mut rest)?).ok()?)?;
            cities.push((prefecture, text(&mut rest)?));
        }
        let mut sections = Vec::with_capacity(1001);
        let mut ends = [0_usize; COLUMNS];
        sections.push(ends);
        for _ in 0..1000 {
            for end in &mut ends {
                *end = end.checked_add(number(&mut rest)?)?;
            }
            sections.push(ends);
        }
        let total = ends.iter().try_fold(0_usize, |sum, end| sum.checked_add(*end))?;
        if total != rest.len() {
            return None;
        }
        // Each column begins where the one before it ended.
        let mut begin = raw.len() - rest.len();
        let mut begins = [0_usize; COLUMNS];
        for (place, end) in begins.iter_mut().zip(ends) {
            *place = begin;
            begin += end;
        }
        for section in &mut sections {
            for (offset, begin) in section.iter_mut().zip(begins) {
                *offset += begin;
            }
        }
        Some(Self { raw, about, alphabet, cities, sections })
    }

    /// Where the table comes from, and of when.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Bytes it takes in memory.
    pub fn size(&self) -> usize {
        self.raw.capacity()
            + self.alphabet.capacity() * size_of::<char>()
            + self.cities.capacity() * size_of::<(Prefecture, String)>()
            + self.cities.iter().map(|(_, name)| name.capacity()).sum::<usize>()
            + self.sections.capacity() * size_of::<[usize; COLUMNS]>()
    }

    /// As [`places`](super::places), of this table.
    pub fn places(&self, code: &str) -> Vec<Place> {
        let Some(code) = postal_code(code).and_then(|digits| digits.parse::<u32>().ok()) else {
            return Vec::new();
        };
        self.section(code / 10_000)
            .skip_while(|record| record.code < code)
            .take_while(|record| record.code == code)
            .filter_map(|record| self.place(&record))
            .collect()
    }

    /// As [`matches_address`](super::matches_address), of this table.
    pub fn matches_address(&self, code: &str, prefecture: &str, city: &str) -> Match {
        address::compare(&self.places(code), prefecture, city)
    }

    /// Every place of the table with its code, in the order of the codes.
    pub fn all(&self) -> impl Iterator<Item = (String, Place)> {
        (0..1000)
            .flat_map(|first| self.section(first))
            .filter_map(|record| self.place(&record).map(|place| (format!("{:07}", record.code), place)))
    }

    fn section(&self, first: u32) -> Section<'_> {
        let place = usize::try_from(first).unwrap_or(usize::MAX);
        let [codes, cities, towns, offices, streets] = match self.sections.get(place..place.saturating_add(2))
        {
            Some([begins, ends]) => {
                let mut columns =
                    begins.iter().zip(ends).map(|(b, e)| self.raw.get(*b..*e).unwrap_or_default());
                std::array::from_fn(|_| columns.next().unwrap_or_default())
            }
            _ => [[].as_slice(); COLUMNS],
        };
        Section { code: first.saturating_mul(10_000), city: 0, codes, cities, towns, offices, streets }
    }

    fn place(&self, record: &Record<'_>) -> Option<Place> {
        let (prefecture, city) = self.cities.get(record.city)?;
        Some(Place {
            prefecture: *prefecture,
            city: city.clone(),
            town: self.unpack(record.town),
            office: record
                .office
                .map(|(name, street)| Office { name: self.unpack(name), street: self.unpack(street) }),
        })
    }

    fn unpack(&self, packed: &[u8]) -> String {
        let mut bytes = packed.iter().map(|b| usize::from(*b));
        let mut text = String::with_capacity(packed.len() * 3);
        while let Some(byte) = bytes.next() {
            let place = if byte <= SINGLE {
                byte.checked_sub(1)
            } else {
                bytes.next().and_then(|low| (SINGLE + (byte - SINGLE - 1) * 255 + low).checked_sub(1))
            };
            text.extend(place.and_then(|place| self.alphabet.get(place)));
        }
        text
    }
}

/// One row of the table, its texts still packed.
struct Record<'a> {
    code: u32,
    city: usize,
    town: &'a [u8],
    office: Option<(&'a [u8], &'a [u8])>,
}

/// Walks the records that share their first three digits.
struct Section<'a> {
    code: u32,
    city: usize,
    codes: &'a [u8],
    cities: &'a [u8],
    towns: &'a [u8],
    offices: &'a [u8],
    streets: &'a [u8],
}

impl<'a> Iterator for Section<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let step = number(&mut self.codes)?;
        self.code = self.code.checked_add(u32::try_from(step >> 1).ok()?)?;
        let zigzag = number(&mut self.cities)?;
        let distance = zigzag >> 1;
        self.city = if zigzag & 1 == 0 {
            self.city.checked_add(distance)?
        } else {
            self.city.checked_sub(distance)?.checked_sub(1)?
        };
        let town = packed(&mut self.towns)?;
        let office = match step & 1 {
            0 => None,
            _ => Some((packed(&mut self.offices)?, packed(&mut self.streets)?)),
        };
        Some(Record { code: self.code, city: self.city, town, office })
    }
}

/// A LEB128 number, taken from the front.
fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..28).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= usize::from(first & 0x7F) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A UTF-8 text with its length before it.
fn text(bytes: &mut &[u8]) -> Option<String> {
    let length = number(bytes)?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// A packed text that a zero ends.
fn packed<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = bytes.iter().position(|b| *b == 0)?;
    let (text, rest) = bytes.split_at_checked(end)?;
    *bytes = rest.get(1..)?;
    Some(text)
}
