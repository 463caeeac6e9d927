//! SQL of versions of the schema.

use kernel_db::statements;

statements! {
    /// A change of the schema after one version and not after another.
    tenant Data SCHEMA_CHANGED = "select c.seq from data.changes c
        where c.tenant_id = $1 and c.base_id = $2 and c.seq > $3 and c.seq <= $4
          and json_array_length(coalesce(c.data->'schema', '[]')) > 0 limit 1";
}
