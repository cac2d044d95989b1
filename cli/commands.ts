/** The commands about a deployment, in the order of the help. One line a file of `cli/commands/`. */
import type { RegisterCommand } from './command.ts';
import { registerAdopt } from './commands/adopt.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerDrill } from './commands/drill.ts';
import { registerEject } from './commands/eject.ts';
import { registerEmergency } from './commands/emergency.ts';
import { registerGate } from './commands/gate.ts';
import { registerOffboard } from './commands/offboard.ts';
import { registerReencrypt } from './commands/reencrypt.ts';
import { registerRelease } from './commands/release.ts';
import { registerReport } from './commands/report.ts';
import { registerRollback } from './commands/rollback.ts';
import { registerRotate } from './commands/rotate.ts';
import { registerScan } from './commands/scan.ts';
import { registerStatus } from './commands/status.ts';

export const commands: readonly RegisterCommand[] = [
  registerStatus,
  registerReport,
  registerRotate,
  registerRollback,
  registerRelease,
  registerEmergency,
  registerDrill,
  registerOffboard,
  registerGate,
  registerScan,
  registerDoctor,
  registerReencrypt,
  registerAdopt,
  registerEject,
];
