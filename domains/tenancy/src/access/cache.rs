//! What this process knows of organisations, roles, tokens and sessions.
//!
//! Invariants: an entry is never older than [`FRESH`]; a NOTIFY drops it at once; an answer that was being read while
//! something was dropped is used once and not kept (`generation`), so a late reader can't bring back an old truth.

use crate::model::TenantSummary;
use identity::session::SESSIONS_ENDED;
use jiff::{SignedDuration, Timestamp};
use kernel_core::{
    Access, Actor, ApiTokenId, Caller, Clock, ConnectionId, OauthAppId, Role, Scopes, SessionId, TenantId,
    UserId,
};
use kernel_db::{Database, Db, Notification};
use kernel_web::Networks;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// NOTIFY is a hint that may be missed while a connection is being made anew; nothing is believed longer than this.
const FRESH: SignedDuration = SignedDuration::from_secs(5);
/// Entries kept; beyond that everything is read anew.
const MOST: usize = 50_000;

/// A working API token.
#[derive(Clone, Debug)]
pub struct TokenAccess {
    /// The token.
    pub id: ApiTokenId,
    /// What it was given.
    pub scopes: Scopes,
    /// Base numbers that it is limited to.
    pub bases: Option<Arc<[u64]>>,
    /// Its end.
    pub expires_at: Option<Timestamp>,
    /// Who made it: it acts with what that person may do when it is used.
    pub maker: UserId,
    /// The last noted use.
    pub used_at: Option<Timestamp>,
    /// Networks that it is limited to; one that can't be read lets nobody in.
    pub networks: Option<Arc<Networks>>,
    /// Calls a minute, if limited.
    pub per_minute: Option<u32>,
}

/// What an app may do.
#[derive(Clone, Debug)]
pub struct ConnectionAccess {
    /// The app.
    pub app: OauthAppId,
    /// For whom; `None`: for itself.
    pub user: Option<UserId>,
    /// What it was given, within what the app has.
    pub scopes: Scopes,
    /// Base numbers that it is limited to.
    pub bases: Option<Arc<[u64]>>,
    /// Its end.
    pub expires_at: Timestamp,
}

/// What a member may do.
#[derive(Clone, Debug)]
pub struct MemberAccess {
    /// The role.
    pub role: Role,
    /// The role with its exceptions.
    pub access: Arc<Access>,
    /// When a guest's access ends.
    pub expires_at: Option<Timestamp>,
}

impl MemberAccess {
    /// The member as a caller.
    pub(crate) fn caller(self, tenant: TenantId, actor: Actor) -> Caller {
        Caller { tenant, actor, role: self.role, access: self.access, scopes: None, bases: None }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    Tenant(TenantId),
    Member(TenantId, UserId),
    Token(TenantId, [u8; 32]),
    Session(UserId, SessionId),
    Factor(UserId),
    Connection(TenantId, ConnectionId),
}

/// What was found; `None` inside: there is nothing.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Tenant(Option<Arc<TenantSummary>>),
    Member(Option<MemberAccess>),
    Token(Option<TokenAccess>),
    Session(bool),
    Factor,
    Connection(Option<ConnectionAccess>),
}

#[derive(Default)]
struct Known {
    generation: u64,
    answers: HashMap<Question, (Timestamp, Answer)>,
}

/// The cache. Cheap to clone.
#[derive(Clone)]
pub struct AccessCache {
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

impl AccessCache {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, known: Arc::default() }
    }

    /// The kept answer, or the generation under which a new one may be kept.
    pub(crate) fn get(&self, question: &Question) -> Result<Answer, u64> {
        let now = self.clock.now();
        let known = self.known.lock();
        match known.answers.get(question) {
            Some((at, answer)) if now.duration_since(*at) < FRESH => Ok(answer.clone()),
            _ => Err(known.generation),
        }
    }

    pub(crate) fn keep(&self, generation: u64, question: Question, answer: Answer) {
        let now = self.clock.now();
        let mut known = self.known.lock();
        if known.generation != generation {
            return;
        }
        if known.answers.len() >= MOST {
            known.answers.clear();
        }
        known.answers.insert(question, (now, answer));
    }

    /// Drops what is known of an organisation.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.forget_where(|question| {
            matches!(question, Question::Tenant(id) | Question::Member(id, _) | Question::Token(id, _) | Question::Connection(id, _)
                if *id == tenant)
        });
    }

    /// Drops what is known of a person's sessions and factors.
    pub(crate) fn forget_sessions(&self, user: UserId) {
        self.forget_where(
            |question| matches!(question, Question::Session(id, _) | Question::Factor(id) if *id == user),
        );
    }

    fn forget_where(&self, gone: impl Fn(&Question) -> bool) {
        let mut known = self.known.lock();
        known.generation += 1;
        known.answers.retain(|question, _| !gone(question));
    }

    fn forget_everything(&self) {
        self.forget_where(|_| true);
    }

    /// Follows the database's notifications as long as the cache lives.
    pub(crate) fn follow(&self, db: &Db) {
        let (mut access, mut sessions) = (
            db.listen(Database::Control, crate::ACCESS_CHANGED),
            db.listen(Database::Control, SESSIONS_ENDED),
        );
        let (clock, weak) = (self.clock.clone(), Arc::downgrade(&self.known));
        // Not work that matters: when it ends, answers are at most FRESH old.
        tokio::spawn(async move {
            loop {
                let (note, is_session) = tokio::select! {
                    note = access.recv() => (note, false),
                    note = sessions.recv() => (note, true),
                };
                let Some(known) = weak.upgrade() else { return };
                let cache = Self { clock: clock.clone(), known };
                match note {
                    Notification::Reconnected => cache.forget_everything(),
                    Notification::Payload(payload) => match payload.parse() {
                        Ok(id) if is_session => cache.forget_sessions(UserId::from_uuid(id)),
                        Ok(id) => cache.forget(TenantId::from_uuid(id)),
                        Err(_) => cache.forget_everything(),
                    },
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::FixedClock;

    #[test]
    fn answers_end_with_time_and_with_changes() {
        let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
        let cache = AccessCache::new(Clock::Fixed(clock.clone()));
        let (tenant, other, user) = (TenantId::new(), TenantId::new(), UserId::new());
        let question = Question::Member(tenant, user);
        let keep = |tenant: TenantId| {
            let question = Question::Member(tenant, user);
            let generation = cache.get(&question).unwrap_err();
            cache.keep(generation, question, Answer::Member(None));
        };
        keep(tenant);
        assert!(cache.get(&question).is_ok());
        cache.forget(other);
        assert!(cache.get(&question).is_ok());
        cache.forget(tenant);
        assert!(cache.get(&question).is_err());
        keep(tenant);
        clock.advance(SignedDuration::from_secs(6));
        assert!(cache.get(&question).is_err());
    }

    #[test]
    fn a_late_reader_does_not_bring_back_an_old_truth() {
        let cache = AccessCache::new(Clock::Fixed(FixedClock::at(Timestamp::UNIX_EPOCH)));
        let tenant = TenantId::new();
        let question = Question::Member(tenant, UserId::new());
        let generation = cache.get(&question).unwrap_err();
        cache.forget(tenant);
        cache.keep(generation, question.clone(), Answer::Member(None));
        assert!(cache.get(&question).is_err());
    }
}
