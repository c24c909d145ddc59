//! What people type into the search field: common, rare, absent, and the kinds that are hard for an index.

use super::fill::number_of;
use super::people::{common, people_of, rare};

/// Needles of one kind.
pub struct Kind {
    /// Name.
    pub what: &'static str,
    /// What is typed, one after another.
    pub needles: Vec<String>,
}

fn kind(what: &'static str, needles: impl IntoIterator<Item = String>) -> Kind {
    Kind { what, needles: needles.into_iter().collect() }
}

fn first(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect()
}

fn fixed(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

/// All kinds, for a ledger of so many orders.
pub fn kinds(orders: u64) -> Vec<Kind> {
    // Twenty orders spread over the ledger.
    let spread: Vec<u64> = (0..20).map(|i| orders / 20 * i + orders / 40).collect();
    let buyers: Vec<_> = spread.iter().map(|order| people_of(*order).0).collect();
    let [two, three, four] = rare();
    let surnames: Vec<(&str, &str)> = common().filter(|(n, _)| n.chars().count() == 2).take(10).collect();
    // A frequent surname with somebody's given name.
    let whole = |letters: usize, between: &'static str| {
        let names = surnames.clone();
        buyers.iter().enumerate().filter_map(move |(i, buyer)| {
            let (surname, _) = names.get(i % names.len().max(1))?;
            Some(format!("{surname}{between}{}", first(&buyer.given, letters)))
        })
    };
    vec![
        kind("1 letter, common", surnames.iter().map(|(n, _)| first(n, 1))),
        kind("1 letter, whole surname (林, 森)", fixed("林 森")),
        kind("1 letter, rare", [first(two, 1), first(four, 1)]),
        kind("1 letter, absent", fixed("魑 魅")),
        kind("2 letters, common", surnames.iter().map(|(n, _)| (*n).to_owned())),
        kind("2 letters, rare", [two.to_owned(), first(three, 3).chars().skip(1).collect()]),
        kind("2 letters, absent", fixed("魑魅 魍魎")),
        kind("3 letters, common", fixed("佐々木 長谷川").into_iter().chain(whole(1, ""))),
        kind("3 letters, rare", [three.to_owned(), first(four, 3)]),
        kind("3 letters, absent", fixed("魑魅魍 魅魍魎")),
        kind("3 letters, pieces that never meet", fixed("山田中 佐藤田 高橋本 中村上 小川島")),
        kind("4 letters, surname and given name", whole(2, "")),
        kind("4 letters, in two words", whole(2, " ")),
        kind("4 letters, rare", [four.to_owned()]),
        kind("4 letters, absent", fixed("魑魅魍魎")),
        kind("2 kana, common", fixed("タカ ヨウ ナカ サト ヤマ マサ ユキ イシ カワ モト")),
        kind("3–4 kana, common", surnames.iter().map(|(_, k)| (*k).to_owned())),
        kind("3 kana, worst", fixed("モモモ ミナギ カタカ マサマ ヤマヤ キタキ ナカナ ハルハ")),
        kind("phone, whole", buyers.iter().map(|b| b.phone.clone())),
        kind("phone, last four", buyers.iter().map(|b| b.phone.chars().skip(9).collect())),
        kind("mail", buyers.iter().map(|b| b.mail.clone())),
        kind("order number, through the search field", spread.iter().map(|o| number_of(*o))),
    ]
}
