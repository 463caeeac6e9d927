//! What clients write into cells of files, made into what cells hold: `[{"id"}]` of files that were uploaded, `[{"url"}]` of files
//! to fetch, with `filename` to give a name. Asked before a command goes to the base's writer, which takes nothing else.
//!
//! Invariant: an id is taken only if the caller uploaded the file, was shown it lately (the address says so), or sees it in a
//! cell: of the record itself or of any other of the base. What stays in the cell needs no look anywhere.

use super::Stored;
use super::store::{FILES_BY_ID, UNUSE_FILES, USE_FILES};
use super::urls::Refusal;
use crate::actor::OpenBase;
use crate::problem::escape;
use crate::service::Bases;
use crate::sight::Seen;
use engine_base::{
    Command, Field, FieldKind, FieldNo, FileFacts, FileTexts, InputCells, MAX_FILES, RowNo, TableNo,
};
use jiff::Timestamp;
use kernel_core::{Caller, Code, Error, FieldError, FileId, Result, TenantId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Files that one request may have fetched.
const MAX_FETCHED: usize = 10;

/// Files that one request may name.
const MAX_NAMED: usize = 2_000;
/// How long all files of a request may take to be fetched.
const FETCH_ALL: Duration = Duration::from_secs(30);

/// What a command may write of files, and what was marked as used for it.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The only texts that the writer takes for files.
    pub(crate) texts: FileTexts,
    /// Files that no cell had named, with their marks.
    marked: Vec<(Uuid, Timestamp)>,
}

/// A cell of files in a request.
struct Place {
    /// Of its record, and of it among the record's cells.
    at: (usize, usize),
    row: Option<RowNo>,
    field: FieldNo,
    pointer: String,
    said: Vec<Said>,
}

/// What is said of one file.
struct Said {
    of: Source,
    name: Option<String>,
}

enum Source {
    /// With the address that was shown with it, if it comes back.
    Id(String, Option<String>),
    Url(String),
}

/// What is wrong with a cell: the code and a sentence.
type Wrong = (Code, String);

fn said(one: &Value, typecast: bool) -> Result<Said, Wrong> {
    let wrong = || {
        (
            Code::WrongType,
            "Expected files such as {\"id\": \"att_…\"} or {\"url\": \"https://…\"}.".to_owned(),
        )
    };
    let text = |name: &str| one.get(name).and_then(Value::as_str);
    let name =
        text("filename").or_else(|| text("name")).filter(|name| !name.trim().is_empty()).map(str::to_owned);
    if let Some(id) = text("id") {
        return Ok(Said { of: Source::Id(id.to_owned(), text("url").map(str::to_owned)), name });
    }
    if let Some(url) = text("url") {
        return Ok(Said { of: Source::Url(url.to_owned()), name });
    }
    let plain = one.as_str().filter(|_| typecast).ok_or_else(wrong)?.trim();
    // As an export writes it: `name (https://…)`.
    if let Some((name, url)) = plain.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        return Ok(Said { of: Source::Url(url.to_owned()), name: Some(name.to_owned()) });
    }
    let plain = plain.to_owned();
    let of = if plain.starts_with("att_") { Source::Id(plain, None) } else { Source::Url(plain) };
    Ok(Said { of, name: None })
}

fn all_said(kind: &FieldKind, value: &Value, typecast: bool) -> Result<Vec<Said>, Wrong> {
    let list = match value {
        Value::Array(list) => list.iter().map(|one| said(one, typecast)).collect::<Result<Vec<_>, _>>()?,
        Value::String(text) if typecast => {
            let parts = text.split(['\n']).flat_map(|line| line.split(", ")).map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(|part| said(&Value::from(part), true))
                .collect::<Result<_, _>>()?
        }
        one => vec![said(one, typecast)?],
    };
    let most = if matches!(kind, FieldKind::Signature) { 1 } else { MAX_FILES };
    if list.len() > most {
        return Err((Code::TooLong, format!("At most {most} in one cell.")));
    }
    Ok(list)
}

/// The cells that a command writes, by record; none: of one that is made.
type Rows<'a> = Vec<(Option<RowNo>, &'a mut InputCells)>;

/// The table that a command writes to, with what it writes.
fn rows_of(command: &mut Command) -> Option<(TableNo, Rows<'_>)> {
    Some(match command {
        Command::CreateRecords { table, rows, .. } => {
            (*table, rows.iter_mut().map(|cells| (None, cells)).collect())
        }
        Command::UpdateRecords { table, rows } => {
            (*table, rows.iter_mut().map(|(row, cells)| (Some(*row), cells)).collect())
        }
        _ => return None,
    })
}

impl Bases {
    /// The command with files as its cells hold them. Asked after whether it is permitted; what came of the write goes to
    /// [`Bases::settle`].
    ///
    /// # Errors
    /// Field errors; `too_many`, `file_too_large`, `storage_full`.
    pub(crate) async fn with_files(
        &self,
        open: &OpenBase,
        caller: &Caller,
        typecast: bool,
        mut command: Command,
    ) -> Result<(Command, Taken)> {
        let taken = match rows_of(&mut command) {
            Some((table, mut rows)) => self.take_files((open, caller), typecast, table, &mut rows).await?,
            None => Taken::default(),
        };
        Ok((command, taken))
    }

    /// As [`Bases::with_files`], of rows that are there or that are to be made.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn take_files(
        &self,
        (open, caller): (&OpenBase, &Caller),
        typecast: bool,
        table: TableNo,
        rows: &mut [(Option<RowNo>, &mut InputCells)],
    ) -> Result<Taken> {
        let fields: Vec<Field> = open.read(|base| {
            let seen = Seen::of(caller, base, table);
            // What may not be written is refused by `permit`; nothing is fetched for it, and the writer takes nothing of it.
            let writes = |seen: Seen<'_>| {
                let own =
                    seen.fields.iter().filter(|field| field.kind.holds_files() && seen.writes(field.no));
                own.cloned().collect()
            };
            seen.map(writes).unwrap_or_default()
        });
        if fields.is_empty() {
            return Ok(Taken::default());
        }
        let places = places(&fields, typecast, rows)?;
        if places.is_empty() {
            return Ok(Taken::default());
        }
        let known = self.known((open, caller), table, &places).await?;
        let fetched = known.iter().flatten().filter(|known| matches!(known, Known::Elsewhere(_))).count();
        if fetched > MAX_FETCHED {
            let detail = format!("One request can have {MAX_FETCHED} files fetched.");
            return Err(Error::new(Code::TooMany).detail(detail));
        }
        let (mut texts, mut new) = (FxHashSet::default(), Vec::new());
        let until = tokio::time::Instant::now() + FETCH_ALL;
        for (place, known) in places.iter().zip(known) {
            let mut cell = Vec::with_capacity(place.said.len());
            for (said, known) in place.said.iter().zip(known) {
                let text = match known {
                    Known::Held(text) => text,
                    Known::New(file, text) => {
                        new.push(file);
                        text
                    }
                    Known::Elsewhere(url) => {
                        let fetched = self.fetch_file(caller, &url, said.name.as_deref());
                        let late = || {
                            Error::new(Code::InvalidValue).detail("The files take too long to be fetched.")
                        };
                        let fetched = tokio::time::timeout_at(until, fetched).await;
                        let stored =
                            fetched.unwrap_or_else(|_| Err(late())).map_err(|error| place.error(error))?;
                        new.push(stored.id.uuid());
                        stored.cell(None)
                    }
                };
                texts.insert(Box::from(text.as_str()));
                cell.push(Value::from(text));
            }
            let (row, at) = place.at;
            rows[row].1[at].1 = Value::Array(cell);
        }
        let taken = self.use_files(caller.tenant, new).await?;
        Ok(Taken { texts: Arc::new(texts), ..taken })
    }

    /// What there is of the files that places name, found in one question to the database and one look through the base.
    async fn known(
        &self,
        (open, caller): (&OpenBase, &Caller),
        table: TableNo,
        places: &[Place],
    ) -> Result<Vec<Vec<Known>>> {
        // What the cells have already, renamed perhaps.
        let held: Vec<FxHashMap<String, Box<str>>> = open.read(|base| {
            let texts = |place: &Place| {
                let cell = place.row.map(|row| base.cell(table, row, place.field)).unwrap_or_default();
                let of = |text: &str| Some((FileFacts::parse(text)?.id.to_owned(), text.into()));
                cell.ids().iter().filter_map(|text| of(text)).collect()
            };
            places.iter().map(texts).collect()
        });
        let mut asked = Vec::new();
        for (place, held) in places.iter().zip(&held) {
            for said in &place.said {
                match &said.of {
                    Source::Id(id, _) if held.contains_key(id) => {}
                    Source::Id(id, _) => {
                        asked.push(id.parse::<FileId>().map_err(|_| place.error(unknown(id)))?.uuid());
                    }
                    Source::Url(url) => match self.own_file(caller, url) {
                        Some(Ok(file)) => asked.push(file.uuid()),
                        Some(Err(refusal)) => return Err(place.error(refused(refusal))),
                        None => {}
                    },
                }
            }
        }
        let stored = self.stored(caller.tenant, asked).await?;
        // Those of others: only who sees them in a cell may have them.
        let mut others = FxHashMap::default();
        let me = caller.actor.to_string();
        let is_free = |stored: &Stored, url: Option<&str>| {
            // Who undoes a removal sends back what was shown.
            stored.by == me || url.and_then(|url| self.own_file(caller, url)) == Some(Ok(stored.id))
        };
        for (place, held) in places.iter().zip(&held) {
            for said in &place.said {
                if let Source::Id(id, url) = &said.of
                    && !held.contains_key(id)
                {
                    let found = stored.get(id).ok_or_else(|| place.error(unknown(id)))?;
                    if !is_free(found, url.as_deref()) {
                        others.insert(id.clone(), None);
                    }
                }
            }
        }
        self.see_files(open, caller, &mut others);
        let one = |place: &Place, held: &FxHashMap<String, Box<str>>, said: &Said| {
            let name = said.name.as_deref();
            let again = |text: &str| FileFacts::parse(text).map(|facts| renamed(&facts, name));
            match &said.of {
                Source::Id(id, _) => {
                    let missing = || place.error(unknown(id));
                    if let Some(text) = held.get(id) {
                        return again(text).map(Known::Held).ok_or_else(missing);
                    }
                    let kept = stored.get(id).ok_or_else(missing)?;
                    let text = match others.get(id) {
                        None => Some(kept.cell(name)),
                        Some(seen) => seen.as_deref().and_then(again),
                    };
                    Ok(Known::New(kept.id.uuid(), text.ok_or_else(missing)?))
                }
                Source::Url(url) => match self.own_file(caller, url) {
                    // A good address is only made for who sees the file.
                    Some(Ok(file)) => {
                        let id = file.to_string();
                        let kept = stored.get(&id).ok_or_else(|| place.error(unknown(&id)))?;
                        Ok(Known::New(file.uuid(), kept.cell(name)))
                    }
                    Some(Err(refusal)) => Err(place.error(refused(refusal))),
                    None => Ok(Known::Elsewhere(url.clone())),
                },
            }
        };
        let all = places.iter().zip(&held);
        all.map(|(place, held)| place.said.iter().map(|said| one(place, held, said)).collect()).collect()
    }

    fn own_file(&self, caller: &Caller, url: &str) -> Option<Result<FileId, Refusal>> {
        self.0.addresses.of(caller.tenant).own(url).map(|found| found.map(|ticket| ticket.file))
    }

    /// What is kept of files, by id.
    pub(super) async fn stored(
        &self,
        tenant: TenantId,
        mut ids: Vec<Uuid>,
    ) -> Result<FxHashMap<String, Stored>> {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(FxHashMap::default());
        }
        let rows = self.0.db.read(tenant, &FILES_BY_ID, &[&tenant.uuid(), &ids]).await?;
        let stored = rows.iter().map(|row| {
            let side = |at: usize| row.get::<_, Option<i32>>(at).map(i32::unsigned_abs);
            let id = FileId::from_uuid(row.get(0));
            let stored = Stored {
                id,
                size: row.get::<_, i64>(1).unsigned_abs(),
                media_type: row.get(2),
                name: row.get(3),
                pixels: side(4).zip(side(5)),
                by: row.get(6),
            };
            (id.to_string(), stored)
        });
        Ok(stored.collect())
    }

    /// Files as cells of the base hold them that the caller sees.
    fn see_files(&self, open: &OpenBase, caller: &Caller, wanted: &mut FxHashMap<String, Option<Box<str>>>) {
        if wanted.is_empty() {
            return;
        }
        let now_us = self.0.clock.now().as_microsecond();
        open.read(|base| {
            for table in &base.schema().tables {
                let Some(seen) = Seen::of(caller, base, table.number()) else { continue };
                for field in seen.fields.iter().filter(|field| field.kind.holds_files()) {
                    base.find_files(table.number(), field.no, wanted, |row| seen.has(base, row, now_us));
                }
            }
        });
    }

    /// Marks files as named by a cell: before the write, so that none goes while it is written.
    pub(super) async fn use_files(&self, tenant: TenantId, mut files: Vec<Uuid>) -> Result<Taken> {
        files.sort_unstable();
        files.dedup();
        if files.is_empty() {
            return Ok(Taken::default());
        }
        let now = self.0.clock.now();
        let there = self.0.db.write(tenant, &USE_FILES, &[&tenant.uuid(), &files, &now]).await?;
        let is_new = there.iter().filter(|row| row.get(1));
        let marked = is_new.map(|row| (row.get(0), row.get(2))).collect();
        let taken = Taken { texts: FileTexts::default(), marked };
        if there.len() < files.len() {
            let gone =
                Error::new(Code::UnknownRecord).detail("A file has been removed meanwhile. Upload it again.");
            return self.settle(tenant, &taken, Err(gone)).await;
        }
        Ok(taken)
    }

    /// Takes the marks back if the write was refused. After a failure of ours it may have been written: they stay.
    ///
    /// # Errors
    /// That of the write.
    pub(crate) async fn settle<T>(&self, tenant: TenantId, taken: &Taken, written: Result<T>) -> Result<T> {
        let is_refused = matches!(&written, Err(error) if (400..500).contains(&error.code().status()));
        if is_refused && !taken.marked.is_empty() {
            let (ids, marks): (Vec<Uuid>, Vec<Timestamp>) = taken.marked.iter().copied().unzip();
            let back = self.0.db.write(tenant, &UNUSE_FILES, &[&tenant.uuid(), &ids, &marks]).await;
            if let Err(problem) = back {
                tracing::warn!(%problem, "files of a write that was refused stay");
            }
        }
        written
    }
}

/// What is known of a file that a cell is to have: its text.
enum Known {
    Held(String),
    New(Uuid, String),
    /// At an address that it is to be fetched from.
    Elsewhere(String),
}

impl Place {
    /// A problem with a file, said at its cell.
    fn error(&self, error: Error) -> Error {
        if error.code().status() != 422 || error.code() == Code::StorageFull {
            return error;
        }
        let (code, message) = (error.code(), error.message().to_owned());
        Error::fields(vec![FieldError::new(self.pointer.clone(), code, message)])
    }
}

/// The cells of files that rows have, not empty, as they are said.
fn places(fields: &[Field], typecast: bool, rows: &[(Option<RowNo>, &mut InputCells)]) -> Result<Vec<Place>> {
    let many = rows.len() > 1;
    let (mut places, mut errors) = (Vec::new(), Vec::new());
    for (index, (row, cells)) in rows.iter().enumerate() {
        for (at, (no, value)) in cells.iter().enumerate().filter(|(_, (_, value))| !value.is_null()) {
            let Some(field) = fields.iter().find(|field| field.no == *no) else { continue };
            let record = if many { format!("/records/{index}") } else { String::new() };
            let pointer = format!("{record}/fields/{}", escape(&field.name));
            match all_said(&field.kind, value, typecast) {
                Ok(said) => places.push(Place { at: (index, at), row: *row, field: *no, pointer, said }),
                Err((code, detail)) => errors.push(FieldError::new(pointer, code, detail)),
            }
        }
    }
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    if places.iter().map(|place| place.said.len()).sum::<usize>() > MAX_NAMED {
        let detail = format!("One request can name {MAX_NAMED} files.");
        return Err(Error::new(Code::TooMany).detail(detail));
    }
    Ok(places)
}

fn unknown(id: &str) -> Error {
    Error::new(Code::UnknownRecord).detail(format!("There is no file {id}."))
}

fn refused(refusal: Refusal) -> Error {
    let detail = match refusal {
        Refusal::Ended => "The address of this file has ended; read the record again for a new one.",
        Refusal::Broken => "The address of this file is not whole.",
    };
    Error::new(Code::InvalidValue).detail(detail)
}

fn renamed(facts: &FileFacts<'_>, name: Option<&str>) -> String {
    let name = name.map(super::clean_name);
    FileFacts { name: name.as_deref().unwrap_or(facts.name), ..*facts }.text()
}
