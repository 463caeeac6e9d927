//! A world with organisations in it.

use crate::world::World;
use identity::User;
use kernel_core::secret::SigningKey;
use kernel_core::{Caller, Role, SessionId};
use tenancy::{Tenancy, TenantSummary};

pub struct Town {
    pub world: World,
    pub tenancy: Tenancy,
}

/// A member: the person and the caller that the person is.
pub struct Resident {
    pub user: User,
    pub caller: Caller,
}

impl Town {
    pub async fn new() -> Self {
        let world = World::new().await;
        let tenancy = another_process(&world);
        Self { world, tenancy }
    }

    /// An organisation with its owner.
    pub async fn organisation(&self, name: &str) -> (TenantSummary, Resident) {
        let user = self.world.person("Olga Owner").await;
        let tenant = self.tenancy.create_tenant(user.id, name, None, &self.world.visit()).await.unwrap();
        let caller = self.caller(&tenant, &user).await;
        (tenant, Resident { user, caller })
    }

    pub async fn caller(&self, tenant: &TenantSummary, user: &User) -> Caller {
        self.tenancy.enter(&tenant.slug, user.id).await.unwrap().0
    }

    /// A person who joins by an invitation.
    pub async fn join(&self, tenant: &TenantSummary, by: &Resident, name: &str, role: Role) -> Resident {
        let user = self.world.person(name).await;
        self.tenancy.invite(&by.caller, &user.email, role, &self.world.visit()).await.unwrap();
        let token = self.world.link(&user.email, 2).await;
        self.tenancy.accept_invite(&user, &token, &self.world.visit()).await.unwrap();
        let caller = self.caller(tenant, &user).await;
        assert_eq!(caller.role, role);
        Resident { user, caller }
    }

    pub async fn session(&self, user: &User) -> SessionId {
        self.world.log_in(&user.email).await.id
    }
}

/// The service as another server process would have it: same databases and key, memory of its own.
pub fn another_process(world: &World) -> Tenancy {
    Tenancy::new(world.identity.clone(), &SigningKey::new([7; 32]))
}
