// A program of an organisation: the npm package openid-client, certified by the OpenID Foundation, unchanged, against our OAuth provider.
//
// OAUTH_ISSUER, OAUTH_CLIENT, OAUTH_SECRET, OAUTH_REDIRECT. It prints "authorize <address>", reads the address that the browser came back with from
// its input, does everything that a program does with what it got, and ends with "done" when all of it was as it should be.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { createInterface } from 'node:readline';
import * as oauth from 'openid-client';

// Names below .localhost are this machine (RFC 6761), whatever the system's resolver says.
const lookup = dns.lookup;
dns.lookup = (name, options, done) => {
  if (!name.endsWith('.localhost')) return lookup(name, options, done);
  return lookup('127.0.0.1', options, done);
};

const { OAUTH_ISSUER: issuer, OAUTH_CLIENT: id, OAUTH_SECRET: secret, OAUTH_REDIRECT: redirect } = process.env;
const config = await oauth.discovery(new URL(issuer), id, undefined, oauth.ClientSecretBasic(secret), {
  algorithm: 'oauth2',
  execute: [oauth.allowInsecureRequests],
});
assert.equal(config.serverMetadata().issuer, issuer);
assert.ok(config.serverMetadata().supportsPKCE());

const verifier = oauth.randomPKCECodeVerifier();
const state = oauth.randomState();
const asked = oauth.buildAuthorizationUrl(config, {
  redirect_uri: redirect,
  scope: 'read write',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
});
console.log(`authorize ${asked.href}`);
const back = await new Promise((done) => createInterface({ input: process.stdin }).once('line', done));

// The library checks state and iss (RFC 9207).
const tokens = await oauth.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier: verifier, expectedState: state });
assert.equal(tokens.scope, 'read write');
assert.equal(tokens.expires_in, 600);
const call = async (token) => (await oauth.fetchProtectedResource(config, token, new URL(`${issuer}/v1/bases`), 'GET')).status;
assert.equal(await call(tokens.access_token), 200);

const next = await oauth.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(next.refresh_token, tokens.refresh_token);
assert.equal(await call(next.access_token), 200);
const known = await oauth.tokenIntrospection(config, next.access_token);
assert.ok(known.active);
assert.equal(known.client_id, id);

const own = await oauth.clientCredentialsGrant(config, { scope: 'read' });
assert.equal(await call(own.access_token), 200);

// Reuse: the library hears the error of RFC 6749, and what came of the first token has ended.
await assert.rejects(oauth.refreshTokenGrant(config, tokens.refresh_token), (error) => error.error === 'invalid_grant');
await assert.rejects(call(next.access_token));
await assert.rejects(oauth.refreshTokenGrant(config, next.refresh_token), (error) => error.error === 'invalid_grant');
await oauth.tokenRevocation(config, next.refresh_token);
assert.equal((await oauth.tokenIntrospection(config, next.access_token)).active, false);
console.log('done');
process.exit(0);
