//! SQL of imports: one row an import, from preview to its end.

use kernel_db::statements;

statements! {
    tenant Data INSERT_IMPORT = "insert into data.imports
        (tenant_id, id, base_id, state, file_name, bytes, format, columns, total, created_by, created_at, updated_at)
        values ($1, $2, $3, 'preview', $4, $5, $6, $7, $8, $9, $10, $10)";
    /// A file is looked at in another way, as long as it was not started.
    tenant Data REREAD_IMPORT = "update data.imports set format = $3, columns = $4, total = $5, updated_at = $6
        where tenant_id = $1 and id = $2 and state = 'preview'";
    tenant Data IMPORT = "select base_id, table_id, state, file_name, bytes, format, columns, plan, done, total, created,
          error_count, errors, failure, created_by, created_at, updated_at, updated, deleted, replace_below
        from data.imports where tenant_id = $1 and id = $2";
    /// A preview becomes a running import once.
    tenant Data START_IMPORT = "update data.imports
        set state = 'running', table_id = $3, plan = $4, updated_at = $5, replace_below = $6
        where tenant_id = $1 and id = $2 and state = 'preview'";
    /// Saves progress; gives the state, so that the run sees a cancellation.
    tenant Data IMPORT_PROGRESS = "update data.imports set done = $3, created = $4, error_count = $5, errors = $6,
          updated_at = $7, updated = $8, deleted = $9
        where tenant_id = $1 and id = $2 returning state";
    tenant Data FINISH_IMPORT = "update data.imports set state = $3, failure = $4, updated_at = $5
        where tenant_id = $1 and id = $2 and state in ('preview', 'running')";
    /// What a chunk did that an interrupted run wrote.
    tenant Data IMPORTED_CHANGE = "select data::text from data.changes where tenant_id = $1 and base_id = $2 and seq = $3";
    /// Imports left running or previewed long ago, whose files can go.
    tenant Data STALE_IMPORTS = "select id from data.imports where tenant_id = $1 and updated_at < $2 and state <> 'running'";
}
