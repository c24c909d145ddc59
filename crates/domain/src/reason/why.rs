//! Words of 「見つからない受注を調べる」 and 「なぜ通知されないか」 (WHY-1, WHY-2): what keeps an order out of the ledger, or its
//! notice from the mall, beyond what other refusals say already.

use super::{Actor, OwnReason, Reason};

reasons! {
    /// WHY-1: the answer nobody expects to need, and the first one to give.
    already_imported(shop, phase) [Staff]
        ja "この受注は取込済みです（店舗「{shop}」、フェーズ「{phase}」）" remedy "受注を開いてください。"
        en "The order is in the ledger already (shop {shop}, phase {phase})"
    /// WHY-1: bundled, so that it is easily overlooked.
    imported_as_child(shop, phase, parent) [Staff]
        ja "この受注は取込済みで、{parent} に同梱されています（店舗「{shop}」、フェーズ「{phase}」）" remedy "親の受注を開いてください。"
        en "The order is in the ledger already, bundled into {parent} (shop {shop}, phase {phase})"
    /// WHY-1: no mall writes its numbers so.
    order_number_form_unknown(forms) [Staff]
        ja "つないでいるモールの受注番号の形ではありません" remedy "受注番号を確かめてください（{forms}）。"
        en "No mall that is connected writes its order numbers so ({forms})"
    /// WHY-1: it may be right, but nobody has connected such a shop.
    mall_not_connected(mall) [Admin]
        ja "{mall}の受注番号ですが、{mall}の店舗がつながっていません" remedy "店舗をつないでください。"
        en "An order number of {mall}, but no shop of {mall} is connected"
    /// WHY-1: the number itself names a shop, and it is none of ours.
    order_number_other_shop(mall, other) [Staff]
        ja "{mall}のほかの店舗（{other}）の受注番号です" remedy "店舗を確かめ、その店舗もつなぐ必要があれば店舗を追加してください。"
        en "The number belongs to another shop of {mall} ({other})"
    /// WHY-1: it came, and could not be read.
    order_set_aside(why) [Staff]
        ja "取込エラーに分けて置いています：{why}" remedy "「再取込」を押してください。続く場合は、モールの画面で確かめて処理してください。"
        en "Set aside as an import error"
    /// WHY-1, IMP-14: a mail named it, and the mall has not been read so far.
    known_from_mail_only(time) [Nobody, retried]
        ja "モールの注文メール（{time}）で番号だけが分かっています。受注データはまだ届いていません" remedy "次の取込で自動的に入ります。急ぐときは、この受注だけを取り込めます。"
        en "Known from the mall's mail only ({time}); its data has not come yet"
    /// WHY-1: nothing comes in by itself.
    automatic_import_off(shop) [Admin]
        ja "店舗「{shop}」の自動受注取込が停止中で、この受注の期間を手動でも取り込んでいません" remedy "自動受注取込を開始するか、期間を指定して取り込んでください。"
        en "Automatic import of shop {shop} is off, and nobody has imported the period of this order by hand"
    /// WHY-1, FRD-1: a shop without API.
    only_by_file(shop) [Staff]
        ja "店舗「{shop}」は受注ファイルだけで取り込みます（APIの認証情報が登録されていません）" remedy "モールからダウンロードしたファイルを取り込んでください。"
        en "Shop {shop} imports by files only (no API credential is registered)"
    /// WHY-1: past its end of life.
    credential_expired(shop, credential, date) [Admin]
        ja "店舗「{shop}」の「{credential}」の有効期限（{date}）が切れています" remedy "モールで更新し、新しいものを登録してください。"
        en "{credential} of shop {shop} expired on {date}"
    /// WHY-1: the mall's words are beside it.
    credential_refused(shop, why) [Admin]
        ja "店舗「{shop}」の認証情報をモールが受け付けません：{why}" remedy "モールで期限と内容を確かめ、新しいものを登録してください。モールで更新したときは、帳場にも登録が要ります。"
        en "The mall refuses the credentials of shop {shop}"
    /// WHY-1: IP address, key version, right, switched-off function.
    access_not_allowed(shop, why) [Admin]
        ja "店舗「{shop}」のアクセスをモールが許可していません：{why}" remedy "モールの側の登録（接続元IPアドレス・公開鍵とバージョン・権限・利用機能）を確かめてください。"
        en "The mall does not allow the access of shop {shop}"
    /// WHY-1, F48: malls refuse periods and signatures of a wrong clock.
    clocks_apart(seconds) [Admin]
        ja "この機械の時計がモールの時計と{seconds}秒ずれています" remedy "機械の時計を正しい時刻に合わせてください（過去にも未来にもずらさないでください）。"
        en "The clock of this machine is {seconds} s away from the mall's"
    /// WHY-1: it passes by itself.
    mall_does_not_answer_now(why) [Mall, retried]
        ja "いまモールに聞けません：{why}" remedy "自動で再試行します。あとでもう一度調べてください。"
        en "The mall cannot be asked now"
    /// WHY-1: nobody works the lane.
    lane_not_worked(shop) [Admin]
        ja "店舗「{shop}」を担当するプログラムが動いていないため、モールには聞いていません" remedy "choba serve を動かしてから、もう一度調べてください。"
        en "No program works shop {shop}: the mall was not asked"
    /// WHY-1.
    order_not_at_mall(shop) [Staff]
        ja "店舗「{shop}」に、この番号の受注はありません（モールに聞きました）" remedy "番号と店舗を確かめてください。モールの画面にも無ければ、ほかの店舗の受注です。注文の直後は、モールの反映待ちのことがあります。"
        en "The mall has no such order in shop {shop}"
    /// WHY-1.
    order_too_old(days) [Nobody]
        ja "モールのAPIで取得できる{days}日より前の受注です" remedy "モールの画面で処理するか、受注ファイルをダウンロードして取り込んでください。"
        en "Older than the {days} days the mall's API reaches"
    /// WHY-1.
    outside_imported_period(date) [Staff]
        ja "{date} の受注は、まだ取り込んでいない期間にあります" remedy "この受注だけを取り込むか、期間を指定して取り込んでください。"
        en "Orders of {date} are outside the periods imported so far"
    /// WHY-1, FRD-1.
    held_and_not_listed(shop) [Mall, retried]
        ja "不正利用審査中の受注です。モールの一覧に出ないことがあります（店舗「{shop}」）" remedy "この受注だけを取り込めます。審査が終わるまで出荷しないでください。"
        en "Held for fraud review: the mall's lists may hide it (shop {shop})"
    /// WHY-1.
    listed_but_failed(why) [Staff]
        ja "取込の対象になりましたが、失敗しました：{why}" remedy "「この受注を取り込む」を押してください。"
        en "It was to be imported and failed"
    /// WHY-1: nothing is wrong.
    not_imported_yet(time) [Nobody, retried]
        ja "モールにあり、取得対象です。まだ取り込んでいません（次の取込：{time}）" remedy "待てば自動で入ります。急ぐときは、この受注だけを取り込めます。"
        en "The mall has it and it is fetched; it is not imported yet (next import: {time})"
    /// WHY-1: at the end of the list.
    no_cause_found() [Staff]
        ja "ここまでの確認では原因が見つかりませんでした" remedy "モールの画面で受注を確かめ、この受注だけを取り込んでください。"
        en "No cause was found so far"
    /// WHY-2: the table of rules has no row.
    no_notice_rule(shop) [Admin]
        ja "店舗「{shop}」には出荷通知の規則（対象フェーズ）がありません" remedy "自動連携の設定で対象フェーズを加えてください。"
        en "Shop {shop} has no rule for shipment notices"
    /// WHY-2.
    shop_held(shop, why) [Admin]
        ja "店舗「{shop}」の処理を止めています：{why}" remedy "原因を直すと、自動で再開します。"
        en "The work of shop {shop} is held"
    /// WHY-2: the mall's last word.
    last_write_failed(state, why) [Staff]
        ja "前回の通知が「{state}」で終わりました：{why}" remedy "原因を直して再送してください。"
        en "The last notice ended as {state}"
    /// WHY-2: it is on its way.
    write_waits(why) [Nobody, retried]
        ja "送信待ちです：{why}" remedy "自動で送信します。" en "Waiting to be sent"
    /// WHY-2: the mall's result is awaited.
    write_in_flight() [Nobody, retried]
        ja "送信済みで、モールの結果を待っています" remedy "結果が出ると自動で進みます。" en "Sent; the mall's result is awaited"
    /// WHY-2, NTF-12.
    outside_last_update(date) [Staff]
        ja "最終更新日は {date} です。出荷ファイルの作成期間にこの日を含めないと、書き出されません" remedy "作成期間を広げるか、この受注を指定して書き出してください。"
        en "Last changed on {date}: a shipment file of another period leaves it out"
    /// WHY-2, NTF-11: the switch of a row of 紐付け設定.
    status_link_off(phase) [Admin]
        ja "紐付け設定で、フェーズ「{phase}」の行が「有効にする」になっていません（モールのステータスは変わりません）" remedy "店舗の紐付け設定で有効にしてください。"
        en "The status link of phase {phase} is switched off"
    /// WHY-2: nothing stands in the way.
    will_be_sent() [Nobody]
        ja "送信できます。次の周期で自動的に送信されます" remedy "" en "Nothing stands in the way: it is sent with the next cycle"
    /// WHY-2.
    notice_applied() [Nobody]
        ja "出荷通知は済んでいます（正常）" remedy "内容を直したときは「未連携」に戻すと、訂正を送れます。"
        en "The mall has the shipment notice"
}
