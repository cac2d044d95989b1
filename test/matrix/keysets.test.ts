import { expect, test } from '@jest/globals';
import { methodsInUse } from './methods-in-use.ts';
import { encryptionRoom, jwtRoom } from './rooms/keysets.ts';
import { userManagedRoom } from './rooms/user-managed.ts';
import { expectSound } from './sound.ts';

const endpoint = { host: 'localhost', port: 5432, dbname: 'pharmacy', ca: 'no authority' };
/** Sources of stack frames are looked up at every error otherwise, which costs more than a schedule. */
Error.stackTraceLimit = 0;

/** One rotation at a time runs here: what another one leads to, that comes in between, is met by chance. */
const ofRaces = ['controlTable.removeAfterRotation'];

test('rooms of keys and of values people make: every call fails in every way, and every recovery ends well', async () => {
  const inUse = methodsInUse('rotation', 'jwt', 'encryption', 'user-managed');
  expect(inUse.size).toBeGreaterThan(20);
  const used = [...inUse].filter((method) => !ofRaces.includes(method));
  await expectSound([jwtRoom, encryptionRoom(endpoint), userManagedRoom], used);
}, 3_600_000);
