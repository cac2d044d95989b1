/** Emergencies that would cut off whom they need, or that nobody could start. */
import { type Mistake, one } from './document.ts';

const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const contain = (...names: string[]) => ({ contain: { principals: names.map(role) } });

export const emergency: readonly Mistake[] = [
  [
    'somebody who may start an emergency twice',
    (c) => {
      c.emergency = { assumedBy: [role('commander'), role('commander')] };
    },
    one(/^emergency\.assumedBy\.1: found .* again/),
  ],
  [
    'MFA of a role, whose sessions cannot tell of it',
    (c) => {
      c.emergency = { requireMfa: true, assumedBy: [role('commander')] };
    },
    one(/^emergency\.assumedBy\.0: found .*, whose sessions do not tell/),
  ],
  [
    'a suspect twice',
    (c) => {
      c.emergency = contain('builder', 'builder');
    },
    one(/^emergency\.contain\.principals\.1: found .* again/),
  ],
  [
    'containment of nobody',
    (c) => {
      c.emergency = { contain: { principals: [] } };
    },
    one(/^emergency\.contain\.principals: /),
  ],
  [
    'containment of who breaks glass',
    (c) => {
      c.breakGlassRoleArn = role('break-glass');
      c.emergency = contain('break-glass');
    },
    one(/^emergency\.contain\.principals\.0: found .*, which breaks glass; expected somebody/),
  ],
  [
    'containment of who starts emergencies',
    (c) => {
      c.emergency = { ...contain('commander'), assumedBy: [role('commander')] };
    },
    one(/^emergency\.contain\.principals\.0: found .*, which may start emergencies/),
  ],
  [
    'containment of who reads the copies in escrow',
    (c) => {
      c.escrow = { readerRoleArns: [role('recovery')] };
      c.emergency = contain('recovery');
    },
    one(/^emergency\.contain\.principals\.0: found .*, which reads the copies in escrow/),
  ],
  [
    'containment of the role that emergencies are started with',
    (c) => {
      c.emergency = contain('builder', `quarterturn-${c.name}-${c.environment}-emergency-role`);
    },
    one(/^emergency\.contain\.principals\.1: found .*, which this deployment makes/),
  ],
  [
    "containment of a function's own role",
    (c) => {
      c.emergency = contain(`service/Quarterturn-${c.name}-${c.environment}-EmergencyFunctionRole`);
    },
    one(/^emergency\.contain\.principals\.0: found .*, which this deployment makes/),
  ],
];
