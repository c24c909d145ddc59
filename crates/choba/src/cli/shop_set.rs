//! `choba shop set`: settings of a shop, by the names its mall's Descriptor gives them.

use super::app::App;
use super::refusal::Refusal;
use super::{find, shop};
use anyhow::Result;
use mall_api::Descriptor;
use store::Shop;

/// Changes settings.
pub async fn set(app: &App, name: &str, settings: &[String]) -> Result<u8> {
    let ledger = app.ledger().await?;
    let mut shop = find::shop(&ledger, name).await?;
    let before = shop.clone();
    let mall = find::mall(&shop)?;
    let descriptor = mall.descriptor();
    for setting in settings {
        let (key, value) = find::pair("KEY=VALUE", setting)?;
        set_one(app, descriptor, &mut shop, key, value)?;
    }
    if shop.import_interval_ms != before.import_interval_ms {
        // The new interval counts from now.
        shop.next_import_at = (shop.import_interval_ms > 0).then(|| app.now());
    }
    ledger.update_shop(&shop, app.now()).await?;
    app.out.say(format!("店舗「{name}」の設定を変えました"), format!("Settings of {name} were changed"));
    if shop.endpoints != before.endpoints {
        app.out.say(
            "接続先が変わったため、認証情報を消しました。あらためて登録してください",
            "The endpoint changed: credentials were wiped, enter them again",
        );
    }
    tell_skipped(app, descriptor, &before, &shop);
    app.out.object(&shop::to_json(&shop))?;
    Ok(0)
}

fn set_one(app: &App, descriptor: &Descriptor, shop: &mut Shop, key: &str, value: &str) -> Result<()> {
    match key {
        "import_interval" => shop.import_interval_ms = find::millis(key, value)?,
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
                    "import_statuses",
                    "automation",
                    "state",
                    "endpoint",
                    "notice_excluded_phases",
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
    codes
        .map(str::trim)
        .map(|code| {
            let known =
                || descriptor.statuses.iter().map(|s| format!("{} {}", s.code, s.label)).collect::<Vec<_>>();
            match descriptor.status(code) {
                Some(status) => Ok(status.code.to_owned()),
                None => {
                    let ja =
                        format!("「{code}」というモールステータスはありません（{}）", known().join("、"));
                    Err(Refusal::field(field, ja, format!("there is no mall status {code:?}")).into())
                }
            }
        })
        .collect()
}

/// IMP-4: what the old setting skipped can be fetched now.
fn tell_skipped(app: &App, descriptor: &Descriptor, before: &Shop, after: &Shop) {
    let fetched = |shop: &Shop| shop.import_statuses.clone().unwrap_or_else(|| descriptor.default_statuses());
    let old = fetched(before);
    let added: Vec<String> = fetched(after).into_iter().filter(|code| !old.contains(code)).collect();
    if !added.is_empty() {
        let options: String = added.iter().map(|code| format!(" --status {code}")).collect();
        let command = format!("choba import --shop {} --from …{options}", after.name);
        app.out.say(
            format!("これまで対象外だった受注は、次のコマンドで取り込めます：{command}"),
            format!("Orders that were skipped until now can be fetched: {command}"),
        );
    }
}
