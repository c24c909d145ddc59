//! The error catalogue: what Amazon and its login answer (amazon.md 1.1, 4.4, 8) and the modern equivalents of the four
//! MWS texts (9), in words for staff. Amazon's own codes are not uniform, so the entries are ours: chosen by HTTP
//! status, then code, then text (`gate`), with Amazon's code and words kept beside.

use domain::reason::{Actor, Reason};
use mall_api::descriptor::ErrorEntry;

macro_rules! catalogue {
    (@retried) => { false };
    (@retried retried) => { true };
    ($( $code:literal [$actor:ident $($retried:ident)?] $ja:literal $remedy:literal $en:literal )*) => {
        /// All entries.
        pub(super) fn entries() -> Vec<ErrorEntry> {
            vec![$( ErrorEntry {
                code: $code, ja: $ja, remedy: $remedy, en: $en,
                actor: Actor::$actor, retried: catalogue!(@retried $($retried)?),
            } ),*]
        }
    };
}

catalogue! {
    // 1.1, 9: LWA
    "AMAZON_GRANT_LAPSED" [Admin] "Amazonの認可が切れています（年に一度の再認可が必要、または取り消されました）"
        "セラーセントラルの「アプリの管理」でアプリを再認可し、店舗の認証情報を登録し直してください。再認可まで取込・報告は止まります。"
        "The seller's authorisation lapsed or was revoked: authorise the app again"
    "AMAZON_CODE_EXPIRED" [Admin] "認可コードの有効時間（5分）が過ぎたか、すでに使われています" "もう一度、認可の手続きを最初から行ってください。"
        "The authorisation code is older than five minutes or was used before"
    "AMAZON_SECRET_EXPIRED" [Admin] "クライアントIDまたはクライアントシークレットが違います。シークレットの期限（180日）が過ぎた可能性があります"
        "ソリューションプロバイダーポータル（デベロッパーセントラル）でシークレットを更新し、店舗の認証情報に入力してください。リフレッシュトークンはそのまま使えます。"
        "Client id or secret is wrong, or the secret is past its 180 days"
    "AMAZON_CLIENT_MISMATCH" [Admin] "リフレッシュトークンがこのアプリのものではありません" "同じアプリのクライアントIDとリフレッシュトークンを登録してください。"
        "The refresh token belongs to another app"
    "AMAZON_LOGIN_REQUEST" [Admin] "Amazonのログイン（LWA）が要求を受け付けませんでした" "認証情報を貼り付け直してください。続く場合はサポートへご連絡ください。"
        "Login with Amazon refused the request (malformed, grant type or scope)"
    "AMAZON_CONSENT_REFUSED" [Admin] "Amazonの画面で認可が拒否されました" "もう一度認可の手続きを行い、「承認」を選んでください。" "The seller refused the consent"
    "AMAZON_NO_CODE" [Admin] "Amazonから認可コードが返りませんでした" "もう一度、認可の手続きを最初から行ってください。" "No authorisation code came back"
    "AMAZON_APPLICATION_ID_MISSING" [Admin] "アプリケーションIDが設定されていません" "店舗の設定「アプリケーションID」を入力してください。" "The application id is not set"
    // 8, 9: access
    "AMAZON_ACCESS_REVOKED" [Admin] "Amazonの認可が取り消されたか、トークンが無効です" "セラーセントラルの「アプリの管理」でアプリを再認可してください。"
        "The access token is revoked, malformed or invalid"
    "AMAZON_TOKEN_MISSING" [Admin] "アクセストークンなしで送信されました" "店舗の認証情報を確認してください。続く場合はサポートへご連絡ください。" "No access token was sent"
    "AMAZON_TOKEN_EXPIRED" [Nobody retried] "アクセストークンの期限（1時間）が過ぎています" "自動で更新して続けます。" "The access token expired; it is renewed"
    "AMAZON_FORBIDDEN" [Admin] "Amazonがアクセスを許可していません（権限不足、小口出品、または接続先の地域違い）"
        "アプリのロール（権限）と出品プラン（大口出品）を確認し、ロールを追加した場合は再認可してください。" "Access denied: role missing, individual plan, or wrong region"
    "AMAZON_INDIVIDUAL_PLAN" [Admin] "小口出品のためAPIを利用できません" "大口出品へ変更してください。" "The account is on the individual plan: a professional plan is needed"
    "AMAZON_ACCOUNT_INACTIVE" [Admin] "この出品者アカウントは、このマーケットプレイスで有効ではありません（小口出品・利用停止を含む）"
        "セラーセントラルでアカウントの状態と出品プラン（大口出品）を確認してください。" "The seller account is inactive in this marketplace"
    "AMAZON_NOT_PARTICIPATING" [Admin] "この出品者はAmazon.co.jpに出品していません" "セラーセントラルで出品プランと設定「マーケットプレイスID」を確認してください。" "The seller does not take part in this marketplace"
    "AMAZON_LISTINGS_SUSPENDED" [Admin] "出品が停止されています（hasSuspendedListings）" "セラーセントラルの「アカウント健全性」を確認してください。" "The seller has suspended listings"
    "AMAZON_PLAN_NOT_TOLD" [Nobody] "出品プラン（大口・小口）を確認できませんでした" "" "The selling plan could not be asked"
    "AMAZON_NO_PERSONAL_DATA" [Admin] "購入者・お届け先の情報がAmazonから届いていません（制限付きロールがない可能性があります）"
        "アプリに「注文者への直接配送（制限付き）」のロールを付けて再認可し、設定「取得する情報」を full に戻してください。" "No buyer or address data came: a restricted role is probably missing"
    "AMAZON_CLOCK_SKEW" [Admin] "サーバーの時計がずれています" "サーバーの時計をインターネット時刻に合わせてください。ずれていると、期間の指定や出荷日がAmazonに拒否されます。"
        "The clock of this server is off"
    "AMAZON_SIGNATURE" [Admin] "署名またはアップロード先の期限が切れています（時計のずれの可能性）" "サーバーの時計を確認してください。自動で新しいアップロード先を取得します。" "A signature expired: check the clock"
    // 8: requests
    "AMAZON_INVALID_INPUT" [Mall retried] "Amazonが要求を受け付けませんでした（HTTP 400）。Amazon側の一時的な不具合の場合があります"
        "自動で再試行します。続く場合はサーバーの時計と設定を確認してください。" "The request was refused (HTTP 400); may pass by itself"
    "AMAZON_PAGE_TOKEN" [Nobody retried] "一覧の続きを示すトークンが無効になりました" "期間の最初から自動で取り直します。" "The pagination token is no longer good; the window begins again"
    "AMAZON_SANDBOX_MISMATCH" [Admin] "サンドボックスの見本と一致しない要求です" "店舗の接続先が本番かどうかを確認してください。" "Sandbox: the request differs from the sample"
    "AMAZON_NOT_FOUND" [Staff] "Amazonに見つかりません（番号違い、または別の出品者の番号）" "注文番号と店舗を確認してください。" "Not found at Amazon"
    "AMAZON_TOO_LARGE" [Admin] "送信した内容が大きすぎます（HTTP 413）" "件数を減らして実行してください。" "The request is too large"
    "AMAZON_CONTENT_TYPE" [Admin] "Content-Type が受け付けられませんでした（HTTP 415）" "サポートへご連絡ください。" "Unsupported media type"
    "AMAZON_WRONG_ADDRESS" [Admin] "AmazonのAPIの宛先が正しくありません" "店舗の接続先（api）の設定を確認してください。" "Wrong path or method"
    "AMAZON_QUOTA" [Nobody retried] "Amazonのアクセス制限に達しました（QuotaExceeded）" "間隔をあけて自動で再開します。" "Quota exceeded"
    "AMAZON_INTERNAL" [Mall retried] "Amazon側の一時的な障害です（Internal Error）" "しばらくして自動で再試行します。" "Internal failure at Amazon"
    "AMAZON_UNAVAILABLE" [Mall retried] "Amazon側が混み合っています（Service Unavailable）" "しばらくして自動で再試行します。" "Service unavailable at Amazon"
    // 3: confirmShipment
    "AMAZON_PACKAGE_NOT_FOUND" [Nobody retried] "Amazonに該当する荷物がないか、注文はすでに出荷済みです" "Amazonの登録内容を自動で確認します。"
        "No matching package, or the order is already fulfilled; read back"
    "AMAZON_PACKAGE_REFERENCE" [Admin] "荷物番号（packageReferenceId）の書式が受け付けられませんでした" "サポートへご連絡ください。" "The package reference was refused"
    "AMAZON_ORDER_ITEM" [Staff] "商品番号（orderItemId）が受け付けられませんでした" "注文を再取込してから送り直してください。" "The order item id was refused"
    "AMAZON_SHIPMENT_REFUSED" [Staff] "出荷通知をAmazonが受け付けませんでした" "Amazonの言葉を確認し、配送業者・配送番号・出荷日・内容を直して送り直してください。" "The shipment confirmation was refused"
    "AMAZON_SHIP_PLUS" [Nobody] "FBM Ship+ の注文のため出荷通知は不要です（Amazonの配送サービスが通知します）" "" "FBM Ship+ orders need no confirmation"
    "AMAZON_PENDING" [Mall] "保留中（支払い確認前）の注文は出荷通知できません" "支払いが確認され「未出荷」になってから送ってください。" "Pending orders are not shipped"
    "AMAZON_CANCEL_REQUESTED" [Staff] "購入者がキャンセルを申請しています" "出荷を止めて申請を確認してください。すでに出荷した場合は、セラーセントラルで出荷通知を行ってください。"
        "The buyer asked for a cancel: a person decides"
    "AMAZON_CONTENTS_NEEDED" [Staff] "荷物が複数あるため、どの商品がいくつ入っているかが必要です" "各荷物の内容（商品と数量）を入力してください。"
        "Several parcels: say which items and how many are in each"
    "AMAZON_CONTENTS_WRONG" [Staff] "荷物の内容に、この注文にない商品または0以下の数量があります" "荷物の内容を入力し直してください。" "The contents name a line that the order does not have, or no units"
    "AMAZON_TOO_MANY_UNITS" [Staff] "荷物の数量の合計が、注文の数量（キャンセル分を除く）を超えています" "荷物の内容の数量を直してください。" "More units than ordered minus cancelled"
    "AMAZON_NOTHING_TO_SHIP" [Staff] "この注文に未出荷の商品がありません" "Amazonに登録済みの荷物を確認してください。" "Nothing is left to ship"
    "AMAZON_PACKAGES_NOT_SHOWN" [Mall retried] "Amazonでは出荷済みですが、荷物の情報がまだ表示されていません" "自動で確認を続けます。" "Shipped, but its packages are not shown yet"
    "AMAZON_PACKAGE_NOT_EDITABLE" [Staff] "Amazonの荷物番号が数字でないため、APIで訂正できません" "セラーセントラルで配送情報を訂正してください。" "The package has a reference that the API cannot edit"
    "AMAZON_CARRIER_NAME_MISSING" [Admin] "配送業者コードが Other ですが、配送業者名がありません" "配送業者マスタのAmazonのコードを「Other:日本郵便」のように入力してください。"
        "Carrier code Other needs a carrier name"
    "AMAZON_UNSENDABLE_TEXT" [Staff] "送信できない文字（タブ・改行など）があります" "配送業者・配送番号の文字を直してください。" "A control character in carrier or number"
    // 4: feeds
    "AMAZON_UPLOAD_FAILED" [Mall retried] "出荷通知ファイルのアップロードに失敗しました" "自動で再試行します。" "The feed document could not be uploaded"
    "AMAZON_FEED_CANCELLED" [Mall retried] "出荷通知ファイルの処理が開始前に取り消されました" "自動で送り直します。" "The feed was cancelled before it began"
    "AMAZON_FEED_FATAL" [Mall retried] "出荷通知ファイルの処理が途中で中断されました（一部が登録された可能性があります）" "Amazonの登録内容を自動で確認します。"
        "The feed was aborted: some, none or all rows may have been applied"
    "AMAZON_REPORT_UNCLEAR" [Nobody retried] "処理レポートから、この受注の結果が分かりません" "Amazonの登録内容を自動で確認します。" "The processing report does not tell what became of this row"
    "18021" [Nobody retried] "出荷数が出荷できる数を超えています（出荷済み・キャンセル済み、または二重の送信）" "Amazonの登録内容を自動で確認します。"
        "More units than can be fulfilled: shipped already, cancelled, or sent twice"
    "18028" [Staff] "注文番号または商品番号が見つからないか、内容が不完全です" "店舗と注文番号を確認し、注文を再取込してから送り直してください。" "Order or item not found, or the data is incomplete"
    "5000" [Nobody] "同じ内容のため処理が省略されました" "" "Skipped as identical to another feed"
    "50001" [Admin] "ファイルの形式をAmazonが読み取れませんでした" "サポートへご連絡ください。" "The file is not what the feed type expects"
    "90220" [Staff] "必須の属性がありません" "内容を確認してください。" "A required attribute is missing"
    "99022" [Staff] "属性の値の数が足りません" "内容を確認してください。" "Too few values of an attribute"
    "AMAZON_SHIP_METHOD" [Nobody] "配送方法（ship-method）が未記入という警告です。出荷通知は受け付けられています" "" "ship-method is blank: may be ignored"
    "AMAZON_CANNOT_FULFILL" [Staff] "Amazonが出荷通知を受け付けませんでした（Order cannot be fulfilled。警告と表示されますが登録されていません）"
        "セラーセントラルで注文の状態を確認してください。" "Order cannot be fulfilled: shown as a warning, but not applied"
    "AMAZON_FIELD_HEADING" [Admin] "ファイルの列見出しをAmazonが認識できませんでした" "サポートへご連絡ください。" "A field heading is invalid"
    "AMAZON_ROW_REFUSED" [Staff] "出荷通知ファイルの行をAmazonが受け付けませんでした" "Amazonの言葉を確認し、内容を直して送り直してください。" "A row was refused"
    "AMAZON_ROW_WARNED" [Staff] "出荷通知ファイルの行にAmazonの警告があります" "Amazonの言葉を確認してください。" "A row was warned about"
    // 5: files
    "AMAZON_FILE_CHARSET" [Staff] "ファイルの文字コードを判別できません" "セラーセントラルからダウンロードしたままのファイルを選んでください。" "The charset of the file is not known"
    "AMAZON_FILE_HEADING" [Staff] "注文レポートの見出しがありません" "セラーセントラルの「注文レポート」（タブ区切り）をそのまま選んでください。" "The heading of an order report is missing"
    "AMAZON_FILE_TOO_LARGE" [Staff] "ファイルが大きすぎます" "期間を短くしてダウンロードし直してください。" "The file is too large"
    "AMAZON_FILE_POSTAL" [Staff] "郵便番号の先頭の0が失われている行があります（表計算ソフトで保存した可能性があります）" "ダウンロードしたままのファイルを取り込んでください。"
        "Postal codes lost their leading zero, probably in a spreadsheet"
    "AMAZON_FILE_COLUMNS" [Staff] "注文レポートにない列があります" "必要な場合はセラーセントラルの「注文レポートの項目追加」で追加してください。" "Columns that the report does not have"
    "AMAZON_UNMAPPABLE" [Staff] "Shift_JISで表せない文字があります" "文字を直すか、設定「ファイルの文字コード」を utf-8 にしてください。" "A character that Shift_JIS cannot hold"
}

/// Entries for whatever Amazon has no uniform code for.
pub(super) const CATCH_ALL: &[&str] =
    &["AMAZON_ROW_REFUSED", "AMAZON_ROW_WARNED", "AMAZON_SHIPMENT_REFUSED", "AMAZON_LOGIN_REQUEST"];

/// Amazon's own words, and those of the older API (9) under which people still know them: for the search.
pub(super) const ALSO_KNOWN: &[(&str, &str)] = &[
    (
        "AMAZON_INDIVIDUAL_PLAN",
        "The seller does not have an eligible Amazon account to call Amazon MWS. For more information about eligible accounts, see the Amazon MWS documentation 小口出品",
    ),
    ("AMAZON_INTERNAL", "Internal Error InternalFailure"),
    ("AMAZON_UNAVAILABLE", "ServiceUnavailable"),
    (
        "AMAZON_CLOCK_SKEW",
        "Request signature is too far in the future. Timestamp date: too far in the past and has expired RequestExpired",
    ),
    (
        "AMAZON_GRANT_LAPSED",
        "access to orders get order is denied Access to Reports.Request Report id denied Access to Feeds.SubmitFeed is denied (AccessDenied) invalid_grant リフレッシュトークンの有効期限切れ 開発者権限",
    ),
    ("AMAZON_SECRET_EXPIRED", "invalid_client Client authentication failed"),
    ("AMAZON_FORBIDDEN", "Unauthorized Access to requested resource is denied. AccessDeniedException"),
    ("AMAZON_QUOTA", "QuotaExceeded You exceeded your quota for the requested resource."),
    ("AMAZON_INVALID_INPUT", "InvalidInput The input you have submitted is not valid."),
    ("AMAZON_SHIP_METHOD", "ship-methodの項目が記入されていないか入力内容が無効です"),
    (
        "AMAZON_CANNOT_FULFILL",
        "Order cannot be fulfilled. For more information, please contact Seller Support.",
    ),
];

/// A reason of our own.
pub(super) fn own(code: &str) -> Reason {
    let mut reason = super::descriptor::get().reason_for(code, "");
    reason.mall_code = None;
    reason
}

/// A reason of our own with Amazon's code and words beside it.
pub(super) fn said(code: &str, mall_code: &str, text: &str) -> Reason {
    own(code).from_mall(mall_code, text)
}

/// The same with words of ours behind it.
pub(super) fn with(code: &str, what: &str) -> Reason {
    let mut reason = own(code);
    reason.ja = format!("{}：{what}", reason.ja);
    reason.en = format!("{}: {what}", reason.en);
    reason
}
