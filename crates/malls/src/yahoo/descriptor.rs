//! Everything about Yahoo!ショッピング that is data.

use super::{auth, codes, errors, fields, mapping, word};
use domain::eligibility::{NoticeRules, Treatment};
use domain::snapshot::MallStage;
use domain::time::{DAY, HOUR, MINUTE, SECOND};
use domain::write::WriteKind;
use mall_api::Settings;
use mall_api::descriptor::{
    CarrierSeed, CredentialField, CredentialRule, CredentialSource, Descriptor, EndpointRole, Limit,
    MallStatus, Operation, PeriodRule, Renewal, Repeat, SettingField, StatusLinkSeed, WriteOperation,
};
use mall_api::number::{NumberForm, NumberReading};
use std::sync::LazyLock;

/// Longest search. The paper names no limit (yahoo.md 14): our own choice, so that a walk has few pages [I].
pub(super) const MAX_WINDOW: i64 = 31 * DAY;
/// How far back the mall answers. The paper names no limit (14) [I].
pub(super) const MAX_AGE: i64 = 3_650 * DAY;

/// Setting: ストアアカウント.
pub(super) const SELLER_ID: &str = "seller_id";
/// Setting: ReadOnlyMode of the search (3.1).
pub(super) const READ_ONLY_MODE: &str = "read_only_mode";
/// Setting: seconds between the shipping change and the completion (6.3).
pub(super) const COMPLETION_PAUSE: &str = "completion_pause_seconds";
/// Default of [`COMPLETION_PAUSE`].
pub(super) const COMPLETION_PAUSE_DEFAULT: i64 = 10;
/// Setting: ShipInvoiceNumberEmptyReason sent for a parcel without a number (4.5).
pub(super) const EMPTY_REASON: &str = "no_number_reason";
/// Default of [`EMPTY_REASON`].
pub(super) const EMPTY_REASON_DEFAULT: &str = "105";
/// Setting: OperationUser (6.1).
pub(super) const OPERATION_USER: &str = "operation_user";
/// Setting: names left out of `Field` of orderList (10.8).
pub(super) const LIST_DROPPED: &str = "list_fields_dropped";
/// Setting: names left out of `Field` of orderInfo (10.8).
pub(super) const INFO_DROPPED: &str = "info_fields_dropped";

/// Names of the operations. Those of the order API are the names of the document (2).
pub(super) mod operation {
    pub(in crate::yahoo) const LIST: &str = "orderList";
    pub(in crate::yahoo) const INFO: &str = "orderInfo";
    pub(in crate::yahoo) const COUNT: &str = "orderCount";
    pub(in crate::yahoo) const SHIP: &str = "orderShipStatusChange";
    pub(in crate::yahoo) const STATUS: &str = "orderStatusChange";
    pub(in crate::yahoo) const PAY: &str = "orderPayStatusChange";
    pub(in crate::yahoo) const TOKEN: &str = "token";
}

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(build);

/// The Descriptor.
pub(super) fn get() -> &'static Descriptor {
    &DESCRIPTOR
}

/// `<sellerId>-<8+ digits>` (2). People often leave the store's part out.
fn read_number(text: &str, settings: &Settings) -> Option<NumberReading> {
    let digits = |t: &str| (7..=12).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    let seller = settings.get(SELLER_ID).filter(|s| !s.is_empty());
    if digits(text) {
        let seller = seller?;
        let number = format!("{seller}-{text}");
        return Some(NumberReading { number, shop_part: Some(seller.to_owned()), ordered: None });
    }
    let (shop, rest) = text.rsplit_once('-')?;
    // The account begins with a letter; numbers of digits alone are another mall's.
    let named = shop.bytes().any(|b| b.is_ascii_alphabetic())
        && shop.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (named && digits(rest)).then(|| NumberReading {
        number: text.to_owned(),
        shop_part: Some(shop.to_owned()),
        ordered: None,
    })
}

fn build() -> Descriptor {
    Descriptor {
        mall: "yahoo",
        name: "Yahoo!ショッピング",
        mapping_version: mapping::MAPPING_VERSION,
        credentials: credentials(),
        credential_rules: vec![CredentialRule::BothOrNeither(auth::PUBLIC_KEY, auth::KEY_VERSION)],
        settings: settings(),
        endpoints: vec![
            EndpointRole {
                role: "api",
                default_url: "https://circus.shopping.yahooapis.jp",
                given_hosts: &[],
            },
            EndpointRole { role: "login", default_url: "https://auth.login.yahoo.co.jp", given_hosts: &[] },
        ],
        statuses: codes::STATUSES
            .iter()
            .map(|(code, label, stage, fetched)| MallStatus { code, label, stage: *stage, fetched: *fetched })
            .collect(),
        period: Some(PeriodRule {
            basis: "注文日時",
            max_window_ms: MAX_WINDOW,
            max_age_ms: MAX_AGE,
            // Held orders and what else was missed (3.4).
            second_look_ms: 14 * DAY,
            overlap_ms: 24 * HOUR,
            // Nothing is said of lateness [I]: our own choice; the wide windows find what is later.
            near_ms: 30 * MINUTE,
            // No search by last change (3.1).
            lists_changes: false,
        }),
        operations: operations(),
        // By 注文日時 and by 公開日時 (3.4).
        look: &[operation::LIST, operation::LIST],
        // Per Client ID (2).
        calls_per_day: Some(50_000),
        writes: writes(),
        // Shipping and completing are two calls (6.3); the second follows the phase 完了.
        status_links: vec![StatusLinkSeed { phase: "completed", status: "5", on: true }],
        notice: Some(NoticeRules {
            stages: vec![MallStage::Shippable, MallStage::PartlyShipped, MallStage::Shipped],
            blank_tracking_number: Treatment::Warn,
            blank_ship_date: Treatment::Warn,
            blank_carrier: Treatment::Warn,
            // Not documented: the mall says so itself if it does not take one.
            future_ship_date: Treatment::Allow,
            every_recipient: false,
        }),
        carriers: codes::CARRIERS
            .iter()
            .map(|(carrier, code, name)| CarrierSeed { carrier, code, name })
            .collect(),
        errors: errors::entries(),
        order_mail: Some(word::mail()),
        order_queue: None,
        catch_all: &["YAHOO_UNAUTHORISED"],
        also_known: errors::ALSO_KNOWN,
        number: NumberForm {
            example: "storeaccount-10000001",
            own: |settings| settings.get(SELLER_ID).filter(|s| !s.is_empty()).map(str::to_owned),
            read: read_number,
        },
    }
}

fn typed(
    key: &'static str,
    label: &'static str,
    help: &'static str,
    check: fn(&str) -> Result<(), String>,
) -> CredentialField {
    CredentialField {
        key,
        label,
        required: true,
        help,
        check,
        source: CredentialSource::Typed,
        expiry_asked: false,
        usual_life_ms: None,
        renewal: Renewal { stops: STOPS, ..Renewal::NONE },
    }
}

/// Token and permit stand before every call of the order API (1.1).
const STOPS: &[&str] =
    &["受注の取込", "出荷・入金・ステータスの反映（送信待ちのまま保留され、更新すると再開します）"];

/// The consent (1.3).
const CONSENT: Renewal = Renewal {
    stops: STOPS,
    steps: &[
        "「ブラウザーで更新」を押し、Yahoo!の画面へ進みます。期限内でも認可し直せます。",
        "ストアクリエイターProの「注文管理」権限を持つYahoo! JAPAN ID（ビジネスIDと連携済みの従業員）でログインします。",
        "「同意してはじめる」を押すと帳場に戻り、新しい期限が表示されます。",
    ],
    terms: &[
        ("注文API（公開鍵を登録しているとき）", "認可から4週間"),
        ("注文API（公開鍵がないとき、または署名が認められないとき）", "認可から12時間"),
        ("アクセストークン", "1時間（帳場が自動で更新）"),
    ],
    // The session without an accepted signature (1.3).
    alone: Some((auth::PUBLIC_KEY, 12 * HOUR)),
    refusals: &["invalid_grant", "px-04102"],
    refused_early: "期限の前ですが、Yahoo!がこの認可を受け付けていません。ほかのシステムで認可し直した、Yahoo! JAPAN IDのパスワードを変えた、連携を解除した、などのときに起こります。もう一度認可してください。",
    // Not linked to a Business ID; without 注文管理権限 for this store (1.1, 9.2).
    wrong_person: &["px-14303", "px-14304"],
    note: "以前のAPI証明書（.crt／.key、1年更新）は2023年7月27日に廃止されました。更新は不要で、代わりに公開鍵を使います。",
};

/// 暗号鍵管理 (1.5).
const KEY: Renewal = Renewal {
    stops: &[
        "公開鍵が切れると、注文APIは認可から12時間で止まるようになります（受注の取込と、モールへの反映のすべて）",
    ],
    steps: &[
        "ストアクリエイターProの「設定」→「暗号鍵管理」を開きます（ツール管理権限が必要です）。",
        "「Web APIを利用する」にチェックがあることを確かめ、「公開鍵発行」を押します。鍵は2つまで同時に有効にできるので、期限前に発行できます。",
        "発行した鍵を「有効」にし、「コピー」で公開鍵を写します。",
        "帳場に公開鍵と、同じ行の「バージョン」の両方を登録します。有効期限は画面の日付を入力してください（期限を答えるAPIはありません）。",
        "切り替わったことを確かめてから、古い鍵を無効にします。",
    ],
    refusals: &["YAHOO_SIGNATURE_NOT_ACCEPTED", "YAHOO_KEY_FORM"],
    refused_early: "登録した期限の前ですが、Yahoo!が公開鍵の署名を認めていません。ストアクリエイターProで新しい鍵に替えた、または鍵を無効にしたあと、帳場に登録していないときに起こります。公開鍵とバージョンの両方を登録し直してください。",
    note: "以前のAPI証明書（.crt／.key）は2023年7月27日に廃止されました。",
    ..Renewal::NONE
};

fn credentials() -> Vec<CredentialField> {
    vec![
        typed(
            auth::CLIENT_ID,
            "Client ID",
            "Yahoo!デベロッパーネットワークで登録したアプリケーション（サーバーサイド）のClient ID。「ストア向け操作関連の機能（開示先限定スコープ）」を有効にし、注文APIの利用申請と固定IPアドレスの登録を済ませてください。",
            auth::check_line,
        ),
        typed(
            auth::CLIENT_SECRET,
            "シークレット",
            "同じアプリケーションのシークレット（Client Secret）。",
            auth::check_line,
        ),
        CredentialField {
            source: CredentialSource::Granted,
            usual_life_ms: Some(auth::REFRESH_LIFE),
            renewal: CONSENT,
            ..typed(
                auth::REFRESH_TOKEN,
                "認可（リフレッシュトークン）",
                "注文管理権限のあるYahoo! JAPAN ID（ビジネスIDと連携済みの従業員）で認可すると登録されます。4週間で切れるため、期限前に再認可してください。",
                auth::check_line,
            )
        },
        CredentialField {
            required: false,
            source: CredentialSource::Renewed,
            usual_life_ms: Some(HOUR),
            ..typed(
                auth::ACCESS_TOKEN,
                "アクセストークン",
                "1時間ごとに自動で更新されます。",
                auth::check_line,
            )
        },
        CredentialField {
            required: false,
            usual_life_ms: Some(365 * DAY),
            renewal: KEY,
            ..typed(
                auth::PUBLIC_KEY,
                "公開鍵",
                "ストアクリエイターPro「設定＞暗号鍵管理」で「Web APIを利用する」にチェックし、発行した公開鍵を有効にして、「コピー」した内容をそのまま貼り付けてください。有効期限は1年です（画面の日付を入力してください）。公開鍵がないと、注文APIは認可から12時間で止まります。",
                auth::check_public_key,
            )
        },
        CredentialField {
            required: false,
            renewal: Renewal { stops: KEY.stops, ..Renewal::NONE },
            ..typed(
                auth::KEY_VERSION,
                "公開鍵バージョン",
                "同じ画面に表示されるバージョン（数字）。公開鍵と必ず両方を登録してください。",
                auth::check_version,
            )
        },
    ]
}

fn settings() -> Vec<SettingField> {
    let field =
        |key, label, default, help, check| SettingField { key, label, default, required: false, help, check };
    vec![
        SettingField {
            required: true,
            ..field(
                SELLER_ID,
                "ストアアカウント",
                "",
                "ストアのアカウント（英小文字・数字・ハイフン・アンダースコア）。注文番号の前半と同じです。",
                auth::check_seller,
            )
        },
        field(
            READ_ONLY_MODE,
            "購入者が取り消せる10分間の注文",
            "0",
            "0＝10分が過ぎてから取り込みます。2＝すぐに取り込み、10分が過ぎるまでは出荷できない注文として表示します。",
            |value| one_of(value, &["0", "2"]),
        ),
        field(
            COMPLETION_PAUSE,
            "出荷から完了までの待ち時間（秒）",
            "10",
            "出荷の登録の直後は完了にできないことがあるため、この秒数だけ待ちます（0〜3600）。",
            |value| match value.parse::<i64>() {
                Ok(0..=3_600) => Ok(()),
                _ => Err("0〜3600の数字を入力してください".to_owned()),
            },
        ),
        field(
            EMPTY_REASON,
            "配送番号がないときの理由",
            EMPTY_REASON_DEFAULT,
            "101＝メーカー直送、102＝発送不要、103＝店頭受取、104＝配送会社から直接連絡、105＝伝票番号なしの配送方法、0＝送らない。",
            |value| one_of(value, &["0", "101", "102", "103", "104", "105"]),
        ),
        field(
            OPERATION_USER,
            "モールの履歴に残る更新者の名前",
            "",
            "ストアクリエイターProの変更履歴に出る名前（120文字まで）。空欄ならAPIの利用者になります。",
            |value| match value.chars().count() {
                0..=120 => Ok(()),
                _ => Err("120文字までで入力してください".to_owned()),
            },
        ),
        field(
            LIST_DROPPED,
            "一覧で取得しない項目",
            "",
            "モールが項目を廃止して一覧の取得が失敗するとき、その項目名（カンマ区切り）を入力してください。",
            fields::check_dropped,
        ),
        field(
            INFO_DROPPED,
            "詳細で取得しない項目",
            "",
            "モールが項目を廃止して注文の取得が失敗するとき、その項目名（カンマ区切り）を入力してください。",
            fields::check_dropped,
        ),
    ]
}

fn one_of(value: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&value) {
        Ok(())
    } else {
        Err(format!("{}から選んでください", allowed.join("、")))
    }
}

/// One request per second and URL (2); merchants keep 1.1 s [C].
fn operations() -> Vec<Operation> {
    let limit = Limit { interval_ms: 1_100, burst: 1 };
    [
        (operation::LIST, MINUTE),
        (operation::INFO, 30 * SECOND),
        (operation::COUNT, 30 * SECOND),
        (operation::SHIP, MINUTE),
        (operation::STATUS, MINUTE),
        (operation::PAY, MINUTE),
        (operation::TOKEN, 30 * SECOND),
    ]
    .into_iter()
    .map(|(operation, timeout_ms)| Operation { operation, bucket: operation, limit, timeout_ms })
    .collect()
}

fn writes() -> Vec<WriteOperation> {
    [WriteKind::PaymentStatus, WriteKind::ShipmentNotice, WriteKind::MallStatus]
        .into_iter()
        .map(|kind| WriteOperation {
            kind,
            // The mall moves statuses by itself: read before writing (6.1).
            look_first: true,
            // Setting the same status again is a warning, not an error (6.2); whether a shipment reported twice mails the
            // buyer twice is not documented.
            repeat: if kind == WriteKind::ShipmentNotice { Repeat::AfterReadBack } else { Repeat::Safe },
            // How late a call whose answer was lost may still be worked is not documented [I].
            settle_ms: 5 * MINUTE,
            result_deadline_ms: MINUTE,
            poll_after_ms: 10 * SECOND,
            queued: &[],
        })
        .collect()
}
