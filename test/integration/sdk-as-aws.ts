/** What `aws secretsmanager` would send, sent by the SDK: a start of Python costs more than everything it asks for. */
import * as service from '@aws-sdk/client-secrets-manager';
import type { ExplicitAccess } from '../../doors/explicit-access.ts';
import type { Aws } from './aws-cli-conformance.ts';

const pascal = (kebab: string) =>
  kebab.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `Key=name,Values=a`, the CLI's shorthand for a structure; only `Values` is a list. */
function structure(shorthand: string): Record<string, unknown> {
  const members = shorthand.split(',').map((member) => member.split('='));
  return Object.fromEntries(
    members.map(([name = '', value]) => [name, name === 'Values' ? [value] : value]),
  );
}

/** How the CLI reads what follows a flag; without an entry it is one text. */
const kinds: Readonly<Record<string, (values: string[]) => unknown>> = {
  Tags: (values) => values.map(structure),
  Filters: (values) => values.map(structure),
  TagKeys: (values) => values,
  RecoveryWindowInDays: ([days]) => Number(days),
  BlockPublicPolicy: () => true,
};

function inputOf(args: readonly string[]): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (let at = 0; at < args.length; ) {
    const flag = args[at++] ?? '';
    if (!flag.startsWith('--')) throw new Error(`found ${flag}; expected a flag`);
    const values: string[] = [];
    while (at < args.length && !args[at]?.startsWith('--')) values.push(args[at++] ?? '');
    const name = pascal(flag.slice(2));
    input[name] = kinds[name]?.(values) ?? values[0];
  }
  return input;
}

export function sdkAsAws(access: ExplicitAccess): Aws {
  const client = new service.SecretsManagerClient({ ...access, maxAttempts: 1 });
  return async (command, ...args) => {
    const operation = pascal(command ?? '');
    const Command = Reflect.get(service, `${operation}Command`);
    try {
      const { $metadata, ...output } = await client.send(new Command(inputOf(args)));
      return { output, refusal: '' };
    } catch (error) {
      const { name, message } = error as Error;
      return {
        output: {},
        refusal: `An error occurred (${name}) when calling the ${operation} operation: ${message}`,
      };
    }
  };
}
