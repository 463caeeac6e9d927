//! SQL of idempotency keys. `data.apply_batch` writes them.

use kernel_db::statements;

statements! {
    tenant Data KEY = "select hash, status, version, body from data.idempotency where tenant_id = $1 and scope = $2 and key = $3";
}
