//! Deciding by the rules, and changing them.

use super::store::SET_SECOND_FACTOR;
use crate::Tenancy;
use crate::access::cache::{Answer, Question};
use crate::members::MemberRow;
use crate::model::TenantSummary;
use identity::Visit;
use identity::audit::{Act, AuditEvent, emit};
use kernel_core::{Actor, Caller, Capability, Code, Error, Result, UserId};
use kernel_db::Database;

impl Tenancy {
    /// Whether the organisation's rule about second factors lets the person in. That somebody has one is kept in memory as
    /// long as anything of a person is; that somebody has none is asked anew each time, since it is about to change.
    ///
    /// # Errors
    /// `internal` only.
    pub(crate) async fn lets_in(&self, tenant: &TenantSummary, user: UserId) -> Result<bool> {
        if !tenant.second_factor {
            return Ok(true);
        }
        let question = Question::Factor(user);
        let kept = self.0.cache.get(&question);
        if let Ok(Answer::Factor) = kept {
            return Ok(true);
        }
        let has = self.0.identity.factors(user).await?.asked();
        if let (true, Err(generation)) = (has, kept) {
            self.0.cache.keep(generation, question, Answer::Factor);
        }
        Ok(has)
    }

    /// The members who have no second factor, and how many members there are.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn without_second_factor(&self, caller: &Caller) -> Result<(Vec<MemberRow>, usize)> {
        let members = self.members(caller).await?;
        let ids: Vec<UserId> = members.iter().map(|member| member.user).collect();
        let without = self.0.identity.people_without_factor(&ids).await?;
        let total = members.len();
        Ok((members.into_iter().filter(|member| without.contains(&member.user)).collect(), total))
    }

    /// Asks every member for a second factor, or does not any more. Who asks others has one.
    ///
    /// # Errors
    /// `forbidden`; `conflict` when the caller has no second factor.
    pub async fn require_second_factor(&self, caller: &Caller, on: bool, visit: &Visit) -> Result<()> {
        caller.require(Capability::ManageTenant)?;
        let Actor::User(user) = caller.actor else { return Err(Error::new(Code::Forbidden)) };
        if on && !self.0.identity.factors(user).await?.asked() {
            return Err(Error::new(Code::Conflict)
                .detail("Set up a second factor for yourself first: the rule would lock you out."));
        }
        let (tenant, now) = (caller.tenant, self.now());
        let mut tx = self.0.db.begin(Database::Control, tenant).await?;
        if tx.execute(&SET_SECOND_FACTOR, &[&tenant.uuid(), &on]).await? > 0 {
            let action = if on { Act::SecondFactorRequired } else { Act::SecondFactorOptional };
            emit(&mut tx, &AuditEvent::in_tenant(tenant, caller.actor, action, now).from(visit)).await?;
        }
        self.commit_access(tx, tenant).await?;
        Ok(())
    }
}
