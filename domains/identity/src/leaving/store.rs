//! Statements about copies of a person's data and about the end of accounts.

use kernel_db::statements;

statements! {
    /// A copy that is to be made.
    global Control INSERT_EXPORT = "insert into control.data_exports (id, user_id, parts, created_at, expires_at) values ($1, $2, $3, $4, $5)";
    /// The latest copy of a person.
    global Control LATEST_EXPORT = "select id, done, parts, created_at, ready_at, expires_at from control.data_exports
        where user_id = $1 and expires_at > $2 order by created_at desc limit 1";
    /// How far a copy is.
    global Control EXPORT_PROGRESS = "update control.data_exports set done = $2 where id = $1";
    /// A copy that is ready.
    global Control FINISH_EXPORT = "update control.data_exports set done = parts, archive = $2, ready_at = $3, expires_at = $4
        where id = $1 and ready_at is null";
    /// Whose copy is to be made.
    global Control EXPORT_OF = "select u.id, u.email, u.name, u.time_zone, u.theme, u.last_tenant, u.locale, u.avatar, u.created_at
        from control.data_exports e join control.users u on u.id = e.user_id where e.id = $1 and e.ready_at is null";
    /// The file, for the person alone.
    global Control EXPORT_FILE = "select archive from control.data_exports
        where id = $1 and user_id = $2 and expires_at > $3 and archive is not null";
    /// Clears what can't be fetched any more.
    global Control DELETE_EXPIRED_EXPORTS = "delete from control.data_exports where expires_at < $1";
    /// Browsers that a person has used.
    global Control DEVICES_OF_USER = "select first_seen_at, last_seen_at from control.devices where user_id = $1 order by first_seen_at";
    /// Begins the grace; nothing when it has begun.
    global Control BEGIN_CLOSING = "update control.users set closes_at = $2 where id = $1 and closes_at is null and closed_at is null";
    /// Whoever logs in within the grace keeps the account.
    global Control KEEP_ACCOUNT = "update control.users set closes_at = null where id = $1 and closes_at is not null returning email, name";
    /// Accounts whose grace is over.
    global Control DUE_TO_CLOSE = "select id, email, name from control.users where closes_at < $1 and closed_at is null order by closes_at limit 100";
    /// Takes everything of the person; what is left is a pseudonym. Nothing when somebody logged in meanwhile.
    global Control CLOSE_ACCOUNT = "with gone as (update control.users set email = 'closed account', email_key = 'closed:' || id::text, name = 'Closed account',
                password_hash = null, time_zone = 'UTC', theme = 'system', locale = null, avatar = null, last_tenant = null,
                closes_at = null, closed_at = $2
            where id = $1 and closes_at < $2 and closed_at is null returning id),
            a as (delete from control.sessions x using gone g where x.user_id = g.id),
            b as (delete from control.password_resets x using gone g where x.user_id = g.id),
            c as (delete from control.totp x using gone g where x.user_id = g.id),
            d as (delete from control.totp_setups x using gone g where x.user_id = g.id),
            e as (delete from control.recovery_codes x using gone g where x.user_id = g.id),
            f as (delete from control.second_steps x using gone g where x.user_id = g.id),
            h as (delete from control.email_changes x using gone g where x.user_id = g.id),
            i as (delete from control.devices x using gone g where x.user_id = g.id),
            j as (delete from control.magic_links x using gone g where x.user_id = g.id),
            k as (delete from control.passkeys x using gone g where x.user_id = g.id),
            l as (delete from control.avatars x using gone g where x.user_id = g.id),
            m as (delete from control.data_exports x using gone g where x.user_id = g.id),
            n as (delete from control.identities x using gone g where x.user_id = g.id),
            o as (delete from control.signups x using gone g where x.email_key = $3)
        select id from gone";
    /// The person's own access log goes with the account, but for its last line; trails of organisations keep the id.
    platform Logs DELETE_ACCOUNT_EVENTS = "delete from logs.account_events
        where (user_id = $1 and action <> 'account.closed') or (user_id is null and target = $2)";
}
