//! Ids of what belongs to a base but is no part of its sequence (comments, webhooks): three letters and 14 base-62 digits,
//! as all ids of the data plane, of which the first 44 bits are milliseconds. So their order is the order of time, and
//! 39 random bits keep two of the same millisecond apart; the primary key refuses what they do not.

use jiff::Timestamp;
use kernel_core::Random;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WIDTH: usize = 14;
const RANDOM_BITS: u32 = 39;

/// A new id.
pub(crate) fn new(prefix: &str, now: Timestamp, random: &Random) -> String {
    let millis = u128::from(now.as_millisecond().unsigned_abs());
    let mut value = (millis << RANDOM_BITS) | u128::from(random.below(1 << RANDOM_BITS));
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(value % 62) as usize];
        value /= 62;
    }
    let digits = digits.iter().map(|digit| char::from(*digit));
    prefix.chars().chain(digits).collect()
}

/// Whether a text has the shape of such an id.
pub(crate) fn is(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == WIDTH && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_shape_and_the_order_of_time() {
        let random = Random::seeded(1);
        let at = |ms| new("com", Timestamp::from_millisecond(ms).unwrap(), &random);
        let ids: Vec<String> =
            [0, 1, 1_790_000_000_000, 1_790_000_000_001, 17_000_000_000_000].map(at).into();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| id.len() == 17 && is("com", id)), "{ids:?}");
        assert_ne!(at(5), at(5));
        for wrong in ["com", "ach00000000000000", "com0000000000000_", "com000000000000000"] {
            assert!(!is("com", wrong), "{wrong}");
        }
    }
}
