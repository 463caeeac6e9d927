//! Sign-in, set-up and the list of staff.

use super::extract::{COOKIE, Peer, SignedInStaff};
use super::views::{Colleague, LoginView, SetUpView, StaffView};
use crate::admin::Admin;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use kernel_core::{Code, Error, StaffId};
use kernel_web::client_addr::limit_key;
use kernel_web::{CsrfForm, FormState, Page, Policy, WebError, cookies};
use serde::{Deserialize, Serialize};

/// Sign-in tries from one address (Vaultwarden's figures for its admin page are 3 and one in 5 minutes).
const SIGN_IN: Policy = Policy { name: "staff-sign-in", quota: 1, window_seconds: 60, burst: 8 };
/// Sign-in tries for one account from anywhere.
const SIGN_IN_ACCOUNT: Policy =
    Policy { name: "staff-sign-in-account", quota: 1, window_seconds: 20, burst: 30 };
/// Set-up tries from one address.
const SET_UP: Policy = Policy { name: "staff-set-up", quota: 1, window_seconds: 30, burst: 20 };

pub(crate) fn routes() -> Router<Admin> {
    Router::new()
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .route("/setup", get(setup_page).post(setup))
        .route("/staff", get(staff_page))
        .route("/staff/links", post(new_link))
        .route("/staff/{id}/close", post(close))
}

#[derive(Deserialize, Serialize)]
struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// The set-up form.
#[derive(Deserialize, Serialize)]
pub struct SetUpForm {
    /// The link's token.
    #[serde(default)]
    pub token: String,
    /// The address to sign in with.
    #[serde(default)]
    pub email: String,
    /// The name that the audit log shows.
    #[serde(default)]
    pub name: String,
    /// The password.
    #[serde(default)]
    pub password: String,
}

/// A form that is only a button.
#[derive(Deserialize)]
struct Empty {}

#[derive(Deserialize)]
struct LinkQuery {
    #[serde(default)]
    token: String,
}

async fn login_page(page: Page) -> Response {
    page.render(&LoginView { form: FormState::empty() })
}

async fn login(
    State(admin): State<Admin>,
    page: Page,
    peer: Peer,
    CsrfForm(form): CsrfForm<LoginForm>,
) -> Result<Response, WebError> {
    let limits = admin.web.limits();
    let outcome = async {
        limits.check(SIGN_IN, &limit_key(peer.address))?;
        limits.check(SIGN_IN_ACCOUNT, &form.email.trim().to_lowercase())?;
        admin.staff.sign_in(&form.email, &form.password, &peer).await
    };
    match outcome.await {
        Ok(token) => Ok(signed_in(&page, &token)),
        Err(error) => {
            let view = LoginView { form: FormState::of(&form).with(&error) };
            refused(&page, error, &view)
        }
    }
}

async fn logout(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
    _form: CsrfForm<Empty>,
) -> Result<Response, WebError> {
    admin.staff.sign_out(&staff).await?;
    let mut response = page.redirect("/login");
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
    // ASVS 14.3.1: nothing of the session stays in the browser.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}

async fn setup_page(
    State(admin): State<Admin>,
    page: Page,
    Query(query): Query<LinkQuery>,
) -> Result<Response, WebError> {
    let works = admin.staff.link_works(&query.token).await?;
    let view = SetUpView { link: works.then_some(query.token), form: FormState::empty() };
    Ok(page.render_with(if works { StatusCode::OK } else { StatusCode::NOT_FOUND }, &view))
}

async fn setup(
    State(admin): State<Admin>,
    page: Page,
    peer: Peer,
    CsrfForm(form): CsrfForm<SetUpForm>,
) -> Result<Response, WebError> {
    let brand = admin.web.brand().brand.clone();
    let outcome = async {
        admin.web.limits().check(SET_UP, &limit_key(peer.address))?;
        admin.staff.set_up(&form.token, &form, &brand, &peer).await
    };
    match outcome.await {
        Ok(token) => Ok(signed_in(&page, &token)),
        Err(error) => {
            let link = (error.code() != Code::LinkExpired).then(|| form.token.clone());
            let form = FormState::of(&form).with(&error);
            refused(&page, error, &SetUpView { link, form })
        }
    }
}

async fn staff_page(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
) -> Result<Response, WebError> {
    Ok(page.render(&staff_view(&admin, &staff, None).await?))
}

async fn new_link(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
    _form: CsrfForm<Empty>,
) -> Result<Response, WebError> {
    let token = admin.staff.new_link(&staff).await?;
    Ok(page.render(&staff_view(&admin, &staff, Some(admin.setup_link(&token))).await?))
}

async fn close(
    State(admin): State<Admin>,
    page: Page,
    staff: SignedInStaff,
    Path(id): Path<String>,
    _form: CsrfForm<Empty>,
) -> Result<Response, WebError> {
    let id: StaffId = id.parse().map_err(Error::from)?;
    admin.staff.disable(&staff, id).await?;
    Ok(page.redirect("/staff"))
}

async fn staff_view(
    admin: &Admin,
    staff: &SignedInStaff,
    link: Option<String>,
) -> Result<StaffView, WebError> {
    let all = admin.staff.all().await?;
    Ok(StaffView {
        staff: all.into_iter().map(|member| Colleague::of(member, &staff.member)).collect(),
        link,
    })
}

fn signed_in(page: &Page, token: &str) -> Response {
    let mut response = page.redirect("/");
    response.headers_mut().append(header::SET_COOKIE, cookies::set(COOKIE, token, None));
    response
}

/// The form again with what was wrong; faults of ours go to the error page.
fn refused<V: kernel_web::View>(page: &Page, error: Error, view: &V) -> Result<Response, WebError> {
    match StatusCode::from_u16(error.code().status()) {
        Ok(status) if status.is_client_error() => Ok(page.render_with(status, view)),
        _ => Err(error.into()),
    }
}
