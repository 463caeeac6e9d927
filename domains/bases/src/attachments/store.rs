//! SQL of files.

use kernel_db::statements;

statements! {
    tenant Data INSERT_FILE = "insert into data.files
        (tenant_id, id, hash, size, type, name, width, height, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    tenant Data FILES_BY_ID = "select id, size, type, name, width, height, created_by from data.files
        where tenant_id = $1 and id = any($2)";
    /// Marks files as named by a cell, so that they stay; the ids of those that are there.
    tenant Data USE_FILES = "update data.files set used_at = coalesce(used_at, $3) where tenant_id = $1 and id = any($2) returning id";
    tenant Data FILE = "select hash, type, width is not null from data.files where tenant_id = $1 and id = $2";
    /// Bytes of all files, each content once.
    tenant Data STORED_BYTES = "select coalesce(sum(size), 0)::bigint from
        (select distinct on (hash) size from data.files where tenant_id = $1 order by hash) content";
    /// Files that no cell has named for so long that none will.
    platform Data REMOVE_UNUSED = "delete from data.files f using (
            select tenant_id, id from data.files where used_at is null and created_at < $1 limit 1000) gone
        where f.tenant_id = gone.tenant_id and f.id = gone.id and f.used_at is null returning f.tenant_id, f.hash";
    /// Of some contents, those that a file still has.
    tenant Data HELD = "select distinct hash from data.files where tenant_id = $1 and hash = any($2)";
}
