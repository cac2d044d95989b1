/** The service on a clock that only a test moves, with real KMS, an IAM that allows, and a scripted Lambda. */
import { SandboxClock } from '../../../sandbox/clock.ts';
import { KmsService } from '../../../sandbox/kms/service.ts';
import type { EventEnvelope, InvokeOutcome } from '../../../sandbox/ports.ts';
import { SecretsManagerService } from '../../../sandbox/secrets-manager/service.ts';
import type { AccessCheck, Caller } from '../../../sandbox/service.ts';
import { ServiceException } from '../../../sandbox/service.ts';

export const region = 'eu-west-1';
export const account = '000000000000';
export const lambdaArn = `arn:aws:lambda:${region}:${account}:function:rotate`;
export const start = new Date('2027-01-10T12:00:00.000Z');

export const operator: Caller = { arn: `arn:aws:iam::${account}:role/operator`, kind: 'role' };

export interface RotationPayload {
  Step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
  SecretId: string;
  ClientRequestToken: string;
  RotationToken: string;
}

type Handler = (payload: RotationPayload, bench: Bench) => Promise<void>;

/** biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, read by the tests. */
type Answer = any;

export class Bench {
  readonly clock = new SandboxClock(start, 'manual');
  readonly events: EventEnvelope[] = [];
  readonly invocations: { caller: Caller; payload: RotationPayload }[] = [];
  readonly checks: { caller: Caller; check: AccessCheck }[] = [];
  readonly denied = new Set<string>();
  readonly kms: KmsService;
  readonly service: SecretsManagerService;
  /** What the rotation function does. */
  handler: Handler = wellBehaved;
  functionExists = true;
  serviceMayInvoke = true;
  callerMayInvoke = true;

  constructor() {
    const iam = {
      authorize: (caller: Caller, check: AccessCheck) => {
        this.checks.push({ caller, check });
        if (this.denied.has(check.action) || this.denied.has(`${check.action} ${check.resource}`)) {
          throw new ServiceException('AccessDeniedException', `denied: ${check.action}`);
        }
      },
    };
    this.kms = new KmsService({ account, region, iam, clock: this.clock });
    this.service = new SecretsManagerService({
      account,
      region,
      iam,
      clock: this.clock,
      kms: this.kms,
      events: { publish: (event) => void this.events.push(event) },
      lambda: {
        exists: () => this.functionExists,
        mayInvoke: (caller) =>
          caller.kind === 'service' ? this.serviceMayInvoke : this.callerMayInvoke,
        invoke: async (caller, _arn, payload): Promise<InvokeOutcome> => {
          this.invocations.push({ caller, payload: payload as RotationPayload });
          try {
            await this.handler(payload as RotationPayload, this);
            return { payload: 'null' };
          } catch {
            return { payload: '{"errorType":"Error"}', functionError: 'Unhandled' };
          }
        },
      },
    });
  }

  async call(
    operation: string,
    input: Record<string, unknown>,
    caller = operator,
  ): Promise<Answer> {
    const found = this.service.operations[operation];
    if (found === undefined) {
      throw new Error(`no operation ${operation}`);
    }
    for (const check of found.authorize(input, caller)) {
      this.checks.push({ caller, check });
    }
    return found.run(input, caller);
  }

  /** The error an operation ends in, as "Code: message". */
  async refusal(
    operation: string,
    input: Record<string, unknown>,
    caller = operator,
  ): Promise<string> {
    try {
      await this.call(operation, input, caller);
    } catch (error) {
      const { code, message } = error as ServiceException;
      return `${code}: ${message}`;
    }
    return 'no error';
  }

  /** A secret `app/key` whose AWSCURRENT is version `v1`. */
  async secret(name = 'app/key', value = 'first'): Promise<string> {
    const input = { Name: name, SecretString: value, ClientRequestToken: token('v1') };
    return (await this.call('CreateSecret', input)).ARN;
  }

  rotate(name: string, more: Record<string, unknown> = {}): Promise<Answer> {
    return this.call('RotateSecret', {
      SecretId: 'app/key',
      ClientRequestToken: token(name),
      RotationLambdaARN: lambdaArn,
      ...more,
    });
  }

  /** Version name → labels, sorted. */
  async labels(secretId = 'app/key'): Promise<Record<string, string[]>> {
    const { VersionIdsToStages: map } = await this.call('DescribeSecret', { SecretId: secretId });
    return Object.fromEntries(
      Object.entries(map as Record<string, string[]>).map(([id, labels]) => [
        id.replace(/-+$/, ''),
        [...labels].sort(),
      ]),
    );
  }

  steps(): string[] {
    return this.invocations.map(({ payload }) => payload.Step);
  }

  /** Names of the service events, in order. */
  rotationEvents(): unknown[] {
    return this.events
      .filter((event) => event['detail-type'] === 'AWS Service Event via CloudTrail')
      .map((event) => event.detail.eventName);
  }

  later(minutes: number): Date {
    return new Date(this.clock.now().getTime() + minutes * 60_000);
  }
}

/** A readable version id of the 32 characters the API asks for. */
export function token(name: string): string {
  return name.padEnd(32, '-');
}

/** What AWS's own template does, without a database. */
export const wellBehaved: Handler = async (payload, bench) => {
  const { SecretId, ClientRequestToken, RotationToken, Step } = payload;
  if (Step === 'createSecret') {
    await bench.call('PutSecretValue', {
      SecretId,
      ClientRequestToken,
      RotationToken,
      SecretString: `value of ${ClientRequestToken}`,
      VersionStages: ['AWSPENDING'],
    });
  }
  if (Step === 'finishSecret') {
    const labels = (await bench.call('DescribeSecret', { SecretId })).VersionIdsToStages;
    const current = Object.keys(labels).find((id) => labels[id].includes('AWSCURRENT'));
    if (current !== ClientRequestToken) {
      await bench.call('UpdateSecretVersionStage', {
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId: current,
      });
    }
  }
};

/** Fails in one step, before or after its effect, the first `times` times. */
export function failing(
  step: RotationPayload['Step'],
  when: 'before' | 'after' = 'before',
  times = Number.POSITIVE_INFINITY,
): Handler {
  let left = times;
  return async (payload, bench) => {
    const fails = payload.Step === step && left > 0;
    if (fails) {
      left -= 1;
    }
    if (!fails || when === 'after') {
      await wellBehaved(payload, bench);
    }
    if (fails) {
      throw new Error('as scripted');
    }
  };
}
