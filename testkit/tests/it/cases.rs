//! One request for each operation of `/v1`, about the things of a [`World`].

use crate::world::World;
use serde_json::{Value, json};
use testkit::{Client, Request};

/// What a stranger with a good token of another organisation gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stranger {
    /// 404.
    Nothing,
    /// The stranger's own things: the operation names none of somebody else's.
    Own,
}

/// Operations that need no token: what they do for whom is shown where they are tested (`tokens.rs`).
pub const PUBLIC: [&str; 1] = ["POST /v1/token-leaks"];

pub enum Body {
    None,
    Json(Value),
    Csv,
    /// A file of a cell.
    File,
}

pub struct Case {
    /// As in the OpenAPI document: `GET /v1/records`.
    pub operation: &'static str,
    pub path: String,
    pub body: Body,
    pub stranger: Stranger,
    /// Whether a viewer is refused.
    pub writes: bool,
}

impl Case {
    pub fn request(&self, api: &Client, world: &World) -> Request {
        let method = self.operation.split(' ').next().unwrap_or_default();
        let request = api.request(method.parse().expect("a method"), &self.path);
        match &self.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::File => request.file(b"by a stranger"),
            Body::Csv => request.upload(&world.base, "Name\nby a stranger\n"),
        }
    }
}

pub fn all(w: &World) -> Vec<Case> {
    use Stranger::{Nothing, Own};
    let World { base, table, field, view, record, import, comment, share, upload, .. } = w;
    let case =
        |operation, path: String, body, stranger, writes| Case { operation, path, body, stranger, writes };
    let read = |operation, path| case(operation, path, Body::None, Nothing, false);
    let ask = |operation, path, body| case(operation, path, Body::Json(body), Nothing, false);
    let write = |operation, path, body| case(operation, path, Body::Json(body), Nothing, true);
    let empty = |operation, path| case(operation, path, Body::None, Nothing, true);
    vec![
        read("GET /v1/records", format!("/v1/records?table={table}&base={base}")),
        write(
            "POST /v1/records",
            "/v1/records".into(),
            json!({"table": table, "fields": {"Name": "by a stranger"}}),
        ),
        write(
            "PATCH /v1/records",
            "/v1/records".into(),
            json!({"records": [{"id": record, "fields": {"Name": "stranger"}}]}),
        ),
        empty("DELETE /v1/records", format!("/v1/records?ids={record}")),
        write(
            "PUT /v1/records",
            "/v1/records".into(),
            json!({"table": table, "key": ["Name"], "records": [{"fields": {"Name": "by a stranger"}}]}),
        ),
        ask("POST /v1/records/query", "/v1/records/query".into(), json!({"table": table})),
        read("GET /v1/tables/{table}/search", format!("/v1/tables/{table}/search?q=secret")),
        read("GET /v1/bases/{base}/search", format!("/v1/bases/{base}/search?q=secret")),
        read("GET /v1/fields/{field}/values", format!("/v1/fields/{field}/values")),
        read("GET /v1/records/{record}", format!("/v1/records/{record}")),
        write(
            "PATCH /v1/records/{record}",
            format!("/v1/records/{record}"),
            json!({"fields": {"Name": "stranger"}}),
        ),
        empty("DELETE /v1/records/{record}", format!("/v1/records/{record}")),
        write(
            "POST /v1/tables/{table}/restore",
            format!("/v1/tables/{table}/restore"),
            json!({"records": [record]}),
        ),
        read("GET /v1/records/{record}/comments", format!("/v1/records/{record}/comments")),
        write(
            "POST /v1/records/{record}/comments",
            format!("/v1/records/{record}/comments"),
            json!({"text": "by a stranger"}),
        ),
        write(
            "PATCH /v1/records/{record}/comments/{comment}",
            format!("/v1/records/{record}/comments/{comment}"),
            json!({"text": "by a stranger"}),
        ),
        empty(
            "DELETE /v1/records/{record}/comments/{comment}",
            format!("/v1/records/{record}/comments/{comment}"),
        ),
        read("GET /v1/records/{record}/history", format!("/v1/records/{record}/history")),
        ask("POST /v1/tables/{table}/window", format!("/v1/tables/{table}/window"), json!({"view": view})),
        ask(
            "POST /v1/tables/{table}/aggregates",
            format!("/v1/tables/{table}/aggregates"),
            json!({"fields": {(field.clone()): "filled"}}),
        ),
        ask(
            "POST /v1/tables/{table}/position",
            format!("/v1/tables/{table}/position"),
            json!({"record": record}),
        ),
        ask(
            "POST /v1/tables/{table}/groups",
            format!("/v1/tables/{table}/groups"),
            json!({"view": view, "group": [{"field": field}]}),
        ),
        read("GET /v1/tables/{table}/export.csv", format!("/v1/tables/{table}/export.csv?view={view}")),
        read("GET /v1/tables/{table}/export.tsv", format!("/v1/tables/{table}/export.tsv?view={view}")),
        read("GET /v1/tables/{table}/export.json", format!("/v1/tables/{table}/export.json?view={view}")),
        read("GET /v1/tables/{table}/export.ndjson", format!("/v1/tables/{table}/export.ndjson?view={view}")),
        read("GET /v1/tables/{table}/export.xlsx", format!("/v1/tables/{table}/export.xlsx?view={view}")),
        read("GET /v1/bases/{base}/export.json", format!("/v1/bases/{base}/export.json")),
        read("GET /v1/bases/{base}/export.xlsx", format!("/v1/bases/{base}/export.xlsx")),
        case("GET /v1/bases", "/v1/bases".into(), Body::None, Own, false),
        case("POST /v1/bases", "/v1/bases".into(), Body::Json(json!({"name": "Own"})), Own, true),
        read("GET /v1/bases/{base}", format!("/v1/bases/{base}")),
        write("PATCH /v1/bases/{base}", format!("/v1/bases/{base}"), json!({"name": "Taken"})),
        empty("DELETE /v1/bases/{base}", format!("/v1/bases/{base}")),
        empty("POST /v1/bases/{base}/restore", format!("/v1/bases/{base}/restore")),
        read("GET /v1/bases/{base}/people", format!("/v1/bases/{base}/people")),
        read("GET /v1/bases/{base}/trash", format!("/v1/bases/{base}/trash")),
        empty(
            "POST /v1/bases/{base}/trash/{item}/restore",
            format!("/v1/bases/{base}/trash/{field}/restore"),
        ),
        empty("GET /v1/bases/{base}/schema/versions", format!("/v1/bases/{base}/schema/versions")),
        read(
            "GET /v1/bases/{base}/schema/versions/{version}/diff",
            format!("/v1/bases/{base}/schema/versions/1/diff"),
        ),
        empty(
            "POST /v1/bases/{base}/schema/versions/{version}/validate",
            format!("/v1/bases/{base}/schema/versions/1/validate"),
        ),
        write(
            "POST /v1/bases/{base}/schema/versions/{version}/restore",
            format!("/v1/bases/{base}/schema/versions/1/restore"),
            json!({"version": 1, "lost": 0}),
        ),
        read("GET /v1/bases/{base}/snapshots", format!("/v1/bases/{base}/snapshots")),
        write(
            "POST /v1/bases/{base}/snapshots",
            format!("/v1/bases/{base}/snapshots"),
            json!({"name": "by a stranger"}),
        ),
        empty(
            "DELETE /v1/bases/{base}/snapshots/{snapshot}",
            format!("/v1/bases/{base}/snapshots/snp00000000000000"),
        ),
        write(
            "POST /v1/bases/{base}/snapshots/{snapshot}/restore",
            format!("/v1/bases/{base}/snapshots/snp00000000000000/restore"),
            json!({"name": "by a stranger"}),
        ),
        empty(
            "GET /v1/bases/{base}/restores/{restore}",
            format!("/v1/bases/{base}/restores/rst00000000000000"),
        ),
        empty("GET /v1/bases/{base}/activity", format!("/v1/bases/{base}/activity")),
        empty("GET /v1/bases/{base}/activity.csv", format!("/v1/bases/{base}/activity.csv")),
        empty("POST /v1/bases/{base}/changes/{version}/undo", format!("/v1/bases/{base}/changes/1/undo")),
        read("GET /v1/bases/{base}/events", format!("/v1/bases/{base}/events")),
        write("POST /v1/tables", "/v1/tables".into(), json!({"base": base, "name": "Planted"})),
        read("GET /v1/tables/{table}", format!("/v1/tables/{table}")),
        write("PATCH /v1/tables/{table}", format!("/v1/tables/{table}"), json!({"name": "Taken"})),
        empty("DELETE /v1/tables/{table}", format!("/v1/tables/{table}")),
        write(
            "POST /v1/tables/{table}/fields",
            format!("/v1/tables/{table}/fields"),
            json!({"name": "Planted", "type": "text", "options": {}}),
        ),
        write("PATCH /v1/fields/{field}", format!("/v1/fields/{field}"), json!({"name": "Taken"})),
        write(
            "POST /v1/fields/{field}/conversion",
            format!("/v1/fields/{field}/conversion"),
            json!({"type": "text"}),
        ),
        empty("DELETE /v1/fields/{field}", format!("/v1/fields/{field}")),
        write(
            "POST /v1/tables/{table}/views",
            format!("/v1/tables/{table}/views"),
            json!({"name": "Planted"}),
        ),
        case("GET /v1/views/{view}/shares", format!("/v1/views/{view}/shares"), Body::None, Nothing, true),
        write("POST /v1/views/{view}/shares", format!("/v1/views/{view}/shares"), json!({})),
        write(
            "PATCH /v1/views/{view}/shares/{share}",
            format!("/v1/views/{view}/shares/{share}"),
            json!({"downloads": true}),
        ),
        empty("DELETE /v1/views/{view}/shares/{share}", format!("/v1/views/{view}/shares/{share}")),
        write("PATCH /v1/views/{view}", format!("/v1/views/{view}"), json!({"name": "Taken"})),
        empty("DELETE /v1/views/{view}", format!("/v1/views/{view}")),
        case("POST /v1/uploads", "/v1/uploads".into(), Body::Json(json!({"size": 5})), Own, true),
        empty("GET /v1/uploads/{upload}", format!("/v1/uploads/{upload}")),
        case(
            "PATCH /v1/uploads/{upload}",
            format!("/v1/uploads/{upload}?offset=0"),
            Body::File,
            Nothing,
            true,
        ),
        write(
            "POST /v1/uploads/{upload}/finish",
            format!("/v1/uploads/{upload}/finish"),
            json!({"name": "a.txt"}),
        ),
        empty("DELETE /v1/uploads/{upload}", format!("/v1/uploads/{upload}")),
        case("POST /v1/files", "/v1/files?name=a.txt".into(), Body::File, Own, true),
        case(
            "POST /v1/records/{record}/files",
            format!("/v1/records/{record}/files?field=Name&name=a.txt"),
            Body::File,
            Nothing,
            true,
        ),
        case("POST /v1/imports", "/v1/imports".into(), Body::Csv, Nothing, true),
        write("POST /v1/imports/{import}/preview", format!("/v1/imports/{import}/preview"), json!({})),
        write(
            "POST /v1/imports/{import}/start",
            format!("/v1/imports/{import}/start"),
            json!({"table": table}),
        ),
        read("GET /v1/imports/{import}", format!("/v1/imports/{import}")),
        empty("POST /v1/imports/{import}/cancel", format!("/v1/imports/{import}/cancel")),
    ]
}
