//! Everything that an organisation's audit trail tells, and its words: one list, beside the writer. An act that is not here
//! can't be written; a row of a newer program is shown by its name.

use serde_json::Value;

/// What the words of an act may use.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What it was done to, by its name where it has one.
    pub target: &'a str,
    /// Details.
    pub data: &'a Value,
}

impl Told<'_> {
    fn said(&self, name: &str) -> &str {
        self.data.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    fn count(&self, name: &str) -> usize {
        self.data.get(name).and_then(Value::as_array).map_or(0, Vec::len)
    }
}

macro_rules! acts {
    ($($variant:ident = $name:literal, |$told:ident| $words:expr;)*) => {
        /// Something done in an organisation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the words say it")]
        pub enum Act { $($variant,)* }

        impl Act {
            /// All, in the order of the filter.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as stored, e.g. `member.removed`; part of exports, so it never changes.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }

            /// The rest of a sentence that begins with who did it.
            #[must_use]
            pub fn words(self, told: Told<'_>) -> String {
                match self { $(Self::$variant => { let $told = told; $words.into() })* }
            }
        }
    };
}

acts! {
    OrganisationCreated = "organisation.created", |_told| "created the organisation";
    OrganisationRenamed = "organisation.renamed", |told| format!("renamed the organisation to {}", told.target);
    OrganisationTransferred = "organisation.transferred", |told| format!("made {} the owner", told.target);
    OrganisationSuspended = "organisation.suspended", |_told| "suspended the organisation";
    OrganisationResumed = "organisation.resumed", |_told| "let the organisation work again";
    SecondFactorRequired = "second_factor.required", |_told| "asks everybody for a second factor";
    SecondFactorOptional = "second_factor.optional", |_told| "leaves the second factor to everybody";
    DomainNamed = "domain.named", |told| format!("named the domain {}", told.target);
    DomainProven = "domain.proven", |told| format!("proved the domain {}", told.target);
    DomainDropped = "domain.dropped", |told| format!("dropped the domain {}", told.target);
    SsoChanged = "sso.changed", |told| format!("changed the log-in provider {}", told.target);
    SsoRemoved = "sso.removed", |_told| "removed the log-in provider";
    SsoTried = "sso.tried", |_told| "tried out the log-in provider";
    SsoRequired = "sso.required", |_told| "lets people in by the provider only";
    SsoOptional = "sso.optional", |_told| "lets people in by other ways too";
    ScimTokenCreated = "scim.token_created", |_told| "made a SCIM token for the directory";
    ScimTokenRevoked = "scim.token_revoked", |told| format!("revoked the SCIM token that ends in {}", told.said("hint"));
    MemberProvisioned = "member.provisioned", |told| format!("added {} from the directory", told.target);
    MemberDirectoryChanged = "member.directory_changed", |told| format!("changed what the directory says of {}", told.target);
    MemberDeactivated = "member.deactivated", |told| format!("ended the membership of {} from the directory", told.target);
    MemberReactivated = "member.reactivated", |told| format!("gave {} the membership back from the directory", told.target);
    MemberInvited = "member.invited", |told| format!("invited {} as {}", told.target, told.said("role"));
    InviteResent = "invite.resent", |told| format!("sent {} the invitation again", told.target);
    InviteRevoked = "invite.revoked", |told| format!("took back the invitation of {}", told.target);
    LinkCreated = "link.created", |told| format!("made a link to join as {}", told.said("role"));
    LinkRevoked = "link.revoked", |_told| "ended a link to join";
    MemberJoined = "member.joined", |_told| "joined";
    MemberLeft = "member.left", |_told| "left";
    MemberRemoved = "member.removed", |told| format!("removed {}", told.target);
    MemberLoggedOut = "member.logged_out", |told| format!("ended the sessions of {}", told.target);
    MemberAccountClosed = "member.account_closed", |_told| "closed the account and left";
    MemberRoleChanged = "member.role_changed", |told| format!("made {} {}", told.target, told.said("after"));
    MemberGuestChanged = "member.guest_changed", |told| format!("changed the role of its own or the end of {}", told.said("name"));
    PermissionsChanged = "permissions.changed", |told| format!("changed the permissions of {}", told.said("name"));
    GroupCreated = "group.created", |told| format!("made the group {}", told.said("name"));
    GroupChanged = "group.changed", |told| format!("changed the group {}", told.said("name"));
    GroupDeleted = "group.deleted", |told| format!("deleted the group {}", told.said("name"));
    RoleCreated = "role.created", |told| format!("made the role {}", told.said("name"));
    RoleRenamed = "role.renamed", |told| format!("renamed a role to {}", told.said("name"));
    RoleDeleted = "role.deleted", |told| format!("deleted the role {}", told.said("name"));
    TokenCreated = "token.created", |told| format!("made the API token “{}”", told.said("label"));
    TokenUsedFrom = "token.used_from", |told| format!("used the API token “{}” from a new address, {}", told.said("label"), told.said("from"));
    TokenRevoked = "token.revoked", |told| format!("revoked the API token “{}”", told.said("label"));
    TokenLeaked = "token.leaked", |told| format!("reported the API token “{}” as leaked; it is revoked", told.said("label"));
    AppRegistered = "app.registered", |told| format!("registered the app {}", told.said("name"));
    AppChanged = "app.changed", |told| format!("changed the app {}", told.said("name"));
    AppSecretRotated = "app.secret_rotated", |told| format!("gave the app {} another secret", told.said("name"));
    AppDeleted = "app.deleted", |told| format!("deleted the app {}", told.said("name"));
    AppConnected = "app.connected", |told| format!("let the app {} act", told.said("name"));
    AppDisconnected = "app.disconnected", |told| format!("disconnected the app {}", told.said("name"));
    AppTokenReused = "app.token_reused", |told| format!("disconnected the app {}: one of its keys was used twice", told.said("name"));
    AuditExported = "audit.exported", |told| format!("exported the audit trail as {}", told.said("format"));
    ViewShared = "view.shared", |told| format!("made a link to the view {}", told.said("name"));
    ViewLinkChanged = "view.link_changed", |told| format!("changed a link to the view {}", told.said("name"));
    ViewUnshared = "view.unshared", |told| format!("took back a link to the view {}", told.said("name"));
    FileInfected = "file.infected", |told| format!("sent the file {}, in which {} was found; it was not taken", told.said("name"), told.said("signature"));
    SiteCreated = "site.created", |told| format!("made the site {}", told.said("name"));
    SiteRenamed = "site.renamed", |told| format!("renamed the site {} to {}", told.said("from"), told.said("to"));
    SiteThemeChanged = "site.theme_changed", |told| format!("gave the site {} the theme {}", told.said("name"), told.said("to"));
    SiteBaseChanged = "site.base_changed", |told| format!("chose another base for the site {}", told.said("name"));
    SitePublished = "site.published", |told| match told.count("pages") {
        0 | 1 => format!("published a page of the site {}", told.said("name")),
        pages => format!("published {pages} pages of the site {}", told.said("name")),
    };
    SiteDeleted = "site.deleted", |told| format!("deleted the site {}", told.said("name"));
    SiteRestored = "site.restored", |told| format!("restored the site {}", told.said("name"));
    PageCreated = "page.created", |told| format!("made the page {}", told.said("path"));
    PageUnpublished = "page.unpublished", |told| format!("took the page {} back", told.said("path"));
    PageDeleted = "page.deleted", |told| format!("deleted the page {}", told.said("path"));
    PageRestored = "page.restored", |told| format!("restored the page {}", told.said("path"));
}

impl Act {
    /// The act of a stored name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_unique_and_every_act_has_words() {
        let data = json!({ "name": "Shop", "pages": [1, 2] });
        for (at, act) in Act::ALL.iter().enumerate() {
            assert_eq!(Act::named(act.name()), Some(*act));
            assert!(Act::ALL.iter().skip(at + 1).all(|other| other.name() != act.name()));
            let words = act.words(Told { target: "Kim", data: &data });
            assert!(!words.is_empty() && !words.contains(act.name()), "{words}");
        }
        let told = Told { target: "", data: &data };
        assert_eq!(Act::SitePublished.words(told), "published 2 pages of the site Shop");
        assert_eq!(Act::named("galaxy.made"), None);
    }
}
