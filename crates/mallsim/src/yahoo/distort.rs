//! Faults in XML answers, as fault rules ask for them: the same things the general part does to JSON.

use super::xml::{self, Node, Xml};
use crate::faults::{Action, Shape};
use crate::wire::Reply;

/// The repeated element an operation's answer carries.
fn list_of(operation: &str) -> &'static str {
    match operation {
        "orderList" => "OrderInfo",
        "orderInfo" => "Item",
        "orderChangeHistory" => "History",
        _ => "Warning",
    }
}

/// Spoils an XML answer; `false` when the action is not about documents or the answer is none.
pub(crate) fn distort(operation: &str, action: &Action, reply: &mut Reply) -> bool {
    if !matches!(action, Action::DropItem { .. } | Action::Retype { .. } | Action::UnknownCode { .. }) {
        return false;
    }
    let Ok(mut root) = xml::read(&reply.body) else { return false };
    let list = list_of(operation);
    match action {
        Action::DropItem { index } => {
            let count = count(&root, list);
            let at = if *index < 0 { count + index } else { *index };
            drop_nth(&mut root, list, &mut at.clone());
        }
        Action::Retype { field, to, index } => match index {
            None => retype(&mut root, field, *to),
            Some(n) => {
                if let Some(node) = nth(&mut root, list, &mut n.clone()) {
                    retype(node, field, *to);
                }
            }
        },
        Action::UnknownCode { index, code } => {
            if let Some(node) = nth(&mut root, "Code", &mut index.clone()) {
                node.text.clone_from(code);
            }
        }
        _ => {}
    }
    let mut out = Xml::with_capacity(reply.body.len());
    out.tree(&root);
    reply.body = out.finish().into();
    true
}

fn count(node: &Node, name: &str) -> i64 {
    node.children.iter().map(|c| if c.name == name { 1 } else { count(c, name) }).sum()
}

/// Removes the n-th element of that name in document order.
fn drop_nth(node: &mut Node, name: &str, left: &mut i64) {
    node.children.retain_mut(|child| {
        if child.name == name {
            *left -= 1;
            *left != -1
        } else {
            drop_nth(child, name, left);
            true
        }
    });
}

fn nth<'a>(node: &'a mut Node, name: &str, left: &mut usize) -> Option<&'a mut Node> {
    for child in &mut node.children {
        if child.name == name {
            if *left == 0 {
                return Some(child);
            }
            *left -= 1;
        } else if let Some(found) = nth(child, name, left) {
            return Some(found);
        }
    }
    None
}

fn retype(node: &mut Node, field: &str, to: Shape) {
    let children = std::mem::take(&mut node.children);
    for mut child in children {
        if child.name != field {
            retype(&mut child, field, to);
            node.children.push(child);
            continue;
        }
        match to {
            Shape::Missing => continue,
            Shape::Text => child.text = format!("{}です", child.text),
            Shape::Number => child.text = child.text.parse::<i64>().unwrap_or(0).to_string(),
            Shape::Null => (child.text, child.children) = (String::new(), Vec::new()),
            Shape::List => node.children.push(child.clone()),
            Shape::Object => {
                let text = std::mem::take(&mut child.text);
                child.children.push(Node { name: "Value".to_owned(), text, children: Vec::new() });
            }
        }
        node.children.push(child);
    }
}
