//! Encodings of texts: found from a byte order mark or from the bytes, read as UTF-8.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_8};
use kernel_core::{Error, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that a legacy encoding is guessed from.
const GUESSED_FROM: usize = 1 << 20;

/// The encoding's own name in lower case, of any of its names.
pub(in super::super) fn known(name: &str) -> Option<String> {
    let encoding = Encoding::for_label(name.trim().as_bytes())?;
    let is_text = encoding != encoding_rs::REPLACEMENT && encoding != encoding_rs::X_USER_DEFINED;
    is_text.then(|| encoding.name().to_ascii_lowercase())
}

/// Finds the encoding of a file: its byte order mark, UTF-8 if it is mostly that, else what its bytes look like.
///
/// # Errors
/// The file can't be read.
pub(in super::super) fn sniff(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(Error::internal)?;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let (mut buffer, mut seen, mut counts) = (vec![0; 64 << 10], 0, Counts::default());
    loop {
        let read = file.read(&mut buffer).map_err(Error::internal)?;
        let piece = &buffer[..read];
        if seen == 0
            && let Some((encoding, _)) = Encoding::for_bom(piece)
        {
            return Ok(encoding.name().to_ascii_lowercase());
        }
        if seen < GUESSED_FROM {
            detector.feed(piece, read == 0);
        }
        if read == 0 {
            break;
        }
        seen += read;
        counts.see(piece);
    }
    // A file with more good characters than bad bytes is UTF-8 with mistakes, which its rows are told of.
    if counts.bad <= counts.good / 4 {
        return Ok(UTF_8.name().to_ascii_lowercase());
    }
    Ok(detector.guess(None, Utf8Detection::Deny).name().to_ascii_lowercase())
}

/// How much of a file is UTF-8.
#[derive(Default)]
struct Counts {
    /// Characters of several bytes.
    good: usize,
    /// Bytes that are part of none.
    bad: usize,
    /// The beginning of a character at the end of a piece.
    open: Vec<u8>,
}

impl Counts {
    fn see(&mut self, piece: &[u8]) {
        let mut bytes = std::mem::take(&mut self.open);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.good += wide(text),
                Err(error) => {
                    let (good, after) = rest.split_at(error.valid_up_to());
                    self.good += wide(std::str::from_utf8(good).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        self.open = after.to_vec();
                        return;
                    };
                    self.bad += length;
                    rest = &after[length..];
                }
            }
        }
    }
}

fn wide(text: &str) -> usize {
    text.chars().filter(|c| !c.is_ascii()).count()
}

/// The beginning of a text, as far as it goes.
pub(in super::super) fn decode(head: &[u8], encoding: &str) -> String {
    let encoding = Encoding::for_label(encoding.as_bytes()).unwrap_or(UTF_8);
    encoding.decode(head).0.into_owned()
}

/// Bytes of any encoding as UTF-8. What is UTF-8 passes as it is, mistakes included: the reader names their rows.
pub(super) struct Decoded<R> {
    inner: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    raw_from: usize,
    text: Vec<u8>,
    text_from: usize,
    at_end: bool,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(inner: R, encoding: &str) -> Self {
        let encoding = Encoding::for_label(encoding.as_bytes()).filter(|encoding| *encoding != UTF_8);
        Self {
            inner,
            decoder: encoding.map(Encoding::new_decoder_with_bom_removal),
            raw: Vec::new(),
            raw_from: 0,
            text: Vec::new(),
            text_from: 0,
            at_end: false,
        }
    }

    /// Decodes until there is text or the end.
    fn fill(&mut self, decoder: &mut Decoder) -> io::Result<()> {
        while self.text_from == self.text.len() && !self.at_end {
            if self.raw_from == self.raw.len() {
                self.raw.resize(32 << 10, 0);
                let read = self.inner.read(&mut self.raw)?;
                self.raw.truncate(read);
                self.raw_from = 0;
                self.at_end = read == 0;
            }
            self.text.resize(64 << 10, 0);
            let source = &self.raw[self.raw_from..];
            let (_, read, written, _) = decoder.decode_to_utf8(source, &mut self.text, self.at_end);
            self.raw_from += read;
            self.text.truncate(written);
            self.text_from = 0;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut decoder) = self.decoder.take() else { return self.inner.read(buffer) };
        let filled = self.fill(&mut decoder);
        self.decoder = Some(decoder);
        filled?;
        let text = &self.text[self.text_from..];
        let count = text.len().min(buffer.len());
        buffer[..count].copy_from_slice(&text[..count]);
        self.text_from += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_old_programs() {
        for (bytes, encoding, text) in [
            (&b"M\xfcnchen;\x80 5"[..], "windows-1252", "München;€ 5"),
            (b"\xff\xfea\x00\xe9\x00", "utf-16le", "aé"),
            (b"\xfe\xff\x00a\x00\xe9", "utf-16be", "aé"),
            ("\u{feff}aé".as_bytes(), "utf-8", "\u{feff}aé"),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            assert_eq!(sniff(file.path()).unwrap(), encoding, "{text}");
            let mut out = String::new();
            Decoded::new(bytes, encoding).read_to_string(&mut out).unwrap();
            assert_eq!(out, text);
        }
        assert_eq!(known("Latin1").as_deref(), Some("windows-1252"));
        assert_eq!(known("morse"), None);
    }

    #[test]
    fn one_bad_byte_among_good_ones_is_no_other_encoding() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [&"é".repeat(40_000).into_bytes()[..], b"\xff"].concat()).unwrap();
        assert_eq!(sniff(file.path()).unwrap(), "utf-8");
    }

    #[test]
    fn long_texts_are_decoded_piece_by_piece() {
        let bytes: Vec<u8> = b"\xe4\xf6\xfc,".repeat(50_000);
        let mut out = String::new();
        Decoded::new(&bytes[..], "windows-1252").read_to_string(&mut out).unwrap();
        assert_eq!(out, "äöü,".repeat(50_000));
    }
}
