//! The attributes that the product keeps of users and groups. Others that RFC 7643 names are taken and not kept: what nobody
//! uses is not stored.

use super::schema::{Attr, Kind, Mutability, find};

/// Users (RFC 7643 section 4.1).
pub(super) const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Groups (section 4.2).
pub(super) const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

const fn text(name: &'static str, about: &'static str) -> Attr {
    Attr::new(name, Kind::Text, about)
}

/// What every resource may have besides its schema's attributes, as far as clients write it (section 3.1).
const EXTERNAL_ID: Attr = text("externalId", "The directory's own id.").exact();

/// A user's attributes.
pub(super) const USER: &[Attr] = &[
    text("userName", "The name of the person in the directory, mostly the e-mail address.")
        .required()
        .unique(),
    Attr::new("name", Kind::Parts(NAME), "The parts of the name."),
    text("displayName", "The name as it is shown."),
    Attr::new(
        "emails",
        Kind::Parts(EMAIL),
        "Addresses; the primary one in a proven domain is the account's.",
    )
    .many(),
    Attr::new("active", Kind::Flag, "Whether the person is a member."),
    Attr::new("groups", Kind::Parts(GROUP_OF_USER), "The groups that the person is in.")
        .many()
        .with(Mutability::Read),
    EXTERNAL_ID,
];

const NAME: &[Attr] = &[
    text("formatted", "The whole name."),
    text("familyName", "The family name."),
    text("givenName", "The given name."),
];

const EMAIL: &[Attr] = &[
    text("value", "The address."),
    text("type", "What it is for.").one_of(&["work", "home", "other"]),
    Attr::new("primary", Kind::Flag, "Whether it is the main one."),
];

const GROUP_OF_USER: &[Attr] = &[
    text("value", "The group's id.").exact().with(Mutability::Read),
    Attr::new("$ref", Kind::Reference(&["Group"]), "The group's address.").exact().with(Mutability::Read),
    text("display", "The group's name.").with(Mutability::Read),
];

/// A group's attributes.
pub(super) const GROUP: &[Attr] = &[
    text("displayName", "The name.").required().unique(),
    Attr::new("members", Kind::Parts(MEMBER), "Who is in it.").many().at_most(10_000),
    EXTERNAL_ID,
];

const MEMBER: &[Attr] = &[
    text("value", "The user's id.").exact().with(Mutability::Once),
    Attr::new("$ref", Kind::Reference(&["User"]), "The user's address.").exact().with(Mutability::Once),
    text("type", "What it is.").one_of(&["User"]).with(Mutability::Once),
];

/// What the product itself says of every resource: it can be asked for, not written.
const COMMON: &[Attr] = &[
    text("id", "The id.").exact().with(Mutability::Read),
    Attr::new("meta", Kind::Parts(META), "When and where.").with(Mutability::Read),
    Attr::new("schemas", Kind::Reference(&["uri"]), "The schemas.").many().exact().with(Mutability::Read),
];

const META: &[Attr] = &[
    text("resourceType", "The kind.").exact().with(Mutability::Read),
    Attr::new("created", Kind::Time, "When it was made.").with(Mutability::Read),
    Attr::new("lastModified", Kind::Time, "When it was changed.").with(Mutability::Read),
    Attr::new("location", Kind::Reference(&["uri"]), "Its address.").exact().with(Mutability::Read),
    text("version", "Its version.").exact().with(Mutability::Read),
];

/// Attributes of RFC 7643 that are not kept: writing them changes nothing and is no mistake.
const NOT_KEPT: &[&str] = &[
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "password",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
];

/// The name without the URN of its schema in front.
pub(super) fn without_urn(name: &str) -> &str {
    for urn in [USER_URN, GROUP_URN] {
        if let Some((before, after)) = name.split_at_checked(urn.len())
            && before.eq_ignore_ascii_case(urn)
            && let Some(after) = after.strip_prefix(':')
        {
            return after;
        }
    }
    name
}

/// The attribute of a name without URN, common ones included.
pub(super) fn attribute(attrs: &'static [Attr], name: &str) -> Option<&'static Attr> {
    find(attrs, name).or_else(|| find(COMMON, name))
}

/// Whether a name is one that may be written and is not kept: of the core schema, or of an extension such as Entra's.
pub(super) fn not_kept(name: &str) -> bool {
    let first = name.split(['.', '[']).next().unwrap_or(name);
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        || NOT_KEPT.iter().any(|known| known.eq_ignore_ascii_case(first))
}
