//! Statements about password resets.

use kernel_db::statements;

statements! {
    /// Whom a reset is for.
    global Control USER_FOR_RESET = "select id, name, email from control.users where email_key = $1";
    /// A link that may set a new password once.
    global Control INSERT_RESET = "insert into control.password_resets (token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)";
    /// Whose password a link may set.
    global Control RESET_BY_TOKEN = "select u.id, u.email, u.name from control.password_resets r join control.users u on u.id = r.user_id
        where r.token_hash = $1 and r.expires_at > $2";
    /// Uses a link: at most one of many at the same time gets the row.
    global Control TAKE_RESET = "delete from control.password_resets where token_hash = $1 and expires_at > $2 returning user_id";
    /// A person's other links end with the one that was used, and with a changed password.
    global Control DELETE_RESETS = "delete from control.password_resets where user_id = $1";
    /// Clears what has expired.
    global Control DELETE_EXPIRED_RESETS = "delete from control.password_resets where expires_at < $1";
    /// Sets a password.
    global Control SET_PASSWORD = "update control.users set password_hash = $2 where id = $1";
}
