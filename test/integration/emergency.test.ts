/**
 * A secret is exposed, and the deployed machine closes the incident: in the sandbox, with the reference application
 * and services of ECS beside it.
 *
 * In `npm test` the leak and a drill. Stages that fail, executions that die and what is in flight are there, too, at
 * the speed of one process (test/lambdas/emergency); with PROOF=full on the deployed artefacts.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { drill } from './emergency-drill.ts';
import { faults } from './emergency-faults.ts';
import { inFlight } from './emergency-in-flight.ts';
import { interrupted } from './emergency-interrupted.ts';
import { leak } from './emergency-leak.ts';
import { EmergencyStage } from './emergency-stage.ts';

let stage: EmergencyStage;
beforeAll(async () => {
  stage = await EmergencyStage.start();
}, 180_000);
afterAll(() => stage?.stop());

leak(() => stage);
drill(() => stage);
if (process.env.PROOF === 'full') {
  interrupted(() => stage);
  faults(() => stage);
  inFlight(() => stage);
}
