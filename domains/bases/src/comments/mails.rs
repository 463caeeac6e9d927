//! Mails to people who are mentioned. The job is left in the transaction of the comment; the mails in one transaction of
//! their own, so that nobody is told twice unless it breaks at its very end.

use super::{mentions, store};
use crate::service::Bases;
use engine_base::{RowNo, TableNo};
use kernel_core::{Caller, Code, Level, Result, TenantId};
use kernel_db::Database;
use kernel_jobs::Job;
use kernel_web::{MailView, register_mail};
use serde::{Deserialize, Serialize};

/// Characters of a comment that a mail quotes.
const QUOTED: usize = 600;

/// Tells people that a comment names them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MentionJob {
    pub(super) table: u64,
    pub(super) record: u64,
    pub(super) comment: String,
    pub(super) people: Vec<uuid::Uuid>,
}

impl Job for MentionJob {
    const NAME: &'static str = "comment_mentions";
}

/// Somebody is mentioned.
#[derive(Serialize)]
pub(crate) struct MentionMail {
    author: String,
    record: String,
    text: String,
    link: String,
}

impl MailView for MentionMail {
    const TEMPLATE: &'static str = "email/mention";
    fn subject(&self, _: &str) -> String {
        format!("{} mentioned you on {}", self.author, self.record)
    }
    fn samples() -> Vec<Self> {
        vec![Self {
            author: "Alex Doe".into(),
            record: "Berlin Brandenburg".into(),
            text: "@Mina Other, is the name right?".into(),
            link: "http://app.nclc.localhost:8080/o/acme/b/app00000000000001/tbl00000000000001".into(),
        }]
    }
}
register_mail!(MentionMail);

impl Bases {
    /// Sends the mails of one comment. A comment, record, base or person that is gone is told nobody about.
    pub(crate) async fn tell_mentioned(&self, tenant: TenantId, job: &MentionJob) -> Result<()> {
        let caller = Caller::system(tenant);
        let (table, row) = (TableNo(job.table), RowNo(job.record));
        let open = match self.open_table(&caller, table, None).await {
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            open => open?,
        };
        let params: kernel_db::Params<'_> =
            &[&tenant.uuid(), &job.table.cast_signed(), &job.record.cast_signed(), &job.comment];
        let stored = self.0.db.read_opt(tenant, &store::COMMENT, params).await?;
        let Some(comment) = stored.as_ref().map(super::Comment::of) else { return Ok(()) };
        let found =
            open.read(|base| base.contains(table, row).then(|| (base.id(), base.record_name(table, row))));
        let Some((base, record)) = found else { return Ok(()) };
        let record = if record.is_empty() { table.record(row).to_string() } else { record };
        let people = self.0.tenancy.identity().users(&comment.mentions).await?;
        let name_of = |user| people.iter().find(|person| person.id == user).map(|person| person.name.clone());
        let author = self.0.tenancy.actor_name(tenant, &comment.author).await?;
        let text: String = mentions::readable(&comment.text, name_of).chars().take(QUOTED).collect();
        let slug = self.0.tenancy.tenant(tenant).await?.slug.clone();
        let app = &self.0.web.origins().app;
        let link = format!("{app}/o/{slug}/b/{base}/{}?record={}", table.id(), table.record(row));
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        for person in people.iter().filter(|person| job.people.contains(&person.id.uuid())) {
            // Who has left since, or may not see the record, is told nothing.
            let Ok((reader, _)) = self.0.tenancy.enter(&slug, person.id).await else { continue };
            if self.commented(&reader, table.record(row), Level::Read).await.is_err() {
                continue;
            }
            let mail = MentionMail {
                author: author.clone(),
                record: record.clone(),
                text: text.clone(),
                link: link.clone(),
            };
            self.0.tenancy.identity().send(&mut tx, &person.email, &mail).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
