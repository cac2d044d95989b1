/** What the leavers could read and did read, and what is to be rotated for it. Nothing is changed. */
import { isRotated, type ManifestSecret } from '../../domain/config/manifest.ts';
import { isProtected } from '../../domain/policy/emergency-by-hand.ts';
import type {
  OffboardedSecret,
  OffboardingReport,
} from '../../domain/reports/offboarding-report.ts';
import type { OpenDeployment } from '../command.ts';
import { byHand } from '../emergency/asked.ts';
import { type CouldRead, couldRead } from './could-read.ts';
import { type DidRead, didRead } from './did-read.ts';
import type { Leaver } from './who.ts';

export type Found = Pick<OffboardingReport, 'secrets' | 'audits' | 'notSeen'>;

interface Look {
  readonly leaver: Leaver;
  readonly couldRead: ReadonlyMap<string, CouldRead>;
}

/** @throws SimulationNotAllowedError, AwsCallError */
export async function gather(
  deployment: OpenDeployment,
  leavers: readonly Leaver[],
  { since, exposed, say }: { since: string; exposed: boolean; say: (line: string) => void },
): Promise<Found> {
  const looks: Look[] = [];
  const audits: DidRead[] = [];
  for (const leaver of leavers) {
    const { arn } = leaver;
    looks.push({
      leaver,
      couldRead: arn === undefined ? declaredOf(leaver) : await couldRead(deployment, arn),
    });
    if (arn !== undefined) audits.push(...(await didRead(deployment, arn, since, say)));
  }
  const secrets = deployment.manifest.secrets.map((secret) =>
    offboarded(secret, looks, audits, exposed),
  );
  return { secrets, audits, notSeen: notSeen(looks, audits) };
}

const declaredOf = ({ declared }: Leaver): ReadonlyMap<string, CouldRead> =>
  new Map(
    declared.map((key) => [key, { couldRead: 'yes', because: ['triggers.offboarding.people'] }]),
  );

function offboarded(
  secret: ManifestSecret,
  looks: readonly Look[],
  audits: readonly DidRead[],
  exposed: boolean,
): OffboardedSecret {
  const { key, name } = secret;
  const { could, because } = judged(key, looks);
  const reads = audits.flatMap(({ audit }) =>
    (audit?.readers ?? []).flatMap((reader) =>
      reader.secrets.flatMap((one) => (one.key === key ? [{ ...one, lastAt: reader.lastAt }] : [])),
    ),
  );
  const given = reads.filter((one) => one.reads > 0 || one.versions.length > 0);
  const sum = (of: 'reads' | 'denied') => reads.reduce((total, one) => total + one[of], 0);
  const last = given
    .map(({ lastAt }) => lastAt)
    .sort()
    .at(-1);
  const isMeant = could === 'yes' || could === 'perhaps' || given.length > 0;
  return {
    key,
    name,
    couldRead: could,
    because,
    reads: sum('reads'),
    denied: sum('denied'),
    ...(last !== undefined && { lastReadAt: last }),
    ...(isMeant ? rotationOf(secret, exposed) : { rotates: 'no' as const }),
  };
}

const weight = { no: 0, unknown: 1, perhaps: 2, yes: 3 } as const;

/** Of all of them, the one who could do most. */
function judged(
  key: string,
  looks: readonly Look[],
): { could: OffboardedSecret['couldRead']; because: string[] } {
  const each = looks.map(({ leaver, couldRead: found }) => ({
    named: leaver.named,
    ...(found.get(key) ?? {
      couldRead: leaver.arn === undefined ? ('no' as const) : ('unknown' as const),
      because: [],
    }),
  }));
  const could = each
    .map(({ couldRead: one }) => one)
    .reduce((most, one) => (weight[one] > weight[most] ? one : most), 'no');
  const told = each.filter(({ couldRead: one }) => one === could);
  const because = told.flatMap((one) =>
    one.because.map((reason) => (looks.length > 1 ? `${one.named}: ${reason}` : reason)),
  );
  return { could, because: [...new Set(because)] };
}

function rotationOf(
  secret: ManifestSecret,
  exposed: boolean,
): Pick<OffboardedSecret, 'rotates' | 'reason'> {
  if (exposed) {
    return isProtected(secret)
      ? { rotates: 'emergency' }
      : { rotates: 'person', reason: byHand(secret) };
  }
  return isRotated(secret) && secret.kind !== 'userManaged' && secret.armed
    ? { rotates: 'planned' }
    : { rotates: 'person', reason: byHand(secret) };
}

function notSeen(looks: readonly Look[], audits: readonly DidRead[]): string[] {
  const arns = looks.flatMap(({ leaver }) => leaver.arn ?? []);
  const isRole = arns.some((arn) => arn.includes(':role/'));
  const gone = looks.filter(({ leaver, couldRead: found }) => leaver.arn && found.size === 0);
  const copies = audits.flatMap(({ audit }) => audit?.notVisible ?? []);
  return [
    ...gone.map(
      ({ leaver }) =>
        `IAM does not know ${leaver.named} (any more): what it could read is not known, only what it did.`,
    ),
    ...(arns.length === 0
      ? [
          'What a person could read is what triggers.offboarding.people says; what they did read is looked up by ARN: name their roles and users, too.',
        ]
      : [
          'What they may do as another role that they can assume: name those roles, too.',
          'Policies as they were before: IAM simulates those that stand now.',
          'Policies of KMS keys and grants, session policies, resource control policies, policies of VPC endpoints; rights to change policies or functions, with which more can be read.',
          ...(isRole
            ? [
                'For a role, what a secret’s own resource policy denies: IAM does not simulate it, so it counts as not denied.',
              ]
            : []),
        ]),
    ...new Set(copies.map(({ what, detail }) => `${what}: ${detail}`)),
    ...(arns.length > 0 && copies.length === 0
      ? ['Reads of copies: environments of processes, parameters, CI variables, caches, escrow.']
      : []),
  ];
}
