//! The record itself. The checker turns these into steps that ask the row; they have no kernel.

use super::{BASE, Family, FnDef, Mark, ParamType, Type, required, takes};
use crate::types::{Returns, Signature};

const RECORDS: FnDef = FnDef { family: Family::Record, mark: Mark::Record, ..BASE };

pub(crate) const RECORD_ID: &str = "RECORD_ID";
pub(crate) const CREATED_TIME: &str = "CREATED_TIME";

pub(super) const TABLE: &[FnDef] = &[
    FnDef {
        name: RECORD_ID,
        signature: takes(&[], Type::Text),
        doc: "The record's id.",
        examples: &[("RECORD_ID()", r#""rec00000000000001""#)],
        ..RECORDS
    },
    FnDef {
        name: CREATED_TIME,
        signature: takes(&[], Type::DateTime),
        doc: "When the record was made.",
        examples: &[("CREATED_TIME()", "2026-01-02T03:04:05Z")],
        ..RECORDS
    },
    FnDef {
        name: "LAST_MODIFIED_TIME",
        signature: Signature {
            group: &[required("field", ParamType::Field)],
            group_min: 0,
            returns: Returns::Is(Type::DateTime),
            ..super::SIGNATURE
        },
        doc: "When the record was last changed; with fields, when one of them was.",
        examples: &[("LAST_MODIFIED_TIME()", "2026-11-20T08:00:00Z")],
        ..RECORDS
    },
];
