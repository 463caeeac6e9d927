//! The same data as PostgreSQL would have it: a table of typed columns with forced row-level security, filled from the
//! stored records, and an index made for the query that is measured.

use crate::rig::sql::quote;
use crate::rig::{Seeded, Sql};
use anyhow::{Context as _, Result};
use serde_json::Value;

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The field's name.
    pub field: String,
    /// The field's number: its key in the stored JSON.
    number: u32,
    /// The field's type.
    pub kind: String,
    /// Choices as `(id, name)`.
    pub choices: Vec<(String, String)>,
}

impl Column {
    /// The column's name, quoted.
    #[must_use]
    pub fn name(&self) -> String {
        format!("\"{}\"", self.field.to_lowercase().replace('"', ""))
    }

    fn sql_type(&self) -> &'static str {
        match self.kind.as_str() {
            "number" => "double precision",
            "checkbox" => "boolean",
            "date" => "date",
            "datetime" => "timestamptz",
            _ => "text",
        }
    }

    /// From the stored JSON.
    fn expression(&self) -> String {
        let value = format!("data ->> '{}'", self.number);
        if self.choices.is_empty() {
            return format!("({value})::{}", self.sql_type());
        }
        let cases: String = self
            .choices
            .iter()
            .map(|(id, name)| format!(" when {} then {}", quote(id), quote(name)))
            .collect();
        format!("case {value}{cases} end")
    }
}

/// The tables, in the schema `reference`.
#[derive(Clone, Debug)]
pub struct Reference {
    /// In the order of the table.
    pub columns: Vec<Column>,
}

impl Reference {
    /// Makes and fills them.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub fn make(sql: &Sql, seeded: &Seeded) -> Result<Self> {
        let (tenant, number) = (quote(&seeded.tenant), table_number(sql, seeded)?);
        let columns = columns(sql, &tenant, &number)?;
        let typed: Vec<String> = columns.iter().map(|c| format!("{} {}", c.name(), c.sql_type())).collect();
        let typed = typed.join(", ");
        let head = "tenant_id uuid not null, id bigint not null";
        let tail =
            "created_at timestamptz not null, updated_at timestamptz not null, primary key (tenant_id, id)";
        let values: Vec<String> = columns.iter().map(Column::expression).collect();
        sql.execute(&[
            "create schema reference".to_owned(),
            "grant usage on schema reference to nclc_app".to_owned(),
            format!("create table reference.records ({head}, {typed}, {tail})"),
            format!(
                "insert into reference.records select tenant_id, id, {}, created_at, updated_at from data.records
                 where tenant_id = {tenant} and table_id = {number}",
                values.join(", ")
            ),
            "select data.tenant_table('reference.records')".to_owned(),
            INDEX.to_owned(),
            format!("create table reference.inserted ({head}, {typed}, {tail})"),
            "create sequence reference.inserted_id".to_owned(),
            "alter table reference.inserted alter id set default nextval('reference.inserted_id')".to_owned(),
            "grant usage on sequence reference.inserted_id to nclc_app".to_owned(),
            "select data.tenant_table('reference.inserted')".to_owned(),
            "vacuum analyze reference.records".to_owned(),
            "checkpoint".to_owned(),
        ])?;
        Ok(Self { columns })
    }

    /// The column of a field.
    ///
    /// # Errors
    /// When `nclc seed --bench` makes no such field.
    pub fn column(&self, field: &str) -> Result<&Column> {
        self.columns
            .iter()
            .find(|column| column.field == field)
            .with_context(|| format!("there is no field {field}"))
    }

    /// All columns, as a select list.
    #[must_use]
    pub fn list(&self) -> String {
        self.columns.iter().map(Column::name).collect::<Vec<_>>().join(", ")
    }
}

/// Made for: one status, highest amounts first.
const INDEX: &str =
    "create index for_query on reference.records (tenant_id, \"status\", \"amount\" desc, id)";

/// Takes the index away.
///
/// # Errors
/// What PostgreSQL says.
pub fn drop_index(sql: &Sql) -> Result<()> {
    sql.execute(&["drop index reference.for_query".to_owned()])
}

/// A table for psql's COPY: typed, without row-level security (COPY refuses it).
///
/// # Errors
/// What PostgreSQL says.
pub fn make_import_table(sql: &Sql, columns: &[Column], name: &str) -> Result<()> {
    let typed: Vec<String> = columns.iter().map(|c| format!("{} {}", c.name(), c.sql_type())).collect();
    sql.execute(&[format!(
        "create table reference.{name} (id bigint generated always as identity primary key, {})",
        typed.join(", ")
    )])
}

fn table_number(sql: &Sql, seeded: &Seeded) -> Result<String> {
    let tenant = quote(&seeded.tenant);
    let number = sql.value(&format!(
        "select id from data.tables where tenant_id = {tenant} and deleted_at is null order by name limit 1"
    ))?;
    anyhow::ensure!(!number.is_empty(), "the table is not stored");
    Ok(number)
}

fn columns(sql: &Sql, tenant: &str, table: &str) -> Result<Vec<Column>> {
    let rows = sql.rows(&format!(
        "select id, name, type, options from data.fields where tenant_id = {tenant} and table_id = {table}
         and deleted_at is null order by position, id"
    ))?;
    rows.iter().map(|row| column(row)).collect()
}

fn column(row: &[String]) -> Result<Column> {
    let [number, field, kind, options] = row else { anyhow::bail!("a row of {} values", row.len()) };
    let options: Value = serde_json::from_str(options).context("options of a field")?;
    let choice =
        |choice: &Value| Some((choice["id"].as_str()?.to_owned(), choice["name"].as_str()?.to_owned()));
    let choices = options.get("choices").and_then(Value::as_array);
    Ok(Column {
        field: field.clone(),
        number: number.parse()?,
        kind: kind.clone(),
        choices: choices.into_iter().flatten().filter_map(choice).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_typed() {
        let row = |kind: &str, options: &str| {
            column(&["4".into(), "Is It".into(), kind.into(), options.into()]).unwrap()
        };
        assert_eq!(row("number", "{}").expression(), "(data ->> '4')::double precision");
        assert_eq!(row("email", "{}").expression(), "(data ->> '4')::text");
        assert_eq!(
            row("select", r#"{"choices":[{"id":"c1","name":"It's","colour":"red"}]}"#).expression(),
            "case data ->> '4' when 'c1' then 'It''s' end"
        );
        assert_eq!(row("date", "{}").name(), "\"is it\"");
    }
}
