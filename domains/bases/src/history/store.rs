//! SQL of histories.

use kernel_db::statements;

statements! {
    /// Changes whose rows may include one of a range, newest first.
    tenant Data CHANGES_OF_ROWS = "select seq, data::text from data.changes
        where tenant_id = $1 and base_id = $2 and table_id = $3 and record_hi >= $4 and record_lo <= $5
        order by seq desc limit $6";
    /// Changes of one row, newest first, cut down to that row: a change of an import holds thousands. Spans say where to look,
    /// the change itself whether the row is in it.
    tenant Data CHANGES_OF_ROW = "with the as (select jsonb_build_object('t', $3::bigint, 'r', $4::bigint) as row),
        found as (
            select seq from data.changes where tenant_id = $1 and base_id = $2 and table_id = $3 and record_hi >= $4 and record_lo <= $4
            union select seq from data.change_spans where tenant_id = $1 and table_id = $3 and record_hi >= $4 and record_lo <= $4),
        told as materialized (select c.seq, c.data::jsonb as data from found join data.changes c
            on c.tenant_id = $1 and c.base_id = $2 and c.seq = found.seq)
        select c.seq, jsonb_build_object('v', c.data->'v', 'kind', c.data->'kind', 'at_us', c.data->'at_us', 'actor', c.data->'actor',
            'created', jsonb_path_query_array(c.data, '$.created[*] ? (@.t == $t && @.r == $r)', the.row),
            'updated', jsonb_path_query_array(c.data, '$.updated[*] ? (@.t == $t && @.r == $r)', the.row),
            'deleted', jsonb_path_query_array(c.data, '$.deleted[*] ? (@.t == $t && @.r == $r)', the.row))::text
        from told c, the
        where c.data->'updated' @> jsonb_build_array(the.row) or c.data->'created' @> jsonb_build_array(the.row)
            or c.data->'deleted' @> jsonb_build_array(the.row)
        order by c.seq desc limit $5";
}
