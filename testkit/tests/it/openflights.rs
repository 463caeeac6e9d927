//! OpenFlights as five linked tables with calculated fields: when an airport moves, the distances of its routes and the totals
//! follow, and a second client hears of it.
//!
//! Data: OpenFlights.org, Open Database Licence 1.0 (`content/demo/openflights/README.md`).

use crate::events::Stream;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use testkit::{Tenant, TestSystem, eventually, run};

const ROUTES: u64 = 67_663;

struct Network<'a> {
    system: &'a TestSystem,
    tenant: Tenant,
    base: String,
}

impl Network<'_> {
    async fn send(&self, path: &str, body: Value, status: u16) -> anyhow::Result<Value> {
        let sent = self.system.api().post(path).token(&self.tenant.token).json(&body).send().await?;
        Ok(sent.expect(status)?.json())
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.system.api().get(path).token(&self.tenant.token).send().await?.expect(200)?.json())
    }

    /// Imports a file as a table; gives its id.
    async fn import(&self, file: &str, name: &str, columns: Value) -> anyhow::Result<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/demo/openflights");
        let csv = std::fs::read_to_string(folder.join(file))?;
        let upload = self.system.api().post("/v1/imports").token(&self.tenant.token).upload(&self.base, &csv);
        let import = upload.send().await?.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        self.send(&format!("/v1/imports/{import}/start"), json!({"name": name, "columns": columns}), 202)
            .await?;
        let path = format!("/v1/imports/{import}");
        let done = eventually("the end of the import", Duration::from_secs(120), async || {
            let state = self.get(&path).await?;
            Ok((state["state"] != "running").then_some(state))
        })
        .await?;
        anyhow::ensure!(done["state"] == "done", "{done}");
        Ok(done["table"].as_str().unwrap_or_default().to_owned())
    }

    async fn field(&self, table: &str, name: &str, kind: &str, options: Value) -> anyhow::Result<String> {
        let body = json!({"name": name, "type": kind, "options": options});
        let made = self.send(&format!("/v1/tables/{table}/fields"), body, 201).await?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }

    async fn id_of(&self, table: &str, name: &str) -> anyhow::Result<String> {
        let schema = self.get(&format!("/v1/tables/{table}")).await?;
        let field = schema["fields"].as_array().into_iter().flatten().find(|field| field["name"] == name);
        let id = field.and_then(|field| field["id"].as_str());
        id.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("{table} has no field {name}"))
    }

    async fn one(&self, table: &str, filter: &str) -> anyhow::Result<Value> {
        let body = json!({"table": table, "filter": filter, "limit": 1});
        Ok(self.send("/v1/records/query", body, 200).await?["data"][0].clone())
    }
}

fn link(column: &str, name: &str, table: &str, by: &str) -> Value {
    json!({"column": column, "name": name, "link": {"table": table, "by": by}})
}

/// Great-circle distance in kilometres (haversine formula, radius 6,371 km).
fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat, lon) = ((b.0 - a.0).to_radians(), (b.1 - a.1).to_radians());
    let h = (lat / 2.0).sin().powi(2)
        + a.0.to_radians().cos() * b.0.to_radians().cos() * (lon / 2.0).sin().powi(2);
    2.0 * 6371.0 * h.sqrt().asin()
}

const FORMULA: &str = "2 * 6371 * ASIN(SQRT(\
    POWER(SIN(RADIANS(SUM({To lat}) - SUM({From lat})) / 2), 2) + \
    COS(RADIANS(SUM({From lat}))) * COS(RADIANS(SUM({To lat}))) * \
    POWER(SIN(RADIANS(SUM({To lon}) - SUM({From lon})) / 2), 2)))";

fn position(airport: &Value) -> (f64, f64) {
    let number = |name: &str| airport["fields"][name].as_f64().unwrap_or_default();
    (number("Latitude"), number("Longitude"))
}

#[test]
fn distances_follow_an_airport() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let base = system.api().post("/v1/bases").token(&tenant.token).json(&json!({"name": "Routes"}));
        let base = base.send().await?.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        let net = Network { system, tenant, base };
        let countries = net.import("countries.csv", "Countries", json!([])).await?;
        let planes = net.import("planes.csv", "Planes", json!([])).await?;
        let country = || link("Country", "Country", &countries, "Name");
        let airlines = net.import("airlines.csv", "Airlines", json!([country()])).await?;
        let airports = net.import("airports.csv", "Airports", json!([country()])).await?;
        let mut equipment = link("Equipment", "Equipment", &planes, "IATA");
        equipment["link"]["separator"] = json!(" ");
        let columns = json!([
            link("Airline ID", "Operator", &airlines, "Airline ID"),
            link("Source airport ID", "From", &airports, "Airport ID"),
            link("Destination airport ID", "To", &airports, "Airport ID"),
            equipment,
        ]);
        let routes = net.import("routes.csv", "Routes", columns).await?;
        let lookup = async |name: &str, through: &str, of: &str| {
            let options = json!({"link_field": net.id_of(&routes, through).await?, "field": net.id_of(&airports, of).await?});
            net.field(&routes, name, "lookup", options).await
        };
        for (name, through, of) in [
            ("From lat", "From", "Latitude"),
            ("From lon", "From", "Longitude"),
            ("To lat", "To", "Latitude"),
            ("To lon", "To", "Longitude"),
        ] {
            lookup(name, through, of).await?;
        }
        let distance_field = net.field(&routes, "Distance", "formula", json!({"formula": FORMULA})).await?;
        let (from, operator) = (net.id_of(&routes, "From").await?, net.id_of(&routes, "Operator").await?);
        let back = async |table: &str, of: &str| {
            let schema = net.get(&format!("/v1/tables/{table}")).await?;
            let field = schema["fields"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|field| field["options"]["symmetric_field"] == of);
            anyhow::Ok(field.and_then(|field| field["id"].as_str()).unwrap_or_default().to_owned())
        };
        let departures = back(&airports, &from).await?;
        net.field(&airports, "Departures", "count", json!({"link_field": departures})).await?;
        let reach = json!({"link_field": departures, "field": distance_field, "function": "max"});
        net.field(&airports, "Longest", "rollup", reach).await?;
        let flown = back(&airlines, &operator).await?;
        net.field(
            &airlines,
            "Routes flown",
            "rollup",
            json!({"link_field": flown, "field": distance_field, "function": "filled"}),
        )
        .await?;
        // What is shown is what the formula says, and every route is counted once.
        let zurich = net.one(&airports, "{IATA} = \"ZRH\"").await?;
        let kennedy = net.one(&airports, "{IATA} = \"JFK\"").await?;
        let filter = "AND({Source airport} = \"ZRH\", {Destination airport} = \"JFK\")";
        let route = net.one(&routes, filter).await?;
        let shown = route["fields"]["Distance"].as_f64().unwrap_or_default();
        assert!((shown - distance(position(&zurich), position(&kennedy))).abs() < 1e-6, "{route}");
        let total = async |table: &str, field: &str| {
            let id = net.id_of(table, field).await?;
            let body = json!({"fields": {(id.as_str()): "sum"}});
            let totals = net.send(&format!("/v1/tables/{table}/aggregates"), body, 200).await?;
            anyhow::Ok(totals["values"][&id].as_f64().unwrap_or_default())
        };
        let path = format!("/v1/tables/{routes}/aggregates");
        let filled = net.send(&path, json!({"fields": {(from.as_str()): "filled"}}), 200).await?;
        let with_airport = filled["values"][&from].as_u64();
        assert_eq!(Some(total(&airports, "Departures").await? as u64), with_airport);
        let all = net.send(&format!("/v1/tables/{routes}/aggregates"), json!({"fields": {}}), 200).await?;
        assert_eq!(all["total"], ROUTES);
        // A second client listens on another process while the airport moves to the equator.
        let other = system.another_server().await?;
        let mut stream = Stream::at(other.address, &net.tenant.token, &net.base, None).await?;
        assert_eq!(stream.next().await?.0, "ready");
        let airport = zurich["id"].as_str().unwrap_or_default();
        let moved = json!({"fields": {"Latitude": 0, "Longitude": 0}});
        system
            .api()
            .patch(&format!("/v1/records/{airport}"))
            .token(&net.tenant.token)
            .json(&moved)
            .send()
            .await?
            .expect(200)?;
        let (name, _, data) = stream.next().await?;
        assert_eq!(name, "change");
        // So many routes that the event does not name them: whoever shows routes looks again.
        assert_eq!(data["tables"][&routes], json!({"records": null}), "{data}");
        let there = other.api().get(&format!("/v1/records/{}", route["id"].as_str().unwrap_or_default()));
        let there = there.token(&net.tenant.token).send().await?.expect(200)?.json();
        let shown = there["fields"]["Distance"].as_f64().unwrap_or_default();
        assert!((shown - distance((0.0, 0.0), position(&kennedy))).abs() < 1e-6, "{there}");
        let airport = net.get(&format!("/v1/records/{airport}")).await?;
        assert_eq!(airport["fields"]["Departures"].as_u64().map(|count| count > 50), Some(true), "{airport}");
        Ok(())
    });
}
