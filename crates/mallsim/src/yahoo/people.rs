//! The two blocks of name and address, `Bill…` and `Ship…` (document 4.4, 4.5).

use super::order::Texts;
use crate::people::Person;

/// The field names of one block.
pub(crate) struct Block {
    last: [&'static str; 2],
    first: [&'static str; 2],
    zip: &'static str,
    prefecture: [&'static str; 2],
    city: [&'static str; 2],
    address: [&'static str; 2],
    phone: &'static str,
}

pub(crate) const BILL: Block = Block {
    last: ["BillLastName", "BillLastNameKana"],
    first: ["BillFirstName", "BillFirstNameKana"],
    zip: "BillZipCode",
    prefecture: ["BillPrefecture", "BillPrefectureKana"],
    city: ["BillCity", "BillCityKana"],
    address: ["BillAddress1", "BillAddress2"],
    phone: "BillPhoneNumber",
};

pub(crate) const SHIP: Block = Block {
    last: ["ShipLastName", "ShipLastNameKana"],
    first: ["ShipFirstName", "ShipFirstNameKana"],
    zip: "ShipZipCode",
    prefecture: ["ShipPrefecture", "ShipPrefectureKana"],
    city: ["ShipCity", "ShipCityKana"],
    address: ["ShipAddress1", "ShipAddress2"],
    phone: "ShipPhoneNumber",
};

/// Writes a person into a block. Postcode and phone come with or without hyphens (10, trap 21).
pub(crate) fn put(text: &mut Texts, block: &Block, person: &Person, hyphens: bool) {
    let joint = if hyphens { "-" } else { "" };
    let (first, second) = person.rest.split_once(' ').unwrap_or((&person.rest, ""));
    let phone: Vec<&str> = person.phone.iter().filter_map(Option::as_deref).collect();
    let [zip_1, zip_2] = &person.zip;
    let zip = if zip_2.is_empty() { zip_1.clone() } else { format!("{zip_1}{joint}{zip_2}") };
    let [last, last_kana] = block.last;
    let [given, given_kana] = block.first;
    let [prefecture, prefecture_kana] = block.prefecture;
    let [city, city_kana] = block.city;
    let [address_1, address_2] = block.address;
    let values = [
        (last, person.family.clone()),
        (last_kana, person.family_kana.clone().unwrap_or_default()),
        (given, person.first.clone()),
        (given_kana, person.first_kana.clone().unwrap_or_default()),
        (block.zip, zip),
        (prefecture, person.prefecture.clone()),
        (prefecture_kana, String::new()),
        (city, person.city.clone()),
        (city_kana, "カクウシ".to_owned()),
        (address_1, first.to_owned()),
        (address_2, second.to_owned()),
        (block.phone, phone.join(joint)),
    ];
    text.extend(values);
}

/// Empties a block: nobody has said yet where it goes.
pub(crate) fn clear(text: &mut Texts, block: &Block) {
    let all = [block.last, block.first, block.prefecture, block.city, block.address];
    for name in all.iter().flatten().chain([&block.zip, &block.phone]) {
        text.remove(name);
    }
}
