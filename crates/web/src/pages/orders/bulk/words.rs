//! Names of what is done.

use super::super::list::Names;
use crate::words::{Lang, day};
use domain::write::WriteKind;
use engine::bulk::BulkAction;

/// What a job does, as a heading: 「フェーズを「出荷待ち」へ変更」.
pub(super) fn title(action: &BulkAction, names: &Names, lang: Lang) -> String {
    let t = |ja: &str, en: &str| lang.t(ja, en).to_owned();
    match action {
        BulkAction::Notify { kind: WriteKind::ConfirmOrder } => t("注文確認", "Confirm orders"),
        BulkAction::Notify { .. } => t("出荷通知", "Shipment notices"),
        BulkAction::Move { phase, override_fraud_hold } => {
            let name = names.phases.get(phase.as_str()).map_or(phase.as_str(), String::as_str);
            let held =
                if *override_fraud_hold { lang.t("（不正保留中も）", " (held too)") } else { "" };
            match lang {
                Lang::Ja => format!("「{name}」へ移動{held}"),
                Lang::En => format!("Move to {name}{held}"),
            }
        }
        BulkAction::Plan { .. } => t("出荷予定日・配送便の変更", "Ship-on day and method"),
        BulkAction::Parcels {} => t("配送番号の一括入力", "Tracking numbers"),
        BulkAction::ShipDate { .. } => t("出荷日・配送業者の変更", "Ship date and carrier"),
        BulkAction::Paid { on } => match lang {
            Lang::Ja => format!("入金済みにする（{}）", day(&on.to_string())),
            Lang::En => format!("Paid on {on}"),
        },
        BulkAction::Printed { printed: true } => t("印刷済みにする", "Mark as printed"),
        BulkAction::Printed { printed: false } => t("未印刷に戻す", "Mark as not printed"),
        BulkAction::Tag { tag, on: true } => format!("{}：{tag}", t("タグを付ける", "Add tag")),
        BulkAction::Tag { tag, on: false } => format!("{}：{tag}", t("タグを外す", "Remove tag")),
        BulkAction::HandlingClass { class } => {
            format!("{}：{}", t("管理区分の変更", "Class"), lang.t(class.label_ja(), class.as_str()))
        }
        BulkAction::NoticeState { to } => {
            format!("{}：{}", t("連携ステータス変更", "Notice state"), lang.t(to.label_ja(), to.as_str()))
        }
        BulkAction::Reimport { overwrite: true } => t("注文再取込（上書き）", "Import again (overwrite)"),
        BulkAction::Reimport { overwrite: false } => t("注文再取込", "Import again"),
        BulkAction::Bundle { parent } => match lang {
            Lang::Ja => format!("{}へ同梱", parent.order_no()),
            Lang::En => format!("Bundle into {}", parent.order_no()),
        },
        BulkAction::Unbundle {} => t("同梱をやめる", "Unbundle"),
        BulkAction::Undo { of } => {
            format!("{}：{}", t("元に戻す", "Undo"), title(of, names, lang))
        }
    }
}

/// What just happened, for the note after it.
pub(super) fn told(action: &BulkAction, done: i64, names: &Names, lang: Lang) -> String {
    let Lang::Ja = lang else { return format!("{}: {done} orders done", title(action, names, lang)) };
    match action {
        BulkAction::Move { phase, .. } => {
            let name = names.phases.get(phase.as_str()).map_or(phase.as_str(), String::as_str);
            format!("{done}件を「{name}」へ移しました。")
        }
        BulkAction::Notify { kind: WriteKind::ConfirmOrder } => {
            format!("{done}件の注文確認を受け付けました。")
        }
        BulkAction::Notify { .. } => format!("{done}件の出荷通知を受け付けました。"),
        BulkAction::Reimport { .. } => format!("{done}件の注文再取込を受け付けました。"),
        BulkAction::Undo { .. } => format!("{done}件を元に戻しました。"),
        _ => format!("{}：{done}件を変更しました。", title(action, names, lang)),
    }
}

/// What cannot be taken back, said before it is done.
pub(super) fn caution(action: &BulkAction, lang: Lang) -> &'static str {
    match action {
        BulkAction::Notify { .. } => lang.t("送信後は取り消せません。", "Cannot be undone once sent."),
        BulkAction::Reimport { overwrite: true } => lang.t(
            "モールの内容で上書きします。取り消せません。",
            "Overwrites with the mall's copy; cannot be undone.",
        ),
        BulkAction::NoticeState { to: domain::notice::NoticeState::NotSent } => lang.t(
            "「未連携」に戻すと、対象フェーズの受注は自動で再送されます。取り消せません。",
            "Orders in target phases are sent again by themselves. Cannot be undone.",
        ),
        action if action.is_undoable() => lang.t("あとで元に戻せます。", "Can be undone later."),
        _ => lang.t("まとめて元に戻すことはできません。", "Cannot be undone in bulk."),
    }
}
