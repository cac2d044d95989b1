/** What is wrong with one variable of a container. */
import type { PostureFinding } from '../../../domain/events/operator-requests.ts';
import type { ContainerVariable } from '../../../doors/container-variables.ts';
import type { ConsumerSettings } from '../environment.ts';

type Reads = ConsumerSettings['reads'];

const logLevel = /^(rust_log|log_?level|loglevel|.*_log_?level|logging_level.*)$/i;
const debugSwitch = /^(debug|.*_debug)$/i;
const environmentName =
  /^(node_env|app_env|rails_env|rack_env|flask_env|go_env|environment|.*_environment)$/i;
const verbose = new Set(['debug', 'trace', 'verbose', 'silly', 'all']);
const notProduction = new Set(['development', 'dev', 'local', 'test', 'testing']);

export function judge(
  variable: ContainerVariable,
  consumer: string,
  reads: Reads,
): PostureFinding[] {
  const { container, name, word, fallback, valueFrom, isEmpty } = variable;
  const where = `${consumer}, container ${container}, variable ${name}`;
  const found = (
    code: PostureFinding['code'],
    level: PostureFinding['level'],
    message: string,
  ): PostureFinding => ({
    code,
    level,
    container,
    variable: name,
    message: `${where}: ${message}`,
  });

  if (valueFrom !== undefined) return fromElsewhere(name, valueFrom, reads, found);
  if (isEmpty === true) return [];
  const findings: PostureFinding[] = [];
  if (word !== undefined && verbose.has(word) && (logLevel.test(name) || debugSwitch.test(name))) {
    findings.push(
      found(
        'LOG_LEVEL_VERBOSE',
        'warns',
        `found ${word}; expected info or quieter: libraries log requests, headers and bound values at that level. Set it in the task definition or the function's environment, and deploy.`,
      ),
    );
  }
  if (word !== undefined && notProduction.has(word) && environmentName.test(name)) {
    findings.push(
      found(
        'NOT_PRODUCTION',
        'warns',
        `found ${word}; expected production: frameworks show errors with their data, and use development secrets there. Set it, and deploy.`,
      ),
    );
  }
  if (fallback !== undefined) {
    findings.push(
      found(
        'DEVELOPMENT_FALLBACK',
        'blocks',
        `found a value of which ${fallback}; expected none: whoever has read the repository knows it. Take the variable away, and read the secret.`,
      ),
    );
  }
  const secret = holderOf(name, reads);
  if (secret !== undefined && word === undefined) {
    findings.push(
      found(
        'PLAINTEXT_SECRET',
        'blocks',
        `found in plain text, and it is named like ${secret.name}; expected secrets.valueFrom with that secret's ARN, or no variable and the client library. Whoever may describe the task definition reads it, and no rotation reaches it.`,
      ),
    );
  }
  return findings;
}

function fromElsewhere(
  name: string,
  valueFrom: string,
  reads: Reads,
  found: (
    code: PostureFinding['code'],
    level: PostureFinding['level'],
    message: string,
  ) => PostureFinding,
): PostureFinding[] {
  const secret = holderOf(name, reads);
  if (secret === undefined) return [];
  const [, resource = '', , stage = '', version = ''] =
    /^arn:aws[a-z-]*:secretsmanager:[^:]*:\d*:secret:([^:]+)(?::([^:]*):([^:]*):([^:]*))?$/.exec(
      valueFrom,
    ) ?? [];
  const isManaged = resource === secret.name || resource.startsWith(`${secret.name}-`);
  if (!isManaged) {
    return [
      found(
        'COPY_OF_SECRET',
        'warns',
        `found another source than ${secret.name}, whose name it has; expected that secret's ARN, or a sync target that keeps the copy.`,
      ),
    ];
  }
  return version !== '' || (stage !== '' && stage !== 'AWSCURRENT')
    ? [
        found(
          'COPY_OF_SECRET',
          'blocks',
          `found ${secret.name} held to one version or label; expected AWSCURRENT: no restart reads the new value. Take version and label out of valueFrom, and deploy.`,
        ),
      ]
    : [];
}

/** The secret that a variable of this name would hold. */
function holderOf(name: string, reads: Reads): Reads[number] | undefined {
  const words = plain(name);
  return reads.find(({ key, fields }) =>
    [key, ...fields].some((field) => plain(field) === words && plain(field).length >= 3),
  );
}

/** `JWT_SECRET`, `jwtSecret` and `jwt-secret` are one name. */
const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
