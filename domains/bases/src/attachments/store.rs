//! SQL of files.

use kernel_db::statements;

statements! {
    tenant Data INSERT_FILE = "insert into data.files
        (tenant_id, id, hash, size, type, name, width, height, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    tenant Data FILES_BY_ID = "select id, size, type, name, width, height, created_by from data.files
        where tenant_id = $1 and id = any($2)";
    /// Marks files as named by a cell, so that they stay; the ids of those that are there, whether that is new, and the mark.
    /// No two marks of a file are the same.
    tenant Data USE_FILES = "update data.files set used_at = greatest($3::timestamptz, used_at + interval '1 microsecond')
        from (select id as file, used_at is null as is_new from data.files
            where tenant_id = $1 and id = any($2) order by id for update) old
        where tenant_id = $1 and id = old.file returning id, old.is_new, used_at";
    /// Takes back marks of a write that failed, unless another has marked the file since.
    tenant Data UNUSE_FILES = "update data.files set used_at = null from unnest($2::uuid[], $3::timestamptz[]) mark(file, at)
        where tenant_id = $1 and id = mark.file and used_at = mark.at";
    /// Held until the transaction ends: files of a tenant are entered one after the other, so that they fit together.
    tenant Data FILES_LOCK = "select pg_advisory_xact_lock(hashtextextended('files' || tenant_id::text, 0))
        from (select $1::uuid as tenant_id) one where tenant_id = $1";
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
