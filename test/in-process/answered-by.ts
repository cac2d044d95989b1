/**
 * A real SDK client's place, taken by a service of the sandbox: the door's own code runs, and its commands are
 * answered without a request being written or read. A hundred times faster than `inProcess`, which keeps the SDK's
 * serialisation honest; whoever runs thousands of schedules needs only that the door and the service are the real ones.
 */
import type { AwsService, Caller } from '../../sandbox/service.ts';
import { ServiceException } from '../../sandbox/service.ts';
import { tester } from './request-handler.ts';

interface Command {
  readonly input: unknown;
}

export function answeredBy<Client>(
  operations: AwsService['operations'],
  caller: Caller = tester,
): Client {
  return {
    async send(command: Command) {
      const name = command.constructor.name.replace(/Command$/, '');
      const operation = operations[name];
      if (operation === undefined) {
        throw new Error(`the sandbox does not simulate ${name}`);
      }
      const input = command.input as Record<string, unknown>;
      try {
        // IAM is not asked: the stack's tests do that.
        return withDates(await operation.run(input, caller));
      } catch (error) {
        throw error instanceof ServiceException ? asSdkError(error) : error;
      }
    },
  } as Client;
}

/** Timestamps travel as seconds since the epoch; the SDK makes dates of them. What was answered is nobody else's. */
function withDates(answer: unknown): unknown {
  if (typeof answer === 'object' && answer !== null) {
    const members = answer as Record<string, unknown>;
    for (const member in members) {
      const value = members[member];
      if (Array.isArray(value)) {
        value.forEach(withDates);
      } else if (typeof value === 'number' && member.endsWith('Date')) {
        members[member] = new Date(value * 1000);
      }
    }
  }
  return answer;
}

function asSdkError({ code, message, status }: ServiceException): Error {
  return Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } });
}
