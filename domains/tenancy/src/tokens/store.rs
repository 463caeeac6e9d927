//! Statements about API tokens.

use kernel_db::statements;

statements! {
    /// A new token.
    tenant Control INSERT_TOKEN = "insert into control.api_tokens
        (tenant_id, id, label, token_hash, hint, scopes, bases, created_by, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Tokens that work or have expired; revoked ones are gone from sight.
    tenant Control TOKENS = "select k.id, k.label, k.hint, k.scopes, k.bases, k.created_by, k.created_at, k.expires_at, k.last_used_at
        from control.api_tokens k where k.tenant_id = $1 and k.revoked_at is null order by k.created_at desc, k.id";
    /// How many there are.
    tenant Control COUNT_TOKENS = "select count(*) as total from control.api_tokens where tenant_id = $1 and revoked_at is null";
    /// Who made a token.
    tenant Control TOKEN_MAKER = "select created_by, label from control.api_tokens where tenant_id = $1 and id = $2 and revoked_at is null";
    /// What a token is called, also after its end.
    tenant Control TOKEN_LABEL = "select label from control.api_tokens where tenant_id = $1 and id = $2";
    /// Ends a token.
    tenant Control REVOKE_TOKEN = "update control.api_tokens set revoked_at = $3
        where tenant_id = $1 and id = $2 and revoked_at is null";
    /// A token in use.
    tenant Control TOKEN_BY_HASH = "select id, scopes, bases, expires_at, last_used_at, created_by
        from control.api_tokens where tenant_id = $1 and token_hash = $2 and revoked_at is null";
    /// A token by its id, as long as it works.
    tenant Control TOKEN_BY_ID = "select id, scopes, bases, expires_at, last_used_at, created_by
        from control.api_tokens where tenant_id = $1 and id = $2 and revoked_at is null";
    /// Notes the last use.
    tenant Control TOUCH_TOKEN = "update control.api_tokens set last_used_at = $3
        where tenant_id = $1 and id = $2 and (last_used_at is null or last_used_at < $3)";
}
