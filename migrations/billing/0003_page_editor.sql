-- What pages are made with is an editor of components and forms, and a token may be limited to some bases.
update billing.plan_features set name = 'Page editor with all components' where name = 'Page builder with all components';
update billing.plan_features set name = 'API tokens with scopes, limited to bases' where name = 'API tokens with scopes';
