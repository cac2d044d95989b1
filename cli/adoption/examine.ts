/** Everything that is looked at before an existing secret is taken over. Changes nothing. */

import type * as z from 'zod';
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { tagKeys } from '../../domain/config/names.ts';
import {
  type BootstrapPlanAnswer,
  bootstrapPlanSchema,
  type Finding,
  type Rehearsal,
  rehearsalSchema,
} from '../../domain/events/operator-requests.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { type AdoptionRefusal, adoptionRefusals } from '../../domain/policy/adoption.ts';
import type { OpenDeployment } from '../command.ts';
import { FunctionAnswerError } from '../errors.ts';

export interface Examination {
  refusals: AdoptionRefusal[];
  rehearsal: Rehearsal;
  /** Of a database. */
  bootstrap?: BootstrapPlanAnswer;
}

/**
 * Who owns the secret, and whether anything would be lost, is asked before its function touches its value; the
 * database only when both have nothing against it.
 */
export async function examine(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
): Promise<Examination> {
  const { caller, manifest, secretsManager } = deployment;
  const describe = await secretsManager.describe(secret.name);
  // A secret on its way to deletion tells nothing else.
  const resourcePolicy =
    describe.deletedDate === undefined
      ? await secretsManager.getResourcePolicy(secret.name)
      : undefined;
  const rehearsal = await ask(
    deployment,
    secret.function,
    { operation: 'rehearse' },
    rehearsalSchema,
  );
  const { secretArn, kmsKeyArn, functionArn, value } = rehearsal;
  const refusals = adoptionRefusals({
    configured: {
      ...{ secretArn, kmsKeyArn, functionArn },
      deployment: `${manifest.name}/${manifest.environment}`,
    },
    caller,
    describe,
    taggedFor: deploymentIn(describe.tags),
    resourcePolicy,
    value,
  });
  if (refusals.length > 0 || blocking(rehearsal.findings).length > 0) {
    return { refusals, rehearsal };
  }
  const bootstrap =
    secret.kind === 'database' && secret.operator !== undefined
      ? await ask(
          deployment,
          secret.operator,
          { operation: 'planBootstrap', secret: secret.name },
          bootstrapPlanSchema,
        )
      : undefined;
  return { refusals, rehearsal, ...(bootstrap && { bootstrap }) };
}

function deploymentIn(tags: Readonly<Record<string, string>> = {}): string | undefined {
  const { [tagKeys.name]: name, [tagKeys.environment]: environment } = tags;
  return name && environment && `${name}/${environment}`;
}

export function blocking(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ level }) => level === 'blocks');
}

/** @throws FunctionAnswerError when the function is of another release than this command */
export async function ask<Schema extends z.ZodType>(
  { functions }: OpenDeployment,
  functionName: string,
  request: object,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const answer = readAs(schema, await functions.invoke(functionName, request));
  if (!answer.success) {
    throw new FunctionAnswerError(functionName, answer.error.issues[0]?.path.join('.') ?? '');
  }
  return answer.data;
}
