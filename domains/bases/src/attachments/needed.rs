//! Files that were in cells give their room back when nothing needs them any more: no record of any base (in the trash or not),
//! and no change that is kept: histories, undo, deleted records, looks at the past and snapshots are all made of changes.
//!
//! What names a file is found in what is durable, in pages: the cells of fields that hold files and are not purged, then, for
//! those that no cell names, the changes of every base from the last on, down to when the oldest of them was uploaded.
//!
//! Invariants. A file goes only after two looks, [`DOUBT`] apart at least, found nothing, and if it was not used in between.
//! So no write can lose its file: whoever names one by its id or address marks it as used before the write; everything else that
//! writes one (undo, restores, cells that keep what they have) takes it from a record or a change, which the first look would
//! have found, unless it is a request that was under way then, and what that wrote the second look finds. Each step is one
//! statement and may be the last: marks are made again, and a content whose row is gone goes with the next cleaning.

use super::clean::GRACE;
use super::store::{
    ALL_BASES, CANDIDATES, DOUBTED, FILE_FIELDS, NAMED_IN_CHANGES, NAMED_IN_RECORDS, NEEDED_AFTER_ALL,
    REMOVE_UNNEEDED,
};
use crate::service::Bases;
use jiff::{SignedDuration, Timestamp};
use kernel_core::{FileId, Result, TenantId};
use kernel_db::{Params, Row, Statement};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use uuid::Uuid;

/// How long nothing must have named a file: much longer than any write takes, and less than the time between two looks.
const DOUBT: SignedDuration = SignedDuration::from_hours(20);
/// Clocks of processes do not differ more than this.
const SKEW: SignedDuration = SignedDuration::from_hours(1);
/// Files of one look.
const FILES: i64 = 200_000;
/// Records of one statement.
const RECORDS: i64 = 2_000;
/// Changes of one statement: one may be of thousands of records.
const CHANGES: i64 = 50;
/// Files of one statement that writes.
const WRITTEN: usize = 5_000;

/// Files that may go, with when they were uploaded and whether nothing named them before.
type Candidates = FxHashMap<Uuid, (Timestamp, bool)>;

impl Bases {
    /// Removes files of an organisation that nothing has needed for a day; how many.
    pub(super) async fn give_room_back(&self, tenant: TenantId) -> Result<usize> {
        let (mut gone, mut after) = (0, Uuid::nil());
        loop {
            let now = self.0.clock.now();
            let params: Params<'_> = &[&tenant.uuid(), &(now - GRACE), &after, &FILES];
            let rows = self.0.db.read(tenant, &CANDIDATES, params).await?;
            let Some(last) = rows.last() else { return Ok(gone) };
            after = last.get(0);
            let files = rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
            gone += self.judge(tenant, files, now).await?;
        }
    }

    /// One look; `now` is when it began.
    async fn judge(&self, tenant: TenantId, mut files: Candidates, now: Timestamp) -> Result<usize> {
        let mut needed = Vec::new();
        self.named_in_records(tenant, &mut files, &mut needed).await?;
        self.named_in_changes(tenant, &mut files, &mut needed).await?;
        for ids in needed.chunks(WRITTEN) {
            self.0.db.write(tenant, &NEEDED_AFTER_ALL, &[&tenant.uuid(), &ids]).await?;
        }
        let unneeded: Vec<Uuid> = files.into_keys().collect();
        let mut gone = 0;
        for ids in unneeded.chunks(WRITTEN) {
            let id = tenant.uuid();
            gone += self.0.db.write(tenant, &REMOVE_UNNEEDED, &[&id, &ids, &(now - DOUBT)]).await?.len();
            self.0.db.write(tenant, &DOUBTED, &[&id, &ids, &now, &(now - GRACE)]).await?;
        }
        Ok(gone)
    }

    async fn named_in_records(
        &self,
        tenant: TenantId,
        files: &mut Candidates,
        needed: &mut Vec<Uuid>,
    ) -> Result<()> {
        let mut fields: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for row in self.0.db.read(tenant, &FILE_FIELDS, &[&tenant.uuid()]).await? {
            fields.entry(row.get(0)).or_default().push(row.get::<_, i32>(1).to_string());
        }
        for (table, fields) in fields {
            let mut after = 0_i64;
            while !files.is_empty() {
                let params: Params<'_> = &[&tenant.uuid(), &table, &after, &RECORDS, &fields];
                let Some(row) = self.page(tenant, &NAMED_IN_RECORDS, params).await? else { break };
                let Some(last) = row.get(0) else { break };
                after = last;
                take_out(files, needed, &row.get::<_, Vec<String>>(1));
            }
        }
        Ok(())
    }

    async fn named_in_changes(
        &self,
        tenant: TenantId,
        files: &mut Candidates,
        needed: &mut Vec<Uuid>,
    ) -> Result<()> {
        // A change names no file that was uploaded later.
        let Some(oldest) = files.values().map(|(at, _)| *at).min() else { return Ok(()) };
        for row in self.0.db.read(tenant, &ALL_BASES, &[&tenant.uuid()]).await? {
            let base: i64 = row.get(0);
            let mut before = i64::MAX;
            while !files.is_empty() {
                let params: Params<'_> = &[&tenant.uuid(), &base, &before, &CHANGES];
                let Some(row) = self.page(tenant, &NAMED_IN_CHANGES, params).await? else { break };
                let (Some(first), Some(at)) =
                    (row.get::<_, Option<i64>>(0), row.get::<_, Option<Timestamp>>(1))
                else {
                    break;
                };
                before = first;
                take_out(files, needed, &row.get::<_, Vec<String>>(2));
                if at < oldest - SKEW {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn page(
        &self,
        tenant: TenantId,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>> {
        Ok(self.0.db.read_opt(tenant, statement, params).await?)
    }
}

/// Takes files that are named out of those that may go, and keeps those of them that were in doubt.
fn take_out(files: &mut Candidates, needed: &mut Vec<Uuid>, named: &[String]) {
    for id in named.iter().filter_map(|text| text.parse::<FileId>().ok()) {
        if let Some((_, true)) = files.remove(&id.uuid()) {
            needed.push(id.uuid());
        }
    }
}
