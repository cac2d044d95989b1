/**
 * `/api/credentials/health` for `node:http`, Express (`app.get(path, handler)`) and whatever hands on Node's own
 * request and response. Published as `@quarterturn/client/http`.
 */
import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { System } from '../system.ts';
import { system as machine } from '../system.ts';
import type { HealthCheck } from './checks.ts';
import { type HealthOptions, healthReport } from './health-report.ts';

export {
  databaseCheck,
  fieldCheck,
  type HealthCheck,
  type KeyState,
  tokenCheck,
} from './checks.ts';
export * from './errors.ts';
export { type CheckReport, type HealthReport, healthReport } from './health-report.ts';

export interface HealthHandlerOptions extends Omit<HealthOptions, 'system'> {
  /**
   * Who may see versions, kids, states and errors; everybody else sees the status alone. What it throws counts as
   * no. @default nobody
   */
  maySeeDetail?(request: IncomingMessage): boolean | Promise<boolean>;
  readonly system?: Pick<System, 'now' | 'timeLimit' | 'warn'>;
}

export type HealthHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Answers 200 while every check succeeds, 503 otherwise; never a value of a secret. Detail shows whether this
 * process holds a key that was published, before a rollout activates it.
 * @throws ClientSettingsError
 */
export function healthHandler(
  checks: Readonly<Record<string, HealthCheck>>,
  options: HealthHandlerOptions = {},
): HealthHandler {
  const system = options.system ?? machine;
  const report = healthReport(checks, { ...options, system });

  const maySeeDetail = async (request: IncomingMessage): Promise<boolean> => {
    try {
      return (await options.maySeeDetail?.(request)) === true;
    } catch (error) {
      system.warn(error instanceof Error ? error : new Error('maySeeDetail threw'));
      return false;
    }
  };

  return async (request, response) => {
    // Not to be kept: with a detail in it, somebody else would be shown it.
    response.setHeader('cache-control', 'no-store');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const [found, isDetailed] = await Promise.all([report(), maySeeDetail(request)]);
    const body = JSON.stringify(isDetailed ? found : { status: found.status });
    response.writeHead(found.status === 'ok' ? 200 : 503, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}
