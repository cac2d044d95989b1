/** The door to SSM Parameter Store: where the stack leaves its manifest. */
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  type GetParametersByPathCommandOutput,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { awsCall, clientDefaults } from './aws-call.ts';

export interface ParametersDoor {
  /** The parameter's value. @throws AwsCallError when there is none */
  get(name: string): Promise<string>;
  /** Names of all parameters below a path, at any depth. */
  namesBelow(path: string): Promise<string[]>;
}

export function parameters(client = new SSMClient(clientDefaults)): ParametersDoor {
  return {
    async get(name) {
      const answer = await awsCall('GetParameter', () =>
        client.send(new GetParameterCommand({ Name: name })),
      );
      return answer.Parameter?.Value ?? '';
    },

    async namesBelow(path) {
      const names: string[] = [];
      let nextToken: string | undefined;
      do {
        const page: GetParametersByPathCommandOutput = await awsCall('GetParametersByPath', () =>
          client.send(
            new GetParametersByPathCommand({
              Path: path,
              Recursive: true,
              // "between 1 and 10" (API_GetParametersByPath).
              MaxResults: 10,
              ...(nextToken && { NextToken: nextToken }),
            }),
          ),
        );
        names.push(...(page.Parameters ?? []).map(({ Name }) => Name ?? ''));
        nextToken = page.NextToken;
      } while (nextToken);
      return names;
    },
  };
}
