/** What the demo says at its end, and the sandbox when it is ready. */

import type { Credentials, Sandbox } from '../../sandbox/start.ts';
import { entryOf, oldSecretKey } from '../existing-secret.ts';
import type { Operator } from '../operator.ts';
import { present } from '../proof.ts';

export function whatToTryNext(seconds: number): string {
  return `
Every proof above was read back from PostgreSQL, from Secrets Manager's labels, from the answers of
the application or with the keys themselves, in ${seconds} s. Nothing is left running.

Next:
  npm start -- jwt        one chapter (first-values, jwt, encryption, multi-user, single-user,
                          schedule, failure, rollback, reencryption, emergency)
  npm run sandbox         the same stack, kept running: rotate with the real \`aws\` command
  examples/pharmacy-api   the application that was in use all the while, to copy from
  rotation.config.ts      what your own deployment would rotate; \`npx cdk deploy\` deploys it
`;
}

export interface Invitation {
  sandbox: Pick<Sandbox, 'url' | 'region' | 'account'>;
  operator: Pick<Operator, 'rotatedSecrets'>;
  operatorKey: Credentials;
  /** The sandbox's own, with the control token. */
  directory: string;
  /** The configuration it was deployed from, as a person names it. */
  file: string;
}

/** Lines to paste into another terminal. */
export function invitation(invited: Invitation): string {
  const { sandbox, operator, operatorKey, directory, file } = invited;
  const [first] = operator.rotatedSecrets();
  const { key, name } = present(first, 'a secret of the example rotates');
  // By option, too: releases of the command before 2023 do not know the variable.
  const aws = (command: string) => `  aws secretsmanager ${command} --endpoint-url ${sandbox.url}`;
  const entry = entryOf(sandbox.region).replaceAll(/^/gm, '    ');
  return `
The sandbox runs on ${sandbox.url} (account ${sandbox.account}) until Ctrl-C. In another terminal,
in this folder:

  export AWS_ACCESS_KEY_ID=${operatorKey.accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${operatorKey.secretAccessKey}
  export AWS_REGION=${sandbox.region} AWS_DEFAULT_REGION=${sandbox.region}
  export AWS_ENDPOINT_URL=${sandbox.url}
  export QUARTERTURN_SANDBOX=${directory}
  unset AWS_SESSION_TOKEN AWS_PROFILE

This is the key of on-call, who may start emergencies here, too: it rotates and looks at labels, and
may read no value. It opens nothing but this sandbox.

Rotate:

  npx quarterturn status
  npx quarterturn rotate ${key}
${aws(`rotate-secret --secret-id ${name}`)}
${aws(`describe-secret --secret-id ${name}`)}

A value leaked (docs/emergency.md), or might have (docs/scan.md), or somebody leaves
(docs/offboarding.md):

  npx quarterturn drill ${key}
  npx quarterturn emergency ${key} --reason "practising"
  npx quarterturn scan --no-history .
  npx quarterturn offboard arn:aws:iam::${sandbox.account}:user/api --dry-run

Take over a secret that was here before the stack. Add it to \`secrets\` in ${file}:

${entry}

deploy, and adopt it:

  npm run sandbox:deploy
  npx quarterturn adopt ${oldSecretKey} --dry-run
  npx quarterturn adopt ${oldSecretKey}

then add \`armed: true\` to it, deploy, and rotate it:

  npm run sandbox:deploy
  npx quarterturn rotate ${oldSecretKey}
  npx quarterturn status

Its clock, faults and requests (docs/sandbox.md):

  curl -H "Authorization: Bearer $(cat ${directory}/control-token)" ${sandbox.url}/_sandbox/clock
`;
}
