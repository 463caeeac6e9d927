//! Lists of values of other records: what lookups hold.

use crate::ids::Slot;
use engine_expr::Value;
use std::sync::Arc;

/// A column of lists.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListColumn {
    cells: Vec<Option<Arc<[Value]>>>,
}

impl ListColumn {
    pub(crate) fn get(&self, slot: Slot) -> Option<&Arc<[Value]>> {
        self.cells.get(slot.0 as usize)?.as_ref()
    }

    /// An empty list takes the value away.
    pub(crate) fn set(&mut self, slot: Slot, list: Option<Arc<[Value]>>) {
        let at = slot.0 as usize;
        let list = list.filter(|list| !list.is_empty());
        if at >= self.cells.len() {
            if list.is_none() {
                return;
            }
            self.cells.resize(at + 1, None);
        }
        self.cells[at] = list;
    }

    pub(crate) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let lists = self.cells.iter().flatten();
        let text = |value: &Value| if let Value::Text(text) = value { text.len() } else { 0 };
        self.cells.capacity() * 16
            + lists
                .map(|list| list.len() * size_of::<Value>() + list.iter().map(text).sum::<usize>())
                .sum::<usize>()
    }
}
