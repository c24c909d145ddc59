//! Buyers and recipients who do not exist: speaking names for "sample" and "fictional", places that are on no map,
//! numbers that cannot be dialled. Knows no mall.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Somebody with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub family: String,
    pub first: String,
    pub family_kana: Option<String>,
    pub first_kana: Option<String>,
    pub zip: [String; 2],
    pub prefecture: String,
    pub city: String,
    pub rest: String,
    pub phone: [Option<String>; 3],
    pub island: bool,
}

const FAMILIES: &[(&str, &str)] = &[
    ("見本", "ミホン"),
    ("架空", "カクウ"),
    ("試験", "シケン"),
    ("仮名", "カリナ"),
    ("例題", "レイダイ"),
    ("模擬", "モギ"),
    ("試作", "シサク"),
    ("雛形", "ヒナガタ"),
    ("練習", "レンシュウ"),
    ("見本﨑", "ミホンザキ"),
];

const FIRSTS: &[(&str, &str)] = &[
    ("太郎", "タロウ"),
    ("花子", "ハナコ"),
    ("一郎", "イチロウ"),
    ("二葉", "フタバ"),
    ("三奈", "ミナ"),
    ("四郎", "シロウ"),
    ("五月", "サツキ"),
    ("六花", "リッカ"),
    ("七海", "ナナミ"),
    ("八重", "ヤエ"),
];

const PLACES: &[(&str, &str)] = &[
    ("東京都", "架空区見本町"),
    ("北海道", "架空市例示町"),
    ("大阪府", "架空市見本区例題町"),
    ("愛知県", "架空市雛形町"),
    ("福岡県", "架空市試験区見本"),
    ("宮城県", "架空郡練習町"),
    ("広島県", "架空市模擬町"),
];

const ISLANDS: &[(&str, &str)] =
    &[("沖縄県", "架空郡見本島村"), ("長崎県", "架空市例示島町"), ("東京都", "架空島見本村")];

/// Invents somebody.
pub(crate) fn person(rng: &mut ChaCha8Rng, island: bool) -> Person {
    let (family, family_kana) = FAMILIES.choose(rng).copied().unwrap_or(("見本", "ミホン"));
    let (first, first_kana) = FIRSTS.choose(rng).copied().unwrap_or(("太郎", "タロウ"));
    let places = if island { ISLANDS } else { PLACES };
    let (prefecture, city) = places.choose(rng).copied().unwrap_or(("東京都", "架空区見本町"));
    let mut rest =
        format!("{}-{}-{}", rng.random_range(1..10), rng.random_range(1..30), rng.random_range(1..30));
    if rng.random_bool(0.4) {
        rest.push_str(&format!(" 見本ハイツ{}号室", rng.random_range(101..910)));
    }
    Person {
        family: family.to_owned(),
        first: first.to_owned(),
        family_kana: Some(family_kana.to_owned()),
        first_kana: Some(first_kana.to_owned()),
        // No Japanese postal code begins with 000.
        zip: ["000".to_owned(), format!("{:04}", rng.random_range(0..10_000))],
        prefecture: prefecture.to_owned(),
        city: city.to_owned(),
        rest,
        phone: [
            Some("000".to_owned()),
            Some(format!("{:04}", rng.random_range(0..10_000))),
            Some(format!("{:04}", rng.random_range(0..10_000))),
        ],
        island,
    }
}

/// A masked address that cannot receive mail.
pub(crate) fn masked_mail(rng: &mut ChaCha8Rng) -> String {
    format!("{:016x}s1@pc.fw.example.invalid", rng.random::<u64>())
}
