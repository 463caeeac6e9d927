//! Loads a base: schema and records as of one moment, streamed into columns.

use super::batch::sql;
use super::schema_rows::read_view_config;
use super::store::{BASE_HEAD, FIELDS, RECORDS, TABLES, VIEWS};
use engine_base::Base;
use engine_base::ids::{BaseId, FieldNo, TableNo, ViewNo};
use engine_base::schema::{BaseInfo, Field, FieldKind, FieldRules, Schema, Table, TableHead, Trash, View};
use jiff::Timestamp;
use kernel_core::{Error, Result, TenantId};
use kernel_db::postgres_types::{FromSql, Type};
use kernel_db::{Database, Db, Row, Tx};

/// Reads the base of this tenant.
///
/// # Errors
/// `not_found` when there is none; `internal` when stored data can't be read.
pub(super) async fn load(db: &Db, tenant: TenantId, number: u64, now: Timestamp) -> Result<Base> {
    let id = tenant.uuid();
    let mut tx = db.begin_snapshot(Database::Data, tenant).await?;
    let head = tx.query_opt(&BASE_HEAD, &[&id, &sql(number)]).await?.ok_or_else(Error::not_found)?;
    let info = BaseInfo {
        name: head.get(1),
        description: head.get(2),
        icon: Some(head.get(3)),
        colour: Some(head.get(4)),
    };
    let (trash, tables): (Vec<Table>, Vec<Table>) =
        tables(&mut tx, tenant, number).await?.into_iter().partition(|table| table.head.deleted_us.is_some());
    let numbers: Vec<i64> = tables.iter().chain(&trash).map(|table| sql(table.number().0)).collect();
    let schema = Schema { info, tables, trash };
    let mut base = Base::new(BaseId(number), head.get::<_, i64>(0).unsigned_abs(), schema);
    for table in numbers {
        let mut bad = None;
        tx.each(&RECORDS, &[&id, &table], |row| {
            if let Err(problem) = load_row(&mut base, TableNo(table.unsigned_abs()), &row) {
                bad.get_or_insert(problem);
            }
        })
        .await?;
        if let Some(problem) = bad {
            return Err(Error::internal(format!(
                "record {} of table {table} can't be read: {}",
                problem.row.0, problem.detail
            )));
        }
    }
    tx.commit().await?;
    let base = tokio::task::spawn_blocking(move || {
        base.finish_load(now.as_microsecond());
        base
    });
    base.await.map_err(Error::internal)
}

/// The text of a `json` value as it came.
struct JsonBytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for JsonBytes<'a> {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }
    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSON
    }
}

fn load_row(base: &mut Base, table: TableNo, row: &Row) -> std::result::Result<(), engine_base::LoadError> {
    let number = engine_base::ids::RowNo(row.get::<_, i64>(0).unsigned_abs());
    let (created, updated): (Timestamp, Timestamp) = (row.get(2), row.get(3));
    let (by, last): (&str, &str) = (row.get(4), row.get(5));
    let JsonBytes(data) = row.get(1);
    base.load_row(table, number, data, created.as_microsecond(), updated.as_microsecond(), by, last)
}

async fn tables(tx: &mut Tx, tenant: TenantId, base: u64) -> Result<Vec<Table>> {
    let id = tenant.uuid();
    let mut tables: Vec<Table> = tx
        .query(&TABLES, &[&id, &sql(base)])
        .await?
        .iter()
        .map(|row| Table {
            head: TableHead {
                number: TableNo(row.get::<_, i64>(0).unsigned_abs()),
                position: row.get(1),
                name: row.get(2),
                description: row.get(3),
                icon: Some(row.get::<_, String>(4)).filter(|icon| !icon.is_empty()),
                primary_field: FieldNo(row.get::<_, i32>(5).unsigned_abs()),
                next_field: row.get::<_, i32>(6).unsigned_abs() + 1,
                next_view: row.get::<_, i32>(7).unsigned_abs() + 1,
                deleted_us: micros(row.get(9)),
            },
            next_row: row.get::<_, i64>(8).unsigned_abs() + 1,
            fields: Vec::new(),
            views: Vec::new(),
            trash: Trash::default(),
        })
        .collect();
    let numbers: Vec<i64> = tables.iter().map(|table| sql(table.number().0)).collect();
    for row in tx.query(&FIELDS, &[&id, &numbers]).await? {
        let options: serde_json::Value = row.get(6);
        let (rules, own) = FieldRules::split(&options).map_err(Error::internal)?;
        let kind = FieldKind::from_parts(row.get(5), &own).map_err(Error::internal)?;
        let field = Field {
            no: FieldNo(row.get::<_, i32>(1).unsigned_abs()),
            position: row.get(2),
            name: row.get(3),
            description: row.get(4),
            kind,
            rules,
            outcome: None,
            deleted_us: micros(row.get(7)),
        };
        if let Some(table) = find(&mut tables, &row) {
            let is_deleted = field.deleted_us.is_some();
            if is_deleted { &mut table.trash.fields } else { &mut table.fields }.push(field);
        }
    }
    for row in tx.query(&VIEWS, &[&id, &numbers]).await? {
        let (access, config) = read_view_config(row.get(5)).map_err(Error::internal)?;
        let view = View {
            no: ViewNo(row.get::<_, i32>(1).unsigned_abs()),
            position: row.get(2),
            name: row.get(3),
            kind: row.get(4),
            access,
            config,
            created_by: row.get(6),
            deleted_us: micros(row.get(7)),
        };
        if let Some(table) = find(&mut tables, &row) {
            let is_deleted = view.deleted_us.is_some();
            if is_deleted { &mut table.trash.views } else { &mut table.views }.push(view);
        }
    }
    Ok(tables)
}

fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_microsecond)
}

fn find<'a>(tables: &'a mut [Table], row: &Row) -> Option<&'a mut Table> {
    let number = row.get::<_, i64>(0).unsigned_abs();
    tables.iter_mut().find(|table| table.number().0 == number)
}
