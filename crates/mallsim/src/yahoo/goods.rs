//! What the stores sell: goods that exist nowhere.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::order::{Item, Texts};

struct Article {
    id: &'static str,
    title: &'static str,
    price: i64,
    /// Percent.
    rate: i64,
    /// Name of the choice and its values with their sub-codes; none for a single SKU.
    choice: Option<(&'static str, &'static [(&'static str, &'static str)])>,
}

const COLOURS: &[(&str, &str)] = &[("白", "mihon-wh"), ("黒", "mihon-bk"), ("若草", "mihon-gr")];
const SIZES: &[(&str, &str)] = &[("S", "mihon-s"), ("M", "mihon-m"), ("LL", "mihon-ll")];

const CUP: Article =
    Article {
        id: "mihon-cup", title: "【見本】雛形マグ 350ml ①", price: 1_280, rate: 10, choice: None
    };

const ARTICLES: &[Article] = &[
    CUP,
    Article {
        id: "mihon-shirt",
        title: "【見本】試験用シャツ～春～",
        price: 2_490,
        rate: 10,
        choice: Some(("カラー", COLOURS)),
    },
    Article {
        id: "mihon-shoes",
        title: "【見本】模擬スニーカー",
        price: 6_980,
        rate: 10,
        choice: Some(("サイズ", SIZES)),
    },
    Article {
        id: "mihon-desk-01",
        title: "【見本】例題デスク 送料無料",
        price: 12_800,
        rate: 10,
        choice: None,
    },
    Article { id: "mihon-tea", title: "【見本】例示茶 50包", price: 1_080, rate: 8, choice: None },
    Article { id: "mihon-rice", title: "【見本】試験米 5kg", price: 3_380, rate: 8, choice: None },
    Article {
        id: "mihon-honey", title: "【見本】架空はちみつ ﾊﾁﾐﾂ", price: 2_160, rate: 8, choice: None
    },
];

/// Invents one line; `rate` asks for goods of that tax rate.
pub(crate) fn line(rng: &mut ChaCha8Rng, line: i64, rate: Option<i64>) -> Item {
    let fitting: Vec<&Article> = ARTICLES.iter().filter(|a| rate.is_none_or(|r| r == a.rate)).collect();
    let article = fitting.choose(rng).copied().unwrap_or(&CUP);
    let picked = article.choice.and_then(|(name, values)| values.choose(rng).map(|v| (name, *v)));
    let mut text = Texts::new();
    text.insert("ItemId", article.id.to_owned());
    text.insert("Title", article.title.to_owned());
    text.insert("IsUsed", "false".to_owned());
    text.insert("PriceType", "1".to_owned());
    text.insert("Jan", if rng.random_bool(0.5) { "0000000000000".to_owned() } else { String::new() });
    text.insert("PointFspCode", "2000".to_owned());
    text.insert("PointRatioY", "1".to_owned());
    text.insert("UnitGetPoint", (article.price / 100).to_string());
    text.insert("IsGetPointFix", "false".to_owned());
    text.insert("OriginalNum", "0".to_owned());
    if let Some((name, (value, sub))) = picked {
        text.insert("SubCode", sub.to_owned());
        text.insert("SubCodeOption", format!("{name}:{value}"));
    }
    Item {
        line,
        quantity: [1, 1, 1, 1, 2, 3].choose(rng).copied().unwrap_or(1),
        unit_price: article.price,
        rate: article.rate,
        release_ms: None,
        coupon_discount: 0,
        options: Vec::new(),
        inscriptions: Vec::new(),
        text,
    }
}
