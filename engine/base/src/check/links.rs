//! Links have two sides, and a command writes one: the other follows here.

use super::draft::Draft;
use crate::ids::{FieldNo, RowNo, TableNo};
use crate::schema::FieldKind;
use rustc_hash::FxHashSet;

/// One side of a link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub(super) table: TableNo,
    pub(super) field: FieldNo,
    pub(super) other: TableNo,
    pub(super) back: FieldNo,
}

/// The link fields of a table, deleted ones too: what links to a record that goes must not come back from the trash.
pub(super) fn sides(draft: &Draft<'_>, table: TableNo) -> Vec<Side> {
    let Some(shape) = draft.schema().table(table) else { return Vec::new() };
    let side = |kind: &FieldKind, field| match kind {
        FieldKind::Link { table: other, symmetric: Some(back), .. } => {
            Some(Side { table, field, other: *other, back: *back })
        }
        _ => None,
    };
    shape.fields.iter().chain(&shape.trash.fields).filter_map(|field| side(&field.kind, field.no)).collect()
}

/// Makes `rows` the links of a cell, and takes or puts this row on the other side.
pub(super) fn set(draft: &mut Draft<'_>, side: Side, row: RowNo, rows: Vec<RowNo>) {
    let old = draft.links(side.table, row, side.field);
    let (before, after): (FxHashSet<RowNo>, FxHashSet<RowNo>) =
        (old.iter().copied().collect(), rows.iter().copied().collect());
    for gone in old.iter().filter(|one| !after.contains(one)) {
        draft.links_mut(side.other, *gone, side.back).retain(|one| *one != row);
    }
    // A record that may have one link only lets go of the one that it had.
    let is_single = is_single(draft, side.other, side.back);
    for new in rows.iter().filter(|one| !before.contains(one)) {
        if is_single {
            let held = std::mem::take(draft.links_mut(side.other, *new, side.back));
            for other in held.into_iter().filter(|other| *other != row) {
                draft.links_mut(side.table, other, side.field).retain(|one| one != new);
            }
        }
        let back = draft.links_mut(side.other, *new, side.back);
        // A record that links to itself may have been put there by the other field in the same command.
        if !back.contains(&row) {
            back.push(row);
        }
    }
    *draft.links_mut(side.table, row, side.field) = rows;
}

fn is_single(draft: &Draft<'_>, table: TableNo, field: FieldNo) -> bool {
    let field = draft.schema().any_table(table).and_then(|table| table.any_field(field));
    field.is_some_and(|field| matches!(field.kind, FieldKind::Link { single: true, .. }))
}
