//! Exclusive XML canonicalization 1.0 without comments (W3C, 2002), of documents that [`super::xml`] lets through.

use roxmltree::{Node, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// The canonical form of `node`, of a document parsed from `source`, without the element `skip`. Prefixes of `inclusive`
/// (`#default` for none) are declared as in the inclusive form. Recurses as deep as the document is.
#[must_use]
pub fn exclusive(node: Node<'_, '_>, source: &str, skip: Option<NodeId>, inclusive: &[&str]) -> String {
    let mut out = String::new();
    let writer = Writer { source, skip, inclusive };
    writer.element(&mut out, node, &BTreeMap::new());
    out
}

struct Writer<'a> {
    source: &'a str,
    skip: Option<NodeId>,
    inclusive: &'a [&'a str],
}

/// The tree keeps names apart from the prefixes they were written with: these are read where the name stands.
fn prefix(name: &str) -> &str {
    let end = name.find(|character: char| character.is_whitespace() || matches!(character, '/' | '>' | '='));
    name[..end.unwrap_or(name.len())].split_once(':').map_or("", |(prefix, _)| prefix)
}

impl<'a> Writer<'a> {
    fn element<'d>(&'d self, out: &mut String, node: Node<'d, 'd>, before: &BTreeMap<&'d str, &'d str>) {
        let own = prefix(&self.source[node.range().start + 1..]);
        let mut attributes: Vec<(&str, &str, &str, &str)> = node
            .attributes()
            .map(|attribute| {
                let written = prefix(&self.source[attribute.range_qname()]);
                (attribute.namespace().unwrap_or(""), attribute.name(), written, attribute.value())
            })
            .collect();
        attributes.sort_unstable();
        let mut used: BTreeSet<&str> = BTreeSet::from([own]);
        used.extend(
            attributes.iter().map(|(_, _, written, _)| *written).filter(|written| !written.is_empty()),
        );
        used.extend(self.inclusive.iter().map(|name| if *name == "#default" { "" } else { *name }));
        used.remove("xml");

        let mut declared = before.clone();
        let qualified = |prefix: &str, name: &str| match prefix {
            "" => name.to_owned(),
            _ => format!("{prefix}:{name}"),
        };
        let name = qualified(own, node.tag_name().name());
        out.push('<');
        out.push_str(&name);
        for prefix in used {
            let found = node.lookup_namespace_uri((!prefix.is_empty()).then_some(prefix));
            // A listed prefix that is not declared here has nothing to write; no default is the empty one.
            let uri = match found {
                Some(uri) => uri,
                None if prefix.is_empty() => "",
                None => continue,
            };
            if declared.get(prefix).copied().unwrap_or("") != uri {
                declared.insert(prefix, uri);
                out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
                out.push_str(prefix);
                value(out, uri);
            }
        }
        for (_, name, written, said) in attributes {
            out.push(' ');
            out.push_str(&qualified(written, name));
            value(out, said);
        }
        out.push('>');
        for child in node.children().filter(|child| Some(child.id()) != self.skip) {
            if child.is_element() {
                self.element(out, child, &declared);
            } else if let Some(said) = child.text().filter(|_| child.is_text()) {
                text(out, said);
            }
        }
        out.push_str("</");
        out.push_str(&name);
        out.push('>');
    }
}

fn value(out: &mut String, value: &str) {
    out.push_str("=\"");
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn text(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roxmltree::Document;

    fn canonical(source: &str, name: &str, inclusive: &[&str]) -> String {
        let document = Document::parse(source).unwrap();
        let node = document.descendants().find(|node| node.tag_name().name() == name).unwrap();
        let skip = document.descendants().find(|node| node.tag_name().name() == "skip");
        exclusive(node, source, skip.map(|node| node.id()), inclusive)
    }

    /// The examples of the recommendation (2.2), and what canonical XML 1.0 (2.3, 3.4) says of characters.
    #[test]
    fn canonical_forms() {
        let enveloped = r#"<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org"><n1:elem2 xmlns:n1="http://example.net"
     xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2></n0:local>"#;
        let expected = r#"<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>"#;
        assert_eq!(canonical(enveloped, "elem2", &[]), expected);
        for (source, inclusive, expected) in [
            ("<x  b='1'   a = \"2\" ></x >", &[][..], r#"<x a="2" b="1"></x>"#),
            (
                "<x xmlns:b='urn:1' xmlns:a='urn:2' b:z='1' a:y='2' c='3'/>",
                &[],
                r#"<x xmlns:a="urn:2" xmlns:b="urn:1" c="3" b:z="1" a:y="2"></x>"#,
            ),
            ("<o xmlns:u='urn:u' xmlns='urn:d'><x/></o>", &[], r#"<x xmlns="urn:d"></x>"#),
            ("<o xmlns:u='urn:u' xmlns='urn:d'><x/></o>", &["u"], r#"<x xmlns="urn:d" xmlns:u="urn:u"></x>"#),
            ("<o xmlns='urn:d'><p:x xmlns:p='urn:p'/></o>", &[], r#"<p:x xmlns:p="urn:p"></p:x>"#),
            (
                "<o xmlns='urn:d'><p:x xmlns:p='urn:p'/></o>",
                &["#default", "none"],
                r#"<p:x xmlns="urn:d" xmlns:p="urn:p"></p:x>"#,
            ),
            (
                "<x xmlns='urn:d'><y xmlns=''><z xmlns='urn:d'/></y></x>",
                &[],
                r#"<x xmlns="urn:d"><y xmlns=""><z xmlns="urn:d"></z></y></x>"#,
            ),
            (
                "<x xmlns:a='urn:1'><a:y><a:z xmlns:a='urn:2'/><a:w/></a:y></x>",
                &[],
                r#"<x><a:y xmlns:a="urn:1"><a:z xmlns:a="urn:2"></a:z><a:w></a:w></a:y></x>"#,
            ),
            (
                "<x a='&#9;&#10;&#13;&quot;&apos;&lt;>&amp;\n.'>&#13;&amp;&lt;&gt;\"'\r\n</x>",
                &[],
                "<x a=\"&#x9;&#xA;&#xD;&quot;'&lt;>&amp; .\">&#xD;&amp;&lt;&gt;\"'\n</x>",
            ),
            ("<x>a<skip><y/></skip>b</x>", &[], "<x>ab</x>"),
            ("<x>é<!-- c -->ü</x>", &[], "<x>éü</x>"),
        ] {
            assert_eq!(canonical(source, "x", inclusive), expected, "{source}");
        }
    }
}
