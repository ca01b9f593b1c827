// What the journeys share: a browser, the console of a running lab, traffic, and a screenshot of every page they end on.
//
// LAB_CONSOLE_URL and LAB_GATEWAY_URL say where the lab is; tools/browser-test.sh starts one on free ports and sets them.

import { existsSync, mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const CONSOLE = process.env.LAB_CONSOLE_URL ?? 'http://localhost:3000';
export const GATEWAY = process.env.LAB_GATEWAY_URL ?? 'http://localhost:8000';
const SHOTS = process.env.LAB_SCREENSHOTS;

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const executablePath = CANDIDATES.find((path) => path && existsSync(path));

/** Opens a page and fails a journey on any error that the page itself reports. */
export async function open(theme = 'dark') {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const context = await browser.newContext({ viewport: { width: 1500, height: 1000 }, colorScheme: theme });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // A failed request is told by the page; what is left are broken scripts and refused styles.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) problems.push(message.text());
  });
  return { browser, page, problems };
}

export async function shot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

/** Sends a mix of requests until it is stopped. Bounded: at most five minutes, some 20 requests a second. */
export function traffic() {
  let stopped = false;
  const until = Date.now() + 300_000;
  const order = JSON.stringify({ items: [{ id: '1', price: 19.99, quantity: 1 }] });
  const done = (async () => {
    for (let count = 0; !stopped && Date.now() < until; count += 1) {
      const request =
        count % 4 === 0
          ? fetch(`${GATEWAY}/purchase`, { method: 'POST', body: order, headers: { 'content-type': 'application/json' } })
          : fetch(`${GATEWAY}/browse`);
      await Promise.all([request.then((answer) => answer.text()).catch(() => ''), new Promise((resolve) => setTimeout(resolve, 50))]);
    }
  })();
  return async () => {
    stopped = true;
    await done;
  };
}

/** Calls `check` until it returns something true; fails with `what` after `seconds`. */
export async function eventually(what, check, seconds = 30) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
