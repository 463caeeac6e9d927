//! Objects of a JSON list, or of a file with an object a line; one at a time.

use super::{Given, MAX_COLUMNS, MAX_ROW_BYTES, Row, bad_file};
use kernel_core::{Error, Result};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io::BufRead;

/// An object, or why there is none at its place.
pub(super) type Object = std::result::Result<Map<String, Value>, String>;

/// Names in the order in which they come first. All objects are read: a name may come late.
///
/// # Errors
/// `bad_file`.
pub(super) fn names(objects: impl Iterator<Item = Result<Object>>) -> Result<Vec<String>> {
    let mut known: HashMap<String, ()> = HashMap::new();
    let mut names = Vec::new();
    for object in objects {
        let Ok(object) = object? else { continue };
        for name in object.keys() {
            if !known.contains_key(name) {
                known.insert(name.clone(), ());
                names.push(name.clone());
            }
        }
        // A file with other names in every object would fill the memory.
        if names.len() > MAX_COLUMNS * 10 {
            break;
        }
    }
    if names.is_empty() {
        return Err(bad_file("The file has no objects with values."));
    }
    Ok(names)
}

/// Rows with the values of these names.
///
/// # Errors
/// `bad_file`; what `take` says.
pub(super) fn rows(
    objects: impl Iterator<Item = Result<Object>>,
    names: &[String],
    take: &mut dyn FnMut(Row) -> Result<bool>,
) -> Result<()> {
    for (line, object) in (1..).zip(objects) {
        let cells = object?.map(|mut object| {
            let given = |name: &String| object.remove(name).map_or(Given::Empty, Given::Json);
            names.iter().map(given).collect()
        });
        if !take(Row { line, cells })? {
            break;
        }
    }
    Ok(())
}

/// An object a line; empty lines are none. A line that is no object is a row that is left out.
pub(super) fn of_lines<R: BufRead>(mut input: R) -> impl Iterator<Item = Result<Object>> {
    let mut line = Vec::new();
    let mut first = true;
    std::iter::from_fn(move || {
        loop {
            line.clear();
            match std::io::Read::take(&mut input, MAX_ROW_BYTES as u64).read_until(b'\n', &mut line) {
                Err(error) => return Some(Err(Error::internal(error))),
                Ok(0) => return None,
                Ok(MAX_ROW_BYTES) if !line.ends_with(b"\n") => return Some(Err(too_long())),
                Ok(_) => {}
            }
            let text = if std::mem::take(&mut first) { without_mark(&line) } else { &line };
            if !text.trim_ascii().is_empty() {
                return Some(Ok(parse(text)));
            }
        }
    })
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

fn too_long() -> Error {
    bad_file(format!("An object is longer than {} MB.", MAX_ROW_BYTES >> 20))
}

fn parse(text: &[u8]) -> Object {
    match serde_json::from_slice(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("is no object".to_owned()),
        Err(error) => Err(format!("is not JSON: {error}")),
    }
}

/// The objects of a list, or of a file with one object after the other.
pub(super) fn of_json<R: BufRead>(input: R) -> impl Iterator<Item = Result<Object>> {
    let mut list = List { input, in_list: false, number: 0, ended: false };
    std::iter::from_fn(move || {
        let next = list.next();
        // After a mistake nothing is where it seems to be.
        list.ended |= next.is_err();
        next.transpose()
    })
}

struct List<R> {
    input: R,
    in_list: bool,
    number: u64,
    ended: bool,
}

impl<R: BufRead> List<R> {
    fn peek(&mut self) -> Result<Option<u8>> {
        self.input.fill_buf().map(|bytes| bytes.first().copied()).map_err(Error::internal)
    }

    fn next(&mut self) -> Result<Option<Object>> {
        while !self.ended {
            match self.peek()? {
                None if self.in_list => return Err(bad_file("The list does not end: the file is cut off.")),
                None => self.ended = true,
                // The byte order mark's bytes stand nowhere else before an object.
                Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | 0xEF | 0xBB | 0xBF) => self.input.consume(1),
                Some(b'[') if !self.in_list && self.number == 0 => {
                    self.in_list = true;
                    self.input.consume(1);
                }
                Some(b']') if self.in_list => self.ended = true,
                Some(b'{') => {
                    self.number += 1;
                    let bytes = self.object()?;
                    return match parse(&bytes) {
                        Ok(object) => Ok(Some(Ok(object))),
                        Err(problem) => Err(bad_file(format!("Object {} {problem}.", self.number))),
                    };
                }
                Some(_) => {
                    return Err(bad_file(format!("What comes after object {} is no object.", self.number)));
                }
            }
        }
        Ok(None)
    }

    /// The bytes of an object, from its first bracket to the one that closes it.
    fn object(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(256);
        let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
        loop {
            let bytes = self.input.fill_buf().map_err(Error::internal)?;
            if bytes.is_empty() {
                return Err(bad_file(format!("Object {} does not end: the file is cut off.", self.number)));
            }
            let mut used = 0;
            for byte in bytes {
                used += 1;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if in_text => escaped = true,
                    b'"' => in_text = !in_text,
                    b'{' if !in_text => depth += 1,
                    b'}' if !in_text => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            out.extend_from_slice(&bytes[..used]);
            self.input.consume(used);
            if depth == 0 {
                return Ok(out);
            }
            if out.len() > MAX_ROW_BYTES {
                return Err(too_long());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::Code;

    fn read(objects: impl Iterator<Item = Result<Object>>) -> Result<Vec<String>> {
        objects
            .map(|object| Ok(object?.map_or_else(|problem| problem, |map| Value::Object(map).to_string())))
            .collect()
    }

    #[test]
    fn lists_and_lines() {
        let text = " [ {\"a\": \"}\\\"]\"}, {\"b\": {\"c\": [1]}} ] ";
        assert_eq!(read(of_json(text.as_bytes())).unwrap(), ["{\"a\":\"}\\\"]\"}", "{\"b\":{\"c\":[1]}}"]);
        assert_eq!(read(of_json(&b"[]"[..])).unwrap(), Vec::<String>::new());
        assert_eq!(read(of_json(&b"{\n\"a\": 1\n}\n{\"a\": 2}"[..])).unwrap().len(), 2);
        let lines = read(of_lines("\u{feff}{\"a\":1}\n\n[1]\n{\"a\":2}".as_bytes())).unwrap();
        assert_eq!(lines, ["{\"a\":1}", "is no object", "{\"a\":2}"]);
        for text in ["[{\"a\":1}", "[{\"a\":1", "[{\"a\":1} x]", "[{\"a\" 1}]", "[1]"] {
            assert_eq!(read(of_json(text.as_bytes())).unwrap_err().code(), Code::BadFile, "{text}");
        }
        let endless = format!("[{{\"a\":\"{}", "x".repeat(MAX_ROW_BYTES + (1 << 18)));
        assert_eq!(read(of_json(endless.as_bytes())).unwrap_err().code(), Code::BadFile);
        assert_eq!(read(of_lines(&endless.as_bytes()[1..])).unwrap_err().code(), Code::BadFile);
    }

    #[test]
    fn names_come_in_their_order() {
        let objects = of_json(&b"[{\"b\":1},{\"a\":1,\"b\":2}]"[..]);
        assert_eq!(names(objects).unwrap(), ["b", "a"]);
    }
}
