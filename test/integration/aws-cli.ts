/** The `aws` command, as on-call types it, with the operator's key; skipped where there is none. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ExplicitAccess } from '../../doors/explicit-access.ts';
import { type Aws, lifecycle, policies, refusals, values } from './aws-cli-conformance.ts';
import { eyes } from './eyes.ts';
import { sdkAsAws } from './sdk-as-aws.ts';
import type { World } from './world.ts';

const run = promisify(execFile);
const hasAws = await run('aws', ['--version']).then(
  () => true,
  () => false,
);
if (!hasAws) {
  process.stderr.write('No `aws` command on this machine: its tests are skipped.\n');
}

const isFull = process.env.PROOF === 'full';
const suite = hasAws ? describe : describe.skip;

export const awsCli = (theWorld: () => World) =>
  suite('aws secretsmanager', () => {
    let world: World;
    beforeAll(() => {
      world = theWorld();
    });

    interface Outcome {
      answer: Record<string, unknown>;
      /** What it wrote to standard error; empty when it succeeded. */
      refusal: string;
    }

    async function aws(
      credentials: ExplicitAccess['credentials'],
      ...args: string[]
    ): Promise<Outcome> {
      const { sandbox, directory } = world.stage;
      const env = {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        PYENV_VERSION: process.env.PYENV_VERSION ?? '',
        AWS_ENDPOINT_URL: sandbox.url,
        AWS_DEFAULT_REGION: sandbox.region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      try {
        const { stdout } = await run('aws', ['secretsmanager', '--output', 'json', ...args], {
          env,
        });
        return { answer: stdout === '' ? {} : JSON.parse(stdout), refusal: '' };
      } catch (error) {
        return { answer: {}, refusal: (error as { stderr: string }).stderr };
      }
    }
    /** What the command has shown once in this file already: by the SDK. With `npm run proof` the command again. */
    async function alike(
      credentials: ExplicitAccess['credentials'],
      ...args: string[]
    ): Promise<Outcome> {
      if (isFull) return aws(credentials, ...args);
      const { output, refusal } = await sdkAsAws(world.accessOf(credentials))(...args);
      return { answer: output, refusal };
    }
    const asOperator = (...args: string[]) => aws(world.stage.operatorKey, ...args);
    const likeOperator = (...args: string[]) => alike(world.stage.operatorKey, ...args);
    const jwt = () => ['--secret-id', world.name('jwt')] as const;

    test('rotate-secret rotates, and nobody is logged out', async () => {
      const look = await eyes.jwt(world);
      await world.later();
      const { answer, refusal } = await asOperator('rotate-secret', ...jwt());
      expect(refusal).toBe('');
      expect(answer).toMatchObject({ Name: world.name('jwt') });
      await world.settle();
      expect(await world.holder('jwt', 'AWSPREVIOUS')).toBe(answer.VersionId);
      await look();
    });

    test('describe-secret and list-secret-version-ids show versions with their labels', async () => {
      const stages = await world.stages('jwt');
      const described = await asOperator('describe-secret', ...jwt());
      expect(described.answer).toMatchObject({ RotationEnabled: true, VersionIdsToStages: stages });
      const listed = await asOperator('list-secret-version-ids', ...jwt());
      expect(listed.refusal).toBe('');
      const versions = listed.answer.Versions as { VersionId: string; VersionStages: string[] }[];
      for (const { VersionId, VersionStages } of versions) {
        expect([...VersionStages].sort()).toEqual([...(stages[VersionId] ?? [])].sort());
      }
      expect(versions).toHaveLength(Object.keys(stages).length);
    });

    test('get-secret-value is denied to the operator, whatever the label', async () => {
      // No policy of the operator's tells labels apart.
      const labels = ['AWSPREVIOUS', ...(isFull ? ['AWSCURRENT'] : [])];
      for (const label of labels) {
        const { refusal } = await asOperator(
          'get-secret-value',
          ...jwt(),
          '--version-stage',
          label,
        );
        expect(refusal).toContain('AccessDeniedException');
        expect(refusal).toContain('no identity-based policy allows');
      }
    });

    test('put-secret-value is denied to an administrator: the secret itself says so', async () => {
      const administrator = world.stage.sandbox.createPrincipal('administrator', {
        policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
      });
      const current = await world.holder('jwt', 'AWSCURRENT');
      const writes = [
        ['put-secret-value', '--secret-string', 'written by hand'],
        ['update-secret', '--secret-string', 'written by hand'],
        [
          'update-secret-version-stage',
          '--version-stage',
          'AWSCURRENT',
          '--move-to-version-id',
          current ?? '',
        ],
      ] as const;
      for (const [nth, [operation, ...args]] of writes.entries()) {
        const write = nth === 0 ? aws : alike;
        const { refusal } = await write(administrator, operation, ...jwt(), ...args);
        expect(refusal).toContain('AccessDeniedException');
        expect(refusal).toContain('with an explicit deny in a resource-based policy');
      }
      expect(await world.holder('jwt', 'AWSCURRENT')).toBe(current);
      // The administrator may do everything else.
      const { answer } = await alike(administrator, 'get-secret-value', ...jwt());
      expect(answer.VersionId).toBe(current);
    });

    // Of secrets the stack knows nothing of: what the service itself answers.
    const account = () =>
      world.stage.sandbox.createPrincipal('account-administrator', {
        policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
      });
    /**
     * The first call of each of these is the command's, one of each shape of answer; with `npm run proof` every call is.
     */
    const scenarios = [
      {
        scenario: values,
        commands: ['create-secret', 'update-secret-version-stage'],
      },
      {
        scenario: lifecycle,
        commands: ['tag-resource', 'list-secrets', 'delete-secret'],
      },
      {
        scenario: policies,
        commands: ['put-resource-policy'],
      },
      { scenario: refusals, commands: [] },
    ];
    test('answers every operation as AWS documents it', async () => {
      const credentials = account();
      const sdk = sdkAsAws(world.accessOf(credentials));
      await Promise.all(
        scenarios.map(({ scenario, commands }) => {
          const left = new Set(commands);
          const asAdministrator: Aws = async (...args) => {
            if (!isFull && !left.delete(args[0] ?? '')) return sdk(...args);
            const { answer, refusal } = await aws(credentials, ...args);
            return { output: answer, refusal };
          };
          return scenario(asAdministrator);
        }),
      );
    }, 120_000);

    test('cancel-rotate-secret is not the operator’s; whoever may, stops the retries', async () => {
      const before = await world.holder('jwt', 'AWSCURRENT');
      const fault = world.fault('jwt', 'setSecret', 'before', { times: 6 });
      await world.later();
      const { answer } = await likeOperator('rotate-secret', ...jwt());
      await world.stage.sandbox.clock.idle();
      expect((await likeOperator('cancel-rotate-secret', ...jwt())).refusal).toContain(
        'AccessDeniedException',
      );
      const breakGlass = world.stage.sandbox.createPrincipal('break-glass', {
        policies: [
          {
            Statement: [
              { Effect: 'Allow', Action: 'secretsmanager:CancelRotateSecret', Resource: '*' },
            ],
          },
        ],
      });
      expect((await aws(breakGlass, 'cancel-rotate-secret', ...jwt())).answer.VersionId).toBe(
        answer.VersionId,
      );
      await world.settle();
      expect(fault.fired()).toBe(1);
      fault.remove();
      const { answer: described } = await likeOperator('describe-secret', ...jwt());
      expect(described.RotationEnabled ?? false).toBe(false);
      expect(await world.holder('jwt', 'AWSCURRENT')).toBe(before);
      expect(await world.holder('jwt', 'AWSPENDING')).toBe(answer.VersionId);

      const again = await likeOperator('rotate-secret', ...jwt());
      expect(again.refusal).toContain("A previous rotation isn't complete");
      const token = await world.preemptAndRotate('jwt', 'emergency');
      expect(await world.holder('jwt', 'AWSCURRENT')).toBe(token);
      await (await eyes.jwt(world))();
    }, 120_000);
  });
