/** One request, one answer: parsed here, answered by one operation, failures told without a value. */
import {
  type BootstrapExecuted,
  type BootstrapPlanAnswer,
  executeBootstrapSchema,
  planBootstrapSchema,
} from '../../domain/events/operator-requests.ts';
import type { Log } from '../../doors/log.ts';
import { failureOf } from '../rotation/failure.ts';
import type { DatabaseFacts } from './environment.ts';
import { InvalidRequestError, UnknownDatabaseError } from './errors.ts';
import { executeBootstrapOf } from './execute-bootstrap.ts';
import { planBootstrapOf } from './plan-bootstrap.ts';
import type { OperatorTools } from './tools.ts';

/** @throws RotationStepError: what leaves the function holds no value */
export async function operate(
  tools: OperatorTools,
  log: Log,
  event: unknown,
): Promise<BootstrapPlanAnswer | BootstrapExecuted> {
  try {
    return await answer(tools, log, event);
  } catch (error) {
    const { code, message, frames, error: told } = failureOf(error, 'the operator');
    log.error('failed', { code, reason: message, frames });
    throw told;
  }
}

async function answer(
  tools: OperatorTools,
  log: Log,
  event: unknown,
): Promise<BootstrapPlanAnswer | BootstrapExecuted> {
  const plan = planBootstrapSchema.safeParse(event);
  if (plan.success) {
    const planned = await planBootstrapOf(tools, databaseOf(tools, plan.data.secret));
    log.info('planBootstrap', {
      secret: planned.secret,
      digest: planned.digest,
      statements: planned.statements.length,
      findings: planned.findings.map(({ code }) => code),
    });
    return planned;
  }
  const execution = executeBootstrapSchema.safeParse(event);
  if (!execution.success) {
    const known = ['planBootstrap', 'executeBootstrap'];
    const operation = (event as { operation?: unknown } | null)?.operation;
    throw new InvalidRequestError(
      known.includes(String(operation))
        ? `does not fit ${String(operation)}`
        : 'names no operation of this function',
    );
  }
  const { secret, digest } = execution.data;
  const executed = await executeBootstrapOf(tools, databaseOf(tools, secret), digest);
  log.info('executeBootstrap', {
    secret,
    digest,
    outcome: executed.outcome,
    statements: executed.statements,
    passwordStored: executed.passwordStored,
    proven: executed.proven.role,
  });
  return executed;
}

function databaseOf({ databases }: OperatorTools, secret: string): DatabaseFacts {
  const found = databases.find(({ name }) => name === secret);
  if (found === undefined) {
    throw new UnknownDatabaseError(databases.map(({ name }) => name));
  }
  return found;
}
