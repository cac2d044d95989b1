/** `quarterturn report` over a deployment in memory; how each form looks is tested beside its renderer. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Manifest, manifestOf } from '../../../domain/config/manifest.ts';
import {
  deploymentReportSchema,
  reportedSecretSchema,
} from '../../../domain/reports/deployment-report.ts';
import exampleConfig from '../../../rotation.config.ts';
import { line, rotationEvent } from '../../domain/reports/pharmacy.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const label = 'rotated-20251118T090000Z';
const version = (letter: string) => letter.repeat(32);
const rotatedKeys = ['jwt', 'pii', 'db', 'legacyDb', 'rowsDb'];
const directory = mkdtempSync(join(tmpdir(), 'quarterturn-report-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let deployment: InMemoryDeployment;
beforeEach(() => {
  deployment = withSecrets(manifestOf(exampleConfig));
});

function withSecrets(manifest: Manifest): InMemoryDeployment {
  const made = inMemoryDeployment({ manifest, now: '2025-11-30T12:00:00Z' });
  for (const { kind, name } of manifest.secrets) {
    if (kind !== 'userManaged') made.secrets.add(name, { [version('a')]: ['AWSCURRENT', label] });
  }
  return made;
}

const run = (...argv: string[]) => runCommand(deployment, ['report', ...argv]);
const json = async (...argv: string[]) => {
  const { exitCode, said } = await run('--json', ...argv);
  return { exitCode, report: deploymentReportSchema.parse(JSON.parse(said)) };
};
/** The cells of a line of a table on the terminal. */
const row = (said: string, key: string, nth = 0) =>
  said
    .split('\n')
    .filter((it) => it.startsWith(`${key} `))
    [nth]?.split(/ {2,}/);

describe('report', () => {
  test('the rotation schedule: 90 days after 2025-11-18 is 2026-02-16, 180 days is 2026-05-17', async () => {
    const { exitCode, said } = await run();
    expect(exitCode).toBe(0);
    expect(row(said, 'Secret')).toEqual([
      'Secret',
      'State',
      'Last rotated',
      'Next due',
      'Frequency',
    ]);
    expect(row(said, 'pii')).toEqual([
      'pii',
      'current',
      '2025-11-18',
      '2026-02-16',
      'every 90 days',
    ]);
    expect(row(said, 'jwt')).toEqual([
      'jwt',
      'current',
      '2025-11-18',
      '2026-05-17',
      'every 180 days',
    ]);
    expect(row(said, 'dbAdmin')).toEqual([
      'dbAdmin',
      'user-managed',
      'not recorded',
      'as needed',
      'as needed',
    ]);
    expect(said).toContain('Nothing needs a person.');
    expect(said).toContain('This deployment names no contacts.');
  });

  test('the inventory: purpose, storage, encryption at rest, who has access', async () => {
    const { report } = await json();
    const [pii] = report.secrets.filter(({ key }) => key === 'pii');
    expect(pii).toMatchObject({
      purpose:
        'Encrypts 7 columns of public.patients, public.stored_credentials, public.prescriptions',
      storage: { service: 'AWS Secrets Manager', region: 'eu-west-1' },
      access: ['api', 'its rotation', 'the re-encryption of pii'],
      frequencyDays: 90,
      lastRotatedAt: '2025-11-18T09:00:00.000Z',
      nextDueAt: '2026-02-16T09:00:00.000Z',
    });
    expect(report.secrets.find(({ key }) => key === 'dbAdmin')).toMatchObject({
      state: 'userManaged',
      purpose:
        'The rotator role of the database: sets passwords of the login roles, reads no data.',
    });
  });

  test('a user-managed secret that was rotated says when, and is due as needed all the same', async () => {
    deployment.secrets.add('pharmacy/prod/dbAdmin', { [version('a')]: ['AWSCURRENT', label] });
    const { said } = await run();
    expect(row(said, 'dbAdmin')?.slice(2)).toEqual(['2025-11-18', 'as needed', 'as needed']);
  });

  test('contacts, when they were last updated, and the next review', async () => {
    deployment = withSecrets({
      ...manifestOf(exampleConfig),
      contacts: {
        audiences: [],
        people: [
          { role: 'security', name: 'Ines', reach: '+49 30 5550 101' },
          { role: 'dba', name: 'Tomás' },
        ],
        reviewedOn: '2025-11-01',
        reviewEveryDays: 90,
      },
    });
    const { said } = await run();
    expect(said).toContain('security  Ines   +49 30 5550 101');
    expect(said).toContain('dba       Tomás  not published');
    expect(said).toContain('Last updated: 2025-11-01. Next review: 2026-01-30.');
  });

  test('certificates have a section, and one that ends needs a person in every form', async () => {
    const source = 'pharmacy/prod/tls';
    deployment = withSecrets({
      ...manifestOf(exampleConfig),
      certificates: [{ from: 'secret', name: 'www', secret: source }],
    });
    await deployment.controlTable.putCertificate('pharmacy/prod', {
      name: 'www',
      source,
      checkedAt: '2025-11-30T09:00:00.000Z',
      notAfter: '2025-12-01T00:00:00.000Z',
      identity: 'a',
    });
    const { exitCode, said } = await run();
    expect(exitCode).toBe(3);
    expect(row(said, 'www')).toEqual(['www', source, '2025-12-01', '0']);
    expect(said).toContain('certificate www: it ends 2025-12-01');
    expect((await run('--format', 'md')).said).toContain('- **www** (certificate): it ends');
    expect((await run('--format', 'html')).said).toMatch(
      /<strong>www<\/strong><span class="badge bad">certificate<\/span>/,
    );
    const { report } = await json();
    expect(report).toMatchObject({ findings: 1, certificates: [{ name: 'www', daysLeft: 0 }] });
  });

  test('ends as status does when something needs a person, in a colour that says so', async () => {
    deployment.set('2026-05-13T09:00:00Z');
    const terminal = recordedTerminal({ colours: true });
    const { exitCode, said } = await runCommand(deployment, ['report'], terminal);
    expect(exitCode).toBe(3);
    expect(said).toContain('\u001b[31mOVERDUE');
    expect(said).toContain('\u001b[33m');
    expect(said).toContain('1 finding needs a person; npx quarterturn status says what to run:');
    expect(said).toContain('  pii: in use since 2025-11-18 09:00 UTC');
    expect((await runCommand(deployment, ['report', '--format', 'md'], terminal)).exitCode).toBe(3);
  });

  test('tells the past from the audit log; where it may not be read, from labels, and says so', async () => {
    const at = '2025-11-18T09:00:00Z';
    deployment.auditLines = [
      line({ ...rotationEvent('jwt', 'jwt', 1, { at }), versionId: version('a') }),
    ];
    const told = (await json()).report;
    expect(told.auditLog).toMatchObject({ state: 'read', events: 1 });
    const jwt = (secrets: typeof told.secrets) => secrets.find(({ key }) => key === 'jwt');
    expect(jwt(told.secrets)?.history).toMatchObject([{ proof: 'auditEvent', outcome: 'rotated' }]);

    deployment.auditLines = 'AccessDeniedException';
    const denied = await json();
    expect(denied.exitCode).toBe(0);
    expect(denied.report.auditLog).toMatchObject({ state: 'denied', events: 0 });
    expect(jwt(denied.report.secrets)?.history).toMatchObject([
      { proof: 'dateLabel', at: '2025-11-18T09:00:00.000Z' },
    ]);
    expect((await run()).said).toContain('could not be read with the rights of whoever made');

    deployment.auditLines = 'ResourceNotFoundException';
    expect((await json()).report.auditLog.state).toBe('absent');
    deployment.auditLines = 'ThrottlingException';
    expect((await json()).report.auditLog).toMatchObject({
      state: 'failed',
      problem: 'FilterLogEvents failed with ThrottlingException: refused',
    });
  });

  test('a secret that cannot be described hides no other', async () => {
    deployment.refuse('pharmacy/prod/db', 'ResourceNotFoundException');
    const { exitCode, report } = await json();
    expect(exitCode).toBe(3);
    expect(report.secrets[0]).toMatchObject({ key: 'db', state: 'unreadable' });
    expect(report.secrets).toHaveLength(6);
  });

  test('asks as often for each of fifty secrets as for one, and reads no value', async () => {
    const manifest = manifestOf(exampleConfig);
    const calls = async (key: string, count: number, stages?: Record<string, string[]>) => {
      const secret = manifest.secrets.find((one) => one.key === key);
      if (secret === undefined) throw new Error(`no secret ${key}`);
      const secrets = Array.from({ length: count }, (_, nth) => ({
        ...secret,
        key: `${key}${nth}`,
        name: `pharmacy/prod/${key}${nth}`,
      }));
      const many = withSecrets({ ...manifest, secrets });
      for (const { name } of secrets) if (stages) many.secrets.stages.set(name, stages);
      let records = 0;
      const controlTable = Object.fromEntries(
        Object.entries(many.controlTable).map(([method, ask]) => [
          method,
          (...args: unknown[]) => {
            records += 1;
            return (ask as (...args: unknown[]) => unknown)(...args);
          },
        ]),
      ) as unknown as typeof many.controlTable;
      for (const { name } of secrets) {
        await many.controlTable.fixRotation(name, {
          token: version('b'),
          intent: 'planned',
          basedOn: version('a'),
          provenance: { intent: 'planned', token: version('b'), attributed: true },
          at: '2025-11-30T11:59:00Z',
          steps: {},
          evidence: [],
        });
      }
      await runCommand({ ...many, controlTable }, ['report', '--json']);
      return { records, service: many.secrets.calls.length };
    };
    // Rotations, AfterRotations, lease, hold, notice; of encryption secrets the re-encryption, too.
    expect(await calls('jwt', 1)).toEqual({ records: 5, service: 3 });
    expect(await calls('jwt', 50)).toEqual({ records: 250, service: 52 });
    expect(await calls('pii', 1)).toEqual({ records: 6, service: 3 });
    const pending = { [version('a')]: ['AWSCURRENT', label], [version('b')]: ['AWSPENDING'] };
    expect(await calls('jwt', 1, pending)).toEqual({ records: 5, service: 3 });
  });
});

describe('report --format and --out', () => {
  test('the ending of the file says the form; the file is named, and standard output stays empty', async () => {
    const beginnings: Record<string, string> = {
      'report.html': '<!doctype html>',
      'report.md': '# Secret rotation: pharmacy/prod',
      'report.csv': 'secret,name,kind,',
      'report.json': '{\n  "report": "quarterturn-report"',
      'report.txt': 'pharmacy/prod: account 000000000000',
    };
    for (const [name, beginning] of Object.entries(beginnings)) {
      const file = join(directory, name);
      const { exitCode, said, complained } = await run('--out', file);
      expect({ exitCode, said, complained }).toEqual({
        exitCode: 0,
        said: '',
        complained: `The report is in ${file}.`,
      });
      expect(readFileSync(file, 'utf8').startsWith(beginning)).toBe(true);
      expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(true);
    }
  });

  test('--format wins over the ending, and each form goes to standard output, too', async () => {
    const file = join(directory, 'report.dat');
    await run('--format', 'csv', '--out', file);
    expect(readFileSync(file, 'utf8')).toContain('\r\n');
    const { said } = await run('--format', 'csv');
    // Lines of a terminal; none of them shows a carriage return.
    expect(said.split('\n')).toHaveLength(1 + rotatedKeys.length + 1);
    expect(said).not.toContain('\\u000d');
    expect((await run('--format', 'html')).said).toContain('<h1>');
  });

  test('a wrong command line is refused before anything is asked', async () => {
    const nothing = () => Promise.reject(new Error('nothing is to be opened'));
    const refused = async (...argv: string[]) => runCommand(nothing, ['report', ...argv]);
    expect(await refused('--format', 'pdf')).toMatchObject({
      exitCode: 2,
      complained: '"pdf" is no format; expected one of terminal, md, html, json, csv.',
    });
    expect(await refused('--out', 'report.pdf')).toMatchObject({ exitCode: 2 });
    expect(await refused('--json', '--format', 'csv')).toMatchObject({ exitCode: 2 });
  });

  test('a file that cannot be written is an error that says which, and why', async () => {
    const file = join(directory, 'nowhere', 'report.html');
    const { exitCode, complained } = await run('--out', file);
    expect(exitCode).toBe(1);
    expect(complained).toContain(`could not be written to ${file} (ENOENT)`);
  });

  test('--control puts the evidence beside each control', async () => {
    expect((await json()).report.controls).toBeUndefined();
    const { report } = await json('--control');
    const ids = report.controls?.map(({ id }) => id) ?? [];
    for (const id of ['SecretsManager.1', 'SecretsManager.5', '164.312(b)', 'CC6.1']) {
      expect(ids).toContain(id);
    }
    const { said } = await run('--control');
    expect(said).toContain('CONTROLS\n');
    const told = said.slice(said.indexOf('What speaks against:'), said.indexOf('Every piece of'));
    const against = (report.controls ?? []).flatMap(({ id, evidence }) =>
      evidence.filter(({ result }) => result === 'fail').map((one) => ({ id, ...one })),
    );
    expect(told.match(/^ {2}\S/gm)).toHaveLength(against.length);
    for (const { id, secret } of against) {
      expect(told).toContain(`  ${secret === undefined ? id : `${id}, ${secret}`}: `);
    }
  });
});

test('docs/report.md names every member of the document', () => {
  const document = readFileSync(
    join(import.meta.dirname, '..', '..', '..', 'docs/report.md'),
    'utf8',
  );
  const members = [deploymentReportSchema, reportedSecretSchema].flatMap(({ shape }) =>
    Object.keys(shape),
  );
  expect(members.filter((member) => !document.includes(`"${member}"`))).toEqual([]);
});
