/** What an event may get wrong, by the field; which door meets it stands in events.ts. */

import { secretArn, step } from './stage.ts';
import { labelEvent, task } from './stage-machines.ts';

export type Make = (canary: string) => unknown;

export const megabyte = (canary: string) => canary.repeat(32_768);

/** What is wrong whatever the door expects. */
export const shapeless: [number, string, Make][] = [
  [1, 'null', () => null],
  [1, 'undefined', () => undefined],
  [2, 'an empty list', () => []],
  [2, 'a list of one event', (canary) => [step('createSecret', { SecretId: canary })]],
  [3, 'a string', (canary) => canary],
  [3, 'a number', () => 7],
  [4, 'an empty object', () => ({})],
  [4, 'an object of other fields', (canary) => ({ [canary]: canary })],
  [4, 'its own JSON text', (canary) => JSON.stringify(step('createSecret', { note: canary }))],
  [23, 'a string of 1 MB', megabyte],
  [23, 'an object with a field of 1 MB', (canary) => ({ Step: megabyte(canary) })],
  [
    23,
    'an object of 20,000 fields',
    (canary) => Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`${canary}${n}`, n])),
  ],
  [
    23,
    'an object 1,000 levels deep',
    (canary) => {
      let event: unknown = canary;
      for (let level = 0; level < 1_000; level++) event = { event };
      return event;
    },
  ],
];

const otherSecret = secretArn.replace('secret-AbCdEf', 'other-AbCdEf');
/** ARNs a function must not follow. */
export const foreign: [number, string, (canary: string) => string][] = [
  [12, 'a secret of another account', () => secretArn.replace('000000000000', '111111111111')],
  [13, 'a secret of another region', () => secretArn.replace('eu-west-1', 'us-east-1')],
  [13, 'a secret of another partition', () => secretArn.replace('arn:aws:', 'arn:aws-cn:')],
  [14, 'a partial ARN, without its suffix', () => secretArn.slice(0, -7)],
  [14, 'an ARN with half of its suffix', () => secretArn.slice(0, -3)],
  [14, 'a name instead of an ARN', () => 'pharmacy/prod/secret'],
  [15, 'another secret of this account', () => otherSecret],
  [15, 'an ARN that goes on after the suffix', (canary) => `${secretArn}/${canary}`],
  [15, 'an ARN in upper case', () => secretArn.toUpperCase()],
  [15, 'an ARN with a line break', (canary) => `${secretArn}\n${canary}`],
];

export const tokens: [number, string, Make][] = [
  [16, 'an empty token', () => ''],
  [16, 'no token', () => undefined],
  [16, 'a token that is null', () => null],
  [16, 'a token of 31 characters', () => 'a'.repeat(31)],
  [17, 'a token of 65 characters', (canary) => `${canary}${canary}a`],
  [17, 'a token of 1 MB', megabyte],
  [18, 'a token with a line break', (canary) => `${canary}\n{"level":"INFO"}`],
  [18, 'a token that ends with a line break', (canary) => `${canary}\n`],
  [18, 'a token with a carriage return', (canary) => `${canary}\rINFO`],
  [18, 'a token with a terminal escape', (canary) => `${canary}\u001b[2K`],
  [18, 'a token with NUL', (canary) => `${canary}\u0000`],
  [18, 'a token with a line separator', (canary) => `${canary}\u2028`],
];

export const steps: [number, string, Make][] = [
  [5, 'no step', () => undefined],
  [5, 'a step that is null', () => null],
  [6, 'a step in snake case', () => 'create_secret'],
  [6, 'a step in Pascal case', () => 'CreateSecret'],
  [7, 'a step with a blank behind', () => 'createSecret '],
  [7, 'a step with a blank before', () => ' createSecret'],
  [7, 'a step with a line break', (canary) => `createSecret\n${canary}`],
  [8, '__proto__ as step', () => '__proto__'],
  [9, 'constructor as step', () => 'constructor'],
  [9, 'toString as step', () => 'toString'],
  [9, 'hasOwnProperty as step', () => 'hasOwnProperty'],
  [10, 'a number as step', () => 0],
  [10, 'a list as step', () => ['createSecret']],
  [10, 'an object as step', (canary) => ({ toString: canary })],
  [10, 'true as step', () => true],
];

export const tasks: [number, string, Make][] = [
  [5, 'no task', () => undefined],
  [6, 'a task in another case', () => 'Begin'],
  [7, 'a task with a blank', () => 'begin '],
  [8, '__proto__ as task', () => '__proto__'],
  [9, 'constructor as task', () => 'constructor'],
  [10, 'a number as task', () => 1],
  [10, 'a list as task', () => ['begin']],
];

export const envelopes: [string, Make][] = [
  ['an EventBridge envelope', (canary) => ({ ...labelEvent(), detail: { secret: canary } })],
  ['a task of Step Functions', (canary) => task('begin', { secretName: canary })],
  ['an SNS record', (canary) => ({ Records: [{ Sns: { Message: canary } }] })],
  ['an API request', (canary) => ({ httpMethod: 'POST', body: JSON.stringify(step(canary)) })],
  [
    'a step inside a payload',
    (canary) => ({ Payload: step('createSecret', { SecretId: canary }) }),
  ],
];
