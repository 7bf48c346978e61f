import {type Browser, chromium} from 'playwright-core';
import {findChromium} from '../../pipeline/doctor/chromium.js';

/** A browser that asks nobody for anything; null where none is installed. */
export async function openChromium(): Promise<Browser | null> {
  const executablePath = findChromium(process.env);
  if (executablePath === null) return null;
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ];
  return chromium.launch({executablePath, args, timeout: 60_000});
}
