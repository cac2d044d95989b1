import type { Target } from '../target.ts';
import { ciphertextTargets } from './ciphertext.ts';
import { clientTargets } from './client.ts';
import { configurationTargets } from './configuration.ts';
import { deployedTargets } from './deployed.ts';
import { doorTargets } from './doors.ts';
import { eventTargets } from './events.ts';
import { roomTargets } from './rooms.ts';
import { scanTargets } from './scan.ts';
import { secretTargets } from './secrets.ts';
import { terminalTargets } from './terminal.ts';

export const all: readonly Target<never>[] = [
  ...secretTargets,
  ...ciphertextTargets,
  ...configurationTargets,
  ...clientTargets,
  ...doorTargets,
  ...roomTargets,
  ...deployedTargets,
  ...eventTargets,
  ...scanTargets,
  ...terminalTargets,
];
