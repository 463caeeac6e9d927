//! SQL of links to views.

use kernel_db::statements;

statements! {
    tenant Data INSERT_SHARE = "insert into data.shares
        (tenant_id, id, table_id, view_id, token_hash, password, downloads, created_by, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Links of a view, newest first.
    tenant Data SHARES = "select id, table_id, view_id, password, downloads, created_by, created_at, expires_at
        from data.shares where tenant_id = $1 and table_id = $2 and view_id = $3 order by id desc";
    /// How many a view has.
    tenant Data SHARE_COUNT = "select count(*) from data.shares where tenant_id = $1 and table_id = $2 and view_id = $3";
    /// A link of a view, kept from changing until the transaction ends.
    tenant Data SHARE_LOCKED = "select id, table_id, view_id, password, downloads, created_by, created_at, expires_at
        from data.shares where tenant_id = $1 and table_id = $2 and view_id = $3 and id = $4 for update";
    tenant Data UPDATE_SHARE = "update data.shares set password = $3, downloads = $4, expires_at = $5 where tenant_id = $1 and id = $2";
    tenant Data DELETE_SHARE = "delete from data.shares where tenant_id = $1 and id = $2";
    /// The link that a token stands for.
    tenant Data SHARE_BY_TOKEN = "select id, table_id, view_id, password, downloads, created_by, created_at, expires_at
        from data.shares where tenant_id = $1 and token_hash = $2";
}
