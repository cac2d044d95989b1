/** Pages of a list. The token is opaque to callers: where the next page begins. */
import { ServiceException } from '../../service.ts';
import { type Input, optionalInteger, optionalString } from '../input.ts';

export function page<T>(
  input: Input,
  items: readonly T[],
  byDefault = 100,
): { items: T[]; next: { NextToken?: string } } {
  const size = optionalInteger(input, 'MaxResults', 1, 100) ?? byDefault;
  const token = optionalString(input, 'NextToken', 1, 4096);
  const from = token === undefined ? 0 : decode(token);
  const to = from + size;
  return {
    items: items.slice(from, to),
    next:
      to < items.length ? { NextToken: Buffer.from(`page:${to}`, 'utf8').toString('base64') } : {},
  };
}

function decode(token: string): number {
  const match = /^page:(\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8'));
  if (match === null) {
    throw new ServiceException('InvalidNextTokenException', 'The NextToken value is invalid.');
  }
  return Number(match[1]);
}
