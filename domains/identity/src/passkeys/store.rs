//! Statements about passkeys and their challenges.

use kernel_db::statements;

statements! {
    /// A person's passkeys, oldest first.
    global Control PASSKEYS_OF_USER = "select id, name, backed_up, created_at, last_used_at, credential_id, transports
        from control.passkeys where user_id = $1 order by created_at, id";
    /// A passkey with its person, held until it was used: of two uses at once, the second sees the counter of the first.
    global Control PASSKEY_BY_CREDENTIAL = "select p.id as passkey_id, p.name as passkey, p.public_key, p.sign_count, p.backup_eligible,
            u.id, u.email, u.name, u.time_zone, u.theme, u.last_tenant, u.locale, u.avatar
        from control.passkeys p join control.users u on u.id = p.user_id where p.credential_id = $1 for update of p";
    /// A new passkey; nothing when somebody has it.
    global Control INSERT_PASSKEY = "insert into control.passkeys
        (id, user_id, credential_id, name, public_key, sign_count, transports, backup_eligible, backed_up, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (credential_id) do nothing";
    /// Notes that a passkey was used.
    global Control USE_PASSKEY = "update control.passkeys set sign_count = $2, backed_up = $3, last_used_at = $4 where id = $1";
    /// Gives a passkey another name.
    global Control RENAME_PASSKEY = "update control.passkeys set name = $3 where user_id = $1 and id = $2";
    /// Removes a passkey.
    global Control DELETE_PASSKEY = "delete from control.passkeys where user_id = $1 and id = $2 returning name";
    /// Something to sign.
    global Control INSERT_CHALLENGE = "insert into control.passkey_challenges (challenge_hash, purpose, binding, expires_at)
        values ($1, $2, $3, $4)";
    /// Uses a challenge, once, and only for what it was made for.
    global Control TAKE_CHALLENGE = "delete from control.passkey_challenges
        where challenge_hash = $1 and purpose = $2 and binding = $3 and expires_at > $4";
    /// Clears what has expired.
    global Control DELETE_EXPIRED_CHALLENGES = "delete from control.passkey_challenges where expires_at < $1";
}
