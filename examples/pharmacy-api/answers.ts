/** What a caller is told when something went wrong, and what the log is told: neither holds a value. */
import { SecretNotReadyError, SecretUnavailableError, StaleSecretError } from '@quarterturn/client';
import { CredentialRefusedError } from '@quarterturn/client/pg';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { TooManyLoginsError } from './passwords.ts';
import { UnauthorizedError } from './sessions.ts';

interface Answer {
  readonly status: number;
  readonly error: string;
  /** Of a body: which of its members, never what they hold. */
  readonly fields?: readonly string[];
}

/** What passes by itself; the caller may try again. */
const unavailable = [
  SecretUnavailableError,
  StaleSecretError,
  SecretNotReadyError,
  CredentialRefusedError,
  TooManyLoginsError,
];
/** node:net's, and PostgreSQL's classes 08, 53 and 57 (appendix A): the server is away, full or restarting. */
const away = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|08|53|57)/;

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, ...body } = answerTo(error);
  if (status >= 500) {
    request.log.error(described(error), 'request failed');
  }
  if (status === 401) {
    reply.header('www-authenticate', 'Bearer');
  }
  if (status === 503) {
    reply.header('retry-after', '1');
  }
  reply.code(status).send(body);
}

function answerTo(error: unknown): Answer {
  if (error instanceof UnauthorizedError) {
    return { status: 401, error: 'unauthorized' };
  }
  if (error instanceof z.ZodError) {
    const fields = error.issues.map(({ path }) => path.join('.')).filter((path) => path !== '');
    return { status: 400, error: 'invalid_request', fields: [...new Set(fields)] };
  }
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  // Fastify's own: a body that is no JSON, is too large, or of another type.
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, error: String(code ?? 'invalid_request').toLowerCase() };
  }
  const passes =
    unavailable.some((kind) => error instanceof kind) ||
    away.test(typeof code === 'string' ? code : '');
  return passes ? { status: 503, error: 'unavailable' } : { status: 500, error: 'internal' };
}

/** Where and what kind, without the message: that of PostgreSQL may quote a value. */
export function described(error: unknown): { kind: string; code?: string; at?: readonly string[] } {
  if (!(error instanceof Error)) {
    return { kind: typeof error };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const at = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return {
    kind: error.name,
    ...(code !== undefined && { code }),
    ...(at !== undefined && { at: at.slice(0, 6).map((line) => line.trim()) }),
  };
}
