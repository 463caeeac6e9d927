//! Cells of files against a naive model: written, renamed, moved, emptied, taken back; asked for by name and by type; stored
//! and loaded.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::*;

const FILES: FieldNo = FieldNo(2);
const TYPES: [&str; 4] = ["image/png", "application/pdf", "text/csv", "video/mp4"];
const NAMES: [&str; 5] = ["Plan.png", "plan b.PDF", "a|b, c.csv", "Über.mp4", "x"];

fn made(rng: &mut Rng) -> String {
    let id = format!("att_{}", rng.below(40));
    let pixels = (rng.below(2) == 0).then_some((3, 2));
    let size = rng.below(1000) as u64;
    let media_type = *rng.pick(&TYPES);
    let name = *rng.pick(&NAMES);
    FileFacts { id: &id, size, media_type, pixels, name }.text()
}

/// Each file once, as a cell keeps them.
fn cell(rng: &mut Rng) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for _ in 0..rng.below(4) {
        let file = made(rng);
        let id = |text: &str| FileFacts::parse(text).unwrap().id.to_owned();
        if !list.iter().any(|other| id(other) == id(&file)) {
            list.push(file);
        }
    }
    list
}

fn world(rng: &mut Rng) -> (Base, TableNo) {
    let mut base = Base::new(BaseId(7), 0, Schema::default());
    let fields = vec![field("Name", FieldKind::Text), field("Files", FieldKind::Attachment)];
    let table =
        Command::CreateTable { name: "Things".into(), description: String::new(), icon: None, fields };
    run(&mut base, rng, &table);
    let table = base.schema().tables[0].number();
    (base, table)
}

fn held(base: &Base, table: TableNo) -> BTreeMap<RowNo, Vec<String>> {
    let rows = base.window(&QuerySpec::all(table), &context(), 0, usize::MAX).unwrap().rows;
    let texts = |row: RowNo| base.cell(table, row, FILES).ids().iter().map(ToString::to_string).collect();
    rows.into_iter().map(|row| (row, texts(row))).collect()
}

fn kept(base: &Base, table: TableNo, condition: Value) -> Vec<RowNo> {
    let shape = base.schema().table(table).unwrap();
    let condition = Some(Condition::parse(&condition, shape).unwrap());
    let spec = QuerySpec { condition, ..QuerySpec::all(table) };
    let mut rows = base.window(&spec, &context(), 0, usize::MAX).unwrap().rows;
    rows.sort_unstable();
    rows
}

#[test]
fn cells_of_files_follow_the_model() {
    seeds(40, &[], |rng| {
        let (mut base, table) = world(rng);
        let mut model: BTreeMap<RowNo, Vec<String>> = BTreeMap::new();
        let field = table.field(FILES).to_string();
        for _ in 0..40 {
            let before = model.clone();
            let files = cell(rng);
            let value = vec![(FILES, json!(files))];
            let command = if model.is_empty() || rng.below(3) == 0 {
                Command::CreateRecords { table, rows: vec![value], ids: None }
            } else {
                let row = *rng.pick(&model.keys().copied().collect::<Vec<_>>());
                model.insert(row, files.clone());
                Command::UpdateRecords { table, rows: vec![(row, value)] }
            };
            let change = run(&mut base, rng, &command);
            if let Some(facts) = change.created.first() {
                model.insert(facts.row, files);
            }
            assert_eq!(held(&base, table), model);
            assert_eq!(Change::from_json(change.to_json().as_bytes()).unwrap(), change);
            if rng.below(4) == 0
                && let Some(inverse) = change.inverse()
            {
                base.apply(base.seq() + 1, &inverse);
                model = before;
                assert_eq!(held(&base, table), model, "taken back");
            }
        }
        let naive = |holds: &dyn Fn(&FileFacts<'_>) -> bool| -> Vec<RowNo> {
            let fits =
                |files: &&Vec<String>| files.iter().any(|file| holds(&FileFacts::parse(file).unwrap()));
            model.iter().filter(|(_, files)| fits(files)).map(|(row, _)| *row).collect()
        };
        for (op, value, expected) in [
            ("contains", json!("PLAN"), naive(&|file| file.name.to_lowercase().contains("plan"))),
            ("starts_with", json!("über"), naive(&|file| file.name.starts_with('Ü'))),
            ("is", json!("X"), naive(&|file| file.name == "x")),
            ("is_any_of", json!(["x", "plan.png"]), naive(&|file| ["x", "Plan.png"].contains(&file.name))),
            ("is_not_empty", Value::Null, naive(&|_| true)),
            ("has_file_type", json!("image"), naive(&|file| file.media_type == "image/png")),
            (
                "has_file_type",
                json!(["pdf", "Video"]),
                naive(&|file| {
                    ["application/pdf", "video/mp4"].contains(&file.media_type) || file.name.ends_with("PDF")
                }),
            ),
        ] {
            let found = kept(&base, table, json!({"field": field, "op": op, "value": value}));
            assert_eq!(found, expected, "{op} {value}");
        }
        // Sorted by the names as they are shown, empty cells last.
        let sort = vec![Sort { by: SortBy::Field(FILES), desc: false }];
        let spec = QuerySpec { sort, ..QuerySpec::all(table) };
        let rows = base.window(&spec, &context(), 0, usize::MAX).unwrap().rows;
        let empty: Vec<bool> = rows.iter().map(|row| model[row].is_empty()).collect();
        assert!(empty.is_sorted(), "{empty:?}");
    });
}

struct Addresses;

impl FileUrls for Addresses {
    fn write(&self, file: &FileFacts<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(format!(",\"url\":\"u/{}\"", file.id).as_bytes());
    }
    fn url(&self, file: &FileFacts<'_>) -> String {
        format!("u/{}", file.id)
    }
}

#[test]
fn files_are_written_with_their_addresses() {
    let rng = &mut Rng(1);
    let (mut base, table) = world(rng);
    base.set_file_urls(Arc::new(Addresses));
    let files = json!(["att_1|5|image/png|2x3|a.png", "att_2|7|text/csv||b.csv"]);
    run(
        &mut base,
        rng,
        &Command::CreateRecords { table, rows: vec![vec![(FILES, files)], vec![]], ids: None },
    );
    let mut out = Vec::new();
    base.write_window_row(table, RowNo(1), &[FILES], &mut out);
    let written: Value = serde_json::from_slice(&out).unwrap();
    let picture = json!({
        "id": "att_1", "filename": "a.png", "size": 5, "type": "image/png", "width": 2, "height": 3, "url": "u/att_1"
    });
    let text = json!({"id": "att_2", "filename": "b.csv", "size": 7, "type": "text/csv", "url": "u/att_2"});
    assert_eq!(written[1], json!([picture, text]));
    // Kept texts would keep addresses beyond their end.
    for _ in 0..2 {
        let mut out = b"[".to_vec();
        base.write_records(table, &[RowNo(1), RowNo(2)], Keys::Name, None, &mut out);
        out.push(b']');
        let written: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(written[0]["fields"]["Files"][0]["url"], "u/att_1");
        assert_eq!(written[1]["fields"]["Files"], json!([]));
    }
    assert_eq!(base.memory().json, 0);
    assert_eq!(
        base.plain(table, RowNo(1), FILES),
        Plain::Names(vec!["a.png (u/att_1)".into(), "b.csv (u/att_2)".into()])
    );
    let found = |ids: &[&str], seen: bool| -> Vec<Option<Box<str>>> {
        let mut wanted = ids.iter().map(|id| ((*id).to_owned(), None)).collect();
        base.find_files(table, FILES, &mut wanted, |_| seen);
        ids.iter().map(|id| wanted[*id].clone()).collect()
    };
    let second = Some(Box::from("att_2|7|text/csv||b.csv"));
    assert_eq!(found(&["att_2", "att_3"], true), [second, None]);
    assert_eq!(found(&["att_2"], false), [None]);
}

#[test]
fn what_the_service_did_not_make_is_no_file() {
    let rng = &mut Rng(3);
    let (mut base, table) = world(rng);
    let (good, forged) = ("att_1|5|image/png|2x3|a.png", "att_VICTIM|1|text/plain||x (url)");
    let made: FileTexts = Arc::new([Box::from(good)].into_iter().collect());
    run(&mut base, rng, &Command::CreateRecords { table, rows: vec![vec![]], ids: None });
    let write = |cells: InputCells, typecast: bool| {
        let mut random = || 1;
        let mut context = CheckContext::new("usr_test", 5, &mut random);
        (context.files, context.typecast) = (made.clone(), typecast);
        let command = Command::UpdateRecords { table, rows: vec![(RowNo(1), cells)] };
        base.check(&command, &mut context).map_err(|errors| errors[0].code)
    };
    for typecast in [false, true] {
        for (cells, outcome) in [
            (vec![(FILES, json!([good]))], Ok(())),
            (vec![(FILES, json!([]))], Ok(())),
            (vec![(FILES, json!([forged]))], Err(CellCode::WrongType)),
            (vec![(FILES, json!([good, forged]))], Err(CellCode::WrongType)),
            (vec![(FILES, json!(forged))], Err(CellCode::WrongType)),
            (vec![(FILES, json!([good])), (FILES, json!([good]))], Err(CellCode::InvalidValue)),
        ] {
            assert_eq!(write(cells.clone(), typecast).map(drop), outcome, "{cells:?}");
        }
    }
}

#[test]
fn rules_of_fields_with_files() {
    let rng = &mut Rng(2);
    let (mut base, table) = world(rng);
    let one = json!(["att_1|5|image/png|2x3|a.png"]);
    for (rules, fits) in [
        (FieldRules { required: true, ..FieldRules::default() }, true),
        (FieldRules { unique: true, ..FieldRules::default() }, false),
        (FieldRules { default: one.clone(), ..FieldRules::default() }, false),
    ] {
        let new = NewField { rules, ..field("More", FieldKind::Attachment) };
        let made = check(&base, rng, &Command::CreateField { table, field: new });
        assert_eq!(made.is_ok(), fits, "{made:?}");
        if let Ok(change) = made {
            base.apply(base.seq() + 1, &change);
        }
    }
    let create = |cells| Command::CreateRecords { table, rows: vec![cells], ids: None };
    assert_eq!(check(&base, rng, &create(vec![])).unwrap_err()[0].code, CellCode::Required);
    assert_eq!(
        check(&base, rng, &create(vec![(FieldNo(3), json!([]))])).unwrap_err()[0].code,
        CellCode::Required
    );
    assert!(check(&base, rng, &create(vec![(FieldNo(3), one)])).is_ok());
}
