// A provider of OpenID Connect beside the product: npm's `oidc-provider`, started by testkit/clients/oidc_provider.mjs.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Page } from '@playwright/test';

export interface Provider {
  issuer: string;
  stop: () => void;
}

export const CLIENT = 'journeys';
export const SECRET = 'a secret of journeys';

/** It sends people back to these addresses alone. */
export async function provider(redirects: string[]): Promise<Provider> {
  const child = spawn(process.execPath, ['oidc_provider.mjs'], {
    cwd: resolve(import.meta.dirname, '../../testkit/clients'),
    env: { ...process.env, OIDC_CLIENT: CLIENT, OIDC_SECRET: SECRET, OIDC_REDIRECTS: redirects.join(' ') },
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
