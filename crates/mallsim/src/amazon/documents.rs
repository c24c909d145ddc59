//! The storage behind feed documents (document 4.1): addresses that are signed and die young. Speaks as an object
//! store does, in XML; knows nothing of what is inside.

use std::fmt::Write as _;
use std::io::Write as _;

use bytes::Bytes;
use serde_json::{Value, json};

use super::gate::DOCUMENTS;
use super::{Amazon, errors, secret_word, utc};
use crate::mall::Ctx;
use crate::wire::{Reply, Request};

/// A document somebody uploads or the mall wrote.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub shop: usize,
    pub content_type: String,
    pub created_ms: i64,
    pub bytes: Option<Bytes>,
    pub gzip: bool,
    /// Signatures given out: what for, and until when.
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone)]
struct Signature {
    word: String,
    method: &'static str,
    until_ms: i64,
    /// Whether a download names its compression in a header.
    named: bool,
}

fn denied(code: &str, message: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Reply::new(403, "application/xml", body)
}

/// The host the caller used, so that addresses lead back to the same simulator.
fn base(request: &Request) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:-[]".contains(c);
    match request.find_header("Host").filter(|h| !h.is_empty() && h.chars().all(plain)) {
        Some(host) => format!("http://{host}"),
        None => "http://mallsim.invalid".to_owned(),
    }
}

/// A compressed copy; the plain bytes when compressing fails, which memory alone can make it do.
fn gzip(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    match encoder.write_all(bytes).and_then(|()| encoder.finish()) {
        Ok(packed) => (packed, true),
        Err(_) => (bytes.to_vec(), false),
    }
}

impl Amazon {
    pub(crate) fn create_document(&mut self, shop: usize, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let Some(kind) = body.get("contentType").and_then(Value::as_str).filter(|k| !k.trim().is_empty())
        else {
            return errors::invalid("contentType");
        };
        let id = self.store(shop, kind, None, ctx);
        let url = self.sign(&id, "PUT", false, request, ctx);
        errors::good(201, &json!({ "feedDocumentId": id, "url": url }))
    }

    /// Keeps a document and gives its id.
    pub(crate) fn store(&mut self, shop: usize, kind: &str, bytes: Option<Vec<u8>>, ctx: &Ctx<'_>) -> String {
        let id = format!("amzn1.tortuga.4.fe.{}", secret_word(self, shop, 36));
        let packed = ctx.settings.amazon.report_gzip;
        let (bytes, gzip) = match bytes {
            Some(bytes) if packed => {
                let (bytes, gzip) = gzip(&bytes);
                (Some(bytes), gzip)
            }
            other => (other, false),
        };
        let document = Document {
            shop,
            content_type: kind.to_owned(),
            created_ms: ctx.now_ms,
            bytes: bytes.map(Bytes::from),
            gzip,
            signatures: Vec::new(),
        };
        self.documents.insert(id.clone(), document);
        id
    }

    fn sign(
        &mut self,
        id: &str,
        method: &'static str,
        named: bool,
        request: &Request,
        ctx: &Ctx<'_>,
    ) -> String {
        let shop = self.documents.get(id).map_or(0, |d| d.shop);
        let word = secret_word(self, shop, 40);
        let life = ctx.settings.amazon.url_life_ms;
        if let Some(document) = self.documents.get_mut(id) {
            let until_ms = ctx.now_ms.saturating_add(life);
            document.signatures.push(Signature { word: word.clone(), method, until_ms, named });
        }
        let mut url = format!("{}{DOCUMENTS}{id}", base(request));
        let date = utc::datetime(ctx.now_ms).replace(['-', ':'], "");
        // writing into a text cannot fail
        let _ = write!(
            url,
            "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-Expires={}&X-Amz-SignedHeaders={}&X-Amz-Signature={word}",
            life / 1000,
            if method == "PUT" { "content-type%3Bhost" } else { "host" },
        );
        url
    }

    /// The signature an address carries, if it is one of this document and alive.
    fn signed(
        &self,
        id: &str,
        method: &str,
        request: &Request,
        ctx: &Ctx<'_>,
    ) -> Result<(&Document, bool), Reply> {
        // headers of Amazon's own that were not signed make the signature wrong
        if request.find_header("x-amz-access-token").is_some() {
            return Err(denied(
                "AccessDenied",
                "There were headers present in the request which were not signed",
            ));
        }
        let no = || denied("SignatureDoesNotMatch", "The request signature we calculated does not match.");
        let word = request.query_value("X-Amz-Signature").unwrap_or_default();
        let document = self.documents.get(id).ok_or_else(no)?;
        let signature =
            document.signatures.iter().find(|s| s.word == word && s.method == method).ok_or_else(no)?;
        if ctx.now_ms >= signature.until_ms {
            return Err(denied("AccessDenied", "Request has expired"));
        }
        Ok((document, signature.named))
    }

    pub(crate) fn upload(&mut self, id: &str, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let kind = match self.signed(id, "PUT", request, ctx) {
            Ok((document, _)) => document.content_type.clone(),
            Err(refusal) => return refusal,
        };
        // the content type is in the signature, byte for byte (4.1)
        if request.find_header("Content-Type") != Some(kind.as_str()) {
            return denied("SignatureDoesNotMatch", "The request signature we calculated does not match.");
        }
        if let Some(document) = self.documents.get_mut(id) {
            document.bytes = Some(request.body.clone());
        }
        Reply { status: 200, ..Reply::default() }
    }

    pub(crate) fn get_document(&mut self, shop: usize, id: &str, request: &Request, ctx: &Ctx<'_>) -> Reply {
        let Some(document) = self.documents.get(id).filter(|d| d.shop == shop && d.bytes.is_some()) else {
            return errors::not_found();
        };
        let gzip = document.gzip;
        let named = request.query_value("enableContentEncodingUrlHeader").as_deref() == Some("true");
        let url = self.sign(id, "GET", named, request, ctx);
        let mut body = json!({ "feedDocumentId": id, "url": url });
        if let (true, Some(map)) = (gzip, body.as_object_mut()) {
            map.insert("compressionAlgorithm".to_owned(), "GZIP".into());
        }
        errors::good(200, &body)
    }

    pub(crate) fn download(&self, id: &str, request: &Request, ctx: &Ctx<'_>) -> Reply {
        match self.signed(id, "GET", request, ctx) {
            Ok((document, named)) => {
                let bytes = document.bytes.clone().unwrap_or_default();
                let mut reply = Reply::new(200, &document.content_type, bytes);
                if document.gzip && named {
                    reply.set_header("Content-Encoding", "gzip");
                }
                reply
            }
            Err(refusal) => refusal,
        }
    }
}
