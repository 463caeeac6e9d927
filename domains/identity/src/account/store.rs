//! Statements about a person's own account.

use kernel_db::statements;

statements! {
    /// The stored password of a person.
    global Control PASSWORD_OF_USER = "select password_hash from control.users where id = $1";
    /// Changes what a person may change.
    global Control UPDATE_PROFILE = "update control.users set name = $2, time_zone = $3, theme = $4, locale = $5 where id = $1";
    /// A person's picture.
    global Control PUT_AVATAR = "with put as (insert into control.avatars (user_id, image) values ($1, $2)
            on conflict (user_id) do update set image = excluded.image returning user_id)
        update control.users u set avatar = $3 from put where u.id = put.user_id";
    /// Takes it away.
    global Control DELETE_AVATAR = "with gone as (delete from control.avatars where user_id = $1)
        update control.users set avatar = null where id = $1";
    /// The picture, for whoever knows its hash.
    global Control AVATAR = "select a.image from control.avatars a join control.users u on u.id = a.user_id
        where a.user_id = $1 and u.avatar = $2";
    /// Asks for another address; a change that waited before is forgotten.
    global Control PUT_EMAIL_CHANGE = "insert into control.email_changes (user_id, email, email_key, old_hash, new_hash, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (user_id) do update set email = excluded.email, email_key = excluded.email_key,
            old_hash = excluded.old_hash, new_hash = excluded.new_hash, old_at = null, new_at = null,
            created_at = excluded.created_at, expires_at = excluded.expires_at";
    /// A person's change that waits.
    global Control EMAIL_CHANGE_OF_USER = "select email, old_at is not null as old_done, new_at is not null as new_done
        from control.email_changes where user_id = $1 and expires_at > $2";
    /// What a link confirms: one that was not used yet.
    global Control EMAIL_CHANGE_BY_TOKEN = "select u.email as from, c.email as to from control.email_changes c join control.users u on u.id = c.user_id
        where c.expires_at > $2 and ((c.old_hash = $1 and c.old_at is null) or (c.new_hash = $1 and c.new_at is null))";
    /// Uses a link, once; and says whether both are used now.
    global Control CONFIRM_EMAIL_CHANGE = "update control.email_changes c
        set old_at = case when c.old_hash = $1 then $2 else c.old_at end, new_at = case when c.new_hash = $1 then $2 else c.new_at end
        from control.users u where u.id = c.user_id and c.expires_at > $2
            and ((c.old_hash = $1 and c.old_at is null) or (c.new_hash = $1 and c.new_at is null))
        returning c.user_id, c.email, c.email_key, u.email as from, u.name, c.old_at is not null and c.new_at is not null as both";
    /// Ends a change.
    global Control DELETE_EMAIL_CHANGE = "delete from control.email_changes where user_id = $1";
    /// Clears what has expired.
    global Control DELETE_EXPIRED_EMAIL_CHANGES = "delete from control.email_changes where expires_at < $1";
    /// The address that both have confirmed.
    global Control SET_EMAIL = "update control.users set email = $2, email_key = $3 where id = $1";
    /// Remembers what `/` opens.
    global Control SET_LAST_TENANT = "update control.users set last_tenant = $2 where id = $1 and last_tenant is distinct from $2";
    /// Names and addresses of people, for lists of other domains.
    global Control USERS_BY_ID = "select id, email, name, time_zone, theme, last_tenant, locale, avatar from control.users where id = any($1)";
    /// When people were last here, by their live or idle sessions.
    global Control LAST_SEEN = "select user_id, max(last_seen_at) as seen_at from control.sessions where user_id = any($1) group by user_id";
    /// One person by address.
    global Control USER_BY_EMAIL = "select id, email, name, time_zone, theme, last_tenant, locale, avatar from control.users where email_key = $1";
}
