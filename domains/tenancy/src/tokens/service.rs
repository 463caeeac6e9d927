//! Making, listing and revoking API tokens. A token acts with the role that its maker has when it is used, at most; it
//! ends with the maker's membership.

use super::model::{CreatedToken, MOST, NewToken, TokenRow, TokenText, check};
use super::store::USAGE_SINCE;
use super::store::{COUNT_TOKENS, INSERT_TOKEN, REVOKE_TOKEN, TOKEN_MAKER, TOKENS};
use crate::Tenancy;
use identity::audit::{Act, AuditEvent, emit};
use identity::model::Visit;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel_core::secret::sha256;
use kernel_core::{Actor, ApiTokenId, Caller, Capability, Code, Error, Result, Scopes, Secret, UserId};
use kernel_db::Database;
use std::collections::HashMap;
use uuid::Uuid;

/// Days whose calls are shown.
const DAYS: usize = 30;

/// The person behind a caller: what concerns accounts is never done by a token.
pub(crate) fn person(caller: &Caller) -> Result<UserId> {
    match caller.actor {
        Actor::User(user) => Ok(user),
        _ => Err(Error::new(Code::Forbidden).detail("Only a signed-in person can do this.")),
    }
}

impl Tenancy {
    /// The organisation's working and expired tokens, newest first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<TokenRow>> {
        self.token_rows(caller, false).await
    }

    /// The organisation's revoked tokens, latest first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn revoked_tokens(&self, caller: &Caller) -> Result<Vec<TokenRow>> {
        self.token_rows(caller, true).await
    }

    async fn token_rows(&self, caller: &Caller, revoked: bool) -> Result<Vec<TokenRow>> {
        caller.require(Capability::ManageOwnTokens)?;
        let rows = self.0.db.read(caller.tenant, &TOKENS, &[&caller.tenant.uuid(), &revoked]).await?;
        let makers: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.get("created_by"))).collect();
        let people = self.0.identity.users(&makers).await?;
        let mut calls = self.calls_by_day(caller).await?;
        Ok(rows
            .iter()
            .zip(makers)
            .map(|(row, made_by)| {
                let scopes: Vec<String> = row.get("scopes");
                TokenRow {
                    id: ApiTokenId::from_uuid(row.get("id")),
                    label: row.get("label"),
                    hint: row.get("hint"),
                    scopes: Scopes::from_names(scopes.iter().map(String::as_str)),
                    bases: row
                        .get::<_, Option<Vec<i64>>>("bases")
                        .map(|numbers| numbers.into_iter().map(i64::cast_unsigned).collect()),
                    made_by,
                    maker: people
                        .iter()
                        .find(|user| user.id == made_by)
                        .map_or_else(String::new, |user| user.name.clone()),
                    created_at: row.get("created_at"),
                    expires_at: row.get("expires_at"),
                    last_used_at: row.get("last_used_at"),
                    last_used_from: row.get("last_used_from"),
                    networks: row.get("networks"),
                    per_minute: row.get("per_minute"),
                    calls: calls.remove(&row.get("id")).unwrap_or_else(|| vec![0; DAYS]),
                    revoked_at: row.get("revoked_at"),
                }
            })
            .collect())
    }

    /// Calls of each token in each of the last [`DAYS`] days, today last.
    async fn calls_by_day(&self, caller: &Caller) -> Result<HashMap<Uuid, Vec<i64>>> {
        let today = self.now().to_zoned(TimeZone::UTC).date();
        let ago = |day: Date| usize::try_from(today.since(day).map_or(0, |span| span.get_days())).ok();
        let since = today.saturating_sub((DAYS as i64 - 1).days());
        let rows = self.0.db.read(caller.tenant, &USAGE_SINCE, &[&caller.tenant.uuid(), &since]).await?;
        let mut calls: HashMap<Uuid, Vec<i64>> = HashMap::new();
        for row in rows {
            let days = calls.entry(row.get("token_id")).or_insert_with(|| vec![0; DAYS]);
            let at = ago(row.get("day")).and_then(|ago| (DAYS - 1).checked_sub(ago));
            if let Some(day) = at.and_then(|at| days.get_mut(at)) {
                *day = row.get("calls");
            }
        }
        Ok(calls)
    }

    /// Makes a token. Its text is in the answer and nowhere else.
    ///
    /// # Errors
    /// `forbidden`; field errors at `label`, `scopes`, `bases`, `days`, `addresses`, `per_minute`; `limit_reached`.
    pub async fn create_token(&self, caller: &Caller, new: &NewToken, visit: &Visit) -> Result<CreatedToken> {
        caller.require(Capability::ManageOwnTokens)?;
        let maker = person(caller)?;
        let (label, networks) = check(new).map_err(Error::fields)?;
        let per_minute = new.per_minute.and_then(|calls| i32::try_from(calls).ok());
        let (tenant, now) = (caller.tenant, self.now());
        let text = TokenText::compose(tenant, &self.0.identity.random().token());
        let id = ApiTokenId::new();
        let scopes: Vec<&str> = new.scopes.names().collect();
        let bases: Option<Vec<i64>> =
            new.bases.as_ref().map(|numbers| numbers.iter().map(|number| number.cast_signed()).collect());
        let ends = new.days.map(|days| later(now, days));
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let count: i64 = tx.query_one(&COUNT_TOKENS, &[&tenant.uuid()]).await?.get("total");
        if count >= MOST {
            return Err(Error::new(Code::LimitReached)
                .detail(format!("{MOST} tokens at most. Revoke one that is not used.")));
        }
        tx.execute(
            &INSERT_TOKEN,
            &[
                &tenant.uuid(),
                &id.uuid(),
                &label,
                &sha256(text.as_bytes()).as_slice(),
                &TokenText::hint(&text),
                &scopes,
                &bases,
                &maker.uuid(),
                &now,
                &ends,
                &networks,
                &per_minute,
            ],
        )
        .await?;
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::TokenCreated, now).target(id).from(visit);
        emit(
            &mut tx,
            &event.data(serde_json::json!({ "label": label, "scopes": scopes, "bases": bases.as_ref().map(Vec::len), "expires_at": ends, "networks": networks, "per_minute": per_minute })),
        )
        .await?;
        self.commit_access(tx, tenant).await?;
        Ok(CreatedToken { id, text: Secret::new(text) })
    }

    /// Ends a token: one's own, or anybody's for those who manage members.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub async fn revoke_token(&self, caller: &Caller, id: ApiTokenId, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageOwnTokens)?;
        let user = person(caller)?;
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        let row =
            tx.query_opt(&TOKEN_MAKER, &[&tenant.uuid(), &id.uuid()]).await?.ok_or_else(Error::not_found)?;
        if UserId::from_uuid(row.get("created_by")) != user {
            caller.require(Capability::ManageMembers)?;
        }
        if tx.execute(&REVOKE_TOKEN, &[&tenant.uuid(), &id.uuid(), &now]).await? == 0 {
            return Err(Error::not_found());
        }
        let label: String = row.get("label");
        let event =
            AuditEvent::in_tenant(tenant, caller.actor, Act::TokenRevoked, now).target(id).from(visit);
        emit(&mut tx, &event.data(serde_json::json!({ "label": label }))).await?;
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}

fn later(now: Timestamp, days: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}
