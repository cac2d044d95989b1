/** The second copy of keysets: there before promotion, taken away by nobody, and enough to restore rows. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedDatabase } from '../../demo/data/seed.ts';
import { type DrillAnswer, drillAnswerSchema } from '../../domain/events/drill.ts';
import { parseEscrowDocument } from '../../domain/secrets/escrow-copy.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import { functions } from '../../doors/functions.ts';
import { administrator } from './sinks.ts';
import { World } from './world.ts';

const run = promisify(execFile);
const hasAws = await run('aws', ['--version']).then(
  () => true,
  () => false,
);

let world: World;
let s3: S3Client;
let Bucket: string;

beforeAll(async () => {
  world = await World.withValues(['db', 'pii']);
  await world.rotate('pii', 'planned');
  const { stage } = world;
  const cipher = await stage.application.cipher();
  await stage.asSuperuser((session) => seedDatabase(session, stage.data, cipher));
  s3 = new S3Client(administrator(world));
  Bucket = stage.sandbox.outputs.EscrowBucket ?? '';
}, 90_000);
afterAll(async () => {
  s3?.destroy();
  await world?.stop();
});

const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'no refusal',
    ({ name, message }) => `${name}: ${message}`,
  );

async function copies() {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return Versions;
}

async function copyOf(versionId: string) {
  const Key = `pii/${versionId}.json`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return parseEscrowDocument((await Body?.transformToString()) ?? '');
}

describe('after a rotation', () => {
  test('every version that was ever promoted is in escrow, byte for byte, and nothing else', async () => {
    const promoted = Object.keys(await world.stages('pii'));
    const expected: string[] = [];
    for (const versionId of await world.versionIds('pii')) {
      const secretString = (await world.valueOf('pii', versionId)) ?? '';
      if (!secretString.includes('uninitialised')) {
        expected.push(versionId);
        expect(await copyOf(versionId)).toMatchObject({
          secretName: world.name('pii'),
          versionId,
          secretString,
        });
      }
    }
    expect(expected.length).toBeGreaterThanOrEqual(3);
    expect(promoted.every((id) => expected.includes(id))).toBe(true);
    const keys = (await copies()).map(({ Key }) => Key);
    expect(keys.sort()).toEqual(expected.map((id) => `pii/${id}.json`).sort());
  });

  test('the audit event says so', async () => {
    const versionId = (await world.holder('pii', 'AWSCURRENT')) ?? '';
    const proof = JSON.stringify(
      world.stage.sandbox
        .events()
        .filter((event) => JSON.stringify(event).includes('credential-secret-rotation')),
    );
    expect(proof).toContain(`{"fact":"escrowed","detail":{"versionId":"${versionId}","bytes":`);
  });
});

describe('nobody, not even an administrator,', () => {
  test('deletes a copy or hides it', async () => {
    for (const { Key, VersionId } of await copies()) {
      const version = { Bucket, Key, VersionId, BypassGovernanceRetention: true };
      expect(await refusal(s3.send(new DeleteObjectCommand(version)))).toMatch(
        /AccessDenied.*s3:DeleteObjectVersion.*explicit deny/,
      );
      expect(await refusal(s3.send(new DeleteObjectCommand({ Bucket, Key })))).toMatch(
        /AccessDenied.*s3:DeleteObject .*explicit deny/,
      );
    }
  });

  test('overwrites one, or adds one that is not under the key of escrow', async () => {
    const [copy] = await copies();
    const object = { Bucket, Key: copy?.Key, Body: '{}' };
    const conditional = { ...object, IfNoneMatch: '*', ServerSideEncryption: 'aws:kms' } as const;
    for (const put of [object, { ...object, IfNoneMatch: '*' }, conditional]) {
      expect(await refusal(s3.send(new PutObjectCommand(put)))).toContain('AccessDenied');
    }
  });

  test('of those who read the secret reads a copy', async () => {
    const reader = new S3Client(world.accessOf(world.stage.operatorKey));
    const [copy] = await copies();
    expect(await refusal(reader.send(new GetObjectCommand({ Bucket, Key: copy?.Key })))).toContain(
      'AccessDenied',
    );
    reader.destroy();
  });
});

describe('the drill', () => {
  const drill = async (request: object = {}): Promise<DrillAnswer> => {
    const name = 'quarterturn-pharmacy-dev-drill-pii';
    const client = new LambdaClient(world.accessOf(world.stage.operatorKey));
    const answer = await functions(client).invoke(name, request);
    client.destroy();
    world.answers.push(JSON.stringify(answer));
    return drillAnswerSchema.parse(answer);
  };

  test('restores rows of every column while the secret answers nobody', async () => {
    const { sandbox } = world.stage;
    const denied = sandbox.injectFault({
      service: 'secretsmanager',
      operation: 'GetSecretValue',
      match: { SecretId: world.name('pii') },
      when: 'before',
      error: { code: 'AccessDeniedException' },
    });
    await expect(world.stage.application.keyset('pii')).rejects.toThrow('AccessDenied');
    const asked = sandbox.requests().length;
    const answer = await drill();
    denied.remove();
    const touched = sandbox
      .requests()
      .slice(asked)
      .filter(({ input }) => JSON.stringify(input).includes(world.name('pii')));
    expect(touched.map(({ operation }) => operation)).toEqual([]);

    const current = (await world.holder('pii', 'AWSCURRENT')) ?? '';
    expect(answer).toMatchObject({
      secretName: world.name('pii'),
      copy: { versionId: current, copies: (await copies()).length },
      kidsMissing: [],
      outcome: 'restored',
    });
    const primary = primaryOf(await world.stage.application.keyset('pii')).kid;
    expect(answer.columns.map(({ id }) => id)).toEqual([
      'patients.name',
      'patients.ssn',
      'patients.phone',
      'credentials.token',
      'prescriptions.medication',
      'prescriptions.dosage',
      'prescriptions.note',
    ]);
    for (const { sampled, opened, kids } of answer.columns) {
      expect(sampled).toBeGreaterThan(0);
      expect(opened).toBe(sampled);
      expect(kids).toEqual([{ kid: primary, count: sampled }]);
    }
  });

  test('finds a row whose key the copy does not hold, and one that is damaged', async () => {
    const { asSuperuser } = world.stage;
    const set = (name: string) =>
      asSuperuser((session) =>
        session.query(
          'update public.patients set phone = $1 where id = (select min(id) from public.patients) returning 1',
          [name],
        ),
      );
    const [before] = await asSuperuser((session) =>
      session.query<{ phone: string }>(
        'select phone from public.patients where id = (select min(id) from public.patients)',
      ),
    );
    const phone = before?.phone ?? '';
    const unknown = '00112233445566aa';
    await set(phone.replace(/^qt1\.[0-9a-f]{16}/, `qt1.${unknown}`));
    expect(await drill({ rowsPerColumn: 1_000 })).toMatchObject({
      outcome: 'failed',
      kidsMissing: [unknown],
    });
    await set(`${phone.slice(0, -4)}AAAA`);
    const damaged = await drill({ rowsPerColumn: 1_000 });
    expect(damaged).toMatchObject({ outcome: 'failed', kidsMissing: [] });
    expect(damaged.columns.flatMap(({ refused }) => refused)).toEqual([
      { code: 'ERR_ROTATION_CIPHERTEXT_REFUSED', count: 1 },
    ]);
    await set(phone);
    expect((await drill()).outcome).toBe('restored');
  });

  test('uses the copy that is asked for, and refuses one that is not there', async () => {
    const versions = await world.versionIds('pii');
    const oldest = (await copies()).at(-1)?.Key?.slice(4, -5) ?? '';
    expect(versions).toContain(oldest);
    expect((await drill({ versionId: oldest })).copy.versionId).toBe(oldest);
    await expect(drill({ versionId: 'a'.repeat(32) })).rejects.toThrow('NoEscrowCopyError');
    await expect(drill({ rowsPerColumn: 0 })).rejects.toThrow('InvalidDrillRequestError');
  });

  test('lets no value out', async () => {
    const { sandbox } = world.stage;
    const said = [...sandbox.logs(), ...world.answers, JSON.stringify(sandbox.requests())].join(
      '\n',
    );
    for (const versionId of await world.versionIds('pii')) {
      const value = (await world.valueOf('pii', versionId)) ?? '';
      for (const [, key = ''] of value.matchAll(/"k":"([^"]+)"/g)) {
        expect(said).not.toContain(key);
      }
    }
    expect(said).not.toMatch(/qt1\.[0-9a-f]{16}\./);
  });
});

describe('docs/escrow.md', () => {
  (hasAws && process.env.PROOF === 'full' ? test : test.skip)(
    'restores a row by hand, with the `aws` command and Node alone',
    async () => {
      const { asSuperuser, directory, sandbox, data } = world.stage;
      const blocks = await codeBlocks(join(import.meta.dirname, '..', '..', 'docs', 'escrow.md'));
      const { accessKeyId, secretAccessKey } = administrator(world).credentials;
      const cwd = await mkdtemp(join(directory, 'by-hand-'));
      const env = {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        PYENV_VERSION: process.env.PYENV_VERSION ?? '',
        AWS_ENDPOINT_URL: sandbox.url,
        AWS_DEFAULT_REGION: sandbox.region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      const sh = (script: string, variables: Record<string, string>) =>
        run('sh', ['-c', script], { cwd, env: { ...env, ...variables } });
      const [list = '', get = ''] = blocks.sh;
      const { stdout } = await sh(list, { BUCKET: Bucket, SECRET: 'pii' });
      const listed = stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t'));
      expect(listed).toHaveLength((await copies()).length);
      const current = `pii/${await world.holder('pii', 'AWSCURRENT')}.json`;
      const [KEY = '', VERSION = ''] = listed.find(([key]) => key === current) ?? [];
      // Ids are opaque: one that begins as an option does is an id all the same.
      await expect(sh(get, { BUCKET: Bucket, KEY, VERSION: '-not-there' })).rejects.toThrow(
        'NoSuchVersion',
      );
      await sh(get, { BUCKET: Bucket, KEY, VERSION });
      await writeFile(join(cwd, 'open-row.mjs'), blocks.js[0] ?? '');
      const [patient] = data.patients;
      const [row] = await asSuperuser((session) =>
        session.query<{ ssn: string; phone: string }>(
          'select ssn, phone from public.patients where id = $1',
          [patient?.id],
        ),
      );
      const open = (...args: string[]) =>
        run(process.execPath, ['open-row.mjs', 'copy.json', ...args], {
          cwd,
          env: { PATH: env.PATH },
        });
      const ssn = await open(row?.ssn ?? '', 'patients.ssn', String(patient?.id));
      expect(ssn.stdout).toBe(`${patient?.ssn}\n`);
      const phone = await open(row?.phone ?? '', 'patients.phone');
      expect(phone.stdout).toBe(`${patient?.phone}\n`);
      await expect(open(row?.ssn ?? '', 'patients.ssn', '0')).rejects.toThrow();
    },
  );
});

test('a function that may not write to escrow promotes nothing', async () => {
  const before = await world.holder('pii', 'AWSCURRENT');
  await deployWithout('StoreInEscrow');
  const token = await world.rotate('pii', 'emergency');
  expect(await world.holder('pii', 'AWSCURRENT')).toBe(before);
  expect(world.stage.sandbox.logs().join('\n')).toMatch(
    /ERR_ROTATION_ESCROW.*PutObject failed with AccessDenied/,
  );
  expect((await copies()).map(({ Key }) => Key)).not.toContain(`pii/${token}.json`);
}, 60_000);

/** Deploys the stack again with one statement less. */
async function deployWithout(sid: string): Promise<void> {
  const { directory, sandbox } = world.stage;
  const assembly = join(directory, 'without');
  await cp(join(directory, 'cdk.out'), assembly, { recursive: true });
  const [file] = (await readdir(assembly)).filter((name) => name.endsWith('.template.json'));
  const path = join(assembly, file ?? '');
  const template = JSON.parse(await readFile(path, 'utf8'));
  for (const { Properties } of Object.values<{ Properties: Record<string, unknown> }>(
    template.Resources,
  )) {
    const document = Properties?.PolicyDocument as { Statement?: { Sid?: string }[] } | undefined;
    if (document?.Statement !== undefined) {
      document.Statement = document.Statement.filter(({ Sid }) => Sid !== sid);
    }
  }
  await writeFile(path, JSON.stringify(template));
  await sandbox.deploy(assembly);
}

/** The fenced blocks of a page, by their language. */
async function codeBlocks(path: string): Promise<Record<'sh' | 'js', string[]>> {
  const text = await readFile(path, 'utf8');
  const of = (language: string) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
      ([, code = '']) => code,
    );
  return { sh: of('sh'), js: of('js') };
}
