//! What the product says of its SCIM (RFC 7643 sections 5 to 7): the configuration, the types of resources, the schemas.

use super::list::MOST;
use super::schema::{Attr, Kind, Mutability};
use super::schemas::{GROUP, GROUP_URN, USER, USER_URN};
use serde_json::{Value, json};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";

const fn text(name: &'static str, about: &'static str) -> Attr {
    Attr::new(name, Kind::Text, about).with(Mutability::Read)
}
const fn flag(name: &'static str, about: &'static str) -> Attr {
    Attr::new(name, Kind::Flag, about).with(Mutability::Read)
}
const fn number(name: &'static str, about: &'static str) -> Attr {
    Attr::new(name, Kind::Number, about).with(Mutability::Read)
}
const fn uri(name: &'static str, about: &'static str) -> Attr {
    Attr::new(name, Kind::Reference(&["uri"]), about).exact().with(Mutability::Read)
}
const fn parts(name: &'static str, inside: &'static [Attr], about: &'static str) -> Attr {
    Attr::new(name, Kind::Parts(inside), about).with(Mutability::Read)
}

const SUPPORTED: &[Attr] = &[flag("supported", "Whether it is supported.").required()];

const CONFIG: &[Attr] = &[
    uri("documentationUri", "The documentation."),
    parts("patch", SUPPORTED, "PATCH.").required(),
    parts(
        "bulk",
        &[
            flag("supported", "Whether it is supported.").required(),
            number("maxOperations", "Operations of one request.").required(),
            number("maxPayloadSize", "Bytes of one request.").required(),
        ],
        "Many operations in one request.",
    )
    .required(),
    parts(
        "filter",
        &[
            flag("supported", "Whether it is supported.").required(),
            number("maxResults", "Resources of one answer.").required(),
        ],
        "Filters.",
    )
    .required(),
    parts("changePassword", SUPPORTED, "Changing passwords.").required(),
    parts("sort", SUPPORTED, "Sorting.").required(),
    parts("etag", SUPPORTED, "Entity tags.").required(),
    parts(
        "authenticationSchemes",
        &[
            text("type", "The kind.").required().one_of(&[
                "oauth",
                "oauth2",
                "oauthbearertoken",
                "httpbasic",
                "httpdigest",
            ]),
            text("name", "The name.").required(),
            text("description", "What it is.").required(),
            uri("specUri", "Its specification."),
            uri("documentationUri", "Its documentation."),
            flag("primary", "Whether it is the usual one."),
        ],
        "How clients prove who they are.",
    )
    .many()
    .required(),
];

const TYPE: &[Attr] = &[
    text("id", "The id."),
    text("name", "The name.").required(),
    text("description", "What it is."),
    uri("endpoint", "Its address.").required(),
    uri("schema", "Its schema.").required(),
    parts(
        "schemaExtensions",
        &[
            uri("schema", "The extension.").required(),
            flag("required", "Whether every resource has it.").required(),
        ],
        "Extensions.",
    )
    .many(),
];

/// What is said of an attribute, without the parts that a complex one has.
macro_rules! described {
    ($($more:expr),*) => {
        &[
            text("name", "The name.").required().exact(),
            text("type", "What it holds.").required()
                .one_of(&["string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary"]),
            flag("multiValued", "Whether it is a list.").required(),
            text("description", "What it is."),
            flag("required", "Whether every resource has it."),
            text("canonicalValues", "Usual values.").many().exact(),
            flag("caseExact", "Whether upper and lower case differ."),
            text("mutability", "Who may write it.").exact()
                .one_of(&["readOnly", "readWrite", "immutable", "writeOnly"]),
            text("returned", "When it is answered.").exact().one_of(&["always", "never", "default", "request"]),
            text("uniqueness", "Within what it is unique.").exact().one_of(&["none", "server", "global"]),
            text("referenceTypes", "What it refers to.").many().exact(),
            $($more),*
        ]
    };
}

const INNER: &[Attr] = described!();
const OUTER: &[Attr] = described!(parts("subAttributes", INNER, "The parts of a complex one.").many());
const SCHEMA: &[Attr] = &[
    text("id", "The URN.").required().exact(),
    text("name", "The name."),
    text("description", "What it is."),
    parts("attributes", OUTER, "The attributes.").many().required(),
];

/// All schemas: URN, name, what it is, attributes.
fn all() -> [(String, &'static str, &'static str, &'static [Attr]); 5] {
    [
        (USER_URN.to_owned(), "User", "A member of the organisation.", USER),
        (GROUP_URN.to_owned(), "Group", "A group of members.", GROUP),
        (format!("{CORE}ServiceProviderConfig"), "ServiceProviderConfig", "What is supported.", CONFIG),
        (format!("{CORE}ResourceType"), "ResourceType", "A type of resources.", TYPE),
        (format!("{CORE}Schema"), "Schema", "A schema.", SCHEMA),
    ]
}

fn meta(kind: &str, location: &str) -> Value {
    json!({ "resourceType": kind, "location": location })
}

/// `/Schemas`. What every resource may have (`externalId`) is in no schema (RFC 7643 section 3.1).
pub(super) fn schemas(base: &str) -> Vec<Value> {
    let schema = |(urn, name, about, attrs): (String, &str, &str, &'static [Attr])| {
        let attributes = attrs.iter().filter(|attr| attr.name != "externalId").map(Attr::described);
        json!({
            "schemas": [format!("{CORE}Schema")],
            "id": urn,
            "name": name,
            "description": about,
            "attributes": attributes.collect::<Vec<_>>(),
            "meta": meta("Schema", &format!("{base}/Schemas/{urn}")),
        })
    };
    all().into_iter().map(schema).collect()
}

/// `/ResourceTypes`.
pub(super) fn types(base: &str) -> Vec<Value> {
    let of = |name: &str, about: &str, urn: &str| {
        json!({
            "schemas": [format!("{CORE}ResourceType")],
            "id": name,
            "name": name,
            "description": about,
            "endpoint": format!("/{name}s"),
            "schema": urn,
            "meta": meta("ResourceType", &format!("{base}/ResourceTypes/{name}")),
        })
    };
    vec![of("User", "A member of the organisation.", USER_URN), of("Group", "A group of members.", GROUP_URN)]
}

/// `/ServiceProviderConfig`. `www`: the address of the documentation.
pub(super) fn config(base: &str, www: &str) -> Value {
    let docs = format!("{www}/docs/scim");
    json!({
        "schemas": [format!("{CORE}ServiceProviderConfig")],
        "documentationUri": docs,
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "SCIM token",
            "description": "The organisation's SCIM token in the header Authorization: Bearer.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "documentationUri": docs,
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", &format!("{base}/ServiceProviderConfig")),
    })
}
