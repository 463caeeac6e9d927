//! Looking up names. The answer is judged and then connected to; nobody looks up a second time.

use kernel_core::outgoing::Failure;
use std::net::IpAddr;
use std::pin::Pin;

/// Something that knows the addresses of names.
pub trait Names: Send + Sync {
    /// # Errors
    /// `Name` when there is none.
    fn addresses<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, Failure>> + Send + 'a>>;
}

/// As the machine resolves names.
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, Failure>> + Send + 'a>> {
        Box::pin(async move {
            let unknown = || Failure::Name(name.to_owned());
            let found = tokio::net::lookup_host((name, 0)).await.map_err(|_| unknown())?;
            let mut addresses: Vec<IpAddr> = found.map(|place| place.ip()).collect();
            addresses.dedup();
            if addresses.is_empty() { Err(unknown()) } else { Ok(addresses) }
        })
    }
}
