/** What npm would install of `@quarterturn/client`, in an empty project: what loads, what it does, its types. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { clientEntries, packClient } from '../../scripts/package/client.ts';
import { encryptionSettings, jwtSettings, Rotating } from '../client/keysets.ts';
import { declaredInCommonJs, type Installed, installed, root, typed } from './installed.ts';

const name = '@quarterturn/client';
const isFull = process.env.PROOF === 'full';
const subpaths = Object.keys(clientEntries).map((entry) => entry.replace(/^\./, name));
const peers = ['@aws-sdk/client-secrets-manager', 'jose', 'jsonwebtoken', 'pg'];
/** Named in types alone; their adapters load nothing. */
const hosts = ['drizzle-orm', 'fastify', 'kysely'];
/** What the example of its types uses beside them. */
const beside = ['@fastify/jwt', '@types/jsonwebtoken', '@types/pg'];

/** The life of an application, told as JSON. */
const application = (load: (module: string) => string) => `
const { SecretCache, KeysetSigner, KeysetVerifier, FieldCipher, tokenKeys, fieldKeys, injectedSecret } = ${load(name)};
const { secretsManagerSecret } = ${load(`${name}/aws`)};
const { jwtVerify } = ${load(`${name}/jose`)};
const { verifyToken } = ${load(`${name}/jsonwebtoken`)};
const { createRotatingPool, databaseCredential } = ${load(`${name}/pg`)};
const drizzle = ${load(`${name}/drizzle`)};
const kysely = ${load(`${name}/kysely`)};
const { fieldCheck, healthHandler } = ${load(`${name}/express`)};
const http = ${load(`${name}/http`)};
const { fastifyHealth } = ${load(`${name}/fastify`)};
const { createServer } = ${load('node:http')};
const { once } = ${load('node:events')};
const tokens = new SecretCache(injectedSecret('TOKENS'), { parse: tokenKeys() });
const signer = new KeysetSigner(tokens, { lifetime: 60 });
const verifier = new KeysetVerifier(tokens);
const keys = new SecretCache(injectedSecret('KEYS'), { parse: fieldKeys() });
const name = new FieldCipher(keys, { 'patients.name': { profile: 'column' } }).column('patients.name');
const aws = secretsManagerSecret({ secretId: 'shop/prod/jwt' });
const database = new SecretCache(injectedSecret('DATABASE'), { parse: databaseCredential() });
const report = healthHandler({ fields: fieldCheck(keys, name) });
async function health() {
  const server = createServer(report).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await fetch('http://127.0.0.1:' + server.address().port);
  server.close();
  return answer.json();
}
const told = (work) => work.then(({ sub, payload }) => sub ?? payload.sub, ({ code, message }) => code + ' ' + message);
async function live() {
  const token = await signer.sign({ sub: 'ann' });
  console.log(JSON.stringify({
    verified: (await verifier.verify(token)).sub,
    opened: await name.decrypt(await name.encrypt('Ann')),
    jose: await told(jwtVerify(token, verifier)),
    jsonwebtoken: await told(verifyToken(token, verifier)),
    pg: await told(createRotatingPool(database, { host: 'localhost', database: 'shop', connection: 'direct' }).then((pool) => ({ sub: pool.constructor.name }))),
    drizzle: drizzle.encryptedColumn(name).dataType(),
    kysely: Object.keys(kysely.encryptedColumns({ patients: { columns: { name } } })),
    health: await health(),
    same: http.healthHandler === healthHandler,
    fastify: typeof fastifyHealth(report),
    ...(process.env.ASK_AWS && { aws: await told(aws.read()) }),
  }));
}
live();
`;

const example = `
import { type Cached, FieldCipher, fieldKeys, injectedSecret, KeysetSigner, KeysetVerifier, SecretCache, type TokenKeys, tokenKeys } from '${name}';
import { secretsManagerSecret } from '${name}/aws';
import { joseKey, jwtVerify } from '${name}/jose';
import { keyOfDecoded, keyOfToken, verifyToken } from '${name}/jsonwebtoken';
import fastifyJwt from '@fastify/jwt';
import fastify from 'fastify';
import { jwtVerify as bare } from 'jose';
import type { Pool } from 'pg';
import { customType, pgTable } from 'drizzle-orm/pg-core';
import type { KyselyPlugin } from 'kysely';
import type { RouteHandlerMethod } from 'fastify';
import { createRotatingPool, databaseCredential } from '${name}/pg';
import { encryptedColumn } from '${name}/drizzle';
import { encryptedColumns } from '${name}/kysely';
import { fieldCheck, healthHandler } from '${name}/http';
import type { HealthHandler } from '${name}/express';
import { fastifyHealth } from '${name}/fastify';

const tokens = new SecretCache(secretsManagerSecret({ secretId: 'a' }), { parse: tokenKeys(), maxAge: 60_000 });
const held: Promise<Cached<TokenKeys>> = tokens.get();
const verifier = new KeysetVerifier(tokens, { issuer: 'shop' });
const signer = new KeysetSigner(tokens, { lifetime: 60 });
export const sub: Promise<string | undefined> = verifier.verify('').then((claims) => claims.sub);
export const all = [held, signer.sign({}), bare('', joseKey(verifier)), jwtVerify('', verifier), verifyToken('', verifier)];
const keys = new SecretCache(injectedSecret('KEYS'), { parse: fieldKeys() });
const cipher = new FieldCipher(keys, { 'a.b': { profile: 'row', accepts: [{ name: 'fernet' }] }, 'a.c': { profile: 'none', format: 'qt1-bytes' } });
export const text: Promise<string> = cipher.encrypt('a.b', 'x', [1n, { uuid: '' }]);
export const bytes: Promise<Buffer> = cipher.bytesColumn('a.c').encrypt(Buffer.of(1));
const database = new SecretCache(injectedSecret('DATABASE'), { parse: databaseCredential() });
export const pool: Promise<Pool> = createRotatingPool(database, { host: 'a', database: 'b' });
const table = pgTable('a', { name: customType(encryptedColumn(cipher.column('a.b')))().notNull() });
export const selected: string = '' as (typeof table.$inferSelect)['name'];
export const plugin: KyselyPlugin = encryptedColumns({ a: { columns: { b: cipher.column('a.b'), c: cipher.bytesColumn('a.c') } } });
export const health: HealthHandler = healthHandler({ fields: fieldCheck(keys, cipher.column('a.b')) });
export const route: RouteHandlerMethod = fastifyHealth(health);
fastify().register(fastifyJwt, { secret: { public: keyOfDecoded(verifier) }, decode: { complete: true } });
export const provider: (request: Request, token: string, done: (error: unknown, key?: Buffer) => void) => void = keyOfToken(verifier);
`;

/** Each line must stay an error. */
const shouldNotCompile = `
new SecretCache(injectedSecret('A'), {});
new KeysetSigner(new SecretCache(injectedSecret('A'), { parse: fieldKeys() }), { lifetime: 60 });
new KeysetVerifier(new SecretCache(injectedSecret('A'), { parse: String }));
new KeysetSigner(tokens, {});
new FieldCipher(tokens, {});
new FieldCipher(keys, { 'a.b': {} });
new FieldCipher(keys, { 'a.b': { profile: 'none', format: 'colon-cbc' } });
new FieldCipher(keys, { 'a.b': { profile: 'none', format: 'raw' } });
cipher.bytesColumn('a.b').decrypt('text');
cipher.column('a.b').decrypt(Buffer.of(1));
jwtVerify('', verifier, { algorithms: ['none'] });
verifyToken('', verifier, { algorithms: ['none'] });
tokens.get().value;
table.$inferSelect.name satisfies number;
encryptedColumns({ a: { columns: { b: 'a.b' } } });
encryptedColumn(cipher);
createRotatingPool(tokens, {});
fastifyHealth(keys);
keyOfDecoded(tokens);
keyOfToken(signer);
`;

let project: Installed;
const environment = {
  TOKENS: new Rotating(jwtSettings, () => new Date()).text,
  KEYS: new Rotating(encryptionSettings, () => new Date()).text,
  DATABASE: '{"username":"shop_a","password":"swordfish"}',
};

beforeAll(() => {
  project = installed(name, packClient);
  project.write(
    'app.mjs',
    application((module) => `await import('${module}')`),
  );
  project.write(
    'app.cjs',
    application((module) => `require('${module}')`),
  );
}, 120_000);
afterAll(() => project?.remove());

test('in this repository the published names lead to the modules that are published under them', () => {
  const file = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  expect(file.config.compilerOptions.paths).toEqual(
    Object.fromEntries(
      Object.entries(clientEntries).map(([subpath, entry]) => [
        subpath.replace(/^\./, name),
        [`./${entry}`],
      ]),
    ),
  );
});

describe('the package', () => {
  test('depends on nothing, and each of its peers is optional', () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = project.packageJson;
    expect(dependencies).toBeUndefined();
    expect(Object.keys(peerDependencies)).toEqual(expect.arrayContaining([...peers, ...hosts]));
    for (const peer of Object.keys(peerDependencies)) {
      expect(peerDependenciesMeta[peer]).toEqual({ optional: true });
    }
    expect(Object.keys(project.packageJson.exports)).toEqual([
      ...Object.keys(clientEntries),
      './package.json',
    ]);
  });

  test('is the client, and of the rest of the tree only the values and formats', () => {
    const list = "require('fs').readdirSync('node_modules/@quarterturn/client/dist/cjs/domain')";
    const { out } = project.node(['-e', `console.log(${list}.join())`]);
    expect(out.trim()).toBe('ciphertext,secrets');
  });

  test('is what npm would publish: code and types twice, a readme and the license, and no path of this machine', () => {
    const home = join(project.project, 'node_modules', name);
    const files = readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name: file }) => relative(home, join(parentPath, file)));
    const [esm = [], cjs = []] = ['esm', 'cjs'].map((form) =>
      files.flatMap((file) => (file.startsWith(`dist/${form}/`) ? [file.slice(9)] : [])).sort(),
    );
    expect(cjs).toEqual([...esm, 'package.json'].sort());
    for (const file of esm) {
      expect(file).toMatch(/^(client|domain\/(ciphertext|secrets))\/.+\.(js|d\.ts)$/);
    }
    expect(files.filter((file) => !file.startsWith('dist/')).sort()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    for (const [subpath, targets] of Object.entries<Record<string, Record<string, string>>>(
      project.packageJson.exports,
    )) {
      for (const target of Object.values(targets).flatMap((each) => Object.values(each ?? {}))) {
        if (subpath !== './package.json') {
          expect(files).toContain(target.replace(/^\.\//, ''));
        }
      }
    }
    for (const file of files) {
      expect(readFileSync(join(home, file), 'utf8').includes(root)).toBe(false);
    }
  });

  test('exports the same names as ES modules and as CommonJS', () => {
    const each = subpaths.map((path) => `['${path}', await import('${path}'), require('${path}')]`);
    const { out, err } = project.node([
      '--input-type=module',
      '-e',
      `import { createRequire } from 'node:module';
      const require = createRequire(process.cwd() + '/x.js');
      const names = (module) => Object.keys(module).filter((name) => name !== 'default' && name !== 'module.exports').sort().join();
      for (const [path, esm, cjs] of [${each.join()}]) {
        if (names(esm) === '' || names(esm) !== names(cjs)) console.log(path, names(esm), names(cjs));
      }`,
    ]);
    expect({ out, err }).toEqual({ out: '', err: '' });
  });

  test.each(['app.mjs', 'app.cjs'])(
    'without any peer %s signs, verifies and encrypts, and is told by name what an adapter needs',
    (app) => {
      const { out, err, code } = project.node([app], { ...environment, ASK_AWS: '1' });
      expect({ err, code }).toEqual({ err: '', code: 0 });
      const needs = (peer: string) =>
        expect.stringMatching(`^ERR_ROTATION_PEER_MISSING .*npm install ${peer}`);
      expect(JSON.parse(out)).toEqual({
        verified: 'ann',
        opened: 'Ann',
        pg: needs('pg'),
        drizzle: 'text',
        kysely: ['transformQuery', 'transformResult'],
        health: { status: 'ok' },
        same: true,
        fastify: 'function',
        jose: needs('jose'),
        jsonwebtoken: needs('jsonwebtoken'),
        aws: needs('@aws-sdk/client-secrets-manager'),
      });
    },
  );
});

describe('beside its peers', () => {
  beforeAll(() => project.install([...peers, ...hosts, ...beside]));

  test.each(['app.mjs', 'app.cjs'])('%s verifies with them', (app) => {
    const { out, err } = project.node([app], environment);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      jose: 'ann',
      jsonwebtoken: 'ann',
      pg: expect.stringMatching('Pool'),
    });
  });

  test('loads none of its peers before it needs one, and reads no environment by itself', () => {
    const loaded = `${subpaths.map((each) => `require('${each}')`).join(';')};
      console.log(Object.keys(require.cache).filter((file) => !file.includes('quarterturn')).length)`;
    expect(project.node(['-e', loaded]).out.trim()).toBe('0');
  });

  // The compiler over all that is packed; the sources are checked in every run.
  (isFull ? test : test.skip)(
    'its types fit as ES modules and as CommonJS in strict mode; what must not compile does not',
    () => {
      project.write('types/esm.mts', example);
      project.write('types/cjs.cts', example);
      const wrong = example.trim().split('\n').length;
      project.write('types/wrong.mts', example.trim() + shouldNotCompile);
      // In it the example is whole, as an ES module. The others with `npm run proof`.
      const files = isFull ? ['esm.mts', 'cjs.cts', 'wrong.mts'] : ['wrong.mts'];
      const program = typed(
        project,
        files.map((file) => `types/${file}`),
      );
      expect(declaredInCommonJs(project, subpaths)).toEqual(
        Object.values(clientEntries).map(
          (entry) => `node_modules/${name}/dist/cjs/${entry.replace(/\.ts$/, '.d.ts')}`,
        ),
      );
      const ours = program
        .getSourceFiles()
        .filter(({ fileName }) => /\/types\/\w+\.[mc]ts$|@quarterturn\/client\//.test(fileName));
      expect(ours.some(({ fileName }) => fileName.includes('dist/cjs/'))).toBe(isFull);
      const problems = ours.flatMap((file) =>
        program
          .getSemanticDiagnostics(file)
          .concat(program.getSyntacticDiagnostics(file))
          .map(({ start = 0, messageText }) => ({
            file: file.fileName.split('/').at(-1),
            line: file.getLineAndCharacterOfPosition(start).line,
            text: ts.flattenDiagnosticMessageText(messageText, ' '),
          })),
      );
      expect(problems.filter(({ file }) => file !== 'wrong.mts')).toEqual([]);
      const lines = problems.map(({ line }) => line - wrong);
      expect([...new Set(lines)]).toEqual(
        shouldNotCompile
          .trim()
          .split('\n')
          .map((_, line) => line),
      );
    },
    120_000,
  );
});
