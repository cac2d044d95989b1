/**
 * An evaluator of IAM policies that shares nothing with the sandbox's: @cloud-copilot/iam-simulate. It is told what the
 * sandbox is told, and says what AWS would answer.
 */
import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate';
import type { Decision } from '../../../sandbox/iam/evaluate.ts';
import type { PolicyDocument } from '../../../sandbox/iam/policy.ts';

export type Verdict = 'allowed' | 'denied' | 'not allowed';

export interface Question {
  /** ARN of a user or of a session of a role, or the name of a service. */
  principal: string;
  action: string;
  resource: string;
  /** Whose the resource is. */
  account: string;
  identityPolicies: readonly PolicyDocument[];
  resourcePolicy?: PolicyDocument;
  /** A list is a multivalued key, also of one value. */
  context: Readonly<Record<string, string | readonly string[]>>;
}

/** @throws Error when the simulator refuses the question */
export async function simulated(question: Question): Promise<Verdict> {
  if (question.resource !== '*') {
    return simulatedOn(question);
  }
  // Which actions know no resource is data of the simulator, asked for only here.
  const answer = await runSimulation(simulationOf(question), {});
  if (answer.resultType === 'error') {
    throw new Error(`${question.action} on "*": ${JSON.stringify(answer.errors)}`);
  }
  return verdictOf(answer.overallResult);
}

/** As `simulated`, of one resource. */
export const simulatedOn = (question: Question): Verdict =>
  verdictOf(runUnsafeSimulation(simulationOf(question), {}));

function simulationOf(question: Question): Parameters<typeof runUnsafeSimulation>[0] {
  const { principal, action, resource, account, identityPolicies, resourcePolicy } = question;
  const contextVariables = Object.fromEntries(
    Object.entries(question.context).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : [...value],
    ]),
  );
  return {
    request: {
      ...{ principal, action, contextVariables },
      resource: { resource, accountId: account },
    },
    identityPolicies: identityPolicies.map((policy, index) => ({ name: `${index}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    // Named, as one that was validated: it reads the name, which the unvalidated way forgets to give.
    ...(resourcePolicy !== undefined && {
      resourcePolicy: {
        ...{ __validated: true, policyDocument: resourcePolicy, errors: [] },
        metadata: { name: 'resource' },
      },
    }),
  };
}

const verdictOf = (result: string): Verdict =>
  result === 'Allowed' ? 'allowed' : result === 'ExplicitlyDenied' ? 'denied' : 'not allowed';

export const verdict = (decision: Decision): Verdict =>
  decision === 'allowed' ? 'allowed' : decision.startsWith('denied') ? 'denied' : 'not allowed';
