/**
 * A process that does what a cold start does, loads one bundle, and says how long it took from its own
 * beginning, Node's included, and how much memory it ever held. Without an argument: Node alone.
 */
import { pathToFileURL } from 'node:url';

const bundle = process.argv[2];
if (bundle !== undefined) {
  const { handler } = await import(pathToFileURL(bundle).href);
  if (typeof handler !== 'function') {
    throw new TypeError('the bundle exports no handler');
  }
}
const milliseconds = performance.now();
const peakKilobytes = process.resourceUsage().maxRSS;
process.stdout.write(JSON.stringify({ milliseconds, peakKilobytes }), () => process.exit(0));
