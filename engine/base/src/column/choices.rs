//! Several choices (or people) a cell: four bytes a cell that point into a list of the combinations at hand, of which there
//! are far fewer than rows.

use crate::ids::Slot;
use rustc_hash::FxHashMap;

/// A column of lists of ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChoicesColumn {
    /// 0 is "no value", n the list at n - 1.
    cells: Vec<u32>,
    lists: Vec<Box<[Box<str>]>>,
    by_list: FxHashMap<Box<[Box<str>]>, u32>,
}

impl ChoicesColumn {
    /// The ids, in order.
    pub(crate) fn get(&self, slot: Slot) -> &[Box<str>] {
        let cell = self.cells.get(slot.0 as usize).copied().unwrap_or(0);
        (cell as usize).checked_sub(1).and_then(|at| self.lists.get(at)).map_or(&[], AsRef::as_ref)
    }

    /// A number for each slot: 0 for none, n for the list at n - 1 of [`Self::lists`].
    pub(crate) fn cells(&self) -> &[u32] {
        &self.cells
    }

    /// The lists that cells point at.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &[Box<str>]> {
        self.lists.iter().map(AsRef::as_ref)
    }

    pub(crate) fn set(&mut self, slot: Slot, ids: &[Box<str>]) {
        if ids.is_empty() {
            return self.clear(slot);
        }
        let cell = match self.by_list.get(ids) {
            Some(cell) => *cell,
            None => {
                self.lists.push(ids.into());
                let cell = self.lists.len() as u32;
                self.by_list.insert(ids.into(), cell);
                cell
            }
        };
        let at = slot.0 as usize;
        if at >= self.cells.len() {
            self.cells.resize(at + 1, 0);
        }
        self.cells[at] = cell;
    }

    pub(crate) fn clear(&mut self, slot: Slot) {
        if let Some(cell) = self.cells.get_mut(slot.0 as usize) {
            *cell = 0;
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let ids: usize = self.lists.iter().flatten().map(|id| id.len() + size_of::<Box<str>>()).sum();
        self.cells.capacity() * 4 + ids * 2 + (self.lists.capacity() + self.by_list.capacity() * 2) * 16
    }
}
