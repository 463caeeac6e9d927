//! SQL of the activity log.

use kernel_db::statements;

statements! {
    /// Changes before a number, newest first, by actor, kind, time and table, each if it is given; a big one without its records.
    tenant Data ACTIVITY = "select c.seq, c.at, c.actor, c.kind, c.table_id,
            case when octet_length(c.data::text) <= $9 then c.data::text end,
            coalesce(json_array_length(c.data->'created'), 0), coalesce(json_array_length(c.data->'updated'), 0),
            coalesce(json_array_length(c.data->'deleted'), 0), coalesce(c.data->'schema', '[]')::text
        from data.changes c
        where c.tenant_id = $1 and c.base_id = $2 and c.seq < $3
          and ($4::text is null or c.actor = $4) and ($5::text is null or c.kind = $5)
          and ($6::timestamptz is null or c.at >= $6) and ($7::timestamptz is null or c.at < $7)
          and ($8::bigint is null or c.table_id = $8 or exists (select from data.change_spans s
                where s.tenant_id = $1 and s.table_id = $8 and s.seq = c.seq)
            or (c.kind in ('schema', 'mixed') and exists (
                select from json_array_elements(coalesce(c.data->'schema', '[]')) e, json_each(e.value) p
                where (p.value->>'table')::bigint = $8)))
          and (not $11::boolean or json_array_length(coalesce(c.data->'schema', '[]')) > 0)
        order by c.seq desc limit $10";
    /// One change, whole.
    tenant Data CHANGE = "select data::text from data.changes where tenant_id = $1 and base_id = $2 and seq = $3";
}
