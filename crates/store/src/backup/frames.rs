//! The stream of a backup: a mark, then frames of a tag, a length and bytes. Parts of data end with their digest; the last
//! frame says that it is the last, so that a stream that was cut is never taken for a short one.

use super::{BackupError, Manifest};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{Read, Write};

const MARK: &[u8] = b"choba backup\n";
const WORDS: u8 = b'J';
const DATA: u8 = b'D';
/// No frame is larger, bytes. Longer data is cut into several.
pub(super) const LARGEST: usize = 1 << 20;

/// Begin of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Table, or `file`.
    pub(super) part: String,
    /// Columns in the order of the data.
    #[serde(default)]
    pub(super) columns: Vec<String>,
}

/// End of a part.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PartEnd {
    bytes: u64,
    blake3: String,
}

/// End of the stream.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    parts: u64,
}

/// What comes next.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Next {
    Part(Part),
    End(End),
}

/// Writes a stream.
pub(super) struct Out<'a> {
    out: &'a mut (dyn Write + Send),
    parts: u64,
    bytes: u64,
    digest: blake3::Hasher,
}

impl<'a> Out<'a> {
    pub(super) fn begin(out: &'a mut (dyn Write + Send), manifest: &Manifest) -> Result<Self, BackupError> {
        out.write_all(MARK)?;
        let mut this = Self { out, parts: 0, bytes: 0, digest: blake3::Hasher::new() };
        this.words(manifest)?;
        Ok(this)
    }

    fn words(&mut self, words: &impl Serialize) -> Result<(), BackupError> {
        let text = serde_json::to_vec(words).map_err(|e| BackupError::Damaged(e.to_string()))?;
        self.frame(WORDS, &text)
    }

    fn frame(&mut self, tag: u8, bytes: &[u8]) -> Result<(), BackupError> {
        let length =
            u32::try_from(bytes.len()).map_err(|_| BackupError::Damaged("a frame is too long".into()))?;
        self.out.write_all(&[tag])?;
        self.out.write_all(&length.to_be_bytes())?;
        Ok(self.out.write_all(bytes)?)
    }

    pub(super) fn part(&mut self, part: &Part) -> Result<(), BackupError> {
        (self.bytes, self.digest) = (0, blake3::Hasher::new());
        self.parts += 1;
        self.words(part)
    }

    pub(super) fn data(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        for piece in bytes.chunks(LARGEST) {
            self.digest.update(piece);
            self.bytes += piece.len() as u64;
            self.frame(DATA, piece)?;
        }
        Ok(())
    }

    pub(super) fn end_part(&mut self) -> Result<(), BackupError> {
        let end = PartEnd { bytes: self.bytes, blake3: self.digest.finalize().to_hex().to_string() };
        self.words(&end)
    }

    pub(super) fn end(mut self) -> Result<(), BackupError> {
        let end = End { parts: self.parts };
        self.words(&end)
    }
}

/// Reads a stream. Every length and every digest is checked; nothing is believed before its part has ended.
pub(super) struct In<'a> {
    source: &'a mut (dyn Read + Send),
    parts: u64,
    bytes: u64,
    digest: blake3::Hasher,
}

fn cut(error: std::io::Error) -> BackupError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => BackupError::Damaged("it ends too early".to_owned()),
        std::io::ErrorKind::InvalidData => BackupError::Damaged(error.to_string()),
        _ => BackupError::Io(error),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BackupError> {
    serde_json::from_slice(bytes).map_err(|_| BackupError::Damaged("its words cannot be read".to_owned()))
}

impl<'a> In<'a> {
    pub(super) fn begin(source: &'a mut (dyn Read + Send)) -> Result<(Self, Manifest), BackupError> {
        let mut mark = [0; MARK.len()];
        match source.read_exact(&mut mark) {
            Ok(()) if mark == MARK => {}
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => return Err(cut(error)),
            _ => return Err(BackupError::NotABackup),
        }
        let mut this = Self { source, parts: 0, bytes: 0, digest: blake3::Hasher::new() };
        let (_, words) = this.frame()?;
        let manifest = parse(&words)?;
        Ok((this, manifest))
    }

    fn frame(&mut self) -> Result<(u8, Vec<u8>), BackupError> {
        let mut head = [0; 5];
        self.source.read_exact(&mut head).map_err(cut)?;
        let [tag, a, b, c, d] = head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if length > LARGEST || !matches!(tag, WORDS | DATA) {
            return Err(BackupError::Damaged("a frame is no frame".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.source.read_exact(&mut bytes).map_err(cut)?;
        Ok((tag, bytes))
    }

    /// The next part; `None`: that was all.
    pub(super) fn part(&mut self) -> Result<Option<Part>, BackupError> {
        (self.bytes, self.digest) = (0, blake3::Hasher::new());
        let (tag, words) = self.frame()?;
        if tag != WORDS {
            return Err(BackupError::Damaged("data outside of a part".to_owned()));
        }
        match parse(&words)? {
            Next::Part(part) => {
                self.parts += 1;
                Ok(Some(part))
            }
            Next::End(end) if end.parts == self.parts => Ok(None),
            Next::End(_) => Err(BackupError::Damaged("parts are missing".to_owned())),
        }
    }

    /// The next piece of the part; `None`: the part is complete and its digest fits.
    pub(super) fn data(&mut self) -> Result<Option<Vec<u8>>, BackupError> {
        let (tag, bytes) = self.frame()?;
        if tag == DATA {
            self.digest.update(&bytes);
            self.bytes += bytes.len() as u64;
            return Ok(Some(bytes));
        }
        let end: PartEnd = parse(&bytes)?;
        let is = PartEnd { bytes: self.bytes, blake3: self.digest.finalize().to_hex().to_string() };
        if end == is { Ok(None) } else { Err(BackupError::Damaged("a digest does not fit".to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use domain::UtcMillis;

    fn stream() -> Vec<u8> {
        let mut bytes = Vec::new();
        let manifest = Manifest::new(Kind::Sqlite, UtcMillis(7), 1);
        let mut out = Out::begin(&mut bytes, &manifest).unwrap();
        out.part(&Part { part: "file".into(), columns: Vec::new() }).unwrap();
        out.data(&vec![5; LARGEST + 10]).unwrap();
        out.end_part().unwrap();
        out.end().unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<usize, BackupError> {
        let mut source = bytes;
        let (mut stream, _) = In::begin(&mut source)?;
        let mut all = 0;
        while stream.part()?.is_some() {
            while let Some(piece) = stream.data()? {
                all += piece.len();
            }
        }
        Ok(all)
    }

    #[test]
    fn a_stream_comes_back_and_one_cut_or_changed_anywhere_is_not_believed_f47() {
        let good = stream();
        assert_eq!(read(&good).unwrap(), LARGEST + 10);
        let length = good.len();
        for at in (0..length).step_by(40_009).chain(length - 300..length) {
            assert!(read(&good[..at]).is_err(), "cut at {at}");
            let mut changed = good.clone();
            changed[at] ^= 1;
            // What the manifest tells of itself is checked against the rows, not here.
            if at > 200 {
                assert!(read(&changed).is_err(), "changed at {at}");
            }
        }
        assert!(matches!(read(b"PK\x03\x04 something else entirely"), Err(BackupError::NotABackup)));
    }
}
