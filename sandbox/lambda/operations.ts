/** Lambda's REST API: paths and shapes of the 2015-03-31 version. */
import { RestAnswer, readJson } from '../protocols.ts';
import { type AwsService, type RestRequest, ServiceException } from '../service.ts';
import { functionNameIn } from './function.ts';
import type { LambdaService } from './service.ts';

const PATH = /^\/2015-03-31\/functions\/([^/]+)(?:\/(invocations|configuration))?$/;

export const routeLambda: NonNullable<AwsService['route']> = (request) => {
  const [, encoded, sub] = PATH.exec(request.path) ?? [];
  if (encoded === undefined) {
    return undefined;
  }
  const FunctionName = decodeURIComponent(encoded);
  switch (`${request.method} ${sub ?? ''}`) {
    case 'POST invocations':
      return { operation: 'Invoke', input: invokeInput(request, FunctionName) };
    case 'GET ':
      return { operation: 'GetFunction', input: { FunctionName } };
    case 'GET configuration':
      return { operation: 'GetFunctionConfiguration', input: { FunctionName } };
    case 'PUT configuration':
      return {
        operation: 'UpdateFunctionConfiguration',
        input: { ...readJson(request.body), FunctionName },
      };
    default:
      return undefined;
  }
};

function invokeInput(request: RestRequest, FunctionName: string): Record<string, unknown> {
  let Payload: unknown;
  try {
    Payload = request.body.length === 0 ? {} : JSON.parse(request.body.toString('utf8'));
  } catch {
    throw new ServiceException(
      'InvalidRequestContentException',
      'Could not parse request body into json: the payload is not JSON.',
    );
  }
  const InvocationType = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  return { FunctionName, InvocationType, Payload };
}

export function lambdaOperations(lambda: LambdaService): AwsService['operations'] {
  const { existing } = lambda;
  const arnOf = (named: unknown) => {
    const name = functionNameIn(String(named));
    return existing.has(name) ? lambda.arnOf(name) : lambda.find(String(named)).arn;
  };
  const describe = (named: string) => {
    const name = functionNameIn(named);
    if (existing.has(name)) return existing.describe(name);
    const { spec, arn } = lambda.find(name);
    return {
      FunctionName: spec.name,
      FunctionArn: arn,
      Role: spec.roleArn,
      Handler: spec.handler,
      Timeout: spec.timeoutSeconds,
      MemorySize: spec.memorySize,
      Environment: { Variables: spec.environment },
      Version: '$LATEST',
      PackageType: 'Zip',
      State: 'Active',
      LastUpdateStatus: 'Successful',
    };
  };
  const reading = (action: string, run: (name: string) => unknown) => ({
    authorize: (input: Record<string, unknown>) => [
      { action, resource: arnOf(input.FunctionName) },
    ],
    run: async (input: Record<string, unknown>) => run(String(input.FunctionName)),
  });
  return {
    Invoke: {
      authorize: ({ FunctionName }) => [lambda.invokeCheck(String(FunctionName))],
      run: async ({ FunctionName, InvocationType, Payload }) => {
        const found = lambda.find(String(FunctionName));
        const payload = JSON.stringify(Payload);
        switch (InvocationType) {
          case 'RequestResponse': {
            const outcome = await lambda.execute(found, payload);
            const error = outcome.functionError && {
              'X-Amz-Function-Error': outcome.functionError,
            };
            const headers = { 'X-Amz-Executed-Version': '$LATEST', ...error };
            return new RestAnswer(200, headers, outcome.payload);
          }
          case 'Event':
            lambda.asynchronous.invoke(found, payload);
            return new RestAnswer(202, {}, '');
          case 'DryRun':
            return new RestAnswer(204, {}, '');
          default:
            throw new ServiceException(
              'InvalidParameterValueException',
              `InvocationType is ${String(InvocationType)}, expected RequestResponse, Event or DryRun`,
            );
        }
      },
    },
    GetFunction: reading('lambda:GetFunction', (name) => ({ Configuration: describe(name) })),
    GetFunctionConfiguration: reading('lambda:GetFunctionConfiguration', describe),
    UpdateFunctionConfiguration: {
      authorize: ({ FunctionName }) => [
        { action: 'lambda:UpdateFunctionConfiguration', resource: arnOf(FunctionName) },
      ],
      run: async (input) => {
        const name = functionNameIn(String(input.FunctionName));
        if (existing.has(name)) return existing.update(name, input);
        throw new ServiceException(
          'NotSimulatedException',
          `The sandbox does not simulate UpdateFunctionConfiguration of a function of the stack, ${name}.`,
          501,
        );
      },
    },
  };
}
