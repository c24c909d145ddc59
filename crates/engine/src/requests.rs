//! What others ask of a lane: the kinds of request rows and what comes of them.

use domain::{MallOrderId, OrderSeq, UtcMillis};
use serde::{Deserialize, Serialize};

/// Kind of an import request.
pub const IMPORT: &str = "import";
/// Kind of an import by files (受注CSV取込).
pub const IMPORT_FILE: &str = "import_file";
/// Kind of a request for a shipment file (出荷ファイル).
pub const SHIPMENT_FILE: &str = "shipment_file";
/// No file of an import is larger, bytes.
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
/// Kind of a notify request.
pub const NOTIFY: &str = "notify";
/// Kind of a request to prove a day's import (取込の証明).
pub const PROVE: &str = "prove";
/// Kind of a credential check.
pub const CHECK_CREDENTIAL: &str = "check_credential";

/// Kind of a request to look at the mall for a write whose end nobody learnt.
pub const READ_BACK: &str = "read_back";

/// Kind of a request to turn the code of a consent into tokens. Its details are sealed.
pub const AUTHORISE: &str = store::requests::SEALED_KIND;

/// The code a browser came back with, and what proves that it is ours. Never printed.
#[derive(Clone, Serialize, Deserialize)]
pub struct AuthoriseRequest {
    /// The mall's code, good once.
    pub code: String,
    /// The address the mall sent the person back to.
    pub redirect_uri: String,
    /// PKCE.
    pub code_verifier: String,
}

/// Bring orders in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// From (ignored with `orders`).
    pub from: UtcMillis,
    /// To.
    pub to: UtcMillis,
    /// Mall statuses; `None` = the shop's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<String>>,
    /// 同一注文を上書きする.
    #[serde(default)]
    pub overwrite: bool,
    /// 強制ダウンロード: stop the run that holds the shop and go on with this one.
    #[serde(default)]
    pub force: bool,
    /// 注文再取込 of these orders only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<MallOrderId>>,
}

/// Bring orders in from the files that are stored with the request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportFileRequest {
    /// 同一注文を上書きする. What an API brought is never overwritten by a file.
    #[serde(default)]
    pub overwrite: bool,
    /// 強制ダウンロード: stop the run that holds the shop.
    #[serde(default)]
    pub force: bool,
}

/// Write a shipment file for upload by hand (NTF-8).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShipmentFileRequest {
    /// These orders; `None` = those in the target phases of the shop's rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<OrderSeq>>,
    /// 作成期間 by 最終更新日 (NTF-12): from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UtcMillis>,
    /// To.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UtcMillis>,
}

/// 「この日をもう一度確かめる」.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProveRequest {
    /// Day in Japan, `YYYY-MM-DD`.
    pub day: String,
}

/// Write back what is due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyRequest {
    /// What to write.
    pub kind: domain::write::WriteKind,
    /// These orders, asked for by a person (phase, switch and rule do not matter); `None` = what the rules take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<OrderSeq>>,
    /// The mall's code to set, for a change of status (only with `orders`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// Look at the mall: is it there?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadBackRequest {
    /// The write.
    pub write: domain::OutboxId,
}

/// Counts of an import (IMP-2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportCounts {
    /// Rows the mall listed, each order once.
    pub listed: u64,
    /// New in the ledger.
    pub new: u64,
    /// There already, nothing changed.
    pub unchanged: u64,
    /// There already, the mall's status or facts were brought up to date.
    pub refreshed: u64,
    /// There already, content taken over from the mall.
    pub overwritten: u64,
    /// There already, changed at the mall, not taken over (IMP-9).
    pub changed_at_mall: u64,
    /// With edits on both sides that a person must settle.
    pub conflicts: u64,
    /// Left out, with reasons.
    pub left_out: u64,
    /// Could not be read or were not given, with reasons.
    pub failed: u64,
}
