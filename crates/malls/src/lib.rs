//! The malls. Each has a folder of its own; the rest of the program reaches them only as [`Mall`] through this
//! registry. To add a mall: one folder here and one line in [`registry`].

use mall_api::Mall;
use std::sync::Arc;

mod cards;
pub mod amazon;
pub mod rakuten;
pub mod yahoo;

/// Every mall this program knows.
pub fn registry() -> Vec<Arc<dyn Mall>> {
    vec![
        Arc::new(rakuten::Rakuten), // 楽天市場
        Arc::new(yahoo::Yahoo),     // Yahoo!ショッピング
        Arc::new(amazon::Amazon),   // Amazon
    ]
}

/// The mall of this key.
pub fn by_key(key: &str) -> Option<Arc<dyn Mall>> {
    registry().into_iter().find(|mall| mall.descriptor().mall == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn malls_are_found_by_their_key_and_no_key_is_used_twice() {
        let keys: Vec<&str> = registry().iter().map(|m| m.descriptor().mall).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
        for key in keys {
            assert_eq!(by_key(key).unwrap().descriptor().mall, key);
        }
        assert!(by_key("nowhere").is_none());
    }
}
