//! The demo organisation: OpenFlights as a base of linked tables, and a published site that lists airports.
//!
//! Data: OpenFlights.org, Open Database Licence 1.0 (`content/demo/openflights/README.md`).

use super::{import, owner, visit};
use crate::System;
use bases::imports::{ColumnPlan, ImportPlan, LinkPlan};
use engine_base::{BaseId, TableId};
use kernel_core::{Caller, Code};
use rust_embed::RustEmbed;
use sites::NewSite;
use std::path::{Path, PathBuf};

/// How to sign in to the demo.
const EMAIL: &str = "demo@example.com";
const PASSWORD: &str = "airports and airlines";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../content/demo/openflights"]
struct Files;

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
    let base = system.bases.create(&owner.caller, "Route network", Some("plane"), Some("teal")).await?;
    let folder = system.settings.database.data_folder.join("demo");
    std::fs::create_dir_all(&folder)?;
    let tables = Tables { system, caller: &owner.caller, base: base.id, folder: &folder };
    let countries = tables.import("countries", "Countries", vec![]).await?;
    let by_country = |column: &str| link(column, "Country", countries, "Name", None);
    let planes = tables.import("planes", "Planes", vec![]).await?;
    let airlines = tables.import("airlines", "Airlines", vec![by_country("Country")]).await?;
    let airports = tables.import("airports", "Airports", vec![by_country("Country")]).await?;
    let routes = vec![
        link("Airline ID", "Airline record", airlines, "Airline ID", None),
        link("Source airport ID", "From", airports, "Airport ID", None),
        link("Destination airport ID", "To", airports, "Airport ID", None),
        link("Equipment", "Equipment", planes, "IATA", Some(" ")),
    ];
    tables.import("routes", "Routes", routes).await?;
    std::fs::remove_dir_all(&folder)?;
    // The site's list shows the first table.
    system.bases.arrange_table(&owner.caller, airports.0, Some("Name"), Some(0)).await?;
    system.bases.arrange_table(&owner.caller, airlines.0, Some("Name"), Some(1)).await?;
    let site = NewSite {
        name: "Airports of the world".to_owned(),
        slug: "airports".to_owned(),
        theme: "atelier".to_owned(),
        base: Some(base.id),
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

struct Tables<'a> {
    system: &'a System,
    caller: &'a Caller,
    base: BaseId,
    folder: &'a Path,
}

impl Tables<'_> {
    async fn import(&self, file: &str, name: &str, columns: Vec<ColumnPlan>) -> anyhow::Result<TableId> {
        let path = self.unpack(&format!("{file}.csv"))?;
        let plan = ImportPlan { name: Some(name.to_owned()), columns, ..ImportPlan::default() };
        let state = import(self.system, self.caller, self.base, &path, plan).await?;
        println!("{name}: {} records, {} values left out", state.created, state.error_count);
        state.table.ok_or_else(|| anyhow::anyhow!("{name} has no table"))
    }

    fn unpack(&self, file: &str) -> anyhow::Result<PathBuf> {
        let data = Files::get(file).ok_or_else(|| anyhow::anyhow!("{file} is not in the program"))?;
        let path = self.folder.join(file);
        std::fs::write(&path, data.data)?;
        Ok(path)
    }
}

fn link(column: &str, name: &str, table: TableId, by: &str, separator: Option<&str>) -> ColumnPlan {
    ColumnPlan {
        column: column.to_owned(),
        name: Some(name.to_owned()),
        link: Some(LinkPlan {
            table: table.to_string(),
            by: Some(by.to_owned()),
            separator: separator.map(str::to_owned),
        }),
        ..ColumnPlan::default()
    }
}
