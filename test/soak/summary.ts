/** What a run has shown, in lines for people. */
import type { DatabaseLoad } from './database-load.ts';
import type { EndedSessions } from './emergency-database.ts';
import type { Bound, RevokedToken } from './emergency-jwt.ts';
import type { FieldLoad } from './fields-load.ts';
import { drawn, form } from './form.ts';
import type { JwtLoad } from './jwt-load.ts';
import { type Tally, together } from './tally.ts';

export interface Shown {
  databases: DatabaseLoad[];
  jwt?: JwtLoad;
  fields?: FieldLoad;
  revoked?: RevokedToken;
  ended: EndedSessions[];
}

export function summary({ databases, jwt, fields, revoked, ended }: Shown): string {
  const bounds = [...(revoked?.bounds ?? []), ...ended.flatMap((one) => one.bounds)];
  return [
    `Load while secrets rotate: ${form.name} form, SEED=${drawn.seed} repeats what was drawn (docs/load.md)`,
    ...databases.flatMap(databaseLines),
    ...(jwt ? [line('verifications', jwt.rotations, jwtTally(jwt)), ...naive(jwt.naive)] : []),
    ...(fields
      ? [line('decrypts', fields.rotations, fields.decrypts), ...naive(fields.naive)]
      : []),
    ...bounds.map(
      ({ what, bound, measured }) =>
        `  emergency, ${what}: ${seconds(measured)}, stated ${seconds(bound)}`,
    ),
  ].join('\n');
}

export const jwtTally = ({ verifications, withoutKid, lastSecond }: JwtLoad): Tally =>
  together('verifications', [verifications, withoutKid, lastSecond]);

function databaseLines(load: DatabaseLoad): string[] {
  const { scheme, rotations, library, sessions, idle, meanwhile } = load;
  const all = together('new logins', library);
  const kinds = form.name === 'full' ? library : [];
  return [
    line(`new logins, ${scheme}`, rotations, all),
    ...[...kinds, sessions].map((tally) => `  ${tally.name}: ${counts(tally)}`),
    ...naive(load.naive),
    `  p99 of a login: idle ${ms(idle)}, all ${ratio(all, idle)}, begun while a rotation was under way ${ratio(meanwhile, idle)}`,
    ...kinds.map((tally) => `    ${tally.name}: ${ratio(tally, idle)}`),
    `  a rotation with logins beside it: ${load.rotation.toFixed(0)} ms (median)`,
  ];
}

const line = (what: string, rotations: number, tally: Tally): string =>
  `${what}: ${counts(tally)}, through ${rotations} rotations`;

const naive = (tallies: readonly Tally[]): string[] =>
  tallies.map((tally) => `  not so: ${tally.name}: ${counts(tally)}`);

const counts = ({ attempts, failed }: Tally): string =>
  `${attempts.toLocaleString('en')}, ${failed.toLocaleString('en')} failed`;

const ms = (tally: Tally): string => `${tally.quantile(0.99).toFixed(0)} ms`;
const ratio = (tally: Tally, idle: Tally): string =>
  `${ms(tally)} (${(tally.quantile(0.99) / idle.quantile(0.99)).toFixed(1)} × idle)`;
const seconds = (milliseconds: Bound['bound']): string => `${(milliseconds / 1000).toFixed(1)} s`;
