//! Token buckets for sign-in, sign-up and reset: by client address and by account (ASVS 6.3.1). Unlike the limits of
//! ordinary requests, a sign-in is charged only when it fails, so that an office behind one address can work.
//!
//! Invariant: whatever checks a secret takes its token before it looks at it, and gives it back when the secret was right.
//! Tries that come in together are then as many tries as tries one after the other.
//! In memory of the process: several processes allow so many times more, which the figures bear.

use jiff::Timestamp;
use kernel_core::{Clock, Code, Error, Result};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// How much, and how fast it comes back.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    name: &'static str,
    burst: f64,
    seconds_per_token: f64,
}

/// Failed sign-ins of a client address: the figures of Vaultwarden's burst and Matrix Authentication Service's refill.
pub const SIGN_IN_BY_ADDRESS: Policy =
    Policy { name: "sign_in_address", burst: 10.0, seconds_per_token: 20.0 };
/// Failed sign-ins to an account from anywhere: slow enough for guessing, too wide to lock the owner out.
pub const SIGN_IN_BY_ACCOUNT: Policy =
    Policy { name: "sign_in_account", burst: 1_800.0, seconds_per_token: 2.0 };
/// Sign-ups of a client address.
pub const SIGN_UP_BY_ADDRESS: Policy =
    Policy { name: "sign_up_address", burst: 60.0, seconds_per_token: 10.0 };
/// Mails to one address that anybody can cause: confirmations and resets.
pub const MAIL_TO_ACCOUNT: Policy = Policy { name: "mail_account", burst: 4.0, seconds_per_token: 1_250.0 };
/// Resets asked for by a client address.
pub const RESET_BY_ADDRESS: Policy = Policy { name: "reset_address", burst: 10.0, seconds_per_token: 60.0 };
/// Wrong current passwords of a signed-in person.
pub const CONFIRM_BY_ACCOUNT: Policy =
    Policy { name: "confirm_account", burst: 10.0, seconds_per_token: 60.0 };

/// Wrong second factors of an account, from anywhere. Whoever asks knows the password, so this is narrow: 288 tries a day
/// of three in a million.
pub const SECOND_BY_ACCOUNT: Policy =
    Policy { name: "second_account", burst: 10.0, seconds_per_token: 300.0 };

/// How often an organisation ends all sessions of one person.
pub const LOG_OUT_BY_ORGANISATION: Policy =
    Policy { name: "log_out_organisation", burst: 3.0, seconds_per_token: 1_200.0 };

/// Challenges for passkeys, from one client address: every look at the log-in page asks for one.
pub const PASSKEY_BY_ADDRESS: Policy =
    Policy { name: "passkey_address", burst: 120.0, seconds_per_token: 1.0 };

/// Log-ins with an account elsewhere that a client address begins: each may make us ask a provider. Wide enough for an
/// office in the morning.
pub const ELSEWHERE_BY_ADDRESS: Policy =
    Policy { name: "elsewhere_address", burst: 120.0, seconds_per_token: 1.0 };

/// Buckets kept; a full one is as good as none and is dropped first.
const MOST_BUCKETS: usize = 100_000;

struct Bucket {
    tokens: f64,
    at: Timestamp,
}

/// The buckets. Cheap to clone.
#[derive(Clone)]
pub struct Throttle {
    clock: Clock,
    buckets: Arc<Mutex<HashMap<(&'static str, String), Bucket>>>,
}

impl Throttle {
    /// Without a bucket yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, buckets: Arc::default() }
    }

    /// Whether one more is allowed; nothing is taken.
    ///
    /// # Errors
    /// `rate_limited` with the seconds to wait.
    pub fn ask(&self, policy: Policy, key: &str) -> Result<()> {
        self.with(policy, key, |_| ())
    }

    /// Takes one.
    ///
    /// # Errors
    /// `rate_limited` with the seconds to wait.
    pub fn take(&self, policy: Policy, key: &str) -> Result<()> {
        self.with(policy, key, |bucket| bucket.tokens -= 1.0)
    }

    /// Puts back what was taken for a try that was right, or that was never looked at.
    pub fn give_back(&self, policy: Policy, key: &str) {
        let mut buckets = self.buckets.lock();
        if let Some(bucket) = buckets.get_mut(&(policy.name, key.to_owned())) {
            bucket.tokens = (bucket.tokens + 1.0).min(policy.burst);
        }
    }

    fn with(&self, policy: Policy, key: &str, change: impl FnOnce(&mut Bucket)) -> Result<()> {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock();
        if buckets.len() >= MOST_BUCKETS {
            // The longest refill of all policies is under two hours.
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 7_200);
        }
        let bucket =
            buckets.entry((policy.name, key.to_owned())).or_insert(Bucket { tokens: policy.burst, at: now });
        let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.tokens = (bucket.tokens + passed / policy.seconds_per_token).min(policy.burst);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            let wait = ((1.0 - bucket.tokens) * policy.seconds_per_token).ceil().max(1.0) as u64;
            return Err(Error::new(Code::RateLimited)
                .detail(format!("Too many tries. Wait {} and try again.", spoken(wait)))
                .retry_after(wait));
        }
        change(bucket);
        Ok(())
    }
}

fn spoken(seconds: u64) -> String {
    match seconds {
        1 => "a second".into(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use kernel_core::FixedClock;

    #[test]
    fn the_eleventh_try_waits_and_others_do_not() {
        let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
        let throttle = Throttle::new(Clock::Fixed(clock.clone()));
        for _ in 0..10 {
            throttle.take(SIGN_IN_BY_ADDRESS, "192.0.2.1").unwrap();
        }
        let error = throttle.take(SIGN_IN_BY_ADDRESS, "192.0.2.1").unwrap_err();
        assert_eq!((error.code(), error.wait_seconds()), (Code::RateLimited, Some(20)));
        throttle.take(SIGN_IN_BY_ADDRESS, "192.0.2.2").unwrap();
        clock.advance(SignedDuration::from_secs(20));
        throttle.take(SIGN_IN_BY_ADDRESS, "192.0.2.1").unwrap();
        assert!(throttle.ask(SIGN_IN_BY_ADDRESS, "192.0.2.1").is_err());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_is_never_more_than_the_burst() {
        let throttle = Throttle::new(Clock::Fixed(FixedClock::at(Timestamp::UNIX_EPOCH)));
        throttle.give_back(SIGN_IN_BY_ADDRESS, "a");
        for _ in 0..30 {
            throttle.take(SIGN_IN_BY_ADDRESS, "a").unwrap();
            throttle.give_back(SIGN_IN_BY_ADDRESS, "a");
        }
        throttle.give_back(SIGN_IN_BY_ADDRESS, "a");
        for _ in 0..10 {
            throttle.take(SIGN_IN_BY_ADDRESS, "a").unwrap();
        }
        assert!(throttle.take(SIGN_IN_BY_ADDRESS, "a").is_err());
    }

    #[test]
    fn asking_takes_nothing() {
        let throttle = Throttle::new(Clock::Fixed(FixedClock::at(Timestamp::UNIX_EPOCH)));
        for _ in 0..100 {
            throttle.ask(MAIL_TO_ACCOUNT, "a@b.example").unwrap();
        }
    }
}
