/** 256 KiB a payload. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
import type { Json } from './json.ts';
import { StateError } from './state-error.ts';

export const maximumPayload = 256 * 1024;

/** @throws StateError States.DataLimitExceeded; what was too large is not shown */
export function withinLimit(value: Json, what: string): Json {
  if (Buffer.byteLength(JSON.stringify(value)) > maximumPayload) {
    throw new StateError(
      'States.DataLimitExceeded',
      `${what} with a size exceeding the maximum number of bytes service limit.`,
    );
  }
  return value;
}
