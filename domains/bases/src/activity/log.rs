//! Reading the log, a page at a time, as one caller may see it.

use super::entry::{ActivityEntry, Line};
use super::{MAX_PAGE, MAX_READ, store};
use crate::actor::OpenBase;
use crate::catalog::api::base_id;
use crate::schema::table_no;
use crate::service::Bases;
use crate::who::Names;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Level, Result, enough};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

const KINDS: [&str; 6] = ["create", "update", "delete", "restore", "schema", "mixed"];

/// Which changes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Table id: changes of its records, fields and views.
    table: Option<String>,
    /// `usr_…`, `tok_…`, `con_…` or `system`.
    actor: Option<String>,
    /// `create`, `update`, `delete`, `restore`, `schema` or `mixed`.
    kind: Option<String>,
    /// Not before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Only changes with a lower number: `next` of the page before.
    pub(super) before: Option<u64>,
    /// Changes looked at, 1 to 200; 50 if absent.
    pub(super) limit: Option<u64>,
    /// Only changes that changed tables, fields, views or the base itself.
    #[serde(skip)]
    #[param(ignore)]
    pub(super) schema_only: bool,
}

impl Wanted {
    /// Changes of the schema.
    pub(super) fn of_schema(limit: Option<u64>) -> Self {
        Self { schema_only: true, limit, ..Self::default() }
    }
}

/// The log of a base, for who may manage it.
pub(super) struct Log {
    bases: Bases,
    caller: Caller,
    open: Arc<OpenBase>,
    base: i64,
    table: Option<i64>,
    wanted: Wanted,
}

/// Some changes, newest first.
pub(super) struct Page {
    /// The base's version now.
    pub(super) seq: u64,
    pub(super) entries: Vec<ActivityEntry>,
    /// What comes next is before this change; `None` at the end.
    pub(super) next: Option<u64>,
    /// When the first change was made that is kept.
    pub(super) kept_since: Option<Timestamp>,
}

impl Log {
    /// # Errors
    /// `not_found`, `forbidden`, `invalid_value`.
    pub(super) async fn of(bases: &Bases, caller: Caller, base: &str, wanted: Wanted) -> Result<Self> {
        caller.require(Capability::ReadRecords)?;
        let open = bases.open(&caller, base_id(base)?.0).await?;
        let number = open.read(|base| base.id().0);
        enough(caller.base(number), Level::Manage)?;
        if let Some(limit) = wanted.limit.filter(|limit| !(1..=MAX_PAGE).contains(limit)) {
            let detail = format!("is {limit}, not within 1 to {MAX_PAGE}");
            return Err(Error::field("limit", Code::InvalidValue, detail));
        }
        if let Some(kind) = wanted.kind.as_deref().filter(|kind| !KINDS.contains(kind)) {
            let detail = format!("is {kind}, not one of {}", KINDS.join(", "));
            return Err(Error::field("kind", Code::InvalidValue, detail));
        }
        let table = wanted.table.as_deref().map(table_no).transpose()?.map(|table| table.0.cast_signed());
        Ok(Self { bases: bases.clone(), caller, open, base: number.cast_signed(), table, wanted })
    }

    /// The base's name.
    pub(super) fn name(&self) -> String {
        self.open.read(|base| base.schema().info.name.clone())
    }

    /// Looks at `limit` changes before a number; those of which the caller sees nothing are left out.
    pub(super) async fn page(&self, before: Option<u64>, limit: u64) -> Result<Page> {
        let (tenant, wanted) = (self.caller.tenant, &self.wanted);
        let number = |before| i64::try_from(before).map_err(|_| no_version());
        let before = before.map(number).transpose()?.unwrap_or(i64::MAX);
        let params: kernel_db::Params<'_> = &[
            &tenant.uuid(),
            &self.base,
            &before,
            &wanted.actor,
            &wanted.kind,
            &wanted.from,
            &wanted.to,
            &self.table,
            &MAX_READ,
            &limit.cast_signed(),
            &wanted.schema_only,
        ];
        let rows = self.bases.0.db.read(tenant, &store::ACTIVITY, params).await?;
        let lines: Vec<Line> = rows.iter().map(Line::read).collect::<Result<_>>()?;
        let names = Names::of(&self.bases, tenant, lines.iter().map(|line| line.actor.as_str())).await?;
        let next = lines.last().filter(|_| lines.len() as u64 == limit).map(|line| line.seq);
        let (seq, entries) = self.open.read(|base| {
            let shown = lines.iter().filter_map(|line| line.shown(&self.caller, base, &names));
            (base.seq(), shown.collect::<Vec<_>>())
        });
        let first = self.bases.first_change(tenant, self.base).await?;
        Ok(Page { seq, entries, next, kept_since: first.map(|(_, at)| at) })
    }
}

fn no_version() -> Error {
    Error::field("before", Code::InvalidValue, "is more than a version can be")
}
