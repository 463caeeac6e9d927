//! Files in cells: what a cell remembers of each, so that names, sizes and types are there without a look elsewhere. The bytes
//! are somebody else's.
//!
//! A file is one text, `id|size|type|WIDTHxHEIGHT|name`, with an empty size in pixels for what is no picture. Renaming a file
//! makes another text with the same id. Invariant: a cell holds only texts that [`FileFacts::parse`] reads.

use crate::coerce::Refusal;
use crate::command::CellCode;
use crate::json::{write_string, write_unsigned};
use crate::schema::FieldKind;
use serde_json::Value;

/// Files in one cell, at most.
pub const MAX_FILES: usize = 100;
/// Characters of a file's name, at most.
pub const MAX_FILE_NAME: usize = 200;
/// The one type of a signature.
pub const SIGNATURE_TYPE: &str = "image/png";

/// What a cell knows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts<'a> {
    /// `att_…`.
    pub id: &'a str,
    /// Bytes.
    pub size: u64,
    /// Media type, found from the content.
    pub media_type: &'a str,
    /// Width and height in pixels, of a picture that can be shown.
    pub pixels: Option<(u32, u32)>,
    /// As it is shown; not empty, without control characters.
    pub name: &'a str,
}

/// Gives the addresses of files. They are good for a while, and only for who is shown the cell.
pub trait FileUrls: Send + Sync {
    /// Appends members after the facts of a file: `,"url":"…"`, and `,"thumbnails":{…}` of a picture.
    fn write(&self, file: &FileFacts<'_>, out: &mut Vec<u8>);
    /// The address alone.
    fn url(&self, file: &FileFacts<'_>) -> String;
}

impl<'a> FileFacts<'a> {
    /// The facts in a text of a cell.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(5, '|');
        let (id, size, media_type) = (parts.next()?, parts.next()?, parts.next()?);
        let (pixels, name) = (parts.next()?, parts.next()?);
        let is_id = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_type = |text: &str| {
            text.len() <= 120
                && text.contains('/')
                && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
        };
        let pixels = match pixels {
            "" => None,
            text => {
                let (width, height) = text.split_once('x')?;
                Some((width.parse().ok().filter(|n| *n > 0)?, height.parse().ok().filter(|n| *n > 0)?))
            }
        };
        let good = id.len() <= 40
            && id.strip_prefix("att_").is_some_and(is_id)
            && is_type(media_type)
            && !name.is_empty()
            && name.chars().count() <= MAX_FILE_NAME
            && !name.chars().any(char::is_control);
        good.then_some(Self { id, size: size.parse().ok()?, media_type, pixels, name })
    }

    /// The text for a cell.
    #[must_use]
    pub fn text(&self) -> String {
        let pixels = self.pixels.map(|(width, height)| format!("{width}x{height}")).unwrap_or_default();
        format!("{}|{}|{}|{pixels}|{}", self.id, self.size, self.media_type, self.name)
    }

    /// Whether the type is one of the kind: `image`, `video`, `audio`, `text`, `pdf`, a media type, or the end of the name
    /// (`.csv`, `csv`).
    pub(crate) fn is_of(&self, kind: &str) -> bool {
        let (group, rest) = self.media_type.split_once('/').unwrap_or((self.media_type, ""));
        let ending = self.name.rsplit_once('.').map_or("", |(_, ending)| ending);
        kind == group
            || kind == rest
            || kind == self.media_type
            || kind.trim_start_matches('.').eq_ignore_ascii_case(ending)
    }
}

/// The name in a text of a cell.
pub(crate) fn name(text: &str) -> &str {
    text.splitn(5, '|').nth(4).unwrap_or(text)
}

/// Cells are given as lists of texts that the service has made of what a client said of files.
pub(crate) fn strict(kind: &FieldKind, value: &Value) -> Result<Vec<Box<str>>, Refusal> {
    let wrong =
        || (CellCode::WrongType, "Expected a list of files, such as [{\"id\": \"att_…\"}].".to_owned());
    let list = value.as_array().ok_or_else(wrong)?;
    let most = if matches!(kind, FieldKind::Signature) { 1 } else { MAX_FILES };
    if list.len() > most {
        return Err((CellCode::TooLong, format!("At most {most} in one cell.")));
    }
    let mut files: Vec<Box<str>> = Vec::with_capacity(list.len());
    for one in list {
        let text = one.as_str().ok_or_else(wrong)?;
        let facts = FileFacts::parse(text).ok_or_else(wrong)?;
        if !holds(kind, &facts) {
            return Err((CellCode::InvalidValue, "A signature is a PNG picture.".into()));
        }
        if !files.iter().any(|other| FileFacts::parse(other).is_some_and(|other| other.id == facts.id)) {
            files.push(text.into());
        }
    }
    Ok(files)
}

/// Whether a field of this type can hold the file.
pub(crate) fn holds(kind: &FieldKind, file: &FileFacts<'_>) -> bool {
    !matches!(kind, FieldKind::Signature) || (file.media_type == SIGNATURE_TYPE && file.pixels.is_some())
}

/// Appends `{"id","filename","size","type","width","height",…}`.
pub(crate) fn write_file(text: &str, urls: Option<&dyn FileUrls>, out: &mut Vec<u8>) {
    let Some(facts) = FileFacts::parse(text) else { return out.extend_from_slice(b"null") };
    out.extend_from_slice(b"{\"id\":");
    write_string(facts.id, out);
    out.extend_from_slice(b",\"filename\":");
    write_string(facts.name, out);
    out.extend_from_slice(b",\"size\":");
    write_unsigned(facts.size, out);
    out.extend_from_slice(b",\"type\":");
    write_string(facts.media_type, out);
    if let Some((width, height)) = facts.pixels {
        out.extend_from_slice(b",\"width\":");
        write_unsigned(width.into(), out);
        out.extend_from_slice(b",\"height\":");
        write_unsigned(height.into(), out);
    }
    if let Some(urls) = urls {
        urls.write(&facts, out);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn facts_read_back(
            size in 0u64..1 << 40,
            pixels in prop::option::of((1u32..100_000, 1u32..100_000)),
            name in "[^\\p{C}]{1,60}",
        ) {
            let facts = FileFacts { id: "att_0abcXYZ", size, media_type: "image/png", pixels, name: &name };
            let text = facts.text();
            prop_assert_eq!(FileFacts::parse(&text), Some(facts));
            prop_assert_eq!(super::name(&text), &name);
        }

        #[test]
        fn nothing_breaks_the_reader(text in "\\PC{0,40}|att_[a|x0-9/]{0,20}") {
            if let Some(facts) = FileFacts::parse(&text) {
                let again = facts.text();
                prop_assert_eq!(FileFacts::parse(&again), Some(facts));
            }
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        for text in [
            "",
            "att_1",
            "att_1|5|text/plain|",
            "att_1|5|text/plain||",
            "usr_1|5|text/plain||a",
            "att_|5|text/plain||a",
            "att_1|x|text/plain||a",
            "att_1|5|plain||a",
            "att_1|5|image/png|0x4|a",
            "att_1|5|image/png|4|a",
            "att_1|5|text/plain||a\nb",
            "att_1|5|text/\"||a",
        ] {
            assert_eq!(FileFacts::parse(text), None, "{text}");
        }
        let long = format!("att_1|5|text/plain||{}", "a".repeat(MAX_FILE_NAME + 1));
        assert_eq!(FileFacts::parse(&long), None);
    }

    #[test]
    fn kinds_of_files() {
        let text = "att_1|5|image/png|2x2|A.PNG";
        let facts = FileFacts::parse(text).unwrap();
        for (kind, fits) in
            [("image", true), ("png", true), ("image/png", true), (".png", true), ("pdf", false), ("", false)]
        {
            assert_eq!(facts.is_of(kind), fits, "{kind}");
        }
    }

    #[test]
    fn cells_take_files_once() {
        let (a, b) = ("att_1|5|image/png|2x2|a.png", "att_2|5|text/plain||b.txt");
        let check = |kind: FieldKind, value: Value, expected: Result<usize, CellCode>| {
            let got = strict(&kind, &value).map(|list| list.len()).map_err(|(code, _)| code);
            assert_eq!(got, expected, "{value}");
        };
        check(FieldKind::Attachment, serde_json::json!([a, b, a]), Ok(2));
        check(FieldKind::Attachment, serde_json::json!([]), Ok(0));
        check(FieldKind::Attachment, serde_json::json!("x"), Err(CellCode::WrongType));
        check(FieldKind::Attachment, serde_json::json!([{"id": "att_1"}]), Err(CellCode::WrongType));
        check(FieldKind::Attachment, vec![Value::from(a); 101].into(), Err(CellCode::TooLong));
        check(FieldKind::Signature, serde_json::json!([a]), Ok(1));
        check(FieldKind::Signature, serde_json::json!([b]), Err(CellCode::InvalidValue));
        check(FieldKind::Signature, serde_json::json!([a, b]), Err(CellCode::TooLong));
    }
}
