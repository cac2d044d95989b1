/**
 * What the matrix must find: the single-user algorithm that AWS documents for its rotation function (user guide,
 * "Lambda rotation functions" and "Single user rotation strategy"), written anew over the same stores. createSecret
 * keeps a value that is there; setSecret tries pending, current, previous, and changes the password with whichever
 * lets it in; testSecret logs in; finishSecret moves AWSCURRENT. There is no second login that could repair anything.
 */

import { probeLogin } from '../../doors/postgres/login-probe.ts';
import { scramVerifier } from '../../doors/postgres/scram.ts';
import type { Room } from './room.ts';
import { credentialIn, logsIn } from './rooms/databases.ts';
import { legacy, legacyPassword, pharmacyServer } from './rooms/server.ts';
import type { Stand } from './stand.ts';

const endpoint = { host: 'localhost', port: 5432, dbname: 'pharmacy', ca: 'no authority' };

interface Step {
  readonly Step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
  readonly ClientRequestToken: string;
}

interface Value {
  readonly username: string;
  readonly password: string;
}

function parse(text: string | undefined): Value {
  if (text === undefined) throw new Error('this version has no value');
  return JSON.parse(text);
}

async function createSecret(stand: Stand, token: string): Promise<void> {
  const { secretsManager, kmsRandom } = stand.faulty;
  const current = parse(await secretsManager.getCurrentValue(stand.arn));
  if ((await secretsManager.getValue(stand.arn, token)) !== undefined) {
    return;
  }
  const password = (await kmsRandom.bytes(24)).toString('base64url');
  const secretString = JSON.stringify({ ...current, password });
  await secretsManager.putPending({ secretId: stand.arn, token, secretString });
}

async function setSecret(stand: Stand, token: string): Promise<void> {
  const { secretsManager } = stand.faulty;
  const previousId = stand.labels().AWSPREVIOUS;
  const previous =
    previousId === undefined ? undefined : await secretsManager.getValue(stand.arn, previousId);
  const current = parse(await secretsManager.getCurrentValue(stand.arn));
  const pending = parse(await secretsManager.getValue(stand.arn, token));
  const lets = (value: Value) => probeLogin(stand.postgres, endpoint, value);
  if ((await lets(pending)) === 'accepted') {
    return;
  }
  for (const value of [current, ...(previous === undefined ? [] : [parse(previous)])]) {
    if ((await lets(value)) === 'accepted') {
      await stand.postgres.withSession(endpoint, value, (session) =>
        session.transaction(() =>
          session.query(`ALTER ROLE ${legacy} PASSWORD '${scramVerifier(pending.password)}'`),
        ),
      );
      return;
    }
  }
  throw new Error('unable to log into the database with previous, current or pending');
}

async function testSecret(stand: Stand, token: string): Promise<void> {
  const pending = parse(await stand.faulty.secretsManager.getValue(stand.arn, token));
  await stand.postgres.withSession(endpoint, pending, (session) => session.query('select 1'));
}

async function finishSecret(stand: Stand, token: string): Promise<void> {
  const { secretsManager } = stand.faulty;
  const { versionIdsToStages: stages } = await secretsManager.describe(stand.arn);
  const current = Object.keys(stages).find((id) => stages[id]?.includes('AWSCURRENT'));
  if (current !== token && current !== undefined) {
    const move = { secretId: stand.arn, label: 'AWSCURRENT', to: token, from: current };
    await secretsManager.moveLabel(move);
  }
}

const steps = { createSecret, setSecret, testSecret, finishSecret };

export const baselineRoom: Room = {
  name: 'baseline',
  scenarios: ['planned'],
  // biome-ignore lint/suspicious/noExplicitAny: nobody watches it
  manifest: undefined as any,
  rule: { AutomaticallyAfterDays: 30 },
  companions: {},
  initial: JSON.stringify({ username: legacy, password: legacyPassword }),
  escrow: false,
  server: pharmacyServer,
  handler:
    ({ stand }) =>
    async (event) => {
      const { Step, ClientRequestToken: token } = event as Step;
      const { versionIdsToStages: stages } = await stand.faulty.secretsManager.describe(stand.arn);
      if (stages[token]?.includes('AWSCURRENT')) {
        return;
      }
      if (!stages[token]?.includes('AWSPENDING')) {
        throw new Error('this version is not staged for rotation');
      }
      await steps[Step](stand, token);
    },
  async prepare(stand) {
    await stand.begin({ intent: 'planned' });
    await stand.settle();
  },
  watch: () => () => undefined,
  async atTheEnd() {
    return undefined;
  },
};

/** Whoever reads AWSCURRENT is let in. */
export const letsIn = (stand: Stand): boolean => logsIn(stand, credentialIn(stand.current()));
