/** What a person runs, as it is typed. Only words of the deployment and ids of ours stand in them, nothing a stranger chose. */
import type { EmergencyRecord } from '../../events/emergency.ts';
import type { IncidentManifest } from './facts.ts';

type Scope = Pick<IncidentManifest, 'name' | 'environment'>;

const quarterturn = (words: string, { name, environment }: Scope): string =>
  `npx quarterturn ${words} --deployment ${name}/${environment}`;

export const resume = ({ id }: Pick<EmergencyRecord, 'id'>, scope: Scope): string =>
  quarterturn(`emergency --resume ${id}`, scope);

export const lift = ({ id }: Pick<EmergencyRecord, 'id'>, scope: Scope): string =>
  quarterturn(`emergency --lift ${id}`, scope);

export const replace = (
  keys: readonly string[],
  { id }: Pick<EmergencyRecord, 'id'>,
  scope: Scope,
): string => quarterturn(`emergency ${keys.join(' ')} --reason "follows ${id}"`, scope);

export const drillAgain = (keys: readonly string[], scope: Scope): string =>
  quarterturn(`drill ${keys.join(' ')}`, scope);

export const adopt = (key: string, scope: Scope): string => quarterturn(`adopt ${key}`, scope);
export const status = (scope: Scope): string => quarterturn('status', scope);
export const scan = (scope: Scope): string => quarterturn('scan .', scope);
export const rows = (key: string, scope: Scope): string =>
  quarterturn(`reencrypt status ${key}`, scope);

/** Reads only: settings of roles, grants, functions that run as their owner, transactions that outlive a session. */
export const changedObjects = [
  String.raw`psql -X -c '\drds' -c '\dp' -c '\ddp' -c 'SELECT oid::regprocedure, proowner::regrole FROM pg_proc WHERE prosecdef' -c 'SELECT * FROM pg_prepared_xacts'`,
  'pg_dump --schema-only > schema-now.sql',
] as const;
