import { createHash } from 'node:crypto';
import { takeFingerprints } from '../../../../lambdas/fingerprints/take-fingerprints.ts';
import { inMemorySecrets } from '../../../doors/in-memory-secrets.ts';
import { recordedLog } from '../../../doors/recorded.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const value = createHash('sha512').update('canary').digest('base64');
const [v0, v1] = ['0', '1'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`) as [
  string,
  string,
];
const name = 'pharmacy/prod/mail';

function world(): FunctionWorld {
  const secrets = inMemorySecrets();
  const log = recordedLog();
  secrets.add(name, { [v1]: ['AWSCURRENT'], [v0]: ['AWSPREVIOUS'] });
  const doors = {
    secretsManager: { describe: secrets.door.describe, getValue: async () => value },
    log,
  };
  const deployed = {
    deployment: 'pharmacy/prod',
    secrets: [{ kind: 'userManaged' as const, key: 'mail', name }],
  };
  const question = { operation: 'fingerprints', scanKey: '5e'.repeat(32), secrets: ['mail'] };
  let answer: unknown;
  return {
    invoke: async (at) => {
      answer = await takeFingerprints(faultyDoors(at, doors), deployed, question);
      return answer;
    },
    outcome: () => answer,
    told: () => log.lines,
  };
}

export const fingerprints: readonly FunctionCase[] = [
  { name: 'takes', start: world, canaries: [value, value.slice(0, 24), '5e'.repeat(32)] },
];
