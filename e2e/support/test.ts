// The test object of all specs: every page is watched for CSP violations and console errors, and can be audited with axe.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test as plain, expect, type BrowserContext, type Page } from '@playwright/test';
import { member, type Person } from './people.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What went wrong in the pages of a test without anybody looking. */
export class Watch {
  readonly problems: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Errors that the test provokes: Chromium logs every answer of 400 and above. */
  expects(...patterns: RegExp[]): void {
    this.expected.push(...patterns);
  }

  async follow(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`CSP violation: ${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
      });
    });
    context.on('console', (message) => {
      if (message.type() === 'error') this.note(`${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.note(`uncaught: ${error.error().stack ?? String(error.error())}`));
    context.on('response', (answer) => {
      if (answer.status() >= 500) this.note(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
    });
  }

  private note(problem: string): void {
    // The editor's preview is sandboxed without scripts. What is blocked there is this file's own init script; a script of the
    // page would be a CSP violation as well.
    if (/^Blocked script execution in '[^']*\/canvas/.test(problem)) return;
    this.problems.push(problem);
  }

  left(): string[] {
    return this.problems.filter((problem) => !this.expected.some((pattern) => pattern.test(problem)));
  }
}

/** No serious or critical violation of WCAG 2.2 A and AA on what is shown now. */
export async function audit(page: Page, where = page.url()): Promise<void> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: (root: Document, options: object) => Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
    const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.impact} ${v.id} (${v.nodes.length}): ${v.nodes[0]?.html.slice(0, 160)} ${v.nodes[0]?.failureSummary.split('\n').slice(1, 3).join(' ')}`);
  });
  expect.soft(found, `axe at ${where}`).toEqual([]);
}

export const test = plain.extend<{ watch: Watch; signedIn: Page }, { person: Person }>({
  watch: [async ({ context }, use) => {
    const watch = new Watch();
    await watch.follow(context);
    await use(watch);
    expect(watch.left(), 'errors in the console, CSP violations, answers of 500').toEqual([]);
  }, { auto: true }],
  // One organisation for all specs that need any; the journey makes its own.
  person: [async ({ browser }, use, { workerIndex }) => {
    await use(await member(browser, workerIndex));
  }, { scope: 'worker' }],
  // A page with the person's session.
  signedIn: async ({ page, context, person }, use) => {
    await context.addCookies(person.cookies);
    await use(page);
  },
});

export { expect };
