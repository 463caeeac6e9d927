//! Which moment of a base is meant: a version by its number, or the version that was there at a time.

use super::store;
use crate::actor::OpenBase;
use crate::service::Bases;
use jiff::Timestamp;
use kernel_core::{Code, Error, Result, TenantId};
use serde::Deserialize;
use utoipa::IntoParams;

/// A moment to read a base as of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The number of a change: right after it.
    Version(u64),
    /// A time.
    Time(Timestamp),
}

/// Of routes that read a base as it was.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOfQuery {
    /// A version (the number of a change) or a time (RFC 3339): the base as it was then.
    #[param(example = "2026-11-20T09:00:00Z")]
    pub(crate) as_of: Option<String>,
}

fn refuse<T>(detail: impl Into<std::borrow::Cow<'static, str>>) -> Result<T> {
    Err(Error::field("?as_of", Code::InvalidValue, detail))
}

impl Moment {
    /// # Errors
    /// `invalid_value`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // No base has as many changes as a signed number can count.
            let version = text.parse::<i64>().map(i64::unsigned_abs);
            return version.map(Self::Version).or_else(|_| refuse("is no version of the base"));
        }
        // A plus sign of an address is a space.
        let time = text.trim().replace(' ', "+").parse();
        time.map(Self::Time).or_else(|_| refuse("is neither a version number nor a time (RFC 3339)"))
    }
}

impl Moment {
    /// The version of a path.
    ///
    /// # Errors
    /// `not_found` for what is no number.
    pub(crate) fn parse_version(text: &str) -> Result<Self> {
        let version = text.parse::<i64>().ok().and_then(|version| u64::try_from(version).ok());
        version.map(Self::Version).ok_or_else(Error::not_found)
    }
}

impl Bases {
    /// The version that a moment means, and its time.
    ///
    /// # Errors
    /// `invalid_value` before the base was made and after now; `history_expired`.
    pub(crate) async fn place(
        &self,
        tenant: TenantId,
        open: &OpenBase,
        moment: Moment,
    ) -> Result<(u64, Timestamp)> {
        let (number, last) = (open.number().cast_signed(), open.seq());
        let first = self.first_change(tenant, number).await?;
        // Right before the first change that is kept is the first moment that is known.
        let horizon = first.map_or(last, |(seq, _)| seq - 1);
        let made = self.0.db.read_opt(tenant, &store::MADE_AT, &[&tenant.uuid(), &number]).await?;
        let made: Timestamp = made.ok_or_else(Error::not_found)?.get(0);
        match moment {
            Moment::Version(version) if version > last => {
                refuse(format!("is {version}, but the base is at version {last}"))
            }
            Moment::Version(version) if version < horizon => Err(expired(first.map(|(_, at)| at))),
            Moment::Version(version) => Ok(match self.at(tenant, number, version).await? {
                Some((seq, at)) if seq == version => (version, at),
                _ if version == 0 => (0, made),
                _ => (version, first.map_or_else(|| self.0.clock.now(), |(_, at)| at)),
            }),
            Moment::Time(at) if at > self.0.clock.now() => refuse("is in the future"),
            Moment::Time(at) if at < made => refuse(format!("is before the base was made ({made})")),
            Moment::Time(at) => {
                let version = self.version_at(tenant, number, (horizon, last), at).await?;
                if version == horizon && horizon > 0 && first.is_some_and(|(_, first)| at < first) {
                    return Err(expired(first.map(|(_, at)| at)));
                }
                Ok((version, at))
            }
        }
    }

    /// The first change that is kept, and when it was made. None: nothing was ever changed.
    pub(crate) async fn first_change(
        &self,
        tenant: TenantId,
        number: i64,
    ) -> Result<Option<(u64, Timestamp)>> {
        let first = self.0.db.read_opt(tenant, &store::FIRST_CHANGE, &[&tenant.uuid(), &number]).await?;
        Ok(first.map(|row| (row.get::<_, i64>(0).unsigned_abs(), row.get(1))))
    }

    async fn at(&self, tenant: TenantId, number: i64, seq: u64) -> Result<Option<(u64, Timestamp)>> {
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &number, &seq.cast_signed()];
        let row = self.0.db.read_opt(tenant, &store::CHANGE_AT, params).await?;
        Ok(row.map(|row| (row.get::<_, i64>(0).unsigned_abs(), row.get(1))))
    }

    /// The last version made at this time or before. Numbers rise with time, so few of them are looked at.
    pub(crate) async fn version_at(
        &self,
        tenant: TenantId,
        number: i64,
        (horizon, last): (u64, u64),
        at: Timestamp,
    ) -> Result<u64> {
        let (mut low, mut high) = (horizon, last);
        // `low` was made in time, what is above `high` later.
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match self.at(tenant, number, middle).await? {
                Some((_, made)) if made > at => high = middle - 1,
                _ => low = middle,
            }
        }
        Ok(low)
    }
}

pub(crate) fn expired(first: Option<Timestamp>) -> Error {
    let error = Error::new(Code::HistoryExpired);
    match first {
        Some(first) => error.detail(format!("The history of this base begins at {first}.")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let check = |text: &str, expected: Option<Moment>| {
            assert_eq!(Moment::parse(text).ok(), expected, "{text}");
        };
        check("0", Some(Moment::Version(0)));
        check("120", Some(Moment::Version(120)));
        check("99999999999999999999", None);
        let noon = Some(Moment::Time("2026-11-20T12:00:00Z".parse().unwrap()));
        check("2026-11-20T12:00:00Z", noon);
        check("2026-11-20T14:00:00+02:00", noon);
        check("2026-11-20T14:00:00 02:00", noon);
        check("", None);
        check("-1", None);
        check("yesterday", None);
    }
}
