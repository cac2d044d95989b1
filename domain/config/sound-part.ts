/**
 * The part of a configuration that has the right shape, so that the rules between secrets can be looked
 * at although one of them is mistyped: a person hears of every problem at once.
 */
import { type Issue, valueAt } from './describe-issue.ts';

export interface SoundPart {
  input: unknown;
  /** Keys of the entries that were left out: what refers to them is not wrong for that. */
  leftOut: readonly string[];
}

/** Undefined when what is wrong is of the whole: a name, the environment, the region. */
export function soundPart(input: unknown, issues: readonly Issue[]): SoundPart | undefined {
  const sound = structured(input);
  if (sound === undefined) return undefined;
  const leftOut: string[] = [];
  for (const issue of issues) {
    const [top, key] = issue.path;
    if (issue.code === 'unrecognized_keys') {
      const holder = valueAt(sound, issue.path) as Record<string, unknown> | undefined;
      for (const unknown of issue.keys) delete holder?.[unknown];
    } else if ((top === 'secrets' || top === 'networks') && typeof key === 'string') {
      delete (sound[top] as Record<string, unknown>)[key];
      leftOut.push(key);
    } else if (top !== undefined && optional.has(top)) {
      delete sound[String(top)];
      if (top === 'consumers') {
        // A network may be used by them alone, and a rollout names them.
        leftOut.push(top);
        delete sound.rollout;
      }
    } else {
      return undefined;
    }
  }
  return { input: sound, leftOut };
}

const optional: ReadonlySet<PropertyKey> = new Set([
  'account',
  'breakGlassRoleArn',
  'escrow',
  'contacts',
  'notifications',
  'schedule',
  'auditYears',
  'consumers',
  'rollout',
  'sync',
]);

/** A copy that may be changed; undefined for what is no document. */
function structured(input: unknown): Record<string, unknown> | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  try {
    return structuredClone(input) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
