-- The write batch enters its tenant by itself: one message to Postgres and one answer, where BEGIN, the tenant, the call and
-- COMMIT were four answers, each waking the program up. Otherwise as before.
create or replace function data.apply_batch(
  p_tenant uuid, p_base bigint, p_seq bigint, p_at timestamptz,
  c_actor text[], c_kind text[], c_table bigint[], c_lo bigint[], c_hi bigint[], c_nonce bigint[], c_data json[],
  n_table bigint[], n_id bigint[], n_data json[], n_created_at timestamptz[], n_updated_at timestamptz[],
  n_created_by text[], n_updated_by text[],
  u_table bigint[], u_id bigint[], u_data json[], u_at timestamptz[], u_by text[],
  d_table bigint[], d_id bigint[],
  s_change int[], s_table bigint[], s_lo bigint[], s_hi bigint[],
  k_scope text[], k_key text[], k_hash bytea[], k_status int[], k_change int[], k_body text[],
  p_schema jsonb
) returns bigint language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  new_seq bigint;
  has_webhooks boolean;
begin
  perform data.enter(p_tenant);
  update data.bases set seq = p_seq + cardinality(c_nonce)
    where tenant_id = p_tenant and id = p_base and seq = p_seq and deleted_at is null
    returning seq, webhooks into new_seq, has_webhooks;
  if new_seq is null then
    return (select -seq from data.bases where tenant_id = p_tenant and id = p_base and deleted_at is null);
  end if;
  insert into data.changes (tenant_id, base_id, seq, at, actor, kind, table_id, record_lo, record_hi, nonce, data)
    values (p_tenant, p_base, p_seq + generate_series(1, cardinality(c_nonce)), p_at, unnest(c_actor), unnest(c_kind),
            unnest(c_table), unnest(c_lo), unnest(c_hi), unnest(c_nonce), unnest(c_data));
  if cardinality(n_id) > 0 then
    insert into data.records (tenant_id, table_id, id, data, created_at, updated_at, created_by, updated_by)
      values (p_tenant, unnest(n_table), unnest(n_id), unnest(n_data), unnest(n_created_at), unnest(n_updated_at),
              unnest(n_created_by), unnest(n_updated_by));
  end if;
  if cardinality(u_id) > 0 then
    update data.records r set data = u.data, updated_at = u.at, updated_by = u.by
      from unnest(u_table, u_id, u_data, u_at, u_by) u(table_id, id, data, at, by)
      where r.tenant_id = p_tenant and r.table_id = u.table_id and r.id = u.id;
  end if;
  if cardinality(d_id) > 0 then
    delete from data.records r using unnest(d_table, d_id) d(table_id, id)
      where r.tenant_id = p_tenant and r.table_id = d.table_id and r.id = d.id;
  end if;
  if cardinality(s_change) > 0 then
    insert into data.change_spans (tenant_id, table_id, record_hi, record_lo, seq)
      values (p_tenant, unnest(s_table), unnest(s_hi), unnest(s_lo), p_seq + unnest(s_change));
  end if;
  if cardinality(k_key) > 0 then
    insert into data.idempotency (tenant_id, scope, key, hash, status, version, body, at)
      values (p_tenant, unnest(k_scope), unnest(k_key), unnest(k_hash), unnest(k_status), p_seq + unnest(k_change),
              unnest(k_body), p_at);
  end if;
  if p_schema is not null then
    perform data.put_schema(p_tenant, p_base, p_at, p_schema);
  end if;
  if has_webhooks then
    perform data.enqueue(p_tenant, gen_random_uuid(), 'webhook_changes', jsonb_build_object('base', p_base), p_base::text, null, 13);
  end if;
  perform pg_notify('base_changed', p_tenant || ' ' || p_base || ' ' || new_seq);
  return new_seq;
end $$;
