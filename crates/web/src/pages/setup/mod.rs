//! 初期設定: the first administrator comes in by a link of the console (F70); then a few steps that can be left, skipped and
//! gone on with.
//!
//! `first` is the link, `steps` the wizard. Nothing here shows what is stored: once somebody is there, the link is over.

mod first;
mod steps;

use crate::desk::Desk;
use crate::door::Route;
use crate::refusal::Refusal;
use crate::words::Lang;
use store::settings;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    [first::routes(), steps::routes()].into_iter().flatten().collect()
}

/// Key of the setting that says where the wizard stands.
const STEP: &str = "setup_step";
/// All is done, or nobody wants it.
const DONE: &str = "done";

/// A step of the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// 会社と営業日.
    Company,
    /// 店舗を接続.
    Shop,
    /// フェーズの確認.
    Phases,
    /// 取込を開始.
    Import,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Step; 4] = [Step::Company, Step::Shop, Step::Phases, Step::Import];

    /// Stable text, in URLs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Company => "company",
            Step::Shop => "shop",
            Step::Phases => "phases",
            Step::Import => "import",
        }
    }

    /// Reads the stable text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().skip_while(|s| *s != self).nth(1)
    }

    /// Words.
    #[must_use]
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Step::Company => lang.t("会社と営業日", "Company and days"),
            Step::Shop => lang.t("店舗を接続", "Connect a shop"),
            Step::Phases => lang.t("フェーズの確認", "Phases"),
            Step::Import => lang.t("取込を開始", "Start importing"),
        }
    }
}

/// Where the wizard stands; `None`: it is done, or was never begun.
///
/// # Errors
/// As the database says.
pub async fn unfinished(desk: &Desk) -> Result<Option<Step>, Refusal> {
    Ok(settings::get(desk.ledger().db(), STEP).await?.as_deref().and_then(Step::parse))
}

async fn stand_at(desk: &Desk, step: Option<Step>) -> Result<(), Refusal> {
    let mut tx = desk.ledger().db().begin().await?;
    settings::put(&mut tx, STEP, step.map_or(DONE, Step::as_str)).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::Step;

    #[test]
    fn steps_follow_each_other_to_the_end() {
        let mut way = vec![Step::Company];
        while let Some(next) = way.last().and_then(|s| s.next()) {
            way.push(next);
        }
        assert_eq!(way, Step::ALL);
        for step in Step::ALL {
            assert_eq!(Step::parse(step.as_str()), Some(step));
        }
        assert_eq!(Step::parse("done"), None);
    }
}
