/** The door to the log: one structured line an event, fields only from an allow-list of shapes. */
import { Logger } from '@aws-lambda-powertools/logger';

export type LogFields = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface Log {
  info(event: string, fields: LogFields): void;
  error(event: string, fields: LogFields): void;
}

/** Callers pass names, ids, counts and codes; never a value, an event or an error object. */
export function lambdaLog(service: string): Log {
  const logger = new Logger({ serviceName: service });
  return {
    info: (event, fields) => logger.info(event, { ...fields }),
    error: (event, fields) => logger.error(event, { ...fields }),
  };
}
