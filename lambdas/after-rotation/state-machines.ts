/** The deployment's machines: neighbours of the execution that asks, by the names the manifest gives. */

/** @param execution `arn:aws:states:<region>:<account>:execution:<machine>:<name>` */
export function machineArn(execution: string, machine: string): string {
  const [arn, partition, service, region, account] = execution.split(':');
  return [arn, partition, service, region, account, 'stateMachine', machine].join(':');
}
