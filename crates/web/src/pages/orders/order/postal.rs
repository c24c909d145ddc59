//! 郵便番号 → 住所, from the table inside the program.

use crate::door::guard::Need;
use crate::door::{Route, get};
use axum::Json;
use axum::extract::Path;
use serde::Serialize;

/// The ways in.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![get("/desk/postal/{code}", Need::SignedIn, places)]
}

/// What a code stands for.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct PlaceShown {
    /// 都道府県.
    pub prefecture: String,
    /// 市区町村.
    pub city: String,
    /// 町域.
    pub town: String,
}

/// Places of a code; none for what is no code.
#[must_use]
pub fn of(code: &str) -> Vec<PlaceShown> {
    let places = japan::places(code);
    let shown = |p: &japan::Place| PlaceShown {
        prefecture: p.prefecture.to_string(),
        city: p.city.clone(),
        town: match &p.office {
            Some(office) => format!("{}{}", p.town, office.street),
            None => p.town.clone(),
        },
    };
    places.iter().map(shown).collect()
}

async fn places(Path(code): Path<String>) -> Json<Vec<PlaceShown>> {
    Json(of(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_gives_its_places_and_nonsense_gives_none() {
        let places = of("100-0001");
        assert_eq!(
            places.first().map(|p| (p.prefecture.as_str(), p.city.as_str())),
            Some(("東京都", "千代田区"))
        );
        for nonsense in ["", "1", "<script>", "999-9999", "１０００００１２"] {
            assert_eq!(of(nonsense), [], "{nonsense}");
        }
    }
}
