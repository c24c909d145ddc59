//! 都道府県: the forty-seven, in the order of their JIS X 0401 codes, which is the order every Japanese list uses.

const NAMES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

/// A prefecture. Ordered by its JIS code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefecture(u8);

impl Prefecture {
    /// 沖縄県, which most shops send to on terms of its own.
    pub const OKINAWA: Self = Self(47);

    /// All of them, 北海道 first.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=47).map(Self)
    }

    /// The one with this JIS X 0401 code, 1 to 47.
    pub fn with_code(code: u8) -> Option<Self> {
        (1..=47).contains(&code).then_some(Self(code))
    }

    /// The one of this name; 都, 府 and 県 may be left off, nothing else may.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::all().find(|p| p.name() == name || p.short_name() == name)
    }

    /// The one whose full name a text begins with, and what follows it.
    pub fn leading(text: &str) -> Option<(Self, &str)> {
        Self::all().find_map(|p| text.strip_prefix(p.name()).map(|rest| (p, rest)))
    }

    /// JIS X 0401 code, 1 to 47.
    pub fn code(self) -> u8 {
        self.0
    }

    /// 東京都, 北海道.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0).wrapping_sub(1)).copied().unwrap_or_default()
    }

    /// 東京, 北海道.
    pub fn short_name(self) -> &'static str {
        let name = self.name();
        name.strip_suffix(['都', '府', '県']).unwrap_or(name)
    }

    /// Whether this is 沖縄県.
    pub fn is_okinawa(self) -> bool {
        self == Self::OKINAWA
    }
}

impl std::fmt::Display for Prefecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Debug for Prefecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_seven_in_the_order_of_their_jis_codes() {
        let all: Vec<_> = Prefecture::all().collect();
        assert_eq!(all.len(), 47);
        assert!(all.is_sorted() && all.iter().all(|p| Prefecture::named(p.name()) == Some(*p)));
        let named =
            [(1, "北海道"), (13, "東京都"), (26, "京都府"), (27, "大阪府"), (40, "福岡県"), (47, "沖縄県")];
        for (code, name) in named {
            assert_eq!(Prefecture::with_code(code).map(Prefecture::name), Some(name));
        }
        assert_eq!((Prefecture::with_code(0), Prefecture::with_code(48)), (None, None));
    }

    #[test]
    fn a_name_may_leave_off_its_last_letter_and_nothing_else() {
        let code = |name| Prefecture::named(name).map(Prefecture::code);
        assert_eq!((code("東京"), code("京都"), code(" 沖縄県 ")), (Some(13), Some(26), Some(47)));
        assert_eq!((code("北海道"), code("北海"), code("東"), code("")), (Some(1), None, None, None));
        assert!(Prefecture::named("沖縄").is_some_and(Prefecture::is_okinawa));
        assert_eq!(
            Prefecture::leading("京都府京都市中京区").map(|(p, rest)| (p.code(), rest)),
            Some((26, "京都市中京区"))
        );
        assert_eq!(Prefecture::leading("京都市中京区"), None);
    }
}
