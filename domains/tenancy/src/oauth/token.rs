//! What programs do at the token endpoint: exchange a code, refresh, work for themselves; revoke and introspect.

use super::access_token::{LIFE_SECONDS, common, scope_text};
use super::apps::AppRow;
use super::grants::REFRESH_LIFE;
use super::mails::ReusedMail;
use super::model::{AppText, Held, asked_scopes, registered, verifies};
use super::refused::Refused;
use super::store::{
    BEGIN_CONNECTION, CONNECTION, CONNECTION_NAMES, END_CONNECTION, INSERT_REFRESH, REFRESH, TAKE_CODE,
    TAKE_REFRESH, USE_CODE, USE_REFRESH,
};
use crate::Tenancy;
use crate::model::TenantState;
use identity::Visit;
use identity::audit::{Act, AuditEvent, emit};
use jiff::{SignedDuration, Timestamp};
use kernel_core::secret::equal;
use kernel_core::{Actor, ConnectionId, OauthAppId, Result, Scopes, TenantId, UserId};
use kernel_db::{Database, Row, Tx};
use serde_json::{Value, json};

/// How long a used refresh token is remembered, so that its reuse is noticed: an app that refreshes every few minutes for a
/// year would leave tens of thousands of rows.
const REMEMBER_USED: SignedDuration = SignedDuration::from_hours(24 * 7);

/// An app that proved who it is, or a public one that said so.
pub(crate) struct Client {
    pub text: AppText,
    pub app: AppRow,
}

/// A connection within a transaction.
struct Granted {
    app: OauthAppId,
    user: Option<UserId>,
    scopes: Scopes,
    expires_at: Timestamp,
}

impl Tenancy {
    /// The app of a client id, with the secret that it has to have.
    pub(crate) async fn client(&self, id: &str, secret: Option<&str>) -> Result<Client, Refused> {
        let text = AppText::parse(id).ok_or(Refused::Client)?;
        let app = self.app_of(text).await?.ok_or(Refused::Client)?;
        let proven = match (app.secret_hash(), secret) {
            (Some(hash), Some(secret)) => Held::Secret
                .parse(secret)
                .is_some_and(|(tenant, given)| tenant == text.tenant && equal(hash, &given)),
            (None, None) => !app.confidential,
            _ => false,
        };
        if !proven {
            return Err(Refused::Client);
        }
        let tenant = self.tenant(text.tenant).await.map_err(|_| Refused::Client)?;
        match tenant.state {
            TenantState::Active => Ok(Client { text, app }),
            TenantState::Suspended => {
                Err(Refused::Protocol("unauthorized_client", "The organisation of this app is suspended."))
            }
        }
    }

    /// A code for tokens (RFC 6749 4.1.3, RFC 7636 4.6).
    pub(crate) async fn exchange_code(
        &self,
        client: &Client,
        (code, redirect, verifier): (&str, &str, &str),
        visit: &Visit,
    ) -> Result<Value, Refused> {
        const WRONG: Refused = Refused::grant("The code is unknown, used or too old.");
        let tenant = client.text.tenant;
        let Some((_, hash)) = Held::Code.parse(code).filter(|(of, _)| *of == tenant) else {
            return Err(WRONG);
        };
        let now = self.now();
        // Below, the member and the keys are looked up while the code is held.
        let _turn = self.turn().await?;
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let row = tx.query_opt(&TAKE_CODE, &[&tenant.uuid(), &hash.as_slice()]).await?.ok_or(WRONG)?;
        let id = ConnectionId::from_uuid(row.get("connection_id"));
        let held =
            self.held(&mut tx, tenant, id).await?.filter(|held| held.app == client.text.app).ok_or(WRONG)?;
        if row.get::<_, Option<Timestamp>>("used_at").is_some() {
            // The code alone, out of a history or a log, is no proof that the app or its program was copied: without a
            // secret or the verifier nobody ends what a person agreed to.
            if client.app.confidential || verifies(verifier, row.get("challenge")) {
                self.end_reused(tx, (tenant, id), (&held, &client.app.name), visit).await?;
            }
            return Err(WRONG);
        }
        if row.get::<_, Timestamp>("expires_at") <= now {
            return Err(WRONG);
        }
        // The very address of the request, not just any of the app's (RFC 6749 4.1.3).
        let same = row.get::<_, &str>("redirect") == redirect && registered(&client.app.redirects, redirect);
        if !same {
            return Err(Refused::grant("redirect_uri is not the one that the code was sent to."));
        }
        if !verifies(verifier, row.get("challenge")) {
            return Err(Refused::grant("code_verifier does not fit the challenge."));
        }
        let subject = self.subject(tenant, &held).await?;
        tx.execute(&USE_CODE, &[&tenant.uuid(), &hash.as_slice(), &now]).await?;
        tx.execute(&BEGIN_CONNECTION, &[&tenant.uuid(), &id.uuid(), &now]).await?;
        let refresh = self.next_refresh(&mut tx, tenant, id, held.expires_at).await?;
        let scopes = common(held.scopes, client.app.scopes);
        let access = self.mint_access(client.text, id, subject, scopes).await?;
        tx.commit().await?;
        Ok(answer(&access, Some(&refresh), scopes))
    }

    /// A refresh token for the next one (RFC 6749 6). One that was used already is in somebody else's hands: the
    /// connection ends, and the person is told (RFC 9700 4.14.2).
    pub(crate) async fn refresh(
        &self,
        client: &Client,
        (token, scope): (&str, &str),
        visit: &Visit,
    ) -> Result<Value, Refused> {
        const WRONG: Refused = Refused::grant("The refresh token is unknown, used or too old.");
        let tenant = client.text.tenant;
        let parsed = Held::Refresh.parse(token).filter(|(of, _)| *of == tenant);
        let Some((_, hash)) = parsed else { return Err(WRONG) };
        let now = self.now();
        // Below, the member and the keys are looked up while the token is held.
        let _turn = self.turn().await?;
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let row = tx.query_opt(&TAKE_REFRESH, &[&tenant.uuid(), &hash.as_slice()]).await?.ok_or(WRONG)?;
        let id = ConnectionId::from_uuid(row.get("connection_id"));
        let held =
            self.held(&mut tx, tenant, id).await?.filter(|held| held.app == client.text.app).ok_or(WRONG)?;
        if row.get::<_, Option<Timestamp>>("used_at").is_some() {
            self.end_reused(tx, (tenant, id), (&held, &client.app.name), visit).await?;
            return Err(WRONG);
        }
        if row.get::<_, Timestamp>("expires_at") <= now || held.expires_at <= now {
            return Err(WRONG);
        }
        let had = common(held.scopes, client.app.scopes);
        let scopes = asked_scopes(scope, had)
            .ok_or(Refused::Protocol("invalid_scope", "A scope is not among those that were granted."))?;
        let subject = self.subject(tenant, &held).await?;
        let before = now.checked_sub(REMEMBER_USED).unwrap_or(Timestamp::MIN);
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &hash.as_slice(), &now, &id.uuid(), &before];
        tx.execute(&USE_REFRESH, params).await?;
        let refresh = self.next_refresh(&mut tx, tenant, id, held.expires_at).await?;
        let access = self.mint_access(client.text, id, subject, scopes).await?;
        tx.commit().await?;
        Ok(answer(&access, Some(&refresh), scopes))
    }

    /// The app itself (RFC 6749 4.4).
    pub(crate) async fn client_credentials(&self, client: &Client, scope: &str) -> Result<Value, Refused> {
        let own = client.app.own_connection.ok_or(Refused::Protocol(
            "unauthorized_client",
            "This app does not work for itself; the organisation's admins can allow it.",
        ))?;
        let scopes = asked_scopes(scope, client.app.scopes)
            .ok_or(Refused::Protocol("invalid_scope", "A scope is not among those of the app."))?;
        let access = self.mint_access(client.text, own, None, scopes).await?;
        Ok(answer(&access, None, scopes))
    }

    /// Ends what a token belongs to (RFC 7009): the whole connection, whichever of its tokens it is. A token that is not
    /// the app's, or none, is no news to anybody.
    pub(crate) async fn revoke(&self, client: &Client, token: &str, visit: &Visit) -> Result<(), Refused> {
        let Some(id) = self.connection_of(client, token).await? else { return Ok(()) };
        let (tenant, now) = (client.text.tenant, self.now());
        if Some(id) == client.app.own_connection {
            // There is nobody who could agree anew; admins end it in the settings.
            return Err(Refused::Protocol(
                "unsupported_token_type",
                "Tokens of the app itself end by themselves.",
            ));
        }
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &id.uuid(), &now, &"revoked"];
        if tx.execute(&END_CONNECTION, params).await? > 0 {
            let event = AuditEvent::in_tenant(tenant, Actor::Connection(id), Act::AppDisconnected, now);
            let event = event.target(id).from(visit).data(json!({ "name": client.app.name }));
            emit(&mut tx, &event).await?;
            self.commit_access(tx, tenant).await?;
        }
        Ok(())
    }

    /// What a token is (RFC 7662), for the app that it was given to.
    pub(crate) async fn introspect(&self, client: &Client, token: &str) -> Result<Value, Refused> {
        let inactive = || json!({ "active": false });
        let tenant = client.text.tenant;
        let now = self.now();
        let Some(id) = self.connection_of(client, token).await? else { return Ok(inactive()) };
        let Some(connection) = self.app_connection(tenant, id).await? else { return Ok(inactive()) };
        if self.connected(tenant, id, &connection).await?.is_none() {
            return Ok(inactive());
        }
        let mut known = json!({
            "active": true,
            "client_id": client.text.compose(),
            "iss": self.issuer(),
            "sub": connection.user.map_or_else(|| client.text.compose(), |user| user.to_string()),
            "scope": scope_text(connection.scopes),
        });
        match self.read_access(token, now).await? {
            Some(claims) => {
                // What it may do at this moment, not what it might when it was issued.
                known["scope"] = scope_text(common(connection.scopes, claims.scopes())).into();
                known["token_type"] = "Bearer".into();
                known["aud"] = claims.aud.into();
                known["iat"] = claims.iat.into();
                known["exp"] = claims.exp.into();
                known["jti"] = claims.jti.into();
            }
            None => known["token_type"] = "refresh_token".into(),
        }
        Ok(known)
    }

    /// The connection of one of the app's tokens that still works.
    async fn connection_of(&self, client: &Client, token: &str) -> Result<Option<ConnectionId>, Refused> {
        let (tenant, now) = (client.text.tenant, self.now());
        let id = match Held::Refresh.parse(token) {
            Some((of, hash)) if of == tenant => {
                let row = self.0.db.read_opt(tenant, &REFRESH, &[&tenant.uuid(), &hash.as_slice()]).await?;
                row.filter(|row| {
                    row.get::<_, Option<Timestamp>>("used_at").is_none()
                        && row.get::<_, Timestamp>("expires_at") > now
                })
                .map(|row| ConnectionId::from_uuid(row.get("connection_id")))
            }
            Some(_) => None,
            None => {
                let claims = self.read_access(token, now).await?;
                claims.filter(|claims| claims.ten == tenant).map(|claims| claims.con)
            }
        };
        let Some(id) = id else { return Ok(None) };
        let connection = self.app_connection(tenant, id).await?;
        Ok(connection.filter(|connection| connection.app == client.text.app).map(|_| id))
    }

    async fn held(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        id: ConnectionId,
    ) -> Result<Option<Granted>, Refused> {
        let row = tx.query_opt(&CONNECTION, &[&tenant.uuid(), &id.uuid()]).await?;
        Ok(row.map(|row| {
            let scopes: Vec<String> = row.get("scopes");
            Granted {
                app: OauthAppId::from_uuid(row.get("app_id")),
                user: row.get::<_, Option<_>>("user_id").map(UserId::from_uuid),
                scopes: Scopes::from_names(scopes.iter().map(String::as_str)),
                expires_at: row.get("expires_at"),
            }
        }))
    }

    /// The person, who has to be a member still.
    async fn subject(&self, tenant: TenantId, held: &Granted) -> Result<Option<String>, Refused> {
        let Some(user) = held.user else { return Ok(None) };
        match self.member(tenant, user).await? {
            Some(_) => Ok(Some(user.to_string())),
            None => Err(Refused::grant("The person is no member of the organisation any more.")),
        }
    }

    async fn next_refresh(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        id: ConnectionId,
        ends: Timestamp,
    ) -> Result<String, Refused> {
        let text = Held::Refresh.compose(tenant, &self.0.identity.random().token());
        let hash = kernel_core::secret::sha256(text.as_bytes());
        let until = self.now().checked_add(REFRESH_LIFE).unwrap_or(ends).min(ends);
        tx.execute(&INSERT_REFRESH, &[&tenant.uuid(), &hash.as_slice(), &id.uuid(), &until]).await?;
        Ok(text)
    }

    /// A code or refresh token came twice: everything that it gave ends, and the person hears of it. The caller has a
    /// [`Tenancy::turn`]: people are looked up within the transaction.
    async fn end_reused(
        &self,
        mut tx: Tx,
        (tenant, id): (TenantId, ConnectionId),
        (held, app): (&Granted, &str),
        visit: &Visit,
    ) -> Result<(), Refused> {
        let now = self.now();
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &id.uuid(), &now, &"reused"];
        tx.execute(&END_CONNECTION, params).await?;
        let event =
            AuditEvent::in_tenant(tenant, Actor::System, Act::AppTokenReused, now).target(id).from(visit);
        emit(&mut tx, &event.data(json!({ "name": app }))).await?;
        let people: Vec<UserId> = held.user.into_iter().collect();
        let organisation = self.tenant(tenant).await?.name.clone();
        for person in self.0.identity.users(&people).await? {
            let mail = ReusedMail {
                app: app.to_owned(),
                tenant: organisation.clone(),
                link: format!("{}/account/apps", self.0.identity.web().origins().app),
            };
            self.0.identity.send(&mut tx, &person.email, &mail).await?;
        }
        self.commit_access(tx, tenant).await?;
        Ok(())
    }

    /// What connections are called: their app, and the person for whom it acts.
    pub(crate) async fn connection_names(
        &self,
        tenant: TenantId,
        ids: &[ConnectionId],
    ) -> Result<Vec<(ConnectionId, String)>> {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows = self.0.db.read(tenant, &CONNECTION_NAMES, &[&tenant.uuid(), &ids]).await?;
        let person = |row: &Row| row.get::<_, Option<_>>("user_id").map(UserId::from_uuid);
        let people: Vec<UserId> = rows.iter().filter_map(person).collect();
        let people = self.0.identity.users(&people).await?;
        let name = |row: &Row| {
            let app: String = row.get("name");
            let person = person(row).and_then(|id| people.iter().find(|user| user.id == id));
            let name = person.map_or_else(|| app.clone(), |person| format!("{app} for {}", person.name));
            (ConnectionId::from_uuid(row.get("id")), name)
        };
        Ok(rows.iter().map(name).collect())
    }
}

fn answer(access: &str, refresh: Option<&str>, scopes: Scopes) -> Value {
    let mut answer = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": LIFE_SECONDS,
        "scope": scope_text(scopes),
    });
    if let Some(refresh) = refresh {
        answer["refresh_token"] = refresh.into();
    }
    answer
}
