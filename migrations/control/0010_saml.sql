-- SAML 2.0 beside OpenID Connect: one of the two an organisation.

alter table control.sso
  add column protocol text not null default 'oidc' check (protocol in ('oidc', 'saml')),
  -- Where browsers are sent, and the only certificates (DER) that answers may be signed with. `issuer` is the entity id.
  add column sso_url text,
  add column certificates bytea[],
  -- Where the metadata was fetched from; null: it was pasted.
  add column metadata_url text,
  -- Attributes with the address and with the lasting id of a person; empty: the usual ones, and NameID.
  add column email_attribute text not null default '',
  add column subject_attribute text not null default '',
  alter column client_secret drop not null,
  add constraint sso_protocol_parts check (
    case protocol
      when 'saml' then sso_url is not null and cardinality(certificates) > 0 and client_secret is null
      else client_secret is not null
    end
  );

-- Answers that were believed: each assertion once, and between the provider's POST, which comes without our cookies, and the
-- request that brings them, what the provider has said. Rows go with the first answer after their end.
create table control.saml_answers (
  tenant_id uuid not null references control.tenants on delete cascade,
  -- SHA-256 of the assertion's id.
  assertion bytea not null,
  -- SHA-256 of the state that the browser brings.
  state bytea not null,
  -- The request that it answers.
  request text not null,
  -- Whom the provider has recognised; null: it was taken.
  person jsonb,
  until timestamptz not null,
  primary key (tenant_id, assertion)
);
select control.tenant_table('control.saml_answers');
create index saml_answers_until on control.saml_answers (tenant_id, until);
