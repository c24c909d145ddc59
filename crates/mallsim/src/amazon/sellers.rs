//! The Sellers API (document 9): where a seller stands, and the plan.

use serde_json::{Value, json};

use super::shop::MARKETPLACE;
use super::{Amazon, errors};
use crate::mall::Ctx;
use crate::wire::Reply;

impl Amazon {
    fn participation(&self, shop: usize) -> Value {
        let individual = self.shops.get(shop).is_some_and(|s| s.switches.individual_plan);
        json!([{
            "marketplace": {
                "id": MARKETPLACE,
                "name": "Amazon.co.jp",
                "countryCode": "JP",
                "defaultCurrencyCode": "JPY",
                "defaultLanguageCode": "ja_JP",
                "domainName": "www.amazon.co.jp",
            },
            "participation": { "isParticipating": !individual, "hasSuspendedListings": individual },
            "storeName": format!("見本ストア{}", shop + 1),
        }])
    }

    pub(crate) fn participations(&self, shop: usize) -> Reply {
        errors::good(200, &json!({ "payload": self.participation(shop) }))
    }

    pub(crate) fn account(&self, shop: usize, ctx: &Ctx<'_>) -> Reply {
        if ctx.settings.amazon.account_denied {
            return errors::unauthorized("");
        }
        let individual = self.shops.get(shop).is_some_and(|s| s.switches.individual_plan);
        errors::good(
            200,
            &json!({ "payload": {
                "marketplaceParticipationList": self.participation(shop),
                "businessType": "SOLE_PROPRIETORSHIP",
                "sellingPlan": if individual { "INDIVIDUAL" } else { "PROFESSIONAL" },
            }}),
        )
    }
}
