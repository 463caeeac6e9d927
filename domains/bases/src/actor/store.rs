//! SQL of the base actor: load, the write batch, catch-up.

use kernel_db::statements;

statements! {
    /// Where the base is, and its row.
    tenant Data BASE_HEAD = "select seq, name, description, icon, colour from data.bases
        where tenant_id = $1 and id = $2 and deleted_at is null";
    /// As `BASE_HEAD`, after any batch in flight has ended.
    tenant Data BASE_HEAD_LOCKED = "select seq from data.bases where tenant_id = $1 and id = $2 for share";
    /// Tables with the highest field and view numbers ever used.
    tenant Data TABLES = "select t.id, t.position, t.name, t.description, t.icon, t.primary_field,
          coalesce((select max(f.id) from data.fields f where f.tenant_id = $1 and f.table_id = t.id), 0),
          coalesce((select max(v.id) from data.views v where v.tenant_id = $1 and v.table_id = t.id), 0),
          greatest(coalesce((select max(c.record_hi) from data.changes c where c.tenant_id = $1 and c.table_id = t.id), 0),
                   coalesce((select max(r.id) from data.records r where r.tenant_id = $1 and r.table_id = t.id), 0), t.last_row), t.deleted_at
        from data.tables t where t.tenant_id = $1 and t.base_id = $2 and not t.purged order by t.position, t.id";
    tenant Data FIELDS = "select table_id, id, position, name, description, type, options, deleted_at from data.fields
        where tenant_id = $1 and table_id = any($2) and not purged order by table_id, position, id";
    tenant Data VIEWS = "select table_id, id, position, name, type, config, created_by, deleted_at from data.views
        where tenant_id = $1 and table_id = any($2) and not purged order by table_id, position, id";
    /// All records of one table.
    tenant Data RECORDS = "select id, data, created_at, updated_at, created_by, updated_by from data.records
        where tenant_id = $1 and table_id = $2 order by id";
    /// The whole write batch as one call, which enters the tenant by itself (design 3).
    tenant Data APPLY_BATCH = "select data.apply_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
        $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36)";
    /// Changes after a number, for catch-up.
    tenant Data CHANGES_AFTER = "select seq, at, actor, nonce, data::text from data.changes
        where tenant_id = $1 and base_id = $2 and seq > $3 order by seq limit $4";
}
