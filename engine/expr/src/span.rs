//! Byte spans of the source text and their translation to lines, columns and UTF-16 offsets.
//!
//! A span always lies inside its text and on character boundaries when it comes from [`crate::parse`]; the helpers
//! here clamp, so a foreign span never panics.

/// Half-open range of bytes in the source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: clamp(start), end: clamp(end) }
    }
    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

fn clamp(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A place as people and editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// Line and column of a byte offset; an offset outside the text is its end.
#[must_use]
pub fn line_column(text: &str, offset: u32) -> LineColumn {
    let before = head(text, offset);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    LineColumn { line: clamp(line), column: clamp(column) }
}

/// Offset in UTF-16 code units (what JavaScript and LSP count) of a byte offset.
#[must_use]
pub fn utf16_offset(text: &str, offset: u32) -> u32 {
    clamp(head(text, offset).encode_utf16().count())
}

fn head(text: &str, offset: u32) -> &str {
    let mut at = (offset as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    &text[..at]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_characters_and_utf16() {
        let check = |text: &str, offset: u32, line: u32, column: u32, utf16: u32| {
            assert_eq!(line_column(text, offset), LineColumn { line, column }, "{text:?} {offset}");
            assert_eq!(utf16_offset(text, offset), utf16, "{text:?} {offset}");
        };
        check("abc", 0, 1, 1, 0);
        check("a\nbc", 3, 2, 2, 3);
        check("é😀x", 2, 1, 2, 1);
        check("é😀x", 6, 1, 3, 3);
        check("é😀x", 4, 1, 2, 1); // inside a character: its start
        check("ab", 99, 1, 3, 2);
    }
}
