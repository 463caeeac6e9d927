//! Setting up, using and removing second factors. A code works once; nothing here says more than "not right".

use super::store::{
    DELETE_RECOVERY_CODES, DELETE_TOTP, DELETE_TOTP_SETUP, DELETE_USELESS_CODES, FACTORS_OF_USER,
    INSERT_RECOVERY_CODES, PEOPLE_WITHOUT_FACTOR, PUT_TOTP, PUT_TOTP_SETUP, RESEAL_SEED, SEEDS, TOTP_OF_USER,
    TOTP_SETUP, USE_RECOVERY_CODE, USE_TOTP,
};
use super::{Factors, Proof, SETUP_LIFE, Setup, picture, recovery, totp};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::{after, hashed};
use crate::model::Visit;
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::session::SignedIn;
use jiff::Timestamp;
use kernel_core::{Code, Error, Result, UserId};
use kernel_db::{Database, Tx};

/// The place of seeds, for their seal. A set-up's is the same: proving it moves it.
const PLACE: &str = "control.totp.seed";

impl Identity {
    /// What the person has set up.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn factors(&self, user: UserId) -> Result<Factors> {
        let row = self.0.db.global_opt(&FACTORS_OF_USER, &[&user.uuid()]).await?;
        let row = row.ok_or_else(Error::not_found)?;
        let totp = row.get::<_, Option<Timestamp>>("totp_at").map(|at| (at, row.get("totp_used_at")));
        let codes = row
            .get::<_, Option<Timestamp>>("codes_at")
            .map(|at| (row.get("codes_left"), row.get("codes"), at));
        Ok(Factors { totp, codes, passkeys: row.get("passkeys") })
    }

    /// Those of these people who have no second factor, in no order.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn people_without_factor(&self, ids: &[UserId]) -> Result<Vec<UserId>> {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows = self.0.db.global(&PEOPLE_WITHOUT_FACTOR, &[&ids]).await?;
        Ok(rows.iter().map(|row| UserId::from_uuid(row.get("id"))).collect())
    }

    /// A seed to show to an app: the one shown before as long as it waits, so that loading the page again is harmless.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn begin_totp(&self, who: &SignedIn) -> Result<Setup> {
        let (id, now) = (who.user.id.uuid(), self.now());
        let known = self.0.db.global_opt(&TOTP_SETUP, &[&id, &now]).await?;
        let seed = match known {
            Some(row) => self.0.sealing.open(PLACE, id.as_bytes(), row.get("seed"))?,
            None => {
                let seed = self.0.random.bytes::<{ totp::SEED }>();
                let sealed = self.0.sealing.seal(PLACE, id.as_bytes(), &seed)?;
                let expires = after(now, SETUP_LIFE);
                self.0.db.global_execute(&PUT_TOTP_SETUP, &[&id, &sealed, &expires]).await?;
                seed.to_vec()
            }
        };
        let address = totp::address(&self.0.brand.brand, &who.user.email, &seed);
        Ok(Setup { picture: picture::of(&address)?, seed: totp::readable(&seed) })
    }

    /// Takes the app into use with a first code. With the first factor come recovery codes: they are in the answer, and
    /// nowhere else.
    ///
    /// # Errors
    /// A field error at `code`; `link_expired` when the seed was shown too long ago.
    pub async fn finish_totp(
        &self,
        who: &SignedIn,
        code: &str,
        visit: &Visit,
    ) -> Result<Option<Vec<String>>> {
        let (user, now) = (&who.user, self.now());
        let id = user.id.uuid();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let setup = tx.query_opt(&TOTP_SETUP, &[&id, &now]).await?;
        let sealed: Vec<u8> = setup.ok_or_else(|| Error::new(Code::LinkExpired))?.get("seed");
        let seed = self.0.sealing.open(PLACE, id.as_bytes(), &sealed)?;
        if code.trim().is_empty() {
            return Err(Error::field("code", Code::Required, "is missing"));
        }
        if totp::six_digits(code).is_none() {
            return Err(Error::field("code", Code::InvalidValue, "is not six digits"));
        }
        let Some(step) = totp::step_of_code(&seed, code, now) else {
            let detail =
                "is not what the app shows now; look whether this device and the phone agree about the time";
            return Err(Error::field("code", Code::InvalidValue, detail));
        };
        let before = self.factors(user.id).await?;
        let sealed = self.0.sealing.seal(PLACE, id.as_bytes(), &seed)?;
        tx.execute(&PUT_TOTP, &[&id, &sealed, &step, &now]).await?;
        tx.execute(&DELETE_TOTP_SETUP, &[&id]).await?;
        let codes = match before.codes {
            Some(_) => None,
            None => Some(self.put_codes(&mut tx, user.id, now).await?),
        };
        let (action, news) = if before.totp.is_some() {
            ("totp.replaced", SecurityNews::TotpReplaced)
        } else {
            ("totp.added", SecurityNews::TotpAdded)
        };
        self.tell(&mut tx, who, action, &news, visit).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Removes the app; recovery codes go with the last factor.
    ///
    /// # Errors
    /// `not_found` when there is none.
    pub async fn remove_totp(&self, who: &SignedIn, visit: &Visit) -> Result<()> {
        let id = who.user.id.uuid();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        if tx.execute(&DELETE_TOTP, &[&id]).await? == 0 {
            return Err(Error::not_found());
        }
        self.forget_codes_without_factor(&mut tx, who.user.id).await?;
        self.tell(&mut tx, who, "totp.removed", &SecurityNews::TotpRemoved, visit).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A new set of recovery codes; the former ones end.
    ///
    /// # Errors
    /// `not_found` when the person has no second factor.
    pub async fn new_recovery_codes(&self, who: &SignedIn, visit: &Visit) -> Result<Vec<String>> {
        if !self.factors(who.user.id).await?.asked() {
            return Err(Error::not_found());
        }
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let codes = self.put_codes(&mut tx, who.user.id, self.now()).await?;
        self.tell(&mut tx, who, "recovery_codes.made", &SecurityNews::CodesMade, visit).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Recovery codes go with the last factor; every process asks anew whether there is one.
    pub(crate) async fn forget_codes_without_factor(&self, tx: &mut Tx, user: UserId) -> Result<()> {
        tx.execute(&DELETE_USELESS_CODES, &[&user.uuid()]).await?;
        self.access_derived(tx, user).await
    }

    pub(crate) async fn put_codes(&self, tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Vec<String>> {
        let codes: Vec<String> =
            (0..recovery::COUNT).map(|_| recovery::shown(self.0.random.bytes())).collect();
        let hashes: Vec<Vec<u8>> =
            codes.iter().filter_map(|code| recovery::normal(code)).map(|code| hashed(&code)).collect();
        tx.execute(&DELETE_RECOVERY_CODES, &[&user.uuid()]).await?;
        tx.execute(&INSERT_RECOVERY_CODES, &[&user.uuid(), &hashes, &now]).await?;
        Ok(codes)
    }

    /// Uses a typed code, whichever kind it is; inside the transaction of what it allows. `None`: it is not right.
    pub(crate) async fn use_code(&self, tx: &mut Tx, user: UserId, typed: &str) -> Result<Option<Proof>> {
        let (id, now) = (user.uuid(), self.now());
        if totp::six_digits(typed).is_some() {
            let Some(row) = tx.query_opt(&TOTP_OF_USER, &[&id]).await? else { return Ok(None) };
            let seed = self.0.sealing.open(PLACE, id.as_bytes(), row.get("seed"))?;
            let Some(step) = totp::step_of_code(&seed, typed, now) else { return Ok(None) };
            let used = tx.execute(&USE_TOTP, &[&id, &step, &now]).await?;
            return Ok((used == 1).then_some(Proof::Code));
        }
        let Some(code) = recovery::normal(typed) else { return Ok(None) };
        let used = tx.execute(&USE_RECOVERY_CODE, &[&id, &hashed(&code), &now]).await?;
        Ok((used == 1).then_some(Proof::Recovery))
    }

    /// A row in the trail and a mail to the person, for a change of what protects the account (ASVS 6.3.7).
    pub(crate) async fn tell(
        &self,
        tx: &mut Tx,
        who: &SignedIn,
        action: &str,
        news: &SecurityNews,
        visit: &Visit,
    ) -> Result<()> {
        let (user, now) = (&who.user, self.now());
        self.send(tx, &user.email, &SecurityMail::new(&self.0.brand, &user.name, news, visit, now)).await?;
        emit(tx, &AuditEvent::of_account(Some(user.id), action, now).from(visit)).await
    }

    /// Seals every secret of this domain under the present key that was sealed under a former one. Gives how many.
    ///
    /// # Errors
    /// `internal` when a value does not open.
    pub async fn reseal(&self) -> Result<u64> {
        let mut done = 0;
        for row in self.0.db.global(&SEEDS, &[]).await? {
            let (user, sealed): (uuid::Uuid, Vec<u8>) = (row.get("user_id"), row.get("seed"));
            if self.0.sealing.is_former(&sealed) {
                let seed = self.0.sealing.open(PLACE, user.as_bytes(), &sealed)?;
                let new = self.0.sealing.seal(PLACE, user.as_bytes(), &seed)?;
                done += self.0.db.global_execute(&RESEAL_SEED, &[&user, &sealed, &new]).await?;
            }
        }
        Ok(done)
    }
}
