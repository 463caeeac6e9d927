//! XML, strictly: what could be read in two ways, or is expensive to read, is refused before it is parsed.
//!
//! Without types, comments, instructions and marked sections an element's text is one piece (a comment inside a name would cut it in
//! two), entities are the five of XML, and `<` begins a tag wherever it stands, so tags, attributes and depth can be counted first.

use super::{Checked, Wrong};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::HashSet;

/// Elements inside each other.
const DEEPEST: usize = 32;
/// Elements of a document, whichever it is.
const MOST_ELEMENTS: usize = 20_000;
/// Declarations of namespaces that are in force at one place: each element may ask for all of them.
const MOST_DECLARATIONS: usize = 100;
/// Attributes of an element.
const MOST_ATTRIBUTES: usize = 64;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message: anybody may have made it.
    Message,
    /// Metadata, which an administrator gives: comments are passed over.
    Metadata,
}

impl Kind {
    /// Bytes of the text.
    const fn longest(self) -> usize {
        match self {
            Self::Message => 192 << 10,
            Self::Metadata => 1 << 20,
        }
    }

    /// Elements of the text.
    const fn most_elements(self) -> usize {
        match self {
            Self::Message => 2_000,
            Self::Metadata => MOST_ELEMENTS,
        }
    }
}

/// Parses a text that keeps to the limits.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, kind: Kind) -> Checked<Document<'_>> {
    scan(text, kind)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: 4 * MOST_ELEMENTS as u32,
        ..ParsingOptions::default()
    };
    let document =
        Document::parse_with_options(text, options).map_err(|_| Wrong::from("is not well-formed XML"))?;
    unique_ids(&document)?;
    Ok(document)
}

/// Counts before anything is built.
fn scan(text: &str, kind: Kind) -> Checked<()> {
    if text.len() > kind.longest() {
        return Err("is too long".into());
    }
    let (mut at, mut elements) = (0, 0);
    // For each element that is open: the declarations that are in force inside.
    let mut open: Vec<usize> = Vec::new();
    while let Some(found) = text[at..].find('<') {
        let tag = &text[at + found..];
        let length =
            if tag.starts_with("<?xml ") && text[..at + found].trim_start_matches('\u{feff}').is_empty() {
                tag.find("?>").ok_or("is not well-formed XML")? + 2
            } else if tag.starts_with("<!--") && kind == Kind::Metadata {
                tag.find("-->").ok_or("is not well-formed XML")? + 3
            } else if tag.starts_with("<!") || tag.starts_with("<?") {
                return Err(
                    "has a document type, a comment, an instruction or a marked section, which are not read"
                        .into(),
                );
            } else {
                let length = tag_length(tag)?;
                if tag.starts_with("</") {
                    open.pop();
                } else {
                    elements += 1;
                    if open.len() + 1 > DEEPEST || elements > kind.most_elements() {
                        return Err("is nested too deeply, or has too many elements".into());
                    }
                    let tag = &tag[..length];
                    let declared = open.last().copied().unwrap_or(0) + tag.matches("xmlns").count();
                    if declared > MOST_DECLARATIONS {
                        return Err("has too many declarations of namespaces".into());
                    }
                    if !tag.ends_with("/>") {
                        open.push(declared);
                    }
                }
                length
            };
        at += found + length;
    }
    Ok(())
}

fn tag_length(tag: &str) -> Checked<usize> {
    let (mut quote, mut attributes) = (None, 0);
    for (at, byte) in tag.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (_, b'<') => break,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') if attributes > MOST_ATTRIBUTES => {
                return Err("has an element with too many attributes".into());
            }
            (None, b'>') => return Ok(at + 1),
            (None, _) => {}
        }
    }
    Err("is not well-formed XML".into())
}

/// An id that occurs twice is how a signature is made to be about another element than the one that is read.
fn unique_ids(document: &Document<'_>) -> Checked<()> {
    let mut seen = HashSet::new();
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes() {
            if attribute.name().eq_ignore_ascii_case("id") && !seen.insert(attribute.value()) {
                return Err("uses an id twice".into());
            }
        }
    }
    Ok(())
}

/// Whether a node is this element.
#[must_use]
pub fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// The value of an attribute without a namespace, which is what SAML's and signatures' are. (The tree's own look-up by a bare name takes
/// an attribute of any namespace.)
#[must_use]
pub fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes()
        .find(|found| found.namespace().is_none() && found.name() == name)
        .map(|found| found.value())
}

/// The child elements of a name.
pub fn children<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| is(*child, namespace, name))
}

/// The child element of a name, of which there may be one.
///
/// # Errors
/// There are several.
pub fn at_most_one<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> Checked<Option<Node<'a, 'i>>> {
    let mut found = children(node, namespace, name);
    let first = found.next();
    if found.next().is_some() {
        return Err(format!("has more than one {name} at one place").into());
    }
    Ok(first)
}

/// The child element of a name, of which there has to be one.
///
/// # Errors
/// There is none, or there are several.
pub fn one<'a, 'i>(node: Node<'a, 'i>, namespace: &'static str, name: &'static str) -> Checked<Node<'a, 'i>> {
    at_most_one(node, namespace, name)?.ok_or_else(|| format!("has no {name}").into())
}

/// The whole text of an element that has no elements.
///
/// # Errors
/// It has elements.
pub fn text(node: Node<'_, '_>) -> Checked<String> {
    if node.children().any(|child| child.is_element()) {
        return Err(format!("has elements inside {}", node.tag_name().name()).into());
    }
    let whole: String = node.children().filter_map(|child| child.text()).collect();
    Ok(whole.trim().to_owned())
}

/// A text as the content of an element or of an attribute.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read() {
        let deep = |depth: usize| format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let wide = |count: usize| {
            format!("<a {}/>", (0..count).map(|at| format!("a{at}=\"1\" ")).collect::<String>())
        };
        for (text, fine) in [
            ("<?xml version=\"1.0\"?>\n<a b='x>\"y'>1 > 0</a>".to_owned(), true),
            ("\u{feff}<?xml version=\"1.0\"?><a/>".to_owned(), true),
            (deep(32), true),
            (deep(33), false),
            ("<a/>".repeat(30_000), false),
            (wide(64), true),
            (wide(65), false),
            ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>".to_owned(), false),
            ("<a>&x;</a>".to_owned(), false),
            ("<a>b<!-- c -->d</a>".to_owned(), false),
            ("<a><![CDATA[b]]></a>".to_owned(), false),
            ("<a><?b c?></a>".to_owned(), false),
            ("<?b c?><a/>".to_owned(), false),
            ("<a ID='1'><b ID='1'/></a>".to_owned(), false),
            ("<a ID='1'><b Id='1'/></a>".to_owned(), false),
            ("<a ID='1'><b xml:id='1'/></a>".to_owned(), false),
            ("<a ID='1'><b ID='2'/></a>".to_owned(), true),
            ("<a".to_owned(), false),
            ("<a b='".to_owned(), false),
            (String::new(), false),
            (format!("<a>{}</a>", "x".repeat(192 << 10)), false),
        ] {
            let shown: String = text.chars().take(60).collect();
            assert_eq!(parse(&text, Kind::Message).is_ok(), fine, "{shown}");
        }
        assert!(parse("<!-- <b> --><a/>", Kind::Metadata).is_ok());
    }
}
