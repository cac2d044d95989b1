/** A function as the template describes it, and the environment its processes see. */

import type { PolicyDocument, Statement } from '../iam/policy.ts';
import type { Credentials } from '../sandbox.ts';
import { type Caller, ServiceException } from '../service.ts';
import type { FunctionPool } from './function-pool.ts';

export interface FunctionSpec {
  name: string;
  roleArn: string;
  /** `file.export` */
  handler: string;
  /** Folder of the asset, or the code itself. */
  code: { folder: string } | { inline: string };
  timeoutSeconds: number;
  memorySize: number;
  environment: Readonly<Record<string, string>>;
  reservedConcurrency?: number;
  /** Where its interfaces are; absent outside of every VPC. */
  placement?: NonNullable<Caller['placement']>;
  /** @default /aws/lambda/<name> */
  logGroup?: string;
  /** ARN of the queue for events whose asynchronous invocation failed for good. */
  deadLetterArn?: string;
}

export interface LambdaFunction {
  spec: FunctionSpec;
  arn: string;
  taskRoot: string;
  caller: Caller;
  policy: Statement[];
  pool: FunctionPool;
}

/** Set by Lambda itself; AWS refuses a template that sets them. */
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;

export function assertAllowedVariables({ environment }: FunctionSpec): void {
  const reserved = Object.keys(environment).filter((name) => RESERVED.test(name));
  if (reserved.length > 0) {
    throw new ServiceException(
      'InvalidParameterValueException',
      'Lambda was unable to configure your environment variables because the environment variables ' +
        'you have provided contains reserved keys that are currently not supported for modification. ' +
        `Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
}

/** All that a process of the function is given: nothing comes from the sandbox's own environment. */
export function processEnvironment(
  { spec, taskRoot }: LambdaFunction,
  credentials: Credentials,
  { region, endpoint, folder }: { region: string; endpoint: string; folder: string },
): Record<string, string> {
  return {
    ...spec.environment,
    _HANDLER: spec.handler,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memorySize),
    AWS_LAMBDA_LOG_GROUP_NAME: logGroupOf(spec),
    LAMBDA_TASK_ROOT: taskRoot,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: `${folder}/no-config`,
    AWS_SHARED_CREDENTIALS_FILE: `${folder}/no-credentials`,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: folder,
    TMPDIR: folder,
    TZ: 'UTC',
  };
}

export function logGroupOf({ name, logGroup }: Pick<FunctionSpec, 'name' | 'logGroup'>): string {
  return logGroup ?? `/aws/lambda/${name}`;
}

export function policyOf({ policy }: LambdaFunction): PolicyDocument {
  return { Version: '2012-10-17', Statement: policy };
}

/** Name in a name, a partial ARN (`account:function:name`) or an ARN, with or without a qualifier. */
export function functionNameIn(nameOrArn: string): string {
  const found = /(?:^|:)function:([^:]+)/.exec(nameOrArn);
  return found?.[1] ?? nameOrArn.split(':')[0] ?? nameOrArn;
}
