//! Reads a row's stored JSON (`{"1":"text","2":3.5,"7":[1,2]}`) straight into columns: no tree, no copy of a text without
//! escapes. Keys that are no field of the table, and values that do not fit their column, are left out.

use crate::ids::{FieldNo, RowNo, Slot};
use crate::rows::Rows;

/// Deepest nesting skipped in an unknown member.
const MAX_DEPTH: usize = 64;

/// Buffers that are used again for every row.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    text: String,
    links: Vec<RowNo>,
    ids: Vec<Box<str>>,
}

/// Reads `data` into `slot` of `rows`. The error says what was expected, with the byte.
pub(crate) fn read_row(
    rows: &mut Rows,
    slot: Slot,
    data: &[u8],
    scratch: &mut Scratch,
) -> Result<(), String> {
    let text = std::str::from_utf8(data).map_err(|error| error.to_string())?;
    let mut scan = Scan { text, bytes: data, at: 0 };
    scan.members(rows, slot, scratch)
        .ok_or_else(|| format!("not the JSON of a row at byte {} of {}", scan.at, scan.bytes.len()))
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn eat(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn members(&mut self, rows: &mut Rows, slot: Slot, scratch: &mut Scratch) -> Option<()> {
        self.eat(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return self.end();
        }
        loop {
            let field = self.key()?;
            self.eat(b':')?;
            self.value(field, rows, slot, scratch)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return self.end();
                }
                _ => return None,
            }
        }
    }

    fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// A field number; 0 for any other key.
    fn key(&mut self) -> Option<FieldNo> {
        self.eat(b'"')?;
        let start = self.at;
        let mut no = 0u32;
        while let Some(byte @ b'0'..=b'9') = self.bytes.get(self.at) {
            no = no.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Some(FieldNo(no));
        }
        self.at = start;
        self.string(&mut String::new())?;
        Some(FieldNo(0))
    }

    fn value(&mut self, field: FieldNo, rows: &mut Rows, slot: Slot, scratch: &mut Scratch) -> Option<()> {
        let first = self.peek()?;
        let Some(column) = rows.stored_mut(field) else { return self.skip() };
        match first {
            b'"' => {
                self.at += 1;
                match self.string(&mut scratch.text)? {
                    Some(text) => column.set_text(slot, text),
                    None => column.set_text(slot, &scratch.text),
                }
            }
            b'-' | b'0'..=b'9' => column.set_number(slot, self.number()?),
            b't' => {
                self.word("true")?;
                column.set_true(slot);
            }
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            b'[' => {
                self.at += 1;
                scratch.links.clear();
                scratch.ids.clear();
                while self.peek()? != b']' {
                    if self.peek()? == b',' {
                        self.at += 1;
                    }
                    if self.peek()? == b'"' {
                        self.at += 1;
                        let id = self.string(&mut scratch.text)?.unwrap_or(&scratch.text);
                        scratch.ids.push(id.into());
                        continue;
                    }
                    let row = self.number()?;
                    if row >= 1.0 && row <= crate::ids::MAX_N as f64 {
                        scratch.links.push(RowNo(row as u64));
                    }
                }
                self.at += 1;
                if scratch.ids.is_empty() {
                    column.set_links(slot, &scratch.links);
                } else {
                    column.set_choices(slot, &scratch.ids);
                }
            }
            b'{' => self.skip()?,
            _ => return None,
        }
        Some(())
    }

    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        let negative = self.bytes.get(self.at) == Some(&b'-');
        if negative {
            self.at += 1;
        }
        let digits = self.at;
        let mut whole = 0u64;
        while let Some(byte @ b'0'..=b'9') = self.bytes.get(self.at) {
            whole = whole.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            self.at += 1;
        }
        let length = self.at - digits;
        if length == 0 {
            return None;
        }
        if !matches!(self.bytes.get(self.at), Some(b'.' | b'e' | b'E')) && length <= 15 {
            let number = whole as f64;
            return Some(if negative { -number } else { number });
        }
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
            self.at += 1;
        }
        self.text[start..self.at].parse::<f64>().ok().filter(|number| number.is_finite())
    }

    /// The rest of a string after its quote: borrowed, or None if it had escapes and is in `buffer`.
    fn string(&mut self, buffer: &mut String) -> Option<Option<&'a str>> {
        let start = self.at;
        let next = memchr::memchr2(b'"', b'\\', &self.bytes[start..])? + start;
        if self.bytes[next] == b'"' {
            self.at = next + 1;
            return Some(Some(&self.text[start..next]));
        }
        buffer.clear();
        let mut piece = start;
        let mut next = next;
        loop {
            buffer.push_str(&self.text[piece..next]);
            self.at = next + 1;
            if self.bytes[next] == b'"' {
                return Some(None);
            }
            let escape = *self.bytes.get(self.at)?;
            self.at += 1;
            buffer.push(match escape {
                b'"' | b'\\' | b'/' => char::from(escape),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.unicode()?,
                _ => return None,
            });
            piece = self.at;
            next = memchr::memchr2(b'"', b'\\', &self.bytes[piece..])? + piece;
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn unicode(&mut self) -> Option<char> {
        let high = self.hex()?;
        if (0xD800..0xDC00).contains(&high) {
            self.word("\\u")?;
            let low = self.hex()?;
            let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
            return char::from_u32(0x10000 + ((high - 0xD800) << 10) + low);
        }
        char::from_u32(high)
    }

    fn skip(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    self.string(&mut String::new())?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    if depth > MAX_DEPTH {
                        return None;
                    }
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => {
                    self.number()?;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::ValueRef;
    use crate::rows::Stamp;
    use crate::schema::{Field, FieldKind, Table, TableHead, Trash};

    fn rows() -> Rows {
        let kinds = [FieldKind::Text, FieldKind::Number { precision: None }, FieldKind::Checkbox];
        let fields = kinds.into_iter().zip(1..).map(|(kind, no)| Field {
            no: FieldNo(no),
            name: no.to_string(),
            description: String::new(),
            kind,
            rules: crate::schema::FieldRules::default(),
            position: 0,
            outcome: None,
            deleted_us: None,
        });
        let head = TableHead {
            number: crate::ids::TableNo(1),
            name: "T".into(),
            description: String::new(),
            icon: None,
            primary_field: FieldNo(1),
            position: 0,
            next_field: 4,
            next_view: 1,
            deleted_us: None,
        };
        Rows::new(&Table {
            head,
            next_row: 1,
            fields: fields.collect(),
            views: Vec::new(),
            trash: Trash::default(),
        })
    }

    #[test]
    fn reads_what_serde_reads() {
        for (json, text, number, flag) in [
            (r#"{}"#, "", None, false),
            (
                r#" { "1" : "a\"b\\\né\ud83d\ude00" , "2": -1.5e3, "3": true } "#,
                "a\"b\\\né😀",
                Some(-1500.0),
                true,
            ),
            (
                r#"{"9":{"x":[1,{"y":"]"}]},"1":"x","x":[],"2":12345678901234567890}"#,
                "x",
                Some(12345678901234567890.0),
                false,
            ),
            (r#"{"1":null,"2":0,"3":false}"#, "", Some(0.0), false),
            (r#"{"1":5,"2":"x","3":[1,2]}"#, "", None, false),
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
            let mut rows = rows();
            let slot = rows.insert(RowNo(1), Stamp::default()).unwrap();
            assert_eq!(read_row(&mut rows, slot, json.as_bytes(), &mut Scratch::default()), Ok(()), "{json}");
            let expected = if text.is_empty() { ValueRef::Empty } else { ValueRef::Text(text) };
            assert_eq!(rows.value(FieldNo(1), slot), expected, "{json}");
            assert_eq!(
                rows.value(FieldNo(2), slot),
                number.map_or(ValueRef::Empty, ValueRef::Number),
                "{json}"
            );
            assert_eq!(rows.value(FieldNo(3), slot) == ValueRef::True, flag, "{json}");
        }
    }

    #[test]
    fn broken_rows_are_refused() {
        for json in [
            "",
            "[]",
            "{",
            r#"{"1"}"#,
            r#"{"1":"x"#,
            r#"{"1":"\x"}"#,
            r#"{"1":"\ud83d"}"#,
            r#"{"1":1}x"#,
            r#"{"1":tru}"#,
            "{\"1\":\"\u{fffd}\" \"2\":1}",
        ] {
            let mut rows = rows();
            let slot = rows.insert(RowNo(1), Stamp::default()).unwrap();
            assert!(read_row(&mut rows, slot, json.as_bytes(), &mut Scratch::default()).is_err(), "{json}");
        }
        let mut rows = rows();
        let slot = rows.insert(RowNo(1), Stamp::default()).unwrap();
        assert!(read_row(&mut rows, slot, b"{\"1\":\"\xff\"}", &mut Scratch::default()).is_err());
    }
}
