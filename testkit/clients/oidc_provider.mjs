// A provider of OpenID Connect: the npm package oidc-provider, certified by the OpenID Foundation, unchanged.
//
// OIDC_CLIENT, OIDC_SECRET, OIDC_REDIRECTS (separated by spaces): the one client. Whoever types an address is that person; one that begins
// with "unverified" has an address that nobody verified; "mfa" means that several factors were given. "group+" before the @ tells groups:
// "alex+admins@acme.example". The port is PORT, or any; a line "ready <issuer>" tells it.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const server = createServer();
await new Promise((done) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: process.env.OIDC_CLIENT,
      client_secret: process.env.OIDC_SECRET,
      redirect_uris: process.env.OIDC_REDIRECTS.split(' '),
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: id,
      email_verified: !id.startsWith('unverified'),
      name: `${id.split('@')[0].split('+')[0]} of the provider`,
      groups: id.split('@')[0].split('+').slice(1),
    }),
  }),
  cookies: { keys: ['only for tests'] },
  ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
});
provider.on('server_error', (_, error) => console.error(error));
server.on('request', provider.callback());
console.log(`ready ${issuer}`);
process.stdin.on('end', () => process.exit(0)).resume();
