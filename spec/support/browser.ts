/** Chromium, as the browser specs use it: `CHROMIUM` says where it is when it is not Debian's. */
import { type Browser, chromium } from 'playwright-core';

/** Starts one without a window, which asks for nothing by itself. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
