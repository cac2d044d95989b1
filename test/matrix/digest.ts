/**
 * What a failed attempt leaves behind, in short: everything stored, the step to repeat, and the service's own retry.
 * Two faults that leave the same are one place for whatever comes next. Only the words of an error are left out.
 */
import { createHash } from 'node:crypto';
import type { Stand } from './stand.ts';

export function digestOf(stand: Stand): string {
  const hash = createHash('sha256');
  for (const secret of stand.secrets.store.all()) {
    hash.update(`${secret.name} ${secret.state.rotation?.enabled}\n`);
    for (const { versionId, labels, value } of secret.state.versions.values()) {
      hash.update(`${versionId} ${[...labels].sort()} ${value?.ciphertext.toString('base64')}\n`);
    }
  }
  for (const [key, { record }] of [...stand.items.items].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${key} ${record?.S?.replaceAll(/"message":"(?:[^"\\]|\\.)*"/g, '')}\n`);
  }
  hash.update([...stand.escrow.documents.keys()].join());
  const { roles, jobs } = stand.cluster.state;
  for (const { name, canLogin, verifier } of roles.values()) {
    hash.update(`${name} ${canLogin} ${verifier}\n`);
  }
  hash.update(JSON.stringify(jobs));
  const failed = stand.steps.filter((run) => run.failed).map(({ step }) => step);
  hash.update(`${failed} ${stand.secrets.rotations.running(stand.secret)}`);
  return hash.digest('base64');
}
