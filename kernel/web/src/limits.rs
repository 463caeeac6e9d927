//! Rate limits: a token bucket (GCRA) for each policy and key, in this process's memory.
//!
//! Answers carry `RateLimit-Policy`, `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) and, when refused, `Retry-After`
//! with the true wait.

use crate::{Exchange, WebError};
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderValue};
use kernel_core::{Clock, Code, Error};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// How much is allowed: `quota` in `window_seconds` on the long run, `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The name in headers.
    pub name: &'static str,
    /// Requests in a window.
    pub quota: u32,
    /// Seconds of a window.
    pub window_seconds: u32,
    /// Requests at once after a pause.
    pub burst: u32,
}

impl Policy {
    /// API calls of one token or session.
    pub const API: Self = Self { name: "api", quota: 60_000, window_seconds: 60, burst: 10_000 };
    /// Calls of `/v0` by one token to one base, besides [`Self::API`]. Clients of Airtable keep to 5 a second there and wait
    /// when they are told to; here they may do ten times that.
    pub const V0: Self = Self { name: "v0", quota: 3_000, window_seconds: 60, burst: 100 };
    /// Sign-in tries from one address.
    pub const SIGN_IN: Self = Self { name: "sign-in", quota: 1, window_seconds: 60, burst: 10 };
    /// Sign-in tries for one account, from anywhere: slow enough not to lock its owner out.
    pub const SIGN_IN_ACCOUNT: Self =
        Self { name: "sign-in-account", quota: 30, window_seconds: 60, burst: 1_800 };
    /// Sign-ups, resets and other mails caused by one address.
    pub const MAIL_CAUSING: Self = Self { name: "mail", quota: 3, window_seconds: 600, burst: 10 };
    /// What programs ask at the endpoints of OAuth, from one address.
    pub const OAUTH: Self = Self { name: "oauth", quota: 300, window_seconds: 60, burst: 300 };
    /// Reports of browsers about what the Content-Security-Policy kept out, from one address.
    pub const REPORTS: Self = Self { name: "reports", quota: 30, window_seconds: 60, burst: 30 };
    /// Pages and feeds of links to views, from one address.
    pub const SHARED: Self = Self { name: "shared", quota: 300, window_seconds: 60, burst: 600 };
    /// Passwords tried at one link to a view, from one address.
    pub const SHARE_PASSWORD: Self = Self { name: "share-password", quota: 1, window_seconds: 60, burst: 10 };
    /// Passwords tried at one link to a view, from anywhere.
    pub const SHARE_PASSWORDS: Self =
        Self { name: "share-passwords", quota: 10, window_seconds: 60, burst: 100 };
    /// Mails to one address.
    pub const MAIL_TO: Self = Self { name: "mail-to", quota: 1, window_seconds: 300, burst: 4 };
}

/// Where a bucket stands after a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateState {
    /// The policy.
    pub policy: Policy,
    /// Requests left at once.
    pub remaining: u32,
    /// Seconds until the bucket is full again.
    pub reset_seconds: u64,
}

impl RateState {
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Policy { name, burst, .. } = self.policy;
        let window = self.policy.refill_seconds();
        let texts = [
            ("ratelimit-policy", format!("\"{name}\";q={burst};w={window}")),
            ("ratelimit", format!("\"{name}\";r={};t={}", self.remaining, self.reset_seconds)),
        ];
        for (header, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(header, value);
            }
        }
    }
}

impl Policy {
    /// API calls of one organisation, by all its tokens and people together.
    pub(crate) fn of_tenant(calls_per_minute: u32) -> Self {
        Self { name: "tenant", quota: calls_per_minute, window_seconds: 60, burst: calls_per_minute / 6 }
    }
    fn period(&self) -> Duration {
        Duration::from_secs(u64::from(self.window_seconds)) / self.quota.max(1)
    }
    /// Seconds in which an empty bucket fills.
    fn refill_seconds(&self) -> u64 {
        (self.period() * self.burst).as_secs().max(1)
    }
}

#[derive(Clone)]
struct KernelClock(Clock);

impl governor::clock::Clock for KernelClock {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        Nanos::new(u64::try_from(self.0.now().as_nanosecond()).unwrap_or_default())
    }
}

type Limiter = RateLimiter<String, DashMapStateStore<String>, KernelClock, StateInformationMiddleware>;

/// Keys after which a policy's forgotten buckets are dropped.
const SWEEP_AT: usize = 50_000;

/// Policies after which those without buckets are dropped: API tokens may have limits of their own.
const MOST_POLICIES: usize = 500;

/// All buckets of the process.
pub struct RateLimits {
    clock: KernelClock,
    limiters: Mutex<HashMap<Policy, Arc<Limiter>>>,
}

impl RateLimits {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock: KernelClock(clock), limiters: Mutex::default() }
    }

    fn limiter(&self, policy: Policy) -> Arc<Limiter> {
        let mut limiters = self.limiters.lock();
        if limiters.len() > MOST_POLICIES && !limiters.contains_key(&policy) {
            limiters.retain(|_, limiter| {
                limiter.retain_recent();
                !limiter.is_empty()
            });
        }
        let limiter = limiters.entry(policy).or_insert_with(|| {
            let burst = NonZeroU32::new(policy.burst).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::with_period(policy.period().max(Duration::from_nanos(1)))
                .unwrap_or(Quota::per_second(NonZeroU32::MIN))
                .allow_burst(burst);
            Arc::new(Limiter::new(quota, DashMapStateStore::default(), self.clock.clone()))
        });
        Arc::clone(limiter)
    }

    /// Takes one request from the bucket of `key`.
    ///
    /// # Errors
    /// `rate_limited` with the seconds to wait.
    pub fn check(&self, policy: Policy, key: &str) -> kernel_core::Result<RateState> {
        let limiter = self.limiter(policy);
        if limiter.len() > SWEEP_AT {
            limiter.retain_recent();
        }
        match limiter.check_key(&key.to_owned()) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let missing = policy.burst.saturating_sub(remaining);
                let reset_seconds = (policy.period() * missing).as_secs_f64().ceil() as u64;
                Ok(RateState { policy, remaining, reset_seconds })
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now());
                Err(Error::new(Code::RateLimited).retry_after(wait.as_secs_f64().ceil().max(1.0) as u64))
            }
        }
    }

    /// Like [`Self::check`], and notes the state for the answer's headers.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn enforce(&self, exchange: &Exchange, policy: Policy, key: &str) -> Result<(), WebError> {
        match self.check(policy, key) {
            Ok(state) => {
                exchange.rate(state);
                Ok(())
            }
            Err(error) => {
                let reset_seconds = policy.refill_seconds();
                exchange.rate(RateState { policy, remaining: 0, reset_seconds });
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};
    use kernel_core::FixedClock;

    const POLICY: Policy = Policy { name: "test", quota: 1, window_seconds: 10, burst: 3 };

    #[test]
    fn a_burst_then_the_steady_rate_for_each_key() {
        let clock = FixedClock::at(Timestamp::from_second(1_700_000_000).unwrap());
        let limits = RateLimits::new(Clock::Fixed(clock.clone()));
        for left in [2, 1, 0] {
            assert_eq!(limits.check(POLICY, "a").unwrap().remaining, left);
        }
        let refused = limits.check(POLICY, "a").unwrap_err();
        assert_eq!((refused.code(), refused.wait_seconds()), (Code::RateLimited, Some(10)));
        assert!(limits.check(POLICY, "b").is_ok(), "another key has its own bucket");
        clock.advance(SignedDuration::from_secs(9));
        assert_eq!(limits.check(POLICY, "a").unwrap_err().wait_seconds(), Some(1));
        clock.advance(SignedDuration::from_secs(1));
        assert!(limits.check(POLICY, "a").is_ok());
        assert!(limits.check(POLICY, "a").is_err());
    }

    #[test]
    fn headers_are_structured_fields() {
        let mut headers = HeaderMap::new();
        RateState { policy: POLICY, remaining: 2, reset_seconds: 10 }.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"test\";q=3;w=30");
        assert_eq!(headers["ratelimit"], "\"test\";r=2;t=10");
    }
}
