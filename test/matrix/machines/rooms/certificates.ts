import type { ManifestCertificate } from '../../../../domain/config/certificate-manifest.ts';
import { checkCertificates } from '../../../../lambdas/certificates/check.ts';
import { makeRoot } from '../../../certificates.ts';
import { inMemoryCertificateRecords } from '../../../doors/in-memory-certificate-records.ts';
import {
  recordedBus,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../../../doors/recorded.ts';
import { pharmacy } from '../../../lambdas/pharmacy.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const certificates: ManifestCertificate[] = [
  { from: 'acm', name: 'www', arn: 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c' },
  { from: 'secret', name: 'partner', secret: 'pharmacy/prod/tls' },
  { from: 'endpoint', name: 'api', host: 'a.example', port: 443, servername: 'a.example' },
];
const root = await makeRoot({ notBefore: new Date('2026-01-01T00:00:00Z') });
const pem = await root.issue({
  hosts: ['partner.example.com'],
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2026-05-10T00:00:00Z'),
});
const privateKey = pem.key.replaceAll(/-----[A-Z ]+-----|\s/g, '').slice(40, 80);

/** One ends in nine days, one is in a secret beside its private key, one is not shown. */
function world(): FunctionWorld {
  const bus = recordedBus();
  const log = recordedLog();
  const clock = settableClock('2026-05-01T06:00:00Z');
  const records = inMemoryCertificateRecords();
  const doors = {
    acm: {
      describe: async () => ({
        status: 'ISSUED',
        serial: 'aa:01',
        notBefore: new Date('2026-01-01T00:00:00Z'),
        notAfter: new Date('2026-07-01T00:00:00Z'),
        inUseBy: 1,
      }),
    },
    secretsManager: { getCurrentValue: async () => `${pem.key}\n${pem.pem}` },
    shown: { read: async () => [] },
    records,
    eventBus: bus,
    metrics: recordedMetrics(),
    clock,
    log,
  };
  const manifest = { ...pharmacy, secrets: [], consumers: [], certificates };
  return {
    invoke: async (at) =>
      checkCertificates(faultyDoors(at, doors), await at.call('manifest', async () => manifest)),
    between: () => clock.set(new Date(clock.now().getTime() + 6 * 3_600_000).toISOString()),
    // A look that failed is told of as that one; what is known in the end is the same.
    outcome: async () =>
      (await records.getCertificates('pharmacy/prod'))
        .map(({ name, source, notAfter, identity }) => ({ name, source, notAfter, identity }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
    said: () => bus.events.map(({ detail }) => detail),
    told: () => [log.lines, bus.events],
  };
}

export const certificatesRoom: readonly FunctionCase[] = [
  { name: 'looks', start: world, runs: 3, canaries: [privateKey] },
];
