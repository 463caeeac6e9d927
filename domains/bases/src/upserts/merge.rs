//! Two changes of one moment as one. Both were checked against the same state: one changes records, the other makes some.
//!
//! They meet only in records that both link to or from, in the other side's list. Such lists are put together from what
//! each side added and took away; anything else that both changed can't be one change.

use engine_base::{Cell, CellEdit, Change, ChangeKind, RowEdit, RowNo};

/// The change that does both, `None` if they want different things.
pub(super) fn merge(mut first: Change, second: Change) -> Option<Change> {
    if second.is_empty() {
        return Some(first);
    }
    if first.is_empty() {
        return Some(second);
    }
    for edit in second.updated {
        match first.updated.iter_mut().find(|own| (own.table, own.row) == (edit.table, edit.row)) {
            Some(own) => merge_row(own, edit)?,
            None => first.updated.push(edit),
        }
    }
    first.updated.retain(|edit| !edit.cells.is_empty());
    // Choices that typecast makes are changes of a field; two of one field are not one.
    if !first.schema.is_empty() && !second.schema.is_empty() {
        return None;
    }
    first.schema.extend(second.schema);
    first.claims.extend(second.claims);
    first.created.extend(second.created);
    first.deleted.extend(second.deleted);
    first.kind = ChangeKind::Mixed;
    Some(first)
}

fn merge_row(own: &mut RowEdit, other: RowEdit) -> Option<()> {
    for cell in other.cells {
        match own.cells.iter_mut().find(|known| known.field == cell.field) {
            Some(known) => known.after = merge_cell(known, &cell)?,
            None => own.cells.push(cell),
        }
    }
    own.cells.sort_by_key(|cell| cell.field);
    own.cells.retain(|cell| cell.before != cell.after);
    Some(())
}

fn merge_cell(own: &CellEdit, other: &CellEdit) -> Option<Cell> {
    if own.after == other.after {
        return Some(own.after.clone());
    }
    let (before, mine, theirs) = (rows(&own.before)?, rows(&own.after)?, rows(&other.after)?);
    let gone = |row: &RowNo| before.contains(row) && !theirs.contains(row);
    let new = theirs.iter().filter(|row| !before.contains(row) && !mine.contains(row));
    let merged: Vec<RowNo> = mine.iter().filter(|row| !gone(row)).chain(new).copied().collect();
    Some(if merged.is_empty() { Cell::Empty } else { Cell::Links(merged.into()) })
}

fn rows(cell: &Cell) -> Option<&[RowNo]> {
    match cell {
        Cell::Empty => Some(&[]),
        Cell::Links(rows) => Some(rows),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_base::{FieldNo, TableNo};

    fn links(rows: &[u64]) -> Cell {
        if rows.is_empty() { Cell::Empty } else { Cell::Links(rows.iter().map(|row| RowNo(*row)).collect()) }
    }

    fn change(row: u64, before: Cell, after: Cell) -> Change {
        let cells = vec![CellEdit { field: FieldNo(1), before, after }];
        Change {
            kind: ChangeKind::Update,
            at_us: 0,
            actor: "usr_x".into(),
            schema: Vec::new(),
            created: Vec::new(),
            updated: vec![RowEdit { table: TableNo(1), row: RowNo(row), cells }],
            deleted: Vec::new(),
            claims: Vec::new(),
            refused: Vec::new(),
        }
    }

    #[test]
    fn lists_of_links_take_what_both_add_and_lose_what_one_takes() {
        for (before, one, other, merged) in [
            (&[][..], &[1][..], &[2][..], &[1, 2][..]),
            (&[1, 2], &[1, 2, 3], &[1, 2, 4], &[1, 2, 3, 4]),
            (&[1, 2], &[2], &[1, 2, 3], &[2, 3]),
            (&[1], &[], &[1, 2], &[2]),
        ] {
            let both = merge(change(7, links(before), links(one)), change(7, links(before), links(other)));
            let both = both.unwrap();
            assert_eq!(both.updated[0].cells[0].after, links(merged), "{before:?} {one:?} {other:?}");
        }
    }

    #[test]
    fn different_records_stay_apart_and_different_values_are_refused() {
        let number = |value| Cell::Number(value);
        let both = merge(change(1, Cell::Empty, number(1.0)), change(2, Cell::Empty, number(2.0))).unwrap();
        assert_eq!((both.updated.len(), both.kind), (2, ChangeKind::Mixed));
        assert!(merge(change(1, Cell::Empty, number(1.0)), change(1, Cell::Empty, number(2.0))).is_none());
    }
}
