//! An organisation with a provider, and a name system whose records the test writes.

use crate::browser::{Answer, Browser};
use crate::idp::{CLIENT, ISSUER, Idp, SECRET, Wire};
use crate::world::{PASSWORD, World};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use identity::oidc::Protocol;
use identity::{Identity, User};
use kernel_core::outgoing::TxtRecords;
use kernel_core::sealed::Sealing;
use kernel_core::secret::SigningKey;
use kernel_core::{Caller, Clock, Role, TenantId};
use kernel_web::{Page, Portals, WebError};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tenancy::{
    BaseDirectory, BaseName, Entitlements, HomeView, Later, Member, SiteDirectory, SiteName, SsoParts,
    TableName, Tenancy, TenantSummary,
};

/// Records by name.
#[derive(Default)]
pub struct Names(pub Mutex<HashMap<String, Vec<String>>>);

impl TxtRecords for Names {
    fn texts<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<String>, String>> + Send + 'a>> {
        Box::pin(async move {
            if name.contains("silent") {
                return Err("the name servers do not answer".into());
            }
            Ok(self.0.lock().unwrap().get(name).cloned().unwrap_or_default())
        })
    }
}

pub struct Plans(pub AtomicBool);

impl Entitlements for Plans {
    fn single_sign_on(&self, _: TenantId) -> Later<'_, bool> {
        Box::pin(async move { Ok(self.0.load(Ordering::Relaxed)) })
    }
}

struct Shelves;

impl BaseDirectory for Shelves {
    fn bases<'a>(&'a self, _: &'a Caller) -> Later<'a, Vec<BaseName>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn tables<'a>(&'a self, _: &'a Caller, _: u64) -> Later<'a, Vec<TableName>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn rows_to_store<'a>(&'a self, _: &'a Caller, _: (u64, u64), filter: &'a str) -> Later<'a, String> {
        Box::pin(async move { Ok(filter.to_owned()) })
    }
    fn rows_to_show<'a>(&'a self, _: &'a Caller, _: (u64, u64), filter: &'a str) -> Later<'a, String> {
        Box::pin(async move { Ok(filter.to_owned()) })
    }
}

impl SiteDirectory for Shelves {
    fn sites<'a>(&'a self, _: &'a Caller) -> Later<'a, Vec<SiteName>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

pub struct Scene {
    pub world: World,
    pub idp: Arc<Idp>,
    pub names: Arc<Names>,
    pub plans: Arc<Plans>,
    pub tenancy: Tenancy,
    pub app: Router,
}

/// An organisation, its owner, and a domain of its own.
pub struct House {
    pub tenant: TenantSummary,
    pub owner: User,
    pub caller: Caller,
    pub domain: String,
}

async fn home(State(tenancy): State<Tenancy>, page: Page, member: Member) -> Result<Response, WebError> {
    let members = tenancy.members(&member.caller).await?.len();
    Ok(page.render(&HomeView::new(&member, members, Vec::new(), Vec::new())))
}

impl Scene {
    pub async fn new() -> Self {
        let world = World::new().await;
        let clock = Clock::Fixed(world.clock.clone());
        let idp = Idp::new({
            let clock = clock.clone();
            move || clock.now()
        });
        let protocol = Protocol::new(Arc::new(Wire(Arc::clone(&idp))), clock, world.random.clone());
        let sealing = Sealing::new(&SigningKey::new([7; 32]), &[], world.random.clone()).unwrap();
        let places = (world.db.clone(), world.web.clone());
        let identity = Identity::with_providers(places, 2, sealing, protocol, Vec::new()).unwrap();
        let tenancy = Tenancy::new(identity.clone(), &SigningKey::new([7; 32]));
        let (names, plans) = (Arc::new(Names::default()), Arc::new(Plans(AtomicBool::new(true))));
        let http = Arc::new(Wire(Arc::clone(&idp)));
        tenancy.set_up_sso(SsoParts { names: names.clone(), http, plans: plans.clone() });
        let routes = tenancy::with_switcher(identity::routes(&identity), &tenancy)
            .merge(tenancy::routes(&tenancy, Arc::new(Shelves), Arc::new(Shelves)))
            .merge(Router::new().route("/o/{slug}/", get(home)).with_state(tenancy.clone()));
        let api = Some(tenancy::scim::api(&tenancy));
        let app = kernel_web::by_host(&world.web, Portals { app: Some(routes), api, ..Portals::default() });
        Self { world: World { identity, ..world }, idp, names, plans, tenancy, app }
    }

    pub async fn house(&self, name: &str) -> House {
        let owner = self.world.person("Olga Owner").await;
        let tenant = self.tenancy.create_tenant(owner.id, name, None, &self.world.visit()).await.unwrap();
        let (caller, tenant) = self.tenancy.enter(&tenant.slug, owner.id).await.unwrap();
        let unique = self.world.random.token().to_lowercase().replace(['-', '_'], "x");
        House { tenant, owner, caller, domain: format!("d{unique}.example") }
    }

    /// One with its provider set up and its domain proven.
    pub async fn ready(&self, name: &str, fields: &[(&str, &str)]) -> House {
        let house = self.house(name).await;
        let mut typed = tenancy::sso::model::Typed {
            issuer: ISSUER.into(),
            client_id: CLIENT.into(),
            client_secret: SECRET.into(),
            default_role: "viewer".into(),
            ..Default::default()
        };
        for (name, value) in fields {
            match *name {
                "default_role" => typed.default_role = (*value).into(),
                "role_claim" => typed.role_claim = (*value).into(),
                _ => typed.role_map = (*value).into(),
            }
        }
        let visit = self.world.visit();
        self.tenancy.save_sso(&house.caller, &typed, &visit).await.unwrap();
        self.tenancy.add_domain(&house.caller, &house.domain, &visit).await.unwrap();
        self.publish(&house).await;
        self.tenancy.check_domain_proof(&house.caller, &house.domain, &visit).await.unwrap();
        house
    }

    /// Writes the record that the organisation is asked for.
    pub async fn publish(&self, house: &House) {
        let domains = self.tenancy.domains(&house.caller).await.unwrap();
        let proof = &domains.iter().find(|domain| domain.name == house.domain).unwrap().proof;
        let texts = vec!["v=spf1 -all".to_owned(), format!("nclc-domain={proof}")];
        self.names.0.lock().unwrap().insert(format!("_nclc.{}", house.domain), texts);
    }

    /// Somebody who joins by an invitation, with an address of the domain and a password.
    pub async fn colleague(&self, house: &House, role: Role) -> User {
        let email =
            format!("{}@{}", self.world.random.token().to_lowercase().replace('-', "x"), house.domain);
        let id = self.world.identity.create_account("Cora Colleague", &email, PASSWORD).await.unwrap();
        let user = self.world.identity.users(&[id]).await.unwrap().remove(0);
        self.tenancy.invite(&house.caller, &email, role, &self.world.visit()).await.unwrap();
        let token = self.world.link(&email, 1).await;
        self.tenancy.accept_invite(&user, &token, &self.world.visit()).await.unwrap();
        user
    }

    pub async fn log_in(&self, user: &User) -> Browser {
        let mut browser = Browser::new(&self.app);
        browser.get("/login").await;
        assert_eq!(browser.post("/login", &[("email", &user.email), ("password", PASSWORD)]).await.to(), "/");
        browser
    }

    /// Through the provider of the organisation and back.
    pub async fn by_sso(&self, browser: &mut Browser, house: &House) -> Answer {
        let to = browser.get(&format!("/login/sso/{}", house.tenant.slug)).await.to().to_owned();
        let back = self.back(house, &to);
        browser.get(&back).await
    }

    /// The way back of somebody who was sent to the provider.
    pub fn back(&self, house: &House, to: &str) -> String {
        let query = self.idp.visited(to);
        let path = format!("/login/sso/{}/callback", house.tenant.slug);
        assert_eq!(query["redirect_uri"], format!("http://app.nclc.localhost:8080{path}"));
        format!("{path}?code=good&state={}&iss={ISSUER}", query["state"])
    }

    pub async fn role(&self, house: &House, email: &str) -> Option<Role> {
        let user = self.world.identity.user_by_email(email).await.unwrap()?;
        self.tenancy.role(house.tenant.id, user.id).await.unwrap()
    }

    /// What the trail says, oldest first, as soon as it has `action`.
    pub async fn trail(&self, house: &House, action: &str) -> Vec<(String, serde_json::Value)> {
        for _ in 0..200 {
            self.world.jobs.drain().await.unwrap();
            let rows = identity::audit::of_tenant(&self.world.db, house.tenant.id, 100).await.unwrap();
            if rows.iter().any(|row| row.action == action) {
                return rows.into_iter().rev().map(|row| (row.action, row.data)).collect();
            }
            tokio::task::yield_now().await;
        }
        panic!("no {action} in the trail");
    }
}
