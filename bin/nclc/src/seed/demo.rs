//! The demo organisation: OpenFlights as a base of linked tables, and a published site that lists airports.
//!
//! Data: OpenFlights.org, Open Database Licence 1.0 (`content/demo/openflights/README.md`).

use super::network::Network;
use super::{owner, visit};
use crate::System;
use kernel_core::Code;
use sites::NewSite;

/// How to sign in to the demo.
const EMAIL: &str = "demo@example.com";
const PASSWORD: &str = "airports and airlines";

/// Makes the organisation once; a second run finds it and does nothing.
pub(super) async fn run(system: &System) -> anyhow::Result<()> {
    let account = ("Demo Person", EMAIL, PASSWORD);
    let owner = match owner(system, account, "Demo Services", "demo").await {
        Ok(owner) => owner,
        Err(error)
            if error.downcast_ref().is_some_and(|e: &kernel_core::Error| e.code() == Code::AlreadyExists) =>
        {
            print_access(system);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let network = Network::make(system, &owner.caller).await?;
    // The site's list shows the first table.
    system.bases.arrange_table(&owner.caller, network.airports.0, Some("Name"), Some(0)).await?;
    system.bases.arrange_table(&owner.caller, network.airlines.0, Some("Name"), Some(1)).await?;
    let site = NewSite {
        name: "Airports of the world".to_owned(),
        slug: "airports".to_owned(),
        theme: "atelier".to_owned(),
        base: Some(network.base),
    };
    let site = system.sites.create((&owner.caller, &visit()), &site).await?;
    system.sites.publish_all((&owner.caller, &visit()), site).await?;
    print_access(system);
    Ok(())
}

fn print_access(system: &System) {
    println!("Demo: {}/login with {EMAIL} and the password: {PASSWORD}", system.web.origins().app);
    println!("  its site: {}", system.settings.site.site_origin("airports"));
    println!("  data: OpenFlights.org (ODbL 1.0)");
}
