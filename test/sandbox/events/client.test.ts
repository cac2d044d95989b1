import {
  DescribeRuleCommand,
  EventBridgeClient,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { EventsService } from '../../../sandbox/events/service.ts';
import { ScriptedIam, ScriptedLambda, ScriptedStates } from '../scripted-ports.ts';
import { serve } from '../serve.ts';

const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
const iam = new ScriptedIam();
const lambda = new ScriptedLambda();
const states = new ScriptedStates();
const names = { account: '000000000000', region: 'eu-west-1' };
const events = new EventsService({ ...names, clock, iam, lambda, states });
let served: Awaited<ReturnType<typeof serve>>;
let client: EventBridgeClient;

beforeAll(async () => {
  served = await serve(events, iam);
  client = new EventBridgeClient(served.client);
});
afterAll(async () => {
  client.destroy();
  await served.stop();
});

test('the real client puts an event that reaches a function, with the time it names', async () => {
  const arn = lambda.on('audit', () => null);
  events.createRule({
    name: 'audit',
    eventPattern: { source: ['acme'] },
    state: 'ENABLED',
    targets: [{ id: 't', arn }],
  });
  const Time = new Date('2026-05-16T08:00:00Z');
  const Entries = [{ Source: 'acme', DetailType: 'Audit', Detail: '{"a":1}', Time }];
  const answer = await client.send(new PutEventsCommand({ Entries }));
  expect(answer).toMatchObject({ FailedEntryCount: 0 });
  await clock.idle();
  expect(lambda.calls).toMatchObject([
    {
      payload: { id: answer.Entries?.[0]?.EventId, time: '2026-05-16T08:00:00Z', detail: { a: 1 } },
    },
  ]);
  const rule = await client.send(new DescribeRuleCommand({ Name: 'audit' }));
  expect(rule).toMatchObject({ State: 'ENABLED', EventPattern: '{"source":["acme"]}' });
});
