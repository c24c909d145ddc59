//! Mends as buttons: each leads to a verb that a page has already, and is shown to those who may use it.

use crate::door::Visitor;
use crate::words::Lang;
use domain::rights::{Level, Menu};
use engine::why::Mend;

/// A button, or a link where a form waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// Words.
    pub label: String,
    /// Where.
    pub to: String,
    /// What is posted; `None`: a link.
    pub fields: Option<Vec<(&'static str, String)>>,
}

/// How a mend is done.
enum Way {
    Link(String),
    Post(String, Vec<(&'static str, String)>),
}

/// Between two automatic imports that a button begins, milliseconds.
const USUAL_INTERVAL: i64 = 15 * domain::time::MINUTE;

/// The button of a mend; `None`: the visitor may not use it.
#[must_use]
pub fn button(lang: Lang, visitor: &Visitor, mend: &Mend) -> Option<Button> {
    let (menu, level) = needs(mend);
    if !visitor.may(menu, level) {
        return None;
    }
    let (to, fields) = match way(mend) {
        Way::Link(to) => (to, None),
        Way::Post(to, fields) => (to, Some(fields)),
    };
    Some(Button { label: label(lang, mend), to, fields })
}

/// What the door behind it asks for.
fn needs(mend: &Mend) -> (Menu, Level) {
    match mend {
        Mend::OpenOrder { .. } => (Menu::Orders, Level::View),
        Mend::Move { .. } | Mend::SetNormal { .. } | Mend::SetNotSent { .. } => (Menu::Orders, Level::Edit),
        Mend::ImportThis { .. }
        | Mend::AddStatus { .. }
        | Mend::ImportPeriod { .. }
        | Mend::ImportNow { .. }
        | Mend::StartImport { .. }
        | Mend::ImportFile { .. } => (Menu::Import, Level::Edit),
        Mend::SwitchOn { .. }
        | Mend::EnterCredential { .. }
        | Mend::Authorise { .. }
        | Mend::TestShop { .. }
        | Mend::ConnectShop { .. }
        | Mend::StartAutomation { .. }
        | Mend::StartWriting { .. }
        | Mend::Links { .. } => (Menu::Shops, Level::Edit),
        Mend::EditParcels { .. } | Mend::Notify { .. } => (Menu::Shipping, Level::Edit),
        Mend::AnswerFile { .. } | Mend::WriteFile { .. } => (Menu::Shipping, Level::View),
        Mend::Rules { .. } | Mend::CarrierCode { .. } => (Menu::Settings, Level::View),
    }
}

fn way(mend: &Mend) -> Way {
    let link = Way::Link;
    let shop = |id: &domain::ShopId| ("shop", id.to_string());
    match mend {
        Mend::OpenOrder { order_no } => link(format!("/orders/{order_no}")),
        Mend::ImportThis { shop_id, mall_order_id, .. } => {
            Way::Post("/import/again".to_owned(), vec![shop(shop_id), ("order", mall_order_id.0.clone())])
        }
        Mend::AddStatus { shop_id, statuses, .. } => Way::Post(
            format!("/import/statuses/{shop_id}"),
            statuses.iter().map(|code| ("statuses", code.clone())).collect(),
        ),
        Mend::ImportPeriod { shop_id, from, to, .. } => Way::Post(
            "/import/start".to_owned(),
            vec![shop(shop_id), ("from", format!("{from} 00:00:00")), ("to", format!("{to} 00:00:00"))],
        ),
        Mend::ImportNow { shop_id, .. } => Way::Post("/import/now".to_owned(), vec![shop(shop_id)]),
        Mend::StartImport { shop_id, .. } => Way::Post(
            "/import/interval".to_owned(),
            vec![shop(shop_id), ("interval", USUAL_INTERVAL.to_string())],
        ),
        Mend::ImportFile { .. } => link("/import#files".to_owned()),
        Mend::SwitchOn { shop_id, .. } => {
            Way::Post(format!("/shops/{shop_id}/settings"), vec![("state", "active".to_owned())])
        }
        Mend::EnterCredential { shop_id, .. } => link(format!("/shops/{shop_id}#credentials")),
        Mend::Authorise { shop_id, .. } => Way::Post(format!("/shops/{shop_id}/authorise"), Vec::new()),
        Mend::TestShop { shop_id, .. } => Way::Post(format!("/shops/{shop_id}/test"), Vec::new()),
        Mend::ConnectShop { mall } => link(format!("/shops/new/{mall}")),
        Mend::StartAutomation { shop_id, .. } => {
            Way::Post(format!("/shops/{shop_id}/automation"), vec![("to", "on".to_owned())])
        }
        Mend::StartWriting { shop_id, .. } => link(format!("/shops/{shop_id}/rehearsal")),
        Mend::Links { shop_id, .. } => link(format!("/shops/{shop_id}#links")),
        Mend::Move { order_no, .. } => link(format!("/orders/{order_no}/sheet/move")),
        Mend::SetNormal { order_no } => link(format!("/orders/{order_no}/sheet/class")),
        Mend::SetNotSent { order_no } => link(format!("/orders/{order_no}/sheet/state")),
        Mend::EditParcels { order_no } | Mend::Notify { order_no } => {
            link(format!("/orders/{order_no}/sheet/notice"))
        }
        Mend::AnswerFile { .. } | Mend::WriteFile { .. } => link("/shipping/files".to_owned()),
        Mend::Rules { .. } => link("/settings/rules".to_owned()),
        Mend::CarrierCode { .. } => link("/settings/carriers".to_owned()),
    }
}

fn label(lang: Lang, mend: &Mend) -> String {
    let words = match mend {
        Mend::OpenOrder { order_no } => {
            return format!("{} {order_no}", lang.t("受注を開く", "Open"));
        }
        Mend::AddStatus { label, .. } => {
            return match lang {
                Lang::Ja => format!("「{label}」を取得ステータスに加える"),
                Lang::En => format!("Fetch {label} from now on"),
            };
        }
        Mend::ImportPeriod { from, .. } => {
            return format!("{}{}", crate::words::day(from), lang.t(" の受注を取り込む", ": import the day"));
        }
        Mend::Move { name, .. } => {
            return match lang {
                Lang::Ja => format!("「{name}」へ移す…"),
                Lang::En => format!("Move to {name}…"),
            };
        }
        Mend::ImportThis { .. } => ("この受注を取り込む", "Import this order"),
        Mend::ImportNow { .. } => ("今すぐ取込", "Import now"),
        Mend::StartImport { .. } => ("自動受注取込を始める（15分ごと）", "Start automatic import (15 min)"),
        Mend::SwitchOn { .. } => ("店舗を有効にする", "Switch the shop on"),
        Mend::EnterCredential { .. } => ("新しいキーを登録する…", "Enter the new key…"),
        Mend::Authorise { .. } => ("再認可する", "Consent again"),
        Mend::TestShop { .. } => ("接続テスト", "Test the connection"),
        Mend::ImportFile { .. } => ("受注ファイルを取り込む…", "Import a file…"),
        Mend::ConnectShop { .. } => ("店舗をつなぐ…", "Connect a shop…"),
        Mend::EditParcels { .. } => ("出荷情報を入力する…", "Enter the parcel…"),
        Mend::SetNotSent { .. } => ("「未連携」に戻す…", "Set to not sent…"),
        Mend::Notify { .. } => ("この受注を手で通知する…", "Notify by hand…"),
        Mend::SetNormal { .. } => ("管理区分を変える…", "Change the class…"),
        Mend::StartAutomation { .. } => ("自動処理を開始する", "Start the automation"),
        Mend::StartWriting { .. } => ("送信内容を確かめて反映を開始する…", "Rehearse, then start writing…"),
        Mend::Rules { .. } => ("自動連携の規則を開く", "Open the rules"),
        Mend::Links { .. } => ("紐付け設定を開く", "Open the status links"),
        Mend::CarrierCode { .. } => ("配送業者マスタを開く", "Open the carriers"),
        Mend::AnswerFile { .. } => ("出荷ファイルに回答する…", "Answer about the file…"),
        Mend::WriteFile { .. } => ("出荷ファイルを開く", "Open shipment files"),
    };
    lang.t(words.0, words.1).to_owned()
}
