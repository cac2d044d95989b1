/** Every command about a deployment, run against it: what it says, in words and as JSON, and the reports it writes. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { OpenDeployment } from '../../cli/command.ts';
import {
  auditLogWith,
  controlTableWith,
  emergenciesWith,
  secretsManagerWith,
  triggersWith,
} from '../../doors/explicit-access.ts';
import { functions } from '../../doors/functions.ts';
import { localRandom } from '../../doors/random.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { recordedTerminal } from '../cli/recorded-terminal.ts';
import { runCommand } from '../cli/run-command.ts';
import type { World } from '../integration/world.ts';

const nobody = 'arn:aws:iam::000000000000:role/nobody';

/** By command. What it answers matters to other tests; here that it ran, and what it said. */
const commandLines: Readonly<Record<string, readonly (readonly string[])[]>> = {
  status: [[], ['jwt'], ['db']],
  doctor: [[], ['db']],
  rotate: [['legacyDb', '--reason', 'leak test', '--no-wait'], ['nothing-of-that-name']],
  rollback: [['jwt', '--yes', '--no-wait', '--reason', 'leak test']],
  release: [['jwt', '--yes']],
  emergency: [['--list'], ['--report', 'none'], ['jwt', '--no-wait']],
  drill: [
    ['--escrow', 'pii'],
    ['jwt', '--no-wait'],
  ],
  offboard: [[nobody, '--dry-run']],
  gate: [['db', '--no-wait']],
  reencrypt: [
    ['status', 'pii'],
    ['verify', 'pii'],
  ],
  adopt: [['jwt', '--dry-run']],
  eject: [['jwt', '--dry-run']],
};
/** In every run: those that read, and one that begins something. */
const some = ['status', 'rotate'];
const formats = ['md', 'html', 'json', 'csv'] as const;

export async function runCommands(
  world: World,
  which: 'every' | 'some',
): Promise<{ commands: string; reports: string; ran: number }> {
  const deployment = deploymentOf(world);
  const said: string[] = [];
  const run = async (argv: readonly string[]) => {
    const terminal = recordedTerminal({ interactive: !argv.includes('--json'), answer: false });
    const outcome = await runCommand(deployment, argv, terminal);
    await world.settle();
    const text = [`$ ${argv.join(' ')}`, outcome.said, outcome.complained, ...terminal.asked];
    said.push(text.join('\n'));
    return outcome.said;
  };
  for (const [command, lines] of Object.entries(commandLines)) {
    if (which === 'some' && !some.includes(command)) continue;
    for (const line of lines) {
      await run([command, ...line]);
      if (!line.includes('--yes') && !line.includes('--no-wait')) {
        await run([command, ...line, '--json']);
      }
    }
  }
  if (which === 'every') await run(['scan', scannedFolder(world), '--no-history']);
  const reports: string[] = [];
  for (const format of formats) {
    reports.push(await run(['report', '--format', format]));
    if (which === 'every') {
      reports.push(await run(['report', '--control', '--format', format]));
    }
  }
  return { commands: said.join('\n'), reports: reports.join('\n'), ran: said.length };
}

/** With something in it that looks like a value and is none. */
function scannedFolder({ stage }: World): string {
  const folder = mkdtempSync(join(stage.directory, 'scanned-'));
  writeFileSync(join(folder, 'settings.env'), 'JWT_SECRET=AAAAAAAAAAAAAAAAAAAAAAAA\n');
  return folder;
}

function deploymentOf(world: World): OpenDeployment {
  const { sandbox, operator, operatorKey } = world.stage;
  const { manifest } = operator;
  const access = world.accessOf(operatorKey);
  const { account, region, url: endpoint } = sandbox;
  return {
    manifest,
    caller: { arn: `arn:aws:iam::${account}:user/on-call`, account, region, endpoint },
    secretsManager: secretsManagerWith(access),
    controlTable: controlTableWith(access, manifest.controlTable),
    rolloutRecords: rolloutRecords(manifest.controlTable, new DynamoDBClient(access)),
    ...emergenciesWith(access, manifest),
    functions: functions(new LambdaClient({ ...access, maxAttempts: 1 })),
    stepFunctions: stepFunctions(new SFNClient(access)),
    auditLog: auditLogWith(access),
    triggers: triggersWith(access, manifest.controlTable),
    clock: { now: () => sandbox.clock.now(), sleep: (pause) => world.later(pause) },
    newToken: async () => (await localRandom.bytes(16)).toString('hex'),
  };
}
