/** What is asked, held against the deployment: whoever may ask chooses neither regions nor accounts nor secrets of others. */
import type { Manifest } from '../../domain/config/manifest.ts';
import { accessQuestionSchema } from '../../domain/events/access-audit.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { toTheSecond } from '../../domain/policy/readers/coverage.ts';
import { type NamedSecret, secretMatcher } from '../../domain/policy/readers/which-secret.ts';
import { InvalidAccessQuestionError } from './errors.ts';

/** What the deployment says of itself. */
export interface Deployed {
  readonly manifest: Manifest;
  readonly account: string;
  readonly partition: string;
  /** ARNs of the keys that values are encrypted with, in the region of the deployment. */
  readonly keys: readonly string[];
  readonly breakGlassRole?: string | undefined;
}

export interface Asked {
  readonly secrets: readonly NamedSecret[];
  /** To the second. */
  readonly interval: { readonly from: string; readonly to: string };
  readonly principal: string | undefined;
  readonly newVersions: Readonly<Record<string, string>>;
  readonly regions: readonly string[];
  readonly keyOf: (secretId: string) => string | undefined;
  /** As it came; not looked at yet. */
  readonly progress: unknown;
}

/** @throws InvalidAccessQuestionError */
export function questionFrom(event: unknown, { manifest, account }: Deployed): Asked {
  const parsed = readAs(accessQuestionSchema, event);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join('.') || 'its shape';
    throw new InvalidAccessQuestionError(
      `found something else at ${at}; expected operation "readers", secrets, since and until`,
    );
  }
  const { secrets, since, until, principal, newVersions, progress } = parsed.data;
  const from = toTheSecond(new Date(since));
  const to = toTheSecond(new Date(until));
  if (from >= to) {
    throw new InvalidAccessQuestionError(`found since ${from}, until ${to}; expected it earlier`);
  }
  const named = [...new Set(secrets)].map((key) => namesOf(manifest, key));
  return {
    secrets: named,
    interval: { from, to },
    principal,
    newVersions,
    regions: manifest.emergency?.regions ?? [manifest.region],
    keyOf: secretMatcher(named, account),
    progress,
  };
}

/** Its inbox belongs to it: what lies there is the next value. */
function namesOf({ secrets }: Manifest, key: string): NamedSecret {
  const secret = secrets.find((one) => one.key === key);
  if (secret === undefined) {
    throw new InvalidAccessQuestionError(
      `found the key "${key}"; expected keys of this deployment (${secrets.map((one) => one.key).join(', ')})`,
    );
  }
  const inbox = secret.kind === 'userManaged' ? secret.inbox : undefined;
  return { key, names: [secret.name, ...(inbox ? [inbox.name] : [])] };
}
