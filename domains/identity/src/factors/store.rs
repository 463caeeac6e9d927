//! Statements about second factors.

use kernel_db::statements;

statements! {
    /// A person's factors, all in one row.
    global Control FACTORS_OF_USER = "select t.created_at as totp_at, t.last_used_at as totp_used_at,
            (select count(*) from control.recovery_codes c where c.user_id = u.id) as codes,
            (select count(*) from control.recovery_codes c where c.user_id = u.id and c.used_at is null) as codes_left,
            (select min(c.created_at) from control.recovery_codes c where c.user_id = u.id) as codes_at,
            (select count(*) from control.passkeys p where p.user_id = u.id) as passkeys
        from control.users u left join control.totp t on t.user_id = u.id where u.id = $1";
    /// Those of these people who have no second factor.
    global Control PEOPLE_WITHOUT_FACTOR = "select u.id from control.users u where u.id = any($1)
        and not exists (select from control.totp t where t.user_id = u.id) and not exists (select from control.passkeys p where p.user_id = u.id)";
    /// The seed of a person's app.
    global Control TOTP_OF_USER = "select seed from control.totp where user_id = $1";
    /// Uses a code: of the same code twice at the same time, one gets the row.
    global Control USE_TOTP = "update control.totp set last_step = $2, last_used_at = $3 where user_id = $1 and last_step < $2";
    /// Uses a recovery code, once.
    global Control USE_RECOVERY_CODE = "update control.recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null";
    /// A seed that an app was shown.
    global Control TOTP_SETUP = "select seed from control.totp_setups where user_id = $1 and expires_at > $2";
    /// Shows a seed to an app; the one before is forgotten.
    global Control PUT_TOTP_SETUP = "insert into control.totp_setups (user_id, seed, expires_at) values ($1, $2, $3)
        on conflict (user_id) do update set seed = excluded.seed, expires_at = excluded.expires_at";
    /// Takes the seed that the app has proven, or that nobody wants any more.
    global Control DELETE_TOTP_SETUP = "delete from control.totp_setups where user_id = $1";
    /// The app that is in use from now on.
    global Control PUT_TOTP = "insert into control.totp (user_id, seed, last_step, created_at) values ($1, $2, $3, $4)
        on conflict (user_id) do update set seed = excluded.seed, last_step = excluded.last_step,
            created_at = excluded.created_at, last_used_at = null";
    /// Removes the app.
    global Control DELETE_TOTP = "delete from control.totp where user_id = $1";
    /// Forgets recovery codes of somebody who has no factor any more that they could stand in for.
    global Control DELETE_USELESS_CODES = "delete from control.recovery_codes where user_id = $1
        and not exists (select from control.totp where user_id = $1) and not exists (select from control.passkeys where user_id = $1)";
    /// Forgets a person's recovery codes.
    global Control DELETE_RECOVERY_CODES = "delete from control.recovery_codes where user_id = $1";
    /// A new set of recovery codes.
    global Control INSERT_RECOVERY_CODES = "insert into control.recovery_codes (user_id, code_hash, created_at)
        select $1, hash, $3 from unnest($2::bytea[]) as hash";
    /// Clears what has expired.
    global Control DELETE_EXPIRED_SETUPS = "delete from control.totp_setups where expires_at < $1";
    /// Seeds to seal anew.
    global Control SEEDS = "select user_id, seed from control.totp";
    /// Replaces a seed by the same one sealed anew, unless it was changed meanwhile.
    global Control RESEAL_SEED = "update control.totp set seed = $3 where user_id = $1 and seed = $2";
}
