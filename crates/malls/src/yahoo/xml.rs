//! XML in: a small tree over the events of `quick-xml`, made for answers of a few levels. No DTD and no entities of
//! its own, limits on depth and size, texts and CDATA put together and trimmed (yahoo.md 10.2). Knows no field name.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;

/// Deepest nesting. The deepest documented path has six levels.
const MAX_DEPTH: usize = 16;
/// Most elements: a page of 2,000 orders with every field stays below.
const MAX_ELEMENTS: usize = 400_000;

/// One element. Attributes are not kept: nothing that is read stands in one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node<'a> {
    /// Name without a prefix.
    pub(super) name: Cow<'a, str>,
    /// Its own text, trimmed.
    pub(super) text: Cow<'a, str>,
    /// Elements inside, in their order.
    pub(super) children: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    /// The last child of this name: where the mall sends an element twice, the last counts (10.4).
    pub(super) fn child(&self, name: &str) -> Option<&Node<'a>> {
        self.children.iter().rev().find(|c| c.name == name)
    }

    /// All children of this name (10.3: 0 to n).
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Node<'a>> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Text of a child; empty when it is not there.
    pub(super) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |c| &c.text)
    }
}

/// Reads a document.
///
/// # Errors
/// What is wrong with it, without a value of it.
pub(super) fn parse(bytes: &[u8]) -> Result<Node<'_>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "文字コードがUTF-8ではありません")?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).trim_start();
    if !text.starts_with('<') {
        return Err("XMLではありません");
    }
    let mut builder = Builder::default();
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|_| "XMLの形が崩れています")? {
            Event::Start(start) => builder.open(&start)?,
            Event::Empty(start) => {
                builder.open(&start)?;
                builder.close()?;
            }
            Event::End(_) => builder.close()?,
            Event::Text(text) => builder.text(text.into_inner()),
            Event::CData(data) => builder.text(data.into_inner()),
            Event::GeneralRef(reference) => {
                let known = if reference.is_char_ref() {
                    reference.resolve_char_ref().ok().flatten()
                } else {
                    match &*reference.into_inner() {
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "amp" => Some('&'),
                        "apos" => Some('\''),
                        "quot" => Some('"'),
                        _ => None,
                    }
                };
                let known = known.ok_or("XMLに未知の参照があります")?;
                builder.text(Cow::Owned(known.to_string()));
            }
            Event::DocType(_) => return Err("XMLにDTDがあります"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return builder.finish(),
        }
    }
}

#[derive(Default)]
struct Builder<'a> {
    open: Vec<Node<'a>>,
    root: Option<Node<'a>>,
    elements: usize,
}

impl<'a> Builder<'a> {
    fn open(&mut self, start: &BytesStart<'a>) -> Result<(), &'static str> {
        self.elements += 1;
        if self.open.len() >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err("XMLが深すぎるか大きすぎます");
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err("XMLの根が二つあります");
        }
        let name = Cow::Owned(start.local_name().as_ref().to_owned());
        self.open.push(Node { name, ..Node::default() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), &'static str> {
        let mut node = self.open.pop().ok_or("XMLの形が崩れています")?;
        trim(&mut node.text);
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn text(&mut self, piece: Cow<'a, str>) {
        let Some(node) = self.open.last_mut() else { return };
        if node.text.is_empty() {
            node.text = piece;
        } else {
            node.text.to_mut().push_str(&piece);
        }
    }

    fn finish(self) -> Result<Node<'a>, &'static str> {
        if !self.open.is_empty() {
            return Err("XMLが途中で終わっています");
        }
        self.root.ok_or("XMLが空です")
    }
}

fn trim(text: &mut Cow<'_, str>) {
    match text {
        Cow::Borrowed(borrowed) => *borrowed = borrowed.trim(),
        Cow::Owned(owned) => {
            let trimmed = owned.trim();
            if trimmed.len() != owned.len() {
                *owned = trimmed.to_owned();
            }
        }
    }
}

/// A text as it may stand in an element: markup escaped, control characters left out (10.7).
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
    out
}

/// `<name>text</name>`.
pub(super) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// `<name>` around finished elements.
pub(super) fn group(name: &str, inside: &[String]) -> String {
    format!("<{name}>{}</{name}>", inside.concat())
}
