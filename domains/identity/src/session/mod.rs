//! Sessions: rows with the hash of an opaque 256-bit token; idle and absolute expiry (ASVS 7.3).

pub mod extract;
pub mod routes;
pub mod second;
pub(crate) mod second_routes;
mod service;
pub(crate) mod store;
pub mod views;

use crate::model::{NewSession, User};
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Code, Error, Result, Secret, SessionId};

/// A session not used for so long ends.
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// A session ends after so long in any case.
pub const ABSOLUTE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// The time of the last use is written at most so often.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// NOTIFY channel of the control database: sessions of a person ended; the payload is the person's uuid.
pub const SESSIONS_ENDED: &str = "sessions_ended";

/// The second factor must be given within this (ASVS 6.6.3).
pub const SECOND_STEP_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// And with so many tries.
const SECOND_STEP_TRIES: i32 = 10;

/// What a first factor leads to.
#[derive(Debug)]
pub enum SignIn {
    /// A session.
    Done(NewSession),
    /// The person has a second factor and owes it.
    Second(PendingStep),
}

impl SignIn {
    /// The session, for callers that know of no second step.
    ///
    /// # Errors
    /// `step_up_required` when the person owes the second factor.
    pub fn session(self) -> Result<NewSession> {
        match self {
            Self::Done(session) => Ok(session),
            Self::Second(_) => Err(Error::new(Code::StepUpRequired)),
        }
    }
}

/// A sign-in that waits for the second factor. The token goes into a cookie and nowhere else.
#[derive(Debug)]
pub struct PendingStep {
    /// The cookie's value.
    pub token: Secret,
}

/// Proof that somebody is signed in; as an extractor it sends others to the sign-in page.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person.
    pub user: User,
    /// The session.
    pub session: SessionId,
    /// When the person last gave password or factor in this session.
    pub proven_at: Timestamp,
    /// What the person logged in with.
    pub methods: Vec<String>,
}

/// One session in the person's list.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The id.
    pub id: SessionId,
    /// The client's address at the last use.
    pub address: String,
    /// The browser's name for itself.
    pub agent: String,
    /// What the person signed in with.
    pub methods: Vec<String>,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// The last use, to the minute.
    pub last_seen_at: Timestamp,
}
