//! Use cases of comments. Who sees a record sees its comments; who may comment writes; a comment is edited by its author
//! and deleted by its author or by who may manage the base.

use super::mails::MentionJob;
use super::model::{self, People};
use super::{Comment, MAX_MENTIONS, Person, mentions, store};
use crate::idempotency;
use crate::records::query::with_table;
use crate::service::Bases;
use crate::timed_id;
use engine_base::{RecordId, RowNo, TableNo};
use http::StatusCode;
use jiff::Timestamp;
use kernel_core::{Caller, Capability, Code, Error, Level, Result, TenantId, UserId, enough};
use kernel_db::{Database, Params, Tx};
use kernel_jobs::JobOptions;
use std::collections::HashMap;

/// A comment to write.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) text: String,
    /// The comment to answer. An answer to an answer joins its thread.
    pub(crate) parent: Option<String>,
}

/// Comments of a record, newest first.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) comments: Vec<Comment>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

impl Bases {
    /// Comments of a record.
    ///
    /// # Errors
    /// `not_found`, `bad_cursor`.
    pub(crate) async fn comments(
        &self,
        caller: &Caller,
        record: RecordId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page> {
        caller.require(Capability::ReadRecords)?;
        self.commented(caller, record, Level::Read).await?;
        if after.is_some_and(|after| !timed_id::is("com", after)) {
            return Err(Error::new(Code::BadCursor));
        }
        let (tenant, more) = (caller.tenant.uuid(), i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1);
        let params: Params<'_> =
            &[&tenant, &record.table.0.cast_signed(), &record.row.0.cast_signed(), &after, &more];
        let rows = self.0.db.read(caller.tenant, &store::COMMENTS, params).await?;
        let mut comments: Vec<Comment> = rows.iter().map(Comment::of).collect();
        let next = (comments.len() > limit).then(|| {
            comments.truncate(limit);
            comments.last().map(|last| last.id.clone()).unwrap_or_default()
        });
        Ok(Page { comments, next })
    }

    /// Writes a comment; with a key once only. The second value: whether it had been written before.
    ///
    /// # Errors
    /// `not_found`; `required`, `too_long`, `too_many` at `text`; `unknown_record` at `parent`.
    pub(crate) async fn add_comment(
        &self,
        caller: &Caller,
        record: RecordId,
        draft: Draft,
        key: Option<idempotency::Request>,
    ) -> Result<(Comment, bool)> {
        caller.require(Capability::CommentRecords)?;
        self.commented(caller, record, Level::Comment).await?;
        if let Some(key) = &key
            && let Some(stored) = key.stored(&self.0.db, caller).await?
        {
            let id = stored.records.first().cloned().unwrap_or_default();
            return Ok((self.comment(caller.tenant, record, &id).await?, true));
        }
        let text = model::clean(&draft.text)?;
        let people = self.mentioned(caller.tenant, &text).await?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let parent = match draft.parent.as_deref() {
            None => None,
            Some(id) => {
                let parent = find(&mut tx, record, id).await.map_err(|error| match error.code() {
                    Code::NotFound => {
                        Error::field("/parent", Code::UnknownRecord, "is no comment of this record")
                    }
                    _ => error,
                })?;
                Some(parent.parent.unwrap_or(parent.id))
            }
        };
        let comment = Comment {
            id: timed_id::new("com", now, &self.0.random),
            parent,
            author: caller.actor.to_string(),
            text,
            mentions: people,
            // As Postgres keeps it.
            created_at: Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
            updated_at: None,
        };
        let mentions: Vec<uuid::Uuid> = comment.mentions.iter().map(|user| user.uuid()).collect();
        let (table, row) = (record.table.0.cast_signed(), record.row.0.cast_signed());
        let params: Params<'_> = &[
            &caller.tenant.uuid(),
            &table,
            &row,
            &comment.id,
            &comment.parent,
            &comment.author,
            &comment.text,
            &mentions,
            &now,
        ];
        tx.execute(&store::INSERT_COMMENT, params).await?;
        self.tell(&mut tx, record, &comment, &mentions).await?;
        if let Some(key) = &key {
            key.keep(&mut tx, caller.tenant, StatusCode::CREATED.as_u16(), &comment.id, now).await?;
        }
        tx.commit().await?;
        Ok((comment, false))
    }

    /// Changes the text of one's own comment.
    ///
    /// # Errors
    /// `not_found`; `forbidden` for somebody else's; as [`Bases::add_comment`].
    pub(crate) async fn edit_comment(
        &self,
        caller: &Caller,
        record: RecordId,
        id: &str,
        text: &str,
    ) -> Result<Comment> {
        caller.require(Capability::CommentRecords)?;
        self.commented(caller, record, Level::Comment).await?;
        let text = model::clean(text)?;
        let people = self.mentioned(caller.tenant, &text).await?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let before = find(&mut tx, record, id).await?;
        if before.author != caller.actor.to_string() {
            return Err(Error::new(Code::Forbidden).detail("Only its author can change a comment."));
        }
        let now = self.0.clock.now();
        let comment = Comment { text, mentions: people, updated_at: Some(now), ..before.clone() };
        let mentions: Vec<uuid::Uuid> = comment.mentions.iter().map(|user| user.uuid()).collect();
        let (table, row) = (record.table.0.cast_signed(), record.row.0.cast_signed());
        let params: Params<'_> =
            &[&caller.tenant.uuid(), &table, &row, &comment.id, &comment.text, &mentions, &now];
        tx.execute(&store::UPDATE_COMMENT, params).await?;
        let new: Vec<uuid::Uuid> = comment
            .mentions
            .iter()
            .filter(|user| !before.mentions.contains(user))
            .map(|user| user.uuid())
            .collect();
        self.tell(&mut tx, record, &comment, &new).await?;
        tx.commit().await?;
        Ok(comment)
    }

    /// Deletes a comment. Its answers stay.
    ///
    /// # Errors
    /// `not_found`; `forbidden` for somebody else's.
    pub(crate) async fn delete_comment(&self, caller: &Caller, record: RecordId, id: &str) -> Result<()> {
        caller.require(Capability::CommentRecords)?;
        self.commented(caller, record, Level::Comment).await?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let comment = find(&mut tx, record, id).await?;
        if comment.author != caller.actor.to_string() && !caller.may(Capability::ManageBases) {
            return Err(Error::new(Code::Forbidden)
                .detail("A comment is deleted by its author, or by who manages the base."));
        }
        let (table, row) = (record.table.0.cast_signed(), record.row.0.cast_signed());
        tx.execute(&store::DELETE_COMMENT, &[&caller.tenant.uuid(), &table, &row, &comment.id]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// How many comments records of a table have; records without are left out.
    pub(crate) async fn comment_counts(
        &self,
        tenant: TenantId,
        table: TableNo,
        rows: &[RowNo],
    ) -> Result<HashMap<RowNo, i64>> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<i64> = rows.iter().map(|row| row.0.cast_signed()).collect();
        let params: Params<'_> = &[&tenant.uuid(), &table.0.cast_signed(), &rows];
        let counts = self.0.db.read(tenant, &store::COMMENT_COUNTS, params).await?;
        Ok(counts.iter().map(|row| (RowNo(row.get::<_, i64>(0).unsigned_abs()), row.get(1))).collect())
    }

    /// Authors and mentioned people of comments, by the text of their id.
    pub(crate) async fn people_of(&self, caller: &Caller, comments: &[Comment]) -> Result<People> {
        let mut people = People::new();
        let emails = caller.may(Capability::ReadMembers);
        let authors = comments.iter().filter_map(|comment| comment.author.parse::<UserId>().ok());
        let users: Vec<UserId> =
            comments.iter().flat_map(|comment| comment.mentions.iter().copied()).chain(authors).collect();
        if !users.is_empty() {
            for user in self.0.tenancy.identity().users(&users).await? {
                let email = emails.then_some(user.email);
                people.insert(user.id.to_string(), Person { name: user.name, email });
            }
        }
        let others = comments.iter().map(|comment| comment.author.as_str());
        let others: Vec<&str> = others.filter(|author| !people.contains_key(*author)).collect();
        let mut names = self.0.tenancy.actor_names(caller.tenant, &others).await?;
        for author in others {
            let name = names.remove(author).unwrap_or_default();
            people.entry(author.to_owned()).or_insert(Person { name, email: None });
        }
        Ok(people)
    }

    async fn comment(&self, tenant: TenantId, record: RecordId, id: &str) -> Result<Comment> {
        let (table, row) = (record.table.0.cast_signed(), record.row.0.cast_signed());
        let params: Params<'_> = &[&tenant.uuid(), &table, &row, &id];
        let row = self.0.db.read_opt(tenant, &store::COMMENT, params).await?;
        row.as_ref().map(Comment::of).ok_or_else(Error::not_found)
    }

    /// The record is there for this caller, who may go as far as `needed`.
    pub(super) async fn commented(&self, caller: &Caller, record: RecordId, needed: Level) -> Result<()> {
        let open = self.open_table(caller, record.table, None).await?;
        let now_us = self.0.clock.now().as_microsecond();
        open.read(|base| {
            with_table(caller, base, record.table, |table| {
                if !table.has(base, record.row, now_us) {
                    return Err(Error::not_found());
                }
                enough(caller.table(base.id().0, record.table.0), needed)
            })
        })
    }

    /// The members that a text names.
    async fn mentioned(&self, tenant: TenantId, text: &str) -> Result<Vec<UserId>> {
        let mut members = Vec::new();
        let named = mentions::named(text);
        if named.len() > MAX_MENTIONS {
            let detail = format!("names more than {MAX_MENTIONS} people");
            return Err(Error::field("/text", Code::TooMany, detail));
        }
        for user in named {
            if self.0.tenancy.role(tenant, user).await?.is_some() {
                members.push(user);
            }
        }
        Ok(members)
    }

    /// Leaves the job that mails people, the author apart.
    async fn tell(
        &self,
        tx: &mut Tx,
        record: RecordId,
        comment: &Comment,
        people: &[uuid::Uuid],
    ) -> Result<()> {
        let author = comment.author.parse::<UserId>().ok().map(UserId::uuid);
        let people: Vec<uuid::Uuid> =
            people.iter().copied().filter(|person| Some(*person) != author).collect();
        if people.is_empty() {
            return Ok(());
        }
        let (table, record) = (record.table.0, record.row.0);
        let job = MentionJob { table, record, comment: comment.id.clone(), people };
        kernel_jobs::enqueue(tx, &job, JobOptions::default()).await?;
        Ok(())
    }
}

/// A comment of a record, kept from changing.
async fn find(tx: &mut Tx, record: RecordId, id: &str) -> Result<Comment> {
    let tenant = tx.tenant().ok_or_else(|| Error::internal("no tenant"))?.uuid();
    let (table, row) = (record.table.0.cast_signed(), record.row.0.cast_signed());
    let row = tx.query_opt(&store::COMMENT_LOCKED, &[&tenant, &table, &row, &id]).await?;
    let missing = || Error::not_found().detail("There is no such comment.");
    row.as_ref().map(Comment::of).ok_or_else(missing)
}
