/** The process: reads its secrets with the credentials of its task, serves until SIGTERM, ends in order. */
import { SecretCache } from '@quarterturn/client';
import { secretsManagerSecret } from '@quarterturn/client/aws';
import type { FastifyBaseLogger } from 'fastify';
import { described } from './answers.ts';
import { pharmacyApi } from './app.ts';
import { type Configuration, configurationOf } from './configuration.ts';
import { openDatabase } from './database.ts';
import { Passwords } from './passwords.ts';
import { secretsOf } from './secrets.ts';

/** ECS kills a task 30 seconds after its SIGTERM (stopTimeout). */
const secondsToEnd = 25;

async function start(configuration: Configuration): Promise<void> {
  const { secretIds, database, host, port, passwordCost, tokenSeconds, logLevel } = configuration;
  let log: FastifyBaseLogger | undefined;
  const secrets = secretsOf(
    {
      tokens: secretsManagerSecret({ secretId: secretIds.tokens }),
      fields: secretsManagerSecret({ secretId: secretIds.fields }),
      database: secretsManagerSecret({ secretId: secretIds.database }),
    },
    configuration.readerCacheSeconds,
    (secret, { outcome, reason, versionId, error }) => {
      const line = { secret, outcome, reason, versionId, ...(error && described(error)) };
      outcome === 'failed' ? log?.warn(line, 'secret read') : log?.debug(line, 'secret read');
    },
  );
  const healthToken =
    secretIds.health === undefined
      ? undefined
      : new SecretCache(secretsManagerSecret({ secretId: secretIds.health }), {
          parse: (text) => text,
        });
  // All of them, before anybody is served: a task that cannot read them must not become healthy.
  await Promise.all([secrets.tokens.get(), secrets.fields.get(), secrets.database.get()]);
  const pool = await openDatabase(secrets.database, database, (report) =>
    log?.warn(report, 'database login'),
  );
  const app = pharmacyApi({
    secrets,
    database: pool,
    passwords: new Passwords(passwordCost),
    tokenSeconds,
    healthToken,
    log: { level: logLevel },
  });
  log = app.log;
  app.addHook('onClose', async () => {
    await pool.end();
    for (const secret of [...Object.values(secrets), healthToken]) {
      secret?.close();
    }
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), secondsToEnd * 1_000).unref();
      app.log.info({ signal }, 'ending: no new request is taken, those under way are answered');
      app.close().then(undefined, (error: unknown) => {
        app.log.error(described(error), 'did not end in order');
        process.exitCode = 1;
      });
    });
  }
  await app.listen({ host, port });
}

await start(configurationOf(process.env)).catch((error: unknown) => {
  // Messages of this file and of the client hold no value.
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : error}\n`);
  process.exit(1);
});
