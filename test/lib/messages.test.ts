/** Topics, queue, log groups and alarms of the template: who may write into them, and who hears what. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { accessAudit } from './access-audit.ts';
import { certificates } from './certificates.ts';
import { everything } from './everything.ts';
import { rollout } from './rollout.ts';
import { sync } from './sync.ts';
import { type Resource, type Statement, synthesize } from './synthesized.ts';
import { triggers } from './triggers.ts';

const stack = synthesize(everything);
const ref = (resource: Resource) => ({ Ref: stack.idOf(resource) });
const arn = (resource: Resource) => ({ 'Fn::GetAtt': [stack.idOf(resource), 'Arn'] });
const key = stack.one('AWS::KMS::Key', /^KeysMessages/);
const topicOf = (id: string) =>
  stack.one('AWS::SNS::Topic', new RegExp(`^Messages${id}[0-9A-F]{8}$`));
const onCall = topicOf('OnCall');
const security = topicOf('Security');
const support = topicOf('Support');
const onCallChat = topicOf('OnCallChat');
const productChat = topicOf('ProductChat');
const queue = stack.one('AWS::SQS::Queue');
const account = { Ref: 'AWS::AccountId' };
const of = (service: string) => ({
  'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.amazonaws.com']],
});

triggers(stack);
accessAudit(stack);
certificates(stack);
sync(stack);
rollout(stack);

describe('the key of topics, queues and log groups', () => {
  const statements: Statement[] = key.Properties.KeyPolicy.Statement;

  test('names these services and no other, each with what it needs', () => {
    const byService = statements
      .filter(({ Principal }) => Principal.Service !== undefined)
      .map(({ Principal, Action, Condition }) => [Principal.Service, Action, Condition]);
    expect(byService).toEqual([
      [
        'cloudwatch.amazonaws.com',
        ['kms:Decrypt', 'kms:GenerateDataKey'],
        { StringEquals: { 'aws:SourceAccount': account } },
      ],
      // EventBridge tells KMS no source: a condition would drop every event.
      ['events.amazonaws.com', ['kms:Decrypt', 'kms:GenerateDataKey'], undefined],
      [
        of('logs'),
        expect.arrayContaining(['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey']),
        { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': expect.anything() } },
      ],
    ]);
    const logGroups = JSON.stringify(statements.at(-1)?.Condition.ArnLike);
    expect(logGroups).toContain(':logs:eu-west-1:');
    expect(logGroups).toContain(':log-group:*');
  });

  test('lets principals of the account use it through S3, SNS and SQS alone', () => {
    const [administration, use] = statements;
    expect(administration?.Action).not.toContain('kms:Decrypt');
    expect(use).toMatchObject({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Condition: {
        StringEquals: {
          'kms:ViaService': [of('s3'), of('sns'), of('sqs')],
        },
      },
    });
    expect(statements).toHaveLength(5);
  });

  test('encrypts every topic, every queue and every log group, and no secret', () => {
    const encrypted = [
      ...stack.all('AWS::SNS::Topic').map(({ Properties }) => Properties.KmsMasterKeyId),
      ...stack.all('AWS::SQS::Queue').map(({ Properties }) => Properties.KmsMasterKeyId),
      ...stack.all('AWS::Logs::LogGroup').map(({ Properties }) => Properties.KmsKeyId),
    ];
    expect(encrypted.length).toBeGreaterThan(8);
    expect(new Set(encrypted.map((id) => JSON.stringify(id)))).toEqual(
      new Set([JSON.stringify(arn(key))]),
    );
    for (const { Properties } of stack.all('AWS::SecretsManager::Secret')) {
      expect(Properties.KmsKeyId).not.toEqual(arn(key));
    }
  });
});

describe('a topic', () => {
  const policyOf = (topic: Resource): Statement[] =>
    stack
      .all('AWS::SNS::TopicPolicy')
      .filter(
        ({ Properties }) => JSON.stringify(Properties.Topics) === JSON.stringify([ref(topic)]),
      )
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  const tls = {
    Effect: 'Deny',
    Principal: '*',
    Action: 'sns:Publish',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const alarms = {
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Action: 'sns:Publish',
    Condition: { StringEquals: { 'aws:SourceAccount': account } },
  };

  test('is closed to plain text; two take alarms of this account, and no other service writes', () => {
    for (const topic of [onCall, security]) {
      expect(policyOf(topic)).toEqual([
        expect.objectContaining(tls),
        expect.objectContaining(alarms),
      ]);
    }
    for (const topic of [support, onCallChat, productChat]) {
      expect(policyOf(topic)).toEqual([expect.objectContaining(tls)]);
    }
  });

  test('writes to the addresses and endpoints of the configuration', () => {
    expect(stack.all('AWS::SNS::Subscription').map(({ Properties }) => Properties)).toEqual([
      { TopicArn: ref(onCall), Protocol: 'email', Endpoint: 'on-call@example.com' },
      {
        TopicArn: ref(onCall),
        Protocol: 'https',
        Endpoint: 'https://pager.example.com/quarterturn',
      },
      { TopicArn: ref(security), Protocol: 'email', Endpoint: 'security@example.com' },
      { TopicArn: ref(support), Protocol: 'email', Endpoint: 'support@example.com' },
    ]);
  });

  test('is made for support, product and a channel only when somebody is there', () => {
    const names = stack.all('AWS::SNS::Topic').map(({ Properties }) => Properties.TopicName);
    const of = (what: string) => `quarterturn-pharmacy-prod-${what}`;
    expect(names.sort()).toEqual(
      ['on-call', 'on-call-chat', 'product-chat', 'security', 'support'].map(of),
    );
  });
});

describe('a chat channel', () => {
  const [slack] = stack.all('AWS::Chatbot::SlackChannelConfiguration');
  const [teams] = stack.all('AWS::Chatbot::MicrosoftTeamsChannelConfiguration');

  test('shows the messages of its audience, and on-call the alarms', () => {
    expect(slack?.Properties).toMatchObject({
      ConfigurationName: 'quarterturn-pharmacy-prod-on-call-slack',
      SlackWorkspaceId: 'T0123ABCD',
      SlackChannelId: 'C0123ABCD',
      SnsTopicArns: [ref(onCall), ref(onCallChat)],
    });
    expect(teams?.Properties).toMatchObject({
      TeamsTenantId: '11111111-2222-4333-8444-555555555555',
      TeamId: '66666666-7777-4888-9999-000000000000',
      TeamsChannelId: '19%3aabc%40thread.tacv2',
      SnsTopicArns: [ref(productChat)],
    });
  });

  test('runs nothing: its role has no policy, and its guardrail denies everything', () => {
    const role = stack.one('AWS::IAM::Role', /^MessagesChatRole/);
    expect(role.Properties.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Action: 'sts:AssumeRole',
        Effect: 'Allow',
        Principal: { Service: 'chatbot.amazonaws.com' },
      },
    ]);
    expect(role.Properties.ManagedPolicyArns ?? role.Properties.Policies).toBeUndefined();
    const attached = [...stack.all('AWS::IAM::Policy'), ...stack.all('AWS::IAM::ManagedPolicy')];
    expect(JSON.stringify(attached)).not.toContain(stack.idOf(role));
    for (const channel of [slack, teams]) {
      expect(channel?.Properties.IamRoleArn).toEqual(arn(role));
      expect(JSON.stringify(channel?.Properties.GuardrailPolicies)).toMatch(
        /^\[\{.*:iam::aws:policy\/AWSDenyAll.*\]$/,
      );
    }
  });
});

describe('what tells people', () => {
  const rule = stack.one('AWS::Events::Rule', /^NotifyAnnounced/);
  const room = stack.one('AWS::Lambda::Function', /^NotifyFunction/);

  test('hears everything docs/events.md describes, of this deployment', () => {
    expect(rule.Properties.EventPattern).toMatchObject({
      source: ['quarterturn'],
      detail: {
        $or: [
          { secret: { name: [{ prefix: 'pharmacy/prod/' }] } },
          { deployment: ['pharmacy/prod'] },
        ],
      },
    });
    const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
    const described = [...page.matchAll(/^## `([a-z-]+)`, version/gm)].map(([, type]) => type);
    expect(described.sort()).toEqual([...rule.Properties.EventPattern['detail-type']].sort());
    expect(JSON.stringify(rule.Properties.EventPattern).length).toBeLessThan(2048);
  });

  test('publishes to these topics and no other, and keeps no records but its own', () => {
    const { Variables } = room.Properties.Environment;
    const topics = Object.entries(Variables).filter(([name]) => name.endsWith('_TOPIC'));
    expect(Object.fromEntries(topics)).toEqual({
      ON_CALL_TOPIC: ref(onCall),
      SECURITY_TOPIC: ref(security),
      SUPPORT_TOPIC: ref(support),
      ON_CALL_CHAT_TOPIC: ref(onCallChat),
      PRODUCT_CHAT_TOPIC: ref(productChat),
    });
    const policy = /^NotifyFunctionPolicy/;
    expect(stack.statement(policy, 'Tell')).toMatchObject({
      Action: 'sns:Publish',
      Resource: expect.arrayContaining(topics.map(([, topic]) => topic)),
    });
    expect(stack.statement(policy, 'UseKeyOfTopics')).toMatchObject({
      Resource: arn(key),
      Condition: { StringEquals: { 'kms:ViaService': of('sns') } },
    });
    for (const sid of ['ReadControlRecords', 'WriteControlRecords']) {
      const { Condition } = stack.statement(policy, sid);
      expect([Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']].flat()).toEqual([
        'sent#pharmacy/prod',
      ]);
    }
    expect(room.Properties.VpcConfig).toBeUndefined();
  });
});

describe('what is not delivered', () => {
  const rules = stack.all('AWS::Events::Rule');

  test('goes to the dead-letter queue, from every target of every rule', () => {
    expect(rules.length).toBeGreaterThanOrEqual(4);
    for (const { Properties } of rules) {
      for (const target of Properties.Targets) {
        expect(target.DeadLetterConfig).toEqual({ Arn: arn(queue) });
        expect(target.RetryPolicy).toEqual({
          MaximumEventAgeInSeconds: 86_400,
          MaximumRetryAttempts: 185,
        });
      }
    }
  });

  test('is taken from exactly these rules, over TLS', () => {
    const { Statement: statements } = stack.one('AWS::SQS::QueuePolicy').Properties.PolicyDocument;
    expect(statements[0]).toMatchObject({
      Effect: 'Deny',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    expect(statements[1].Condition.ArnEquals['aws:SourceArn'].map(String).length).toBe(
      rules.length,
    );
    expect(statements[1].Condition.ArnEquals['aws:SourceArn']).toEqual(
      expect.arrayContaining(rules.map(arn)),
    );
  });

  test('is kept for every function that nobody waits for, with the rights for it', () => {
    const invoked = new Set(
      stack
        .all('AWS::Lambda::Permission')
        .filter(({ Properties }) => Properties.Principal === 'events.amazonaws.com')
        .map(({ Properties }) => Properties.FunctionName),
    );
    expect(invoked.size).toBe(7);
    for (const { Properties } of stack.all('AWS::Lambda::Function')) {
      expect(Properties.DeadLetterConfig).toEqual(
        invoked.has(Properties.FunctionName) ? { TargetArn: arn(queue) } : undefined,
      );
    }
    for (const policy of [
      /^CadenceFunctionPolicy/,
      /^StarterFunctionPolicy/,
      /^NotifyFunctionPolicy/,
      /^CertificatesFunctionPolicy/,
      /^EmergencyFunctionPolicy/,
    ]) {
      expect(stack.statement(policy, 'SendDeadLetters').Resource).toEqual(arn(queue));
      expect(stack.statement(policy, 'UseKeyOfDeadLetters')).toMatchObject({
        Resource: arn(key),
        Condition: { StringEquals: { 'kms:ViaService': of('sqs') } },
      });
    }
  });
});

describe('an alarm', () => {
  const alarms = stack.all('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
  const named = (what: string) => {
    const found = alarms.find(({ AlarmName }) => AlarmName === `quarterturn-pharmacy-prod-${what}`);
    if (found === undefined) throw new Error(`no alarm ${what}`);
    return found;
  };

  test('is told to on-call when it begins and when it is over; of an emergency, to security alone', () => {
    expect(alarms.length).toBeGreaterThan(25);
    const ofEmergencies = /-emergency-(failed|timed-out|aborted)$/;
    expect(alarms.filter(({ AlarmName }) => ofEmergencies.test(AlarmName))).toHaveLength(3);
    for (const { AlarmName, AlarmActions, OKActions, ActionsEnabled } of alarms) {
      const topic = ref(ofEmergencies.test(AlarmName) ? security : onCall);
      expect([AlarmActions, OKActions, ActionsEnabled]).toEqual([[topic], [topic], undefined]);
    }
  });

  test('says what to do, in a text that CloudWatch takes, and has its section in docs/alarms.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/alarms.md'), 'utf8');
    const sections = [...page.matchAll(/^### (.+)$/gm)].map(([, title]) => title ?? '');
    for (const { AlarmName, AlarmDescription } of alarms) {
      const text = JSON.stringify(AlarmDescription);
      expect(text.length).toBeLessThan(1024);
      expect(text).toMatch(/npx quarterturn|aws lambda|aws events/);
      const what = AlarmName.slice('quarterturn-pharmacy-prod-'.length);
      expect(sections.filter((title) => what.startsWith(title))).not.toEqual([]);
    }
    const used = sections.filter((title) =>
      alarms.some(({ AlarmName }) => AlarmName.startsWith(`quarterturn-pharmacy-prod-${title}`)),
    );
    expect(sections.filter((title) => !used.includes(title))).toEqual([]);
  });

  test('on the cadence and on ages counts missing data as a failure', () => {
    expect(named('cadence-silent')).toMatchObject({
      Namespace: 'Quarterturn',
      MetricName: 'Heartbeat',
      Dimensions: [{ Name: 'Deployment', Value: 'pharmacy/prod' }],
      TreatMissingData: 'breaching',
      Period: 3600,
    });
    expect(named('near-limit-jwt')).toMatchObject({
      MetricName: 'DaysToLimit',
      Dimensions: [
        { Name: 'Deployment', Value: 'pharmacy/prod' },
        { Name: 'Secret', Value: 'pharmacy/prod/jwt' },
      ],
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 2.5,
      TreatMissingData: 'breaching',
    });
    const others = alarms.filter(
      ({ AlarmName }) => !/cadence-silent|watch-silent|near-limit|certificate-ends/.test(AlarmName),
    );
    expect(new Set(others.map(({ TreatMissingData }) => TreatMissingData))).toEqual(
      new Set(['notBreaching']),
    );
  });

  test('watches each rotation function for failures and throttles', () => {
    for (const secret of ['jwt', 'pii', 'db', 'legacyDb']) {
      for (const [what, metric] of [
        ['step-failed', 'Errors'],
        ['throttled', 'Throttles'],
      ]) {
        expect(named(`${what}-${secret}`)).toMatchObject({
          Namespace: 'AWS/Lambda',
          MetricName: metric,
          Dimensions: [{ Name: 'FunctionName', Value: `quarterturn-pharmacy-prod-${secret}` }],
        });
      }
    }
  });

  test('has no age to watch while a secret is not armed', () => {
    const { jwt } = everything.secrets;
    if (jwt?.kind !== 'jwt') throw new Error('the example has a jwt secret');
    const adopt = {
      secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:old/jwt-AbCdEf',
      kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/0b1c',
    };
    const unarmed = synthesize({
      ...everything,
      secrets: { jwt: { ...jwt, adopt } },
      networks: {},
      consumers: [],
      rollout: { ...everything.rollout, canary: undefined, waves: [] },
      triggers: undefined,
      certificates: [],
      sync: [],
    });
    expect(unarmed.all('AWS::Lambda::Function', /Trigger|GitHub|Certificates/)).toEqual([]);
    expect(unarmed.all('AWS::Events::EventBus')).toEqual([]);
    const names = unarmed
      .all('AWS::CloudWatch::Alarm')
      .map(({ Properties }) => Properties.AlarmName as string);
    expect(names).toContain('quarterturn-pharmacy-prod-step-failed-jwt');
    expect(names.filter((name) => name.includes('near-limit'))).toEqual([]);
    // Its own name is not the deployment's: the audit log hears of it all the same.
    expect(JSON.stringify(unarmed.one('AWS::Events::Rule', /^AuditRule/).Properties)).toContain(
      'old/jwt',
    );
  });
});

describe('the audit log', () => {
  const [group] = stack
    .all('AWS::Logs::LogGroup')
    .filter(({ Properties }) => Properties.LogGroupName === '/quarterturn/pharmacy/prod/audit');
  const rule = stack.one('AWS::Events::Rule', /^AuditRule/);

  test('is kept for ten years, whatever happens to the stack', () => {
    expect(group).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: { RetentionInDays: 3653 },
    });
    const three = synthesize({ ...everything, auditYears: 3 });
    expect(JSON.stringify(three.all('AWS::Logs::LogGroup', /^Audit/))).toContain('1096');
  });

  test('takes every event about secrets of this deployment, and about its certificates', () => {
    expect(rule.Properties.EventPattern).toEqual({
      source: ['quarterturn'],
      detail: {
        $or: [
          { secret: { name: [{ prefix: 'pharmacy/prod/' }] } },
          { deployment: ['pharmacy/prod'] },
        ],
      },
    });
  });

  test('is written by EventBridge for this rule', () => {
    const { PolicyDocument } = stack.one('AWS::Logs::ResourcePolicy').Properties;
    const text = JSON.stringify(PolicyDocument);
    expect(text).toContain('logs:PutLogEvents');
    expect(text).toContain('events.amazonaws.com');
    expect(text).toContain('aws:SourceArn');
    expect(text).toContain(stack.idOf(rule));
    expect(text).not.toContain('"Resource\\":\\"*');
  });
});
