import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Where a real browser is; undefined on machines without one. */
export const browserProgram = PROGRAMS.find((path) => existsSync(path));

/** Starts a real browser, without a window. */
export function startBrowser(): Promise<Browser> {
  if (browserProgram === undefined) throw new Error('there is no Chromium: apt-get install chromium');
  return chromium.launch({ executablePath: browserProgram, args: ['--no-sandbox', '--disable-gpu'] });
}
