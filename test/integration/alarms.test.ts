/** What goes wrong reaches somebody: from the deployed artefacts to the mailbox, through every policy and key. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ACMClient, DescribeCertificateCommand } from '@aws-sdk/client-acm';
import {
  DisableRuleCommand,
  EnableRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditLogGroupName, secretName } from '../../domain/config/names.ts';
import { rotationAuditEventSchema } from '../../domain/events/audit-event.ts';
import {
  AlarmStage,
  config,
  synthesizeOnce,
  withoutKeyStatement,
  withoutPermission,
} from './alarm-stage.ts';
import { triggers } from './triggers.ts';

const run = promisify(execFile);
const hasAws = await run('aws', ['--version']).then(
  () => true,
  () => false,
);

let stage: AlarmStage;
let forget: () => void;
beforeAll(async () => {
  forget = await synthesizeOnce();
}, 60_000);
afterAll(() => forget?.());

let partnersKey: string;
const since = () => {
  const before = stage.told().length;
  return () => stage.told().slice(before);
};
const ruleOf = (id: RegExp) => {
  const [found] = [...stage.sandbox.resources].filter(
    ([logicalId, { type }]) => type === 'AWS::Events::Rule' && id.test(logicalId),
  );
  return found?.[1].physicalId ?? '';
};
const unmanagedWrite = () =>
  stage.events().send(
    new PutEventsCommand({
      Entries: [
        {
          Source: 'quarterturn',
          DetailType: 'unmanaged-secret-write',
          Detail: JSON.stringify({
            type: 'unmanaged-secret-write',
            version: 1,
            id: '6'.repeat(32),
            at: '2026-01-05T05:00:00.000Z',
            secret: { name: secretName(config, 'jwt'), arn: secretArn() },
            versionId: 'v1',
          }),
        },
      ],
    }),
  );
const secretArn = () =>
  [...stage.sandbox.resources.values()].find(
    ({ type, physicalId }) =>
      type === 'AWS::SecretsManager::Secret' && physicalId.includes(secretName(config, 'jwt')),
  )?.physicalId ?? '';

describe('a deployment whose addresses have confirmed', () => {
  beforeAll(async () => {
    stage = await AlarmStage.start();
    await stage.confirmSubscriptions();
    await stage.certificateInAcm(60);
    partnersKey = await stage.certificateInSecret();
    // Their schedule is every six hours; until the first look nobody knows when they end.
    expect(await stage.lookAtCertificates()).toEqual({
      certificates: 2,
      problems: 0,
      told: 0,
      daysLeft: 59,
    });
    // The first value, its AfterRotation, and the second tick, which knows its age.
    await stage.passingDays(55 / 1_440);
    await stage.passing(70);
  }, 60_000);
  afterAll(() => stage?.stop());

  test('comes to rest: nothing of what is deployed is left out, and nothing is in alarm', () => {
    expect(
      stage.sandbox.notSimulated.filter((what) => /Alarm|SNS|SQS|Logs|Rule/.test(what)),
    ).toEqual([]);
    const last = new Map(stage.told().map((told) => told.split(' ').reverse() as [string, string]));
    expect([...last].filter(([, state]) => state !== 'OK')).toEqual([]);
    expect([...last.keys()].sort()).toContain('near-limit-jwt');
    expect(stage.sandbox.undelivered()).toEqual([]);
  });

  test('keeps its audit events in their log group', () => {
    const lines = stage.sandbox.linesOf(auditLogGroupName(config));
    const events = lines.map((line) => JSON.parse(line));
    expect(events.map((event) => event['detail-type'])).toContain('credential-secret-rotation');
    expect(rotationAuditEventSchema.parse(events[0].detail).secret.name).toBe(
      secretName(config, 'jwt'),
    );
  });

  test('a first value is told to security, and a rotation to everybody it is for, once', async () => {
    expect(stage.written('security').map(({ subject }) => subject)).toEqual([
      'pharmacy test: jwt has its first value',
    ]);
    expect(stage.published('support')).toEqual([]);
    await stage.rotate();
    await stage.passing(25);
    // Delivered again, by whoever may: nobody hears it twice.
    const [last] = stage.sandbox.linesOf(auditLogGroupName(config)).slice(-1);
    const { source, detail, ...event } = JSON.parse(last ?? '{}');
    expect(event['detail-type']).toBe('credential-secret-rotation');
    await stage.events().send(
      new PutEventsCommand({
        Entries: [{ Source: source, DetailType: detail.type, Detail: JSON.stringify(detail) }],
      }),
    );
    await stage.passing(2);
    const told = (audience: Parameters<typeof stage.written>[0]) =>
      stage
        .written(audience)
        .map(({ subject, message }) => subject ?? JSON.parse(message).content.title);
    expect(told('security').slice(1)).toEqual(['pharmacy test: jwt is rotated']);
    expect(told('support')).toContain('pharmacy test: the change of a secret is done');
    expect(new Set(told('support')).size).toBe(told('support').length);
    expect(told('product-chat')).toEqual(['pharmacy test: the routine security work is done']);
    const texts = JSON.stringify(stage.sandbox.messages());
    const { SecretString } = await stage
      .client(SecretsManagerClient)
      .send(new GetSecretValueCommand({ SecretId: secretName(config, 'jwt') }));
    const { keyset } = JSON.parse(SecretString ?? '{}');
    expect(keyset.keys).toHaveLength(2);
    for (const { k } of keyset.keys) expect(texts).not.toContain(k);
    const mail = stage.sandbox.mail().filter(({ to }) => to === 'support@example.com');
    expect(mail.at(-1)?.body).toMatch(
      /^The key that signs the sessions of pharmacy \(test\) is replaced/,
    );
  });

  test('a failed step is told within two minutes, and its end', async () => {
    const told = since();
    const mail = stage.sandbox.mail().length;
    stage.fail('jwt', 1);
    await stage.rotate();
    await stage.passing(2);
    expect(told()).toEqual(['ALARM step-failed-jwt']);
    expect(stage.sandbox.mail().slice(mail)).toMatchObject([
      {
        to: 'on-call@example.com',
        subject: expect.stringContaining('step-failed-jwt'),
        body: expect.stringContaining('npx quarterturn rotate jwt'),
      },
    ]);
    await stage.passing(15);
    expect(told()).toEqual(['ALARM step-failed-jwt', 'OK step-failed-jwt']);
  });

  test('a throttled function is told', async () => {
    const told = since();
    stage.fail('jwt', 1, 'TooManyRequestsException');
    await stage.rotate();
    await stage.passing(2);
    expect(told()).toEqual(['ALARM throttled-jwt']);
    await stage.passing(15);
  });

  test('an event that its function failed on three times is kept, and told', async () => {
    const told = since();
    stage.fail('starter', 3);
    await stage.rotate();
    await stage.passing(6);
    expect(told()).toContain('ALARM dead-letters');
    const queue = [...stage.sandbox.resources.values()].find(
      ({ type }) => type === 'AWS::SQS::Queue',
    );
    const { Messages } = await stage
      .client(SQSClient)
      .send(
        new ReceiveMessageCommand({ QueueUrl: queue?.physicalId, MessageAttributeNames: ['All'] }),
      );
    expect(JSON.parse(Messages?.[0]?.Body ?? '{}')).toMatchObject({
      'detail-type': 'Secret Label Updated',
      detail: { name: secretName(config, 'jwt') },
    });
    expect(Messages?.[0]?.MessageAttributes?.ErrorCode?.StringValue).toBe('200');
  });

  (hasAws && process.env.PROOF === 'full' ? test : test.skip)(
    'the aws command sees them, and sends one down the path',
    async () => {
      const aws = async (...args: string[]) => {
        const env = { PATH: process.env.PATH ?? '', ...stage.awsEnvironment() };
        const { stdout } = await run('aws', [...args, '--output', 'json'], { env });
        return stdout === '' ? {} : JSON.parse(stdout);
      };
      const name = 'quarterturn-pharmacy-test-findings';
      const { MetricAlarms } = await aws('cloudwatch', 'describe-alarms', '--alarm-names', name);
      expect(MetricAlarms).toMatchObject([{ AlarmName: name, Period: 3600, Threshold: 1 }]);
      expect(MetricAlarms[0].StateUpdatedTimestamp).toBeTruthy();
      const told = since();
      for (const state of ['ALARM', 'OK']) {
        await aws(
          ...['cloudwatch', 'set-alarm-state', '--alarm-name', name, '--state-value', state],
          ...['--state-reason', 'test of the path'],
        );
      }
      expect(told().at(-1)).toBe('OK findings');
    },
  );

  test('an unmanaged write is told to security, in words', async () => {
    const before = stage.written('security').length;
    await unmanagedWrite();
    await stage.passing(1);
    expect(stage.written('security').slice(before)).toMatchObject([
      {
        subject: 'pharmacy test: jwt was written outside of a rotation',
        message: expect.stringMatching(
          /^Secret pharmacy\/test\/jwt was written outside of a rotation/,
        ),
      },
    ]);
    expect(stage.sandbox.mail().at(-1)?.to).toBe('security@example.com');
  });

  triggers(() => stage);

  test('a certificate that ends is told to on-call, in words and as an alarm; its key to nobody', async () => {
    const told = since();
    const before = stage.published('on-call').length;
    await stage.certificateInAcm(5);
    expect(await stage.lookAtCertificates()).toMatchObject({ told: 1, daysLeft: 4 });
    await stage.passing(2);
    expect(told()).toContain('ALARM certificate-ends');
    const words = stage
      .published('on-call')
      .slice(before)
      .filter(({ message }) => !message.startsWith('{'));
    expect(words).toMatchObject([
      {
        subject: 'pharmacy test: certificate www needs somebody',
        message: expect.stringMatching(/certificate\/www\) needs somebody[\s\S]*Days left: 4\n/),
      },
    ]);
    // Nothing it does not name, and nobody without the right.
    const acm = new ACMClient({
      ...stage.access,
      credentials: stage.sandbox.createPrincipal('nobody', {}),
    });
    await expect(
      acm.send(
        new DescribeCertificateCommand({
          CertificateArn: 'arn:aws:acm:eu-west-1:000000000000:certificate/www',
        }),
      ),
    ).rejects.toThrow(expect.objectContaining({ name: 'AccessDeniedException' }));
    const inner = partnersKey.split('\n')[1] ?? '';
    expect(inner.length).toBeGreaterThan(40);
    const everything = [stage.sandbox.logs(), stage.sandbox.messages(), stage.sandbox.events()];
    expect(JSON.stringify(everything)).not.toContain(inner);
    // Renewed: nobody hears of it again.
    await stage.certificateInAcm(90);
    expect(await stage.lookAtCertificates()).toMatchObject({ told: 0, daysLeft: 89 });
  });

  test('a watch that looks no more is told, by the silence', async () => {
    const told = since();
    await stage.events().send(new DisableRuleCommand({ Name: ruleOf(/^WatchEveryFiveMinutes/) }));
    await stage.passing(45);
    expect(told()).toContain('ALARM watch-silent');
    // It stays so: what follows takes days, in which it would look every five minutes.
  });

  test('a cadence that runs no more is told, by the silence', async () => {
    const told = since();
    const Name = ruleOf(/^CadenceHourly/);
    await stage.events().send(new DisableRuleCommand({ Name }));
    await stage.passing(5 * 60);
    expect(told()).toContain('ALARM cadence-silent');
    // Ages come from it as well.
    expect(told()).toContain('ALARM near-limit-jwt');
    await stage.events().send(new EnableRuleCommand({ Name }));
    await stage.passing(65);
    expect(told()).toContain('OK cadence-silent');
  });

  test('a secret that nobody manages to rotate is told while there is time', async () => {
    const told = since();
    const fault = stage.fail('jwt', 1_000);
    await stage.passingDays(17);
    await stage.passing(3);
    const aboutIt = () => told().filter((state) => state.endsWith('near-limit-jwt'));
    // The jump itself looked like silence for a moment.
    expect(aboutIt().at(-1)).toBe('OK near-limit-jwt');
    // Half of the lead of five days goes by, tick by tick.
    await stage.passing(15 * 60);
    expect(aboutIt().at(-1)).toBe('ALARM near-limit-jwt');
    fault.remove();
  });
});

describe('a key that does not name', () => {
  afterAll(() => stage?.stop());

  test('CloudWatch lets no alarm through, and only the alarm’s history says so', async () => {
    stage = await AlarmStage.start(withoutKeyStatement('AlarmsToTopics'));
    stage.fail('jwt', 1);
    await stage.rotate();
    await stage.passing(3);
    expect(stage.published('on-call')).toEqual([]);
    expect(stage.sandbox.undelivered().map(({ alarmName }) => alarmName)).toContain(
      'quarterturn-pharmacy-test-step-failed-jwt',
    );
    await stage.stop();
  }, 30_000);

  test('EventBridge keeps no dead letter of what it may not deliver: on-call hears that', async () => {
    stage = await AlarmStage.start((template) => {
      withoutKeyStatement('EventsToTopicsAndQueues')(template);
      withoutPermission('NotifyAnnounced')(template);
    });
    await unmanagedWrite();
    await stage.passing(3);
    expect(stage.written('security')).toEqual([]);
    expect(stage.told()).toEqual(
      expect.arrayContaining(['ALARM rule-failed-notify', 'ALARM dead-letter-lost-rule-notify']),
    );
  }, 30_000);

  test('CloudWatch Logs is refused when its first log group is made', async () => {
    await expect(AlarmStage.start(withoutKeyStatement('LogGroups'))).rejects.toThrow(
      /is not allowed to be used with Arn/,
    );
  });
});
