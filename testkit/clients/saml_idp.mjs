// A provider of SAML 2.0: the npm package samlp, unchanged, behind a page that asks who it is.
//
// Whoever types an address is that person; "group+" before the @ tells groups, as in oidc_provider.mjs. One that begins with "tampered" is signed and then
// made somebody else's. The key is made at start. The port is PORT, or any; a line "ready <issuer>" tells it, the metadata is at <issuer>/metadata.
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import samlp from 'samlp';

const der = (tag, ...parts) => {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
/** A certificate that the key has signed itself (RFC 5280, 4.1). */
const certificate = () => {
  const algorithm = der(0x30, der(6, Buffer.from('2a864886f70d01010b', 'hex')), der(5));
  const name = der(0x30, der(0x31, der(0x30, der(6, Buffer.from('550403', 'hex')), der(12, Buffer.from('idp')))));
  const time = (text) => der(0x17, Buffer.from(text));
  const body = der(
    0x30,
    der(0xa0, der(2, Buffer.from([2]))),
    der(2, Buffer.from([1])),
    algorithm,
    name,
    der(0x30, time('200101000000Z'), time('400101000000Z')),
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, createPrivateKey(key));
  const whole = der(0x30, body, algorithm, der(3, Buffer.from([0]), signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${whole.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
};
const cert = certificate();

const server = createServer();
await new Promise((done) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const escaped = (text) => String(text ?? '').replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);

/** What of a person is said (the shape that samlp's profiles have). */
class Profile {
  constructor(user) {
    this.user = user;
  }
  getClaims() {
    const [name, ...groups] = this.user.split('@')[0].split('+');
    return { email: this.user, displayName: `${name} of the provider`, groups };
  }
  getNameIdentifier() {
    return { nameIdentifier: this.user, nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' };
  }
}
Profile.prototype.metadata = [];
const profileMapper = (user) => new Profile(user);
profileMapper.prototype = Profile.prototype;

const body = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return Object.fromEntries(new URLSearchParams(text));
};

server.on('request', async (request, response) => {
  const url = new URL(request.url, issuer);
  // What samlp takes from express.
  Object.assign(request, { query: Object.fromEntries(url.searchParams), originalUrl: request.url, protocol: 'http' });
  Object.assign(response, { set: (name, value) => response.setHeader(name, value), send: (text) => response.end(String(text)) });
  const failed = (error) => {
    console.error(error);
    response.writeHead(500).end('failed');
  };
  if (url.pathname === '/metadata') {
    return samlp.metadata({ issuer, cert, redirectEndpointPath: '/sso', postEndpointPath: '/sso', profileMapper })(request, response);
  }
  if (request.method === 'GET') {
    const hidden = (name) => `<input type="hidden" name="${name}" value="${escaped(request.query[name])}">`;
    response.setHeader('content-type', 'text/html');
    return response.end(
      `<!doctype html><title>Provider</title><form method="post" action="/sso">${hidden('SAMLRequest')}${hidden('RelayState')}` +
        '<label>Login <input name="login"></label> <button>Sign-in</button></form>',
    );
  }
  const form = await body(request);
  request.body = form;
  request.method = 'GET';
  request.query = { SAMLRequest: form.SAMLRequest, RelayState: form.RelayState };
  samlp.parseRequest(request, {}, (error, asked) => {
    if (error) return failed(error);
    const acs = asked.assertionConsumerServiceURL;
    samlp.auth({
      issuer,
      cert,
      key,
      destination: acs,
      recipient: acs,
      lifetimeInSeconds: 300,
      getUserFromRequest: () => form.login,
      profileMapper,
      getPostURL: (_audience, _request, _from, done) => done(null, acs),
      ...(form.login.startsWith('tampered') && {
        responseHandler: (xml, options) => {
          const changed = xml.toString().replaceAll(form.login, form.login.replace('tampered', 'boss'));
          const value = Buffer.from(changed).toString('base64');
          response.setHeader('content-type', 'text/html');
          response.end(
            `<form method="post" action="${escaped(options.postUrl)}"><input type="hidden" name="SAMLResponse" value="${value}">` +
              `<input type="hidden" name="RelayState" value="${escaped(form.RelayState)}"><button>Go on</button></form>`,
          );
        },
      }),
    })(request, response, failed);
  });
});
console.log(`ready ${issuer}`);
process.stdin.on('end', () => process.exit(0)).resume();
