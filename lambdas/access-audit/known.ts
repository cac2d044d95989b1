/** Whom the deployment knows as readers: its own functions, who holds a reader policy of it, the break-glass role. */

import type { Manifest } from '../../domain/config/manifest.ts';
import {
  certificatesFunctionName,
  functionName,
  gitHubFunctionName,
} from '../../domain/config/names.ts';
import type { Known } from '../../domain/policy/readers/readers.ts';
import { identityKey, printable } from '../../domain/policy/readers/sighting.ts';
import type { AccessAuditDoors } from './doors.ts';
import type { Deployed } from './question.ts';

/** At once; Lambda and IAM answer some tens a second. */
const width = 8;

export interface KnownReaders extends Known {
  /** What could not be found out. */
  readonly notes: readonly string[];
}

export async function knownReaders(
  { functions, policies }: Pick<AccessAuditDoors, 'functions' | 'policies'>,
  { manifest, account, partition, breakGlassRole }: Deployed,
): Promise<KnownReaders> {
  const notes: string[] = [];
  const own = new Set<string>();
  const declared = new Map<string, Set<string>>();
  const declare = (key: string | undefined, secrets: readonly string[]) => {
    if (key === undefined) return;
    const all = declared.get(key) ?? new Set();
    for (const secret of secrets) all.add(secret);
    declared.set(key, all);
  };

  const roles = await each(ownFunctions(manifest), (name) => functions.roleOf(name));
  for (const { value } of roles.answers) {
    const key = value === undefined ? undefined : identityKey(value);
    if (key !== undefined) own.add(key);
  }
  if (roles.problem !== undefined) {
    notes.push(
      said('Roles of functions of this deployment could not all be looked up', roles.problem),
    );
  }

  const consumers = manifest.consumers;
  const held = await each(consumers, ({ policy }) =>
    policies.holdersOf(`arn:${partition}:iam::${account}:policy/${policy}`),
  );
  for (const { of, value } of held.answers) {
    for (const role of value.roles) declare(`${account} role ${role}`, of.reads);
    for (const user of value.users) declare(`${account} user ${user}`, of.reads);
    if (value.groups.length > 0) {
      notes.push(
        printable(
          `The policy of ${of.name} is attached to the group ${value.groups.join(', ')}: its members are told as unknown.`,
          512,
        ),
      );
    }
  }
  if (held.problem !== undefined) {
    notes.push(said('Holders of reader policies could not all be looked up', held.problem));
  }
  if (breakGlassRole !== undefined) {
    declare(
      identityKey(breakGlassRole),
      manifest.secrets.map(({ key }) => key),
    );
  }
  return { own, declared, notes };
}

const said = (what: string, problem: string): string =>
  printable(`${what}, so more than the unknown are told as unknown: ${problem}`, 512);

/** Functions that may read a value; what is not deployed is not found. */
function ownFunctions(manifest: Manifest): string[] {
  const { secrets, consumers, sync, rollout, emergency } = manifest;
  return [
    ...new Set([
      ...secrets.flatMap((secret) => [
        ...('function' in secret && secret.function !== undefined ? [secret.function] : []),
        ...(secret.kind === 'database' && secret.operator !== undefined ? [secret.operator] : []),
        ...(secret.kind === 'encryption' && secret.drill !== undefined ? [secret.drill] : []),
        ...(secret.kind === 'encryption' && secret.reencryption !== undefined
          ? [secret.reencryption.function]
          : []),
      ]),
      ...consumers.flatMap(({ health }) => health ?? []),
      ...(sync ? [sync.function] : []),
      ...(rollout ? [rollout.function] : []),
      ...(emergency ? [emergency.fingerprints, emergency.function] : []),
      functionName(manifest, 'after-rotation'),
      ...(manifest.certificates ? [certificatesFunctionName(manifest)] : []),
      gitHubFunctionName(manifest),
    ]),
  ];
}

interface Answers<Of, Value> {
  answers: { of: Of; value: Value }[];
  /** Of the first one that failed. */
  problem: string | undefined;
}

async function each<Of, Value>(
  all: readonly Of[],
  ask: (of: Of) => Promise<Value>,
): Promise<Answers<Of, Value>> {
  const answers: { of: Of; value: Value }[] = [];
  let problem: string | undefined;
  const left = [...all];
  const worker = async () => {
    for (let of = left.shift(); of !== undefined; of = left.shift()) {
      try {
        answers.push({ of, value: await ask(of) });
      } catch (error) {
        problem ??= (error as Error).message;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return { answers, problem };
}
