//! 権限グループ: who may see and do what (DESK-7). Decided on the server for every door; screens only show what came out.

use crate::ShopId;
use crate::reason::{self, Reason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A menu of the back office. Rights are given per menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Menu {
    /// 受注.
    Orders,
    /// 受注取込.
    Import,
    /// 出荷・印刷.
    Shipping,
    /// 連携履歴: notices and what came of them.
    Notices,
    /// 入金.
    Payment,
    /// 店舗, with its credentials.
    Shops,
    /// フェーズ・自動連携・配送業者の設定.
    Settings,
    /// ユーザー・権限グループ.
    Users,
    /// 診断・操作ログ.
    Diagnostics,
}

impl Menu {
    /// All, in the order screens list them.
    pub const ALL: [Menu; 9] = [
        Menu::Orders,
        Menu::Import,
        Menu::Shipping,
        Menu::Notices,
        Menu::Payment,
        Menu::Shops,
        Menu::Settings,
        Menu::Users,
        Menu::Diagnostics,
    ];

    /// Stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Menu::Orders => "orders",
            Menu::Import => "import",
            Menu::Shipping => "shipping",
            Menu::Notices => "notices",
            Menu::Payment => "payment",
            Menu::Shops => "shops",
            Menu::Settings => "settings",
            Menu::Users => "users",
            Menu::Diagnostics => "diagnostics",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == text)
    }

    /// Japanese name.
    pub fn label_ja(self) -> &'static str {
        match self {
            Menu::Orders => "受注",
            Menu::Import => "受注取込",
            Menu::Shipping => "出荷・印刷",
            Menu::Notices => "連携履歴",
            Menu::Payment => "入金",
            Menu::Shops => "店舗",
            Menu::Settings => "設定",
            Menu::Users => "ユーザー",
            Menu::Diagnostics => "診断",
        }
    }

    /// English name.
    pub fn label_en(self) -> &'static str {
        match self {
            Menu::Orders => "Orders",
            Menu::Import => "Import",
            Menu::Shipping => "Shipping",
            Menu::Notices => "Notices",
            Menu::Payment => "Payment",
            Menu::Shops => "Shops",
            Menu::Settings => "Settings",
            Menu::Users => "Users",
            Menu::Diagnostics => "Diagnostics",
        }
    }
}

/// なし/参照/更新.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// なし.
    #[default]
    None,
    /// 参照.
    View,
    /// 更新.
    Edit,
}

impl Level {
    /// All, weakest first.
    pub const ALL: [Level; 3] = [Level::None, Level::View, Level::Edit];

    /// Stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::View => "view",
            Level::Edit => "edit",
        }
    }

    /// Reads the stable text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.as_str() == text)
    }

    /// Japanese name.
    pub fn label_ja(self) -> &'static str {
        match self {
            Level::None => "なし",
            Level::View => "参照",
            Level::Edit => "更新",
        }
    }
}

/// What a group may do. The default is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Rights {
    /// Level per menu; missing = なし.
    pub menus: BTreeMap<Menu, Level>,
    /// Shops; `None` = all.
    pub shops: Option<Vec<ShopId>>,
    /// Names and addresses are shown.
    pub buyer_data: bool,
    /// Phone numbers and mail addresses are shown without asking; else they are masked, and each 「表示」 is logged.
    pub contact_data: bool,
    /// Held orders may be moved all the same (FRD-4).
    pub override_fraud_hold: bool,
    /// Files with buyer data may be taken out (CSV, labels).
    pub export: bool,
}

impl Rights {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self {
            menus: Menu::ALL.into_iter().map(|m| (m, Level::Edit)).collect(),
            shops: None,
            buyer_data: true,
            contact_data: true,
            override_fraud_hold: true,
            export: true,
        }
    }

    /// The level at a menu.
    #[must_use]
    pub fn level(&self, menu: Menu) -> Level {
        self.menus.get(&menu).copied().unwrap_or_default()
    }

    /// Whether so much is allowed at a menu.
    ///
    /// # Errors
    /// The words for the page that refuses.
    pub fn need(&self, menu: Menu, level: Level) -> Result<(), Reason> {
        if self.level(menu) >= level {
            return Ok(());
        }
        Err(reason::not_allowed(menu.label_ja(), level.label_ja(), menu.as_str(), level.as_str()))
    }

    /// The same rights without writing, for tokens that only read.
    #[must_use]
    pub fn read_only(&self) -> Self {
        let menus = self.menus.iter().map(|(menu, level)| (*menu, (*level).min(Level::View))).collect();
        Self { menus, override_fraud_hold: false, ..self.clone() }
    }
}

/// Groups a new installation starts with: name and rights. People change them.
#[must_use]
pub fn default_groups() -> Vec<(&'static str, Rights)> {
    let staff = |menus: &[(Menu, Level)], buyer_data| Rights {
        menus: menus.iter().copied().collect(),
        buyer_data,
        contact_data: buyer_data,
        ..Rights::default()
    };
    vec![
        ("管理者", Rights::all()),
        (
            "受注担当",
            Rights {
                export: true,
                ..staff(
                    &[
                        (Menu::Orders, Level::Edit),
                        (Menu::Import, Level::Edit),
                        (Menu::Shipping, Level::Edit),
                        (Menu::Notices, Level::Edit),
                        (Menu::Payment, Level::Edit),
                        (Menu::Shops, Level::View),
                        (Menu::Settings, Level::View),
                    ],
                    true,
                )
            },
        ),
        (
            "出荷担当",
            Rights {
                export: true,
                contact_data: false,
                ..staff(
                    &[
                        (Menu::Orders, Level::View),
                        (Menu::Shipping, Level::Edit),
                        (Menu::Notices, Level::View),
                    ],
                    true,
                )
            },
        ),
        (
            "閲覧のみ",
            staff(
                &[(Menu::Orders, Level::View), (Menu::Import, Level::View), (Menu::Notices, Level::View)],
                false,
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_that_was_not_given_desk7_i11() {
        let nothing = Rights::default();
        for menu in Menu::ALL {
            assert!(nothing.need(menu, Level::None).is_ok());
            assert_eq!(nothing.need(menu, Level::View).unwrap_err().code, "not_allowed");
            assert_eq!(nothing.need(menu, Level::Edit).unwrap_err().code, "not_allowed");
        }
        assert!(
            !nothing.buyer_data && !nothing.contact_data && !nothing.export && !nothing.override_fraud_hold
        );
    }

    #[test]
    fn viewing_is_no_editing_desk7_i11() {
        let rights = Rights { menus: [(Menu::Orders, Level::View)].into(), ..Rights::default() };
        assert!(rights.need(Menu::Orders, Level::View).is_ok());
        assert!(rights.need(Menu::Orders, Level::Edit).is_err());
        assert!(rights.need(Menu::Import, Level::View).is_err());
        assert!(Rights::all().need(Menu::Users, Level::Edit).is_ok());
    }

    #[test]
    fn a_token_that_only_reads_never_writes_or_overrides_desk7() {
        let read = Rights::all().read_only();
        for menu in Menu::ALL {
            assert_eq!(read.level(menu), Level::View);
        }
        assert!(!read.override_fraud_hold);
        assert_eq!(Rights::default().read_only(), Rights::default());
    }

    #[test]
    fn rights_survive_their_json_and_unknown_ones_are_refused() {
        for (_, rights) in default_groups() {
            let json = serde_json::to_value(&rights).unwrap();
            assert_eq!(serde_json::from_value::<Rights>(json).unwrap(), rights);
        }
        assert!(serde_json::from_str::<Rights>(r#"{"root":true}"#).is_err());
        assert_eq!(serde_json::from_str::<Rights>("{}").unwrap(), Rights::default());
    }

    #[test]
    fn the_first_group_may_do_everything_and_the_last_sees_no_buyer() {
        let groups = default_groups();
        assert_eq!(groups[0].1, Rights::all());
        assert!(!groups.last().unwrap().1.buyer_data);
    }
}
