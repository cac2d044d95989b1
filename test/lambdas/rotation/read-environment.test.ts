import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';

/** Of every variable that a function is told, one that fits none. */
const value = 'hunter2 hunter2';
const variables = Object.fromEntries(
  [
    ...['SECRET_ARN', 'ARMED', 'FIELD', 'BITS', 'ENCODING', 'ACCEPT_FOR_SECONDS', 'SCHEME', 'PORT'],
    ...['ADMIN_SECRET_ARN', 'CA', 'ESCROW_BUCKET', 'ESCROW_OWNER', 'MANIFEST_PARAMETER'],
    ...['DATABASE_SECRET_ARN', 'DATABASE_PORT', 'STATE_MACHINE_ARN'],
  ].map((name) => [name, value]),
);

/** Starts each bundle as Lambda does, and tells what its start threw. */
const start = `
  const [rooms, folder] = JSON.parse(process.argv[1]);
  const told = {};
  for (const room of rooms) {
    await import(folder + '/' + room + '/index.mjs').then(
      () => { told[room] = 'started'; },
      ({ name, code, message, stack }) => { told[room] = { name, code, message, stack }; },
    );
  }
  console.log(JSON.stringify(told));`;

test('a function that was told something wrong, or not told it, names the variables and no value', () => {
  const expected = {
    'after-rotation': ['MANIFEST_PARAMETER does not fit', 'CONTROL_TABLE is missing'],
    cadence: ['MANIFEST_PARAMETER does not fit', 'CONTROL_TABLE is missing'],
    database: ['SCHEME does not fit', 'HOST is missing', 'ADMIN_SECRET_ARN does not fit'],
    drill: ['DATABASE_HOST is missing', 'ESCROW_BUCKET does not fit'],
    encryption: ['ESCROW_HOST is missing', 'ESCROW_OWNER does not fit'],
    jwt: ['SECRET_ARN does not fit', 'SECRET_NAME is missing', 'ARMED does not fit'],
    starter: ['STATE_MACHINE_ARN does not fit'],
  };
  const rooms = [...Object.keys(expected), 'operator'];
  const argument = JSON.stringify([rooms, resolve('dist/lambdas')]);
  const told = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', start, argument], {
      env: variables,
      encoding: 'utf8',
      timeout: 30_000,
    }),
  );
  for (const [room, problems] of Object.entries(expected)) {
    expect(told[room]).toMatchObject({
      name: 'RotationEnvironmentError',
      code: 'ERR_ROTATION_ENVIRONMENT',
    });
    for (const problem of problems) {
      expect(told[room].message).toContain(problem);
    }
  }
  // Its environment is any; what it lacks is the file beside the bundle.
  expect(told.operator).toMatchObject({ name: 'OperatorDeploymentError' });
  expect(JSON.stringify(told)).not.toContain('hunter2');
});
