/** Does what is deployed where the secrets are read fit such a place? A function looks, where consumers are rolled out. */
import { postureFunctionName } from '../../domain/config/names.ts';
import {
  type ConsumerPosture,
  type ConsumerPostureFound,
  consumerPostureFoundSchema,
} from '../../domain/events/operator-requests.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { FunctionFailedError } from '../../doors/functions.ts';
import type { OpenDeployment } from '../command.ts';
import { FunctionAnswerError } from '../errors.ts';

export interface ConsumersSeen {
  readonly consumers: ConsumerPostureFound[];
  readonly unchecked: string[];
}

/** @param key only those that read this secret */
export async function examineConsumers(
  { manifest, functions }: OpenDeployment,
  key: string | undefined,
): Promise<ConsumersSeen> {
  const reading = manifest.consumers.filter(
    ({ reads }) => key === undefined || reads.includes(key),
  );
  const { rollout } = manifest;
  const looked = reading.filter(({ restart }) => rollout !== undefined && restart !== undefined);
  const blind = reading.filter((consumer) => !looked.includes(consumer));
  const consumers: ConsumerPostureFound[] = [];
  for (const { name: consumer } of looked) {
    consumers.push(await ask(functions, postureFunctionName(manifest), consumer));
  }
  return {
    consumers,
    unchecked:
      blind.length === 0
        ? []
        : [
            `log levels, plaintext secrets and fallbacks of ${blind.map(({ name }) => name).join(', ')}: the configuration does not say where they run (consumers[].restart)`,
          ],
  };
}

async function ask(
  functions: OpenDeployment['functions'],
  functionName: string,
  consumer: string,
): Promise<ConsumerPostureFound> {
  const request: ConsumerPosture = { operation: 'posture', consumer };
  try {
    const found = readAs(consumerPostureFoundSchema, await functions.invoke(functionName, request));
    if (!found.success) {
      throw new FunctionAnswerError(functionName, found.error.issues[0]?.path.join('.') ?? '');
    }
    return found.data;
  } catch (error) {
    const isTold =
      error instanceof FunctionFailedError ||
      error instanceof FunctionAnswerError ||
      error instanceof AwsCallError;
    if (!isTold) throw error;
    return { consumer, findings: [], unchecked: [error.message.slice(0, 1_024)] };
  }
}
