import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DrillAnswer } from '../../../domain/events/drill.ts';
import { FunctionFailedError } from '../../../doors/functions.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { runCommand } from '../run-command.ts';

const name = 'pharmacy/prod/pii';
const version = 'a'.repeat(32);
const kids = ['9f2c41aa07be63d1', '1a77c0de55e1b002'] as const;

const restored: DrillAnswer = {
  version: 1,
  secretName: name,
  copy: {
    versionId: version,
    createdAt: '2026-05-17T17:00:02Z',
    storedAt: '2026-05-17T17:00:03Z',
    bytes: 812,
    copies: 3,
  },
  keys: kids.map((kid) => ({ kid, state: 'decryptOnly' })),
  columns: [
    {
      id: 'patients.ssn',
      table: 'public.patients',
      column: 'ssn',
      sampled: 5,
      opened: 5,
      refused: [],
      kids: [
        { kid: kids[0], count: 3 },
        { kid: kids[1], count: 2 },
      ],
    },
  ],
  kidsMissing: [],
  outcome: 'restored',
};
const [column] = restored.columns;

let deployment: InMemoryDeployment;
let answer: unknown;
beforeEach(() => {
  answer = restored;
  deployment = inMemoryDeployment({ answer: () => answer });
  deployment.secrets.add(name, { [version]: ['AWSCURRENT'], ['b'.repeat(32)]: ['AWSPREVIOUS'] });
});
const drill = (secret: string, ...argv: string[]) =>
  runCommand(deployment, ['drill', '--escrow', secret, ...argv]);

describe('drill --escrow', () => {
  test('asks the function of the secret about the copy of AWSCURRENT, and says what it opened', async () => {
    const { exitCode, said, complained } = await drill('pii');
    expect(deployment.invocations).toEqual([
      { functionName: 'quarterturn-pharmacy-prod-drill-pii', request: { versionId: version } },
    ]);
    expect(said.split('\n')).toEqual([
      `Copy of ${name}, version ${version}`,
      'made 2026-05-17T17:00:02Z, stored 2026-05-17T17:00:03Z, 812 bytes; 2 keys; 3 versions in escrow',
      '',
      'column        sealed  opened  keys',
      `patients.ssn       5       5  ${kids[0]} (3), ${kids[1]} (2)`,
      '',
      'Restored: 5 of 5 sealed values opened with the keys in escrow alone.',
    ]);
    expect([exitCode, complained]).toEqual([0, '']);
  });

  test('with --json gives the answer as it is', async () => {
    const { said } = await drill(name, '--json', '--rows', '7', '--version-id', 'c'.repeat(36));
    expect(JSON.parse(said)).toEqual(restored);
    expect(deployment.invocations[0]?.request).toEqual({
      versionId: 'c'.repeat(36),
      rowsPerColumn: 7,
    });
  });

  test('goes by the newest copy where the secret is gone', async () => {
    deployment.refuse(name, 'ResourceNotFoundException');
    const { exitCode, complained } = await drill('pii');
    expect(deployment.invocations[0]?.request).toEqual({});
    expect(complained).toContain('newest copy in escrow is used');
    expect(exitCode).toBe(0);
  });

  test('ends with 1 when a row does not open, a key is missing or a column cannot be read', async () => {
    const refused = [{ code: 'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN', count: 2 }];
    answer = {
      ...restored,
      columns: [
        { ...column, opened: 3, refused },
        { ...column, id: 'patients.name', sampled: 0, opened: 0, kids: [], problem: 'is gone' },
      ],
      kidsMissing: [kids[1]],
      outcome: 'failed',
    };
    const { exitCode, said } = await drill('pii');
    expect(exitCode).toBe(1);
    expect(said).toContain(
      'patients.ssn: 2 of 5 do not open (ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN)',
    );
    expect(said).toContain('patients.name: is gone');
    expect(said).toContain(`Key ${kids[1]} is not in the copy`);
    expect(said).toMatch(/Not restored: 3 of 5 .*docs\/escrow\.md/);
    expect((await drill('pii', '--json')).exitCode).toBe(1);
  });

  test('of empty columns proves nothing, and says so', async () => {
    answer = { ...restored, columns: [], outcome: 'nothingSealed' };
    const { exitCode, said } = await drill('pii');
    expect([exitCode, said.split('\n').at(-1)]).toEqual([
      0,
      'Nothing is proven: no declared column holds a sealed value.',
    ]);
  });

  test.each([
    [['jwt'], 1, 'is of kind jwt; expected an encryption secret'],
    [['nobody'], 1, 'has no secret "nobody"'],
    [['pii', '--rows', '0'], 2, 'expected a number from 1 to 1000'],
    [['pii', 'jwt'], 2, '--escrow restores the rows of one secret'],
    [['pii', '--follow'], 2, '--escrow restores the rows of one secret'],
  ] as [[string, ...string[]], number, string][])('refuses %j', async (argv, code, message) => {
    const { exitCode, complained } = await drill(...argv);
    expect(exitCode).toBe(code);
    expect(complained).toContain(message);
    expect(deployment.invocations).toEqual([]);
  });

  test('tells what the function refused, and an answer of another release', async () => {
    answer = { version: 2 };
    expect(await drill('pii')).toMatchObject({
      exitCode: 1,
      complained: expect.stringContaining('Deploy the stack with this release'),
    });
    const failing = inMemoryDeployment({
      answer: (functionName) => {
        throw new FunctionFailedError(functionName, 'NoEscrowCopyError', 'Rotate the secret once.');
      },
    });
    failing.secrets.add(name, { [version]: ['AWSCURRENT'] });
    const { exitCode, complained } = await runCommand(failing, ['drill', '--escrow', 'pii']);
    expect([exitCode, complained]).toEqual([1, expect.stringContaining('Rotate the secret once.')]);
  });
});
