//! Everything about 楽天 that is data.

use super::{auth, codes, errors, mapping, word};
use domain::eligibility::{NoticeRules, Treatment};
use domain::snapshot::MallStage;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use domain::write::WriteKind;
use mall_api::Settings;
use mall_api::descriptor::{
    CarrierSeed, CredentialField, CredentialSource, Descriptor, EndpointRole, Limit, MallStatus, Operation,
    PeriodRule, Renewal, Repeat, SettingField, WriteOperation,
};
use mall_api::number::{NumberForm, NumberReading, day, groups};
use std::sync::LazyLock;

/// Longest search: 63 days (rakuten.md 2.2).
pub(super) const MAX_WINDOW: i64 = 63 * DAY;
/// Orders stay readable for 730 days (2.2, 2.3).
pub(super) const MAX_AGE: i64 = 730 * DAY;

/// Setting: Content-Type with a space (1.1).
pub(super) const CONTENT_TYPE_SPACE: &str = "content_type_space";
/// Setting: form of shippingDate (2.5).
pub(super) const DATE_FORMAT: &str = "date_format";
/// Value of [`DATE_FORMAT`]: `2026-11-22`.
pub(super) const HYPHEN: &str = "hyphen";
/// Value of [`DATE_FORMAT`]: `20261122`.
pub(super) const COMPACT: &str = "compact";
/// Setting: version of getOrder (2.3).
pub(super) const GETORDER_VERSION: &str = "getorder_version";
/// Setting: from so many orders on, shipments go by the asynchronous function (2.6).
pub(super) const ASYNC_THRESHOLD: &str = "async_threshold";
/// Default of [`ASYNC_THRESHOLD`].
pub(super) const ASYNC_THRESHOLD_DEFAULT: i64 = 20;

/// Names of the operations. Those of the order API are the function names of the document (2.0).
pub(super) mod operation {
    pub(in crate::rakuten) const SEARCH: &str = "searchOrder";
    pub(in crate::rakuten) const GET: &str = "getOrder";
    pub(in crate::rakuten) const CONFIRM: &str = "confirmOrder";
    pub(in crate::rakuten) const SHIP: &str = "updateOrderShipping";
    pub(in crate::rakuten) const SHIP_ASYNC: &str = "updateOrderShippingAsync";
    pub(in crate::rakuten) const SHIP_RESULT: &str = "getResultUpdateOrderShippingAsync";
    pub(in crate::rakuten) const LICENSE_EXPIRY: &str = "licenseKeyExpiryDate";
}

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(build);

/// The Descriptor of 楽天.
pub(super) fn get() -> &'static Descriptor {
    &DESCRIPTOR
}

/// `{shopId}-{yyyymmdd}-{8 or 10 digits}` (2.3).
fn read_number(text: &str, _: &Settings) -> Option<NumberReading> {
    let parts = groups(text, &[5..=7, 8..=8, 8..=10])?;
    let (shop, date) = (*parts.first()?, *parts.get(1)?);
    Some(NumberReading {
        number: text.to_owned(),
        shop_part: Some(shop.to_owned()),
        ordered: Some(day(date)?),
    })
}

fn build() -> Descriptor {
    Descriptor {
        mall: "rakuten",
        name: "楽天市場",
        mapping_version: mapping::MAPPING_VERSION,
        credentials: credentials(),
        credential_rules: Vec::new(),
        settings: settings(),
        endpoints: vec![EndpointRole {
            role: "api",
            default_url: "https://api.rms.rakuten.co.jp",
            given_hosts: &[],
        }],
        statuses: codes::STATUSES
            .iter()
            .map(|(code, label, stage, fetched)| MallStatus { code, label, stage: *stage, fetched: *fetched })
            .collect(),
        period: Some(PeriodRule {
            basis: "注文日時",
            max_window_ms: MAX_WINDOW,
            max_age_ms: MAX_AGE,
            second_look_ms: MAX_WINDOW,
            overlap_ms: 24 * HOUR,
            // Nothing is said of lateness [I]: our own choice; the wide windows find what is later.
            near_ms: 30 * MINUTE,
            lists_changes: false,
        }),
        operations: operations(),
        look: &[operation::SEARCH, operation::GET],
        calls_per_day: None,
        writes: writes(),
        // 楽天 moves an order to 500 by the shipping report itself (2.5).
        status_links: Vec::new(),
        notice: Some(NoticeRules {
            // 300 and later (3.5). A corrected number is reported on settled orders too.
            stages: vec![
                MallStage::Shippable,
                MallStage::PartlyShipped,
                MallStage::Shipped,
                MallStage::Closed,
            ],
            blank_tracking_number: Treatment::Warn,
            blank_ship_date: Treatment::Warn,
            blank_carrier: Treatment::Warn,
            // Whether 楽天 takes one is not documented (section 10): it says so itself if it does not.
            future_ship_date: Treatment::Allow,
            every_recipient: true,
        }),
        carriers: codes::CARRIERS
            .iter()
            .map(|(carrier, code, name)| CarrierSeed { carrier, code, name })
            .collect(),
        errors: errors::entries(),
        order_mail: Some(word::mail()),
        order_queue: None,
        catch_all: &["RAKUTEN_UNAUTHORISED", "RAKUTEN_FORBIDDEN"],
        also_known: errors::ALSO_KNOWN,
        number: NumberForm { example: "123456-20261122-0000000001", own: |_| None, read: read_number },
    }
}

/// Both keys go into every call (1.1).
const STOPS: &[&str] =
    &["受注の取込", "注文確認", "出荷通知（送信待ちのまま保留され、更新すると再開します）"];

fn credentials() -> Vec<CredentialField> {
    vec![
        CredentialField {
            key: auth::SERVICE_SECRET,
            label: "serviceSecret",
            required: true,
            help: "RMS →「店舗様向け情報・サービス」→「WEB APIサービス」→「2-1 WEB API」で確認できます（SPで始まります）。期限はありません。大文字のIと小文字のlを間違えやすいので、必ず貼り付けてください。",
            check: auth::check_service_secret,
            source: CredentialSource::Typed,
            expiry_asked: false,
            usual_life_ms: None,
            renewal: Renewal { stops: STOPS, ..Renewal::NONE },
        },
        CredentialField {
            key: auth::LICENSE_KEY,
            label: "licenseKey",
            required: true,
            help: "RMS →「店舗様向け情報・サービス」→「WEB APIサービス」→「2-1 WEB API」で確認できます（SLで始まります）。有効期限は90日で、最終日の23:59:59まで使えます。期限前に同じ画面で更新（再発行）し、新しいキーをここに貼り付けてください。serviceSecretは変わりません。",
            check: auth::check_license_key,
            source: CredentialSource::Typed,
            expiry_asked: true,
            usual_life_ms: Some(90 * DAY),
            renewal: Renewal {
                stops: STOPS,
                // The way through RMS is integrators' knowledge (1.2, 1.3).
                steps: &[
                    "RMSにログインし、「店舗様向け情報・サービス」→「WEB APIサービス」→「2-1 WEB API」を開きます。",
                    "licenseKeyの更新（新しいキーの発行）を押します。有効期限内でも更新できます。",
                    "表示された新しいlicenseKey（SLで始まる）をコピーし、帳場に貼り付けて登録します。serviceSecretは変わりません。",
                    "楽天が新しいキーを受け付けるまで10〜30分かかることがあります。帳場は数分ごとに確かめ、使えるようになった時点で切り替えます。",
                ],
                refusals: &["GA0001", "ES01-01", "AuthError", "RAKUTEN_UNAUTHORISED"],
                refused_early: "有効期限の前なのに、楽天がこのlicenseKeyを受け付けていません。RMSで新しいキーを発行したあと、帳場に入力していないときに起こります。RMSの画面に今表示されているキーを登録してください。",
                ..Renewal::NONE
            },
        },
    ]
}

fn settings() -> Vec<SettingField> {
    vec![
        SettingField {
            key: CONTENT_TYPE_SPACE,
            label: "Content-Typeの空白",
            default: "true",
            required: false,
            help: "送信時のContent-Typeに空白を入れるか（true／false）。楽天が415を返すと自動で切り替わります。",
            check: check_flag,
        },
        SettingField {
            key: DATE_FORMAT,
            label: "出荷日の書式",
            default: HYPHEN,
            required: false,
            help: "hyphen＝2026-11-22、compact＝20261122。楽天が書式の誤りを返すと自動で切り替わります。",
            check: check_date_format,
        },
        SettingField {
            key: GETORDER_VERSION,
            label: "getOrderのバージョン",
            default: "10",
            required: false,
            help: "7〜10。楽天が受け付けないと自動で下げます。10より小さいと、ソーシャルギフトや置き配の情報が届きません。",
            check: check_version,
        },
        SettingField {
            key: ASYNC_THRESHOLD,
            label: "一括報告に切り替える受注数",
            default: "20",
            required: false,
            help: "一度に報告する受注がこの数以上のとき、非同期の一括報告（最大100件）を使います。0＝使わない。",
            check: check_threshold,
        },
    ]
}

fn check_flag(value: &str) -> Result<(), String> {
    value.parse::<bool>().map(|_| ()).map_err(|_| "true か false を入力してください".to_owned())
}

fn check_date_format(value: &str) -> Result<(), String> {
    match value {
        HYPHEN | COMPACT => Ok(()),
        _ => Err("hyphen か compact を入力してください".to_owned()),
    }
}

fn check_version(value: &str) -> Result<(), String> {
    match value.parse::<i64>() {
        Ok(7..=10) => Ok(()),
        _ => Err("7〜10の数字を入力してください".to_owned()),
    }
}

fn check_threshold(value: &str) -> Result<(), String> {
    match value.parse::<i64>() {
        Ok(0..=100_000) => Ok(()),
        _ => Err("0以上の数字を入力してください".to_owned()),
    }
}

/// All functions of the order API share one bucket of 1 request per second and shop (4). The licence API is another
/// API with a gate of its own.
fn operations() -> Vec<Operation> {
    let limit = Limit { interval_ms: SECOND, burst: 1 };
    let order = |operation, timeout_ms| Operation { operation, bucket: "order", limit, timeout_ms };
    vec![
        order(operation::SEARCH, 30 * SECOND),
        order(operation::GET, MINUTE),
        order(operation::CONFIRM, MINUTE),
        order(operation::SHIP, MINUTE),
        order(operation::SHIP_ASYNC, MINUTE),
        order(operation::SHIP_RESULT, 30 * SECOND),
        Operation { operation: operation::LICENSE_EXPIRY, bucket: "license", limit, timeout_ms: 30 * SECOND },
    ]
}

fn writes() -> Vec<WriteOperation> {
    vec![
        WriteOperation {
            kind: WriteKind::ConfirmOrder,
            look_first: false,
            // Only 100 → 200 and once; the second time is answered `_103` (2.4).
            repeat: Repeat::Safe,
            settle_ms: 10 * SECOND,
            result_deadline_ms: MINUTE,
            poll_after_ms: 10 * SECOND,
            queued: &[],
        },
        WriteOperation {
            kind: WriteKind::ShipmentNotice,
            // basketId and shippingDetailId are read right before reporting (3.5); a placeholder of another tool is
            // updated, not added to (trap 20).
            look_first: true,
            // Adding is not idempotent (2.5).
            repeat: Repeat::AfterReadBack,
            settle_ms: 5 * MINUTE,
            result_deadline_ms: 30 * MINUTE,
            poll_after_ms: 10 * SECOND,
            queued: &[operation::SHIP_ASYNC],
        },
    ]
}
