//! XML in and out: a small tree, a reader that takes no risks, a writer that puts text into CDATA as the mall does.
//! Knows no mall.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

/// Requests and answers above this are not read.
const MOST_BYTES: usize = 8 * 1024 * 1024;
const MOST_DEPTH: usize = 16;
const MOST_NODES: usize = 400_000;

/// One element. Attributes are not kept: no request of this mall has any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub name: String,
    /// All text of its own, blanks at both ends removed.
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    /// The last child of that name: the document has elements twice (10, trap 4).
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().rev().find(|c| c.name == name)
    }

    /// The element a path of names leads to.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.child(name))
    }

    /// The text there; `None` when the element is missing or empty.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).map(|n| n.text.as_str()).filter(|t| !t.is_empty())
    }
}

/// Reads one document. No DTD, no entities beyond the five and character references, bounded size and depth.
pub(crate) fn read(bytes: &[u8]) -> Result<Node, &'static str> {
    if bytes.len() > MOST_BYTES {
        return Err("too large");
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Node> = Vec::new();
    let mut root: Option<Node> = None;
    let mut count = 0_usize;
    loop {
        match reader.read_event().map_err(|_| "not well-formed")? {
            event @ (Event::Start(_) | Event::Empty(_)) => {
                let (Event::Start(tag) | Event::Empty(tag)) = &event else { continue };
                count += 1;
                if root.is_some() || open.len() >= MOST_DEPTH || count > MOST_NODES {
                    return Err("too deep, too long or more than one root");
                }
                open.push(Node { name: tag.name().0.to_owned(), ..Node::default() });
                if matches!(event, Event::Empty(_)) {
                    close(&mut open, &mut root);
                }
            }
            Event::End(_) => close(&mut open, &mut root),
            Event::Text(text) => put(&mut open, &text.xml10_content())?,
            Event::CData(text) => put(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let text = resolved(&reference).ok_or("unknown entity")?;
                put(&mut open, &text)?;
            }
            Event::DocType(_) => return Err("a document type is not taken"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    root.filter(|_| open.is_empty()).ok_or("no whole document")
}

fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Some(c.to_string()),
        Ok(None) => resolve_xml_entity(reference).map(str::to_owned),
        Err(_) => None,
    }
}

fn put(open: &mut [Node], text: &str) -> Result<(), &'static str> {
    match open.last_mut() {
        Some(node) => node.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("text outside the root"),
    }
    Ok(())
}

fn close(open: &mut Vec<Node>, root: &mut Option<Node>) {
    let Some(mut node) = open.pop() else { return };
    let trimmed = node.text.trim();
    if trimmed.len() != node.text.len() {
        node.text = trimmed.to_owned();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => *root = Some(node),
    }
}

/// Writes one document.
#[derive(Debug)]
pub(crate) struct Xml {
    out: String,
}

impl Xml {
    pub fn with_capacity(bytes: usize) -> Self {
        let mut out = String::with_capacity(bytes);
        out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n");
        Self { out }
    }

    pub fn finish(self) -> String {
        self.out
    }

    /// `<name …>inside</name>`; `attributes` begins with a blank or is empty.
    pub fn element(&mut self, name: &str, attributes: &str, inside: impl FnOnce(&mut Self)) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(attributes);
        self.out.push('>');
        inside(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    pub fn empty(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(" />");
    }

    /// `<name><![CDATA[text]]></name>`; an empty element for an empty text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.element(name, "", |x| x.cdata(text));
    }

    /// The same with line breaks around the CDATA, as some values come (10, trap 2).
    pub fn loose_text(&mut self, name: &str, text: &str) {
        self.element(name, "", |x| {
            x.out.push_str("\n    ");
            x.cdata(text);
            x.out.push_str("\n  ");
        });
    }

    /// `<name>value</name>` for what needs no escaping.
    pub fn plain(&mut self, name: &str, value: &str) {
        self.element(name, "", |x| x.out.push_str(value));
    }

    /// `<name>text</name>` with escapes instead of CDATA, as the mall writes its errors (1.4).
    pub fn escaped(&mut self, name: &str, text: &str) {
        let clean: String = text.chars().filter(|c| !c.is_control()).collect();
        let text = clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.plain(name, &text);
    }

    fn cdata(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.out.push_str("<![CDATA[");
        // the end mark inside a text is split over two sections; what XML cannot hold at all is left out
        let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        self.out.push_str(&clean.replace("]]>", "]]]]><![CDATA[>"));
        self.out.push_str("]]>");
    }

    pub fn tree(&mut self, node: &Node) {
        self.element(&node.name, "", |x| {
            x.cdata(&node.text);
            for child in &node.children {
                x.tree(child);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut xml = Xml::with_capacity(64);
        xml.element("A", " x=\"1\"", |x| {
            x.text("B", "1 < 2 & ]]> 髙﨑😀\u{1}");
            x.loose_text("B", "二");
            x.text("C", "");
            x.empty("D");
            x.plain("E", "7");
            x.escaped("F", "<&>\u{2}\"");
        });
        let node = read(xml.finish().as_bytes()).unwrap();
        let texts: Vec<&str> = node.children.iter().map(|c| c.text.as_str()).collect();
        assert_eq!(texts, ["1 < 2 & ]]> 髙﨑😀", "二", "", "", "7", "<&>\""]);
        assert_eq!(node.text_at(&["B"]), Some("二"), "the last one counts");
        assert_eq!(node.text_at(&["C"]), None);
        let mut again = Xml::with_capacity(64);
        again.tree(&node);
        assert_eq!(read(again.finish().as_bytes()).unwrap(), node);
    }

    #[test]
    fn entities_beyond_the_five_types_depth_and_broken_ends_are_refused() {
        let five = read("<A>&lt;&gt;&amp;&quot;&apos;&#x898B;</A>".as_bytes()).unwrap();
        assert_eq!(five.text, "<>&\"'見");
        let deep = format!("{}{}", "<A>".repeat(17), "</A>".repeat(17));
        for bad in [
            "",
            "text",
            "<A>",
            "<A></B>",
            "<A/><B/>",
            "<A>&mihon;</A>",
            "<A>&#x0;</A>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><A>&b;</A>",
            "<!DOCTYPE a><A/>",
            deep.as_str(),
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(read(b"<A>\xff</A>").is_err());
        assert!(read(&vec![b' '; MOST_BYTES + 1]).is_err());
    }
}
