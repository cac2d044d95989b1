/** Ports that do what the test says and remember what they were asked. */
import type {
  IamPort,
  InvokeOutcome,
  KeyUsePort,
  LambdaPort,
  MetricsPort,
  QueuePort,
  StatesPort,
} from '../../sandbox/ports.ts';
import { type AccessCheck, type Caller, ServiceException } from '../../sandbox/service.ts';

export type Script = (payload: unknown, call: number) => unknown;

/** A script returns the payload, throws a ServiceException (not reached) or any Error (the function threw). */
export class ScriptedLambda implements LambdaPort {
  readonly calls: { caller: Caller; arn: string; payload: unknown }[] = [];
  readonly #scripts = new Map<string, Script>();

  on(name: string, script: Script): string {
    const arn = `arn:aws:lambda:eu-west-1:000000000000:function:${name}`;
    this.#scripts.set(arn, script);
    return arn;
  }

  exists(functionArn: string): boolean {
    return this.#scripts.has(functionArn);
  }

  mayInvoke(): boolean {
    return true;
  }

  async invoke(caller: Caller, arn: string, payload: unknown): Promise<InvokeOutcome> {
    const script = this.#scripts.get(arn);
    if (script === undefined) {
      throw new ServiceException('ResourceNotFoundException', `Function not found: ${arn}`, 404);
    }
    this.calls.push({ caller, arn, payload });
    try {
      const call = this.calls.filter((made) => made.arn === arn).length;
      return { payload: JSON.stringify((await script(payload, call)) ?? null) };
    } catch (error) {
      if (error instanceof ServiceException) {
        throw error;
      }
      const { name, message } = error as Error;
      const thrown = { errorType: name, errorMessage: message, trace: [] };
      return { payload: JSON.stringify(thrown), functionError: 'Unhandled' };
    }
  }
}

export class ScriptedStates implements StatesPort {
  readonly started: { caller: Caller; arn: string; name: string | undefined; input: unknown }[] =
    [];

  startExecution(caller: Caller, arn: string, name: string | undefined, input: unknown) {
    this.started.push({ caller, arn, name, input });
    return { executionArn: `${arn}:1` };
  }
}

/** Allows everything but the actions in `denied`. */
export class ScriptedIam implements IamPort {
  readonly asked: { caller: Caller; check: AccessCheck }[] = [];
  readonly denied = new Set<string>();

  authorize(caller: Caller, check: AccessCheck): void {
    this.asked.push({ caller, check });
    if (this.denied.has(check.action)) {
      throw new ServiceException(
        'AccessDeniedException',
        `User: ${caller.arn} is not authorized to perform: ${check.action} on resource: ${check.resource}`,
      );
    }
  }
}

/** Lets everybody use every key but those in `closed`. */
export class ScriptedKeys implements KeyUsePort {
  readonly asked: { caller: Caller; keyId: string; actions: readonly string[]; context: object }[] =
    [];
  readonly closed = new Set<string>();

  useAs(caller: Caller, keyId: string, actions: readonly string[], context: object): void {
    this.asked.push({ caller, keyId, actions, context });
    if (this.closed.has(keyId)) {
      throw new ServiceException('AccessDeniedException', `${caller.arn} may not use ${keyId}`);
    }
  }
}

/** Names and values, in order. */
export class RecordedMetrics implements MetricsPort {
  readonly counted: string[] = [];
  readonly levels: [string, number][] = [];

  count({ namespace, name }: { namespace: string; name: string }): void {
    this.counted.push(`${namespace} ${name}`);
  }

  stand({ name }: { name: string }, value: number): void {
    this.levels.push([name, value]);
  }
}

/** Takes everything, but not for the queues in `closed`. */
export class RecordedQueues implements QueuePort {
  readonly sent: { caller: Caller; queueArn: string; body: unknown; attributes: object }[] = [];
  readonly closed = new Set<string>();

  sendAs(caller: Caller, queueArn: string, body: string, attributes = {}): void {
    if (this.closed.has(queueArn)) {
      throw new ServiceException('AccessDeniedException', `${caller.arn} may not send`);
    }
    this.sent.push({ caller, queueArn, body: JSON.parse(body), attributes });
  }
}
