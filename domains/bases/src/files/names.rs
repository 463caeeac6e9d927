//! Lists of names in one text: separated by commas; a name that has a comma, a line break, quotes in front or spaces
//! around it stands in quotes, as in a row of CSV.

/// The names as one text.
pub(crate) fn join(names: &[String]) -> String {
    let mut out = String::new();
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        let plain = !name.is_empty()
            && !name.contains([',', '\n', '\r'])
            && !name.starts_with('"')
            && name.trim() == name.as_str();
        if plain {
            out.push_str(name);
        } else {
            out.push('"');
            out.push_str(&name.replace('"', "\"\""));
            out.push('"');
        }
    }
    out
}

/// The names of a text. Separators: commas and line breaks, or the one that is given.
pub(crate) fn split(text: &str, separator: Option<&str>) -> Vec<String> {
    let ends = |rest: &str| match separator {
        Some(separator) => rest.starts_with(separator).then_some(separator.len()),
        None => rest.starts_with([',', '\n']).then_some(1),
    };
    let mut names = Vec::new();
    let mut rest = text;
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        if let Some((name, after)) = rest.strip_prefix('"').and_then(quoted)
            && (after.trim_start().is_empty() || ends(after.trim_start()).is_some())
        {
            names.push(name);
            let after = after.trim_start();
            rest = &after[ends(after).unwrap_or(0)..];
            continue;
        }
        let at = rest.char_indices().find_map(|(at, _)| Some((at, ends(&rest[at..])?)));
        let (name, next) = at.map_or((rest, ""), |(at, length)| (&rest[..at], &rest[at + length..]));
        if !name.trim().is_empty() {
            names.push(name.trim().to_owned());
        }
        rest = next;
    }
    names
}

/// A name up to its closing quote, and what comes after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_of_people_and_of_ours() {
        for (text, expected) in [
            ("a, b", &["a", "b"][..]),
            ("\"Paris, Texas\", b", &["Paris, Texas", "b"]),
            ("a\nb,,", &["a", "b"]),
            ("12\" pipe, b", &["12\" pipe", "b"]),
            ("\"open, b", &["\"open", "b"]),
            ("", &[]),
        ] {
            assert_eq!(split(text, None), expected, "{text}");
        }
        assert_eq!(split("a, b; c", Some(";")), ["a, b", "c"]);
    }

    proptest! {
        #[test]
        fn what_was_joined_reads_back(names in proptest::collection::vec("[ab\", \\n]{1,5}", 0..4)) {
            prop_assert_eq!(split(&join(&names), None), names);
        }
    }
}
