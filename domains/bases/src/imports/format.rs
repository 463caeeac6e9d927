//! What a file is, found from its content: a name says little, and a wrong guess is worse than a question.

use super::source::{guess_delimiter, known_encoding, sheets, sniff_encoding};
use crate::files::locale::{Dates, Numbers};
use kernel_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use utoipa::ToSchema;

/// Bytes that are looked at.
const HEAD: usize = 64 << 10;

/// What a file is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Values separated by commas, semicolons or bars.
    #[default]
    Csv,
    /// Values separated by tabs.
    Tsv,
    /// A list of objects.
    Json,
    /// An object a line.
    Ndjson,
    /// An Excel workbook.
    Xlsx,
}

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    #[serde(default)]
    pub(crate) kind: FileKind,
    /// The separator's byte.
    pub(crate) delimiter: u8,
    /// A name of the Encoding Standard, in lower case.
    #[serde(default = "utf_8")]
    pub(crate) encoding: String,
    /// The sheet of a workbook.
    #[serde(default)]
    pub(crate) sheet: Option<String>,
    #[serde(default)]
    pub(crate) dates: Dates,
    #[serde(default)]
    pub(crate) numbers: Numbers,
}

fn utf_8() -> String {
    "utf-8".to_owned()
}

/// How a file is to be read, where it is not as it looks.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// What separates the values of a text: `,`, `;`, `|` or a tab.
    pub delimiter: Option<String>,
    /// The encoding of a text: `utf-8`, `utf-16le`, `utf-16be`, `windows-1252` or another name of the Encoding Standard.
    pub encoding: Option<String>,
    /// The sheet of an Excel workbook.
    pub sheet: Option<String>,
    /// The order in which days are written.
    pub dates: Option<Dates>,
    /// What stands before decimals.
    pub numbers: Option<Numbers>,
}

impl Format {
    /// Looks at a file; what `reading` says is believed.
    ///
    /// # Errors
    /// `bad_file` for what is none of the formats; `invalid_value`, `not_found` for what `reading` says.
    pub(super) fn of(path: &Path, reading: &Reading) -> Result<Self> {
        let mut head = Vec::with_capacity(HEAD);
        File::open(path)
            .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
            .map_err(Error::internal)?;
        let (dates, numbers) = (reading.dates.unwrap_or_default(), reading.numbers.unwrap_or_default());
        let mut format =
            Self { kind: FileKind::Csv, delimiter: b',', encoding: utf_8(), sheet: None, dates, numbers };
        if head.starts_with(b"PK\x03\x04") {
            let names = sheets(path)?;
            let wanted = match &reading.sheet {
                Some(wanted) => names.iter().find(|name| *name == wanted),
                None => names.first(),
            };
            let missing = || Error::field("/sheet", Code::InvalidValue, "is no sheet of this workbook");
            format.kind = FileKind::Xlsx;
            format.sheet = Some(wanted.ok_or_else(missing)?.clone());
            return Ok(format);
        }
        if head.starts_with(b"\xD0\xCF\x11\xE0") {
            let detail = "This is a workbook of Excel 2003 or one with a password. Save it as .xlsx without a password.";
            return Err(Error::new(Code::BadFile).detail(detail));
        }
        format.encoding = match &reading.encoding {
            Some(name) => known_encoding(name)
                .ok_or_else(|| Error::field("/encoding", Code::InvalidValue, "is no encoding of texts"))?,
            None => sniff_encoding(path)?,
        };
        let text = super::source::decode(&head, &format.encoding);
        if text.contains('\0') {
            let detail =
                "This is neither a text nor an Excel workbook: CSV, TSV, JSON, NDJSON and .xlsx are taken.";
            return Err(Error::new(Code::BadFile).detail(detail));
        }
        if let Some(kind) = json_kind(&text, head.len() < HEAD) {
            format.kind = kind;
            return Ok(format);
        }
        format.delimiter = match reading.delimiter.as_deref() {
            None => guess_delimiter(text.as_bytes()),
            Some("\t" | "tab") => b'\t',
            Some("," | "comma") => b',',
            Some(";" | "semicolon") => b';',
            Some("|" | "bar") => b'|',
            Some(_) => {
                let detail = "is none of comma, semicolon, bar and tab";
                return Err(Error::field("/delimiter", Code::InvalidValue, detail));
            }
        };
        if format.delimiter == b'\t' {
            format.kind = FileKind::Tsv;
        }
        Ok(format)
    }
}

/// Which JSON a text is, if it is any.
fn json_kind(head: &str, is_whole: bool) -> Option<FileKind> {
    let text = head.trim_start_matches('\u{feff}').trim_start();
    if let Some(rest) = text.strip_prefix('[') {
        return rest.trim_start().starts_with(['{', ']']).then_some(FileKind::Json);
    }
    let rest = text.strip_prefix('{')?.trim_start();
    if !rest.starts_with(['"', '}']) {
        return None;
    }
    let (line, more) = text.split_once('\n').map_or((text, false), |(line, _)| (line, true));
    let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).is_ok();
    // A first line that is longer than what was looked at is a line nevertheless.
    let is_line = is_object || !more && !is_whole;
    Some(if is_line { FileKind::Ndjson } else { FileKind::Json })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_what_stands_first() {
        for (text, expected) in [
            ("[{\"a\":1}]", Some(FileKind::Json)),
            (" \n[ ]", Some(FileKind::Json)),
            ("{\"a\":1}\n{\"a\":2}", Some(FileKind::Ndjson)),
            ("{\n \"a\": 1\n}", Some(FileKind::Json)),
            ("[a],b\n1,2", None),
            ("{a},b", None),
            ("a,b", None),
            ("", None),
        ] {
            assert_eq!(json_kind(text, true), expected, "{text}");
        }
    }
}
