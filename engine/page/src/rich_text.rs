//! Rich text: runs with marks, `{"rt":[{"t":"Bread, "},{"t":"daily","m":["em"]}]}`, never HTML.
//!
//! A run may carry `link`. Within a text, `\n` is a line break; in a text of blocks `\n\n` parts paragraphs. The same
//! text has a source form for plain form fields (`**bold**`, `*emphasis*`, `` `code` ``, `~~struck~~`, `[label](url)`,
//! `\` before a sign that stands for itself); [`to_source`] and [`from_source`] are each other's inverse.

use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// What may be marked, with its HTML element and its sign in the source form.
const MARKS: [(&str, &str, &str); 4] =
    [("b", "strong", "**"), ("em", "em", "*"), ("s", "s", "~~"), ("code", "code", "`")];

/// A piece of text in one style.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// The text.
    pub text: String,
    /// Marks in the order of [`mark_names`].
    pub marks: Vec<&'static str>,
    /// The raw link value.
    pub link: Option<Value>,
}

/// The marks, outermost first.
pub fn mark_names() -> impl Iterator<Item = &'static str> {
    MARKS.iter().map(|mark| mark.0)
}

/// The runs of a value; a plain string is one run. `None`: not rich text.
#[must_use]
pub fn runs(value: &Value) -> Option<Vec<Run>> {
    if let Value::String(text) = value {
        return Some(if text.is_empty() {
            Vec::new()
        } else {
            vec![Run { text: text.clone(), ..Run::default() }]
        });
    }
    let list = value.get("rt")?.as_array()?;
    list.iter()
        .map(|run| {
            let text = run.get("t")?.as_str()?.to_owned();
            let given: &[Value] = match run.get("m") {
                None => &[],
                Some(marks) => marks.as_array()?,
            };
            let given: Vec<&str> = given.iter().map(Value::as_str).collect::<Option<_>>()?;
            if given.iter().any(|name| !mark_names().any(|mark| mark == *name)) {
                return None;
            }
            let marks = mark_names().filter(|mark| given.contains(mark)).collect();
            Some(Run { text, marks, link: run.get("link").cloned() })
        })
        .collect()
}

/// The value of runs; equal neighbours become one.
#[must_use]
pub fn value(runs: &[Run]) -> Value {
    let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs.iter().filter(|run| !run.text.is_empty()) {
        match joined.last_mut() {
            Some(last) if last.marks == run.marks && last.link == run.link => last.text.push_str(&run.text),
            _ => joined.push(run.clone()),
        }
    }
    let list = joined.iter().map(|run| {
        let mut out = Map::new();
        out.insert("t".to_owned(), run.text.clone().into());
        if !run.marks.is_empty() {
            out.insert("m".to_owned(), run.marks.clone().into());
        }
        if let Some(link) = &run.link {
            out.insert("link".to_owned(), link.clone());
        }
        Value::Object(out)
    });
    json!({"rt": list.collect::<Vec<_>>()})
}

/// The text without marks.
#[must_use]
pub fn plain(value: &Value) -> String {
    runs(value).unwrap_or_default().into_iter().map(|run| run.text).collect()
}

/// HTML; `blocks`: paragraphs around it. `href` resolves a link value, `None` leaves the text unlinked.
pub fn html(runs: &[Run], blocks: bool, mut href: impl FnMut(&Value) -> Option<String>) -> String {
    let mut out = String::with_capacity(64);
    if !blocks {
        for run in runs {
            run_html(&mut out, &run.text, run, &mut href);
        }
        return out;
    }
    let mut open = false;
    for run in runs {
        for (index, part) in run.text.split("\n\n").enumerate() {
            if index > 0 && open {
                out.push_str("</p>");
                open = false;
            }
            let part = if open { part } else { part.trim_start_matches('\n') };
            if part.is_empty() {
                continue;
            }
            if !open {
                out.push_str("<p>");
                open = true;
            }
            run_html(&mut out, part, run, &mut href);
        }
    }
    if open {
        out.push_str("</p>");
    }
    out
}

fn run_html(out: &mut String, text: &str, run: &Run, href: &mut impl FnMut(&Value) -> Option<String>) {
    let target = run.link.as_ref().and_then(href);
    if let Some(target) = &target {
        out.push_str("<a href=\"");
        escape(out, target);
        out.push_str("\">");
    }
    let elements = || MARKS.iter().filter(|mark| run.marks.contains(&mark.0)).map(|mark| mark.1);
    for element in elements() {
        let _ = write!(out, "<{element}>");
    }
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push_str("<br>");
        }
        escape(out, line);
    }
    for element in elements().collect::<Vec<_>>().into_iter().rev() {
        let _ = write!(out, "</{element}>");
    }
    if target.is_some() {
        out.push_str("</a>");
    }
}

/// Appends text with the five characters of HTML escaped.
pub fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            _ => out.push(c),
        }
    }
}

/// The source form, for a plain text field.
#[must_use]
pub fn to_source(runs: &[Run]) -> String {
    let mut out = String::new();
    for run in runs {
        let link = run.link.as_ref().and_then(link_source);
        if link.is_some() {
            out.push('[');
        }
        let signs: Vec<&str> =
            MARKS.iter().filter(|mark| run.marks.contains(&mark.0)).map(|mark| mark.2).collect();
        signs.iter().for_each(|sign| out.push_str(sign));
        for c in run.text.chars() {
            if matches!(c, '\\' | '*' | '`' | '~' | '[' | ']') {
                out.push('\\');
            }
            out.push(c);
        }
        signs.iter().rev().for_each(|sign| out.push_str(sign));
        if let Some(link) = link {
            let _ = write!(out, "]({link})");
        }
    }
    out
}

fn link_source(link: &Value) -> Option<String> {
    let text = |key: &str| link.get(key).and_then(Value::as_str);
    text("page").or_else(|| text("url")).map(|target| target.replace('(', "%28").replace(')', "%29"))
}

/// Reads the source form. Signs without their partner stand for themselves.
#[must_use]
pub fn from_source(source: &str) -> Vec<Run> {
    let mut out = Vec::new();
    parse(source, &[], None, &mut out);
    runs(&value(&out)).unwrap_or_default()
}

/// Reads `source` in a style, appending runs.
fn parse(source: &str, marks: &[&'static str], link: Option<&Value>, out: &mut Vec<Run>) {
    let mut text = String::new();
    let mut rest = source;
    let flush = |text: &mut String, out: &mut Vec<Run>| {
        if !text.is_empty() {
            let ordered = mark_names().filter(|mark| marks.contains(mark)).collect();
            out.push(Run { text: std::mem::take(text), marks: ordered, link: link.cloned() });
        }
    };
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            let mut after = rest[1..].chars();
            if let Some(escaped) = after.next() {
                text.push(escaped);
                rest = after.as_str();
                continue;
            }
        }
        if let Some((inner, after, mark)) = marked(rest, marks) {
            flush(&mut text, out);
            let with: Vec<_> = marks.iter().copied().chain([mark]).collect();
            parse(inner, &with, link, out);
            rest = after;
            continue;
        }
        if c == '['
            && link.is_none()
            && let Some((label, target, after)) = linked(rest)
        {
            flush(&mut text, out);
            let key = if target.starts_with("pag_") { "page" } else { "url" };
            parse(label, marks, Some(&json!({key: target})), out);
            rest = after;
            continue;
        }
        text.push(c);
        rest = &rest[c.len_utf8()..];
    }
    flush(&mut text, out);
}

/// `**inner**after` → (inner, after, mark).
fn marked<'a>(source: &'a str, open: &[&'static str]) -> Option<(&'a str, &'a str, &'static str)> {
    MARKS.iter().filter(|mark| !open.contains(&mark.0)).find_map(|(name, _, sign)| {
        let inner = source.strip_prefix(sign)?;
        let end = unescaped(inner, sign).filter(|end| *end > 0)?;
        Some((&inner[..end], &inner[end + sign.len()..], *name))
    })
}

/// `[label](target)after`.
fn linked(source: &str) -> Option<(&str, &str, &str)> {
    let inner = source.strip_prefix('[')?;
    let end = unescaped(inner, "]").filter(|end| *end > 0)?;
    let target = inner[end + 1..].strip_prefix('(')?;
    let close = target.find(')').filter(|close| *close > 0)?;
    (!target[..close].contains(char::is_whitespace))
        .then(|| (&inner[..end], &target[..close], &target[close + 1..]))
}

/// The first place of `sign` that no backslash precedes. `*` does not match half of `**`: the inner mark comes first.
fn unescaped(source: &str, sign: &str) -> Option<usize> {
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if let Some(escaped) = rest.strip_prefix('\\') {
            at += 1 + escaped.chars().next().map_or(0, char::len_utf8);
        } else if sign == "*" && rest.starts_with("**") && !rest.starts_with("***") {
            at += 2;
        } else if rest.starts_with(sign) {
            // In `**a*b***` the last two belong to the outer mark.
            let extra = if sign == "**" && rest.starts_with("***") { 1 } else { 0 };
            return Some(at + extra);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(source: &str, expected: &str) {
        let html = html(&from_source(source), false, |link| {
            link.get("url").and_then(Value::as_str).map(str::to_owned)
        });
        assert_eq!(html, expected, "{source}");
    }

    #[test]
    fn source_becomes_html() {
        check("Bread, *daily*", "Bread, <em>daily</em>");
        check("**a** and *b*", "<strong>a</strong> and <em>b</em>");
        check("***both***", "<strong><em>both</em></strong>");
        check("2 * 3 ** 4", "2 * 3 ** 4");
        check(r"\*not\*", "*not*");
        check("a\nb", "a<br>b");
        check(
            "[Visit **us**](/visit)",
            r#"<a href="/visit">Visit </a><a href="/visit"><strong>us</strong></a>"#,
        );
        check("[no", "[no");
        check("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;");
        check("`x < y`", "<code>x &lt; y</code>");
    }

    #[test]
    fn blocks_are_paragraphs() {
        let html = |source: &str| super::html(&from_source(source), true, |_| None);
        assert_eq!(
            html("one\n\ntwo **b\n\nc**"),
            "<p>one</p><p>two <strong>b</strong></p><p><strong>c</strong></p>"
        );
        assert_eq!(html("\n\n\n\n"), "");
        assert_eq!(html("a\nb"), "<p>a<br>b</p>");
    }

    fn any_runs() -> impl Strategy<Value = Vec<Run>> {
        let marks = proptest::sample::subsequence(vec!["b", "em", "s", "code"], 0..=1);
        let link = proptest::option::of(Just(json!({"url": "https://a.example/x"})));
        let run = ("[a-z*~`\\[\\]()\\\\é \n]{1,8}", marks, link).prop_map(|(text, marks, link)| Run {
            text,
            marks,
            link,
        });
        proptest::collection::vec(run, 0..6)
    }

    proptest! {
        #[test]
        fn runs_survive_the_text_field(given in any_runs()) {
            // Neighbouring runs with touching signs (`*a**b*`) have no unambiguous source; a blank parts them here.
            let parted: Vec<Run> = given.into_iter().flat_map(|run| [run, Run { text: " ".into(), ..Run::default() }]).collect();
            let runs = runs(&value(&parted)).unwrap();
            prop_assert_eq!(from_source(&to_source(&runs)), runs);
        }

        #[test]
        fn reading_never_panics_and_html_is_escaped(source in "[a-c*~`\\[\\]()\\\\<>&\" é\n]{0,40}") {
            let runs = from_source(&source);
            let html = html(&runs, true, |_| None);
            for (_, element, _) in MARKS {
                prop_assert_eq!(html.matches(&format!("<{element}>")).count(), html.matches(&format!("</{element}>")).count());
            }
            let text: String = runs.iter().map(|run| run.text.as_str()).collect();
            prop_assert!(!html.contains("<a") && (!text.contains('<') || html.contains("&lt;")));
        }
    }
}
