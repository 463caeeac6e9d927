//! Proving it: the session gets a new secret (ASVS 7.2.4), and the time of the proof.

use super::Ask;
use crate::Identity;
use crate::account::store::PASSWORD_OF_USER;
use crate::audit::{AuditEvent, emit};
use crate::identity::hashed;
use crate::model::{NewSession, Visit};
use crate::passkeys::Purpose;
use crate::password::hasher::Verdict;
use crate::session::SignedIn;
use crate::session::store::RENEW_SESSION;
use crate::throttle::CONFIRM_BY_ACCOUNT;
use kernel_core::{Code, Error, Result, Secret, UserId};
use kernel_db::Database;

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The password, if that was asked for.
    pub password: String,
    /// The app's code or a recovery code, if that was asked for.
    pub code: String,
    /// The browser's answer for a passkey, in place of a code.
    pub passkey: String,
}

impl Identity {
    /// What the person is asked for.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn proof_asked(&self, user: UserId) -> Result<Ask> {
        Ok(if self.factors(user).await?.asked() { Ask::Code } else { Ask::Password })
    }

    /// Proves who sits in front of the session; its secret is a new one from then on.
    ///
    /// # Errors
    /// A field error at `_password` or `_code`; `rate_limited`; `unauthenticated` when the session ended meanwhile.
    pub async fn prove(&self, who: &SignedIn, given: &Given, visit: &Visit) -> Result<NewSession> {
        let (id, now) = (who.user.id, self.now());
        let ask = self.proof_asked(id).await?;
        let (field, typed, wrong) = match ask {
            Ask::Password => ("_password", &given.password, "is not your password"),
            Ask::Code => ("_code", &given.code, "is not right, or was used before"),
        };
        let by_passkey = ask == Ask::Code && !given.passkey.is_empty();
        if typed.trim().is_empty() && !by_passkey {
            return Err(Error::field(field, Code::Required, "is missing"));
        }
        // Taken before the proof is looked at, given back when it is right.
        self.0.throttle.take(CONFIRM_BY_ACCOUNT, &id.to_string())?;
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let mut wrong = (field, wrong);
        let right = match ask {
            Ask::Code if by_passkey => {
                let place = (Purpose::Confirm, who.session.uuid());
                let place = (place.0, place.1.as_bytes().as_slice());
                match self.use_passkey(&mut tx, place, Some(id), &given.passkey, visit).await? {
                    Ok(_) => true,
                    Err(refusal) => {
                        wrong = ("_passkey", refusal.message());
                        false
                    }
                }
            }
            Ask::Code => self.use_code(&mut tx, id, typed).await?.is_some(),
            Ask::Password => {
                let row = tx.query_opt(&PASSWORD_OF_USER, &[&id.uuid()]).await?;
                let stored: Option<String> = row.and_then(|row| row.get("password_hash"));
                self.0.hasher.asked_by(&visit.limit_key()).verify(typed, stored.as_deref()).await?
                    != Verdict::Wrong
            }
        };
        let event = |action| AuditEvent::of_account(Some(id), action, now).from(visit);
        if !right {
            emit(&mut tx, &event("step_up.failed")).await?;
            tx.commit().await?;
            return Err(Error::field(wrong.0, Code::BadCredentials, wrong.1));
        }
        self.0.throttle.give_back(CONFIRM_BY_ACCOUNT, &id.to_string());
        let token = Secret::new(self.0.random.token());
        let params: [&(dyn kernel_db::ToSql + Sync); 4] =
            [&id.uuid(), &who.session.uuid(), &hashed(token.expose()), &now];
        let row = tx.query_opt(&RENEW_SESSION, &params).await?;
        let row = row.ok_or_else(|| Error::new(Code::Unauthenticated))?;
        emit(&mut tx, &event("step_up")).await?;
        let session = NewSession { id: who.session, user: id, token, expires_at: row.get("expires_at") };
        tx.commit().await?;
        Ok(session)
    }
}
