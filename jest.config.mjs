import { readFileSync } from 'node:fs';

// The SDK prints eight lines about Node 22 in every process; the floor of this project is stated in package.json.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// By default every synthesis checks CloudFormation's rules, at twice its own cost, and only warns. The test of
// template validation checks them by name, as errors.
process.env.CDK_VALIDATION = 'false';
// Nor does it note on every resource where it was made, which no test reads.
process.env.CDK_CONTEXT_JSON = JSON.stringify({ 'aws:cdk:disable-creation-stack-traces': true });

const { paths } = JSON.parse(
  readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8'),
).compilerOptions;

const isFull = process.env.PROOF === 'full';

/** Tests are ES modules run by Node itself; swc only strips types (docs/decisions: toolchain). */
export default {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  testSequencer: '<rootDir>/test/longest-first.mjs',
  reporters: ['default', '<rootDir>/test/slowest-files.mjs'],
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // Examples import the client by its published name; here that is its source, as tsconfig.json says.
  moduleNameMapper: Object.fromEntries(
    Object.entries(paths).map(([name, [file]]) => [`^${name}$`, file.replace('.', '<rootDir>')]),
  ),
  cacheDirectory: '<rootDir>/.cache/jest',
  // A full proof waits as often as it computes: for servers, processes and what is killed in them.
  maxWorkers: isFull ? 3 : 2,
  // Modules of a file are not given back when it ends: a worker is begun anew before its heap costs more than that.
  workerIdleMemoryLimit: '1GB',
  // A full proof ends by its work.
  testTimeout: isFull ? 300_000 : 30_000,
};
