use proptest::prelude::*;

use super::*;

fn told(code: &str) -> Vec<String> {
    places(code).iter().map(|p| format!("{} {} {}", p.prefecture, p.city, p.town)).collect()
}

#[test]
fn a_code_is_read_in_every_form_people_type_ux3() {
    let forms = [
        "1050011",
        "105-0011",
        "〒105-0011",
        "〒１０５－００１１",
        " 〒 105 - 0011 ",
        "１０５ー００１１",
        "105‐0011",
        "105−0011",
        "\u{feff}1050011\r\n",
    ];
    for typed in forms {
        assert_eq!(postal_code(typed).as_deref(), Some("1050011"), "{typed}");
    }
    let refused = [
        "",
        "〒",
        "105001",
        "10500111",
        "10-50011",
        "1050-011",
        "105--0011",
        "105-0011-",
        "10５00a1",
        "一〇五〇〇一一",
    ];
    for typed in refused {
        assert_eq!(postal_code(typed), None, "{typed}");
        assert!(places(typed).is_empty());
    }
}

#[test]
fn a_code_fills_prefecture_city_and_town_without_any_network_ux3() {
    assert_eq!(told("105-0011"), ["東京都 港区 芝公園"]);
    assert_eq!(told("〒０６０－００００"), ["北海道 札幌市中央区 "], "以下に掲載がない場合 is no town");
    assert_eq!(told("9000006"), ["沖縄県 那覇市 おもろまち"]);
    assert!(told("0000000").is_empty() && told("9999999").is_empty());
}

#[test]
fn a_code_of_several_towns_gives_all_of_them_f1() {
    assert_eq!(
        told("761-4103"),
        ["香川県 小豆郡土庄町 甲", "香川県 小豆郡土庄町 乙"],
        "a list of towns is split"
    );
    assert_eq!(told("409-0142"), ["山梨県 北都留郡小菅村 "], "the note is not a town");
    assert!(places("0295503").iter().all(|p| !p.town.contains("地割")), "numbered parts are not filled in");
}

#[test]
fn an_office_with_a_code_of_its_own_is_named_f1() {
    let found = places("100-8111");
    let [palace] = found.as_slice() else { panic!("one office, not {found:?}") };
    assert_eq!((palace.city.as_str(), palace.town.as_str()), ("千代田区", "千代田"));
    let office = palace.office.as_ref().unwrap();
    assert_eq!((office.name.as_str(), office.street.as_str()), ("宮内庁", "1-1"));
    assert!(places("1050011").iter().all(|p| p.office.is_none()));
}

#[test]
fn exactly_three_codes_lie_in_two_prefectures_f1() {
    let mut prefectures = std::collections::BTreeMap::<String, BTreeSet<Prefecture>>::new();
    let (mut offices, mut towns) = (BTreeSet::new(), BTreeSet::new());
    let mut last = String::new();
    for (code, place) in shipped().unwrap().all() {
        assert!(code >= last && !place.city.is_empty(), "{code} {place:?}");
        assert!(!place.town.contains(['（', '、', '〜', '\u{FFFD}']), "{code} {place:?}");
        if place.office.as_ref().is_some_and(|office| !office.name.is_empty()) {
            &mut offices
        } else {
            &mut towns
        }
        .insert(code.clone());
        prefectures.entry(code.clone()).or_default().insert(place.prefecture);
        last = code;
    }
    // formats.md f.1, measured independently of this table
    assert_eq!((towns.len(), offices.len()), (120_720, 22_200));
    let across: Vec<&str> =
        prefectures.iter().filter(|(_, set)| set.len() > 1).map(|(code, _)| code.as_str()).collect();
    assert_eq!(across, ["4980000", "6180000", "8710000"]);
    assert_eq!(prefectures_of("498-0000").iter().map(|p| p.name()).collect::<Vec<_>>(), ["愛知県", "三重県"]);
    assert_eq!(prefectures.values().flatten().collect::<BTreeSet<_>>().len(), 47);
}

#[test]
fn an_address_that_fits_its_code_is_not_warned_about_f4() {
    let fitting = [
        ("1050011", "東京都", "港区"),
        ("1050011", "東京", "港区芝公園４－２－８"),
        ("1050011", "", "東京都港区芝公園"),
        ("1050011", "東京都港区", ""),
        ("1050011", "東京都", "東京都 港区"),
        ("1050011", "東京都", ""),
        ("1050011", "", "港区"),
        ("1050011", "Tokyo", "港区"),
        ("0495411", "北海道", "豊浦町"),
        ("0495411", "北海道", "虻田郡豊浦町"),
        ("1001100", "東京都", "三宅村"),
        ("9291601", "石川県", "中能登町"),
        ("2200000", "神奈川県", "横浜市"),
        ("2200000", "神奈川県", "横浜市高島2-1-1"),
        ("2530000", "神奈川県", "茅ケ崎市"),
        ("2530000", "神奈川県", "茅が崎市"),
        ("3010000", "茨城県", "竜ヶ崎市"),
        ("4980000", "三重県", "桑名郡木曽岬町"),
        ("4980000", "愛知県", "弥富市"),
        ("8710000", "大分県", "中津市"),
    ];
    for (code, prefecture, city) in fitting {
        assert_eq!(matches_address(code, prefecture, city), Match::Fits, "{code} {prefecture} {city}");
    }
}

#[test]
fn an_address_elsewhere_than_its_code_is_warned_about_f4() {
    let other = [
        ("1050011", "大阪府", "大阪市北区", Match::OtherPrefecture),
        ("1050011", "", "大阪府大阪市北区", Match::OtherPrefecture),
        ("4980000", "岐阜県", "", Match::OtherPrefecture),
        ("1050011", "東京都", "渋谷区", Match::OtherCity),
        ("1050011", "", "渋谷区", Match::OtherCity),
        ("2200000", "神奈川県", "横浜市中区", Match::OtherCity),
        ("2200000", "神奈川県", "横浜市保土ケ谷区", Match::OtherCity),
        ("4980000", "愛知県", "桑名郡木曽岬町", Match::OtherCity),
        ("8710000", "福岡県", "中津市", Match::OtherCity),
        ("9638002", "福島県", "山市", Match::OtherCity),
        ("1050011", "", "", Match::Unknown),
        ("1050011", "Tokyo", "", Match::Unknown),
        ("0000000", "東京都", "港区", Match::Unknown),
        ("105", "東京都", "港区", Match::Unknown),
    ];
    for (code, prefecture, city, expected) in other {
        assert_eq!(matches_address(code, prefecture, city), expected, "{code} {prefecture} {city}");
    }
}

#[test]
fn every_place_of_the_table_fits_its_own_code_f4() {
    let table = shipped().unwrap();
    for (code, place) in table.all().step_by(7) {
        let found = table.matches_address(&code, place.prefecture.name(), &place.city);
        assert_eq!(found, Match::Fits, "{code} {place:?}");
    }
}

#[test]
fn every_county_may_be_left_out_f4() {
    let table = shipped().unwrap();
    let mut seen = BTreeSet::new();
    for (code, place) in table.all() {
        let Some((_, town)) = place.city.split_once('郡').filter(|_| place.city.ends_with(['町', '村']))
        else {
            continue;
        };
        if seen.insert(place.city.clone()) {
            let found = table.matches_address(&code, place.prefecture.name(), &format!("{town}1-2-3"));
            assert_eq!(found, Match::Fits, "{code} {place:?}");
        }
    }
    assert!(seen.len() > 800, "{} towns and villages", seen.len());
}

#[test]
fn every_ward_of_a_city_is_told_from_its_others_f4() {
    let table = shipped().unwrap();
    let mut wards = std::collections::BTreeMap::<(Prefecture, String), String>::new();
    for (code, place) in
        table.all().filter(|(_, place)| place.city.contains('市') && place.city.ends_with('区'))
    {
        wards.entry((place.prefecture, place.city)).or_insert(code);
    }
    assert!(wards.len() > 160, "{} wards", wards.len());
    for ((prefecture, ward), code) in &wards {
        let city = &ward[..ward.rfind('市').unwrap() + '市'.len_utf8()];
        for (_, other) in wards.keys().filter(|(_, other)| other != ward && other.starts_with(city)) {
            if places(code).iter().all(|place| place.city != *other) {
                let found = table.matches_address(code, prefecture.name(), other);
                assert_eq!(found, Match::OtherCity, "{code} of {ward} is not in {other}");
            }
        }
    }
}

#[test]
fn the_open_table_is_small_and_says_where_it_comes_from() {
    let table = shipped().unwrap();
    assert!(table.size() < 3 << 20, "{table:?}");
    assert!(table.about().contains("KEN_ALL"), "{table:?}");
}

#[test]
fn a_broken_table_is_refused_and_never_panics() {
    let file = include_bytes!("../../data/postal.bin");
    for cut in [0, 1, 2, 100, file.len() / 2, file.len() - 1] {
        assert_eq!(PostalTable::open(&file[..cut]).err(), Some(TableProblem::Damaged), "{cut} bytes");
    }
    let mut changed = file.to_vec();
    changed[file.len() / 2] ^= 1;
    assert_eq!(PostalTable::open(&changed).err(), Some(TableProblem::Damaged));
    assert_eq!(PostalTable::open(&zlib(b"JPP2")).err(), Some(TableProblem::OtherForm));
    assert_eq!(PostalTable::open(&zlib(b"")).err(), Some(TableProblem::OtherForm));
}

fn zlib(raw: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// A table of one section whose columns are what is given; its alphabet is あい, its only city 港区.
fn table_of(section: u16, columns: [&[u8]; 5]) -> Vec<u8> {
    let mut raw = b"JPP1\x00\x06".to_vec();
    raw.extend("あい".as_bytes());
    raw.extend([1, 13, 6]);
    raw.extend("港区".as_bytes());
    for place in 0..1000 {
        raw.extend(columns.map(|c| if place == section { u8::try_from(c.len()).unwrap() } else { 0 }));
    }
    raw.extend(columns.concat());
    zlib(&raw)
}

#[test]
fn a_section_that_is_broken_ends_early() {
    let good = table_of(100, [&[2, 3], &[0, 0], &[1, 0, 2, 0], &[2, 1, 0], &[0]]);
    let all: Vec<_> = PostalTable::open(&good).unwrap().all().collect();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].0.as_str(), all[0].1.town.as_str()), ("1000001", "あ"));
    assert_eq!(all[1].1.office.as_ref().map(|o| o.name.as_str()), Some("いあ"));
    let no_such_city = table_of(100, [&[2, 2], &[0, 8], &[1, 0, 2, 0], &[], &[]]);
    let town_without_end = table_of(100, [&[2, 2], &[0, 0], &[1, 0, 2], &[], &[]]);
    let office_missing = table_of(100, [&[2, 3], &[0, 0], &[1, 0, 2, 0], &[], &[]]);
    for broken in [no_such_city, town_without_end, office_missing] {
        assert_eq!(PostalTable::open(&broken).unwrap().all().count(), 1);
    }
}

proptest! {
    #[test]
    fn no_table_and_no_question_panics(
        raw in proptest::collection::vec(any::<u8>(), 0..300),
        columns in proptest::array::uniform5(proptest::collection::vec(any::<u8>(), 0..20)),
        typed in any::<String>(),
        near in "[〒０-９0-9－\\-ー 都道府県郡島市a]{0,12}",
    ) {
        let _ = PostalTable::open(&raw);
        let mut inside = b"JPP1".to_vec();
        inside.extend(&raw);
        let _ = PostalTable::open(&zlib(&inside));
        let [a, b, c, d, e] = &columns;
        if let Ok(table) = PostalTable::open(&table_of(7, [a, b, c, d, e])) {
            let _ = table.all().count();
        }
        for text in [&typed, &near] {
            let _ = (places(text), matches_address("1050011", text, &near), matches_address("0495411", &near, text));
            prop_assert!(postal_code(text).is_none_or(|code| code.len() == 7 && code.parse::<u32>().is_ok()));
        }
    }
}
