//! Bases as things of a tenant: list, create, rename, trash, restore (spec A3).

pub(crate) mod api;
mod store;

use crate::actor::MOVED;
use crate::service::Bases;
use crate::sight;
use engine_base::Command;
use engine_base::ids::{BaseId, TableNo, random_number};
use engine_base::schema::{BaseInfo, MAX_NAME, clean_name};
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Level, Result, TenantId, enough};
use kernel_db::{Database, Db, Row};
use serde::Serialize;

/// Bases a tenant may have.
pub const MAX_BASES: usize = 500;
/// Icons that a base may have; names of the look's drawings. The first is the default.
pub const ICONS: [&str; 20] = [
    "table-2",
    "database",
    "users",
    "briefcase",
    "shopping-cart",
    "calendar",
    "book-open",
    "building-2",
    "plane",
    "truck",
    "globe",
    "heart",
    "star",
    "folder",
    "camera",
    "utensils",
    "graduation-cap",
    "stethoscope",
    "leaf",
    "rocket",
];
/// Colours that a base may have; the look's option colours. The first is the default.
pub const COLOURS: [&str; 10] =
    ["teal", "blue", "green", "orange", "violet", "yellow", "pink", "red", "brown", "gray"];
/// Tries to find a number that no base of the tenant has; one is practically always enough.
const NUMBER_TRIES: usize = 5;

/// A base, as lists show it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct BaseSummary {
    /// `app…`.
    #[schema(value_type = String, example = "app2kQ0000000000aB")]
    pub id: BaseId,
    /// Shown name.
    pub name: String,
    /// Free text, may be empty.
    pub description: String,
    /// Icon name.
    pub icon: String,
    /// Colour name.
    pub colour: String,
    /// Number of the last change.
    pub version: u64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// How much is in a base.
#[derive(Clone, Copy, Debug, Default)]
pub struct BaseSize {
    /// Records in all tables.
    pub records: u64,
    /// When a record was last changed.
    pub updated_at: Option<Timestamp>,
}

pub(crate) fn summary(row: &Row) -> BaseSummary {
    BaseSummary {
        id: BaseId(row.get::<_, i64>(0).unsigned_abs()),
        name: row.get(1),
        description: row.get(2),
        icon: row.get(3),
        colour: row.get(4),
        version: row.get::<_, i64>(5).unsigned_abs(),
        created_at: row.get(6),
    }
}

pub(crate) async fn base_of_table(db: &Db, tenant: TenantId, table: TableNo) -> Result<Option<u64>> {
    let number = table.0.cast_signed();
    let row = db.read_opt(tenant, &store::BASE_OF_TABLE, &[&tenant.uuid(), &number]).await?;
    Ok(row.map(|row| row.get::<_, i64>(0).unsigned_abs()))
}

/// What the tokens page asks.
impl tenancy::BaseDirectory for Bases {
    fn bases<'a>(&'a self, caller: &'a Caller) -> tenancy::Later<'a, Vec<tenancy::BaseName>> {
        Box::pin(async move {
            let bases = self.list(caller).await?.into_iter();
            let names = bases.map(|base| tenancy::BaseName {
                number: base.id.0,
                id: base.id.to_string(),
                name: base.name,
            });
            Ok(names.collect())
        })
    }

    fn tables<'a>(&'a self, caller: &'a Caller, base: u64) -> tenancy::Later<'a, Vec<tenancy::TableName>> {
        Box::pin(async move {
            caller.require(Capability::ManageMembers)?;
            let open = self.open(&Caller::system(caller.tenant), base).await?;
            Ok(open.read(|base| base.schema().tables.iter().map(table_name).collect()))
        })
    }

    fn rows_to_store<'a>(
        &'a self,
        caller: &'a Caller,
        (base, table): (u64, u64),
        filter: &'a str,
    ) -> tenancy::Later<'a, String> {
        Box::pin(async move {
            caller.require(Capability::ManageMembers)?;
            let open = self.open(&Caller::system(caller.tenant), base).await?;
            let now_us = self.0.clock.now().as_microsecond();
            open.read(|base| sight::rows_to_store(base, TableNo(table), filter, now_us))
        })
    }

    fn rows_to_show<'a>(
        &'a self,
        caller: &'a Caller,
        (base, table): (u64, u64),
        filter: &'a str,
    ) -> tenancy::Later<'a, String> {
        Box::pin(async move {
            caller.require(Capability::ManageMembers)?;
            let open = self.open(&Caller::system(caller.tenant), base).await?;
            Ok(open.read(|base| sight::rows_to_show(base, TableNo(table), filter)))
        })
    }
}

/// A table for the permissions page, with what may be hidden in it.
fn table_name(table: &engine_base::Table) -> tenancy::TableName {
    let fields = table.fields.iter().map(|field| tenancy::FieldName {
        number: field.no.0,
        name: field.name.clone(),
        primary: field.no == table.head.primary_field,
    });
    tenancy::TableName { number: table.number().0, name: table.head.name.clone(), fields: fields.collect() }
}

impl Bases {
    /// The tenant's bases that the caller may see, by name.
    ///
    /// # Errors
    /// `forbidden`, `missing_scope`.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<BaseSummary>> {
        caller.require(Capability::ReadRecords)?;
        let rows = self.0.db.read(caller.tenant, &store::BASES, &[&caller.tenant.uuid()]).await?;
        Ok(rows.iter().map(summary).filter(|base| caller.sees_base(base.id.0)).collect())
    }

    /// Records and last change of each base, by base number.
    ///
    /// # Errors
    /// As [`Bases::list`].
    pub async fn sizes(&self, caller: &Caller) -> Result<std::collections::HashMap<u64, BaseSize>> {
        caller.require(Capability::ReadRecords)?;
        if !caller.access.sees_whole_bases() {
            // How much is in what somebody may not see is not theirs to know.
            return Ok(std::collections::HashMap::new());
        }
        let rows = self.0.db.read(caller.tenant, &store::BASE_SIZES, &[&caller.tenant.uuid()]).await?;
        let sizes = rows.iter().map(|row| {
            let size = BaseSize { records: row.get::<_, i64>(1).unsigned_abs(), updated_at: row.get(2) };
            (row.get::<_, i64>(0).unsigned_abs(), size)
        });
        Ok(sizes.collect())
    }

    /// One base.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn summary(&self, caller: &Caller, base: BaseId) -> Result<BaseSummary> {
        caller.require(Capability::ReadRecords)?;
        if !caller.sees_base(base.0) {
            return Err(Error::not_found());
        }
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &base.0.cast_signed()];
        let row = self.0.db.read_opt(caller.tenant, &store::BASE, params).await?;
        row.as_ref().map(summary).ok_or_else(Error::not_found)
    }

    /// Creates an empty base.
    ///
    /// # Errors
    /// `required`, `too_long` at `name`; `limit_reached`.
    pub async fn create(
        &self,
        caller: &Caller,
        name: &str,
        icon: Option<&str>,
        colour: Option<&str>,
    ) -> Result<BaseSummary> {
        caller.require(Capability::CreateBases)?;
        let name = checked_name(name)?;
        if self.list(&Caller::system(caller.tenant)).await?.len() >= MAX_BASES {
            return Err(Error::new(Code::LimitReached)
                .detail(format!("An organisation has at most {MAX_BASES} bases.")));
        }
        let now = self.0.clock.now();
        let icon = one_of("icon", icon.unwrap_or(ICONS[0]), &ICONS)?;
        let colour = one_of("colour", colour.unwrap_or(COLOURS[0]), &COLOURS)?;
        for _ in 0..NUMBER_TRIES {
            let number = random_number(self.0.random.below(u64::MAX));
            let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
            let inserted = tx
                .execute(
                    &store::INSERT_BASE,
                    &[
                        &caller.tenant.uuid(),
                        &number.cast_signed(),
                        &name,
                        &"",
                        &icon,
                        &colour,
                        &now,
                        &caller.actor.to_string(),
                    ],
                )
                .await;
            match inserted {
                Ok(_) => {
                    tx.commit().await?;
                    return Ok(BaseSummary {
                        id: BaseId(number),
                        name,
                        description: String::new(),
                        icon: icon.to_owned(),
                        colour: colour.to_owned(),
                        version: 0,
                        created_at: now,
                    });
                }
                Err(error) if error.constraint() == Some("bases_pkey") => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::internal("no free base number was found"))
    }

    /// Renames or describes a base. `None` leaves a value as it is.
    ///
    /// # Errors
    /// `not_found`; field errors.
    pub async fn update(&self, caller: &Caller, base: BaseId, patch: BasePatch) -> Result<BaseSummary> {
        caller.require(Capability::ManageBases)?;
        enough(caller.base(base.0), Level::Manage)?;
        let open = self.open(caller, base.0).await?;
        let mut info: BaseInfo = open.read(|base| base.schema().info.clone());
        if let Some(name) = patch.name {
            info.name = checked_name(&name)?;
        }
        if let Some(description) = patch.description {
            info.description = description;
        }
        if let Some(icon) = patch.icon {
            info.icon = Some(one_of("icon", &icon, &ICONS)?.to_owned());
        }
        if let Some(colour) = patch.colour {
            info.colour = Some(one_of("colour", &colour, &COLOURS)?.to_owned());
        }
        self.write(&open, caller, Command::UpdateBase { info }).await?;
        self.summary(caller, base).await
    }

    /// Moves a base to the trash.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn trash(&self, caller: &Caller, base: BaseId) -> Result<()> {
        caller.require(Capability::ManageBases)?;
        self.move_base(caller, base, &store::TRASH_BASE, true).await
    }

    /// Brings a base back from the trash.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn restore(&self, caller: &Caller, base: BaseId) -> Result<BaseSummary> {
        caller.require(Capability::ManageBases)?;
        self.move_base(caller, base, &store::RESTORE_BASE, false).await?;
        self.summary(caller, base).await
    }

    async fn move_base(
        &self,
        caller: &Caller,
        base: BaseId,
        statement: &'static kernel_db::Statement,
        with_time: bool,
    ) -> Result<()> {
        enough(caller.base(base.0), Level::Manage)?;
        let (tenant, number, now) = (caller.tenant.uuid(), base.0.cast_signed(), self.0.clock.now());
        let mut params: Vec<&(dyn kernel_db::ToSql + Sync)> = vec![&tenant, &number];
        if with_time {
            params.push(&now);
        }
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let moved = tx.execute(statement, &params).await?;
        // Other processes drop what they have in memory, pages what they show.
        tx.notify("base_changed", &format!("{tenant} {number} {MOVED}")).await?;
        tx.commit().await?;
        self.0.registry.close(caller.tenant, base.0);
        if moved == 0 { Err(Error::not_found()) } else { Ok(()) }
    }
}

/// A partial change of a base.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BasePatch {
    /// Shown name, 1 to 100 characters.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Icon name.
    pub icon: Option<String>,
    /// Colour name.
    pub colour: Option<String>,
}

fn one_of<'a>(field: &'static str, value: &'a str, known: &[&str]) -> Result<&'a str> {
    if known.contains(&value) {
        return Ok(value);
    }
    Err(Error::field(field, Code::InvalidValue, format!("is none of {}", known.join(", "))))
}

fn checked_name(name: &str) -> Result<String> {
    clean_name(name).map_err(|_| {
        let (code, detail) = match name.trim().chars().count() {
            0 => (Code::Required, "is missing"),
            1..=MAX_NAME => (Code::InvalidValue, "has line breaks or other control characters"),
            _ => (Code::TooLong, "is longer than 100 characters"),
        };
        Error::field("name", code, detail)
    })
}

/// Tables of this name (without regard to case) as (base, table).
pub(crate) async fn tables_by_name(db: &Db, tenant: TenantId, name: &str) -> Result<Vec<(u64, TableNo)>> {
    let rows = db.read(tenant, &store::TABLES_BY_NAME, &[&tenant.uuid(), &name]).await?;
    let pair =
        |row: &Row| (row.get::<_, i64>(0).unsigned_abs(), TableNo(row.get::<_, i64>(1).unsigned_abs()));
    Ok(rows.iter().map(pair).collect())
}
