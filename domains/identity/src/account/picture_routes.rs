//! `/account/picture`: the person's own; `/people/{user}/picture/{hash}`: as pages show it. The address has the picture's
//! hash, so only who was shown it can ask for it, and it can be kept for good.

use super::picture::{self, LARGEST};
use super::routes::{page_with, view};
use super::store::{AVATAR, DELETE_AVATAR, PUT_AVATAR};
use crate::Identity;
use crate::session::SignedIn;
use crate::session::routes::{NoFields, mendable};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{HeaderMap, header};
use kernel_core::{Code, Error, Result, UserId};
use kernel_db::Database;
use kernel_web::{CsrfForm, Exchange, Page, WebError, csrf};
use tokio::sync::Semaphore;

/// What a form around the file may take.
const AROUND: usize = 16 << 10;
/// Pictures decoded at once: each may take some 160 MB for a moment.
static AT_ONCE: Semaphore = Semaphore::const_new(1);

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route("/account/picture", post(upload).layer(DefaultBodyLimit::max(LARGEST + AROUND)))
        .route("/account/picture/remove", post(remove))
        .route("/people/{user}/picture/{hash}", get(show))
}

impl Identity {
    /// Gives the person a picture.
    ///
    /// # Errors
    /// A field error at `picture`.
    pub async fn put_picture(&self, user: UserId, upload: Vec<u8>) -> Result<()> {
        let permit = AT_ONCE.acquire().await.map_err(Error::internal)?;
        let made =
            tokio::task::spawn_blocking(move || picture::made(&upload)).await.map_err(Error::internal)?;
        drop(permit);
        let image = made.map_err(|error| Error::fields(vec![error]))?;
        let hash = data_encoding::HEXLOWER.encode(&kernel_core::secret::sha256(&image)[..16]);
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        tx.execute(&PUT_AVATAR, &[&user.uuid(), &image, &hash]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes the person's picture away.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn remove_picture(&self, user: UserId) -> Result<()> {
        self.0.db.global_execute(&DELETE_AVATAR, &[&user.uuid()]).await?;
        Ok(())
    }

    /// A person's picture, for whoever knows its hash.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn picture(&self, user: UserId, hash: &str) -> Result<Vec<u8>> {
        let row = self.0.db.global_opt(&AVATAR, &[&user.uuid(), &hash]).await?;
        row.map(|row| row.get("image")).ok_or_else(Error::not_found)
    }
}

/// The file of the form, after its CSRF field.
async fn read(
    identity: &Identity,
    headers: &HeaderMap,
    exchange: &Exchange,
    form: Multipart,
) -> Result<Vec<u8>> {
    let broken = |_| {
        Error::new(Code::BadRequest).detail("The upload did not come to its end, or is larger than 5 MB.")
    };
    let mut form = form;
    let (mut token, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("_csrf") => token = Some(field.text().await.map_err(broken)?),
            Some("picture") => file = Some(field.bytes().await.map_err(broken)?.to_vec()),
            _ => {}
        }
    }
    csrf::verify(identity.web(), exchange, headers, token.as_deref())?;
    Ok(file.unwrap_or_default())
}

async fn upload(
    State(identity): State<Identity>,
    page: Page,
    who: SignedIn,
    request: Request,
) -> Result<Response, WebError> {
    let headers = request.headers().clone();
    let form = Multipart::from_request(request, &identity)
        .await
        .map_err(|_| Error::new(Code::UnsupportedMediaType))?;
    let done = match read(&identity, &headers, page.exchange(), form).await {
        Ok(file) => identity.put_picture(who.user.id, file).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(page.redirect("/account?note=picture")),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = view(&identity, &who).await?;
            view.picture = view.picture.with(&error);
            Ok(page_with(&page, status, view))
        }
    }
}

async fn remove(
    State(identity): State<Identity>,
    page: Page,
    who: SignedIn,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    identity.remove_picture(who.user.id).await?;
    Ok(page.redirect("/account?note=picture-removed"))
}

async fn show(
    State(identity): State<Identity>,
    _who: SignedIn,
    Path((user, hash)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let user: UserId = user.parse().map_err(|_| Error::not_found())?;
    let image = identity.picture(user, &hash).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, image).into_response())
}
