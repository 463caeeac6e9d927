//! Statements about SCIM.

use kernel_db::statements;

statements! {
    /// A new token.
    tenant Control INSERT_SCIM_TOKEN = "insert into control.scim_tokens (tenant_id, id, token_hash, hint, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6)";
    /// Tokens that work, newest first.
    tenant Control SCIM_TOKENS = "select id, hint, created_by, created_at, expires_at, last_used_at, last_used_from from control.scim_tokens
        where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2) order by created_at desc, id desc";
    /// Those that stand end at a time, since another takes their place.
    tenant Control REPLACE_SCIM_TOKENS = "update control.scim_tokens set expires_at = $3
        where tenant_id = $1 and id <> $2 and revoked_at is null and expires_at is null";
    /// Ends a token.
    tenant Control REVOKE_SCIM_TOKEN = "update control.scim_tokens set revoked_at = $3
        where tenant_id = $1 and id = $2 and revoked_at is null returning hint";
    /// A token in use.
    tenant Control SCIM_TOKEN_BY_HASH = "select id, last_used_at from control.scim_tokens
        where tenant_id = $1 and token_hash = $2 and revoked_at is null and (expires_at is null or expires_at > $3)";
    /// Notes the last use.
    tenant Control TOUCH_SCIM_TOKEN = "update control.scim_tokens set last_used_at = $3, last_used_from = $4 where tenant_id = $1 and id = $2";
    /// Everybody whom the directory might see: members, and those that it knows; with `$2` only these.
    tenant Control SCIM_IDS = "select coalesce(s.user_id, m.user_id) as user_id, s.user_id is not null as said
        from (select user_id, joined_at from control.members where tenant_id = $1 and ($2::uuid[] is null or user_id = any($2))) m
        full join (select user_id, created_at from control.scim_users where tenant_id = $1 and ($2::uuid[] is null or user_id = any($2))) s
            on s.user_id = m.user_id
        order by coalesce(s.created_at, m.joined_at), coalesce(s.user_id, m.user_id)";
    /// What is known of some of them.
    tenant Control SCIM_PEOPLE = "select coalesce(s.user_id, m.user_id) as user_id, m.user_id is not null as member, m.role, s.document,
            s.deactivated_at, s.kept, s.kept_groups, coalesce(s.created_at, m.joined_at) as created_at, s.changed_at
        from (select user_id, role, joined_at from control.members where tenant_id = $1 and user_id = any($2)) m
        full join (select user_id, document, deactivated_at, kept, kept_groups, created_at, changed_at from control.scim_users where tenant_id = $1 and user_id = any($2)) s on s.user_id = m.user_id
        order by coalesce(s.created_at, m.joined_at), coalesce(s.user_id, m.user_id)";
    /// Groups of the directory that these people are in.
    tenant Control SCIM_MEMBERSHIPS = "select x.user_id, g.id, g.name from control.groups g
            join (select group_id, user_id from control.group_members where tenant_id = $1
                union select unnest(s.kept_groups), s.user_id from control.scim_users s where s.tenant_id = $1 and s.deactivated_at is not null) x
            on x.group_id = g.id
        where g.tenant_id = $1 and g.scim_changed_at is not null and x.user_id = any($2) order by g.name_key";
    /// People by their name in the directory.
    tenant Control SCIM_BY_NAME = "select user_id from control.scim_users where tenant_id = $1 and user_name_key = $2";
    /// People by the directory's own id.
    tenant Control SCIM_BY_EXTERNAL_ID = "select user_id from control.scim_users where tenant_id = $1 and external_id = $2";
    /// Knows a person, or changes what is known.
    tenant Control PUT_SCIM_USER = "insert into control.scim_users
            (tenant_id, user_id, user_name_key, external_id, document, deactivated_at, created_at, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict (tenant_id, user_id) do update set user_name_key = excluded.user_name_key,
            external_id = excluded.external_id, document = excluded.document, deactivated_at = excluded.deactivated_at, changed_at = excluded.changed_at";
    /// Keeps what a member has, to be given back.
    tenant Control KEEP_MEMBER = "update control.scim_users s set
            kept = jsonb_build_object('role', m.role, 'grants', m.grants, 'own_role', m.own_role, 'expires_at', m.expires_at),
            kept_groups = coalesce((select array_agg(x.group_id) from control.group_members x where x.tenant_id = $1 and x.user_id = $2), '{}')
        from control.members m where s.tenant_id = $1 and s.user_id = $2 and m.tenant_id = $1 and m.user_id = $2";
    /// What a member has that the directory is about to end.
    tenant Control MEMBER_HAS = "select m.role, array(select x.group_id from control.group_members x where x.tenant_id = $1 and x.user_id = $2) as groups
        from control.members m where m.tenant_id = $1 and m.user_id = $2";
    /// Gives a member back what was kept; a role of the organisation's own only if it is still there.
    tenant Control GIVE_BACK = "update control.members m set grants = coalesce(s.kept->'grants', '{}'),
            own_role = (select r.id from control.roles r where r.tenant_id = $1 and r.id = (s.kept->>'own_role')::uuid),
            expires_at = case when m.role = 'owner' then null else (s.kept->>'expires_at')::timestamptz end
        from control.scim_users s where m.tenant_id = $1 and m.user_id = $2 and s.tenant_id = $1 and s.user_id = $2 and s.kept is not null";
    /// The groups as well.
    tenant Control GIVE_BACK_GROUPS = "insert into control.group_members (tenant_id, group_id, user_id)
        select $1, g.id, $2 from control.groups g where g.tenant_id = $1
            and g.id = any((select s.kept_groups from control.scim_users s where s.tenant_id = $1 and s.user_id = $2)::uuid[])
        on conflict do nothing";
    /// Nothing is kept any more.
    tenant Control FORGET_KEPT = "update control.scim_users set kept = null, kept_groups = '{}' where tenant_id = $1 and user_id = $2";
    /// The directory does not know a person any more.
    tenant Control DELETE_SCIM_USER = "delete from control.scim_users where tenant_id = $1 and user_id = $2";
    /// Whether somebody was removed by hand, or has left.
    tenant Control IS_BARRED = "select 1 from control.sso_removed where tenant_id = $1 and user_id = $2";
    /// Takes back the invitations of an address.
    tenant Control DROP_INVITES_TO = "delete from control.invites where tenant_id = $1 and email_key = $2";
    /// Whether a person is in another organisation as well.
    global Control IN_ANOTHER = "select 1 from control.user_tenants where user_id = $1 and organisation <> $2 limit 1";
    /// The role that newcomers get.
    tenant Control NEWCOMERS = "select default_role from control.sso where tenant_id = $1";
    /// The directory's groups; with `$2` only these.
    tenant Control SCIM_GROUPS = "select id, name, external_id, created_at, scim_changed_at from control.groups
        where tenant_id = $1 and scim_changed_at is not null and ($2::uuid[] is null or id = any($2)) order by created_at, id";
    /// A group of the directory by its name.
    tenant Control SCIM_GROUP_BY_NAME = "select id from control.groups where tenant_id = $1 and name_key = $2 and scim_changed_at is not null";
    /// Who is in groups, those whose membership the directory ended included.
    tenant Control SCIM_GROUP_MEMBERS = "select group_id, user_id from control.group_members where tenant_id = $1 and group_id = any($2)
        union select g.id, s.user_id from control.scim_users s join control.groups g on g.id = any(s.kept_groups)
            where s.tenant_id = $1 and s.deactivated_at is not null and g.tenant_id = $1 and g.id = any($2) order by 1, 2";
    /// A new group of the directory.
    tenant Control INSERT_SCIM_GROUP = "insert into control.groups (tenant_id, id, name, name_key, external_id, created_at, scim_changed_at)
        values ($1, $2, $3, $4, $5, $6, $6)";
    /// Changes a group of the directory.
    tenant Control SET_SCIM_GROUP = "update control.groups set name = $3, name_key = $4, external_id = $5, scim_changed_at = $6
        where tenant_id = $1 and id = $2";
    /// Puts members into a group.
    tenant Control ADD_TO_GROUP = "insert into control.group_members (tenant_id, group_id, user_id)
        select $1, $2, m.user_id from control.members m where m.tenant_id = $1 and m.user_id = any($3) on conflict do nothing";
    /// Those whose membership is ended are in it when they come back.
    tenant Control KEEP_GROUP = "update control.scim_users set kept_groups = array_append(kept_groups, $2)
        where tenant_id = $1 and user_id = any($3) and deactivated_at is not null and not ($2 = any(kept_groups))";
    /// Takes people out of a group.
    tenant Control TAKE_FROM_GROUP = "with kept as (update control.scim_users set kept_groups = array_remove(kept_groups, $2)
            where tenant_id = $1 and user_id = any($3) and $2 = any(kept_groups))
        delete from control.group_members where tenant_id = $1 and group_id = $2 and user_id = any($3)";
    /// How many groups there are, those made by hand included.
    tenant Control COUNT_GROUPS = "select count(*) as total from control.groups where tenant_id = $1";
    /// Whether the directory manages a group: it made it, and a token of its stands.
    tenant Control IS_MANAGED = "select 1 from control.groups g where g.tenant_id = $1 and g.id = $2 and g.scim_changed_at is not null
        and exists (select from control.scim_tokens t where t.tenant_id = $1 and t.revoked_at is null and t.expires_at is null)";
    /// All such groups.
    tenant Control MANAGED_GROUPS = "select g.id from control.groups g where g.tenant_id = $1 and g.scim_changed_at is not null
        and exists (select from control.scim_tokens t where t.tenant_id = $1 and t.revoked_at is null and t.expires_at is null)";
}
