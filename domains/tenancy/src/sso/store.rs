//! Statements about single sign-on.

use kernel_db::statements;

statements! {
    /// How an organisation's people log in.
    tenant Control SSO = "select protocol, issuer, client_id, client_secret, sso_url, certificates, metadata_url, email_attribute, subject_attribute,
        default_role, role_claim, role_map, tried_at, tried from control.sso where tenant_id = $1";
    /// Sets it up, or changes it: it has to be tried out again.
    tenant Control PUT_SSO = "insert into control.sso (tenant_id, protocol, issuer, client_id, client_secret, sso_url, certificates,
            metadata_url, email_attribute, subject_attribute, default_role, role_claim, role_map, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (tenant_id) do update set
            protocol = excluded.protocol, issuer = excluded.issuer, client_id = excluded.client_id, client_secret = excluded.client_secret,
            sso_url = excluded.sso_url, certificates = excluded.certificates, metadata_url = excluded.metadata_url,
            email_attribute = excluded.email_attribute, subject_attribute = excluded.subject_attribute,
            default_role = excluded.default_role, role_claim = excluded.role_claim, role_map = excluded.role_map,
            changed_at = excluded.changed_at, tried_at = null, tried = null";
    /// Takes the address and the certificates of newer metadata.
    tenant Control RENEW_SAML = "update control.sso set sso_url = $3, certificates = $4, changed_at = $5
        where tenant_id = $1 and protocol = 'saml' and issuer = $2";
    /// Forgets answers that would not be believed any more.
    tenant Control FORGET_ANSWERS = "delete from control.saml_answers where tenant_id = $1 and until <= $2";
    /// Keeps an answer; nothing when its assertion was used before.
    tenant Control KEEP_ANSWER = "insert into control.saml_answers (tenant_id, assertion, state, request, person, until)
        values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, assertion) do nothing";
    /// Takes what came for a request, once, while it would still be believed.
    tenant Control TAKE_ANSWER = "update control.saml_answers a set person = null from control.saml_answers kept
        where a.tenant_id = $1 and a.state = $2 and a.request = $3 and a.person is not null and a.until > $4
            and kept.tenant_id = $1 and kept.assertion = a.assertion returning kept.person";
    /// Notes a log-in that was tried out.
    tenant Control SSO_TRIED = "update control.sso set tried_at = $2, tried = $3 where tenant_id = $1";
    /// Ends it.
    tenant Control DELETE_SSO = "delete from control.sso where tenant_id = $1";
    /// Whether members have to come by it.
    global Control REQUIRE_SSO = "update control.tenants set require_sso = $2 where id = $1 and require_sso <> $2";
    /// Domains of an organisation.
    tenant Control SSO_DOMAINS = "select domain, proof, proven_at from control.sso_domains where tenant_id = $1 order by domain";
    /// One of them.
    tenant Control SSO_DOMAIN = "select domain, proof, proven_at from control.sso_domains where tenant_id = $1 and domain = $2";
    /// Names a domain; nothing when it is named already.
    tenant Control INSERT_DOMAIN = "insert into control.sso_domains (tenant_id, domain, proof, created_at) values ($1, $2, $3, $4)
        on conflict (tenant_id, domain) do nothing";
    /// The domain is proven.
    tenant Control DOMAIN_PROVEN = "update control.sso_domains set proven_at = $3 where tenant_id = $1 and domain = $2";
    /// Drops a domain.
    tenant Control DELETE_DOMAIN = "delete from control.sso_domains where tenant_id = $1 and domain = $2";
    /// Captures a domain; nothing when another organisation has it.
    global Control CAPTURE = "insert into control.captured_domains (domain, organisation) values ($1, $2)
        on conflict (domain) do update set organisation = excluded.organisation where captured_domains.organisation = excluded.organisation";
    /// Lets a domain go.
    global Control RELEASE = "delete from control.captured_domains where domain = $1 and organisation = $2";
    /// The organisation that a domain leads to.
    global Control CAPTURED_BY = "select t.id, t.slug, t.name, t.state, t.created_at, t.require_second_factor, t.require_sso
        from control.captured_domains c join control.tenants t on t.id = c.organisation where c.domain = $1";
    /// Whose an account at the provider is.
    tenant Control SSO_PERSON = "select user_id from control.sso_people where tenant_id = $1 and issuer = $2 and subject = $3";
    /// Knows a person, notes that one came again, or that the id is another account's by now.
    tenant Control PUT_SSO_PERSON = "insert into control.sso_people (tenant_id, issuer, subject, user_id, created_at, last_used_at)
        values ($1, $2, $3, $4, $5, $5) on conflict (tenant_id, issuer, subject) do update
        set user_id = excluded.user_id, last_used_at = excluded.last_used_at";
    /// Whether somebody was removed here, by hand or by the directory.
    tenant Control IS_REMOVED = "select false as by_directory from control.sso_removed where tenant_id = $1 and user_id = $2
        union all select true from control.scim_users where tenant_id = $1 and user_id = $2 and deactivated_at is not null
        order by by_directory limit 1";
    /// The provider does not bring a removed member back.
    tenant Control BAR = "insert into control.sso_removed (tenant_id, user_id, at) values ($1, $2, $3) on conflict do nothing";
    /// An invitation does, with what it says and nothing of what was kept.
    tenant Control UNBAR = "with back as (update control.scim_users set deactivated_at = null, kept = null, kept_groups = '{}' where tenant_id = $1 and user_id = $2)
        delete from control.sso_removed where tenant_id = $1 and user_id = $2";
    /// Who leaves an organisation whose directory knows the person is forgotten by it and not brought back by it.
    tenant Control LEFT_DIRECTORY = "with known as (delete from control.scim_users where tenant_id = $1 and user_id = $2 returning tenant_id, user_id)
        insert into control.sso_removed (tenant_id, user_id, at) select tenant_id, user_id, $3 from known on conflict do nothing";
    /// Secrets to seal anew, a page of organisations at a time.
    platform Control SSO_SECRETS = "select tenant_id, client_secret from control.sso where client_secret is not null";
    /// Replaces a secret by the same one sealed anew, unless it was changed meanwhile.
    tenant Control RESEAL_SSO = "update control.sso set client_secret = $3 where tenant_id = $1 and client_secret = $2";
}
