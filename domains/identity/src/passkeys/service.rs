//! Adding, using, renaming and removing passkeys. Whatever is wrong with an answer, its challenge is used up.

use super::ceremony::{self, ClientData, Known, Party};
use super::store::{
    DELETE_PASSKEY, INSERT_CHALLENGE, INSERT_PASSKEY, PASSKEY_BY_CREDENTIAL, PASSKEYS_OF_USER,
    RENAME_PASSKEY, TAKE_CHALLENGE, USE_PASSKEY,
};
use super::wire::{Assertion, CreationOptions, Descriptor, Registration, RequestOptions};
use super::{CHALLENGE_LIFE, LONGEST_NAME, MOST, PasskeyRow, Refusal};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::{after, hashed};
use crate::model::{NewSession, User, Visit, clean_name};
use crate::oidc::store::WAYS_IN_LOCKED;
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::session::SignedIn;
use crate::session::store::user as user_of;
use crate::throttle::{PASSKEY_BY_ADDRESS, SIGN_IN_BY_ADDRESS};
use kernel_core::{Code, Error, PasskeyId, Result, Secret, UserId};
use kernel_db::{Database, Tx};

/// What a challenge is for; an answer to one is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Adding a passkey; bound to the session.
    Add,
    /// Logging in without a name; bound to the browser.
    SignIn,
    /// The second step of a log-in; bound to it.
    Second,
    /// Proving again who is there; bound to the session.
    Confirm,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::SignIn => "sign_in",
            Self::Second => "second",
            Self::Confirm => "confirm",
        }
    }
}

/// A passkey that was used, and whose it is.
#[derive(Debug)]
pub(crate) struct Used {
    pub user: User,
}

impl Identity {
    fn party(&self) -> Party {
        Party::of(&self.0.brand.origin("app"))
    }

    /// The person's passkeys, oldest first.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn passkeys(&self, user: UserId) -> Result<Vec<PasskeyRow>> {
        let rows = self.0.db.global(&PASSKEYS_OF_USER, &[&user.uuid()]).await?;
        Ok(rows
            .iter()
            .map(|row| PasskeyRow {
                id: PasskeyId::from_uuid(row.get("id")),
                name: row.get("name"),
                synced: row.get("backed_up"),
                created_at: row.get("created_at"),
                last_used_at: row.get("last_used_at"),
            })
            .collect())
    }

    async fn descriptors(&self, user: UserId) -> Result<Vec<Descriptor>> {
        let rows = self.0.db.global(&PASSKEYS_OF_USER, &[&user.uuid()]).await?;
        Ok(rows.iter().map(|row| Descriptor::new(row.get("credential_id"), row.get("transports"))).collect())
    }

    async fn challenge(&self, purpose: Purpose, binding: &[u8]) -> Result<String> {
        let challenge = self.0.random.token();
        let expires = after(self.now(), CHALLENGE_LIFE);
        self.0
            .db
            .global_execute(&INSERT_CHALLENGE, &[&hashed(&challenge), &purpose.name(), &binding, &expires])
            .await?;
        Ok(challenge)
    }

    /// What an authenticator is to sign so that a passkey is added.
    ///
    /// # Errors
    /// `limit_reached`; `rate_limited`.
    pub async fn passkey_creation(&self, who: &SignedIn, visit: &Visit) -> Result<CreationOptions> {
        self.0.throttle.take(PASSKEY_BY_ADDRESS, &visit.limit_key())?;
        let known = self.descriptors(who.user.id).await?;
        refuse_more(known.len())?;
        let challenge = self.challenge(Purpose::Add, who.session.uuid().as_bytes()).await?;
        Ok(CreationOptions::new(&self.party(), &self.0.brand.brand, &who.user, challenge, known))
    }

    /// What an authenticator is to sign so that somebody gets in without a name: the challenge, and the secret for the
    /// browser's cookie that it is bound to.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn passkey_sign_in_request(&self, visit: &Visit) -> Result<(RequestOptions, Secret)> {
        self.0.throttle.take(PASSKEY_BY_ADDRESS, &visit.limit_key())?;
        let browser = self.0.random.token();
        let challenge = self.challenge(Purpose::SignIn, &hashed(&browser)).await?;
        Ok((RequestOptions::new(&self.party(), challenge, Vec::new()), Secret::new(browser)))
    }

    /// What an authenticator of this person is to sign for `purpose`.
    ///
    /// # Errors
    /// `not_found` when the person has no passkey; `rate_limited`.
    pub async fn passkey_request(
        &self,
        user: UserId,
        purpose: Purpose,
        binding: &[u8],
        visit: &Visit,
    ) -> Result<RequestOptions> {
        self.0.throttle.take(PASSKEY_BY_ADDRESS, &visit.limit_key())?;
        let allowed = self.descriptors(user).await?;
        if allowed.is_empty() {
            return Err(Error::not_found());
        }
        let challenge = self.challenge(purpose, binding).await?;
        Ok(RequestOptions::new(&self.party(), challenge, allowed))
    }

    async fn take_challenge(
        &self,
        tx: &mut Tx,
        purpose: Purpose,
        binding: &[u8],
        client_data: &[u8],
    ) -> Result<std::result::Result<ClientData, Refusal>> {
        let client = match ClientData::read(client_data) {
            Ok(client) => client,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let params: [&(dyn kernel_db::ToSql + Sync); 4] =
            [&hashed(&client.challenge), &purpose.name(), &binding, &self.now()];
        let taken = tx.execute(&TAKE_CHALLENGE, &params).await? == 1;
        Ok(taken.then_some(client).ok_or(Refusal::Challenge))
    }

    /// Adds a passkey. With the first factor come recovery codes: they are in the answer, and nowhere else.
    ///
    /// # Errors
    /// Field errors at `name` and `passkey`; `limit_reached`.
    pub async fn add_passkey(
        &self,
        who: &SignedIn,
        name: &str,
        answer: &str,
        visit: &Visit,
    ) -> Result<Option<Vec<String>>> {
        let name = passkey_name(name)?;
        let (user, now) = (who.user.id, self.now());
        let before = self.factors(user).await?;
        refuse_more(usize::try_from(before.passkeys).unwrap_or(MOST))?;
        let given = Registration::read(answer).map_err(at_passkey)?;
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let client = self
            .take_challenge(&mut tx, Purpose::Add, who.session.uuid().as_bytes(), &given.client_data)
            .await?;
        let made = match client.and_then(|client| ceremony::created(&self.party(), &client, &given)) {
            Ok(made) => made,
            Err(refusal) => {
                tx.commit().await?;
                return Err(at_passkey(refusal));
            }
        };
        let added = tx
            .execute(
                &INSERT_PASSKEY,
                &[
                    &PasskeyId::new().uuid(),
                    &user.uuid(),
                    &made.credential_id,
                    &name,
                    &made.public_key,
                    &i64::from(made.sign_count),
                    &given.transports,
                    &made.backup_eligible,
                    &made.backed_up,
                    &now,
                ],
            )
            .await?;
        if added == 0 {
            tx.commit().await?;
            return Err(Error::field("passkey", Code::AlreadyExists, "This passkey is in use already."));
        }
        let codes = match before.codes {
            Some(_) => None,
            None => Some(self.put_codes(&mut tx, user, now).await?),
        };
        let news = SecurityNews::PasskeyAdded(name);
        self.tell(&mut tx, who, "passkey.added", &news, visit).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// A field error at `name`; `not_found`.
    pub async fn rename_passkey(
        &self,
        who: &SignedIn,
        passkey: PasskeyId,
        name: &str,
        visit: &Visit,
    ) -> Result<()> {
        let name = passkey_name(name)?;
        let user = who.user.id;
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        if tx.execute(&RENAME_PASSKEY, &[&user.uuid(), &passkey.uuid(), &name]).await? == 0 {
            return Err(Error::not_found());
        }
        let event =
            AuditEvent::of_account(Some(user), "passkey.renamed", self.now()).target(&name).from(visit);
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes a passkey; with the last factor go the recovery codes.
    ///
    /// # Errors
    /// `not_found`; `conflict` when it is the only way in.
    pub async fn remove_passkey(&self, who: &SignedIn, passkey: PasskeyId, visit: &Visit) -> Result<()> {
        let user = who.user.id;
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let ways = tx.query_opt(&WAYS_IN_LOCKED, &[&user.uuid()]).await?.ok_or_else(Error::not_found)?;
        let others: i64 = ways.get::<_, i64>("passkeys") - 1 + ways.get::<_, i64>("identities");
        let row = tx.query_opt(&DELETE_PASSKEY, &[&user.uuid(), &passkey.uuid()]).await?;
        let name: String = row.ok_or_else(Error::not_found)?.get("name");
        if others == 0 && !ways.get::<_, bool>("password") {
            return Err(Error::new(Code::Conflict).detail(
                "This is the only way to log in to your account. Set a password or add another passkey first.",
            ));
        }
        self.forget_codes_without_factor(&mut tx, user).await?;
        let news = SecurityNews::PasskeyRemoved(name);
        self.tell(&mut tx, who, "passkey.removed", &news, visit).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Uses a passkey inside the transaction of what it allows. The caller commits in any case: also what is refused uses
    /// up its challenge, and leaves a row in the trail.
    pub(crate) async fn use_passkey(
        &self,
        tx: &mut Tx,
        (purpose, binding): (Purpose, &[u8]),
        expected: Option<UserId>,
        answer: &str,
        visit: &Visit,
    ) -> Result<std::result::Result<Used, Refusal>> {
        let given = match Assertion::read(answer) {
            Ok(given) => given,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let client = match self.take_challenge(tx, purpose, binding, &given.client_data).await? {
            Ok(client) => client,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(row) = tx.query_opt(&PASSKEY_BY_CREDENTIAL, &[&given.id]).await? else {
            return Ok(Err(Refusal::Unknown));
        };
        let user = user_of(&row);
        if expected.is_some_and(|expected| expected != user.id) {
            return Ok(Err(Refusal::Unknown));
        }
        // Without a name before, the key itself has to say whose it is.
        let handle = given.user_handle.as_deref().filter(|handle| !handle.is_empty());
        let owner = user.id.uuid();
        if handle.is_none() && expected.is_none() || handle.is_some_and(|handle| handle != owner.as_bytes()) {
            return Ok(Err(Refusal::Handle));
        }
        let public_key: Vec<u8> = row.get("public_key");
        let known = Known {
            public_key: &public_key,
            sign_count: u32::try_from(row.get::<_, i64>("sign_count")).unwrap_or(u32::MAX),
            backup_eligible: row.get("backup_eligible"),
        };
        let now = self.now();
        match ceremony::asserted(&self.party(), &client, &given, &known) {
            Ok(asserted) => {
                let id: uuid::Uuid = row.get("passkey_id");
                let count = i64::from(asserted.sign_count);
                tx.execute(&USE_PASSKEY, &[&id, &count, &asserted.backed_up, &now]).await?;
                Ok(Ok(Used { user }))
            }
            Err(refusal) => {
                if refusal == Refusal::Counter {
                    let news = SecurityNews::PasskeyCopied(row.get("passkey"));
                    let mail = SecurityMail::new(&self.0.brand, &user.name, &news, visit, now);
                    self.send(tx, &user.email, &mail).await?;
                }
                let event = AuditEvent::of_account(Some(user.id), "passkey.refused", now).from(visit);
                emit(tx, &event.data(serde_json::json!({ "reason": refusal.name() }))).await?;
                Ok(Err(refusal))
            }
        }
    }

    /// Logs in with a passkey alone. `browser` is the secret of [`Self::passkey_sign_in_request`].
    ///
    /// # Errors
    /// `bad_credentials` with what to do; `rate_limited`.
    pub async fn sign_in_with_passkey(
        &self,
        browser: Option<&str>,
        answer: &str,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<NewSession> {
        let throttle = &self.0.throttle;
        throttle.ask(SIGN_IN_BY_ADDRESS, &visit.limit_key())?;
        let binding = hashed(browser.unwrap_or_default());
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let used = self.use_passkey(&mut tx, (Purpose::SignIn, &binding), None, answer, visit).await?;
        let session = match used {
            Ok(Used { user }) => self.signed_in(&mut tx, user.id, &["passkey"], replaced, visit).await,
            Err(refusal) => {
                // Charged even when the bucket has just run dry: the answer is the refusal.
                let _ = throttle.take(SIGN_IN_BY_ADDRESS, &visit.limit_key());
                Err(Error::new(Code::BadCredentials).detail(refusal.message()))
            }
        };
        tx.commit().await?;
        session
    }
}

fn refuse_more(count: usize) -> Result<()> {
    if count < MOST {
        return Ok(());
    }
    Err(Error::new(Code::LimitReached).detail(format!("{MOST} passkeys at most. Remove one first.")))
}

fn passkey_name(name: &str) -> Result<String> {
    let name = clean_name("name", name).map_err(|error| Error::fields(vec![error]))?;
    if name.chars().count() > LONGEST_NAME {
        let detail = format!("is longer than {LONGEST_NAME} characters");
        return Err(Error::field("name", Code::TooLong, detail));
    }
    Ok(name)
}

fn at_passkey(refusal: Refusal) -> Error {
    Error::field("passkey", Code::InvalidValue, refusal.message())
}
