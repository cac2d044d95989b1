/** Operation `planBootstrap`: what would be done, and what stands in its way. Changes nothing. */
import type { BootstrapPlanAnswer } from '../../domain/events/operator-requests.ts';
import type { DatabaseFacts } from './environment.ts';
import { withLogin } from './logins.ts';
import { planBlind, planIn, prepare } from './preparation.ts';
import type { OperatorTools } from './tools.ts';

export async function planBootstrapOf(
  tools: OperatorTools,
  database: DatabaseFacts,
): Promise<BootstrapPlanAnswer> {
  const preparation = await prepare(tools, database);
  const { admin, runner } = preparation;
  const planned =
    runner === undefined
      ? planBlind(database, admin)
      : await withLogin(tools, database, runner.login, (session) =>
          planIn(session, database, { ...preparation, runner }),
        );
  return {
    secret: database.name,
    digest: planned.digest,
    host: database.host,
    port: database.port,
    database: database.maintenanceDatabase,
    ...(planned.version !== undefined && { serverVersion: planned.version }),
    ...(runner?.executes && { runBy: runner.login.credential.username }),
    statements: planned.statements.map(({ shown, why }) => ({ sql: shown, why })),
    storesPassword: admin.needsPassword,
    findings: planned.findings,
    unchecked: planned.unchecked,
  };
}
