//! SQL of staff accounts, sessions and set-up links; the platform role alone reaches these tables.

use super::model::Member;
use jiff::Timestamp;
use kernel_core::{Result, StaffId};
use kernel_db::{Db, DbError, Tx, statements};
use tokio_postgres::Row;

statements! {
    /// Whether anybody can sign in at all.
    platform Control ANY_STAFF = "select 1 from control.staff where disabled_at is null limit 1";
    /// Everybody, in the order they came.
    platform Control ALL_STAFF = "select id, email, name, created_at, disabled_at from control.staff order by created_at, id";
    /// An account by its address, with what proves it.
    platform Control STAFF_BY_EMAIL = "select id, email, name, created_at, disabled_at, password_hash
        from control.staff where email = $1";
    /// Adds an account.
    platform Control ADD_STAFF = "insert into control.staff (id, email, name, password_hash, created_at)
        values ($1, $2, $3, $4, $5)";
    /// Replaces a hash that was made with weaker parameters.
    platform Control REHASH = "update control.staff set password_hash = $2 where id = $1";
    /// Closes an account.
    platform Control DISABLE_STAFF = "update control.staff set disabled_at = $2 where id = $1 and disabled_at is null
        returning email";
    /// Ends all sessions of an account.
    platform Control END_SESSIONS_OF = "delete from control.staff_sessions where staff_id = $1";
    /// Adds a session.
    platform Control ADD_SESSION = "insert into control.staff_sessions
        (hash, staff_id, created_at, seen_at, expires_at, address, agent) values ($1, $2, $3, $3, $4, $5, $6)";
    /// A session with its account.
    platform Control SESSION = "select s.id, s.email, s.name, s.created_at, s.disabled_at, x.seen_at, x.expires_at
        from control.staff_sessions x join control.staff s on s.id = x.staff_id where x.hash = $1 and s.disabled_at is null";
    /// Notes that a session is in use.
    platform Control SEEN = "update control.staff_sessions set seen_at = $2 where hash = $1";
    /// Ends one session.
    platform Control END_SESSION = "delete from control.staff_sessions where hash = $1";
    /// Sweeps sessions that are over.
    platform Control SWEEP_SESSIONS = "delete from control.staff_sessions where expires_at <= $1 or seen_at <= $2";
    /// Adds a set-up link.
    platform Control ADD_LINK = "insert into control.staff_links (hash, created_at, expires_at, created_by)
        values ($1, $2, $3, $4)";
    /// Whether a link still works.
    platform Control LINK = "select created_by from control.staff_links where hash = $1 and expires_at > $2";
    /// Takes a link: two requests at once can't both have it.
    platform Control TAKE_LINK = "delete from control.staff_links where hash = $1 and expires_at > $2 returning created_by";
    /// Links printed at starts burn with the first account.
    platform Control BURN_FIRST_LINKS = "delete from control.staff_links where created_by is null";
}

pub(super) async fn any_staff(db: &Db) -> Result<bool> {
    Ok(!db.platform(&ANY_STAFF, &[]).await?.is_empty())
}

pub(super) async fn all(db: &Db) -> Result<Vec<Member>> {
    Ok(db.platform(&ALL_STAFF, &[]).await?.iter().map(member).collect())
}

/// The account and its password hash.
pub(super) async fn by_email(db: &Db, email: &str) -> Result<Option<(Member, String)>> {
    let rows = db.platform(&STAFF_BY_EMAIL, &[&email]).await?;
    Ok(rows.first().map(|row| (member(row), row.get(5))))
}

pub(super) async fn add(tx: &mut Tx, member: &Member, hash: &str) -> Result<(), DbError> {
    tx.execute(&ADD_STAFF, &[&member.id.uuid(), &member.email, &member.name, &hash, &member.created_at])
        .await?;
    Ok(())
}

pub(super) async fn rehash(db: &Db, id: StaffId, hash: &str) -> Result<()> {
    db.platform(&REHASH, &[&id.uuid(), &hash]).await?;
    Ok(())
}

/// Closes the account with its sessions; `None` when there is no open one.
pub(super) async fn disable(tx: &mut Tx, id: StaffId, at: Timestamp) -> Result<Option<String>> {
    let email = tx.query_opt(&DISABLE_STAFF, &[&id.uuid(), &at]).await?.map(|row| row.get(0));
    tx.execute(&END_SESSIONS_OF, &[&id.uuid()]).await?;
    Ok(email)
}

/// A session's row, as added.
pub(super) struct NewSession<'a> {
    pub hash: [u8; 32],
    pub staff: StaffId,
    pub at: Timestamp,
    pub expires_at: Timestamp,
    pub address: &'a str,
    pub agent: &'a str,
}

pub(super) async fn add_session(db: &Db, s: &NewSession<'_>) -> Result<()> {
    let hash = s.hash.as_slice();
    db.platform(&ADD_SESSION, &[&hash, &s.staff.uuid(), &s.at, &s.expires_at, &s.address, &s.agent]).await?;
    Ok(())
}

/// The account of a session, when it was last seen and when it ends.
pub(super) async fn session(db: &Db, hash: &[u8; 32]) -> Result<Option<(Member, Timestamp, Timestamp)>> {
    let rows = db.platform(&SESSION, &[&hash.as_slice()]).await?;
    Ok(rows.first().map(|row| (member(row), row.get(5), row.get(6))))
}

pub(super) async fn seen(db: &Db, hash: &[u8; 32], at: Timestamp) -> Result<()> {
    db.platform(&SEEN, &[&hash.as_slice(), &at]).await?;
    Ok(())
}

pub(super) async fn end_session(db: &Db, hash: &[u8; 32]) -> Result<()> {
    db.platform(&END_SESSION, &[&hash.as_slice()]).await?;
    Ok(())
}

pub(super) async fn sweep_sessions(db: &Db, now: Timestamp, idle_since: Timestamp) -> Result<()> {
    db.platform(&SWEEP_SESSIONS, &[&now, &idle_since]).await?;
    Ok(())
}

pub(super) async fn add_link(
    db: &Db,
    hash: &[u8; 32],
    at: Timestamp,
    expires_at: Timestamp,
    by: Option<StaffId>,
) -> Result<()> {
    db.platform(&ADD_LINK, &[&hash.as_slice(), &at, &expires_at, &by.map(StaffId::uuid)]).await?;
    Ok(())
}

pub(super) async fn link_works(db: &Db, hash: &[u8; 32], now: Timestamp) -> Result<bool> {
    Ok(!db.platform(&LINK, &[&hash.as_slice(), &now]).await?.is_empty())
}

/// Takes the link; `false` when it is used up, too old or unknown.
pub(super) async fn take_link(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<bool> {
    Ok(tx.query_opt(&TAKE_LINK, &[&hash.as_slice(), &now]).await?.is_some())
}

pub(super) async fn burn_first_links(tx: &mut Tx) -> Result<()> {
    tx.execute(&BURN_FIRST_LINKS, &[]).await?;
    Ok(())
}

fn member(row: &Row) -> Member {
    Member {
        id: StaffId::from_uuid(row.get(0)),
        email: row.get(1),
        name: row.get(2),
        created_at: row.get(3),
        disabled_at: row.get(4),
    }
}
