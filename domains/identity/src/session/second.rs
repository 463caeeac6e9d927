//! The step between the first factor and the session, for people who have a second one (spec A9; ASVS 6.3.3): ten minutes,
//! ten tries, bound to the browser by a cookie. A step that is never finished means that somebody knows the password: the
//! person gets a mail (ASVS 6.3.5).

use super::store::{DELETE_SECOND_STEP, INSERT_SECOND_STEP, SECOND_STEP, TAKE_UNPAID, TRY_SECOND_STEP};
use super::{PendingStep, SECOND_STEP_LIFE, SECOND_STEP_TRIES, SignIn};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::factors::Proof;
use crate::identity::{after, hashed};
use crate::model::{NewSession, User, Visit};
use crate::passkeys::Purpose;
use crate::passkeys::wire::RequestOptions;
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::session::store::user as user_of;
use crate::throttle::SECOND_BY_ACCOUNT;
use kernel_core::{Code, Error, Result, Secret, UserId};
use kernel_db::{Database, Tx};
use std::collections::HashSet;

/// What somebody gives in the second step.
enum Given<'a> {
    /// A code of the app, or a recovery code.
    Code(&'a str),
    /// The browser's answer for a passkey.
    Passkey(&'a str),
}

impl Identity {
    /// Goes on after a first factor, inside its transaction: a session, or the second step.
    pub(crate) async fn first_done(
        &self,
        tx: &mut Tx,
        user: UserId,
        method: &str,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<SignIn> {
        if !self.factors(user).await?.asked() {
            return Ok(SignIn::Done(self.signed_in(tx, user, &[method], replaced, visit).await?));
        }
        let (token, now) = (Secret::new(self.0.random.token()), self.now());
        tx.execute(
            &INSERT_SECOND_STEP,
            &[
                &hashed(token.expose()),
                &user.uuid(),
                &vec![method],
                &visit.address.to_string(),
                &visit.agent,
                &now,
                &after(now, SECOND_STEP_LIFE),
            ],
        )
        .await?;
        Ok(SignIn::Second(PendingStep { token }))
    }

    /// Who owes the second factor.
    ///
    /// # Errors
    /// `link_expired` when the step took too long, or has used up its tries.
    pub async fn second_step(&self, token: &str) -> Result<User> {
        let row =
            self.0.db.global_opt(&SECOND_STEP, &[&hashed(token), &self.now(), &SECOND_STEP_TRIES]).await?;
        row.as_ref().map(user_of).ok_or_else(expired)
    }

    /// Finishes a sign-in with a code of the app or a recovery code.
    ///
    /// # Errors
    /// A field error at `code`; `link_expired`; `rate_limited`.
    pub async fn finish_second_step(
        &self,
        token: &str,
        code: &str,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<NewSession> {
        self.second_step(token).await?;
        if code.trim().is_empty() {
            return Err(Error::field("code", Code::Required, "is missing"));
        }
        self.finish_second(token, Given::Code(code), replaced, visit).await
    }

    /// Finishes a sign-in with a passkey of the person.
    ///
    /// # Errors
    /// A field error at `passkey`; `link_expired`; `rate_limited`.
    pub async fn finish_second_step_with_passkey(
        &self,
        token: &str,
        answer: &str,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<NewSession> {
        self.finish_second(token, Given::Passkey(answer), replaced, visit).await
    }

    /// What a passkey is to sign to finish a sign-in.
    ///
    /// # Errors
    /// `link_expired`; `not_found` when the person has no passkey; `rate_limited`.
    pub async fn second_step_request(&self, token: &str, visit: &Visit) -> Result<RequestOptions> {
        let user = self.second_step(token).await?;
        self.passkey_request(user.id, Purpose::Second, &hashed(token), visit).await
    }

    async fn finish_second(
        &self,
        token: &str,
        given: Given<'_>,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<NewSession> {
        let user = self.second_step(token).await?;
        // Taken before the factor is looked at, given back when it is right.
        self.0.throttle.take(SECOND_BY_ACCOUNT, &user.id.to_string())?;
        let now = self.now();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        // Counted before it is looked at: many tries at once are many tries.
        let row = tx.query_opt(&TRY_SECOND_STEP, &[&hashed(token), &now, &SECOND_STEP_TRIES]).await?;
        let Some(row) = row else {
            // Nothing was looked at.
            self.0.throttle.give_back(SECOND_BY_ACCOUNT, &user.id.to_string());
            return Err(expired());
        };
        let mut methods: Vec<String> = row.get("methods");
        let proof = match given {
            Given::Code(code) => {
                let used = self.use_code(&mut tx, user.id, code).await?;
                used.ok_or(("code", "is not right, or was used before"))
            }
            Given::Passkey(answer) => {
                let place = (Purpose::Second, hashed(token));
                let place = (place.0, place.1.as_slice());
                let used = self.use_passkey(&mut tx, place, Some(user.id), answer, visit).await?;
                used.map(|_| Proof::Passkey).map_err(|refusal| ("passkey", refusal.message()))
            }
        };
        let proof = match proof {
            Ok(proof) => proof,
            Err((field, detail)) => {
                let event = AuditEvent::of_account(Some(user.id), "sign_in.second_failed", now).from(visit);
                emit(&mut tx, &event).await?;
                tx.commit().await?;
                return Err(Error::field(field, Code::InvalidValue, detail));
            }
        };
        self.0.throttle.give_back(SECOND_BY_ACCOUNT, &user.id.to_string());
        methods.push(proof.name().to_owned());
        let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
        // Of two that hold the same step, one finishes it.
        if tx.execute(&DELETE_SECOND_STEP, &[&hashed(token)]).await? == 0 {
            return Err(expired());
        }
        let session = self.signed_in(&mut tx, user.id, &methods, replaced, visit).await?;
        if proof == Proof::Recovery {
            // The one just used still counts in what others see.
            let left = self.factors(user.id).await?.codes.map_or(0, |(left, ..)| left - 1);
            let news = SecurityNews::RecoveryUsed(left.max(0));
            let mail = SecurityMail::new(&self.0.brand, &user.name, &news, visit, now);
            self.send(&mut tx, &user.email, &mail).await?;
        }
        tx.commit().await?;
        Ok(session)
    }

    /// Tells people whose password somebody knew: steps that ended unfinished. One mail a person. For a schedule.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn warn_of_unpaid_steps(&self) -> Result<usize> {
        let now = self.now();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let rows = tx.query(&TAKE_UNPAID, &[&now]).await?;
        let mut told = HashSet::new();
        for row in &rows {
            let user = user_of(row);
            if !told.insert(user.id) {
                continue;
            }
            let address: String = row.get("address");
            let visit = Visit {
                address: address.parse().map_err(Error::internal)?,
                agent: row.get("agent"),
                request_id: String::new(),
            };
            let news = SecurityNews::SecondStepUnpaid;
            let mail = SecurityMail::new(&self.0.brand, &user.name, &news, &visit, row.get("created_at"));
            self.send(&mut tx, &user.email, &mail).await?;
            let event = AuditEvent::of_account(Some(user.id), "sign_in.unpaid", now).from(&visit);
            emit(&mut tx, &event).await?;
        }
        tx.commit().await?;
        Ok(told.len())
    }
}

fn expired() -> Error {
    Error::new(Code::LinkExpired).detail("That took too long, or too many codes were wrong. Log in again.")
}
