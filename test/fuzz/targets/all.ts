import type { Target } from '../target.ts';
import { ciphertextTargets } from './ciphertext.ts';
import { clientTargets } from './client.ts';
import { configurationTargets } from './configuration.ts';
import { doorTargets } from './doors.ts';
import { roomTargets } from './rooms.ts';
import { scanTargets } from './scan.ts';
import { secretTargets } from './secrets.ts';

export const all: readonly Target<never>[] = [
  ...secretTargets,
  ...ciphertextTargets,
  ...configurationTargets,
  ...clientTargets,
  ...doorTargets,
  ...roomTargets,
  ...scanTargets,
];
