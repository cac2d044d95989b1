/** One value in several deployments: the same fingerprint under the same key (R21: secrets differ between them). */
import type { FingerprintsAnswer } from '../../domain/events/fingerprints.ts';
import type { ScanReport } from '../../domain/reports/scan-report.ts';

type Shared = NonNullable<ScanReport['shared']>[number];
type Holder = Shared['holders'][number];

export function sharedBetween(answers: readonly FingerprintsAnswer[]): Shared[] {
  const byWindow = new Map<string, Holder[]>();
  for (const { deployment, secrets } of answers) {
    for (const { name, values } of secrets) {
      for (const { what, versions, windows } of values) {
        const holder = { deployment, secret: name, what, versions };
        for (const { alphabet, length, fingerprint } of windows) {
          const window = `${alphabet}${length}${fingerprint}`;
          byWindow.set(window, [...(byWindow.get(window) ?? []), holder]);
        }
      }
    }
  }
  const shared = [...byWindow.values()].filter(
    (holders) => new Set(holders.map(({ deployment }) => deployment)).size > 1,
  );
  // Both ends of a value are shared by the same holders: that is one value.
  const once = new Map(shared.map((holders) => [JSON.stringify(holders), { holders }]));
  return [...once.values()];
}
