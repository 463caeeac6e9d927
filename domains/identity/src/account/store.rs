//! Statements about a person's own account.

use kernel_db::statements;

statements! {
    /// The stored password of a person.
    global Control PASSWORD_OF_USER = "select password_hash from control.users where id = $1";
    /// Changes what a person may change.
    global Control UPDATE_PROFILE = "update control.users set name = $2, time_zone = $3, theme = $4 where id = $1";
    /// Remembers what `/` opens.
    global Control SET_LAST_TENANT = "update control.users set last_tenant = $2 where id = $1 and last_tenant is distinct from $2";
    /// Names and addresses of people, for lists of other domains.
    global Control USERS_BY_ID = "select id, email, name, time_zone, theme, last_tenant from control.users where id = any($1)";
    /// When people were last here, by their live or idle sessions.
    global Control LAST_SEEN = "select user_id, max(last_seen_at) as seen_at from control.sessions where user_id = any($1) group by user_id";
    /// One person by address.
    global Control USER_BY_EMAIL = "select id, email, name, time_zone, theme, last_tenant from control.users where email_key = $1";
}
