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
    /// Files that were used once, and not lately, in the order of their ids: with their upload, and whether nothing named them before.
    tenant Data CANDIDATES = "select id, created_at, unneeded_at is not null from data.files
        where tenant_id = $1 and used_at < $2 and id > $3 order by id limit $4";
    /// Fields that hold files, of every base, in the trash or not.
    tenant Data FILE_FIELDS = "select f.table_id, f.id from data.fields f
        join data.tables t on t.tenant_id = f.tenant_id and t.id = f.table_id and not t.purged
        where f.tenant_id = $1 and f.type in ('attachment', 'signature') and not f.purged";
    /// Of so many records after one: the last, and the files that cells of these fields name.
    tenant Data NAMED_IN_RECORDS = "with page as materialized (
            select id, data from data.records where tenant_id = $1 and table_id = $2 and id > $3 order by id limit $4)
        select (select max(id) from page), array(select distinct found.id[1] from page, json_each_text(page.data) cell,
            regexp_matches(cell.value, 'att_[0-9A-Za-z]+', 'g') found(id) where cell.key = any($5))";
    tenant Data ALL_BASES = "select id from data.bases where tenant_id = $1 order by id";
    /// Of so many changes before one: the first, when it was, and the files that any of them names.
    tenant Data NAMED_IN_CHANGES = "with page as materialized (
            select seq, at, data from data.changes where tenant_id = $1 and base_id = $2 and seq < $3 order by seq desc limit $4)
        select (select min(seq) from page), (select min(at) from page), array(select distinct found.id[1] from page,
            regexp_matches(page.data::text, 'att_[0-9A-Za-z]+', 'g') found(id))";
    /// Nothing names these; a mark from before a use begins anew.
    tenant Data DOUBTED = "update data.files set unneeded_at = $3 where tenant_id = $1 and id = any($2) and used_at < $4
        and (unneeded_at is null or unneeded_at <= used_at)";
    tenant Data NEEDED_AFTER_ALL = "update data.files set unneeded_at = null where tenant_id = $1 and id = any($2)";
    /// Nothing names these, nothing named them when they were marked, and nobody has used them since.
    tenant Data REMOVE_UNNEEDED = "delete from data.files where tenant_id = $1 and id = any($2)
        and unneeded_at < $3 and used_at < unneeded_at returning id";
    /// Of some contents, those that a file still has.
    tenant Data HELD = "select distinct hash from data.files where tenant_id = $1 and hash = any($2)";
}
