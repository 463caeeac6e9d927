//! Statements about sign-ups.

use kernel_db::statements;

statements! {
    /// Whether an address has an account, and its name.
    global Control USER_NAME_BY_EMAIL = "select name from control.users where email_key = $1";
    /// A sign-up that waits for its link to be used.
    global Control INSERT_SIGNUP = "insert into control.signups
        (token_hash, browser_hash, email, email_key, name, password_hash, next, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// What a link confirms.
    global Control SIGNUP_BY_TOKEN = "select email from control.signups where token_hash = $1 and expires_at > $2";
    /// Uses a link: at most one of many at the same time gets the row.
    global Control TAKE_SIGNUP = "delete from control.signups where token_hash = $1 and expires_at > $2
        returning browser_hash, email, email_key, name, password_hash, next";
    /// The other links to the same address end with the one that was used.
    global Control DELETE_SIGNUPS = "delete from control.signups where email_key = $1";
    /// The latest sign-up of an address moves to a new link.
    global Control RENEW_SIGNUP = "update control.signups set token_hash = $2, expires_at = $3
        where token_hash = (select token_hash from control.signups where email_key = $1 and expires_at > $4
            order by created_at desc limit 1)
        returning email, name";
    /// Clears what has expired.
    global Control DELETE_EXPIRED_SIGNUPS = "delete from control.signups where expires_at < $1";
    /// The account.
    global Control INSERT_USER = "insert into control.users (id, email, email_key, name, password_hash, created_at)
        values ($1, $2, $3, $4, $5, $6)";
}
