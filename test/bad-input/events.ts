/** Items 1 to 25: events, at every door that takes one. */

import {
  envelopes,
  foreign,
  type Make,
  megabyte,
  shapeless,
  steps,
  tasks,
  tokens,
} from './event-inputs.ts';
import type { Row } from './row.ts';
import {
  currentId,
  functionArn,
  goodValue,
  type Kind,
  onStage,
  previousId,
  secretArn,
  step,
  token,
} from './stage.ts';
import { atAfterRotation, atStarter, labelEvent, task } from './stage-machines.ts';

const invalid = 'ERR_ROTATION_INVALID_EVENT' as const;

/** At the rotation function; the part that reads events is the same in every kind. */
const rotation = (
  item: number,
  title: string,
  event: Make,
  code: Row['code'] = invalid,
  kind: Kind = 'jwt',
): Row => ({
  item,
  title: `${title}, at the rotation function`,
  ...(code && { code }),
  attempt: (canary) => onStage(kind, {}, event(canary)),
});
const starter = (item: number, title: string, event: Make, code: Row['code'] = invalid): Row => ({
  item,
  title: `${title}, at the starter`,
  ...(code && { code }),
  attempt: (canary) => atStarter(event(canary)),
});
const machine = (
  item: number,
  title: string,
  event: Make,
  code: Row['code'] = 'ERR_ROTATION_INVALID_TASK',
): Row => ({
  item,
  title: `${title}, at the tasks of the AfterRotation machine`,
  ...(code && { code }),
  attempt: (canary) => atAfterRotation(event(canary)),
});
/** Where the version of this rotation stands. */
const staged = (
  item: number,
  title: string,
  scene: Parameters<typeof onStage>[1],
  more: Pick<Row, 'code' | 'answer' | 'bookkeeping'>,
  event = step('createSecret'),
): Row => ({ item, title, ...more, attempt: () => onStage('jwt', scene, event) });

const notStaged = 'ERR_ROTATION_VERSION_NOT_STAGED' as const;
const allSteps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

export const rows: readonly Row[] = [
  ...shapeless.flatMap(([item, title, event]) => [
    rotation(item, title, event),
    starter(item, title, event),
    machine(item, title, event),
  ]),
  ...steps.map(([item, title, of]) => rotation(item, title, (canary) => step(of(canary)))),
  ...tasks.map(([item, title, of]) => machine(item, title, (canary) => task(of(canary)))),
  ...['__proto__', 'constructor', 'toString', 'preempt ', 'Preempt'].map((operation) =>
    rotation(9, `the operation "${operation}"`, () =>
      JSON.parse(`{"operation":${JSON.stringify(operation)}}`),
    ),
  ),
  rotation(8, 'a step beside its __proto__', (canary) =>
    JSON.parse(`{"__proto__":{"Step":"createSecret"},"SecretId":"${canary}"}`),
  ),
  rotation(
    11,
    'an empty SecretId',
    () => step('createSecret', { SecretId: '' }),
    'ERR_ROTATION_FOREIGN_SECRET',
  ),
  rotation(11, 'no SecretId', () => step('createSecret', { SecretId: undefined })),
  rotation(11, 'a SecretId that is a list', () => step('createSecret', { SecretId: [secretArn] })),
  rotation(11, 'a SecretId of 1 MB', (canary) =>
    step('createSecret', { SecretId: megabyte(canary) }),
  ),
  starter(11, 'no secret', () => ({ ...labelEvent(), resources: [] })),
  starter(11, 'an empty ARN', () => ({ ...labelEvent(), resources: [''] })),
  machine(11, 'an empty ARN', () => task('begin', { secretArn: '' })),
  machine(11, 'no name', () => task('begin', { secretName: '' })),
  ...foreign.flatMap(([item, title, arn]) => [
    rotation(
      item,
      title,
      (canary) => step('setSecret', { SecretId: arn(canary) }),
      'ERR_ROTATION_FOREIGN_SECRET',
    ),
    starter(item, title, (canary) => ({ ...labelEvent(), resources: [arn(canary)] })),
    machine(
      item,
      title,
      (canary) => task('begin', { secretArn: arn(canary) }),
      'ERR_ROTATION_FOREIGN_SECRET',
    ),
  ]),
  machine(
    15,
    'a secret this stack does not rotate',
    (canary) => task('begin', { secretName: canary }),
    'ERR_ROTATION_UNKNOWN_SECRET',
  ),
  machine(15, 'a name with a line break', (canary) =>
    task('begin', { secretName: `a\n${canary}` }),
  ),
  machine(
    15,
    'a version no rotation made',
    () => task('begin', { versionId: previousId }),
    'ERR_ROTATION_NO_AFTER_ROTATION',
  ),
  ...tokens.flatMap(([item, title, of]) => [
    rotation(item, title, (canary) => step('testSecret', { ClientRequestToken: of(canary) })),
    rotation(item, `${title} to preempt for`, (canary) => ({
      operation: 'preempt',
      token: of(canary),
      owner: 'x',
    })),
    rotation(
      item,
      `${title} as the leaked version`,
      (canary) => ({
        operation: 'retireRole',
        leakedVersionId: of(canary),
        currentVersionId: currentId,
      }),
      invalid,
      'database',
    ),
    machine(item, title, (canary) => task('begin', { versionId: of(canary) })),
  ]),
  ...tokens
    // A version made by hand may have a short or a long id, and its label event is news.
    .filter(([item, title]) => item === 18 || /empty|no token|null|1 MB/.test(title))
    .map(([item, title, of]) =>
      starter(item, title, (canary) => ({
        ...labelEvent(),
        detail: { ...labelEvent().detail, versionId: of(canary) },
      })),
    ),
  rotation(16, 'an operation without its owner', () => ({ operation: 'preempt', token })),
  rotation(18, 'a lease for ever', () => ({
    operation: 'preempt',
    token,
    owner: 'x',
    minutes: 1e9,
  })),
  rotation(15, 'an operation that names a secret', (canary) => ({
    operation: 'preempt',
    token,
    owner: 'x',
    SecretId: canary,
  })),
  rotation(
    15,
    'a role for retireRole to close',
    (canary) => ({
      operation: 'retireRole',
      leakedVersionId: token,
      currentVersionId: currentId,
      role: canary,
    }),
    invalid,
    'database',
  ),
  rotation(
    15,
    'a version without a value for retireRole',
    () => ({
      operation: 'retireRole',
      leakedVersionId: previousId,
      currentVersionId: currentId,
    }),
    invalid,
    'database',
  ),
  ...allSteps.map((name) =>
    staged(
      19,
      `${name} for a version without a label`,
      { stages: { [currentId]: ['AWSCURRENT'] } },
      { code: notStaged },
      step(name),
    ),
  ),
  ...allSteps.map((name) =>
    staged(
      20,
      `${name} for AWSPREVIOUS`,
      {
        previous: 'x',
        stages: { [currentId]: ['AWSCURRENT'], [token]: ['AWSPREVIOUS'] },
      },
      { code: notStaged },
      step(name),
    ),
  ),
  staged(
    20,
    'createSecret for a version with a date label only',
    {
      stages: { [currentId]: ['AWSCURRENT'], [token]: ['rotated-20260101T000000Z'] },
    },
    { code: notStaged },
  ),
  ...['createSecret', 'setSecret', 'testSecret'].map((name) =>
    staged(
      21,
      `${name} for what is AWSCURRENT already changes nothing`,
      {
        stages: { [token]: ['AWSCURRENT'] },
      },
      { answer: { outcome: 'unchanged' } },
      step(name),
    ),
  ),
  ...[
    ['of 35 characters', (canary: string) => `abc${canary}`],
    ['of 257 characters', (canary: string) => canary.repeat(9)],
    ['with a line break', (canary: string) => `${canary}\nINFO`],
    ['that is a list', (canary: string) => [canary]],
  ].map(([title, of]) =>
    rotation(22, `a RotationToken ${title}`, (canary) =>
      step('createSecret', { RotationToken: (of as Make)(canary) }),
    ),
  ),
  rotation(22, 'a field nobody sends', (canary) => step('createSecret', { Password: canary })),
  {
    item: 22,
    title: 'a RotationToken is in no message of a refused step',
    code: 'ERR_ROTATION_UNRECORDED_VERSION',
    attempt: async (canary) =>
      onStage(
        'jwt',
        { pending: await goodValue('jwt') },
        step('createSecret', { RotationToken: `${canary}-${canary}` }),
      ),
  },
  ...envelopes.map(([title, event]) => rotation(24, title, event)),
  ...envelopes
    .slice(2)
    .flatMap(([title, event]) => [starter(24, title, event), machine(24, title, event)]),
  starter(24, 'an event of another source', (canary) => ({
    ...labelEvent(),
    source: `com.${canary}`,
  })),
  starter(24, 'an event through CloudTrail', () => ({
    ...labelEvent(),
    'detail-type': 'AWS API Call via CloudTrail',
  })),
  starter(24, 'an event without a time', () => ({ ...labelEvent(), time: 'yesterday' })),
  machine(24, 'a step of Secrets Manager', (canary) => step('createSecret', { SecretId: canary })),
  ...allSteps.map((name) =>
    staged(
      25,
      `${name} while rotation is off`,
      { rotationEnabled: false },
      { code: 'ERR_ROTATION_DISABLED' },
      step(name),
    ),
  ),
  staged(
    25,
    'another function rotates the secret by now',
    { rotationFunction: `${functionArn}-other` },
    { code: 'ERR_ROTATION_FOREIGN_FUNCTION' },
  ),
];
