//! From somebody whom a provider has recognised to an account here. Addresses are taken at the provider's word only where
//! it has verified them; an account here has verified its own, so the two have the same owner (ASVS 6.8.1).

use super::store::{
    ACCOUNT_OF_ADDRESS, DELETE_IDENTITY, HAS_PASSWORD, IDENTITIES_OF_USER, INSERT_IDENTITY, USE_IDENTITY,
    WAYS_IN_LOCKED,
};
use super::views::ProviderItem;
use super::{Linked, Person, Protocol, Provider};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::model::{Visit, clean_email, email_key};
use crate::security_mail::{SecurityMail, SecurityNews};
use crate::session::{SignIn, SignedIn};
use kernel_core::{Code, Error, LinkedId, Result, UserId};
use kernel_db::{Database, DbError, Tx};

/// The providers of this system, and how one talks to any.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    pub protocol: Protocol,
    pub providers: Vec<Provider>,
}

impl Identity {
    /// The conversation with providers; `None`: this system makes no outgoing requests.
    #[must_use]
    pub fn protocol(&self) -> Option<&Protocol> {
        self.0.elsewhere.as_ref().map(|elsewhere| &elsewhere.protocol)
    }

    /// The providers that the operator has set up.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        self.0.elsewhere.as_ref().map_or(&[], |elsewhere| &elsewhere.providers)
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) fn provider(&self, key: &str) -> Result<(&Protocol, &Provider)> {
        let provider = self.providers().iter().find(|provider| provider.key == key);
        self.protocol().zip(provider).ok_or_else(Error::not_found)
    }

    /// Their buttons.
    #[must_use]
    pub fn provider_buttons(&self) -> Vec<ProviderItem> {
        self.providers().iter().map(ProviderItem::of).collect()
    }

    /// The buttons of those that the person is connected with.
    ///
    /// # Errors
    /// `internal` only.
    pub(crate) async fn connected_buttons(&self, user: UserId) -> Result<Vec<ProviderItem>> {
        let rows = self.0.db.global(&IDENTITIES_OF_USER, &[&user.uuid()]).await?;
        let issuers: Vec<&str> = rows.iter().map(|row| row.get("issuer")).collect();
        let connected = self.providers().iter().filter(|provider| issuers.contains(&provider.issuer()));
        Ok(connected.map(ProviderItem::of).collect())
    }

    /// Logs in whom a provider has recognised: the account it is connected with, else the one of the same address, else a
    /// new one. A second factor is owed unless the provider has asked for several.
    ///
    /// # Errors
    /// `email_not_verified` when the provider does not answer for the address; `conflict` when another browser was faster.
    pub async fn sign_in_with(
        &self,
        provider: &Provider,
        person: &Person,
        replaced: Option<&str>,
        visit: &Visit,
    ) -> Result<SignIn> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let email = person.email.clone().unwrap_or_default();
        let known =
            tx.query_opt(&USE_IDENTITY, &[&person.issuer, &person.subject, &email, &self.now()]).await?;
        let (user, fresh) = match known {
            Some(row) => (UserId::from_uuid(row.get("id")), false),
            None => self.first_time(&mut tx, provider, person, visit).await?,
        };
        let outcome = if person.several_factors {
            let methods = [provider.name.as_str(), "its second factor"];
            SignIn::Done(self.signed_in(&mut tx, user, &methods, replaced, visit).await?)
        } else if fresh {
            // Not committed yet, so nobody else can look for its factors; it has none.
            SignIn::Done(self.signed_in(&mut tx, user, &[&provider.name], replaced, visit).await?)
        } else {
            self.first_done(&mut tx, user, &provider.name, replaced, visit).await?
        };
        tx.commit().await?;
        Ok(outcome)
    }

    /// Somebody comes by this provider for the first time: whose account it is, and whether it was just made.
    async fn first_time(
        &self,
        tx: &mut Tx,
        provider: &Provider,
        person: &Person,
        visit: &Visit,
    ) -> Result<(UserId, bool)> {
        let unsure = || Error::new(Code::EmailNotVerified);
        let email = person.email.as_deref().filter(|_| person.email_verified).ok_or_else(unsure)?;
        let email = clean_email("email", email).map_err(|_| unsure())?;
        let key = email_key(&email);
        if let Some(row) = tx.query_opt(&ACCOUNT_OF_ADDRESS, &[&key]).await? {
            if !person.email_theirs {
                return Err(unsure());
            }
            let user = UserId::from_uuid(row.get("id"));
            let (to, name): (String, String) = (row.get("email"), row.get("name"));
            self.connect(tx, user, provider, person, (&to, &name), visit).await?;
            return Ok((user, false));
        }
        let user = self.account_for(tx, &email, person.name.as_deref(), &provider.name, visit).await?;
        self.put_identity(tx, user, person, &email).await?;
        Ok((user, true))
    }

    async fn put_identity(&self, tx: &mut Tx, user: UserId, person: &Person, email: &str) -> Result<()> {
        let (id, now) = (LinkedId::new().uuid(), self.now());
        tx.execute(
            &INSERT_IDENTITY,
            &[&id, &user.uuid(), &person.issuer, &person.subject, &email, &now, &Some(now)],
        )
        .await
        .map_err(faster)?;
        Ok(())
    }

    /// Connects, and tells the person.
    async fn connect(
        &self,
        tx: &mut Tx,
        user: UserId,
        provider: &Provider,
        person: &Person,
        (to, name): (&str, &str),
        visit: &Visit,
    ) -> Result<()> {
        let email = person.email.clone().unwrap_or_default();
        self.put_identity(tx, user, person, &email).await?;
        let news = SecurityNews::ProviderConnected(provider.name.clone());
        self.send(tx, to, &SecurityMail::new(&self.0.brand, name, &news, visit, self.now())).await?;
        let event = AuditEvent::of_account(Some(user), "provider.connected", self.now());
        emit(tx, &event.target(&provider.name).from(visit)).await
    }

    /// Connects an account elsewhere with the person who is signed in here.
    ///
    /// # Errors
    /// `already_exists` when it is connected with another account; connected with this one already: nothing happens.
    pub async fn link_provider(
        &self,
        who: &SignedIn,
        provider: &Provider,
        person: &Person,
        visit: &Visit,
    ) -> Result<()> {
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let email = person.email.clone().unwrap_or_default();
        let known =
            tx.query_opt(&USE_IDENTITY, &[&person.issuer, &person.subject, &email, &self.now()]).await?;
        match known {
            Some(row) if UserId::from_uuid(row.get("id")) == who.user.id => {}
            // Dropping the transaction leaves the other one as it was.
            Some(_) => return Err(Error::new(Code::AlreadyExists)),
            None => {
                let to = (who.user.email.as_str(), who.user.name.as_str());
                self.connect(&mut tx, who.user.id, provider, person, to, visit).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Takes a connection away, unless nothing would be left to log in with.
    ///
    /// # Errors
    /// `not_found`; `conflict` for the last way in.
    pub async fn unlink_provider(&self, who: &SignedIn, id: LinkedId, visit: &Visit) -> Result<()> {
        let (user, now) = (who.user.id, self.now());
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let row = tx.query_opt(&WAYS_IN_LOCKED, &[&user.uuid()]).await?.ok_or_else(Error::not_found)?;
        let (password, passkeys): (bool, i64) = (row.get("password"), row.get("passkeys"));
        let identities: i64 = row.get("identities");
        let gone = tx
            .query_opt(&DELETE_IDENTITY, &[&user.uuid(), &id.uuid()])
            .await?
            .ok_or_else(Error::not_found)?;
        if !password && passkeys == 0 && identities <= 1 {
            return Err(Error::new(Code::Conflict).detail(
                "This is the only way to log in to your account. Set a password or add a passkey first.",
            ));
        }
        let name = self.provider_name(gone.get("issuer"));
        let news = SecurityNews::ProviderRemoved(name.clone());
        let mail = SecurityMail::new(&self.0.brand, &who.user.name, &news, visit, now);
        self.send(&mut tx, &who.user.email, &mail).await?;
        let event = AuditEvent::of_account(Some(user), "provider.removed", now).target(&name).from(visit);
        emit(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The person's accounts elsewhere.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn linked(&self, user: UserId) -> Result<Vec<Linked>> {
        let rows = self.0.db.global(&IDENTITIES_OF_USER, &[&user.uuid()]).await?;
        Ok(rows
            .iter()
            .map(|row| Linked {
                id: LinkedId::from_uuid(row.get("id")),
                provider: self.provider_name(row.get("issuer")),
                email: row.get("email"),
                created_at: row.get("created_at"),
                last_used_at: row.get("last_used_at"),
            })
            .collect())
    }

    /// Whether the person has a password.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn has_password(&self, user: UserId) -> Result<bool> {
        let row = self.0.db.global_opt(&HAS_PASSWORD, &[&user.uuid()]).await?;
        Ok(row.is_some_and(|row| row.get("password")))
    }

    /// The name of the provider today; of one that is not set up any more, its host.
    fn provider_name(&self, issuer: &str) -> String {
        let known = self.providers().iter().find(|provider| provider.issuer() == issuer);
        known.map_or_else(
            || {
                let host = issuer.split("://").nth(1).unwrap_or(issuer);
                host.split('/').next().unwrap_or(host).to_owned()
            },
            |provider| provider.name.clone(),
        )
    }
}

/// Two first log-ins at the same time: the second one finds what the first has made.
pub(super) fn faster(error: DbError) -> Error {
    match error.constraint() {
        Some("users_email_key" | "identities_subject_key") => Error::new(Code::Conflict),
        _ => error.into(),
    }
}
