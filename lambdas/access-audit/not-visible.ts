/** Copies of values whose reads leave no event of Secrets Manager: they are named, so that nobody takes them for seen. */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { AccessAudit } from '../../domain/events/access-audit.ts';
import { printable } from '../../domain/policy/readers/sighting.ts';

type Place = AccessAudit['notVisible'][number];

const most = 100;

/** @param keys of the secrets that are asked for */
export function notVisible(manifest: Manifest, keys: ReadonlySet<string>): Place[] {
  const { secrets, consumers, sync } = manifest;
  const asked = secrets.filter(({ key }) => keys.has(key));
  const reading = consumers.filter(({ reads }) => reads.some((key) => keys.has(key)));
  const restarted = reading.filter(({ learns }) => learns === 'restart');
  const refreshed = reading.filter(({ learns }) => learns !== 'restart');
  const copies = sync?.targets.filter(({ secret }) => keys.has(secret)) ?? [];
  const seconds = Math.max(
    0,
    ...asked.map((secret) => ('readerCacheSeconds' in secret && secret.readerCacheSeconds) || 0),
  );
  const places = [
    ...restarted.map(({ name }) => ({
      what: `consumer ${name}`,
      detail:
        'Holds the value from its start on, in its environment or memory: whoever looks there (a shell in it, the description of its task) leaves no read of the secret.',
    })),
    ...(refreshed.length > 0
      ? [
          {
            what: 'caches of consumers',
            detail: `${refreshed.map(({ name }) => name).join(', ')} keep values in memory for up to ${seconds} seconds, and serve them without another read.`,
          },
        ]
      : []),
    ...copies.map(({ secret, target }) => ({ what: target, detail: detailOf(secret, target) })),
    ...(asked.some(({ kind }) => kind === 'encryption')
      ? [
          {
            what: 'escrow copies',
            detail:
              'Keysets lie in the escrow bucket, too. Reading one leaves a Decrypt of the escrow key and, where the trail keeps data events, a GetObject; neither is asked for here.',
          },
        ]
      : []),
    {
      what: 'backups, images, dumps',
      detail:
        'A value in a backup of a machine, an image, a memory dump, a log or a repository is read without a trace here (npx quarterturn scan looks through repositories).',
    },
  ];
  return kept(places).map(({ what, detail }) => ({
    what: printable(what, 64),
    detail: printable(detail, 512),
  }));
}

function detailOf(secret: string, target: string): string {
  if (target.startsWith('ssm ')) {
    return `A copy of "${secret}". Reading it is GetParameter of Systems Manager, another event, which is not asked for here.`;
  }
  if (target.startsWith('github ')) {
    return `A copy of "${secret}". Every job that may use it can print it; GitHub's audit log tells jobs, not reads.`;
  }
  return `A copy of "${secret}", in the hands of whoever takes the webhook.`;
}

function kept(places: readonly Place[]): readonly Place[] {
  if (places.length <= most) return places;
  const listed = places.slice(0, most - 1);
  return [
    ...listed,
    {
      what: 'further places',
      detail: `${places.length - listed.length} more consumers and copies of the configuration.`,
    },
  ];
}
