//! Why something did not happen, in words a clerk understands, with the mend.
//!
//! Every refusal, warning and failure of our own is made by a function of this module, so that the words are the
//! same on every path. What a mall's code means stands in that mall's error catalogue, as the same type.

use serde::{Deserialize, Serialize};

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Staff of the shop.
    Staff,
    /// The administrator (credentials, settings).
    Admin,
    /// The mall; we wait.
    Mall,
    /// Nobody: Choba goes on by itself.
    Nobody,
}

/// A reason with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code; the manual has a page under it.
    pub code: String,
    /// 事象と原因, Japanese.
    pub ja: String,
    /// 対処, Japanese; empty when nothing is to be done.
    pub remedy: String,
    /// English.
    pub en: String,
    /// Who acts.
    pub actor: Actor,
    /// Choba tries again by itself.
    pub retried: bool,
    /// The mall's own code, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mall_code: Option<String>,
    /// The mall's own words (they name no buyer), shortened to 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mall_text: Option<String>,
}

impl Reason {
    /// A reason that staff mend.
    pub fn new(code: &str, ja: impl Into<String>, remedy: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            ja: ja.into(),
            remedy: remedy.into(),
            en: en.into(),
            actor: Actor::Staff,
            retried: false,
            mall_code: None,
            mall_text: None,
        }
    }

    /// Names who acts.
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Says that it is tried again without anybody doing anything.
    pub fn retried(mut self) -> Self {
        self.retried = true;
        self
    }

    /// Adds the mall's own code and words.
    pub fn from_mall(mut self, code: &str, text: &str) -> Self {
        self.mall_code = (!code.is_empty()).then(|| code.chars().take(128).collect());
        self.mall_text = (!text.is_empty()).then(|| text.chars().take(300).collect());
        self
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.ja)?;
        if let Some(code) = &self.mall_code {
            write!(f, "（{code}）")?;
        }
        if !self.remedy.is_empty() {
            write!(f, " → {}", self.remedy)?;
        }
        Ok(())
    }
}

/// A reason of our own with its words as a catalogue shows them: `{shop}` stands where a name comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnReason {
    /// Stable code.
    pub code: &'static str,
    /// 事象と原因, Japanese.
    pub ja: &'static str,
    /// 対処, Japanese.
    pub remedy: &'static str,
    /// English.
    pub en: &'static str,
    /// Who acts.
    pub actor: Actor,
    /// Tried again by itself.
    pub retried: bool,
}

/// Every reason of our own, in the order of their files.
pub fn own() -> impl Iterator<Item = &'static OwnReason> {
    ENTRIES.iter().chain(why::ENTRIES)
}

macro_rules! reasons {
    (@retried) => { false };
    (@retried retried) => { true };
    ($( $(#[$doc:meta])* $name:ident ( $($arg:ident),* ) [$actor:ident $(, $retried:ident)?]
        ja $ja:literal remedy $remedy:literal en $en:literal )*) => {
        $( $(#[$doc])* pub fn $name($($arg: impl std::fmt::Display),*) -> Reason {
            $( let $arg = $arg.to_string(); )*
            let reason = Reason::new(stringify!($name), format!($ja), format!($remedy), format!($en))
                .by(Actor::$actor);
            $( let reason = reason.$retried(); )?
            reason
        } )*
        /// Codes of all reasons of our own, for the catalogue of errors and its test.
        pub const CODES: &[&str] = &[$(stringify!($name)),*];
        /// The same with their words.
        pub const ENTRIES: &[OwnReason] = &[$( OwnReason {
            code: stringify!($name), ja: $ja, remedy: $remedy, en: $en,
            actor: Actor::$actor, retried: reasons!(@retried $($retried)?),
        } ),*];
    };
}

pub mod why;

reasons! {
    /// FRD-2, in the words of the seeds.
    fraud_hold_blocks_move() [Mall]
        ja "不正利用審査中の注文は「キャンセル」へのステータス変更のみ行えます"
        remedy "モールの審査が終わるまでお待ちください。"
        en "The mall is reviewing this order for fraud: it can only be moved to Cancelled"
    /// FRD-3, in the words of the seeds.
    fraud_hold_blocks_status_change() [Mall, retried]
        ja "不正保留中のためステータス変更しませんでした"
        remedy "モールが保留を解除すると、自動で「未実行」に戻ります。"
        en "Not written to the mall because the order is held for fraud review"
    /// The order already is where it should go.
    already_in_phase(phase) [Nobody]
        ja "すでに「{phase}」にあります" remedy "" en "Already in phase {phase}"
    /// A rule or link names a phase that was removed.
    phase_gone(phase) [Admin]
        ja "移動先のフェーズ「{phase}」がなくなったため、移動しませんでした" remedy "規則の移動先を選びなおしてください。"
        en "Phase {phase} no longer exists: the order stays where it is"
    /// NTF-1: a phase that Choba itself needs.
    phase_needed(phase) [Nobody]
        ja "フェーズ「{phase}」は外せません" remedy "" en "Phase {phase} is needed and cannot be removed"
    /// NTF-1.
    phase_not_empty(phase) [Staff]
        ja "フェーズ「{phase}」に受注があります" remedy "受注をほかのフェーズへ移してください。"
        en "Orders are in phase {phase}"
    /// 紐付け設定: another phase was entered before the status was sent.
    superseded_by_phase(phase) [Nobody]
        ja "送信前に「{phase}」へ移ったため、取り下げました" remedy "" en "Taken back: the order entered {phase} before it was sent"
    /// 紐付け設定: moving to キャンセル never calls a mall.
    link_from_cancelled() [Staff]
        ja "「キャンセル」からはモールのステータスを変更しません" remedy "モールでのキャンセルは、受注ごとに確認して行ってください。"
        en "Entering Cancelled never writes to a mall"
    /// 紐付け設定: a cancel at the mall is an action of its own, confirmed by a person.
    link_would_cancel(status) [Staff]
        ja "モールステータス「{status}」へは自動で変更しません（注文が取り消されます）" remedy "モールでのキャンセルは、受注ごとに確認して行ってください。"
        en "Mall status {status} cancels the order: never set by itself"
    /// NTF-1.
    ship_date_required(phase) [Staff]
        ja "「{phase}」へ移すには出荷日が必要です" remedy "出荷日を入力してください。"
        en "Phase {phase} requires a ship date"
    /// DESK-7, I11.
    not_allowed(menu, level, menu_en, level_en) [Admin]
        ja "「{menu}」の「{level}」の権限がありません" remedy "必要なら、管理者に権限グループの変更を頼んでください。"
        en "The right {level_en} on {menu_en} is needed"
    /// Bulk work: there is no such order, or it may not be seen; both read the same.
    order_not_found() [Staff]
        ja "受注が見つかりません" remedy "受注一覧で確かめてください。" en "There is no such order"
    /// Bulk work: nothing would change.
    nothing_to_change() [Nobody]
        ja "すでにその内容です" remedy "" en "It is so already"
    /// Bulk work: somebody changed the order since; undo would undo that too.
    changed_since_job() [Staff]
        ja "この操作のあとで変更されたため、元に戻しません" remedy "受注を開いて、いまの内容を確かめてください。"
        en "Changed since: not undone"
    /// Bulk work: it cannot be taken back.
    not_undoable() [Nobody]
        ja "この操作は元に戻せません" remedy "" en "This cannot be undone"
    /// Bulk work: not at its end yet.
    job_running() [Nobody]
        ja "まだ実行中です" remedy "終わってから、もう一度操作してください。" en "It is still running"
    /// FRD-4: the right to move held orders is missing.
    override_not_allowed() [Admin]
        ja "不正保留中の受注を移す権限がありません" remedy "権限のある人に頼んでください。" en "The right to override a fraud hold is missing"
    /// Bulk work on parcels needs one parcel to mean.
    several_parcels() [Staff]
        ja "荷物が複数あります" remedy "受注の画面で、荷物ごとに入力してください。" en "The order has several parcels"
    /// Bulk work on parcels needs one recipient to mean.
    several_recipients() [Staff]
        ja "お届け先が複数あります" remedy "受注の画面で、お届け先ごとに入力してください。" en "The order has several recipients"
    /// Said, never refused: one number, two orders.
    tracking_number_twice(number) [Staff]
        ja "配送番号 {number} は、ほかの受注にも入っています" remedy "同梱でなければ、番号を確かめてください。"
        en "Tracking number {number} stands at another order too"
    /// Said, never refused: the mall was told another number.
    parcel_sent_already() [Staff]
        ja "モールへ通知済みの出荷情報を書き換えます" remedy "書き換えたあと、「未連携」に戻すと訂正を送れます。"
        en "The mall was told of this parcel already"
    /// Said, never refused.
    paid_already(date) [Staff]
        ja "入金日 {date} がすでに入っています" remedy "上書きしてよいか確かめてください。" en "Paid on {date} already"
    /// 分割: nothing was chosen, or nothing is split.
    split_nothing() [Staff]
        ja "分ける商品が選ばれていません" remedy "新しい荷物に入れる数を入力してください。" en "Nothing was chosen"
    /// 分割: a parcel would stay empty.
    split_everything() [Staff]
        ja "すべての商品が新しい荷物に入り、元の荷物が空になります" remedy "元の荷物に1つ以上残してください。"
        en "Nothing would stay in the first parcel"
    /// 分割: more than there is.
    split_too_much() [Staff]
        ja "元の荷物に入っている数を超えています" remedy "残っている数までにしてください。" en "More than the first parcel holds"
    /// 分割: it was notified already.
    split_sent() [Staff]
        ja "この荷物はモールへ通知済みです" remedy "通知の前に分けてください。" en "The mall was told of this parcel already"
    /// 分割: several parcels, and nobody said what is in which.
    split_contents_unsaid() [Staff]
        ja "荷物が複数あり、どれに何が入っているか決まっていません" remedy "荷物を1つにしてから分けてください。"
        en "There are several parcels without contents"
    /// 同梱.
    bundle_of_itself() [Staff]
        ja "親に選んだ受注です" remedy "" en "It is the parent itself"
    /// 同梱.
    bundle_parent_is_child() [Staff]
        ja "親に選んだ受注は、ほかの受注に同梱されています" remedy "別の受注を親にしてください。" en "The parent is a bundled child itself"
    /// 同梱: said, never refused.
    bundle_other_shop() [Staff]
        ja "親と店舗が違います" remedy "同じ人の受注か確かめてください。" en "The parent belongs to another shop"
    /// 同梱.
    not_bundled() [Nobody]
        ja "同梱されていません" remedy "" en "It is not bundled"
    /// Master list.
    shipping_method_unknown(method) [Staff]
        ja "配送便「{method}」はありません" remedy "配送便を選びなおしてください。" en "There is no shipping method {method}"
    /// Master list.
    carrier_unknown(carrier) [Staff]
        ja "配送業者「{carrier}」はありません" remedy "配送業者を選びなおしてください。" en "There is no carrier {carrier}"
    /// Somebody else was faster.
    order_changed_meanwhile() [Staff]
        ja "ほかの人が同時に変更しました" remedy "もう一度実行してください。" en "Somebody else changed the order at the same time"
    /// 見るだけモード.
    write_back_off(shop) [Admin]
        ja "店舗「{shop}」は見るだけモードです（モールへは何も送りません）" remedy "店舗の画面で送信内容を確認し、モールへの反映を開始してください。"
        en "Shop {shop} is in look-only mode: nothing is written to the mall"
    /// F46.
    paused_after_restore() [Admin]
        ja "バックアップから復元したため、モールへの送信を止めています" remedy "「復元の確認」で送信内容を確かめ、送信を再開してください。"
        en "Nothing is sent to the malls after a restore until a person has seen what would be"
    /// F46.
    written_before_restore() [Nobody, retried]
        ja "復元の前に送信した可能性があるため、モールの処理が終わるのを待ってから確かめます" remedy ""
        en "It may have been sent before the restore: looked at again once the mall must be done with it"
    /// 取込の証明.
    days_not_listed() [Nobody]
        ja "このモールは日ごとの一覧を返さないため、証明できません" remedy "" en "This mall does not list orders by day"
    /// 取込の証明.
    day_not_over(day) [Staff]
        ja "{day}はまだ終わっていないため、証明できません" remedy "その日が終わってから確かめてください。"
        en "{day} is not over yet"
    /// 取込の証明.
    day_too_old(day) [Nobody]
        ja "{day}は古すぎて、モールが一覧を返しません" remedy "" en "The mall no longer lists {day}"
    /// NTF-7.
    mall_has_no_notice() [Nobody]
        ja "このモールには出荷通知がありません" remedy "" en "This mall takes no shipment notice"
    /// The mall's API does not take this kind of write.
    write_not_offered() [Nobody]
        ja "このモールのAPIでは、この更新はできません" remedy "" en "The mall's API does not take this kind of update"
    /// A newer wish for the same thing.
    write_superseded() [Nobody]
        ja "新しい指示に置き換えました" remedy "" en "A newer instruction took its place"
    /// The shop is switched off.
    shop_off(name) [Admin]
        ja "店舗「{name}」は停止中です" remedy "店舗を有効にしてください。" en "Shop {name} is switched off"
    /// A code the mall's list of statuses does not have.
    status_code_unknown(code) [Admin]
        ja "「{code}」というモールステータスはありません" remedy "モールのステータスコードを確認してください。" en "The mall has no status {code}"
    /// Nothing to change.
    status_already(status) [Nobody]
        ja "モールではすでに「{status}」です" remedy "" en "The mall has it as {status} already"
    /// The same is wanted already.
    status_wanted_already() [Nobody]
        ja "同じ変更がすでに送信待ちです" remedy "" en "The same change is waiting to be sent already"
    /// An earlier one may be at the mall.
    status_change_in_flight() [Nobody]
        ja "前の変更の結果を待っています" remedy "結果が出てから、もう一度指示してください。" en "An earlier change is still awaiting its result"
    /// A day's calls are nearly used up; imports leave the rest to writes.
    calls_of_day_used() [Mall]
        ja "本日のAPI呼び出し回数の上限が近いため、取込を明日まで待ちます" remedy "操作は要りません。日付が変わると続きから再開します。"
        en "Nearly all of today's calls are used; the import goes on tomorrow"
    /// Between the reading and the storing a person has put another credential there.
    access_refused() [Admin]
        ja "モールへのアクセスを更新できません" remedy "choba credential authorise で、もう一度許可してください。"
        en "Access to the mall could not be renewed"
    /// The way back from the browser.
    consent_not_ours() [Admin]
        ja "この許可は、ここから始めたものではありません" remedy "choba credential authorise をもう一度実行してください。"
        en "This consent was not asked for from here"
    /// The mall has no consent page.
    no_grant() [Nobody]
        ja "このモールには、ブラウザーでの許可の手続きがありません" remedy "choba credential set で登録してください。"
        en "This mall has no consent in the browser"
    /// A change of status has no state that could be set.
    no_state_of_its_own() [Nobody]
        ja "この更新には、手で変えられる連携ステータスがありません" remedy "必要なら、もう一度モールへの更新を指示してください。"
        en "This update has no state to set by hand; ask for the update again"
    /// NTF-4, NTF-7.
    fba_is_not_notified() [Nobody]
        ja "FBA注文のため対象外です（Amazonが出荷します）" remedy "" en "Fulfilled by Amazon: not ours to notify"
    /// NTF-7, F32.
    notice_in_flight() [Nobody]
        ja "連携中のため変更できません" remedy "結果が出るまでお待ちください。"
        en "A notice is in flight: wait for its result"
    /// NTF-7.
    not_failed() [Nobody]
        ja "この通知は、いま失敗の状態ではありません" remedy "連携履歴で、いまの状態を確かめてください。"
        en "This notice has not failed (any more)"
    /// NTF-5: a person asked to look at the mall.
    looked_and_not_there() [Staff]
        ja "モールを確認しましたが、登録されていませんでした" remedy "内容を確かめて、再送してください。"
        en "Looked at the mall: it is not there"
    /// NTF-5.
    nothing_to_look_for() [Nobody]
        ja "この連携は、モールを確認する対象ではありません" remedy "連携履歴で、いまの状態を確かめてください。"
        en "Only a notice whose result nobody learnt is looked for at the mall"
    /// NTF-7.
    notice_state_not_settable(state) [Staff]
        ja "連携ステータスを「{state}」に手で変えることはできません" remedy "「未連携」または「正常」を選んでください。"
        en "Only not_sent and applied can be set by hand, not {state}"
    /// NTF-4.
    not_in_target_phase(phase) [Staff]
        ja "フェーズ「{phase}」は出荷通知の対象フェーズではありません" remedy "対象フェーズへ移してください。"
        en "Phase {phase} is not a target phase"
    /// NTF-3, NTF-4.
    automation_stopped(shop) [Admin]
        ja "店舗「{shop}」の自動処理は停止中です" remedy "自動処理を開始してください。"
        en "Automatic processing of shop {shop} is stopped"
    /// NTF-4.
    handling_class_not_normal(class) [Staff]
        ja "管理区分が「{class}」です（「通常」のみ送信します）" remedy "管理区分を「通常」にしてください。"
        en "Handling class is {class}; only normal orders are notified"
    /// NTF-4.
    notice_already(state) [Staff]
        ja "連携ステータスが「{state}」です（「未連携」のみ送信します）" remedy "再送するには「未連携」に戻してください。"
        en "Notice state is {state}; only not_sent is sent"
    /// NTF-4.
    bundled_child() [Staff]
        ja "対象外（同梱の子）" remedy "モールではこの受注は未出荷のままです。必要なら親の配送番号で通知してください。"
        en "Bundled child: the parent is notified; the mall still shows this one as unshipped"
    /// 同梱: one level only.
    bundle_child_is_parent() [Staff]
        ja "子に選んだ受注には、ほかの受注が同梱されています" remedy "その受注を親にするか、先に同梱をやめてください。"
        en "The child is itself the parent of a bundle"
    /// IMP-14.
    provisional_order() [Staff]
        ja "仮伝票のため出荷・通知できません" remedy "受注データの取込または有効化をしてください。"
        en "Provisional order: neither shipped nor notified before it is activated"
    /// Mall-side hold.
    mall_holds_order() [Mall, retried]
        ja "モールが確認中のため、まだ出荷できません" remedy "モールの確認が終わると自動で進みます。"
        en "The mall is still checking this order"
    /// The mall's status does not allow shipping yet.
    mall_not_ready(status) [Mall, retried]
        ja "モールステータス「{status}」ではまだ出荷を報告できません" remedy "モールで出荷可能になると自動で進みます。"
        en "Mall status {status} does not take a shipment yet"
    /// 注文確認 is no longer asked for.
    confirmed_already(status) [Nobody]
        ja "モールステータス「{status}」では注文確認は要りません" remedy "" en "Mall status {status} needs no confirmation"
    /// The mall's status is not known to us.
    mall_status_unknown(status) [Staff]
        ja "未対応のモールステータス「{status}」です" remedy "モールの画面で状態を確認してください。"
        en "Mall status {status} is not known to this version"
    /// Cancelled at the mall.
    cancelled_at_mall() [Staff]
        ja "モールでキャンセルされています" remedy "出荷を止め、「キャンセル」へ移してください。"
        en "Cancelled at the mall"
    /// Moved to cancel here.
    cancelled_here() [Staff]
        ja "「キャンセル」にある受注は通知しません" remedy "" en "Orders in Cancelled are not notified"
    /// NTF-11.
    phase_not_allowed_by_default(phase) [Staff]
        ja "「{phase}」からは発送を報告しません（既定の設定）" remedy "出荷のフェーズへ移すか、店舗の設定で許可してください。"
        en "Shipments are not reported from phase {phase} by default"
    /// No parcel at all.
    no_parcel() [Staff]
        ja "出荷情報がありません" remedy "出荷日・配送業者・配送番号を入力してください。"
        en "No parcel is registered for this order"
    /// A recipient of a multi-recipient order has no parcel.
    recipient_without_parcel(recipient) [Staff]
        ja "お届け先 {recipient} の出荷情報がありません（モールの注文は発送済になりません）" remedy "そのお届け先の出荷情報を入力してください。"
        en "Recipient {recipient} has no parcel: the order will not advance at the mall"
    /// NTF-10 (refused), NTF-11 (warned).
    ship_date_blank() [Staff]
        ja "出荷日が未入力です" remedy "出荷日を入力してください。" en "Ship date is blank"
    /// NTF-11.
    ship_date_in_future(date) [Staff]
        ja "出荷日 {date} が未来の日付です" remedy "当日以前の日付にしてください。" en "Ship date {date} is in the future"
    /// formats.md e.1: said, never refused.
    tracking_number_check_digit(number) [Staff]
        ja "配送番号 {number} の検査数字（最後の桁）が合いません" remedy "打ち間違いがないか確かめてください。このままでも登録・通知できます。"
        en "The check digit of tracking number {number} does not fit"
    /// formats.md e.1.
    tracking_number_form(number) [Staff]
        ja "配送番号 {number} は、この配送業者の番号の形ではありません" remedy "配送業者と番号を確かめてください。このままでも登録・通知できます。"
        en "Tracking number {number} does not look like one of this carrier"
    /// NTF-10.
    tracking_number_blank() [Staff]
        ja "配送番号が未入力です" remedy "配送番号を入力してください。" en "Tracking number is blank"
    /// NTF-11.
    carrier_blank() [Staff]
        ja "配送業者が未選択です" remedy "配送業者を選んでください。" en "Carrier is blank"
    /// NTF-9.
    carrier_unknown_to_mall(carrier) [Admin]
        ja "配送業者「{carrier}」に、このモールのコードがありません" remedy "配送業者マスタにモールのコードを登録してください。"
        en "Carrier {carrier} has no code at this mall"
    /// NTF-11: accepted, but the order will not turn to 発送済.
    will_not_advance() [Staff]
        ja "配送業者・配送番号・出荷日がそろわないため、モールの注文は発送済になりません" remedy "3項目をそろえてください。"
        en "Carrier, number and date are not complete: the order will not advance to shipped"
    /// A character the mall refuses.
    tracking_number_not_sendable() [Staff]
        ja "配送番号にモールが受け付けない文字があります" remedy "半角の英数字とハイフンにしてください。"
        en "The tracking number has characters the mall refuses"
    /// The mall lost sight of the answer.
    answer_unclear() [Nobody, retried]
        ja "モールの応答が確認できませんでした。登録の有無をモールに確かめています" remedy ""
        en "The mall's answer was unclear; reading back what it has"
    /// F30.
    result_not_learnt() [Staff]
        ja "モールの処理結果を確認できませんでした" remedy "モールの画面で確かめ、「正常」または「未連携」にしてください。"
        en "The mall's result could not be learnt"
    /// Retries used up, certainly not applied.
    gave_up_sending(count) [Staff]
        ja "{count}回試みましたが送信できませんでした（モールには登録されていません）" remedy "原因を確認し、「未連携」に戻して再送してください。"
        en "Not sent after {count} attempts; the mall does not have it"
    /// The wire.
    mall_unreachable(what) [Mall, retried]
        ja "モールに接続できません（{what}）" remedy "" en "The mall cannot be reached ({what})"
    /// The wire, after the request had left.
    no_answer(what) [Mall, retried]
        ja "モールから応答がありません（{what}）" remedy "" en "No answer from the mall ({what})"
    /// Cut, wrong shape, wrong type.
    answer_unreadable(what) [Mall, retried]
        ja "モールの応答を読み取れません（{what}）" remedy "続く場合はサポートへご連絡ください。"
        en "The mall's answer cannot be read ({what})"
    /// 429 and its like.
    rate_limited() [Nobody, retried]
        ja "モールのアクセス制限中です" remedy "間隔をあけて自動で再開します。" en "Throttled by the mall"
    /// Maintenance.
    mall_maintenance() [Mall, retried]
        ja "モールはメンテナンス中です" remedy "終わり次第、自動で再開します。" en "The mall is under maintenance"
    /// 5xx.
    mall_unavailable(status) [Mall, retried]
        ja "モール側の障害です（HTTP {status}）" remedy "自動で再試行します。" en "Fault on the mall's side (HTTP {status})"
    /// Unknown code.
    mall_code_unknown(code) [Staff]
        ja "モールから未対応のコード {code} が返りました" remedy "モールの画面で状態を確認してください。"
        en "The mall answered with the unknown code {code}"
    /// A batch answer that does not speak of an item.
    not_in_answer() [Nobody, retried]
        ja "モールの応答にこの受注の結果が含まれていません" remedy "" en "The mall's answer does not mention this order"
    /// IMP: unreadable order.
    order_unreadable(what) [Staff]
        ja "受注データを読み取れません：{what}" remedy "取込エラーの内容を確認し、モールの画面で処理してください。"
        en "The order cannot be read: {what}"
    /// IMP: listed but details not given.
    order_not_given() [Mall, retried]
        ja "モールの一覧にありますが、詳細を取得できませんでした" remedy "次の取込で自動的に再取得します。"
        en "Listed by the mall, but its details were not given"
    /// IMP: the mall answers for others, but every question for this order alone fails.
    order_question_fails(what) [Mall, retried]
        ja "この受注だけ、モールが詳細を返しません（{what}）" remedy "次の取込で自動的に再取得します。続く場合はモールの画面で処理してください。"
        en "The mall fails whenever it is asked for this order ({what})"
    /// IMP-4.
    status_not_fetched(status) [Admin]
        ja "モールステータス「{status}」は取得対象ではありません" remedy "店舗の取得ステータスに追加してください。"
        en "Mall status {status} is not among the fetched statuses"
    /// Erased for privacy.
    buyer_data_erased() [Nobody]
        ja "個人情報を削除済みの受注のため、取り込みません" remedy "" en "Buyer data of this order was erased; it is not imported again"
    /// I13.
    amount_mismatch(what) [Staff]
        ja "金額不一致：{what}" remedy "モールの画面で金額を確認してください。" en "Amounts do not add up: {what}"
    /// −9999 and the like.
    amount_undecided() [Staff]
        ja "金額が未確定です（送料・手数料など）" remedy "モールで金額を確定してください。" en "Amounts are not decided yet"
    /// IMP-9.
    changed_at_mall(fields) [Staff]
        ja "モール側で変更されています：{fields}" remedy "内容を確認し、必要なら注文再取込をしてください。"
        en "Changed at the mall: {fields}"
    /// IMP-3.
    edit_conflict(fields) [Staff]
        ja "こちらの変更とモールの変更が重なっています：{fields}" remedy "どちらの値を使うか選んでください。"
        en "Changed both here and at the mall: {fields}"
    /// IMP-5.
    shop_busy(shops) [Staff]
        ja "ダウンロード中もしくはCSV取込中のサイトがあります。（{shops}）" remedy "選択しなおす・やめる・強制ダウンロード から選んでください。強制ダウンロードは前回の取込を引き継いで再開します。重複はしません。"
        en "Already importing: {shops}. Choose again, stop, or take over"
    /// IMP-10: no file is larger.
    file_too_large(file, limit) [Staff]
        ja "「{file}」は大きすぎます（{limit} MBまで）" remedy "期間を分けてダウンロードし直してください。"
        en "{file} is larger than {limit} MB"
    /// IMP-10: not a table of text.
    file_unreadable(file, what) [Staff]
        ja "「{file}」を読み取れません：{what}" remedy "モールからダウンロードしたファイルを、表計算ソフトで保存し直さずに指定してください。"
        en "{file} cannot be read: {what}"
    /// IMP-10: no kind of the mall's files has this heading.
    file_not_recognised(file, kinds) [Staff]
        ja "「{file}」は、このモールの受注ファイル（{kinds}）ではありません（見出し行で判定します）" remedy "モールと店舗の組み合わせ、ファイルの種類を確かめてください。"
        en "{file} is none of this mall's order files ({kinds})"
    /// IMP-10: Yahoo! needs two.
    file_missing(kind) [Staff]
        ja "「{kind}」のファイルがありません" remedy "同じ期間のファイルを合わせて指定してください。"
        en "The file {kind} is missing"
    /// The mall has no order files that this program can read.
    order_files_not_offered() [Nobody]
        ja "このモールの受注ファイルの取込には対応していません" remedy "" en "Order files of this mall cannot be imported"
    /// IMP-10: one row.
    file_row_unreadable(file, line, what) [Staff]
        ja "「{file}」の{line}行目：{what}" remedy "その行を直すか、モールの画面で処理してください。"
        en "{file}, line {line}: {what}"
    /// IMP-10: the same order twice in what was read.
    order_twice_in_files() [Staff]
        ja "ファイルに同じ注文番号の受注が重なっています（先のものを取り込みました）" remedy "ファイルを確かめてください。"
        en "The files hold this order twice; the first one was taken"
    /// The mall takes no shipments by file, as far as this program knows.
    shipment_files_not_offered() [Nobody]
        ja "このモールの出荷ファイルの書き出しには対応していません" remedy "" en "Shipment files of this mall cannot be written"
    /// NTF-8.
    in_shipment_file(file, id) [Staff]
        ja "出荷ファイル「{file}」（番号{id}）に書き出し済みで、アップロードの回答待ちです" remedy "モールへ登録したら「モールへ登録済み」、していなければ「まだ」と回答してください。"
        en "Written to shipment file {file} (number {id}), whose answer is awaited"
    /// NTF-8.
    no_such_shipment_file(id) [Staff]
        ja "番号{id}の出荷ファイルはありません" remedy "一覧で番号を確かめてください。" en "There is no shipment file {id}"
    /// NTF-8.
    shipment_file_answered(file) [Staff]
        ja "出荷ファイル「{file}」は回答済みです" remedy "受注ごとに連携ステータスを変更してください。"
        en "Shipment file {file} was answered already"
    /// NTF-8, F52: said before anything is written.
    characters_not_writable(characters) [Staff]
        ja "ファイルに書き出せない文字があります：{characters}" remedy "その文字を直してください。"
        en "The file cannot hold these characters: {characters}"
    /// NTF-8.
    file_not_uploaded(file) [Staff]
        ja "出荷ファイル「{file}」はモールへ登録されませんでした" remedy "「未連携」に戻すと、あらためて送信できます。"
        en "Shipment file {file} was not uploaded"
    /// Lost the lane.
    taken_over() [Nobody]
        ja "ほかの処理が引き継ぎました" remedy "" en "Taken over by another process"
    /// A shop of a mall that this program does not know.
    mall_not_known(mall) [Admin]
        ja "このプログラムはモール「{mall}」に対応していません" remedy "プログラムを最新版にしてください。"
        en "This program does not know the mall {mall}"
    /// A stored request or run of another version.
    record_unreadable(what) [Admin]
        ja "保存された内容を読み取れません（{what}）" remedy "もう一度実行してください。続く場合はプログラムを最新版にしてください。"
        en "What was stored cannot be read ({what})"
    /// Credential.
    credential_missing(key) [Admin]
        ja "認証情報「{key}」が登録されていません" remedy "店舗の認証情報を登録してください。" en "Credential {key} is missing"
    /// Duplicate effect that a look found.
    duplicate_at_mall() [Staff]
        ja "モールに同じ出荷情報が二重に登録されています" remedy "モールの画面で余分な発送情報を削除してください。"
        en "The mall holds the same shipment twice"
    /// Letters: nobody entered a server.
    mail_not_set_up() [Admin, retried]
        ja "メールの設定がありません" remedy "設定の「メール」でサーバーと宛先を登録してください。登録すると自動で送ります。"
        en "No mail server is set up"
    /// Letters.
    mail_no_recipient() [Admin, retried]
        ja "宛先がありません" remedy "設定の「メール」で管理者または通知先のアドレスを登録してください。"
        en "Nobody is entered to get letters"
    /// Letters: an address that is none.
    mail_address_wrong() [Admin, retried]
        ja "差出人または宛先のアドレスが正しくありません" remedy "設定の「メール」でアドレスを直してください。"
        en "The sender's or a recipient's address is wrong"
    /// F63.
    mail_address_private() [Admin, retried]
        ja "メールサーバーの名前が社内や自分の機械のアドレスを指しています" remedy "公開されたサーバーを指定するか、--allow-private-endpoints を付けて起動してください。"
        en "The mail server's name leads to a private address (--allow-private-endpoints)"
    /// Letters: never over the open internet without TLS.
    mail_not_private() [Admin, retried]
        ja "暗号化なしでは、公開されたサーバーへは送りません" remedy "設定の「メール」で暗号化を STARTTLS か TLS にしてください。"
        en "Nothing is sent to a public server without TLS"
    /// Letters.
    mail_unreachable(server) [Admin, retried]
        ja "メールサーバー {server} につながりません" remedy "サーバー名・ポート・暗号化の種類を確かめてください。"
        en "The mail server {server} cannot be reached"
    /// Letters.
    mail_tls_failed(server) [Admin, retried]
        ja "メールサーバー {server} との暗号化に失敗しました" remedy "サーバー名と、暗号化の種類（STARTTLS・TLS）を確かめてください。"
        en "TLS with the mail server {server} failed"
    /// Letters.
    mail_no_answer(server) [Admin, retried]
        ja "メールサーバー {server} の応答がないため、送信をやめました" remedy "続くときは、サーバーの状態を確かめてください。"
        en "The mail server {server} did not answer; nothing was sent"
    /// Letters.
    mail_login_refused(answer) [Admin, retried]
        ja "メールサーバーにログインできません：{answer}" remedy "設定の「メール」で利用者名とパスワードを確かめてください。"
        en "The mail server refused the login: {answer}"
    /// Letters.
    mail_server_refused(answer) [Admin, retried]
        ja "メールサーバーが受け付けません：{answer}" remedy "設定の「メール」の差出人とサーバーを確かめてください。"
        en "The mail server refused: {answer}"
    /// Letters: 4xx.
    mail_put_off(answer) [Nobody, retried]
        ja "メールサーバーがいまは受け付けません：{answer}" remedy "自動で送りなおします。"
        en "The mail server puts it off: {answer}"
    /// Letters: 5xx.
    mail_refused(answer) [Admin]
        ja "メールサーバーがこのメールを拒否しました：{answer}" remedy "宛先と差出人を確かめ、「送ったメール」から再送してください。"
        en "The mail server refused this letter: {answer}"
    /// Letters: the last try failed too.
    mail_given_up(last) [Admin]
        ja "何度試しても送れませんでした：{last}" remedy "設定の「メール」を直し、「送ったメール」から再送してください。"
        en "It could not be sent in many tries: {last}"
    /// Letters: some recipients were refused, the others got it.
    mail_partly_refused(addresses) [Admin]
        ja "一部の宛先が拒否されました：{addresses}" remedy "設定の「メール」で宛先を確かめてください。"
        en "Some recipients were refused: {addresses}"
    /// F39: everything was sent and the answer did not come. A mail cannot be read back.
    mail_unclear() [Staff]
        ja "送り終えましたが、サーバーの応答がないため届いたか分かりません" remedy "受信を確かめ、届いていなければ「送ったメール」から再送してください。"
        en "It was sent but the server's answer did not come: it may have arrived"
    /// F39: whoever sent it died meanwhile.
    mail_cut_off() [Staff]
        ja "送信中にプログラムが止まったため、届いたか分かりません" remedy "受信を確かめ、届いていなければ「送ったメール」から再送してください。"
        en "The program ended while it was sent: it may have arrived"
    /// The order changed after its notice was queued.
    changed_while_in_flight() [Staff]
        ja "送信中に受注が変更されました" remedy "モールに登録された内容を確認してください。"
        en "The order was changed while its notice was in flight"
    /// The name of a mail server or queue leads nowhere.
    listener_host_not_found(host) [Admin, retried]
        ja "「{host}」というサーバーが見つかりません" remedy "サーバー名の綴りを確かめてください。"
        en "There is no server {host}"
    /// F63.
    listener_address_private(host) [Admin]
        ja "「{host}」は社内や自分の機械のアドレスなので、接続しません"
        remedy "公開されたサーバーを指定するか、--allow-private-endpoints を付けて起動してください。"
        en "{host} is a private address and not allowed"
    /// A password must not travel in the open.
    listener_plain(host) [Admin]
        ja "「{host}」へは暗号化せずに接続できません" remedy "暗号化（TLS、通常はポート993）を選んでください。"
        en "{host} is reached with TLS only"
    /// Nobody answers.
    listener_no_connection(host) [Admin, retried]
        ja "「{host}」に接続できません" remedy "サーバー名とポート、相手のサーバーの障害情報を確かめてください。自動でつなぎ直します。"
        en "{host} cannot be reached"
    /// No certificate that is trusted.
    listener_certificate(host) [Admin, retried]
        ja "「{host}」の証明書を確かめられません" remedy "サーバー名が契約先の案内どおりか確かめてください。"
        en "The certificate of {host} is not trusted"
    /// Wrong user or password.
    mailbox_login_refused() [Admin, retried]
        ja "メールボックスにログインできません" remedy "ユーザー名とパスワードを確かめてください（二段階認証のときはアプリ用のパスワードが必要です）。"
        en "The mailbox refuses user or password"
    /// No such folder.
    mailbox_folder_missing(folder) [Admin, retried]
        ja "フォルダー「{folder}」を開けません" remedy "フォルダーの名前を確かめてください（通常は INBOX です）。"
        en "The folder {folder} cannot be opened"
    /// Cut off.
    listener_connection_lost(host) [Nobody, retried]
        ja "「{host}」との接続が切れました" remedy "自動でつなぎ直します。続くときは、相手のサーバーの障害情報を確かめてください。"
        en "The connection to {host} was lost"
    /// What came back makes no sense.
    listener_answer_unclear(host) [Admin, retried]
        ja "「{host}」の応答を読み取れません" remedy "サーバー名とポートが、その種類のサーバーのものか確かめてください。"
        en "The answer of {host} cannot be read"
    /// The access key is refused.
    queue_refused(code) [Admin, retried]
        ja "キューがアクセスキーを受け付けません（{code}）" remedy "アクセスキーと、ReceiveMessage・DeleteMessage の許可を確かめてください。"
        en "The queue refuses the access key ({code})"
    /// No such queue.
    queue_not_found() [Admin, retried]
        ja "キューが見つかりません" remedy "キューのURLとリージョンを確かめてください。"
        en "There is no such queue"
    /// The row went away.
    listener_gone() [Nobody]
        ja "この新着の知らせは削除されました" remedy "" en "This listener was removed"
    /// The sealed secret does not open.
    listener_secret_unreadable() [Admin, retried]
        ja "保存したパスワードを読み取れません" remedy "パスワードをもう一度入力してください。"
        en "The stored secret cannot be opened"
    /// Our own fault.
    listener_stumbled() [Admin, retried]
        ja "新着の知らせの処理でつまずきました" remedy "自動でやり直します。続くときは、診断の画面を添えて開発元へお知らせください。"
        en "Listening stumbled; it is tried again"
    /// The database did not take what was heard.
    listener_not_kept() [Nobody, retried]
        ja "届いた知らせを記録できませんでした" remedy "自動で読み直します。" en "What was heard could not be stored; it is read again"
    /// IMP-14.
    provisional_settled() [Nobody]
        ja "この仮伝票は、もう待っていません（取り込まれたか、ほかの人が処理しました）" remedy "受注一覧で番号を検索してください。"
        en "This provisional slip no longer waits"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique() {
        let unique: std::collections::BTreeSet<_> = own().map(|r| r.code).collect();
        assert_eq!(unique.len(), own().count());
        assert_eq!(unique.len(), CODES.len() + why::CODES.len());
    }

    #[test]
    fn words_of_a_mall_are_kept_beside_ours_and_shortened() {
        let reason = mall_code_unknown("X_1").from_mall("X_1", &"長".repeat(500));
        assert_eq!(reason.mall_text.as_deref().map(|t| t.chars().count()), Some(300));
        assert!(reason.to_string().contains("（X_1）"));
    }

    #[test]
    fn a_reason_reads_cause_code_and_mend_and_leaves_out_what_is_empty() {
        let plain = Reason::new("x", "止まりました", "", "stopped");
        assert_eq!(plain.to_string(), "止まりました");
        let mend = Reason::new("x", "止まりました", "直してください", "stopped").from_mall("E1", "");
        assert_eq!(mend.to_string(), "止まりました（E1） → 直してください");
        assert_eq!((mend.mall_text, plain.from_mall("", "words").mall_code), (None, None));
    }
}
