//! Metadata (SAML 2.0 Metadata): a provider's, of which four things are kept, and ours.
//!
//! Its signature is not asked for: it is trusted because an administrator gave it, or gave the address that it was fetched from.

use super::certificate::Certificate;
use super::xml::{Kind, attribute, children, escaped, is, parse, text};
use super::{Checked, METADATA, POST, PROTOCOL, REDIRECT, SIGNATURE};
use data_encoding::BASE64;
use jiff::Timestamp;
use roxmltree::Node;
use url::Url;

/// Certificates that are kept.
const MOST: usize = 10;

/// What a provider says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub entity: String,
    /// Where browsers are sent.
    pub sso_url: String,
    /// Its keys.
    pub certificates: Vec<Certificate>,
}

/// Reads a provider's metadata. With `secure`, browsers may be sent to https addresses alone.
///
/// # Errors
/// What is wrong with it, after "The metadata".
pub fn read(source: &str, secure: bool, now: Timestamp) -> Checked<Described> {
    let document = parse(source, Kind::Metadata)?;
    let root = document.root_element();
    if !is(root, METADATA, "EntityDescriptor") && !is(root, METADATA, "EntitiesDescriptor") {
        return Err("is not SAML metadata: its first element is no EntityDescriptor".into());
    }
    let providers: Vec<(Node<'_, '_>, Node<'_, '_>)> = root
        .descendants()
        .filter(|node| is(*node, METADATA, "EntityDescriptor"))
        .filter_map(|entity| children(entity, METADATA, "IDPSSODescriptor").next().map(|role| (entity, role)))
        .collect();
    let [(entity, role)] = providers.as_slice() else {
        return Err(match providers.len() {
            0 => "describes no identity provider".into(),
            several => format!("describes {several} identity providers, and one is needed").into(),
        });
    };
    let ends = [root, *entity, *role].into_iter().filter_map(|node| attribute(node, "validUntil"));
    for end in ends {
        let end: Timestamp = end.parse().map_err(|_| "has a time that can’t be read (validUntil)")?;
        if end <= now {
            return Err("has expired (validUntil)".into());
        }
    }
    let supported = attribute(*role, "protocolSupportEnumeration").unwrap_or_default();
    if !supported.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL) {
        return Err("describes a provider that does not speak SAML 2.0".into());
    }
    let name = attribute(*entity, "entityID").map(str::trim).unwrap_or_default();
    if name.is_empty() || name.len() > 1024 || name.chars().any(char::is_control) {
        return Err("has no entityID of 1 to 1024 characters".into());
    }
    let service = children(*role, METADATA, "SingleSignOnService")
        .find(|service| attribute(*service, "Binding") == Some(REDIRECT))
        .and_then(|service| attribute(service, "Location"))
        .ok_or("names no address to log in at (SingleSignOnService with HTTP-Redirect)")?;
    Ok(Described {
        entity: name.to_owned(),
        sso_url: address(service.trim(), secure)?,
        certificates: certificates(*role)?,
    })
}

fn address(text: &str, secure: bool) -> Checked<String> {
    let url = Url::parse(text).ok().filter(|url| {
        (url.scheme() == "https" || (!secure && url.scheme() == "http"))
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && text.len() <= 1000
    });
    url.map(|url| url.to_string())
        .ok_or_else(|| "names an address to log in at that is not an https one".into())
}

/// Keys for signatures; those that can't be used are passed over as long as one can.
fn certificates(role: Node<'_, '_>) -> Checked<Vec<Certificate>> {
    let mut found: Vec<Certificate> = Vec::new();
    let mut problem = "has no certificate for signatures (KeyDescriptor)".into();
    let keys = children(role, METADATA, "KeyDescriptor")
        .filter(|key| matches!(attribute(*key, "use"), None | Some("signing")));
    for node in keys.flat_map(|key| key.descendants()).filter(|node| is(*node, SIGNATURE, "X509Certificate"))
    {
        let base64: String = text(node)?.chars().filter(|character| !character.is_whitespace()).collect();
        let read = BASE64
            .decode(base64.as_bytes())
            .map_err(|_| "has a certificate that can’t be read".into())
            .and_then(|der| Certificate::read(&der));
        match read {
            Ok(certificate) if !found.contains(&certificate) => found.push(certificate),
            Ok(_) => {}
            Err(why) => problem = why,
        }
    }
    match found.len() {
        0 => Err(problem),
        1..=MOST => Ok(found),
        _ => Err(format!("has more than {MOST} certificates").into()),
    }
}

/// Our own metadata for one organisation.
#[must_use]
pub fn ours(entity: &str, acs: &str) -> String {
    let (entity, acs) = (escaped(entity), escaped(acs));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{entity}\">\n  \
         <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"{PROTOCOL}\">\n    \
         <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\n    \
         <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>\n    \
         <md:AssertionConsumerService Binding=\"{POST}\" Location=\"{acs}\" index=\"0\" isDefault=\"true\"/>\n  \
         </md:SPSSODescriptor>\n</md:EntityDescriptor>\n"
    )
}
