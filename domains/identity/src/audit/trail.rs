//! Reading an organisation's trail: filtered, a page at a time.

use super::TrailRow;
use jiff::Timestamp;
use kernel_core::{Result, TenantId};
use kernel_db::{Db, Row, statements};
use uuid::Uuid;

statements! {
    /// An organisation's rows, newest first, after a place; empty filters let everything through.
    tenant Logs TRAIL_PAGE = "select id, at, actor, action, target, address, request_id, reason, data, seq
        from logs.tenant_events where tenant_id = $1
            and ($2 = '' or actor = $2) and ($3 = '' or action = $3)
            and ($4 = '' or target ilike $4 or data::text ilike $4)
            and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
            and ($7::timestamptz is null or (at, id) < ($7, $8))
        order by at desc, id desc limit $9";
    /// Who has acted, for the filter.
    tenant Logs TRAIL_ACTORS = "select distinct actor from logs.tenant_events where tenant_id = $1 order by actor limit 500";
}

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Who, as stored; empty: everybody.
    pub actor: String,
    /// An act's name; empty: all.
    pub action: String,
    /// A text that the target or a detail contains; empty: any.
    pub object: String,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Until before this moment.
    pub until: Option<Timestamp>,
}

/// A place in the trail: the last row that was given.
pub type Place = (Timestamp, Uuid);

/// Rows after a place, newest first, and the place to go on from if there are more. The caller has been authorised.
///
/// # Errors
/// `internal` only.
pub async fn page(
    db: &Db,
    tenant: TenantId,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<(Vec<TrailRow>, Option<Place>)> {
    let object = match filter.object.trim() {
        "" => String::new(),
        text => format!("%{}%", text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")),
    };
    let (at, id) = after.unzip();
    let params: kernel_db::Params<'_> = &[
        &tenant.uuid(),
        &filter.actor,
        &filter.action,
        &object,
        &filter.from,
        &filter.until,
        &at,
        &id,
        &limit,
    ];
    let rows = db.read(tenant, &TRAIL_PAGE, params).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let last = rows.last().filter(|_| full).map(|row| (row.get("at"), row.get("id")));
    Ok((rows.iter().map(trail_row).collect(), last))
}

/// Who has acted, as stored. The caller has been authorised.
///
/// # Errors
/// `internal` only.
pub async fn actors(db: &Db, tenant: TenantId) -> Result<Vec<String>> {
    let rows = db.read(tenant, &TRAIL_ACTORS, &[&tenant.uuid()]).await?;
    Ok(rows.iter().map(|row| row.get("actor")).collect())
}

fn trail_row(row: &Row) -> TrailRow {
    TrailRow {
        seq: row.get("seq"),
        at: row.get("at"),
        actor: row.get("actor"),
        action: row.get("action"),
        target: row.get("target"),
        address: row.get("address"),
        reason: row.get("reason"),
        request_id: row.get("request_id"),
        data: row.get("data"),
    }
}
