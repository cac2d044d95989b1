/** The door to IAM's policy simulation, with IAM's own client. Functions, which that would make heavy, ask by request. */
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { awsCall, clientDefaults } from './aws-call.ts';
import { type PermissionsSimulationDoor, simulatedRights } from './simulated-rights.ts';

export {
  NoSuchPrincipalError,
  type PermissionsSimulationDoor,
  type SimulatedRight,
  SimulationIncompleteError,
  type SimulationQuestion,
  SimulationTooLargeError,
} from './simulated-rights.ts';

export const permissionsSimulation = (
  client = new IAMClient(clientDefaults),
): PermissionsSimulationDoor =>
  simulatedRights((input) =>
    awsCall('SimulatePrincipalPolicy', () =>
      client.send(new SimulatePrincipalPolicyCommand(input)),
    ),
  );
