//! Statements about API tokens.

use kernel_db::statements;

statements! {
    /// A new token.
    tenant Control INSERT_TOKEN = "insert into control.api_tokens
        (tenant_id, id, label, token_hash, hint, scopes, bases, created_by, created_at, expires_at, networks, per_minute)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Tokens that work or have expired; with `$2`, those that were revoked instead.
    tenant Control TOKENS = "select k.id, k.label, k.hint, k.scopes, k.bases, k.created_by, k.created_at, k.expires_at,
            k.last_used_at, k.last_used_from, k.networks, k.per_minute, k.revoked_at
        from control.api_tokens k where k.tenant_id = $1 and (k.revoked_at is not null) = $2
        order by coalesce(k.revoked_at, k.created_at) desc, k.id limit 500";
    /// How many there are.
    tenant Control COUNT_TOKENS = "select count(*) as total from control.api_tokens where tenant_id = $1 and revoked_at is null";
    /// Who made a token.
    tenant Control TOKEN_MAKER = "select created_by, label from control.api_tokens where tenant_id = $1 and id = $2 and revoked_at is null";
    /// What a token is called, also after its end.
    tenant Control TOKEN_LABEL = "select label from control.api_tokens where tenant_id = $1 and id = $2";
    /// As `TOKEN_LABEL`, of several.
    tenant Control TOKEN_LABELS = "select id, label from control.api_tokens where tenant_id = $1 and id = any($2)";
    /// Ends a token.
    tenant Control REVOKE_TOKEN = "update control.api_tokens set revoked_at = $3
        where tenant_id = $1 and id = $2 and revoked_at is null";
    /// A token in use.
    tenant Control TOKEN_BY_HASH = "select id, scopes, bases, expires_at, last_used_at, created_by, networks, per_minute
        from control.api_tokens where tenant_id = $1 and token_hash = $2 and revoked_at is null";
    /// A token by its id, as long as it works.
    tenant Control TOKEN_BY_ID = "select id, scopes, bases, expires_at, last_used_at, created_by, networks, per_minute
        from control.api_tokens where tenant_id = $1 and id = $2 and revoked_at is null";
    /// Notes the last use.
    tenant Control TOUCH_TOKEN = "update control.api_tokens set last_used_at = $3, last_used_from = coalesce($4, last_used_from)
        where tenant_id = $1 and id = $2 and (last_used_at is null or last_used_at < $3)";
    /// Adds calls of a day.
    tenant Control ADD_USAGE = "insert into control.token_usage as u (tenant_id, token_id, day, calls)
        select $1, $2, $3, $4 where exists (select from control.api_tokens where tenant_id = $1 and id = $2)
        on conflict (tenant_id, token_id, day) do update set calls = u.calls + excluded.calls";
    /// Notes a place of use that is new; a token has 200 at most, so that who changes them all the time fills no table.
    tenant Control ADD_PLACE = "insert into control.token_places (tenant_id, token_id, place, first_at)
        select $1, $2, $3, $4 where exists (select from control.api_tokens where tenant_id = $1 and id = $2)
            and (select count(*) from control.token_places where tenant_id = $1 and token_id = $2) < 200
        on conflict do nothing";
    /// Calls by day since a day, of all tokens.
    tenant Control USAGE_SINCE = "select token_id, day, calls from control.token_usage where tenant_id = $1 and day >= $2";
    /// A working token, to be ended because it was found where it must not be.
    tenant Control LEAKED = "update control.api_tokens set revoked_at = $3
        where tenant_id = $1 and token_hash = $2 and revoked_at is null returning id, label, created_by";
    /// Whom a leak concerns besides the maker.
    tenant Control OWNERS = "select user_id from control.members where tenant_id = $1 and role = 'owner'";
}
