//! Browsers that a person has logged in with, known by a cookie of their own: logging in with another one is told by mail
//! (ASVS 6.3.5). Knowing a browser grants nothing.

use crate::Identity;
use crate::audit::{AuditEvent, emit};
use crate::identity::hashed;
use crate::model::{NewSession, Visit};
use crate::security_mail::{SecurityMail, SecurityNews};
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header;
use http::request::Parts;
use jiff::SignedDuration;
use kernel_core::{Error, Result};
use kernel_db::{Database, statements};
use kernel_web::cookies;
use std::convert::Infallible;

statements! {
    /// Notes that a browser was used again.
    global Control TOUCH_DEVICE = "update control.devices set last_seen_at = $3 where user_id = $1 and device_hash = $2";
    /// A browser that the person has not used before; whether there were others, and whom to tell.
    global Control INSERT_DEVICE = "with known as (select count(*) as others from control.devices where user_id = $1),
            added as (insert into control.devices (user_id, device_hash, first_seen_at, last_seen_at) values ($1, $2, $3, $3)
                on conflict do nothing)
        select k.others, u.email, u.name from known k, control.users u where u.id = $1";
    /// Clears browsers whose cookie has ended.
    global Control DELETE_OLD_DEVICES = "delete from control.devices where last_seen_at < $1";
}

/// `__Host-device`.
const COOKIE: &str = "device";
/// The longest that browsers keep a cookie (RFC 6265bis, 5.5).
pub const LIFE: SignedDuration = SignedDuration::from_hours(24 * 400);

/// The value of the browser's own cookie.
#[derive(Clone, Debug)]
pub struct Device(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // A token of ours has 43 characters; anything else is somebody's play.
        let value = cookies::read_host(&parts.headers, COOKIE).filter(|value| value.len() == 43);
        Ok(Self(value.map(str::to_owned)))
    }
}

impl Identity {
    /// Notes the browser that a session began in, and tells the person if it is another one than before. Gives the value of
    /// the browser's cookie.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn note_device(&self, session: &NewSession, known: &Device, visit: &Visit) -> Result<String> {
        let (user, now) = (session.user, self.now());
        let token = known.0.clone().unwrap_or_else(|| self.0.random.token());
        let hash = hashed(&token);
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        if tx.execute(&TOUCH_DEVICE, &[&user.uuid(), &hash, &now]).await? == 0 {
            let row = tx.query_opt(&INSERT_DEVICE, &[&user.uuid(), &hash, &now]).await?;
            let row = row.ok_or_else(Error::not_found)?;
            if row.get::<_, i64>("others") > 0 {
                let (to, name): (String, String) = (row.get("email"), row.get("name"));
                let mail = SecurityMail::new(&self.0.brand, &name, &SecurityNews::NewDevice, visit, now);
                self.send(&mut tx, &to, &mail).await?;
                let event =
                    AuditEvent::of_account(Some(user), "device.new", now).target(session.id).from(visit);
                emit(&mut tx, &event).await?;
            }
        }
        tx.commit().await?;
        Ok(token)
    }
}

/// Adds the browser's cookie.
pub(crate) fn with_device(mut response: Response, token: &str) -> Response {
    let life = LIFE.as_secs().unsigned_abs();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(COOKIE, token, Some(life)));
    response
}
