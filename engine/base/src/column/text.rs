//! Texts of a column in a few large pieces of memory: eight bytes a cell besides the text itself.
//!
//! A cell is (segment, start, length) in one word, 0 for empty. A text that is replaced leaves a gap; when gaps outweigh
//! the texts, all are copied together. Invariant: `live` + `gaps` = bytes in the segments.

use crate::ids::Slot;

/// Bytes of a segment; a longer text has one of its own.
const SEGMENT: usize = if cfg!(test) { 64 } else { 1 << 20 };
/// Gaps that are never worth a copy.
const MIN_GAPS: usize = if cfg!(test) { 32 } else { 1 << 16 };
const LENGTH_BITS: u32 = 24;
const START_BITS: u32 = 21;
/// Longest text in bytes. Checked input is far shorter.
const MAX_BYTES: usize = (1 << LENGTH_BITS) - 1;

/// A column of texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextColumn {
    cells: Vec<u64>,
    segments: Vec<String>,
    live: usize,
    gaps: usize,
}

fn length(cell: u64) -> usize {
    (cell & MAX_BYTES as u64) as usize
}

impl TextColumn {
    /// The text, empty if there is none.
    pub(crate) fn get(&self, slot: Slot) -> &str {
        self.cells.get(slot.0 as usize).map_or("", |cell| self.at(*cell))
    }

    /// Whether there is a text; does not look at it.
    pub(crate) fn is_filled(&self, slot: Slot) -> bool {
        self.cells.get(slot.0 as usize).is_some_and(|cell| length(*cell) > 0)
    }

    fn at(&self, cell: u64) -> &str {
        let length = length(cell);
        if length == 0 {
            return "";
        }
        let start = (cell >> LENGTH_BITS) as usize & ((1 << START_BITS) - 1);
        let segment = (cell >> (LENGTH_BITS + START_BITS)) as usize;
        self.segments.get(segment).and_then(|text| text.get(start..start + length)).unwrap_or("")
    }

    /// Writes a text; an empty one takes the value away.
    pub(crate) fn set(&mut self, slot: Slot, text: &str) {
        let at = slot.0 as usize;
        if at >= self.cells.len() {
            if text.is_empty() {
                return;
            }
            self.cells.resize(at + 1, 0);
        }
        let old = length(self.cells[at]);
        self.cells[at] = self.push(text);
        self.live -= old;
        self.gaps += old;
        if self.gaps > MIN_GAPS && self.gaps > self.live {
            self.compact();
        }
    }

    fn push(&mut self, text: &str) -> u64 {
        let text = &text[..text.floor_char_boundary(MAX_BYTES)];
        if text.is_empty() {
            return 0;
        }
        if self.segments.last().is_none_or(|last| last.len() + text.len() > SEGMENT) {
            self.segments.push(String::new());
        }
        let index = self.segments.len() - 1;
        let last = &mut self.segments[index];
        let start = last.len();
        let needed = start + text.len();
        if needed > last.capacity() {
            let wanted = needed.max((last.capacity() * 2).min(SEGMENT));
            last.reserve_exact(wanted - start);
        }
        last.push_str(text);
        self.live += text.len();
        (index as u64) << (LENGTH_BITS + START_BITS) | (start as u64) << LENGTH_BITS | text.len() as u64
    }

    fn compact(&mut self) {
        let old = Self {
            cells: std::mem::take(&mut self.cells),
            segments: std::mem::take(&mut self.segments),
            live: 0,
            gaps: 0,
        };
        (self.live, self.gaps) = (0, 0);
        self.cells = Vec::with_capacity(old.cells.len());
        for cell in &old.cells {
            let moved = self.push(old.at(*cell));
            self.cells.push(moved);
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
        if let Some(last) = self.segments.last_mut() {
            last.shrink_to_fit();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.segments.iter().map(String::capacity).sum();
        self.cells.capacity() * 8 + self.segments.capacity() * size_of::<String>() + texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_texts_are_collected() {
        let mut column = TextColumn::default();
        let mut expected = vec![String::new(); 20];
        for step in 0..2_000usize {
            let at = step * 7 % 20;
            let text = "é".repeat(step * 13 % 50);
            column.set(Slot(at as u32), &text);
            expected[at] = text;
            assert!(column.gaps <= MIN_GAPS.max(column.live), "{step}");
        }
        for (at, text) in expected.iter().enumerate() {
            assert_eq!(column.get(Slot(at as u32)), text);
        }
        assert_eq!(column.live, expected.iter().map(String::len).sum::<usize>());
        let held: usize = column.segments.iter().map(String::len).sum();
        assert_eq!(held, column.live + column.gaps);
        assert_eq!(column.get(Slot(99)), "");
    }
}
