import { beforeEach, expect, test } from '@jest/globals';
import { account, Bench, failing, lambdaArn, operator, region, token } from './bench.ts';

let bench: Bench;
let arn: string;

beforeEach(async () => {
  bench = new Bench();
  arn = await bench.secret();
});

test('RotationFailed has the shape of the documented sample', async () => {
  bench.handler = failing('setSecret');
  await bench.rotate('t1');
  await bench.clock.idle();
  const failed = bench.events.find((event) => event.detail.eventName === 'RotationFailed');
  expect(failed).toEqual({
    source: 'aws.secretsmanager',
    'detail-type': 'AWS Service Event via CloudTrail',
    resources: [],
    detail: {
      eventVersion: '1.08',
      userIdentity: { accountId: account, invokedBy: 'secretsmanager.amazonaws.com' },
      eventTime: '2027-01-10T12:00:00Z',
      eventSource: 'secretsmanager.amazonaws.com',
      eventName: 'RotationFailed',
      awsRegion: region,
      sourceIPAddress: 'secretsmanager.amazonaws.com',
      userAgent: 'secretsmanager.amazonaws.com',
      errorMessage: `Error when executing lambda ${lambdaArn} during setSecret step`,
      requestParameters: null,
      responseElements: null,
      additionalEventData: { SecretId: arn },
      requestID: `Rotation-${arn}-${token('t1')}`,
      eventID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      readOnly: false,
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: 'Management',
    },
  });
});

test('Secret Label Updated is sent for every label but AWSPENDING and AWSPREVIOUS', async () => {
  bench.events.length = 0;
  await bench.rotate('t1');
  await bench.clock.idle();
  await bench.call('UpdateSecretVersionStage', {
    SecretId: arn,
    VersionStage: 'rotated-20270110T120000Z',
    MoveToVersionId: token('t1'),
  });
  const updated = bench.events.filter((event) => event['detail-type'] === 'Secret Label Updated');
  const expected = (labelUpdated: string) => ({
    source: 'aws.secretsmanager',
    'detail-type': 'Secret Label Updated',
    resources: [arn],
    detail: { name: 'app/key', labelUpdated, versionId: token('t1') },
  });
  expect(updated).toEqual([expected('AWSCURRENT'), expected('rotated-20270110T120000Z')]);
});

test('API calls are recorded with the caller and without value or rotation token', async () => {
  await bench.call('PutSecretValue', {
    SecretId: arn,
    ClientRequestToken: token('v2'),
    SecretString: 'do-not-print',
  });
  const call = bench.events.find((event) => event.detail.eventName === 'PutSecretValue');
  expect(call).toMatchObject({
    'detail-type': 'AWS API Call via CloudTrail',
    detail: {
      eventType: 'AwsApiCall',
      requestParameters: { secretId: arn, clientRequestToken: token('v2') },
      responseElements: { arn },
      userIdentity: {
        type: 'AssumedRole',
        sessionContext: { sessionIssuer: { arn: operator.arn, userName: 'operator' } },
      },
    },
  });
  await bench.rotate('t1');
  await bench.clock.idle();
  const rotationToken = bench.invocations[0]?.payload.RotationToken ?? 'none';
  const everything = JSON.stringify(bench.events);
  expect(everything).not.toContain('do-not-print');
  expect(everything).not.toContain(rotationToken);
});

test('a refused call is recorded with its error', async () => {
  await bench.refusal('PutSecretValue', { SecretId: arn, ClientRequestToken: token('v2') });
  const call = bench.events.find((event) => event.detail.eventName === 'PutSecretValue');
  expect(call?.detail).toMatchObject({
    errorCode: 'InvalidRequestException',
    responseElements: null,
  });
});
