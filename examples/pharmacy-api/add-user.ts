/**
 * Adds a user, with the password on stdin:
 *
 *     npm run add-user -- ann ws-001 operator < password.txt
 */
import { text } from 'node:stream/consumers';
import { secretsManagerSecret } from '@quarterturn/client/aws';
import { described } from './answers.ts';
import { configurationOf } from './configuration.ts';
import { openDatabase } from './database.ts';
import { Passwords } from './passwords.ts';
import { secretsOf } from './secrets.ts';
import { Users, userSchema } from './users.ts';

const shortest = 12;

async function addUser([id, workspaceId, role = 'pharmacist']: readonly string[]): Promise<void> {
  const user = userSchema.safeParse({ id, workspaceId, role });
  if (!user.success) {
    throw new Error('Expected: a name, a workspace, and pharmacist or operator.');
  }
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password.length < shortest) {
    throw new Error(
      `The password on stdin has ${password.length} characters; at least ${shortest}.`,
    );
  }
  const { secretIds, database, passwordCost, readerCacheSeconds } = configurationOf(process.env);
  const source = (secretId: string) => secretsManagerSecret({ secretId });
  const secrets = secretsOf(
    {
      tokens: source(secretIds.tokens),
      fields: source(secretIds.fields),
      database: source(secretIds.database),
    },
    readerCacheSeconds,
    () => undefined,
  );
  const pool = await openDatabase(secrets.database, database, () => undefined);
  try {
    await new Users(pool).add(user.data, await new Passwords(passwordCost).hash(password));
  } finally {
    await pool.end();
  }
}

await addUser(process.argv.slice(2)).catch((error: unknown) => {
  const { kind, code } = described(error);
  // PostgreSQL's own messages may quote a value: its code says what it is (23505: there is one already).
  const words = code === undefined && error instanceof Error ? error.message : `${kind} ${code}`;
  process.stderr.write(`${words}\n`);
  process.exitCode = 1;
});
