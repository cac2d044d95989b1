/** What the demo says at its end, and the sandbox when it is ready. */

import type { Credentials, Sandbox } from '../../sandbox/start.ts';
import type { Operator } from '../operator.ts';

export function whatToTryNext(seconds: number): string {
  return `
Every proof above was read back from PostgreSQL, from Secrets Manager's labels or with the keys
themselves, in ${seconds} s. Nothing is left running.

Next:
  npm start -- jwt        one chapter (first-values, jwt, encryption, multi-user, single-user,
                          schedule, failure)
  npm run sandbox         the same stack, kept running: rotate with the real \`aws\` command
  rotation.config.ts      what your own deployment would rotate; \`npx cdk deploy\` deploys it
`;
}

export interface Invitation {
  sandbox: Pick<Sandbox, 'url' | 'region' | 'account'>;
  operator: Pick<Operator, 'rotatedSecrets'>;
  operatorKey: Credentials;
  tokenFile: string;
}

/** Lines to paste into another terminal. */
export function invitation({ sandbox, operator, operatorKey, tokenFile }: Invitation): string {
  const rotated = operator.rotatedSecrets();
  const names = rotated.map(({ name }) => name);
  const keys = rotated.map(({ key }) => key);
  // By option, too: releases of the command before 2023 do not know the variable.
  const aws = (command: string) => `  aws secretsmanager ${command} --endpoint-url ${sandbox.url}`;
  return `
The sandbox runs on ${sandbox.url} (account ${sandbox.account}) until Ctrl-C. In another terminal:

  export AWS_ACCESS_KEY_ID=${operatorKey.accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${operatorKey.secretAccessKey}
  export AWS_REGION=${sandbox.region} AWS_DEFAULT_REGION=${sandbox.region}
  export AWS_ENDPOINT_URL=${sandbox.url}
  unset AWS_SESSION_TOKEN AWS_PROFILE

  npx quarterturn status
  npx quarterturn rotate ${keys[0]}
  npx quarterturn status ${keys[0]}

${names.map((name) => aws(`rotate-secret --secret-id ${name}`)).join('\n')}
${aws(`describe-secret --secret-id ${names[0]}`)}

This is the key of on-call: it rotates and looks at labels, and may read no value. It opens nothing
but this sandbox.

Clock, faults and requests are under ${sandbox.url}/_sandbox/, with the token of a file only you
can read:

  curl -H "Authorization: Bearer $(cat ${tokenFile})" ${sandbox.url}/_sandbox/requests
`;
}
