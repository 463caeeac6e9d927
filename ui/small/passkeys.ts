// Passkeys (WebAuthn). A form with data-passkey="get" or "create" is sent only with an authenticator's answer: pressing its button
// fetches what is to be signed, asks the browser, puts the answer into the form and sends it. With data-passkey-conditional the browser
// also offers passkeys in the autofill of the name field; that request is renewed before its challenge ends.

/** A challenge lives for five minutes on the server. */
const RENEW = 4 * 60_000;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function textOf(buffer: ArrayBuffer): string {
  let binary = '';
  for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

interface Descriptor { type: 'public-key'; id: string; transports?: AuthenticatorTransport[] }
interface Options {
  challenge: string;
  user?: { id: string };
  excludeCredentials?: Descriptor[];
  allowCredentials?: Descriptor[];
}

const described = (list: Descriptor[] | undefined) => (list ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));

/** The options as the browser wants them: bytes in place of base64url. */
export function read(options: Options): Record<string, unknown> {
  const out: Record<string, unknown> = { ...options, challenge: bytesOf(options.challenge) };
  if (options.user) out.user = { ...options.user, id: bytesOf(options.user.id) };
  if (options.excludeCredentials) out.excludeCredentials = described(options.excludeCredentials);
  if (options.allowCredentials) out.allowCredentials = described(options.allowCredentials);
  return out;
}

/** The answer as the server wants it. */
function written(credential: PublicKeyCredential): string {
  const { response } = credential;
  const common = { clientDataJSON: textOf(response.clientDataJSON) };
  const own = response instanceof AuthenticatorAttestationResponse
    ? { attestationObject: textOf(response.attestationObject), transports: response.getTransports?.() ?? [] }
    : assertion(response as AuthenticatorAssertionResponse);
  return JSON.stringify({ id: credential.id, rawId: textOf(credential.rawId), type: credential.type, response: { ...common, ...own } });
}

function assertion(response: AuthenticatorAssertionResponse): object {
  const handle = response.userHandle && response.userHandle.byteLength > 0 ? textOf(response.userHandle) : null;
  return { authenticatorData: textOf(response.authenticatorData), signature: textOf(response.signature), userHandle: handle };
}

/** What went wrong, for the person; undefined: nothing that needs words. */
export function words(name: string, creating: boolean): string | undefined {
  switch (name) {
    case 'AbortError': return undefined;
    case 'InvalidStateError': return creating ? 'This device has a passkey of this account already.' : 'This passkey can’t be used now.';
    case 'NotAllowedError': return 'No passkey was chosen, or it took too long. Try again.';
    case 'NotSupportedError':
    case 'ConstraintError': return 'This device can’t make a passkey that checks who you are. Set up a PIN, finger or face on it, or use another device.';
    case 'SecurityError': return 'The browser refuses passkeys on this address.';
    case 'TooMany': return 'Too many tries. Wait a minute and try again.';
    default: return 'That did not work. Try again.';
  }
}

class Failed extends Error {
  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

async function fetched(form: HTMLFormElement): Promise<Options> {
  const csrf = form.querySelector<HTMLInputElement>('[name="_csrf"]')?.value ?? '';
  const answer = await fetch(form.dataset.passkeyRequest ?? '', { method: 'POST', headers: { accept: 'application/json', 'x-csrf-token': csrf } });
  if (answer.ok) return (await answer.json()) as Options;
  if (answer.status === 429) throw new Failed('TooMany');
  // The session or the step has ended, or is asked who is there: the page itself says so.
  if ([401, 403, 404, 422].includes(answer.status)) location.reload();
  throw new Failed('Failed');
}

let waiting: AbortController | undefined;

async function ask(form: HTMLFormElement, conditional: boolean): Promise<string> {
  waiting?.abort();
  const mine = new AbortController();
  waiting = mine;
  const publicKey = read(await fetched(form));
  const creating = form.dataset.passkey === 'create';
  const credential = creating
    ? await navigator.credentials.create({ publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions, signal: mine.signal })
    : await navigator.credentials.get({ publicKey: publicKey as unknown as PublicKeyCredentialRequestOptions, signal: mine.signal, ...(conditional ? { mediation: 'conditional' as const } : {}) });
  if (!(credential instanceof PublicKeyCredential)) throw new Failed('NotAllowedError');
  return written(credential);
}

function say(form: HTMLFormElement, text: string | undefined): void {
  const place = form.querySelector<HTMLElement>('[data-passkey-problem]');
  if (!place) return;
  place.hidden = text === undefined;
  place.textContent = text ?? '';
}

function send(form: HTMLFormElement, answer: string): void {
  const field = form.querySelector<HTMLInputElement>('[data-passkey-answer]');
  if (field) field.value = answer;
  form.requestSubmit();
}

async function pressed(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector('button[type="submit"]');
  say(form, undefined);
  button?.setAttribute('aria-busy', 'true');
  try {
    send(form, await ask(form, false));
  } catch (error) {
    button?.removeAttribute('aria-busy');
    say(form, words(error instanceof Error ? error.name : '', form.dataset.passkey === 'create'));
    void offer();
  }
}

/** Offers passkeys in the autofill, as long as the page is open and nothing else is asked. */
async function offer(): Promise<void> {
  const form = document.querySelector<HTMLFormElement>('form[data-passkey-conditional]');
  if (!form || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const renew = setTimeout(() => void offer(), RENEW);
  try {
    send(form, await ask(form, true));
  } catch {
    // Nobody asked for it, so nobody is told: the button says what is wrong.
  } finally {
    clearTimeout(renew);
  }
}

export function startPasskeys(): void {
  const forms = document.querySelectorAll<HTMLFormElement>('form[data-passkey]');
  if (forms.length === 0) return;
  if (typeof PublicKeyCredential === 'undefined') {
    for (const note of document.querySelectorAll<HTMLElement>('[data-passkey-absent]')) note.hidden = false;
    return;
  }
  for (const form of forms) form.hidden = false;
  // Before the listener that marks a form as sent: without an answer, nothing is sent yet.
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement;
    const field = form.matches('[data-passkey]') ? form.querySelector<HTMLInputElement>('[data-passkey-answer]') : null;
    const name = form.querySelector<HTMLInputElement>('[name="name"]');
    // A name that is missing is the server's to say, before anybody is asked for a finger.
    if (!field || field.value !== '' || (name && name.value.trim() === '')) return;
    event.preventDefault();
    void pressed(form);
  }, { capture: true });
  addEventListener('pageshow', () => {
    for (const field of document.querySelectorAll<HTMLInputElement>('[data-passkey-answer]')) field.value = '';
  });
  void offer();
}
