//! What the shops sell: goods that exist nowhere.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::order::Item;

struct Article {
    manage: &'static str,
    name: &'static str,
    price: i64,
    /// Percent.
    rate: i64,
    /// Name of the choice and its values; none for a single SKU.
    choice: Option<(&'static str, &'static [&'static str])>,
}

const COLOURS: &[&str] = &["白", "黒", "紺", "若草"];
const SIZES: &[&str] = &["S", "M", "L", "LL"];
const WEIGHTS: &[&str] = &["100g", "200g", "500g"];

const fn article(
    manage: &'static str,
    name: &'static str,
    price: i64,
    rate: i64,
    choice: Option<(&'static str, &'static [&'static str])>,
) -> Article {
    Article { manage, name, price, rate, choice }
}

const TOWEL: Article =
    article("mihon-towel", "【見本】架空タオル 3枚セット", 2_980, 10, Some(("カラー", COLOURS)));

const ARTICLES: &[Article] = &[
    TOWEL,
    article("mihon-tshirt", "【見本】試験用Tシャツ 綿100％", 1_980, 10, Some(("サイズ", SIZES))),
    article("mihon-mug", "【見本】雛形マグカップ 350ml", 1_320, 10, None),
    article("mihon-box", "【見本】収納ボックス フタ付き 送料無料", 3_850, 10, Some(("カラー", COLOURS))),
    article("mihon-pen", "【見本】練習ボールペン 0.5mm 10本入", 880, 10, None),
    article("mihon-lamp", "【見本】例題デスクライト LED", 5_480, 10, None),
    article("mihon-shoes", "【見本】模擬スニーカー 軽量", 6_930, 10, Some(("サイズ", SIZES))),
    article("mihon-bag", "【見本】架空トートバッグ A4対応", 2_420, 10, Some(("カラー", COLOURS))),
    article("mihon-coffee", "【見本】架空珈琲 深煎り 豆", 1_458, 8, Some(("内容量", WEIGHTS))),
    article("mihon-tea", "【見本】例示茶 ティーバッグ 50包", 1_080, 8, None),
    article("mihon-rice", "【見本】試験米 5kg 令和8年産", 3_240, 8, None),
    article("mihon-honey", "【見本】架空はちみつ", 2_160, 8, Some(("内容量", WEIGHTS))),
    article("mihon-senbei", "【見本】雛形せんべい 詰合せ 20枚", 1_620, 8, None),
    article("mihon-water", "【見本】見本水 2L×6本", 756, 8, None),
];

const CHOICES: &[&str] =
    &["領収書は同封されません:了承しました", "ラッピング:不要", "時間:18:00以降希望\n名入れ:なし"];

/// What the next line must be like.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wish {
    pub rate: Option<i64>,
    pub tax_out: bool,
    /// From before the SKU migration: `variantId` empty, choice in `selectedChoice` (traps 9 and 10).
    pub old: bool,
}

pub(crate) fn line(rng: &mut ChaCha8Rng, detail_id: i64, wish: Wish) -> Item {
    let fitting: Vec<(usize, &Article)> =
        ARTICLES.iter().enumerate().filter(|(_, a)| wish.rate.is_none_or(|r| r == a.rate)).collect();
    let (index, article) = fitting.choose(rng).copied().unwrap_or((0, &TOWEL));
    let index = i64::try_from(index).unwrap_or(0);
    let picked = article
        .choice
        .map(|(name, values)| (name, rng.random_range(0..values.len()), values))
        .map(|(name, n, values)| (name, n, values.get(n).copied().unwrap_or("")));
    let price = if wish.tax_out { article.price * 100 / (100 + article.rate) } else { article.price };
    let sku_info = picked.map(|(name, _, value)| format!("{name}:{value}"));
    let variant = match picked {
        Some((_, n, _)) => format!("sku{:02}", n + 1),
        // single SKUs: the manageNumber, or the constant of the migration, which is not unique (trap 9)
        None if index % 2 == 0 => article.manage.to_owned(),
        None => "normal-inventory".to_owned(),
    };
    let own_sku = if rng.random_bool(0.7) {
        Some(format!("{}-{variant}", article.manage.to_uppercase()))
    } else {
        None
    };
    let option = rng.random_bool(0.4).then(|| CHOICES.choose(rng).copied().unwrap_or_default().to_owned());
    let choice = if wish.old {
        match (&sku_info, option) {
            (Some(sku), Some(option)) => Some(format!("{sku}\n{option}")),
            (sku, option) => sku.clone().or(option),
        }
    } else {
        option
    };
    let units = if rng.random_bool(0.75) { 1 } else { rng.random_range(2..6) };
    Item {
        detail_id,
        item_id: 10_000_001 + index,
        name: article.name.to_owned(),
        number: (wish.old || rng.random_bool(0.6)).then(|| format!("MH-{:03}", index + 1)),
        manage_number: article.manage.to_owned(),
        price,
        units,
        postage_included: article.name.contains("送料無料"),
        tax_included: !wish.tax_out,
        choice,
        lead_time: rng.random_bool(0.6).then_some("3営業日以内に発送"),
        deleted: false,
        rate: article.rate,
        // the shop's own rule for prices without tax: cut off
        price_with_tax: if wish.tax_out { price * (100 + article.rate) / 100 } else { price },
        variant: if wish.old { String::new() } else { variant },
        own_sku: if wish.old { None } else { own_sku },
        sku_info: if wish.old { None } else { sku_info },
    }
}
