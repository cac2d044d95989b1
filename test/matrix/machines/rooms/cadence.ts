import type { RotatedManifestSecret } from '../../../../domain/config/manifest.ts';
import { tick } from '../../../../lambdas/cadence/tick.ts';
import { cadenceWorld, secretOf } from '../../../lambdas/cadence/world.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const afterRotation = 'arn:aws:states:eu-west-1:000000000000:stateMachine:after-rotation';
const reencryption = 'arn:aws:states:eu-west-1:000000000000:stateMachine:reencryption';
const vendor = 'pharmacy/prod/vendor';
const inbox = {
  kind: 'userManaged' as const,
  key: 'vendor',
  name: vendor,
  purpose: 'The API key of the assistant.',
  remindDays: 900,
  inbox: { name: `${vendor}/inbox` },
  function: `fn-vendor`,
  origin: 'new' as const,
  armed: true,
  readerCacheSeconds: 300,
};
const mail = {
  kind: 'userManaged' as const,
  key: 'mail',
  name: 'pharmacy/prod/mail',
  purpose: 'The key of the mail provider.',
  remindDays: 30,
};
const pii = {
  ...secretOf('pii', { cadenceDays: 365 }),
  kind: 'encryption',
  columns: [],
  reencryption: { function: 'rows-pii', login: 'db', mode: 'online', workers: 1, stores: [] },
} as unknown as RotatedManifestSecret;
const hour = 3_600_000;
const start = '2026-02-14T00:20:00Z';

/** One is due, one lost its AfterRotation, one its re-encryption, one waits in an inbox; and an owner is reminded. */
async function world(): Promise<FunctionWorld> {
  // Taken over and never armed: too old by now, and nothing rotates it.
  const old = secretOf('old', { cadenceDays: 60, armed: false, origin: 'adopted' });
  const db = secretOf('db', { cadenceDays: 365 });
  const around = cadenceWorld([secretOf('jwt'), secretOf('session'), db, old, pii], { start });
  const { secrets, controlTable, clock, doors, bus, log } = around;
  const manifest = { ...around.manifest, secrets: [...around.manifest.secrets, inbox, mail] };
  const { more } = secrets;
  secrets.more = (name) => ({
    ...more(name),
    ...(name === vendor && {
      rotationLambdaArn: 'arn:aws:lambda:eu-west-1:000000000000:function:fn-vendor',
      rotationRules: {},
    }),
  });
  secrets.add(mail.name, { v1: ['AWSCURRENT'], v0: ['AWSPREVIOUS'] });
  secrets.since.set(mail.name, new Date('2025-12-01T00:00:00Z'));
  secrets.add(vendor, { v1: ['AWSCURRENT', 'rotated-20251201T000000Z'] });
  secrets.add(`${vendor}/inbox`, { i1: ['AWSPREVIOUS'], i2: ['AWSCURRENT'] }, false);
  const at = '2026-02-13T20:00:00.000Z';
  await controlTable.putAfterRotation(db.name, {
    ...{ versionId: 'first', state: 'due', intent: 'planned', basedOn: null, at },
  });
  await controlTable.updateReencryption(pii.name, () => ({
    ...{ state: 'due', mode: 'online', targetKid: 'k2', versionId: 'first', findings: [], at },
  }));

  const started: string[] = [];
  const running = new Set<string>();
  const stepFunctions = {
    async startExecution({ stateMachineArn, name }: { stateMachineArn: string; name: string }) {
      const execution = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      // "If you call StartExecution with the same name and input as a running execution, the call succeeds."
      if (running.has(execution)) return 'started' as const;
      if (started.includes(execution)) return 'alreadyExists' as const;
      started.push(execution);
      running.add(execution);
      return 'started' as const;
    },
    isRunning: async (execution: string) => running.has(execution),
  };
  /** The first task of an execution takes the record. */
  async function begin(): Promise<void> {
    const now = clock.now().toISOString();
    const [following] = started.filter((execution) => execution.includes(':after-rotation:'));
    const record = await controlTable.getAfterRotation(db.name, 'first');
    if (following !== undefined && record?.state === 'due') {
      const taken = { ...record, state: 'running' as const, execution: following, at: now };
      await controlTable.moveAfterRotation(db.name, ['due'], taken);
    }
    const [rewriting] = started.filter((execution) => execution.includes(':reencryption:'));
    await controlTable.updateReencryption(pii.name, (standing) =>
      rewriting === undefined || standing === undefined
        ? undefined
        : { ...standing, state: 'active', execution: rewriting, at: now },
    );
  }
  const tokens: string[] = [];
  // That it is planned may be a finding in the place of a notice: it is rotated all the same (lambdas/cadence/act.ts).
  const words = () =>
    bus.events
      .filter(({ detailType }) => detailType !== 'credential-rotation-planned')
      .map(({ detailType, detail }) => {
        const { secret } = detail as { secret: { name: string } };
        return `${detailType} ${secret.name}`;
      });

  return {
    invoke: async (call) => {
      const summary = await tick(
        faultyDoors(call, { ...doors, stepFunctions }),
        await call.call('manifest', async () => manifest),
        { afterRotation, reencryption },
      );
      await begin();
      return summary;
    },
    between: () => {
      void begin();
      for (const { clientRequestToken: token, secretId } of secrets.rotations) {
        tokens.push(token);
        // As createSecret records it.
        void controlTable.fixRotation(secretId.slice(secretId.indexOf('secret:') + 7, -7), {
          ...{ token, intent: 'planned', basedOn: 'first', at: clock.now().toISOString() },
          provenance: { intent: 'planned', token, attributed: true },
          ...{ steps: {}, evidence: [] },
        });
      }
      around.finish();
      clock.set(new Date(clock.now().getTime() + hour).toISOString());
    },
    outcome: async () => [
      around.rotated.map(({ name }) => name).sort(),
      started.toSorted(),
      [...new Set(words())].sort(),
      (await controlTable.getAfterRotation(db.name, 'first'))?.state,
      (await controlTable.getReencryption(pii.name))?.state,
    ],
    once: () => [...tokens, ...started, ...around.rotated.map(({ name }) => name)],
    said: () => bus.events.map(({ detail }) => detail),
    told: () => [log.lines, bus.events],
  };
}

export const cadence: readonly FunctionCase[] = [{ name: 'tick', start: world, runs: 8 }];
