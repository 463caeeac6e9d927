//! Statements about an organisation's rules.

use kernel_db::statements;

statements! {
    /// Asks members for a second factor, or does not any more; nothing when it is so already.
    global Control SET_SECOND_FACTOR = "update control.tenants set require_second_factor = $2
        where id = $1 and require_second_factor <> $2";
}
