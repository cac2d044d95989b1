/**
 * A control of a framework, and what of this deployment's data speaks for or against it. "Supports", never
 * "complies": whether an organisation complies is for its auditor to say, and the data here is one deployment's.
 */
import type { ControlReport, ControlResult, DeploymentReport } from '../deployment-report.ts';

export interface Control extends Omit<ControlReport, 'result' | 'evidence'> {
  /** Empty: nothing of this deployment is about it. */
  readonly look: (report: DeploymentReport) => ControlReport['evidence'];
}

export type Found = ControlReport['evidence'][number];

const weight: Record<ControlResult, number> = { pass: 0, notShown: 1, fail: 2 };

export function judged({ look, ...control }: Control, report: DeploymentReport): ControlReport {
  const found = look(report);
  const evidence: Found[] =
    found.length > 0
      ? found
      : [{ result: 'notShown', fact: 'nothing of this deployment is about it' }];
  const result = evidence.reduce<ControlResult>(
    (worst, one) => (weight[one.result] > weight[worst] ? one.result : worst),
    'pass',
  );
  return { ...control, result, evidence };
}
