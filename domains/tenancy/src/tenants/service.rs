//! Making organisations, listing a person's, and what staff do with them.

use super::TenantListing;
use super::store::{
    INSERT_TENANT, RENAME_TENANT, SET_TENANT_STATE, TENANT_FOR_STAFF, TENANTS_COUNT, TENANTS_OF_USER,
    TENANTS_PAGE, summary,
};
use crate::Tenancy;
use crate::members::store::INSERT_MEMBER;
use crate::model::{Membership, TenantState, TenantSummary, check_slug, slug_of};
use identity::audit::{Act, AuditEvent, emit};
use identity::model::{Visit, clean_name};
use kernel_core::{Actor, Caller, Capability, Code, Error, FieldError, Result, Role, TenantId, UserId};
use kernel_db::{Database, Row};

/// Organisations that one person may be in.
const MOST_PER_PERSON: usize = 50;
/// Slugs tried before a person has to choose.
const TRIES: u64 = 8;

impl Tenancy {
    /// Makes an organisation; the person becomes its owner. Without a slug one is made from the name.
    ///
    /// # Errors
    /// Field errors at `name` and `slug` (`already_exists` when it is taken); `limit_reached`.
    pub async fn create_tenant(
        &self,
        user: UserId,
        name: &str,
        slug: Option<&str>,
        visit: &Visit,
    ) -> Result<TenantSummary> {
        let mut errors: Vec<FieldError> = Vec::new();
        let name = clean_name("name", name).map_err(|error| errors.push(error)).unwrap_or_default();
        let typed = slug.map(str::trim).filter(|slug| !slug.is_empty());
        let wanted = match typed {
            Some(slug) => check_slug(slug).map_err(|error| errors.push(error)).unwrap_or_default(),
            None => slug_of(&name),
        };
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        if self.tenants_of(user).await?.len() >= MOST_PER_PERSON {
            return Err(
                Error::new(Code::LimitReached).detail(format!("{MOST_PER_PERSON} organisations at most."))
            );
        }
        let now = self.now();
        let tenant = TenantId::new();
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let mut slug = wanted.clone();
        let mut tries = 0;
        while tx.execute(&INSERT_TENANT, &[&tenant.uuid(), &slug, &name, &now, &user.uuid()]).await? == 0 {
            tries += 1;
            if typed.is_some() || tries > TRIES {
                return Err(Error::field("slug", Code::AlreadyExists, "is taken; choose another"));
            }
            slug = format!(
                "{wanted}-{}",
                2 + self.0.identity.random().below(10u64.pow(1 + u32::try_from(tries / 2).unwrap_or(4)))
            );
        }
        let owner = Role::Owner.name();
        tx.execute(&INSERT_MEMBER, &[&tenant.uuid(), &user.uuid(), &owner, &now]).await?;
        self.0.identity.remember_tenant_in(&mut tx, user, tenant).await?;
        let event = AuditEvent::in_tenant(tenant, Actor::User(user), Act::OrganisationCreated, now)
            .target(&slug)
            .from(visit);
        emit(&mut tx, &event).await?;
        self.commit_access(tx, tenant).await?;
        Ok(TenantSummary {
            id: tenant,
            slug,
            name,
            state: TenantState::Active,
            created_at: now,
            second_factor: false,
            sso: false,
        })
    }

    /// The person's organisations by name, suspended ones too.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn tenants_of(&self, user: UserId) -> Result<Vec<Membership>> {
        let rows = self.0.db.global(&TENANTS_OF_USER, &[&user.uuid()]).await?;
        rows.iter()
            .map(|row| Ok(Membership { tenant: summary(row), role: row.get::<_, &str>("role").parse()? }))
            .collect()
    }

    /// Renames the organisation.
    ///
    /// # Errors
    /// `forbidden`; a field error at `name`.
    pub async fn rename_tenant(&self, caller: &Caller, name: &str, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let name = clean_name("name", name).map_err(|error| Error::fields(vec![error]))?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        tx.execute(&RENAME_TENANT, &[&tenant.uuid(), &name]).await?;
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::OrganisationRenamed, now)
            .target(&name)
            .from(visit);
        emit(&mut tx, &event).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Organisations as staff see them, newest first: those whose name or slug contains `search`, of `state` if given.
    /// Gives a page and how many there are. Staff only: the caller has proven it.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn list_for_staff(
        &self,
        search: &str,
        state: Option<TenantState>,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<TenantListing>, i64)> {
        let search = search.trim();
        let pattern = match search {
            "" => String::new(),
            text => format!("%{}%", text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")),
        };
        let state = state.map_or("", TenantState::name);
        let rows = self.0.db.platform(&TENANTS_PAGE, &[&pattern, &state, &limit, &offset]).await?;
        let total = self.0.db.platform(&TENANTS_COUNT, &[&pattern, &state]).await?;
        let total = total.first().map_or(0, |row| row.get("total"));
        Ok((rows.iter().map(listing).collect(), total))
    }

    /// One organisation as staff see it. Staff only: the caller has proven it.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get_for_staff(&self, tenant: TenantId) -> Result<TenantListing> {
        let rows = self.0.db.platform(&TENANT_FOR_STAFF, &[&tenant.uuid()]).await?;
        rows.first().map(listing).ok_or_else(Error::not_found)
    }

    /// Stops an organisation: nobody enters it, its tokens are refused, at once and on every process. Whether it was
    /// active before is the answer. Staff only: the caller has proven it and keeps who and why.
    ///
    /// # Errors
    /// `not_found`; a field error at `reason`.
    pub async fn suspend(&self, tenant: TenantId, reason: &str) -> Result<bool> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Error::field("reason", Code::Required, "is missing; the audit log keeps it"));
        }
        if reason.chars().count() > 500 {
            return Err(Error::field("reason", Code::TooLong, "is longer than 500 characters"));
        }
        self.set_state(tenant, TenantState::Suspended, Some(reason)).await
    }

    /// Lets a suspended organisation work again. Staff only: the caller has proven it and keeps who and why.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn resume(&self, tenant: TenantId) -> Result<bool> {
        self.set_state(tenant, TenantState::Active, None).await
    }

    async fn set_state(&self, tenant: TenantId, state: TenantState, reason: Option<&str>) -> Result<bool> {
        self.get_for_staff(tenant).await?;
        let now = self.now();
        let since = reason.map(|_| now);
        let mut tx = self.0.db.begin_platform(Database::Control).await?;
        let changed =
            tx.execute(&SET_TENANT_STATE, &[&tenant.uuid(), &state.name(), &reason, &since]).await? > 0;
        if changed {
            let action = match state {
                TenantState::Active => Act::OrganisationResumed,
                TenantState::Suspended => Act::OrganisationSuspended,
            };
            let event = AuditEvent::in_tenant(tenant, Actor::System, action, now);
            let event = reason.map_or(event.clone(), |reason| event.reason(reason));
            emit(&mut tx, &event).await?;
        }
        self.commit_access(tx, tenant).await?;
        Ok(changed)
    }
}

fn listing(row: &Row) -> TenantListing {
    TenantListing {
        tenant: summary(row),
        members: row.get("members"),
        suspended_reason: row.get("suspended_reason"),
        suspended_at: row.get("suspended_at"),
    }
}
