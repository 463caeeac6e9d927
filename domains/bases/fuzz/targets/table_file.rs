//! Any bytes as an uploaded file, of any encoding and separator that a person may choose: refused, or read to the end, with the
//! same number of rows twice. Begin with real files (`fuzz/corpus/table_file`), or no workbook is ever found.
#![no_main]

use bases::imports::{Reading, rows_in};
use libfuzzer_sys::fuzz_target;
use std::io::Write;

const ENCODINGS: [&str; 4] = ["utf-8", "utf-16le", "windows-1252", "shift_jis"];
const DELIMITERS: [&str; 4] = [",", ";", "|", "\t"];

fuzz_target!(|bytes: &[u8]| {
    // The last byte chooses, so that a file begins as files do.
    let (choice, bytes) = bytes.split_last().map_or((0, bytes), |(choice, bytes)| (*choice as usize, bytes));
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").expect("a file");
    file.write_all(bytes).expect("bytes");
    let pick = |list: &[&str], at: usize| list.get(at).map(|text| (*text).to_owned());
    let reading = Reading {
        encoding: pick(&ENCODINGS, choice % 8),
        delimiter: pick(&DELIMITERS, choice / 8 % 8),
        ..Reading::default()
    };
    let (first, second) = (rows_in(file.path(), &reading), rows_in(file.path(), &reading));
    assert_eq!(first.ok(), second.ok());
});
