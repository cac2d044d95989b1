/** Patterns of the events that are this deployment's: several share the account's bus. */
import type { IConstruct } from 'constructs';
import { deploymentDimension, secretName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { auditEventSource } from '../domain/events/audit-event.ts';
import { sizeOf } from './statement-size.ts';

/** A pattern has 2,048 characters (EventBridge user guide, "Amazon EventBridge quotas"); some are the rest's. */
const patternCharacters = 2048 - 768;

/**
 * As many patterns as the names of adopted secrets need; the first takes everything that has the deployment's own
 * prefix, and the certificates, which have no secret.
 * @param adopted names of secrets that were adopted
 * @param types the detail-types; absent: all of them
 */
export function ownEvents(
  scope: IConstruct,
  config: RotationConfig,
  adopted: readonly string[],
  types?: readonly string[],
): object[] {
  const all = { source: [auditEventSource], ...(types && { 'detail-type': types }) };
  const [first = [], ...more] = inLists(scope, adopted);
  const own = [
    { secret: { name: [{ prefix: secretName(config, '') }, ...first] } },
    { deployment: [deploymentDimension(config)] },
  ];
  return [
    { ...all, detail: { $or: own } },
    ...more.map((names) => ({ ...all, detail: { secret: { name: names } } })),
  ];
}

function inLists(scope: IConstruct, names: readonly string[]): string[][] {
  const lists: string[][] = [];
  let left = 0;
  for (const name of names) {
    const size = sizeOf(scope, name) + 1;
    if (size > left || lists.length === 0) {
      lists.push([]);
      left = patternCharacters;
    }
    lists.at(-1)?.push(name);
    left -= size;
  }
  return lists;
}
