//! The three-way reconcile: what the mall said then (base), what it says now (theirs), what staff changed (edits).
//!
//! An order's content is the base snapshot with staff's edits laid over it. A field changed on one side only is
//! taken from that side; a field changed on both sides to different values is a conflict: ours stays, both are
//! shown, a person decides. A field the mall does not mention (`NotGiven`) never overwrites.

use crate::snapshot::Content;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Path of one field: `buyer.family_name`, `lines[17].quantity`. Items of lists are named by their mall key.
pub type FieldPath = String;

/// One field as staff want it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Which field.
    pub path: FieldPath,
    /// Its value here; `null` empties a field or removes a list item.
    pub value: Value,
    /// The mall's differing new value, while a person has not decided yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Value>,
}

/// Why an edit cannot be laid over a content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The path is not a path.
    #[error("{0} is not a field path")]
    BadPath(String),
    /// The value does not fit the field.
    #[error("field {path}: {problem}")]
    BadValue {
        /// Which field.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Field(String),
    Item(String),
}

fn parse_path(path: &str) -> Result<Vec<Segment>, EditError> {
    let bad = || EditError::BadPath(path.chars().take(100).collect());
    let mut segments = Vec::new();
    let mut rest = path;
    loop {
        if let Some(inner) = rest.strip_prefix('[') {
            let (key, after) = inner.split_once(']').ok_or_else(bad)?;
            segments.push(Segment::Item(unescape(key)));
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return Err(bad());
            }
            segments.push(Segment::Field(name.to_owned()));
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some("") => return Err(bad()),
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(segments),
            None if rest.starts_with('[') => {}
            None => return Err(bad()),
        }
    }
}

fn escape(key: &str) -> String {
    key.replace('%', "%25").replace('[', "%5B").replace(']', "%5D").replace('.', "%2E")
}

fn unescape(key: &str) -> String {
    key.replace("%2E", ".").replace("%5D", "]").replace("%5B", "[").replace("%25", "%")
}

fn key_of(item: &Value) -> Option<&str> {
    item.get("key")?.as_str()
}

/// Objects that are one value to a person: money and coded values.
fn is_leaf_object(object: &serde_json::Map<String, Value>) -> bool {
    object.contains_key("decided") || (object.contains_key("code") && !object.contains_key("key"))
}

fn flatten_into(path: &str, value: &Value, out: &mut BTreeMap<FieldPath, Value>) {
    match value {
        Value::Object(object) if !is_leaf_object(object) => {
            for (name, inner) in object {
                let inner_path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten_into(&inner_path, inner, out);
            }
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(|i| key_of(i).is_some()) => {
            for item in items {
                let key = escape(key_of(item).unwrap_or_default());
                flatten_into(&format!("{path}[{key}]"), item, out);
            }
        }
        // An empty keyed list has no fields; saying `[]` would look like a change when the first item comes.
        Value::Array(items) if items.is_empty() => {}
        leaf => {
            out.insert(path.to_owned(), leaf.clone());
        }
    }
}

/// All fields of a content by path.
pub fn fields(content: &Content) -> BTreeMap<FieldPath, Value> {
    let mut out = BTreeMap::new();
    // Serialising plain data into a Value cannot fail; an empty map would only hide fields from a comparison.
    if let Ok(value) = serde_json::to_value(content) {
        flatten_into("", &value, &mut out);
    }
    out
}

fn set(root: &mut Value, segments: &[Segment], value: &Value) -> bool {
    let Some((first, rest)) = segments.split_first() else {
        *root = value.clone();
        return true;
    };
    match first {
        Segment::Field(name) => {
            if root.is_null() {
                *root = Value::Object(serde_json::Map::new());
            }
            let Some(object) = root.as_object_mut() else { return false };
            set(object.entry(name.clone()).or_insert(Value::Null), rest, value)
        }
        Segment::Item(key) => {
            if root.is_null() {
                *root = Value::Array(Vec::new());
            }
            let Some(items) = root.as_array_mut() else { return false };
            let place = items.iter().position(|i| key_of(i) == Some(key));
            if rest.is_empty() && value.is_null() {
                if let Some(place) = place {
                    items.remove(place);
                }
                return true;
            }
            let item = match place.and_then(|p| items.get_mut(p)) {
                Some(item) => item,
                None => {
                    items.push(serde_json::json!({ "key": key }));
                    let Some(item) = items.last_mut() else { return false };
                    item
                }
            };
            set(item, rest, value)
        }
    }
}

fn lay_one(value: &mut Value, path: &str, new: &Value) -> Result<(), EditError> {
    let segments = parse_path(path)?;
    if set(value, &segments, new) {
        Ok(())
    } else {
        Err(EditError::BadValue { path: path.to_owned(), problem: "no such field".to_owned() })
    }
}

fn to_content(value: Value, path: &str) -> Result<Content, EditError> {
    serde_json::from_value(value)
        .map_err(|e| EditError::BadValue { path: path.to_owned(), problem: e.to_string() })
}

fn to_value(content: &Content) -> Result<Value, EditError> {
    serde_json::to_value(content)
        .map_err(|e| EditError::BadValue { path: String::new(), problem: e.to_string() })
}

/// The content staff work with: the base with the edits laid over it.
///
/// # Errors
/// The first edit whose path or value does not fit.
pub fn lay_over(base: &Content, edits: &[Edit]) -> Result<Content, EditError> {
    if edits.is_empty() {
        return Ok(base.clone());
    }
    let mut value = to_value(base)?;
    for edit in edits {
        lay_one(&mut value, &edit.path, &edit.value)?;
    }
    to_content(value, edits.last().map_or("", |e| e.path.as_str()))
}

/// Adds one edit to a list and checks that it fits. An edit back to the base's own value is no edit any more.
///
/// # Errors
/// When the path or the value does not fit the content.
pub fn add_edit(base: &Content, edits: &[Edit], path: &str, value: Value) -> Result<Vec<Edit>, EditError> {
    let mut next: Vec<Edit> = edits.iter().filter(|e| e.path != path).cloned().collect();
    let known = fields(base);
    if known.get(path) != Some(&value) {
        next.push(Edit { path: path.to_owned(), value, conflict: None });
    }
    let laid = lay_over(base, &next)?;
    // A path nobody reads would vanish without a word.
    if let Some(edit) = next.iter().find(|e| e.path == path)
        && !edit.value.is_null()
        && !fields(&laid).keys().any(|k| k == path || k.starts_with(&format!("{path}.")))
    {
        return Err(EditError::BadPath(path.to_owned()));
    }
    Ok(next)
}

/// What a mall changed between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MallDiff {
    /// Fields that had no value before (not given, or an undecided amount) and have one now.
    pub filled: Vec<FieldPath>,
    /// Fields whose value became another, or list items that came or went.
    pub changed: Vec<FieldPath>,
}

impl MallDiff {
    /// Nothing differs.
    pub fn is_empty(&self) -> bool {
        self.filled.is_empty() && self.changed.is_empty()
    }
}

fn item_prefix(path: &str) -> Option<&str> {
    path.rfind(']').and_then(|end| path.get(..=end))
}

fn was_open(value: Option<&Value>) -> bool {
    match value {
        None => true,
        Some(Value::String(text)) => text == "undecided",
        Some(_) => false,
    }
}

/// Compares two snapshots of the mall. Fields `theirs` does not mention are no change.
pub fn mall_diff(base: &Content, theirs: &Content) -> MallDiff {
    let (old, new) = (fields(base), fields(theirs));
    let mut diff = MallDiff::default();
    let old_items: BTreeSet<&str> = old.keys().filter_map(|p| item_prefix(p)).collect();
    for (path, value) in &new {
        let before = old.get(path);
        if before == Some(value) {
            continue;
        }
        let new_item = item_prefix(path).is_some_and(|item| !old_items.contains(item));
        if !new_item && was_open(before) {
            diff.filled.push(path.clone());
        } else if !new_item {
            diff.changed.push(path.clone());
        } else if path.ends_with("].key") {
            diff.changed.push(item_prefix(path).unwrap_or(path).to_owned());
        }
    }
    for path in old.keys().filter(|p| p.ends_with("].key") && !new.contains_key(*p)) {
        diff.changed.push(item_prefix(path).unwrap_or(path).to_owned());
    }
    diff
}

/// `theirs`, with the fields it does not mention carried over from `base`.
fn carried_over(base: &Content, theirs: &Content) -> Result<Content, EditError> {
    let (old, new) = (fields(base), fields(theirs));
    let mut value = to_value(theirs)?;
    let mut carried = false;
    for (path, kept) in &old {
        let item_is_gone = item_prefix(path).is_some_and(|item| !new.contains_key(&format!("{item}.key")));
        if new.contains_key(path) || item_is_gone || kept.is_array() {
            continue;
        }
        lay_one(&mut value, path, kept)?;
        carried = true;
    }
    if carried { to_content(value, "") } else { Ok(theirs.clone()) }
}

/// `base`, with the fields it does not mention taken from `more` (a file that completes what an API gave). Items of
/// lists that only `more` has are not taken: another door may name them otherwise.
///
/// # Errors
/// When a field does not fit.
pub fn filled(base: &Content, more: &Content) -> Result<Content, EditError> {
    carried_over(more, base)
}

/// Result of taking the mall's present copy over.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The new base.
    pub base: Content,
    /// Edits that stay.
    pub edits: Vec<Edit>,
    /// Fields taken from the mall.
    pub taken: Vec<FieldPath>,
    /// Fields where staff's value stays and the mall did not change anything.
    pub kept: Vec<FieldPath>,
    /// Fields changed on both sides to different values: ours stays until a person decides.
    pub conflicts: Vec<FieldPath>,
}

/// Takes the mall's present copy as the new base and keeps staff's edits (IMP-3, IMP-9 注文再取込).
///
/// # Errors
/// When an edit no longer fits the mall's copy.
pub fn merge(base: &Content, edits: &[Edit], theirs: &Content) -> Result<Merged, EditError> {
    let new_base = carried_over(base, theirs)?;
    let (old, new) = (fields(base), fields(&new_base));
    let mut merged = Merged {
        base: new_base,
        edits: Vec::new(),
        taken: Vec::new(),
        kept: Vec::new(),
        conflicts: Vec::new(),
    };
    for edit in edits {
        // An edit of a line that the mall removed has nothing left to lie on.
        let item_gone = item_prefix(&edit.path).is_some_and(|item| {
            old.contains_key(&format!("{item}.key")) && !new.contains_key(&format!("{item}.key"))
        });
        let (before, now) = (old.get(&edit.path), new.get(&edit.path));
        if now == Some(&edit.value) || (edit.value.is_null() && now.is_none() && !item_gone) {
            continue;
        }
        if item_gone {
            merged.conflicts.push(edit.path.clone());
            continue;
        }
        if before == now {
            merged.kept.push(edit.path.clone());
            merged.edits.push(edit.clone());
        } else {
            merged.conflicts.push(edit.path.clone());
            merged.edits.push(Edit { conflict: Some(now.cloned().unwrap_or(Value::Null)), ..edit.clone() });
        }
    }
    let edited: BTreeSet<&str> = edits.iter().map(|e| e.path.as_str()).collect();
    let diff = mall_diff(base, &merged.base);
    merged.taken =
        diff.filled.into_iter().chain(diff.changed).filter(|p| !edited.contains(p.as_str())).collect();
    lay_over(&merged.base, &merged.edits)?;
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;
    use crate::money::Amount;
    use crate::snapshot::{Line, Recipient};
    use proptest::prelude::*;
    use serde_json::json;

    fn content() -> Content {
        let mut content = Content {
            recipients: vec![Recipient { key: "10".into(), ..Recipient::default() }],
            lines: vec![Line {
                key: "1".into(),
                recipient_key: "10".into(),
                quantity: 2,
                title: "湯のみ".to_owned().into(),
                ..Line::default()
            }],
            ..Content::default()
        };
        content.buyer.city = "架空区".to_owned().into();
        content.amounts.postage = Amount::Undecided.into();
        content
    }

    fn edit(path: &str, value: Value) -> Edit {
        Edit { path: path.into(), value, conflict: None }
    }

    #[test]
    fn an_edit_lies_over_the_base_and_back_to_the_base_is_no_edit_imp3() {
        let base = content();
        let edits = add_edit(&base, &[], "buyer.city", json!("見本区")).unwrap();
        assert_eq!(lay_over(&base, &edits).unwrap().buyer.city.text(), "見本区");
        assert_eq!(add_edit(&base, &edits, "buyer.city", json!("架空区")).unwrap(), []);
        let edits = add_edit(&base, &edits, "lines[1].quantity", json!(3)).unwrap();
        assert_eq!(lay_over(&base, &edits).unwrap().lines[0].quantity, 3);
    }

    #[test]
    fn bad_edits_name_the_field_and_change_nothing() {
        let base = content();
        for (path, value) in [
            ("", json!(1)),
            ("buyer..city", json!("x")),
            ("buyer.", json!("x")),
            ("lines[1", json!(1)),
            ("buyer.no_such_field", json!("x")),
            ("lines[1].quantity", json!("many")),
            ("buyer.city.deep", json!("x")),
        ] {
            let error = add_edit(&base, &[], path, value).unwrap_err();
            assert!(error.to_string().contains(path), "{error}");
        }
    }

    #[test]
    fn a_field_changed_only_at_the_mall_is_taken_only_here_is_kept_imp3_f19() {
        let base = content();
        let edits = add_edit(&base, &[], "buyer.city", json!("見本区")).unwrap();
        let mut theirs = content();
        theirs.lines[0].quantity = 5;
        let merged = merge(&base, &edits, &theirs).unwrap();
        assert_eq!(merged.taken, ["lines[1].quantity"]);
        assert_eq!(merged.kept, ["buyer.city"]);
        assert!(merged.conflicts.is_empty());
        let laid = lay_over(&merged.base, &merged.edits).unwrap();
        assert_eq!((laid.lines[0].quantity, laid.buyer.city.text()), (5, "見本区"));
    }

    #[test]
    fn a_field_changed_on_both_sides_is_shown_and_ours_stays_i5() {
        let base = content();
        let edits = add_edit(&base, &[], "buyer.city", json!("見本区")).unwrap();
        let mut theirs = content();
        theirs.buyer.city = "別区".to_owned().into();
        let merged = merge(&base, &edits, &theirs).unwrap();
        assert_eq!(merged.conflicts, ["buyer.city"]);
        assert_eq!(merged.edits[0].conflict, Some(json!("別区")));
        assert_eq!(lay_over(&merged.base, &merged.edits).unwrap().buyer.city.text(), "見本区");
        // Both sides came to the same value: the edit is done.
        theirs.buyer.city = "見本区".to_owned().into();
        let agreed = merge(&base, &edits, &theirs).unwrap();
        assert!(agreed.edits.is_empty() && agreed.conflicts.is_empty());
    }

    #[test]
    fn what_the_mall_does_not_mention_never_overwrites_but_cleared_does() {
        let base = content();
        let mut silent = content();
        silent.buyer.city = Given::NotGiven;
        assert!(mall_diff(&base, &silent).is_empty());
        assert_eq!(merge(&base, &[], &silent).unwrap().base.buyer.city.text(), "架空区");
        let mut cleared = content();
        cleared.buyer.city = Given::Cleared;
        assert_eq!(mall_diff(&base, &cleared).changed, ["buyer.city"]);
        assert_eq!(merge(&base, &[], &cleared).unwrap().base.buyer.city, Given::Cleared);
    }

    #[test]
    fn undecided_amounts_that_become_known_are_filled_not_changed() {
        let mut theirs = content();
        theirs.amounts.postage = Amount::yen(880).into();
        theirs.buyer.phone = "000-0000-0000".to_owned().into();
        let diff = mall_diff(&content(), &theirs);
        assert_eq!(diff.filled, ["amounts.postage", "buyer.phone"]);
        assert!(diff.changed.is_empty());
        assert_eq!(mall_diff(&theirs, &content()).changed, ["amounts.postage"]);
    }

    #[test]
    fn lines_that_come_or_go_are_one_change_each() {
        let mut theirs = content();
        theirs.lines.push(Line { key: "2".into(), quantity: 1, ..Line::default() });
        assert_eq!(mall_diff(&content(), &theirs).changed, ["lines[2]"]);
        assert_eq!(mall_diff(&theirs, &content()).changed, ["lines[2]"]);
        let edits = [edit("lines[2].quantity", json!(9))];
        let merged = merge(&theirs, &edits, &content()).unwrap();
        assert_eq!(merged.conflicts, ["lines[2].quantity"]);
        assert_eq!(lay_over(&merged.base, &merged.edits).unwrap().lines.len(), 1);
    }

    #[test]
    fn odd_keys_survive_their_path() {
        let mut base = content();
        base.lines[0].key = "a.b[c]%d".into();
        let path = fields(&base).into_keys().find(|p| p.ends_with(".quantity")).unwrap();
        let edits = add_edit(&base, &[], &path, json!(7)).unwrap();
        let laid = lay_over(&base, &edits).unwrap();
        assert_eq!((laid.lines.len(), laid.lines[0].quantity), (1, 7));
    }

    proptest! {
        #[test]
        fn merging_twice_changes_nothing_more_i2(ours in "[a-c]?", theirs_city in "[a-c]?", base_city in "[a-c]?") {
            let with = |city: &str| {
                let mut c = content();
                c.buyer.city = city.to_owned().into();
                c
            };
            let base = with(&base_city);
            let edits = add_edit(&base, &[], "buyer.city", json!(ours)).unwrap();
            let once = merge(&base, &edits, &with(&theirs_city)).unwrap();
            let twice = merge(&once.base, &once.edits, &with(&theirs_city)).unwrap();
            prop_assert_eq!(&once.base, &twice.base);
            let laid = |m: &Merged| lay_over(&m.base, &m.edits).unwrap().buyer.city.text().to_owned();
            prop_assert_eq!(laid(&once), laid(&twice));
            // Staff's value is never lost without a word.
            if ours != base_city {
                prop_assert_eq!(laid(&once), ours);
            }
        }

        #[test]
        fn no_path_makes_an_edit_panic(path in ".{0,40}", value in "[a-z]{0,3}") {
            let _ = add_edit(&content(), &[], &path, json!(value));
        }
    }
}
