//! SQL of letting history go.

use kernel_db::statements;

statements! {
    /// Bases whose first change is older than a moment.
    platform Data OLD_HISTORIES = "select b.tenant_id, b.id from data.bases b
        where b.deleted_at is null and (select c.at from data.changes c
            where c.tenant_id = b.tenant_id and c.base_id = b.id order by c.seq limit 1) < $1
        order by b.tenant_id, b.id limit 100000";
    /// Held until the transaction ends: nobody makes a snapshot of what is about to go, nothing goes that is about to be one.
    tenant Data HISTORY_LOCK = "select seq, pg_advisory_xact_lock(hashtextextended(tenant_id::text || id, 0))
        from data.bases where tenant_id = $1 and id = $2 and deleted_at is null";
    /// The oldest version that a snapshot is, or that is being restored since $3.
    tenant Data NEEDED = "select min(version) from (
            select version from data.snapshots where tenant_id = $1 and base_id = $2
            union all select version from data.restores where tenant_id = $1 and base_id = $2 and state = 'running' and created_at > $3) v";
    /// Numbers of records that only these changes know of are not given out again.
    tenant Data KEEP_NUMBERS = "update data.tables t set last_row = c.hi
        from (select table_id, max(record_hi) as hi from data.changes
            where tenant_id = $1 and base_id = $2 and seq <= $3 and record_hi is not null group by table_id) c
        where t.tenant_id = $1 and t.id = c.table_id and c.hi > t.last_row";
    tenant Data DELETE_CHANGES = "delete from data.changes where tenant_id = $1 and base_id = $2 and seq <= $3";
    tenant Data DELETE_SPANS = "delete from data.change_spans where tenant_id = $1 and seq <= $3
        and table_id in (select id from data.tables where tenant_id = $1 and base_id = $2)";
}
