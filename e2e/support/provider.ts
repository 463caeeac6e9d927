// Providers of log-ins beside the product: npm's `oidc-provider` and `samlp`, started by testkit/clients/oidc_provider.mjs and saml_idp.mjs.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Page } from '@playwright/test';

export interface Provider {
  issuer: string;
  stop: () => void;
}

export const CLIENT = 'journeys';
export const SECRET = 'a secret of journeys';

/** OpenID Connect. It sends people back to these addresses alone. */
export function provider(redirects: string[]): Promise<Provider> {
  return started('oidc_provider.mjs', { OIDC_CLIENT: CLIENT, OIDC_SECRET: SECRET, OIDC_REDIRECTS: redirects.join(' ') });
}

/** SAML 2.0; its metadata is at `/metadata`. */
export function samlProvider(): Promise<Provider> {
  return started('saml_idp.mjs', {});
}

async function started(program: string, settings: Record<string, string>): Promise<Provider> {
  const child = spawn(process.execPath, [program], {
    cwd: resolve(import.meta.dirname, '../../testkit/clients'),
    env: { ...process.env, ...settings },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const issuer = await new Promise<string>((done, fail) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const ready = /^ready (\S+)$/m.exec(text)?.[1];
      if (ready) done(ready);
    });
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`the provider ended with ${code}: npm ci in testkit/clients?`)));
  });
  return { issuer, stop: () => child.kill() };
}

/** The provider's own pages: who it is, and that the person agrees. */
export async function through(page: Page, login: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(login);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
