/**
 * The door to how functions are configured: the role one runs as (who reads under that role, is the function), and what
 * it is told to use.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
 */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { readAs } from '../domain/events/read-as.ts';
import { AwsCallError, clientDefaults } from './aws-call.ts';
import { type Clock, systemClock } from './clock.ts';
import { errorCodeOf, lambdaRequest, messageIn } from './lambda-request.ts';
import { type NeighbourClient, parsed } from './signed-request.ts';

export interface FunctionRolesDoor {
  /** @returns the role's ARN; undefined: there is no such function. @throws AwsCallError */
  roleOf(functionName: string): Promise<string | undefined>;
  /** @returns undefined: there is no such function. @throws AwsCallError */
  settingsOf(functionName: string): Promise<FunctionSettings | undefined>;
}

export interface FunctionSettings {
  /** ARN. */
  readonly role: string;
  /** Names and numbers, as it is deployed; absent: Lambda could not decrypt it for us. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly isInVpc: boolean;
}

export interface FunctionRolesOptions {
  /** @default of Secrets Manager */
  readonly client?: NeighbourClient;
  /** Of the function, for the endpoint in the sandbox. @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

/** Milliseconds before the second and third try of what may pass. */
const pauses = [200, 600];
const mayPass = (status: number) => status === 429 || status >= 500;

const configurationSchema = z.object({
  Role: z.string(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).optional() }).nullish(),
  VpcConfig: z
    .object({ VpcId: z.string().nullish(), SubnetIds: z.array(z.string()).nullish() })
    .nullish(),
});

export function functionRoles(options: FunctionRolesOptions = {}): FunctionRolesDoor {
  const {
    client = new SecretsManagerClient(clientDefaults),
    environment = process.env,
    clock = systemClock,
  } = options;
  async function settingsOf(functionName: string): Promise<FunctionSettings | undefined> {
    const call = 'GetFunctionConfiguration';
    for (const pause of [...pauses, undefined]) {
      const response = await lambdaRequest(
        { client, environment, clock },
        { call, method: 'GET', functionName, resource: 'configuration' },
      );
      if (response.status === 404) return undefined;
      if (response.status < 400) {
        const found = readAs(configurationSchema, parsed(response.text)).data;
        if (found === undefined) return undefined;
        const { Role: role, Environment: own, VpcConfig: vpc } = found;
        return {
          role,
          ...(own?.Variables && { environment: own.Variables }),
          isInVpc: (vpc?.SubnetIds ?? []).length > 0,
        };
      }
      if (pause === undefined || !mayPass(response.status)) {
        throw new AwsCallError(call, errorCodeOf(response), messageIn(response));
      }
      await clock.sleep(pause);
    }
    return undefined;
  }

  return {
    settingsOf,
    roleOf: async (functionName) => (await settingsOf(functionName))?.role,
  };
}
