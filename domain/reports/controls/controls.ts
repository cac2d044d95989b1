/** Every control of `quarterturn report --control`, judged. */
import type { DeploymentReport } from '../deployment-report.ts';
import { judged } from './control.ts';
import { customerKeys } from './facts.ts';
import { hipaa } from './hipaa.ts';
import { securityHub } from './security-hub.ts';
import { soc2 } from './soc2.ts';

/** Of AWS Config's conformance pack "Operational Best Practices for HIPAA Security", beside rotation itself. */
const usingCmk = {
  framework: 'AWS Config',
  id: 'secretsmanager-using-cmk',
  title: 'Secrets should be encrypted with a customer managed KMS key',
  source: 'https://docs.aws.amazon.com/config/latest/developerguide/secretsmanager-using-cmk.html',
  supports: 'Looks at KmsKeyId. The policy of the key itself is not read.',
  look: customerKeys,
} as const;

export const allControls = [...securityHub, usingCmk, ...hipaa, ...soc2];

export const withControls = (report: DeploymentReport): DeploymentReport => ({
  ...report,
  controls: allControls.map((control) => judged(control, report)),
});
