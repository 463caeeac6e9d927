//! SQL of idempotency keys. `data.apply_batch` writes those of changes.

use kernel_db::statements;

statements! {
    tenant Data INSERT_KEY = "insert into data.idempotency (tenant_id, scope, key, hash, status, version, body, at)
        values ($1, $2, $3, $4, $5, 0, $6, $7)";
    tenant Data KEY = "select hash, status, version, body from data.idempotency where tenant_id = $1 and scope = $2 and key = $3";
}
