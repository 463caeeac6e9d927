//! Statements about exceptions, groups and roles of an organisation's own.

use kernel_db::statements;

statements! {
    /// What a person has beyond the role.
    tenant Control PERSON_GRANTS = "select role, grants, own_role, expires_at from control.members
        where tenant_id = $1 and user_id = $2";
    /// How many exceptions each member has, and which role of its own.
    tenant Control MEMBERS_GRANTS = "select m.user_id, m.grants, m.own_role, m.expires_at, r.name as role_name,
            coalesce((select array_agg(g.name order by g.name_key) from control.group_members x
                join control.groups g on g.tenant_id = x.tenant_id and g.id = x.group_id
                where x.tenant_id = $1 and x.user_id = m.user_id), '{}') as groups
        from control.members m left join control.roles r on r.tenant_id = m.tenant_id and r.id = m.own_role
        where m.tenant_id = $1";
    /// Replaces a person's exceptions.
    tenant Control SET_PERSON_GRANTS = "update control.members set grants = $3 where tenant_id = $1 and user_id = $2";
    /// Gives a person a role of the organisation's own, and an end.
    tenant Control SET_PERSON = "update control.members set own_role = $3, expires_at = $4
        where tenant_id = $1 and user_id = $2";
    /// All groups.
    tenant Control GROUPS = "select g.id, g.name, g.grants,
            (select count(*) from control.group_members x where x.tenant_id = $1 and x.group_id = g.id) as members
        from control.groups g where g.tenant_id = $1 order by g.name_key";
    /// One group.
    tenant Control GROUP = "select name, grants from control.groups where tenant_id = $1 and id = $2";
    /// Who is in a group.
    tenant Control GROUP_MEMBERS = "select user_id from control.group_members where tenant_id = $1 and group_id = $2";
    /// A new group.
    tenant Control INSERT_GROUP = "insert into control.groups (tenant_id, id, name, name_key, created_at)
        values ($1, $2, $3, $4, $5)";
    /// Renames a group.
    tenant Control RENAME_GROUP = "update control.groups set name = $3, name_key = $4 where tenant_id = $1 and id = $2";
    /// Replaces a group's exceptions.
    tenant Control SET_GROUP_GRANTS = "update control.groups set grants = $3 where tenant_id = $1 and id = $2";
    /// Nobody is in the group any more.
    tenant Control CLEAR_GROUP = "delete from control.group_members where tenant_id = $1 and group_id = $2";
    /// These members are in the group; those who are no members (any more) are left out.
    tenant Control FILL_GROUP = "insert into control.group_members (tenant_id, group_id, user_id)
        select $1, $2, m.user_id from control.members m where m.tenant_id = $1 and m.user_id = any($3)";
    /// Deletes a group.
    tenant Control DELETE_GROUP = "delete from control.groups where tenant_id = $1 and id = $2";
    /// All roles of its own.
    tenant Control ROLES = "select r.id, r.name, r.grants,
            (select count(*) from control.members m where m.tenant_id = $1 and m.own_role = r.id) as members
        from control.roles r where r.tenant_id = $1 order by r.name_key";
    /// One role of its own.
    tenant Control OWN_ROLE = "select name, grants from control.roles where tenant_id = $1 and id = $2";
    /// A new role of its own.
    tenant Control INSERT_ROLE = "insert into control.roles (tenant_id, id, name, name_key, created_at)
        values ($1, $2, $3, $4, $5)";
    /// Renames a role of its own.
    tenant Control RENAME_ROLE = "update control.roles set name = $3, name_key = $4 where tenant_id = $1 and id = $2";
    /// Replaces the exceptions of a role of its own.
    tenant Control SET_ROLE_GRANTS = "update control.roles set grants = $3 where tenant_id = $1 and id = $2";
    /// Members lose a role of its own.
    tenant Control DROP_ROLE = "update control.members set own_role = null where tenant_id = $1 and own_role = $2";
    /// Deletes a role of its own.
    tenant Control DELETE_ROLE = "delete from control.roles where tenant_id = $1 and id = $2";
}
