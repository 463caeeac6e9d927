//! Making accounts with single-use links, signing in and out.

use super::extract::{Peer, SignedInStaff};
use super::model::{IDLE_MINUTES, LINK_HOURS, Member, SESSION_HOURS, SetUp, session_holds};
use super::store::{self, NewSession};
use crate::audit::{Action, Audit};
use identity::password::hasher::{Hasher, Verdict};
use jiff::SignedDuration;
use kernel_core::secret::sha256;
use kernel_core::{Clock, Code, Error, Random, Result, StaffId};
use kernel_db::{Database, Db};

/// Seconds between two notes that a session is in use.
const SEEN_EVERY: i64 = 60;
/// Characters of a typed address that the audit log keeps.
const LONGEST_ADDRESS: usize = 254;

/// Staff accounts. Cheap to clone.
#[derive(Clone)]
pub struct Staff {
    db: Db,
    audit: Audit,
    hasher: Hasher,
    clock: Clock,
    random: Random,
}

impl Staff {
    /// Over the `control` database.
    #[must_use]
    pub const fn new(db: Db, audit: Audit, hasher: Hasher, clock: Clock, random: Random) -> Self {
        Self { db, audit, hasher, clock, random }
    }

    /// The token of a set-up link when nobody can sign in yet, for the program to print at its start: works once and for
    /// 24 hours; all such links burn with the first account.
    ///
    /// # Errors
    /// `internal` when the database can't be used.
    pub async fn first_link(&self) -> Result<Option<String>> {
        if store::any_staff(&self.db).await? {
            return Ok(None);
        }
        self.add_link(None).await.map(Some)
    }

    /// The token of a set-up link for a new colleague: works once and for 24 hours.
    ///
    /// # Errors
    /// `internal` when a database can't be used.
    pub async fn new_link(&self, by: &SignedInStaff) -> Result<String> {
        self.audit.write(&by.event(self.clock.now(), Action::LinkMade)).await?;
        self.add_link(Some(by.member.id)).await
    }

    async fn add_link(&self, by: Option<StaffId>) -> Result<String> {
        let (token, now) = (self.random.token(), self.clock.now());
        let expires_at = now + SignedDuration::from_hours(LINK_HOURS);
        store::add_link(&self.db, &sha256(token.as_bytes()), now, expires_at, by).await?;
        Ok(token)
    }

    /// Whether the link still works.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn link_works(&self, token: &str) -> Result<bool> {
        store::link_works(&self.db, &sha256(token.as_bytes()), self.clock.now()).await
    }

    /// Makes an account with a link and signs it in; gives the session's token. Of several requests at once with one
    /// link, one wins.
    ///
    /// # Errors
    /// `link_expired`; errors at `email`, `name`, `password`.
    pub async fn set_up(
        &self,
        token: &str,
        form: &super::routes::SetUpForm,
        brand: &str,
        peer: &Peer,
    ) -> Result<String> {
        let hash = sha256(token.as_bytes());
        if !store::link_works(&self.db, &hash, self.clock.now()).await? {
            return Err(Error::new(Code::LinkExpired));
        }
        let SetUp { email, name, password } =
            SetUp::check(&form.email, &form.name, &form.password, brand).map_err(Error::fields)?;
        let phc = self.hasher.hash(&password).await?;
        let now = self.clock.now();
        let member = Member { id: StaffId::new(), email, name, created_at: now, disabled_at: None };
        let mut tx = self.db.begin_platform(Database::Control).await?;
        if !store::take_link(&mut tx, &hash, now).await? {
            return Err(Error::new(Code::LinkExpired));
        }
        store::burn_first_links(&mut tx).await?;
        store::add(&mut tx, &member, &phc).await.map_err(|error| match error.constraint() {
            Some("staff_email_key") => {
                Error::field("email", Code::AlreadyExists, "A staff account has this address already.")
            }
            _ => error.into(),
        })?;
        let mut event = peer.event(now, &member.id.to_string(), &member.name, Action::StaffCreated);
        event.target.clone_from(&member.email);
        self.audit.write(&event).await?;
        tx.commit().await?;
        self.begin_session(&member, peer).await
    }

    /// Signs in; gives the session's token.
    ///
    /// # Errors
    /// `bad_credentials`, the same and after the same time for an unknown address, a wrong password and a closed account.
    pub async fn sign_in(&self, email: &str, password: &str, peer: &Peer) -> Result<String> {
        let email = email.trim().to_lowercase();
        let known =
            store::by_email(&self.db, &email).await?.filter(|(member, _)| member.disabled_at.is_none());
        let verdict = self.hasher.verify(password, known.as_ref().map(|(_, phc)| phc.as_str())).await?;
        let now = self.clock.now();
        let member = match (known, verdict) {
            (Some((member, _)), Verdict::Right | Verdict::RightButOld) => member,
            _ => {
                let typed: String = email.chars().take(LONGEST_ADDRESS).collect();
                self.audit.write(&peer.event(now, &typed, &typed, Action::SignInRefused)).await?;
                return Err(Error::new(Code::BadCredentials));
            }
        };
        if verdict == Verdict::RightButOld {
            store::rehash(&self.db, member.id, &self.hasher.hash(password).await?).await?;
        }
        self.audit.write(&peer.event(now, &member.id.to_string(), &member.name, Action::SignedIn)).await?;
        self.begin_session(&member, peer).await
    }

    async fn begin_session(&self, member: &Member, peer: &Peer) -> Result<String> {
        let (token, at) = (self.random.token(), self.clock.now());
        store::sweep_sessions(&self.db, at, at - SignedDuration::from_mins(IDLE_MINUTES)).await?;
        let session = NewSession {
            hash: sha256(token.as_bytes()),
            staff: member.id,
            at,
            expires_at: at + SignedDuration::from_hours(SESSION_HOURS),
            address: &peer.address.to_string(),
            agent: &peer.agent,
        };
        store::add_session(&self.db, &session).await?;
        Ok(token)
    }

    /// The account of a session that still holds, and the session's hash.
    pub(super) async fn session(&self, token: &str) -> Result<Option<(Member, [u8; 32])>> {
        let hash = sha256(token.as_bytes());
        let Some((member, seen_at, expires_at)) = store::session(&self.db, &hash).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        if !session_holds(now, seen_at, expires_at) {
            store::end_session(&self.db, &hash).await?;
            return Ok(None);
        }
        if now.duration_since(seen_at) >= SignedDuration::from_secs(SEEN_EVERY) {
            store::seen(&self.db, &hash, now).await?;
        }
        Ok(Some((member, hash)))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// `internal` when a database can't be used.
    pub async fn sign_out(&self, by: &SignedInStaff) -> Result<()> {
        store::end_session(&self.db, &by.session).await?;
        self.audit.write(&by.event(self.clock.now(), Action::SignedOut)).await
    }

    /// Everybody, in the order they came.
    ///
    /// # Errors
    /// `internal` when the database can't be read.
    pub async fn all(&self) -> Result<Vec<Member>> {
        store::all(&self.db).await
    }

    /// Closes a colleague's account and ends its sessions. Nobody closes their own, so one always remains.
    ///
    /// # Errors
    /// `not_found`; `conflict` for one's own account.
    pub async fn disable(&self, by: &SignedInStaff, id: StaffId) -> Result<()> {
        if id == by.member.id {
            return Err(Error::new(Code::Conflict).detail("You can't close your own account."));
        }
        let mut tx = self.db.begin_platform(Database::Control).await?;
        let now = self.clock.now();
        let email = store::disable(&mut tx, id, now).await?.ok_or_else(Error::not_found)?;
        let mut event = by.event(now, Action::StaffDisabled);
        event.target = email;
        self.audit.write(&event).await?;
        tx.commit().await?;
        Ok(())
    }
}
