//! Choices of a column: four bytes a cell that point into a list of ids.

use crate::ids::Slot;
use rustc_hash::FxHashMap;

/// A column of choices.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChoiceColumn {
    /// 0 is "no value", n the id at n - 1.
    cells: Vec<u32>,
    ids: Vec<Box<str>>,
    by_id: FxHashMap<Box<str>, u32>,
}

impl ChoiceColumn {
    /// The id of the choice.
    pub(crate) fn get(&self, slot: Slot) -> Option<&str> {
        let cell = *self.cells.get(slot.0 as usize)?;
        self.ids.get((cell as usize).checked_sub(1)?).map(AsRef::as_ref)
    }

    /// A number for each slot: 0 for none, n for the id at n - 1 of [`Self::ids`].
    pub(crate) fn cells(&self) -> &[u32] {
        &self.cells
    }

    /// The ids that cells point at.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(AsRef::as_ref)
    }

    pub(crate) fn set(&mut self, slot: Slot, id: &str) {
        let cell = match self.by_id.get(id) {
            Some(cell) => *cell,
            None => {
                self.ids.push(id.into());
                let cell = self.ids.len() as u32;
                self.by_id.insert(id.into(), cell);
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
        let ids: usize = self.ids.iter().map(|id| id.len() * 2).sum();
        self.cells.capacity() * 4
            + ids
            + (self.ids.capacity() + self.by_id.capacity() * 2) * size_of::<Box<str>>()
    }
}
