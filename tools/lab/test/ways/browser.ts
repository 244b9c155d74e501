import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Namespace } from '../namespaces/network.ts';

const PROGRAM = '/usr/bin/chromium';

/** @returns why no browser can be opened here, or undefined if one can. */
export function whyNoBrowser(): string | undefined {
  return existsSync(PROGRAM) ? undefined : 'there is no Chromium: apt-get install chromium';
}

/**
 * Opens a real browser on a machine; it ends with `started`.
 * @param folder for the program that starts it there.
 * @returns its page, and what it complained of: errors, and what the page's policy refused.
 */
export async function openBrowser(started: AsyncDisposableStack, { within }: Namespace, folder: string) {
  const executablePath = join(folder, 'chromium');
  await writeFile(executablePath, `#!/bin/sh\nexec ${within.join(' ')} ${PROGRAM} "$@"\n`);
  await chmod(executablePath, 0o755);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  started.defer(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1_280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC' });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.exposeFunction('policyRefused', (what: string) => errors.push(`its policy refused ${what}`));
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => policyRefused(event.violatedDirective + ' ' + event.blockedURI))`,
  );
  /** What another browser reads that opens an address. */
  const openAgain = async (url: string) => {
    const stranger = await (await browser.newContext()).newPage();
    await stranger.goto(url);
    const notice = stranger.locator('#notice');
    await notice.filter({ hasText: /./ }).waitFor();
    return (await notice.textContent()) ?? '';
  };
  return { page, errors, openAgain };
}
