//! What the OpenAPI document says of `/v0`: one entry an operation of [`super::operations`]; a test fails for one without.
//!
//! The shapes are Airtable's and documented there; here stands what is sent and answered by example.

use serde_json::{Map, Value, json};

/// One operation.
struct Entry {
    /// As in [`super::operations`].
    operation: &'static str,
    id: &'static str,
    summary: &'static str,
    /// A body, as JSON.
    body: Option<&'static str>,
    /// An answer, as JSON.
    answer: &'static str,
}

const fn entry(
    operation: &'static str,
    id: &'static str,
    summary: &'static str,
    body: Option<&'static str>,
    answer: &'static str,
) -> Entry {
    Entry { operation, id, summary, body, answer }
}

const RECORD: &str = r#"{"id": "rec2kQ0000000000aB", "createdTime": "2026-11-21T10:30:00.000Z", "fields": {"Name": "Berlin"}}"#;
const RECORDS: &str = r#"{"records": [{"id": "rec2kQ0000000000aB", "createdTime": "2026-11-21T10:30:00.000Z", "fields": {"Name": "Berlin"}}]}"#;
const CREATE: &str = r#"{"records": [{"fields": {"Name": "Berlin"}}], "typecast": false}"#;
const FIELDS: &str = r#"{"fields": {"Name": "Berlin"}, "typecast": false}"#;
const UPDATE: &str =
    r#"{"records": [{"fields": {"Name": "Berlin"}}], "performUpsert": {"fieldsToMergeOn": ["Name"]}}"#;
const GONE: &str = r#"{"id": "rec2kQ0000000000aB", "deleted": true}"#;
const TABLE: &str = r#"{"id": "tbl2kQ0000000000aB", "name": "Cities", "primaryFieldId": "fld2kQ0000000000aB", "fields": [], "views": []}"#;
const FIELD: &str = r#"{"id": "fld2kQ0000000000aB", "name": "Name", "type": "singleLineText"}"#;
const COMMENT: &str = r#"{"id": "com2kQ0000000000aB", "author": {"id": "usr_1", "name": "Mina Other"}, "text": "Is it right?", "createdTime": "2026-11-21T10:30:00.000Z", "lastUpdatedTime": null}"#;
const TEXT: &str = r#"{"text": "Is it right?"}"#;
const WEBHOOK: &str = r#"{"id": "ach2kQ0000000000aB", "macSecretBase64": "c2VjcmV0", "expirationTime": "2026-11-28T10:30:00.000Z"}"#;
const WANTED: &str = r#"{"notificationUrl": "https://example.com/hook", "specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}"#;
const PAYLOADS: &str = r#"{"payloads": [{"timestamp": "2026-11-21T10:30:00.000Z", "baseTransactionNumber": 4, "payloadFormat": "v0"}], "cursor": 2, "mightHaveMore": false}"#;

const ENTRIES: &[Entry] = &[
    entry(
        "GET /v0/meta/whoami",
        "v0WhoAmI",
        "Who asks, with the scopes of the token",
        None,
        r#"{"id": "tok_1", "scopes": ["data.records:read"]}"#,
    ),
    entry(
        "GET /v0/meta/bases",
        "v0ListBases",
        "Bases that the token may see",
        None,
        r#"{"bases": [{"id": "app2kQ0000000000aB", "name": "Atlas", "permissionLevel": "create"}]}"#,
    ),
    entry(
        "POST /v0/meta/bases",
        "v0CreateBase",
        "Creates a base with its tables",
        Some(
            r#"{"name": "Atlas", "workspaceId": "wspAAAAAAAAAAAAAA", "tables": [{"name": "Cities", "fields": [{"name": "Name", "type": "singleLineText"}]}]}"#,
        ),
        r#"{"id": "app2kQ0000000000aB", "tables": []}"#,
    ),
    entry(
        "DELETE /v0/meta/bases/{base}",
        "v0DeleteBase",
        "Moves a base to the trash",
        None,
        r#"{"id": "app2kQ0000000000aB", "deleted": true}"#,
    ),
    entry(
        "GET /v0/meta/bases/{base}/tables",
        "v0ListTables",
        "Tables of a base with fields and views",
        None,
        r#"{"tables": []}"#,
    ),
    entry(
        "POST /v0/meta/bases/{base}/tables",
        "v0CreateTable",
        "Creates a table",
        Some(r#"{"name": "Cities", "fields": [{"name": "Name", "type": "singleLineText"}]}"#),
        TABLE,
    ),
    entry(
        "PATCH /v0/meta/bases/{base}/tables/{table}",
        "v0UpdateTable",
        "Renames or describes a table",
        Some(r#"{"name": "Towns"}"#),
        TABLE,
    ),
    entry(
        "POST /v0/meta/bases/{base}/tables/{table}/fields",
        "v0CreateField",
        "Creates a field",
        Some(r#"{"name": "Count", "type": "number", "options": {"precision": 0}}"#),
        FIELD,
    ),
    entry(
        "PATCH /v0/meta/bases/{base}/tables/{table}/fields/{field}",
        "v0UpdateField",
        "Renames, describes or changes a field",
        Some(r#"{"name": "Amount"}"#),
        FIELD,
    ),
    entry(
        "DELETE /v0/meta/bases/{base}/views/{view}",
        "v0DeleteView",
        "Deletes a view",
        None,
        r#"{"id": "viw2kQ0000000000aB", "deleted": true}"#,
    ),
    entry(
        "POST /v0/{base}/{table}/{record}/uploadAttachment",
        "v0UploadAttachment",
        "Adds a file to a cell: `table` is a record, `record` a field",
        Some(r#"{"contentType": "text/plain", "filename": "hello.txt", "file": "aGVsbG8="}"#),
        RECORD,
    ),
    entry("GET /v0/{base}/{table}", "v0ListRecords", "Records of a table, a page at a time", None, RECORDS),
    entry(
        "POST /v0/{base}/{table}/listRecords",
        "v0QueryRecords",
        "The same, asked by a body",
        Some(r#"{"filterByFormula": "{Name} = 'Berlin'", "pageSize": 10}"#),
        RECORDS,
    ),
    entry(
        "POST /v0/{base}/{table}",
        "v0CreateRecords",
        "Creates one record or up to ten",
        Some(CREATE),
        RECORDS,
    ),
    entry(
        "PATCH /v0/{base}/{table}",
        "v0UpdateRecords",
        "Changes up to ten records, or finds them by their values",
        Some(UPDATE),
        RECORDS,
    ),
    entry(
        "PUT /v0/{base}/{table}",
        "v0ReplaceRecords",
        "The same, and empties what is not named",
        Some(UPDATE),
        RECORDS,
    ),
    entry(
        "DELETE /v0/{base}/{table}",
        "v0DeleteRecords",
        "Deletes up to ten records",
        None,
        r#"{"records": [{"id": "rec2kQ0000000000aB", "deleted": true}]}"#,
    ),
    entry("GET /v0/{base}/{table}/{record}", "v0GetRecord", "One record", None, RECORD),
    entry("PATCH /v0/{base}/{table}/{record}", "v0UpdateRecord", "Changes a record", Some(FIELDS), RECORD),
    entry(
        "PUT /v0/{base}/{table}/{record}",
        "v0ReplaceRecord",
        "The same, and empties what is not named",
        Some(FIELDS),
        RECORD,
    ),
    entry("DELETE /v0/{base}/{table}/{record}", "v0DeleteRecord", "Deletes a record", None, GONE),
    entry(
        "GET /v0/{base}/{table}/{record}/comments",
        "v0ListComments",
        "Comments of a record, newest first",
        None,
        r#"{"comments": [], "offset": null}"#,
    ),
    entry(
        "POST /v0/{base}/{table}/{record}/comments",
        "v0CreateComment",
        "Writes a comment",
        Some(TEXT),
        COMMENT,
    ),
    entry(
        "PATCH /v0/{base}/{table}/{record}/comments/{comment}",
        "v0UpdateComment",
        "Changes one's own comment",
        Some(TEXT),
        COMMENT,
    ),
    entry(
        "DELETE /v0/{base}/{table}/{record}/comments/{comment}",
        "v0DeleteComment",
        "Deletes a comment",
        None,
        r#"{"id": "com2kQ0000000000aB", "deleted": true}"#,
    ),
    entry(
        "GET /v0/bases/{base}/webhooks",
        "v0ListWebhooks",
        "Webhooks of a base",
        None,
        r#"{"webhooks": []}"#,
    ),
    entry("POST /v0/bases/{base}/webhooks", "v0CreateWebhook", "Makes a webhook", Some(WANTED), WEBHOOK),
    entry("DELETE /v0/bases/{base}/webhooks/{webhook}", "v0DeleteWebhook", "Deletes a webhook", None, "{}"),
    entry(
        "POST /v0/bases/{base}/webhooks/{webhook}/enableNotifications",
        "v0EnableWebhook",
        "Switches notifications on or off",
        Some(r#"{"enable": true}"#),
        "{}",
    ),
    entry(
        "POST /v0/bases/{base}/webhooks/{webhook}/refresh",
        "v0RefreshWebhook",
        "Lets a webhook live for another seven days",
        None,
        r#"{"expirationTime": "2026-11-28T10:30:00.000Z"}"#,
    ),
    entry(
        "GET /v0/bases/{base}/webhooks/{webhook}/payloads",
        "v0ListPayloads",
        "Payloads of a webhook from a cursor on",
        None,
        PAYLOADS,
    ),
];

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Adds the operations to the `paths` of a document.
pub(crate) fn add(paths: &mut Map<String, Value>) {
    for entry in ENTRIES {
        let Some((method, path)) = entry.operation.split_once(' ') else { continue };
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters: Vec<Value> = names
            .map(|name| {
                let by_name = if name == "table" { ", or its name" } else { "" };
                json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"},
                       "description": format!("Id of the {name}{by_name}")})
            })
            .collect();
        let content = |example: &str| json!({"application/json": {"schema": {"type": "object"}, "example": parsed(example)}});
        let mut operation = json!({
            "tags": ["v0"],
            "operationId": entry.id,
            "summary": entry.summary,
            "description": format!("{}, in the form of Airtable's API.", entry.summary),
            "parameters": parameters,
            "responses": {
                "200": {"description": "It is done", "content": content(entry.answer)},
                "4XX": {"description": "An error in Airtable's form", "content": content(r#"{"error": {"type": "NOT_FOUND", "message": "Record not found."}}"#)},
            },
        });
        if let Some(body) = entry.body {
            operation["requestBody"] = json!({"required": true, "content": content(body)});
        }
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method.to_lowercase()] = operation;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_an_entry_that_is_json() {
        let entries: BTreeSet<String> = ENTRIES.iter().map(|entry| entry.operation.to_owned()).collect();
        assert_eq!(entries, super::super::operations().into_iter().collect());
        for entry in ENTRIES {
            for text in [entry.body, Some(entry.answer)].into_iter().flatten() {
                assert!(serde_json::from_str::<Value>(text).is_ok(), "{}: {text}", entry.operation);
            }
        }
    }
}
