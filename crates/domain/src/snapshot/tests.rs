//! Tests of the few things a snapshot says of itself.

use super::*;

fn party(full: &str, family: &str, given: &str) -> Party {
    let text = |t: &str| if t.is_empty() { Given::NotGiven } else { Given::from(t.to_owned()) };
    Party {
        full_name: text(full),
        family_name: text(family),
        given_name: text(given),
        family_kana: text(family),
        given_kana: text(given),
        ..Party::default()
    }
}

#[test]
fn a_name_is_the_whole_one_or_its_parts_without_stray_spaces() {
    assert_eq!(party("架空 花子", "別", "名").name(), "架空 花子");
    assert_eq!(party("", "架空", "花子").name(), "架空 花子");
    assert_eq!(party("", "架空", "").name(), "架空");
    assert_eq!(party("", "", "").name(), "");
}

#[test]
fn a_reading_is_made_of_its_parts() {
    assert_eq!(party("架空 花子", "カクウ", "ハナコ").kana(), "カクウ ハナコ");
    assert_eq!(party("架空 花子", "", "ハナコ").kana(), "ハナコ");
}
