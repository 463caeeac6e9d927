//! SQL of the trash.

use kernel_db::statements;

statements! {
    /// The last changes that deleted something, newest first, cut down to what they deleted and when; after $5 records only when.
    tenant Data DELETIONS = "select json_build_object('v', c.data->'v', 'kind', c.data->'kind', 'at_us', c.data->'at_us',
            'actor', c.data->'actor',
            'deleted', case when c.ahead < $5 then coalesce(c.data->'deleted', '[]') else '[]'::json end)::text
        from (select d.seq, d.data, sum(d.gone) over (order by d.seq desc) - d.gone as ahead
            from (select c.seq, c.data, coalesce(json_array_length(c.data->'deleted'), 0) as gone
                from data.changes c
                where c.tenant_id = $1 and c.base_id = $2 and c.at > $3 and c.kind in ('delete', 'schema', 'mixed')
                order by c.seq desc limit $4) d) c
        order by c.seq desc";
    /// Bases with something in the trash that is older than it is kept.
    platform Data DUE = "select distinct d.tenant_id, t.base_id from (
            select tenant_id, id as table_id from data.tables where deleted_at is not null and not purged and deleted_at < $1
            union all select tenant_id, table_id from data.fields where deleted_at is not null and not purged and deleted_at < $1
            union all select tenant_id, table_id from data.views where deleted_at is not null and not purged and deleted_at < $1) d
        join data.tables t on t.tenant_id = d.tenant_id and t.id = d.table_id and not t.purged
        join data.bases b on b.tenant_id = t.tenant_id and b.id = t.base_id and b.deleted_at is null
        limit 10000";
}
