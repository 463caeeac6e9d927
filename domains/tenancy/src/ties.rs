//! What organisations know of a person, for the person's account: which ones, what goes into a copy of the data, and leaving
//! them when the account ends (spec A12). Holds no [`crate::Tenancy`]: identity holds this.

use crate::ACCESS_CHANGED;
use crate::access::cache::AccessCache;
use crate::oauth::store::{CONNECTIONS, END_CONNECTIONS_OF_USER};
use identity::audit::{Act, AuditEvent, emit};
use identity::leaving::{Later, Tie, Ties};
use jiff::Timestamp;
use kernel_core::{Actor, Clock, Result, TenantId, UserId};
use kernel_db::{Database, Db, statements};
use serde_json::{Value, json};
use uuid::Uuid;

statements! {
    /// A person's organisations and roles.
    global Control TIES_OF_USER = "select t.id, t.name, t.slug, u.role
        from control.user_tenants u join control.tenants t on t.id = u.organisation where u.user_id = $1 order by lower(t.name), t.id";
    /// Whether somebody else owns it.
    tenant Control OTHER_OWNERS = "select count(*) as others from control.members where tenant_id = $1 and role = 'owner' and user_id <> $2";
    /// Since when a person is a member.
    tenant Control JOINED_AT = "select joined_at from control.members where tenant_id = $1 and user_id = $2";
    /// What is known of the API tokens that a person made, without their secrets.
    tenant Control TOKENS_MADE_BY = "select id, label, hint, scopes, created_at, expires_at, last_used_at, revoked_at
        from control.api_tokens where tenant_id = $1 and created_by = $2 order by created_at, id";
    /// Ends a membership; the tokens of the person end with it, and what a directory said of the person.
    tenant Control LEAVE = "with gone as (delete from control.members where tenant_id = $1 and user_id = $2 returning tenant_id, user_id),
            known as (delete from control.scim_users where tenant_id = $1 and user_id = $2),
            tokens as (update control.api_tokens set revoked_at = $3 where tenant_id = $1 and created_by = $2 and revoked_at is null)
        delete from control.user_tenants u using gone g where u.user_id = g.user_id and u.organisation = g.tenant_id";
}

/// See the file's comment.
pub(crate) struct AccountTies {
    pub db: Db,
    pub cache: AccessCache,
    pub clock: Clock,
}

struct Place {
    tenant: TenantId,
    name: String,
    slug: String,
    role: String,
}

impl AccountTies {
    async fn places(&self, user: UserId) -> Result<Vec<Place>> {
        let rows = self.db.global(&TIES_OF_USER, &[&user.uuid()]).await?;
        Ok(rows
            .iter()
            .map(|row| Place {
                tenant: TenantId::from_uuid(row.get("id")),
                name: row.get("name"),
                slug: row.get("slug"),
                role: row.get("role"),
            })
            .collect())
    }

    async fn ties(&self, user: UserId) -> Result<Vec<Tie>> {
        let mut ties = Vec::new();
        for place in self.places(user).await? {
            let sole_owner = place.role == "owner" && {
                let ids: [Uuid; 2] = [place.tenant.uuid(), user.uuid()];
                let row = self.db.read_opt(place.tenant, &OTHER_OWNERS, &[&ids[0], &ids[1]]).await?;
                row.is_none_or(|row| row.get::<_, i64>("others") == 0)
            };
            ties.push(Tie { name: place.name, slug: place.slug, sole_owner });
        }
        Ok(ties)
    }

    async fn part(&self, user: UserId) -> Result<Value> {
        let mut all = Vec::new();
        for place in self.places(user).await? {
            let (tenant, ids) = (place.tenant, [place.tenant.uuid(), user.uuid()]);
            let joined = self.db.read_opt(tenant, &JOINED_AT, &[&ids[0], &ids[1]]).await?;
            let apps: kernel_db::Params<'_> = &[&ids[0], &None::<Uuid>, &Some(ids[1]), &self.clock.now()];
            let apps = self.db.read(tenant, &CONNECTIONS, apps).await?;
            let tokens = self.db.read(tenant, &TOKENS_MADE_BY, &[&ids[0], &ids[1]]).await?;
            all.push(json!({
                "id": tenant.to_string(),
                "name": place.name,
                "address": place.slug,
                "role": place.role,
                "since": joined.map(|row| row.get::<_, Timestamp>("joined_at")),
                "connected_apps": apps.iter().map(|app| json!({
                    "name": app.get::<_, String>("name"),
                    "scopes": app.get::<_, Vec<String>>("scopes"),
                    "since": app.get::<_, Timestamp>("created_at"),
                    "last_used": app.get::<_, Option<Timestamp>>("last_used_at"),
                })).collect::<Vec<_>>(),
                "api_tokens": tokens.iter().map(|token| json!({
                    "label": token.get::<_, String>("label"),
                    "ends_with": token.get::<_, String>("hint"),
                    "scopes": token.get::<_, Vec<String>>("scopes"),
                    "since": token.get::<_, Timestamp>("created_at"),
                    "expires": token.get::<_, Option<Timestamp>>("expires_at"),
                    "last_used": token.get::<_, Option<Timestamp>>("last_used_at"),
                    "revoked": token.get::<_, Option<Timestamp>>("revoked_at"),
                })).collect::<Vec<_>>(),
            }));
        }
        Ok(Value::Array(all))
    }

    async fn leave_all(&self, user: UserId) -> Result<()> {
        for place in self.places(user).await? {
            let (tenant, now) = (place.tenant, self.clock.now());
            let mut tx = self.db.begin(Database::Control, tenant).await?;
            tx.execute(&END_CONNECTIONS_OF_USER, &[&tenant.uuid(), &user.uuid(), &now]).await?;
            tx.execute(&LEAVE, &[&tenant.uuid(), &user.uuid(), &now]).await?;
            let event = AuditEvent::in_tenant(tenant, Actor::User(user), Act::MemberAccountClosed, now);
            emit(&mut tx, &event.target(user)).await?;
            tx.notify(ACCESS_CHANGED, &tenant.uuid().to_string()).await?;
            tx.commit().await?;
            self.cache.forget(tenant);
        }
        Ok(())
    }
}

impl Ties for AccountTies {
    fn of(&self, user: UserId) -> Later<'_, Vec<Tie>> {
        Box::pin(self.ties(user))
    }

    fn export(&self, user: UserId) -> Later<'_, Vec<(&'static str, Value)>> {
        Box::pin(async move { Ok(vec![("organisations", self.part(user).await?)]) })
    }

    fn leave(&self, user: UserId) -> Later<'_, ()> {
        Box::pin(self.leave_all(user))
    }
}
