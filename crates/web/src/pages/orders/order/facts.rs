//! What only the mall decides, every field of it.

use super::content::Item;
use crate::words::{Lang, day, moment};
use domain::snapshot::{Coded, MallFacts, MallStage};

/// The stage in words.
#[must_use]
pub fn stage(stage: MallStage, lang: Lang) -> &'static str {
    match stage {
        MallStage::AwaitingConfirmation => lang.t("注文確認待ち", "awaits confirmation"),
        MallStage::MallProcessing => lang.t("モール処理中", "mall is working on it"),
        MallStage::Shippable => lang.t("出荷可能", "may be shipped"),
        MallStage::ChangePending => lang.t("変更の確定待ち", "change pending"),
        MallStage::PartlyShipped => lang.t("一部出荷済み", "partly shipped"),
        MallStage::Shipped => lang.t("出荷済み", "shipped"),
        MallStage::Closed => lang.t("完了", "closed"),
        MallStage::CancelRequested => lang.t("キャンセル依頼中", "cancel asked for"),
        MallStage::Cancelled => lang.t("キャンセル", "cancelled"),
        MallStage::Unknown => lang.t("未対応のステータス", "unknown status"),
    }
}

/// `発送待ち（300）`.
#[must_use]
pub fn coded(value: &Coded) -> String {
    match (value.label.as_str(), value.code.as_str()) {
        ("", code) => code.to_owned(),
        (label, "") => label.to_owned(),
        (label, code) => format!("{label}（{code}）"),
    }
}

fn item(label: &str, value: String) -> Item {
    Item { label: label.to_owned(), value, ..Item::default() }
}

/// A shipping record at the mall.
#[derive(Debug, Clone)]
pub struct ShipmentShown {
    /// Mall key of the recipient.
    pub recipient: String,
    /// The mall's id of it.
    pub mall_ref: String,
    /// Carrier code, with our name of it.
    pub carrier: String,
    /// 配送番号.
    pub number: String,
    /// 出荷日.
    pub shipped_on: String,
    /// What is in it.
    pub contents: String,
}

/// Facts as items, and the shipping records. A new field stops this from compiling until it is shown.
#[must_use]
pub fn show(facts: &MallFacts, lang: Lang) -> (Vec<Item>, Vec<ShipmentShown>) {
    let MallFacts {
        status,
        stage: at,
        sub_status,
        payment_status,
        shipping_status,
        hold,
        cancel,
        shipments,
        revision,
        changed_at,
        confirmed_at,
        fixed_at,
        shipment_reported_at,
        ship_by,
        deadlines,
        changed_by_buyer,
        cautions,
        unknown,
    } = facts;
    let mut items = vec![
        item(lang.t("ステータス", "Status"), coded(status)),
        item(lang.t("段階", "Stage"), stage(*at, lang).to_owned()),
    ];
    for (label, value) in [
        (lang.t("サブステータス", "Sub-status"), sub_status),
        (lang.t("入金ステータス", "Payment status"), payment_status),
        (lang.t("出荷ステータス", "Shipping status"), shipping_status),
    ] {
        items.extend(value.as_ref().map(|v| item(label, coded(v))));
    }
    items.push(item(lang.t("不正保留", "Fraud hold"), hold.label_ja()));
    items.extend(hold.released_at().map(|t| item(lang.t("公開日時", "Released"), moment(t))));
    if let Some(cancel) = cancel {
        let done = if cancel.done {
            lang.t("キャンセル済み", "cancelled")
        } else {
            lang.t("キャンセル依頼中", "cancel asked for")
        };
        let value = format!("{done} · {} · {}", cancel.by, coded(&cancel.reason));
        let mut shown = item(lang.t("キャンセル", "Cancel"), value);
        shown.tags.push((lang.t("要対応", "needs you"), "bad"));
        items.push(shown);
    }
    for (label, value) in [
        (lang.t("注文確認日時", "Confirmed"), confirmed_at),
        (lang.t("注文確定日時", "Fixed"), fixed_at),
        (lang.t("発送完了報告日時", "Shipment reported"), shipment_reported_at),
        (lang.t("出荷期限", "Ship by"), ship_by),
        (lang.t("モールでの更新", "Changed at the mall"), changed_at),
    ] {
        items.extend(value.map(|t| item(label, moment(t))));
    }
    items.extend(deadlines.iter().map(|(name, date)| item(&coded(name), day(&date.to_string()))));
    items.extend(revision.as_ref().map(|r| item(lang.t("モールの版", "Revision"), r.clone())));
    if *changed_by_buyer {
        items
            .push(item(lang.t("購入者による変更", "Changed by the buyer"), lang.t("あり", "yes").to_owned()));
    }
    for caution in cautions {
        let mut shown = item(lang.t("モールの警告", "Warning of the mall"), coded(caution));
        shown.tags.push((lang.t("確認", "check"), "warn"));
        items.push(shown);
    }
    for value in unknown {
        let mut shown = item(&value.field, value.raw.clone());
        shown.tags.push((lang.t("未対応の値", "unknown value"), "info"));
        items.push(shown);
    }
    let shipments = shipments.iter().map(|s| ShipmentShown {
        recipient: s.recipient_key.clone(),
        mall_ref: s.mall_ref.clone(),
        carrier: s.carrier_code.clone(),
        number: s.tracking_number.clone(),
        shipped_on: s.shipped_on.map(|d| day(&d.to_string())).unwrap_or_default(),
        contents: s
            .contents
            .iter()
            .map(|c| format!("{} × {}", c.line_key, c.quantity))
            .collect::<Vec<_>>()
            .join("、"),
    });
    (items, shipments.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::snapshot::{MallCancel, UnknownValue};

    #[test]
    fn facts_of_each_mall_are_shown_with_what_the_adapter_did_not_know() {
        for mut facts in super::super::full::snapshots().into_iter().map(|s| s.facts) {
            facts.unknown.push(UnknownValue { field: "newField".into(), raw: "何か".into() });
            facts.cancel =
                Some(MallCancel {
                    done: false, by: "buyer".into(), reason: Coded::new("9", "気が変わった")
                });
            let (items, shipments) = show(&facts, Lang::Ja);
            let text: String = items.iter().map(|i| format!("{}={}\n", i.label, i.value)).collect();
            assert!(text.contains(&coded(&facts.status)), "{text}");
            assert!(text.contains("newField=何か") && text.contains("気が変わった（9）"), "{text}");
            assert_eq!(shipments.len(), facts.shipments.len());
            for (shown, said) in shipments.iter().zip(&facts.shipments) {
                assert_eq!((&shown.number, &shown.mall_ref), (&said.tracking_number, &said.mall_ref));
            }
        }
    }
}
