//! SQL of bases: the list, the row, trash.

use kernel_db::statements;

statements! {
    /// Bases of the tenant, newest work last. Counts come from memory or from `BASE_SIZES`.
    tenant Data BASES = "select id, name, description, icon, colour, seq, created_at from data.bases
        where tenant_id = $1 and deleted_at is null order by lower(name), id";
    tenant Data BASE = "select id, name, description, icon, colour, seq, created_at from data.bases
        where tenant_id = $1 and id = $2 and deleted_at is null";
    tenant Data INSERT_BASE = "insert into data.bases (tenant_id, id, name, description, icon, colour, created_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    tenant Data TRASH_BASE = "update data.bases set deleted_at = $3 where tenant_id = $1 and id = $2 and deleted_at is null";
    tenant Data RESTORE_BASE = "update data.bases set deleted_at = null where tenant_id = $1 and id = $2 and deleted_at is not null";
    /// Records and last change of each base, for lists.
    tenant Data BASE_SIZES = "select t.base_id, count(r.id), max(r.updated_at)
        from data.tables t left join data.records r on r.tenant_id = t.tenant_id and r.table_id = t.id
        where t.tenant_id = $1 and t.deleted_at is null group by t.base_id";
    /// The base that a table belongs to.
    tenant Data BASE_OF_TABLE = "select base_id from data.tables where tenant_id = $1 and id = $2 and deleted_at is null";
    /// Bases and tables by the table's name, for requests that name a table.
    tenant Data TABLES_BY_NAME = "select t.base_id, t.id, b.name from data.tables t
        join data.bases b on b.tenant_id = t.tenant_id and b.id = t.base_id
        where t.tenant_id = $1 and lower(t.name) = lower($2) and t.deleted_at is null and b.deleted_at is null limit 20";
}
