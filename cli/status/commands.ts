/** Command lines to paste, for this deployment. */
import type { Commands } from '../../domain/reports/secret-status.ts';
import type { OpenDeployment } from '../command.ts';

export function commandsFor({
  manifest,
  caller,
}: Pick<OpenDeployment, 'manifest' | 'caller'>): Commands {
  const deployment = `--deployment ${manifest.name}/${manifest.environment}`;
  const quarterturn = (command: string, key: string) =>
    `npx quarterturn ${command} ${key} ${deployment}`;
  // arn:<partition>:…; China and GovCloud have partitions of their own.
  const [, partition = 'aws'] = caller.arn.split(':');
  const at = (service: string, rest: string) =>
    `arn:${partition}:${service}:${caller.region}:${caller.account}:${rest}`;
  return {
    rotate: (key) => quarterturn('rotate', key),
    rollback: (key, to) => quarterturn('rollback', to === undefined ? key : `${key} --to ${to}`),
    release: (key) => quarterturn('release', key),
    adopt: (key) => quarterturn('adopt', key),
    look: (key) => quarterturn('status', key),
    rows: (key) => quarterturn('reencrypt status', key),
    // Its log group has a generated name; the function's own configuration tells it.
    log: (functionName) =>
      `aws logs tail --since 1h "$(aws lambda get-function-configuration --function-name ${functionName} --query LoggingConfig.LogGroup --output text)"`,
    // The name of an execution is taken for 90 days (API_StartExecution), so each resumption has its own.
    resume: ({ arn, name }, versionId) =>
      `aws stepfunctions start-execution --state-machine-arn ${at('states', `stateMachine:${manifest.afterRotationMachine}`)} --name ${versionId}-resume-$(date +%s) --input '${JSON.stringify({ secretArn: arn, secretName: name, versionId, resume: true })}'`,
    deploy: 'npx cdk deploy',
  };
}
