//! Everything about Amazon that is data.

use super::settings::{self, fields};
use super::{auth, codes, errors, mapping};
use domain::eligibility::{NoticeRules, Treatment};
use domain::snapshot::MallStage;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use domain::write::WriteKind;
use mall_api::descriptor::{
    CarrierSeed, CredentialField, CredentialSource, Descriptor, EndpointRole, Limit, MallStatus, Operation,
    PeriodRule, Repeat, WriteOperation,
};
use std::sync::LazyLock;

/// One search is kept this short, so that its token (24 h, 2.1) outlives its pages even at one call in three minutes.
pub(super) const MAX_WINDOW: i64 = 30 * DAY;
/// Orders of JP reach back to 2016 (0).
pub(super) const MAX_AGE: i64 = 3_650 * DAY;

/// Names of the operations, as the models name them.
pub(super) mod operation {
    pub(in crate::amazon) const SEARCH: &str = "searchOrders";
    pub(in crate::amazon) const GET: &str = "getOrder";
    pub(in crate::amazon) const CONFIRM: &str = "confirmShipment";
    pub(in crate::amazon) const CREATE_DOCUMENT: &str = "createFeedDocument";
    pub(in crate::amazon) const UPLOAD: &str = "uploadFeedDocument";
    pub(in crate::amazon) const CREATE_FEED: &str = "createFeed";
    pub(in crate::amazon) const GET_FEED: &str = "getFeed";
    pub(in crate::amazon) const GET_FEEDS: &str = "getFeeds";
    pub(in crate::amazon) const GET_DOCUMENT: &str = "getFeedDocument";
    pub(in crate::amazon) const DOWNLOAD: &str = "downloadFeedDocument";
    pub(in crate::amazon) const PARTICIPATIONS: &str = "getMarketplaceParticipations";
    pub(in crate::amazon) const ACCOUNT: &str = "getAccount";
    pub(in crate::amazon) const TOKEN: &str = "lwaToken";
}

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(build);

/// The Descriptor of Amazon.
pub(super) fn get() -> &'static Descriptor {
    &DESCRIPTOR
}

fn build() -> Descriptor {
    Descriptor {
        mall: "amazon",
        name: "Amazon",
        mapping_version: mapping::MAPPING_VERSION,
        credentials: credentials(),
        credential_rules: Vec::new(),
        settings: fields(),
        endpoints: vec![
            EndpointRole {
                role: "api",
                default_url: "https://sellingpartnerapi-fe.amazon.com",
                given_hosts: &[],
            },
            EndpointRole { role: "login", default_url: "https://api.amazon.com", given_hosts: &[] },
            EndpointRole {
                role: "document",
                // Feed documents lie in S3 (4.1); buckets' names differ. The models' samples show a CloudFront host,
                // which no shop has reported: it is left out until one does.
                default_url: "https://tortuga-prod-fe.s3-us-west-2.amazonaws.com",
                given_hosts: &[".amazonaws.com"],
            },
        ],
        statuses: codes::STATUSES
            .iter()
            .map(|(code, label, stage, fetched)| MallStatus { code, label, stage: *stage, fetched: *fetched })
            .collect(),
        period: Some(PeriodRule {
            basis: "注文日時",
            max_window_ms: MAX_WINDOW,
            max_age_ms: MAX_AGE,
            second_look_ms: 3 * DAY,
            // Lists end two minutes ago (trap 3) and lag by some minutes.
            overlap_ms: 30 * MINUTE,
            // Pages hold whole orders: a shorter look would save nothing.
            near_ms: 30 * MINUTE,
            lists_changes: true,
        }),
        operations: operations(),
        look: &[operation::SEARCH],
        calls_per_day: None,
        writes: writes(),
        // Amazon moves an order to 出荷済み by the shipment notice itself.
        status_links: Vec::new(),
        notice: Some(NoticeRules {
            stages: vec![MallStage::Shippable, MallStage::PartlyShipped, MallStage::Shipped],
            // Goes by file (3); counts against 有効な追跡率.
            blank_tracking_number: Treatment::Warn,
            blank_ship_date: Treatment::Refuse,
            // carrierCode is mandatory in Japan since 2022-08-31 (3).
            blank_carrier: Treatment::Refuse,
            future_ship_date: Treatment::Refuse,
            every_recipient: false,
        }),
        carriers: codes::CARRIERS
            .iter()
            .map(|(carrier, code, name)| CarrierSeed { carrier, code, name })
            .collect(),
        errors: errors::entries(),
    }
}

fn credentials() -> Vec<CredentialField> {
    vec![
        CredentialField {
            key: auth::CLIENT_ID,
            label: "クライアントID",
            required: true,
            help: "ソリューションプロバイダーポータル（デベロッパーセントラル）→ アプリの「LWA認証情報を表示」で確認できます。期限はありません。",
            check: auth::check_client_id,
            source: CredentialSource::Typed,
            expiry_asked: false,
            usual_life_ms: None,
        },
        CredentialField {
            key: auth::CLIENT_SECRET,
            label: "クライアントシークレット",
            required: true,
            help: "クライアントIDと同じ画面で確認できます。期限は180日で、過ぎると全ての呼び出しが失敗します。更新してもリフレッシュトークンはそのまま使えます。",
            check: auth::check_secret,
            source: CredentialSource::Typed,
            expiry_asked: false,
            usual_life_ms: Some(180 * DAY),
        },
        CredentialField {
            key: auth::REFRESH_TOKEN,
            label: "リフレッシュトークン",
            required: true,
            help: "ブラウザーで認可するか、自社用アプリの「アプリを承認」の画面に表示されるもの（Atzr|で始まる）を貼り付けます。認可は365日ごとに更新が必要です。ロールを追加した後も再認可してください。",
            check: auth::check_refresh_token,
            source: CredentialSource::Granted,
            expiry_asked: false,
            usual_life_ms: Some(365 * DAY),
        },
        CredentialField {
            key: auth::ACCESS_TOKEN,
            label: "アクセストークン",
            required: false,
            help: "自動で取得・更新されます（1時間有効）。",
            check: auth::check_access_token,
            source: CredentialSource::Renewed,
            expiry_asked: false,
            usual_life_ms: Some(HOUR),
        },
    ]
}

/// One call at most each `1000 / rate` milliseconds.
fn limit(millihertz_tenths: i64, burst: i64) -> Limit {
    // Rates have four digits behind the point (8).
    Limit { interval_ms: (10_000_000 + millihertz_tenths - 1) / millihertz_tenths, burst }
}

/// Rates and bursts of section 8, in ten-thousandths of a request per second. What is not listed there (login and
/// documents) is kept gentle.
fn operations() -> Vec<Operation> {
    let op = |operation, rate, burst, timeout_ms| Operation {
        operation,
        bucket: operation,
        limit: limit(rate, burst),
        timeout_ms,
    };
    vec![
        op(operation::SEARCH, 56, 20, MINUTE),
        op(operation::GET, 5_000, 30, 30 * SECOND),
        op(operation::CONFIRM, 20_000, 10, 30 * SECOND),
        op(operation::CREATE_DOCUMENT, 5_000, 15, 30 * SECOND),
        op(operation::UPLOAD, 10_000, 5, 2 * MINUTE),
        op(operation::CREATE_FEED, 83, 15, MINUTE),
        op(operation::GET_FEED, 20_000, 15, 30 * SECOND),
        op(operation::GET_FEEDS, 222, 10, 30 * SECOND),
        op(operation::GET_DOCUMENT, 222, 10, 30 * SECOND),
        op(operation::DOWNLOAD, 10_000, 5, 2 * MINUTE),
        op(operation::PARTICIPATIONS, 160, 15, 30 * SECOND),
        op(operation::ACCOUNT, 160, 15, 30 * SECOND),
        op(operation::TOKEN, 10_000, 5, 30 * SECOND),
    ]
}

fn writes() -> Vec<WriteOperation> {
    vec![WriteOperation {
        kind: WriteKind::ShipmentNotice,
        // Items, quantities, payment and the packages that stand there are read right before.
        look_first: true,
        // confirmShipment with the same packageReferenceId is an edit; a feed is not repeatable: the look decides.
        repeat: Repeat::AfterReadBack,
        // Packages and the status show late (3).
        settle_ms: 10 * MINUTE,
        // Feeds take minutes, at times hours.
        result_deadline_ms: 12 * HOUR,
        poll_after_ms: MINUTE,
        queued: &[operation::CREATE_FEED],
    }]
}

/// The interval of a rate told in an answer (8): requests per second.
pub(super) fn interval_of_rate(text: &str) -> Option<i64> {
    let rate: f64 = text.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "between 1 ms and 1000 s, just checked")]
    (0.001..=1_000.0).contains(&rate).then(|| (1_000.0 / rate).ceil() as i64)
}

/// The marketplace of a shop.
pub(super) fn marketplace(settings: &mall_api::Settings) -> &str {
    settings.get(settings::MARKETPLACE).filter(|m| !m.is_empty()).unwrap_or(codes::JAPAN)
}
