//! Random changes of whatever tables there are: of the schema, of records.

use super::*;

pub fn update_field(table: TableNo, field: FieldNo, name: Option<&str>, kind: Option<FieldKind>) -> Command {
    Command::UpdateField {
        table,
        field,
        name: name.map(str::to_owned),
        description: None,
        kind,
        rules: None,
        position: None,
    }
}

/// A random change of the schema, None if there is nothing to do it to.
pub fn reshape(rng: &mut Rng, base: &Base) -> Option<Command> {
    let schema = base.schema();
    let table = rng.pick(&schema.tables);
    let (number, word) = (table.number(), format!("N{}", rng.below(1_000_000)));
    let field = rng.pick(&table.fields).no;
    Some(match rng.below(12) {
        0 => Command::UpdateField {
            table: number,
            field,
            name: Some(word),
            description: None,
            kind: None,
            rules: None,
            position: Some(rng.below(4)),
        },
        1 => Command::CreateField {
            table: number,
            field: self::field(&word, FieldKind::Number { precision: None }),
        },
        2 => {
            let kind = FieldKind::Link {
                table: rng.pick(&schema.tables).number(),
                symmetric: None,
                single: rng.below(2) == 0,
            };
            Command::CreateField { table: number, field: self::field(&word, kind) }
        }
        3 | 4 if field != table.head.primary_field => Command::DeleteField { table: number, field },
        5 => Command::RestoreField { table: number, field: table.trash.fields.first()?.no },
        6 if schema.tables.len() > 1 => Command::DeleteTable { table: number },
        7 => Command::RestoreTable { table: schema.trash.first()?.number() },
        8 => Command::CreateView {
            table: number,
            name: word,
            kind: "grid".into(),
            access: ViewAccess::Shared,
            config: ViewConfig { hidden: vec![number.field(field)], ..ViewConfig::default() },
        },
        9 if table.views.len() > 1 => Command::DeleteView { table: number, view: rng.pick(&table.views).no },
        10 => Command::RestoreView { table: number, view: table.trash.views.first()?.no },
        11 => {
            let texts: Vec<FieldNo> = table
                .fields
                .iter()
                .filter(|field| matches!(field.kind, FieldKind::Text | FieldKind::Number { .. }))
                .map(|field| field.no)
                .collect();
            let kind = if rng.below(2) == 0 { FieldKind::LongText } else { FieldKind::Text };
            let field = *texts.get(rng.below(texts.len().max(1)))?;
            update_field(number, field, None, Some(kind))
        }
        _ => return None,
    })
}

/// A random change of records of whatever tables there are.
pub fn rewrite(rng: &mut Rng, base: &Base) -> Option<Command> {
    let table = rng.pick(&base.schema().tables);
    let number = table.number();
    let rows = base.window(&QuerySpec::all(number), &context(), 0, usize::MAX).unwrap().rows;
    let mut cells = Vec::new();
    for field in &table.fields {
        let value = match &field.kind {
            FieldKind::Text | FieldKind::LongText => json!(format!("t{}", rng.below(50))),
            FieldKind::Number { .. } => json!(rng.below(50)),
            FieldKind::Checkbox => json!(rng.below(2) == 0),
            FieldKind::Select { choices } if !choices.is_empty() => json!(rng.pick(choices).name),
            FieldKind::Link { table: other, single, .. } => {
                let there = base.window(&QuerySpec::all(*other), &context(), 0, usize::MAX).unwrap().rows;
                let count = if *single { 1 } else { rng.below(3) };
                let some: Vec<String> = there
                    .iter()
                    .skip(rng.below(5))
                    .take(count)
                    .map(|row| other.record(*row).to_string())
                    .collect();
                json!(some)
            }
            _ => continue,
        };
        if rng.below(2) == 0 {
            cells.push((field.no, value));
        }
    }
    Some(match rng.below(5) {
        0 | 1 => Command::CreateRecords { table: number, rows: vec![cells, Vec::new()], ids: None },
        2 | 3 => Command::UpdateRecords {
            table: number,
            rows: vec![(*rows.get(rng.below(rows.len().max(1)))?, cells)],
        },
        _ => Command::DeleteRecords { table: number, rows: vec![*rows.get(rng.below(rows.len().max(1)))?] },
    })
}
