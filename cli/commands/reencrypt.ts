/** `quarterturn reencrypt …`: the rows of an encryption secret on their way to its new key. */
import type { RegisterCommand } from '../command.ts';
import { registerAttest } from '../reencryption/attest.ts';
import { registerConsumers } from '../reencryption/consumers.ts';
import { registerDryRun } from '../reencryption/dry-run.ts';
import { registerPause, registerResume } from '../reencryption/pause.ts';
import { registerPrepare } from '../reencryption/prepare.ts';
import { registerQuarantine } from '../reencryption/quarantine.ts';
import { registerRowsStatus } from '../reencryption/status.ts';
import { registerVerify } from '../reencryption/verify.ts';

export const registerReencrypt: RegisterCommand = (program, run) => {
  const group = program
    .command('reencrypt')
    .description('the rows of an encryption secret, on their way to its new key');
  for (const register of [
    registerRowsStatus,
    registerDryRun,
    registerPrepare,
    registerPause,
    registerResume,
    registerVerify,
    registerQuarantine,
    registerAttest,
    registerConsumers,
  ]) {
    register(group, run);
  }
};
