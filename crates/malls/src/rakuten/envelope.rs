//! What an answer is before its content is believed: HTTP status, gateway envelopes (rakuten.md 1.4), pages for
//! people, content type, shape. And the messages every function of the order API answers with (2.1).

use super::descriptor::{self, CONTENT_TYPE_SPACE};
use super::errors::{of_mall, own};
use super::leaf::List;
use super::wire_types;
use domain::reason;
use mall_api::charset::{looks_like_html, speaks_of_maintenance};
use mall_api::{MallError, MallErrorKind, Session, Settings, WireAnswer, WireRequest};

/// A gateway's envelope is a few hundred bytes; nothing larger is searched for one.
const ENVELOPE_MAX: usize = 4_096;

/// An answer that is not what the document promises.
pub(super) fn unreadable(what: &str) -> MallError {
    MallError::new(MallErrorKind::Unreadable, reason::answer_unreadable(what))
}

/// Lets through what the order API itself answered (200, or 400 with its messages), as JSON.
///
/// # Errors
/// Everything else, by meaning.
pub(super) fn gate(answer: &WireAnswer) -> Result<(), MallError> {
    let retry_after_ms = answer.retry_after_ms();
    if answer.status == 429 {
        return Err(MallError::new(MallErrorKind::RateLimited { retry_after_ms }, reason::rate_limited()));
    }
    if let Some(error) = gateway(answer) {
        return Err(error);
    }
    let page = looks_like_html(&answer.body);
    let maintenance =
        || MallError::new(MallErrorKind::Maintenance { retry_after_ms }, reason::mall_maintenance());
    match answer.status {
        200 | 400 if page && speaks_of_maintenance(&answer.body) => Err(maintenance()),
        200 | 400 if page => Err(unreadable("HTMLのページ")),
        200 | 400 => json(answer),
        300..=399 => Err(unreadable(&format!("別のページへの転送、HTTP {}", answer.status))),
        401 => Err(MallError::new(MallErrorKind::Credential, own("RAKUTEN_UNAUTHORISED"))),
        403 => Err(MallError::new(MallErrorKind::NotAllowed, own("RAKUTEN_FORBIDDEN"))),
        404 | 405 => Err(MallError::new(MallErrorKind::Refused, own("RAKUTEN_WRONG_ADDRESS"))),
        415 => Err(MallError::new(MallErrorKind::Refused, own("ES04-03"))),
        503 if speaks_of_maintenance(&answer.body) => Err(maintenance()),
        status @ 500..=599 => {
            Err(MallError::new(MallErrorKind::Unavailable, reason::mall_unavailable(status)))
        }
        status => Err(unreadable(&format!("HTTP {status}"))),
    }
}

fn json(answer: &WireAnswer) -> Result<(), MallError> {
    if answer.header("content-type").is_some_and(|kind| !kind.to_ascii_lowercase().contains("json")) {
        return Err(unreadable("Content-TypeがJSONではありません"));
    }
    match answer.body.iter().find(|b| !b.is_ascii_whitespace()) {
        None => Err(unreadable("本文が空です")),
        Some(b'{') => Ok(()),
        Some(_) => Err(unreadable("JSONのオブジェクトではありません")),
    }
}

/// The three envelopes of the gateway, whatever the status (1.4), and the limits of the XML family (4).
fn gateway(answer: &WireAnswer) -> Option<MallError> {
    if answer.body.len() > ENVELOPE_MAX {
        return None;
    }
    let text = std::str::from_utf8(&answer.body).ok()?.trim_start();
    if text.starts_with('<') {
        return ["AuthError", "QPSLimit", "AccessLimit"]
            .into_iter()
            .find(|code| text.contains(&format!("<message>{code}")))
            .map(|code| of_code(code, "", answer));
    }
    let envelope: wire_types::Gateway = serde_json::from_str(text).ok()?;
    if let Ok(Some(result)) = envelope.results.optional("Results") {
        let code = result.error_code.optional("errorCode").ok().flatten().unwrap_or_default();
        let message = result.message.optional("message").ok().flatten().unwrap_or_default();
        return Some(of_code(&code, &message, answer));
    }
    let first = envelope.errors.elements("errors").ok()?.into_iter().next()?;
    let code = first.code.optional("code").ok().flatten().unwrap_or_default();
    let message = first.message.optional("message").ok().flatten().unwrap_or_default();
    Some(of_code(&code, &message, answer))
}

fn of_code(code: &str, text: &str, answer: &WireAnswer) -> MallError {
    let kind = match code {
        "GA0001" | "ES01-01" | "GK0001" | "GK0005" | "GK0006" | "AuthError" => MallErrorKind::Credential,
        "ES04-01" => MallErrorKind::NotAllowed,
        "ES04-03" => MallErrorKind::Refused,
        "QPSLimit" | "AccessLimit" => MallErrorKind::RateLimited { retry_after_ms: answer.retry_after_ms() },
        _ => match answer.status {
            401 => MallErrorKind::Credential,
            403 => MallErrorKind::NotAllowed,
            404 | 405 => MallErrorKind::Refused,
            500..=599 => MallErrorKind::Unavailable,
            _ => MallErrorKind::Unreadable,
        },
    };
    MallError::new(kind, of_mall(code, text))
}

/// Did the gateway refuse the Content-Type (1.1)?
pub(super) fn refuses_content_type(answer: &WireAnswer) -> bool {
    answer.status == 415
        || gateway(answer).is_some_and(|error| error.reason.mall_code.as_deref() == Some("ES04-03"))
}

/// The header of the order API, with or without the space (1.1).
pub(super) fn content_type(space: bool) -> &'static str {
    if space { "application/json; charset=utf-8" } else { "application/json;charset=utf-8" }
}

/// The shop's setting of the header.
pub(super) fn wants_space(settings: &Settings) -> bool {
    settings.flag(CONTENT_TYPE_SPACE, true)
}

/// A request to a function of the order API; the path ends with a slash (1.1).
pub(super) fn order_request(function: &str, space: bool, body: Vec<u8>) -> WireRequest {
    WireRequest::post_json(function, &format!("/es/2.0/order/{function}/"), content_type(space), body)
}

/// Asks a reading function. When the Content-Type is refused the other form is tried once; what was learnt comes
/// with the answer.
pub(super) async fn ask(
    session: &Session<'_>,
    function: &str,
    body: &serde_json::Value,
) -> Result<(WireAnswer, Option<(String, String)>), MallError> {
    let space = wants_space(session.settings);
    let bytes = body.to_string().into_bytes();
    let answer = session.wire.send(order_request(function, space, bytes.clone())).await?;
    if !refuses_content_type(&answer) {
        gate(&answer)?;
        return Ok((answer, None));
    }
    let answer = session.wire.send(order_request(function, !space, bytes)).await?;
    gate(&answer)?;
    Ok((answer, Some((CONTENT_TYPE_SPACE.to_owned(), (!space).to_string()))))
}

/// INFO, WARNING, ERROR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Success or a remark.
    Info,
    /// Done with a remark, or not; see the code.
    Warning,
    /// Refused.
    Error,
    /// Something the document does not know.
    Other,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Its type.
    pub(super) kind: Kind,
    /// Its code.
    pub(super) code: String,
    /// Its words.
    pub(super) text: String,
    /// The order it speaks of.
    pub(super) order: Option<String>,
    /// Position of the shipping record it speaks of, from 1.
    pub(super) data_number: Option<i64>,
    /// The mall's id of the record.
    pub(super) record: Option<String>,
    /// Ticket of an asynchronous call.
    pub(super) request_id: Option<String>,
}

impl Message {
    /// Is this the code, given without the common beginning?
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.strip_prefix("ORDER_EXT_API_") == Some(code)
    }

    /// In words, from the catalogue.
    pub(super) fn reason(&self) -> domain::Reason {
        of_mall(&self.code, &self.text)
    }
}

/// Reads the messages. A message of the wrong shape makes the answer unreadable: it might be the one that says
/// "error".
pub(super) fn messages(list: List<wire_types::Message>) -> Result<Vec<Message>, MallError> {
    const FIELD: &str = "MessageModelList";
    let read = |message: wire_types::Message| {
        let text = |leaf: super::leaf::Leaf<String>, field: &str| {
            Ok::<_, super::leaf::Misread>(leaf.optional(field)?.filter(|text| !text.is_empty()))
        };
        Ok::<_, super::leaf::Misread>(Message {
            kind: match message.message_type.optional("messageType")?.as_deref() {
                Some("INFO") => Kind::Info,
                Some("WARNING") => Kind::Warning,
                Some("ERROR") => Kind::Error,
                _ => Kind::Other,
            },
            code: message.message_code.required("messageCode")?,
            text: message.message.optional("message")?.unwrap_or_default(),
            order: text(message.order_number, "orderNumber")?,
            data_number: message.data_number.optional("dataNumber")?,
            record: text(message.shipping_detail_id, "shippingDetailId")?,
            request_id: text(message.request_id, "requestId")?,
        })
    };
    let elements = list.elements(FIELD).map_err(|misread| unreadable(&misread.to_string()))?;
    elements
        .into_iter()
        .map(|message| read(message).map_err(|misread| unreadable(&misread.under(FIELD).to_string())))
        .collect()
}

/// An ERROR that speaks of the whole question. Known codes are our mistake; an unknown one may pass.
pub(super) fn refusal(messages: &[Message]) -> Option<MallError> {
    let error = messages.iter().find(|m| m.kind == Kind::Error && m.order.is_none())?;
    let known = descriptor::get().errors.iter().any(|entry| entry.code == error.code);
    let kind = if known { MallErrorKind::Refused } else { MallErrorKind::Unreadable };
    Some(MallError::new(kind, error.reason()))
}
