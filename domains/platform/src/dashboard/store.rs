//! SQL of the overview: counts over all tenants, with the platform role.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel_core::Result;
use kernel_db::{Db, Statement, statements};

statements! {
    /// Tenants by state.
    platform Control TENANT_COUNTS = "select count(*) filter (where state = 'active'), count(*) filter (where state = 'suspended')
        from control.tenants";
    /// People with a confirmed account.
    platform Control USER_COUNT = "select count(*) from control.users where closed_at is null";
    /// Bases outside the trash.
    platform Data BASE_COUNT = "select count(*) from data.bases where deleted_at is null";
    /// Records of tables outside the trash.
    platform Data RECORD_COUNT = "select count(*) from data.records r
        join data.tables t on t.tenant_id = r.tenant_id and t.id = r.table_id and t.deleted_at is null
        join data.bases b on b.tenant_id = t.tenant_id and b.id = t.base_id and b.deleted_at is null";
    /// Sites, and pages that visitors see.
    platform Data SITE_COUNT = "select count(*) from data.sites where deleted_at is null";
    /// Pages with a published version.
    platform Data PUBLISHED_PAGES = "select count(*) from data.pages where published is not null and deleted_at is null";
    /// Accounts confirmed a day (UTC).
    platform Control USERS_A_DAY = "select (created_at at time zone 'UTC')::date, count(*) from control.users
        where created_at >= $1 group by 1";
    /// Organisations made a day (UTC).
    platform Control TENANTS_A_DAY = "select (created_at at time zone 'UTC')::date, count(*) from control.tenants
        where created_at >= $1 group by 1";
}

/// Active and suspended tenants.
pub(super) async fn tenants(db: &Db) -> Result<(i64, i64)> {
    let rows = db.platform(&TENANT_COUNTS, &[]).await?;
    Ok(rows.first().map_or((0, 0), |row| (row.get(0), row.get(1))))
}

pub(super) async fn users(db: &Db) -> Result<i64> {
    count(db, &USER_COUNT).await
}

pub(super) async fn bases(db: &Db) -> Result<i64> {
    count(db, &BASE_COUNT).await
}

pub(super) async fn records(db: &Db) -> Result<i64> {
    count(db, &RECORD_COUNT).await
}

pub(super) async fn sites(db: &Db) -> Result<i64> {
    count(db, &SITE_COUNT).await
}

pub(super) async fn published_pages(db: &Db) -> Result<i64> {
    count(db, &PUBLISHED_PAGES).await
}

pub(super) async fn users_a_day(db: &Db, from: Timestamp) -> Result<Vec<(Date, i64)>> {
    a_day(db, &USERS_A_DAY, from).await
}

pub(super) async fn tenants_a_day(db: &Db, from: Timestamp) -> Result<Vec<(Date, i64)>> {
    a_day(db, &TENANTS_A_DAY, from).await
}

async fn a_day(db: &Db, statement: &'static Statement, from: Timestamp) -> Result<Vec<(Date, i64)>> {
    Ok(db.platform(statement, &[&from]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn count(db: &Db, statement: &'static Statement) -> Result<i64> {
    Ok(db.platform(statement, &[]).await?.first().map_or(0, |row| row.get(0)))
}
