//! What a list or a record is asked with: the same parameters from a query string, with both ways of writing lists, and
//! from a body. What is not known is ignored: clients repeat their own settings there.

use super::error::invalid;
use kernel_core::{Error, Result};
use kernel_web::json::parse_query;
use serde::Deserialize;

/// Parameters, all optional.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListParams {
    pub(super) page_size: Option<usize>,
    pub(super) max_records: Option<usize>,
    pub(super) offset: Option<String>,
    pub(super) view: Option<String>,
    #[serde(rename = "filterByFormula")]
    pub(super) formula: Option<String>,
    pub(super) cell_format: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) user_locale: Option<String>,
    pub(super) return_fields_by_field_id: Option<bool>,
    pub(super) fields: Option<Vec<String>>,
    pub(super) sort: Option<Vec<SortPart>>,
    pub(super) record_metadata: Option<Vec<String>>,
}

/// One field of a sort.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(super) struct SortPart {
    pub(super) field: String,
    #[serde(default)]
    pub(super) direction: Option<String>,
}

type Pairs = Vec<(String, String)>;

fn pairs(query: Option<&str>) -> Result<Pairs> {
    parse_query(query.unwrap_or_default())
}

/// Values of `name`, `name[]` or `name[3]`, in the order of the text.
///
/// # Errors
/// `bad_request`.
pub(super) fn named(name: &str, query: Option<&str>) -> Result<Vec<String>> {
    Ok(pairs(query)?.into_iter().filter(|(key, _)| is_item(key, name)).map(|(_, value)| value).collect())
}

/// A number of that name.
///
/// # Errors
/// `invalid_value` for something else.
pub(super) fn number_of(name: &str, query: Option<&str>) -> Result<Option<usize>> {
    let found = pairs(query)?.into_iter().find(|(key, _)| key == name);
    found.map(|(key, value)| number(&key, &value)).transpose()
}

fn is_item(key: &str, name: &str) -> bool {
    key.strip_prefix(name).is_some_and(|rest| {
        let inner = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        rest.is_empty() || inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Reads a query string.
///
/// # Errors
/// `invalid_value` for a number or a yes that is none.
pub(super) fn by_query(query: Option<&str>) -> Result<ListParams> {
    let mut out = ListParams::default();
    let mut sort: Vec<(usize, SortPart)> = Vec::new();
    for (key, value) in pairs(query)? {
        match key.as_str() {
            // `limit` is what the oldest call of airtable.js says.
            "pageSize" | "limit" => out.page_size = Some(number(&key, &value)?),
            "maxRecords" => out.max_records = Some(number(&key, &value)?),
            "offset" => out.offset = Some(value),
            "view" => out.view = Some(value),
            "filterByFormula" => out.formula = Some(value),
            "cellFormat" => out.cell_format = Some(value),
            "timeZone" => out.time_zone = Some(value),
            "userLocale" => out.user_locale = Some(value),
            "returnFieldsByFieldId" => out.return_fields_by_field_id = Some(yes(&key, &value)?),
            key if is_item(key, "fields") => out.fields.get_or_insert_default().push(value),
            key if is_item(key, "recordMetadata") => out.record_metadata.get_or_insert_default().push(value),
            key => {
                if let Some((index, member)) = sort_member(key) {
                    let at = sort.iter().position(|(known, _)| *known == index).unwrap_or_else(|| {
                        sort.push((index, SortPart::default()));
                        sort.len() - 1
                    });
                    match member {
                        "field" => sort[at].1.field = value,
                        "direction" => sort[at].1.direction = Some(value),
                        _ => {}
                    }
                }
            }
        }
    }
    sort.sort_by_key(|(index, _)| *index);
    out.sort = (!sort.is_empty()).then(|| sort.into_iter().map(|(_, part)| part).collect());
    Ok(out)
}

/// `sort[0][field]` → (0, `field`).
fn sort_member(key: &str) -> Option<(usize, &str)> {
    let (index, member) = key.strip_prefix("sort[")?.strip_suffix(']')?.split_once("][")?;
    Some((index.parse().ok()?, member))
}

fn number(name: &str, value: &str) -> Result<usize> {
    value.parse().map_err(|_| refused(name, value))
}

fn yes(name: &str, value: &str) -> Result<bool> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" | "" => Ok(false),
        _ => Err(refused(name, value)),
    }
}

fn refused(name: &str, value: &str) -> Error {
    invalid(format!("Invalid request: {name} can't be {value:?}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_of_both_clients() {
        let query = "pageSize=5&maxRecords=7&offset=itr5%2Fx&view=All&fields%5B%5D=A&fields[]=B&fields=C&\
                     sort%5B1%5D%5Bfield%5D=Z&sort[0][direction]=desc&sort[0][field]=Y&returnFieldsByFieldId=1&\
                     recordMetadata[]=commentCount&cellFormat=string&timeZone=UTC&userLocale=de&method=get";
        let got = by_query(Some(query)).unwrap();
        let part = |field: &str, direction: Option<&str>| SortPart {
            field: field.into(),
            direction: direction.map(Into::into),
        };
        let expected = ListParams {
            page_size: Some(5),
            max_records: Some(7),
            offset: Some("itr5/x".into()),
            view: Some("All".into()),
            fields: Some(vec!["A".into(), "B".into(), "C".into()]),
            sort: Some(vec![part("Y", Some("desc")), part("Z", None)]),
            return_fields_by_field_id: Some(true),
            record_metadata: Some(vec!["commentCount".into()]),
            cell_format: Some("string".into()),
            time_zone: Some("UTC".into()),
            user_locale: Some("de".into()),
            formula: None,
        };
        assert_eq!(got, expected);
        assert_eq!(by_query(Some("")).unwrap(), ListParams::default());
        assert!(by_query(Some("pageSize=x")).is_err());
        assert!(by_query(Some("returnFieldsByFieldId=maybe")).is_err());
        assert_eq!(
            named("records", Some("records[]=a&records%5B%5D=b&records=c&recordsX=d")).unwrap(),
            ["a", "b", "c"]
        );
    }
}
