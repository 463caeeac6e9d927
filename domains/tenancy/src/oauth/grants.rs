//! The authorization endpoint: what a request asks for, and the code that a person's yes gives.

use super::apps::AppRow;
use super::apps::stored;
use super::model::{AppText, Held, asked_scopes, is_challenge, registered, with_query};
use super::store::{END_OLDEST, INSERT_CODE, INSERT_CONNECTION, SWEEP};
use crate::Tenancy;
use crate::tokens::person;
use identity::Visit;
use identity::audit::{Act, AuditEvent, emit};
use jiff::{SignedDuration, Timestamp};
use kernel_core::secret::sha256;
use kernel_core::{Caller, Code, ConnectionId, Error, Result, Scopes};
use kernel_db::Database;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long a code works.
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How long a refresh token works without being used.
pub(crate) const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(24 * 60);
/// How long a person's yes works, whatever is done with it.
const CONNECTION_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);
/// An app's own connection ends with the app.
pub(crate) const APP_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365 * 100);
/// What was never used is forgotten after this.
const FORGET: SignedDuration = SignedDuration::from_hours(24);
/// Connections of a person with one app; the oldest ends for one more.
const MOST: i64 = 10;

/// The parameters of a request (RFC 6749 4.1.1, RFC 7636 4.3), as they came.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Asked {
    /// Which app.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// `code`.
    pub response_type: String,
    /// Scopes, separated by spaces; empty: all of the app.
    pub scope: String,
    /// Handed back as it is.
    pub state: String,
    /// PKCE.
    pub code_challenge: String,
    /// `S256`.
    pub code_challenge_method: String,
}

/// What a person is asked.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The app.
    pub app: AppRow,
    /// What it asks for.
    pub scopes: Scopes,
}

/// What becomes of a request.
pub(crate) enum Outcome {
    /// The person is asked.
    Ask(Consent),
    /// The app hears why not, at its own address.
    Refuse(&'static str, &'static str),
}

impl Asked {
    /// The client id, if it may be one.
    pub(crate) fn app(&self) -> Option<AppText> {
        AppText::parse(&self.client_id)
    }

    /// Where an answer sends the person: `state` and the issuer (RFC 9207) go with it.
    pub(crate) fn answer(&self, issuer: &str, pairs: &[(&str, &str)]) -> String {
        let mut all = pairs.to_vec();
        if !self.state.is_empty() {
            all.push(("state", &self.state));
        }
        all.push(("iss", issuer));
        with_query(&self.redirect_uri, &all)
    }
}

impl Tenancy {
    /// Looks at a request. Until app and address are known to belong together, the person is told what is wrong and is sent
    /// nowhere (RFC 6749 4.1.2.1).
    ///
    /// # Errors
    /// `bad_request` for the person.
    pub(crate) async fn asked(&self, caller: &Caller, asked: &Asked) -> Result<Outcome> {
        let wrong = |detail: &'static str| Error::new(Code::BadRequest).detail(detail);
        let text = asked.app().filter(|text| text.tenant == caller.tenant);
        let app = match text {
            Some(text) => self.app_of(text).await?,
            None => None,
        };
        let app = app.ok_or_else(|| {
            wrong("There is no such app any more. Its makers have to look at its client id.")
        })?;
        if !registered(&app.redirects, &asked.redirect_uri) {
            return Err(wrong(
                "The app wants to send you to an address that is not registered for it. We stopped here.",
            ));
        }
        if asked.response_type != "code" {
            return Ok(Outcome::Refuse("unsupported_response_type", "response_type has to be code."));
        }
        if asked.code_challenge_method != "S256" || !is_challenge(&asked.code_challenge) {
            let why = "PKCE is needed: code_challenge, and code_challenge_method=S256.";
            return Ok(Outcome::Refuse("invalid_request", why));
        }
        if asked.state.len() > 1000 {
            return Ok(Outcome::Refuse("invalid_request", "state is longer than 1,000 characters."));
        }
        match asked_scopes(&asked.scope, app.scopes) {
            Some(scopes) => Ok(Outcome::Ask(Consent { app, scopes })),
            None => Ok(Outcome::Refuse(
                "invalid_scope",
                "A scope is not registered for this app, or read is missing.",
            )),
        }
    }

    /// The person agrees: a code that works once within a minute. `bases`: `None` for all.
    ///
    /// # Errors
    /// A field error at `bases`; `forbidden` for a program.
    pub(crate) async fn agree(
        &self,
        caller: &Caller,
        (asked, consent): (&Asked, &Consent),
        bases: Option<&[u64]>,
        visit: &Visit,
    ) -> Result<String> {
        let user = person(caller)?;
        if bases.is_some_and(|bases| bases.is_empty() || bases.len() > 100) {
            return Err(Error::field("bases", Code::InvalidValue, "has no base ticked, or more than 100"));
        }
        let (tenant, now, app) = (caller.tenant, self.now(), consent.app.id);
        let (id, code) = (ConnectionId::new(), Held::Code.compose(tenant, &self.0.identity.random().token()));
        let until = |life| now.checked_add(life).unwrap_or(Timestamp::MAX);
        let scopes: Vec<&str> = consent.scopes.names().collect();
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let before = now.checked_sub(FORGET).unwrap_or(Timestamp::MIN);
        tx.execute(&SWEEP, &[&tenant.uuid(), &before]).await?;
        let (nothing, stored) = (None::<Timestamp>, stored(bases));
        tx.execute(
            &INSERT_CONNECTION,
            &[
                &tenant.uuid(),
                &id.uuid(),
                &app.uuid(),
                &Some(user.uuid()),
                &scopes,
                &stored,
                &now,
                &nothing,
                &until(CONNECTION_LIFE),
            ],
        )
        .await?;
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &app.uuid(), &user.uuid(), &now, &MOST];
        tx.execute(&END_OLDEST, params).await?;
        let hash = sha256(code.as_bytes());
        let params: kernel_db::Params<'_> = &[
            &tenant.uuid(),
            &hash.as_slice(),
            &id.uuid(),
            &asked.redirect_uri,
            &asked.code_challenge,
            &until(CODE_LIFE),
        ];
        tx.execute(&INSERT_CODE, params).await?;
        let data =
            json!({ "name": consent.app.name, "scopes": scopes, "bases": stored.as_ref().map(Vec::len) });
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::AppConnected, now).target(id).from(visit);
        emit(&mut tx, &event.data(data)).await?;
        self.commit_access(tx, tenant).await?;
        Ok(code)
    }
}
