//! SQL of the staff's view of tenants, with the platform role.

use super::model::{BaseFacts, Person, SiteFacts, State};
use jiff::Timestamp;
use kernel_core::{Error, Result, TenantId};
use kernel_db::{Db, Statement, statements};
use std::collections::HashMap;
use uuid::Uuid;

statements! {
    /// One page of tenants, the newest first, with the number of all that match.
    platform Control TENANTS_PAGE = "select t.id, t.name, t.slug, t.state, t.created_at,
            (select count(*) from control.members m where m.tenant_id = t.id), count(*) over ()
        from control.tenants t
        where ($1::text is null or lower(t.name) like $1 or t.slug like $1 or exists (
                select 1 from control.members m join control.users u on u.id = m.user_id
                where m.tenant_id = t.id and u.email_key like $1))
          and ($2::uuid is null or t.id = $2)
          and ($3::text is null or t.state = $3)
          and ($4::uuid[] is null or t.id = any($4))
          and ($5::uuid[] is null or t.id <> all($5))
        order by t.created_at desc, t.id desc limit $6 offset $7";
    /// Tenants by state, for the tabs.
    platform Control STATES = "select count(*), count(*) filter (where state = 'active'), count(*) filter (where state = 'suspended')
        from control.tenants";
    /// One tenant.
    platform Control TENANT = "select name, slug, state, suspended_reason, suspended_at, created_at
        from control.tenants where id = $1";
    /// Its members, owners first, with the last request of any of their sessions.
    platform Control PEOPLE = "select u.name, u.email, m.role, m.joined_at,
            (select max(s.last_seen_at) from control.sessions s where s.user_id = u.id)
        from control.members m join control.users u on u.id = m.user_id
        where m.tenant_id = $1
        order by array_position(array['owner', 'admin', 'editor', 'commenter', 'viewer', 'client'], m.role), m.joined_at, u.id";
    /// Its API tokens that work at $2.
    platform Control TOKENS = "select count(*) from control.api_tokens
        where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";
    /// Bases of some tenants.
    platform Data BASES_OF = "select tenant_id, count(*) from data.bases
        where tenant_id = any($1) and deleted_at is null group by tenant_id";
    /// Records of some tenants.
    platform Data RECORDS_OF = "select r.tenant_id, count(*) from data.records r
        join data.tables t on t.tenant_id = r.tenant_id and t.id = r.table_id and t.deleted_at is null
        join data.bases b on b.tenant_id = t.tenant_id and b.id = t.base_id and b.deleted_at is null
        where r.tenant_id = any($1) group by r.tenant_id";
    /// Bases of one tenant with what is in them.
    platform Data BASE_FACTS = "select b.name,
            (select count(*) from data.tables t where t.tenant_id = b.tenant_id and t.base_id = b.id and t.deleted_at is null),
            (select count(*) from data.records r join data.tables t on t.tenant_id = r.tenant_id and t.id = r.table_id
                where r.tenant_id = b.tenant_id and t.base_id = b.id and t.deleted_at is null),
            (select c.at from data.changes c where c.tenant_id = b.tenant_id and c.base_id = b.id order by c.seq desc limit 1)
        from data.bases b where b.tenant_id = $1 and b.deleted_at is null order by b.created_at, b.id";
    /// Sites of one tenant with their pages.
    platform Data SITE_FACTS = "select s.name, s.slug, count(p.id), count(p.published)
        from data.sites s left join data.pages p
            on p.tenant_id = s.tenant_id and p.site_id = s.id and p.deleted_at is null
        where s.tenant_id = $1 and s.deleted_at is null group by s.id, s.name, s.slug, s.created_at order by s.created_at, s.id";
}

/// What one page is limited to.
pub(super) struct Query<'a> {
    pub pattern: Option<&'a str>,
    pub id: Option<Uuid>,
    pub state: Option<State>,
    pub among: Option<&'a [Uuid]>,
    pub not_among: Option<&'a [Uuid]>,
    pub limit: i64,
    pub offset: i64,
}

/// A tenant of the page, without what other databases know.
pub(super) struct TenantRow {
    pub id: TenantId,
    pub name: String,
    pub slug: String,
    pub state: State,
    pub created_at: Timestamp,
    pub members: i64,
}

/// The rows of one page and the number of all that match (0 on a page after the last).
pub(super) async fn page(db: &Db, q: &Query<'_>) -> Result<(Vec<TenantRow>, i64)> {
    let state = q.state.map(State::name);
    let rows = db
        .platform(&TENANTS_PAGE, &[&q.pattern, &q.id, &state, &q.among, &q.not_among, &q.limit, &q.offset])
        .await?;
    let total = rows.first().map_or(0, |row| row.get(6));
    let rows = rows.iter().map(|row| {
        Ok(TenantRow {
            id: TenantId::from_uuid(row.get(0)),
            name: row.get(1),
            slug: row.get(2),
            state: state_of(row.get(3))?,
            created_at: row.get(4),
            members: row.get(5),
        })
    });
    Ok((rows.collect::<Result<_>>()?, total))
}

/// All, active and suspended tenants.
pub(super) async fn states(db: &Db) -> Result<(i64, i64, i64)> {
    let rows = db.platform(&STATES, &[]).await?;
    Ok(rows.first().map_or((0, 0, 0), |row| (row.get(0), row.get(1), row.get(2))))
}

/// One tenant's own row.
pub(super) struct TenantFacts {
    pub name: String,
    pub slug: String,
    pub state: State,
    pub suspended_reason: Option<String>,
    pub suspended_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

pub(super) async fn tenant(db: &Db, id: TenantId) -> Result<Option<TenantFacts>> {
    let rows = db.platform(&TENANT, &[&id.uuid()]).await?;
    let facts = rows.first().map(|row| {
        Ok(TenantFacts {
            name: row.get(0),
            slug: row.get(1),
            state: state_of(row.get(2))?,
            suspended_reason: row.get(3),
            suspended_at: row.get(4),
            created_at: row.get(5),
        })
    });
    facts.transpose()
}

pub(super) async fn people(db: &Db, id: TenantId) -> Result<Vec<Person>> {
    let rows = db.platform(&PEOPLE, &[&id.uuid()]).await?;
    let person = |row: &tokio_postgres::Row| Person {
        name: row.get(0),
        email: row.get(1),
        role: row.get(2),
        joined_at: row.get(3),
        seen_at: row.get(4),
    };
    Ok(rows.iter().map(person).collect())
}

pub(super) async fn tokens(db: &Db, id: TenantId, now: Timestamp) -> Result<i64> {
    let rows = db.platform(&TOKENS, &[&id.uuid(), &now]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

pub(super) async fn bases_of(db: &Db, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    counts(db, &BASES_OF, ids).await
}

pub(super) async fn records_of(db: &Db, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    counts(db, &RECORDS_OF, ids).await
}

pub(super) async fn bases(db: &Db, id: TenantId) -> Result<Vec<BaseFacts>> {
    let rows = db.platform(&BASE_FACTS, &[&id.uuid()]).await?;
    let base = |row: &tokio_postgres::Row| BaseFacts {
        name: row.get(0),
        tables: row.get(1),
        records: row.get(2),
        changed_at: row.get(3),
    };
    Ok(rows.iter().map(base).collect())
}

pub(super) async fn sites(db: &Db, id: TenantId) -> Result<Vec<SiteFacts>> {
    let rows = db.platform(&SITE_FACTS, &[&id.uuid()]).await?;
    let site = |row: &tokio_postgres::Row| SiteFacts {
        name: row.get(0),
        slug: row.get(1),
        pages: row.get(2),
        published: row.get(3),
    };
    Ok(rows.iter().map(site).collect())
}

async fn counts(db: &Db, statement: &'static Statement, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    Ok(db.platform(statement, &[&ids]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn state_of(text: &str) -> Result<State> {
    State::read(text).ok_or_else(|| Error::internal(format!("stored tenant state {text:?}")))
}
