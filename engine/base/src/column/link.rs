//! Links of a column: eight bytes a cell for none or one record, a list of its own for several.

use crate::ids::{RowNo, Slot};

/// Marks a cell that is an index into the lists instead of a row number (which has 39 bits).
const LIST: u64 = 1 << 63;
const NONE: RowNo = RowNo(0);

/// A column of links.
#[derive(Debug, Clone, Default)]
pub(crate) struct LinkColumn {
    cells: Vec<RowNo>,
    lists: Vec<Box<[RowNo]>>,
    free: Vec<u32>,
}

impl LinkColumn {
    /// The linked rows, in order.
    pub(crate) fn get(&self, slot: Slot) -> &[RowNo] {
        match self.cells.get(slot.0 as usize) {
            None | Some(&NONE) => &[],
            Some(cell) if cell.0 & LIST != 0 => &self.lists[(cell.0 & !LIST) as usize],
            Some(cell) => std::slice::from_ref(cell),
        }
    }

    pub(crate) fn set(&mut self, slot: Slot, rows: &[RowNo]) {
        let at = slot.0 as usize;
        if at >= self.cells.len() {
            if rows.is_empty() {
                return;
            }
            self.cells.resize(at + 1, NONE);
        }
        let old = self.cells[at].0;
        if old & LIST != 0 {
            let index = old & !LIST;
            self.lists[index as usize] = Box::default();
            self.free.push(index as u32);
        }
        self.cells[at] = match rows {
            [] => NONE,
            [row] => *row,
            rows => {
                let index = match self.free.pop() {
                    Some(index) => {
                        self.lists[index as usize] = rows.into();
                        index
                    }
                    None => {
                        self.lists.push(rows.into());
                        (self.lists.len() - 1) as u32
                    }
                };
                RowNo(LIST | u64::from(index))
            }
        };
    }

    pub(crate) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
        self.lists.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let lists: usize = self.lists.iter().map(|rows| rows.len() * 8).sum();
        self.cells.capacity() * 8 + self.lists.capacity() * 16 + lists + self.free.capacity() * 4
    }
}
