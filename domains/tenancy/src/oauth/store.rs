//! Statements about apps, connections, codes, refresh tokens and signing keys.

use kernel_db::statements;

statements! {
    /// A new app.
    tenant Control INSERT_APP = "insert into control.oauth_apps
        (tenant_id, id, name, confidential, redirects, scopes, own_connection, secret_hash, secret_hint, secret_at, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// An organisation's apps.
    tenant Control APPS = "select a.id, a.name, a.confidential, a.redirects, a.scopes, a.own_connection, a.secret_hash, a.secret_hint,
            a.secret_at, a.created_at, c.bases as own_bases,
            (select count(*) from control.oauth_connections p where p.tenant_id = $1 and p.app_id = a.id and p.user_id is not null
                and p.ended_at is null and p.begun_at is not null and p.expires_at > $2) as people
        from control.oauth_apps a left join control.oauth_connections c on c.tenant_id = $1 and c.id = a.own_connection
        where a.tenant_id = $1 and a.deleted_at is null order by lower(a.name), a.id";
    /// One of them.
    tenant Control APP = "select a.id, a.name, a.confidential, a.redirects, a.scopes, a.own_connection, a.secret_hash, a.secret_hint,
            a.secret_at, a.created_at, c.bases as own_bases, 0::bigint as people
        from control.oauth_apps a left join control.oauth_connections c on c.tenant_id = $1 and c.id = a.own_connection
        where a.tenant_id = $1 and a.id = $2 and a.deleted_at is null";
    /// How many there are.
    tenant Control COUNT_APPS = "select count(*) as total from control.oauth_apps where tenant_id = $1 and deleted_at is null";
    /// Changes one.
    tenant Control UPDATE_APP = "update control.oauth_apps set name = $3, redirects = $4, scopes = $5, own_connection = $6
        where tenant_id = $1 and id = $2 and deleted_at is null";
    /// Another secret.
    tenant Control SET_SECRET = "update control.oauth_apps set secret_hash = $3, secret_hint = $4, secret_at = $5
        where tenant_id = $1 and id = $2 and deleted_at is null and confidential";
    /// Deletes one; its name stays for histories.
    tenant Control DELETE_APP = "update control.oauth_apps set deleted_at = $3, secret_hash = null
        where tenant_id = $1 and id = $2 and deleted_at is null returning name";
    /// A new connection.
    tenant Control INSERT_CONNECTION = "insert into control.oauth_connections
        (tenant_id, id, app_id, user_id, scopes, bases, created_at, begun_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// A connection that works, or one whose code was not used yet.
    tenant Control CONNECTION = "select c.app_id, c.user_id, c.scopes, c.bases, c.expires_at, c.last_used_at, c.begun_at, a.scopes as app_scopes, a.name
        from control.oauth_connections c join control.oauth_apps a on a.tenant_id = $1 and a.id = c.app_id
        where c.tenant_id = $1 and c.id = $2 and c.ended_at is null and a.deleted_at is null";
    /// What connections are called: their app, and the person for whom it acts.
    tenant Control CONNECTION_NAMES = "select c.id, a.name, c.user_id from control.oauth_connections c
            join control.oauth_apps a on a.tenant_id = $1 and a.id = c.app_id
        where c.tenant_id = $1 and c.id = any($2)";
    /// Connections of people: of one app, of one person, or of all.
    tenant Control CONNECTIONS = "select c.id, c.app_id, c.user_id, c.scopes, c.bases, c.created_at, c.last_used_at, a.name
        from control.oauth_connections c join control.oauth_apps a on a.tenant_id = $1 and a.id = c.app_id
        where c.tenant_id = $1 and c.user_id is not null and c.ended_at is null and c.begun_at is not null and c.expires_at > $4
            and ($2::uuid is null or c.app_id = $2) and ($3::uuid is null or c.user_id = $3)
        order by c.created_at desc, c.id limit 500";
    /// One of these, however many there are.
    tenant Control CONNECTION_OF_PERSON = "select c.id, c.app_id, c.user_id, c.scopes, c.bases, c.created_at, c.last_used_at, a.name
        from control.oauth_connections c join control.oauth_apps a on a.tenant_id = $1 and a.id = c.app_id
        where c.tenant_id = $1 and c.id = $2 and c.user_id is not null and c.ended_at is null and c.begun_at is not null
            and c.expires_at > $3";
    /// The app has fetched its first tokens.
    tenant Control BEGIN_CONNECTION = "update control.oauth_connections set begun_at = $3
        where tenant_id = $1 and id = $2 and ended_at is null and begun_at is null";
    /// Notes the last use.
    tenant Control TOUCH_CONNECTION = "update control.oauth_connections set last_used_at = $3 where tenant_id = $1 and id = $2";
    /// Ends one.
    tenant Control END_CONNECTION = "update control.oauth_connections set ended_at = $3, ended_because = $4
        where tenant_id = $1 and id = $2 and ended_at is null";
    /// Ends all of an app.
    tenant Control END_CONNECTIONS_OF_APP = "update control.oauth_connections set ended_at = $3, ended_because = 'deleted'
        where tenant_id = $1 and app_id = $2 and ended_at is null";
    /// Ends all of a person: a membership that comes back later brings none of them back.
    tenant Control END_CONNECTIONS_OF_USER = "update control.oauth_connections set ended_at = $3, ended_because = 'left'
        where tenant_id = $1 and user_id = $2 and ended_at is null";
    /// Ends a person's oldest connections with an app, beyond the newest ones.
    tenant Control END_OLDEST = "update control.oauth_connections set ended_at = $4, ended_because = 'replaced'
        where tenant_id = $1 and id in (select id from control.oauth_connections
            where tenant_id = $1 and app_id = $2 and user_id = $3 and ended_at is null order by created_at desc, id desc offset $5)";
    /// The bases of an app's own connection, and its scopes.
    tenant Control LIMIT_CONNECTION = "update control.oauth_connections set bases = $3, scopes = $4 where tenant_id = $1 and id = $2";
    /// A new code.
    tenant Control INSERT_CODE = "insert into control.oauth_codes (tenant_id, code_hash, connection_id, redirect, challenge, expires_at)
        values ($1, $2, $3, $4, $5, $6)";
    /// A code, held until the transaction ends: of two that come at the same time the second sees the first.
    tenant Control TAKE_CODE = "select connection_id, redirect, challenge, expires_at, used_at from control.oauth_codes
        where tenant_id = $1 and code_hash = $2 for update";
    /// It is used.
    tenant Control USE_CODE = "update control.oauth_codes set used_at = $3 where tenant_id = $1 and code_hash = $2";
    /// A new refresh token.
    tenant Control INSERT_REFRESH = "insert into control.oauth_refresh_tokens (tenant_id, token_hash, connection_id, expires_at)
        values ($1, $2, $3, $4)";
    /// A refresh token, held as [`TAKE_CODE`].
    tenant Control TAKE_REFRESH = "select connection_id, expires_at, used_at from control.oauth_refresh_tokens
        where tenant_id = $1 and token_hash = $2 for update";
    /// A refresh token.
    tenant Control REFRESH = "select connection_id, expires_at, used_at from control.oauth_refresh_tokens
        where tenant_id = $1 and token_hash = $2";
    /// It is used; those of the connection that were used long ago are forgotten.
    tenant Control USE_REFRESH = "with old as (delete from control.oauth_refresh_tokens
            where tenant_id = $1 and connection_id = $4 and used_at < $5)
        update control.oauth_refresh_tokens set used_at = $3 where tenant_id = $1 and token_hash = $2";
    /// Forgets codes and connections that were never used, and tokens whose time is over.
    tenant Control SWEEP = "with codes as (delete from control.oauth_codes where tenant_id = $1 and expires_at < $2),
            tokens as (delete from control.oauth_refresh_tokens where tenant_id = $1 and expires_at < $2)
        delete from control.oauth_connections where tenant_id = $1 and begun_at is null and created_at < $2";
    /// All signing keys, newest first.
    global Control KEYS = "select id, point, private, created_at from control.oauth_keys order by created_at desc, id desc";
    /// A new one.
    global Control INSERT_KEY = "insert into control.oauth_keys (id, point, private, created_at) values ($1, $2, $3, $4)";
    /// Forgets those whose tokens have ended.
    global Control DROP_KEYS = "delete from control.oauth_keys where created_at < $1
        and id <> (select id from control.oauth_keys order by created_at desc, id desc limit 1)";
    /// Seals one anew.
    global Control RESEAL_KEY = "update control.oauth_keys set private = $3 where id = $1 and private = $2";
}
