//! Use cases of links: made, listed, changed, taken back; and opened by whoever has one.

use super::model::{Share, TokenText, check_end, check_password};
use super::{MOST, store};
use crate::actor::OpenBase;
use crate::service::Bases;
use crate::sight::Seen;
use crate::timed_id;
use engine_base::{ViewAccess, ViewId};
use identity::audit::{Act, AuditEvent, emit};
use identity::model::Visit;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Result};
use kernel_db::{Database, Params};
use kernel_web::Policy;
use std::sync::Arc;

/// A link to make, or what to make of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// `Some(None)`: without.
    pub(crate) password: Option<Option<String>>,
    /// `Some(None)`: for ever.
    pub(crate) expires_at: Option<Option<Timestamp>>,
    pub(crate) downloads: Option<bool>,
}

/// An open link: what it shows is asked as its maker.
pub(super) struct Shared {
    pub(super) share: Share,
    pub(super) caller: Caller,
    pub(super) open: Arc<OpenBase>,
}

/// What every link answers that does not work (any more).
fn ended() -> Error {
    Error::new(Code::LinkExpired)
}

impl Bases {
    /// The name of a view about which the caller has this say: `access` or `share`.
    async fn shared_view(&self, caller: &Caller, view: ViewId, word: &str) -> Result<String> {
        caller.require(Capability::EditViews)?;
        let open = self.open_table(caller, view.table, None).await?;
        let found = open.read(|base| {
            let seen = Seen::of(caller, base, view.table)?;
            let found = seen.view(view.view)?;
            Some((found.name.clone(), found.access, seen.may(found).contains(&word)))
        });
        let (name, access, may) = found.ok_or_else(Error::not_found)?;
        if may {
            return Ok(name);
        }
        let detail = match access {
            ViewAccess::Personal if word == "share" => "A personal view is for one. Make it shared first.",
            _ if word == "share" => {
                "A link is made by the view's owner or by who manages the table, and by somebody who sees and may export all of it."
            }
            _ => "This is for the view's owner, or for who manages the table.",
        };
        Err(Error::new(Code::Forbidden).detail(detail))
    }

    /// Makes a link. The second value is the text of its token, which is not kept.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `missing_scope`; `weak_password`, `too_long`, `invalid_value`; `limit_reached`,
    /// `rate_limited`.
    pub(crate) async fn add_share(
        &self,
        caller: &Caller,
        view: ViewId,
        settings: Settings,
        visit: &Visit,
    ) -> Result<(Share, String)> {
        let name = self.shared_view(caller, view, "share").await?;
        let now = self.0.clock.now();
        let share = Share {
            id: timed_id::new("shr", now, &self.0.random),
            view,
            password: None,
            downloads: false,
            created_by: caller.actor.to_string(),
            created_at: Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
            expires_at: None,
        };
        let password = self.hashed(caller, &settings).await?;
        let share = with_settings(share, &settings, password, now)?;
        let token = TokenText::compose(caller.tenant, &self.0.random.token());
        let hash =
            TokenText::parse(&token).ok_or_else(|| Error::internal("a token that can't be read"))?.hash;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let tenant = caller.tenant.uuid();
        let (table, number) = sql(view);
        let count: i64 = tx.query_one(&store::SHARE_COUNT, &[&tenant, &table, &number]).await?.get(0);
        if count >= MOST {
            let detail = format!("A view has at most {MOST} links. Take one back first.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        let params: Params<'_> = &[
            &tenant,
            &share.id,
            &table,
            &number,
            &hash.as_slice(),
            &share.password,
            &share.downloads,
            &share.created_by,
            &share.created_at,
            &share.expires_at,
        ];
        tx.execute(&store::INSERT_SHARE, params).await?;
        emit(&mut tx, &event(caller, Act::ViewShared, view, &name, now).from(visit)).await?;
        tx.commit().await?;
        Ok((share, token))
    }

    /// Links of a view, newest first.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `missing_scope`.
    pub(crate) async fn shares(&self, caller: &Caller, view: ViewId) -> Result<Vec<Share>> {
        self.shared_view(caller, view, "access").await?;
        let (table, number) = sql(view);
        let params: Params<'_> = &[&caller.tenant.uuid(), &table, &number];
        Ok(self.0.db.read(caller.tenant, &store::SHARES, params).await?.iter().map(Share::of).collect())
    }

    /// Changes a link.
    ///
    /// # Errors
    /// As [`Bases::add_share`].
    pub(crate) async fn change_share(
        &self,
        caller: &Caller,
        (view, id): (ViewId, &str),
        settings: Settings,
        visit: &Visit,
    ) -> Result<Share> {
        let name = self.shared_view(caller, view, "share").await?;
        let now = self.0.clock.now();
        let password = self.hashed(caller, &settings).await?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let (table, number) = sql(view);
        let params: Params<'_> = &[&caller.tenant.uuid(), &table, &number, &id];
        let row = tx.query_opt(&store::SHARE_LOCKED, params).await?.ok_or_else(Error::not_found)?;
        let share = with_settings(Share::of(&row), &settings, password, now)?;
        let params: Params<'_> =
            &[&caller.tenant.uuid(), &share.id, &share.password, &share.downloads, &share.expires_at];
        tx.execute(&store::UPDATE_SHARE, params).await?;
        emit(&mut tx, &event(caller, Act::ViewLinkChanged, view, &name, now).from(visit)).await?;
        tx.commit().await?;
        Ok(share)
    }

    /// Takes a link back.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `missing_scope`.
    pub(crate) async fn revoke_share(
        &self,
        caller: &Caller,
        (view, id): (ViewId, &str),
        visit: &Visit,
    ) -> Result<()> {
        let name = self.shared_view(caller, view, "access").await?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let (table, number) = sql(view);
        let params: Params<'_> = &[&caller.tenant.uuid(), &table, &number, &id];
        tx.query_opt(&store::SHARE_LOCKED, params).await?.ok_or_else(Error::not_found)?;
        tx.execute(&store::DELETE_SHARE, &[&caller.tenant.uuid(), &id]).await?;
        emit(&mut tx, &event(caller, Act::ViewUnshared, view, &name, now).from(visit)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The password of the settings as it is stored: before a transaction begins, because it takes long, and within a limit
    /// of the organisation, because it takes much.
    async fn hashed(&self, caller: &Caller, settings: &Settings) -> Result<Option<Option<String>>> {
        let password = match &settings.password {
            None => return Ok(None),
            Some(None) => return Ok(Some(None)),
            Some(Some(password)) => password,
        };
        check_password(password)?;
        self.0.web.limits().check(Policy::SHARE_PASSWORDS, &format!("set@{}", caller.tenant))?;
        Ok(Some(Some(self.0.tenancy.identity().hasher().hash(password).await?)))
    }

    /// The link that a token stands for, if it works. A password is the page's matter.
    ///
    /// # Errors
    /// `link_expired`, whatever the reason.
    pub(super) async fn open_share(&self, token: &str) -> Result<Shared> {
        let text = TokenText::parse(token).ok_or_else(ended)?;
        let params: Params<'_> = &[&text.tenant.uuid(), &text.hash.as_slice()];
        let row = self.0.db.read_opt(text.tenant, &store::SHARE_BY_TOKEN, params).await?;
        let share = row.as_ref().map(Share::of).ok_or_else(ended)?;
        if share.expires_at.is_some_and(|end| end <= self.0.clock.now()) {
            return Err(ended());
        }
        let maker = share.maker().ok_or_else(ended)?;
        let caller = self.0.tenancy.standing(text.tenant, maker).await?.ok_or_else(ended)?;
        caller.require(Capability::ReadRecords).map_err(|_| ended())?;
        let open =
            self.open_table(&caller, share.view.table, None).await.map_err(|error| match error.code() {
                Code::NotFound | Code::Forbidden => ended(),
                _ => error,
            })?;
        let is_there = open.read(|base| {
            let seen = Seen::of(&caller, base, share.view.table);
            seen.is_some_and(|seen| {
                seen.view(share.view.view).is_some_and(|view| view.access != ViewAccess::Personal)
            })
        });
        if is_there { Ok(Shared { share, caller, open }) } else { Err(ended()) }
    }
}

/// A link with settings; `password` is theirs as it is stored.
fn with_settings(
    mut share: Share,
    settings: &Settings,
    password: Option<Option<String>>,
    now: Timestamp,
) -> Result<Share> {
    if let Some(end) = settings.expires_at {
        if let Some(end) = end {
            check_end(end, now)?;
        }
        share.expires_at = end;
    }
    if let Some(downloads) = settings.downloads {
        share.downloads = downloads;
    }
    if let Some(password) = password {
        share.password = password;
    }
    Ok(share)
}

/// The numbers of a view as SQL has them.
fn sql(view: ViewId) -> (i64, i32) {
    (view.table.0.cast_signed(), view.view.0.cast_signed())
}

fn event(caller: &Caller, act: Act, view: ViewId, name: &str, now: Timestamp) -> AuditEvent {
    AuditEvent::in_tenant(caller.tenant, caller.actor, act, now)
        .target(view)
        .data(serde_json::json!({ "name": name }))
}
