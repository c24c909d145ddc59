//! Files that go out to a browser and come in from one. Names of files are words of strangers: none of them is a path, a
//! header or markup (F61).

use crate::refusal::{Page, Refusal};
use axum::extract::Multipart;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use domain::Reason;
use std::collections::BTreeMap;

/// No upload is larger, bytes.
pub const MAX_UPLOAD: usize = 10 * 1024 * 1024;

/// A name without signs that lead elsewhere or end a header.
#[must_use]
pub fn plain_name(name: &str) -> String {
    let odd =
        |c: char| c.is_control() || "/\\:*?\"<>|;%".contains(c) || ('\u{202a}'..='\u{202e}').contains(&c);
    let plain: String = name.chars().map(|c| if odd(c) { '_' } else { c }).take(100).collect();
    let plain = plain.trim_matches(['.', ' ']).to_owned();
    if plain.is_empty() { "file".to_owned() } else { plain }
}

/// `Content-Disposition` of RFC 6266: an ASCII name for old programs and the whole one in UTF-8.
#[must_use]
pub fn disposition(name: &str) -> HeaderValue {
    let name = plain_name(name);
    let ascii: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let kept = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let quoted: String =
        name.bytes().map(|b| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{quoted}"))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// Bytes as a file to be saved. Never cached: it may hold buyers' addresses.
pub fn download(name: &str, content_type: &str, bytes: Vec<u8>) -> Page {
    let kind = HeaderValue::from_str(content_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition(name)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// The right to take buyers' data out as a file.
///
/// # Errors
/// The words of the refusal.
pub fn need_export(visitor: &crate::door::Visitor) -> Result<(), Refusal> {
    if visitor.rights.export && visitor.rights.buyer_data {
        return Ok(());
    }
    Err(Refusal::forbidden(Reason::new(
        "export_not_allowed",
        "個人情報を含むファイルを出力する権限がありません",
        "必要なら、管理者に権限グループの「ファイルの書き出し」と「氏名・住所の表示」を頼んでください。",
        "The rights to export and to see buyer data are needed",
    )))
}

/// The right to see names and addresses, for a paper made of them.
///
/// # Errors
/// The words of the refusal.
pub fn need_buyer_data(visitor: &crate::door::Visitor) -> Result<(), Refusal> {
    if visitor.rights.buyer_data {
        return Ok(());
    }
    Err(Refusal::forbidden(Reason::new(
        "buyer_data_not_allowed",
        "お客様の氏名・住所を表示する権限がありません",
        "必要なら、管理者に権限グループの「氏名・住所の表示」を頼んでください。",
        "The right to see buyer data is needed",
    )))
}

/// A posted form with a file in it.
#[derive(Debug, Default)]
pub struct Upload {
    /// Name of the file as the browser gave it, made plain; empty: none was chosen.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The other fields.
    pub fields: BTreeMap<String, String>,
}

impl Upload {
    /// A field; empty when it is not there.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }
}

/// Reads a posted form with one file. Only the named fields are taken.
///
/// # Errors
/// Unknown or doubled fields, more than [`MAX_UPLOAD`], or a body that is no form.
pub async fn read_upload(mut form: Multipart, known: &[&str]) -> Result<Upload, Refusal> {
    let broken = |_| {
        Refusal::field(
            "file",
            "送られたファイルを読み取れません（10MBまで）",
            "is no form, or larger than 10 MB",
        )
    };
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" && upload.bytes.is_empty() {
            upload.name = field.file_name().filter(|n| !n.is_empty()).map(plain_name).unwrap_or_default();
            upload.bytes = field.bytes().await.map_err(broken)?.to_vec();
        } else if known.contains(&name.as_str()) && !upload.fields.contains_key(&name) {
            let text = field.text().await.map_err(broken)?;
            upload.fields.insert(name, text);
        } else {
            return Err(Refusal::field(name, "知らない入力欄が送られました", "is unknown"));
        }
    }
    Ok(upload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_of_files_stay_inside_their_header_f61() {
        for (name, ascii, quoted) in [
            ("出荷.csv", "__.csv", "%E5%87%BA%E8%8D%B7.csv"),
            ("../../etc/passwd", "_.._etc_passwd", "_.._etc_passwd"),
            ("a\"; filename=\"b.exe", "a__ filename=_b.exe", "a__%20filename%3D_b.exe"),
            ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x", "a__Set-Cookie_%20x"),
            ("\u{202e}gpj.exe", "_gpj.exe", "_gpj.exe"),
            ("", "file", "file"),
            ("...", "file", "file"),
        ] {
            let shown = disposition(name);
            let wanted = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{quoted}");
            assert_eq!(shown.to_str().unwrap(), wanted, "{name:?}");
        }
        assert!(plain_name(&"長".repeat(5_000)).chars().count() <= 100);
    }
}
