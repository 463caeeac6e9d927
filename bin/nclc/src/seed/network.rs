//! OpenFlights as a base of five linked tables with calculated fields: distances along routes, counts of routes.
//!
//! Data: OpenFlights.org, Open Database Licence 1.0 (`content/demo/openflights/README.md`).

use super::{import, owner, token};
use crate::System;
use bases::imports::{ColumnPlan, ImportPlan, LinkPlan};
use engine_base::{BaseId, FieldId, TableId};
use kernel_core::Caller;
use rust_embed::RustEmbed;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../content/demo/openflights"]
struct Files;

/// Great-circle distance in kilometres (haversine formula, radius 6,371 km); blank where an airport is not known. A lookup is a
/// list of one: its sum is a number.
const DISTANCE: &str = "IF(AND(COUNT({From latitude}), COUNT({To latitude})), ROUND(2 * 6371 * ASIN(SQRT(\
    POWER(SIN(RADIANS(SUM({To latitude}) - SUM({From latitude})) / 2), 2) + \
    COS(RADIANS(SUM({From latitude}))) * COS(RADIANS(SUM({To latitude}))) * \
    POWER(SIN(RADIANS(SUM({To longitude}) - SUM({From longitude})) / 2), 2)))))";

/// The base.
pub(super) struct Network {
    pub(super) base: BaseId,
    pub(super) airlines: TableId,
    pub(super) airports: TableId,
    pub(super) routes: TableId,
}

/// Makes the base alone in an organisation and prints `{"token","base","airports","routes"}`.
pub(super) async fn run(system: &System) -> anyhow::Result<()> {
    let tag = format!("{:x}", system.web.random().below(1 << 40));
    let (email, password) = (format!("network-{tag}@example.com"), format!("correct horse {tag} battery"));
    let owner = owner(system, ("Network", &email, &password), "Network", &format!("network-{tag}")).await?;
    let network = Network::make(system, &owner.caller).await?;
    let token = token(system, &owner.caller, "network").await?;
    let Network { base, airports, routes, .. } = network;
    println!("{}", json!({ "token": token, "base": base, "airports": airports, "routes": routes }));
    Ok(())
}

impl Network {
    pub(super) async fn make(system: &System, caller: &Caller) -> anyhow::Result<Self> {
        let base = system.bases.create(caller, "Route network", Some("plane"), Some("teal")).await?.id;
        let folder = system.settings.database.data_folder.join("demo");
        std::fs::create_dir_all(&folder)?;
        let tables = Tables { system, caller, base, folder: &folder };
        let countries = tables.import("countries", "Countries", vec![]).await?;
        let by_country = |column: &str| link(column, "Country", countries, "Name", None);
        let planes = tables.import("planes", "Planes", vec![]).await?;
        let airlines = tables.import("airlines", "Airlines", vec![by_country("Country")]).await?;
        let airports = tables.import("airports", "Airports", vec![by_country("Country")]).await?;
        let plans = vec![
            link("Airline ID", "Airline record", airlines, "Airline ID", None),
            link("Source airport ID", "From", airports, "Airport ID", None),
            link("Destination airport ID", "To", airports, "Airport ID", None),
            link("Equipment", "Equipment", planes, "IATA", Some(" ")),
        ];
        let routes = tables.import("routes", "Routes", plans).await?;
        std::fs::remove_dir_all(&folder)?;
        let network = Self { base, airlines, airports, routes };
        network.calculate(&tables).await?;
        Ok(network)
    }

    /// Adds the fields that follow along the links.
    async fn calculate(&self, tables: &Tables<'_>) -> anyhow::Result<()> {
        for end in ["From", "To"] {
            for part in ["Latitude", "Longitude"] {
                let read = tables.field(self.airports, part).await?;
                let options = json!({ "link_field": tables.field(self.routes, end).await?, "field": read });
                tables.add(self.routes, &format!("{end} {}", part.to_lowercase()), "lookup", options).await?;
            }
        }
        let distance =
            tables.add(self.routes, "Distance (km)", "formula", json!({ "formula": DISTANCE })).await?;
        let departures = tables.other_side(self.routes, "From").await?;
        let flown = tables.other_side(self.routes, "Airline record").await?;
        tables.add(self.airports, "Departures", "count", json!({ "link_field": departures })).await?;
        let farthest = json!({ "link_field": departures, "field": distance, "function": "max" });
        tables.add(self.airports, "Farthest (km)", "rollup", farthest).await?;
        tables.add(self.airlines, "Routes flown", "count", json!({ "link_field": flown })).await?;
        let longest = json!({ "link_field": flown, "field": distance, "function": "max" });
        tables.add(self.airlines, "Longest (km)", "rollup", longest).await?;
        Ok(())
    }
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

    async fn field(&self, table: TableId, name: &str) -> anyhow::Result<FieldId> {
        Ok(self.system.bases.field_named(self.caller, table, name).await?.0)
    }

    /// The field of the linked table that leads back.
    async fn other_side(&self, table: TableId, link: &str) -> anyhow::Result<FieldId> {
        let (_, back) = self.system.bases.field_named(self.caller, table, link).await?;
        back.ok_or_else(|| anyhow::anyhow!("{link} is no link"))
    }

    async fn add(&self, table: TableId, name: &str, kind: &str, options: Value) -> anyhow::Result<FieldId> {
        Ok(self.system.bases.add_field(self.caller, table, name, (kind, &options)).await?)
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
