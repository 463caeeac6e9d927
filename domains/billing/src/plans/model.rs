//! Plans as data. A `None` in prices and limits means "no limit", or "agreed" where [`Plan::by_contract`] says so.

use jiff::Timestamp;
use kernel_core::{Code, Error};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// The four plans, from the smallest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanCode {
    /// What every tenant starts with.
    #[default]
    Free,
    /// For a team.
    Pro,
    /// For a company and its clients.
    Business,
    /// By yearly contract.
    Enterprise,
}

impl PlanCode {
    /// All plans, from the smallest.
    pub const ALL: [Self; 4] = [Self::Free, Self::Pro, Self::Business, Self::Enterprise];

    /// Whether organisations may have single sign-on (spec A8: Business and above).
    #[must_use]
    pub const fn has_single_sign_on(self) -> bool {
        matches!(self, Self::Business | Self::Enterprise)
    }

    /// Whether organisations may make roles of their own (spec A8: Business and above).
    #[must_use]
    pub const fn has_own_roles(self) -> bool {
        matches!(self, Self::Business | Self::Enterprise)
    }

    /// Days that the history of bases is kept (spec D7, the price list); `None`: for ever.
    #[must_use]
    pub const fn history_days(self) -> Option<i64> {
        match self {
            Self::Free => Some(30),
            Self::Pro => Some(365),
            Self::Business => Some(3 * 365),
            Self::Enterprise => None,
        }
    }

    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Business => "business",
            Self::Enterprise => "enterprise",
        }
    }

    /// The name people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Pro => "Pro",
            Self::Business => "Business",
            Self::Enterprise => "Enterprise",
        }
    }
}

impl fmt::Display for PlanCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PlanCode {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|plan| plan.as_str() == text)
            .ok_or_else(|| Error::field("plan", Code::InvalidValue, "is none of the plans"))
    }
}

/// What a plan includes at most. Bytes are bytes; rates are a minute and token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Members.
    pub people: Option<i32>,
    /// Records in one base.
    pub records_a_base: Option<i64>,
    /// Automation and AI runs a month.
    pub runs_a_month: Option<i64>,
    /// Sites.
    pub sites: Option<i32>,
    /// Sites on a domain of the tenant's own.
    pub own_domains: Option<i32>,
    /// Bytes of files.
    pub storage_bytes: Option<i64>,
    /// API requests a minute, each token.
    pub api_a_minute: Option<i32>,
}

/// One plan of the price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The stable code.
    pub code: PlanCode,
    /// The name people read.
    pub name: String,
    /// Whom it is for, in a few words.
    pub summary: String,
    /// US cents a person and month, billed monthly.
    pub month_cents: Option<i64>,
    /// US cents a person and month, billed yearly.
    pub year_cents: Option<i64>,
    /// Price and limits are agreed in a contract.
    pub by_contract: bool,
    /// What is included at most.
    pub limits: Limits,
}

/// One line of the comparison table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// The heading it stands under.
    pub section: String,
    /// What it is.
    pub name: String,
    /// The plans that include it.
    pub plans: Vec<PlanCode>,
}

/// Runs sold in one piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreditPack {
    /// The stable code.
    pub code: String,
    /// Runs in the pack; one run takes one credit.
    pub runs: i64,
    /// US cents.
    pub cents: i64,
}

/// Which plan a tenant has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// The plan.
    pub plan: PlanCode,
    /// Since when; `None`: since the tenant began.
    pub since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_written() {
        for plan in PlanCode::ALL {
            assert_eq!(plan.as_str().parse::<PlanCode>().unwrap(), plan);
        }
        assert_eq!("gold".parse::<PlanCode>().unwrap_err().field_errors()[0].field, "plan");
    }

    #[test]
    fn a_tenant_without_a_row_is_on_free() {
        assert_eq!(Subscription::default().plan, PlanCode::Free);
    }
}
