//! The request that a browser brings to the provider, in the address (Bindings, 3.4). Not signed: it says nothing but who asks, and
//! the answer goes to the address that the provider knows us by.

use super::xml::escaped;
use super::{ASSERTION, POST, PROTOCOL};
use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use kernel_core::{Error, Result};
use std::io::Write as _;

/// Who asks whom, for what.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The provider's address.
    pub to: &'a str,
    /// Our entity id.
    pub entity: &'a str,
    /// Where the answer is to be posted.
    pub acs: &'a str,
    /// The request's id: the answer names it.
    pub id: &'a str,
    /// Comes back beside the answer.
    pub state: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl Request<'_> {
    /// The address to send the browser to.
    ///
    /// # Errors
    /// `internal` only.
    pub fn address(&self) -> Result<String> {
        let xml = format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\" \
             Destination=\"{}\" ProtocolBinding=\"{POST}\" AssertionConsumerServiceURL=\"{}\"><saml:Issuer>{}</saml:Issuer>\
             <samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>",
            escaped(self.id),
            self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            escaped(self.to),
            escaped(self.acs),
            escaped(self.entity),
        );
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
        packed.write_all(xml.as_bytes()).map_err(Error::internal)?;
        let packed = packed.finish().map_err(Error::internal)?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLRequest", &BASE64.encode(&packed))
            .append_pair("RelayState", self.state)
            .finish();
        let joint = if self.to.contains('?') { '&' } else { '?' };
        Ok(format!("{}{joint}{query}", self.to))
    }
}
