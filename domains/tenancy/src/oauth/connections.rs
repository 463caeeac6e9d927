//! What apps may do: as known in memory when a token is used, listed for people and admins, ended.

use super::access_token::common;
use super::apps::numbers;
use super::store::{CONNECTION, CONNECTION_OF_PERSON, CONNECTIONS, END_CONNECTION, TOUCH_CONNECTION};
use crate::Tenancy;
use crate::access::cache::{Answer, ConnectionAccess, Question};
use crate::tokens::person;
use identity::Visit;
use identity::audit::{Act, AuditEvent, emit};
use jiff::{SignedDuration, Timestamp};
use kernel_core::{
    Actor, Caller, Capability, ConnectionId, Error, OauthAppId, Result, Scopes, TenantId, UserId,
};
use kernel_db::{Database, Row};
use serde_json::json;
use uuid::Uuid;

/// The last use is written at most so often.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// An app that a person lets act.
#[derive(Clone, Debug)]
pub struct ConnectionRow {
    /// The id.
    pub id: ConnectionId,
    /// The app.
    pub app: OauthAppId,
    /// Its name.
    pub name: String,
    /// For whom.
    pub user: UserId,
    /// What it may do.
    pub scopes: Scopes,
    /// Base numbers, if limited.
    pub bases: Option<Vec<u64>>,
    /// Since when.
    pub created_at: Timestamp,
    /// The last use, to the minute.
    pub last_used_at: Option<Timestamp>,
}

fn scopes(row: &Row, name: &str) -> Scopes {
    let names: Vec<String> = row.get(name);
    Scopes::from_names(names.iter().map(String::as_str))
}

fn connection_row(row: &Row) -> ConnectionRow {
    ConnectionRow {
        id: ConnectionId::from_uuid(row.get("id")),
        app: OauthAppId::from_uuid(row.get("app_id")),
        name: row.get("name"),
        user: UserId::from_uuid(row.get("user_id")),
        scopes: scopes(row, "scopes"),
        bases: numbers(row.get("bases")),
        created_at: row.get("created_at"),
        last_used_at: row.get("last_used_at"),
    }
}

impl Tenancy {
    /// A connection that works, as known in memory.
    pub(crate) async fn app_connection(
        &self,
        tenant: TenantId,
        id: ConnectionId,
    ) -> Result<Option<ConnectionAccess>> {
        let question = Question::Connection(tenant, id);
        let found = match self.0.cache.get(&question) {
            Ok(Answer::Connection(found)) => found,
            kept => {
                let found = self.read_connection(tenant, id).await?;
                if let Err(generation) = kept {
                    self.0.cache.keep(generation, question, Answer::Connection(found.clone()));
                }
                found
            }
        };
        let now = self.now();
        Ok(found.filter(|connection| now < connection.expires_at))
    }

    async fn read_connection(&self, tenant: TenantId, id: ConnectionId) -> Result<Option<ConnectionAccess>> {
        let row = self.0.db.read_opt(tenant, &CONNECTION, &[&tenant.uuid(), &id.uuid()]).await?;
        let Some(row) = row.filter(|row| row.get::<_, Option<Timestamp>>("begun_at").is_some()) else {
            return Ok(None);
        };
        let (now, used) = (self.now(), row.get::<_, Option<Timestamp>>("last_used_at"));
        if used.is_none_or(|used| now.duration_since(used) >= TOUCH_EVERY) {
            self.0.db.write(tenant, &TOUCH_CONNECTION, &[&tenant.uuid(), &id.uuid(), &now]).await?;
        }
        Ok(Some(ConnectionAccess {
            app: OauthAppId::from_uuid(row.get("app_id")),
            user: row.get::<_, Option<Uuid>>("user_id").map(UserId::from_uuid),
            scopes: common(scopes(&row, "scopes"), scopes(&row, "app_scopes")),
            bases: numbers(row.get("bases")).map(Into::into),
            expires_at: row.get("expires_at"),
        }))
    }

    async fn connections_where(
        &self,
        tenant: TenantId,
        app: Option<OauthAppId>,
        user: Option<UserId>,
    ) -> Result<Vec<ConnectionRow>> {
        let (app, user) = (app.map(OauthAppId::uuid), user.map(UserId::uuid));
        let rows = self.0.db.read(tenant, &CONNECTIONS, &[&tenant.uuid(), &app, &user, &self.now()]).await?;
        Ok(rows.iter().map(connection_row).collect())
    }

    /// One connection of a person: the lists are not without an end, and what is not on one must be endable too.
    async fn connection_where(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        fits: impl Fn(&ConnectionRow) -> bool,
    ) -> Result<ConnectionRow> {
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &id.uuid(), &self.now()];
        let row = self.0.db.read_opt(tenant, &CONNECTION_OF_PERSON, params).await?;
        row.as_ref().map(connection_row).filter(fits).ok_or_else(Error::not_found)
    }

    /// Whom an app acts for, for those who run the organisation.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn connections_of_app(&self, caller: &Caller, app: OauthAppId) -> Result<Vec<ConnectionRow>> {
        caller.require(Capability::ManageTenant)?;
        self.connections_where(caller.tenant, Some(app), None).await
    }

    /// The apps that a person lets act in an organisation.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn connections_of(&self, tenant: TenantId, user: UserId) -> Result<Vec<ConnectionRow>> {
        self.connections_where(tenant, None, Some(user)).await
    }

    /// Ends a connection: one's own.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn disconnect(
        &self,
        tenant: TenantId,
        user: UserId,
        id: ConnectionId,
        visit: &Visit,
    ) -> Result<()> {
        let own = self.connection_where(tenant, id, |row| row.user == user).await?;
        self.end(tenant, Actor::User(user), &own, visit).await
    }

    /// Ends a connection of an app, whosever it is.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn disconnect_from(
        &self,
        caller: &Caller,
        app: OauthAppId,
        id: ConnectionId,
        visit: &Visit,
    ) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let found = self.connection_where(caller.tenant, id, |row| row.app == app).await?;
        self.end(caller.tenant, Actor::User(person(caller)?), &found, visit).await
    }

    async fn end(&self, tenant: TenantId, by: Actor, row: &ConnectionRow, visit: &Visit) -> Result<()> {
        let now = self.now();
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &row.id.uuid(), &now, &"disconnected"];
        if tx.execute(&END_CONNECTION, params).await? == 0 {
            return Err(Error::not_found());
        }
        let event = AuditEvent::in_tenant(tenant, by, Act::AppDisconnected, now).target(row.id).from(visit);
        emit(&mut tx, &event.data(json!({ "name": row.name, "of": row.user }))).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}
