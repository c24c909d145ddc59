//! What the browser loads: style sheets and scripts, compiled into the program under names that carry a hash of their content
//! (`build.rs` makes the table). A file under such a name never changes, so it may be cached for ever.
//!
//! It knows names, paths and bytes. How they are sent is the router's.

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The answer for a name that is not in the table. No file stands there, so a mistake shows as a 404 in the log.
const UNKNOWN: &str = "/assets/unknown-name";

/// One file for the browser.
#[derive(Debug)]
pub struct Asset {
    /// The name that templates use: `app.css`.
    pub name: &'static str,
    /// Where it is served: `/assets/app.1a2b3c4d.css`.
    pub path: &'static str,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The file itself, UTF-8 text.
    pub bytes: &'static [u8],
}

/// The address of a file for a page: `url("app.css")` is `/assets/app.1a2b3c4d.css`. A name that does not exist stops every
/// test that renders the page; a release build answers with an address that is not served.
pub fn url(name: &str) -> &'static str {
    let found = TABLE.iter().find(|asset| asset.name == name);
    debug_assert!(found.is_some(), "no asset is called {name:?}; the names stand in crates/web/build.rs");
    found.map_or(UNKNOWN, |asset| asset.path)
}

/// All of them, for measuring what a page weighs.
pub fn all() -> &'static [Asset] {
    TABLE
}

/// The file of a request path, with or without the leading `/assets/`.
pub fn find(path: &str) -> Option<&'static Asset> {
    let file = path.strip_prefix("/assets/").unwrap_or(path);
    TABLE.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Own CSS and scripts, in bytes.
    const OWN_LIMIT: usize = 64 * 1024;
    /// Everything, in bytes.
    const LIMIT: usize = 150 * 1024;

    fn text(asset: &Asset) -> &'static str {
        std::str::from_utf8(asset.bytes).expect("assets are UTF-8")
    }

    #[test]
    fn an_address_leads_back_to_its_file() {
        for asset in TABLE {
            assert_eq!(find(url(asset.name)).map(|found| found.name), Some(asset.name));
            assert!(!asset.bytes.is_empty(), "{} is empty", asset.name);
        }
        assert!(TABLE.len() >= 10, "the table lost files");
    }

    #[test]
    fn a_name_carries_eight_digits_of_hash() {
        for asset in TABLE {
            let (stem, ending) = asset.name.rsplit_once('.').expect("a name has an ending");
            let middle = asset
                .path
                .strip_prefix(&format!("/assets/{stem}."))
                .and_then(|rest| rest.strip_suffix(&format!(".{ending}")));
            let hash = middle.unwrap_or_else(|| panic!("{} is served as {}", asset.name, asset.path));
            assert_eq!(hash.len(), 8, "{}", asset.path);
            assert!(hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{}", asset.path);
        }
    }

    #[test]
    fn only_files_of_the_table_are_found() {
        for path in [
            "/assets/app.css",
            "app.css",
            "/assets/",
            "",
            "/assets/../Cargo.toml",
            "/assets//app.css",
            "/assets/unknown-name",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn scripts_import_hashed_names_that_exist() {
        let mut imports = 0;
        for asset in TABLE.iter().filter(|asset| asset.name.ends_with(".js")) {
            for line in
                text(asset).lines().filter(|line| line.starts_with("import ") && line.contains("\"./"))
            {
                let name = line
                    .split("\"./")
                    .nth(1)
                    .and_then(|rest| rest.split('"').next())
                    .expect("an import names a file");
                assert!(find(name).is_some(), "{}: {line}", asset.name);
                imports += 1;
            }
        }
        assert!(imports >= 8, "app.js imports the other scripts");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere_ux60() {
        for asset in TABLE.iter().filter(|asset| asset.name != "htmx.js") {
            for mark in ["//unpkg", "https://", "@import", "eval(", "new Function"] {
                assert!(!text(asset).contains(mark), "{} contains {mark}", asset.name);
            }
        }
    }

    #[test]
    fn the_whole_stays_small() {
        let packaged = ["htmx.js", "tokens.css"];
        let all: usize = TABLE.iter().map(|asset| asset.bytes.len()).sum();
        let own: usize =
            TABLE.iter().filter(|asset| !packaged.contains(&asset.name)).map(|asset| asset.bytes.len()).sum();
        assert!(own <= OWN_LIMIT, "own files are {own} bytes");
        assert!(all <= LIMIT, "all files are {all} bytes");
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "no asset is called \"nothing.css\"")]
    fn an_unknown_name_stops_a_test() {
        let _ = url("nothing.css");
    }
}
