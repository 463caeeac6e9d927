//! Signing in and out, and the list of a person's sessions (spec A1, A9; ASVS 7).

use super::store::{
    ACCOUNT_BY_EMAIL, DELETE_EXPIRED_SESSIONS, DELETE_OTHER_SESSIONS, DELETE_SESSION,
    DELETE_SESSION_BY_TOKEN, INSERT_SESSION, REHASH_PASSWORD, SESSION_BY_TOKEN, SESSION_LIVES,
    SESSIONS_OF_USER, TOUCH_SESSION, user,
};
use super::{ABSOLUTE_LIFE, IDLE_LIFE, SESSIONS_ENDED, SessionRow, SignIn, SignedIn, TOUCH_EVERY};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::{after, before, hashed};
use crate::model::{NewSession, User, Visit, clean_email, device, email_key};
use crate::password::hasher::Verdict;
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::throttle::{SIGN_IN_BY_ACCOUNT, SIGN_IN_BY_ADDRESS};
use jiff::Timestamp;
use kernel_core::{Code, Error, FieldError, Result, Secret, SessionId, UserId};
use kernel_db::{Database, Tx};
use std::net::IpAddr;

impl Identity {
    /// Signs in with e-mail and password; whoever has a second factor owes it then. Unknown address, wrong password: the same answer after the same work.
    /// `replaced` is the session that the browser had; it ends, so that nobody keeps an id from before (ASVS 7.2.4).
    ///
    /// # Errors
    /// `required` at `email` or `password`, `bad_credentials`, `email_not_verified` (right password, link not used
    /// yet), `sso_required` (right password), `rate_limited`.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<SignIn> {
        let email = email.trim();
        let mut missing = Vec::new();
        if email.is_empty() {
            missing.push(FieldError::new("email", Code::Required, "is missing"));
        }
        if password.is_empty() {
            missing.push(FieldError::new("password", Code::Required, "is missing"));
        }
        if !missing.is_empty() {
            return Err(Error::fields(missing));
        }
        let key = email_key(email);
        let throttle = &self.0.throttle;
        // Taken before the password is looked at: a volley of tries at once is as many tries.
        let from = visit.limit_key();
        throttle.take(SIGN_IN_BY_ADDRESS, &from)?;
        let give_back = || throttle.give_back(SIGN_IN_BY_ADDRESS, &from);
        throttle.take(SIGN_IN_BY_ACCOUNT, &key).inspect_err(|_| give_back())?;
        let give_back = || {
            give_back();
            throttle.give_back(SIGN_IN_BY_ACCOUNT, &key);
        };
        let now = self.now();
        let row =
            self.0.db.global_opt(&ACCOUNT_BY_EMAIL, &[&key, &now]).await?.ok_or_else(Error::not_found)?;
        let id = row.get::<_, Option<uuid::Uuid>>("id").map(UserId::from_uuid);
        let stored: Option<String> = row.get("password_hash");
        let waiting: Option<String> = row.get("signup_hash");
        let known = stored.as_deref().or(waiting.as_deref());
        // Who is told to come back has tried nothing.
        let verdict = self.0.hasher.asked_by(&from).verify(password, known).await;
        let verdict = verdict.inspect_err(|_| give_back())?;
        if verdict == Verdict::Wrong {
            // A password in the wrong field must not come into the trail (ASVS 16.2.5).
            let named = if clean_email("email", email).is_ok() { key.as_str() } else { "" };
            self.note(&AuditEvent::of_account(id, "sign_in.failed", now).target(named).from(visit)).await?;
            return Err(Error::new(Code::BadCredentials));
        }
        give_back();
        let (Some(id), Some(stored)) = (id, stored) else {
            return Err(Error::new(Code::EmailNotVerified).detail(
                "Confirm your e-mail address first: use the link in the mail, or have another one sent.",
            ));
        };
        if let Some(gate) = self.password_gate()
            && let Some(organisation) = gate.asks(id, &key).await?
        {
            let event =
                AuditEvent::of_account(Some(id), "sign_in.sso_required", now).target(&key).from(visit);
            self.note(&event).await?;
            return Err(Error::new(Code::SsoRequired).detail(format!(
                "{organisation} asks its people to log in through its own provider. Press “Log in with SSO”."
            )));
        }
        let stronger = match verdict {
            Verdict::RightButOld => Some(self.0.hasher.hash(password).await?),
            _ => None,
        };
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        if let Some(stronger) = stronger {
            tx.execute(&REHASH_PASSWORD, &[&id.uuid(), &stronger, &stored]).await?;
        }
        let outcome = self.first_done(&mut tx, id, "password", replaced, visit).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    /// Begins the session of a sign-in that is complete; the browser's former one ends.
    pub(crate) async fn signed_in(
        &self,
        tx: &mut Tx,
        user: UserId,
        methods: &[&str],
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<NewSession> {
        if let Some(replaced) = replaced {
            tx.execute(&DELETE_SESSION_BY_TOKEN, &[&hashed(replaced)]).await?;
        }
        self.keep_account(tx, user, visit).await?;
        let session = self.open_session(tx, user, methods, visit).await?;
        let event = AuditEvent::of_account(Some(user), "sign_in", self.now()).target(session.id).from(visit);
        emit(tx, &event.data(serde_json::json!({ "with": methods, "device": device(&visit.agent) }))).await?;
        Ok(session)
    }

    /// Begins a session inside a transaction.
    pub(crate) async fn open_session(
        &self,
        tx: &mut Tx,
        user: UserId,
        methods: &[&str],
        visit: &Visit,
    ) -> Result<NewSession> {
        let now = self.now();
        let session = NewSession {
            id: SessionId::new(),
            user,
            token: Secret::new(self.0.random.token()),
            expires_at: after(now, ABSOLUTE_LIFE),
        };
        let agent: String = visit.agent.chars().take(300).collect();
        tx.execute(
            &INSERT_SESSION,
            &[
                &session.id.uuid(),
                &hashed(session.token.expose()),
                &user.uuid(),
                &visit.address.to_string(),
                &agent,
                &now,
                &session.expires_at,
                &methods,
            ],
        )
        .await?;
        Ok(session)
    }

    /// Who the cookie's token is; `None` when it is unknown, ended or expired.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn session(&self, token: &str, address: IpAddr) -> Result<Option<SignedIn>> {
        let now = self.now();
        let row =
            self.0.db.global_opt(&SESSION_BY_TOKEN, &[&hashed(token), &now, &before(now, IDLE_LIFE)]).await?;
        let Some(row) = row else { return Ok(None) };
        let session = SessionId::from_uuid(row.get("session_id"));
        let seen: Timestamp = row.get("last_seen_at");
        if now.duration_since(seen) >= TOUCH_EVERY {
            self.0.db.global_execute(&TOUCH_SESSION, &[&session.uuid(), &now, &address.to_string()]).await?;
        }
        let (proven_at, methods) = (row.get("proven_at"), row.get("methods"));
        Ok(Some(SignedIn { user: user(&row), session, proven_at, methods }))
    }

    /// Whether a session is still live, for what was derived from it.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn session_lives(&self, session: SessionId) -> Result<bool> {
        let now = self.now();
        let params: [&(dyn kernel_db::ToSql + Sync); 3] = [&session.uuid(), &now, &before(now, IDLE_LIFE)];
        Ok(self.0.db.global_opt(&SESSION_LIVES, &params).await?.is_some())
    }

    /// The person's live sessions, latest use first.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<SessionRow>> {
        let now = self.now();
        let rows =
            self.0.db.global(&SESSIONS_OF_USER, &[&user.uuid(), &now, &before(now, IDLE_LIFE)]).await?;
        Ok(rows
            .iter()
            .map(|row| SessionRow {
                id: SessionId::from_uuid(row.get("id")),
                address: row.get("address"),
                agent: row.get("agent"),
                methods: row.get("methods"),
                created_at: row.get("created_at"),
                last_seen_at: row.get("last_seen_at"),
            })
            .collect())
    }

    /// Ends one session of the person.
    ///
    /// # Errors
    /// `not_found` when it is not the person's, or has ended already.
    pub async fn end_session(&self, user: UserId, session: SessionId, visit: &Visit) -> Result<()> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        if tx.execute(&DELETE_SESSION, &[&user.uuid(), &session.uuid()]).await? == 0 {
            return Err(Error::not_found());
        }
        self.access_derived(&mut tx, user).await?;
        let event =
            AuditEvent::of_account(Some(user), "session.ended", self.now()).target(session).from(visit);
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends all sessions of the person but `kept`. Gives how many.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn end_other_sessions(
        &self,
        user: UserId,
        kept: Option<SessionId>,
        visit: &Visit,
    ) -> Result<u64> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let ended = self.end_others_in(&mut tx, user, kept).await?;
        let event = AuditEvent::of_account(Some(user), "sessions.ended", self.now()).from(visit);
        emit(&mut tx, &event.data(serde_json::json!({ "count": ended }))).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends all sessions of somebody because an administrator of an organisation says so, and tells the person. The caller is
    /// authorised, and has written the organisation's row. Gives how many.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn end_sessions_for(
        &self,
        tx: &mut Tx,
        user: &User,
        organisation: &str,
        visit: &Visit,
    ) -> Result<u64> {
        let ended = self.end_others_in(tx, user.id, None).await?;
        let now = self.now();
        let news = SecurityNews::LoggedOut(organisation.to_owned());
        self.send(tx, &user.email, &SecurityMail::new(&self.0.brand, &user.name, &news, visit, now)).await?;
        let data = serde_json::json!({ "count": ended, "organisation": organisation });
        emit(tx, &AuditEvent::of_account(Some(user.id), "sessions.ended_by_admin", now).data(data)).await?;
        Ok(ended)
    }

    pub(crate) async fn end_others_in(
        &self,
        tx: &mut Tx,
        user: UserId,
        kept: Option<SessionId>,
    ) -> Result<u64> {
        let kept = kept.map_or_else(uuid::Uuid::nil, SessionId::uuid);
        let ended = tx.execute(&DELETE_OTHER_SESSIONS, &[&user.uuid(), &kept]).await?;
        self.access_derived(tx, user).await?;
        Ok(ended)
    }

    /// Every process forgets what it derived from the person's sessions and factors.
    pub(crate) async fn access_derived(&self, tx: &mut Tx, user: UserId) -> Result<()> {
        tx.notify(SESSIONS_ENDED, &user.uuid().to_string()).await?;
        Ok(())
    }

    /// An audit row for something that changes nothing else.
    pub(crate) async fn note(&self, event: &AuditEvent) -> Result<()> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        emit(&mut tx, event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Clears whatever has expired: sessions, links, known browsers. For a schedule.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn clear_expired(&self) -> Result<u64> {
        let now = self.now();
        let db = &self.0.db;
        let sessions = db.global_execute(&DELETE_EXPIRED_SESSIONS, &[&now, &before(now, IDLE_LIFE)]).await?;
        let signups = db.global_execute(&crate::signup::store::DELETE_EXPIRED_SIGNUPS, &[&now]).await?;
        let resets = db.global_execute(&crate::reset::store::DELETE_EXPIRED_RESETS, &[&now]).await?;
        let setups = db.global_execute(&crate::factors::store::DELETE_EXPIRED_SETUPS, &[&now]).await?;
        let links = db.global_execute(&crate::links::store::DELETE_EXPIRED_LINKS, &[&now]).await?;
        let changes =
            db.global_execute(&crate::account::store::DELETE_EXPIRED_EMAIL_CHANGES, &[&now]).await?;
        let old = before(now, crate::devices::LIFE);
        let devices = db.global_execute(&crate::devices::DELETE_OLD_DEVICES, &[&old]).await?;
        let challenges =
            db.global_execute(&crate::passkeys::store::DELETE_EXPIRED_CHALLENGES, &[&now]).await?;
        let exports = db.global_execute(&crate::leaving::store::DELETE_EXPIRED_EXPORTS, &[&now]).await?;
        Ok(sessions + signups + resets + setups + links + changes + devices + challenges + exports)
    }
}
