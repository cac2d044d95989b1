/** What the command line asks of this function: parsed here, answered by one operation, told in one line. */
import type * as z from 'zod';
import { readAs } from '../../../domain/events/read-as.ts';
import {
  type ReencryptionOperation,
  reencryptionOperations,
} from '../../../domain/events/reencryption.ts';
import type { Tools } from '../doors.ts';
import { ForeignSecretError, InvalidRequestError } from '../tasks/errors.ts';
import { dryRun } from './dry-run.ts';
import { pauseReencryption, resumeReencryption } from './pause.ts';
import { acceptRows, attestStore, quarantinePage } from './sign-off.ts';
import { status } from './status.ts';

type Requests = {
  [Name in ReencryptionOperation]: z.infer<(typeof reencryptionOperations)[Name]>;
};
type Operations = {
  [Name in ReencryptionOperation]: (tools: Tools, request: Requests[Name]) => Promise<object>;
};

const operations: Operations = {
  reencryptionStatus: status,
  reencryptionDryRun: dryRun,
  pauseReencryption,
  resumeReencryption,
  quarantinedRows: quarantinePage,
  acceptQuarantined: acceptRows,
  attestStore,
};

/** @throws InvalidRequestError, ForeignSecretError before anything is done */
export async function operate(tools: Tools, event: object): Promise<object> {
  const { operation } = event as { operation?: unknown };
  if (!isOperation(operation)) {
    throw new InvalidRequestError('names no operation of this function');
  }
  return answered(tools, operation, event);
}

async function answered<Name extends ReencryptionOperation>(
  tools: Tools,
  name: Name,
  event: object,
): Promise<object> {
  const schema: z.ZodType<Requests[ReencryptionOperation]> = reencryptionOperations[name];
  const request = readAs(schema, event);
  if (!request.success) {
    throw new InvalidRequestError(`does not fit ${name}`);
  }
  const { secretName } = tools.deployed;
  if (request.data.secret !== secretName) {
    throw new ForeignSecretError(secretName);
  }
  const answer = await operations[name](tools, request.data as Requests[Name]);
  const by = 'by' in request.data ? request.data.by : undefined;
  tools.log.info(name, { secret: secretName, by });
  return answer;
}

function isOperation(name: unknown): name is ReencryptionOperation {
  return typeof name === 'string' && Object.hasOwn(reencryptionOperations, name);
}
