//! SQL of histories.

use kernel_db::statements;

statements! {
    /// Changes whose rows may include one of a range, newest first.
    tenant Data CHANGES_OF_ROWS = "select seq, data::text from data.changes
        where tenant_id = $1 and base_id = $2 and table_id = $3 and record_hi >= $4 and record_lo <= $5
        order by seq desc limit $6";
}
