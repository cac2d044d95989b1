/** One scan of a history, in a process of its own: how much memory it took at most. */
import { KnownValues } from '../cli/scan/known-values.ts';
import { ProductionFiles } from '../cli/scan/production.ts';
import { scanPath } from '../cli/scan/scan-path.ts';
import { Scanner } from '../cli/scan/scanner.ts';
import { fingerprintsFunction } from '../test/cli/scan/managed-values.ts';

const scanKey = '5c'.repeat(32);
const answer = await fingerprintsFunction().take({
  operation: 'fingerprints',
  scanKey,
  secrets: ['jwt', 'fields', 'cookies', 'legacy', 'db', 'vendor', 'console'],
});
const { paths, findings } = await scanPath(process.argv[2] ?? '.', {
  scanner: new Scanner(new KnownValues(Buffer.from(scanKey, 'hex'), [answer])),
  production: new ProductionFiles([]),
  history: true,
  interrupted: new AbortController().signal,
  read: () => undefined,
  searched: new Set(),
});
// In kilobytes (getrusage(2)).
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
const bytes = paths.reduce((sum, { history }) => sum + (history?.bytes ?? 0), 0);
console.log(JSON.stringify({ peakMegabytes, findings: findings.length, bytes }));
