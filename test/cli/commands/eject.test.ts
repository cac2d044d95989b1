import { beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenDeployment } from '../../../cli/command.ts';
import type { EjectAnswer } from '../../../domain/events/eject-operation.ts';
import { ejectionReportSchema } from '../../../domain/reports/ejection-report.ts';
import { FunctionFailedError } from '../../../doors/functions.ts';
import { inMemoryDeployment } from '../in-memory-deployment.ts';
import { type RecordedTerminal, recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const answer: EjectAnswer = {
  done: false,
  versionId: 'c'.repeat(32),
  hasValue: true,
  accepted: true,
  rotationEnabled: true,
  labels: [
    { versionId: 'a'.repeat(32), label: 'rotated-20251118T090000Z' },
    { versionId: 'c'.repeat(32), label: 'rotated-20260517T090000Z' },
  ],
};

let calls: unknown[];
let deployment: OpenDeployment;
let answering: (request: { dryRun: boolean }) => unknown;
beforeEach(() => {
  calls = [];
  answering = ({ dryRun }) => ({ ...answer, done: !dryRun });
  const base = inMemoryDeployment();
  deployment = {
    ...base,
    functions: {
      async invoke(functionName, request) {
        calls.push([functionName, request]);
        return answering(request as { dryRun: boolean });
      },
    },
    secretsManager: {
      async untag(secretId: string, keys: readonly string[]) {
        calls.push(['untag', secretId, keys]);
      },
    } as unknown as OpenDeployment['secretsManager'],
  };
});

const eject = (argv: string[], terminal?: RecordedTerminal) =>
  runCommand(deployment, ['eject', ...argv], terminal);
const asked = (dryRun: boolean) => [
  'quarterturn-pharmacy-prod-jwt',
  { operation: 'eject', requestedBy: 'arn:aws:iam::000000000000:user/on-call', dryRun },
];
const untagged = (name: string) => [
  'untag',
  name,
  ['quarterturn:name', 'quarterturn:kind', 'quarterturn:environment', 'quarterturn:cadence-days'],
];

describe('quarterturn eject', () => {
  test('asks the function what it would do, then a person, then does it; the tags go last', async () => {
    const terminal = recordedTerminal({ interactive: true, answer: true });
    const { exitCode, said } = await eject(['jwt'], terminal);
    expect(exitCode).toBe(0);
    expect(calls).toEqual([asked(true), asked(false), untagged('pharmacy/prod/jwt')]);
    expect(terminal.asked).toEqual(['Eject pharmacy/prod/jwt?']);
    expect(said).toContain('pharmacy/prod: account 000000000000');
    expect(said).toContain('removes 2 labels of ours from 2 versions');
    expect(said).toContain('Ejected: pharmacy/prod/jwt.');
    expect(said.replaceAll('\n', ' ')).toContain('Remove "jwt" from secrets');
    expect(said.replaceAll('\n', ' ')).toContain('until the last token signed with an earlier key');
  });

  test.each([
    { how: 'a person says no', terminal: { interactive: true, answer: false } },
    { how: 'nobody can be asked', terminal: {} },
  ])('changes nothing when $how', async ({ terminal }) => {
    const { exitCode, complained } = await eject(['jwt'], recordedTerminal(terminal));
    expect(exitCode).toBe(1);
    expect(calls).toEqual([asked(true)]);
    expect(complained).toContain('Nothing was changed');
  });

  test('--dry-run says it and ends there', async () => {
    const { exitCode, said } = await eject(['jwt', '--dry-run', '--yes']);
    expect(exitCode).toBe(0);
    expect(calls).toEqual([asked(true)]);
    expect(said).toContain('leaves AWSCURRENT');
    expect(said).not.toContain('Ejected');
  });

  test('--json holds the document alone', async () => {
    const { said, exitCode } = await eject(['jwt', '--json', '--yes']);
    const report = ejectionReportSchema.parse(JSON.parse(said));
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({ outcome: 'ejected', rotation: { ...answer, done: true } });
    expect(report.next.length).toBeGreaterThan(1);
    const refused = await eject(['jwt', '--json']);
    expect(ejectionReportSchema.parse(JSON.parse(refused.said)).outcome).toBe('notConfirmed');
    expect(refused.exitCode).toBe(1);
  });

  test('says what the function refuses, and changes nothing', async () => {
    answering = () => {
      throw new FunctionFailedError(
        'quarterturn-pharmacy-prod-jwt',
        'RotationRefusedError',
        'Rotation x is in progress',
      );
    };
    const { exitCode, complained } = await eject(['jwt', '--yes']);
    expect(exitCode).toBe(1);
    expect(complained).toContain('Rotation x is in progress');
    expect(calls).toEqual([asked(true)]);
  });

  test('warns of a value that its target refuses, and of one that was never made', async () => {
    answering = ({ dryRun }) => ({ ...answer, done: !dryRun, accepted: 'ERR_ROTATION_TLS' });
    expect((await eject(['jwt', '--dry-run'])).said.replaceAll('\n', ' ')).toContain(
      'does not accept now (ERR_ROTATION_TLS)',
    );
    answering = ({ dryRun }) => ({ ...answer, done: !dryRun, hasValue: false, labels: [] });
    const { said } = await eject(['jwt', '--yes']);
    expect(said).toContain('no value yet');
    expect(said).not.toContain('Applications go on');
  });

  test('only untags a secret that its owners change', async () => {
    const { exitCode } = await eject(['dbAdmin', '--yes']);
    expect(exitCode).toBe(0);
    expect(calls).toEqual([untagged('pharmacy/prod/dbAdmin')]);
  });

  test('does not take the answer of another release for its own', async () => {
    answering = () => ({ done: true });
    const { exitCode, complained } = await eject(['jwt', '--yes']);
    expect(exitCode).toBe(1);
    expect(complained).toContain('expected both to be of one release');
  });

  test('names the secrets there are', async () => {
    const { exitCode, complained } = await eject(['nothing']);
    expect(exitCode).toBe(1);
    expect(complained).toContain('has no secret "nothing"');
  });
});
