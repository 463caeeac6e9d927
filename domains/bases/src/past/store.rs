//! SQL of bases as they were.

use kernel_db::statements;

statements! {
    /// The changes between two numbers, newest first: at most $5, and no more than $6 stored bytes unless the first is larger.
    tenant Data CHANGES_BACK = "select c.seq, c.data::text from (
            select seq, data, sum(pg_column_size(data)) over (order by seq desc) - pg_column_size(data) as ahead
            from data.changes where tenant_id = $1 and base_id = $2 and seq > $3 and seq <= $4 order by seq desc limit $5) c
        where c.ahead <= $6 order by c.seq desc";
    /// The last change up to a number, and when it was made.
    tenant Data CHANGE_AT = "select seq, at from data.changes
        where tenant_id = $1 and base_id = $2 and seq <= $3 order by seq desc limit 1";
    /// The first change that is kept.
    tenant Data FIRST_CHANGE = "select seq, at from data.changes where tenant_id = $1 and base_id = $2 order by seq limit 1";
    /// When a base was made.
    tenant Data MADE_AT = "select created_at from data.bases where tenant_id = $1 and id = $2 and deleted_at is null";
    /// The base that a table is or was in.
    tenant Data BASE_OF_ANY_TABLE = "select base_id from data.tables where tenant_id = $1 and id = $2 and not purged";
}
