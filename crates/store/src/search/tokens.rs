//! Tokens of an order and of a needle. Pure, and neutral between the databases.
//!
//! A token is 64 bits of a keyed hash over kind and text. Each database stores fewer bits of it (see
//! `dialect/`), so a token found is a candidate and never an answer: the caller opens and compares
//! ([`Needle::matches`]).

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::fold;

/// The key of all tokens of an installation.
pub(crate) struct SearchKey(pub(crate) Zeroizing<[u8; 32]>);

/// What a token is about; part of what is hashed.
#[derive(Clone, Copy)]
enum TokenKind {
    /// Two letters in a row of any name.
    Piece2 = b'n' as isize,
    /// Three kana in a row of any name: pairs of kana alone meet by chance too often.
    Kana3 = b'k' as isize,
    /// The first letter of a name or of a word in it, for needles of one letter (林, 森).
    First = b'f' as isize,
    Phone = b'p' as isize,
    PhoneLast4 = b'l' as isize,
    Mail = b'm' as isize,
}

/// The searchable part of an order, as it comes out of the sealed values.
#[derive(Clone, Copy, Default)]
pub struct SearchFields<'a> {
    /// Buyer's and recipients' names and their kana, family and given name in one text each.
    pub names: &'a [&'a str],
    /// Phone numbers.
    pub phones: &'a [&'a str],
    /// Mail addresses.
    pub mails: &'a [&'a str],
}

/// The tokens of one order. Holds hashes only.
#[derive(Clone, Default)]
pub struct TokenSet(pub(crate) BTreeSet<u64>);

impl TokenSet {
    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to search by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn of(key: &SearchKey, fields: &SearchFields<'_>) -> Self {
        let mut out = Self::default();
        for name in fields.names {
            let words = fold::words(name);
            for word in &words {
                if let Some(first) = word.chars().next() {
                    out.add(key, TokenKind::First, &[first]);
                }
            }
            // Joined, so that 藤花 of 佐藤 花子 is found however the buyer used spaces.
            let whole: Vec<char> = words.iter().flat_map(|w| w.chars()).collect();
            for piece in whole.windows(2) {
                out.add(key, TokenKind::Piece2, piece);
            }
            for piece in whole.windows(3).filter(|p| p.iter().copied().all(fold::is_kana)) {
                out.add(key, TokenKind::Kana3, piece);
            }
        }
        for phone in fields.phones {
            let digits: Vec<char> = fold::phone(phone).chars().collect();
            if let Some((_, last4)) = digits.split_last_chunk::<4>() {
                out.add(key, TokenKind::Phone, &digits);
                out.add(key, TokenKind::PhoneLast4, last4);
            }
        }
        for mail in fields.mails.iter().filter(|m| m.contains('@')) {
            let mail: Vec<char> = fold::mail(mail).chars().collect();
            out.add(key, TokenKind::Mail, &mail);
        }
        out
    }

    /// The set without what finds needles of one letter, to measure what those cost.
    pub(crate) fn drop_first_letters(&mut self, key: &SearchKey, fields: &SearchFields<'_>) {
        let words = fields.names.iter().flat_map(|name| fold::words(name));
        let mut firsts = Self::default();
        for first in words.filter_map(|word| word.chars().next()) {
            firsts.add(key, TokenKind::First, &[first]);
        }
        self.0.retain(|token| !firsts.0.contains(token));
    }

    fn add(&mut self, key: &SearchKey, kind: TokenKind, text: &[char]) {
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 + text.len() * 4));
        bytes.push(kind as u8);
        let mut letter = [0; 4];
        for c in text {
            bytes.extend_from_slice(c.encode_utf8(&mut letter).as_bytes());
        }
        self.0.insert(first_u64(&blake3::keyed_hash(&key.0, &bytes)));
    }
}

/// The first eight bytes of a hash.
pub(crate) fn first_u64(hash: &blake3::Hash) -> u64 {
    hash.as_bytes().iter().take(8).fold(0, |n, b| (n << 8) | u64::from(*b))
}

/// One thing that a needle asks for.
#[derive(Clone)]
enum Part {
    /// Folded letters, to be found in one name.
    Word(String),
    /// Digits: a whole number, or its end.
    Phone(String),
    /// A whole address.
    Mail(String),
}

/// Shorter digits than these are the end of a number, not a number.
const WHOLE_PHONE: usize = 9;
/// More parts than anybody types; bounds the work of one query.
const MAX_PARTS: usize = 8;
/// Longer words than anybody types.
const MAX_LETTERS: usize = 64;

/// Why a needle cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NeedleError {
    /// Nothing but spaces.
    #[error("nothing to search for")]
    Empty,
    /// Fewer than four digits of a phone number.
    #[error("a phone number needs its last four digits or more")]
    TooShort,
    /// More than a search takes.
    #[error("too much to search for")]
    TooLong,
}

/// What somebody typed, read as names, phone numbers and mail addresses; all of it must be found.
#[derive(Clone)]
pub struct Needle(Vec<Part>);

impl Needle {
    /// Reads a needle.
    ///
    /// # Errors
    /// It is empty, too long, or has too few digits.
    pub fn parse(text: &str) -> Result<Self, NeedleError> {
        if text.chars().count() > MAX_PARTS * MAX_LETTERS {
            return Err(NeedleError::TooLong);
        }
        let mut parts = Vec::new();
        if fold::looks_like_phone(text) {
            parts.push(Part::Phone(fold::phone(text)));
        } else {
            for part in text.split_whitespace() {
                if part.contains(['@', '＠']) {
                    parts.push(Part::Mail(fold::mail(part)));
                } else if fold::looks_like_phone(part) {
                    parts.push(Part::Phone(fold::phone(part)));
                } else {
                    parts.extend(fold::words(part).into_iter().map(Part::Word));
                }
            }
        }
        for part in &parts {
            match part {
                Part::Phone(digits) if digits.len() < 4 => return Err(NeedleError::TooShort),
                Part::Word(text) | Part::Mail(text) if text.chars().count() > MAX_LETTERS => {
                    return Err(NeedleError::TooLong);
                }
                _ => {}
            }
        }
        match parts.len() {
            0 => Err(NeedleError::Empty),
            n if n > MAX_PARTS => Err(NeedleError::TooLong),
            _ => Ok(Self(parts)),
        }
    }

    /// Whether an opened order is what was asked for. Exactly what a full scan would say.
    #[must_use]
    pub fn matches(&self, fields: &SearchFields<'_>) -> bool {
        let names: Vec<Vec<String>> = fields.names.iter().map(|n| fold::words(n)).collect();
        self.0.iter().all(|part| match part {
            Part::Word(word) if word.chars().count() == 1 => {
                names.iter().flatten().any(|w| w.starts_with(word.as_str()))
            }
            Part::Word(word) => names.iter().any(|words| words.concat().contains(word.as_str())),
            Part::Phone(digits) if digits.len() >= WHOLE_PHONE => {
                fields.phones.iter().any(|p| fold::phone(p) == *digits)
            }
            Part::Phone(digits) => fields.phones.iter().any(|p| fold::phone(p).ends_with(digits.as_str())),
            Part::Mail(mail) => fields.mails.iter().any(|m| fold::mail(m) == *mail),
        })
    }

    /// Tokens that an order must have, all of them, to be a candidate.
    pub(crate) fn tokens(&self, key: &SearchKey) -> TokenSet {
        let mut out = TokenSet::default();
        for part in &self.0 {
            match part {
                Part::Word(word) => {
                    let letters: Vec<char> = word.chars().collect();
                    match letters.as_slice() {
                        [one] => out.add(key, TokenKind::First, &[*one]),
                        kana if kana.len() >= 3 && kana.iter().copied().all(fold::is_kana) => {
                            for piece in kana.windows(3) {
                                out.add(key, TokenKind::Kana3, piece);
                            }
                        }
                        mixed => {
                            for piece in mixed.windows(2) {
                                out.add(key, TokenKind::Piece2, piece);
                            }
                        }
                    }
                }
                Part::Phone(digits) => {
                    let digits: Vec<char> = digits.chars().collect();
                    if digits.len() >= WHOLE_PHONE {
                        out.add(key, TokenKind::Phone, &digits);
                    } else if let Some((_, last4)) = digits.split_last_chunk::<4>() {
                        out.add(key, TokenKind::PhoneLast4, last4);
                    }
                }
                Part::Mail(mail) => {
                    let mail: Vec<char> = mail.chars().collect();
                    out.add(key, TokenKind::Mail, &mail);
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> SearchKey {
        SearchKey(Zeroizing::new([3; 32]))
    }

    #[test]
    fn needles_are_read_as_people_mean_them() {
        let fields = SearchFields {
            names: &["佐藤　花子", "さとう ハナコ", "林 茜"],
            phones: &["090-1234-5678"],
            mails: &["Hanako@example.jp"],
        };
        for hit in [
            "佐藤",
            "藤花",
            "佐藤花子",
            "花子 佐藤",
            "サト",
            "さとうは",
            "林",
            "茜",
            "佐",
            "5678",
            "345678",
            "09012345678",
            "+81-90-1234-5678",
            "hanako@EXAMPLE.jp",
            "佐藤 5678",
        ] {
            let needle = Needle::parse(hit).unwrap();
            assert!(needle.matches(&fields), "{hit}");
            assert!(needle.tokens(&key()).0.is_subset(&TokenSet::of(&key(), &fields).0), "{hit}");
        }
        for miss in ["藤", "子花", "鈴木", "1234", "taro@example.jp", "佐藤 鈴木"] {
            assert!(!Needle::parse(miss).unwrap().matches(&fields), "{miss}");
        }
        assert_eq!(Needle::parse(" 　").err(), Some(NeedleError::Empty));
        assert_eq!(Needle::parse("567").err(), Some(NeedleError::TooShort));
    }

    proptest! {
        /// The index may offer too much but never too little.
        #[test]
        fn whatever_matches_is_a_candidate(name in "[あ-んア-ンa-zA-Z佐藤山田 　髙ー]{1,12}", at in 0usize..12, len in 1usize..6) {
            let typed: String = name.chars().skip(at).take(len).collect();
            if let Ok(needle) = Needle::parse(&typed) {
                let names = [name.as_str()];
                let fields = SearchFields { names: &names, ..SearchFields::default() };
                if needle.matches(&fields) {
                    prop_assert!(needle.tokens(&key()).0.is_subset(&TokenSet::of(&key(), &fields).0));
                }
            }
        }
    }
}
