/**
 * The hook that stops and starts the consumers of a secret in maintenance mode: one POST of JSON, answered with
 * 2xx when it is done. No redirect is followed: what was configured is what is called.
 */

export interface ConsumersHookRequest {
  readonly event: 'stop' | 'start';
  /** Name of the encryption secret. */
  readonly secret: string;
  /** `<name>/<environment>`. */
  readonly deployment: string;
  /** ARN of the execution that asks: whoever answers can look it up before it believes it. */
  readonly execution: string;
}

export interface ConsumersHookDoor {
  /** @returns the HTTP status, or the class of the error that kept it from answering within 30 s */
  ask(url: string, request: ConsumersHookRequest): Promise<number | string>;
}

const timeoutMilliseconds = 30_000;

export function consumersHook(
  call: typeof fetch = fetch,
  timeout = timeoutMilliseconds,
): ConsumersHookDoor {
  return {
    async ask(url, request) {
      try {
        const response = await call(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': 'quarterturn' },
          body: JSON.stringify(request),
          redirect: 'manual',
          signal: AbortSignal.timeout(timeout),
        });
        await response.body?.cancel();
        return response.status;
      } catch (error) {
        // Its message may quote what it was sent to; what is behind `fetch failed` has a code.
        const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
        return typeof cause?.code === 'string' ? cause.code : (name ?? 'Error');
      }
    },
  };
}
