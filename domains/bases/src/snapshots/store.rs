//! SQL of snapshots and of their way into new bases.

use kernel_db::statements;

statements! {
    /// Newest state first.
    tenant Data SNAPSHOTS = "select id, name, version, at, created_by, created_at from data.snapshots
        where tenant_id = $1 and base_id = $2 order by at desc, id desc";
    tenant Data SNAPSHOT = "select id, name, version, at, created_by, created_at from data.snapshots
        where tenant_id = $1 and base_id = $2 and id = $3";
    /// Unless the base has $9 of them.
    tenant Data INSERT_SNAPSHOT = "insert into data.snapshots (tenant_id, base_id, id, name, version, at, created_by, created_at)
        select $1, $2, $3, $4, $5, $6, $7, $8
        where (select count(*) from data.snapshots where tenant_id = $1 and base_id = $2) < $9";
    tenant Data DELETE_SNAPSHOT = "delete from data.snapshots where tenant_id = $1 and base_id = $2 and id = $3";
    tenant Data INSERT_RESTORE = "insert into data.restores
        (tenant_id, base_id, id, version, at, target, name, state, created_by, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $9, $9)";
    tenant Data RESTORE = "select version, at, target, name, state, done, total, failure, created_by, created_at from data.restores
        where tenant_id = $1 and base_id = $2 and id = $3";
    tenant Data RUNNING = "select count(*) from data.restores where tenant_id = $1 and state = 'running' and created_at > $2";
    tenant Data PROGRESS = "update data.restores set done = $4, total = $5, updated_at = $6
        where tenant_id = $1 and base_id = $2 and id = $3 and state = 'running'";
    tenant Data FINISH = "update data.restores set state = $4, failure = $5, updated_at = $6
        where tenant_id = $1 and base_id = $2 and id = $3 and state = 'running'";
    /// The base that is being filled: not there for anybody yet. A run that was interrupted finds its own.
    tenant Data INSERT_HIDDEN_BASE = "insert into data.bases
        (tenant_id, id, name, description, icon, colour, created_at, created_by, deleted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $7) on conflict (tenant_id, id) do nothing";
    tenant Data SHOW_BASE = "update data.bases set deleted_at = null, created_at = $3 where tenant_id = $1 and id = $2";
    tenant Data PUT_SCHEMA = "select data.put_schema($1, $2, $3, $4)";
    /// Records of one table, each once however often a run is begun.
    tenant Data PUT_RECORDS = "insert into data.records (tenant_id, table_id, id, data, created_at, updated_at, created_by, updated_by)
        select $1, $2, r.id, r.data::json, r.made, r.changed, r.maker, r.changer
        from unnest($3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[])
          as r(id, data, made, changed, maker, changer)
        on conflict (tenant_id, table_id, id) do nothing";
}
