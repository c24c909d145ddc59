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

/// The path of an item of a list that has keys: `lines[17]`.
pub fn item_path(list: &str, key: &str) -> FieldPath {
    format!("{list}[{}]", escape(key))
}

/// What stands at a path: a field's value, or a whole item of a list. `None`: nothing there, or no such path.
pub fn value_at(content: &Content, path: &str) -> Option<Value> {
    let mut value = serde_json::to_value(content).ok()?;
    for segment in parse_path(path).ok()? {
        value = match segment {
            Segment::Field(name) => value.get_mut(&name)?.take(),
            Segment::Item(key) => value.as_array()?.iter().find(|i| key_of(i) == Some(&key))?.clone(),
        };
    }
    Some(value)
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
mod tests;
