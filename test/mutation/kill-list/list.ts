import { cadenceAndAccessKills } from './cadence-and-access.ts';
import { databaseKills } from './databases.ts';
import { keyAndRowKills } from './keys-and-rows.ts';
import type { Kill } from './kill.ts';
import { protocolKills } from './protocol.ts';

/** By hand, because no mutation operator makes them: each breaks a promise of the design or of the threat model. */
export const killList: readonly Kill[] = [
  ...protocolKills,
  ...databaseKills,
  ...keyAndRowKills,
  ...cadenceAndAccessKills,
];
