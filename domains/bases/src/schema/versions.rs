//! Versions of a base's schema (spec X8): the changes that changed it, and what is different between two moments. Both are told
//! as the reader sees the base today (`sight/past.rs`).

use crate::activity::{SchemaVersions, schema_versions};
use crate::catalog::api::detail;
use crate::http::{AppState, Versioned};
use axum::extract::{Path, State};
use http::StatusCode;
use indexmap::IndexMap;
use kernel_core::{Capability, Error, Result};
use kernel_web::{ApiQuery, WebError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(diff))
}

/// Members of tables, fields and views that say something of the schema, and not of who asks or of the records.
const MEMBERS: [&str; 7] = ["name", "description", "type", "access", "primary_field", "options", "config"];

/// Which versions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionsQuery {
    /// Only versions with a lower number: `next` of the page before.
    before: Option<u64>,
    /// Versions to answer with, 1 to 200; 50 if absent.
    limit: Option<u64>,
}

/// Up to which moment.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// A version or a time (RFC 3339) to compare with; the present one if absent.
    to: Option<String>,
}

/// What is different between two moments.
#[derive(Debug, Serialize, ToSchema)]
struct SchemaDiff {
    /// The version that is compared.
    from: u64,
    /// The version that it is compared with.
    to: u64,
    data: Vec<SchemaDifference>,
}

/// A table, field or view that is not the same.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct SchemaDifference {
    /// `table`, `field`, `view`.
    what: &'static str,
    id: String,
    /// Its name at the later moment, or the last one that it had.
    name: String,
    /// The table of a field or view.
    table: Option<String>,
    /// `added`, `removed`, `changed`: from the first moment to the second.
    done: &'static str,
    /// What of it was changed.
    members: Vec<MemberDifference>,
}

/// One member before and after; of options and settings each on its own, as `options/choices`.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct MemberDifference {
    member: String,
    before: Value,
    after: Value,
}

/// The changes of tables, fields, views and the base itself, newest first: who, when, what. For who may manage the base. Look at one
/// with `as_of`, its number.
#[utoipa::path(get, path = "/v1/bases/{base}/schema/versions", tag = "schema",
    params(("base" = String, Path, description = "Base id, app…"), VersionsQuery), responses((status = 200, body = SchemaVersions)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(base): Path<String>,
    ApiQuery(query): ApiQuery<VersionsQuery>,
) -> Result<Versioned, WebError> {
    Ok(schema_versions(&bases, caller, &base, query.before, query.limit).await?)
}

/// What is different between the schema of a version and that of another, or of now.
#[utoipa::path(get, path = "/v1/bases/{base}/schema/versions/{version}/diff", tag = "schema",
    params(("base" = String, Path, description = "Base id, app…"), ("version" = u64, Path, description = "Number of a change"), DiffQuery),
    responses((status = 200, body = SchemaDiff)))]
async fn diff(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((base, version)): Path<(String, String)>,
    ApiQuery(query): ApiQuery<DiffQuery>,
) -> Result<Versioned, WebError> {
    caller.require(Capability::ReadRecords)?;
    let from = detail(&bases, &caller, &base, None, Some(&version)).await?;
    let to = detail(&bases, &caller, &base, None, query.to.as_deref()).await?;
    let shape = |detail| serde_json::to_value(detail).map_err(Error::internal);
    let data = differences(&parts(&shape(&from)?), &parts(&shape(&to)?));
    let answer = SchemaDiff { from: from.version, to: to.version, data };
    Ok(Versioned::json(StatusCode::OK, to.version, &answer)?)
}

/// A table, field or view.
struct Part {
    what: &'static str,
    name: String,
    table: Option<String>,
    members: Map<String, Value>,
}

impl Part {
    fn of(what: &'static str, shown: &Value, table: Option<&str>) -> Self {
        let mut members = Map::new();
        for member in MEMBERS {
            match &shown[member] {
                Value::Null => {}
                Value::Object(inner) => {
                    let inner = inner.iter().map(|(key, value)| (format!("{member}/{key}"), value.clone()));
                    members.extend(inner);
                }
                value => drop(members.insert(member.to_owned(), value.clone())),
            }
        }
        let name = shown["name"].as_str().unwrap_or_default().to_owned();
        Self { what, name, table: table.map(str::to_owned), members }
    }
}

/// What a base consists of, by id, in its order.
fn parts(base: &Value) -> IndexMap<String, Part> {
    let mut parts = IndexMap::new();
    let id = |shown: &Value| shown["id"].as_str().unwrap_or_default().to_owned();
    for table in base["tables"].as_array().into_iter().flatten() {
        parts.insert(id(table), Part::of("table", table, None));
        for (list, what) in [("fields", "field"), ("views", "view")] {
            for shown in table[list].as_array().into_iter().flatten() {
                parts.insert(id(shown), Part::of(what, shown, table["name"].as_str()));
            }
        }
    }
    parts
}

fn differences(from: &IndexMap<String, Part>, to: &IndexMap<String, Part>) -> Vec<SchemaDifference> {
    let told = |id: &str, part: &Part, done, members| SchemaDifference {
        what: part.what,
        id: id.to_owned(),
        name: part.name.clone(),
        table: part.table.clone(),
        done,
        members,
    };
    let here = to.iter().filter_map(|(id, part)| match from.get(id) {
        None => Some(told(id, part, "added", Vec::new())),
        Some(before) => {
            let members = changed(&before.members, &part.members);
            (!members.is_empty()).then(|| told(id, part, "changed", members))
        }
    });
    let gone = from.iter().filter(|(id, _)| !to.contains_key(*id));
    here.chain(gone.map(|(id, part)| told(id, part, "removed", Vec::new()))).collect()
}

fn changed(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<MemberDifference> {
    let at = |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
    let more = after.keys().filter(|key| !before.contains_key(*key));
    before
        .keys()
        .chain(more)
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| MemberDifference { member: key.clone(), before: at(before, key), after: at(after, key) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_came_went_and_changed() {
        let field = |id: &str, name: &str, options: Value| json!({"id": id, "name": name, "type": "number", "options": options, "read_only": id == "f1"});
        let base = |fields: Vec<Value>, records: u64| json!({"tables": [{"id": "t", "name": "Stars", "records": records, "fields": fields, "views": []}]});
        let one = base(vec![field("f1", "Mass", json!({"precision": 1})), field("f2", "Age", json!({}))], 3);
        let two = base(
            vec![field("f1", "Weight", json!({"precision": 2, "default": 1})), field("f3", "Hue", json!({}))],
            9,
        );
        let told: Vec<String> = differences(&parts(&one), &parts(&two))
            .iter()
            .map(|one| {
                let members: Vec<String> =
                    one.members.iter().map(|m| format!("{} {}→{}", m.member, m.before, m.after)).collect();
                format!("{} {} {}: {}", one.done, one.what, one.name, members.join(", "))
            })
            .collect();
        let expected = [
            "changed field Weight: name \"Mass\"→\"Weight\", options/precision 1→2, options/default null→1",
            "added field Hue: ",
            "removed field Age: ",
        ];
        assert_eq!(told, expected);
        assert_eq!(differences(&parts(&one), &parts(&one)), []);
    }
}
