/** One request, one answer: parsed here, answered by one operation, failures told without a value. */
import type * as z from 'zod';
import {
  type BootstrapExecuted,
  type BootstrapPlanAnswer,
  executeBootstrapSchema,
  executeRowsSchema,
  planBootstrapSchema,
  planRowsSchema,
  type RowsExecuted,
  type RowsPlan,
} from '../../domain/events/operator-requests.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { Log } from '../../doors/log.ts';
import { failureOf } from '../rotation/failure.ts';
import type { DatabaseFacts } from './environment.ts';
import { InvalidRequestError, UnknownDatabaseError } from './errors.ts';
import { executeBootstrapOf } from './execute-bootstrap.ts';
import { planBootstrapOf } from './plan-bootstrap.ts';
import { executeRowsOf, planRowsOf, rowsOf } from './rows.ts';
import type { OperatorTools } from './tools.ts';

export type OperatorAnswer = BootstrapPlanAnswer | BootstrapExecuted | RowsPlan | RowsExecuted;

interface Operation {
  /** Answers a request that fits; undefined: it does not. */
  answer(tools: OperatorTools, log: Log, request: unknown): Promise<OperatorAnswer> | undefined;
}

const operations: Readonly<Record<string, Operation>> = {
  planBootstrap: operation(planBootstrapSchema, async (tools, log, { secret }) => {
    const planned = await planBootstrapOf(tools, databaseOf(tools, secret));
    logPlan(log, 'planBootstrap', planned);
    return planned;
  }),
  executeBootstrap: operation(executeBootstrapSchema, async (tools, log, { secret, digest }) => {
    const executed = await executeBootstrapOf(tools, databaseOf(tools, secret), digest);
    const { outcome, statements, passwordStored, proven } = executed;
    log.info('executeBootstrap', {
      ...{ secret, digest, outcome, statements, passwordStored },
      proven: proven.role,
    });
    return executed;
  }),
  planRows: operation(planRowsSchema, async (tools, log, { secret }) => {
    const planned = await planRowsOf(tools, rowsOf(tools, secret));
    logPlan(log, 'planRows', planned);
    return planned;
  }),
  executeRows: operation(executeRowsSchema, async (tools, log, { secret, digest }) => {
    const executed = await executeRowsOf(tools, rowsOf(tools, secret), digest);
    const { outcome, statements } = executed;
    log.info('executeRows', { secret, digest, outcome, statements });
    return executed;
  }),
};

/** @throws RotationStepError: what leaves the function holds no value */
export async function operate(
  tools: OperatorTools,
  log: Log,
  event: unknown,
): Promise<OperatorAnswer> {
  try {
    const asked = (event as { operation?: unknown } | null)?.operation;
    const isKnown = typeof asked === 'string' && Object.hasOwn(operations, asked);
    const known = isKnown ? operations[asked] : undefined;
    if (known === undefined) {
      throw new InvalidRequestError('names no operation of this function');
    }
    const answered = known.answer(tools, log, event);
    if (answered === undefined) {
      throw new InvalidRequestError(`does not fit ${asked}`);
    }
    return await answered;
  } catch (error) {
    const { code, message, frames, error: told } = failureOf(error, 'the operator');
    log.error('failed', { code, reason: message, frames });
    throw told;
  }
}

function operation<Schema extends z.ZodType>(
  schema: Schema,
  work: (tools: OperatorTools, log: Log, request: z.infer<Schema>) => Promise<OperatorAnswer>,
): Operation {
  return {
    answer(tools, log, event) {
      const request = readAs(schema, event);
      return request.success ? work(tools, log, request.data) : undefined;
    },
  };
}

function logPlan(log: Log, message: string, planned: BootstrapPlanAnswer | RowsPlan): void {
  log.info(message, {
    secret: planned.secret,
    digest: planned.digest,
    statements: planned.statements.length,
    findings: planned.findings.map(({ code }) => code),
  });
}

function databaseOf({ databases }: OperatorTools, secret: string): DatabaseFacts {
  const found = databases.find(({ name }) => name === secret);
  if (found === undefined) {
    throw new UnknownDatabaseError(databases.map(({ name }) => name));
  }
  return found;
}
