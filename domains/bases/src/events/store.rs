//! SQL of event streams.

use kernel_db::statements;

statements! {
    /// What a listener missed.
    tenant Data MISSED = "select seq, data::text from data.changes
        where tenant_id = $1 and base_id = $2 and seq > $3 and seq <= $4 order by seq";
}
