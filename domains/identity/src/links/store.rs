//! Statements about links to log in.

use kernel_db::statements;

statements! {
    /// Whom a link is for.
    global Control USER_FOR_LINK = "select id, name, email from control.users where email_key = $1";
    /// A link that may be used once.
    global Control INSERT_LINK = "insert into control.magic_links
        (token_hash, browser_hash, user_id, next, address, agent, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// What a link would do.
    global Control LINK_BY_TOKEN = "select u.email, l.browser_hash, l.address, l.agent, l.created_at
        from control.magic_links l join control.users u on u.id = l.user_id where l.token_hash = $1 and l.expires_at > $2";
    /// Uses a link: at most one of many at the same time gets the row.
    global Control TAKE_LINK = "delete from control.magic_links where token_hash = $1 and expires_at > $2
        returning user_id, browser_hash, next";
    /// A person's other links end with the one that was used, and with a changed password or address.
    global Control DELETE_LINKS = "delete from control.magic_links where user_id = $1";
    /// Clears what has expired.
    global Control DELETE_EXPIRED_LINKS = "delete from control.magic_links where expires_at < $1";
}
