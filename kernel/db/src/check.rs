//! Proves, against a migrated schema, what the product's isolation stands on (spec O3; `cargo xtask db check`):
//! every declared statement can be planned by the role that runs it, a tenant's statement names the tenant, and every
//! table of a tenant has forced row-level security and keys that start with the tenant.

use crate::tls::Tls;
use crate::urls::{APP_ROLE, PLATFORM_ROLE};
use crate::{Access, Database, Statement, Urls, registered};
use std::collections::BTreeSet;
use tokio_postgres::{Client, Config};

/// Something that must be mended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// A statement (`module NAME`), table, index, function or role.
    pub subject: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Finding {
    fn new(subject: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { subject: subject.into(), problem: problem.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.subject, self.problem)
    }
}

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// Statements that were planned.
    pub statements: usize,
    /// Tables that were looked at.
    pub tables: usize,
    /// Empty when all is well.
    pub findings: Vec<Finding>,
}

/// Checks every statement that is linked into this program and every table of the four databases.
///
/// # Errors
/// When a database can't be reached.
pub async fn run(urls: &Urls) -> Result<Report, tokio_postgres::Error> {
    let mut report = Report::default();
    for database in Database::ALL {
        let statements: Vec<_> = registered().filter(|statement| statement.database == database).collect();
        let one = run_one(urls, database, &statements).await?;
        report.statements += one.statements;
        report.tables += one.tables;
        report.findings.extend(one.findings);
    }
    report.findings.sort();
    Ok(report)
}

/// Checks one database with the given statements.
///
/// # Errors
/// When the database can't be reached.
pub async fn run_one(
    urls: &Urls,
    database: Database,
    statements: &[&'static Statement],
) -> Result<Report, tokio_postgres::Error> {
    let url = urls.of(database);
    let owner = connect(&url.owner(), &url.tls).await?;
    let mut findings = catalogue(&owner, database).await?;
    let tenant_tables: BTreeSet<String> = names(&owner, &tenant_tables_sql(database)).await?;
    let tables = names(&owner, &tables_sql(database)).await?.len();
    for access in [Access::Tenant, Access::Global, Access::Platform] {
        let client = connect(&url.config(access), &url.tls).await?;
        client.batch_execute("set plan_cache_mode = force_generic_plan").await?;
        for statement in statements.iter().filter(|statement| statement.access == access) {
            let subject = format!("{} {}", statement.module, statement.name);
            for problem in text_problems(statement, &tenant_tables) {
                findings.push(Finding::new(&subject, problem));
            }
            if let Err(error) = plan(&client, statement).await {
                findings.push(Finding::new(&subject, said(&error)));
            }
        }
    }
    Ok(Report { statements: statements.len(), tables, findings })
}

async fn connect(config: &Config, tls: &Tls) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(tls.clone()).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn names(client: &Client, sql: &str) -> Result<BTreeSet<String>, tokio_postgres::Error> {
    client.query(sql, &[]).await?.iter().map(|row| row.try_get(0)).collect()
}

fn said(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |server| server.message().to_owned())
}

/// Names, types and rights: PostgreSQL plans the statement as the role that will run it, and nothing is executed.
async fn plan(client: &Client, statement: &Statement) -> Result<(), tokio_postgres::Error> {
    let parameters = client.prepare(statement.sql).await?.params().len();
    let values = vec!["null"; parameters].join(", ");
    let values = if parameters == 0 { String::new() } else { format!("({values})") };
    client.batch_execute("deallocate all").await?;
    client.batch_execute(&format!("prepare checked as {}", statement.sql)).await?;
    client.batch_execute(&format!("explain execute checked{values}")).await
}

/// What the text alone tells.
fn text_problems(statement: &Statement, tenant_tables: &BTreeSet<String>) -> Vec<String> {
    let sql = plain(statement.sql);
    let mut problems = Vec::new();
    for (word, why) in [
        ("merge into", "MERGE does not run on a distributed engine"),
        ("copy ", "COPY is refused under row-level security"),
        ("set_config(", "the tenant is entered by enter(), never by set_config"),
        ("select *", "name the columns: `*` breaks prepared plans when a column is added"),
    ] {
        if sql.starts_with(word) || sql.contains(&format!(" {word}")) || sql.contains(&format!("({word}")) {
            problems.push(why.to_owned());
        }
    }
    match statement.access {
        Access::Tenant if !names_tenant(&sql, statement.database) => {
            problems.push(
                "does not name the tenant: `tenant_id = $1`, `values ($1, …)` or a function of $1".into(),
            );
        }
        Access::Global => {
            if let Some(table) = tenant_tables.iter().find(|table| mentions(&sql, table)) {
                problems.push(format!("is `global`, but {table} belongs to tenants"));
            }
        }
        _ => {}
    }
    problems
}

/// Lower case, one space between words, none around `=`, `(`, `)` and `,`; comments and string literals left out.
fn plain(sql: &str) -> String {
    let mut text = String::new();
    for line in sql.lines() {
        let line = line.split_once("--").map_or(line, |(before, _)| before);
        text.push_str(&line.to_lowercase());
        text.push(' ');
    }
    let without_literals: String = text.split('\'').step_by(2).collect::<Vec<_>>().join("''");
    let mut words = without_literals.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in ["=", "(", ")", ","] {
        words = words.replace(&format!(" {mark}"), mark).replace(&format!("{mark} "), mark);
    }
    words
}

fn names_tenant(sql: &str, database: Database) -> bool {
    let column = |wanted: &str| {
        sql.match_indices(wanted).any(|(at, _)| {
            // `$1`, not `$10`.
            !sql[at + wanted.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    };
    let inserts = sql.contains("(tenant_id") && (column("values($1") || column("select $1"));
    let calls = sql.match_indices(&format!("{database}.")).any(|(at, _)| {
        let rest = sql[at..].trim_start_matches(|c: char| c.is_alphanumeric() || "._".contains(c));
        rest.starts_with("($1,") || rest.starts_with("($1)") || rest.starts_with("($1::")
    });
    column("tenant_id=$1") || inserts || calls
}

/// Whether `schema.table` stands there as a whole word.
fn mentions(sql: &str, table: &str) -> bool {
    sql.match_indices(table).any(|(at, _)| {
        !sql[at + table.len()..].starts_with(|next: char| next.is_alphanumeric() || "_.(".contains(next))
    })
}

fn tables_sql(database: Database) -> String {
    format!(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = '{database}'::regnamespace
           and c.relkind in ('r', 'p') and c.relname <> 'migrations'"
    )
}

fn tenant_tables_sql(database: Database) -> String {
    format!(
        "select c.oid::regclass::text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
         where c.relnamespace = '{database}'::regnamespace and c.relkind in ('r', 'p')"
    )
}

/// Rules over the catalogue: a query that yields `(subject, …)` for each offender, and what to say of it.
async fn catalogue(client: &Client, database: Database) -> Result<Vec<Finding>, tokio_postgres::Error> {
    let tenant = format!(
        "with tenant as (
           select c.oid as rel, c.relrowsecurity, c.relforcerowsecurity, a.attnum, a.attnotnull, a.atttypid
           from pg_class c
           join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
           where c.relnamespace = '{database}'::regnamespace and c.relkind in ('r', 'p')
         ) "
    );
    // Workers claim due jobs across tenants (ADR 0003): `jobs_due` is the one index that starts with something else.
    // The directory of tenants is read by person and by address; it is never distributed, so plain indexes may start
    // with another column there. Keys may not.
    let indexes = if database == Database::Control { "i.indisunique" } else { "true" };
    let rules = [
        (
            format!("{tenant} select rel::regclass::text from tenant where not relrowsecurity or not relforcerowsecurity"),
            "row-level security is not enabled and forced: call tenant_table()",
        ),
        (
            format!("{tenant} select rel::regclass::text from tenant where not attnotnull or atttypid <> 'uuid'::regtype"),
            "tenant_id has to be uuid not null",
        ),
        (
            format!(
                "{tenant} select rel::regclass::text from tenant where not exists (
                   select from pg_policy p where p.polrelid = rel and p.polname = 'tenant'
                     and p.polroles = array['{APP_ROLE}'::regrole::oid]
                     and pg_get_expr(p.polqual, p.polrelid) like '%tenant_id%app.tenant%'
                     and pg_get_expr(p.polwithcheck, p.polrelid) like '%tenant_id%app.tenant%')"
            ),
            "the policy `tenant` is missing or not the one of tenant_table()",
        ),
        (
            format!(
                "{tenant} select p.polname || ' on ' || rel::regclass from tenant join pg_policy p on p.polrelid = rel
                 where p.polname not in ('tenant', 'platform') and p.polpermissive and p.polcmd <> 'a'"
            ),
            "a further permissive policy opens the table to more than inserts",
        ),
        (
            format!(
                "{tenant} select i.indexrelid::regclass::text from tenant join pg_index i on i.indrelid = rel
                 where {indexes} and i.indkey[0] <> attnum
                   and i.indexrelid is distinct from to_regclass('{database}.jobs_due')"
            ),
            "an index of a tenant table has to start with tenant_id",
        ),
        (
            format!(
                "{tenant} select k.conname || ' on ' || rel::regclass from tenant join pg_constraint k on k.conrelid = rel
                 where k.contype = 'f' and k.confrelid in (select rel from tenant) and k.conkey[1] <> attnum"
            ),
            "a foreign key between tenant tables has to start with tenant_id",
        ),
        (
            format!(
                "{tenant} select g.tgname || ' on ' || rel::regclass from tenant join pg_trigger g on g.tgrelid = rel
                 where not g.tgisinternal"
            ),
            "no triggers on tenant tables",
        ),
        (
            format!(
                "select c.oid::regclass::text from pg_class c where c.relnamespace = '{database}'::regnamespace
                   and c.relkind in ('r', 'p')
                   and (has_table_privilege('{APP_ROLE}', c.oid, 'truncate, references, trigger')
                     or has_table_privilege('{PLATFORM_ROLE}', c.oid, 'truncate, references, trigger'))"
            ),
            "a serving role may TRUNCATE (which ignores row-level security), REFERENCE or TRIGGER",
        ),
        (
            format!(
                "select c.oid::regclass::text from pg_class c where c.relnamespace = '{database}'::regnamespace
                   and (c.relkind = 'm'
                     or c.relkind = 'v' and not coalesce(c.reloptions::text[] @> array['security_invoker=true'], false))"
            ),
            "a view reads as its owner: use security_invoker=true, and no materialised views",
        ),
        (
            format!(
                "select p.oid::regprocedure::text from pg_proc p
                 where p.pronamespace = '{database}'::regnamespace and p.prosecdef"
            ),
            "no security definer functions",
        ),
        (
            format!(
                "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p') and n.nspname not in ('{database}', 'pg_catalog', 'information_schema')
                   and n.nspname not like 'pg\\_toast%'"
            ),
            "is outside the database's schema",
        ),
        (
            format!(
                "select rolname::text from pg_roles
                 where rolname in ('{APP_ROLE}', '{PLATFORM_ROLE}') and (rolsuper or rolbypassrls or rolcreaterole)"
            ),
            "a serving role has superuser, BYPASSRLS or CREATEROLE",
        ),
        (
            format!(
                "select r.rolname::text from pg_roles r join pg_namespace n on n.nspname = '{database}'
                 where r.rolname in ('{APP_ROLE}', '{PLATFORM_ROLE}')
                   and (pg_has_role(r.oid, n.nspowner, 'member')
                     or has_schema_privilege(r.oid, n.oid, 'create')
                     or exists (select from pg_class c where c.relnamespace = n.oid and c.relowner = r.oid))"
            ),
            "a serving role owns the schema or parts of it, or may create in it",
        ),
        (
            format!("select '{APP_ROLE}'::text where pg_has_role('{APP_ROLE}', '{PLATFORM_ROLE}', 'member')"),
            "the application role can become the platform's role",
        ),
    ];
    let mut findings = Vec::new();
    for (sql, problem) in rules {
        findings.extend(names(client, &sql).await?.into_iter().map(|subject| Finding::new(subject, problem)));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(access: Access, sql: &'static str, expected: &[&str]) {
        let statement = Statement { name: "X", module: "m", database: Database::Data, access, sql };
        let tables = BTreeSet::from(["data.bases".to_owned()]);
        let found = text_problems(&statement, &tables);
        assert_eq!(found.len(), expected.len(), "{sql}: {found:?}");
        for (problem, part) in found.iter().zip(expected) {
            assert!(problem.contains(part), "{sql}: {problem}");
        }
    }

    #[test]
    fn a_tenants_statement_names_the_tenant() {
        use Access::{Global, Tenant};
        check(Tenant, "select id from data.bases where tenant_id = $1", &[]);
        check(Tenant, "select id from data.bases b where b.tenant_id=$1 and id = $2", &[]);
        check(Tenant, "insert into data.bases (tenant_id, id) values ($1, unnest($2::bigint[]))", &[]);
        check(
            Tenant,
            "insert into data.bases\n (id, tenant_id)\n values ($2, $1)",
            &["does not name the tenant"],
        );
        check(Tenant, "select data.apply_batch($1, $2)", &[]);
        check(Tenant, "select id from data.bases where tenant_id = $10", &["does not name the tenant"]);
        check(Tenant, "select id from data.bases -- tenant_id = $1", &["does not name the tenant"]);
        check(Tenant, "select 'tenant_id = $1' from data.bases", &["does not name the tenant"]);
        check(Tenant, "select * from data.bases where tenant_id = $1", &["name the columns"]);
        check(Global, "select id from data.bases", &["belongs to tenants"]);
        check(Global, "select id from data.bases_of_all", &[]);
    }
}
