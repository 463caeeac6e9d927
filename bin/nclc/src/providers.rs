//! The providers that people may log in with, from the settings and the files that these name; and what plans say about
//! those of organisations.

use anyhow::Context as _;
use billing::Billing;
use identity::oidc::Provider;
use kernel_core::settings::{ClientSecret, ClientSettings, Settings};
use kernel_core::{Error, Secret, TenantId};
use tenancy::{Entitlements, Later, OwnRoles};

/// The providers that have a client in the settings, in the order of their buttons.
///
/// # Errors
/// Names the file of a secret that can't be read.
pub fn configured(settings: &Settings) -> anyhow::Result<Vec<Provider>> {
    let mut providers = Vec::new();
    let sign_in = &settings.sign_in;
    if let Some(client) = &sign_in.google {
        providers.push(Provider::google(client.id.clone(), secret(client)?));
    }
    if let Some((client, web)) = &sign_in.github {
        providers.push(Provider::github(web, client.id.clone(), secret(client)?));
    }
    if let Some((client, issuer, name)) = &sign_in.oidc {
        providers.push(Provider::open_id("oidc", name, issuer, client.id.clone(), secret(client)?));
    }
    Ok(providers)
}

fn secret(client: &ClientSettings) -> anyhow::Result<Secret> {
    match &client.secret {
        ClientSecret::Text(secret) => Ok(secret.clone()),
        ClientSecret::File(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("can't read the client secret in {}", path.display()))?;
            Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
        }
    }
}

/// Plans, as single sign-on, permissions and the storage of files ask them.
pub struct Plans(pub Billing);

impl bases::StorageLimits for Plans {
    fn storage_bytes(&self, tenant: TenantId) -> Later<'_, Option<u64>> {
        Box::pin(async move {
            let code = self.0.subscription(tenant).await?.plan;
            let plan = self.0.plans().await?.into_iter().find(|plan| plan.code == code);
            // A plan that nobody knows any more is no plan without limits.
            let plan = plan.ok_or_else(|| Error::internal("a subscription has a plan that is not there"))?;
            Ok(plan.limits.storage_bytes.map(i64::unsigned_abs))
        })
    }
}

impl bases::HistoryPlans for Plans {
    fn history_days(&self, tenant: TenantId) -> Later<'_, Option<i64>> {
        Box::pin(async move { Ok(self.0.subscription(tenant).await?.plan.history_days()) })
    }
}

impl Entitlements for Plans {
    fn single_sign_on(&self, tenant: TenantId) -> Later<'_, bool> {
        Box::pin(async move { Ok(self.0.subscription(tenant).await?.plan.has_single_sign_on()) })
    }
}

impl OwnRoles for Plans {
    fn own_roles(&self, tenant: TenantId) -> Later<'_, bool> {
        Box::pin(async move { Ok(self.0.subscription(tenant).await?.plan.has_own_roles()) })
    }
}
