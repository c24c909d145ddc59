//! `choba shop set`: settings of a shop, by the names its mall's Descriptor gives them.

use super::app::App;
use super::refusal::Refusal;
use super::{find, import, shop};
use anyhow::Result;
use domain::ImportMode;
use domain::phase::GUARD_FRAUD_HOLD;
use engine::fetch_statuses;
use mall_api::Descriptor;
use serde_json::json;
use store::Shop;

/// Changes settings.
pub async fn set(app: &App, name: &str, settings: &[String], fetch_skipped: bool) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut shop = find::shop(&ledger, name).await?;
    let before = shop.clone();
    let mall = find::mall(&shop)?;
    let descriptor = mall.descriptor();
    for setting in settings {
        let (key, value) = find::pair("KEY=VALUE", setting)?;
        set_one(app, descriptor, &mut shop, key, value)?;
    }
    ledger.update_shop(&shop, app.now()).await?;
    app.out.say(format!("店舗「{name}」の設定を変えました"), format!("Settings of {name} were changed"));
    if shop.endpoints != before.endpoints {
        app.out.say(
            "接続先が変わったため、認証情報を消しました。あらためて登録してください",
            "The endpoint changed: credentials were wiped, enter them again",
        );
    }
    let added = fetch_statuses::added(descriptor, &before, &shop);
    let skipped = fetch_statuses::skipped(&ledger, shop.shop_id, descriptor, &added).await?;
    let mut object = shop::to_json(&shop);
    if let Some(map) = object.as_object_mut() {
        map.insert("skipped_orders".to_owned(), json!(skipped.len()));
    }
    app.out.object(&object)?;
    if fetch_skipped && !skipped.is_empty() {
        return import::fetch_skipped(app, &ledger, shop, skipped, added).await;
    }
    tell_skipped(app, &shop, &added, skipped.len());
    Ok(0)
}

/// Which statuses each shop fetches, of all its mall has (IMP-4).
pub async fn list_statuses(app: &App) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut rows = Vec::new();
    for shop in ledger.shops().await? {
        let mall = find::mall(&shop)?;
        let fetched = fetch_statuses::fetched(mall.descriptor(), &shop);
        for status in &mall.descriptor().statuses {
            let is_fetched = fetched.iter().any(|code| code == status.code);
            app.out.object(&json!({ "shop": shop.name, "mall": shop.mall, "mall_status": status.code,
                "mall_status_label": status.label, "fetched": is_fetched, "default": status.fetched }))?;
            let mark =
                if is_fetched { app.out.t("○ 取得する", "○ fetched") } else { app.out.t("－", "-") };
            let usual =
                if status.fetched { app.out.t("取得する", "fetched") } else { app.out.t("－", "-") };
            rows.push(vec![
                shop.name.clone(),
                mall.descriptor().name.to_owned(),
                format!("{} {}", status.code, status.label),
                mark.to_owned(),
                usual.to_owned(),
            ]);
        }
    }
    let headings = [
        ("店舗", "shop"),
        ("モール", "mall"),
        ("モールステータス", "mall status"),
        ("設定", "setting"),
        ("モールの既定", "default"),
    ];
    app.out.table(&headings, rows);
    Ok(0)
}

fn set_one(app: &App, descriptor: &Descriptor, shop: &mut Shop, key: &str, value: &str) -> Result<()> {
    match key {
        "import_interval" => shop.set_import_interval(find::millis(key, value)?, app.now()),
        "import_mode" => {
            let mode = ImportMode::parse(value).ok_or_else(|| {
                let ja = "off・schedule・mail のどれかを指定してください";
                Refusal::field(key, ja, "must be off, schedule or mail")
            })?;
            shop.set_import_mode(mode, app.now());
        }
        "skip_inbox" => shop.skip_inbox = switch(key, value)?,
        "import_statuses" => {
            shop.import_statuses =
                (value != "default").then(|| statuses(descriptor, key, value.split(','))).transpose()?;
        }
        "automation" => shop.automation_enabled = switch(key, value)?,
        "state" => match value {
            "active" | "off" => value.clone_into(&mut shop.state),
            _ => {
                return Err(
                    Refusal::field(key, "active か off を指定してください", "must be active or off").into()
                );
            }
        },
        "endpoint" => {
            shop.endpoints.clear();
            if value != "default" {
                shop.endpoints.insert("*".to_owned(), shop::endpoint(app, descriptor, "*", value)?);
            }
        }
        GUARD_FRAUD_HOLD => {
            let on = switch(key, value)?;
            shop.settings.insert(key.to_owned(), (if on { "on" } else { "off" }).to_owned());
        }
        "notice_excluded_phases" => {
            shop.settings.insert(key.to_owned(), value.to_owned());
        }
        _ if key.starts_with("endpoint.") => {
            let role = key.trim_start_matches("endpoint.");
            shop.endpoints.insert(role.to_owned(), shop::endpoint(app, descriptor, role, value)?);
        }
        _ => {
            let Some(field) = descriptor.settings.iter().find(|f| f.key == key) else {
                let own = [
                    "import_interval",
                    "import_mode",
                    "skip_inbox",
                    "import_statuses",
                    "automation",
                    "state",
                    "endpoint",
                    "notice_excluded_phases",
                    GUARD_FRAUD_HOLD,
                ];
                let known: Vec<&str> =
                    own.into_iter().chain(descriptor.settings.iter().map(|f| f.key)).collect();
                let known = known.join(", ");
                let ja = format!("そのような設定はありません（{known}）");
                return Err(Refusal::field(key, ja, format!("there is no such setting ({known})")).into());
            };
            (field.check)(value).map_err(|ja| Refusal::field(key, ja, "has a wrong value"))?;
            shop.settings.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(())
}

fn switch(field: &str, value: &str) -> Result<bool> {
    match value {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(Refusal::field(field, "on か off を指定してください", "must be on or off").into()),
    }
}

/// Mall statuses by code.
pub fn statuses<'a>(
    descriptor: &Descriptor,
    field: &str,
    codes: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>> {
    let read = fetch_statuses::read(descriptor, field, codes);
    read.map_err(|p| Refusal::field(field, p.ja, p.en).into())
}

/// IMP-4: what the old setting skipped can be fetched now.
fn tell_skipped(app: &App, shop: &Shop, added: &[String], skipped: usize) {
    if added.is_empty() {
        return;
    }
    let name = &shop.name;
    if skipped > 0 {
        let command = format!("choba shop set {name} --statuses {} --fetch-skipped", added_to(shop));
        app.out.say(
            format!("これまで対象外だった受注が{skipped}件あります。取り込むには：{command}"),
            format!("{skipped} orders were skipped until now. To fetch them: {command}"),
        );
    }
    let options: String = added.iter().map(|code| format!(" --status {code}")).collect();
    let command = format!("choba import --shop {name} --from …{options}");
    app.out.say(format!("期間を指定して取り込むには：{command}"), format!("To fetch a period: {command}"));
}

fn added_to(shop: &Shop) -> String {
    shop.import_statuses.as_ref().map_or_else(|| "default".to_owned(), |codes| codes.join(","))
}
