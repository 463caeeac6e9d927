//! What a person changes about the own account, and what other domains may know of people.

use super::store::{
    LAST_SEEN, PASSWORD_OF_USER, SET_LAST_TENANT, UPDATE_PROFILE, USER_BY_EMAIL, USERS_BY_ID,
};
use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::mails::PasswordChangedMail;
use crate::model::{NewSession, Theme, User, Visit, clean_name, email_key};
use crate::password;
use crate::password::hasher::Verdict;
use crate::reset::store::{DELETE_RESETS, SET_PASSWORD};
use crate::session::SignedIn;
use crate::session::store::user as user_of;
use crate::throttle::CONFIRM_BY_ACCOUNT;
use jiff::Timestamp;
use kernel_core::{Code, Error, FieldError, Result, TenantId, UserId};
use kernel_db::{Database, Tx};
use kernel_web::format;
use std::collections::HashMap;

/// What a person may say of oneself.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// What to call the person.
    pub name: &'a str,
    /// IANA name of the time zone.
    pub time_zone: &'a str,
    /// `system`, `light`, `dark`.
    pub theme: &'a str,
    /// How dates and numbers are written; empty: as the browser says.
    pub locale: &'a str,
}

impl Identity {
    /// Changes what the person is called, and how pages look.
    ///
    /// # Errors
    /// Field errors at `name`, `time_zone`, `theme`, `locale`.
    pub async fn change_profile(&self, user: UserId, profile: &Profile<'_>) -> Result<Theme> {
        let Profile { name, time_zone, theme, locale } = *profile;
        let mut errors = Vec::new();
        let name = clean_name("name", name).map_err(|error| errors.push(error)).unwrap_or_default();
        let zone =
            jiff::tz::TimeZone::get(time_zone).ok().and_then(|zone| zone.iana_name().map(str::to_owned));
        if zone.is_none() {
            errors.push(FieldError::new(
                "time_zone",
                Code::InvalidValue,
                "is not a time zone of the list, such as Europe/Berlin",
            ));
        }
        let theme = Theme::named(theme);
        if theme.is_none() {
            errors.push(FieldError::new("theme", Code::InvalidValue, "is not one of system, light, dark"));
        }
        let locale = Some(locale).filter(|locale| !locale.is_empty());
        if locale.is_some_and(|locale| format::locales().all(|known| known != locale)) {
            errors.push(FieldError::new("locale", Code::InvalidValue, "is not one of the list"));
        }
        let (Some(zone), Some(theme), true) = (zone, theme, errors.is_empty()) else {
            return Err(Error::fields(errors));
        };
        self.0
            .db
            .global_execute(&UPDATE_PROFILE, &[&user.uuid(), &name, &zone, &theme.name(), &locale])
            .await?;
        Ok(theme)
    }

    /// Changes the password: needs the current one, ends the person's other sessions and renews this one.
    ///
    /// # Errors
    /// Field errors at `current` and `password`; `rate_limited` after many wrong ones.
    pub async fn change_password(
        &self,
        who: &SignedIn,
        current: &str,
        new: &str,
        visit: &Visit,
    ) -> Result<NewSession> {
        let user = &who.user;
        let id = user.id;
        // Taken before the password is looked at, given back when it is right.
        self.0.throttle.take(CONFIRM_BY_ACCOUNT, &id.to_string())?;
        let mut errors = Vec::new();
        let row =
            self.0.db.global_opt(&PASSWORD_OF_USER, &[&id.uuid()]).await?.ok_or_else(Error::not_found)?;
        // None: the person came by a provider, and sets a password by a link in a mail.
        let stored: Option<String> = row.get("password_hash");
        let verdict = self.0.hasher.asked_by(&visit.limit_key()).verify(current, stored.as_deref()).await;
        if !matches!(verdict, Ok(Verdict::Wrong)) {
            self.0.throttle.give_back(CONFIRM_BY_ACCOUNT, &id.to_string());
        }
        if verdict? == Verdict::Wrong {
            self.note(&AuditEvent::of_account(Some(id), "password.change_failed", self.now()).from(visit))
                .await?;
            errors.push(FieldError::new("current", Code::BadCredentials, "is not your current password"));
        }
        if let Err(error) = password::check("password", new, &self.known_words(&user.name, &user.email)) {
            errors.push(error);
        }
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        let hash = self.0.hasher.asked_by(&visit.limit_key()).hash(new).await?;
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        tx.execute(&SET_PASSWORD, &[&id.uuid(), &hash]).await?;
        tx.execute(&DELETE_RESETS, &[&id.uuid()]).await?;
        tx.execute(&crate::links::store::DELETE_LINKS, &[&id.uuid()]).await?;
        self.end_others_in(&mut tx, id, None).await?;
        let session = self.open_session(&mut tx, id, &["password"], visit).await?;
        self.send(&mut tx, &user.email, &PasswordChangedMail::new(&self.0.brand, &user.name)).await?;
        emit(&mut tx, &AuditEvent::of_account(Some(id), "password.changed", self.now()).from(visit)).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Remembers the organisation that `/` opens.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn remember_tenant(&self, user: UserId, tenant: TenantId) -> Result<()> {
        self.0.db.global_execute(&SET_LAST_TENANT, &[&user.uuid(), &tenant.uuid()]).await?;
        Ok(())
    }

    /// The same inside a transaction.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn remember_tenant_in(&self, tx: &mut Tx, user: UserId, tenant: TenantId) -> Result<()> {
        tx.execute(&SET_LAST_TENANT, &[&user.uuid(), &tenant.uuid()]).await?;
        Ok(())
    }

    /// People by id, in no order; unknown ids are left out. For domains that list members or authors.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
        Ok(self.0.db.global(&USERS_BY_ID, &[&ids]).await?.iter().map(user_of).collect())
    }

    /// When people used the app last; who has no session any more is left out.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn last_seen(&self, ids: &[UserId]) -> Result<HashMap<UserId, Timestamp>> {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows = self.0.db.global(&LAST_SEEN, &[&ids]).await?;
        Ok(rows.iter().map(|row| (UserId::from_uuid(row.get("user_id")), row.get("seen_at"))).collect())
    }

    /// The person who has an address.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        Ok(self.0.db.global_opt(&USER_BY_EMAIL, &[&email_key(email.trim())]).await?.as_ref().map(user_of))
    }
}
