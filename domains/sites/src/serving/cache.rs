//! Sites in memory, by host, with an index from bases to the sites that show them.
//!
//! Invariant: HTML is kept only when nothing that it was made of changed between reading and keeping. For pages and
//! settings that is the cache's own epoch, for rows the entry's. Dropping is exact: a changed table drops the pages
//! that show it, a changed site drops the site.

use super::entry::{Entry, Grown, Rendered};
use jiff::Timestamp;
use kernel_core::{SiteId, TenantId};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sites known at once at most.
const SITES: usize = 20_000;

/// What is kept. Cheap to share.
#[derive(Debug)]
pub struct SiteCache {
    inner: RwLock<Inner>,
    bytes: AtomicUsize,
    /// Bytes of HTML kept at most; beyond, everything is made anew on demand.
    budget: usize,
}

#[derive(Debug, Default)]
struct Inner {
    by_host: HashMap<String, Arc<Entry>>,
    by_base: HashMap<(TenantId, u64), Vec<String>>,
    /// Grows when a site changes, so that what was read before is not put in after.
    epoch: u64,
}

impl SiteCache {
    /// Keeps at most `budget` bytes of HTML; with 0 none.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self { inner: RwLock::default(), bytes: AtomicUsize::new(0), budget }
    }

    /// Whether it keeps HTML at all.
    pub(crate) fn keeps_pages(&self) -> bool {
        self.budget > 0
    }

    /// A base changed: drops the pages that show one of the tables (`None`: any table).
    pub fn on_base_change(&self, tenant: TenantId, base: u64, tables: Option<&[u64]>) {
        let inner = self.inner.read();
        let hosts = inner.by_base.get(&(tenant, base)).map_or(&[][..], Vec::as_slice);
        for entry in hosts.iter().filter_map(|host| inner.by_host.get(host)) {
            self.shrank(entry.base_changed(tables));
        }
    }

    /// A site changed: its pages, menu, theme, address or state.
    pub fn drop_site(&self, site: SiteId) {
        let mut inner = self.inner.write();
        inner.epoch += 1;
        let hosts: Vec<String> = inner
            .by_host
            .iter()
            .filter(|(_, entry)| entry.site == site)
            .map(|(host, _)| host.clone())
            .collect();
        for host in hosts {
            self.shrank(inner.remove(&host));
        }
    }

    /// Forgets everything: something may have been missed.
    pub fn clear(&self) {
        let mut inner = self.inner.write();
        let epoch = inner.epoch + 1;
        *inner = Inner { epoch, ..Inner::default() };
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// How many sites are in memory.
    #[must_use]
    pub fn sites(&self) -> usize {
        self.inner.read().by_host.len()
    }

    /// A kept page, and whose it is.
    pub(crate) fn find(
        &self,
        host: &str,
        path: &str,
        now: impl FnOnce() -> Timestamp,
    ) -> Option<(TenantId, Arc<Rendered>)> {
        let inner = self.inner.read();
        let entry = inner.by_host.get(host)?;
        Some((entry.tenant, entry.get(path, now)?))
    }

    pub(crate) fn get(&self, host: &str) -> Option<Arc<Entry>> {
        self.inner.read().by_host.get(host).cloned()
    }

    /// To be read before a site is.
    pub(crate) fn epoch(&self) -> u64 {
        self.inner.read().epoch
    }

    /// Keeps a site that was read at `epoch`, unless one changed since: then the next visitor reads again.
    pub(crate) fn put(&self, host: &str, entry: Arc<Entry>, epoch: u64) {
        let mut inner = self.inner.write();
        if inner.epoch != epoch {
            return;
        }
        if inner.by_host.len() >= SITES {
            *inner = Inner { epoch: inner.epoch, ..Inner::default() };
            self.bytes.store(0, Ordering::Relaxed);
        }
        if let Some(base) = entry.base {
            let hosts = inner.by_base.entry((entry.tenant, base.0)).or_default();
            if !hosts.iter().any(|known| known == host) {
                hosts.push(host.to_owned());
            }
        }
        inner.by_host.insert(host.to_owned(), entry);
    }

    /// Counts HTML that was kept. Over the budget all HTML goes: simple, and what is visited comes back at once.
    pub(crate) fn grew(&self, grown: Grown) {
        self.shrank(grown.less);
        if self.bytes.fetch_add(grown.more, Ordering::Relaxed) + grown.more > self.budget {
            let freed: usize = self.inner.read().by_host.values().map(|entry| entry.forget()).sum();
            self.shrank(freed);
        }
    }

    fn shrank(&self, bytes: usize) {
        // What was dropped with its site may be counted off twice when both happen at once: never below nothing.
        let down = |held: usize| Some(held.saturating_sub(bytes));
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, down);
    }
}

impl Inner {
    /// Gives the bytes of HTML that go with it.
    fn remove(&mut self, host: &str) -> usize {
        let Some(entry) = self.by_host.remove(host) else { return 0 };
        let freed = entry.forget();
        let Some(base) = entry.base else { return freed };
        let key = (entry.tenant, base.0);
        if let Some(hosts) = self.by_base.get_mut(&key) {
            hosts.retain(|known| known != host);
            if hosts.is_empty() {
                self.by_base.remove(&key);
            }
        }
        freed
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Depends;
    use super::super::files::SHEET;
    use super::super::kept::Kept;
    use super::*;
    use engine_base::BaseId;
    use proptest::prelude::*;

    fn entry(tenant: TenantId, site: SiteId, base: Option<u64>) -> Arc<Entry> {
        let names = ("Site".to_owned(), "crust".to_owned(), "en".to_owned());
        Arc::new(Entry::new((tenant, site), "site".to_owned(), names, base.map(BaseId), Vec::new()))
    }

    fn html(depends: Depends) -> Arc<Rendered> {
        Arc::new(Rendered { kept: Kept::new("<p>".to_owned(), &SHEET), depends, stale_at: None })
    }

    fn has(entry: &Entry, path: &str) -> bool {
        entry.get(path, || Timestamp::UNIX_EPOCH).is_some()
    }

    #[test]
    fn only_what_shows_a_changed_table_is_dropped() {
        let (tenant, other) = (TenantId::new(), TenantId::new());
        let cache = SiteCache::new(96 << 20);
        let site = entry(tenant, SiteId::new(), Some(7));
        cache.put("a", site.clone(), cache.epoch());
        let fill = || {
            for (path, depends) in [
                ("/plain", Depends::Nothing),
                ("/one", Depends::Tables(vec![1])),
                ("/both", Depends::Tables(vec![1, 2])),
                ("/gone", Depends::Base),
            ] {
                site.put(path, &html(depends), site.epoch());
            }
        };
        let left = || ["/plain", "/one", "/both", "/gone"].map(|path| has(&site, path));
        for (tenant, base, tables, expected) in [
            (tenant, 7, Some(&[2][..]), [true, true, false, false]),
            (tenant, 7, Some(&[3][..]), [true, true, true, false]),
            (tenant, 7, None, [true, false, false, false]),
            (tenant, 8, None, [true, true, true, true]),
            (other, 7, None, [true, true, true, true]),
        ] {
            fill();
            cache.on_base_change(tenant, base, tables);
            assert_eq!(left(), expected, "{base} {tables:?}");
        }
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (tenant, id) = (TenantId::new(), SiteId::new());
        let cache = SiteCache::new(96 << 20);
        let before = cache.epoch();
        cache.drop_site(id);
        cache.put("a", entry(tenant, id, Some(7)), before);
        assert!(cache.get("a").is_none());

        let site = entry(tenant, id, Some(7));
        cache.put("a", site.clone(), cache.epoch());
        let before = site.epoch();
        cache.on_base_change(tenant, 7, Some(&[1]));
        assert_eq!(site.put("/", &html(Depends::Tables(vec![1])), before), Grown { more: 0, less: 0 });
        assert!(site.put("/plain", &html(Depends::Nothing), before).more > 0);
        assert!(!has(&site, "/") && has(&site, "/plain"));

        cache.drop_site(id);
        assert!(cache.get("a").is_none() && cache.inner.read().by_base.is_empty());
    }

    #[test]
    fn html_with_an_age_is_made_anew() {
        let site = entry(TenantId::new(), SiteId::new(), None);
        let at = Timestamp::UNIX_EPOCH;
        let second = jiff::SignedDuration::from_secs(1);
        let aged = Rendered {
            kept: Kept::new(String::new(), &SHEET),
            depends: Depends::Base,
            stale_at: Some(at + second),
        };
        site.put("/", &Arc::new(aged), site.epoch());
        assert!(site.get("/", || at).is_some());
        assert!(site.get("/", || at + second).is_none());
    }

    proptest! {
        /// Against a model without any memory: whatever is kept was made after the last change that concerns it.
        #[test]
        fn never_stale(steps in prop::collection::vec((0..4u8, 0..3usize, 1..4u64), 1..60)) {
            let (tenant, id) = (TenantId::new(), SiteId::new());
            let cache = SiteCache::new(96 << 20);
            let paths = ["/1", "/2", "/3"];
            let mut changed = [0u64; 4];
            let mut made: HashMap<&str, u64> = HashMap::new();
            for (now, (what, path, table)) in steps.into_iter().enumerate() {
                let now = now as u64 + 1;
                let site = cache.get("a").unwrap_or_else(|| {
                    made.clear();
                    cache.put("a", entry(tenant, id, Some(7)), cache.epoch());
                    cache.get("a").unwrap()
                });
                match what {
                    0 => {
                        cache.on_base_change(tenant, 7, Some(&[table]));
                        changed[table as usize] = now;
                    }
                    1 if table == 1 => cache.drop_site(id),
                    _ => {
                        let depends = Depends::Tables(vec![path as u64 + 1]);
                        site.put(paths[path], &html(depends), site.epoch());
                        made.insert(paths[path], now);
                    }
                }
                for (index, path) in paths.iter().enumerate() {
                    if cache.get("a").is_some_and(|site| has(&site, path)) {
                        prop_assert!(made[path] > changed[index + 1], "{path} is stale");
                    }
                }
            }
        }
    }
}
