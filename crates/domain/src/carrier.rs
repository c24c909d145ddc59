//! 配送業者 and 配送便: our master lists (NTF-9). What their numbers look like is in `tracking`.

use crate::CarrierKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One carrier of our master list (NTF-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// Our key.
    pub carrier: CarrierKey,
    /// Japanese name.
    pub name: String,
    /// The code or name of each mall, by mall key. Missing: this mall does not know the carrier.
    pub mall_codes: BTreeMap<String, String>,
    /// The installation's own pattern of a tracking link, with `{number}` in it. `None`: the built-in one; empty: no
    /// link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
}

impl Carrier {
    /// A carrier without codes.
    pub fn new(carrier: impl Into<CarrierKey>, name: impl Into<String>) -> Self {
        Self { carrier: carrier.into(), name: name.into(), mall_codes: BTreeMap::new(), tracking_url: None }
    }

    /// The page that follows a parcel of this number, where there is one.
    pub fn tracking_link(&self, number: &str) -> Option<String> {
        let pattern = match &self.tracking_url {
            Some(own) => own.as_str(),
            None => crate::tracking::link_pattern(&self.carrier)?,
        };
        crate::tracking::link(pattern, number)
    }
}

/// Carriers a new installation starts with: our key and Japanese name. The malls' codes come from their Descriptors.
pub const DEFAULT_CARRIERS: [(&str, &str); 9] = [
    ("yamato", "ヤマト運輸"),
    ("sagawa", "佐川急便"),
    ("japan_post", "日本郵便"),
    ("seino", "西濃運輸"),
    ("seino_express", "セイノースーパーエクスプレス"),
    ("fukuyama", "福山通運"),
    ("nittsu", "日本通運"),
    ("rakuten_express", "Rakuten EXPRESS"),
    ("other", "その他"),
];

/// 配送便: a service of a carrier in our master list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingMethod {
    /// Our key.
    pub shipping_method: String,
    /// Who carries it.
    pub carrier: CarrierKey,
    /// Japanese name; malls that want the name of the service (Amazon配送方法) get this one unless they have their own.
    pub name: String,
    /// It has a number that can be followed. One that has none needs no 配送番号.
    pub tracked: bool,
    /// The name of each mall, by mall key, where it differs from ours.
    pub mall_names: BTreeMap<String, String>,
}

impl ShippingMethod {
    /// The text a mall gets for it (`amazon_ship_method` and the like).
    pub fn name_at(&self, mall: &str) -> &str {
        self.mall_names.get(mall).map_or(self.name.as_str(), String::as_str)
    }
}

/// 配送便 a new installation starts with: our key, the carrier, the name, whether it is tracked (formats.md b.2, c.2,
/// d.2 for the names; which services have no number is general knowledge [D]: the list can be changed).
pub const DEFAULT_SHIPPING_METHODS: [(&str, &str, &str, bool); 17] = [
    ("takkyubin", "yamato", "宅急便", true),
    ("takkyubin_cool", "yamato", "クール宅急便", true),
    ("takkyubin_compact", "yamato", "宅急便コンパクト", true),
    ("nekopos", "yamato", "ネコポス", true),
    ("kuroneko_yu_packet", "yamato", "クロネコゆうパケット", true),
    ("kuroneko_yu_mail", "yamato", "クロネコゆうメール", false),
    ("hikyaku", "sagawa", "飛脚宅配便", true),
    ("hikyaku_cool", "sagawa", "飛脚クール便", true),
    ("yu_pack", "japan_post", "ゆうパック", true),
    ("yu_packet", "japan_post", "ゆうパケット", true),
    ("yu_mail", "japan_post", "ゆうメール", false),
    ("click_post", "japan_post", "クリックポスト", true),
    ("letter_pack_plus", "japan_post", "レターパックプラス", true),
    ("letter_pack_light", "japan_post", "レターパックライト", true),
    ("teikei", "japan_post", "定形郵便", false),
    ("teikeigai", "japan_post", "定形外郵便", false),
    ("kangaroo", "seino", "カンガルー便", true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_belongs_to_a_carrier_and_has_a_key_of_its_own_ntf9() {
        let keys: std::collections::BTreeSet<_> = DEFAULT_SHIPPING_METHODS.iter().map(|m| m.0).collect();
        assert_eq!(keys.len(), DEFAULT_SHIPPING_METHODS.len());
        for (key, carrier, _, _) in DEFAULT_SHIPPING_METHODS {
            assert!(DEFAULT_CARRIERS.iter().any(|(c, _)| *c == carrier), "{key}");
        }
        let untracked: Vec<_> = DEFAULT_SHIPPING_METHODS.iter().filter(|m| !m.3).map(|m| m.2).collect();
        assert_eq!(untracked, ["クロネコゆうメール", "ゆうメール", "定形郵便", "定形外郵便"]);
    }

    #[test]
    fn a_mall_gets_its_own_name_of_a_service_or_ours_ntf9() {
        let mut method = ShippingMethod {
            shipping_method: "takkyubin".into(),
            carrier: "yamato".into(),
            name: "宅急便".into(),
            tracked: true,
            mall_names: BTreeMap::new(),
        };
        assert_eq!(method.name_at("amazon"), "宅急便");
        method.mall_names.insert("amazon".into(), "TA-Q-BIN".into());
        assert_eq!((method.name_at("amazon"), method.name_at("yahoo")), ("TA-Q-BIN", "宅急便"));
    }

    #[test]
    fn a_link_comes_from_the_own_pattern_or_the_built_in_one() {
        let mut carrier = Carrier::new("yamato", "ヤマト運輸");
        assert_eq!(
            carrier.tracking_link("4444-1375-8703").as_deref(),
            Some("https://toi.kuronekoyamato.co.jp/cgi-bin/tneko?number01=444413758703")
        );
        carrier.tracking_url = Some("https://track.example/{number}/ja".into());
        assert_eq!(
            carrier.tracking_link("444413758703").as_deref(),
            Some("https://track.example/444413758703/ja")
        );
        carrier.tracking_url = Some(String::new());
        assert_eq!(carrier.tracking_link("444413758703"), None);
        assert_eq!(Carrier::new("other", "その他").tracking_link("444413758703"), None);
    }
}
