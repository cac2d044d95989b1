/**
 * A secret is exposed, and the deployed machine closes the incident: in the sandbox, with the reference application
 * and services of ECS beside it.
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
interrupted(() => stage);
faults(() => stage);
inFlight(() => stage);
