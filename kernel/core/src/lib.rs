//! What every part of the product agrees on, without IO: typed ids, the error-code table, roles and scopes, clock and
//! randomness as parameters, secrets, settings.

pub mod access;
pub mod caller;
pub mod clock;
pub mod error;
pub mod ids;
pub mod mail;
pub mod outgoing;
pub mod permission;
pub mod random;
pub mod scan;
pub mod sealed;
pub mod secret;
pub mod settings;

pub use access::{Ability, Access, FieldKey, FieldLevel, Grants, Level};
pub use caller::{Actor, Caller, enough};
pub use clock::{Clock, FixedClock};
pub use error::{Code, Error, FieldError, Result};
pub use ids::{
    ApiTokenId, ConnectionId, DataExportId, FileId, GroupId, InviteId, InviteLinkId, JobId, LinkedId,
    OauthAppId, PageId, PageVersionId, PasskeyId, RoleId, SessionId, SiteId, StaffId, TenantId, UserId,
};
pub use permission::{Capability, Role, Scope, Scopes};
pub use random::Random;
pub use secret::Secret;
