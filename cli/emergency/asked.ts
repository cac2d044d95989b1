/** What somebody at a terminal asks an emergency, or a drill, for; refused before anything is begun. */
import type { ManifestEmergency } from '../../domain/config/emergency-manifest.ts';
import type { Manifest, ManifestSecret } from '../../domain/config/manifest.ts';
import { type EmergencyInput, emergencyInputSchema } from '../../domain/events/emergency.ts';
import { byHandFor, isProtected } from '../../domain/policy/emergency-by-hand.ts';
import type { OpenDeployment } from '../command.ts';
import { UsageError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { requesterOf } from '../rotation/rotate-one.ts';
import {
  NoEmergencyMachineError,
  NothingToProtectError,
  SuspectNotAllowedError,
} from './errors.ts';
import { exposedSince } from './instant.ts';

export interface Asked {
  readonly names: readonly string[];
  readonly all: boolean;
  readonly andAll: boolean;
  readonly reason: string;
  readonly exposedSince?: string | undefined;
  readonly suspects: readonly string[];
  readonly keepRunning: boolean;
  readonly drill: boolean;
}

/** What `emergencyInputSchema` takes. */
const longestReason = 512;
const mostSuspects = 20;

/** What is wrong whatever the deployment. @throws UsageError */
export function assertAsked(asked: Asked): void {
  const { names, all, andAll, reason, suspects } = asked;
  if (all ? names.length > 0 : names.length === 0) {
    throw new UsageError(
      `${names.length === 0 ? 'No secret was named' : 'Secrets were named, and --all was given'}; expected the secrets that are exposed, by key or name, or --all.`,
    );
  }
  if (all && andAll) {
    throw new UsageError(
      '--all says that everything is exposed, so --and-all has nothing left; expected one of them.',
    );
  }
  if (reason.trim() === '' || reason.length > longestReason) {
    throw new UsageError(
      `${reason.trim() === '' ? 'No --reason was given' : `--reason has ${reason.length} characters`}; expected what happened, in 1 to ${longestReason} characters: it stands in the report of the incident.`,
    );
  }
  for (const list of [names, suspects]) {
    const [twice] = list.filter((name, at) => list.indexOf(name) !== at);
    if (twice !== undefined) {
      throw new UsageError(`"${twice}" was named twice; expected each once.`);
    }
  }
  if (suspects.length > mostSuspects) {
    throw new UsageError(`${suspects.length} suspects; expected at most ${mostSuspects}.`);
  }
}

/** @throws NoEmergencyMachineError */
export function emergencyOf(manifest: Manifest): ManifestEmergency {
  if (manifest.emergency === undefined) {
    throw new NoEmergencyMachineError(
      `Deployment ${manifest.name}/${manifest.environment} has no machine for emergencies; expected one of this release. Deploy the stack with it, or rotate by hand meanwhile: npx quarterturn rotate --all.`,
    );
  }
  return manifest.emergency;
}

/**
 * @param id of the emergency
 * @throws UsageError, UnknownSecretError, SuspectNotAllowedError, NothingToProtectError, NoEmergencyMachineError
 */
export function inputOf(deployment: OpenDeployment, asked: Asked, id: string): EmergencyInput {
  const { manifest, clock } = deployment;
  const emergency = emergencyOf(manifest);
  const secrets = asked.all
    ? manifest.secrets
    : asked.names.map((name) => findSecret(manifest, name));
  const keys = [...new Set(secrets.map(({ key }) => key))];
  assertSomething(secrets);
  assertAllowed(asked.suspects, emergency, manifest);
  return emergencyInputSchema.parse({
    id,
    secrets: asked.all ? 'all' : keys,
    others: asked.andAll,
    reason: asked.reason,
    ...(asked.exposedSince !== undefined && {
      exposedSince: exposedSince(asked.exposedSince, clock.now()),
    }),
    suspects: [...asked.suspects],
    keepRunning: asked.keepRunning,
    drill: asked.drill,
    requestedBy: requesterOf(deployment),
  } satisfies Partial<EmergencyInput>);
}

/** Why a person has to. */
export function byHand(secret: ManifestSecret): string {
  switch (byHandFor(secret)) {
    case 'userManaged':
      return `user-managed (${'purpose' in secret ? secret.purpose : ''}): its owners change it where it is issued${'inbox' in secret && secret.inbox !== undefined ? ', and put the new one into its inbox' : ''}`;
    case 'leavesRows':
      return 'its readers know one key, and no rows follow a new one: configure reencryption, or move the rows yourself';
    default:
      return 'not armed: nothing rotates it yet. Adopt it, and deploy with armed: true';
  }
}

function assertSomething(secrets: readonly ManifestSecret[]): void {
  if (secrets.some(isProtected)) return;
  const each = secrets.map((secret) => `${secret.key}: ${byHand(secret)}`);
  throw new NothingToProtectError(
    `Nothing of what is named can be changed here; expected at least one secret that rotates. ${each.join('. ')}. Nothing was changed.`,
  );
}

function assertAllowed(
  suspects: readonly string[],
  { suspects: allowed }: ManifestEmergency,
  { name, environment }: Manifest,
): void {
  const [refused] = suspects.filter((arn) => !allowed.includes(arn));
  if (refused === undefined) return;
  throw new SuspectNotAllowedError(
    `"${refused}" may not be cut off by ${name}/${environment}; expected ${allowed.length === 0 ? 'no suspect: the configuration allows none' : `one of: ${allowed.join(', ')}`}. Name it in emergency.contain.principals and deploy, or begin without it and cut it off by hand. Nothing was changed.`,
  );
}
