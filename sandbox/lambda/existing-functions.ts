/**
 * Functions that stand in the account beside the stack: they run nothing here, but have a configuration that can be
 * changed (API_UpdateFunctionConfiguration). Changing the description is what makes Lambda start them anew.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import { ServiceException } from '../service.ts';

export interface ExistingFunction {
  name: string;
  description?: string | undefined;
  /** @default Active */
  state?: 'Pending' | 'Active' | 'Inactive' | 'Failed' | undefined;
  environment?: Readonly<Record<string, string>> | undefined;
  /** How long an update is in progress, by the sandbox's clock. @default 5 */
  updateSeconds?: number | undefined;
  /** How an update ends. @default Successful */
  updateStatus?: 'Successful' | 'Failed' | undefined;
}

interface Standing extends ExistingFunction {
  arn: string;
  lastModified: Date;
  revisionId: string;
  lastUpdateStatus: 'Successful' | 'InProgress' | 'Failed';
}

export class ExistingFunctions {
  readonly #settings: { account: string; region: string; clock: SandboxClock };
  readonly #functions = new Map<string, Standing>();

  constructor(settings: { account: string; region: string; clock: SandboxClock }) {
    this.#settings = settings;
  }

  put(spec: ExistingFunction): { arn: string } {
    const { account, region, clock } = this.#settings;
    const arn = `arn:aws:lambda:${region}:${account}:function:${spec.name}`;
    this.#functions.set(spec.name, {
      ...spec,
      arn,
      lastModified: clock.now(),
      revisionId: randomUUID(),
      lastUpdateStatus: 'Successful',
    });
    return { arn };
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  describe(name: string): object {
    const found = this.#find(name);
    const isFailed = found.lastUpdateStatus === 'Failed';
    return {
      FunctionName: found.name,
      FunctionArn: found.arn,
      Runtime: 'nodejs24.x',
      Role: `arn:aws:iam::${this.#settings.account}:role/${found.name}`,
      Handler: 'index.handler',
      CodeSize: 0,
      Description: found.description ?? '',
      Timeout: 3,
      MemorySize: 128,
      // Lambda's own form: 2026-05-17T17:00:00.000+0000
      LastModified: found.lastModified.toISOString().replace('Z', '+0000'),
      CodeSha256: createHash('sha256').update(found.name).digest('base64'),
      Version: '$LATEST',
      ...(found.environment && { Environment: { Variables: found.environment } }),
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      RevisionId: found.revisionId,
      State: found.state ?? 'Active',
      LastUpdateStatus: found.lastUpdateStatus,
      ...(isFailed && {
        LastUpdateStatusReason: 'An internal error occurred.',
        LastUpdateStatusReasonCode: 'InternalError',
      }),
    };
  }

  /** @throws ServiceException ResourceConflictException, PreconditionFailedException */
  update(name: string, { FunctionName: _, ...change }: Record<string, unknown>): object {
    const { clock } = this.#settings;
    const found = this.#find(name);
    const unknown = Object.keys(change).filter(
      (member) => member !== 'Description' && member !== 'RevisionId',
    );
    if (unknown.length > 0) {
      throw new ServiceException(
        'NotSimulatedException',
        `The sandbox does not simulate ${unknown.join(', ')} of UpdateFunctionConfiguration.`,
        501,
      );
    }
    if (found.lastUpdateStatus === 'InProgress') {
      throw new ServiceException(
        'ResourceConflictException',
        `The operation cannot be performed at this time. An update is in progress for resource: ${found.arn}`,
        409,
      );
    }
    if (change.RevisionId !== undefined && change.RevisionId !== found.revisionId) {
      throw new ServiceException(
        'PreconditionFailedException',
        'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
        412,
      );
    }
    if (change.Description !== undefined) found.description = String(change.Description);
    found.lastModified = clock.now();
    found.revisionId = randomUUID();
    found.lastUpdateStatus = 'InProgress';
    const at = new Date(clock.now().getTime() + (found.updateSeconds ?? 5) * 1000);
    clock.at(at, `lambda: update of ${name}`, async () => {
      found.lastUpdateStatus = found.updateStatus ?? 'Successful';
      found.revisionId = randomUUID();
    });
    return this.describe(name);
  }

  #find(name: string): Standing {
    const found = this.#functions.get(name);
    if (found === undefined) {
      const { account, region } = this.#settings;
      const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
      throw new ServiceException('ResourceNotFoundException', `Function not found: ${arn}`, 404);
    }
    return found;
  }
}
