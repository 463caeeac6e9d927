//! Statements about accounts elsewhere.

use kernel_db::statements;

statements! {
    /// Whose an account elsewhere is; notes that it was used.
    global Control USE_IDENTITY = "update control.identities i set email = $3, last_used_at = $4 from control.users u
        where i.issuer = $1 and i.subject = $2 and u.id = i.user_id returning u.id, u.email, u.name";
    /// The account of an address.
    global Control ACCOUNT_OF_ADDRESS = "select id, email, name from control.users where email_key = $1";
    /// Connects an account elsewhere.
    global Control INSERT_IDENTITY = "insert into control.identities (id, user_id, issuer, subject, email, created_at, last_used_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    /// An account without a password.
    global Control INSERT_USER_OF_PROVIDER = "insert into control.users (id, email, email_key, name, created_at)
        values ($1, $2, $3, $4, $5)";
    /// Changes what a person is called.
    global Control RENAME_USER = "update control.users set name = $2 where id = $1";
    /// A person's accounts elsewhere.
    global Control IDENTITIES_OF_USER = "select id, issuer, email, created_at, last_used_at from control.identities
        where user_id = $1 order by created_at, id";
    /// What is left to log in with, kept from changing until the transaction ends.
    global Control WAYS_IN_LOCKED = "select u.password_hash is not null as password,
            (select count(*) from control.passkeys p where p.user_id = u.id) as passkeys,
            (select count(*) from control.identities i where i.user_id = u.id) as identities
        from control.users u where u.id = $1 for update";
    /// Whether a person has a password.
    global Control HAS_PASSWORD = "select password_hash is not null as password from control.users where id = $1";
    /// Takes a connection away.
    global Control DELETE_IDENTITY = "delete from control.identities where user_id = $1 and id = $2 returning issuer, email";
}
