//! The error catalogue (yahoo.md 9.2, with the warnings of 5.3, 6.1, 6.2): every code of the paper in words for staff.
//! Codes that begin with `YAHOO_` are our own, for answers without a code or refusals before sending. Codes the paper
//! lists without a meaning say so and show the mall's own words.

use domain::reason::{Actor, Reason};
use mall_api::MallErrorKind;
use mall_api::descriptor::ErrorEntry;

macro_rules! catalogue {
    (@retried) => { false };
    (@retried retried) => { true };
    ($( $code:literal [$actor:ident $($retried:ident)?] $ja:literal $remedy:literal $en:literal )*) => {
        /// All entries.
        pub(super) fn entries() -> Vec<ErrorEntry> {
            let mut all = vec![$( ErrorEntry {
                code: $code, ja: $ja, remedy: $remedy, en: $en,
                actor: Actor::$actor, retried: catalogue!(@retried $($retried)?),
            } ),*];
            all.extend(NO_MEANING.into_iter().map(unexplained));
            all
        }
    };
}

/// Listed in the paper, meaning not found.
const NO_MEANING: [&str; 18] = [
    "od90150", "od90175", "od90176", "od90180", "od90183", "od90191", "od90192", "od91060", "od91061",
    "od91062", "od91063", "od91150", "od91152", "od91153", "od91154", "od91180", "od91181", "od91183",
];

fn unexplained(code: &'static str) -> ErrorEntry {
    ErrorEntry {
        code,
        ja: "Yahoo!ショッピングがこの操作を受け付けませんでした（このコードの意味は公開されていません）",
        remedy: "モールの言葉とストアクリエイターProの画面で注文の状態を確認してください。",
        en: "Refused by the mall; the meaning of this code is not published",
        actor: Actor::Staff,
        retried: false,
    }
}

catalogue! {
    // authentication (1.3, 1.4, 9.2)
    "invalid_token" [Nobody retried] "アクセストークンの有効期間（1時間）が過ぎました" "自動で更新して再開します。"
        "The access token is over; it is renewed"
    "insufficient_scope" [Admin] "アプリケーションで「ストア向け操作関連の機能（開示先限定スコープ）」が有効になっていません"
        "Yahoo!デベロッパーネットワークのアプリケーション設定で有効にしてください。" "The application lacks the store feature"
    "invalid_grant" [Admin] "Yahoo!ショッピングの認可が切れました（4週間の期限切れ、パスワードの変更、または連携の解除）"
        "店舗の画面の「再認可」から、注文管理権限のあるYahoo! JAPAN IDでもう一度認可してください。" "The consent has ended; only a new one helps"
    "invalid_client" [Admin] "Client IDまたはシークレットが正しくありません" "Yahoo!デベロッパーネットワークの画面から貼り付け直してください。"
        "Client ID or secret is wrong"
    "unsupported_grant_type" [Admin] "認可の種類をYahoo!が受け付けませんでした" "サポートへご連絡ください。" "Unsupported grant type"
    "access_denied" [Admin] "Yahoo!の画面で同意されませんでした" "もう一度認可し、「同意してはじめる」を押してください。" "The person refused"
    "px-04102" [Admin] "注文APIの利用期間（12時間）が過ぎました。公開鍵が未登録か、無効・期限切れ・バージョン違いです"
        "ストアクリエイターPro「設定＞暗号鍵管理」で公開鍵が有効か確かめ、公開鍵とバージョンの両方を登録し直してから、再認可してください。"
        "The order session is over: mend the public key and consent again"
    "px-04001" [Admin] "APIへの要求に必要な項目がありません" "設定「ストアアカウント」を確認し、続く場合はサポートへご連絡ください。" "A parameter is missing"
    "px-04303" [Admin] "このアプリケーションは注文APIの利用を許可されていません" "ストアごとに注文APIの利用申請をしてください（1週間から10日ほどかかります）。"
        "The application has no permit for the order API"
    "px-04306" [Admin] "接続元のIPアドレスがYahoo!ショッピングに登録されていません" "注文APIの利用申請の内容に、このサーバーの固定IPアドレスを登録してください。"
        "The source address is not registered"
    "px-04307" [Admin] "ストアでAPIの利用が許可されていません" "ストアクリエイターProでAPIの利用を許可し、利用申請の状態を確認してください。"
        "The store does not allow API use"
    "px-04400" [Admin] "APIの宛先がありません" "店舗の接続先（api）の設定を確認してください。" "No such URL"
    "px-14303" [Admin] "認可したYahoo! JAPAN IDがビジネスIDと連携していないか、公開鍵のバージョンが未登録です"
        "ビジネスIDと連携した、注文管理権限のあるIDで再認可してください。公開鍵を使うときはバージョンも登録してください。"
        "The ID is not linked to a Business ID, or the key version is missing"
    "px-14304" [Admin] "認可したYahoo! JAPAN IDに、このストアの注文管理権限がありません"
        "ストアクリエイターProで従業員に注文管理権限を付けるか、権限のあるIDで再認可してください。" "This ID may not act for the store"
    // order logic (9.2)
    "od90101" [Admin] "要求の項目をYahoo!ショッピングが受け付けませんでした" "入力（配送番号など）と、設定「取得しない項目」を確認してください。"
        "Parameter error"
    "od90166" [Mall] "不正利用審査中の注文のため変更できません（キャンセルのみ可能です）" "モールの審査が終わるまでお待ちください。"
        "The order is held for fraud review: only a cancel is allowed"
    "od91801" [Staff] "この注文番号はYahoo!ショッピングにありません" "注文番号を確認してください。" "No such order"
    "od91001" [Mall retried] "Yahoo!ショッピング側の障害です" "自動で再試行します。" "Fault on the mall's side"
    "od91133" [Mall retried] "Yahoo!ショッピング側の障害です（BuyerId）" "自動で再試行します。続く場合はYahoo!へお問い合わせください。"
        "Fault on the mall's side (BuyerId)"
    // warnings: the change was done (5.3, 6.1, 6.2)
    "od91113" [Staff] "カードの売上はすでに確定しています" "" "The card sale was captured already"
    "od91115" [Staff] "カードの売上確定の期限を過ぎています" "ストアクリエイターProで決済の状態を確認してください。" "The capture date has passed"
    "od91123" [Staff] "返金が必要な金額があります" "ストアクリエイターProで返金の状態を確認してください。" "There is a refund"
    "od91130" [Staff] "在庫との連動に失敗しました" "在庫数を画面で確かめてください。" "The stock link failed: check the stock by hand"
    "od91704" [Mall] "キャンセルを受け付けました（反映は後になります）" "" "The cancel was taken and is done later"
    "od91705" [Nobody] "すでに同じステータスです" "" "Already in this status"
    "od91703" [Nobody] "変更しましたが、モールから注意が返りました（od91703）" "" "Done with a remark (od91703)"
    "od91058" [Nobody] "変更しましたが、モールから注意が返りました（od91058）" "" "Done with a remark (od91058)"
    "od91059" [Nobody] "変更する内容がありませんでした" "" "Nothing to do"
    // stock and item family (8.4): these codes are seen on the shared gateway as well
    "ed-00002" [Mall retried] "Yahoo!ショッピングはメンテナンス中です" "終わり次第、自動で再開します。" "Maintenance"
    "st-02000" [Mall retried] "Yahoo!ショッピングはメンテナンス中です" "終わり次第、自動で再開します。" "Maintenance"
    "ed-00000" [Admin] "Yahoo!ショッピングのAPIの宛先がありません" "店舗の接続先（api）の設定を確認してください。" "No such URL"
    "ed-00001" [Mall retried] "Yahoo!ショッピング側の障害です" "自動で再試行します。" "System error at the mall"
    "ed-00003" [Admin] "ストアアカウントが指定されていません" "店舗の設定「ストアアカウント」を確認してください。" "No store account was given"
    "ed-00004" [Admin] "ストアアカウントがありません" "店舗の設定「ストアアカウント」を確認してください。" "The store account is unknown"
    "ed-00005" [Admin] "ストアアカウントが有効ではありません" "店舗の設定「ストアアカウント」と、ストアの契約を確認してください。" "The store account is not valid"
    "ed-00006" [Mall retried] "反映またはアップロード中のため更新ができません" "終わり次第、自動で再試行します。" "An upload or publication is running"
    "ed-10002" [Nobody] "更新しましたが、更新後の内容を読み戻せませんでした" "次の確認で読み直します。" "Updated, but reading back failed"
    "st-02100" [Admin] "在庫の更新でストアアカウントが違います" "店舗の設定「ストアアカウント」を確認してください。" "seller_id is wrong"
    "st-02101" [Staff] "在庫の商品コードがモールにありません" "商品コードの対応を確認してください。" "The item code is wrong or unknown"
    "st-02102" [Nobody] "在庫の件数が多すぎます" "分けて送信します。" "Too many codes"
    "st-02103" [Nobody] "同じ商品コードが1回の送信に重複しています" "まとめて送信します。" "The same code twice"
    "st-02104" [Staff] "在庫数が正しくありません" "在庫数を確認してください。" "The quantity is wrong"
    "st-02105" [Admin] "在庫数と商品コードの個数が合いません" "サポートへご連絡ください。" "Counts of quantities and codes differ"
    "st-02106" [Admin] "在庫切れ時の受注の指定が正しくありません" "サポートへご連絡ください。" "allow_overdraft is wrong"
    "st-02107" [Admin] "在庫切れ時の受注の指定の個数が合いません" "サポートへご連絡ください。" "Counts of allow_overdraft and codes differ"
    "st-02999" [Mall retried] "Yahoo!ショッピングの在庫の障害です" "自動で再試行します。" "System error of stock"
    // our own
    "YAHOO_UNAUTHORISED" [Admin] "Yahoo!ショッピングの認証に失敗しました（HTTP 401）" "再認可し、公開鍵とバージョンを確認してください。" "Unauthorised (HTTP 401)"
    "YAHOO_WRONG_ADDRESS" [Admin] "Yahoo!ショッピングのAPIの宛先が正しくありません（HTTP 404／405）" "店舗の接続先（api）の設定を確認してください。"
        "Wrong URL or method (HTTP 404 or 405)"
    "YAHOO_NO_SELLER" [Admin] "ストアアカウントが設定されていません" "店舗の設定「ストアアカウント」を入力してください。" "seller_id is not set"
    "YAHOO_KEY_AND_VERSION" [Admin] "公開鍵と公開鍵バージョンは、両方を登録するか、両方を空にしてください" "ストアクリエイターPro「設定＞暗号鍵管理」の画面から両方を登録してください。"
        "Public key and version: both or neither"
    "YAHOO_KEY_FORM" [Admin] "公開鍵の書式が正しくありません" "「-----BEGIN PUBLIC KEY-----」から「-----END PUBLIC KEY-----」まで、画面の「コピー」で貼り付け直してください。"
        "The public key is malformed"
    "YAHOO_NO_KEY" [Admin] "公開鍵が未登録のため、注文APIは認可から12時間で止まります" "ストアクリエイターPro「設定＞暗号鍵管理」で公開鍵を発行し、バージョンと共に登録してください。"
        "Without a public key the order API stops 12 hours after the consent"
    "YAHOO_SIGNATURE_NOT_ACCEPTED" [Admin] "Yahoo!ショッピングが公開鍵の署名を認めていません。認可から12時間で注文APIが止まります"
        "ストアクリエイターPro「設定＞暗号鍵管理」で、公開鍵が有効か、バージョンとストアアカウントが合っているか確認してください。"
        "The signature was not accepted: the order API stops 12 hours after the consent"
    "YAHOO_NO_CODE" [Admin] "Yahoo!から認可コードが届きませんでした" "もう一度認可してください。" "No authorisation code came back"
    "YAHOO_TOKEN_REFUSED" [Admin] "Yahoo!がアクセストークンの発行を断りました" "Client ID・シークレット・コールバックURLを確認し、再認可してください。"
        "The token endpoint refused"
    "YAHOO_CANCEL_BY_PERSON" [Staff] "モールのキャンセルは取り消せず、購入者にメールが届くため、自動では行いません" "ストアクリエイターProの画面でキャンセルしてください。"
        "A cancel at the mall is final and is never sent by itself"
    "YAHOO_NO_SUCH_MOVE" [Staff] "Yahoo!ショッピングでは、今のステータスからこのステータスへは変更できません" "ストアクリエイターProで注文の状態を確認してください。"
        "The mall knows no move from this status to that one"
    "YAHOO_SUSPECT" [Staff] "いたずら注文の印があるため変更できません" "ストアクリエイターProで印を確認してください。" "Marked as a prank order"
    "YAHOO_UNPAID" [Staff retried] "モールで入金待ちのため、まだ完了にできません" "入金されると自動で進みます。" "Not paid yet: cannot be completed"
    "YAHOO_NOT_SHIPPED" [Staff retried] "モールで出荷済みになっていないため、まだ完了にできません" "出荷通知が終わると自動で進みます。"
        "Not shipped at the mall yet: cannot be completed"
    "YAHOO_PAUSE" [Nobody retried] "出荷の反映を待っています" "少し待って自動で完了にします。" "Waiting a little between shipping and completion"
    "YAHOO_MALL_SETTLES" [Nobody] "この支払い方法の入金は、モールが自動で反映します" "" "The mall settles this method by itself"
    "YAHOO_LINE_GIFT_WAITS" [Mall retried] "LINEギフトのお届け先が未入力のため、まだ出荷できません" "受取人が住所を入力すると自動で進みます。"
        "The gift's recipient has not given an address yet"
    "YAHOO_SPLIT_PARENT" [Staff] "分割された元の注文のため、出荷を報告しません" "分割後の注文で処理してください。" "Split at the mall: its parts are shipped"
    "YAHOO_TOO_MANY_PARCELS" [Staff] "1つの注文に登録できる配送番号は2件までです" "3件目からは、ストアクリエイターProの配送メモなどで購入者に知らせてください。"
        "At most two tracking numbers per order"
    "YAHOO_ONE_CARRIER" [Staff] "1つの注文に登録できる配送業者は1社です" "同じ配送業者にそろえるか、ストアクリエイターProの画面で登録してください。"
        "One carrier per order"
    "YAHOO_NUMBER_YAMATO" [Staff] "ヤマト運輸の配送番号は、数字のみ14桁までです" "配送番号を確認してください。" "Yamato: digits only, at most 14"
    "YAHOO_NUMBER_POST" [Staff] "日本郵便の配送番号は、ハイフンなしの11～13桁です" "配送番号を確認してください。" "Japan Post: 11 to 13 characters"
    "YAHOO_REASON_STANDS" [Staff] "モールに「伝票番号なし」の理由が登録されているため、配送番号を登録できません" "ストアクリエイターProで理由を外してから、もう一度送信してください。"
        "A reason for having no number stands at the mall and excludes a number"
    "YAHOO_NUMBER_STANDS" [Staff] "モールに登録済みの配送番号は、APIでは空にできません" "正しい配送番号を入力して送信するか、ストアクリエイターProの画面で番号を消してください。"
        "A number that stands at the mall cannot be taken away by the API"
    "YAHOO_CSV_QUOTES" [Staff] "CSVの引用符が閉じられていません（途中で切れたファイルの可能性があります）" "もう一度ダウンロードして、そのままのファイルを取り込んでください。"
        "A quoted cell is never closed"
    "YAHOO_CSV_POSTCODE" [Staff] "6桁の郵便番号があります（表計算ソフトで保存し直すと、先頭の0が消えます）" "ダウンロードしたままのファイルを取り込んでください。"
        "Postal codes of six digits: a spreadsheet dropped the leading zero"
    "YAHOO_CSV_HOLD" [Nobody] "CSVには不正保留の注文が含まれません（不正保留は「不明」と表示します）" "" "The CSV never holds orders under fraud review"
    "YAHOO_CSV_STATUSES" [Staff] "注文CSVには、ダウンロードのときに選んだステータスの注文しか入りません" "ストアクリエイターProで、対象の注文のステータスを含めてダウンロードし直してください。"
        "The CSV holds only orders of the statuses chosen for the download"
    "YAHOO_CSV_HEADING" [Staff] "CSVに必要な列がありません" "ストアクリエイターProのCSVテンプレートに列を加えてください。" "A column is missing"
    "YAHOO_CSV_COLUMNS" [Staff] "CSVにない列があります（その内容は取り込まれません）" "必要なら、ストアクリエイターProのCSVテンプレートに列を加えてください。"
        "Columns that an order ought to have are missing"
    "YAHOO_CSV_CHARSET" [Staff] "CSVの文字コードを読み取れません" "ダウンロードしたままのファイルを取り込んでください。" "The charset cannot be read"
}

/// Other words for an entry, for the search.
pub(super) const ALSO_KNOWN: &[(&str, &str)] = &[
    (
        "YAHOO_KEY_AND_VERSION",
        "公開鍵を設定しているがバージョンを設定していない バージョンのみの入力 暗号鍵管理 公開鍵バージョン",
    ),
    ("YAHOO_SIGNATURE_NOT_ACCEPTED", "公開鍵が無効 公開鍵の有効期限 バージョン違い API認証で問題"),
    ("px-04102", "注文APIの12時間 公開鍵の期限切れ"),
    ("px-14303", "バージョン未設定 ビジネスID"),
    ("invalid_grant", "受注取得アクセスキーの有効期限切れ 4週間"),
    ("px-04306", "接続元IPアドレス"),
    ("od90166", "不正保留 不正注文審査"),
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

/// What a code of the mall means for the lane; what is not known goes by its HTTP status (9.2, last paragraph).
pub(super) fn kind_of(code: &str, status: u16, retry_after_ms: Option<i64>) -> MallErrorKind {
    match code {
        "px-04102" | "invalid_token" | "invalid_grant" | "invalid_client" => MallErrorKind::Credential,
        "insufficient_scope" | "px-04303" | "px-04306" | "px-04307" | "px-14303" | "px-14304" => {
            MallErrorKind::NotAllowed
        }
        "ed-00002" | "st-02000" => MallErrorKind::Maintenance { retry_after_ms },
        "px-04001" | "px-04400" => MallErrorKind::Refused,
        "od91001" | "od91133" => MallErrorKind::Unavailable,
        _ => match status {
            401 => MallErrorKind::Credential,
            429 => MallErrorKind::RateLimited { retry_after_ms },
            403 if code.starts_with("px-") => MallErrorKind::NotAllowed,
            400..=499 => MallErrorKind::Refused,
            500..=599 => MallErrorKind::Unavailable,
            // An error inside an answer of 200: a code we know is a refusal, another says nothing for certain.
            _ if is_known(code) => MallErrorKind::Refused,
            _ => MallErrorKind::Unreadable,
        },
    }
}

/// Does the catalogue know the code?
pub(super) fn is_known(code: &str) -> bool {
    super::descriptor::get().errors.iter().any(|entry| entry.code == code)
}

/// Does the code stand in the table of warnings: the change was done (5.3, 6.1, 6.2)?
pub(super) fn is_warning(code: &str) -> bool {
    matches!(
        code,
        "od91113"
            | "od91115"
            | "od91123"
            | "od91130"
            | "od91704"
            | "od91705"
            | "od91703"
            | "od91058"
            | "od91059"
    )
}
