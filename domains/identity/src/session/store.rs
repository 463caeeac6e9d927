//! Statements about sessions and the accounts that they belong to.

use crate::model::{Theme, User};
use kernel_core::{TenantId, UserId};
use kernel_db::{Row, statements};

statements! {
    /// The account and the latest unconfirmed sign-up of an address: one look-up, whichever there is.
    global Control ACCOUNT_BY_EMAIL = "select u.id, u.password_hash, u.name,
            (select s.password_hash from control.signups s where s.email_key = $1 and s.expires_at > $2
             order by s.created_at desc limit 1) as signup_hash
        from (select $1::text as email_key) k left join control.users u on u.email_key = k.email_key";
    /// A session with its person: live ones only.
    global Control SESSION_BY_TOKEN = "select s.id as session_id, s.last_seen_at, s.proven_at, s.methods, u.id, u.email, u.name, u.time_zone, u.theme, u.last_tenant, u.locale, u.avatar
        from control.sessions s join control.users u on u.id = s.user_id
        where s.token_hash = $1 and s.expires_at > $2 and s.last_seen_at > $3";
    /// Whether a session is live.
    global Control SESSION_LIVES = "select 1 from control.sessions where id = $1 and expires_at > $2 and last_seen_at > $3";
    /// Begins a session.
    global Control INSERT_SESSION = "insert into control.sessions
        (id, token_hash, user_id, address, agent, created_at, last_seen_at, expires_at, proven_at, methods)
        values ($1, $2, $3, $4, $5, $6, $6, $7, $6, $8)";
    /// Gives a session a new secret when the person has proven who it is (ASVS 7.2.4); the former one is worth nothing.
    global Control RENEW_SESSION = "update control.sessions set token_hash = $3, proven_at = $4 where user_id = $1 and id = $2
        returning expires_at";
    /// Somebody owes the second factor.
    global Control INSERT_SECOND_STEP = "insert into control.second_steps (token_hash, user_id, methods, address, agent, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    /// Who owes it, as long as time and tries last.
    global Control SECOND_STEP = "select u.id, u.email, u.name, u.time_zone, u.theme, u.last_tenant, u.locale, u.avatar
        from control.second_steps s join control.users u on u.id = s.user_id
        where s.token_hash = $1 and s.expires_at > $2 and s.tries < $3";
    /// Counts a try.
    global Control TRY_SECOND_STEP = "update control.second_steps set tries = tries + 1
        where token_hash = $1 and expires_at > $2 and tries < $3 returning methods";
    /// Ends a step that was finished.
    global Control DELETE_SECOND_STEP = "delete from control.second_steps where token_hash = $1";
    /// Takes the steps that ended unfinished, to tell their people.
    global Control TAKE_UNPAID = "delete from control.second_steps s using control.users u
        where u.id = s.user_id and s.expires_at < $1
        returning s.address, s.agent, s.created_at, u.id, u.email, u.name, u.time_zone, u.theme, u.last_tenant, u.locale, u.avatar";
    /// Notes that a session was used.
    global Control TOUCH_SESSION = "update control.sessions set last_seen_at = $2, address = $3 where id = $1 and last_seen_at < $2";
    /// A person's live sessions.
    global Control SESSIONS_OF_USER = "select id, address, agent, methods, created_at, last_seen_at from control.sessions
        where user_id = $1 and expires_at > $2 and last_seen_at > $3 order by last_seen_at desc, id";
    /// Ends one session of a person.
    global Control DELETE_SESSION = "delete from control.sessions where user_id = $1 and id = $2";
    /// Ends all sessions of a person but one (none is kept when the id is nobody's).
    global Control DELETE_OTHER_SESSIONS = "delete from control.sessions where user_id = $1 and id <> $2";
    /// Ends whatever session a cookie names, at the next sign-in in that browser.
    global Control DELETE_SESSION_BY_TOKEN = "delete from control.sessions where token_hash = $1";
    /// Clears what has expired.
    global Control DELETE_EXPIRED_SESSIONS = "delete from control.sessions where expires_at < $1 or last_seen_at < $2";
    /// Stores a stronger hash of the same password.
    global Control REHASH_PASSWORD = "update control.users set password_hash = $2 where id = $1 and password_hash = $3";
}

/// The person in a row with the columns `id, email, name, time_zone, theme, last_tenant, locale, avatar`.
pub(crate) fn user(row: &Row) -> User {
    User {
        id: UserId::from_uuid(row.get("id")),
        email: row.get("email"),
        name: row.get("name"),
        time_zone: row.get("time_zone"),
        theme: Theme::named(row.get("theme")).unwrap_or_default(),
        last_tenant: row.get::<_, Option<uuid::Uuid>>("last_tenant").map(TenantId::from_uuid),
        locale: row.get("locale"),
        avatar: row.get("avatar"),
    }
}
