//! Argon2id with OWASP's parameters (ASVS 11.4.2: 19 MiB, 2 passes, 1 lane) as PHC strings.
//!
//! Invariants: no more hashes than the budget are computed at once, whatever happens, so that many sign-ins together can't
//! take the memory; they are computed on threads of their own, which give way to those that answer requests; what waits is
//! bounded, and who waits no longer (a client that went away, a time-out) costs nothing when its turn comes. One client
//! address has only few of the places to wait, and some places are the staff's alone.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use kernel_core::{Code, Error, Random, Result};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// Memory in KiB, passes, lanes.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that may wait: at two at a time of 20 to 40 ms each, the last one waits some seconds.
const MOST_WAITING: usize = 256;
/// Those of one client address among them: more than people behind one address press the button in one second.
const MOST_OF_ONE: usize = 8;
/// Places beyond those, for the staff: who mends what goes on can log in while it goes on.
const KEPT_FOR_STAFF: usize = 8;
/// The nice value of the threads that hash: they get a tenth of what another busy thread gets.
const GIVE_WAY: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// Hashes and checks passwords. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    /// What waits; bounded by the places.
    queue: Sender<Work>,
    waiting: Arc<Mutex<Waiting>>,
    /// The most that may wait when one more of this handle's comes.
    room: usize,
    /// The client address that asks, if it is known.
    from: Option<Arc<str>>,
    random: Random,
    /// The hash of a password nobody has: unknown accounts cost the same time as known ones (ASVS 6.3.8).
    decoy: Arc<str>,
}

/// How many wait, and for whom.
#[derive(Default)]
struct Waiting {
    all: usize,
    of: HashMap<Arc<str>, usize>,
}

/// A place in the queue; free again when the turn has come, or nobody takes it.
struct Place {
    waiting: Arc<Mutex<Waiting>>,
    from: Option<Arc<str>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock();
        waiting.all -= 1;
        if let Some(from) = &self.from
            && let Some(count) = waiting.of.get_mut(from)
        {
            *count -= 1;
            if *count == 0 {
                waiting.of.remove(from);
            }
        }
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is not right.
    Wrong,
    /// The password is right.
    Right,
    /// Right, and hashed with weaker parameters than today's: hash it again.
    RightButOld,
}

fn algorithm() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY, PASSES, LANES, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &[u8], salt: [u8; 16]) -> Result<String> {
    algorithm()?
        .hash_password_with_salt(password, &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal(error.to_string()))
}

/// One thread: takes what waits, one after the other, until nobody can ask any more.
fn work_off(works: &Mutex<Receiver<Work>>) {
    // On Linux this is about the calling thread. Where it is refused, hashing is as urgent as everything else.
    let _ = rustix::process::setpriority_process(None, GIVE_WAY);
    loop {
        let next = works.lock().recv();
        match next {
            // A hash that panics must not take the thread along; who waits for it gets an error.
            Ok(work) => drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))),
            Err(_) => return,
        }
    }
}

impl Hasher {
    /// At most `at_once` hashes are computed at the same time.
    ///
    /// # Errors
    /// `internal` when argon2 refuses its parameters, or there is no thread.
    pub fn new(at_once: usize, random: Random) -> Result<Self> {
        Self::with_room(at_once, MOST_WAITING, random)
    }

    fn with_room(at_once: usize, waiting: usize, random: Random) -> Result<Self> {
        let decoy = hash_now(random.token().as_bytes(), random.bytes())?.into();
        let (queue, works) = channel::<Work>();
        let works = Arc::new(Mutex::new(works));
        for _ in 0..at_once.max(1) {
            let works = Arc::clone(&works);
            let thread = std::thread::Builder::new().name("password-hash".to_owned());
            thread.spawn(move || work_off(&works)).map_err(Error::internal)?;
        }
        Ok(Self { queue, waiting: Arc::default(), room: waiting, from: None, random, decoy })
    }

    /// The same for a client address ([`crate::Visit::limit_key`]), which has only some of the places.
    #[must_use]
    pub fn asked_by(&self, from: &str) -> Self {
        Self { from: Some(from.into()), ..self.clone() }
    }

    /// The same for the staff, who has places of its own.
    #[must_use]
    pub fn of_staff(&self) -> Self {
        Self { room: self.room + KEPT_FOR_STAFF, ..self.clone() }
    }

    fn place(&self) -> Option<Place> {
        let mut waiting = self.waiting.lock();
        let of_one = self.from.as_ref().and_then(|from| waiting.of.get(from)).copied().unwrap_or(0);
        if waiting.all >= self.room || of_one >= MOST_OF_ONE {
            return None;
        }
        waiting.all += 1;
        if let Some(from) = &self.from {
            *waiting.of.entry(Arc::clone(from)).or_default() += 1;
        }
        Some(Place { waiting: Arc::clone(&self.waiting), from: self.from.clone() })
    }

    /// Does it when its turn comes; `unavailable` when too many wait.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let full = || {
            Error::new(Code::Unavailable)
                .detail("Many people log in at this moment. Try again in some seconds.")
                .retry_after(5)
        };
        let place = self.place().ok_or_else(full)?;
        let (answer, answered) = oneshot::channel();
        let work = move || {
            drop(place);
            if !answer.is_closed() {
                // Whoever asked may be gone by now.
                let _ = answer.send(work());
            }
        };
        self.queue.send(Box::new(work)).map_err(|_| Error::internal("no thread hashes passwords"))?;
        answered.await.map_err(Error::internal)
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let (password, salt) = (password.to_owned(), self.random.bytes());
        self.in_turn(move || hash_now(password.as_bytes(), salt)).await?
    }

    /// Checks a password against a PHC string; `None` (an unknown account) takes as long and is always wrong.
    ///
    /// # Errors
    /// `internal` when the stored string is damaged.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict> {
        let (password, known) = (password.to_owned(), stored.is_some());
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        self.in_turn(move || {
            let parsed = PasswordHash::new(&stored).map_err(|error| Error::internal(error.to_string()))?;
            let right = algorithm()?.verify_password(password.as_bytes(), &parsed).is_ok();
            let params = Params::try_from(&parsed).map_err(|error| Error::internal(error.to_string()))?;
            let old = params.m_cost() < MEMORY || params.t_cost() < PASSES;
            Ok(match (right && known, old) {
                (false, _) => Verdict::Wrong,
                (true, false) => Verdict::Right,
                (true, true) => Verdict::RightButOld,
            })
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds the one thread until it is released.
    fn held(hasher: &Hasher) -> (Sender<()>, tokio::task::JoinHandle<Result<()>>) {
        let (begun, has_begun) = channel();
        let (release, released) = channel::<()>();
        let hasher = hasher.clone();
        let work = move || {
            begun.send(()).unwrap();
            released.recv().unwrap();
        };
        let first = tokio::spawn(async move { hasher.in_turn(work).await });
        has_begun.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
        (release, first)
    }

    #[tokio::test]
    async fn right_wrong_and_unknown() {
        let hasher = Hasher::new(2, Random::seeded(1)).unwrap();
        let stored = hasher.hash("seven copper kettles").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        for (password, phc, expected) in [
            ("seven copper kettles", Some(stored.as_str()), Verdict::Right),
            ("Seven copper kettles", Some(stored.as_str()), Verdict::Wrong),
            ("seven copper kettles", None, Verdict::Wrong),
        ] {
            assert_eq!(hasher.verify(password, phc).await.unwrap(), expected, "{password}");
        }
    }

    #[tokio::test]
    async fn every_byte_counts_and_weak_hashes_are_noticed() {
        let hasher = Hasher::new(1, Random::seeded(2)).unwrap();
        let long = "x".repeat(100);
        let stored = hasher.hash(&long).await.unwrap();
        let other = format!("{}y", "x".repeat(99));
        assert_eq!(hasher.verify(&other, Some(&stored)).await.unwrap(), Verdict::Wrong);
        let weak =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let weak = weak.hash_password_with_salt(b"seven copper kettles", &[7; 16]).unwrap().to_string();
        assert_eq!(hasher.verify("seven copper kettles", Some(&weak)).await.unwrap(), Verdict::RightButOld);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_than_the_budget_runs_at_once_and_everybody_is_answered() {
        use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
        for at_once in [1, 2, 3] {
            let hasher = Hasher::with_room(at_once, 100, Random::seeded(3)).unwrap();
            let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let waiting = (0..60).map(|number| {
                let (hasher, running, most) = (hasher.clone(), Arc::clone(&running), Arc::clone(&most));
                tokio::spawn(async move {
                    let work = move || {
                        most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(2));
                        running.fetch_sub(1, SeqCst);
                        number
                    };
                    hasher.in_turn(work).await
                })
            });
            for (number, answer) in futures_util::future::join_all(waiting).await.into_iter().enumerate() {
                assert_eq!(answer.unwrap().unwrap(), number);
            }
            assert_eq!(most.load(SeqCst), at_once, "the whole budget, and no more");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_address_does_not_fill_the_queue_and_the_staff_has_places_left() {
        let hasher = Hasher::with_room(1, 20, Random::seeded(5)).unwrap();
        let (release, first) = held(&hasher);
        let mut waiting = Vec::new();
        for (asks, times, fit) in [
            (hasher.asked_by("192.0.2.1"), 50, MOST_OF_ONE),
            (hasher.asked_by("192.0.2.2"), 50, MOST_OF_ONE),
            // What is left of the room; then the staff's places, which are nobody else's.
            (hasher.asked_by("192.0.2.3"), 50, 4),
            (hasher.clone(), 1, 0),
            (hasher.of_staff(), 50, KEPT_FOR_STAFF),
        ] {
            let mut waits = 0;
            for _ in 0..times {
                let asks = asks.clone();
                let mut asked = Box::pin(async move { asks.in_turn(|| ()).await });
                waits += usize::from(futures_util::poll!(&mut asked).is_pending());
                waiting.push(asked);
            }
            assert_eq!(waits, fit);
        }
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        drop(waiting);
        // Every place is free again when its turn has come, whether somebody still waits or not.
        while hasher.in_turn(|| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
        let left = hasher.waiting.lock();
        assert_eq!((left.all, left.of.len()), (0, 0));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn beyond_the_room_one_is_told_to_come_back_and_who_left_costs_nothing() {
        let hasher = Hasher::with_room(1, 2, Random::seeded(4)).unwrap();
        let (release, first) = held(&hasher);
        let ran = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let noted = Arc::clone(&ran);
        let mut left =
            Box::pin(hasher.in_turn(move || noted.store(true, std::sync::atomic::Ordering::SeqCst)));
        let mut waits = Box::pin(hasher.in_turn(|| 7));
        // Both are in the queue now, which is full.
        assert!(futures_util::poll!(&mut left).is_pending() && futures_util::poll!(&mut waits).is_pending());
        let refused = hasher.in_turn(|| 8).await.unwrap_err();
        assert_eq!((refused.code(), refused.wait_seconds()), (Code::Unavailable, Some(5)));
        drop(left);
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(waits.await.unwrap(), 7);
        assert!(!ran.load(std::sync::atomic::Ordering::SeqCst), "nobody waited for it");
        // One that panics takes nobody along.
        assert!(hasher.in_turn(|| -> u8 { panic!("broken") }).await.is_err());
        assert_eq!(hasher.in_turn(|| 9).await.unwrap(), 9);
    }
}
