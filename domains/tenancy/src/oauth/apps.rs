//! Registering, changing and deleting an organisation's apps.

use super::grants::APP_LIFE;
use super::model::{AppText, Held, MOST, NewApp, check};
use super::store::{
    APP, APPS, COUNT_APPS, DELETE_APP, END_CONNECTION, END_CONNECTIONS_OF_APP, INSERT_APP, INSERT_CONNECTION,
    LIMIT_CONNECTION, SET_SECRET, UPDATE_APP,
};
use crate::Tenancy;
use crate::tokens::person;
use identity::Visit;
use identity::audit::{Act, AuditEvent, emit};
use jiff::Timestamp;
use kernel_core::secret::sha256;
use kernel_core::{
    Caller, Capability, Code, ConnectionId, Error, OauthAppId, Result, Scopes, Secret, TenantId,
};
use kernel_db::{Database, Row, Tx};
use serde_json::json;

/// An app.
#[derive(Clone, Debug)]
pub struct AppRow {
    /// The id.
    pub id: OauthAppId,
    /// As people read it.
    pub name: String,
    /// Whether it has a secret.
    pub confidential: bool,
    /// Where people may be sent back to.
    pub redirects: Vec<String>,
    /// What it may ask for.
    pub scopes: Scopes,
    /// Its connection for itself, if it works for itself.
    pub own_connection: Option<ConnectionId>,
    /// The bases of that one; `None`: all.
    pub own_bases: Option<Vec<u64>>,
    /// The secret's last characters and its day.
    pub secret: Option<(String, Timestamp)>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// How many people have connected it.
    pub people: i64,
    hash: Option<Vec<u8>>,
}

impl AppRow {
    pub(crate) fn secret_hash(&self) -> Option<&[u8]> {
        self.hash.as_deref()
    }
}

/// An app that was just registered, or has another secret.
#[derive(Debug)]
pub struct CreatedApp {
    /// The id.
    pub id: OauthAppId,
    /// The secret: shown once. A public app has none.
    pub secret: Option<Secret>,
}

fn app_row(row: &Row) -> AppRow {
    let scopes: Vec<String> = row.get("scopes");
    let hint: Option<String> = row.get("secret_hint");
    AppRow {
        id: OauthAppId::from_uuid(row.get("id")),
        name: row.get("name"),
        confidential: row.get("confidential"),
        redirects: row.get("redirects"),
        scopes: Scopes::from_names(scopes.iter().map(String::as_str)),
        own_connection: row.get::<_, Option<_>>("own_connection").map(ConnectionId::from_uuid),
        own_bases: numbers(row.get("own_bases")),
        secret: hint.zip(row.get("secret_at")),
        created_at: row.get("created_at"),
        people: row.get("people"),
        hash: row.get("secret_hash"),
    }
}

pub(crate) fn numbers(stored: Option<Vec<i64>>) -> Option<Vec<u64>> {
    stored.map(|numbers| numbers.into_iter().map(i64::cast_unsigned).collect())
}

pub(crate) fn stored(numbers: Option<&[u64]>) -> Option<Vec<i64>> {
    numbers.map(|numbers| numbers.iter().map(|number| number.cast_signed()).collect())
}

/// An app that works for itself reaches all of its bases, whatever its maker sees of them: somebody whose own access has
/// exceptions could get around these by it.
fn reaches_all(caller: &Caller) -> Result<()> {
    if caller.access.is_plain() {
        return Ok(());
    }
    let detail =
        "Your own access has exceptions; somebody without any has to manage apps that work for themselves.";
    Err(Error::new(Code::Forbidden).detail(detail))
}

impl Tenancy {
    /// The organisation's apps, by name.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn apps(&self, caller: &Caller) -> Result<Vec<AppRow>> {
        caller.require(Capability::ManageTenant)?;
        let rows = self.0.db.read(caller.tenant, &APPS, &[&caller.tenant.uuid(), &self.now()]).await?;
        Ok(rows.iter().map(app_row).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn app(&self, caller: &Caller, id: OauthAppId) -> Result<AppRow> {
        caller.require(Capability::ManageTenant)?;
        self.app_of(AppText { tenant: caller.tenant, app: id }).await?.ok_or_else(Error::not_found)
    }

    /// The app of a client id.
    pub(crate) async fn app_of(&self, text: AppText) -> Result<Option<AppRow>> {
        let row = self.0.db.read_opt(text.tenant, &APP, &[&text.tenant.uuid(), &text.app.uuid()]).await?;
        Ok(row.as_ref().map(app_row))
    }

    /// Registers an app. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// `forbidden`; field errors at `name`, `redirects`, `scopes`, `itself`, `bases`; `limit_reached`.
    pub async fn create_app(&self, caller: &Caller, new: &NewApp, visit: &Visit) -> Result<CreatedApp> {
        caller.require(Capability::ManageTenant)?;
        let maker = person(caller)?;
        if new.itself.is_some() {
            reaches_all(caller)?;
        }
        let (name, redirects) = check(new).map_err(Error::fields)?;
        let (tenant, now, id) = (caller.tenant, self.now(), OauthAppId::new());
        let secret = new.confidential.then(|| self.new_secret(tenant));
        let hash = secret.as_ref().map(|secret| sha256(secret.as_bytes()).to_vec());
        let hint = secret.as_deref().map(hint);
        let secret_at = secret.as_ref().map(|_| now);
        let scopes: Vec<&str> = new.scopes.names().collect();
        let own = new.itself.as_ref().map(|_| ConnectionId::new());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let count: i64 = tx.query_one(&COUNT_APPS, &[&tenant.uuid()]).await?.get("total");
        if count >= MOST {
            return Err(Error::new(Code::LimitReached).detail(format!("{MOST} apps at most.")));
        }
        tx.execute(
            &INSERT_APP,
            &[
                &tenant.uuid(),
                &id.uuid(),
                &name,
                &new.confidential,
                &redirects,
                &scopes,
                &own.map(ConnectionId::uuid),
                &hash,
                &hint,
                &secret_at,
                &maker.uuid(),
                &now,
            ],
        )
        .await?;
        if let (Some(own), Some(bases)) = (own, &new.itself) {
            self.add_own(&mut tx, (tenant, id), own, (&scopes, bases.as_deref())).await?;
        }
        let data = json!({ "name": name, "scopes": scopes, "redirects": redirects, "itself": own.is_some() });
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::AppRegistered, now).target(id).from(visit);
        emit(&mut tx, &event.data(data)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(CreatedApp { id, secret: secret.map(Secret::new) })
    }

    async fn add_own(
        &self,
        tx: &mut Tx,
        (tenant, app): (TenantId, OauthAppId),
        own: ConnectionId,
        (scopes, bases): (&[&str], Option<&[u64]>),
    ) -> Result<()> {
        let now = self.now();
        let ends = now.checked_add(APP_LIFE).unwrap_or(Timestamp::MAX);
        let (nobody, bases) = (None::<uuid::Uuid>, stored(bases));
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &own.uuid(), &app.uuid(), &nobody, &scopes, &bases, &now, &now, &ends];
        tx.execute(&INSERT_CONNECTION, params).await?;
        Ok(())
    }

    /// Changes an app; whether it has a secret stays. Connections keep what they were given, at most what the app has now.
    ///
    /// # Errors
    /// As [`Tenancy::create_app`]; `not_found`.
    pub async fn change_app(
        &self,
        caller: &Caller,
        id: OauthAppId,
        new: &NewApp,
        visit: &Visit,
    ) -> Result<()> {
        let known = self.app(caller, id).await?;
        person(caller)?;
        if new.itself.is_some() {
            reaches_all(caller)?;
        }
        let new = NewApp { confidential: known.confidential, ..new.clone() };
        let (name, redirects) = check(&new).map_err(Error::fields)?;
        let (tenant, now) = (caller.tenant, self.now());
        let scopes: Vec<&str> = new.scopes.names().collect();
        let own = new.itself.as_ref().map(|_| known.own_connection.unwrap_or_else(ConnectionId::new));
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        match (known.own_connection, own, &new.itself) {
            (None, Some(own), Some(bases)) => {
                self.add_own(&mut tx, (tenant, id), own, (&scopes, bases.as_deref())).await?;
            }
            (Some(own), Some(_), Some(bases)) => {
                let params: kernel_db::Params<'_> =
                    &[&tenant.uuid(), &own.uuid(), &stored(bases.as_deref()), &scopes];
                tx.execute(&LIMIT_CONNECTION, params).await?;
            }
            (Some(own), None, _) => {
                tx.execute(&END_CONNECTION, &[&tenant.uuid(), &own.uuid(), &now, &"changed"]).await?;
            }
            _ => {}
        }
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &id.uuid(), &name, &redirects, &scopes, &own.map(ConnectionId::uuid)];
        if tx.execute(&UPDATE_APP, params).await? == 0 {
            return Err(Error::not_found());
        }
        let data = json!({ "name": name, "scopes": scopes, "redirects": redirects, "itself": own.is_some() });
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::AppChanged, now).target(id).from(visit);
        emit(&mut tx, &event.data(data)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// Gives an app another secret; the former one ends at once.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `conflict` for a public app.
    pub async fn rotate_secret(&self, caller: &Caller, id: OauthAppId, visit: &Visit) -> Result<CreatedApp> {
        let app = self.app(caller, id).await?;
        person(caller)?;
        if app.own_connection.is_some() {
            reaches_all(caller)?;
        }
        let (tenant, now, secret) = (caller.tenant, self.now(), self.new_secret(caller.tenant));
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let hash = sha256(secret.as_bytes());
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &id.uuid(), &hash.as_slice(), &hint(&secret), &now];
        if tx.execute(&SET_SECRET, params).await? == 0 {
            return Err(Error::new(Code::Conflict).detail("A public app has no secret."));
        }
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::AppSecretRotated, now).target(id).from(visit);
        emit(&mut tx, &event.data(json!({ "name": app.name }))).await?;
        tx.commit().await?;
        Ok(CreatedApp { id, secret: Some(Secret::new(secret)) })
    }

    /// Deletes an app; everything that it was let do ends.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn delete_app(&self, caller: &Caller, id: OauthAppId, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        person(caller)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &id.uuid(), &now];
        let row = tx.query_opt(&DELETE_APP, params).await?.ok_or_else(Error::not_found)?;
        tx.execute(&END_CONNECTIONS_OF_APP, params).await?;
        let event = AuditEvent::in_tenant(tenant, caller.actor, Act::AppDeleted, now).target(id).from(visit);
        emit(&mut tx, &event.data(json!({ "name": row.get::<_, String>("name") }))).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    fn new_secret(&self, tenant: TenantId) -> String {
        Held::Secret.compose(tenant, &self.0.identity.random().token())
    }
}

fn hint(secret: &str) -> &str {
    secret.get(secret.len().saturating_sub(4)..).unwrap_or_default()
}
