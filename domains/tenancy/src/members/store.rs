//! Statements about members and invitations.

use kernel_db::statements;

statements! {
    /// A person's role.
    tenant Control ROLE_OF = "select role from control.members where tenant_id = $1 and user_id = $2";
    /// All that decides what a person may do.
    tenant Control MEMBER_ACCESS = "select m.role, m.expires_at, m.grants, r.name as role_name, r.grants as role_grants,
            coalesce((select jsonb_agg(jsonb_build_object('name', g.name, 'grants', g.grants) order by g.name_key)
                from control.group_members x join control.groups g on g.tenant_id = x.tenant_id and g.id = x.group_id
                where x.tenant_id = $1 and x.user_id = $2), '[]') as groups
        from control.members m left join control.roles r on r.tenant_id = m.tenant_id and r.id = m.own_role
        where m.tenant_id = $1 and m.user_id = $2";
    /// The same of everybody, the longest members first.
    tenant Control MEMBERS_ACCESS = "select m.user_id, m.role, m.expires_at, m.grants, r.name as role_name, r.grants as role_grants,
            coalesce((select jsonb_agg(jsonb_build_object('name', g.name, 'grants', g.grants) order by g.name_key)
                from control.group_members x join control.groups g on g.tenant_id = x.tenant_id and g.id = x.group_id
                where x.tenant_id = $1 and x.user_id = m.user_id), '[]') as groups
        from control.members m left join control.roles r on r.tenant_id = m.tenant_id and r.id = m.own_role
        where m.tenant_id = $1 and (m.expires_at is null or m.expires_at > $2) order by m.joined_at, m.user_id";
    /// A person's role, kept from changing until the transaction ends.
    tenant Control ROLE_OF_LOCKED = "select role from control.members where tenant_id = $1 and user_id = $2 for update";
    /// All members.
    tenant Control MEMBERS = "select user_id, role, joined_at from control.members
        where tenant_id = $1 order by array_position(array['owner', 'admin', 'editor', 'commenter', 'viewer', 'client'], role), joined_at, user_id";
    /// The owners, kept from changing until the transaction ends: who is last is decided by one at a time.
    tenant Control OWNERS_LOCKED = "select user_id from control.members where tenant_id = $1 and role = 'owner' order by user_id for update";
    /// A new member; nothing when the person is one already.
    tenant Control INSERT_MEMBER = "with made as (insert into control.members (tenant_id, user_id, role, joined_at)
            values ($1, $2, $3, $4) on conflict (tenant_id, user_id) do nothing returning tenant_id, user_id, role)
        insert into control.user_tenants (user_id, organisation, role) select user_id, tenant_id, role from made";
    /// Changes a role.
    tenant Control SET_ROLE = "with changed as (update control.members set role = $3,
            expires_at = case when $3 = 'owner' then null else expires_at end where tenant_id = $1 and user_id = $2 returning tenant_id, user_id, role)
        update control.user_tenants u set role = c.role from changed c where u.user_id = c.user_id and u.organisation = c.tenant_id";
    /// Removes a member.
    tenant Control DELETE_MEMBER = "with gone as (delete from control.members where tenant_id = $1 and user_id = $2 returning tenant_id, user_id)
        delete from control.user_tenants u using gone g where u.user_id = g.user_id and u.organisation = g.tenant_id";
    /// The tokens of a member end with the membership.
    tenant Control REVOKE_TOKENS_OF = "update control.api_tokens set revoked_at = $3
        where tenant_id = $1 and created_by = $2 and revoked_at is null";
    /// What an invitation gave beyond the role.
    tenant Control SET_INVITED = "update control.members set grants = $3, expires_at = $4
        where tenant_id = $1 and user_id = $2 and role <> 'owner'";
    /// The tokens of a member are another's from now on.
    tenant Control HAND_OVER_TOKENS = "update control.api_tokens set created_by = $3
        where tenant_id = $1 and created_by = $2 and revoked_at is null";
    /// How many wait for an answer.
    tenant Control COUNT_INVITES = "select count(*) as total from control.invites where tenant_id = $1";
    /// An invitation; the same address again gets the new role and link.
    tenant Control UPSERT_INVITE = "insert into control.invites
        (tenant_id, id, email, email_key, role, token_hash, invited_by, sent_at, expires_at, grants, access_until)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (tenant_id, email_key) do update set email = excluded.email, role = excluded.role,
            grants = excluded.grants, access_until = excluded.access_until,
            token_hash = excluded.token_hash, invited_by = excluded.invited_by, sent_at = excluded.sent_at, expires_at = excluded.expires_at
        returning id";
    /// Invitations that wait.
    tenant Control INVITES = "select id, email, role, sent_at, expires_at, invited_by from control.invites
        where tenant_id = $1 order by sent_at desc, id";
    /// A new link for an invitation.
    tenant Control RENEW_INVITE = "update control.invites set token_hash = $3, sent_at = $4, expires_at = $5
        where tenant_id = $1 and id = $2 returning email, role";
    /// What an invitation would give.
    tenant Control INVITE_ROLE = "select role from control.invites where tenant_id = $1 and id = $2";
    /// Takes an invitation back.
    tenant Control DELETE_INVITE = "delete from control.invites where tenant_id = $1 and id = $2 returning email";
    /// What a link offers.
    tenant Control INVITE_BY_TOKEN = "select i.email, i.email_key, i.role, i.invited_by, t.name as tenant, t.slug
        from control.invites i join control.tenants t on t.id = i.tenant_id
        where i.tenant_id = $1 and i.token_hash = $2 and i.expires_at > $3";
    /// Uses a link: at most one of many at the same time gets the row.
    tenant Control TAKE_INVITE = "delete from control.invites where tenant_id = $1 and token_hash = $2 and expires_at > $3
        returning email_key, role, grants, access_until";
    /// How many links there are.
    tenant Control COUNT_LINKS = "select count(*) as total from control.invite_links where tenant_id = $1";
    /// A link for many.
    tenant Control INSERT_LINK = "insert into control.invite_links
        (tenant_id, id, token_hash, role, domains, most_uses, created_by, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Links for many, newest first.
    tenant Control LINKS = "select id, role, domains, uses, most_uses, created_by, expires_at from control.invite_links
        where tenant_id = $1 order by created_at desc, id";
    /// Ends a link for many.
    tenant Control DELETE_LINK = "delete from control.invite_links where tenant_id = $1 and id = $2";
    /// What a link for many offers.
    tenant Control LINK_BY_TOKEN = "select l.role, l.domains, l.created_by, t.name as tenant
        from control.invite_links l join control.tenants t on t.id = l.tenant_id
        where l.tenant_id = $1 and l.token_hash = $2 and l.expires_at > $3 and l.uses < l.most_uses";
    /// Uses a link for many once: of many at the same time, no more than are left.
    tenant Control USE_LINK = "update control.invite_links set uses = uses + 1
        where tenant_id = $1 and token_hash = $2 and expires_at > $3 and uses < most_uses returning id, role, domains";
}
