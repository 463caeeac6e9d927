//! Any text: parsing, checking, formatting and running it neither panics nor runs away, and rows agree with columns.
#![no_main]

use engine_expr::{
    Column, ColumnBuilder, Columns, EvalContext, FieldKey, Row, Scope, Type, Value, compile, eval_column,
    eval_row, format, parse, shown, stored,
};
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

const FIELDS: [(&str, FieldKey, Type); 6] = [
    ("City", 1, Type::Text),
    ("Price", 2, Type::Number),
    ("Paid", 3, Type::Bool),
    ("Due", 4, Type::Date),
    ("Airline", 5, Type::Links),
    ("Extra", 6, Type::Any),
];

struct One;

impl Row for One {
    fn get(&self, field: FieldKey) -> Value {
        match field {
            1 => Value::text("Zürich"),
            2 => Value::Number(-2.5),
            3 => Value::Bool(true),
            4 => Value::Date(20_000),
            5 => Value::list(vec![Value::text("a"), Value::Null]),
            _ => Value::text("12"),
        }
    }
}

impl Columns for One {
    fn len(&self) -> usize {
        2
    }
    fn column(&self, field: FieldKey) -> Column {
        let ty = FIELDS.iter().find(|(_, key, _)| *key == field).map_or(Type::Any, |(.., ty)| *ty);
        let mut builder = ColumnBuilder::new(ty, 2, 0);
        builder.push(self.get(field));
        builder.push(self.get(field));
        builder.finish()
    }
}

fuzz_target!(|text: &str| {
    let mut scope = Scope::new();
    scope.with_record();
    for (name, key, ty) in FIELDS {
        scope.add(name, &format!("fld{key:014}"), key, ty);
    }
    let parsed = parse(text);
    for diagnostic in &parsed.diagnostics {
        assert!(text.get(diagnostic.span.start as usize..diagnostic.span.end as usize).is_some());
    }
    if let Ok(formatted) = format(text) {
        assert_eq!(parse(&formatted).ast.print(), parsed.ast.print());
        let kept = stored(text, &scope).expect("a formula");
        shown(&kept, &scope).expect("a kept formula");
    }
    if let Ok(program) = compile(text, &scope) {
        let ctx = EvalContext::new(1_795_257_000_000_000, TimeZone::UTC);
        let column = eval_column(&program, &One, &ctx);
        assert_eq!(eval_row(&program, &One, &ctx), column.get(1));
    }
});
