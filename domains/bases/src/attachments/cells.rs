//! What clients write into cells of files, made into what cells hold: `[{"id"}]` of files that were uploaded, `[{"url"}]` of files
//! to fetch, with `filename` to give a name. Asked before a command goes to the base's writer, which takes nothing else.
//!
//! Invariant: an id is taken only if the caller uploaded the file, was shown it lately (the address says so), or sees it in a
//! cell: of the record itself or of any other of the base. What stays in the cell needs no look anywhere.

use super::Stored;
use super::store::{FILES_BY_ID, USE_FILES};
use super::urls::Refusal;
use crate::actor::OpenBase;
use crate::problem::escape;
use crate::service::Bases;
use crate::sight::Seen;
use engine_base::{Command, Field, FieldKind, FieldNo, FileFacts, InputCells, MAX_FILES, RowNo, TableNo};
use kernel_core::{Caller, Code, Error, FieldError, FileId, Result, TenantId};
use serde_json::Value;
use uuid::Uuid;

/// Files that one request may have fetched.
const MAX_FETCHED: usize = 10;

/// A cell of files in a request.
struct Place {
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

/// The cells that a command writes, by record.
fn rows_of(command: &mut Command) -> Option<(TableNo, Vec<(Option<RowNo>, &mut InputCells)>)> {
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
    /// The command with files as its cells hold them. Asked after whether it is permitted.
    ///
    /// # Errors
    /// Field errors; `file_too_large`, `storage_full`.
    pub(crate) async fn with_files(
        &self,
        open: &OpenBase,
        caller: &Caller,
        typecast: bool,
        mut command: Command,
    ) -> Result<Command> {
        if let Some((table, mut rows)) = rows_of(&mut command) {
            self.take_files((open, caller), typecast, table, &mut rows).await?;
        }
        Ok(command)
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
    ) -> Result<()> {
        let many = rows.len() > 1;
        let fields: Vec<Field> = open.read(|base| {
            let seen = Seen::of(caller, base, table);
            // What may not be written is refused by `permit`; nothing is fetched for it.
            let writes = |seen: Seen<'_>| {
                let own =
                    seen.fields.iter().filter(|field| field.kind.holds_files() && seen.writes(field.no));
                own.cloned().collect()
            };
            seen.map(writes).unwrap_or_default()
        });
        if fields.is_empty() {
            return Ok(());
        }
        let (mut places, mut errors) = (Vec::new(), Vec::new());
        for (index, (row, cells)) in rows.iter().enumerate() {
            for (no, value) in cells.iter().filter(|(_, value)| !value.is_null()) {
                let Some(field) = fields.iter().find(|field| field.no == *no) else { continue };
                let record = if many { format!("/records/{index}") } else { String::new() };
                let pointer = format!("{record}/fields/{}", escape(&field.name));
                match all_said(&field.kind, value, typecast) {
                    Ok(said) => places.push((index, Place { row: *row, field: *no, pointer, said })),
                    Err((code, detail)) => errors.push(FieldError::new(pointer, code, detail)),
                }
            }
        }
        let fetched = places.iter().flat_map(|(_, place)| &place.said);
        if fetched
            .filter(|said| matches!(&said.of, Source::Url(url) if self.own_file(caller, url).is_none()))
            .count()
            > MAX_FETCHED
        {
            let detail = format!("One request can have {MAX_FETCHED} files fetched.");
            return Err(Error::new(Code::TooMany).detail(detail));
        }
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        let mut new = Vec::new();
        for (index, place) in places {
            let mut texts = Vec::with_capacity(place.said.len());
            for one in &place.said {
                match self.text_of((open, caller), table, &place, one, &mut new).await {
                    Ok(text) => texts.push(Value::from(text)),
                    Err(error) if error.code().status() == 422 && error.code() != Code::StorageFull => {
                        errors.push(FieldError::new(
                            place.pointer.clone(),
                            error.code(),
                            error.message().to_owned(),
                        ));
                    }
                    Err(error) => return Err(error),
                }
            }
            if let Some((_, value)) = rows[index].1.iter_mut().find(|(no, _)| *no == place.field) {
                *value = Value::Array(texts);
            }
        }
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        self.use_files(caller.tenant, new).await
    }

    /// The text of one file for its cell. Files that no cell is known to have are added to `new`.
    async fn text_of(
        &self,
        (open, caller): (&OpenBase, &Caller),
        table: TableNo,
        place: &Place,
        said: &Said,
        new: &mut Vec<Uuid>,
    ) -> Result<String> {
        let name = said.name.as_deref();
        let unknown = |id: &str| Error::new(Code::UnknownRecord).detail(format!("There is no file {id}."));
        let id = match &said.of {
            Source::Id(id, url) => {
                // What the cell has already, renamed perhaps.
                let held = place.row.map(|row| open.read(|base| base.cell(table, row, place.field)));
                let held =
                    held.iter().flat_map(engine_base::Cell::ids).filter_map(|text| FileFacts::parse(text));
                if let Some(facts) = held.into_iter().find(|facts| facts.id == id) {
                    return Ok(renamed(&facts, name));
                }
                let file: FileId = id.parse().map_err(|_| unknown(id))?;
                let is_mine = self
                    .stored(caller.tenant, file)
                    .await?
                    .filter(|stored| stored.by == caller.actor.to_string());
                if let Some(stored) = is_mine {
                    new.push(file.uuid());
                    return Ok(stored.cell(name));
                }
                // Who undoes a removal sends back what was shown.
                let shown = url.as_deref().and_then(|url| self.own_file(caller, url));
                if shown == Some(Ok(file)) {
                    let stored = self.stored(caller.tenant, file).await?.ok_or_else(|| unknown(id))?;
                    new.push(file.uuid());
                    return Ok(stored.cell(name));
                }
                let seen = self.seen_file(open, caller, id).ok_or_else(|| unknown(id))?;
                let facts = FileFacts::parse(&seen).ok_or_else(|| unknown(id))?;
                new.push(file.uuid());
                return Ok(renamed(&facts, name));
            }
            Source::Url(url) => match self.own_file(caller, url) {
                Some(Ok(file)) => file,
                Some(Err(refusal)) => {
                    let detail = match refusal {
                        Refusal::Ended => {
                            "The address of this file has ended; read the record again for a new one."
                        }
                        Refusal::Broken => "The address of this file is not whole.",
                    };
                    return Err(Error::new(Code::InvalidValue).detail(detail));
                }
                None => {
                    let stored = self.fetch_file(caller, url, name).await?;
                    new.push(stored.id.uuid());
                    return Ok(stored.cell(None));
                }
            },
        };
        // A good address is only made for who sees the file.
        let stored = self.stored(caller.tenant, id).await?.ok_or_else(|| unknown(&id.to_string()))?;
        new.push(id.uuid());
        Ok(stored.cell(name))
    }

    fn own_file(&self, caller: &Caller, url: &str) -> Option<Result<FileId, Refusal>> {
        self.0.addresses.of(caller.tenant).own(url).map(|found| found.map(|ticket| ticket.file))
    }

    /// What is kept of a file.
    async fn stored(&self, tenant: TenantId, id: FileId) -> Result<Option<Stored>> {
        let row = self.0.db.read_opt(tenant, &FILES_BY_ID, &[&tenant.uuid(), &vec![id.uuid()]]).await?;
        Ok(row.map(|row| {
            let side = |at: usize| row.get::<_, Option<i32>>(at).map(i32::unsigned_abs);
            Stored {
                id,
                size: row.get::<_, i64>(1).unsigned_abs(),
                media_type: row.get(2),
                name: row.get(3),
                pixels: side(4).zip(side(5)),
                by: row.get(6),
            }
        }))
    }

    /// The file as some cell of the base holds it that the caller sees.
    fn seen_file(&self, open: &OpenBase, caller: &Caller, id: &str) -> Option<Box<str>> {
        let now_us = self.0.clock.now().as_microsecond();
        open.read(|base| {
            base.schema().tables.iter().find_map(|table| {
                let seen = Seen::of(caller, base, table.number())?;
                let files = seen.fields.iter().filter(|field| field.kind.holds_files());
                files.into_iter().find_map(|field| {
                    base.find_file(table.number(), field.no, id, |row| seen.has(base, row, now_us))
                })
            })
        })
    }

    /// Marks files as named by a cell.
    pub(super) async fn use_files(&self, tenant: TenantId, mut files: Vec<Uuid>) -> Result<()> {
        files.sort_unstable();
        files.dedup();
        if files.is_empty() {
            return Ok(());
        }
        let now = self.0.clock.now();
        let there = self.0.db.write(tenant, &USE_FILES, &[&tenant.uuid(), &files, &now]).await?;
        if there.len() < files.len() {
            return Err(
                Error::new(Code::UnknownRecord).detail("A file has been removed meanwhile. Upload it again.")
            );
        }
        Ok(())
    }
}

fn renamed(facts: &FileFacts<'_>, name: Option<&str>) -> String {
    let name = name.map(super::clean_name);
    FileFacts { name: name.as_deref().unwrap_or(facts.name), ..*facts }.text()
}
