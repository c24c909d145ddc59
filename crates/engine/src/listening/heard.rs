//! What is done with a word: which shop it is about, a hint for it, and a 仮伝票 for an order that is not there yet.

use super::Said;
use crate::hub::Hub;
use domain::{MallOrderId, ShopId};
use mall_api::word::News;
use store::StoreError;

/// Shops a word is about. `account`: the shop's own part of the number it names. `shops`: those of the mall, each with its
/// own part as its orders show it.
pub(super) fn shops_of(account: Option<&str>, shops: &[(ShopId, Option<String>)]) -> Vec<ShopId> {
    let of = |fits: &dyn Fn(Option<&str>) -> bool| -> Vec<ShopId> {
        shops.iter().filter(|(_, own)| fits(own.as_deref())).map(|(id, _)| *id).collect()
    };
    let Some(account) = account else { return of(&|_| true) };
    let known = of(&|own| own.is_some_and(|own| own.eq_ignore_ascii_case(account)));
    // A shop without an order yet may be it; one whose numbers look otherwise is not.
    if known.is_empty() { of(&|own| own.is_none()) } else { known }
}

/// Keeps a word; `true` when a shop was hinted that was not hinted by it before. `only`: the one shop it may be about.
pub(super) async fn keep(hub: &Hub, only: Option<ShopId>, said: &Said) -> Result<bool, StoreError> {
    let mut new = false;
    for mall in &hub.malls {
        let descriptor = mall.descriptor();
        let (source, id, news, account_of) = match said {
            Said::Mail(mail) => {
                let Some(rule) = &descriptor.order_mail else { continue };
                let Some(news) = rule.read(mail) else { continue };
                ("mail", mail.id.clone(), news, rule.account)
            }
            Said::Message(body) => {
                let Some(queue) = &descriptor.order_queue else { continue };
                let Some((id, news)) = (queue.read)(body) else { continue };
                ("queue", id, news, None)
            }
        };
        let mut shops = Vec::new();
        for (shop, key) in hub.ledger.hurried_shops().await? {
            if key != descriptor.mall || only.is_some_and(|only| only != shop) {
                continue;
            }
            let own = match (&news.account, account_of) {
                (Some(_), Some(of)) => {
                    hub.ledger.newest_number(shop).await?.as_deref().and_then(of).map(str::to_owned)
                }
                _ => None,
            };
            shops.push((shop, own));
        }
        let about = shops_of(news.account.as_deref(), &shops);
        new |= hint(hub, (source, &id), &about, &news).await?;
    }
    Ok(new)
}

async fn hint(
    hub: &Hub,
    (source, id): (&str, &str),
    about: &[ShopId],
    news: &News,
) -> Result<bool, StoreError> {
    let (ledger, now) = (&hub.ledger, hub.clock.now());
    let mut new = false;
    for shop in about {
        if let Some(order) = &news.order {
            let there = ledger.existing_orders(*shop, &[MallOrderId(order.clone())]).await?;
            // A mail that comes after its order says nothing new; a queue tells changes too.
            if !there.is_empty() && source == "mail" {
                continue;
            }
            // Which of several shops it is, the mall will say.
            if about.len() == 1 && there.is_empty() {
                ledger.add_provisional(*shop, order, now).await?;
            }
        }
        // Shops are hinted one by one: each has its own turn.
        new |= hub.hint(source, &format!("{id}|{shop}"), Some(*shop)).await?;
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shops() -> Vec<(ShopId, Option<String>)> {
        vec![(ShopId(1), Some("370001".into())), (ShopId(2), Some("370002".into())), (ShopId(3), None)]
    }

    #[test]
    fn a_number_says_which_shop_and_none_is_about_all_imp7() {
        assert_eq!(shops_of(Some("370002"), &shops()), [ShopId(2)]);
        assert_eq!(shops_of(None, &shops()), [ShopId(1), ShopId(2), ShopId(3)]);
    }

    #[test]
    fn a_strangers_number_is_only_about_shops_without_orders_f15() {
        assert_eq!(shops_of(Some("999999"), &shops()), [ShopId(3)]);
        let settled: Vec<_> = shops().into_iter().filter(|(_, own)| own.is_some()).collect();
        assert!(shops_of(Some("999999"), &settled).is_empty());
    }
}
