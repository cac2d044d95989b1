/**
 * Whoever may put an event on a bus, and whoever may not: through the bus's policy, over HTTP, as deployed. One secret,
 * one unattended emergency in six hours.
 */
import { createHmac } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  auditLogGroupName,
  controlTableName,
  deploymentDimension,
  emergencyPolicyName,
  gatePolicyName,
  manifestParameterName,
  operatorPolicyName,
  secretName,
  triggerBusName,
} from '../../domain/config/names.ts';
import type { CredentialTriggerEvent } from '../../domain/events/triggers.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import { offboardingReportSchema } from '../../domain/reports/offboarding-report.ts';
import { emergencyRecords } from '../../doors/emergency-records.ts';
import {
  controlTableWith,
  emergenciesWith,
  functionsWith,
  parametersWith,
  secretsManagerWith,
  stepFunctionsWith,
  triggersWith,
} from '../../doors/explicit-access.ts';
import { manifestAt } from '../../doors/manifest.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { runCommand } from '../cli/run-command.ts';
import { type AlarmStage, config } from './alarm-stage.ts';

const webhookSecret = 'as entered at GitHub';
/** In the full form as many as the requirement says; the function is the same. */
const flood = process.env.PROOF === 'full' ? 1_000 : 10;
const everyBus = {
  Statement: [{ Effect: 'Allow' as const, Action: 'events:PutEvents', Resource: '*' }],
};

export function triggers(stageOf: () => AlarmStage): void {
  describe('a trigger', () => {
    let stage: AlarmStage;
    let events: number;
    beforeAll(() => {
      stage = stageOf();
      events = 0;
    });

    const access = (user: string, managedPolicies: string[] = []) => ({
      endpoint: stage.sandbox.url,
      region: stage.sandbox.region,
      credentials: stage.sandbox.createPrincipal(user, { policies: [everyBus], managedPolicies }),
      maxAttempts: 1,
    });
    const put = (user: string, DetailType: string, detail: object, more: object = {}) =>
      new EventBridgeClient(access(user)).send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: triggerBusName(config),
              Source: 'quarterturn.trigger',
              DetailType,
              Detail: JSON.stringify({
                version: 1,
                id: `integration-${String(++events).padStart(8, '0')}`,
                ...detail,
              }),
              ...more,
            },
          ],
        }),
      );
    const exposure = (user: string, more: object = {}) =>
      put(user, 'credential-exposure', { secrets: ['jwt'] }, more);
    /** As the command line opens it, with the rights of one user alone. */
    const deploymentFor = async (as: ReturnType<typeof access>, user: string) => {
      const manifest = await manifestAt(manifestParameterName(config), parametersWith(as))();
      const { clock } = stage.sandbox;
      return {
        manifest,
        caller: {
          arn: `arn:aws:iam::000000000000:user/${user}`,
          account: '000000000000',
          region: stage.sandbox.region,
          endpoint: stage.sandbox.url,
        },
        secretsManager: secretsManagerWith(as),
        controlTable: controlTableWith(as, manifest.controlTable),
        rolloutRecords: rolloutRecords(manifest.controlTable, new DynamoDBClient(as)),
        ...emergenciesWith(as, manifest),
        functions: functionsWith(as),
        stepFunctions: stepFunctionsWith(as),
        auditLog: { read: async () => ({ lines: [], complete: true }) },
        triggers: triggersWith(as, manifest.controlTable),
        clock: { now: () => clock.now(), sleep: () => stage.passing(1) },
        newToken: async () => 'c'.repeat(32),
      };
    };
    const told = (): CredentialTriggerEvent[] =>
      stage.sandbox
        .linesOf(auditLogGroupName(config))
        .map((line) => JSON.parse(line))
        .filter((event) => event['detail-type'] === 'credential-trigger')
        .map(({ detail }) => detail);
    const current = async () => {
      const { VersionIdsToStages } = await stage
        .client(SecretsManagerClient)
        .send(new DescribeSecretCommand({ SecretId: secretName(config, 'jwt') }));
      return currentVersion(VersionIdsToStages as Record<string, string[]>);
    };

    test.each<[string, () => Promise<unknown>]>([
      ['of somebody who may put events on every bus', () => exposure('pod')],
      ['of another type than its sender’s', () => put('scanner', 'credential-offboarding', {})],
      ['of a type nobody may send', () => put('scanner', 'credential-trigger', {})],
      ['of another source', () => exposure('scanner', { Source: 'quarterturn' })],
    ])('%s is denied by the bus', async (_what, send) => {
      await expect(send()).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringContaining('explicit deny in a resource-based policy'),
      });
    });

    test('signed by GitHub begins an emergency of what its alert is about, and security hears of it', async () => {
      await stage.client(SecretsManagerClient).send(
        new PutSecretValueCommand({
          SecretId: secretName(config, 'gitHubWebhook'),
          SecretString: webhookSecret,
        }),
      );
      const before = await current();
      const url =
        Object.entries(stage.sandbox.outputs).find(([key]) => /WebhookUrl/.test(key))?.[1] ?? '';
      const body = JSON.stringify({
        action: 'created',
        alert: { number: 1, secret_type: 'pharmacy_jwt', secret: 'the-leaked-value' },
        repository: { full_name: 'pharmacy/api' },
      });
      const deliver = (key: string) =>
        fetch(url, {
          method: 'POST',
          body,
          headers: {
            'content-type': 'application/json',
            'x-github-event': 'secret_scanning_alert',
            'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
          },
        });
      expect((await deliver('guessed')).status).toBe(401);
      expect(told()).toEqual([]);
      expect((await deliver(webhookSecret)).status).toBe(202);
      await stage.passing(10);

      expect(told()).toEqual([
        expect.objectContaining({
          trigger: 'exposure',
          outcome: 'accepted',
          by: expect.objectContaining({ source: 'gitHub', reportedBy: 'GitHub secret scanning' }),
          secrets: [expect.objectContaining({ key: 'jwt', state: 'emergency' })],
        }),
      ]);
      expect(await current()).not.toBe(before);
      const { emergency = '' } = told()[0]?.secrets[0] ?? {};
      const records = emergencyRecords(
        controlTableName(config),
        deploymentDimension(config),
        stage.client(DynamoDBClient),
      );
      expect(await records.getEmergency(emergency)).toMatchObject({
        exposed: ['jwt'],
        unattended: true,
        requestedBy: 'trigger: GitHub secret scanning',
        state: 'closed',
      });
      expect(await records.getSecret(emergency, 'jwt')).toMatchObject({
        state: 'proven',
        versionId: await current(),
      });
      const subjects = stage.written('security').map(({ subject }) => subject);
      expect(subjects).toContain('pharmacy test: jwt reported as exposed');
      expect(subjects).toContain('pharmacy test: emergency rotation of jwt is done');
      expect(JSON.stringify(stage.sandbox.messages())).not.toContain('the-leaked-value');
      // Delivered again, it is known.
      await deliver(webhookSecret);
      await stage.passing(2);
      expect(told().at(-1)?.refusal?.code).toBe('ERR_ROTATION_TRIGGER_REPLAYED');
    });

    test('in a flood begins nothing more, and is one more finding', async () => {
      const version = await current();
      const before = told().length;
      const client = new EventBridgeClient(access('scanner'));
      for (let sent = 0; sent < flood; sent += 10) {
        const Entries = Array.from({ length: 10 }, (_, index) => ({
          EventBusName: triggerBusName(config),
          Source: 'quarterturn.trigger',
          DetailType: 'credential-exposure',
          Detail: JSON.stringify({
            version: 1,
            id: `flood-${String(sent + index).padStart(10, '0')}`,
            secrets: ['jwt'],
          }),
        }));
        const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries }));
        expect(FailedEntryCount).toBe(0);
      }
      await stage.passing(2);
      expect(
        told()
          .slice(before)
          .map(({ refusal }) => refusal?.code),
      ).toEqual(['ERR_ROTATION_TRIGGER_TOO_SOON']);
      expect(await current()).toBe(version);
    }, 300_000);

    const inFull = process.env.PROOF === 'full' ? test : test.skip;
    inFull(
      'that comes too soon says what a person runs, and that is an emergency',
      async () => {
        const before = await current();
        const command = told().at(-1)?.secrets[0]?.command ?? '';
        const [, reason = ''] =
          /^npx quarterturn emergency jwt --reason "([^"]+)" --deployment/.exec(command) ?? [];
        const person = access('by-hand', [emergencyPolicyName(config)]);
        const argv = ['emergency', 'jwt', '--reason', reason, '--yes'];
        const { exitCode } = await runCommand(await deploymentFor(person, 'by-hand'), argv);
        expect(exitCode).toBe(0);
        expect(await current()).not.toBe(before);
      },
      300_000,
    );

    test('that somebody leaves: what they could read and did read is known with the rights of on-call and of emergencies', async () => {
      const jwt = secretName(config, 'jwt');
      const reads = {
        Effect: 'Allow' as const,
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      };
      stage.sandbox.createPrincipal('leaver', { policies: [{ Statement: reads }] });
      const as = access('on-call', [operatorPolicyName(config), emergencyPolicyName(config)]);
      const leaver = 'arn:aws:iam::000000000000:user/leaver';
      const argv = ['offboard', leaver, '--dry-run', '--json'];
      const { said, complained } = await runCommand(await deploymentFor(as, 'on-call'), argv);
      const report = offboardingReportSchema.parse(JSON.parse(said || JSON.stringify(complained)));
      expect(report.secrets.find(({ key }) => key === 'jwt')).toMatchObject({
        name: jwt,
        // Its key's own policy may let somebody decrypt: nobody sees that here.
        couldRead: 'perhaps',
        rotates: 'planned',
      });
      expect(report.audits).toMatchObject([
        { principal: leaver, audit: { covered: [{ region: stage.sandbox.region }] } },
      ]);
    });

    test('of a pipeline opens its gate when the rotation is done, with the pipeline’s rights alone', async () => {
      const before = await current();
      const pipeline = access('pipeline', [gatePolicyName(config)]);
      const deployment = await deploymentFor(pipeline, 'pipeline');
      const { exitCode, said, complained } = await runCommand(deployment, ['gate', 'jwt']);
      expect(complained).toBe('');
      expect(said).toMatch(/jwt +finished\nGate open/);
      expect(exitCode).toBe(0);
      expect(await current()).not.toBe(before);
      expect(told().at(-1)).toMatchObject({ trigger: 'deployment', outcome: 'accepted' });
    });

    // In the short form over doors in memory: test/lambdas/triggers.
    inFull(
      'of somebody who leaves waits for what is under way, and rotates it in the next hour',
      async () => {
        await stage.rotate();
        const underWay = await current();
        await put('directory', 'credential-offboarding', { person: 'ada' });
        await stage.passing(2);
        expect(told().at(-1)).toMatchObject({
          trigger: 'offboarding',
          secrets: [expect.objectContaining({ key: 'jwt', state: 'waiting' })],
        });
        await stage.passing(75);
        expect(await current()).not.toBe(underWay);
        expect(stage.sandbox.undelivered()).toEqual([]);
      },
    );
  });
}
