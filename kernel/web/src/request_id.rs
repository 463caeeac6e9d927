//! Request ids: `req_` and 26 characters, on every answer (`Request-Id`), in error bodies and in the log.

use http::{HeaderName, HeaderValue};
use kernel_core::{Clock, Random};
use std::fmt;

/// The header that carries it.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The id of one request, ordered by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId([u8; LENGTH]);

const PREFIX: &[u8; 4] = b"req_";
const LENGTH: usize = PREFIX.len() + 26;

impl RequestId {
    /// A new id: 48 bits of milliseconds, 80 random bits, in Crockford's base 32 (the ULID layout).
    #[must_use]
    pub fn new(clock: &Clock, random: &Random) -> Self {
        let milliseconds =
            u128::try_from(clock.now().as_millisecond()).unwrap_or_default() & 0xffff_ffff_ffff;
        let mut tail = [0; 16];
        tail[6..].copy_from_slice(&random.bytes::<10>());
        let mut value = (milliseconds << 80) | u128::from_be_bytes(tail);
        let mut text = [0; LENGTH];
        let (prefix, digits) = text.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX);
        for place in digits.iter_mut().rev() {
            *place = b"0123456789abcdefghjkmnpqrstvwxyz"[(value & 31) as usize];
            value >>= 5;
        }
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as a header's value.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::FixedClock;

    #[test]
    fn ids_are_ordered_by_time_and_differ_within_one_instant() {
        let fixed = FixedClock::at(jiff::Timestamp::from_millisecond(1_700_000_000_000).unwrap());
        let (clock, random) = (Clock::Fixed(fixed.clone()), Random::seeded(1));
        let (first, second) = (RequestId::new(&clock, &random), RequestId::new(&clock, &random));
        fixed.advance(jiff::SignedDuration::from_millis(1));
        let later = RequestId::new(&clock, &random);
        assert_ne!(first, second);
        assert!(later.as_str() > first.as_str() && later.as_str() > second.as_str());
        assert_eq!(first.as_str().len(), 30);
    }
}
