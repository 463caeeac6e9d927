//! SQL of comments.

use kernel_db::statements;

statements! {
    tenant Data INSERT_COMMENT = "insert into data.comments
        (tenant_id, table_id, record_id, id, parent, author, text, mentions, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Comments of a record, newest first, from before one on.
    tenant Data COMMENTS = "select id, parent, author, text, mentions, created_at, updated_at from data.comments
        where tenant_id = $1 and table_id = $2 and record_id = $3 and ($4::text is null or id < $4) order by id desc limit $5";
    tenant Data COMMENT = "select id, parent, author, text, mentions, created_at, updated_at from data.comments
        where tenant_id = $1 and table_id = $2 and record_id = $3 and id = $4";
    /// The same, kept from changing until the transaction ends.
    tenant Data COMMENT_LOCKED = "select id, parent, author, text, mentions, created_at, updated_at from data.comments
        where tenant_id = $1 and table_id = $2 and record_id = $3 and id = $4 for update";
    tenant Data UPDATE_COMMENT = "update data.comments set text = $5, mentions = $6, updated_at = $7
        where tenant_id = $1 and table_id = $2 and record_id = $3 and id = $4";
    tenant Data DELETE_COMMENT = "delete from data.comments where tenant_id = $1 and table_id = $2 and record_id = $3 and id = $4";
    /// How many comments some records have; records without are left out.
    tenant Data COMMENT_COUNTS = "select record_id, count(*) from data.comments
        where tenant_id = $1 and table_id = $2 and record_id = any($3) group by record_id";
}
