//! SQL of webhooks.

use kernel_db::statements;

statements! {
    /// Says that a base has webhooks, and where its changes are; new changes wait until the webhook is made.
    tenant Data MARK_BASE = "update data.bases set webhooks = true where tenant_id = $1 and id = $2 and deleted_at is null returning seq";
    /// Says that nobody is notified any more, unless somebody is.
    tenant Data UNMARK_BASE = "update data.bases set webhooks = false where tenant_id = $1 and id = $2 and webhooks
        and not exists (select from data.webhooks w where w.tenant_id = $1 and w.base_id = $2 and w.url is not null and w.expires_at > $3)";
    tenant Data INSERT_WEBHOOK = "insert into data.webhooks
        (tenant_id, base_id, id, url, secret, specification, created_by, created_at, expires_at, notifies, seen)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $4::text is not null, $10)";
    /// Webhooks of a base that have not expired, oldest first.
    tenant Data WEBHOOKS = "select id, url, secret, specification, expires_at, notifies, seen, payloads, notified, last_result, last_success_at
        from data.webhooks where tenant_id = $1 and base_id = $2 and expires_at > $3 order by id";
    tenant Data WEBHOOK = "select id, url, secret, specification, expires_at, notifies, seen, payloads, notified, last_result, last_success_at
        from data.webhooks where tenant_id = $1 and base_id = $2 and id = $4 and expires_at > $3";
    tenant Data DELETE_WEBHOOK = "delete from data.webhooks where tenant_id = $1 and base_id = $2 and id = $3 returning id";
    tenant Data DELETE_EXPIRED = "delete from data.webhooks where tenant_id = $1 and base_id = $2 and expires_at <= $3";
    tenant Data EXTEND = "update data.webhooks set expires_at = $4 where tenant_id = $1 and base_id = $2 and id = $3 returning expires_at";
    /// Notifications on or off. Who turns them on is told from now on.
    tenant Data SET_NOTIFIES = "update data.webhooks set notifies = $4 and url is not null,
            notified = case when $4 and not notifies then payloads else notified end
        where tenant_id = $1 and base_id = $2 and id = $3 returning id";
    /// Changes after a number, for counting and payloads.
    tenant Data CHANGES = "select seq, data::text from data.changes where tenant_id = $1 and base_id = $2 and seq > $3 order by seq limit $4";
    /// Counted further, unless another process did.
    tenant Data COUNTED = "update data.webhooks set seen = $5, payloads = $6
        where tenant_id = $1 and base_id = $2 and id = $3 and seen = $4 returning id";
    tenant Data PUT_MARK = "insert into data.webhook_marks (tenant_id, base_id, webhook_id, payloads, seq) values ($1, $2, $3, $4, $5)
        on conflict (tenant_id, base_id, webhook_id, payloads) do update set seq = greatest(webhook_marks.seq, excluded.seq)";
    /// The mark to count from for a cursor.
    tenant Data MARK = "select payloads, seq from data.webhook_marks
        where tenant_id = $1 and base_id = $2 and webhook_id = $3 and payloads <= $4 order by payloads desc limit 1";
    /// The last mark up to a change.
    tenant Data MARK_BEFORE = "select payloads, seq from data.webhook_marks
        where tenant_id = $1 and base_id = $2 and webhook_id = $3 and seq <= $4 order by seq desc, payloads desc limit 1";
    /// How a notification went. `$5`: payloads that its receiver knows of; null: none more.
    tenant Data NOTIFIED = "update data.webhooks set last_result = $4, notified = greatest(notified, coalesce($5::bigint, notified)),
            last_success_at = case when $5::bigint is null then last_success_at else $6 end, notifies = notifies and $7
        where tenant_id = $1 and base_id = $2 and id = $3";
    /// Every sealed secret, for a new key.
    platform Data SECRETS = "select tenant_id, base_id, id, secret from data.webhooks";
    platform Data RESEAL = "update data.webhooks set secret = $5 where tenant_id = $1 and base_id = $2 and id = $3 and secret = $4 returning id";
}
