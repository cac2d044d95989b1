/** Every six hours, and whenever somebody invokes it: when does each certificate end? The event is not read. */
import { acm } from '../../doors/acm.ts';
import { systemClock } from '../../doors/clock.ts';
import { controlTable } from '../../doors/control-table.ts';
import { eventBus } from '../../doors/event-bus.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { embeddedMetrics } from '../../doors/metrics.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { shownCertificates } from '../../doors/shown-certificates.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { type CertificatesSummary, checkCertificates } from './check.ts';
import { certificatesEnvironmentSchema } from './environment.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(certificatesEnvironmentSchema, process.env);
const doors = {
  acm: acm(),
  secretsManager: secretsManager(),
  shown: shownCertificates(),
  records: controlTable(environment.CONTROL_TABLE),
  eventBus: eventBus(),
  metrics: embeddedMetrics(),
  clock: systemClock,
  log: lambdaLog('certificates'),
};
const manifest = manifestByRequest(environment.MANIFEST_PARAMETER);

export async function handler(): Promise<CertificatesSummary> {
  return checkCertificates(doors, await manifest());
}
