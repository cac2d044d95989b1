/** The door to SSM Parameter Store: where the stack leaves its manifest. */
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { awsCall, clientDefaults } from './aws-call.ts';

export interface ParametersDoor {
  /** The parameter's value. @throws AwsCallError when there is none */
  get(name: string): Promise<string>;
}

export function parameters(client = new SSMClient(clientDefaults)): ParametersDoor {
  return {
    async get(name) {
      const answer = await awsCall('GetParameter', () =>
        client.send(new GetParameterCommand({ Name: name })),
      );
      return answer.Parameter?.Value ?? '';
    },
  };
}
