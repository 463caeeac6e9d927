//! Which column of a file names the records of a new table: what people call a thing rather than its number. Pure.
//!
//! The name of a record is what links to it show, so a wrong guess makes every linked cell a number.

use super::plan::Chosen;
use super::{ColumnPreview, ColumnType};
use kernel_core::{Code, Error, Result};

/// Headings of columns that hold names, as plain letters.
const NAMES: [&str; 8] =
    ["name", "title", "label", "subject", "fullname", "displayname", "heading", "caption"];
/// Last words of headings whose values tell records apart but name none to a person.
const CODES: [&str; 8] = ["id", "uuid", "guid", "key", "code", "nr", "no", "number"];

/// The column that names the records if the plan says nothing. An empty text for a file without columns.
pub(super) fn of_preview(columns: &[ColumnPreview]) -> &str {
    best(columns.iter().map(|column| (column, rank(column)))).map_or("", |column| &column.name)
}

/// The place among the chosen columns of the one that names the records.
///
/// # Errors
/// `unknown_field` at `/primary` for a column that is not imported, `invalid_value` for one whose type can't name a record.
pub(super) fn of_plan(chosen: &[Chosen<'_>], wanted: Option<&str>) -> Result<usize> {
    let Some(wanted) = wanted else {
        let ranked = chosen.iter().enumerate().map(|(place, column)| {
            let rank = if can_name(column) { rank(column.preview) } else { 0 };
            (place, rank)
        });
        return Ok(best(ranked).unwrap_or(0));
    };
    let place = chosen.iter().position(|column| column.preview.name == wanted).ok_or_else(|| {
        Error::field("/primary", Code::UnknownField, format!("is no imported column: {wanted}"))
    })?;
    if can_name(&chosen[place]) {
        Ok(place)
    } else {
        Err(Error::field("/primary", Code::InvalidValue, "can't be a link or a checkbox"))
    }
}

fn can_name(column: &Chosen<'_>) -> bool {
    let guessed_checkbox = column.preview.kind == ColumnType::Checkbox;
    match column.plan.kind.as_deref() {
        _ if column.plan.link.is_some() => false,
        Some(kind) => kind != "link" && kind != "checkbox",
        None => !guessed_checkbox,
    }
}

/// The first of those with the highest rank.
fn best<T>(ranked: impl Iterator<Item = (T, u8)>) -> Option<T> {
    ranked.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(column, _)| column)
}

/// How well a column names a record. 0: no better than the first of the file.
fn rank(column: &ColumnPreview) -> u8 {
    let words: Vec<String> = column
        .name
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let last = words.last().map_or("", String::as_str);
    let code = CODES.contains(&last);
    let text = column.kind == ColumnType::Text;
    match column.kind {
        ColumnType::Text if NAMES.contains(&words.concat().as_str()) => 6,
        ColumnType::Text if NAMES.contains(&last) => 5,
        ColumnType::Text if column.unique && !code => 4,
        ColumnType::Email | ColumnType::Url if column.unique => 2,
        ColumnType::Number | ColumnType::Date | ColumnType::Datetime if column.unique => 1,
        _ if text && column.unique => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ColumnPlan, LinkPlan, plan};
    use super::*;

    fn column(text: &str) -> ColumnPreview {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default().to_owned();
        let kind = match parts.next().unwrap_or_default() {
            "number" => ColumnType::Number,
            "checkbox" => ColumnType::Checkbox,
            "email" => ColumnType::Email,
            "select" => ColumnType::Select,
            "long" => ColumnType::LongText,
            _ => ColumnType::Text,
        };
        ColumnPreview { name, kind, precision: None, samples: Vec::new(), unique: parts.next().is_some() }
    }

    fn columns(file: &[&str]) -> Vec<ColumnPreview> {
        file.iter().map(|text| column(text)).collect()
    }

    #[test]
    fn a_name_is_guessed_rather_than_a_number() {
        for (file, expected) in [
            (&["ID:number:u", "Name:text:u", "City:text"][..], "Name"),
            (&["id:number:u", "country:text:u", "name:text"], "name"),
            (&["Order ID:text:u", "Customer:text:u"], "Customer"),
            (&["sku_code:text:u", "price:number"], "sku_code"),
            (&["City:text", "Product name:text:u", "Title:text"], "Title"),
            (&["Age:number", "E-mail:email:u"], "E-mail"),
            (&["Airline:text", "Stops:number"], "Airline"),
            (&["Notes:long:u", "Done:checkbox", "Nr:number:u"], "Nr"),
            (&["State:select", "Active:checkbox"], "State"),
        ] {
            assert_eq!(of_preview(&columns(file)), expected, "{file:?}");
        }
        assert_eq!(of_preview(&[]), "");
    }

    #[test]
    fn the_plan_decides_and_its_mistakes_are_named() {
        let file = columns(&["ID:number:u", "Name:text:u", "City:text", "Open:checkbox"]);
        let skip = ColumnPlan { column: "Name".into(), skip: true, ..ColumnPlan::default() };
        let link =
            ColumnPlan { column: "City".into(), link: Some(LinkPlan::default()), ..ColumnPlan::default() };
        let text = ColumnPlan { column: "Open".into(), kind: Some("text".into()), ..ColumnPlan::default() };
        let none = ColumnPlan::default();
        let check = |plans: &[ColumnPlan], wanted: Option<&str>| {
            let chosen = plan::chosen(&file, plans, &none).unwrap();
            of_plan(&chosen, wanted).map_err(|error| error.field_errors()[0].code)
        };
        assert_eq!(check(&[], None), Ok(1));
        assert_eq!(check(&[], Some("City")), Ok(2));
        assert_eq!(check(std::slice::from_ref(&skip), None), Ok(0), "places count imported columns");
        assert_eq!(check(std::slice::from_ref(&skip), Some("City")), Ok(1));
        assert_eq!(check(std::slice::from_ref(&skip), Some("Name")), Err(Code::UnknownField));
        assert_eq!(check(&[], Some("Town")), Err(Code::UnknownField));
        assert_eq!(check(&[link], Some("City")), Err(Code::InvalidValue));
        assert_eq!(check(&[], Some("Open")), Err(Code::InvalidValue));
        assert_eq!(check(&[text], Some("Open")), Ok(3), "as text a checkbox column can");
    }
}
