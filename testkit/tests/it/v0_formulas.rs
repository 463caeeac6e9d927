//! `filterByFormula` of `/v0`: what is kept by comparisons as Airtable makes them.

use crate::v0::{Place, kind};
use anyhow::Context as _;
use serde_json::json;
use testkit::{Server, run};

/// Names of the records that a formula keeps.
async fn kept(place: &Place, server: &Server, formula: &str) -> anyhow::Result<Vec<String>> {
    let body = json!({"filterByFormula": formula, "fields": ["Name"]});
    let answer = place
        .call(server, "POST", "/listRecords", Some(body))
        .await?
        .expect(200)
        .context(formula.to_owned())?;
    let names = answer.json()["records"].as_array().cloned().unwrap_or_default();
    Ok(names.iter().map(|record| record["fields"]["Name"].as_str().unwrap_or_default().to_owned()).collect())
}

#[test]
fn formulas_compare_as_airtable_does() {
    run(async |system| {
        let place = Place::new(system, &system.fresh_tenant().await?).await?;
        for fields in [
            json!({"Name": "empty"}),
            json!({"Name": "zero", "Count": 0}),
            json!({"Name": "five", "Count": 5, "Notes": "7", "Done": true, "Day": "2026-11-21", "At": "2026-11-21T10:30:00.000Z", "State": "Open"}),
            json!({"Name": "it's", "Count": -1, "Notes": "x", "State": "Shut"}),
        ] {
            place.create(system, fields).await?;
        }
        for (formula, expected) in [
            ("{Count} = ''", "empty"),
            ("NOT({Count} = '')", "zero five it's"),
            ("{Count} != BLANK()", "zero five it's"),
            ("{Count} < 1", "empty zero it's"),
            ("{Count} > -1", "empty zero five"),
            ("{Count} = 0", "empty zero"),
            ("{Count} + 1 = 1", "empty zero"),
            ("{Count} = '5'", "five"),
            ("{Count}", "five it's"),
            ("{Notes} = 7", "five"),
            ("{Notes}", "five it's"),
            ("{Done}", "five"),
            ("{Done} = 1", "five"),
            ("{Done} = TRUE()", "five"),
            ("NOT({Done})", "empty zero it's"),
            ("{Day}", "five"),
            ("{Day} = ''", "empty zero it's"),
            ("{Day} = DATETIME_PARSE('2026-11-21')", "five"),
            ("{At} = DATETIME_PARSE('2026-11-21T10:30:00.000Z')", "five"),
            ("IS_AFTER({Day}, '2026-11-20')", "five"),
            ("{State} = 'Shut'", "it's"),
            ("OR({Name} = 'it\\'s', {Name}=\"zero\")", "zero it's"),
            ("{Name} & '!' = 'five!'", "five"),
            ("LOWER(name) = 'zero'", "zero"),
            ("FIND('e', {Name})", "empty zero five"),
            ("AND({State}, {Count} > 0)", "five"),
            ("1 / 0", ""),
        ] {
            assert_eq!(kept(&place, system, formula).await?.join(" "), expected, "{formula}");
        }
        for (formula, part) in [
            ("{Nope} = 1", "Unknown field names: nope"),
            ("{Name", "At character 1"),
            ("NO_SUCH({Name})", "There is no function NO_SUCH"),
        ] {
            let body = json!({"filterByFormula": formula});
            let answer = place.call(system, "POST", "/listRecords", Some(body)).await?;
            assert_eq!(kind(&answer), (422, "INVALID_FILTER_BY_FORMULA".into()), "{formula}");
            assert!(answer.text.contains(part), "{formula}: {}", answer.text);
        }
        Ok(())
    });
}
