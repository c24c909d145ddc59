//! The error catalogue: every code of rakuten.md that is not plain success, in words for staff. FACTS.md lists
//! where each code stands. Codes that begin with `RAKUTEN_` are our own for answers that carry no code.

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
    // 1.4 gateway
    "GA0001" [Admin] "楽天の認証に失敗しました。licenseKeyの有効期限が切れたか、楽天側で更新したキーが未入力です"
        "RMS「WEB APIサービス」で licenseKey を確認・更新し、店舗の認証情報に入力してください。serviceSecret も確認してください。"
        "licenseKey expired, was renewed but not entered here, or a key is wrong"
    "ES01-01" [Admin] "楽天の認証に失敗しました。キーと店舗の情報が一致しません（licenseKeyの期限切れ・未入力を含む）"
        "RMS「WEB APIサービス」で serviceSecret と licenseKey を確認し、店舗の認証情報に貼り付け直してください。"
        "Keys do not match the shop, or the licenseKey lapsed"
    "GK0001" [Admin] "認証情報の書式が不正です" "serviceSecret と licenseKey をRMSから貼り付け直してください（手入力しない）。"
        "The credential string is malformed"
    "GK0005" [Admin] "認証情報の書式が不正です" "serviceSecret と licenseKey をRMSから貼り付け直してください（手入力しない）。"
        "The credential string is malformed"
    "GK0006" [Admin] "認証情報の書式が不正です" "serviceSecret と licenseKey をRMSから貼り付け直してください（手入力しない）。"
        "The credential string is malformed"
    "ES04-01" [Admin] "このAPI機能がRMSで「利用する」になっていません"
        "RMS「WEB APIサービス」→「利用機能編集」で 楽天ペイ受注API の各機能を「利用する」にしてください。"
        "The API function is not switched on in RMS"
    "ES04-03" [Nobody retried] "Content-Type が受け付けられませんでした" "設定を切り替えて自動で再試行します。"
        "Content-Type refused; the other form is tried"
    "AuthError" [Admin] "楽天の認証に失敗しました。licenseKeyの有効期限が切れたか、キーが違います"
        "RMS「WEB APIサービス」で licenseKey を確認・更新し、店舗の認証情報に入力してください。" "Authentication failed"
    "QPSLimit" [Nobody retried] "楽天のアクセス制限（1秒あたりの回数）に達しました" "間隔をあけて自動で再開します。"
        "Too many requests per second"
    "AccessLimit" [Nobody retried] "楽天のアクセス制限に達しました" "間隔をあけて自動で再開します。" "Access limit reached"
    "RAKUTEN_UNAUTHORISED" [Admin] "楽天の認証に失敗しました（HTTP 401）。licenseKeyの期限切れ、または更新後のキーが未入力の可能性があります"
        "RMS「WEB APIサービス」で licenseKey を確認し、店舗の認証情報に入力してください。" "Unauthorised (HTTP 401)"
    "RAKUTEN_FORBIDDEN" [Admin] "楽天がアクセスを許可していません（HTTP 403）"
        "RMS「WEB APIサービス」の利用機能と契約を確認してください。" "Forbidden (HTTP 403)"
    "RAKUTEN_WRONG_ADDRESS" [Admin] "楽天のAPIの宛先が正しくありません（HTTP 404／405）"
        "店舗の接続先（api）の設定を確認してください。" "Wrong URI or method (HTTP 404 or 405)"
    "RAKUTEN_FUNCTION_OFF" [Admin] "RMSで「利用する」になっていないAPI機能があります"
        "RMS「WEB APIサービス」→「利用機能編集」で「利用する」にしてください。" "An API function is switched off in RMS"
    "RAKUTEN_EXPIRY_NOT_TOLD" [Admin] "licenseKeyの有効期限を確認できませんでした"
        "RMS「WEB APIサービス」の画面で期限を確認してください。" "The expiry of the licenseKey could not be asked"
    "RAKUTEN_TOO_MANY_HITS" [Staff] "同じ時刻の注文が15,000件を超えるため、一覧の続きを取得できません"
        "期間を短くして取り込んでください。" "More than 15,000 hits that cannot be narrowed"
    "RAKUTEN_BAD_STATUS" [Admin] "取得ステータスに楽天のコード（数字）でない値があります" "店舗の取得ステータスを選び直してください。"
        "A status asked for is not a number"
    "RAKUTEN_NO_BASKET" [Staff] "お届け先に楽天の送付先ID（basketId）がないため報告できません"
        "手で追加した明細・お届け先は、RMSの画面で発送情報を入力してください。" "The recipient has no basketId"
    "RAKUTEN_TOO_MANY_RECORDS" [Staff] "1つのお届け先に登録できる発送情報は20件までです"
        "余分な発送情報をRMSの画面で削除するか、RMSで直接入力してください。" "At most 20 shipping records per recipient"
    // every function: what went well, for whoever meets it in an answer (2.1)
    "ORDER_EXT_API_SEARCH_ORDER_INFO_101" [Nobody] "受注検索に成功しました" "" "The search went well"
    "ORDER_EXT_API_SEARCH_ORDER_INFO_102" [Nobody] "条件に合う受注がありません" "" "The search found nothing"
    "ORDER_EXT_API_GET_ORDER_INFO_101" [Nobody] "受注情報の取得に成功しました" "" "The orders were read"
    "ORDER_EXT_API_CONFIRM_ORDER_INFO_101" [Nobody] "注文確認に成功しました" "" "The order was confirmed"
    "ORDER_EXT_API_CANCEL_ORDER_INFO_101" [Nobody] "注文のキャンセルに成功しました" "" "The order was cancelled"
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_INFO_101" [Nobody] "発送情報の登録に成功しました" "" "The shipment was reported"
    "ORDER_EXT_API_UPDATE_ORDERSUBSTATUS_INFO_101" [Nobody] "サブステータスの変更に成功しました" "" "The sub-status was set"
    "ORDER_EXT_API_UPDATE_ORDERMEMO_INFO_101" [Nobody] "ひとことメモの更新に成功しました" "" "The memo was set"
    "ORDER_EXT_API_UPDATE_ORDERREMARKS_INFO_101" [Nobody] "備考の更新に成功しました" "" "The remarks were set"
    // 2.2 searchOrder
    "ORDER_EXT_API_SEARCH_ORDER_ERROR_009" [Admin] "受注検索の必須項目がありません" "サポートへご連絡ください。" "A search item is missing"
    "ORDER_EXT_API_SEARCH_ORDER_ERROR_011" [Admin] "受注検索の項目の書式が不正です" "期間や設定を確認してください。"
        "A search item is malformed"
    "ORDER_EXT_API_SEARCH_ORDER_ERROR_023" [Admin] "受注検索の条件を楽天が受け付けませんでした" "期間を短くして取り込んでください。"
        "The search was refused (meaning not documented)"
    // 2.3 getOrder
    "ORDER_EXT_API_GET_ORDER_INFO_102" [Mall retried] "受注情報を取得できませんでした（他店の番号、730日より前、または反映待ち）"
        "次の取込で自動的に再取得します。" "The order could not be read"
    "ORDER_EXT_API_GET_ORDER_WARNING_101" [Mall] "受注情報の取得で楽天が警告を返しました" "RMSの画面で注文を確認してください。"
        "Warning while reading orders (text not documented)"
    "ORDER_EXT_API_GET_ORDER_ERROR_009" [Admin] "受注情報取得の必須項目がありません" "サポートへご連絡ください。" "An item is missing"
    "ORDER_EXT_API_GET_ORDER_ERROR_011" [Admin] "受注情報取得の項目の書式が不正です" "設定「getOrderのバージョン」を確認してください。"
        "An item is malformed"
    // 2.4 confirmOrder
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_102" [Staff] "キャンセルされた注文のため注文確認できません" "出荷を止め、「キャンセル」へ移してください。"
        "Already cancelled"
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_103" [Nobody retried] "注文はすでに別のステータスです（確認済みの可能性があります）"
        "楽天の状態を自動で確認します。" "Already in another status; read again"
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_105" [Staff] "金額が未確定のため注文確認できません（送料・代引料など）"
        "RMSの画面で金額を確定してから再実行してください。" "Amounts are not set"
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_009" [Admin] "注文確認の必須項目がありません" "サポートへご連絡ください。" "An item is missing"
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_011" [Admin] "注文確認の項目の書式が不正です" "注文番号を確認してください。" "An item is malformed"
    // 2.5 updateOrderShipping
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_WARNING_101" [Staff] "発送情報の登録で楽天が警告を返しました" "RMSの画面で発送情報を確認してください。"
        "Warning on a shipping record (text not documented)"
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ERROR_009" [Staff] "発送情報の必須項目がありません" "配送業者・配送番号・出荷日を確認してください。"
        "An item is missing"
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ERROR_011" [Staff] "発送情報の項目の書式が不正です" "配送業者・配送番号・出荷日を確認してください。"
        "An item is malformed"
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ERROR_101" [Staff] "発送情報を楽天が受け付けませんでした" "RMSの画面で注文の状態を確認してください。"
        "Refused (text not documented)"
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ERROR_102" [Staff] "キャンセルされた注文のため発送を報告できません" "出荷を止め、「キャンセル」へ移してください。"
        "The order is cancelled"
    // 2.6 asynchronous
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ASYNC_ERROR_009" [Staff] "発送情報（一括）の必須項目がありません" "配送業者・配送番号・出荷日を確認してください。"
        "An item is missing"
    "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ASYNC_ERROR_011" [Staff] "発送情報（一括）の項目の書式が不正です" "配送業者・配送番号・出荷日を確認してください。"
        "An item is malformed; nothing was queued"
    "ORDER_EXT_API_GET_RESULT_UPDATEORDERSHIPPING_ASYNC_INFO_101" [Nobody retried] "発送情報（一括）の結果はまだありません" "自動で確認を続けます。"
        "No result for this id yet (running, unknown or expired)"
    "ORDER_EXT_API_GET_RESULT_UPDATEORDERSHIPPING_ASYNC_ERROR_009" [Admin] "発送情報（一括）の結果確認に受付番号がありません" "サポートへご連絡ください。"
        "The request id is missing"
    // 2.7 sub-status
    "ORDER_EXT_API_UPDATE_ORDERSUBSTATUS_ERROR_009" [Admin] "サブステータスの必須項目がありません" "サポートへご連絡ください。" "An item is missing"
    "ORDER_EXT_API_UPDATE_ORDERSUBSTATUS_ERROR_016" [Staff] "この店舗の注文番号ではありません" "注文番号を確認してください。" "Not an order of this shop"
    "ORDER_EXT_API_UPDATE_ORDERSUBSTATUS_ERROR_101" [Staff] "キャンセルされた注文のためサブステータスを変更できません" "" "The order is cancelled"
    "ORDER_EXT_API_UPDATE_ORDERSUBSTATUS_ERROR_102" [Staff] "この注文のステータスに合わないサブステータスです" "RMSのサブステータス設定を確認してください。"
        "The sub-status does not fit the order"
    // 2.8 memo, remarks
    "ORDER_EXT_API_UPDATE_ORDERMEMO_ERROR_009" [Admin] "ひとことメモの必須項目がありません" "サポートへご連絡ください。" "An item is missing"
    "ORDER_EXT_API_UPDATE_ORDERMEMO_ERROR_107" [Staff] "ひとことメモの更新を楽天が受け付けませんでした（107）" "RMSの画面で確認してください。"
        "Memo refused (text not documented)"
    "ORDER_EXT_API_UPDATE_ORDERMEMO_ERROR_108" [Staff] "ひとことメモの更新を楽天が受け付けませんでした（108）" "RMSの画面で確認してください。"
        "Memo refused (text not documented)"
    "ORDER_EXT_API_UPDATE_ORDERMEMO_ERROR_109" [Staff] "ひとことメモの更新を楽天が受け付けませんでした（109）" "RMSの画面で確認してください。"
        "Memo refused (text not documented)"
    "ORDER_EXT_API_UPDATE_ORDERREMARKS_ERROR_009" [Admin] "備考更新の必須項目がありません" "サポートへご連絡ください。" "An item is missing"
    // 5 inventory
    "IE0001" [Staff] "在庫の必須項目がありません" "商品の設定を確認してください。" "A mandatory field is missing"
    "IE0002" [Staff] "在庫の項目の値が不正です" "商品の設定を確認してください。" "Invalid value"
    "IE0003" [Staff] "在庫の値が範囲外です" "在庫数を確認してください。" "Out of range"
    "IE0004" [Staff] "在庫の項目が長すぎます" "商品管理番号・SKU管理番号を確認してください。" "Too long"
    "IE0105" [Admin] "在庫の範囲検索の上限・下限がありません" "サポートへご連絡ください。" "Range query without bounds"
    "IE0113" [Admin] "在庫の範囲検索の下限が上限を超えています" "サポートへご連絡ください。" "Minimum above maximum"
    "IE0116" [Nobody] "在庫の範囲検索の結果が1,000件を超えました" "範囲を狭めて取得します。" "More than 1000 hits"
    "IE0117" [Staff] "在庫数の合計が0～99,999の範囲を超えます" "在庫数を確認してください。" "The sum leaves 0 to 99999"
    "IE0118" [Staff] "納期または発送元の番号が店舗の設定にありません" "RMSの納期・発送元の設定を確認してください。"
        "Lead-time or ship-from id not in the shop's settings"
    "IE0121" [Staff] "1つの商品管理番号に400を超えるSKUがあります" "商品を分けてください。" "More than 400 variants in one item"
    "IE0500" [Staff] "在庫がまだ登録されていないため増減できません" "在庫数を指定して登録してください。"
        "Relative change of a row that does not exist"
    "IE1101" [Nobody] "1回の件数が多すぎます" "分けて送信します。" "Too many entries"
    "IE1102" [Nobody] "同じSKUが1回の送信に重複しています" "まとめて送信します。" "The same SKU twice in one call"
    "IE1105" [Admin] "SKUプロジェクトに移行していない店舗です" "楽天での移行後に利用できます。" "Shop not migrated to SKU"
    "GE0007" [Admin] "在庫APIの宛先が正しくありません" "サポートへご連絡ください。" "The path does not exist"
    "GE0011" [Admin] "在庫APIの本文が空です" "サポートへご連絡ください。" "Empty body"
    "GE0014" [Staff] "在庫が見つかりません" "商品管理番号・SKU管理番号を確認してください。" "Not found"
    "CE0001" [Nobody retried] "楽天側のほかの処理と重なりました" "自動で再試行します。" "Conflict with another process"
    "GE0019" [Mall retried] "店舗の状態により処理できませんでした" "続く場合は楽天へお問い合わせください。" "Shop status"
    "X0000" [Mall retried] "楽天側で予期しないエラーが起きました" "自動で再試行します。" "Unexpected error at the mall"
}

/// Other words for an entry, for the search.
pub(super) const ALSO_KNOWN: &[(&str, &str)] = &[
    ("GA0001", "ライセンスキーの有効期限切れ Un-Authorised"),
    ("ES01-01", "Un-Authorized user ライセンスキー 更新 未入力"),
    ("ES04-01", "WEB APIサービス 利用機能編集"),
    ("QPSLimit", "アクセス集中 429"),
];

/// The reason of one of our own codes: no code or words of the mall stand beside it.
pub(super) fn own(code: &str) -> Reason {
    let mut reason = super::descriptor::get().reason_for(code, "");
    reason.mall_code = None;
    reason
}

/// The reason of a code of the mall, with its words.
pub(super) fn of_mall(code: &str, text: &str) -> Reason {
    super::descriptor::get().reason_for(code, text)
}

/// Does the catalogue know the code?
pub(super) fn is_known(code: &str) -> bool {
    super::descriptor::get().errors.iter().any(|entry| entry.code == code)
}
