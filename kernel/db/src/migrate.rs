//! Forward-only migrations, embedded in the program (spec O13; rules in `migrations/README.md`).
//!
//! Invariants: a file is applied in one transaction together with its row in `<schema>.migrations`; one process at a time
//! (advisory lock); an applied file never changes (SHA-256); a table that is neither tenant-owned nor global fails.

use crate::urls::{APP_ROLE, PLATFORM_ROLE};
use crate::{Database, SqlState, Urls};
use rust_embed::RustEmbed;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_postgres::Client;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../migrations"]
struct Files;

/// Key of the advisory lock (any constant of ours; locks are per database).
const LOCK: i64 = 0x6e63_6c63_0001;
const LOCK_TRIES: u32 = 20;

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its place, from 1.
    pub number: i32,
    /// The file's name, e.g. `0002_bases.sql`.
    pub name: String,
    /// What it does.
    pub sql: String,
}

impl Migration {
    fn checksum(&self) -> Vec<u8> {
        kernel_core::secret::sha256(self.sql.as_bytes()).to_vec()
    }
}

/// Why a database was not migrated.
#[derive(Debug)]
pub enum MigrateError {
    /// A file's name is not `NNNN_name.sql`, or two have the same number.
    Files(String),
    /// A file that was applied has changed since, or a new one is numbered below an applied one.
    History { database: Database, problem: String },
    /// The database refused.
    Postgres { database: Database, migration: Option<String>, source: tokio_postgres::Error },
    /// A table was declared neither by `tenant_table` nor by `global_table`, nor granted to one of the roles.
    Undeclared { database: Database, migration: String, table: String },
}

impl std::fmt::Display for MigrateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Files(problem) => write!(f, "migrations: {problem}"),
            Self::History { database, problem } => write!(f, "migrations of {database}: {problem}"),
            Self::Postgres { database, migration, source } => {
                let what = migration.as_deref().unwrap_or("connect");
                write!(f, "migrations of {database}, {what}: ")?;
                match source.as_db_error() {
                    Some(server) => {
                        write!(f, "{} ({})", server.message(), server.code().code())?;
                        if let Some(place) = server.where_() {
                            write!(f, ", in {place}")?;
                        }
                        Ok(())
                    }
                    None => {
                        write!(f, "{source}")?;
                        std::error::Error::source(source).map_or(Ok(()), |why| write!(f, ": {why}"))
                    }
                }
            }
            Self::Undeclared { database, migration, table } => write!(
                f,
                "migrations of {database}, {migration}: say what {table} is: select {database}.tenant_table('{table}') \
                 or select {database}.global_table('{table}')"
            ),
        }
    }
}

impl std::error::Error for MigrateError {}

/// How many files were applied to each database.
pub type Report = BTreeMap<Database, usize>;

/// Brings all four databases to this program's schema. Does nothing where that is done.
///
/// # Errors
/// The first problem; what was applied before it stays applied.
pub async fn run(urls: &Urls) -> Result<Report, MigrateError> {
    let mut report = Report::new();
    for database in Database::ALL {
        report.insert(database, run_one(urls, database, &embedded(database)?).await?);
    }
    Ok(report)
}

/// The files of one database that are built into this program, by number.
///
/// # Errors
/// A misnamed file or two of the same number.
pub fn embedded(database: Database) -> Result<Vec<Migration>, MigrateError> {
    let mut found: BTreeMap<i32, Migration> = BTreeMap::new();
    for path in Files::iter() {
        let Some((folder, name)) = path.split_once('/').filter(|(_, name)| name.ends_with(".sql")) else {
            continue;
        };
        if folder != database.name() {
            continue;
        }
        let number = name
            .split_once('_')
            .filter(|(number, _)| number.len() == 4)
            .and_then(|(number, _)| number.parse().ok())
            .ok_or_else(|| MigrateError::Files(format!("{path} is not called NNNN_name.sql")))?;
        let sql = Files::get(&path)
            .and_then(|file| String::from_utf8(file.data.into_owned()).ok())
            .ok_or_else(|| MigrateError::Files(format!("{path} is not UTF-8")))?;
        let migration = Migration { number, name: name.to_owned(), sql };
        if let Some(other) = found.insert(number, migration) {
            return Err(MigrateError::Files(format!("{} and {path} have the same number", other.name)));
        }
    }
    Ok(found.into_values().collect())
}

/// Applies `files` (in order) to one database; answers how many were new.
///
/// # Errors
/// As [`run`].
pub async fn run_one(urls: &Urls, database: Database, files: &[Migration]) -> Result<usize, MigrateError> {
    let failed = |migration: Option<&str>| {
        let migration = migration.map(str::to_owned);
        move |source| MigrateError::Postgres { database, migration, source }
    };
    let url = urls.of(database);
    let (client, connection) = url.owner().connect(url.tls.clone()).await.map_err(failed(None))?;
    let connection = tokio::spawn(connection);
    let done = async {
        client.batch_execute(&format!("select pg_advisory_lock({LOCK})")).await.map_err(failed(None))?;
        client.batch_execute(&foundation(database)).await.map_err(failed(Some("roles and schema")))?;
        let applied = applied(&client, database).await.map_err(failed(None))?;
        let new = pending(database, files, &applied)?;
        for migration in &new {
            apply(&client, database, migration).await.map_err(failed(Some(&migration.name)))?;
            if let Some(table) = undeclared(&client, database).await.map_err(failed(Some(&migration.name)))? {
                client.batch_execute("rollback").await.map_err(failed(Some(&migration.name)))?;
                return Err(MigrateError::Undeclared { database, migration: migration.name.clone(), table });
            }
            client.batch_execute("commit").await.map_err(failed(Some(&migration.name)))?;
            tracing::info!(%database, migration = migration.name, "migrated");
        }
        Ok(new.len())
    }
    .await;
    // Closing the connection gives the advisory lock back.
    drop(client);
    connection.abort();
    done
}

/// Roles (if the owner may make them) and the table of applied migrations. Repeatable.
fn foundation(database: Database) -> String {
    let schema = database.name();
    format!(
        "do $$
         declare role text;
         begin
           foreach role in array array['{APP_ROLE}', '{PLATFORM_ROLE}'] loop
             if not exists (select from pg_roles where rolname = role) then
               begin
                 execute format('create role %I', role);
               exception when duplicate_object or unique_violation then null; -- another process was faster
               end;
             end if;
             if not pg_has_role(current_user, role, 'member') then
               execute format('grant %I to current_user', role);
             end if;
           end loop;
         end $$;
         create schema if not exists {schema};
         create table if not exists {schema}.migrations (
           number     int         primary key,
           name       text        not null,
           checksum   bytea       not null,
           applied_at timestamptz not null default now()
         );
         grant usage on schema {schema} to {APP_ROLE}, {PLATFORM_ROLE};
         grant select on {schema}.migrations to {APP_ROLE}, {PLATFORM_ROLE};"
    )
}

struct Applied {
    number: i32,
    name: String,
    checksum: Vec<u8>,
}

async fn applied(client: &Client, database: Database) -> Result<Vec<Applied>, tokio_postgres::Error> {
    let sql = format!("select number, name, checksum from {database}.migrations order by number");
    let rows = client.query(&sql, &[]).await?;
    rows.iter()
        .map(|row| Ok(Applied { number: row.try_get(0)?, name: row.try_get(1)?, checksum: row.try_get(2)? }))
        .collect()
}

/// What is left to apply. A database that is further on than this program is fine: an older process still runs (O13).
fn pending<'a>(
    database: Database,
    files: &'a [Migration],
    applied: &[Applied],
) -> Result<Vec<&'a Migration>, MigrateError> {
    let last = applied.last().map_or(0, |last| last.number);
    let mut new = Vec::new();
    for file in files {
        match applied.iter().find(|applied| applied.number == file.number) {
            Some(applied) if applied.checksum == file.checksum() => {}
            Some(applied) => {
                return Err(MigrateError::History {
                    database,
                    problem: format!(
                        "{} was applied as {} and has changed since; put the change into a new file (on a \
                         developer's machine: or remove the data folder)",
                        file.name, applied.name
                    ),
                });
            }
            None if file.number < last => {
                return Err(MigrateError::History {
                    database,
                    problem: format!(
                        "{} is new, but number {last} is applied; give it a higher number",
                        file.name
                    ),
                });
            }
            None => new.push(file),
        }
    }
    Ok(new)
}

/// Runs one file and leaves its transaction open. Waits little for locks and tries again, so that traffic of running
/// processes never queues up behind DDL.
async fn apply(
    client: &Client,
    database: Database,
    migration: &Migration,
) -> Result<(), tokio_postgres::Error> {
    let insert = format!("insert into {database}.migrations (number, name, checksum) values ($1, $2, $3)");
    let mut tries = 0;
    loop {
        client.batch_execute("begin; set local lock_timeout = '3s'; set local statement_timeout = 0").await?;
        let done = client.batch_execute(&migration.sql).await;
        match done {
            Ok(()) => {
                client.execute(&insert, &[&migration.number, &migration.name, &migration.checksum()]).await?;
                return Ok(());
            }
            Err(error) => {
                client.batch_execute("rollback").await?;
                tries += 1;
                if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) || tries >= LOCK_TRIES {
                    return Err(error);
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

async fn undeclared(client: &Client, database: Database) -> Result<Option<String>, tokio_postgres::Error> {
    let sql = format!(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = '{database}' and c.relkind in ('r', 'p')
           and not has_table_privilege('{APP_ROLE}', c.oid, 'select, insert, update, delete')
           and not has_table_privilege('{PLATFORM_ROLE}', c.oid, 'select, insert, update, delete')
         order by 1 limit 1"
    );
    client.query_opt(&sql, &[]).await?.map(|row| row.try_get(0)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(number: i32, sql: &str) -> Migration {
        Migration { number, name: format!("{number:04}_x.sql"), sql: sql.into() }
    }

    fn check(applied_files: &[Migration], files: &[Migration], expected: Result<Vec<i32>, &str>) {
        let applied: Vec<_> = applied_files
            .iter()
            .map(|file| Applied { number: file.number, name: file.name.clone(), checksum: file.checksum() })
            .collect();
        let found = pending(Database::Data, files, &applied);
        match (found, expected) {
            (Ok(new), Ok(numbers)) => {
                assert_eq!(new.iter().map(|file| file.number).collect::<Vec<_>>(), numbers)
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn history_is_kept() {
        check(&[], &[file(1, "a"), file(2, "b")], Ok(vec![1, 2]));
        check(&[file(1, "a")], &[file(1, "a"), file(2, "b")], Ok(vec![2]));
        check(&[file(1, "a"), file(2, "b")], &[file(1, "a")], Ok(vec![]));
        check(&[file(1, "a")], &[file(1, "changed")], Err("has changed since"));
        check(
            &[file(1, "a"), file(3, "c")],
            &[file(1, "a"), file(2, "b"), file(3, "c")],
            Err("higher number"),
        );
    }

    #[test]
    fn embedded_files_are_named_and_numbered() {
        for database in Database::ALL {
            assert_eq!(embedded(database).unwrap().first().map(|file| file.number), Some(1), "{database}");
        }
    }
}
